package calendars

import (
	"fmt"
	"slices"
	"time"
)

// Oddity is an event that is used as written and was most likely meant otherwise, and why that seems so.
type Oddity struct {
	Event *Event
	Problem
	Lost bool // a day that is still to come is left out by it
}

// Warnings are Odd for those who want the words alone.
func (c *Calendar) Warnings(view View, at time.Time) []Problem {
	var warnings []Problem
	if c.size == 0 && c.LeftOut() > 0 {
		warnings = append(warnings, Problem{Message: fmt.Sprintf("only and except leave none of its %d events", c.LeftOut())})
	}
	for _, o := range c.Odd(view, at) {
		warnings = append(warnings, o.Problem)
	}
	return warnings
}

// Odd are the events that are used as written and were most likely meant otherwise. They are worked out anew each time, as seen in a View at a
// moment, and cost nothing to those who do not ask.
func (c *Calendar) Odd(view View, at time.Time) []Oddity {
	clock := newClock(view)
	steps := &budget{left: c.limits.withDefaults().CalendarSteps}
	var odd []Oddity
	for _, e := range c.Events() {
		warn := func(property, what string) {
			odd = append(odd, Oddity{Event: e, Problem: e.problem(property, what, "is used as it is")})
		}
		switch {
		case e.AllDay:
		case e.end == nil && e.duration == (duration{}):
			warn("", "it has neither DTEND nor DURATION, and so is never on")
		case e.end != nil && clock.instant(*e.end) <= clock.instant(e.start):
			warn("DTEND", "it is not after DTSTART, in their time zones, so that the event is never on")
		case e.end != nil && e.end.form == floatingForm && e.start.form != floatingForm:
			warn("DTEND", "it has no time zone, though DTSTART has one; it is read on the clock of "+clock.view.Zone.String())
		case e.end != nil && e.end.form != floatingForm && e.start.form == floatingForm:
			warn("DTSTART", "it has no time zone, though DTEND has one; it is read on the clock of "+clock.view.Zone.String())
		}
		named := slices.ContainsFunc(e.rules, func(r *rule) bool {
			return r.freq >= minutely || steps.over() || r.names(e.start.civil, steps)
		})
		for _, r := range e.rules {
			if r.freq >= minutely {
				warn("RRULE", "it repeats within the hour")
			}
			if lost, ok := clock.lostDay(e, r, steps); ok && lost >= at.Unix()-day {
				odd = append(odd, Oddity{Event: e, Lost: true, Problem: e.problem("RRULE", fmt.Sprintf(
					"UNTIL is midnight on the clock of another zone: seen from %s, %s is left out; set the timezone of the calendar",
					clock.view.Zone, time.Unix(lost, 0).UTC().Format(time.DateOnly)), "ends a day early")})
			}
		}
		if len(e.rules) > 0 && !named && !e.endsBeforeStart() {
			warn("RRULE", "it does not name DTSTART, which is the first occurrence all the same")
		}
		if len(e.rules) > 0 && e.start.form == utcForm && clock.changes(at) {
			warn("DTSTART", "a series in UTC moves on the clock of "+clock.view.Zone.String()+" when that changes")
		}
	}
	return odd
}

// lostDay is the day, as civil time, that an all-day series loses because its UNTIL is midnight of a zone east of the
// View's: Outlook writes the local midnight of the last day in UTC.
func (c *clock) lostDay(e *Event, r *rule, b *budget) (civil int64, ok bool) {
	if !e.AllDay || r.until == nil || r.freq >= minutely || r.until.form != utcForm || floorMod(r.until.civil, day) == 0 {
		return 0, false
	}
	if floorMod(c.on(*r.until, stamp{}), day) == 0 {
		return 0, false // It is midnight here.
	}
	next := c.date(*r.until) + day
	for civil := range r.starts(e.start.civil, next, next+1, b) {
		return civil, true
	}
	return 0, false
}

// changes reports whether the clock of the View is set forward or back within the year.
func (c *clock) changes(at time.Time) bool {
	_, end := at.In(c.view.Zone).ZoneBounds()
	return !end.IsZero() && end.Before(at.AddDate(1, 0, 0))
}
