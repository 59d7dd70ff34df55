package files

import (
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/callhours/callhours/internal/growth"
)

func TestCheckPattern(t *testing.T) {
	t.Parallel()
	element := strings.Repeat("a", maxElement-1) + "*"
	path := strings.Repeat("dir/", maxPattern/4-1) + "abc*"
	for _, c := range []struct {
		pattern string
		want    error
	}{
		{"*.ics", nil},
		{"[", filepath.ErrBadPattern},
		{element, nil},
		{"x" + element, ErrLongPattern},
		{"d/" + element + "/x", nil},
		{"d/x" + element + "/x", ErrLongPattern},
		{path, nil},
		{path + "*", ErrLongPattern},
		{strings.Repeat("a", 2*maxPattern), nil},
	} {
		if err := CheckPattern(c.pattern); !errors.Is(err, c.want) {
			t.Errorf("%.20s… (%d bytes): %v, want %v", c.pattern, len(c.pattern), err, c.want)
		}
	}
}

// TestMatchCost: what comparing names with a pattern costs is that of filepath.Match at its worst,
// which grows with both, and little for names that begin or end otherwise.
func TestMatchCost(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		pattern, name string
		want          int
	}{
		{"*.ics", "office.ics", 1},
		{"*.ics", "office.txt", 1},
		{"office*", "shop.ics", 1},
		{"office.ics", strings.Repeat("a", 255), 1},
		{"office.ics", "office.ics", 2},
		{"*" + strings.Repeat("a", 127), strings.Repeat("a", 250), 1 + 128*250/64},
		{"*" + strings.Repeat("a", 127) + "b", strings.Repeat("a", 250), 1},
		{"*" + strings.Repeat("a", 126) + "[b]", strings.Repeat("a", 250), 1 + 130*250/64},
	} {
		if got := MatchCost(c.pattern, []string{c.name, c.name}); got != 2*c.want {
			t.Errorf("%.20s with %.20s: two cost %d, want %d", c.pattern, c.name, got, 2*c.want)
		}
	}
	hostile := func(pattern, name, times int) int {
		return MatchCost("*"+strings.Repeat("[a-z]", pattern)+"Z*", slices.Repeat([]string{strings.Repeat("a", name)}, times))
	}
	growth.Linear(t, 12, func(n int) int { return hostile(n, 250, 1000) })
	growth.Linear(t, 60, func(n int) int { return hostile(50, n, 1000) })
	growth.Linear(t, 1000, func(n int) int { return hostile(50, 250, n) })
}

// FuzzMatching: what a name has to begin and end with excludes none that matches.
func FuzzMatching(f *testing.F) {
	for _, pattern := range []string{
		"*.ics", "a?c", "[a-c]x", "[^a]*b", `\*x`, `a\\`, `[\]]x`, "x]y", "[a]b]", "é*", "*?", "a*a", "", "abc",
	} {
		for _, name := range []string{"a.ics", "abc", "*x", `a\`, "]x", "x]y", "ab]", "é", "a", ""} {
			f.Add(pattern, name)
		}
	}
	f.Fuzz(func(t *testing.T, pattern, name string) {
		if CheckPattern(pattern) != nil || strings.Contains(pattern+name, "/") {
			return
		}
		matched, err := filepath.Match(pattern, name)
		if err != nil { // found to be none only when it is compared
			return
		}
		if got := Matching(pattern, []string{name}); (len(got) == 1) != matched {
			t.Errorf("%q with %q: %v, want %v", pattern, name, got, matched)
		}
	})
}
