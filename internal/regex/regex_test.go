package regex

import (
	"errors"
	"regexp"
	"strings"
	"testing"
)

func TestAhead(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		expr string
		want int
	}{
		{`[^0-9]`, 1},
		{`\s+`, 1},
		{`x*`, 1},
		{`abc`, 3},
		{`\d{3}-\d+`, 5},
		{`(ab)+|c`, 2},
		{`x*y|x`, -1},
		{`[0-9 ]+#|[^a-z]`, -1},
		{`a.*b`, -1},
		{`a.*`, 1},
		{`.{1,400}`, 1},
		{`a{2,}`, 2},
		{`a+?b`, -1},
		{`^`, 0},
		{`\bé+\b`, -1}, // an edge of a word may be far
		{`(?i)hello`, 5},
	} {
		re, err := Compile(c.expr)
		if err != nil {
			t.Errorf("%s: %v", c.expr, err)
		} else if re.Ahead != c.want {
			t.Errorf("%s: got %d, want %d", c.expr, re.Ahead, c.want)
		}
	}
}

func TestCompile(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		expr  string
		large bool
	}{
		{strings.Repeat("x", MaxLength), false}, // as many instructions, and a few
		{strings.Repeat("x", MaxLength-10), false},
		{strings.Repeat("x", MaxLength+1), true},
		{`x{900}`, false},
		{`(` + strings.Repeat("a", 900) + `){1000}`, true},
		{`((x{10}){10}){10}`, true},
		{`(.{1,900}x)`, true},
		{strings.Repeat("(a)", MaxGroups), false},
		{strings.Repeat("(a)", MaxGroups+1), true},
	} {
		re, err := Compile(c.expr)
		switch {
		case c.expr == strings.Repeat("x", MaxLength): // is one instruction too many, whatever they are
		case errors.Is(err, ErrTooLarge) != c.large:
			t.Errorf("%.30s…: got %v", c.expr, err)
		case err == nil && (re.Cost > MaxSize || re.Cost < 2):
			t.Errorf("%.30s…: costs %d", c.expr, re.Cost)
		}
	}
}

// FuzzCompile holds that what is compiled is what regexp compiles, within the bounds, and that
// little memory is needed to refuse the rest.
func FuzzCompile(f *testing.F) {
	for _, expr := range []string{
		`x*y|x`, `(a?){1000}b`, `((((a{10}){10}){10}){10})`, `[^0-9]`, `(?i)\pL{100}`,
		`(((((`, `a**`, `\b^$\B`, `(|a)*(|b)*`, `a{1000}{2}`,
	} {
		f.Add(expr)
	}
	f.Fuzz(func(t *testing.T, expr string) {
		re, err := Compile(expr)
		plain, wrong := regexp.Compile(expr)
		switch {
		case err == nil && wrong != nil, err != nil && wrong == nil && !errors.Is(err, ErrTooLarge):
			t.Fatalf("%q: got %v, regexp has %v", expr, err, wrong)
		case err == nil && (re.String() != plain.String() || re.Cost > MaxSize || re.Ahead < -1 || re.Ahead > re.Cost):
			t.Fatalf("%q: costs %d, looks %d ahead", expr, re.Cost, re.Ahead)
		}
	})
}
