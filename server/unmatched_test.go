package server

import (
	"strings"
	"testing"
)

// TestUnmatchedBound: counting the events that no route asks for is bounded for all calendars of a
// tenant together; those beyond have no such metric, and others have theirs.
func TestUnmatchedBound(t *testing.T) {
	t.Parallel()
	w := started(t, "include: [tenants/*.yaml]\n", neighbours())
	g := w.live.Load().Generation
	if n := g.unmatched("evil/hours"); n != 0 || g.counting.steps["evil/hours"] != 1 || g.counting.owners["evil"] != 1 {
		t.Errorf("of an event that 40 routes ask for alike, %d are not asked for, after %v steps", n, g.counting.steps)
	}
	series := func() string {
		var with []string
		for line := range strings.Lines(body(t, w.people(t, "/metrics", "localhost"))) {
			if strings.HasPrefix(line, "callhours_calendar_unmatched_events{") {
				with = append(with, strings.TrimSpace(line))
			}
		}
		return strings.Join(with, " ")
	}
	const good = `callhours_calendar_unmatched_events{calendar="good/hours"} 0`
	if got := series(); got != `callhours_calendar_unmatched_events{calendar="evil/hours"} 0 `+good {
		t.Errorf("got %s", got)
	}
	g.counting.took("evil/other", g.counting.most)
	w.refresh("evil/hours")
	w.refresh("good/hours")
	if got := series(); got != good {
		t.Errorf("got %s", got)
	}
	if n := g.counting.clone(); n.left("evil/more") != 0 || n.left("good/more") != n.most-1 ||
		n.left("everybody's") != n.most {
		t.Errorf("left are %d, %d and %d", n.left("evil/more"), n.left("good/more"), n.left("everybody's"))
	}
	g.counting.took("evil/other", 0)
	w.refresh("evil/hours")
	if got := series(); !strings.Contains(got, "evil/hours") {
		t.Errorf("when there is room again: %s", got)
	}
}
