// Package render turns a decision into an answer: it runs the template of the branch that a call
// takes, verifies the callflow, and when that fails answers by the route's fallback branch, or says
// that there is no answer, which makes Kazoo run the `_` child of its own pivot action.
//
// A [Route] is a route of package routes together with what its branches answer. [Route.Compile]
// makes a [State] for a window of time from the calendars; [Route.Use] swaps it in whole. Answering
// takes no lock and does no I/O; moments come in as arguments. Live answers, explain, check and
// tests all go through [State.Answer].
package render

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/callhours/callhours/calendars"
	"github.com/callhours/callhours/internal/contain"
	"github.com/callhours/callhours/internal/diag"
	"github.com/callhours/callhours/pivot"
	"github.com/callhours/callhours/routes"
	"github.com/callhours/callhours/templates"
	"github.com/callhours/callhours/templates/funcs"
)

// Branch is what a branch answers. It passes when it has no template and is not Asked.
type Branch struct {
	Template *templates.Template // nil: HTTP 404 on purpose, Kazoo continues with its own `_`
	Asked    bool                // another Pivot server answers: see Answer.Asks
	Reads    []string            // keys of Data that its address reads, where it is Asked
	Place    diag.Pos            // where the template is named or written
	Data     Data
}

// Data is what a template has as `.Data`.
type Data struct {
	Values map[string]any
	// Place says where a value is written; nil where the values were not written in a file.
	Place func(path ...string) diag.Pos
	Key   func(key string) diag.Pos // says where a key of Values is written; nil like Place
	// Beside tells whether two keys of Values are written in the same mapping; nil like Place.
	Beside func(a, b string) bool
}

// Options describe a route's answers to [New].
type Options struct {
	Route  *routes.Route
	Tenant string
	// of spoken and phone, where the call has none that they know; one that they do not know, and
	// "", is English
	Language string
	Branches []Branch
	Fallback int                 // index of the branch that answers when the chosen one does not render
	Within   time.Duration       // how long one answer may take; 0: a second
	Cluster  pivot.Cluster       // the Kazoo that is to take the answers
	Library  *templates.Library  // parses the templates inside data
	Room     *Room               // what answers may take that are kept, with all of its owner's routes; nil: no bound
	Memo     *Memo               // what routes that are made with the same Library share; nil: this one shares nothing
	Calendar func(string) string // the full name of a calendar that a template names, "" when there is none
	Known    func() []string     // the names by which Calendar finds some, for suggestions; nil: none
}

// Route is a route with its answers. It is safe for concurrent use.
type Route struct {
	*routes.Route
	options  Options
	branches []branch
	named    map[string]bool // full names of the calendars that templates name
	outcomes string          // tells the names of the branches from others
	asksCall bool            // a condition asks about the call
	speaks   string          // the language for calls that have none
	state    atomic.Pointer[State]
	checked  atomic.Pointer[checked] // what Check has found without schemas; nil: it has not looked
}

// State is a route compiled for a window of time. It is safe for concurrent use. What is rendered
// once for a segment, because it looks at neither the call nor the clock, is kept here.
type State struct {
	*routes.Segments
	route     *Route
	from, to  time.Time                      // the window that it was compiled for; that of Segments may end earlier
	timelines map[string]*calendars.Timeline // those that templates name; a missing one is unknown
	caches    []answerCache                  // by branch, then by branch for decisions that are unknown
	current   atomic.Pointer[constantAnswer] // the last one; nil: there was none
	mu        sync.Mutex                     // guards changes of keepers and current
	charge    *charge                        // of what these keep
}

// New checks what the branches answer: that each template's data is there, that the templates
// inside data parse, and that nothing is read that is not there when the branch answers. A route
// with mistakes is for [Check] alone, which looks at its other branches.
func New(o Options) (*Route, []diag.Mistake) {
	if o.Within == 0 {
		o.Within = time.Second
	}
	if o.Memo == nil {
		o.Memo = new(Memo)
	}
	r := &Route{
		Route: o.Route, options: o, named: map[string]bool{}, asksCall: o.Route.DependsOnCall(),
		speaks: cmp.Or(funcs.Language(o.Language), "en"),
	}
	var mistakes []diag.Mistake
	var missing missingData
	for i := range o.Branches {
		b, wrong := newBranch(&o, i)
		mistakes = append(mistakes, wrong...)
		b.wrong = len(wrong) > 0 || missing.add(&o, i)
		r.branches = append(r.branches, b)
	}
	mistakes = append(mistakes, missing.mistakes(&o)...)
	var names []byte
	for i := range r.branches {
		names = fmt.Appendf(names, "%q ", r.branches[i].name)
		for _, full := range r.branches[i].calendars {
			r.named[full] = true
		}
	}
	r.outcomes = digestOf(names)
	// all has been asked; a route outlives what built it
	r.options.Library, r.options.Memo, r.options.Calendar, r.options.Known = nil, nil, nil, nil
	return r, mistakes
}

// Compile makes the state for the window that the route has at a moment from the calendars, with
// the room that totals have for it.
func (r *Route) Compile(ts *calendars.Timelines, totals routes.Totals, at time.Time) *State {
	view := calendars.View{Zone: r.Zone, DayStarts: r.DayStarts}
	from, to := ts.Window(r.Name, at)
	s := &State{
		route: r, from: from, to: to,
		Segments: r.Route.Compile(func(name string) (*calendars.Timeline, string) {
			return ts.Timeline(name, view, from, to)
		}, from, to, totals),
		timelines: map[string]*calendars.Timeline{},
		caches:    make([]answerCache, 2*len(r.branches)),
	}
	s.charge = newCharge(s, r.options.Room)
	for full := range r.named {
		if t, _ := ts.Timeline(full, view, from, to); t != nil {
			s.timelines[full] = t
		}
	}
	return s
}

// Stale reports whether the route has another window at a moment than the one that the state was
// compiled for: the clock has moved on, or was set.
func (s *State) Stale(ts *calendars.Timelines, at time.Time) bool {
	from, to := ts.Window(s.route.Name, at)
	return !from.Equal(s.from) || !to.Equal(s.to)
}

// Calendars are the full names of those that the route's conditions or its templates name, each
// once.
func (r *Route) Calendars() []string {
	names := r.Route.Calendars()
	asked := make(map[string]bool, len(names))
	for _, name := range names {
		asked[name] = true
	}
	for _, name := range slices.Sorted(maps.Keys(r.named)) {
		if !asked[name] {
			names = append(names, name)
		}
	}
	return names
}

// Matches reports whether an event of a calendar matters to the route: some condition counts it, or
// a template names the calendar.
func (r *Route) Matches(calendar string, e *calendars.Event) bool {
	return r.named[calendar] || r.Route.Matches(calendar, e)
}

// AddTo adds what the route needs of a calendar's events: what its conditions do, and all of them
// where a template names the calendar.
func (r *Route) AddTo(a *routes.CriteriaSet, calendar string) {
	if r.named[calendar] {
		a.AddAll()
	}
	a.Add(r.Route)
}

// SameValue reports whether keys of a data field have the same value where a branch looks for names:
// then they are the same person's.
func (r *Route) SameValue(branch int, field string, keys []string) bool {
	values := r.branches[branch].plain[field]
	for _, key := range keys[1:] {
		if !reflect.DeepEqual(member(values, key), member(values, keys[0])) {
			return false
		}
	}
	return true
}

// Data is what a branch's templates see as `.Data`, without the values that are templates of their
// own. It must not be changed.
func (r *Route) Data(branch int) map[string]any { return r.branches[branch].plain }

// Use makes a state the one that live calls are answered from.
func (r *Route) Use(s *State) { r.state.Store(s) }

// State is the one that live calls are answered from; nil before the first [Route.Use].
func (r *Route) State() *State { return r.state.Load() }

// Reason says why a branch did not answer. The values are label values of
// callhours_fallbacks_total.
type Reason string

// The reasons.
const (
	RenderFailed    Reason = "render_failed"
	InvalidCallflow Reason = "invalid_callflow"
	Limit           Reason = "limit"
	NoAnswer        Reason = "no_answer"
	Deliberate      Reason = "deliberate" // the template called fail

	UpstreamTimeout Reason = "upstream_timeout" // this and the following: see [State.Fail]
	UpstreamStatus  Reason = "upstream_status"
	UpstreamInvalid Reason = "upstream_invalid"
	UpstreamRefused Reason = "upstream_refused"
	UpstreamCircuit Reason = "upstream_circuit"
)

// InWords says what a reason means; "" for one that is not known.
func (r Reason) InWords() string {
	switch r {
	case RenderFailed:
		return "its template failed"
	case InvalidCallflow:
		return "its callflow is not valid"
	case Limit:
		return "its template took too much"
	case NoAnswer:
		return "no branch could be rendered"
	case Deliberate:
		return "its template called fail"
	case UpstreamTimeout:
		return "its upstream did not answer in time"
	case UpstreamStatus:
		return "its upstream did not answer with status 200"
	case UpstreamInvalid:
		return "its upstream answered nothing that Kazoo takes"
	case UpstreamRefused:
		return "its upstream could not be connected to"
	case UpstreamCircuit:
		return "its upstream was not asked"
	}
	return ""
}

// Failure is a branch that should have answered and did not.
type Failure struct {
	Branch int
	Reason Reason
	Err    error
}

// Answer is the answer to Kazoo.
type Answer struct {
	Status   int    // 200, 404 for a branch that passes, 500 when there is no answer, 0 when it Asks
	Body     []byte // the callflow, not to be changed; nil unless Status is 200
	Decision routes.Decision
	Events   []routes.Event // that decided, the first one foremost, as Decision.Events has them
	More     int            // how many more decided, at least
	Reason   string         // why the decision is what it is, in one line
	Title    string         // of the first of Events, cut to a line; "" without events
	Branch   int            // the branch that answered: the decided one, or the fallback; -1: none
	// Asks says that Branch is answered by another Pivot server, which this package does not ask: the caller
	// does, and sets Status and Body, or calls [State.Fail].
	Asks     bool
	Failures []Failure
	Spent    int // what its templates have done for it, in bytes; 0: it was kept
}

// Answer decides and renders. A nil call is the ordinary call. An answer that reads neither the
// call nor the clock is rendered and verified for the first call of a segment; for the others this
// allocates nothing.
func (s *State) Answer(ctx context.Context, call *pivot.Call, now time.Time) Answer {
	if c := s.current.Load(); c != nil && c.isValid(now.Unix()) {
		return c.answer
	}
	d := s.Decide(call, now)
	held, ok := d.Key()
	if !ok {
		a := s.baseAnswer(d)
		s.answer(ctx, &a, s.newEventViews(a.Events), call, now)
		return a
	}
	if k := s.cache(d).get(held, s.route.language(call), now.Unix()); k != nil {
		a := k.answer
		a.Decision = d
		if !k.rendered {
			s.answer(ctx, &a, k.views, call, now)
			// what failed before does so no more
			if len(a.Failures) == 0 && s.route.isCacheable(&s.route.branches[d.Branch]) {
				s.store(&a, k.views, held, call, now)
			}
		} else {
			s.promote(k, now)
		}
		return a
	}
	a := s.baseAnswer(d)
	seen := s.newEventViews(a.Events)
	s.answer(ctx, &a, seen, call, now)
	s.store(&a, seen, held, call, now)
	return a
}

// baseAnswer is the answer to a decision before it is rendered.
func (s *State) baseAnswer(d routes.Decision) Answer {
	a := Answer{Decision: d, Reason: d.Reason()}
	a.Events, a.More = d.FirstEvents()
	if len(a.Events) > 0 {
		a.Title = title(a.Events[0].Event.Summary)
	}
	return a
}

// title is a copy of an event's title, since who remembers it need not remember the calendar,
// and short enough for a line.
func title(text string) string {
	const most = 128
	if len(text) > most {
		return diag.Cut(text, most)
	}
	return strings.Clone(text)
}

// render gives the verified callflow of a branch; nil for a branch that passes. A panic is the
// branch's failure, so that the fallback answers.
func (s *State) render(ctx context.Context, index int, a *Answer, seen *eventViews, call *pivot.Call,
	now time.Time,
) (body []byte, err error) {
	defer func() {
		if p := recover(); p != nil {
			body, err = nil, contain.New(p)
		}
	}()
	b := &s.route.branches[index]
	if b.template == nil {
		return nil, nil
	}
	v := s.view(ctx, b, a.Decision, seen, call, now)
	defer func() { a.Spent += v.spent }()
	return b.callflow(ctx, v, s.route.options.Cluster)
}

// callflow gives the verified callflow that a branch with a template writes for a view.
func (b *branch) callflow(ctx context.Context, v *View, cluster pivot.Cluster) ([]byte, error) {
	if err := b.fill(ctx, v); err != nil {
		return nil, err
	}
	const usual = 512 // bytes of a callflow
	out := bytes.NewBuffer(make([]byte, 0, usual))
	if err := b.template.Execute(ctx, out, v, v.env); err != nil {
		return nil, err
	}
	body := bytes.TrimSpace(out.Bytes()) // a file ends with a line end, and an answer need not
	if err := pivot.CheckCallflow(body, cluster); err != nil {
		return nil,
			&callflowError{
				template: b.template.Name(), wrong: "the output is not a callflow", err: err, body: body,
				blanks: leadingBlanks(out.Bytes()),
			}
	}
	return body, nil
}

// leadingBlanks is how much of an output is cut off before its callflow.
func leadingBlanks(out []byte) int { return len(out) - len(bytes.TrimLeft(out, " \t\r\n")) }

// callflowError is a rendered callflow that Kazoo would not take.
type callflowError struct {
	template string
	wrong    string
	err      error
	body     []byte // the callflow; nil where nobody looks for the place of what is wrong
	blanks   int    // bytes of the output before the callflow
}

func (e *callflowError) Error() string { return e.template + ": " + e.says() }

func (e *callflowError) says() string { return e.wrong + ": " + e.err.Error() }

func (e *callflowError) Unwrap() error { return e.err }

func reasonOf(err error) Reason {
	var invalid *callflowError
	switch {
	case errors.As(err, &invalid):
		return InvalidCallflow
	case funcs.IsFail(err):
		return Deliberate
	case funcs.IsLimit(err), errors.Is(err, context.DeadlineExceeded):
		return Limit
	}
	return RenderFailed
}
