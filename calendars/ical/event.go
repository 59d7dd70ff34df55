package ical

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/callhours/callhours/calendars/recur"
	"github.com/callhours/callhours/calendars/zones"
	"github.com/callhours/callhours/internal/diag"
)

// Event is a VEVENT as written (RFC 5545, 3.6.1). Its texts are unescaped and valid UTF-8, and cut
// where they are very long. When it takes place is written too: what its times mean in the zone of
// whoever looks at it, and on which days its rules fall, is for others to work out.
type Event struct {
	UID         string
	Summary     string
	Description string
	Location    string
	Categories  []string
	Names       []Name // further ones of the event (X-CALLHOURS-NAME), which people may write instead of the Summary

	Tentative   bool // STATUS:TENTATIVE
	Transparent bool // TRANSP:TRANSPARENT: it does not make anyone busy
	AllDay      bool // DTSTART is a DATE
	Recurring   bool // part of a series: it has an RRULE or RDATE, or is a changed occurrence
	Cancelled   bool // STATUS:CANCELLED, or METHOD:CANCEL of its calendar

	File string // File.Name
	Line int    // of its BEGIN:VEVENT, from 1

	Sequence int   // SEQUENCE
	Modified int64 // LAST-MODIFIED, else DTSTAMP, as civil UTC
	Dated    bool  // Modified is LAST-MODIFIED

	Start      Time           // DTSTART
	End        *Time          // DTEND; nil: Duration decides
	Duration   recur.Duration // DURATION; zero: none
	Rules      []*recur.Rule  // RRULE, anchored at DTSTART
	Exclusions []*recur.Rule  // EXRULE, of RFC 2445; likewise
	Dates      []RDate        // RDATE
	Exceptions []Time         // EXDATE

	Replaces     *Time  // RECURRENCE-ID: which occurrence of its series it replaces; nil: none
	RecurrenceID string // the same as written
	Onwards      bool   // RANGE=THISANDFUTURE
}

// Name is what an event is called in a language.
type Name struct {
	Language string // of RFC 5646, in lower case; "" for none, or several
	Text     string
}

// RDate is an RDATE; a PERIOD brings its own length.
type RDate struct {
	Start    Time
	End      *Time          // nil: Duration, else the event's own length
	Duration recur.Duration // zero: End, else the event's own length
}

// use says what is read of an event's property.
type use int

const (
	unread use = iota
	textual
	scheduling
)

var eventProperties = map[string]use{
	"UID": textual, "SUMMARY": textual, "DESCRIPTION": textual, "LOCATION": textual, "CATEGORIES": textual,
	"STATUS": textual, "TRANSP": textual, "SEQUENCE": textual, "LAST-MODIFIED": textual, "DTSTAMP": textual,
	"X-CALLHOURS-NAME": textual,
	"DTSTART":          scheduling, "DTEND": scheduling, "DURATION": scheduling, "RRULE": scheduling, "EXRULE": scheduling,
	"RDATE": scheduling, "EXDATE": scheduling, "RECURRENCE-ID": scheduling,
}

// describe takes in a property that says what the event is, and reports a text that is cut or a
// status that is unknown.
func (e *Event) describe(p property) (flaw, becomes string) {
	cut, limit := false, longestText
	switch p.name {
	case "UID":
		e.UID = cutUID(strings.TrimSpace(p.text()))
	case "SUMMARY":
		e.Summary, cut = cutText(p.text(), longestText)
	case "DESCRIPTION":
		limit = longestDescription
		e.Description, cut = cutText(p.text(), limit)
	case "LOCATION":
		e.Location, cut = cutText(p.text(), longestText)
	case "CATEGORIES":
		if e.Categories = append(e.Categories, p.texts()...); len(e.Categories) > maxCategories {
			e.Categories = e.Categories[:maxCategories]
		}
		for i, c := range e.Categories {
			var long bool
			e.Categories[i], long = cutText(c, longestText)
			cut = cut || long
		}
	case "X-CALLHOURS-NAME":
		var own Name
		own.Text, cut = cutText(p.text(), longestText)
		own.Language = p.language()
		if own.Text != "" && len(e.Names) < maxNames && len(own.Language) <= longestLanguage {
			e.Names = append(e.Names, own)
		}
	case "STATUS":
		return e.setStatus(strings.ToUpper(strings.Trim(p.value, "\"' \t")))
	case "TRANSP":
		transp := strings.ToUpper(strings.Trim(p.value, "\"' \t"))
		if e.Transparent = transp == "TRANSPARENT"; !e.Transparent && transp != "" && transp != "OPAQUE" {
			return "unknown value " + diag.Quote(p.value),
				"counts as opaque" + diag.Suggest(transp, []string{"TRANSPARENT", "OPAQUE"})
		}
	case "SEQUENCE":
		text := strings.TrimSpace(p.value)
		var err error
		if e.Sequence, err = strconv.Atoi(text); err != nil && text != "" {
			return "expected a number, found " + diag.Quote(p.value), "is read without it"
		}
	case "LAST-MODIFIED":
		if s, err := recur.ParseTime(recur.NormalizeTime(p.value)); err == nil {
			e.Modified, e.Dated = s.Civil, true
		}
	case "DTSTAMP":
		if s, err := recur.ParseTime(p.value); err == nil && e.Modified == 0 {
			e.Modified = s.Civil
		}
	}
	if cut {
		return fmt.Sprintf("longer than %d characters", limit), "is read with its beginning"
	}
	return "", ""
}

// statuses are those of 3.8.1.11 for an event, which allows no others.
var statuses = []string{"CANCELLED", "CONFIRMED", "TENTATIVE"}

// setStatus reads a STATUS in upper case. The American spelling of CANCELLED is beyond doubt; any
// other value is reported, since it may be meant to cancel the event.
func (e *Event) setStatus(status string) (flaw, becomes string) {
	if status == "CANCELED" {
		status = "CANCELLED"
	}
	e.Cancelled, e.Tentative = status == "CANCELLED", status == "TENTATIVE"
	if status == "" || slices.Contains(statuses, status) {
		return "", ""
	}
	return "unknown status " + diag.Quote(status), "counts as confirmed" + diag.Suggest(status, statuses)
}

// The order in which scheduling properties are read: the later ones depend on DTSTART.
var readingOrder = []string{"DTSTART", "RECURRENCE-ID", "DTEND", "DURATION", "RRULE", "EXRULE", "RDATE", "EXDATE"}

// flawedProperty is a property that is not read as it is written.
type flawedProperty struct {
	property
	flaw, becomes string
}

// event makes an Event of a VEVENT's properties; nil if it cannot be used, which is reported.
func (r *reader) event(d *draft) *Event {
	e := &Event{Line: d.line, File: r.file}
	var scheduled []property
	var flaws []flawedProperty
	once, others := splitRepeated(d.properties)
	for _, p := range once {
		if flaw, becomes := e.describe(p); flaw != "" {
			flaws = append(flaws, flawedProperty{p, flaw, becomes})
		}
		if eventProperties[p.name] == scheduling {
			scheduled = append(scheduled, p)
		}
	}
	e.Cancelled = e.Cancelled || r.method == "CANCEL"
	for _, p := range others {
		r.report(Problem{Line: p.line, UID: e.UID, Property: p.name, Message: repeatedMessage(p.name)})
	}
	for _, f := range flaws { // only now is the event known by its title
		r.reportProblem(e, f.property, f.flaw, f.becomes)
	}
	slices.SortStableFunc(scheduled, func(a, b property) int {
		return cmp.Compare(slices.Index(readingOrder, a.name), slices.Index(readingOrder, b.name))
	})
	started := false
	flaws = flaws[:0]
	for _, p := range scheduled {
		if p.name == "DTSTART" {
			started = true
		} else if !started && p.name != "RECURRENCE-ID" {
			break
		}
		flaw, usable := r.schedule(e, p)
		if !usable {
			return nil
		}
		if flaw != "" {
			flaws = append(flaws, flawedProperty{property: p, flaw: flaw})
		}
	}
	for _, f := range flaws { // only now is it known whether DTEND or DURATION says the length
		r.reportProblem(e, f.property, f.flaw, e.withoutEnd())
	}
	if !started {
		if !e.Cancelled || e.Replaces == nil {
			r.reportProblem(e, property{line: d.line, name: "DTSTART"}, "it is missing", "is ignored")
			return nil
		}
		e.Start = *e.Replaces
	}
	e.AllDay = e.Start.Form == recur.Date
	if e.Replaces != nil && e.UID == "" {
		r.reportProblem(e, property{line: d.line, name: "RECURRENCE-ID"}, "an event without a UID changes no series",
			"is read as one of its own")
	}
	if effect := e.endedEffect(); effect != "" && !e.Cancelled {
		p := e.Problem("RRULE", "UNTIL lies before DTSTART", effect)
		p.Harmless = true
		r.report(p)
	}
	return e
}

// schedule reads a property that says when the event is; usable is false if the event cannot be
// used without it, which is reported. A flaw is why the event's end cannot be used, and is the
// caller's to report.
func (r *reader) schedule(e *Event, p property) (flaw string, usable bool) {
	switch p.name {
	case "RECURRENCE-ID":
		s, err := r.time(p)
		if zone, ok := errors.AsType[zones.UnknownError](err); ok {
			r.unplaced, err = append(r.unplaced, unplacedChange{e, p, zone}), nil
		}
		if err != nil {
			return "", r.reportUnusable(e, p, err)
		}
		parameters, _ := p.parameters()
		correctNames(parameters)
		e.Replaces, e.Recurring, e.RecurrenceID = &s, true, p.value
		if written := strings.ToUpper(parameters["RANGE"]); written != "" {
			const onwards = "THISANDFUTURE"
			if e.Onwards = diag.Correct(written, []string{onwards}) == onwards; !e.Onwards {
				r.tolerate(p.line, "RANGE="+diag.Brief(written)+" is ignored; the change is of one occurrence")
			} else if written != onwards {
				r.tolerate(p.line, "RANGE="+diag.Brief(written)+" is read as RANGE="+onwards)
			}
		}
	case "DTSTART":
		s, err := r.time(p)
		if err != nil {
			return "", r.reportUnusable(e, p, err)
		}
		e.Start = s
	case "DTEND":
		return r.setEnd(e, p)
	case "DURATION":
		length, err := recur.ParseDuration(p.value)
		if err == nil && (length.Days < 0 || length.Seconds < 0) {
			err = fmt.Errorf("expected it to be positive, found %s", diag.Quote(p.value))
		}
		if err != nil {
			return err.Error(), true
		}
		e.Duration = length
	case "RRULE", "EXRULE":
		r.setRule(e, p)
	case "RDATE", "EXDATE":
		return "", r.setDates(e, p)
	}
	return "", true
}

func (r *reader) setEnd(e *Event, p property) (flaw string, usable bool) {
	s, err := r.time(p)
	written := s
	s, err = r.dateOnly(e, p, s, err)
	if err == nil && written.isUnplaced() { // A part of a day is a day, as in a known zone.
		s = Time{Time: recur.Time{Civil: written.Civil, Form: recur.Floating}}
	}
	if _, ok := errors.AsType[zones.UnknownError](err); ok {
		return "", r.reportUnusable(e, p, err)
	}
	if err == nil && s.Form == recur.Date && e.Start.Form != recur.Date {
		s.Form, s.Zone = e.Start.Form, e.Start.Zone
	}
	if err == nil && s.Form == e.Start.Form && s.Zone == e.Start.Zone && s.Civil < e.Start.Civil {
		err = fmt.Errorf("expected an end after the start, found %s", diag.Quote(p.value))
	}
	if err != nil {
		return err.Error(), true
	}
	e.End = &s
	return "", true
}

// reportUnusable reports why an event cannot be used; it returns false.
func (r *reader) reportUnusable(e *Event, p property, err error) bool {
	if zone, ok := errors.AsType[zones.UnknownError](err); ok {
		r.reportProblem(e, p, zone.What(), "is ignored"+zone.Hint)
	} else {
		r.reportProblem(e, p, err.Error(), "is ignored")
	}
	return false
}

// withoutEnd is what becomes of an event one of whose DTEND and DURATION cannot be used.
func (e *Event) withoutEnd() string {
	switch {
	case e.End != nil || e.Duration != (recur.Duration{}):
		return "is read without it"
	case e.Start.Form == recur.Date:
		return "lasts one day"
	}
	return "has no length"
}

func (r *reader) setRule(e *Event, p property) {
	if e.Replaces != nil {
		return // 3.8.4.4: a component with RECURRENCE-ID is one occurrence.
	}
	if strings.Trim(p.value, "; \t") == "" {
		r.tolerate(p.line, "an empty "+p.name+" is ignored; remove it")
		return
	}
	e.Recurring = true
	parsed, odd, err := recur.ParseLenient(p.value)
	if odd != "" {
		r.tolerate(p.line, odd)
	}
	if err != nil {
		becomes := "happens once"
		if p.name == "EXRULE" {
			becomes = "is read without it"
		}
		r.reportProblem(e, p, err.Error(), becomes)
		return
	}
	if parsed = parsed.Anchor(e.Start.Civil); p.name == "EXRULE" {
		e.Exclusions = append(e.Exclusions, parsed)
	} else {
		e.Rules = append(e.Rules, parsed)
	}
}

// time reads a property that is one DATE or DATE-TIME.
func (r *reader) time(p property) (Time, error) {
	kind, err := r.valueKind(p)
	if err != nil {
		return Time{}, err
	}
	return r.parse(kind, p.value)
}

// parse reads a DATE or DATE-TIME. A UTC time has no TZID (3.2.19), nor has a DATE.
func (r *reader) parse(kind valueKind, text string) (Time, error) {
	written, err := recur.ParseTime(text)
	if err != nil {
		return Time{}, err
	}
	s := Time{Time: written}
	if kind.date {
		if s.Form != recur.Date {
			r.tolerate(kind.line, "the time after the date is ignored because of VALUE=DATE")
		}
		s.Time = recur.Time{Civil: recur.Midnight(s.Civil)}
	}
	if kind.zoned && s.Form == recur.UTC {
		r.tolerate(kind.line, "the TZID of a time in UTC, which ends in Z, is ignored; remove one of the two")
	}
	if kind.zoned && s.Form == recur.Floating {
		s.Form = recur.Zoned
		s.Zone, err = r.zones.find(zoneName{r.calendars, kind.tzid}, kind.line)
	}
	return s, err
}
