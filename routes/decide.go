package routes

import (
	"cmp"
	"slices"
	"time"

	"github.com/callhours/callhours/calendars"
	"github.com/callhours/callhours/pivot"
)

// Decision is which branch a call takes at a moment. The zero Decision is none; [Segments.Decide] makes them.
type Decision struct {
	Branch  int  // index into the route's Branches
	Unknown bool // taken because a calendar that was needed is unknown

	segments *Segments
	segment  int
	tried    int // the branch whose condition held, or was unknown
	call     *pivot.Call
}

// Decide takes the first branch whose condition holds for a call at a moment. A nil call is the ordinary call: on no list, fitting no
// pattern of the caller, name, digits, variable or header, and dialing the route's first number. A moment outside the
// window finds every calendar unknown. It allocates nothing.
func (s *Segments) Decide(c *pivot.Call, now time.Time) Decision {
	return s.decide(c, s.find(now.Unix()))
}

func (s *Segments) decide(c *pivot.Call, segment int) Decision {
	if s.verdicts == nil || segment == outside {
		return s.judge(c, segment)
	}
	v := &s.verdicts[s.pictures.at(segment)]
	return Decision{Branch: int(v.branch), Unknown: v.unknown, segments: s, segment: segment, tried: int(v.tried), call: c}
}

// judge is decide without knowing anything beforehand.
func (s *Segments) judge(c *pivot.Call, segment int) Decision {
	return s.judgeFor(asker{call: c}, segment)
}

func (s *Segments) judgeFor(c asker, segment int) Decision {
	d := Decision{segments: s, segment: segment, call: c.call}
	for i, n := range s.route.branches {
		switch s.evalFor(n, c, segment) {
		case yes:
			d.Branch, d.tried = i, i
			return d
		case unknown:
			d.Branch, d.tried, d.Unknown = s.route.Unknown, i, true
			return d
		case no:
		}
	}
	// New is given a last branch without a condition; a route without any branch has no other answer than the unknown one.
	d.Branch, d.tried, d.Unknown = s.route.Unknown, s.route.Unknown, true
	return d
}

// asker asks conditions about a call. Said holds what each of the route's said before, by node.leaf, unknown for those that were not asked;
// nil: nothing is remembered.
type asker struct {
	call *pivot.Call
	said []truth
}

func (c asker) ask(n *node) truth {
	if c.said != nil && c.said[n.leaf] != unknown {
		return c.said[n.leaf]
	}
	var t truth
	if c.call != nil {
		t = truthOf(n.test(c.call))
	} else {
		t = truthOf(n.idle != nil && n.idle())
	}
	if c.said != nil {
		c.said[n.leaf] = t
	}
	return t
}

// eval is the truth of a condition in a segment; nil always holds.
func (s *Segments) eval(n *node, c *pivot.Call, segment int) truth {
	return s.evalFor(n, asker{call: c}, segment)
}

func (s *Segments) evalFor(n *node, c asker, segment int) truth {
	if n == nil {
		return yes
	}
	switch n.op {
	case opCalendar:
		return s.truth(n.leaf, segment)
	case opCall:
		return c.ask(n)
	case opNot:
		return s.evalFor(n.kids[0], c, segment).not()
	case opAny:
		t := no
		for _, k := range n.kids {
			if t = max(t, s.evalFor(k, c, segment)); t == yes {
				break
			}
		}
		return t
	default:
		t := yes
		for _, k := range n.kids {
			if t = min(t, s.evalFor(k, c, segment)); t == no {
				break
			}
		}
		return t
	}
}

// Lasts is the span in Unix seconds, [from, until), in which no calendar condition changes; false outside the window.
func (d Decision) Lasts() (from, until int64, ok bool) {
	if d.segment == outside {
		return 0, 0, false
	}
	return d.segments.start(d.segment), d.segments.end(d.segment), true
}

// Events are the occurrences that made the branch's positive calendar conditions true, none under a `not`. The first one decided: timed
// before all-day, later start, shorter, order of the calendars in the condition, UID, RECURRENCE-ID.
func (d Decision) Events() []Event {
	if d.Unknown || d.segment == outside {
		return nil
	}
	var events []Event
	d.segments.deciding(d.segments.route.branches[d.tried], d.call, d.segment, func(leaf int) {
		events = d.segments.on(events, leaf, d.segment)
	})
	if len(events) < 2 {
		return events
	}
	order := make(map[string]int)
	for i, name := range d.segments.route.Calendars() {
		order[name] = i
	}
	slices.SortStableFunc(events, func(a, b Event) int {
		return cmp.Or(
			cmp.Compare(truthOf(a.Event.AllDay), truthOf(b.Event.AllDay)),
			cmp.Compare(b.Start, a.Start),
			cmp.Compare(a.End-a.Start, b.End-b.Start),
			cmp.Compare(order[a.Calendar], order[b.Calendar]),
			cmp.Compare(a.Event.UID, b.Event.UID),
			cmp.Compare(a.Event.RecurrenceID, b.Event.RecurrenceID),
		)
	})
	return slices.CompactFunc(events, func(a, b Event) bool {
		return a.Occurrence.Same(b.Occurrence) && a.Calendar == b.Calendar
	})
}

// Event is an occurrence and the name of the calendar it stands in.
type Event struct {
	calendars.Occurrence
	Calendar string
	Field    string // the `names` field one of whose keys stands in the title; "" where none was asked for
	Name     string // that key
}

// deciding visits the calendar leaves that make a condition true, in order.
func (s *Segments) deciding(n *node, c *pivot.Call, segment int, visit func(leaf int)) {
	if n == nil || n.op == opNot || s.eval(n, c, segment) != yes {
		return
	}
	if n.op == opCalendar {
		visit(n.leaf)
	}
	for _, k := range n.kids {
		s.deciding(k, c, segment, visit)
	}
}

// stretch is the span of time whose events make a leaf hold in a segment.
func (s *Segments) stretch(leaf, segment int) (from, to int64) {
	from = s.start(segment)
	if s.route.leaves[leaf].wholeDay {
		return s.route.day(from, 0), s.route.day(from, 1)
	}
	return from, from + 1
}

// on appends the occurrences that make a leaf hold in a segment.
func (s *Segments) on(dst []Event, leaf, segment int) []Event {
	l := s.route.leaves[leaf]
	from, to := s.stretch(leaf, segment)
	for i, t := range s.timelines[leaf] {
		if t == nil {
			continue
		}
		for _, o := range t.Between(nil, from, to) {
			if l.filter.Match(o.Event) {
				e := Event{Occurrence: o, Calendar: l.calendars[i], Field: l.field}
				if l.field != "" {
					if e.Name = l.name(o.Event); e.Name == "" {
						continue
					}
				}
				dst = append(dst, e)
			}
		}
	}
	return dst
}
