package routes

import (
	"iter"

	"github.com/callhours/callhours/calendars"
)

// SpanKey tells the spans of a route apart, as people see them: while it is the same for a call,
// it gets the same branch for the same reason. It is comparable.
type SpanKey struct {
	Branch  int
	Unknown bool
	Title   string // of the event that decided, the first of [Decision.Events]; "" without one
	Match   string // the key that a `names` condition found, in the first of these with one; "" without one
}

// SpanKey reads so many events at most, and says how many it has read: mostly one for each
// condition on a calendar, since the one that began last decides. ok is false where that was not
// enough; the key then is without title and match.
func (d Decision) SpanKey(most int) (key SpanKey, read int, ok bool) {
	key = SpanKey{Branch: d.Branch, Unknown: d.Unknown}
	if d.Unknown || d.segment == outside || d.segments == nil {
		return key, 0, true
	}
	var first, named Event // of all conditions, and of those with names
	ok = true
	d.segments.deciding(d.segments.route.branches[d.matched], d.call, d.segment, func(leaf int) {
		if !ok {
			return
		}
		var e Event
		if e, read, ok = d.segments.first(leaf, d.segment, read, most); !ok || e.Event == nil {
			return
		}
		if first.Event == nil || e.compare(&first) < 0 {
			first = e
		}
		if e.Name != "" && (named.Event == nil || e.compare(&named) < 0) {
			named = e
		}
	})
	if ok && first.Event != nil {
		key.Title, key.Match = first.Event.Summary, named.Name
	}
	return key, read, ok
}

// first is the event that decides of those that make a leaf hold in a segment. It has no more than
// [calendars.Timeline.Scan] gives. read counts on the events that were looked at; ok is false where
// these would be more than most.
func (s *Segments) first(leaf, segment, read, most int) (best Event, count int, ok bool) {
	l := s.route.leaves[leaf]
	from, to := s.stretch(leaf, segment)
	for i, t := range s.timelines[leaf] {
		if t == nil {
			continue
		}
		e := Event{Calendar: l.calendars[i], Field: l.field, rank: s.route.ranks[l.calendars[i]]}
		for e.at, e.Occurrence = range t.Scan(from, to) {
			// They come by when they begin, the last one first: of timed ones, none can decide
			// that began earlier.
			if best.Event != nil && !best.Event.AllDay && e.Start < best.Start {
				break
			}
			if read++; read > most {
				return Event{}, most, false
			}
			if !l.filter.Match(e.Event) {
				continue
			}
			if l.field != "" {
				if e.Name = l.name(e.Event); e.Name == "" {
					continue
				}
			}
			if best.Event == nil || e.compare(&best) < 0 {
				best = e
				best.Event = &calendars.Event{Event: e.Event.Event} // e.Event will be another one soon
			}
		}
	}
	return best, read, true
}

// Ahead yields what is decided for the same call in the segments after the decision's own, in order,
// to the end of the window. What these decisions are good for is said of [Decision.Lasts].
func (d Decision) Ahead() iter.Seq[Decision] {
	return func(yield func(Decision) bool) {
		if d.segment == outside {
			return
		}
		l := d.look(nil)
		for i := d.segment + 1; i < len(d.segments.starts) && yield(l.decide(i)); i++ {
		}
	}
}

// Behind is Ahead for the segments before, from the last to the first of the window.
func (d Decision) Behind() iter.Seq[Decision] {
	return func(yield func(Decision) bool) {
		if d.segment == outside {
			return
		}
		l := d.look(nil)
		for i := d.segment - 1; i >= 0 && yield(l.decide(i)); i-- {
		}
	}
}
