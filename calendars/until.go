package calendars

import (
	"slices"

	"github.com/callhours/callhours/calendars/recur"
	"github.com/callhours/callhours/calendars/zones"
)

// endsBeforeStart reports whether all rules of a series end before its DTSTART, in whatever zone: what calendars leave
// of a series that was deleted from its first occurrence on. It then has no occurrence by them (3.3.10).
func (e *Event) endsBeforeStart() bool {
	return len(e.rules) > 0 && !slices.ContainsFunc(e.rules, func(r *recur.Rule) bool { return !endsBefore(r, e.start, nil) })
}

// endedEffect says what rules that end before DTSTART, in whatever zone, mean for the event; "" if there are none.
func (e *Event) endedEffect() string {
	switch {
	case e.endsBeforeStart():
		return "has no occurrence by its RRULE"
	case slices.ContainsFunc(e.rules, func(r *recur.Rule) bool { return endsBefore(r, e.start, nil) }):
		return "has no occurrence by one of its RRULEs"
	}
	return ""
}

// endsBeforeStart is the event's as seen in the View, which says what the zone of days and floating times is.
func (c *clock) endsBeforeStart(e *Event) bool {
	return len(e.rules) > 0 && !slices.ContainsFunc(e.rules, func(r *recur.Rule) bool { return !endsBefore(r, e.start, c) })
}

// endsBefore reports whether UNTIL lies before DTSTART: as seen in a View, or, where the clock is nil, in all.
func endsBefore(r *recur.Rule, start stamp, c *clock) bool {
	u := r.Until
	switch {
	case u == nil:
		return false
	case u.Form == recur.Date:
		return u.Civil+recur.Day-1 < start.Civil
	case u.Form == recur.UTC && start.Form == recur.Zoned:
		return u.Civil < zones.Instant(start.Civil, start.zone)
	case u.Form != recur.UTC, start.Form == recur.UTC, start.Form == recur.Date && u.MeansDate():
		return u.Civil < start.Civil
	case c == nil:
		const farthestEast = 14 * recur.Hour
		return u.Civil+farthestEast < start.Civil
	case start.Form == recur.Date:
		return c.date(stamp{Time: *u}) < start.Civil
	}
	return u.Civil < c.wall(start).Instant(start.Civil)
}

// until narrows the window of a rule by its UNTIL, which is inclusive: civil times before to, instants up to last.
func (x *compiler) until(r *recur.Rule, start stamp, to int64) (narrowed, last int64) {
	last = forever
	switch u := r.Until; {
	case u == nil:
	case start.Form == recur.Date:
		to = min(to, x.clock.date(stamp{Time: *u})+1)
	case u.Form == recur.Date: // Google writes it so, and means the whole day.
		to = min(to, u.Civil+recur.Day)
	case u.Form == recur.Floating || start.Form == recur.UTC:
		to = min(to, u.Civil+1)
	default: // An instant: on the wall clock it can be ambiguous.
		to = min(to, x.clock.on(stamp{Time: *u}, start)+recur.Day)
		last = u.Civil
	}
	return to, last
}
