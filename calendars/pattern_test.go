package calendars

import (
	"strings"
	"testing"
)

func TestPatterns(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		patterns []string
		match    []string
		differ   []string
	}{
		{nil, []string{"", "anything"}, nil},
		{
			[]string{"closed"},
			[]string{"closed", "CLOSED!!", " Closed ", "🎄 Closed 🎄", "«closed»"},
			[]string{"", "close", "office closed", "closed today", "clo sed"},
		},
		{
			[]string{"open 9 12"},
			[]string{"Open 9-12", "open: 9 – 12", "OPEN 9…12"},
			[]string{"open 9 to 12", "open912"},
		},
		{
			[]string{"*closed*"},
			[]string{"closed", "Office closed today", "(closed)", "disclosed"},
			[]string{"", "close"},
		},
		{[]string{"open*"}, []string{"open", "Opening", "Open 9-12", "[open]"}, []string{"reopen", "we open"}},
		{[]string{"open *"}, []string{"open", "Open 9-12", "open!"}, []string{"opening", "reopen"}},
		{[]string{"* open"}, []string{"open", "we open", "we're-open"}, []string{"reopen", "open now"}},
		{[]string{"*open"}, []string{"open", "reopen", "open open"}, []string{"open now"}},
		{[]string{"a * b"}, []string{"a b", "a x b", "A - b"}, []string{"ab", "axb", "a xb", "ax b"}},
		{[]string{"a*b*c"}, []string{"abc", "a b c", "a1b2c", "abcbc"}, []string{"ab", "acb", "abcd"}},
		{[]string{"*"}, []string{"", "x", "!!"}, nil},
		{[]string{""}, []string{"", "  ", "!?", "🎄"}, []string{"x", "0"}},
		{[]string{"!"}, []string{"x"}, []string{"", "…"}},
		{[]string{"open*", "!*not open*"}, []string{"open", "open late"}, []string{"open: not open", "closed"}},
		{[]string{"!*private*"}, []string{"", "open"}, []string{"Private", "very private!"}},
		{[]string{"open", "closed"}, []string{"Open", "Closed"}, []string{"", "ajar"}},
		{[]string{"straße"}, []string{"STRASSE", "Straße", "STRAẞE"}, []string{"strase"}},
		{[]string{"Büro*"}, []string{"büro", "BÜRO Nord", "Bu\u0308ro"}, []string{"Buro"}},
		{[]string{"*ärztin"}, []string{"Ärztin", "Notärztin", "die Ärztin"}, []string{"Arztin"}},
		{[]string{"休業 *"}, []string{"休業", "休業 (年末)"}, []string{"休業日"}},
		{[]string{"o’clock"}, []string{"o'clock", "O`CLOCK"}, []string{"oclock"}},
		{[]string{"/^Open [0-9]+$/"}, []string{"Open 9"}, []string{"open 9", "Open", "Open 9!"}},
		{[]string{"*", "!/[Pp]rivate/"}, []string{"x"}, []string{"a private b"}},
	} {
		ps := mustPatterns(t, c.patterns...)
		for _, field := range c.match {
			if !ps.Match(field) {
				t.Errorf("%s does not match %q", ps, field)
			}
		}
		for _, field := range c.differ {
			if ps.Match(field) {
				t.Errorf("%s matches %q", ps, field)
			}
		}
	}
}

func TestParsePatternMistakes(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"/(/": "pattern \"/(/\": missing closing )",
		"!!!": `pattern "!!!": punctuation is not compared and nothing else is left; want letters, or a regular expression between slashes`,
		"*-*": `pattern "*-*": punctuation is not compared and nothing else is left; want letters, or a regular expression between slashes`,
	} {
		if _, err := ParsePattern(text); err == nil || err.Error() != want {
			t.Errorf("%s\ngot  %v\nwant %s", text, err, want)
		}
	}
}

func TestPatternsString(t *testing.T) {
	t.Parallel()
	if got, want := mustPatterns(t, "open *").String(), `"open *"`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got, want := mustPatterns(t, "Open*", "!*not*").String(), `["Open*", "!*not*"]`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestPatternsDoNotAllocate(t *testing.T) {
	ps := mustPatterns(t, "*open*", "!*not open*", "/^Open/")
	field := strings.Repeat("Special hours: ", 100) + "open"
	if n := testing.AllocsPerRun(100, func() { ps.Match(field) }); n > 0 {
		t.Errorf("%v allocations, want none", n)
	}
}

func TestFilter(t *testing.T) {
	t.Parallel()
	e := &Event{
		Summary: "Open", Description: "Public holiday", Location: "Hall", Categories: []string{"Red", "Blue"},
		AllDay: true,
	}
	yes, no := new(true), new(false)
	for _, c := range []struct {
		name   string
		filter Filter
		want   bool
	}{
		{"nothing asked", Filter{}, true},
		{"summary", Filter{Summary: mustPatterns(t, "open")}, true},
		{"another summary", Filter{Summary: mustPatterns(t, "closed")}, false},
		{
			"description and location",
			Filter{Description: mustPatterns(t, "public*"), Location: mustPatterns(t, "hall")},
			true,
		},
		{"one of them", Filter{Description: mustPatterns(t, "public*"), Location: mustPatterns(t, "court")}, false},
		{"a category", Filter{Category: mustPatterns(t, "blue")}, true},
		{"another category", Filter{Category: mustPatterns(t, "green")}, false},
		{"a category but for another", Filter{Category: mustPatterns(t, "blue", "!red")}, false},
		{"no category", Filter{Category: mustPatterns(t, "")}, false},
		{"not a category", Filter{Category: mustPatterns(t, "!green")}, true},
		{"opaque", Filter{Transparency: "opaque"}, true},
		{"transparent", Filter{Transparency: "transparent"}, false},
		{"all day", Filter{AllDay: yes}, true},
		{"not all day", Filter{AllDay: no}, false},
		{"recurring", Filter{Recurring: yes}, false},
		{"not recurring", Filter{Recurring: no}, true},
	} {
		if got := c.filter.Match(e); got != c.want {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
		}
	}
	if none := (&Filter{Category: mustPatterns(t, "")}); !none.Match(&Event{}) {
		t.Error(`the category "" does not match an event without categories`)
	}
}

// matches compares a text with one pattern.
func matches(p Pattern, text string) bool {
	f := fieldOf(text)
	return p.matches(&f)
}
