package ical

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/callhours/callhours/calendars/recur"
	"github.com/callhours/callhours/calendars/zones"
)

// finder finds the zones that one body names, and caches them: a feed names the same few thousands
// of times.
type finder struct {
	*reporter
	body   []byte
	limits Limits

	known       map[zoneName]*time.Location
	unknown     map[zoneName]zones.UnknownError
	definitions map[zoneName]definition // by their names as written; nil before the body was searched for them
	trimmed     map[zoneName]definition // by these without what stands around them
	steps       int                     // taken by the definitions that were worked out
	onsets      int                     // of these
}

// zoneName is a TZID in one of the body's VCALENDARs, counted from 1. Each may define its own zone
// of a name.
type zoneName struct {
	calendar int
	tzid     string
}

// definition is where a VTIMEZONE stands in the body.
type definition struct {
	line     int    // of its BEGIN
	nameLine int    // the line of its TZID
	body     []byte // what follows that line
}

// whyTrimmed reports zones whose names are read without what stands around them.
const whyTrimmed = "blanks and quotes around the name of a time zone are ignored; remove them"

// longestTZID is how many bytes a TZID may have that is looked for outside of the body. IANA's and
// Windows' names are shorter than 80; to look for each of the parts of a long one would take the
// square of its length.
const longestTZID = 256

// maxOnsets bounds the changes of the clocks in all VTIMEZONEs of a body that were worked out: they
// stay in memory.
const maxOnsets = 100_000

// unknownLimit is how many unknown zones a body may name before its other names are not looked up:
// each costs a search on disk.
const unknownLimit = 200

// find resolves a TZID. An IANA name goes before the body's own VTIMEZONE, which is often years out
// of date, and so does a name of Windows; a VTIMEZONE says what any other name means; what then
// remains is guessed, if there is no doubt.
func (f *finder) find(name zoneName, line int) (*time.Location, error) {
	if plain := plainTZID(name.tzid); plain != name.tzid {
		if _, exact := f.exact(name); !exact {
			name.tzid = plain
			f.tolerate(line, whyTrimmed)
		}
	}
	if zone := f.known[name]; zone != nil {
		return zone, nil
	}
	if err, ok := f.unknown[name]; ok {
		return nil, err
	}
	zone, err := f.search(name)
	if zone == nil {
		if f.unknown == nil {
			f.unknown = map[zoneName]zones.UnknownError{}
		}
		if len(f.unknown) < unknownLimit {
			f.unknown[name] = err
		}
		return nil, err
	}
	if f.known == nil {
		f.known = map[zoneName]*time.Location{}
	}
	f.known[name] = zone
	return zone, nil
}

func (f *finder) search(name zoneName) (*time.Location, zones.UnknownError) {
	tzid := name.tzid
	if len(f.unknown) >= unknownLimit {
		return nil, zones.UnknownError{Name: tzid}
	}
	tooLong := len(tzid) > longestTZID
	if !tooLong {
		if zone := zones.Known(tzid); zone != nil {
			return zone, zones.UnknownError{}
		}
	}
	d, defined := f.defined(name)
	if defined {
		zone, err := f.compile(tzid, d)
		if err == nil {
			return zone, zones.UnknownError{}
		}
		return nil,
			zones.UnknownError{
				Name: tzid,
				Why:  fmt.Sprintf("cannot be read from its VTIMEZONE in line %d: %s", d.line, err),
			}
	}
	if tooLong {
		return nil, zones.UnknownError{Name: tzid}
	}
	if zone := zones.Likely(tzid); zone != nil {
		return zone, zones.UnknownError{}
	}
	return nil, zones.Unknown(tzid)
}

// exact is the VTIMEZONE of just that name: in the same VCALENDAR, else the first in the body.
func (f *finder) exact(name zoneName) (definition, bool) {
	f.locate()
	d, ok := f.definitions[name]
	if !ok {
		d, ok = f.definitions[zoneName{0, name.tzid}]
	}
	return d, ok
}

// defined is the VTIMEZONE of that name, also with blanks around it: in the same VCALENDAR, else
// the first in the body.
func (f *finder) defined(name zoneName) (definition, bool) {
	f.locate()
	for _, name := range [2]zoneName{name, {0, name.tzid}} {
		if d, ok := f.definitions[name]; ok {
			return d, true
		}
		if d, ok := f.trimmed[name]; ok {
			f.tolerate(d.nameLine, whyTrimmed)
			return d, true
		}
	}
	return definition{}, false
}

// plainTZID is the name of a zone without what stands around it: blanks and quotes, where it is
// defined and where it is used.
func plainTZID(tzid string) string {
	return strings.TrimFunc(tzid, func(c rune) bool {
		return c == '"' || c == '\'' || unicode.IsSpace(c) || isInvisible(c)
	})
}

// locate notes where the body's VTIMEZONEs stand. It is done for the first name that nothing else
// explains, so that a VTIMEZONE may follow the events that name it.
func (f *finder) locate() {
	if f.definitions != nil {
		return
	}
	f.definitions, f.trimmed = map[zoneName]definition{}, map[zoneName]definition{}
	s := scanner{body: f.body, lineBytes: f.limits.LineBytes}
	calendar := 0
	var here *definition
	for l, ok := s.next(); ok; l, ok = s.next() {
		name, component, _ := l.boundary()
		switch {
		case name == "BEGIN" && component == "VCALENDAR":
			calendar++
			here = nil
		case name == "BEGIN" && component == "VTIMEZONE":
			here = &definition{line: l.number, body: s.body}
		case name == "END" && component == "VTIMEZONE":
			here = nil
		case name == "TZID" && here != nil:
			here.nameLine = l.number
			f.define(calendar, l.property().text(), *here)
		}
	}
}

// define keeps the first definition of a name in a VCALENDAR, and in the body.
func (f *finder) define(calendar int, tzid string, d definition) {
	put := func(in map[zoneName]definition, tzid string) {
		for _, name := range [2]zoneName{{calendar, tzid}, {0, tzid}} {
			if _, twice := in[name]; !twice {
				in[name] = d
			}
		}
	}
	put(f.definitions, tzid)
	if plain := plainTZID(tzid); plain != tzid {
		put(f.trimmed, plain)
	}
}

// unquoted is a TZID as its parameter would have it.
func (p property) unquoted() string { return plainTZID(p.text()) }

// compile works a zone out from its definition.
func (f *finder) compile(tzid string, d definition) (*time.Location, error) {
	observances, location, err := f.observances(d)
	if err != nil {
		return nil, err
	}
	if zone := zones.IANA(location); zone != nil {
		return zone, nil
	}
	allowed := max(0, min(f.limits.Steps, f.limits.CalendarSteps-f.steps))
	steps := &recur.Budget{Left: allowed}
	zone, changes, err := zones.Define(tzid, observances, steps, max(0, min(f.limits.Dates, maxOnsets-f.onsets)))
	f.steps += allowed - max(0, steps.Left)
	f.onsets += changes
	return zone, err
}

// observances reads a definition. location is the IANA name that it says it is a copy of; "" if it
// says nothing.
func (f *finder) observances(d definition) (list []zones.Observance, location string, err error) {
	s := scanner{body: d.body, number: d.line, lineBytes: f.limits.LineBytes}
	var o *zones.Observance
	for l, ok := s.next(); ok; l, ok = s.next() {
		name := string(l.name)
		component, _ := l.component()
		switch {
		case name == "END" && component == "VTIMEZONE":
			if len(list) == 0 {
				err = errors.New("expected a STANDARD or DAYLIGHT in it")
			}
			return list, location, err
		case name == "BEGIN" && (component == "STANDARD" || component == "DAYLIGHT"):
			if len(list) == f.limits.Observances {
				return nil, location, fmt.Errorf("it has more than %d parts (limits.observances)", f.limits.Observances)
			}
			list = append(list, zones.Observance{})
			o = &list[len(list)-1]
		case name == "BEGIN" && slices.Contains([]string{"VTIMEZONE", "VEVENT", "VCALENDAR"}, component):
			// So that definitions without an end are not each read to the end of the body.
			if component == "VEVENT" && len(list) > 0 && list[len(list)-1].To != nil {
				f.tolerate(l.number, "END:VTIMEZONE is missing before BEGIN:VEVENT, and is read as if it were there")
				return list, location, nil
			}
			return nil, location, fmt.Errorf("expected END:VTIMEZONE before BEGIN:%s in line %d", component, l.number)
		case name == "END":
			o = nil
		case name == "X-LIC-LOCATION" || name == "TZID-ALIAS-OF": // libical; RFC 7808, 7.1
			location = l.property().unquoted()
		case o != nil:
			odd, err := setObservance(o, l, f.limits.Dates)
			for _, what := range odd {
				f.tolerate(l.number, what)
			}
			if err != nil {
				return nil, location, fmt.Errorf("line %d: %s: %w", l.number, name, err)
			}
		}
	}
	return nil, location, errors.New("expected END:VTIMEZONE, found the end")
}

func setObservance(o *zones.Observance, l line, dates int) (odd []string, err error) {
	if l, odd = l.correctedZone(); l.name == nil {
		return odd, nil
	}
	l, more := l.tidy()
	odd = append(odd, more...)
	switch string(l.name) {
	case "DTSTART":
		var t recur.Time
		t, err = recur.ParseTime(l.property().value)
		o.Start = &t
	case "TZOFFSETFROM":
		o.From, err = recur.ParseOffset(l.property().value)
	case "TZOFFSETTO":
		o.To, err = recur.ParseOffset(l.property().value)
	case "RRULE":
		r, mended, bad := recur.ParseLenient(l.property().value)
		if err = bad; err == nil {
			o.Rules = append(o.Rules, r)
		}
		if mended != "" {
			odd = append(odd, mended)
		}
	case "RDATE":
		for item := range strings.SplitSeq(l.property().value, ",") {
			first, _, _ := strings.Cut(item, "/")
			s, err := recur.ParseTime(first)
			if err != nil {
				return odd, err
			}
			if o.Dates = append(o.Dates, s); len(o.Dates) > dates {
				return odd, fmt.Errorf("more than %d dates (limits.dates)", dates)
			}
		}
	}
	return odd, err
}
