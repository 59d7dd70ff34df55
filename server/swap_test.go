package server

import (
	"slices"
	"strings"
	"testing"

	"github.com/callhours/callhours/calendars"
	"github.com/callhours/callhours/config"
)

// TestPrepare: a generation is compiled without the lock; at a start, where nothing else
// answers, its routes do at once.
func TestPrepare(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "include: [tenants/*.yaml]\n", neighbours())
	g := w.options.Generation
	w.Server.mu.Lock() // a start that waited for it would end here
	n := w.prepare(g)
	w.Server.mu.Unlock()
	for i, r := range n.fresh {
		if n.states[i] == nil || r.State() != n.states[i] { // at a start it answers at once
			t.Fatalf("%s: it is compiled: %t", r.Name, n.states[i] != nil)
		}
	}
	if len(n.fresh) != 41 || w.live.Load() != nil {
		t.Errorf("%d routes are compiled", len(n.fresh))
	}
	late, stale := w.activate(n)
	for i, r := range n.fresh {
		if r.State() != n.states[i] {
			t.Errorf("%s is compiled again", r.Name)
		}
	}
	if len(late)+len(stale) != 0 {
		t.Errorf("%d calendars and %d routes are out of date", len(late), len(stale))
	}
}

// TestPrepareMeanwhile: what changes in the live generation while another one is made ready stays
// its own, and is found out when the other goes live.
func TestPrepareMeanwhile(t *testing.T) {
	t.Parallel()
	w := started(t, "include: [tenants/*.yaml]\n", neighbours())
	former := w.live.Load().Generation
	files := neighbours()
	files["tenants/evil.yaml"] = strings.Replace(files["tenants/evil.yaml"],
		"calendars: {hours: {file: evil/hours.ics}}",
		"calendars: {hours: {file: evil/hours.ics, only: {summary: later}}}", 1)
	fsys := filesOf(head+"include: [tenants/*.yaml]\n", files)
	file, err := config.Load("callhours.yaml", config.Options{FS: fsys})
	if err != nil {
		t.Fatal(err)
	}
	g, mistakes := build(builder{file: file, files: fsys, former: former, now: monday})
	if err := mistakes.Err(); err != nil {
		t.Fatal(err)
	}
	n := w.prepare(g)
	if len(n.kept) != 41-len(n.fresh) || n.changed["good/hours"] || !n.changed["evil/hours"] {
		t.Fatalf("%d routes are kept, %d compiled; changed are %v", len(n.kept), len(n.fresh), n.changed)
	}
	if c := former.timelines.Use("evil/hours").Snapshot.Calendar; c.Len() == 0 ||
		g.timelines.Use("evil/hours").Snapshot.Calendar.Len() != 0 {
		t.Error("the live generation has the other's calendar")
	}
	if got := body(t, w.call(post("/evil/r0"))); !strings.Contains(got, "Open") {
		t.Errorf("the live generation answers %q", got)
	}
	// The calendar of good has changed, and its route was compiled by the live generation.
	good := former.routesByCalendar["good/hours"][0]
	former.timelines.Set("good/hours", calendars.Use{Snapshot: calendars.Snapshot{Why: "gone"}})
	former.compile(good, monday)
	g.byName["evil/hours"].why = "it was unknown"
	late, stale := w.activate(n)
	if !slices.Equal(late, []string{"evil/hours"}) || len(stale) != 1 || stale[0] != good {
		t.Errorf("late are %v, stale are %d routes", late, len(stale))
	}
	w.recompile(stale)
	for path, want := range map[string]string{"/good/r0": "Open", "/evil/r0": ""} {
		if got := body(t, w.call(post(path))); want != "" && !strings.Contains(got, want) ||
			want == "" && strings.Contains(got, "Open") {
			t.Errorf("%s: got %q", path, got)
		}
	}
}
