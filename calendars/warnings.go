package calendars

import "time"

// Oddity is an event that is used as written and was most likely meant otherwise, and why that seems so.
type Oddity struct {
	Event *Event
	Problem
}

// Warnings are Odd for those who want the words alone.
func (c *Calendar) Warnings(view View, at time.Time) []Problem {
	var warnings []Problem
	for _, o := range c.Odd(view, at) {
		warnings = append(warnings, o.Problem)
	}
	return warnings
}

// Odd are the events that are used as written and were most likely meant otherwise. They are worked out anew each time, as seen in a View at a
// moment, and cost nothing to those who do not ask.
func (c *Calendar) Odd(view View, at time.Time) []Oddity {
	clock := newClock(view)
	var odd []Oddity
	for _, e := range c.Events() {
		warn := func(property, what string) {
			odd = append(odd, Oddity{e, e.problem(property, what, "is used as it is")})
		}
		if !e.AllDay && e.end == nil && e.duration == (duration{}) {
			warn("", "it has neither DTEND nor DURATION, and so is never on")
		}
		for _, r := range e.rules {
			switch {
			case r.freq >= minutely:
				warn("RRULE", "it repeats within the hour")
			case !r.names(e.start.civil, &budget{left: c.limits.withDefaults().Steps}):
				warn("RRULE", "it does not name DTSTART, which is the first occurrence all the same")
			}
		}
		if len(e.rules) > 0 && e.start.form == utcForm && clock.changes(at) {
			warn("DTSTART", "a series in UTC moves on the clock of "+clock.view.Zone.String()+" when that changes")
		}
	}
	return odd
}

// changes reports whether the clock of the View is set forward or back within the year.
func (c *clock) changes(at time.Time) bool {
	_, end := at.In(c.view.Zone).ZoneBounds()
	return !end.IsZero() && end.Before(at.AddDate(1, 0, 0))
}
