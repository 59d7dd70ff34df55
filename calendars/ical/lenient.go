package ical

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/callhours/callhours/internal/diag"
)

// What feeds get wrong beyond doubt of what they mean: it is read all the same, and reported once
// for a body, at the first place. Nothing may vanish without a word: a stretch of a body that
// begins like an event, or that says when something takes place (DTSTART), becomes an Event or a
// Problem at one of its lines.

// checkLine reports what the scanner took off a line.
func (r *reader) checkLine(l line) {
	if l.indented {
		r.tolerate(l.number, "blanks before a line are ignored; remove them, since they make it part of the line before")
	}
	if l.marked {
		r.tolerate(l.number, "a byte order mark or invisible blank before a line is ignored; remove it")
	}
	if l.nuls {
		r.tolerate(l.number, "NUL characters are ignored; remove them")
	}
	if l.glued {
		r.tolerate(l.number, "a line follows another without a line end, and is read as one; add the line end")
	}
	if l.hidden != "" {
		r.tolerate(l.number, "an indented line that begins like "+l.hidden+
			" is read as the rest of the line before, as RFC 5545 requires; "+
			"remove the blanks before it if it is a line of its own")
	}
}

// isInvisible reports whether a character is one that editors, web pages and joined files leave
// before a line: a byte order mark, a zero-width space or a blank of any width.
func isInvisible(c rune) bool {
	return c == '\ufeff' || c == '\u200b' || c == '\u2060' || c > 0x7f && unicode.IsSpace(c)
}

// misreadMark is a byte order mark that a program took for Latin letters.
const misreadMark = "ï»¿"

// clean takes off what stands before a line and is not part of it.
func (l *line) clean(text []byte) []byte {
	for len(text) > 0 {
		c, size := rune(text[0]), 1
		if c >= utf8.RuneSelf {
			c, size = utf8.DecodeRune(text)
		}
		switch {
		case c == ' ' || c == '\t':
			l.indented = true
		case isInvisible(c):
			l.marked = true
		case c == 'ï' && bytes.HasPrefix(text, []byte(misreadMark)):
			l.marked, size = true, len(misreadMark)
		default:
			return text
		}
		text = text[size:]
	}
	return text
}

// freeTexts are properties in which people and programs write whatever they like, pieces of
// calendars too.
var freeTexts = map[string]bool{"DESCRIPTION": true, "COMMENT": true, "ATTACH": true, "STYLED-DESCRIPTION": true}

// corrected is a line whose name stands behind a group's or before a blank, or has something else
// in place of the colon or semicolon, with that put right: "item1.SUMMARY:", "STATUS :CANCELLED",
// "RRULE=FREQ=", "DTSTART,TZID=". odd is "" where it is another.
func (l line) corrected() (named line, odd string) {
	if l.name != nil {
		return l, ""
	}
	end := 0
	for end < len(l.rest) && (isNameByte(l.rest[end]) || l.rest[end] == '.') {
		end++
	}
	name := bytes.ToUpper(l.rest[bytes.LastIndexByte(l.rest[:end], '.')+1 : end])
	rest := bytes.TrimLeft(l.rest[end:], " \t")
	use := eventProperties[string(name)]
	if use == unread || len(rest) == 0 {
		return l, ""
	}
	after := end + 1
	if rest[0] != ':' && rest[0] != ';' {
		value := bytes.TrimLeft(rest, "=, \t")
		switch {
		case use != scheduling || len(value) == len(rest) && l.rest[end] != ' ' && l.rest[end] != '\t':
			return l, ""
		case looksScheduled(value) && !stamped[string(name)] || looksLikeTime(value):
			rest = append([]byte{':'}, value...)
		case stamped[string(name)] && bytes.IndexByte(value, '=') > 0 && timesAtEnd.Match(value):
			rest = append([]byte{';'}, value...)
		default:
			return l, ""
		}
	} else {
		after = len(l.rest) - len(rest) + 1
	}
	odd = fmt.Sprintf("%s is read as %s%c", diag.Quote(string(l.rest[:after])), name, rest[0])
	l.name, l.rest = name, rest
	return l, odd
}

// isGiven reports whether a name is one of RFC 5545 or one that a program may have given.
func isGiven(name []byte) bool {
	return properties[string(name)] || bytes.HasPrefix(name, []byte("X-"))
}

// isFreeText reports whether a property is one of freeTexts, or a text of some program's own like
// them.
func isFreeText(name []byte) bool {
	return freeTexts[string(name)] || bytes.HasPrefix(name, []byte("X-")) && bytes.Contains(name, []byte("DESC"))
}

// anotherNames are those of lines that containsLine looks for.
var anotherNames = []string{
	"DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXDATE", "RECURRENCE-ID", "STATUS", "TRANSP", "SEQUENCE",
	"DTSTAMP", "LAST-MODIFIED", "CREATED", "SUMMARY", "LOCATION", "CATEGORIES",
}

// anotherByLetter are indices of anotherNames by the first letter: one pass over a line looks for
// all.
var anotherByLetter = func() (by [26][]int) {
	for k, name := range anotherNames {
		by[name[0]-'A'] = append(by[name[0]-'A'], k)
	}
	return by
}()

// containsLine reports whether a line of an event holds a line that says when an event takes place,
// or begins one, as where a line end is missing.
func (l line) containsLine() bool {
	if isFreeText(l.name) || bytes.HasPrefix(l.name, []byte("X-")) ||
		l.name != nil && bytes.IndexByte(l.rest[1:], ':') < 0 {
		return false
	}
	if l.gluedTo("BEGIN:VEVENT") >= 0 {
		return true
	}
	if l.name == nil || l.hidden != "" { // what else is wrong with it is said already
		return l.gluedTo("DTSTART") >= 0
	}
	met := uint(0) // of anotherNames: each counts where it stands first
	for i, b := range l.rest {
		if b < 'A' || b > 'Z' {
			continue
		}
		for _, k := range anotherByLetter[b-'A'] {
			name := anotherNames[k]
			if met&(1<<k) != 0 || !bytes.HasPrefix(l.rest[i:], []byte(name)) {
				continue
			}
			met |= 1 << k
			if name == string(l.name) || l.isSpaced(i) || !(line{rest: l.rest[i+len(name):]}).hasValueOf(name) {
				continue
			}
			anything := name == "SUMMARY" || name == "LOCATION" || name == "CATEGORIES"
			if !anything || i > 0 && (l.rest[i-1] < 'A' || l.rest[i-1] > 'Z') { // not "NEWLOCATION:"
				return true
			}
		}
	}
	return false
}

// gluedLine is where another line begins in a value that holds none, as where a line end is
// missing: "20260107T090000ZUID:7"; 0: nowhere.
func gluedLine(value []byte) int {
	const longest = 32 // of a name
	colon := bytes.IndexByte(value, ':')
	for end := 1; end <= colon; end++ {
		if value[end] != ':' && value[end] != ';' {
			continue
		}
		start := end
		for start > max(1, end-longest) && isNameByte(value[start-1]) {
			start--
		}
		for ; start < end-2; start++ {
			if properties[string(value[start:end])] {
				return start
			}
		}
	}
	return 0
}

// gluedTo is where a word stands in a line, in a text without a blank before it; -1: nowhere.
func (l line) gluedTo(word string) int {
	i := bytes.Index(l.rest, []byte(word))
	if l.isSpaced(i) {
		return -1
	}
	return i
}

// isSpaced reports whether what stands at a place in a text is a word of its own.
func (l line) isSpaced(i int) bool {
	return i > 0 && !isNameByte(l.rest[i-1]) && properties[string(l.name)] && !typed[string(l.name)]
}

// looksLikeTime reports whether a value begins like a DATE.
func looksLikeTime(value []byte) bool {
	value = bytes.TrimSpace(value)
	return len(value) >= 8 && len(bytes.Trim(value[:8], "0123456789")) == 0
}

// looksScheduled reports whether a value begins like a date, a duration or a rule.
func looksScheduled(value []byte) bool {
	value = bytes.ToUpper(bytes.Trim(value, `" `+"\t"))
	sign := bytes.TrimLeft(value, "+-")
	return looksLikeTime(value) ||
		len(sign) > 1 && sign[0] == 'P' && bytes.IndexByte([]byte("T0123456789"), sign[1]) >= 0 ||
		bytes.Contains(value, []byte("FREQ="))
}

// components are those of RFC 5545, 7953, 7808 and 9073 that feeds have.
var components = map[string]bool{
	"VCALENDAR": true, "VEVENT": true, "VTODO": true, "VJOURNAL": true, "VFREEBUSY": true, "VTIMEZONE": true,
	"STANDARD": true, "DAYLIGHT": true, "VALARM": true, "VAVAILABILITY": true, "AVAILABLE": true,
	"PARTICIPANT": true, "VLOCATION": true, "VRESOURCE": true,
}

// timed are the components in which a DTSTART speaks of something else than an event.
var timed = map[string]bool{
	"VTODO": true, "VJOURNAL": true, "VFREEBUSY": true, "VTIMEZONE": true, "STANDARD": true, "DAYLIGHT": true,
	"VAVAILABILITY": true, "AVAILABLE": true, "VPOLL": true,
}

// component is what a BEGIN or END names, in upper case; "" for any other line. odd says what is
// forgiven, "" for nothing: parameters, quotes, or a slip in VEVENT.
func (l line) component() (name, odd string) {
	if name := string(l.name); name != "BEGIN" && name != "END" {
		return "", ""
	}
	_, value, ok := valueOf(l.rest)
	if !ok {
		value = bytes.TrimLeft(l.rest, ":;")
	}
	written := strings.ToUpper(string(value))
	name = strings.TrimSpace(written)
	switch {
	case l.rest[0] == ';':
		odd = fmt.Sprintf("%s takes no parameters", l.name)
	case len(name) != len(written):
		odd = fmt.Sprintf("blanks around the name after %s are ignored; remove them", l.name)
	}
	if first, _, _ := strings.Cut(name, " "); components[name] || len(name) > 16 && !components[first] {
		return name, odd
	}
	written = name
	if first, _, more := strings.Cut(name, " "); more && components[first] && !strings.Contains(name, ":") {
		return first, fmt.Sprintf("%s:%s is read as %[1]s:%[3]s", l.name, diag.Brief(written), first)
	}
	name = componentNear(strings.Trim(name, "\"':;,. "), name)
	if name != written {
		odd = fmt.Sprintf("%s:%s is read as %[1]s:%[3]s", l.name, diag.Brief(written), name)
	}
	return name, odd
}

// boundary is what a line begins or ends: name is BEGIN or END, and component which, in upper case.
// For any other line it is the line's own name, and component is "". odd says what is tolerated.
func (l line) boundary() (name, component, odd string) {
	name = string(l.name)
	if component, odd = l.component(); component != "" {
		return name, component, odd
	}
	component, begin := l.misspelledBoundary()
	if component == "" {
		return name, "", odd
	}
	if name = "END"; begin {
		name = "BEGIN"
	}
	return name, component,
		fmt.Sprintf("%s is read as %s:%s", diag.Quote(string(l.name)+string(l.rest)), name, component)
}

// componentNear is the component that a word is, or is with one slip; otherwise if it is none.
func componentNear(word, otherwise string) string {
	if components[word] {
		return word
	}
	for _, name := range slices.Sorted(maps.Keys(components)) {
		if diag.IsSlip(word, name) {
			return name
		}
	}
	return otherwise
}

// misspelledBoundary finds a BEGIN or END of an event, an alarm or a calendar in a line that is
// written as neither: "BEGIN VEVENT", "BEGN:VEVENT", "> BEGIN:VEVENT". name is "" where the line is
// something else.
func (l line) misspelledBoundary() (name string, begin bool) {
	const longest = 40
	if len(l.rest) > longest || bytes.HasPrefix(l.name, []byte("X-")) {
		return "", false
	}
	for _, component := range [...]string{"VEVENT", "VCALENDAR", "VALARM"} {
		if n := len(l.rest) - len(component); n >= 0 && bytes.EqualFold(l.rest[n:], []byte(component)) {
			name = component
		}
	}
	if name == "" {
		return "", false
	}
	letters := strings.Map(func(c rune) rune {
		if 'A' <= c && c <= 'Z' {
			return c
		}
		return -1
	}, strings.ToUpper(string(l.name)+string(l.rest)))
	verb, ok := strings.CutSuffix(letters, name)
	switch {
	case !ok:
	case verb == "END" || l.name != nil && diag.IsSlip(verb, "END"):
		return name, false
	case verb == "BEGIN" || diag.IsSlip(verb, "BEGIN"):
		return name, true
	}
	return "", false
}

// dedented is a body without the blanks before each of its lines, where its first two lines say
// that all of them are indented alike, as in a code block. Its lines stay where they are.
func dedented(body []byte) []byte {
	start := body[:len(body)-len(bytes.TrimLeft(body, " \t"))]
	if len(start) == 0 {
		return body
	}
	s := scanner{body: body}
	s.readPhysical()
	if !bytes.HasPrefix(s.peek(), start) {
		return body
	}
	out := make([]byte, 0, len(body))
	for line := range bytes.Lines(body) {
		out = append(out, bytes.TrimPrefix(line, start)...)
	}
	return out
}
