package ical

import (
	"time"

	"github.com/callhours/callhours/calendars/recur"
	"github.com/callhours/callhours/internal/diag"
)

// Place is where the event is written: its file, "" where the calendar did not come from one, and
// its first line.
func (e *Event) Place() diag.Pos { return diag.Pos{File: e.File, Line: e.Line} }

// Begins is the date of DTSTART as written.
func (e *Event) Begins() (year, month, date int) { return recur.DateOf(e.Start.Civil) }

// Zone is the zone that the event's times are written in; nil for all-day and floating events and
// those in UTC.
func (e *Event) Zone() *time.Location { return e.Start.Zone }

// IsLocal reports whether the event's times are in the reader's time zone: it is all-day or
// floating.
func (e *Event) IsLocal() bool { return e.Start.Form == recur.Date || e.Start.Form == recur.Floating }

// Repeats reports whether the event has a rule.
func (e *Event) Repeats() bool { return len(e.Rules) > 0 }

// Annual reports whether a rule repeats the event by the year, and onDate whether always on the
// date of DTSTART.
func (e *Event) Annual() (annual, onDate bool) {
	for _, r := range e.Rules {
		if annual, onDate = r.Annual(); annual {
			return annual, onDate
		}
	}
	return false, false
}
