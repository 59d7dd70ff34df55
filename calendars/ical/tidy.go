package ical

import (
	"bytes"
	"fmt"
	"io"
	"mime/quotedprintable"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/callhours/callhours/calendars/recur"
	"github.com/callhours/callhours/internal/diag"
)

// What times and rules are written like that RFC 5545 does not allow, and that has one meaning
// only. Only what cannot be read as it stands is looked at.

// tidy is a line that says when an event takes place, as it was meant: such a line never holds
// control characters, its value neither quotes nor colons. odd are what was wrong with it.
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
	if !ok && bytes.HasPrefix(bytes.ToUpper(l.rest), []byte(";FREQ=")) {
		l.rest = append([]byte{':'}, l.rest[1:]...)
		odd = append(odd, fmt.Sprintf("a colon is missing after %s, and is read as if it were there", l.name))
		_, value, ok = valueOf(l.rest)
	}
	if i := bytes.LastIndexByte(value, ':'); ok && i >= 0 && l.rest[0] == ';' && looksScheduled(value[i+1:]) {
		end := len(l.rest) - len(value) + i
		if written := quotedParameters(l.rest[:end]); wellFormed(written) {
			l.rest = append(written, l.rest[end:]...)
			value = value[i+1:]
			odd = append(odd,
				"a parameter with a colon needs quotes; the last colon of the line is taken to begin the value")
		}
	}
	if bytes.IndexByte(value, '"') >= 0 {
		unquoted := bytes.ReplaceAll(value, []byte(`"`), nil)
		l.rest = append(bytes.Clone(l.rest[:len(l.rest)-len(value)]), unquoted...)
		odd = append(odd, "quotes in a time or rule are ignored; remove them")
	}
	if string(l.name) == "DURATION" {
		if _, err := recur.ParseDuration(string(value)); err != nil {
			if plain := recur.NormalizeDuration(string(value)); plain != "" {
				odd = append(odd, fmt.Sprintf("the duration %s is read as %s", diag.Quote(string(value)), plain))
				l.rest = append(bytes.Clone(l.rest[:len(l.rest)-len(value)]), plain...)
			}
		}
	}
	if stamped[string(l.name)] {
		if tidied, what := l.tidyTimes(); what != "" {
			return tidied, append(odd, what)
		}
	}
	return l, odd
}

// decodePrintable is a line of text whose value is in the encoding of vCalendar 1.0, without that;
// false where it is none that can be read.
func (l line) decodePrintable(value []byte) (rest []byte, ok bool) {
	head := l.rest[:len(l.rest)-len(value)]
	if len(head) < 2 || !bytes.Contains(bytes.ToUpper(head), []byte("QUOTED-PRINTABLE")) {
		return nil, false
	}
	text, err := io.ReadAll(quotedprintable.NewReader(bytes.NewReader(value)))
	if err != nil || !utf8.Valid(text) {
		return nil, false
	}
	text = bytes.ReplaceAll(bytes.ReplaceAll(text, []byte("\r"), nil), []byte("\n"), []byte(`\n`))
	return slices.Concat(head, text), true
}

// quotedParameters are parameters as written, each from its semicolon on, with quotes around values
// that hold a colon.
func quotedParameters(written []byte) []byte {
	var out []byte
	for parameter := range bytes.SplitSeq(written[1:], []byte(";")) {
		name, value, _ := bytes.Cut(parameter, []byte("="))
		out = append(append(append(out, ';'), name...), '=')
		if bytes.IndexByte(value, ':') >= 0 && bytes.IndexByte(value, '"') < 0 {
			value = slices.Concat([]byte(`"`), value, []byte(`"`))
		}
		out = append(out, value...)
	}
	return out
}

// stamped are the properties whose values are times.
var stamped = set("DTSTART", "DTEND", "RECURRENCE-ID", "RDATE", "EXDATE")

// wellFormed reports whether parameters are each a semicolon, a name, "=" and a value, as
// far as they can be told apart.
func wellFormed(parameters []byte) bool {
	for len(parameters) > 0 {
		if parameters[0] != ';' {
			return false
		}
		name := 1
		for name < len(parameters) && (isNameByte(parameters[name]) || parameters[name] == ' ') {
			name++
		}
		if name == len(parameters) || parameters[name] != '=' || name == 1 || parameters[name-1] == ' ' {
			return false
		}
		quoted := false
		end := name + 1
		for end < len(parameters) && (quoted || parameters[end] != ';') {
			quoted = quoted != (parameters[end] == '"')
			end++
		}
		if quoted {
			return false
		}
		parameters = parameters[end:]
	}
	return true
}

// timesAtEnd fits the times that a line ends with, however they are written, behind all else.
var timesAtEnd = regexp.MustCompile(`(?i)(?:^|[^0-9a-z])(\d{4}-?\d\d-?\d\d(?:[0-9TZPWDHMSUC,/;:.+ -]|\\,)*)$`)

// tidyTimes is a line of times with its parameters and its times as RFC 5545 has them, where they
// are beyond doubt. odd is "" where there is nothing to do or nothing to be sure of.
func (l line) tidyTimes() (tidied line, odd string) {
	_, value, ok := valueOf(l.rest)
	head := l.rest[:len(l.rest)-len(value)]
	ok = ok && wellFormed(head[:len(head)-1])
	if ok && areTimes(value) || len(l.rest) > recur.LongestLenient {
		return l, ""
	}
	times, sure := plainTimes(string(value))
	m := timesAtEnd.FindSubmatchIndex(l.rest)
	switch {
	case ok && (sure || m == nil || m[2] >= len(head) && bytes.IndexByte(value, '=') < 0):
	case m == nil:
		return l, ""
	default: // the value begins elsewhere
		var known bool
		if head, known = looseParameters(l.name, l.rest[:m[2]]); !known {
			return l, ""
		}
		if times, sure = plainTimes(string(l.rest[m[2]:])); !sure {
			return l, ""
		}
	}
	rest := slices.Concat(head, []byte(times))
	if bytes.Equal(rest, l.rest) {
		return l, ""
	}
	name := string(l.name)
	odd = fmt.Sprintf("%s is read as %s", diag.Quote(name+string(l.rest)), diag.Quote(name+string(rest)))
	l.rest = rest
	return l, odd
}

// looseParameters reads what stands between a name and its times as parameters and a colon,
// whatever separates them.
func looseParameters(name, written []byte) (parameters []byte, ok bool) {
	const around = " \t:;,='\""
	var parts [][]byte
	quoted, start := false, 0
	pairs := bytes.Count(written, []byte(`"`))%2 == 0
	for i, b := range written {
		quoted = quoted != (pairs && b == '"')
		if b == ';' && !quoted {
			parts, start = append(parts, written[start:i]), i+1
		}
	}
	for _, part := range append(parts, written[start:]) {
		part = bytes.Trim(part, around)
		if len(part) == 0 || bytes.EqualFold(part, name) {
			continue
		}
		if bytes.EqualFold(part, []byte("DATE")) || bytes.EqualFold(part, []byte("DATE-TIME")) {
			part = append([]byte("VALUE="), part...)
		}
		end := 0
		for end < len(part) && isNameByte(part[end]) {
			end++
		}
		key, value := part[:end], bytes.TrimLeft(part[end:], " \t")
		if len(key) == 0 || len(value) == 0 || value[0] != '=' && value[0] != ':' {
			return nil, false
		}
		value = bytes.ReplaceAll(bytes.Trim(value, around), []byte(`"`), nil)
		if len(value) == 0 {
			return nil, false
		}
		if bytes.ContainsAny(value, ":,;") {
			value = slices.Concat([]byte(`"`), value, []byte(`"`))
		}
		parameters = slices.Concat(parameters, []byte(";"), bytes.ToUpper(key), []byte("="), value)
	}
	return append(parameters, ':'), true
}

// areTimes reports whether a value holds nothing but times, periods, and blanks around them.
func areTimes(value []byte) bool {
	for len(value) > 0 {
		item, rest, _ := bytes.Cut(value, []byte(","))
		first, _, _ := bytes.Cut(item, []byte("/"))
		if item = bytes.TrimSpace(item); len(item) > 0 && !hasShapeOfStamp(bytes.TrimSpace(first)) {
			return false
		}
		value = rest
	}
	return true
}

// plainTimes are times and periods, one after another, as RFC 5545 writes them; those that are
// none, as they are. sure is false where there are such, or none at all.
func plainTimes(text string) (plain string, sure bool) {
	var out []string
	sure = true
	for _, item := range strings.FieldsFunc(strings.ReplaceAll(text, `\,`, ","), func(c rune) bool {
		return c == ',' || c == ';'
	}) {
		if strings.TrimSpace(item) == "" {
			continue
		}
		first, second, period := strings.Cut(item, "/")
		start, end := recur.NormalizeTime(first), ""
		if period {
			end = recur.NormalizeTime(second)
			if _, err := recur.ParseDuration(second); err == nil {
				end = second
			}
		}
		switch {
		case start == "" || period && end == "":
			out, sure = append(out, item), false
		case period:
			out = append(out, start+"/"+end)
		default:
			out = append(out, start)
		}
	}
	return strings.Join(out, ","), sure && len(out) > 0
}

// hasShapeOfStamp reports whether a text has as many digits as a DATE or DATE-TIME, whatever they
// say.
func hasShapeOfStamp(text []byte) bool {
	for i := range len(text) {
		digit := text[i] >= '0' && text[i] <= '9'
		switch {
		case i == 8 && (text[i] == 'T' || text[i] == 't'):
		case i == 15 && len(text) == 16 && (text[i] == 'Z' || text[i] == 'z'):
		case !digit || i == 8 || i > 14:
			return false
		}
	}
	return len(text) == 8 || len(text) == 15 || len(text) == 16
}

// zoneProperties are those that say when an offset comes into force.
var zoneProperties = []string{"DTSTART", "TZOFFSETFROM", "TZOFFSETTO", "RRULE", "RDATE"}

// correctedZone is a line of an observance under the name that is meant. odd says what is
// tolerated, or that the line is ignored.
func (l line) correctedZone() (named line, odd []string) {
	l, what := l.corrected()
	if what != "" {
		odd = append(odd, what)
	}
	written := string(l.name)
	switch name := diag.Correct(written, zoneProperties); {
	case l.name == nil:
		odd = append(odd, "expected a content line such as TZOFFSETTO:+0100 in a VTIMEZONE, found "+
			diag.Quote(string(l.rest))+"; the line is ignored")
	case name != written && l.hasValueOf(name):
		l.name = []byte(name)
		odd = append(odd, written+" is read as "+name)
	}
	return l, odd
}
