package preview

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/callhours/callhours/calendars"
	"github.com/callhours/callhours/calendars/feeds"
	"github.com/callhours/callhours/internal/diag"
	"github.com/callhours/callhours/render"
)

// maxShownNumbers is how many numbers a status of a route has.
const maxShownNumbers = 3

// RouteStatus is the decision for the ordinary call of a route at a moment: one without data of its
// own. Times are in the route's zone.
type RouteStatus struct {
	Route     string     `json:"route"`
	Label     string     `json:"display_name"` // the route's name for people, without its tenant
	Timezone  string     `json:"timezone"`
	At        time.Time  `json:"at"`
	Branch    string     `json:"branch"`
	State     string     `json:"state"`
	Unknown   bool       `json:"unknown"` // decided by the route's unknown branch
	Reason    string     `json:"reason"`
	Event     *Event     `json:"event"`           // that decided; null without one
	Match     string     `json:"match,omitempty"` // the key that a `names` condition found
	Since     *time.Time `json:"since"`           // when the branch took over; null: before what is in sight
	Until     *Change    `json:"until"`           // when another branch does; null: not in sight
	SpanSince *time.Time `json:"span_since"`      // when the span began; null: before what is in sight
	SpanUntil *Change    `json:"span_until"`      // when another span begins; null: not in sight
	Calendars []string   `json:"calendars"`
	Problems  []Problem  `json:"problems"`                // the most severe first; never nil
	More      int        `json:"more_problems,omitempty"` // how many others there are

	// the branch's name for people, and why a branch that could not be decided could not
	BranchLabel string `json:"-"`
	InWords     string `json:"-"`
	// the first numbers that the route answers, as written, and how many others there are
	Dialed     []string `json:"-"`
	MoreDialed int      `json:"-"`

	// what it gets on that local day, from midnight on, as long as there are not too many spans
	Day    []Span `json:"-"`
	DayCut bool   `json:"-"` // the rest of the day was left out
}

// DisplayState is the state that pages show: the branch's, or "unknown".
func (s RouteStatus) DisplayState() string { return displayState(s.State, s.Unknown) }

// Title is what people read beside the branch's label of the event that decided; "" without one.
func (s RouteStatus) Title() string {
	if s.Event == nil {
		return s.Match
	}
	return titleBeside(spanTitle(s.Event.Summary, s.Match), s.BranchLabel, s.Branch)
}

func displayState(state string, unknown bool) string {
	if unknown {
		return string(feeds.Unknown)
	}
	return state
}

// Filter selects routes.
type Filter struct {
	// each of its words stands in the route's name, its branch, its calendars or the numbers that
	// it answers; "": all
	Text  string
	State string // "open", "closed", "other" or "unknown", as Standing.Shown; "": all
}

// RouteList are the routes that match a filter.
type RouteList struct {
	Routes []RouteStatus  `json:"routes,omitempty"`
	Total  int            `json:"total"`  // that pass, on all pages
	States map[string]int `json:"states"` // how many that fit the text are in which state
	// Truncated says that fewer routes are there than were asked for, and how to ask for the
	// others; "" where that is not so.
	Truncated string `json:"truncated,omitempty"`
}

// Routes are the statuses of the routes that match a filter: those with errors first, then those
// with warnings, and within these in the order of the configuration; n of them from an offset on.
// The error is that of the context.
func (p *Preview) Routes(ctx context.Context, at time.Time, f Filter, offset, n int) (RouteList, error) {
	return p.routes(newBudget(ctx), at, f, offset, n)
}

func (p *Preview) routes(left *budget, at time.Time, f Filter, offset, n int) (RouteList, error) {
	found := RouteList{Routes: []RouteStatus{}, States: map[string]int{}}
	words := strings.Fields(strings.ToLower(f.Text))
	problems := p.problems()
	var ranked [severities][]*render.Route
	for _, r := range p.options.Routes {
		if err := left.err(); err != nil {
			return found, err
		}
		d := p.liveState(r, at).Decide(nil, at)
		b := r.Branches[d.Branch]
		if !matchesWords(r, b.Name, words) {
			continue
		}
		state := displayState(string(b.State), d.Unknown)
		found.States[state]++
		if f.State != "" && f.State != state {
			continue
		}
		by := rank(problems(r).Severity())
		ranked[by] = append(ranked[by], r)
		found.Total++
	}
	matched := slices.Concat(ranked[:]...)
	matched = matched[min(max(offset, 0), len(matched)):]
	for _, r := range matched[:min(max(n, 0), len(matched))] {
		if err := left.err(); err != nil {
			return found, err
		}
		s := p.liveState(r, at)
		if !left.spendSegments(s.Decide(nil, at)) && len(found.Routes) > 0 {
			found.Truncated = fmt.Sprintf(
				"cut after %d routes, whose calendars change very often; ask for the others from offset %d on",
				len(found.Routes), offset+len(found.Routes))
			break
		}
		status := p.newRouteStatus(r, s, at, left)
		status.setProblems(problems(r))
		found.Routes = append(found.Routes, status)
	}
	return found, nil
}

// problems is the source of routes' problems as they are now.
func (p *Preview) problems() ProblemSource {
	if p.options.Problems == nil {
		return func(*render.Route) Problems { return Problems{} }
	}
	return p.options.Problems()
}

func (s *RouteStatus) setProblems(p Problems) {
	s.Problems, s.More = append([]Problem{}, p.List...), p.More
}

// matchesWords reports whether each of the words, in lower case, occurs in the route's texts.
func matchesWords(r *render.Route, branch string, words []string) bool {
	if len(words) == 0 {
		return true
	}
	said := append([]string{r.Name, r.Label(), branch, r.Zone.String(), r.Path}, r.Calendars()...)
	for _, d := range r.Match.Dialed {
		said = append(said, d.S)
	}
	text := strings.ToLower(strings.Join(said, "\n"))
	return !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(text, w) })
}

// liveState is the state that live calls are answered from, while the moment is theirs, and else
// the one compiled for the moment.
func (p *Preview) liveState(r *render.Route, at time.Time) *render.State {
	if s := r.State(); s != nil && !s.Stale(p.options.Timelines, at) {
		return s
	}
	return p.state(r, at)
}

func (p *Preview) newRouteStatus(r *render.Route, s *render.State, at time.Time, left *budget) RouteStatus {
	w := &walk{route: r, left: left}
	here := w.start(s, at)
	d := here.decision
	b := r.Branches[d.Branch]
	out := RouteStatus{
		Route: r.Name, Label: r.Label(), Timezone: r.Zone.String(), At: at.In(r.Zone),
		Branch: b.Name, BranchLabel: r.BranchLabel(b.Name), State: string(b.State),
		Unknown: d.Unknown, Reason: unexplained,
		Match:     truncate(here.key.Match, maxTitle),
		Calendars: append([]string{}, r.Calendars()...),
	}
	for _, d := range r.Match.Dialed[:min(len(r.Match.Dialed), maxShownNumbers)] {
		out.Dialed = append(out.Dialed, d.S)
	}
	out.MoreDialed = len(r.Match.Dialed) - len(out.Dialed)
	if left.spendDecision(d) {
		out.Reason = truncate(d.Reason(), maxReason)
		if d.Unknown {
			out.InWords = d.InWords(p.language, p.calendarName)
		}
		if events := d.Events(); len(events) > 0 {
			e := eventOf(events[0], r.Zone)
			out.Event = &e
		}
	}
	if since, ok := d.Since(); ok {
		out.Since = &since
	}
	if since, ok := w.since(here); ok {
		out.SpanSince = &since
	}
	out.Until, out.SpanUntil = w.changes(here)
	for span := range w.spans(s, Midnight(out.At, 0), Midnight(out.At, 1)) {
		if out.DayCut = len(out.Day) == maxStrip; out.DayCut {
			break
		}
		out.Day = append(out.Day, span)
	}
	return out
}

// RouteStatus is the decision of a route at a moment. The error names a route that does not exist.
func (p *Preview) RouteStatus(ctx context.Context, name string, at time.Time) (RouteStatus, error) {
	r, err := p.find(name)
	if err != nil {
		return RouteStatus{}, err
	}
	s := p.newRouteStatus(r, p.liveState(r, at), at, newBudget(ctx))
	s.setProblems(p.problems()(r))
	return s, nil
}

func (p *Preview) find(name string) (*render.Route, error) {
	r := p.byName[name]
	if r == nil {
		return nil, fmt.Errorf("unknown route %q%s", name, diag.Suggest(name, slices.Collect(maps.Keys(p.byName))))
	}
	return r, nil
}

// Branch describes a branch in words.
type Branch struct {
	Name     string `json:"name"`
	Label    string `json:"-"` // for people
	State    string `json:"state"`
	When     string `json:"when"`     // its condition as written; "otherwise" for none
	InWords  string `json:"in_words"` // its condition as people would say it
	Unknown  bool   `json:"unknown"`  // taken when a calendar that is needed is unknown
	Fallback bool   `json:"fallback"` // answers when another cannot be rendered
	Passes   bool   `json:"passes"`   // leaves the call to Kazoo
}

// Route describes a route in words.
type Route struct {
	Name      string   `json:"name"`
	Label     string   `json:"-"` // for people, without its tenant
	Path      string   `json:"path"`
	Dialed    []string `json:"dialed"`
	Timezone  string   `json:"timezone"`
	AsksCall  bool     `json:"asks_call"` // a condition asks about the call, so that other calls may get something else
	Branches  []Branch `json:"branches"`  // in order
	Calendars []string `json:"calendars"`
}

// Route describes a route. The error names a route that does not exist.
func (p *Preview) Route(name string) (Route, error) {
	r, err := p.find(name)
	if err != nil {
		return Route{}, err
	}
	out := Route{
		Name: r.Name, Label: r.Label(), Path: r.Path, Dialed: []string{}, Timezone: r.Zone.String(), AsksCall: r.DependsOnCall(),
		Calendars: append([]string{}, r.Calendars()...),
	}
	for _, d := range r.Match.Dialed {
		out.Dialed = append(out.Dialed, d.S)
	}
	for i, b := range r.Branches {
		out.Branches = append(out.Branches, Branch{
			Name: b.Name, Label: r.BranchLabel(b.Name), State: string(b.State), When: r.Words(i),
			InWords: r.InWords(i, p.CalendarLabel, p.language.Translate), Unknown: i == r.Unknown,
			Fallback: i == r.Fallback(), Passes: r.Renders(i) == "",
		})
	}
	return out, nil
}

// Changes are the next spans of the ordinary call of a route, at most so many, that begin within
// the days after a moment and within sight. The error names a route that does not exist, or is that
// of the context.
func (p *Preview) Changes(ctx context.Context, name string, from time.Time, most, days int) ([]Span, error) {
	r, err := p.find(name)
	if err != nil {
		return nil, err
	}
	state := p.state(r, from)
	to := from.AddDate(0, 0, days)
	if _, seen := state.Window(); seen.Before(to) {
		to = seen
	}
	var list []Span
	w := &walk{route: r, left: newBudget(ctx), explain: true}
	for s := range w.spans(state, from, to) {
		if list = append(list, s); len(list) > most {
			break
		}
	}
	if err := w.left.err(); err != nil {
		return nil, err
	}
	return list[1:], nil
}

// Lane is a calendar's events over a period, in a route's view of them.
type Lane struct {
	Calendar string      `json:"calendar"`
	Unknown  string      `json:"unknown,omitempty"` // why nothing is known of it
	Events   []LaneEvent `json:"events"`
	More     int         `json:"more,omitempty"` // events that were left out, the later ones
}

// LaneEvent is an event in a lane.
type LaneEvent struct {
	Event
	Counts bool `json:"matters"` // a condition of the route counts it
}

// Lanes are the events of a route's calendars that are on between two moments, in the order of its
// conditions, at most MaxLaneEvents of them. The error names a route that does not exist, or is
// that of the context.
func (p *Preview) Lanes(ctx context.Context, name string, from, to time.Time) ([]Lane, error) {
	r, err := p.find(name)
	if err != nil {
		return nil, err
	}
	lanes, left, names := []Lane{}, newBudget(ctx), r.Calendars()
	windowFrom, windowTo := p.state(r, from).Window()
	for _, full := range names {
		if err := left.err(); err != nil {
			return nil, err
		}
		use := p.options.Timelines.Use(full)
		lane := Lane{Calendar: full, Events: []LaneEvent{}}
		if use.Snapshot.Unknown() {
			lane.Unknown = use.Snapshot.Why
			lanes = append(lanes, lane)
			continue
		}
		view := calendars.View{Zone: r.Zone, DayStarts: r.DayStarts}
		var t *calendars.Timeline
		if windowFrom.After(from) || windowTo.Before(to) { // what was compiled for the window does not serve
			if use.Zone != nil {
				view.Zone = use.Zone
			}
			t = use.Snapshot.Calendar.Compile(view, from, to)
		} else if t, _ = p.options.Timelines.Timeline(full, view, windowFrom, windowTo); t == nil {
			continue // it has become unknown
		}
		list, more := t.First(nil, from.Unix(), to.Unix(), MaxLaneEvents/len(names))
		lane.More = more
		for _, o := range list {
			lane.Events = append(lane.Events, LaneEvent{newEvent(full, o, r.Zone), r.Matches(full, o.Event)})
		}
		lanes = append(lanes, lane)
	}
	return lanes, nil
}

func newEvent(calendar string, o calendars.Occurrence, zone *time.Location) Event {
	return Event{
		Calendar: calendar, UID: o.Event.UID, Summary: truncate(o.Event.Summary, maxTitle),
		Start: time.Unix(o.Start, 0).In(zone), End: time.Unix(o.End, 0).In(zone), AllDay: o.Event.AllDay,
	}
}
