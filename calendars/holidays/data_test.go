package holidays

import (
	"slices"
	"strings"
	"testing"
	"time"
)

func TestData(t *testing.T) {
	t.Parallel()
	if _, err := readData(files); err != nil {
		t.Fatal(err)
	}
	if got := len(data().countries); got < 36 {
		t.Errorf("%d countries are known; want 36 or more", got)
	}
	used := map[string]bool{}
	for _, c := range data().countries {
		for _, d := range c.days {
			used[d.key] = true
		}
	}
	shared, err := files.ReadFile("data/names.txt")
	if err != nil {
		t.Fatal(err)
	}
	known, err := parseNames(string(shared))
	if err != nil {
		t.Fatal(err)
	}
	for key := range known {
		if !used[key] {
			t.Errorf("names.txt: no country has %q", key)
		}
	}
	for _, p := range Places() {
		if p.Name() == "" || !strings.HasPrefix(p.Source(), "http") {
			t.Errorf("%s: name %q, source %q", p.Code(), p.Name(), p.Source())
		}
		// From 8, of the Netherlands in most years, to 16.
		if n := len(New(p, Options{}).Days(2026, 2026)); n < 5 || n > 18 {
			t.Errorf("%s has %d holidays in 2026", p.Code(), n)
		}
		uids := map[string]bool{}
		c := New(p, Options{Observed: Both})
		for _, d := range c.Days(2016, 2046) {
			if uid := c.uid(d); uids[uid] {
				t.Errorf("%s: two days have the UID %s", p.Code(), uid)
			} else {
				uids[uid] = true
			}
			for _, language := range Languages() {
				if d.Name(language) == "" {
					t.Errorf("%s: %s has no name in %s", p.Code(), d.key, language)
				}
			}
		}
	}
}

func TestBadData(t *testing.T) {
	t.Parallel()
	names := map[string]names{"christmas": {texts: [4]string{"a", "b", "c", "d"}}}
	tests := []struct{ text, want string }{
		{"", "country or source is missing"},
		{"country germany | Germany", `line 1: expected country CODE | NAME, found "country germany | Germany"`},
		{"country DE | Germany\n\nsource x\n+ easter | 12-25 | *", `line 4: names.txt has no "easter"`},
		{"+ christmas | 12-45 | *", `line 1: unknown rule "12-45"`},
		{"+ christmas | mon#9 01 | *", `line 1: expected mon#3 01 or thu#4 11 +1, found "mon#9 01"`},
		{"+ christmas | mon#1 13 | *", `line 1: expected a month from 01 to 12, found "13"`},
		{"+ christmas | mon#1 11 +9 | *", `line 1: expected days such as +1, found "+9"`},
		{"+ christmas | mon>=13-40 | *", `line 1: expected mon>=06-15, found "mon>=13-40"`},
		{"+ christmas | easter+x | *", `line 1: expected easter+1 or easter-2, found "easter+x"`},
		{"+ christmas | islamic 13-1 | *", `line 1: expected an Islamic date such as 12-10, found "13-1"`},
		{"+ christmas | dates 2026 | *", `line 1: expected dates such as 2026-06-15, found "2026"`},
		{"+ christmas | cal Yule | *", `line 1: rickar/cal has no "Yule"`},
		{"+ christmas | 12-25 | XX", `line 1: unknown region "XX"`},
		{"+ christmas | 12-25 | * -XX", `line 1: unknown region "XX"`},
		{"+ christmas | 12-25 |", "line 1: the day is of no region"},
		{"+ christmas | 12-25 | * | from=x", `line 1: expected a number, found "from=x"`},
		{"+ christmas | 12-25 | * | since=2020", `line 1: unknown option "since=2020"`},
		{"substitute sat-9", `line 1: expected sat-1 or sun+1, found "sat-9"`},
		{"drop Yule | never", `line 1: rickar/cal has no "Yule" to drop`},
		{"= Yule | christmas", `line 1: rickar/cal has no "Yule"`},
		{"holiday", `line 1: unknown word "holiday"`},
		{"country DE | Germany\nsource x\ncal", `rickar/cal has "Neujahrstag", which no row mentions`},
	}
	for _, tt := range tests {
		_, err := parseCountry(tt.text, names, libraryOf("DE"))
		if err == nil || err.Error() != tt.want {
			t.Errorf("%q: error\n%v; want\n%s", tt.text, err, tt.want)
		}
	}
}

// FuzzParseCountry: whatever the text is, it is read or refused, and what is read has days in any year.
func FuzzParseCountry(f *testing.F) {
	for _, name := range []string{"DE", "US", "CA", "GB", "ES", "NZ", "SK"} {
		text, err := files.ReadFile("data/" + name + ".txt")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	shared, err := files.ReadFile("data/names.txt")
	if err != nil {
		f.Fatal(err)
	}
	known, err := parseNames(string(shared))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		c, err := parseCountry(text, known, libraryOf("DE"))
		if err != nil {
			return
		}
		for _, p := range c.places()[:min(3, len(c.places()))] {
			days := New(p, Options{Observed: Both}).Days(2024, 2025)
			if !slices.IsSortedFunc(days, func(a, b Day) int { return a.Date.Compare(b.Date) }) {
				t.Errorf("the days of %s are not in order", p.Code())
			}
		}
	})
}

func FuzzParseRule(f *testing.F) {
	for _, text := range []string{"12-25", "02-29", "easter-2", "mon#3 01", "thu#4 11 +1", "mon>=06-15", "islamic 12-10", "dates 2026-06-15"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r, err := parseRule(text, (&reading{}).oneInLibrary)
		if err != nil {
			return
		}
		for year := 2000; year < 2032; year++ {
			for _, at := range r.dates(year) {
				if n := at.Sub(date(year, time.January, 1)); n < -8*24*time.Hour || n > 400*24*time.Hour {
					t.Errorf("%q: %s in %d", text, at, year)
				}
			}
		}
	})
}
