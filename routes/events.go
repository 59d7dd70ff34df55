package routes

import (
	"cmp"
	"slices"
	"sync"

	"github.com/callhours/callhours/calendars"
	"github.com/callhours/callhours/pivot"
)

// MaxEvents is how many events a decision gives at most: a feed may have 100,000 on at once.
const MaxEvents = 1000

// maxCrowds bounds the conditions of which is kept what more than MaxEvents events came to, in the
// segment that was asked about last.
const maxCrowds = 16

// Event is an occurrence and the name of the calendar it stands in.
type Event struct {
	calendars.Occurrence
	Calendar string
	Field    string // the `names` field one of whose keys stands in the title; "" where none was asked for
	Name     string // that key

	rank     int // of the calendar among those of the route
	at       int // in its timeline
	timeline *calendars.Timeline
}

// compare puts the event that decides first.
func (e *Event) compare(o *Event) int {
	return cmp.Or(
		cmp.Compare(truthOf(e.Event.AllDay), truthOf(o.Event.AllDay)),
		cmp.Compare(o.Start, e.Start),
		cmp.Compare(e.End-e.Start, o.End-o.Start),
		cmp.Compare(e.rank, o.rank),
		cmp.Compare(e.Event.UID, o.Event.UID),
		cmp.Compare(e.Event.RecurrenceID, o.Event.RecurrenceID),
		cmp.Compare(e.at, o.at),
	)
}

// Events are the occurrences that made the branch's positive calendar conditions true, none under a
// `not`. The first one decided: timed before all-day, later start, shorter, order of the calendars
// in the condition, UID, RECURRENCE-ID. Of more than MaxEvents they are the first ones, and the
// last of these is then the first in which a `names` condition found something, if no other of them
// is. The slice must not be modified.
func (d Decision) Events() []Event {
	events, _ := d.FirstEvents()
	return events
}

// FirstEvents are Events, and how many more there are at least.
func (d Decision) FirstEvents() (events []Event, more int) {
	if d.Unknown || d.segment == outside {
		return nil, 0
	}
	all := 0
	var named Event // the first in which a `names` condition found something
	d.segments.deciding(d.segments.route.branches[d.matched], d.call, d.segment, func(leaf int) {
		on := d.segments.on(leaf, d.segment)
		if len(on.events) > 0 && on.events[0].Name != "" && (named.Name == "" || on.events[0].compare(&named) < 0) {
			named = on.events[0]
		}
		events = merge(events, on.events)
		all = max(all, len(on.events)+on.more, len(events))
		events = events[:min(len(events), MaxEvents)]
	})
	if named.Name != "" && !slices.ContainsFunc(events, func(e Event) bool { return e.Name != "" }) {
		events[len(events)-1] = named // those of a condition without names are of this slice alone once they are merged
	}
	return events, all - len(events)
}

// merge makes one sorted list of two, with what is in both once: with the name that was found in
// it, where only one of the two asked for any. It may be one of the two.
func merge(a, b []Event) []Event {
	switch {
	case len(a) == 0:
		return slices.Clip(b)
	case len(b) == 0:
		return a
	}
	merged := make([]Event, 0, len(a)+len(b))
	for len(a) > 0 && len(b) > 0 {
		c := a[0].compare(&b[0])
		if c > 0 || c == 0 && a[0].Name == "" {
			merged = append(merged, b[0])
		} else {
			merged = append(merged, a[0])
		}
		if c <= 0 {
			a = a[1:]
		}
		if c >= 0 {
			b = b[1:]
		}
	}
	return append(append(merged, a...), b...)
}

// found are the events that make a leaf hold in a segment.
type found struct {
	events []Event // sorted by which decides, as many as a decision gives
	more   int     // how many others there are
	why    Event   // the first to begin, of the first calendar of the leaf that has any
	worst  *Event  // of events, once any was left out
}

// crowds are what was found where there are so many events that looking at them for each call would
// take long.
type crowds struct {
	sync.Mutex
	segment int
	leaves  map[int]*found
}

// on finds the events that make a leaf hold in a segment. Of a crowd it is found once and kept, so
// that what one call has to look at does not grow with what is on.
func (s *Segments) on(leaf, segment int) *found {
	if !s.isCrowded(leaf, segment) {
		return s.look(leaf, segment)
	}
	s.crowds.Lock() // also while it is found: others wait for it rather than look themselves
	defer s.crowds.Unlock()
	if s.crowds.segment != segment || s.crowds.leaves == nil {
		s.crowds.segment, s.crowds.leaves = segment, map[int]*found{}
	}
	f := s.crowds.leaves[leaf]
	if f == nil {
		f = s.look(leaf, segment)
		if len(s.crowds.leaves) >= maxCrowds {
			clear(s.crowds.leaves)
		}
		s.crowds.leaves[leaf] = f
	}
	return f
}

func (s *Segments) isCrowded(leaf, segment int) bool {
	from, to := s.stretch(leaf, segment)
	left := MaxEvents
	for _, t := range s.timelines[leaf] {
		if t == nil {
			continue
		}
		if left -= t.Busy(from, to, left+1); left < 0 {
			return true
		}
	}
	return false
}

// look goes through all events that are on. It takes the room of those that it finds, and of as
// many besides.
func (s *Segments) look(leaf, segment int) *found {
	l := s.route.leaves[leaf]
	from, to := s.stretch(leaf, segment)
	f, n := &found{}, 0
	for i, t := range s.timelines[leaf] {
		if t == nil {
			continue
		}
		known, last := n > 0, -1
		e := Event{Calendar: l.calendars[i], Field: l.field, rank: s.route.ranks[l.calendars[i]], timeline: t}
		for e.at, e.Occurrence = range t.Scan(from, to) {
			if !l.filter.Match(e.Event) {
				continue
			}
			if l.field != "" {
				if e.Name = l.name(e.Event); e.Name == "" {
					continue
				}
			}
			f.add(e)
			n, last = n+1, e.at
		}
		if !known && last >= 0 {
			f.why = Event{Occurrence: t.Occurrence(last), Calendar: l.calendars[i]}
		}
	}
	f.cut()
	f.events, f.more = slices.Clone(f.events), n-len(f.events) // in the room that they need
	for i := range f.events {
		e := &f.events[i]
		e.Occurrence, e.timeline = e.timeline.Occurrence(e.at), nil
	}
	return f
}

// add takes an event in whose Event will be another one soon. There are up to twice as many as a
// decision gives before those are left out that are not among the first.
func (f *found) add(e Event) {
	n := len(f.events)
	if f.worst != nil && f.worst.compare(&e) <= 0 {
		return
	}
	copied := new(calendars.Event)
	if n < cap(f.events) && f.events[:n+1][n].Event != nil {
		copied = f.events[:n+1][n].Event // of one that was left out
	}
	*copied = *e.Event
	e.Event = copied
	if f.events = append(f.events, e); len(f.events) == 2*MaxEvents {
		f.cut()
	}
}

// cut leaves the first ones.
func (f *found) cut() {
	slices.SortFunc(f.events, func(a, b Event) int { return a.compare(&b) })
	if len(f.events) > MaxEvents {
		f.events = f.events[:MaxEvents]
		f.worst = &f.events[MaxEvents-1]
	}
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
