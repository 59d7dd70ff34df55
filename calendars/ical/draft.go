package ical

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/callhours/callhours/internal/diag"
)

// draft is a VEVENT whose lines are being collected.
type draft struct {
	line         int // of its BEGIN
	depth        int // of its own properties; deeper ones belong to alarms and the like
	properties   []property
	lead         string    // the property that it began with, before others were split off
	started      bool      // it has a DTSTART
	excess       string    // why it is over a limit; "" if it is not
	stray        int       // the first line that is no content line; 0: none
	strayText    string    // of it, quoted
	strays       int       // how many there are
	joined       int       // number of a line that contains a second property; 0: none
	misspellings []Problem // misspelt names that are not read
	inner        innerComponents
}

// innerComponents is what an alarm or another component of an event holds, which is the event's
// where the component never ends.
type innerComponents struct {
	line       int // of the BEGIN of the outermost one
	properties []innerProperty
	hasRepeat  bool // it has a REPEAT, to which a DURATION belongs
	isEmail    bool // it is an e-mail, which has a SUMMARY
}

type innerProperty struct {
	property
	depth int // how many components were open
}

// property handles a line that neither begins nor ends a component.
func (r *reader) property(l line) {
	d := r.draft
	if d != nil && len(r.open) == d.depth && r.deeper == 0 {
		if r.isContinuation(l) {
			return
		}
		named, odd := l.corrected()
		if l = named; odd != "" {
			r.tolerate(l.number, odd)
		}
	}
	if d != nil && d.joined == 0 && l.containsLine() {
		d.joined = l.number
	}
	switch {
	case d == nil:
		if len(r.open) == 1 && r.open[0] == "VCALENDAR" && r.deeper == 0 {
			r.calendarProperty(l)
		}
		r.outsideEvent(l)
	case r.deeper > 0 || d.excess != "":
	case len(r.open) > d.depth:
		if !timed[r.inner()] {
			d.inner.add(l, len(r.open), r.limits.Dates)
		}
	case l.name == nil:
		if d.strays++; d.stray == 0 {
			d.stray, d.strayText = l.number, diag.Excerpt(string(l.rest))
		}
	case eventProperties[string(l.name)] != unread:
		r.collect(l)
	case !isGiven(l.name):
		r.misspelledLine(l)
	}
}

// maxSlips is how many misspelt names of an event that are not read are reported.
const maxSlips = 5

// collect keeps a property of the event being read, unless it exceeds a limit.
func (r *reader) collect(l line) {
	d := r.draft
	name := string(l.name)
	text := eventProperties[name] == textual
	if !text {
		var odd []string
		l, odd = l.tidy()
		for _, what := range odd {
			r.tolerate(l.number, what)
		}
	}
	params, value, ok := valueOf(l.rest)
	if text && ok {
		if plain, printable := l.decodePrintable(value); printable {
			r.tolerate(l.number, "ENCODING=QUOTED-PRINTABLE, which RFC 5545 does not have, is decoded")
			l.rest, value = plain, plain[len(l.rest)-len(value):]
		}
	}
	switch {
	case params > r.limits.Params && !text:
		d.excess = fmt.Sprintf("its %s has more than %d parameters (limits.params)", name, r.limits.Params)
	case l.cut && !text:
		d.excess = fmt.Sprintf("its %s is longer than %d bytes (limits.line_bytes)", name, r.limits.LineBytes)
	case len(d.properties) > 2*r.limits.Dates:
		d.excess = fmt.Sprintf("it has more than %d dates (limits.dates)", r.limits.Dates)
	case !ok && text:
	default:
		d.started = d.started || name == "DTSTART"
		d.properties = append(d.properties, newProperty(l, name, len(value)))
	}
}

// add keeps a line of an alarm, which is the event's if the alarm never ends. An alarm has neither
// times nor rules of an event (RFC 5545, 3.6.6).
func (i *innerComponents) add(l line, depth, dates int) {
	switch name := string(l.name); {
	case name == "REPEAT":
		i.hasRepeat = true
	case name == "ACTION":
		i.isEmail = bytes.EqualFold(bytes.TrimSpace(l.rest), []byte(":EMAIL"))
	case name == "DESCRIPTION" || eventProperties[name] == unread || len(i.properties) > 2*dates:
	default:
		if _, value, ok := valueOf(l.rest); ok {
			i.properties = append(i.properties, innerProperty{newProperty(l, name, len(value)), depth})
		}
	}
}

// closeInner drops what the components of an event hold that end, all but the first so many. What
// says when the event takes place is none of theirs.
func (r *reader) closeInner(components int) {
	i := &r.draft.inner
	kept := len(i.properties)
	for kept > 0 && i.properties[kept-1].depth > components {
		kept--
	}
	for _, p := range i.properties[kept:] {
		if eventProperties[p.name] == scheduling && p.name != "DURATION" {
			r.report(Problem{Line: p.line, Property: p.name, Message: fmt.Sprintf(
				"it is in %s, not in the event, and is ignored (is END:%[1]s missing before it?)",
				diag.Brief(r.open[components]))})
			break
		}
	}
	i.properties = i.properties[:kept]
}

// adoptInner moves into the event what stands in a component that never ends and can only be the
// event's.
func (r *reader) adoptInner() {
	d := r.draft
	component := diag.Brief(r.open[d.depth])
	has := map[string]bool{}
	for _, p := range d.properties {
		has[p.name] = true
	}
	adopted := false
	for _, p := range d.inner.properties {
		var belongs bool
		switch p.name {
		case "SUMMARY":
			belongs = !has[p.name] && !d.inner.isEmail
		case "DURATION":
			belongs = !has[p.name] && !has["DTEND"] && !d.inner.hasRepeat
		default:
			belongs = eventProperties[p.name] == scheduling || !has[p.name]
		}
		if belongs {
			l := line{number: p.line, name: []byte(p.name), rest: []byte(p.content[len(p.name):])}
			r.collect(l)
			adopted = true
		}
	}
	what := "BEGIN:" + component + " has no END before END:VEVENT"
	if adopted {
		what += "; the lines after it that belong to an event are read as the event's"
	}
	r.tolerate(d.inner.line, what)
}

// finishUnended finishes an event that has no END:VEVENT of its own: events do not nest. One
// without a start is discarded.
func (r *reader) finishUnended(number int, before string) {
	d := r.draft
	if !d.started {
		r.discard("expected END:VEVENT before " + before)
		return
	}
	r.tolerate(number, "END:VEVENT is missing before "+before+", and is read as if it were there")
	last := &d.properties[len(d.properties)-1]
	if value, glued := strings.CutSuffix(last.value, "END:VEVENT"); glued && len(r.open) == d.depth { // there it is
		last.content = last.content[:len(last.content)-len(last.value)+len(value)]
		last.value = value
	}
	r.finish()
	r.open = r.open[:d.depth-1]
}

// discard discards the event being read.
func (r *reader) discard(why string) {
	d := r.draft
	r.draft = nil
	r.open = r.open[:d.depth-1]
	e := &Event{Line: d.line}
	for _, p := range d.properties {
		e.describe(p)
	}
	r.reportProblem(e, property{line: d.line}, why, "is ignored")
}

// finish makes an Event of the VEVENT being read; several, where the boundaries between them are
// missing.
func (r *reader) finish() {
	d := r.draft
	if d.excess == "" && len(r.open) > d.depth {
		r.adoptInner()
	}
	if d.excess != "" {
		r.discard(d.excess)
		return
	}
	r.resolveMisspellings()
	if d.stray > 0 {
		more := ""
		if d.strays > 1 {
			more = fmt.Sprintf(", like %d more of the event", d.strays-1)
		}
		r.report(Problem{
			Line: d.stray,
			Message: "expected a content line such as NAME:VALUE, found " + d.strayText + "; the line is ignored" + more +
				" (put a blank before it if it is the rest of the line before)",
		})
	}
	for _, p := range d.misspellings {
		r.report(p)
	}
	if d.joined > 0 {
		r.report(Problem{
			Line:    d.joined,
			Message: "the line contains another line of an event, which is ignored (is a line end missing?)",
		})
	}
	for d.properties != nil {
		next := d.splitOff()
		if e := r.event(d); e != nil {
			r.out.Events = append(r.out.Events, e)
		}
		if next.properties != nil {
			r.drafts++
			r.tolerate(next.line, "END:VEVENT and BEGIN:VEVENT are missing before this line, where another event begins")
		}
		d = next
	}
	r.draft = nil
}

// onlyOnce are the properties that an event has at most once (RFC 5545, 3.6.1), each with a number
// of its own.
var onlyOnce = map[string]int{
	"UID": 1, "DTSTAMP": 2, "DTSTART": 3, "DTEND": 4, "DURATION": 5, "RECURRENCE-ID": 6, "SUMMARY": 7, "DESCRIPTION": 8,
	"LOCATION": 9, "STATUS": 10, "TRANSP": 11, "SEQUENCE": 12, "LAST-MODIFIED": 13,
}

// propertyIndex is where each of onlyOnce stands first, from 1 on.
type propertyIndex [14]int

// splitOff removes what belongs to another event. It begins where the properties that an event has
// once come again, when those are another start and at least one other.
func (d *draft) splitOff() *draft {
	var first propertyIndex
	at, starts := -1, 0
	for i, p := range d.properties {
		if p.name == "DTSTART" {
			starts++
		}
		n := onlyOnce[p.name]
		switch {
		case n == 0:
		case first[n] == 0:
			first[n] = i + 1
		case at < 0 && p.content != d.properties[first[n]-1].content:
			at = i
		}
	}
	if starts < 2 || at < 0 {
		return &draft{}
	}
	if d.lead == "" {
		d.lead = d.properties[0].name
	}
	lead, begun := 0, false
	for i, p := range d.properties[:at+1] {
		if begun && p.name == d.lead { // one program writes all events in one order
			lead = i
			break
		}
		begun = begun || p.name == "DTSTART"
	}
	if lead > 0 {
		at = lead
	}
	for ; lead == 0 && at > 0; at-- { // what is the same in both stands before what is not
		n := onlyOnce[d.properties[at-1].name]
		if n == 0 || first[n] == 0 || first[n] >= at {
			break
		}
	}
	again, start := 0, false
	var second propertyIndex
	for _, p := range d.properties[at:] {
		n := onlyOnce[p.name]
		if n == 0 || second[n] > 0 {
			continue
		}
		second[n] = 1
		if first[n] > 0 && first[n] <= at {
			again++
			start = start || p.name == "DTSTART" && p.content != d.properties[first[n]-1].content
		}
	}
	if !start || again < 2 {
		return &draft{}
	}
	next := &draft{line: d.properties[at].line, properties: d.properties[at:], lead: d.lead}
	d.properties = d.properties[:at:at]
	return next
}

// splitRepeated separates an event's properties from repeated ones. The first of them counts; of
// starts and ends, the first that looks like a time. others are those with another
// value.
func splitRepeated(properties []property) (once, others []property) {
	var seen propertyIndex
	once = make([]property, 0, len(properties))
	for _, p := range properties {
		n := onlyOnce[p.name]
		if n == 0 || seen[n] == 0 {
			once = append(once, p)
			seen[n] = len(once)
			continue
		}
		former := &once[seen[n]-1]
		if p.content == former.content {
			continue
		}
		if eventProperties[p.name] == scheduling && looksScheduled([]byte(p.value)) &&
			!looksScheduled([]byte(former.value)) {
			p, *former = *former, p
		}
		others = append(others, p)
	}
	return once, others
}

func repeatedMessage(name string) string {
	if name == "DTSTART" {
		return "the event has another one; this one is ignored (is END:VEVENT or BEGIN:VEVENT missing before it?)"
	}
	return "the event has another one; this one is ignored"
}
