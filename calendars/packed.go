package calendars

import (
	"encoding/binary"
	"errors"
	"slices"
	"time"

	"github.com/callhours/callhours/calendars/ical"
	"github.com/callhours/callhours/calendars/recur"
)

// The events of a Calendar are kept packed: one text, in which an event of an office takes a
// hundred bytes, where the Events with all that belongs to them take five times as many. They are
// unpacked for as long as they are looked at. Their texts are then parts of the packed one.
//
// What is packed is also what is written to disk (see compiled.go). Numbers are varints, texts have
// their length before them.

// An event begins with bits that say which of its parts follow.
const (
	isTentative = 1 << iota
	isTransparent
	isRecurring
	isCancelled
	isOnwards
	isHidden
	isDated
	hasDescription
	hasLocation
	hasCategories
	hasFile
	hasVersion
	hasEnd
	hasDuration
	hasReplaces
	hasRules
	hasExclusions
	hasDates
	hasExceptions
	hasNames

	unusedBits
)

// packer packs events.
type packer struct {
	out   []byte
	zones []*time.Location
	index map[*time.Location]int
}

// pack packs what was read, and tells each event where it stands.
func pack(components []*Event, unread []ical.Problem) (packed string, zones []*time.Location) {
	p := packer{index: map[*time.Location]int{}}
	p.uvarint(len(components))
	p.uvarint(len(unread))
	for _, problem := range unread {
		p.problem(problem)
	}
	for _, e := range components {
		e.place = len(p.out)
		p.event(e)
	}
	return string(p.out), p.zones
}

func (p *packer) uvarint(n int)  { p.out = binary.AppendUvarint(p.out, uint64(n)) }
func (p *packer) varint(n int64) { p.out = binary.AppendVarint(p.out, n) }

func (p *packer) text(s string) {
	p.uvarint(len(s))
	p.out = append(p.out, s...)
}

func (p *packer) problem(q ical.Problem) {
	p.text(q.File)
	p.uvarint(q.Line)
	p.text(q.UID)
	p.text(q.Property)
	p.text(q.Message)
	harmless := 0
	if q.Harmless {
		harmless = 1
	}
	p.uvarint(harmless)
}

func (p *packer) event(e *Event) {
	parts := 0
	for i, is := range [...]bool{ // in the order of the bits
		e.Tentative, e.Transparent, e.Recurring, e.Cancelled, e.Onwards, e.hidden, e.Dated,
		e.Description != "", e.Location != "", len(e.Categories) > 0, e.File != "", e.Sequence != 0 || e.Modified != 0,
		e.End != nil, e.Duration != (recur.Duration{}), e.Replaces != nil,
		len(e.Rules) > 0, len(e.Exclusions) > 0, len(e.Dates) > 0, len(e.Exceptions) > 0, len(e.Names) > 0,
	} {
		if is {
			parts |= 1 << i
		}
	}
	p.uvarint(parts)
	p.uvarint(e.Line)
	p.text(e.UID)
	p.text(e.Summary)
	p.time(e.Start)
	if parts&hasEnd != 0 {
		p.time(*e.End)
	}
	if parts&hasDuration != 0 {
		p.duration(e.Duration)
	}
	if parts&hasVersion != 0 {
		p.varint(int64(e.Sequence))
		p.varint(e.Modified)
	}
	if parts&hasDescription != 0 {
		p.text(e.Description)
	}
	if parts&hasLocation != 0 {
		p.text(e.Location)
	}
	if parts&hasCategories != 0 {
		p.uvarint(len(e.Categories))
		for _, c := range e.Categories {
			p.text(c)
		}
	}
	if parts&hasFile != 0 {
		p.text(e.File)
	}
	if parts&hasNames != 0 {
		p.uvarint(len(e.Names))
		for _, n := range e.Names {
			p.text(n.Language)
			p.text(n.Text)
		}
	}
	if parts&hasReplaces != 0 {
		p.time(*e.Replaces)
		p.text(e.RecurrenceID)
	}
	p.series(parts, e)
}

// series packs what makes an event one of several.
func (p *packer) series(parts int, e *Event) {
	for _, list := range []struct {
		bit   int
		rules []*recur.Rule
	}{{hasRules, e.Rules}, {hasExclusions, e.Exclusions}} {
		if parts&list.bit == 0 {
			continue
		}
		p.uvarint(len(list.rules))
		for _, r := range list.rules {
			p.text(r.String())
		}
	}
	if parts&hasDates != 0 {
		p.uvarint(len(e.Dates))
		for _, d := range e.Dates {
			p.time(d.Start)
			p.duration(d.Duration)
			if d.End == nil {
				p.uvarint(0)
				continue
			}
			p.uvarint(1)
			p.time(*d.End)
		}
	}
	if parts&hasExceptions != 0 {
		p.uvarint(len(e.Exceptions))
		for _, s := range e.Exceptions {
			p.time(s)
		}
	}
}

// time packs the form and the zone into one number.
func (p *packer) time(s ical.Time) {
	zone := 0
	if s.Form == recur.Zoned {
		i, ok := p.index[s.Zone]
		if !ok {
			i = len(p.zones)
			p.index[s.Zone] = i
			p.zones = append(p.zones, s.Zone)
		}
		zone = i
	}
	p.uvarint(zone<<2 | int(s.Form))
	p.varint(s.Civil)
}

func (p *packer) duration(d recur.Duration) {
	p.varint(d.Days)
	p.varint(d.Seconds)
}

// errPacked says that something is not what pack writes.
var errPacked = errors.New("these are no packed events")

// unpacker takes apart what pack has written. After the first thing that is out of place there is
// nothing but zeros, and failed is set.
type unpacker struct {
	data   string
	offset int
	zones  []*time.Location
	detail detail
	failed bool
}

// detail is how much of an event is unpacked.
type detail int

const (
	inFull     detail = iota
	ofInstance        // without what makes it one of several: rules and dates
	forScan           // nor what would be allocated: when it ends as written, and what it replaces
)

// unpack gives what was packed. Whatever the text is, it takes no more memory than some sixty times
// its length.
func unpack(packed string, zones []*time.Location) (components []*Event, unread []ical.Problem, err error) {
	if packed == "" { // of the zero Calendar
		return nil, nil, nil
	}
	u := &unpacker{data: packed, zones: zones}
	events, problems := u.count(6), u.count(6)
	for range problems {
		unread = append(unread, u.problem())
	}
	room := make([]Event, events)
	components = make([]*Event, events)
	for i := range room {
		components[i] = &room[i]
		u.event(&room[i])
	}
	if u.failed || u.offset != len(packed) {
		return nil, nil, errPacked
	}
	return components, unread, nil
}

func (u *unpacker) fail() {
	u.failed, u.offset = true, len(u.data)
}

func (u *unpacker) uvarint() int {
	n, length := readUvarint(u.data[u.offset:])
	if length <= 0 || n > 1<<62 {
		u.fail()
		return 0
	}
	u.offset += length
	return int(n)
}

// readUvarint is binary.Uvarint of a string.
func readUvarint(s string) (n uint64, length int) {
	for shift := 0; length < len(s) && shift < 64; shift += 7 {
		b := s[length]
		length++
		n |= uint64(b&0x7f) << shift
		if b < 0x80 {
			return n, length
		}
	}
	return 0, 0
}

func (u *unpacker) varint() int64 {
	n, length := readUvarint(u.data[u.offset:])
	if length <= 0 {
		u.fail()
		return 0
	}
	u.offset += length
	return int64(n>>1) ^ -int64(n&1)
}

// count is the number of things that follow, each of which takes so many bytes at least.
func (u *unpacker) count(bytes int) int {
	n := u.uvarint()
	if n > (len(u.data)-u.offset)/bytes {
		u.fail()
		return 0
	}
	return n
}

func (u *unpacker) text() string {
	n := u.count(1)
	s := u.data[u.offset : u.offset+n]
	u.offset += n
	return s
}

func (u *unpacker) problem() ical.Problem {
	return ical.Problem{
		File: u.text(), Line: u.uvarint(), UID: u.text(), Property: u.text(), Message: u.text(),
		Harmless: u.uvarint() == 1,
	}
}

func (u *unpacker) event(e *Event) {
	e.place = u.offset
	parts := u.uvarint()
	has := func(bit int) bool { return parts&bit != 0 }
	if parts >= unusedBits {
		u.fail()
		return
	}
	e.Tentative, e.Transparent, e.Recurring = has(isTentative), has(isTransparent), has(isRecurring)
	e.Cancelled, e.Onwards, e.hidden, e.Dated = has(isCancelled), has(isOnwards), has(isHidden), has(isDated)
	e.Line = u.uvarint()
	e.UID, e.Summary = u.text(), u.text()
	e.Start = u.time()
	e.AllDay = e.Start.Form == recur.Date
	if has(hasEnd) {
		e.End = u.timePtr()
	}
	if has(hasDuration) {
		e.Duration = u.duration()
	}
	if has(hasVersion) {
		e.Sequence, e.Modified = int(u.varint()), u.varint()
	}
	if has(hasDescription) {
		e.Description = u.text()
	}
	if has(hasLocation) {
		e.Location = u.text()
	}
	if has(hasCategories) {
		n := u.count(1)
		e.Categories = slices.Grow(e.Categories, n)[:n]
		for i := range e.Categories {
			e.Categories[i] = u.text()
		}
	}
	if has(hasFile) {
		e.File = u.text()
	}
	if has(hasNames) {
		e.Names = make([]ical.Name, u.count(2))
		for i := range e.Names {
			e.Names[i] = ical.Name{Language: u.text(), Text: u.text()}
		}
	}
	if has(hasReplaces) {
		e.Replaces, e.RecurrenceID = u.timePtr(), u.text()
	}
	if u.detail != inFull {
		return
	}
	if has(hasRules) {
		e.Rules = u.rules(e.Start)
	}
	if has(hasExclusions) {
		e.Exclusions = u.rules(e.Start)
	}
	if has(hasDates) {
		e.Dates = make([]ical.RDate, u.count(5))
		for i := range e.Dates {
			e.Dates[i] = u.date()
		}
	}
	if has(hasExceptions) {
		e.Exceptions = make([]ical.Time, u.count(2))
		for i := range e.Exceptions {
			e.Exceptions[i] = u.time()
		}
	}
}

// rules are packed as they were written, so that nothing can be in them that Parse refuses.
func (u *unpacker) rules(start ical.Time) []*recur.Rule {
	list := make([]*recur.Rule, u.count(2))
	for i := range list {
		r, err := recur.Parse(u.text())
		if err != nil {
			u.fail()
			return nil
		}
		list[i] = r.Anchor(start.Civil)
	}
	return list
}

func (u *unpacker) date() ical.RDate {
	d := ical.RDate{Start: u.time(), Duration: u.duration()}
	switch u.uvarint() {
	case 0:
	case 1:
		end := u.time()
		d.End = &end
	default:
		u.fail()
	}
	return d
}

// Stamps lie within the years 0 to 9999, and the day after.
var firstCivil, lastCivil = recur.Civil(0, 1, 1), recur.Civil(recur.LastYear+1, 1, 2)

func (u *unpacker) time() ical.Time {
	kind := u.uvarint()
	s := ical.Time{Time: recur.Time{Form: recur.Form(kind & 3), Civil: u.varint()}}
	zone := kind >> 2
	switch {
	case s.Civil < firstCivil || s.Civil > lastCivil, s.Form != recur.Zoned && zone != 0,
		s.Form == recur.Zoned && zone >= len(u.zones):
		u.fail()
		return ical.Time{}
	case s.Form == recur.Zoned:
		s.Zone = u.zones[zone]
	}
	return s
}

// timePtr is a stamp; nil if there is none.
func (u *unpacker) timePtr() *ical.Time {
	s := u.time()
	if u.detail == forScan {
		return nil
	}
	kept := s
	return &kept
}

func (u *unpacker) duration() recur.Duration {
	d := recur.Duration{Days: u.varint(), Seconds: u.varint()}
	if d.Days < -recur.LongestDuration || d.Days > recur.LongestDuration ||
		d.Seconds < -recur.LongestDuration*recur.Day ||
		d.Seconds > recur.LongestDuration*recur.Day {
		u.fail()
		return recur.Duration{}
	}
	return d
}
