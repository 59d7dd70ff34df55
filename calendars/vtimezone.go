package calendars

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/callhours/callhours/calendars/recur"
)

// zones finds the zones that one body names, and keeps what it found: a feed names the same few thousands of times.
type zones struct {
	body   []byte
	limits Limits

	known       map[zoneName]*time.Location
	unknown     map[zoneName]unknownZone
	definitions map[zoneName]definition // by their names as written; nil before the body was searched for them
	trimmed     map[zoneName]definition // by these without what stands around them
	forgive     func(line int, what string)
	steps       int // taken by the definitions that were worked out
	onsets      int // of these
}

// zoneName is a TZID in one of the body's VCALENDARs, counted from 1. Each may define its own zone of a name.
type zoneName struct {
	calendar int
	tzid     string
}

// definition is where a VTIMEZONE stands in the body.
type definition struct {
	line  int    // of its BEGIN
	named int    // the line of its TZID
	body  []byte // what follows that line
}

// blankNames is what is said of zones whose names are read without what stands around them.
const blankNames = "blanks and quotes around the name of a time zone are ignored; remove them"

// longestTZID is how many bytes a TZID may have that is looked for outside of the body. IANA's and Windows' names are
// shorter than 80; to look for each of the parts of a long one would take the square of its length.
const longestTZID = 256

// mostOnsets bounds the changes of the clocks in all VTIMEZONEs of a body that were worked out: they stay in memory.
const mostOnsets = 100_000

// manyUnknown is how many unknown zones a body may name before its other names go unsearched: looking for one costs a
// search on disk.
const manyUnknown = 200

// find resolves a TZID. An IANA name goes before the body's own VTIMEZONE, which is often years out of
// date, and so does a name of Windows; a VTIMEZONE says what any other name means; what then remains is
// guessed, if there is no doubt.
func (z *zones) find(name zoneName, line int) (*time.Location, error) {
	if plain := plainTZID(name.tzid); plain != name.tzid {
		if _, exact := z.exact(name); !exact {
			name.tzid = plain
			z.forgive(line, blankNames)
		}
	}
	if zone := z.known[name]; zone != nil {
		return zone, nil
	}
	if err, ok := z.unknown[name]; ok {
		return nil, err
	}
	zone, err := z.search(name)
	if zone == nil {
		if z.unknown == nil {
			z.unknown = map[zoneName]unknownZone{}
		}
		if len(z.unknown) < manyUnknown {
			z.unknown[name] = err
		}
		return nil, err
	}
	if z.known == nil {
		z.known = map[zoneName]*time.Location{}
	}
	z.known[name] = zone
	return zone, nil
}

func (z *zones) search(name zoneName) (*time.Location, unknownZone) {
	tzid := name.tzid
	if len(z.unknown) >= manyUnknown {
		return nil, unknownZone{name: tzid}
	}
	tooLong := len(tzid) > longestTZID
	if !tooLong {
		for _, find := range []func(string) *time.Location{ianaZone, windowsZone} {
			if zone := find(tzid); zone != nil && explains(tzid) {
				return zone, unknownZone{}
			}
		}
		if zone := prefixedZone(tzid); zone != nil && strings.Contains(zone.String(), "/") {
			return zone, unknownZone{}
		}
	}
	d, defined := z.defined(name)
	if defined {
		zone, err := z.compile(tzid, d)
		if err == nil {
			return zone, unknownZone{}
		}
		return nil,
			unknownZone{name: tzid, why: fmt.Sprintf("is not to be had from its VTIMEZONE in line %d: %s", d.line, err)}
	}
	if tooLong {
		return nil, unknownZone{name: tzid}
	}
	for _, find := range []func(string) *time.Location{ianaZone, prefixedZone, guessZone} {
		if zone := find(tzid); zone != nil {
			return zone, unknownZone{}
		}
	}
	return nil, unknownTo(tzid)
}

// exact is the VTIMEZONE of just that name: in the same VCALENDAR, else the first in the body.
func (z *zones) exact(name zoneName) (definition, bool) {
	z.locate()
	d, ok := z.definitions[name]
	if !ok {
		d, ok = z.definitions[zoneName{0, name.tzid}]
	}
	return d, ok
}

// defined is the VTIMEZONE of that name, also with blanks around it: in the same VCALENDAR, else the first in the body.
func (z *zones) defined(name zoneName) (definition, bool) {
	z.locate()
	for _, name := range [2]zoneName{name, {0, name.tzid}} {
		if d, ok := z.definitions[name]; ok {
			return d, true
		}
		if d, ok := z.trimmed[name]; ok {
			z.forgive(d.named, blankNames)
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

// locate notes where the body's VTIMEZONEs stand. It is done for the first name that nothing else explains, so that a
// VTIMEZONE may follow the events that name it.
func (z *zones) locate() {
	if z.definitions != nil {
		return
	}
	z.definitions, z.trimmed = map[zoneName]definition{}, map[zoneName]definition{}
	s := scanner{body: z.body, lineBytes: z.limits.LineBytes}
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
			here.named = l.number
			z.define(calendar, l.property().text(), *here)
		}
	}
}

// define keeps the first definition of a name in a VCALENDAR, and in the body.
func (z *zones) define(calendar int, tzid string, d definition) {
	put := func(in map[zoneName]definition, tzid string) {
		for _, name := range [2]zoneName{{calendar, tzid}, {0, tzid}} {
			if _, twice := in[name]; !twice {
				in[name] = d
			}
		}
	}
	put(z.definitions, tzid)
	if plain := plainTZID(tzid); plain != tzid {
		put(z.trimmed, plain)
	}
}

// unquoted is a TZID as its parameter would have it.
func (p property) unquoted() string { return plainTZID(p.text()) }

// observance is a STANDARD or DAYLIGHT of a VTIMEZONE (RFC 5545, 3.6.5): when its offset comes into force.
type observance struct {
	start    *recur.Time
	from, to *int64 // seconds east of UTC, before and after
	rules    []*recur.Rule
	dates    []recur.Time
}

// compile works a zone out from its definition.
func (z *zones) compile(tzid string, d definition) (*time.Location, error) {
	observances, location, err := z.observances(d)
	if zone := ianaZone(location); err == nil && zone != nil {
		return zone, nil
	}
	if err != nil {
		return nil, err
	}
	b := &recur.Budget{Left: max(0, min(z.limits.Steps, z.limits.CalendarSteps-z.steps))}
	allowed := b.Left
	defer func() { z.steps += allowed - max(0, b.Left) }()
	var onsets []onset
	most := max(0, min(z.limits.Dates, mostOnsets-z.onsets))
	for i := range observances {
		if onsets, err = observances[i].onsets(onsets, b, most); err != nil {
			return nil, err
		}
	}
	z.onsets += len(onsets)
	return zoneOf(tzid, onsets)
}

// observances reads a definition. location is the IANA name that it says it is a copy of; "" if it says nothing.
func (z *zones) observances(d definition) (list []observance, location string, err error) {
	s := scanner{body: d.body, number: d.line, lineBytes: z.limits.LineBytes}
	var o *observance
	for l, ok := s.next(); ok; l, ok = s.next() {
		name := string(l.name)
		component, _ := l.component()
		switch {
		case name == "END" && component == "VTIMEZONE":
			if len(list) == 0 {
				err = errors.New("want a STANDARD or DAYLIGHT in it")
			}
			return list, location, err
		case name == "BEGIN" && (component == "STANDARD" || component == "DAYLIGHT"):
			if len(list) == z.limits.Observances {
				return nil, location, fmt.Errorf("it has more than %d parts (limits.observances)", z.limits.Observances)
			}
			list = append(list, observance{})
			o = &list[len(list)-1]
		case name == "BEGIN" && slices.Contains([]string{"VTIMEZONE", "VEVENT", "VCALENDAR"}, component):
			// So that definitions without an end are not each read to the end of the body.
			if component == "VEVENT" && len(list) > 0 && list[len(list)-1].to != nil {
				z.forgive(l.number, "END:VTIMEZONE is missing before BEGIN:VEVENT, and is read as if it were there")
				return list, location, nil
			}
			return nil, location, fmt.Errorf("want END:VTIMEZONE before BEGIN:%s in line %d", component, l.number)
		case name == "END":
			o = nil
		case name == "X-LIC-LOCATION" || name == "TZID-ALIAS-OF": // libical; RFC 7808, 7.1
			location = l.property().unquoted()
		case o != nil:
			odd, err := o.set(l, z.limits.Dates)
			for _, what := range odd {
				z.forgive(l.number, what)
			}
			if err != nil {
				return nil, location, fmt.Errorf("line %d: %s: %w", l.number, name, err)
			}
		}
	}
	return nil, location, errors.New("want END:VTIMEZONE, found the end")
}

func (o *observance) set(l line, dates int) (odd []string, err error) {
	if l, odd = l.ofZone(); l.name == nil {
		return odd, nil
	}
	l, more := l.tidy()
	odd = append(odd, more...)
	switch string(l.name) {
	case "DTSTART":
		var t recur.Time
		t, err = recur.ParseTime(l.property().value)
		o.start = &t
	case "TZOFFSETFROM":
		o.from, err = recur.ParseOffset(l.property().value)
	case "TZOFFSETTO":
		o.to, err = recur.ParseOffset(l.property().value)
	case "RRULE":
		r, mended, bad := recur.ParseLenient(l.property().value)
		if err = bad; err == nil {
			o.rules = append(o.rules, r)
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
			if o.dates = append(o.dates, s); len(o.dates) > dates {
				return odd, fmt.Errorf("more than %d dates (limits.dates)", dates)
			}
		}
	}
	return odd, err
}

// onset is when an offset comes into force.
type onset struct {
	at       int64
	from, to int64 // the offsets before and after
}

// firstOnset and lastOnset bound how far a VTIMEZONE's rules are followed, as civil time. Outlook's begin in 1601.
var (
	firstOnset = recur.Civil(1900, 1, 1)
	lastOnset  = recur.Civil(2200, 1, 1)
)

// onsets appends when the observance comes into force.
func (o *observance) onsets(dst []onset, b *recur.Budget, most int) ([]onset, error) {
	switch {
	case o.start == nil:
		return nil, errors.New("DTSTART is missing")
	case o.to == nil:
		return nil, errors.New("TZOFFSETTO is missing")
	}
	if o.from == nil {
		o.from = o.to
	}
	add := func(civil int64) {
		dst = append(dst, onset{at: civil - *o.from, from: *o.from, to: *o.to})
	}
	start := o.start.Civil
	before := len(dst)
	for _, s := range o.dates {
		if s.Form == recur.UTC {
			s.Civil += *o.from
		}
		add(s.Civil)
	}
	for _, r := range o.rules {
		to := lastOnset
		if u := r.Until; u != nil {
			switch u.Form {
			case recur.UTC: // 3.6.5 wants it so
				to = min(to, u.Civil+*o.from+1)
			case recur.Date:
				to = min(to, u.Civil+recur.Day)
			default:
				to = min(to, u.Civil+1)
			}
		}
		for civil := range r.Anchor(start).Starts(start, firstOnset, to, b) {
			if add(civil); len(dst) > most {
				return nil, fmt.Errorf("the clocks change more than %d times (limits.dates)", most)
			}
		}
		if b.Over() {
			return nil, errors.New("its rules take too many steps (limits.steps)")
		}
	}
	// DTSTART is an onset of its own (3.6.5) without a rule, where the rule names it, and where the rules name
	// nothing: UNTIL before DTSTART, the 30th of February. Else it is none: Outlook's rules begin on New Year's Day
	// of 1601, when no clock was changed.
	if len(o.rules) == 0 || len(dst) == before {
		add(start)
	}
	return dst, nil
}

// zoneOf makes a zone of its changes. Before the first, the offset is the one that it changes from.
func zoneOf(name string, onsets []onset) (*time.Location, error) {
	if len(onsets) == 0 {
		return nil, errors.New("nothing in it says when an offset begins")
	}
	slices.SortStableFunc(onsets, func(a, b onset) int { return cmp.Compare(a.at, b.at) })
	// The first is used by no change, which is how it is known as the one before them.
	offsets := []int64{onsets[0].from}
	indexes := make([]byte, len(onsets))
	for i, o := range onsets {
		k := slices.Index(offsets[1:], o.to) + 1
		if k == 0 {
			if k = len(offsets); k > math.MaxUint8 {
				return nil, fmt.Errorf("it has more than %d offsets", math.MaxUint8)
			}
			offsets = append(offsets, o.to)
		}
		indexes[i] = byte(k)
	}
	return time.LoadLocationFromTZData(name, compiled(onsets, indexes, offsets))
}

// compiled writes a zone in the form that time.LoadLocationFromTZData reads (RFC 9636, version 2). Nobody asks these
// zones for abbreviations or for what is daylight saving time, so they have neither.
func compiled(onsets []onset, indexes []byte, offsets []int64) []byte {
	header := func(times, kinds int) []byte {
		h := append([]byte("TZif2"), make([]byte, 15+12)...)
		for _, n := range [3]int{times, kinds, 1} {
			h = binary.BigEndian.AppendUint32(h, uint32(n))
		}
		return h
	}
	noName := byte(0)
	// The data of version 1 come first, and only have to be there: one offset, and the end of its name.
	out := append(header(0, 1), 0, 0, 0, 0, 0, 0, noName)
	out = append(out, header(len(onsets), len(offsets))...)
	for _, o := range onsets {
		out = binary.BigEndian.AppendUint64(out, uint64(o.at))
	}
	out = append(out, indexes...)
	for _, offset := range offsets {
		out = append(binary.BigEndian.AppendUint32(out, uint32(int32(offset))), 0, 0)
	}
	return append(out, noName, '\n', '\n')
}
