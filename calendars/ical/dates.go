package ical

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/callhours/callhours/calendars/recur"
	"github.com/callhours/callhours/calendars/zones"
	"github.com/callhours/callhours/internal/diag"
)

// setDates takes in RDATEs or EXDATEs. One that cannot be read costs the series nothing else.
func (r *reader) setDates(e *Event, p property) bool {
	kind, err := r.valueKind(p)
	if err != nil {
		r.reportProblem(e, p, err.Error(), "is read without it")
		return true
	}
	reported := false
	for item := range strings.SplitSeq(p.value, ",") {
		if strings.TrimSpace(item) == "" {
			continue
		}
		d, err := r.rdate(kind, item)
		d.Start, err = r.dateOnly(e, p, d.Start, err)
		if zone, ok := errors.AsType[zones.UnknownError](err); ok && p.name == "EXDATE" {
			// What an EXDATE names is an occurrence of the series, whatever its zone is called.
			if !reported {
				r.reportProblem(e, p, zone.What(), "is read with it on the clock of DTSTART"+zone.Hint)
			}
			d.Start.Form, d.Start.Zone = e.Start.Form, e.Start.Zone
			err, reported = nil, true
		}
		switch {
		case err != nil && !reported:
			r.unusedDate(e, p, err)
			reported = true
		case err != nil:
		case p.name == "EXDATE":
			e.Exceptions = append(e.Exceptions, d.Start)
		case e.Replaces == nil:
			e.Recurring = true
			e.Dates = append(e.Dates, r.withLength(e, p, d, item))
		}
		if len(e.Dates)+len(e.Exceptions) > r.limits.Dates {
			return r.reportUnusable(e, p, fmt.Errorf("more than %d dates (limits.dates)", r.limits.Dates))
		}
	}
	return true
}

// unusedDate notes that a date of a series is left out.
func (r *reader) unusedDate(e *Event, p property, err error) {
	if zone, ok := errors.AsType[zones.UnknownError](err); ok {
		r.reportProblem(e, p, zone.What(), "is read without it"+zone.Hint)
		return
	}
	r.reportProblem(e, p, err.Error(), "is read without it")
}

// dateOnly forgives an unknown zone where only the date of a time counts: in an all-day series.
func (r *reader) dateOnly(e *Event, p property, s Time, err error) (Time, error) {
	zone, ok := errors.AsType[zones.UnknownError](err)
	if !ok || e.Start.Form != recur.Date || e.Start == (Time{}) {
		return s, err
	}
	what := "series"
	if p.name == "DTEND" {
		what = "event"
	}
	r.tolerate(p.line,
		fmt.Sprintf("%s: %s, and does not matter in an all-day %s: the date counts", p.name, zone.What(), what))
	if s.isUnplaced() {
		s = Time{Time: recur.Time{Civil: recur.Midnight(s.Civil)}}
	}
	return s, nil
}

// unplacedChange is an event whose RECURRENCE-ID is in a zone that is not known.
type unplacedChange struct {
	event    *Event
	property property
	zone     zones.UnknownError
}

// placeChanges decides what becomes of those when all series are known: in an all-day series the
// date alone says which occurrence it is (3.8.4.4 wants the kind of the series' DTSTART). In
// another it is on the clock of the series, of which it names an occurrence, as an EXDATE is. An
// event without its series goes by its own DTSTART.
func (r *reader) placeChanges() {
	if len(r.unplaced) == 0 {
		return
	}
	masters, here := map[string]*Event{}, map[*Event]bool{}
	for _, e := range r.out.Events {
		here[e] = true
		if former := masters[e.UID]; e.Replaces == nil && (former == nil || e.Supersedes(former)) {
			masters[e.UID] = e
		}
	}
	ignored := map[*Event]bool{}
	for _, o := range r.unplaced {
		e, series := o.event, o.event
		if !here[e] { // it was ignored for something else
			continue
		}
		if master := masters[e.UID]; master != nil && e.UID != "" {
			series = master
		}
		s, err := r.dateOnly(series, o.property, *e.Replaces, o.zone)
		switch {
		case err == nil:
		case series.Start.isUnplaced(): // neither it nor a series says when
			ignored[e] = true
			r.reportUnusable(e, o.property, err)
			continue
		default:
			s.Form, s.Zone = series.Start.Form, series.Start.Zone
			becomes := "is read with it on the clock of its series' DTSTART"
			if series == e {
				becomes = "is read as one of its own"
			}
			r.reportProblem(e, o.property, o.zone.What(), becomes+o.zone.Hint)
		}
		if e.Start.isUnplaced() { // it is cancelled, and has no DTSTART
			e.Start, e.AllDay = s, s.Form == recur.Date
		}
		*e.Replaces = s
	}
	r.out.Events = slices.DeleteFunc(r.out.Events, func(e *Event) bool { return ignored[e] })
}

// isUnplaced reports whether a stamp is in a zone that is not known.
func (s Time) isUnplaced() bool { return s.Form == recur.Zoned && s.Zone == nil }

// rdate reads a DATE, a DATE-TIME, or a PERIOD: two of these or one and a duration (3.3.9). Also
// where a zone is not known, which is the error then, all else is read.
func (r *reader) rdate(kind valueKind, text string) (d RDate, err error) {
	first, second, period := strings.Cut(text, "/")
	d.Start, err = r.parse(kind, first)
	if _, ok := errors.AsType[zones.UnknownError](err); err != nil && !ok || !period {
		return d, err
	}
	if length, bad := recur.ParseDuration(second); bad == nil {
		d.Duration = length
		return d, err
	}
	if strings.HasSuffix(strings.TrimSpace(second), "Z") { // the TZID is of the start
		kind.zoned = false
	}
	end, bad := r.parse(kind, second)
	if err == nil {
		err = bad
	} else if _, ok := errors.AsType[zones.UnknownError](bad); bad != nil && !ok {
		err = bad
	}
	d.End = &end
	return d, err
}

// withLength is an RDATE with its own length as DTEND and DURATION would be read; without it, after
// saying so, where that is none. A date is an end too, as it is for DTEND.
func (r *reader) withLength(e *Event, p property, d RDate, item string) RDate {
	_, written, period := strings.Cut(item, "/")
	if !period {
		return d
	}
	flaw := ""
	switch end := d.End; {
	case end == nil && (d.Duration.Days <= 0 && d.Duration.Seconds <= 0 || d.Duration.Days < 0 ||
		d.Duration.Seconds < 0):
		flaw = "expected a period of positive length, found " + diag.Quote(written)
	case end == nil:
	case end.isUnplaced(): // It was forgiven in an all-day series: a part of a day is one.
		*end = Time{Time: recur.Time{Civil: end.Civil, Form: recur.Floating}}
	case end.Form == recur.Date:
		end.Form, end.Zone = d.Start.Form, d.Start.Zone
	}
	if d.End != nil && !d.End.after(d.Start) {
		flaw = "expected a period that ends after its start, found " + diag.Quote(item)
	}
	if flaw != "" {
		r.reportProblem(e, p, flaw, "is read with the date, which lasts as long as the event")
		return RDate{Start: d.Start}
	}
	return d
}

// after reports whether a time lies after another one, or could where they are not on the same
// clock. Days lie after those before them and, as ends of whole days, after themselves.
func (s Time) after(other Time) bool {
	switch {
	case other.Form == recur.Date && s.Form != recur.UTC:
		return s.Civil >= other.Civil
	case s.Form == other.Form && s.Zone == other.Zone:
		return s.Civil > other.Civil
	case s.isPlaced() && other.isPlaced():
		return s.absolute() > other.absolute()
	}
	return true
}

// isPlaced reports whether a stamp means the same instant to everybody.
func (s Time) isPlaced() bool { return s.Form == recur.UTC || s.Form == recur.Zoned }

// absolute is the instant of a placed stamp.
func (s Time) absolute() int64 {
	if s.Form == recur.UTC {
		return s.Civil
	}
	return zones.Instant(s.Civil, s.Zone)
}
