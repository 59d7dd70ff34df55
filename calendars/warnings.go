package calendars

import (
	"fmt"
	"slices"
	"time"

	"github.com/callhours/callhours/calendars/ical"
	"github.com/callhours/callhours/calendars/recur"
)

// Oddity is an event that is used as written and was most likely meant otherwise, and why.
type Oddity struct {
	Event *Event
	ical.Problem
	Lost bool // a day that is still to come is left out by it
}

// Warnings are the Problems of Oddities.
func (c *Calendar) Warnings(view View, at time.Time) []ical.Problem {
	var warnings []ical.Problem
	if c.size == 0 && c.LeftOut() > 0 {
		warnings = append(warnings,
			ical.Problem{Message: fmt.Sprintf("only and except leave none of its %d events", c.LeftOut())})
	}
	for _, o := range c.Oddities(view, at) {
		warnings = append(warnings, o.Problem)
	}
	return warnings
}

// Oddities are the events that are used as written and were most likely meant otherwise. They are
// computed at each call, in a View at a moment.
func (c *Calendar) Oddities(view View, at time.Time) []Oddity {
	clock := newClock(view)
	steps := &recur.Budget{Left: c.limits.WithDefaults().CalendarSteps}
	var odd []Oddity
	opened := c.unpack()
	changes := opened.changes()
	for _, e := range opened.events {
		warn := func(property, what string) {
			odd = append(odd, Oddity{Event: e, Problem: e.Problem(property, what, "is used as it is")})
		}
		switch {
		case e.AllDay:
		case e.End == nil && e.Duration == (recur.Duration{}):
			warn("", "neither DTEND nor DURATION gives it a length, so it never takes place")
		case e.End != nil && clock.instant(*e.End) <= clock.instant(e.Start):
			warn("DTEND", "it is not after DTSTART, in their time zones, so the event never takes place")
		case e.End != nil && e.End.Form == recur.Floating && e.Start.Form != recur.Floating:
			warn("DTEND", "it has no time zone, though DTSTART has one; it is read on the clock of "+
				clock.view.Zone.String())
		case e.End != nil && e.End.Form != recur.Floating && e.Start.Form == recur.Floating:
			warn("DTSTART", "it has no time zone, though DTEND has one; it is read on the clock of "+
				clock.view.Zone.String())
		}
		named := slices.ContainsFunc(e.Rules, func(r *recur.Rule) bool {
			return r.Freq >= recur.Minutely || steps.Over() || r.Includes(e.Start.Civil, steps)
		})
		strays := false
		for _, r := range e.Rules {
			if r.Freq >= recur.Minutely {
				warn("RRULE", "it repeats within the hour")
			}
			if d, lost, ok := clock.strayDay(e, r, steps); ok && d >= at.Unix()-recur.Day {
				strays = true
				odd = append(odd, Oddity{Event: e, Lost: lost, Problem: clock.strayProblem(e, d, lost)})
			}
		}
		switch ends := clock.endsBeforeStart(e); {
		case ends && !e.EndsBeforeStart() && !strays: // what is so for everybody is a Problem of the calendar
			odd = append(odd, Oddity{Event: e, Problem: e.Problem("RRULE",
				"UNTIL lies before DTSTART, seen from "+clock.view.Zone.String(), "has no occurrence by its RRULE")})
		case len(e.Rules) > 0 && !named && !ends && clock.onlyDTSTART(e, changes[e.UID], steps):
			warn("RRULE", "it does not name DTSTART, which is the first occurrence anyway")
		}
		if len(e.Rules) > 0 && e.Start.Form == recur.UTC && clock.isAdjusted(at) {
			warn("DTSTART", "a series in UTC moves on the clock of "+clock.view.Zone.String()+" when that changes")
		}
	}
	return odd
}

// changes are the changed occurrences of series, by UID.
func (c *contents) changes() map[string][]*Event {
	all := map[string][]*Event{}
	for _, s := range c.series {
		if s.master != nil && len(s.changes) > 0 {
			all[s.master.UID] = s.changes
		}
	}
	return all
}

// onlyDTSTART reports whether a series starts at its DTSTART only because of that: no RDATE names
// it, and no EXDATE, EXRULE or changed occurrence removes it.
func (c *clock) onlyDTSTART(e *Event, changes []*Event, steps *recur.Budget) bool {
	comp := &compiler{clock: c}
	first := slot{at: c.instant(e.Start), civil: e.Start.Civil}
	excluded := exceptions{}
	for _, s := range e.Exceptions {
		comp.addException(&excluded, e, s)
	}
	for _, o := range changes {
		comp.addException(&excluded, e, *o.Replaces)
	}
	if excluded.has(first) {
		return false
	}
	for _, d := range e.Dates {
		if c.instant(comp.align(e, d.Start)) == first.at {
			return false
		}
	}
	return !slices.ContainsFunc(e.Exclusions, func(r *recur.Rule) bool {
		return !steps.Over() && !c.endsBefore(r, e.Start) && r.Includes(e.Start.Civil, steps)
	})
}

// strayDay is the day, as civil time, that an all-day series loses or gains because its UNTIL was a
// date on another clock than the View's. Programs write it as the local midnight that the last day
// begins with, which is the day before further west, or as the second that it ends with, which is
// the day after further east.
func (c *clock) strayDay(e *Event, r *recur.Rule, b *recur.Budget) (civil int64, lost, ok bool) {
	const farthestEast, farthestWest = 13 * recur.Hour, -11 * recur.Hour // of where people live, but for two islands
	const quarter = recur.Hour / 4
	u := r.Until
	if !e.AllDay || u == nil || r.Freq >= recur.Minutely || u.Form != recur.UTC || u.MeansDate() {
		return 0, false, false
	}
	d, here := c.date(ical.Time{Time: *u}), c.civilIn(ical.Time{Time: *u}, ical.Time{})
	switch {
	case recur.SecondOfDay(here) == 0 || recur.SecondOfDay(here+1) == 0: // It is midnight here.
		return 0, false, false
	case recur.SecondOfDay(u.Civil)%quarter == 0 && d+recur.Day-u.Civil <= farthestEast:
		d, lost = d+recur.Day, true
	case recur.SecondOfDay(u.Civil+1)%quarter == 0 && d-u.Civil-1 >= farthestWest:
	default:
		return 0, false, false
	}
	for civil := range r.Starts(e.Start.Civil, d, d+1, b) {
		return civil, lost, true
	}
	return 0, false, false
}

// strayProblem is the Problem for a strayDay.
func (c *clock) strayProblem(e *Event, d int64, lost bool) ical.Problem {
	written, becomes, ends := "midnight", "left out", "ends a day early"
	if !lost {
		written, becomes, ends = "the end of a day", "added", "ends a day late"
	}
	return e.Problem("RRULE",
		fmt.Sprintf(
			"UNTIL is %s on the clock of another zone: seen from %s, %s is %s; set the timezone of the calendar",
			written, c.view.Zone, time.Unix(d, 0).UTC().Format(time.DateOnly), becomes), ends)
}

// isAdjusted reports whether the clock of the View is set forward or back within the year.
func (c *clock) isAdjusted(at time.Time) bool {
	_, end := at.In(c.view.Zone).ZoneBounds()
	return !end.IsZero() && end.Before(at.AddDate(1, 0, 0))
}
