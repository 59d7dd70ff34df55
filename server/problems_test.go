package server

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/callhours/callhours/preview"
)

// listed are the routes as the API lists them.
func (w *world) listed(t *testing.T, query string) []preview.RouteStatus {
	t.Helper()
	var list struct{ Routes []preview.RouteStatus }
	if err := json.Unmarshal([]byte(body(t, w.people(t, routesPath+query, "localhost"))), &list); err != nil {
		t.Fatal(err)
	}
	return list.Routes
}

const troubled = `
start_timeout: 1ms
calendars: {hours: {file: hours.ics}, gone: {url: "http://127.0.0.1:9/gone.ics"}}
routes:
  - name: calm
    branches:
      - {name: open, when: {calendar: hours, summary: "open*"}, pass: true}
      - {name: closed, pass: true}
  - name: failing
    fallback: safe
    branches:
      - {name: bad, state: other, when: {caller: "+12025550147"}, callflow: '{"module":"hangup","data":{"x":"{{ if eq .Call.CallerName "BAD" }}{{ index (list) 3 }}{{ end }}"}}'}
      - {name: safe, state: closed, pass: true}
  - name: lost
    branches:
      - {name: open, when: {calendar: gone, summary: "open*"}, pass: true}
      - {name: closed, pass: true}
`

// TestRouteProblems: routes with problems come first and say what is wrong; calls that are answered
// again end it, and a new configuration makes less of it.
func TestRouteProblems(t *testing.T) {
	t.Parallel()
	w, files := reloadable(t, troubled, nil)
	w.Start()
	order := func(want string) []preview.RouteStatus {
		t.Helper()
		list := w.listed(t, "")
		var got []string
		for _, r := range list {
			said := r.Route
			for _, p := range r.Problems {
				said += " " + p.Severity + ":" + p.Kind
			}
			got = append(got, said)
		}
		if text := strings.Join(got, ", "); text != want {
			t.Errorf("got  %s\nwant %s", text, want)
		}
		return list
	}
	order("lost error:calendar_unknown, calm, failing")
	bad := func() { w.call(post("/failing", "Caller-ID-Number", "+12025550147", "Caller-ID-Name", "BAD")) }
	bad()
	bad()
	list := order("failing error:calls_failed, lost error:calendar_unknown, calm")
	want := "The last 2 calls were answered by safe instead of bad, since its template failed (Mon 23 Nov 2026 10:00): callhours.yaml:"
	if got := list[0].Problems[0]; !strings.HasPrefix(got.Message, want) || got.Branch != "bad" {
		t.Errorf("got %+v, want %q", got, want)
	}
	if page := body(t, w.people(t, "/", "localhost")); !strings.Contains(page, want) ||
		strings.Index(page, ">failing<") > strings.Index(page, ">calm<") {
		t.Errorf("the page does not show the problem first:\n%s", page)
	}
	if page := body(t, w.people(t, "/routes/lost", "localhost")); !strings.Contains(page, "Calendar gone is unknown") {
		t.Errorf("the route's page does not show the problem:\n%s", page)
	}
	if second := w.listed(t, "?offset=1&limit=1"); len(second) != 1 || second[0].Route != "lost" {
		t.Errorf("the second one is %+v", second)
	}
	var status preview.Status
	if err := json.Unmarshal([]byte(body(t, w.people(t, statusPath, "localhost"))), &status); err != nil {
		t.Fatal(err)
	}
	if len(status.Problems) != 2 || status.Problems[0].Route != "failing" || status.Problems[1].Route != "lost" {
		t.Errorf("the status has %+v", status.Problems)
	}
	files.set(strings.Replace(troubled, "(list) 3", "(list) 4", 1), nil)
	if status, text := w.do("POST", reloadPath); status != 200 {
		t.Fatalf("got %d %s", status, text)
	}
	list = order("lost error:calendar_unknown, failing warning:calls_failed, calm")
	if got := list[1].Problems[0].Message; !strings.HasSuffix(got, "the configuration has changed since.") {
		t.Errorf("got %q", got)
	}
	w.at(monday.Add(time.Minute))
	w.call(post("/failing"))
	order("lost error:calendar_unknown, calm, failing")
}

// TestDeliberateFailure: a template that calls fail is no problem of its route, no error in the log
// and no finding, and is counted with a reason of its own.
func TestDeliberateFailure(t *testing.T) {
	t.Parallel()
	w := started(t, strings.Replace(twoRoutes, `{{ fail "as asked" }}`,
		`{{ if eq .Call.CallerName "BAD" }}{{ fail "as asked" }}{{ end }}`, 1), nil)
	// Its series exists from the start, and those of branches that never call fail do not.
	if n := w.value(t, "callhours_fallbacks_total", "bad", "deliberate"); n != 0 {
		t.Errorf("counted %v times before", n)
	}
	if text := body(t, w.people(t, "/metrics", "localhost")); strings.Count(text, `reason="deliberate"`) != 1 {
		t.Errorf("some other branch has a series too:\n%s", text)
	}
	w.call(post("/broken", "Caller-ID-Number", "+12025550147", "Caller-ID-Name", "BAD"))
	for _, r := range w.listed(t, "?q=broken") {
		if len(r.Problems) > 0 {
			t.Errorf("got %+v", r.Problems)
		}
	}
	if n := w.value(t, "callhours_fallbacks_total", "bad", "deliberate"); n != 1 {
		t.Errorf("counted %v times", n)
	}
	if log := w.log.String(); strings.Contains(log, `"level":"ERROR"`) || !strings.Contains(log, "deliberate: ") {
		t.Errorf("the log has\n%s", log)
	}
}
