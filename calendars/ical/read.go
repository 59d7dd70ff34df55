// Package ical reads iCalendar (RFC 5545) as programs and people really write it: a body in, events
// as written out.
//
//	calendar, err := ical.Read(ical.File{Body: body}, ical.Limits{})
//	...
//	for _, e := range calendar.Events {
//		fmt.Println(e.Start.Civil, e.Summary)
//	}
//
// It promises that nothing vanishes without a word: what begins like an event becomes an [Event],
// or a [Problem] at one of its lines that says what is wrong and what became of it. What has one
// meaning only is read however it is written (charsets, folds, misspelt names, missing ends, dates
// of ISO 8601), and is reported once as a harmless Problem; what could mean two things is never
// guessed, and an event is left out before it is placed at a wrong time. Times come with their
// zones, which package zones finds by name or makes of a VTIMEZONE; rules are package recur's.
//
// It does not know which occurrences there are, what is on at a moment, which version of an event
// counts (an Event only says how two compare), or where a body comes from. What reading takes is
// bounded by [Limits], in amounts rather than in time, and follows the length of the body. The
// package does no I/O, and all of its functions are safe for concurrent use.
package ical

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/callhours/callhours/calendars/recur"
	"github.com/callhours/callhours/internal/diag"
)

// Calendar is what a body says: all that could be read of it, in its order, and what could not.
type Calendar struct {
	Name     string        // X-WR-CALNAME, else NAME; "" without one
	Timezone string        // X-WR-TIMEZONE, as written; for showing only: Google's holiday feeds say UTC
	Refresh  time.Duration // REFRESH-INTERVAL or X-PUBLISHED-TTL; 0: there is no hint
	Events   []*Event      // in the order of the body; all versions of each, the cancelled ones too
	Problems []Problem     // by kind, not by line
}

// Read reads an iCalendar body (RFC 5545): one VCALENDAR or several. It is strict about what is a
// calendar and lenient about what is in it, encodings included: an event that cannot be read
// becomes a Problem and costs the others nothing. The error is one of ErrNotCalendar (also for an
// empty body), ErrTruncated and ErrTooBig, in one line that says where.
func Read(f File, limits Limits) (*Calendar, error) {
	limits = limits.WithDefaults()
	if len(f.Body) > limits.Bytes {
		return nil, TooBig("", limits.Bytes, "bytes")
	}
	body := Text(f.Body)
	r := &reader{
		reporter: reporter{file: f.Name, deviations: map[string]*deviation{}},
		charset:  f.Charset,
		foreign:  f.Charset != "" || !utf8.Valid(body),
		limits:   limits,
		scanner:  scanner{body: body, lineBytes: limits.LineBytes},
		zones:    finder{body: body, limits: limits},
		kinds:    map[string]valueKind{},
		out:      &Calendar{},
	}
	r.zones.reporter = &r.reporter
	if err := r.read(); err != nil {
		return nil, err
	}
	r.placeChanges()
	r.reportDeviations()
	r.reportOthers()
	if r.out.Problems = r.problems; r.unlisted > 0 {
		r.out.Problems = append(r.out.Problems, Problem{
			File: r.file, Line: r.scanner.number, Message: fmt.Sprintf("%d more problems are not listed", r.unlisted),
		})
	}
	return r.out, nil
}

// reader is one pass over a body.
type reader struct {
	reporter
	charset string // File.Charset
	foreign bool   // not all of the body is UTF-8, and that was not reported yet
	limits  Limits
	scanner scanner
	zones   finder
	kinds   map[string]valueKind // by the parameters as written
	out     *Calendar

	ended     bool   // a component of this VCALENDAR has ended: no property of its own follows
	calendars int    // how many VCALENDARs have begun
	before    int    // how many events were read before this one
	method    string // of this one, "" as long as none was read

	open     []string         // the components that have begun, as far as Limits.Nesting allows
	deeper   int              // how many more have begun inside those
	unplaced []unplacedChange // in the order of the body

	draft  *draft         // the VEVENT being read, nil outside
	drafts int            // how many have begun
	others map[string]int // how many other components have begun that say when something takes place, by name

	skipped skippedLines // the lines outside an event that are being passed over
}

// skippedLines are the lines between two that begin or end a component.
type skippedLines struct {
	start    int  // the first line that looks like a part of an event; 0: none
	reported bool // a Problem says that something in it is lost
}

func (r *reader) read() error {
	first := true
	for l, ok := r.scanner.next(); ok; l, ok = r.scanner.next() {
		if l.number > r.limits.Lines {
			return TooBig("", r.limits.Lines, "lines")
		}
		r.checkLine(l)
		if r.foreign && (!utf8.Valid(l.rest) || r.charset != "" && escapes(r.charset, l.rest)) {
			r.foreign = false
			r.reportCharset(l)
		}
		name, component, odd := l.boundary()
		if odd != "" {
			r.tolerate(l.number, odd)
		}
		if first && (name != "BEGIN" || component != "VCALENDAR") {
			return &notCalendarError{l.number, diag.Excerpt(name + string(l.rest))}
		}
		first = false
		switch name {
		case "BEGIN":
			if err := r.begin(l, component); err != nil {
				return err
			}
		case "END":
			r.end(l.number, component)
		default:
			r.property(l)
		}
		r.scanner.component, r.scanner.started = r.inner(), r.draft != nil && r.draft.started
	}
	switch {
	case first:
		return fmt.Errorf("%w: it is empty", ErrNotCalendar)
	case len(r.open) > 0:
		return fmt.Errorf("%w: line %d: expected END:%s, found the end", ErrTruncated, r.scanner.number,
			r.open[len(r.open)-1])
	}
	return nil
}

// inner is the component that began last and has not ended; "" outside all.
func (r *reader) inner() string {
	if len(r.open) == 0 {
		return ""
	}
	return r.open[len(r.open)-1]
}

func (r *reader) begin(l line, component string) error {
	if r.draft != nil && component == "VEVENT" {
		r.finishUnended(l.number, "the next event")
	}
	if component == "VCALENDAR" && len(r.open) > 0 { // calendars do not nest
		if r.draft != nil {
			r.finishUnended(l.number, "the next calendar")
		}
		r.tolerate(l.number, "END:VCALENDAR is missing before the next calendar, and is read as if it were there")
		r.open, r.deeper = r.open[:0], 0
	}
	r.skipped = skippedLines{}
	if timed[component] && component != "VTIMEZONE" && component != "STANDARD" && component != "DAYLIGHT" {
		if r.others == nil {
			r.others = map[string]int{}
		}
		r.others[component]++
	}
	if len(r.open) >= r.limits.Nesting {
		r.deeper++
		if component == "VEVENT" {
			r.report(Problem{Line: l.number, Message: fmt.Sprintf(
				"an event begins in components that nest deeper than %d (limits.nesting); it is ignored",
				r.limits.Nesting)})
		}
		if r.draft != nil {
			r.draft.excess = fmt.Sprintf("its components nest deeper than %d (limits.nesting)", r.limits.Nesting)
		}
		return nil
	}
	r.open = append(r.open, component)
	if component == "VCALENDAR" {
		r.calendars++
		r.ended = false
		r.before, r.method = len(r.out.Events), ""
	}
	if component == "VEVENT" {
		if !slices.Contains(r.open, "VCALENDAR") {
			r.tolerate(l.number, "an event is outside BEGIN:VCALENDAR and END:VCALENDAR, and is read anyway")
		}
		if r.drafts++; r.drafts > r.limits.Events {
			return TooBig(fmt.Sprintf("line %d: ", l.number), r.limits.Events, "events")
		}
		r.draft = &draft{line: l.number, depth: len(r.open)}
	}
	if r.draft != nil && len(r.open) == r.draft.depth+1 {
		r.draft.inner = innerComponents{line: l.number, properties: r.draft.inner.properties}
	}
	return nil
}

// end closes a component, and with it those inside that were left open. An END without BEGIN closes
// nothing.
func (r *reader) end(number int, component string) {
	defer func() { r.skipped = skippedLines{} }()
	if r.deeper > 0 {
		r.deeper--
		return
	}
	i := len(r.open) - 1
	for i >= 0 && r.open[i] != component {
		i--
	}
	if d := r.draft; d != nil && i < d.depth-1 && len(r.open) > d.depth && !components[r.inner()] &&
		parents[component] == "VEVENT" {
		i = len(r.open) - 1
		r.tolerate(number, fmt.Sprintf("END:%s ends what began as %s", component, diag.Quote(r.open[i])))
	}
	if i < 0 {
		r.unmatchedEnd(number, component)
		return
	}
	switch d := r.draft; {
	case d == nil:
	case i >= d.depth:
		r.closeInner(i)
	case i == d.depth-1 && component == "VEVENT":
		r.finish()
	default:
		r.finishUnended(number, "END:"+diag.Brief(component))
	}
	r.open = r.open[:i]
	r.ended = true
}

// unmatchedEnd reports an END without BEGIN, where something may be lost by it.
func (r *reader) unmatchedEnd(number int, component string) {
	switch {
	case component == "VEVENT" && r.skipped.start > 0:
		r.reportLost(r.skipped.start)
	case component == "VEVENT":
		r.report(Problem{Line: number, Message: "END:VEVENT without BEGIN:VEVENT; it is ignored"})
	case !components[component]:
		r.report(Problem{Line: number, Message: fmt.Sprintf(
			"END:%s closes nothing; it is ignored (is a line end missing?)", diag.Brief(component))})
	}
}

// reportLost reports lines of an event that are outside any, once for each run of them.
func (r *reader) reportLost(line int) {
	if !r.skipped.reported {
		r.skipped.reported = true
		r.report(Problem{
			Line:    line,
			Message: "lines of an event are outside BEGIN:VEVENT and END:VEVENT, and are ignored",
		})
	}
}

// calendarProperties are properties of an event that a calendar may have too (RFC 7986, 5).
var calendarProperties = set("UID", "DESCRIPTION", "CATEGORIES", "LAST-MODIFIED")

// outsideEvent handles a line that belongs to no event. One that looks like a part of an event is
// lost, and reported.
func (r *reader) outsideEvent(l line) {
	name := string(l.name)
	if timed[r.inner()] && r.deeper == 0 {
		return
	}
	if eventProperties[name] != unread && r.skipped.start == 0 {
		r.skipped.start = l.number
	}
	switch {
	case name == "DTSTART" || name == "RECURRENCE-ID":
		r.reportLost(cmp.Or(r.skipped.start, l.number))
	case eventProperties[name] != unread && (len(r.open) == 0 || r.inner() == "VCALENDAR") &&
		(!calendarProperties[name] || r.ended):
		r.reportLost(r.skipped.start)
	case l.name == nil && (bytes.Contains(bytes.ToUpper(l.rest), []byte("VEVENT")) ||
		bytes.Contains(bytes.ToUpper(l.rest), []byte("DTSTART"))):
		r.reportLost(l.number)
	}
}

// reportOthers reports what a body without events has instead.
func (r *reader) reportOthers() {
	if r.drafts > 0 || len(r.others) == 0 {
		return
	}
	var found []string
	for _, name := range slices.Sorted(maps.Keys(r.others)) {
		found = append(found, fmt.Sprintf("%d %s", r.others[name], name))
	}
	r.report(Problem{
		Line: 1,
		Message: fmt.Sprintf("it has no events (VEVENT), but %s, which are not read; share a calendar of events",
			strings.Join(found, ", ")),
	})
}

// calendarProperty reads a property of the calendar itself.
func (r *reader) calendarProperty(l line) {
	p := l.property()
	switch c := r.out; p.name {
	case "X-WR-CALNAME":
		c.Name, _ = cutText(p.text(), longestText)
	case "NAME": // RFC 7986, 5.1
		if c.Name == "" {
			c.Name, _ = cutText(p.text(), longestText)
		}
	case "X-WR-TIMEZONE":
		c.Timezone, _ = cutText(p.text(), longestText)
	case "METHOD":
		if r.method == "" {
			r.method = strings.ToUpper(strings.TrimSpace(p.value))
		} else if !strings.EqualFold(r.method, strings.TrimSpace(p.value)) {
			r.report(Problem{
				Line: l.number, Property: p.name,
				Message: "the calendar has another one; this one is ignored",
			})
			return
		}
		if r.method == "CANCEL" { // RFC 5546, 3.2.5
			r.report(Problem{
				Line:    l.number,
				Message: "METHOD:CANCEL cancels all events of its calendar; none of them is ever on",
			})
			for _, e := range r.out.Events[r.before:] { // where it follows them
				e.Cancelled = true
			}
		}
	case "REFRESH-INTERVAL", "X-PUBLISHED-TTL": // RFC 7986, 5.7; MS-OXCICAL
		if d, err := recur.ParseDuration(p.value); err == nil && c.Refresh == 0 {
			c.Refresh = max(0, time.Duration(min(d.Days*recur.Day+d.Seconds, 366*recur.Day))*time.Second)
		}
	}
}
