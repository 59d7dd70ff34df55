package render

import (
	"slices"
	"testing"

	"github.com/callhours/callhours/routes"
)

// TestPrerenderSeen: after a week an event is rendered no more that was rendered before, though it
// is unpacked anew for each of its occurrences.
func TestPrerenderSeen(t *testing.T) {
	t.Parallel()
	l := library(t)
	s := compiled(t, setting{
		whens: []*routes.Condition{titled("open*")}, fallback: 1,
		branches: []Branch{
			{Template: inline(t, l, `{"module":"hangup","data":{"x":{{ .Event.Summary }}}}`)},
			{Template: inline(t, l, `{"module":"hangup","data":{}}`)},
		},
	})
	until := now.AddDate(0, 0, 300)
	starts := len(slices.Collect(s.Starts(now, until)))
	const most = 1_000_000
	effort := NewEffort(most)
	if failed := s.Prerender(t.Context(), now, until, effort); len(failed) != 0 {
		t.Fatal(failed)
	}
	rendered := (most - int(effort.left.Load()) - starts*stepsOfStart) / stepsOfAnswer
	// five days of a week begin and end
	if starts < 400 || rendered < 10 || rendered > 12 {
		t.Errorf("of %d segments %d are rendered", starts, rendered)
	}
}
