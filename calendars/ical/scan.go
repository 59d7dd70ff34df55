package ical

import (
	"bytes"
	"errors"
	"fmt"
)

// What Read can find wrong with a body as a whole; use errors.Is.
var (
	ErrNotCalendar = errors.New("not a calendar")
	ErrTruncated   = errors.New("truncated")
	ErrTooBig      = errors.New("too big")
)

// Limits bound what a body and its events may cost, in package calendars too: in amounts rather
// than in time, so that the same body meets the same end everywhere. A zero field is its default.
type Limits struct {
	// Over these the body is refused with ErrTooBig.
	Bytes  int // of the body; 16 MiB
	Lines  int // before unfolding; 1,000,000
	Events int // VEVENT components; 100,000

	// Over these an event is left out and becomes a Problem. A text (SUMMARY, DESCRIPTION …) over
	// LineBytes is cut.
	LineBytes      int // of an unfolded line; 64 KiB
	Params         int // parameter values of a property; 16
	Nesting        int // components within components; 8
	Overrides      int // RECURRENCE-IDs of a series; 10,000
	Dates          int // EXDATEs and RDATEs of an event; 10,000. Changes of the clocks in a VTIMEZONE
	Observances    int // STANDARD and DAYLIGHT parts of a VTIMEZONE; 1,000
	Steps          int // of one rule in one Compile (see docs/calendars.md); 1,000,000
	EventInstances int // occurrences of a series in one Compile; 20,000

	// What all events of a calendar may use in one Compile. The events that come when it is used up
	// are left out and become Problems.
	CalendarSteps int // 20,000,000
	Instances     int // 1,000,000
}

// MaxInstances is how many occurrences all events of a calendar may have; never less than the
// default.
func (l Limits) MaxInstances() int {
	return max(l.WithDefaults().Instances, Limits{}.WithDefaults().Instances)
}

// WithDefaults are the limits with the default in place of each field that is zero.
func (l Limits) WithDefaults() Limits {
	for _, field := range []struct {
		value    *int
		standard int
	}{
		{&l.Bytes, 16 << 20},
		{&l.Lines, 1_000_000},
		{&l.Events, 100_000},
		{&l.LineBytes, 64 << 10},
		{&l.Params, 16},
		{&l.Nesting, 8},
		{&l.Overrides, 10_000},
		{&l.Dates, 10_000},
		{&l.Observances, 1_000},
		{&l.Steps, 1_000_000},
		{&l.EventInstances, 20_000},
		{&l.CalendarSteps, 20_000_000},
		{&l.Instances, 1_000_000},
	} {
		if *field.value <= 0 {
			*field.value = field.standard
		}
	}
	return l
}

// line is an unfolded content line (RFC 5545, 3.1).
type line struct {
	number int    // of its first line in the body, from 1
	name   []byte // upper case; nil where the line is no content line
	rest   []byte // from the semicolon or colon after the name; the whole line where there is no name
	cut    bool   // it was longer than the limit

	indented bool   // blanks before it were removed
	marked   bool   // byte order marks or invisible blanks before it were removed
	nuls     bool   // NUL characters in it were removed
	glued    bool   // another line followed it without a line end, and comes next
	hidden   string // the property that an indented line seems to be which was read as its rest; "" for none
}

// property is the line as a property.
func (l line) property() property {
	_, value, _ := valueOf(l.rest)
	return newProperty(l, string(l.name), len(value))
}

// scanner splits a body into content lines. It is one pass over the bytes and accepts any line end.
// A line's bytes are valid until the next call.
type scanner struct {
	body      []byte
	number    int // lines begun
	lineBytes int
	unfolded  []byte
	upper     [64]byte
	glued     []byte // what follows on its line a BEGIN or END, or a value that holds no other line

	strict bool // no indented line stands alone

	component string // the component in which the lines stand, as far as whoever reads them says so
	started   bool   // it has a DTSTART

	lookahead lookahead
}

// foldLength is how long a line is at least, in bytes, before programs fold it; RFC 5545, 3.1,
// wants 75.
const foldLength = 60

// next is the next line that is not blank; false at the end of the body.
func (s *scanner) next() (line, bool) {
	var text []byte
	if s.glued != nil {
		text, s.glued = s.glued, nil
		return s.splitGlued(line{number: s.number}, text), true
	}
	for len(bytes.TrimSpace(text)) == 0 {
		if len(s.body) == 0 {
			return line{}, false
		}
		text = s.readPhysical()
	}
	l := line{number: s.number}
	f := folding{blanks: text}
	text = l.clean(text)
	f.blanks = f.blanks[:len(f.blanks)-len(text)]
	f.lastLength = len(text)
	unfolded := false
	for s.continues() && !s.standsAlone(&f, text) {
		more := s.readPhysical()
		f.lastLength = len(more)
		if !unfolded {
			s.unfolded, unfolded = append(s.unfolded[:0], text...), true
		}
		if len(s.unfolded) <= s.lineBytes {
			s.unfolded = append(s.unfolded, more[1:]...)
		}
		text = s.unfolded
	}
	if bytes.IndexByte(text, 0) >= 0 {
		text, l.nuls = bytes.ReplaceAll(text, []byte{0}, nil), true
	}
	if len(text) > s.lineBytes {
		text, l.cut = cutRune(text, s.lineBytes), true
	}
	l.hidden = f.hidden
	return s.splitGlued(l, text), true
}

// splitGlued splits a line in two where the line break between them is missing, after a BEGIN or END
// or after a value that cannot contain the rest. The second line is read next.
func (s *scanner) splitGlued(l line, text []byte) line {
	l.name, l.rest = s.split(text)
	if string(l.name) == "TZID" { // the blanks at its end can tell a name from another
		l.rest = text[len(l.name):]
	}
	if name := string(l.name); name != "BEGIN" && name != "END" {
		if !typed[name] || anyText[name] {
			return l
		}
		_, value, _ := valueOf(l.rest)
		if start := gluedLine(value); start > 0 {
			s.glued, l.glued = value[start:], true
			l.rest = bytes.TrimRight(bytes.TrimSuffix(l.rest[:len(l.rest)-len(value)+start], []byte(`\n`)), " \t,;")
		}
		return l
	}
	if l.rest[0] != ':' {
		return l
	}
	value := bytes.TrimLeft(l.rest[1:], " \t")
	for component := range components {
		if len(value) <= len(component) || !bytes.EqualFold(value[:len(component)], []byte(component)) {
			continue
		}
		var upper [64]byte
		more := value[len(component):]
		name, rest := splitName(&upper, more)
		if _, _, ok := valueOf(rest); ok && properties[string(name)] {
			l.rest, l.glued = l.rest[:len(l.rest)-len(more)], true
			s.glued = more
		}
	}
	return l
}

// peek is the line that comes next, without its end. It reads no more than a few times as much as
// the line is long, so that a body without LFs takes linear time too.
func (s *scanner) peek() []byte {
	for size := 128; ; size *= 4 {
		part := s.body[:min(size, len(s.body))]
		end := bytes.IndexByte(part, '\n')
		found := end >= 0 || len(part) == len(s.body)
		if end < 0 {
			end = len(part)
		}
		if cr := bytes.IndexByte(part[:end], '\r'); cr >= 0 {
			end, found = cr, true
		}
		if found {
			return part[:end]
		}
	}
}

// readPhysical reads one line, without its end, off the body.
func (s *scanner) readPhysical() []byte {
	s.number++
	text := s.peek()
	s.body = s.body[len(text):]
	if len(s.body) > 0 && s.body[0] == '\r' {
		s.body = s.body[1:]
	}
	if len(s.body) > 0 && s.body[0] == '\n' {
		s.body = s.body[1:]
	}
	return text
}

// continues reports whether what follows belongs to the line before: it begins with a blank. Empty
// lines between are skipped; they come from line ends that were converted twice.
func (s *scanner) continues() bool {
	for len(s.body) > 0 && (s.body[0] == '\r' || s.body[0] == '\n') {
		s.readPhysical()
	}
	return len(s.body) > 0 && (s.body[0] == ' ' || s.body[0] == '\t')
}

// split finds the name of a content line.
func (s *scanner) split(text []byte) (name, rest []byte) { return splitName(&s.upper, text) }

// splitName is split with a place for the name.
func splitName(upper *[64]byte, text []byte) (name, rest []byte) {
	text = bytes.TrimRight(text, " \t")
	end := bytes.IndexAny(text[:min(len(text), len(upper)+1)], ":;")
	if end <= 0 {
		return nil, text
	}
	for i, b := range text[:end] {
		if 'a' <= b && b <= 'z' {
			b -= 'a' - 'A'
		}
		if !isNameByte(b) {
			return nil, text
		}
		upper[i] = b
	}
	return upper[:end], text[end:]
}

// isNameByte reports whether a name may hold it.
func isNameByte(b byte) bool {
	return 'A' <= b && b <= 'Z' || 'a' <= b && b <= 'z' || '0' <= b && b <= '9' || b == '-'
}

// valueOf splits what follows a name into the number of parameter values and the value as written;
// false where there is no value.
func valueOf(rest []byte) (params int, value []byte, ok bool) {
	quoted := false
	for i, b := range rest {
		switch {
		case b == '"':
			quoted = !quoted
		case quoted:
		case b == ':':
			return params, rest[i+1:], true
		case b == ';' || b == ',':
			params++
		}
	}
	return params, nil, false
}

// TooBig names the limit by its key in the configuration, as every message about one does.
func TooBig(where string, limit int, what string) error {
	return fmt.Errorf("%w: %smore than %d %s (limits.%[4]s)", ErrTooBig, where, limit, what)
}
