package preview

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/theory/jsonpath"

	"github.com/callhours/callhours/calendars/patterns"
	"github.com/callhours/callhours/internal/diag"
	"github.com/callhours/callhours/pivot"
	"github.com/callhours/callhours/render"
	"github.com/callhours/callhours/routes"
)

// TestOptions are a routing test as it is written. Texts without a place were not written, and are
// not compared.
type TestOptions struct {
	diag.Pos
	Name    string
	Preview *Preview    // with the calendars as the test wants them
	Route   diag.Text   // the one that is asked; zero: the one that the call finds
	Path    string      // "": where calls go that name no path
	Call    *pivot.Call // nil: the ordinary call
	Moments []TestMoment
	Want    Want // at every moment
	// Effort is what the tests of a file have taken so far; nil: this test is alone.
	Effort *TestEffort
}

// What the tests of a file may take, and those of all files of one run. Steps count what explaining
// a moment costs, in some ten nanoseconds: what a template goes through in bytes, segments that are
// passed, and the following for what is more.
const (
	// MaxTestMoments is how many moments the tests of a file are explained at. In a range each one
	// counts from which on something may be different.
	MaxTestMoments  = 50_000
	MaxTestSteps    = 1_000_000_000
	MaxTestStepsAll = 5_000_000_000

	stepsOfMoment = 20_000 // whatever it is
	stepsOfEvent  = 100    // an event that is unpacked, or whose title is read
)

// TestEffort is what tests of a file have taken so far.
type TestEffort struct {
	Moments int
	Steps   int
	All     *int // steps of the tests of all files; nil: there are no others
}

// exceeded says what is at its bound; "" for nothing.
func (e *TestEffort) exceeded() (what, most string) {
	switch {
	case e.Moments >= MaxTestMoments:
		return "moments", fmt.Sprintf("at most %d in a file", MaxTestMoments)
	case e.Steps >= MaxTestSteps:
		return "steps", fmt.Sprintf("at most %d in a file", MaxTestSteps)
	case e.All != nil && *e.All >= MaxTestStepsAll:
		return "steps", fmt.Sprintf("at most %d in all files", MaxTestStepsAll)
	}
	return "", ""
}

// add counts a moment.
func (e *TestEffort) add(steps int) {
	e.Moments++
	if e.Steps += steps; e.All != nil {
		*e.All += steps
	}
}

// TestMoment is a moment, or the range [From, To), and what is wanted then besides. Moments are as
// [Moment] reads them.
type TestMoment struct {
	diag.Pos
	From, To diag.Text // zero To: From alone
	Word     diag.Text // a branch of the route, else a state
	Event    diag.Text // pattern of the title
}

// Want is what a test expects of an explanation.
type Want struct {
	Route, Branch, State diag.Text
	Event, Reason        diag.Text // text patterns; an empty Event also fits where no event decided
	AnsweredBy           diag.Text
	Status               int   // 0: any
	Unknown              *bool // nil: either
	Until                diag.Text
	Callflow             []Part
}

// Part is what is wanted of a callflow: that what stands under a key, or each of what a path (RFC
// 9535) that begins with $ selects, holds the value. A mapping is held by one that has its keys,
// whose values hold its values; a list by one of the same length; everything else by its equal.
type Part struct {
	Key   diag.Text
	Value any // map[string]any, []any, string, int, bool or nil
}

// Test is a routing test that is ready to run.
type Test struct {
	options TestOptions
	zone    *time.Location
	paths   map[string]*jsonpath.Path // by how they are written
	moments []testMoment
}

// testMoment is a moment or a range of a test.
type testMoment struct {
	diag.Pos
	from, to time.Time // to is zero for a single one
	want     expectation
}

// expectation is what is compared at a moment.
type expectation struct {
	Want
	event, reason *patterns.List // nil: any
	until         *time.Time     // nil: any; zero: no change planned
}

// NewTest looks up the names in a test, and returns the mistakes in it; with any, the Test must not
// run.
func NewTest(o TestOptions) (*Test, []diag.Mistake) {
	b := testBuilder{Test: &Test{options: o, zone: time.UTC, paths: map[string]*jsonpath.Path{}}}
	b.findRoutes()
	all := b.parseWant()
	for _, m := range o.Moments {
		b.moments = append(b.moments, b.parseMoment(m, all))
	}
	return b.Test, b.mistakes
}

// testBuilder prepares a test and collects its mistakes.
type testBuilder struct {
	*Test
	route    *render.Route // whose branches are meant; nil: not known
	mistakes diag.Mistakes
}

func (b *testBuilder) addMistake(at diag.Pos, format string, args ...any) {
	b.mistakes = append(b.mistakes, diag.Mistakef(at, format, args...))
}

// findRoutes looks the test's routes up.
func (b *testBuilder) findRoutes() {
	o := &b.options
	for _, name := range []diag.Text{o.Route, o.Want.Route} {
		if name.S != "" && o.Preview.byName[name.S] == nil {
			b.addMistake(name.Pos, "unknown route %q%s", name.S, diag.Suggest(name.S, o.Preview.names()))
		}
	}
	if r, _, err := o.Preview.route(Question{Route: o.Route.S, Path: o.Path, Call: o.Call}); err == nil && r != nil {
		b.zone, b.route = r.Zone, r
	}
	if r := o.Preview.byName[o.Want.Route.S]; r != nil {
		b.route = r
	}
}

// checkBranch reports a branch that the route does not have.
func (b *testBuilder) checkBranch(name diag.Text) {
	if b.route == nil || name.S == "" || slices.Contains(branchNames(b.route), name.S) {
		return
	}
	b.addMistake(name.Pos, "branch %q is not one of route %s%s", name.S, b.route.Name,
		diag.Suggest(name.S, branchNames(b.route)))
}

// maxPath is how many bytes a JSONPath may have: reading one goes as deep as it nests.
const maxPath = 1000

// What a JSONPath may take: each walk through all of a callflow, or each filter, may be made for
// each value that the one before has found, and each comma finds values again.
const (
	maxWalks  = 2
	maxCommas = 8
)

// isCostly reports whether a JSONPath may take too much, by its text: also what stands in quotes
// counts.
func isCostly(path string) bool {
	walks, commas := strings.Count(path, ".."), strings.Count(path, ",")
	return walks+strings.Count(path, "?") > maxWalks || commas > maxCommas || walks > 1 && commas > 0
}

// parseWant reads what is wanted at every moment.
func (b *testBuilder) parseWant() expectation {
	w := b.options.Want
	b.checkBranch(w.Branch)
	b.checkBranch(w.AnsweredBy)
	for _, p := range w.Callflow {
		if !strings.HasPrefix(p.Key.S, "$") {
			continue
		}
		if len(p.Key.S) > maxPath {
			b.addMistake(p.Key.Pos, "%q… is not a JSONPath: expected at most %d bytes, found %d", p.Key.S[:40], maxPath,
				len(p.Key.S))
			continue
		}
		if isCostly(p.Key.S) {
			b.addMistake(p.Key.Pos,
				"%q looks through the callflow too often: the limit is %d of .. and ?, and %d commas, "+
					"or none beside two ..; write several paths", p.Key.S, maxWalks, maxCommas)
			continue
		}
		path, err := jsonpath.Parse(p.Key.S)
		if err != nil {
			b.addMistake(p.Key.Pos, "%q is not a JSONPath: %s", p.Key.S, strings.TrimPrefix(err.Error(), "jsonpath: "))
		}
		b.paths[p.Key.S] = path
	}
	all := expectation{Want: w, event: b.parsePattern(w.Event), reason: b.parsePattern(w.Reason)}
	switch w.Until.S {
	case "":
	case "never":
		all.until = new(time.Time)
	default:
		at := b.parseTime(w.Until)
		all.until = &at
	}
	return all
}

// parseTime is a moment in the route's zone.
func (b *testBuilder) parseTime(t diag.Text) time.Time {
	at, err := Moment(t.S, b.zone)
	if err != nil {
		b.addMistake(t.Pos, "%s", err)
	}
	return at
}

// parsePattern parses a text pattern; nil when none is written.
func (b *testBuilder) parsePattern(t diag.Text) *patterns.List {
	if t.Line == 0 {
		return nil
	}
	ps, mistakes := patterns.ParseList([]diag.Text{t})
	b.mistakes = append(b.mistakes, mistakes...)
	return &ps
}

// parseMoment adds to what is wanted at every moment what is wanted at one.
func (b *testBuilder) parseMoment(m TestMoment, all expectation) testMoment {
	own := testMoment{Pos: m.Pos, from: b.parseTime(m.From), want: all}
	if m.To.S != "" {
		if own.to = b.parseTime(m.To); !own.to.After(own.from) {
			b.addMistake(m.To.Pos, "the range ends at %s, before it begins; write the date of its end too", m.To.S)
		}
	}
	state := routes.State(m.Word.S)
	isState := state == routes.Open || state == routes.Closed || state == routes.Other
	switch {
	case m.Word.S == "":
	case isState && b.route != nil && !slices.Contains(branchNames(b.route), m.Word.S):
		own.want.State = m.Word
	default:
		b.checkBranch(m.Word)
		own.want.Branch = m.Word
	}
	if m.Event.Line > 0 {
		own.want.Event, own.want.event = m.Event, b.parsePattern(m.Event)
	}
	return own
}

func branchNames(r *render.Route) []string {
	var names []string
	for _, b := range r.Branches {
		names = append(names, b.Name)
	}
	return names
}

// Name is what the test is called.
func (t *Test) Name() string { return t.options.Name }

// Run explains every moment of the test, and fails at the one that is too many. The error is that
// of the context.
func (t *Test) Run(ctx context.Context) (*TestResult, error) {
	result := &TestResult{
		File: t.options.File, Line: t.options.Line, Name: t.options.Name, Moments: len(t.moments),
		Failures: []TestFailure{},
	}
	q := Question{Route: t.options.Route.S, Path: t.options.Path, Call: t.options.Call, Ask: true}
	effort := cmp.Or(t.options.Effort, &TestEffort{})
	for _, m := range t.moments {
		for at := range t.options.Preview.changePoints(q, m.from, m.to) {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			if what, most := effort.exceeded(); what != "" {
				tooMany := Difference{what, most, "more; split the file, or test shorter ranges"}
				result.Failures = append(result.Failures,
					TestFailure{Line: m.Line, At: at, Differences: []Difference{tooMany}})
				return result, nil
			}
			q.At = at
			e, steps, err := t.options.Preview.explain(ctx, q)
			if err != nil {
				return nil, err
			}
			effort.add(steps)
			if differences := t.compare(m.want, e); len(differences) > 0 {
				result.Failures = append(result.Failures,
					TestFailure{Line: m.Line, At: e.At, Differences: differences, Explanation: e})
				break // of a range the first moment that differs says enough
			}
		}
	}
	return result, nil
}

// changePoints are the moments from which on something may be different in [from, to), and from
// itself. A zero to stands for from alone.
func (p *Preview) changePoints(q Question, from, to time.Time) iter.Seq[time.Time] {
	return func(yield func(time.Time) bool) {
		r, _, err := p.route(q)
		if to.IsZero() || r == nil || err != nil {
			yield(from)
			return
		}
		for at := from; at.Before(to); {
			s := p.state(r, at)
			_, end := s.Window()
			if to.Before(end) {
				end = to
			}
			for start := range s.Starts(at, end) {
				if !yield(start) {
					return
				}
			}
			at = end
		}
	}
}

// compare gives what is not as it was wanted.
func (t *Test) compare(want expectation, e *Explanation) []Difference {
	var found []Difference
	differ := func(what, want, got string) {
		if want != got {
			found = append(found, Difference{what, want, got})
		}
	}
	text := func(what string, want diag.Text, got string) {
		if want.Line > 0 {
			differ(what, orNone(want.S), orNone(got))
		}
	}
	fits := func(what string, want *patterns.List, written diag.Text, got string) {
		if want != nil && !want.Match(got) {
			found = append(found, Difference{what, strconv.Quote(written.S), strconv.Quote(got)})
		}
	}
	text("route", want.Route, e.Route)
	if e.Route == "" && want.Route.Line == 0 && want.Branch.S+want.State.S != "" {
		differ("route", "one that answers", "none: "+e.Matched)
	} else {
		text("branch", want.Branch, e.Branch)
		text("state", want.State, e.State)
	}
	title := ""
	if len(e.Events) > 0 {
		title = e.Events[0].Summary
	}
	fits("event", want.event, want.Event, title)
	reason := e.Reason
	if e.Route == "" {
		reason = e.Matched
	}
	fits("reason", want.reason, want.Reason, reason)
	if want.Unknown != nil {
		differ("unknown", strconv.FormatBool(*want.Unknown), strconv.FormatBool(e.Unknown))
	}
	if want.until != nil && e.Route != "" {
		got := "never"
		if e.Until != nil {
			got = e.Until.At.Format(timeFormat)
		}
		at := "never"
		if !want.until.IsZero() {
			at = want.until.Format(timeFormat)
		}
		differ("until", at, got)
	}
	if e.Answer.Asks && (want.Status != 0 || want.AnsweredBy.Line > 0 || len(want.Callflow) > 0) {
		return append(found, Difference{
			"answer", "that of the upstream of branch " + e.Answer.Branch,
			"none; say under upstreams what it answers",
		})
	}
	if want.Status != 0 {
		differ("status", strconv.Itoa(want.Status), strconv.Itoa(e.Answer.Status))
	}
	// Whoever wants a branch wants its answer, unless the test says that another one has to step
	// in.
	switch {
	case want.AnsweredBy.Line > 0:
		text("answered_by", want.AnsweredBy, e.Answer.Branch)
	case len(e.Failures) > 0 && want.Status != http.StatusInternalServerError:
		f := e.Failures[0]
		found = append(found,
			Difference{
				"answered_by", e.Branch,
				orNone(e.Answer.Branch) + ", since branch " + f.Branch + " failed: " + f.Error,
			})
	}
	return append(found, t.compareCallflow(want.Callflow, e.Answer.Callflow)...)
}

func orNone(text string) string { return cmp.Or(text, "none") }

// compareCallflow compares the parts of a callflow.
func (t *Test) compareCallflow(parts []Part, body json.RawMessage) []Difference {
	if len(parts) == 0 {
		return nil
	}
	var all any
	if err := json.Unmarshal(body, &all); err != nil {
		return []Difference{{"callflow", "one", "none"}}
	}
	var found []Difference
	for _, p := range parts {
		if path := t.paths[p.Key.S]; path != nil {
			selected := path.SelectLocated(all)
			selected.Sort() // members come in the order of a Go map
			if len(selected) == 0 {
				found = append(found, Difference{"callflow " + p.Key.S, shown(p.Value), "nothing"})
			}
			for _, at := range selected {
				found = append(found, differences(at.Path.String(), p.Value, at.Node)...)
			}
			continue
		}
		found = append(found, differences("$", map[string]any{p.Key.S: p.Value}, all)...)
	}
	return found
}
