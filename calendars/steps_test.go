package calendars

import "testing"

// TestFilterSteps: a pattern is looked at also where there is nothing to compare it with.
func TestFilterSteps(t *testing.T) {
	t.Parallel()
	pattern, err := ParsePattern("*abc*")
	if err != nil {
		t.Fatal(err)
	}
	f := Filter{Summary: Patterns{pattern, pattern}, Category: Patterns{pattern}}
	cost := f.Category.Cost()
	for want, events := range map[int][]*Event{
		0:        nil,
		3 * cost: {{}},
		5 * cost: {{Summary: "ab", Categories: []string{"a"}}},
		9 * cost: {{}, {Summary: "a", Categories: []string{"", "abc"}}},
	} {
		if got := f.Steps(events...); got != want {
			t.Errorf("%d events take %d steps, want %d", len(events), got, want)
		}
	}
}
