// Package preview answers what people ask about decisions: what happens to a call at a moment, and why. The command line, the admin
// API and the console put their questions here, so that they give one answer.
//
// It walks the code that live calls walk, with another clock: it compiles the window that a live server would have at the moment
// asked for, from the same events. Moments that lie together share one. A [Preview] is safe for concurrent use.
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
	Routes    []*render.Route
	Path      string                                  // where a call is sent when the question names no path
	Timelines func(at time.Time) *calendars.Timelines // compiles the window that a live server would have at that moment
}

// Preview answers questions about one generation.
type Preview struct {
	options Options
	byName  map[string]*render.Route
	byRoute map[*routes.Route]*render.Route

	mu        sync.Mutex // guards what follows: the window that was asked for last
	at        time.Time
	timelines *calendars.Timelines
	states    map[*render.Route]*render.State
}

// reach is how far after the moment that a window was compiled for it still serves; what lies ahead is then as much as
// a live server sees.
const reach = 24 * time.Hour

// New makes a Preview; it compiles nothing yet.
func New(o Options) *Preview {
	p := &Preview{options: o, byName: map[string]*render.Route{}, byRoute: map[*routes.Route]*render.Route{}}
	for _, r := range o.Routes {
		p.byName[r.Name], p.byRoute[r.Route] = r, r
	}
	return p
}

// state is the route compiled for a window around a moment.
func (p *Preview) state(r *render.Route, at time.Time) *render.State {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.timelines == nil || at.Before(p.at) || at.Sub(p.at) > reach {
		p.at, p.timelines, p.states = at, p.options.Timelines(at), map[*render.Route]*render.State{}
	}
	s := p.states[r]
	if s == nil {
		s = r.Compile(p.timelines)
		p.states[r] = s
	}
	return s
}
