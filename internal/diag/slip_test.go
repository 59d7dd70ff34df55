package diag

import (
	"strings"
	"testing"
)

// TestIsSlip: one letter too few, too many, wrong, or two in turn; nothing else, and not the word
// itself.
func TestIsSlip(t *testing.T) {
	t.Parallel()
	for _, word := range []string{"SUMARY", "SUMMARYY", "SUNMARY", "SMUMARY"} {
		if !IsSlip(word, "SUMMARY") {
			t.Errorf("%s is no slip of SUMMARY", word)
		}
	}
	for _, word := range []string{"SUMMARY", "SUMAR", "", "SMUMRAY", "YRAMMUS"} {
		if IsSlip(word, "SUMMARY") {
			t.Errorf("%q is a slip of SUMMARY", word)
		}
	}
}

// TestCorrect: of a word that may be two, it stays what it is.
func TestCorrect(t *testing.T) {
	t.Parallel()
	known := []string{"DTEND", "DTSEND", "RRULE"}
	for word, want := range map[string]string{"RULE": "RRULE", "DTEND": "DTEND", "DTSND": "DTSND", "DTXEND": "DTXEND"} {
		if got := Correct(word, known); got != want {
			t.Errorf("%s: got %s, want %s", word, got, want)
		}
	}
}

func TestQuote(t *testing.T) {
	t.Parallel()
	if got, want := Quote("a\n"), `"a\n"`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got, want := Brief(strings.Repeat("é", 50)), strings.Repeat("é", 40)+"…"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
