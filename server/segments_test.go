package server

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/callhours/callhours/calendars"
	"github.com/callhours/callhours/config"
	"github.com/callhours/callhours/preview"
	"github.com/callhours/callhours/render"

	"github.com/callhours/callhours/internal/growth"
)

// seconds is a calendar of 999,500 occurrences of an hour each, less than limits.instances, of
// which several are on at any time.
func seconds() string {
	var events []string
	for i := range 50 {
		events = append(events,
			event(fmt.Sprint("Open ", i), fmt.Sprintf("20261120T%02d%02d00Z", i/30, i%30*2),
				fmt.Sprintf("20261120T%02d%02d00Z", 1+i/30, i%30*2),
				"RRULE:FREQ=SECONDLY;INTERVAL=1500;COUNT=19990"))
	}
	return ics(events...)
}

// TestRouteTooLarge: a route that takes too much answers calls as ever, is said to be too large,
// and its hours are known; another route is as it was.
func TestRouteTooLarge(t *testing.T) {
	if growth.UnderRace {
		t.Skip("it runs in one goroutine for long; the run without the race detector has it")
	}
	t.Parallel()
	yaml := `
calendars: {hours: {file: hours.ics}}
routes:
  - name: main
    branches:
      - {name: closed, when: {calendar: hours, summary: "closed*"}, pass: true}
      - {name: open, when: {all: [{calendar: hours, summary: "open*"}, {calendar: hours, summary: "*pen*"}, {calendar: hours, summary: "*1"}]}, callflow: '{"module":"tts","data":{"text":"{{ .Event.Summary }}"}}'}
      - {name: rest, state: other, pass: true}
  - name: other
    branches:
      - {name: open, when: {calendar: hours, summary: "open 7"}, callflow: '{"module":"tts","data":{"text":"other"}}'}
      - {name: rest, state: other, pass: true}
`
	w := started(t, yaml, map[string]string{"hours.ics": seconds()})
	if got := w.call(post("/main")); got.StatusCode != http.StatusOK || !strings.Contains(body(t, got), "Open") {
		t.Errorf("%d: %q", got.StatusCode, got.Header)
	}
	w.prerenderQueued(t.Context())
	said := 0
	for _, f := range w.Findings() {
		if f.Kind != "route_too_large" {
			continue
		}
		said++
		if f.Route != "main" || f.Severity != "error" ||
			!strings.Contains(f.Message, "route main is computed for a day ahead at most") ||
			!strings.Contains(f.Message, "use fewer conditions") {
			t.Errorf("said is %s", f)
		}
	}
	if said != 1 {
		t.Errorf("it is said %d times", said)
	}
	if n := strings.Count(w.log.String(), "a route takes too much"); n != 1 {
		t.Errorf("the log says it %d times", n)
	}
	w.prerenderer.enqueue([]*render.Route{w.live.Load().routes[0]})
	w.prerenderQueued(t.Context())
	if n := strings.Count(w.log.String(), "a route takes too much"); n != 1 {
		t.Errorf("the log says it %d times after another look", n)
	}
	for i, r := range w.live.Load().routes {
		s := r.State()
		if s.Refused() != "" || (s.Short() != "") != (i == 0) || s.Stale(w.live.Load().timelines, w.now) {
			t.Errorf("%s: short %q, refused %q", r.Name, s.Short(), s.Refused())
		}
	}
}

// TestTenantTakesTooMuch: looking at a tenant's routes and calendars ends where it takes too much,
// which is said once, and takes nothing from another tenant's; the operator's has no bound.
func TestTenantTakesTooMuch(t *testing.T) {
	if growth.UnderRace {
		t.Skip("it runs in one goroutine for long; the run without the race detector has it")
	}
	t.Parallel()
	const branches = `branches: [{name: closed, when: {calendar: hours, summary: "closed*"}, pass: true}, ` +
		`{name: open, when: {calendar: hours}, callflow: '{"module":"tts","data":{"text":"x{{ if eq .Event.Summary "Open" }}{{ index list 1 }}{{ end }}"}}'}, ` +
		`{name: rest, state: other, pass: true}]`
	tenant := func(name, account string, routes int) string {
		text := fmt.Sprintf("tenant: {name: %s, account: %s}\ncalendars: {hours: {file: hours.ics}}\nroutes:\n", name,
			account)
		for i := range routes {
			text += fmt.Sprintf("  - {name: r%d, match: {dialed: %q}, %s}\n", i, fmt.Sprint(2000+i), branches)
		}
		return text
	}
	often := event("Open", "20261101T000000Z", "20261101T000500Z", "RRULE:FREQ=MINUTELY;INTERVAL=60")
	fsys := fstest.MapFS{
		"callhours.yaml":         {Data: []byte("timezone: UTC\ninclude: [tenants/*/main.yaml]\n")},
		"tenants/evil/main.yaml": {Data: []byte(tenant("evil", strings.Repeat("1", 32), 12))},
		"tenants/evil/hours.ics": {Data: []byte(ics(often))},
		"tenants/good/main.yaml": {Data: []byte(tenant("good", strings.Repeat("2", 32), 2))},
		"tenants/good/hours.ics": {Data: []byte(ics(open))},
	}
	file, err := config.Load("callhours.yaml", config.Options{FS: fsys})
	if err != nil {
		t.Fatal(err)
	}
	g, err := Build(file, fsys, monday)
	if err != nil {
		t.Fatal(err)
	}
	looked := func(most int) map[string]int {
		n := map[string]int{}
		for _, f := range g.Find(t.Context(), FindOptions{Now: monday, Days: 40, Most: most}) {
			switch f.Kind {
			case "branch_will_fail":
				n[calendars.TenantOf(f.Route)]++
			case "not_looked_at":
				if f.Pos.File != "tenants/evil/main.yaml" || f.Severity != preview.Warning {
					t.Errorf("it is said of %s: %s", f.Pos, f)
				}
				n["said"]++
			}
		}
		return n
	}
	if n := looked(12_000); n["good"] != 2 || n["evil"] == 0 || n["evil"] == 12 || n["said"] != 1 {
		t.Errorf("found with a bound: %v", n)
	}
	if n := looked(0); n["good"] != 2 || n["evil"] != 12 || n["said"] != 0 {
		t.Errorf("found without: %v", n)
	}
}
