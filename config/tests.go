package config

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/callhours/callhours/internal/diag"
)

// Tests is a file of routing tests: calls and moments, and what is expected for each. The names of
// routes, branches and calendars in it are not resolved. docs/testing.md describes every key.
type Tests struct {
	Path      string // as given to LoadTests
	Home      string // the directory of a tenant's tests, out of which their files do not lead; "" for the operator's
	Config    Text   // the configuration that is tested, resolved; without a place where the file names none
	Calendars []TestCalendar
	Upstreams []TestUpstream
	Tests     []Test
}

// TestCalendar is what a calendar of the configuration holds while tests run. At most one of
// Unknown, File, Text and Events is set; none means a calendar without events.
type TestCalendar struct {
	diag.Pos
	Name    string // full: "acme/hours" for a tenant's
	Unknown bool
	File    Text // resolved path or glob
	Text    Text // iCalendar; stands where its first character does
	Events  []TestEvent
}

// TestEvent is an event in short. Start and End are a date, a date and time of day, or RFC 3339; a
// zero End ends a day after a date.
type TestEvent struct {
	diag.Pos
	Summary, Description, Location Text
	Category                       []Text
	Start, End                     Text
	Rule                           Text   // an RRULE, RFC 5545
	Except                         []Text // dates that the rule leaves out
}

// Test is one call at some moments.
type Test struct {
	diag.Pos
	Name      string
	Calendars []TestCalendar // over those of the file
	Upstreams []TestUpstream // likewise
	Route     Text           // the one that is asked; zero: the one that the call finds
	Path      Text           // of the call; zero: the configuration's
	Call      []Field        // parameters of Kazoo's request, with one value each; nil: the ordinary call
	Moments   []TestMoment   // at least one
	Want      TestWant       // at each of them
}

// TestMoment is a moment or a range of them, and what is wanted then besides.
type TestMoment struct {
	diag.Pos
	From   Text
	To     Text // exclusive; zero: From alone
	Branch Text // or a state; zero: only what the test wants
	Event  Text // pattern of the title; zero: any
}

// TestWant is what is wanted of an answer. What is zero is not compared.
type TestWant struct {
	diag.Pos
	Route, Branch, State, Event, Reason Text // "" with a place: none
	AnsweredBy                          Text
	Status                              int
	Unknown                             *bool
	Until                               Text       // a moment, or "never"
	Callflow                            []TestPart // in the order written
}

// TestPart is a part of the expected callflow: the value of a key, or what an RFC 9535 path that
// begins with $ selects.
type TestPart struct {
	Key   Text
	Value any // as in Data
}

const (
	maxTestMoments = 10_000 // in one file
	maxTestEvents  = 10_000 // written in short, in one file
)

// LoadTests reads a file of routing tests. Its errors are as those of Load; with mistakes the Tests
// hold what was understood, so that their names can be checked in the same run. Such Tests must not
// be run.
func LoadTests(path string, o Options) (*Tests, error) {
	l := &loader{file: &File{Path: path}, inputs: NewInputs(o.FS)}
	src := &source{loader: l, path: path, dir: l.inputs.disk.dir(path)}
	if dirs, ok := o.Tested.tenantDirsOf(path); ok {
		l.inputs.tenantDirs, l.inputs.homes = map[string]string{path: dirs.dir}, map[string]string{path: dirs.home}
		src.tenant, src.home = &Tenant{}, dirs.home
	} else {
		l.inputs.argument = path
	}
	input := l.inputs.read(path, src.tenantPath())
	if input.Err != nil {
		return nil, fmt.Errorf("%s: %w", path, input.Err)
	}
	root, mistakes := parse(path, input.Bytes)
	l.mistakes = append(l.mistakes, mistakes...)
	if root == nil {
		return nil, l.mistakes.Err()
	}
	s := &testSource{source: src, names: map[string]diag.Pos{}}
	top := s.fields(root, inTests)
	t := &Tests{Path: path, Home: src.home, Config: top.nonBlank("config"), Calendars: s.testCalendars(top), Upstreams: s.testUpstreams(top)}
	if t.Config.S == "" {
		t.Config.S = "callhours.yaml"
	}
	t.Config.S = s.resolve(t.Config)
	if top.allKnown {
		if n := top.get("tests"); n == nil {
			s.mistake(top.Pos, "there are no tests; write them under the key tests")
		} else {
			for i, n := range s.items(n, "tests") {
				if test, ok := s.test(n, i); ok {
					t.Tests = append(t.Tests, test)
				}
			}
		}
	}
	if s.events > maxTestEvents {
		s.mistake(diag.Pos{File: path},
			"%d events are more than the %d that a file may have; put them into a calendar file", s.events,
			maxTestEvents)
	}
	if s.moments > maxTestMoments {
		s.mistake(diag.Pos{File: path}, "%d moments are more than the %d that a file may have; split it", s.moments,
			maxTestMoments)
	}
	s.reportRest()
	return t, dropFollowUps(l.mistakes).Err()
}

// testSource is a file of tests that is being read.
type testSource struct {
	*source
	names           map[string]diag.Pos // of tests
	moments, events int
}

// calendars reads what calendars hold while tests run.
func (s *testSource) testCalendars(f fields) []TestCalendar {
	var all []TestCalendar
	for _, e := range s.entries(f.get("calendars"), "calendars") {
		c := TestCalendar{Pos: e.key.Pos, Name: e.key.S}
		switch n := e.value; {
		case n.kind == list:
			for _, item := range n.items {
				if e, ok := s.event(item); ok {
					c.Events = append(c.Events, e)
				}
			}
		case n.kind == mapping:
			m := s.fields(n, inTestCalendar)
			if c.File = m.required("file"); c.File.S != "" {
				c.File.S = s.resolveAllowed(c.File, "file")
			}
		case n.plain && n.text == "unknown":
			c.Unknown = true
		case strings.HasPrefix(strings.ToUpper(strings.TrimSpace(n.text)), "BEGIN:"):
			c.Text = Text{Pos: n.firstChar, S: n.text}
		default:
			s.mistake(n.Pos,
				"expected the calendar to be a list of events, {file: NAME}, the word unknown or iCalendar text, found %s",
				n.describe())
		}
		all = append(all, c)
	}
	return all
}

// event reads an event in short; false when something is wrong with it.
func (s *testSource) event(n *node) (TestEvent, bool) {
	before := len(s.mistakes)
	m := s.fields(n, inTestEvent)
	s.events++
	e := TestEvent{
		Pos: n.Pos, Summary: m.text("summary"), Description: m.text("description"), Location: m.text("location"),
		Category: m.nonBlanks("category"), Start: m.required("start"), End: m.nonBlank("end"),
		Rule:   m.nonBlank("rrule"),
		Except: m.nonBlanks("except"),
	}
	dated := e.Start.S != "" && m.allKnown
	for _, t := range append([]Text{e.Start, e.End}, e.Except...) {
		if t.S != "" && !s.checkMoment(t) {
			dated = false
		}
	}
	startsDay, endsDay := testDate.MatchString(e.Start.S), testDate.MatchString(e.End.S)
	switch {
	case !dated: // whatever follows from that is no mistake of its own
	case e.End.S == "" && !startsDay:
		s.mistake(n.Pos,
			"the event has no end; only one that starts with a date alone may leave it out, and is a day long")
	case e.End.S != "" && startsDay != endsDay:
		s.mistake(e.End.Pos, "expected start and end both to be a date or both with a time of day, found %s and %s",
			quote(e.Start.S), quote(e.End.S))
	}
	if e.Rule.S != "" && !ruleGrammar.MatchString(e.Rule.S) {
		s.mistake(e.Rule.Pos, `expected rrule as in RFC 5545 such as "FREQ=WEEKLY;BYDAY=MO,TU", found %s`, quote(e.Rule.S))
	}
	return e, len(s.mistakes) == before
}

var (
	testDate    = regexp.MustCompile(`^\d{4}-\d\d-\d\d$`)
	testLocal   = regexp.MustCompile(`^(\d{4}-\d\d-\d\d)[ T](\d\d?:\d\d(?::\d\d)?)$`)
	ruleGrammar = regexp.MustCompile(`^[A-Za-z0-9=;,:+-]+$`)
	testStatus  = regexp.MustCompile(`^[1-5]\d\d$`)
)

// checkMoment checks that a text is a date, a date and time of day, or RFC 3339.
func (s *source) checkMoment(t Text) bool {
	if _, err := time.Parse(time.RFC3339, t.S); err == nil {
		return true
	}
	date, hour := t.S, "0:00"
	if m := testLocal.FindStringSubmatch(t.S); m != nil {
		date, hour = m[1], m[2]
	}
	_, err := time.Parse(time.DateOnly, date)
	if err == nil {
		if _, err = time.Parse("15:04:05", hour); err != nil {
			_, err = time.Parse("15:04", hour)
		}
	}
	if err != nil {
		s.mistake(t.Pos, "expected a moment such as 2026-12-25, 2026-12-25 10:00 or 2026-12-25T10:00:00Z, found %s",
			quote(t.S))
	}
	return err == nil
}

// test reads a test; false when it makes no request.
func (s *testSource) test(n *node, i int) (Test, bool) {
	m := s.fields(n, inTest)
	name := m.nonBlank("name")
	t := Test{Pos: n.Pos, Name: name.S, Calendars: s.testCalendars(m), Route: m.nonBlank("route")}
	t.Upstreams = s.testUpstreams(m)
	if t.Name == "" {
		t.Name = "test " + strconv.Itoa(i+1)
	} else {
		t.Pos = name.Pos
	}
	if first, again := s.names[t.Name]; again {
		s.mistake(t.Pos, "test %s has the name of the one at %s", quote(t.Name), first)
	}
	s.names[t.Name] = t.Pos
	s.call(m, &t)
	asks := t.Route.S != "" || m.get("call") != nil
	if m.allKnown && !asks {
		s.mistake(n.Pos, "test %s has no route and no call; set route or call", quote(t.Name))
	}
	t.Want = s.want(m)
	for _, at := range m.nonBlanks("at") {
		if s.checkMoment(at) {
			t.Moments = append(t.Moments, TestMoment{Pos: at.Pos, From: at})
		}
		s.moments++
	}
	if m.get("at") != nil && m.get("want") == nil && m.allKnown {
		s.mistake(n.Pos, "test %s has an empty want; add the expected results, such as branch: open", quote(t.Name))
	}
	t.Moments = append(t.Moments, s.testMoments(m.get("moments"))...)
	if m.allKnown && len(m.given("at", "moments")) == 0 {
		s.mistake(n.Pos, "test %s has no moment; set at or moments", quote(t.Name))
	}
	return t, asks
}

// call reads the call of a test. The parameters that usually differ have keys of their own.
func (s *testSource) call(f fields, t *Test) {
	n := f.get("call")
	if n == nil {
		return
	}
	m := s.fields(n, inTestCall)
	t.Path = m.urlPath("path")
	for _, p := range []struct {
		key, name string
	}{
		{"account", "Account-ID"},
		{"dialed", "Request"},
		{"caller", "Caller-ID-Number"},
		{"caller_name", "Caller-ID-Name"},
	} {
		if value := m.text(p.key); value.Line > 0 {
			t.Call = append(t.Call, Field{Name: Text{Pos: value.Pos, S: p.name}, Values: []Text{value}})
		}
	}
	for _, e := range s.entries(m.get("params"), "params") {
		if value := s.scalar(e.value, "a parameter"); e.key.S == "" {
			s.mistake(e.key.Pos, "a parameter has no name")
		} else if value.Line > 0 {
			t.Call = append(t.Call, Field{Name: e.key, Values: []Text{value}})
		}
	}
}

func (s *testSource) want(f fields) TestWant {
	n := f.get("want")
	if n == nil {
		return TestWant{}
	}
	m := s.fields(n, inTestWant)
	w := TestWant{
		Pos: n.Pos, Route: m.text("route"), Branch: m.nonBlank("branch"), Event: m.text("event"),
		Reason:     m.nonBlank("reason"),
		AnsweredBy: m.nonBlank("answered_by"), Unknown: m.boolean("unknown"), Until: m.nonBlank("until"),
	}
	if m.allKnown && len(n.entries) == 0 {
		s.mistake(n.Pos, "want is empty; add the expected results, such as branch: open")
	}
	if m.get("state") != nil {
		w.State = m.text("state")
		m.oneOf("state", "open", "closed", "other")
	}
	if t := m.text("status"); t.Line > 0 {
		if !testStatus.MatchString(t.S) {
			s.mistake(t.Pos, "expected status to be an HTTP status such as 200 or 404, found %s", quote(t.S))
		}
		w.Status, _ = strconv.Atoi(t.S)
	}
	if w.Until.S != "" && w.Until.S != "never" && !s.checkMoment(w.Until) {
		w.Until = Text{}
	}
	parts := m.get("callflow")
	for _, e := range s.entries(parts, "callflow") {
		value, _ := s.dataValue(e.value)
		w.Callflow = append(w.Callflow, TestPart{Key: e.key, Value: value})
	}
	if parts != nil && parts.kind == mapping && len(parts.entries) == 0 {
		s.mistake(parts.Pos, "callflow is empty; leave it out")
	}
	return w
}
