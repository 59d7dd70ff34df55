package server

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestLogSchema compares the keys of log lines of calls, and their types, with the table of
// docs/operations.md: each that is written stands there, and each that stands there is written.
func TestLogSchema(t *testing.T) {
	t.Parallel()
	doc, err := os.ReadFile("../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, found := strings.Cut(string(doc), "| key | as JSON | |\n| --- | --- | --- |\n")
	if !found {
		t.Fatal("docs/operations.md has no table of log keys")
	}
	table, _, _ = strings.Cut(table, "\n\n")
	want := map[string]string{}
	for row := range strings.SplitSeq(table, "\n") {
		cells := strings.Split(row, " | ")
		for _, m := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(cells[0], -1) {
			want[m[1]] = cells[1]
		}
	}
	w := started(t, "log: {callers: full}\n"+oneRoute+
		"  - name: broken\n    branches:\n      - {name: open, when: {caller: \"+1202*\"}, callflow: '{\"module\":\"{{ if eq .Call.CallID \"\" }}hangup{{ else }}{{ fail \"no\" }}{{ end }}\"}'}\n"+
		"      - {name: closed, pass: true}\n"+
		"  - {name: guarded, auth: {networks: [198.51.100.0/24], trusted_proxies: [192.0.2.1]}, branches: [{name: closed, pass: true}]}\n", nil)
	stranger := post("/guarded", "Request", "+14155550100")
	stranger.Header.Set("X-Forwarded-For", "unknown")
	w.call(stranger)
	w.call(post("/main", "Request", "+14155550100", "Caller-ID-Number", "+12025550147", "Account-ID", acme, "Call-ID",
		"abc"))
	w.call(post("/broken", "Request", "+14155550100", "Caller-ID-Number", "+12025550147", "Call-ID", "abc"))
	w.call(post("/nowhere"))
	w.call(httptest.NewRequest(http.MethodPut, "/main", nil))
	crowded, owners, call := twoTenants(t)
	evil := owners["acme/main"]
	evil.pause = 0
	evil.inside.Store(evil.most)
	crowded.call(call("acme/main"))
	got := map[string]string{}
	for lines := bufio.NewScanner(strings.NewReader(w.log.String() + crowded.log.String())); lines.Scan(); {
		var line map[string]any
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			t.Fatal(err)
		}
		if line["msg"] != "call" {
			continue
		}
		for key, v := range line {
			if strings.HasPrefix(key, "failed_") {
				key = "failed_BRANCH"
			}
			got[key] = map[string]string{"string": "string", "float64": "number"}[fmt.Sprintf("%T", v)]
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("keys and types (-docs/operations.md +log):\n%s\n%s", diff, w.log)
	}
}

// TestLogWithoutNumbers sees that no number is logged that nobody asked for.
func TestLogWithoutNumbers(t *testing.T) {
	t.Parallel()
	w := started(t, oneRoute, nil)
	w.call(post("/main", "Request", "+14155550100", "Caller-ID-Number", "+12025550147", "From",
		"2025550147@203.0.113.9", "Call-ID", "abc"))
	w.call(post("/nowhere", "Request", "+14155550100", "Caller-ID-Number", "+12025550147"))
	if log := w.log.String(); strings.Contains(log, "5550") || strings.Count(log, `"msg":"call"`) != 2 {
		t.Errorf("want two calls without a number, found %s", log)
	}
}

// TestExpectations sees what is exported of a calendar that is expected to hold something, and what of it is on.
func TestExpectations(t *testing.T) {
	t.Parallel()
	w := started(t,
		strings.Replace(oneRoute, "{file: hours.ics}",
			"{file: hours.ics, expect: covered}, rota: {file: hours.ics, expect: {ahead: 60d}}", 1), nil)
	text := func(on int) string {
		return fmt.Sprintf(`# HELP callhours_calendar_active_events Events of the calendar that are on at present.
# TYPE callhours_calendar_active_events gauge
callhours_calendar_active_events{calendar="hours"} %d
callhours_calendar_active_events{calendar="rota"} 0
`, on)
	}
	w.metric(t, text(1), "callhours_calendar_active_events")
	w.at(monday.Add(10 * time.Hour))
	w.Observe()
	w.metric(t, text(0), "callhours_calendar_active_events")
	w.metric(t,
		`# HELP callhours_calendar_expected_covered Whether an event of the calendar is expected to be on at any time.
# TYPE callhours_calendar_expected_covered gauge
callhours_calendar_expected_covered{calendar="hours"} 1
callhours_calendar_expected_covered{calendar="rota"} 0
`, "callhours_calendar_expected_covered")
	w.metric(t,
		`# HELP callhours_calendar_expected_ahead_seconds How far ahead the calendar is expected to have events; 0 without expect.
# TYPE callhours_calendar_expected_ahead_seconds gauge
callhours_calendar_expected_ahead_seconds{calendar="hours"} 0
callhours_calendar_expected_ahead_seconds{calendar="rota"} 5.184e+06
`, "callhours_calendar_expected_ahead_seconds")
}

// TestOtherRoutes sees that the switch reaches the metrics: the second route has no series of its own.
func TestOtherRoutes(t *testing.T) {
	t.Parallel()
	w := started(t, "metrics: {routes: 1}\n"+oneRoute+
		"  - {name: second, branches: [{name: night, state: closed, pass: true}]}\n", nil)
	w.call(post("/main", "Call-ID", "a"))
	w.call(post("/second", "Call-ID", "b"))
	w.Observe()
	w.metric(t, `# HELP callhours_decisions_total Calls by the branch that was decided.
# TYPE callhours_decisions_total counter
callhours_decisions_total{branch="_other",route="_other",state="closed"} 1
callhours_decisions_total{branch="closed",route="main",state="closed"} 0
callhours_decisions_total{branch="open",route="main",state="open"} 1
`, "callhours_decisions_total")
}

// TestExemplars sees that a call's id reaches /metrics where OpenMetrics is asked for, whatever it holds, and
// that a stranger's does not.
func TestExemplars(t *testing.T) {
	t.Parallel()
	w := started(t, "auth: {token: c0ffee15900d7ea5b4d0115badcaffe0}\n"+oneRoute, nil)
	w.call(post("/main", "Call-ID", "stranger"))
	w.call(post("/c0ffee15900d7ea5b4d0115badcaffe0/main", "Call-ID", "abc\xff\n"+strings.Repeat("é", 300)))
	r := httptest.NewRequest(http.MethodGet, "http://127.0.0.1/metrics", nil)
	r.Header.Set("Accept", "application/openmetrics-text; version=1.0.0")
	rec := httptest.NewRecorder()
	w.Admin().ServeHTTP(rec, r)
	if b := rec.Body.String(); rec.Code != http.StatusOK || strings.Contains(b, "stranger") ||
		!strings.Contains(b, `# {call_id="abc`) {
		t.Errorf("status %d, want 200, the answered call's id and no stranger's in\n%s", rec.Code, b)
	}
}
