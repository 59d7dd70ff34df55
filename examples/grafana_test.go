package examples_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v4"
)

// dashboard is what the rules below look at.
type dashboard struct {
	ID                                any
	UID, Title, Description, Timezone string
	SchemaVersion, GraphTooltip       int
	Annotations                       struct{ List []annotation }
	Templating                        struct{ List []variable }
	Panels                            []panel
}

type annotation struct {
	Name, Expr string
	Datasource source
}

type variable struct {
	Name, Type string
	Query      any
	Datasource source
}

type source struct{ Type, UID string }

type panel struct {
	ID                       int
	Type, Title, Description string
	Datasource               source
	GridPos                  struct{ X, Y, W, H int }
	FieldConfig              struct{ Defaults struct{ Unit string } }
	Targets                  []struct {
		RefID, Expr string
		Datasource  source
	}
}

var dashboards = []string{"calendars.json", "routing-decisions.json"}

func dashboardOf(t *testing.T, name string) dashboard {
	t.Helper()
	var d dashboard
	if err := json.Unmarshal(read(t, "grafana/dashboards/"+name), &d); err != nil {
		t.Fatal(err)
	}
	return d
}

// TestDashboardsAreGenerated compares the files with what their source writes. UPDATE=1 rewrites
// them.
func TestDashboardsAreGenerated(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if os.Getenv("UPDATE") != "" {
		var err error
		if dir, err = filepath.Abs("grafana/dashboards"); err != nil {
			t.Fatal(err)
		}
	}
	if out, err := exec.CommandContext(t.Context(), "go", "-C", "../tools", "run", "./dashboards",
		dir).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, name := range dashboards {
		if diff := cmp.Diff(string(read(t, "grafana/dashboards/"+name)),
			string(read(t, filepath.Join(dir, name)))); diff != "" {
			t.Errorf("%s is not what tools/dashboards writes (UPDATE=1 rewrites it; -file +source):\n%s", name, diff)
		}
	}
	files, err := os.ReadDir("grafana/dashboards")
	if err != nil || len(files) != len(dashboards) {
		t.Errorf("grafana/dashboards has %d files, %v; want %q", len(files), err, dashboards)
	}
}

// TestDashboards holds the dashboards to the rules that Grafana's own linter has, and to ours.
func TestDashboards(t *testing.T) {
	t.Parallel()
	for _, name := range dashboards {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, problem := range dashboardOf(t, name).problems(exported(t)) {
				t.Error(problem)
			}
		})
	}
}

// templated is a data source that a variable names.
var templated = source{"prometheus", "${datasource}"}

var (
	selector  = regexp.MustCompile(`(callhours_\w+)(\{[^}]*\})?`)
	rangeOf   = regexp.MustCompile(`(\w+)\s*\(\s*callhours_\w+\{[^}]*\}\[([^\]]+)\]`)
	everySeen = []string{"job=~\"$job\"", "instance=~\"$instance\""}
)

func (d dashboard) problems(isExported func(string) bool) []string {
	var found []string
	report := func(format string, args ...any) { found = append(found, fmt.Sprintf(format, args...)) }
	if d.ID != nil || !strings.HasPrefix(d.UID, "callhours-") {
		report("id %v, uid %q: want no id and a fixed uid", d.ID, d.UID)
	}
	if d.SchemaVersion != 42 || d.GraphTooltip != 1 || d.Timezone != "browser" {
		report("schemaVersion %d, graphTooltip %d, timezone %q: want 42, 1, browser", d.SchemaVersion, d.GraphTooltip,
			d.Timezone)
	}
	if d.Title == "" || d.Description == "" {
		report("no title or no description")
	}
	var variables []string
	for _, v := range d.Templating.List {
		variables = append(variables, v.Name)
		if v.Type == "query" && v.Datasource != templated {
			report("variable %s asks %v, want %v", v.Name, v.Datasource, templated)
		}
	}
	for _, name := range []string{"datasource", "job", "instance"} {
		if !slices.Contains(variables, name) {
			report("no variable %s", name)
		}
	}
	if !slices.Contains(variables, "route") && !slices.Contains(variables, "calendar") {
		report("no variable route or calendar")
	}
	expr := func(where, text string) {
		for _, m := range selector.FindAllStringSubmatch(text, -1) {
			if !isExported(m[1]) {
				report("%s: %s is not exported", where, m[1])
			}
			for _, want := range everySeen {
				if !strings.Contains(m[2], want) {
					report("%s: %s%s does not have %s", where, m[1], m[2], want)
				}
			}
		}
		for _, m := range regexp.MustCompile(`\$\{?([a-z_]\w*)`).FindAllStringSubmatch(text, -1) {
			if !strings.HasPrefix(m[1], "__") && !slices.Contains(variables, m[1]) {
				report("%s: there is no variable %s", where, m[1])
			}
		}
		for _, m := range rangeOf.FindAllStringSubmatch(text, -1) {
			if fixed := !strings.HasPrefix(m[2], "$__r"); fixed && m[1] != "changes" &&
				!strings.Contains(text, "[$__range:"+m[2]+"]") {
				report("%s: %s over a fixed %s, want $__rate_interval or $__range", where, m[1], m[2])
			}
		}
	}
	for _, a := range d.Annotations.List {
		if a.Name == "" || a.Datasource != templated {
			report("annotation %q asks %v, want a name and %v", a.Name, a.Datasource, templated)
		}
		expr("annotation "+a.Name, a.Expr)
	}
	titles, cells := map[string]bool{}, map[[2]int]string{}
	for i, p := range d.Panels {
		switch {
		case p.Type == "row": // a heading over what follows
			if p.ID != i+1 || titles[p.Title] || p.Title == "" || len(p.Targets) > 0 || p.GridPos.X != 0 ||
				p.GridPos.W != 24 || p.GridPos.H != 1 {
				report("row %d, %q: want an id and a title of its own, a whole line and no target", p.ID, p.Title)
			}
		case p.ID != i+1, titles[p.Title], p.Title == "", p.Description == "", p.FieldConfig.Defaults.Unit == "",
			p.Datasource != templated, len(p.Targets) == 0:
			report("panel %d, %q: want an id of its own, a title of its own, a description, a unit, %v and a target",
				p.ID, p.Title, templated)
		}
		titles[p.Title] = true
		for x := p.GridPos.X; x < p.GridPos.X+p.GridPos.W; x++ {
			for y := p.GridPos.Y; y < p.GridPos.Y+p.GridPos.H; y++ {
				if other := cells[[2]int{x, y}]; other != "" || x >= 24 {
					report("panel %q lies over %q or outside", p.Title, other)
				}
				cells[[2]int{x, y}] = p.Title
			}
		}
		for _, target := range p.Targets {
			if target.Datasource != templated || target.RefID == "" || target.Expr == "" {
				report("panel %q: a target without a name, a query or %v", p.Title, templated)
			}
			expr("panel "+p.Title, target.Expr)
		}
	}
	return slices.Compact(found)
}

// TestProblemsOfDashboards sees that the rules find what they are for.
func TestProblemsOfDashboards(t *testing.T) {
	t.Parallel()
	d := dashboardOf(t, "routing-decisions.json")
	d.SchemaVersion = 41
	d.Panels = slices.Clone(d.Panels[:3])
	d.Panels[0].Targets[0].Expr = `sum(rate(callhours_decisions_total{job=~"$job", instance=~"$instance"}[5m])) + callhours_nothing{job=~"$job", instance="$replica"}`
	d.Panels[1].FieldConfig.Defaults.Unit = ""
	d.Panels[2].GridPos.X = 0
	d.Panels = append(d.Panels, panel{ID: 4, Type: "row", GridPos: struct{ X, Y, W, H int }{W: 1, H: 1, Y: 50}})
	want := []string{
		"schemaVersion 41, graphTooltip 1, timezone \"browser\": want 42, 1, browser",
		"panel Calls in this time: callhours_nothing is not exported",
		"panel Calls in this time: callhours_nothing{job=~\"$job\", instance=\"$replica\"} does not have instance=~\"$instance\"",
		"panel Calls in this time: there is no variable replica",
		"panel Calls in this time: rate over a fixed 5m, want $__rate_interval or $__range",
		"panel 2, \"Fallbacks\": want an id of its own, a title of its own, a description, a unit, {prometheus ${datasource}} and a target",
		"panel \"Not answered\" lies over \"Calls in this time\" or outside",
		"row 4, \"\": want an id and a title of its own, a whole line and no target",
	}
	if diff := cmp.Diff(want, d.problems(exported(t))); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}

// TestExpressions lets Prometheus' own parser read every expression of the dashboards.
func TestExpressions(t *testing.T) {
	t.Parallel()
	variables := strings.NewReplacer("$__rate_interval", "1m", "$__range", "1d", "$__interval", "1m", "$utc_offset",
		"-5")
	var group struct {
		Groups [1]struct {
			Name  string
			Rules []map[string]string
		}
	}
	group.Groups[0].Name = "dashboards"
	for _, name := range dashboards {
		d := dashboardOf(t, name)
		for _, a := range d.Annotations.List {
			group.Groups[0].Rules = append(group.Groups[0].Rules, map[string]string{"expr": variables.Replace(a.Expr)})
		}
		for _, p := range d.Panels {
			for _, target := range p.Targets {
				group.Groups[0].Rules = append(group.Groups[0].Rules,
					map[string]string{"expr": variables.Replace(target.Expr)})
			}
		}
	}
	for i, r := range group.Groups[0].Rules {
		r["record"] = fmt.Sprintf("expression:%d", i)
	}
	text, err := yaml.Marshal(group)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "dashboards.yaml")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	promtool(t, "check", "rules", file)
}

func TestProvisioning(t *testing.T) {
	t.Parallel()
	var sources struct {
		APIVersion  int `yaml:"apiVersion"`
		Datasources []struct{ Name, Type, URL string }
	}
	if err := yaml.Unmarshal(read(t, "grafana/provisioning/datasources/prometheus.yaml"), &sources); err != nil {
		t.Fatal(err)
	}
	if sources.APIVersion != 1 || len(sources.Datasources) != 1 || sources.Datasources[0].Type != "prometheus" {
		t.Errorf("data sources: got %+v, want one Prometheus", sources)
	}
	var boards struct {
		APIVersion int `yaml:"apiVersion"`
		Providers  []struct {
			Name, Type, Folder string
			Options            struct{ Path string }
		}
	}
	if err := yaml.Unmarshal(read(t, "grafana/provisioning/dashboards/callhours.yaml"), &boards); err != nil {
		t.Fatal(err)
	}
	if boards.APIVersion != 1 || len(boards.Providers) != 1 || boards.Providers[0].Type != "file" ||
		boards.Providers[0].Options.Path == "" {
		t.Errorf("dashboards: got %+v, want one folder of files", boards)
	}
}
