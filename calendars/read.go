package calendars

import (
	"fmt"
	"slices"
	"time"
)

// Read reads an iCalendar body (RFC 5545): one VCALENDAR or several. It is strict about what is a calendar and
// lenient about what is in it, encodings included: an event that cannot be read becomes a Problem and costs the others nothing. The error
// is one of ErrNotCalendar (also for an empty body), ErrTruncated and ErrTooBig, in one line that says where.
func Read(body []byte, limits Limits) (*Calendar, error) {
	return readFile(File{Body: body}, limits)
}

func readFile(f File, limits Limits) (*Calendar, error) {
	limits = limits.withDefaults()
	if len(f.Body) > limits.Bytes {
		return nil, tooBig("", limits.Bytes, "bytes")
	}
	body := utf8Body(f.Body)
	r := &reader{
		file:    f.Name,
		limits:  limits,
		scanner: scanner{body: body, lineBytes: limits.LineBytes},
		zones:   zones{body: body, limits: limits},
		kinds:   map[string]valueKind{},
		out:     &Calendar{limits: limits},
	}
	if err := r.read(); err != nil {
		return nil, err
	}
	if r.unlisted > 0 {
		r.contents.unread = append(r.contents.unread, Problem{
			File: r.file, Line: r.scanner.number, Message: fmt.Sprintf("%d more problems are not listed", r.unlisted),
		})
	}
	r.out.close(&r.contents)
	return r.out, nil
}

// maxProblems is how many problems of a body are listed.
const maxProblems = 10_000

// reader is one pass over a body.
type reader struct {
	file     string
	limits   Limits
	scanner  scanner
	zones    zones
	kinds    map[string]valueKind // by the parameters as written
	out      *Calendar
	contents contents // of out

	calendars int // how many VCALENDARs have begun

	open   []string // the components that have begun, as far as Limits.Nesting allows
	deeper int      // how many more have begun inside those
	draft  *draft   // the VEVENT being read, nil outside
	drafts int      // how many have begun

	unlisted int // problems beyond maxProblems
}

// draft is a VEVENT whose lines are being collected.
type draft struct {
	line       int // of its BEGIN
	depth      int // of its own properties; deeper ones belong to alarms and the like
	properties []property
	excess     string // why it is over a limit; "" if it is not
	stray      int    // the first line that is no content line; 0: none
}

func (r *reader) read() error {
	first := true
	for l, ok := r.scanner.next(); ok; l, ok = r.scanner.next() {
		if l.number > r.limits.Lines {
			return tooBig("", r.limits.Lines, "lines")
		}
		name, component := string(l.name), l.component()
		if first && (name != "BEGIN" || component != "VCALENDAR") {
			return fmt.Errorf("%w: line %d: want BEGIN:VCALENDAR, found %s", ErrNotCalendar, l.number, quote(name+string(l.rest)))
		}
		first = false
		switch name {
		case "BEGIN":
			if err := r.begin(l, component); err != nil {
				return err
			}
		case "END":
			r.end(component)
		default:
			r.property(l)
		}
	}
	switch {
	case first:
		return fmt.Errorf("%w: it is empty", ErrNotCalendar)
	case len(r.open) > 0:
		return fmt.Errorf("%w: line %d: want END:%s, found the end", ErrTruncated, r.scanner.number, r.open[len(r.open)-1])
	}
	return nil
}

func (r *reader) begin(l line, component string) error {
	if r.draft != nil && component == "VEVENT" {
		r.abandon("want END:VEVENT before the next event")
	}
	if len(r.open) >= r.limits.Nesting {
		r.deeper++
		if r.draft != nil {
			r.draft.excess = fmt.Sprintf("its components nest deeper than %d (limits.nesting)", r.limits.Nesting)
		}
		return nil
	}
	r.open = append(r.open, component)
	if component == "VCALENDAR" {
		r.calendars++
	}
	if component == "VEVENT" && slices.Contains(r.open, "VCALENDAR") {
		if r.drafts++; r.drafts > r.limits.Events {
			return tooBig(fmt.Sprintf("line %d: ", l.number), r.limits.Events, "events")
		}
		r.draft = &draft{line: l.number, depth: len(r.open)}
	}
	return nil
}

// end closes a component, and with it those inside that were left open. An END without BEGIN is nothing.
func (r *reader) end(component string) {
	if r.deeper > 0 {
		r.deeper--
		return
	}
	i := len(r.open) - 1
	for i >= 0 && r.open[i] != component {
		i--
	}
	if i < 0 {
		return
	}
	if r.draft != nil && i < r.draft.depth {
		if component == "VEVENT" {
			r.finish()
		} else {
			r.abandon("want END:VEVENT before END:" + brief(component))
		}
	}
	r.open = r.open[:i]
}

// abandon gives up the event being read.
func (r *reader) abandon(why string) {
	d := r.draft
	r.draft = nil
	r.open = r.open[:d.depth-1]
	e := &Event{Line: d.line}
	for _, p := range d.properties {
		e.describe(p)
	}
	r.problem(e, property{line: d.line}, why, "is ignored")
}

// finish makes an Event of the VEVENT being read.
func (r *reader) finish() {
	d := r.draft
	if d.excess != "" {
		r.abandon(d.excess)
		return
	}
	if e := r.event(d); e != nil {
		r.contents.components = append(r.contents.components, e)
	}
	if d.stray > 0 {
		r.note(Problem{File: r.file, Line: d.stray, Message: "want a content line such as NAME:VALUE; the line is ignored"})
	}
	r.draft = nil
}

// property handles a line that neither begins nor ends a component.
func (r *reader) property(l line) {
	d := r.draft
	switch {
	case d == nil:
		if len(r.open) == 1 && r.open[0] == "VCALENDAR" && r.deeper == 0 {
			r.describe(l)
		}
	case len(r.open) > d.depth || r.deeper > 0 || d.excess != "":
	case l.name == nil:
		if d.stray == 0 {
			d.stray = l.number
		}
	case eventProperties[string(l.name)] != unread:
		r.collect(l)
	}
}

// collect keeps a property of the event being read, unless it is over a limit.
func (r *reader) collect(l line) {
	d := r.draft
	name := string(l.name)
	params, value, ok := valueOf(l.rest)
	text := eventProperties[name] == textual
	switch {
	case params > r.limits.Params && !text:
		d.excess = fmt.Sprintf("its %s has more than %d parameters (limits.params)", name, r.limits.Params)
	case l.cut && !text:
		d.excess = fmt.Sprintf("its %s is longer than %d bytes (limits.line_bytes)", name, r.limits.LineBytes)
	case len(d.properties) > 2*r.limits.Dates:
		d.excess = fmt.Sprintf("it has more than %d dates (limits.dates)", r.limits.Dates)
	case !ok && text:
	default:
		d.properties = append(d.properties, newProperty(l, name, len(value)))
	}
}

// describe reads a property of the calendar itself.
func (r *reader) describe(l line) {
	p := l.property()
	switch c := r.out; p.name {
	case "X-WR-CALNAME":
		c.name = p.text()
	case "NAME": // RFC 7986, 5.1
		if c.name == "" {
			c.name = p.text()
		}
	case "X-WR-TIMEZONE":
		c.timezone = p.text()
	case "REFRESH-INTERVAL", "X-PUBLISHED-TTL": // RFC 7986, 5.7; MS-OXCICAL
		if d, err := parseDuration(p.value); err == nil && c.refresh == 0 {
			c.refresh = max(0, time.Duration(min(d.days*day+d.seconds, 366*day))*time.Second)
		}
	}
}

// problem notes what is wrong with a property of an event, and what becomes of the event.
func (r *reader) problem(e *Event, p property, what, becomes string) {
	problem := e.problem(p.name, what, becomes)
	problem.File, problem.Line = r.file, p.line
	r.note(problem)
}

func (r *reader) note(p Problem) {
	if len(r.contents.unread) >= maxProblems {
		r.unlisted++
		return
	}
	r.contents.unread = append(r.contents.unread, p)
}
