package routes

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/callhours/callhours/calendars"
	"github.com/callhours/callhours/calendars/patterns"
)

// Reach is what becomes of a branch in a stretch of time, for any caller: what a condition asks
// about the call may be so or not.
type Reach struct {
	Taken bool // some call takes it

	// Where it holds and a branch above takes every call: how often, and of the first such span,
	// one with a branch of another state if there is any, when it begins and which branch that is.
	Shadowed int
	At       time.Time
	By       int
}

// can is a set of what a condition can be.
type can uint8

const (
	canFail can = 1 << iota
	canHold
)

// can is what a condition can be in a segment, for any call. Conditions that are related are taken
// as if they were not, so that more seems possible than is.
func (s *Segments) can(n *node, segment int) can {
	if n == nil {
		return canHold
	}
	switch n.op {
	case opCall:
		return canFail | canHold
	case opCalendar:
		switch s.truth(n.leaf, segment) {
		case yes:
			return canHold
		case no:
			return canFail
		default:
			return canFail | canHold
		}
	case opNot:
		c := s.can(n.kids[0], segment)
		return c>>1&canFail | c<<1&canHold
	}
	// All fails if any part can, and holds if every part can; any is the other way round.
	every, some := canFail|canHold, can(0)
	for _, k := range n.kids {
		c := s.can(k, segment)
		every, some = every&c, some|c
	}
	if n.op == opAny {
		return every&canFail | some&canHold
	}
	return some&canFail | every&canHold
}

// Reach says of every branch what becomes of it in [from, until), in the first so many segments of
// it.
func (s *Segments) Reach(from, until time.Time, most int) []Reach {
	all := make([]Reach, len(s.route.branches))
	for i := max(0, s.find(from.Unix())); i < len(s.starts) && s.start(i) < until.Unix() && most > 0; i, most = i+1,
		most-1 {
		must := -1
		for b, n := range s.route.branches {
			c := s.can(n, i)
			if c&canHold == 0 {
				continue
			}
			r := &all[b]
			if must < 0 {
				if r.Taken = true; c == canHold {
					must = b
				}
				continue
			}
			if n == nil {
				continue
			}
			differs := s.route.Branches[must].State != s.route.Branches[b].State
			if r.Shadowed == 0 || differs && s.route.Branches[r.By].State == s.route.Branches[b].State {
				r.At, r.By = time.Unix(max(s.start(i), from.Unix()), 0).In(s.route.Zone), must
			}
			r.Shadowed++
		}
	}
	return all
}

// Holding are the events that make a branch's condition hold for the ordinary call at a moment, as
// Decision.Events has them, whether or not the branch is taken; none where it does not hold.
func (s *Segments) Holding(branch int, at time.Time) []Event {
	segment := s.find(at.Unix())
	if segment == outside || s.eval(s.route.branches[branch], nil, segment) != yes {
		return nil
	}
	return Decision{Branch: branch, matched: branch, segments: s, segment: segment}.Events()
}

// EventCount is how many events Holding has to look at, counted up to most.
func (s *Segments) EventCount(branch int, at time.Time, most int) int {
	return Decision{Branch: branch, matched: branch, segments: s, segment: s.find(at.Unix())}.Weight(most)
}

// implies reports whether the other condition holds whenever this one does: it asks for less, of
// the same calendars or more.
func (l *leaf) implies(o *leaf) bool {
	if within, _ := subset(l.calendars, o.calendars); !within {
		return false
	}
	same := func(mine, other patterns.List) bool { return len(other) == 0 || same(mine, other) }
	f, g := &l.filter, &o.filter
	flag := func(mine, other *bool) bool { return other == nil || mine != nil && *mine == *other }
	return (o.wholeDay || !l.wholeDay) && (o.field == "" || o.field == l.field && o.names.id == l.names.id) &&
		same(f.Summary, g.Summary) && same(f.Description, g.Description) && same(f.Location, g.Location) &&
		same(f.Category, g.Category) &&
		(g.Transparency == "" || f.Transparency == g.Transparency) && flag(f.AllDay, g.AllDay) &&
		flag(f.Recurring, g.Recurring)
}

// subset reports whether all of some calendars are among others, of both of which there may be
// thousands, and how many names that took.
func subset(of, others []string) (is bool, names int) {
	known := make(map[string]bool, len(others))
	for _, name := range others {
		known[name] = true
	}
	for i, name := range of {
		if !known[name] {
			return false, len(others) + i + 1
		}
	}
	return true, len(others) + len(of)
}

// IsRest reports whether a branch asks for what another one lets pass: it counts all events that a
// condition of that one counts, and more. What it waits for may well never come.
func (r *Route) IsRest(branch, above int) bool {
	leaves := func(n *node) (found []*leaf) {
		var visit func(n *node)
		visit = func(n *node) {
			if n == nil || n.op == opNot {
				return
			}
			if n.op == opCalendar {
				found = append(found, r.leaves[n.leaf])
			}
			for _, k := range n.kids {
				visit(k)
			}
		}
		visit(n)
		return found
	}
	return slices.ContainsFunc(leaves(r.branches[above]), func(a *leaf) bool {
		return slices.ContainsFunc(leaves(r.branches[branch]), a.implies)
	})
}

// Criterion is a condition of a route on calendars.
type Criterion struct {
	Branch  int // whose condition it stands in
	Negated bool
	leaf    *leaf
}

// Criteria are the conditions of a calendar, in the order of the branches.
func (r *Route) Criteria(calendar string) []Criterion {
	var asks []Criterion
	var visit func(branch int, n *node, negated bool)
	visit = func(branch int, n *node, negated bool) {
		if n == nil {
			return
		}
		if n.op == opCalendar && slices.Contains(r.leaves[n.leaf].calendars, calendar) {
			asks = append(asks, Criterion{branch, negated, r.leaves[n.leaf]})
		}
		for _, k := range n.kids {
			visit(branch, k, negated != (n.op == opNot))
		}
	}
	for i, n := range r.branches {
		visit(i, n, false)
	}
	return asks
}

// Key is the same for conditions that admit the same events of a calendar.
func (a Criterion) Key() string { return a.leaf.id }

// String is the condition in words, without its calendars: `events with summary "open*"`.
func (a Criterion) String() string { return "events" + a.leaf.words }

// Brief is [Criterion.String] where that is short, otherwise the condition as people would say it, with the
// first of its patterns and how many there are: `an event titled like “open” (6 patterns)`.
func (a Criterion) Brief() string {
	const short = 120
	if words := a.String(); len(words) <= short {
		return words
	}
	p := phraser{translate: fmt.Sprintf}
	event, _ := p.event(a.leaf, true)
	words := event + p.which(a.leaf)
	if a.leaf.wholeDay {
		words += ", for the whole day"
	}
	return words
}

// Weight is how much it takes to compare the condition with an event, in comparisons of a text.
func (a Criterion) Weight() int {
	f, n := &a.leaf.filter, 1
	if a.leaf.names != nil {
		n += len(a.leaf.names.keys) + a.leaf.names.cost()
	}
	return n + len(f.Summary) + len(f.Description) + len(f.Location) + len(f.Category)
}

// Matches says whether the condition counts an event.
func (a Criterion) Matches(e *calendars.Event) bool { return a.leaf.matches(e) }

// Narrowed says whether the condition looks at texts of events, so that their titles matter.
func (a Criterion) Narrowed() bool {
	f := &a.leaf.filter
	return a.leaf.field != "" || len(f.Summary)+len(f.Description)+len(f.Location)+len(f.Category) > 0
}

// MatchesTitle reports whether the condition compares titles with a pattern.
func (a Criterion) MatchesTitle() bool {
	return slices.ContainsFunc(a.leaf.filter.Summary, func(p patterns.Pattern) bool { return !p.Excludes() })
}

// Titles are examples of titles that the condition matches, in the order of its patterns: without
// stars, and with "…" where more may follow.
func (a Criterion) Titles() []string {
	var titles []string
	for _, p := range a.leaf.filter.Summary {
		if p.Excludes() || p.IsRegexp() || strings.Trim(p.String(), "* ") == "" {
			continue
		}
		title := p.Plain()
		if strings.HasSuffix(p.String(), "*") {
			title += " …"
		}
		titles = append(titles, title)
	}
	return titles
}

// AllDay says whether the condition counts all-day events alone.
func (a Criterion) AllDay() bool { return a.leaf.filter.AllDay != nil && *a.leaf.filter.AllDay }

// HasNames says whether the condition looks for names in titles.
func (a Criterion) HasNames() bool { return a.leaf.field != "" }

// Name is the key of a `names` condition that stands in an event's title; "" where none does or
// none is asked for.
func (a Criterion) Name(e *calendars.Event) string { return a.leaf.name(e) }

// Field is the data field whose keys a `names` condition looks for; "" where there is none.
func (a Criterion) Field() string { return a.leaf.field }

// Names are the keys that a `names` condition looks for, as written. The slice must not be modified.
func (a Criterion) Names() []string {
	if a.leaf.names == nil {
		return nil
	}
	return a.leaf.names.keys
}

// AllNames are the keys of a `names` condition that stand in an event's title, each once, in the
// order of the title. Of keys within one another, such as Anna and Anna Schmidt, it is the longest.
func (a Criterion) AllNames(e *calendars.Event) []string {
	if a.leaf.names == nil {
		return nil
	}
	return a.leaf.names.findAll(patterns.Fold(e.Summary))
}

// Admits says whether the condition would count an event if its title held a name.
func (a Criterion) Admits(e *calendars.Event) bool { return a.leaf.filter.Match(e) }

// Near is the pattern or the name that an event's title would fit but for a slip of the keys, where
// everything else fits; "" if there is none.
func (a Criterion) Near(e *calendars.Event) string {
	f := a.leaf.filter
	if f.Match(e) {
		if a.leaf.field == "" || a.leaf.name(e) != "" {
			return ""
		}
		if i := patterns.NearName(e.Summary, a.leaf.names.folded); i >= 0 {
			return a.leaf.names.keys[i]
		}
		return ""
	}
	near := f.Summary.Near(e.Summary)
	if f.Summary = nil; near == "" || !f.Match(e) {
		return ""
	}
	return near
}
