package ical

import (
	"fmt"
	"slices"
	"strings"

	"github.com/callhours/callhours/calendars/recur"
	"github.com/callhours/callhours/internal/diag"
)

// slipped handles a line whose name may be a misspelling of a property's: it is read where it can
// be no other, and its value is one of that property.
func (r *reader) slipped(l line) {
	name := string(l.name)
	switch of := slipsOf(name); {
	case len(of) == 0:
		var upper [64]byte // "S:TATUS"
		whole, _ := splitName(&upper, append([]byte(name), l.rest[1:min(len(l.rest), 1+len(upper))]...))
		if eventProperties[string(whole)] != unread {
			r.noteSlip(l.number, name+string(l.rest[:1+len(whole)-len(name)]), string(whole))
		}
	case len(of) == 1 && name != "DATE" && l.fits(of[0]):
		l.name = []byte(of[0])
		before := len(r.draft.properties)
		r.collect(l)
		for i := range r.draft.properties[before:] {
			r.draft.properties[before+i].slip = name
		}
	default:
		r.noteSlip(l.number, name, strings.Join(of, " or "))
	}
}

func (r *reader) noteSlip(number int, name, of string) {
	if d := r.draft; len(d.slips) < maxSlips {
		d.slips = append(d.slips, Problem{
			File: r.file, Line: number,
			Message: fmt.Sprintf("%s is no property of an event, and is ignored; did you mean %s?", name, of),
		})
	}
}

// settleSlips reports the misspelt names that are read, and drops what the event says under the
// right name too: then a text is most likely a program's own ("UUID").
func (r *reader) settleSlips() {
	d := r.draft
	if !slices.ContainsFunc(d.properties, func(p property) bool { return p.slip != "" }) {
		return
	}
	said := map[string]bool{}
	for _, p := range d.properties {
		if p.slip == "" {
			said[p.name] = true
		}
	}
	d.properties = slices.DeleteFunc(d.properties, func(p property) bool {
		_, once := onlyOnce[p.name]
		switch {
		case p.slip == "":
			return false
		case said[p.name] && (once || p.name == "RRULE" || p.name == "EXRULE"):
			if eventProperties[p.name] == scheduling || p.name == "STATUS" {
				r.noteSlip(p.line, p.slip, p.name)
			}
			return true
		}
		r.forgive(p.line, p.slip+" is read as "+p.name)
		return false
	})
}

// slipsOf are the properties of an event of which a name that nobody has given is a misspelling.
func slipsOf(name string) (of []string) {
	for property := range eventProperties {
		if diag.IsSlip(name, property) {
			of = append(of, property)
		}
	}
	slices.Sort(of)
	return of
}

// fits reports whether the value of a line is one of a property.
func (l line) fits(property string) bool {
	_, value, ok := valueOf(l.rest)
	text := strings.ToUpper(strings.Trim(string(value), "\"' \t"))
	switch property {
	case "RRULE", "EXRULE":
		return strings.Contains(text, "FREQ=")
	case "DURATION":
		return ok && !looksLikeTime(value) && looksScheduled(value)
	case "DTSTART", "DTEND", "RECURRENCE-ID", "RDATE", "EXDATE", "DTSTAMP", "LAST-MODIFIED":
		return ok && looksLikeTime(value)
	case "TZOFFSETFROM", "TZOFFSETTO":
		_, err := recur.ParseOffset(text)
		return err == nil
	case "STATUS":
		return text == "CANCELED" || slices.Contains(statuses, text)
	case "TRANSP":
		return text == "TRANSPARENT" || text == "OPAQUE"
	case "SEQUENCE":
		return text != "" && strings.Trim(text, "0123456789") == ""
	}
	return text != ""
}
