package routes

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/callhours/callhours/calendars"
	"github.com/callhours/callhours/internal/diag"
	"github.com/callhours/callhours/internal/growth"
)

func TestInWords(t *testing.T) {
	t.Parallel()
	truth, lie := true, false
	on := func(e Events, names ...string) *Condition { return &Condition{Calendars: names, Events: e} }
	titled := func(patterns ...string) *Condition { return on(Events{Summary: texts(patterns...)}, "acme/hours") }
	callers := &Condition{Caller: Numbers{Listed: texts("+1415*"), Withheld: true}}
	not := func(c *Condition) *Condition { return &Condition{Not: c} }
	all := func(cs ...*Condition) *Condition { return &Condition{All: cs} }
	either := func(cs ...*Condition) *Condition { return &Condition{Any: cs} }
	for _, c := range []struct {
		when *Condition
		want string
	}{
		{nil, "in every other case"},
		{on(Events{}, "holidays"), "any event in holidays"},
		{on(Events{}, "a", "b"), "any event in a or b"},
		{on(Events{}, "a", "b", "c", "d", "e"), "any event in a, b or 3 more calendars"},
		{titled("open*"), "an event titled like “open” in hours"},
		{titled("!*lunch*", "open*", "office open"), "an event titled like “open” (3 patterns) in hours"},
		{titled("!*lunch*"), "an event titled unlike “lunch” in hours"},
		{titled("on call * berlin"), "an event titled like “on call … berlin” in hours"},
		{titled("/^open [0-9]+$/"), "an event titled like “/^open [0-9]+$/” in hours"},
		{titled(""), "an event titled like “nothing” in hours"},
		{titled("*"), "an event titled like “anything” in hours"},
		{titled(strings.Repeat("ä", 50)), "an event titled like “" + strings.Repeat("ä", 40) + "…” in hours"},
		{
			on(Events{
				Summary: texts("a"), Description: texts("b"), Location: texts("c"), Category: texts("d"),
				Recurring: &lie, AllDay: &truth, Transparency: "opaque",
			}, "x"),
			"a single all-day busy event titled like “a” and described like “b” and at a place like “c” and of a category like “d” in x",
		},
		{on(Events{AllDay: &truth}, "x"), "an all-day event in x"},
		{on(Events{AllDay: &lie, Recurring: &truth, Transparency: "transparent"}, "x"), "a repeating timed free event in x"},
		{on(Events{Names: &Names{Field: "people", Keys: []string{"Ada"}}}, "rota"), "an event that names one of “people” in rota"},
		{on(Events{WholeDay: true}, "x"), "the whole day of an event in x"},
		{not(on(Events{WholeDay: true, Recurring: &lie}, "x")), "not the whole day of a single event in x"},
		{not(titled("open*")), "no event titled like “open” in hours"},
		{not(not(titled("open*"))), "an event titled like “open” in hours"},
		{either(titled("a"), titled("b"), titled("c")), "an event titled like “a” in hours, an event titled like “b” in hours or an event titled like “c” in hours"},
		{not(either(titled("a"), callers)), "none of these: an event titled like “a” in hours; the caller's number begins with +1415 or the caller withholds the number"},
		{not(all(titled("a"), callers)), "not all of these: an event titled like “a” in hours; the caller's number begins with +1415 or the caller withholds the number"},
		{all(titled("a"), titled("b")), "an event titled like “a” in hours and an event titled like “b” in hours"},
		{all(not(titled("a")), not(titled("b"))), "no event titled like “a” in hours and no event titled like “b” in hours"},
		{all(titled("a"), not(either(titled("b"), on(Events{}, "x")))), "an event titled like “a” in hours, unless there is an event titled like “b” in hours or any event in x"},
		{
			either(on(Events{Summary: texts("open*"), Recurring: &lie}, "h"), all(on(Events{Summary: texts("open*")}, "h"), not(on(Events{}, "x")))),
			"a single event titled like “open” in h; or an event titled like “open” in h, unless there is any event in x",
		},
		{all(titled("a"), either(titled("b"), titled("c"))), "an event titled like “a” in hours and (an event titled like “b” in hours or an event titled like “c” in hours)"},
		{&Condition{Caller: Numbers{Listed: texts("+1", "+2"), Lists: []List{{Name: "spam", Numbers: texts("+3")}}}}, "the caller is one of 2 numbers or the caller is on the list spam"},
		{&Condition{Caller: Numbers{Lists: []List{{Name: "a"}, {Name: "b"}, {Name: "c"}, {Name: "d"}}}}, "the caller is on the list a, the caller is on the list b, the caller is on the list c or the caller is on another list"},
		{&Condition{Dialed: Numbers{Listed: texts("1001")}}, "the dialed number is 1001"},
		{not(&Condition{Dialed: Numbers{Listed: texts("10*", "11*")}}), "not so: the dialed number begins with one of 2 prefixes"},
		{&Condition{Dialed: Numbers{Listed: texts("10*", "1100")}}, "the dialed number is one of 2 numbers and prefixes"},
		{&Condition{Account: texts("7a1c*")}, "the account is like “7a1c”"},
		{&Condition{CallerName: texts("jane*"), Digits: texts("1", "2")}, "the caller's name is like “jane” and the digits that the caller pressed are like “1” (2 patterns)"},
		{&Condition{Vars: []Named{{"step", texts("2")}}, Headers: []Named{{"X-Gate", texts("a")}}}, "the call's variable step is like “2” and the SIP header X-Gate is like “a”"},
	} {
		r, mistakes := New(Options{
			Zone:     newYork,
			Branches: []Branch{{Name: "b", State: Open, When: c.when}, {Name: "closed", State: Closed}},
		})
		if err := diag.Mistakes(mistakes).Err(); err != nil {
			t.Fatal(err)
		}
		if got := r.InWords(0, nil, fmt.Sprintf); got != c.want {
			t.Errorf("got  %s\nwant %s", got, c.want)
		}
		upper := r.InWords(0, strings.ToUpper, fmt.Sprintf)
		if c.when != nil && len(c.when.Calendars) > 0 && c.when.Calendars[0] == "acme/hours" &&
			upper != strings.Replace(c.want, " in hours", " in ACME/HOURS", 1) {
			t.Errorf("with names for people: got %q", upper)
		}
		for what, text := range map[string]string{
			"condition": r.InWords(0, nil, fmt.Sprintf), "exact one": r.Words(0),
		} {
			if text == "" || !utf8.ValidString(text) {
				t.Errorf("%s: got %q", what, text)
			}
		}
	}
}

// TestInWordsAreBounded: a condition of a thousand parts is a sentence still.
func TestInWordsAreBounded(t *testing.T) {
	t.Parallel()
	var many []*Condition
	for range 1000 {
		many = append(many, &Condition{Calendars: []string{"häuser"}, Events: Events{Summary: texts("ö")}})
	}
	r, mistakes := New(Options{
		Zone:     newYork,
		Branches: []Branch{{Name: "b", State: Open, When: &Condition{Any: many}}, {Name: "closed", State: Closed}},
	})
	if err := diag.Mistakes(mistakes).Err(); err != nil {
		t.Fatal(err)
	}
	got := r.InWords(0, nil, fmt.Sprintf)
	if len(got) > maxSentence || !strings.HasSuffix(got, "…") || !utf8.ValidString(got) {
		t.Errorf("got %d bytes, %q", len(got), got)
	}
}

// TestNestedConditionsInWords: each part of a condition is said once, however deep it lies. Twice at
// each level, thirty levels took hours of a processor.
func TestNestedConditionsInWords(t *testing.T) {
	growth.Within(t, 4.5, 4, func(levels int) int { // a text that grows is copied at each level
		caller := func(number string) *Condition { return &Condition{Caller: Numbers{Listed: texts(number)}} }
		when := caller("+1")
		for range levels {
			when = &Condition{All: []*Condition{{Not: caller("+2")}}, Not: &Condition{Any: []*Condition{when}}}
		}
		r, mistakes := New(Options{
			Zone:     newYork,
			Branches: []Branch{{Name: "b", State: Open, When: when}, {Name: "closed", State: Closed}},
		})
		if err := diag.Mistakes(mistakes).Err(); err != nil {
			t.Fatal(err)
		}
		return growth.Bytes(func() { r.InWords(0, nil, fmt.Sprintf) })
	})
}

// TestBrief: each step has a short line on why its branch was taken or not.
func TestBrief(t *testing.T) {
	t.Parallel()
	s := compile(t, Options{Branches: officeBranches(), Unknown: 4},
		uses{"hours": known(calendar(t, office)), "holidays": known(calendar(t, holidays))})
	for now, want := range map[string][]string{
		"2026-11-25 10:00": {
			"no event titled like “closed” in hours", "no event in holidays",
			"“Open” in hours, Wed 25 Nov 2026 09:00 to 17:00",
		},
		"2026-11-26 10:00": {"“Thanksgiving Day” in holidays, all day on Thu 26 Nov 2026"},
		"2025-01-01 10:00": {"the moment lies outside the window that the calendars are expanded for"},
	} {
		var got []string
		for _, step := range s.Decide(nil, at(t, now)).Steps(nil, calendars.English(), nil) {
			got = append(got, step.Brief)
		}
		for _, line := range want {
			if !strings.Contains(strings.Join(got, "\n"), line) {
				t.Errorf("%s: %q is not in %q", now, line, got)
			}
		}
	}
}
