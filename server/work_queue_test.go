package server

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/callhours/callhours/calendars"
	"github.com/callhours/callhours/internal/growth"
)

// TestBacklog: each piece waits once, owners take turns, and what is dropped is gone.
func TestBacklog(t *testing.T) {
	t.Parallel()
	b := workQueue[string]{owner: calendars.TenantOf}
	takeAll := func() (all []string) {
		for p, ok := b.take(); ok; p, ok = b.take() {
			all = append(all, p)
		}
		return all
	}
	if _, ok := b.take(); ok || b.len() != 0 {
		t.Error("the zero backlog holds something")
	}
	b.add("a/1", "a/2", "a/3", "a/1", "b/1", "own", "a/2")
	if got, want := fmt.Sprint(takeAll(), b.len()), "[a/1 b/1 own a/2 a/3] 0"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	for i := range 1000 {
		b.add(fmt.Sprint("greedy/", i))
	}
	b.add("late/1")
	for range 2 {
		b.take()
		b.add("greedy/again")
	}
	if b.len() != 1000 {
		t.Errorf("%d wait, want 1000: one was taken of greedy, and one of late", b.len())
	}
	b.drop(func(p string) bool { return p != "greedy/again" && p != "greedy/7" })
	b.add("greedy/9")
	if got, want := fmt.Sprint(takeAll(), b.len(), len(b.turns), len(b.pieces)),
		"[greedy/7 greedy/again greedy/9] 0 0 0"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	one := workQueue[int]{}
	one.add(3, 1, 2)
	first, _ := one.take()
	second, _ := one.take()
	if first != 3 || second != 1 {
		t.Errorf("without owners: got %d and %d", first, second)
	}
}

// TestLookingEnds: what is looked at for a generation ends with it, and is looked at again where
// the next one has it too; and with the server.
func TestLookingEnds(t *testing.T) {
	t.Parallel()
	w := started(t, oneRoute, nil)
	w.prerenderQueued(t.Context())
	ctx, done := w.findingsCache.withTimeout(t.Context())
	defer done()
	if ctx.Err() != nil || w.findingsCache.isSuperseded(ctx) {
		t.Fatal("looking has ended before it began")
	}
	if by, ok := ctx.Deadline(); !ok || time.Until(by) > lintTimeout {
		t.Errorf("looking has no end: %v", by)
	}
	g := w.live.Load().Generation
	w.findingsCache.reset(g, nil)
	<-ctx.Done()
	if !w.findingsCache.isSuperseded(ctx) {
		t.Errorf("looking ends with %v", context.Cause(ctx))
	}
	r := g.routes[0]
	w.prerenderAgain(r)
	if w.prerenderer.pending() != 1 {
		t.Error("a route that the next generation has is not looked at again")
	}
	stopped, stop := context.WithCancel(t.Context())
	stop()
	w.prerenderQueued(stopped)
	if w.prerenderer.pending() != 1 {
		t.Error("a route is looked at after the end")
	}
	other, err := load(t, head+oneRoute, nil)
	if err != nil {
		t.Fatal(err)
	}
	w.prerenderer.retain(nil)
	w.prerenderAgain(other.routes[0])
	if w.prerenderer.pending() != 0 {
		t.Error("a route that nobody has is looked at")
	}
}

// TestLintSteps: what looking takes grows no faster than what a feed holds, and no further than its
// bounds.
func TestLintSteps(t *testing.T) {
	if growth.UnderRace {
		t.Skip("it runs in one goroutine for long; the run without the race detector has it")
	}
	cost := func(n int) float64 {
		var events []string
		for i := range n {
			at := monday.Add(time.Duration(i) * time.Minute)
			events = append(events,
				event(fmt.Sprintf("Opne hours and closed %d %s", i, strings.Repeat("x", 100)),
					at.Format("20060102T150405Z"), at.AddDate(0, 1, 0).Format("20060102T150405Z")))
		}
		g, err := load(t, head+oneRoute, map[string]string{"hours.ics": ics(events...)})
		if err != nil {
			t.Fatal(err)
		}
		l, r := g.newLint(g.timelines), g.routes[0]
		s := r.Compile(g.timelines, g.totals, monday)
		until := monday.AddDate(0, 0, 400)
		return testing.AllocsPerRun(1, func() {
			l.Route(t.Context(), r, s, monday, until, nil)
			l.Calendar(t.Context(), l.calendars["hours"], monday, until, nil)
		})
	}
	costs := []float64{cost(500), cost(1000), cost(2000)}
	for i, c := range costs[1:] {
		if c > 2.3*costs[i] {
			t.Errorf("twice the events take %.0f allocations in place of %.0f", c, costs[i])
		}
	}
	gone, leave := context.WithCancel(t.Context())
	leave()
	w := started(t, oneRoute, nil)
	l := w.findingsCache.lint
	if found := l.Calendar(gone, l.calendars["hours"], monday, monday.AddDate(1, 0, 0), nil); len(found) != 0 {
		t.Errorf("after the end there are %d findings", len(found))
	}
}

// TestRehearsalIsBounded: of very many segments a bounded number is rendered, and none after the
// end.
func TestRehearsalIsBounded(t *testing.T) {
	g, err := load(t,
		head+strings.ReplaceAll(oneRoute, "template: voicemail",
			`callflow: '{"module":"hangup","data":{"now":"{{ .Now }}"}}'`),
		map[string]string{"hours.ics": crowd(2, 5000)})
	if err != nil {
		t.Fatal(err)
	}
	r := g.routes[0]
	s := r.Compile(g.timelines, g.totals, monday)
	starts := slices.Collect(s.Starts(monday, monday.AddDate(0, 0, 7)))
	cost := func(ctx context.Context, days int) float64 {
		return testing.AllocsPerRun(1, func() { s.Prerender(ctx, monday, monday.AddDate(0, 0, days), nil) })
	}
	day, week := cost(t.Context(), 1), cost(t.Context(), 7)
	if len(starts) < 9000 || week > 1.5*day {
		t.Errorf("a week of %d segments takes %.0f allocations, and a day %.0f", len(starts), week, day)
	}
	gone, leave := context.WithCancel(t.Context())
	leave()
	if none := cost(gone, 7); none > 20 {
		t.Errorf("after the end a rehearsal takes %.0f allocations", none)
	}
}
