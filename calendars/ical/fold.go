package ical

import (
	"bytes"

	"github.com/callhours/callhours/calendars/recur"
)

// A fold may stand anywhere in a line (RFC 5545, 3.1), so that an indented line is the rest of the
// one before, whatever it looks like. It is a line of its own only where a calendar could not be
// valid otherwise.

// folding is the state of a line whose rest is being looked for.
type folding struct {
	blanks     []byte // before it
	lastLength int    // bytes of the physical line that comes last so far
	hidden     string // the property that an indented line seems to be which was taken for its rest

	name    string // of the property; "" before it is looked for, and where it is none of properties
	scanned int    // bytes of it in which its value was looked for
	quoted  bool
	begun   bool // its value has begun
}

// typed are the properties whose value never holds a colon and what looks like a property's name
// before it.
var typed = set("BEGIN", "END", "VERSION", "CALSCALE", "METHOD", "DTSTART", "DTEND", "DURATION", "RRULE", "EXRULE",
	"RDATE", "EXDATE",
	"RECURRENCE-ID", "DTSTAMP", "CREATED", "LAST-MODIFIED", "SEQUENCE", "PRIORITY", "STATUS", "TRANSP", "CLASS", "GEO",
	"PERCENT-COMPLETE", "DUE", "COMPLETED", "TRIGGER", "ACTION", "REPEAT", "TZOFFSETFROM", "TZOFFSETTO", "FREEBUSY",
	"REFRESH-INTERVAL", "X-PUBLISHED-TTL", "ACKNOWLEDGED",
	"UID", "TZID", "X-WR-TIMEZONE") // names, in which nobody writes a line

// anyText are those of typed whose values may hold any text all the same.
var anyText = set("BEGIN", "END", "UID", "TZID", "X-WR-TIMEZONE", "GEO")

// properties are those with which a line of its own can begin.
var properties = union(typed,
	set("PRODID", "NAME", "UID", "SUMMARY", "DESCRIPTION", "LOCATION", "CATEGORIES", "COMMENT", "CONTACT",
		"ATTACH", "ATTENDEE", "ORGANIZER", "URL", "SOURCE", "RELATED-TO", "RESOURCES", "REQUEST-STATUS", "IMAGE",
		"COLOR", "CONFERENCE", "TZID",
		"TZNAME", "TZURL", "X-WR-CALNAME", "X-WR-CALDESC", "X-WR-TIMEZONE", "X-LIC-LOCATION",
		"X-MICROSOFT-CDO-BUSYSTATUS"))

func set(names ...string) map[string]bool {
	s := map[string]bool{}
	for _, name := range names {
		s[name] = true
	}
	return s
}

func union(a, b map[string]bool) map[string]bool {
	for name := range a {
		b[name] = true
	}
	return b
}

// isTyped reports whether a line cannot continue with another property: its value has begun and
// never holds one.
func (f *folding) isTyped(text []byte) bool {
	if f.scanned == 0 {
		var upper [64]byte
		name, _ := splitName(&upper, text)
		f.name = string(name)
	}
	for ; f.scanned < len(text) && !f.begun; f.scanned++ {
		switch b := text[f.scanned]; {
		case b == '"':
			f.quoted = !f.quoted
		case b == ':' && !f.quoted:
			f.begun = true
		}
	}
	f.scanned = max(f.scanned, 1)
	return f.begun && typed[f.name]
}

// standsAlone reports whether the indented line that comes next is a line of its own rather than
// the rest of a text: the text takes no such rest, it is indented as the text is, or without it the
// components, or the event, would not be whole.
func (s *scanner) standsAlone(f *folding, text []byte) bool {
	if s.strict {
		return false
	}
	var l line
	var upper [64]byte
	written := s.peek()
	plain := bytes.TrimRight(l.clean(written), " \t")
	l.name, l.rest = splitName(&upper, plain)
	if l.name == nil {
		return false
	}
	known := properties[string(l.name)]
	if rest, alike := bytes.CutPrefix(written, f.blanks); alike && len(f.blanks) > 0 &&
		(known || f.lastLength < foldLength) &&
		bytes.HasPrefix(rest, plain) {
		return true
	}
	_, value, ok := valueOf(l.rest)
	if !known || !ok {
		return false
	}
	if f.isTyped(text) {
		return true
	}
	free := isFreeText([]byte(f.name))
	name := string(l.name)
	switch name {
	case "BEGIN", "END":
		component, _ := l.component()
		if components[component] &&
			(s.completes(name, component) ||
				!free && name == "BEGIN" && s.blockAhead(written[:len(written)-len(l.clean(written))], component)) {
			return true
		}
	case "DTSTART":
		_, err := recur.ParseTime(string(bytes.TrimSpace(value[bytes.LastIndexByte(value, ':')+1:])))
		if err == nil && s.component == "VEVENT" && !s.started && !s.lookAhead().hasStart(len(s.body)) {
			return true
		}
	}
	if !free && f.begun && f.lastLength < foldLength &&
		(eventProperties[name] == textual || name == "BEGIN" || name == "END" || looksScheduled(value)) {
		f.hidden = name
	}
	return false
}

// parents are the components that stand in others only.
var parents = map[string]string{
	"VEVENT": "VCALENDAR", "VALARM": "VEVENT", "STANDARD": "VTIMEZONE",
	"DAYLIGHT": "VTIMEZONE", "VTIMEZONE": "VCALENDAR",
}

// completes reports whether a BEGIN or END has to stand here for the components to be whole: the
// next that is not indented matches with it, and does not without it.
func (s *scanner) completes(name, component string) bool {
	next := s.lookAhead()
	if name == "BEGIN" {
		return s.component != component && (next.name == "END" && next.component == component ||
			next.name == "BEGIN" && parents[next.component] == component && (s.component == "" || s.component == "VCALENDAR"))
	}
	return s.component == component && (next.name == "BEGIN") == (next.component == component)
}

// lookahead is what the lines that are not indented hold, up to the first that begins or ends a
// component.
type lookahead struct {
	found           bool
	left            int    // bytes of the body from that line on; what is here holds until then
	name, component string // of that line; "" at the end of the body
	start           int    // bytes of the body from the last DTSTART before it on; 0: there is none
}

// hasStart reports whether there is a DTSTART where so many bytes of the body are left.
func (a *lookahead) hasStart(left int) bool { return a.start > 0 && a.start < left }

// lookAhead is kept until the line that it found, so that a body is read once.
func (s *scanner) lookAhead() *lookahead {
	if s.lookahead.found && s.lookahead.left < len(s.body) {
		return &s.lookahead
	}
	s.lookahead = lookahead{found: true}
	t := scanner{body: s.body, lineBytes: 1 << 10, strict: true}
	for {
		left := len(t.body)
		l, ok := t.next()
		if !ok {
			return &s.lookahead
		}
		if l.indented { // the one that is asked about, with all that it holds
			t.glued = nil
			continue
		}
		name, component, _ := l.boundary()
		switch {
		case name == "DTSTART":
			s.lookahead.start = left
		case components[component]:
			s.lookahead.left, s.lookahead.name, s.lookahead.component = left, name, component
			return &s.lookahead
		}
	}
}

// blockAhead reports whether a whole component comes that is indented alike: nobody folds a text
// so. It looks at a hundred lines.
func (s *scanner) blockAhead(blanks []byte, component string) bool {
	if parents[component] != s.component && s.component != "" {
		return false
	}
	t := scanner{body: s.body}
	t.readPhysical()
	for n := range 100 {
		rest, alike := bytes.CutPrefix(t.readPhysical(), blanks)
		if !alike {
			return false
		}
		var l line
		l.name, l.rest = t.split(rest)
		if string(l.name) == "END" {
			end, _ := l.component()
			return end == component && n > 0
		}
		if l.name == nil && (len(rest) == 0 || rest[0] != ' ' && rest[0] != '\t') {
			return false
		}
	}
	return false
}
