package routes

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/callhours/callhours/pivot"
)

// in asks for events of calendar hours with these titles, or all without any.
func in(patterns ...string) *Condition {
	return &Condition{Calendars: []string{"hours"}, Events: Events{Summary: texts(patterns...)}}
}

func from(caller string) *Condition {
	return &Condition{Caller: Numbers{Listed: texts(caller)}}
}

func both(a, b *Condition) *Condition   { return &Condition{All: []*Condition{a, b}} }
func either(a, b *Condition) *Condition { return &Condition{Any: []*Condition{a, b}} }
func not(a *Condition) *Condition       { return &Condition{Not: a} }

// ordered is a route with these conditions, in order, and a last branch.
func ordered(when ...*Condition) Options {
	o := Options{Zone: newYork}
	for i, c := range when {
		o.Branches = append(o.Branches, Branch{Name: fmt.Sprint("b", i), State: Other, When: c})
	}
	o.Branches = append(o.Branches, Branch{Name: "last", State: Closed})
	return o
}

// TestDead: a branch that no call can take is found where that follows from the conditions alone.
func TestDead(t *testing.T) {
	t.Parallel()
	yes, no := true, false
	withFlag := func(recurring *bool, wholeDay bool) *Condition {
		return &Condition{
			Calendars: []string{"hours"},
			Events:    Events{Summary: texts("open*"), Recurring: recurring, WholeDay: wholeDay},
		}
	}
	for _, c := range []struct {
		name string
		when []*Condition
		want string
	}{
		{"the plan office", nil, ""},
		{"another title", []*Condition{in("open*"), in("*closed*")}, ""},
		{"the same title", []*Condition{in("open*"), in("open*")}, "b1 by b0"},
		{"any title first", []*Condition{in(), in("open*")}, "b1 by b0"},
		{"any title last", []*Condition{in("open*"), in()}, ""},
		{"a narrower one first", []*Condition{withFlag(&yes, false), withFlag(nil, false)}, ""},
		{"a wider one first", []*Condition{withFlag(nil, false), withFlag(&yes, false)}, "b1 by b0"},
		{"another flag", []*Condition{withFlag(&no, false), withFlag(&yes, false)}, ""},
		{"the whole day first", []*Condition{withFlag(nil, true), withFlag(nil, false)}, "b1 by b0"},
		{"the whole day last", []*Condition{withFlag(nil, false), withFlag(nil, true)}, ""},
		{"itself and not itself", []*Condition{both(in("open*"), not(in("open*")))}, "b0"},
		{"narrower and not wider", []*Condition{both(in("open*"), not(in()))}, "b0"},
		{"wider and not narrower", []*Condition{both(in(), not(in("open*")))}, ""},
		{"always", []*Condition{either(in(), not(in())), in("open*")}, "b1 by b0, last by b0"},
		{
			"two that share all",
			[]*Condition{in("open*"), not(in("open*")), from("+14155550100")},
			"b2 by b0, last by b0",
		},
		{"a caller first", []*Condition{from("+14155550100"), in()}, ""},
		{"a caller within", []*Condition{from("+14155550100"), both(in(), from("+14155550100"))}, "b1 by b0"},
		{
			"another calendar",
			[]*Condition{
				{Calendars: []string{"hours", "holidays"}},
				in("open*"),
				{Calendars: []string{"hours", "other"}},
			},
			"b1 by b0",
		},
	} {
		o := ordered(c.when...)
		if c.when == nil {
			o.Branches = officeBranches()
		}
		r, mistakes := New(o)
		if len(mistakes) > 0 {
			t.Fatal(mistakes)
		}
		var got []string
		for _, d := range r.Dead() {
			text := r.Branches[d.Branch].Name
			if d.By >= 0 {
				text += " by " + r.Branches[d.By].Name
			}
			got = append(got, text)
		}
		if got := strings.Join(got, ", "); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

// TestDeadIsBounded: conditions beyond counting are passed over.
func TestDeadIsBounded(t *testing.T) {
	t.Parallel()
	var when []*Condition
	for i := range 40 {
		when = append(when, in(fmt.Sprint("title ", i)))
	}
	r, _ := New(ordered(when...))
	if got := r.Dead(); got != nil {
		t.Errorf("got %v", got)
	}
}

// TestReach: a branch that only some calls take is taken; one above which another always takes the
// call is not, and which and when is said.
func TestReach(t *testing.T) {
	t.Parallel()
	u := uses{"hours": known(calendar(t, office)), "holidays": known(calendar(t, holidays)), "other": {}}
	for _, c := range []struct {
		name string
		when []*Condition
		want string
	}{
		{"in order", []*Condition{in("*closed*"), in("open*")}, "b0 taken, b1 taken"},
		{"an opening above", []*Condition{in("open*"), in("*closed*")}, "b0 taken, b1 taken"}, // it is closed until six
		{
			"lunch below",
			[]*Condition{in("open*"), in("*lunch*")},
			"b0 taken, b1 not: 41 times, first on 2026-11-20 12:00 by b0",
		},
		{"nothing fits", []*Condition{in("x"), in("open*")}, "b0 not, b1 taken"},
		{"callers above", []*Condition{both(in("open*"), from("+14155550100")), in("*lunch*")}, "b0 taken, b1 taken"},
		{
			"callers below",
			[]*Condition{in("open*"), both(in("*lunch*"), from("+14155550100"))},
			"b0 taken, b1 not: 41 times, first on 2026-11-20 12:00 by b0",
		},
		{"not callers", []*Condition{not(from("+14155550100")), in("*lunch*")}, "b0 taken, b1 taken"},
		{"unknown above", []*Condition{{Calendars: []string{"other"}}, in("*lunch*")}, "b0 taken, b1 taken"},
		{
			"known or unknown",
			[]*Condition{either(&Condition{Calendars: []string{"other"}}, in("open*")), in("*lunch*")},
			"b0 taken, b1 not: 41 times, first on 2026-11-20 12:00 by b0",
		},
	} {
		s := compile(t, ordered(c.when...), u)
		begin := time.Date(2026, 11, 20, 0, 0, 0, 0, newYork)
		var got []string
		for i, r := range s.Reach(begin, begin.AddDate(0, 0, 57), 10_000)[:len(c.when)] {
			text := s.route.Branches[i].Name + " not"
			if r.Taken {
				text = s.route.Branches[i].Name + " taken"
			} else if r.Shadowed > 0 {
				text += fmt.Sprintf(": %d times, first on %s by %s", r.Shadowed, r.At.Format("2006-01-02 15:04"),
					s.route.Branches[r.By].Name)
			}
			got = append(got, text)
		}
		if got := strings.Join(got, ", "); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got, c.want)
		}
	}
}

// TestReachAgrees: what a call takes, Reach calls taken.
func TestReachAgrees(t *testing.T) {
	t.Parallel()
	u := uses{"hours": known(calendar(t, office)), "holidays": known(calendar(t, holidays))}
	o := ordered(in("*closed*"), both(from("+1415*"), not(in("*lunch*"))), either(in("open*"), from("+1212*")),
		&Condition{Calendars: []string{"holidays"}})
	s := compile(t, o, u)
	begin := time.Date(2026, 11, 20, 0, 0, 0, 0, newYork)
	reach := s.Reach(begin, begin.AddDate(0, 0, 57), 10_000)
	for at := range s.Starts(begin, begin.AddDate(0, 0, 57)) {
		for _, caller := range []string{"", "+14155550100", "+12125550100"} {
			var call *pivot.Call
			if caller != "" {
				made := pivot.New(map[string]string{"Caller-ID-Number": caller})
				call = &made
			}
			if d := s.Decide(call, at); !reach[d.Branch].Taken {
				t.Fatalf("at %s a call from %q takes branch %d, which is called not taken", at, caller, d.Branch)
			}
		}
	}
}

// TestDeadAsTried: what sets of cases say of branches is what trying every combination says.
func TestDeadAsTried(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	var some func(depth int) *Condition
	some = func(depth int) *Condition {
		switch k := random.IntN(6); {
		case depth == 0 || k < 2:
			if n := random.IntN(9); n < 8 {
				return from(fmt.Sprintf("+1415555010%d", n))
			}
			return in("open*")
		case k < 4:
			return both(some(depth-1), some(depth-1))
		case k < 5:
			return either(some(depth-1), some(depth-1))
		}
		return not(some(depth - 1))
	}
	for range 300 {
		var when []*Condition
		for range 1 + random.IntN(6) {
			when = append(when, some(3))
		}
		r, mistakes := New(ordered(when...))
		if len(mistakes) > 0 {
			t.Fatal(mistakes)
		}
		atoms := r.atoms()
		var holds func(n *node, set int) bool
		holds = func(n *node, set int) bool {
			if n == nil {
				return true
			}
			fails := func(k *node) bool { return !holds(k, set) }
			switch n.op {
			case opNot:
				return fails(n.kids[0])
			case opAny:
				return slices.ContainsFunc(n.kids, func(k *node) bool { return holds(k, set) })
			case opAll:
				return !slices.ContainsFunc(n.kids, fails)
			default:
				return set&(1<<atoms[atomOf(n)]) != 0
			}
		}
		// the least of those that take its cases; len: it takes some itself; -1: it has none
		by := make([]int, len(r.branches))
		for i := range by {
			by[i] = -1
		}
		for set := range 1 << len(atoms) {
			taker := -1
			for i, n := range r.branches {
				if !holds(n, set) {
					continue
				}
				if taker < 0 {
					taker, by[i] = i, len(by)
				} else if by[i] < 0 || by[i] < len(by) && taker < by[i] {
					by[i] = taker
				}
			}
		}
		var want []Dead
		for i, b := range by {
			if b < len(by) {
				want = append(want, Dead{i, b})
			}
		}
		if got := r.Dead(); !slices.Equal(got, want) {
			t.Fatalf("got %v, want %v", got, want)
		}
	}
}
