package preview

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/callhours/callhours/internal/diag"
	"github.com/callhours/callhours/pivot"
	"github.com/callhours/callhours/render"
	"github.com/callhours/callhours/routes"
)

// Question is a call at a moment. Route names the route that answers; without it Path and the call
// find one, as they would for Kazoo.
type Question struct {
	Route string
	Path  string      // "": where calls go that name no path
	Call  *pivot.Call // nil: the ordinary call of the route
	At    time.Time
	Ask   bool // ask the Pivot server of a branch that is answered by one
}

// Explanation is what happens to a call, and why.
type Explanation struct {
	At        time.Time `json:"at"` // in the route's zone
	Timezone  string    `json:"timezone,omitempty"`
	Route     string    `json:"route,omitempty"`   // "" when no route answers
	Matched   string    `json:"matched"`           // by what the route was found, or why none was
	Missing   string    `json:"missing,omitempty"` // that in a sentence, where none was
	Branch    string    `json:"branch,omitempty"`
	State     string    `json:"state,omitempty"`
	Unknown   bool      `json:"unknown"` // decided by the route's unknown branch
	Reason    string    `json:"reason,omitempty"`
	Brief     string    `json:"in_words,omitempty"`    // the reason in few words
	Events    []Event   `json:"events,omitempty"`      // that decided, the first one foremost, and not too many
	More      int       `json:"more_events,omitempty"` // that decided too
	Match     string    `json:"match,omitempty"`       // the key that a `names` condition found
	Steps     []Step    `json:"steps,omitempty"`
	Until     *Change   `json:"until,omitempty"`      // when another branch takes over; nil: not in sight
	SpanUntil *Change   `json:"span_until,omitempty"` // when another span begins; nil: not in sight
	Answer    Answer    `json:"answer"`
	Failures  []Failure `json:"failures,omitempty"`
	// Upstream is what is sent to the Pivot server that answers the branch; nil where none does
	Upstream *UpstreamRequest `json:"upstream,omitempty"`

	display string // the route's given name for people; ""
	label   string // the branch's name for people
}

// Event is an occurrence, in the route's zone; End is exclusive.
type Event struct {
	Calendar string    `json:"calendar"`
	UID      string    `json:"uid"`
	Summary  string    `json:"summary"`
	Start    time.Time `json:"start"`
	End      time.Time `json:"end"`
	AllDay   bool      `json:"all_day"`
}

// Step is a branch in order and the result of its condition.
type Step struct {
	Branch string `json:"branch"`
	State  string `json:"state"`
	Holds  string `json:"holds"` // "true", "false" or "unknown"
	Reason string `json:"reason"`
	Brief  string `json:"in_words"` // the reason in few words, with the first of several patterns
	Taken  bool   `json:"taken"`
}

// Answer is the answer to Kazoo.
type Answer struct {
	Status   int             `json:"status"`             // 0: it asks
	Asks     bool            `json:"asks,omitempty"`     // another Pivot server is asked, which has not been done
	Branch   string          `json:"branch,omitempty"`   // the one that answered
	Rendered string          `json:"rendered,omitempty"` // how often its callflow is rendered, and why
	Summary  string          `json:"summary,omitempty"`  // the callflow in one line
	InWords  string          `json:"in_words,omitempty"` // the callflow in a sentence for people
	Callflow json.RawMessage `json:"callflow,omitempty"`
	TwiML    string          `json:"twiml,omitempty"` // in place of a callflow
}

// Failure is a branch that should have answered and did not.
type Failure struct {
	Branch string `json:"branch"`
	Reason string `json:"reason"`
	Error  string `json:"error"`
}

// Calendars are the full names of those that an answer depends on; none where no route answers. The
// error names a route that is not there.
func (p *Preview) Calendars(q Question) ([]string, error) {
	r, _, err := p.route(q)
	if r == nil {
		return nil, err
	}
	return r.Calendars(), nil
}

// Explain decides a call and says why. The error names a route that does not exist.
func (p *Preview) Explain(ctx context.Context, q Question) (*Explanation, error) {
	e, _, err := p.explain(ctx, q)
	return e, err
}

// explain is Explain, with the steps that it took.
func (p *Preview) explain(ctx context.Context, q Question) (_ *Explanation, steps int, _ error) {
	r, matched, err := p.route(q)
	if err != nil {
		return nil, 0, err
	}
	if r == nil {
		return &Explanation{
			At: q.At, Matched: matched, Missing: p.missing(q, matched),
			Answer: Answer{Status: http.StatusNotFound},
		}, stepsOfMoment, nil
	}
	s := p.state(r, q.At)
	if err := newBudget(ctx).err(); err != nil {
		return nil, 0, err
	}
	a := s.Answer(ctx, q.Call, q.At)
	var asks *asked
	if a.Asks {
		asks = p.answer(ctx, q, r, s, &a)
	}
	decided := r.Branches[a.Decision.Branch]
	e := &Explanation{
		At: q.At.In(r.Zone), Timezone: r.Zone.String(), Route: r.Name, Matched: matched, display: r.DisplayName,
		label:  r.BranchLabel(decided.Name),
		Branch: decided.Name, State: string(decided.State), Unknown: a.Decision.Unknown,
		Reason: truncate(a.Reason, maxReason),
		Answer: Answer{Status: a.Status, Asks: a.Asks, Summary: pivot.Summary(a.Body), Callflow: a.Body},
	}
	if asks != nil {
		e.Upstream, e.Answer.TwiML = asks.request, asks.twiml
	}
	if a.Branch >= 0 {
		e.Answer.Branch, e.Answer.Rendered = r.Branches[a.Branch].Name, s.Rendered(a, q.Call, q.At)
		e.Answer.InWords = p.describe(a.Body, r.Data(a.Branch))
	}
	for _, ev := range a.Events[:min(len(a.Events), maxExplained)] {
		e.Events = append(e.Events, eventOf(ev, r.Zone))
	}
	e.More = len(a.Events) + a.More - len(e.Events)
	left := newBudget(ctx)
	for _, step := range a.Decision.Steps(left.spendEvents, p.language, p.calendarName) {
		if step.Reason == "" {
			step.Reason = unexplained
			step.Brief = p.language.Translate("more events are on at once than are looked through for one answer")
		}
		e.Steps = append(e.Steps, Step{
			Branch: step.Branch, State: string(step.State), Holds: step.Truth,
			Reason: truncate(step.Reason, maxReason), Brief: step.Brief, Taken: step.Taken,
		})
	}
	e.Brief = e.Reason
	if e.Unknown && left.spendDecision(a.Decision) {
		e.Brief = a.Decision.InWords(p.language, p.calendarName)
	}
	if i := slices.IndexFunc(e.Steps, func(s Step) bool { return s.Taken }); i >= 0 && !e.Unknown {
		e.Brief = e.Steps[i].Brief
	}
	w := &walk{route: r, call: q.Call, left: left}
	here := w.start(s, q.At)
	e.Match = truncate(here.key.Match, maxTitle)
	e.Until, e.SpanUntil = w.changes(here)
	for _, f := range a.Failures {
		e.Failures = append(e.Failures, Failure{r.Branches[f.Branch].Name, string(f.Reason), f.Err.Error()})
	}
	return e, stepsOfMoment + a.Spent + len(a.Body) + left.steps(), nil
}

// Title is what people read beside the branch's label of the event that decided; "" without one.
func (e *Explanation) Title() string {
	if len(e.Events) == 0 {
		return e.Match
	}
	return titleBeside(spanTitle(e.Events[0].Summary, e.Match), e.label, e.Branch)
}

// Zone is the time zone in which people speak of the question: the answering route's, or without
// one UTC. The error names a route that is not there.
func (p *Preview) Zone(q Question) (*time.Location, error) {
	r, _, err := p.route(q)
	if err != nil || r == nil {
		return time.UTC, err
	}
	return r.Zone, nil
}

func eventOf(e routes.Event, zone *time.Location) Event {
	return Event{
		Calendar: e.Calendar, UID: e.Event.UID, Summary: truncate(e.Event.Summary, maxTitle),
		Start: time.Unix(e.Start, 0).In(zone), End: time.Unix(e.End, 0).In(zone), AllDay: e.Event.AllDay,
	}
}

// RouteNames are the names of the first routes in the order of the alphabet, at most so many.
func (p *Preview) RouteNames(most int) []string {
	names := p.names()
	return names[:min(len(names), most)]
}

// names are those of the routes, sorted.
func (p *Preview) names() []string { return slices.Sorted(maps.Keys(p.byName)) }

func (p *Preview) route(q Question) (*render.Route, string, error) {
	if q.Route != "" {
		r := p.byName[q.Route]
		if r == nil {
			return nil, "", fmt.Errorf("unknown route %q%s", q.Route, diag.Suggest(q.Route, p.names()))
		}
		return r, "name", nil
	}
	path, call := q.Path, q.Call
	if path == "" {
		path = p.options.Path
	}
	if call == nil {
		call = &pivot.Call{}
	}
	found, why := p.options.Table.Match(routes.CleanPath(path), call)
	if found == routes.None {
		return nil, string(why), nil
	}
	return p.options.Routes[found], string(why), nil
}

// missing is a sentence on why no route was found.
func (p *Preview) missing(q Question, why string) string {
	return p.options.Table.Missing(routes.CleanPath(cmp.Or(q.Path, p.options.Path)), routes.MissReason(why), "")
}

// steps writes the branches in order and what their conditions said exactly, each line indented.
func (e *Explanation) steps(w io.Writer, indent string) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "%sbranches in order\n", indent)
	for i, s := range e.Steps {
		fmt.Fprintf(t, "%s%s %d\t%s\t%s\t%s\t%s\n", indent, s.mark(), i+1, s.Branch, s.State, s.Holds, s.Reason)
	}
	return t.Flush()
}

// briefSteps writes the branches in order, with one short line each.
func (e *Explanation) briefSteps(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "branches in order\n")
	for _, s := range e.Steps {
		fmt.Fprintf(t, "%s %s\t%s\n", s.mark(), s.Branch, s.Brief)
	}
	return t.Flush()
}

// mark points at the branch that was taken.
func (s Step) mark() string {
	if s.Taken {
		return ">"
	}
	return " "
}

// Answered reports whether Kazoo gets a callflow, or is told on purpose to continue on its own.
func (e *Explanation) Answered() bool {
	return e.Route != "" && e.Answer.Status != http.StatusInternalServerError
}

const timeFormat = "Mon 2006-01-02 15:04:05 MST"

func (c *Change) text() string {
	if c == nil {
		return "no change planned"
	}
	text := fmt.Sprintf("%s, then %s", c.At.Format(timeFormat), c.Branch)
	if !strings.EqualFold(c.Branch, c.State) {
		text += fmt.Sprintf(" (%s)", c.State)
	}
	if title := c.fullTitle(); title != "" && !strings.EqualFold(title, c.Branch) {
		text += fmt.Sprintf(" by %q", title)
	}
	if c.Unknown {
		text += ", since a calendar is unknown"
	}
	return text
}

// Text writes the explanation for people, with a short line for each branch.
func (e *Explanation) Text(w io.Writer) error { return e.text(w, e.Brief, e.briefSteps) }

// VerboseText writes all of the explanation: also each pattern and number that was compared.
func (e *Explanation) VerboseText(w io.Writer) error {
	return e.text(w, e.Reason, func(w io.Writer) error { return e.steps(w, "") })
}

func (e *Explanation) text(w io.Writer, reason string, steps func(io.Writer) error) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	row := func(name, format string, args ...any) { fmt.Fprintf(t, name+"\t"+format+"\n", args...) }
	row("at", "%s", e.At.Format(timeFormat))
	if e.Route == "" {
		row("route", "none: %s (%s)", e.Matched, e.Missing)
		row("answer", "404, and Kazoo continues with the `_` child of its pivot action")
		return t.Flush()
	}
	name := e.Route
	if e.display != "" {
		name = e.display + " (" + e.Route + ")"
	}
	row("route", "%s, found by %s, in %s", name, e.Matched, e.Timezone)
	if strings.EqualFold(e.Branch, e.State) {
		row("branch", "%s: %s", e.Branch, reason)
	} else {
		row("branch", "%s (%s): %s", e.Branch, e.State, reason)
	}
	row("until", "%s", e.SpanUntil.text())
	if e.SpanUntil != nil && (e.Until == nil || !e.Until.At.Equal(e.SpanUntil.At)) {
		if e.Until == nil {
			row("", "another branch: none in sight")
		} else {
			row("", "another branch: %s", e.Until.text())
		}
	}
	for _, f := range e.Failures {
		row("failed", "branch %s, %s: %s", f.Branch, f.Reason, f.Error)
	}
	switch e.Answer.Status {
	case 0:
		row("answer", "that of the upstream of branch %s", e.Answer.Branch)
	case http.StatusOK:
		row("answer", "200 by branch %s", e.Answer.Branch)
	case http.StatusNotFound:
		row("answer", "404 by branch %s, and Kazoo continues with the `_` child of its pivot action", e.Answer.Branch)
	default:
		row("answer", "%d: no branch could be rendered; Kazoo continues with the `_` child of its pivot action",
			e.Answer.Status)
	}
	if e.Answer.InWords != "" {
		row("", "%s", e.Answer.InWords)
	}
	if e.Answer.Rendered != "" {
		row("", "%s", e.Answer.Rendered)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(w)
	if err := steps(w); err != nil {
		return err
	}
	if e.Upstream != nil {
		e.Upstream.write(w)
	}
	if e.Answer.TwiML != "" {
		_, err := fmt.Fprintf(w, "\nTwiML\n%s\n", e.Answer.TwiML)
		return err
	}
	if len(e.Answer.Callflow) == 0 {
		return nil
	}
	var pretty strings.Builder
	in := json.NewEncoder(&pretty)
	in.SetEscapeHTML(false)
	in.SetIndent("", "  ")
	if err := in.Encode(e.Answer.Callflow); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "\ncallflow\n%s", pretty.String())
	return err
}
