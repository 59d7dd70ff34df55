package render

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/callhours/callhours/calendars"
	"github.com/callhours/callhours/internal/diag"
	"github.com/callhours/callhours/pivot"
	"github.com/callhours/callhours/routes"
	"github.com/callhours/callhours/templates/funcs"
)

// View is the dot of a template.
type View struct {
	Call   *pivot.Call
	Now    time.Time // in the route's zone
	Tenant string    // "" for a route of no tenant
	Route  RouteView
	Branch BranchView
	Event  *Event  // the one that decided; nil when none did
	Events []Event // that decided, Event first; the first funcs.MaxEvents of them
	Match  *Match  // what a `names` condition found; nil without one
	Data   map[string]any

	decision routes.Decision
	until    *any        // what Until has given; nil: it was not asked
	alive    func() bool // whether there is time
	sample   *sample     // instead of a decision
	spent    int         // what its templates have done, see [funcs.Env]
	env      funcs.Env
}

// RouteView is what a template may know of the route.
type RouteView struct{ Name, Timezone, Language string }

// BranchView is what a template may know of the branch that answers.
type BranchView struct{ Name, State string }

// Match is the key of a data field that stands in the title of the event that decided, and its
// value there.
type Match struct {
	Name  string
	Value any
}

// Event is an occurrence of a calendar. Times are in the route's zone; End is exclusive.
type Event struct {
	Summary, Description, Location string
	Categories                     []string
	Start, End                     time.Time
	AllDay                         bool
	UID                            string
	Calendar                       string
}

// Until is when another branch takes over; nil when none does in sight.
func (v *View) Until() (any, error) {
	if v.sample != nil {
		if !v.sample.ahead {
			return nil, nil
		}
		return v.sample.now.Add(time.Hour), nil
	}
	if v.until == nil { // which may look at thousands of segments, and templates may ask again
		v.until = new(any)
		switch t, ok, looked := v.decision.UntilWhile(v.alive); {
		case !looked:
			return nil, errLate
		case ok:
			*v.until = t
		}
	}
	return *v.until, nil
}

// errLate is the error of what looks ahead when there is no more time.
var errLate = funcs.Limitf("looks ahead for too long")

// ordinary stands for the ordinary call where a template looks at one.
var ordinary pivot.Call

func (s *State) view(ctx context.Context, b *branch, d routes.Decision, seen *eventViews, call *pivot.Call,
	now time.Time,
) *View {
	r := s.route
	now = now.In(r.Zone)
	v := &View{
		Call: call, Now: now, Tenant: r.options.Tenant, decision: d,
		Route:  RouteView{r.Name, r.Zone.String(), r.options.Language},
		Branch: BranchView{b.name, b.state},
		alive:  func() bool { return ctx.Err() == nil },
	}
	if v.Call == nil {
		v.Call = &ordinary
	}
	v.env = funcs.Env{
		Now: now, Language: r.language(call),
		Next:  func(name string) (any, error) { return s.next(d, name, v.alive) },
		On:    func(calendar string) (any, error) { return s.on(b, calendar, now) },
		Spent: &v.spent,
	}
	v.Events = seen.events
	if seen.name != "" {
		v.Match = &Match{Name: seen.name, Value: member(b.plain[seen.field], seen.name)}
	}
	if len(v.Events) > 0 {
		v.Event = &v.Events[0]
	}
	return v
}

func member(field any, key string) any {
	if m, ok := field.(map[string]any); ok {
		return m[key]
	}
	return nil
}

func eventOf(o calendars.Occurrence, calendar string, zone *time.Location) Event {
	e := o.Event
	return Event{
		Summary: e.Summary, Description: e.Description, Location: e.Location, Categories: e.Categories,
		Start: time.Unix(o.Start, 0).In(zone), End: time.Unix(o.End, 0).In(zone),
		AllDay: e.AllDay, UID: e.UID, Calendar: calendar,
	}
}

// known refuses a name that next could never find.
func (r *Route) known(name string) error {
	known := []string{string(routes.Open), string(routes.Closed), string(routes.Other)}
	for _, b := range r.branches {
		known = append(known, b.name)
	}
	if !slices.Contains(known, name) {
		return fmt.Errorf("route %s has no branch or state %q%s", r.Name, name, diag.Suggest(name, known))
	}
	return nil
}

// next is the template function of that name.
func (s *State) next(d routes.Decision, name string, alive func() bool) (any, error) {
	if err := s.route.known(name); err != nil {
		return nil, err
	}
	switch span, looked := d.NextWhile(name, alive); {
	case !looked:
		return nil, errLate
	case span != nil:
		return span, nil
	}
	return nil, nil
}

// on is the template function of that name: the events that are on in a calendar.
func (s *State) on(b *branch, name string, now time.Time) (any, error) {
	full := b.calendars[name]
	t := s.timelines[full]
	if from, to := s.Window(); t == nil || now.Before(from) || !now.Before(to) {
		return nil, fmt.Errorf("calendar %s is unknown", full)
	}
	at := now.Unix()
	if t.Busy(at, at+1, funcs.MaxEvents+1) > funcs.MaxEvents { // which looks at no more than that
		return nil,
			funcs.Limitf("calendar %s has more than %d events at once, the most that `on` gives", full,
				funcs.MaxEvents)
	}
	var events []Event
	for _, o := range t.At(nil, at) {
		events = append(events, eventOf(o, full, s.route.Zone))
	}
	return events, nil
}
