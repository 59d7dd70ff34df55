package calendars

import (
	"slices"

	"github.com/callhours/callhours/calendars/ical"
	"github.com/callhours/callhours/calendars/recur"
)

// endsBeforeStart is Event.EndsBeforeStart in the View, which says what the zone of days and
// floating times is.
func (c *clock) endsBeforeStart(e *Event) bool {
	return len(e.Rules) > 0 &&
		!slices.ContainsFunc(e.Rules, func(r *recur.Rule) bool { return !c.endsBefore(r, e.Start) })
}

// endsBefore reports whether UNTIL lies before DTSTART, as seen in the View.
func (c *clock) endsBefore(r *recur.Rule, start ical.Time) bool {
	switch {
	case !ical.UntilIsLocal(r, start):
		return ical.EndsBefore(r, start)
	case start.Form == recur.Date:
		return c.date(ical.Time{Time: *r.Until}) < start.Civil
	}
	return r.Until.Civil < c.zoneClock(start).Instant(start.Civil)
}

// until narrows the window of a rule by its UNTIL, which is inclusive: civil times before to,
// instants up to last.
func (c *compiler) until(r *recur.Rule, start ical.Time, to int64) (narrowed, last int64) {
	last = forever
	switch u := r.Until; {
	case u == nil:
	case start.Form == recur.Date:
		to = min(to, c.clock.date(ical.Time{Time: *u})+1)
	case u.Form == recur.Date: // Google writes it so, and means the whole day.
		to = min(to, u.Civil+recur.Day)
	case u.Form == recur.Floating || start.Form == recur.UTC:
		to = min(to, u.Civil+1)
	default: // An instant: on the wall clock it can be ambiguous.
		to = min(to, c.clock.civilIn(ical.Time{Time: *u}, start)+recur.Day)
		last = u.Civil
	}
	return to, last
}
