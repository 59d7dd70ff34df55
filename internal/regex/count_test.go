package regex

import (
	"math"
	"strings"
	"testing"

	"github.com/callhours/callhours/internal/growth"
)

// FuzzMatchWithin: it finds what the standard library's matcher finds.
func FuzzMatchWithin(f *testing.F) {
	for _, expr := range []string{
		"", "a", "^a$", `\bopen\b`, `(?m)^x$`, `(?i)holiday|closed`, "a*b+c?", "[^a-z]{2,4}", `\Bx`, "(?s).", ".",
		"ab(c|d)*e", `\z`, "^", "abc",
		"(a|b)*a(a|b){5}", "x*", `\d+-\d+`,
	} {
		for _, text := range []string{
			"", "a", "open 9-12", "x\ny", "Public HOLIDAY\n", "abcde", "\xff\xfea", "äöü",
			"zabcabde", "ab ab\n",
		} {
			f.Add(expr, text)
		}
	}
	f.Fuzz(func(t *testing.T, expr, text string) {
		re, err := Compile(expr)
		if err != nil {
			return
		}
		left := math.MaxInt
		if got, want := re.MatchWithin(text, &left), re.MatchString(text); got != want {
			t.Errorf("%q in %q: %t, want %t", expr, text, got, want)
		}
		if took, most := math.MaxInt-left, 2*(re.Cost+1)*(len(text)+1)+4; took > most {
			t.Errorf("%q in %q takes %d steps, want at most %d", expr, text, took, most)
		}
	})
}

// TestMatchWithin: it counts what matching really takes, and ends where no more is left.
func TestMatchWithin(t *testing.T) {
	t.Parallel()
	text := strings.Repeat("ab", 1000)
	for _, c := range []struct {
		expr        string
		least, most int
	}{
		{"holiday", len(text) / skippedInStep, 2 * len(text) / skippedInStep},
		{"(?i)holiday", len(text) / skippedInStep, len(text) / 2},
		{"(?i)bad", len(text), 5 * len(text)},
		{"[a-z]{0,480}x", 400 * len(text), 2000 * len(text)},
	} {
		re, err := Compile(c.expr)
		if err != nil {
			t.Fatal(err)
		}
		left := math.MaxInt
		re.MatchWithin(text, &left)
		if took := math.MaxInt - left; took < c.least || took > c.most {
			t.Errorf("%s takes %d steps, want %d to %d", c.expr, took, c.least, c.most)
		}
		took := math.MaxInt - left
		if left = took / 2; re.MatchWithin(text+"holidayx", &left) || left < -2*(re.Cost+1)-len(text) {
			t.Errorf("%s: it goes on with %d steps left", c.expr, left)
		}
		growth.Linear(t, 700, func(n int) int {
			left := math.MaxInt
			re.MatchWithin(strings.Repeat("ab", n), &left)
			return math.MaxInt - left
		})
	}
}
