package patterns

import (
	"strings"
	"testing"

	"github.com/callhours/callhours/internal/diag"
)

// TestNear: slips of the keys are near, words of their own are not.
func TestNear(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		patterns []string
		field    string
		want     string
	}{
		{[]string{"open*"}, "Open", ""},
		{[]string{"open*"}, "Opne hours", "open*"},
		{[]string{"open*"}, "poen 9-12", "open*"},
		{[]string{"open*"}, "Oepn!", "open*"},
		{[]string{"open*"}, "Oopen", "open*"},
		{[]string{"open*"}, "Opn", "open*"},
		{[]string{"open*"}, "Oven repair", ""},
		{[]string{"open*"}, "Pen test", ""},
		{[]string{"open*"}, "Omen", ""},
		{[]string{"open*"}, "Team, opne", ""},
		{[]string{"*closed*"}, "We are clsoed today", "*closed*"},
		{[]string{"*closed*"}, "Colsed", "*closed*"},
		{[]string{"*closed*"}, "Close", "*closed*"},
		{[]string{"*closed*"}, "Close the books", ""},
		{[]string{"*lunch*"}, "Product launch", ""},
		{[]string{"*lunch*"}, "Lucnh", "*lunch*"},
		{[]string{"*office hours*"}, "Ofice hours", "*office hours*"},
		{[]string{"office open*"}, "Office opne until 5", "office open*"},
		{[]string{"holiday"}, "Holidays", "holiday"},
		{[]string{"holiday"}, "Holidays in Spain", ""},
		{[]string{"Öffnungszeiten*"}, "öffnugszeiten neu", "Öffnungszeiten*"},
		{[]string{"abc*"}, "acb", ""},
		{[]string{"open*", "!*not open*"}, "We are not open", ""},
		{[]string{"/^open/"}, "Opne", ""},
		{[]string{"a*open*"}, "a day opne", ""},
		{[]string{""}, "x", ""},
		{[]string{"*"}, "x", ""},
		{[]string{"open*"}, "", ""},
		{[]string{"open*"}, "Opne " + strings.Repeat("é", 500), "open*"},
		{[]string{"*open*"}, strings.Repeat("word ", 100) + "opne", ""},
	} {
		var texts []diag.Text
		for _, p := range c.patterns {
			texts = append(texts, diag.Text{S: p})
		}
		ps, mistakes := ParseList(texts)
		if len(mistakes) > 0 {
			t.Fatal(mistakes)
		}
		if got := ps.Near(c.field); got != c.want {
			t.Errorf("%q near %q: got %q, want %q", c.field, c.patterns, got, c.want)
		}
	}
}

// FuzzNear: nothing is near that fits, and it ends soon whatever the texts are.
func FuzzNear(f *testing.F) {
	f.Add("*closed*", "Clsoed today")
	f.Add("a b c*", "a b")
	f.Add("é*", "e\u0301\xff")
	f.Fuzz(func(t *testing.T, pattern, field string) {
		p, err := Parse(pattern)
		if err != nil {
			return
		}
		ps := List{p}
		if near := ps.Near(field); near != "" && (ps.Match(field) || near != pattern) {
			t.Errorf("%q is near %q, and fits %q", field, near, pattern)
		}
	})
}
