package calendars

import (
	"time"

	"github.com/callhours/callhours/calendars/ical"
	"github.com/callhours/callhours/calendars/recur"
	"github.com/callhours/callhours/calendars/zones"
)

// clockChange reports whether an end of a timed occurrence is written as a time that the clocks
// skip, or one that they show twice; text then is that time. w is the wall clock of the event.
func (o Occurrence) clockChange(w *zones.Clock) (text string, skipped, repeated bool) {
	e := o.Event
	ends := []struct {
		at      int64
		written *ical.Time
	}{{o.Start, &e.Start}, {o.End, e.End}}
	for _, end := range ends {
		offset, since, until := w.Stretch(end.at)
		civil := end.at + offset
		layout := func(civil int64) string { return time.Unix(civil, 0).UTC().Format("2006-01-02 15:04") }
		if end.at > since && end.at-since < 3*recur.Hour { // shortly after a change
			before := time.Unix(since-1, 0).In(w.Zone)
			_, was := before.Zone()
			gap := offset - int64(was)
			if gap > 0 && end.at-since < gap && end.written != nil &&
				recur.SecondOfDay(end.written.Civil) == recur.SecondOfDay(civil-gap) {
				return layout(civil - gap), true, false
			}
		}
		if until-end.at <= 3*recur.Hour { // shortly before one
			_, will := time.Unix(until, 0).In(w.Zone).Zone()
			// At the beginning of the hour that is shown twice nobody means the second.
			if fold := offset - int64(will); fold > 0 && until-end.at < fold {
				return layout(civil), false, true
			}
		}
	}
	return "", false, false
}

// ClockChange is a timed occurrence one end of which is written as a time that the clocks of
// its zone skip, or show twice.
type ClockChange struct {
	Occurrence
	Written string // that time, such as "2027-03-14 02:30"
	Skipped bool   // else it is shown twice
	Zone    *time.Location
}

// maxClockChecked is how many occurrences ClockChanges looks at.
const maxClockChecked = 200_000

// ClockChanges are those of a timeline that was compiled for a View, from a moment on, of each
// event the first one.
func (t *Timeline) ClockChanges(view View, from time.Time) []ClockChange {
	c := newClock(view)
	var found []ClockChange
	said := map[*Event]bool{}
	for _, o := range t.Head(maxClockChecked) {
		if o.End <= from.Unix() || o.Event.AllDay || o.Event.Start.Form == recur.UTC || said[o.Event] {
			continue
		}
		w := c.zoneClock(o.Event.Start)
		if text, skipped, repeated := o.clockChange(w); skipped || repeated {
			said[o.Event] = true
			found = append(found, ClockChange{o, text, skipped, w.Zone})
		}
	}
	return found
}
