package routes

import (
	"testing"

	"github.com/callhours/callhours/calendars"
	"github.com/callhours/callhours/internal/diag"
)

func TestWords(t *testing.T) {
	t.Parallel()
	hours := func(pattern string) *Condition {
		return &Condition{Calendars: []string{"hours"}, Events: Events{Summary: texts(pattern)}}
	}
	callers := &Condition{Caller: Numbers{Listed: texts("+1415*"), Withheld: true}}
	for _, c := range []struct {
		when *Condition
		want string
	}{
		{nil, "otherwise"},
		{hours("open*"), `calendar hours with summary "open*"`},
		{&Condition{Not: hours("open*")}, `not calendar hours with summary "open*"`},
		{
			&Condition{Any: []*Condition{hours("a"), hours("b")}},
			`calendar hours with summary "a" or calendar hours with summary "b"`,
		},
		{
			&Condition{Not: &Condition{Any: []*Condition{hours("a"), hours("b")}}},
			`not (calendar hours with summary "a" or calendar hours with summary "b")`,
		},
		{callers, `caller is "+1415*" or withheld`},
		{
			&Condition{All: []*Condition{hours("a"), callers}},
			`calendar hours with summary "a" and (caller is "+1415*" or withheld)`,
		},
		{&Condition{All: []*Condition{{Not: callers}}}, `not (caller is "+1415*" or withheld)`},
		{
			&Condition{Calendars: []string{"a", "b"}, CallerName: texts("jane*"), Not: hours("x")},
			`calendars a, b and caller name is "jane*" and not calendar hours with summary "x"`,
		},
	} {
		r, mistakes := New(Options{
			Zone:     newYork,
			Branches: []Branch{{Name: "b", State: Open, When: c.when}, {Name: "closed", State: Closed}},
		})
		if err := diag.Mistakes(mistakes).Err(); err != nil {
			t.Fatal(err)
		}
		if got := r.Words(0); got != c.want {
			t.Errorf("got  %s\nwant %s", got, c.want)
		}
	}
}

// TestSince: the branch took over when the one before it ended, not when an event behind it did.
func TestSince(t *testing.T) {
	t.Parallel()
	s := compile(t, Options{Branches: officeBranches(), Unknown: 4},
		uses{"hours": known(calendar(t, office)), "holidays": known(calendar(t, holidays))})
	for _, c := range []struct{ now, want string }{
		{"2026-11-25 10:00", "2026-11-25 09:00"},
		{"2026-11-25 12:30", "2026-11-25 12:00"},
		{"2026-11-25 13:00", "2026-11-25 13:00"},
		{"2026-11-26 10:00", "2026-11-26 00:00"}, // Thanksgiving Day
		{"2026-11-29 10:00", "2026-11-27 17:00"}, // Sunday
		{"2026-11-19 22:00", ""},                 // closed since before the window
		{"2025-01-01 10:00", ""},                 // outside of it
	} {
		since, ok := s.Decide(nil, at(t, c.now)).Since()
		got := ""
		if ok {
			got = since.Format("2006-01-02 15:04")
		}
		if got != c.want {
			t.Errorf("%s: got %q, want %q", c.now, got, c.want)
		}
	}
	none := compile(t, Options{Branches: officeBranches(), Unknown: 4},
		uses{"hours": calendars.Use{}, "holidays": calendars.Use{}})
	if since, ok := none.Decide(nil, at(t, "2026-11-25 10:00")).Since(); ok {
		t.Errorf("with unknown calendars: got %v", since)
	}
}
