// Package preview answers what people ask about decisions: what happens to a call at a moment, and
// why; and it says what is most likely meant otherwise, as [Finding]s of a [Lint]. The command
// line, the admin API and the console put their questions here, so that they give one answer.
//
// It walks the code that live calls walk, with another clock: it compiles the window that a live
// server would have at the moment asked for, from the same events. A [Preview] is safe for
// concurrent use.
package preview

import (
	"context"
	"sync"
	"time"

	"github.com/callhours/callhours/calendars"
	"github.com/callhours/callhours/calendars/ical"
	"github.com/callhours/callhours/pivot"
	"github.com/callhours/callhours/render"
	"github.com/callhours/callhours/routes"
)

// Options are what a Preview looks at.
type Options struct {
	Table     *routes.Table
	Routes    []*render.Route      // as the table has them
	Path      string               // where a call is sent when the question names no path
	Timelines *calendars.Timelines // not those of live calls: a question about last year must not cost them theirs
	// those of live calls: what they have no room for is unknown here too, and nothing is counted
	// to them; zero: none are live
	Totals routes.Totals
	Names  DisplayNames
	// Problems gives the source of routes' problems as they are at the call; nil: there are none
	Problems func() ProblemSource
	// Describe says what is sent to the Pivot server of a branch that is asked; nil: nobody can
	Describe func(r *render.Route, branch int, call *pivot.Call) UpstreamRequest
	// Ask asks it, for questions that want that; false: it cannot be asked. nil: none can
	Ask func(ctx context.Context, r *render.Route, branch int, call *pivot.Call) (UpstreamAnswer, bool)
}

// Preview answers questions about one generation, and its calendars as they were when it was made.
type Preview struct {
	*subject
	language     calendars.Language  // of sentences for people
	calendarName func(string) string // what short reasons call a calendar; nil: its name
}

// subject is what is asked about, in whatever language.
type subject struct {
	options Options
	byName  map[string]*render.Route

	mu     sync.Mutex                        // guards the following
	states map[*render.Route][]*render.State // of each route the windows that were asked for last, the last one first
	size   int                               // of states, but for those that were let go since all were forgotten
}

// What is kept: windows of a route, since a page asks for the present, and for the days that it
// shows; and segments of all.
const (
	maxStates = 3
	maxKept   = 4_000_000
)

// New makes a Preview whose sentences are English; it compiles nothing yet.
func New(o Options) *Preview {
	if o.Totals == (routes.Totals{}) {
		o.Totals = routes.NewTotals(ical.Limits{}.MaxInstances())
	}
	s := &subject{options: o, byName: map[string]*render.Route{}, states: map[*render.Route][]*render.State{}}
	for _, r := range o.Routes {
		s.byName[r.Name] = r
	}
	return &Preview{subject: s, language: calendars.English()}
}

// In is the same Preview for readers of pages in a language: conditions, callflows and short reasons
// are in it, with calendars by their names for people. What is for engineers stays English.
func (p *Preview) In(language calendars.Language) *Preview {
	return &Preview{p.subject, language, p.CalendarLabel}
}

// state is the route compiled for the window that it has at a moment. It compiles without the lock,
// so that nobody waits for another one's route.
func (p *Preview) state(r *render.Route, at time.Time) *render.State {
	p.mu.Lock()
	known := p.states[r]
	p.mu.Unlock()
	for _, s := range known {
		if !s.Stale(p.options.Timelines, at) {
			return s
		}
	}
	s := r.Compile(p.options.Timelines, p.options.Totals.Asking(), at)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.size += s.Size(); p.size > maxKept {
		clear(p.states)
		p.size = s.Size()
	}
	known = p.states[r]
	p.states[r] = append([]*render.State{s}, known[:min(len(known), maxStates-1)]...)
	return s
}
