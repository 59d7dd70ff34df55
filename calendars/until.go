package calendars

import "slices"

// endsBeforeStart reports whether all rules of a series end before its DTSTART, in whatever zone: what calendars leave
// of a series that was deleted from its first occurrence on. It then has no occurrence by them (3.3.10).
func (e *Event) endsBeforeStart() bool {
	return len(e.rules) > 0 && !slices.ContainsFunc(e.rules, func(r *rule) bool { return !r.endsBefore(e.start, nil) })
}

// endedEffect says what rules that end before DTSTART, in whatever zone, mean for the event; "" if there are none.
func (e *Event) endedEffect() string {
	switch {
	case e.endsBeforeStart():
		return "has no occurrence by its RRULE"
	case slices.ContainsFunc(e.rules, func(r *rule) bool { return r.endsBefore(e.start, nil) }):
		return "has no occurrence by one of its RRULEs"
	}
	return ""
}

// endsBeforeStart is the event's as seen in the View, which says what the zone of days and floating times is.
func (c *clock) endsBeforeStart(e *Event) bool {
	return len(e.rules) > 0 && !slices.ContainsFunc(e.rules, func(r *rule) bool { return !r.endsBefore(e.start, c) })
}

// endsBefore reports whether UNTIL lies before DTSTART: as seen in a View, or, where the clock is nil, in all.
func (r *rule) endsBefore(start stamp, c *clock) bool {
	u := r.until
	switch {
	case u == nil:
		return false
	case u.form == dateForm:
		return u.civil+day-1 < start.civil
	case u.form == utcForm && start.form == zonedForm:
		return u.civil < Instant(start.civil, start.zone)
	case u.form != utcForm, start.form == utcForm, start.form == dateForm && u.isDate():
		return u.civil < start.civil
	case c == nil:
		const farthestEast = 14 * hour
		return u.civil+farthestEast < start.civil
	case start.form == dateForm:
		return c.date(*u) < start.civil
	}
	return u.civil < c.wall(start).instant(start.civil)
}

// until narrows the window of a rule by its UNTIL, which is inclusive: civil times before to, instants up to last.
func (x *compiler) until(r *rule, start stamp, to int64) (narrowed, last int64) {
	last = forever
	switch u := r.until; {
	case u == nil:
	case start.form == dateForm:
		to = min(to, x.clock.date(*u)+1)
	case u.form == dateForm: // Google writes it so, and means the whole day.
		to = min(to, u.civil+day)
	case u.form == floatingForm || start.form == utcForm:
		to = min(to, u.civil+1)
	default: // An instant: on the wall clock it can be ambiguous.
		to = min(to, x.clock.on(*u, start)+day)
		last = u.civil
	}
	return to, last
}
