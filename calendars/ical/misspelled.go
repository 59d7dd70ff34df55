package ical

import (
	"fmt"
	"slices"
	"strings"

	"github.com/callhours/callhours/calendars/recur"
	"github.com/callhours/callhours/internal/diag"
)

// misspelledLine handles a line whose name may be a misspelling of a property's: it is read where
// it can be no other, and its value is one of that property.
func (r *reader) misspelledLine(l line) {
	name := string(l.name)
	switch names := misspelledNames(name); {
	case len(names) == 0:
		var upper [64]byte // "S:TATUS"
		whole, _ := splitName(&upper, append([]byte(name), l.rest[1:min(len(l.rest), 1+len(upper))]...))
		if eventProperties[string(whole)] != unread {
			r.reportMisspelling(l.number, name+string(l.rest[:1+len(whole)-len(name)]), string(whole))
		}
	case len(names) == 1 && name != "DATE" && l.hasValueOf(names[0]):
		l.name = []byte(names[0])
		before := len(r.draft.properties)
		r.collect(l)
		for i := range r.draft.properties[before:] {
			r.draft.properties[before+i].misspelled = name
		}
	default:
		r.reportMisspelling(l.number, name, strings.Join(names, " or "))
	}
}

func (r *reader) reportMisspelling(number int, name, meant string) {
	if d := r.draft; len(d.misspellings) < maxSlips {
		d.misspellings = append(d.misspellings, Problem{
			Line:    number,
			Message: fmt.Sprintf("%s is not a property of an event, and is ignored; did you mean %s?", name, meant),
		})
	}
}

// resolveMisspellings reports the misspelt names that are read, and drops those whose right name
// the event has too: then a text is most likely a program's own ("UUID").
func (r *reader) resolveMisspellings() {
	d := r.draft
	if !slices.ContainsFunc(d.properties, func(p property) bool { return p.misspelled != "" }) {
		return
	}
	given := map[string]bool{}
	for _, p := range d.properties {
		if p.misspelled == "" {
			given[p.name] = true
		}
	}
	d.properties = slices.DeleteFunc(d.properties, func(p property) bool {
		_, once := onlyOnce[p.name]
		switch {
		case p.misspelled == "":
			return false
		case given[p.name] && (once || p.name == "RRULE" || p.name == "EXRULE"):
			if eventProperties[p.name] == scheduling || p.name == "STATUS" {
				r.reportMisspelling(p.line, p.misspelled, p.name)
			}
			return true
		}
		r.tolerate(p.line, p.misspelled+" is read as "+p.name)
		return false
	})
}

// misspelledNames returns the event properties that an unknown name may be a misspelling of.
func misspelledNames(name string) (names []string) {
	for property := range eventProperties {
		if diag.IsSlip(name, property) {
			names = append(names, property)
		}
	}
	slices.Sort(names)
	return names
}

// hasValueOf reports whether the value of a line is one of a property.
func (l line) hasValueOf(property string) bool {
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
