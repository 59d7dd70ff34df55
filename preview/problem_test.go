package preview

import (
	"fmt"
	"strings"
	"testing"
)

// TestNewProblems: errors come first, otherwise the order stays; so many are kept, and each is a
// sentence of a bounded length.
func TestNewProblems(t *testing.T) {
	t.Parallel()
	var all []Problem
	for i := range 2 * maxProblems {
		severity := Warning
		if i%4 == 3 {
			severity = Error
		}
		all = append(all, NewProblem(severity, "kind", fmt.Sprintf("the number %d", i)))
	}
	got := NewProblems(all)
	if len(got.List) != maxProblems || got.More != maxProblems || got.Severity() != Error {
		t.Fatalf("got %d and %d more, %s", len(got.List), got.More, got.Severity())
	}
	if a, b, c := got.List[0].Message, got.List[4].Message, got.List[5].Message; a != "The number 3." ||
		b != "The number 19." || c != "The number 0." {
		t.Errorf("got %q, %q, %q", a, b, c)
	}
	if (Problems{}).Severity() != "" {
		t.Error("no problem has a severity")
	}
	long := NewProblem(Error, "kind", strings.Repeat("ä", maxProblemMessage)).Message
	if len(long) > maxProblemMessage+len("…") || !strings.HasPrefix(long, "Ää") || !strings.HasSuffix(long, "ä…") {
		t.Errorf("got %q", long)
	}
}

func TestSentence(t *testing.T) {
	t.Parallel()
	for message, want := range map[string]string{
		"": "", "x": "X.", "does it?": "Does it?", "öffnen…": "Öffnen…", `is "x"`: `Is "x".`,
	} {
		if got := Sentence(message); got != want {
			t.Errorf("%q: got %q, want %q", message, got, want)
		}
	}
}
