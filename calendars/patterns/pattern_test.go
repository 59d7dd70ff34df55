package patterns

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/callhours/callhours/internal/diag"
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
		ps := mustParse(t, c.patterns...)
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
		"!!!": `pattern "!!!": punctuation is not compared and nothing else is left; expected letters, or a regular expression between slashes`,
		"*-*": `pattern "*-*": punctuation is not compared and nothing else is left; expected letters, or a regular expression between slashes`,
	} {
		if _, err := Parse(text); err == nil || err.Error() != want {
			t.Errorf("%s\ngot  %v\nwant %s", text, err, want)
		}
	}
}

func TestPatternsString(t *testing.T) {
	t.Parallel()
	if got, want := mustParse(t, "open *").String(), `"open *"`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got, want := mustParse(t, "Open*", "!*not*").String(), `["Open*", "!*not*"]`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestPatternsDoNotAllocate(t *testing.T) {
	ps := mustParse(t, "*open*", "!*not open*", "/^Open/")
	field := strings.Repeat("Special hours: ", 100) + "open"
	if n := testing.AllocsPerRun(100, func() { ps.Match(field) }); n > 0 {
		t.Errorf("%v allocations, want none", n)
	}
}

// matches compares a text with one pattern.
func matches(p Pattern, text string) bool {
	f := fieldOf(text)
	return p.matches(&f, nil)
}

// TestParsePatternsBound: the patterns in one place take what they may, and one more is a mistake at its place.
func TestParsePatternsBound(t *testing.T) {
	t.Parallel()
	var texts []diag.Text
	for i := range maxPatterns / 500 {
		texts = append(texts,
			diag.Text{Pos: diag.Pos{File: "a.yaml", Line: i + 1, Col: 1}, S: "*" + strings.Repeat("a", 499) + "*"})
	}
	if ps, mistakes := ParseList(texts); len(mistakes) > 0 || ps.Cost() != maxPatterns {
		t.Errorf("at the bound: %d steps, %v", ps.Cost(), mistakes)
	}
	_, mistakes := ParseList(append(texts, diag.Text{Pos: diag.Pos{File: "a.yaml", Line: 101, Col: 1}, S: "a"}))
	if len(mistakes) != 1 || mistakes[0].Line != 101 {
		t.Errorf("past it: %v", mistakes)
	}
}

// FuzzPattern: what is matched does not depend on case or punctuation, and a text is matched by itself.
func FuzzPattern(f *testing.F) {
	f.Add("open*", "Open 9-12")
	f.Add("*a * b*", "x a-b")
	f.Add("straße", "STRASSE")
	f.Add("/^a+$/", "aaa")
	f.Add("/(a?){1000}b/", "aaa")
	f.Add("/("+strings.Repeat("a", 900)+"){1000}/", "a")
	f.Add("*"+strings.Repeat("a", 900)+"b*", strings.Repeat("a", 2000))
	f.Add("*a*a*a*a*b", strings.Repeat("a ", 1000))
	f.Fuzz(func(t *testing.T, text, field string) {
		if !utf8.ValidString(text) || !utf8.ValidString(field) || max(len(field), len(fold(field)))+4 > maxCompared {
			return
		}
		if own, err := Parse(field); err == nil && !strings.ContainsAny(field, "*/!") && !matches(own, field) {
			t.Errorf("%q does not match itself", field)
		}
		p, err := Parse(text)
		if err != nil || p.regexp != nil {
			return
		}
		want := matches(p, field)
		if got := matches(p, "  "+fold(field)+"!?"); got != want {
			t.Errorf("%q: matches %q: %v, folded: %v", text, field, want, got)
		}
		if both := (List{p, Pattern{text: text, pieces: p.pieces, exclude: true}}).Match(field); both &&
			!p.exclude {
			t.Errorf("%q and not %q match %q", text, text, field)
		}
	})
}

func BenchmarkPatterns(b *testing.B) {
	patterns := mustParse(b, "open*", "!*not open*")
	b.ReportAllocs()
	for b.Loop() {
		patterns.Match("Open 9-12 (special hours, Christmas Eve)")
	}
}

func mustParse(t testing.TB, texts ...string) List {
	t.Helper()
	var patterns List
	for _, text := range texts {
		p, err := Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		patterns = append(patterns, p)
	}
	return patterns
}

// TestMatchWithin: regular expressions take off what they really take, far less than they do at worst; other patterns
// nothing, since what they take is known before.
func TestMatchWithin(t *testing.T) {
	t.Parallel()
	text := strings.Repeat("Public holiday, ", 12)
	for _, c := range []struct {
		pattern string
		most    int // steps for each byte; at worst it is more
		matches bool
	}{
		{"*office*", 0, false},
		{"/office/", 4, false},
		{"/(?i)office|vacation/", 16 * 6, false},
		{"!/office/", 4, true},
		{"/.*.*.*day/", 16 * 40, true},
	} {
		p, err := Parse(c.pattern)
		if err != nil {
			t.Fatal(err)
		}
		ps := List{p}
		left := 1 << 40
		if got := ps.MatchWithin(text, &left); got != c.matches || got != ps.Match(text) {
			t.Errorf("%s: got %t", c.pattern, got)
		}
		if took := 1<<40 - left; took > c.most*len(text)+400 || (took == 0) != (c.most == 0) ||
			c.most > 0 && ps.PlainCost() != 0 {
			t.Errorf("%s takes %d steps of %d bytes", c.pattern, took, len(text))
		}
	}
}

func TestPlain(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"open*": "open", "*office hours*": "office hours", "!*not open*": "not open", "a * b": "a … b",
		"/^a*b$/": "/^a*b$/", "!/x+/": "/x+/", "": "nothing", "!": "nothing", "*": "anything",
	} {
		p, err := Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := p.Plain(); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}
