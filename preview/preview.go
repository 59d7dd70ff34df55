// Package preview answers what people ask about decisions: what happens to a call at a moment, and why; and it says what is most likely
// meant otherwise, as [Finding]s of a [Lint]. The command line, the admin API and the console put their questions here, so that they give one answer.
//
// It walks the code that live calls walk, with another clock: it compiles the window that a live server would have at the moment
// asked for, from the same events. A [Preview] is safe for concurrent use.
package preview

import (
	"sync"
	"time"

	"github.com/callhours/callhours/calendars"
	"github.com/callhours/callhours/render"
	"github.com/callhours/callhours/routes"
)

// Options are what a Preview looks at.
type Options struct {
	Table     *routes.Table
	Routes    []*render.Route      // as the table has them
	Path      string               // where a call is sent when the question names no path
	Timelines *calendars.Timelines // not those of live calls: a question about last year must not cost them theirs
}

// Preview answers questions about one generation, and its calendars as they were when it was made.
type Preview struct {
	options Options
	byName  map[string]*render.Route

	mu     sync.Mutex // guards states: of each route the window that was asked for last
	states map[*render.Route]*render.State
}

// New makes a Preview; it compiles nothing yet.
func New(o Options) *Preview {
	p := &Preview{options: o, byName: map[string]*render.Route{}, states: map[*render.Route]*render.State{}}
	for _, r := range o.Routes {
		p.byName[r.Name] = r
	}
	return p
}

// state is the route compiled for the window that it has at a moment.
func (p *Preview) state(r *render.Route, at time.Time) *render.State {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.states[r]
	if s == nil || s.Stale(p.options.Timelines, at) {
		s = r.Compile(p.options.Timelines, at)
		p.states[r] = s
	}
	return s
}
