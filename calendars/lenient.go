package calendars

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// What feeds get wrong beyond doubt of what they mean: it is read all the same, and reported once for a body, at the
// first place. Nothing may vanish without a word: a stretch of a body that begins like an event, or that says when
// something takes place (DTSTART), becomes an Event or a Problem at one of its lines.

// leniencies are what was read in spite of how it is written, by what is wrong with it.
type leniencies map[string]*leniency

type leniency struct{ line, lines int }

// forgive notes a line that is read in spite of something.
func (r *reader) forgive(line int, what string) {
	if r.forgiven == nil {
		r.forgiven = leniencies{}
	}
	if l := r.forgiven[what]; l != nil {
		l.lines++
		return
	}
	r.forgiven[what] = &leniency{line: line, lines: 1}
}

// reportForgiven makes Problems of what was forgiven.
func (r *reader) reportForgiven() {
	for _, what := range slices.Sorted(maps.Keys(r.forgiven)) {
		l := r.forgiven[what]
		message := what
		if l.lines > 1 {
			message += fmt.Sprintf(" (%d lines, this is the first)", l.lines)
		}
		r.note(Problem{File: r.file, Line: l.line, Message: message, Harmless: true})
	}
}

// forgiveLine reports what the scanner took off a line.
func (r *reader) forgiveLine(l line) {
	if l.indented {
		r.forgive(l.number, "blanks before a line are ignored; remove them, since they make it part of the line before")
	}
	if l.marked {
		r.forgive(l.number, "a byte order mark or invisible blank before a line is ignored; remove it")
	}
	if l.nuls {
		r.forgive(l.number, "NUL characters are ignored; remove them")
	}
}

// invisible are what editors, web pages and joined files leave before a line: byte order marks, zero-width and
// no-break spaces.
var invisible = [][]byte{[]byte("\ufeff"), []byte("\u200b"), []byte("\u2060"), []byte("\u00a0")}

// clean takes off what stands before a line and is not part of it.
func (l *line) clean(text []byte) []byte {
	for len(text) > 0 {
		switch text[0] {
		case ' ', '\t':
			text, l.indented = text[1:], true
			continue
		case invisible[0][0], invisible[1][0], invisible[3][0]:
			i := slices.IndexFunc(invisible, func(mark []byte) bool { return bytes.HasPrefix(text, mark) })
			if i >= 0 {
				text, l.marked = text[len(invisible[i]):], true
				continue
			}
		}
		break
	}
	return text
}

// standsAlone reports whether the indented line that comes next is a line of its own rather than the rest of the one
// before: it begins or ends a component, says when an event takes place, or is indented as the one before is.
func (s *scanner) standsAlone(blanks []byte) bool {
	var l line
	written := s.peek()
	text := bytes.TrimRight(l.clean(written), " \t")
	l.name, l.rest = (&scanner{}).split(text)
	if rest, alike := bytes.CutPrefix(written, blanks); alike && len(blanks) > 0 && l.name != nil && bytes.HasPrefix(rest, text) {
		return true
	}
	switch name := string(l.name); {
	case name == "BEGIN" || name == "END":
		component, _ := l.component()
		return components[component]
	case eventProperties[name] == scheduling:
		_, value, ok := valueOf(l.rest)
		value = value[bytes.LastIndexByte(value, ':')+1:]
		return ok && (name == "DURATION" || looksLikeTime(value) || bytes.Contains(bytes.ToUpper(value), []byte("FREQ=")))
	}
	return false
}

// freeTexts are properties in which people and programs write whatever they like, pieces of calendars too.
var freeTexts = map[string]bool{"DESCRIPTION": true, "COMMENT": true, "ATTACH": true, "STYLED-DESCRIPTION": true}

// holdsAnother reports whether a line of an event holds a line that says when an event takes place, or begins one, as where
// a line end is missing.
func (l line) holdsAnother() bool {
	if freeTexts[string(l.name)] || bytes.HasPrefix(l.name, []byte("X-")) {
		return false
	}
	if bytes.Contains(l.rest, []byte("BEGIN:VEVENT")) {
		return true
	}
	_, after, found := bytes.Cut(l.rest, []byte("DTSTART"))
	if !found {
		return false
	}
	_, value, ok := valueOf(after)
	return ok && looksLikeTime(value)
}

// looksLikeTime reports whether a value begins like a DATE.
func looksLikeTime(value []byte) bool {
	value = bytes.TrimSpace(value)
	return len(value) >= 8 && len(bytes.Trim(value[:8], "0123456789")) == 0
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

// component is what a BEGIN or END names, in upper case; "" for any other line. odd says what is forgiven, "" for
// nothing: parameters, quotes, or a slip in VEVENT.
func (l line) component() (name, odd string) {
	if name := string(l.name); name != "BEGIN" && name != "END" {
		return "", ""
	}
	_, value, ok := valueOf(l.rest)
	if !ok {
		value = bytes.TrimLeft(l.rest, ":;")
	}
	written := strings.ToUpper(strings.TrimSpace(string(value)))
	name = written
	if l.rest[0] == ';' {
		odd = fmt.Sprintf("%s takes no parameters", l.name)
	}
	if components[name] || len(name) > 16 {
		return name, odd
	}
	if plain := strings.Trim(name, "\"':;,. "); components[plain] {
		name = plain
	} else if isNearly(plain, "VEVENT") {
		name = "VEVENT"
	}
	if name != written {
		odd = fmt.Sprintf("%s:%s is read as %[1]s:%[3]s", l.name, brief(written), name)
	}
	return name, odd
}

// isNearly reports whether a word is another with one slip: a letter too few, too many, wrong, or two in turn.
func isNearly(word, of string) bool {
	if word == of || len(word)+1 < len(of) || len(word) > len(of)+1 || strings.HasPrefix(word, "X-") {
		return false
	}
	start, end := 0, 0
	for start < min(len(word), len(of)) && word[start] == of[start] {
		start++
	}
	for end < min(len(word), len(of))-start && word[len(word)-1-end] == of[len(of)-1-end] {
		end++
	}
	left, right := word[start:len(word)-end], of[start:len(of)-end]
	return len(left) <= 1 && len(right) <= 1 ||
		len(left) == 2 && len(right) == 2 && left[0] == right[1] && left[1] == right[0]
}

// asComponent finds a BEGIN or END of an event in a line that is written as neither: "BEGIN VEVENT", "BEGN:VEVENT",
// "> BEGIN:VEVENT". false where the line is something else.
func (l line) asComponent() (begin, ok bool) {
	const name, longest = "VEVENT", 40
	if n := len(l.rest); n < len(name) || n > longest || !bytes.EqualFold(l.rest[n-len(name):], []byte(name)) {
		return false, false
	}
	letters := strings.Map(func(c rune) rune {
		if 'A' <= c && c <= 'Z' {
			return c
		}
		return -1
	}, strings.ToUpper(string(l.name)+string(l.rest)))
	verb, ok := strings.CutSuffix(letters, name)
	switch {
	case !ok || verb == "":
		return false, false
	case verb == "END":
		return false, true
	}
	return true, verb == "BEGIN" || isNearly(verb, "BEGIN")
}

// dedented is a body without the blanks before each of its lines, where its first two lines say that all of them are
// indented alike, as in a code block. Its lines stay where they are.
func dedented(body []byte) []byte {
	start := body[:len(body)-len(bytes.TrimLeft(body, " \t"))]
	if len(start) == 0 {
		return body
	}
	s := scanner{body: body}
	s.physical()
	if !bytes.HasPrefix(s.peek(), start) {
		return body
	}
	out := make([]byte, 0, len(body))
	for line := range bytes.Lines(body) {
		out = append(out, bytes.TrimPrefix(line, start)...)
	}
	return out
}

// tidy is a line that says when an event takes place, as it was meant: such a line never holds control characters, its
// value neither quotes nor colons. odd are what was wrong with it.
func (l line) tidy() (tidied line, odd []string) {
	isControl := func(c rune) bool { return c < ' ' && c != '\t' || c == 0x7f }
	if bytes.IndexFunc(l.rest, isControl) >= 0 {
		l.rest = bytes.Map(func(c rune) rune {
			if isControl(c) {
				return -1
			}
			return c
		}, l.rest)
		odd = append(odd, "control characters are ignored; remove them")
	}
	_, value, ok := valueOf(l.rest)
	if !ok {
		return l, odd
	}
	if i := bytes.LastIndexByte(value, ':'); i >= 0 && l.rest[0] == ';' {
		end := len(l.rest) - len(value) + i
		l.rest = append(quotedParameters(l.rest[:end]), l.rest[end:]...)
		value = value[i+1:]
		odd = append(odd, "a parameter with a colon needs quotes; the last colon of the line is taken to begin the value")
	}
	if bytes.IndexByte(value, '"') >= 0 {
		unquoted := bytes.ReplaceAll(value, []byte(`"`), nil)
		l.rest = append(bytes.Clone(l.rest[:len(l.rest)-len(value)]), unquoted...)
		odd = append(odd, "quotes in a time or rule are ignored; remove them")
	}
	return l, odd
}

// quotedParameters are parameters as written, each from its semicolon on, with quotes around values that hold a colon.
func quotedParameters(written []byte) []byte {
	var out []byte
	for _, parameter := range bytes.Split(written[1:], []byte(";")) {
		name, value, _ := bytes.Cut(parameter, []byte("="))
		out = append(append(append(out, ';'), name...), '=')
		if bytes.IndexByte(value, ':') >= 0 && bytes.IndexByte(value, '"') < 0 {
			value = slices.Concat([]byte(`"`), value, []byte(`"`))
		}
		out = append(out, value...)
	}
	return out
}
