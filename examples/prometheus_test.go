package examples_test

import (
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
)

// promtool runs Prometheus' own tool in examples/prometheus; "make test-system" does. Where it is not
// installed the test is skipped, but never in CI.
func promtool(t *testing.T, args ...string) {
	t.Helper()
	if os.Getenv("CALLHOURS_SYSTEM") == "" {
		t.Skip("it needs promtool; make test-system runs it")
	}
	program, err := exec.LookPath("promtool")
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("promtool is not installed, and CI has to have it: apt-get install prometheus")
		}
		t.Skip("promtool is not installed: apt-get install prometheus")
	}
	cmd := exec.CommandContext(t.Context(), program, args...)
	cmd.Dir = "prometheus"
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("promtool %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

func TestPromtool(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{
		{"check", "config", "prometheus.yaml"},
		{"check", "rules", "recording.yaml", "alerts.yaml"},
		{"test", "rules", "alerts_test.yaml"},
		{"test", "rules", "alerts_days_test.yaml"},
	} {
		t.Run(strings.Join(args, " "), func(t *testing.T) {
			t.Parallel()
			promtool(t, args...)
		})
	}
}

// rule is a rule as Prometheus has it.
type rule struct {
	Record, Alert, Expr string
	Labels, Annotations map[string]string
}

func rules(t *testing.T, name string) []rule {
	t.Helper()
	var file struct{ Groups []struct{ Rules []rule } }
	if err := yaml.Unmarshal(read(t, "prometheus/"+name), &file); err != nil {
		t.Fatal(err)
	}
	var all []rule
	for _, g := range file.Groups {
		all = append(all, g.Rules...)
	}
	if len(all) == 0 {
		t.Fatalf("%s has no rules", name)
	}
	return all
}

func read(t *testing.T, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// exported is whether callhours has a metric of that name, by the golden list of metrics.
func exported(t *testing.T) func(name string) bool {
	t.Helper()
	golden := "\n" + string(read(t, "../metrics/testdata/metrics.golden"))
	return func(name string) bool {
		return strings.Contains(golden, "\n"+regexp.MustCompile(`_(bucket|sum|count)$`).ReplaceAllString(name, "")+" ")
	}
}

var metricName = regexp.MustCompile(`[\w:]*callhours_[\w:]+`)

// TestAlerts sees that each alert says how bad it is and what to do, asks only for what there is,
// and has a test in which it fires and one in which it does not.
func TestAlerts(t *testing.T) {
	t.Parallel()
	operations := string(read(t, "../docs/operations.md"))
	isExported := exported(t)
	var recorded []string
	for _, r := range rules(t, "recording.yaml") {
		recorded = append(recorded, r.Record)
	}
	fires, quiet := map[string]bool{}, map[string]bool{}
	for _, name := range []string{"alerts_test.yaml", "alerts_days_test.yaml"} {
		var file struct {
			Tests []struct {
				AlertRuleTest []struct {
					Alertname string
					ExpAlerts []any `yaml:"exp_alerts"`
				} `yaml:"alert_rule_test"`
			}
		}
		if err := yaml.Unmarshal(read(t, "prometheus/"+name), &file); err != nil {
			t.Fatal(err)
		}
		for _, test := range file.Tests {
			for _, c := range test.AlertRuleTest {
				if len(c.ExpAlerts) > 0 {
					fires[c.Alertname] = true
				} else {
					quiet[c.Alertname] = true
				}
			}
		}
	}
	var alerts []string
	for _, r := range slices.Concat(rules(t, "recording.yaml"), rules(t, "alerts.yaml")) {
		for _, name := range metricName.FindAllString(r.Expr, -1) {
			if !isExported(name) && !slices.Contains(recorded, name) {
				t.Errorf("%s%s asks for %s, which neither callhours nor a recording rule has", r.Record, r.Alert, name)
			}
		}
		if r.Alert == "" {
			continue
		}
		alerts = append(alerts, r.Alert)
		if s := r.Labels["severity"]; s != "critical" && s != "warning" {
			t.Errorf("%s: severity %q, want critical or warning", r.Alert, s)
		}
		for _, key := range []string{"summary", "description"} {
			if r.Annotations[key] == "" {
				t.Errorf("%s has no %s", r.Alert, key)
			}
		}
		const page = "https://github.com/callhours/callhours/blob/main/docs/operations.md#"
		if got, want := r.Annotations["runbook_url"], page+strings.ToLower(r.Alert); got != want {
			t.Errorf("%s: runbook_url %q, want %q", r.Alert, got, want)
		}
		if !strings.Contains(operations, "\n#### "+r.Alert+"\n\n") {
			t.Errorf("docs/operations.md has no heading %s", r.Alert)
		}
		if !fires[r.Alert] || !quiet[r.Alert] {
			t.Errorf("%s: tested firing %v and not firing %v, want both", r.Alert, fires[r.Alert], quiet[r.Alert])
		}
	}
	for _, m := range regexp.MustCompile(`\n#### (Callhours\w+)\n`).FindAllStringSubmatch(operations, -1) {
		if !slices.Contains(alerts, m[1]) {
			t.Errorf("docs/operations.md explains %s, which is no alert", m[1])
		}
	}
}
