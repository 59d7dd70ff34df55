package server

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/callhours/callhours/calendars"
	"github.com/callhours/callhours/calendars/zones"
	"github.com/callhours/callhours/render"
)

// tenantFile is a tenant's file with a calendar, in a file of its own, and so many routes that ask
// it.
func tenantFile(name string, routes int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "tenant: {name: %s}\ncalendars: {hours: {file: %s/hours.ics}}\nroutes:\n", name, name)
	for i := range routes {
		fmt.Fprintf(&b,
			"  - {name: r%d, branches: [{name: open, when: {calendar: hours}, callflow: '{\"module\":\"tts\",\"data\":{\"text\":\"{{ .Event.Summary }}\"}}'}, "+
				"{name: closed, state: closed, pass: true}]}\n", i)
	}
	return b.String()
}

// neighbours are a tenant with many routes, and one with one.
func neighbours() map[string]string {
	return map[string]string{
		"tenants/evil.yaml": tenantFile("evil", 40), "tenants/good.yaml": tenantFile("good", 1),
		"tenants/evil/hours.ics": hoursFile, "tenants/good/hours.ics": hoursFile,
	}
}

// TestRecompileTurns: while the routes of one tenant are compiled anew, those of another one wait
// for one of them and no more; the lock is free after each.
func TestRecompileTurns(t *testing.T) {
	t.Parallel()
	w := started(t, "include: [tenants/*.yaml]\n", neighbours())
	l := w.live.Load()
	evil, good := l.routesByCalendar["evil/hours"], l.routesByCalendar["good/hours"]
	if len(evil) != 40 || len(good) != 1 {
		t.Fatalf("there are %d and %d routes", len(evil), len(good))
	}
	was := map[*render.Route]*render.State{}
	for _, r := range l.routes {
		was[r] = r.State()
	}
	compiled := func(list []*render.Route) (n int) {
		for _, r := range list {
			if r.State() != was[r] {
				n++
			}
		}
		return n
	}
	w.recompileQueue.add(evil...)
	last := evil[len(evil)-1]
	for i := range 3 {
		if !w.compileNext(last) || compiled(evil) != i+1 {
			t.Fatalf("after %d steps %d routes are compiled", i+1, compiled(evil))
		}
	}
	w.recompile(good) // comes after forty others
	if n := compiled(evil); compiled(good) != 1 || n > 4 {
		t.Errorf("%d of the tenant that has many are compiled first", n)
	}
	w.recompile(evil)
	if n := compiled(evil); n != len(evil) || w.recompileQueue.len() != 0 || w.compileNext(last) {
		t.Errorf("%d of %d are compiled, and %d wait", n, len(evil), w.recompileQueue.len())
	}
}

// TestRecompileReload: what waits when another generation goes live is compiled in that, unless it
// is gone.
func TestRecompileReload(t *testing.T) {
	t.Parallel()
	w, f := reloadable(t, "include: [tenants/*.yaml]\n", neighbours())
	w.Start()
	before := w.live.Load()
	evil := before.routesByCalendar["evil/hours"]
	w.recompileQueue.add(evil...)
	less := neighbours()
	less["tenants/evil.yaml"] = tenantFile("evil", 20)
	f.set("include: [tenants/*.yaml]\n", less)
	if err := w.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	was := map[*render.Route]*render.State{}
	for _, r := range evil {
		was[r] = r.State()
	}
	w.recompile(evil)
	l := w.live.Load()
	kept := 0
	for i, r := range evil {
		if l.has(r) {
			kept++
		}
		if (r.State() != was[r]) != l.has(r) {
			t.Errorf("route %d: it is compiled: %t, it is there: %t", i, r.State() != was[r], l.has(r))
		}
	}
	if kept != 20 || w.recompileQueue.len() != 0 {
		t.Errorf("%d routes are kept, %d wait", kept, w.recompileQueue.len())
	}
}

// TestRefreshTogether: many calendars change, the clock moves and the configuration is read again
// at once, and all is as it is at the end.
func TestRefreshTogether(t *testing.T) {
	t.Parallel()
	w, f := reloadable(t, "include: [tenants/*.yaml]\n", neighbours())
	w.Start()
	var all sync.WaitGroup
	for range 4 {
		for _, name := range []string{"evil/hours", "good/hours", "nobody/hours"} {
			all.Go(func() { w.refresh(name) })
		}
		all.Go(w.Advance)
	}
	files := neighbours()
	files["tenants/good/hours.ics"] = strings.ReplaceAll(hoursFile, "SUMMARY:Open", "SUMMARY:Later")
	f.set("include: [tenants/*.yaml]\n", files)
	if err := w.Reload(t.Context()); err != nil {
		t.Error(err)
	}
	all.Wait()
	if w.recompileQueue.len() != 0 {
		t.Errorf("%d routes wait", w.recompileQueue.len())
	}
	for path, want := range map[string]string{"/good/r0": "Later", "/evil/r0": "Open", "/evil/r39": "Open"} {
		if got := body(t, w.call(post(path))); !strings.Contains(got, want) {
			t.Errorf("%s: got %q, want %s", path, got, want)
		}
	}
}

// TestWaitingForRoom: a calendar that was unknown to a route since others of its tenant took the
// room is known to it once these are gone or have changed, without a change of its own.
func TestWaitingForRoom(t *testing.T) {
	t.Parallel()
	files := func(routes ...string) map[string]string {
		text := "tenant: {name: evil}\ncalendars: {hours: {file: evil/hours.ics, limits: {instances: 60}}, other: {file: evil/hours.ics}, more: {file: evil/hours.ics}}\nroutes:\n"
		for _, zone := range routes {
			text += fmt.Sprintf(
				"  - {name: %q, timezone: %s, branches: [{name: open, when: {calendar: hours}, pass: true}, "+
					"{name: closed, when: {calendar: other}, pass: true}, {name: rest, state: other, pass: true}]}\n",
				strings.ToLower(strings.ReplaceAll(zone, "/", "-")), zone)
		}
		return map[string]string{
			"tenants/evil.yaml":      text,
			"tenants/evil/hours.ics": ics(event("Open", "20261201T000000Z", "20261201T010000Z", "RRULE:FREQ=DAILY;COUNT=40")),
		}
	}
	w, f := reloadable(t, "include: [tenants/*.yaml]\n", files("America/Denver", "Europe/Berlin"))
	w.Start()
	unknown := func() (names []string) {
		for _, r := range w.live.Load().routes {
			if r.State().Decide(nil, w.now).Unknown {
				names = append(names, r.Name)
			}
		}
		return names
	}
	reload := func(routes ...string) {
		t.Helper()
		f.set("include: [tenants/*.yaml]\n", files(routes...))
		if err := w.Reload(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if got := unknown(); len(got) != 1 {
		t.Fatalf("unknown to %q, want one: there is room for one zone", got)
	}
	reload("Europe/Berlin")
	if got := unknown(); len(got) > 0 {
		t.Errorf("the other route is gone, and unknown to %q still", got)
	}
	reload("Europe/Berlin", "America/Denver")
	if got := unknown(); len(got) != 1 || got[0] != "evil/america-denver" {
		t.Fatalf("unknown to %q, want the new one", got)
	}
	// While the server runs, calendars change one by one.
	refreshed := func() bool {
		l := w.live.Load()
		was := l.routesByCalendar["evil/hours"][1].State()
		w.refresh("evil/more")
		return l.routesByCalendar["evil/hours"][1].State() != was
	}
	if refreshed() {
		t.Error("there is no room, and the route is compiled anew")
	}
	denver, err := zones.Load("America/Denver")
	if err != nil {
		t.Fatal(err)
	}
	w.live.Load().timelines.Keep(map[string][]calendars.View{"evil/hours": {{Zone: denver}}})
	if !refreshed() {
		t.Error("there is room, and the route is not compiled anew")
	}
}
