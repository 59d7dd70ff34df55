package funcs

import (
	"strings"
	"testing"

	"github.com/callhours/callhours/internal/growth"
	"github.com/callhours/callhours/templates/jsonsafe"
)

// TestNumerals holds that what is too long for a number is 0, as other texts are, and what is not
// is read as before.
func TestNumerals(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("1", longestNumeral+1)
	data := map[string]any{"Data": map[string]any{"long": long}}
	for text, want := range map[string]string{
		`{{ int .Data.long }}`:                                   "0",
		`{{ float64 .Data.long }}`:                               "0",
		`{{ add 1 .Data.long 2 .Data.long "3" }}`:                "6",
		`{{ max 1 .Data.long }} {{ min 1 .Data.long }}`:          "1 0",
		`{{ atoi .Data.long }} {{ atoi "12" }}`:                  "0 12",
		`{{ round .Data.long 1 }} {{ ceil .Data.long }}`:         "0 0",
		`{{ sub 3 .Data.long }} {{ mul 3 2 }} {{ div 7 "2" }}`:   "3 6 3",
		`{{ float64 "1e300" }} {{ add1 "4" }} {{ floor "1.5" }}`: "1e+300 5 1",
	} {
		if got, err := write(t, text, data); err != nil || got != want {
			t.Errorf("%s: got %q, %v, want %q", text, got, err, want)
		}
	}
}

// TestRegexSplit holds that parts are those of regexp.
func TestRegexSplit(t *testing.T) {
	t.Parallel()
	for _, expr := range []string{"a*", "a", "", "b|$", "(a)(b)?", "^"} {
		p, err := compile(expr)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range []string{"", "a", "ab", "baaac", "aé-b", "xyz"} {
			for n := -1; n < 4; n++ {
				r := &Run{literals: &Literals{}, ctx: t.Context(), left: MaxWork}
				got, err := r.regexSplit(expr, s, n)
				if err != nil {
					t.Fatal(err)
				}
				want := p.Split(s, n)
				if len(got) != len(want) {
					t.Errorf("%q of %q, %d: got %q, want %q", expr, s, n, got, want)
					continue
				}
				for i := range got {
					if got[i] != want[i] {
						t.Errorf("%q of %q, %d: got %q, want %q", expr, s, n, got, want)
					}
				}
			}
		}
	}
}

// least is the least of some measurements where the first is large enough to be judged. What a call
// allocates for itself it allocates each time; what it allocates because a collection, or the race
// detector, has emptied a pool of package regexp it finds there the next time.
func least(measure func() int) int {
	const enough = 1 << 20
	bytes := measure()
	for range 7 {
		if bytes <= enough {
			break
		}
		bytes = min(bytes, measure())
	}
	return bytes
}

// TestFunctionsAreLinear gives each function of a text n, 2n and 4n bytes of what costs it most:
// what it allocates and what it is counted for grow no faster than the text.
func TestFunctionsAreLinear(t *testing.T) {
	if growth.UnderRace {
		t.Skip("it measures memory; the run without the race detector does")
	}
	inputs := map[string]string{
		"words": "a ", "letters": "A", "not ASCII": "é", "underscores": "_a", "digits": "1", "lines": "\n",
		"humps": "aB", "brackets": "[", "quotes": `"`, "plus": "+",
		"commas": "x,", "percents": "%%", "controls": "\x01",
	}
	calls := map[string]func(f any, s string) bool{
		"one text": func(f any, s string) bool {
			switch f := f.(type) {
			case func(string) string:
				f(s)
			case func(string) (string, error):
				_, _ = f(s)
			case func(any) (string, error):
				_, _ = f(s)
			case func(any) (jsonsafe.JSON, error):
				_, _ = f(s)
			case func(string) (any, error):
				_, _ = f(s)
			case func(...any) (string, error):
				_, _ = f(s)
			default:
				return false
			}
			return true
		},
		"a part and a text": func(f any, s string) bool {
			switch f := f.(type) {
			case func(string, string) (string, error):
				_, _ = f("x*y|x|a", s)
			case func(string, string) (bool, error):
				_, _ = f("(a|[^b]*c)", s)
			case func(string, string) ([]any, error):
				_, _ = f(",", s)
			case func(string, string) (map[string]any, error):
				_, _ = f(",", s)
			case func(string, string, string) (string, error):
				_, _ = f("a|x", s, "yy")
			case func(string, string, int) ([]any, error):
				_, _ = f("x*y|x|,", s, -1)
			case func(int, string) (string, error):
				_, _ = f(3, s)
			default:
				return false
			}
			return true
		},
	}
	tried := 0
	for _, f := range All() {
		bind := functions[f.Name].bind
		if bind == nil {
			continue
		}
		for kind, call := range calls {
			for input, piece := range inputs {
				var cost, spent [3]int
				known := false
				measure := func() (grows int) { // the index of what grows too fast; 0 for none
					for i := range cost {
						s := strings.Repeat(piece, 4096/len(piece)<<i)
						cost[i] = least(func() int {
							r := &Run{literals: &Literals{}, ctx: t.Context(), left: MaxWork}
							g := bind(r)
							bytes := growth.Bytes(func() { known = call(g, s) })
							spent[i] = MaxWork - r.left
							return bytes
						})
						if i > 0 && cost[i] > 1<<20 && float64(cost[i]) > 2.3*float64(max(cost[i-1], 1<<17)) {
							grows = i
						}
					}
					return grows
				}
				grows := measure()
				for range 4 { // a pool of package regexp may have been full for the shorter text alone
					if grows > 0 {
						grows = measure()
					}
				}
				if !known {
					break
				}
				tried++
				if grows > 0 {
					t.Errorf("%s of %s, %s: allocates %d bytes, and %d for twice the text", f.Name, kind, input,
						cost[grows-1], cost[grows])
				}
				if cost[2] > 8<<20 {
					t.Errorf("%s of %s, %s: allocates %d bytes for %d", f.Name, kind, input, cost[2], 4*4096)
				}
				if cost[2] > 1<<20 && spent[2] < 4*4096 {
					t.Errorf("%s of %s, %s: allocates %d bytes, and counts %d", f.Name, kind, input, cost[2], spent[2])
				}
			}
		}
	}
	if tried < 300 {
		t.Errorf("tried %d", tried)
	}
}
