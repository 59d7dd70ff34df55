package ical

import (
	"slices"

	"github.com/callhours/callhours/calendars/recur"
	"github.com/callhours/callhours/calendars/zones"
)

// EndsBeforeStart reports whether all rules of a series end before its DTSTART, in whatever zone:
// what calendars leave of a series that was deleted from its first occurrence on. It then has no
// occurrence by them (3.3.10).
func (e *Event) EndsBeforeStart() bool {
	return len(e.Rules) > 0 &&
		!slices.ContainsFunc(e.Rules, func(r *recur.Rule) bool { return !EndsBefore(r, e.Start) })
}

// endedEffect says what rules that end before DTSTART, in whatever zone, mean for the event; "" if
// there are none.
func (e *Event) endedEffect() string {
	switch {
	case e.EndsBeforeStart():
		return "has no occurrence by its RRULE"
	case slices.ContainsFunc(e.Rules, func(r *recur.Rule) bool { return EndsBefore(r, e.Start) }):
		return "has no occurrence by one of its RRULEs"
	}
	return ""
}

// EndsBefore reports whether UNTIL lies before DTSTART, in whatever zone days and floating times
// are read.
func EndsBefore(r *recur.Rule, start Time) bool {
	u := r.Until
	switch {
	case u == nil:
		return false
	case u.Form == recur.Date:
		return u.Civil+recur.Day-1 < start.Civil
	case u.Form == recur.UTC && start.Form == recur.Zoned:
		return u.Civil < zones.Instant(start.Civil, start.Zone)
	case !UntilIsLocal(r, start):
		return u.Civil < start.Civil
	}
	const farthestEast = 14 * recur.Hour
	return u.Civil+farthestEast < start.Civil
}

// UntilIsLocal reports whether it depends on the zone in which days and floating times are read
// whether UNTIL lies before DTSTART.
func UntilIsLocal(r *recur.Rule, start Time) bool {
	u := r.Until
	return u != nil && u.Form == recur.UTC && start.Form != recur.UTC && start.Form != recur.Zoned &&
		(start.Form != recur.Date || !u.MeansDate())
}
