package preview

import "testing"

// TestTitleBeside: the name of a branch that stands at the start of a title is not shown twice.
func TestTitleBeside(t *testing.T) {
	t.Parallel()
	for _, c := range [][3]string{ // title, display name of branch on-call, what stands beside it
		{"On call: Bob", "On call", "Bob"},
		{"ON CALL - Bob, swapped", "On call", "Bob, swapped"},
		{"on-call: Bob", "Bereitschaft", "Bob"},
		{"Bereitschaft – Zoë", "Bereitschaft", "Zoë"},
		{"Ärztin: Ada", "Ärztin", "Ada"},
		{"On call:", "On call", "On call:"},
		{"On call", "On call", "On call"},
		{"On calls: Bob", "On call", "On calls: Bob"},
		{"On call Bob", "On call", "On call Bob"},
		{"Bob: On call", "On call", "Bob: On call"},
		{"Is: x", "İs", "Is: x"},
		{"", "On call", ""},
	} {
		s := Span{Branch: "on-call", Event: c[0], label: c[1]}
		if got := s.Title(); got != c[2] {
			t.Errorf("%q beside %q: got %q, want %q", c[0], c[1], got, c[2])
		}
		ch := Change{Branch: "on-call", Event: c[0], label: c[1]}
		status := RouteStatus{Branch: "on-call", BranchLabel: c[1], Event: &Event{Summary: c[0]}}
		e := Explanation{Branch: "on-call", label: c[1], Events: []Event{{Summary: c[0]}}}
		if ch.Title() != c[2] || status.Title() != c[2] || e.Title() != c[2] {
			t.Errorf("%q: the change has %q, the status %q, the explanation %q", c[0], ch.Title(), status.Title(), e.Title())
		}
	}
	if got := (Span{Branch: "on-call", Event: "On call: Bob", label: "On call"}).summary(); got != "On call: Bob" {
		t.Errorf("the calendar has %q", got)
	}
}
