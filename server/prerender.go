package server

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"sync"
	"time"

	"github.com/callhours/callhours/calendars"
	"github.com/callhours/callhours/metrics"
	"github.com/callhours/callhours/render"
)

// prerenderAhead is how far ahead routes are rendered.
const prerenderAhead = 7 * 24 * time.Hour

// lintTimeout is how long a route or calendar is looked at. What has not been found by then is not
// looked for.
const lintTimeout = 10 * time.Second

// prerenderer renders what routes will answer in the coming week, after their events have changed:
// a title that breaks a template is found before a caller meets it. Routes are rendered one after
// the other, away from calls, and tenants take turns.
type prerenderer struct {
	wake chan struct{}

	mu             sync.Mutex // guards the following
	waiting        workQueue[*render.Route]
	loggedFailures map[string]map[string]bool // by route: what the log has said
}

func newPrerenderer() *prerenderer {
	return &prerenderer{
		wake: make(chan struct{}, 1), loggedFailures: map[string]map[string]bool{},
		waiting: workQueue[*render.Route]{owner: func(r *render.Route) string { return calendars.TenantOf(r.Name) }},
	}
}

// enqueue adds routes to the queue, each once.
func (h *prerenderer) enqueue(routes []*render.Route) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.waiting.add(routes...)
	select {
	case h.wake <- struct{}{}:
	default:
	}
}

// dequeue removes the next route from the queue; nil if it is empty.
func (h *prerenderer) dequeue() *render.Route {
	h.mu.Lock()
	defer h.mu.Unlock()
	r, _ := h.waiting.take()
	return r
}

// runPrerenderer renders queued routes until ctx ends.
func (s *Server) runPrerenderer(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.prerenderer.wake:
			s.prerenderQueued(ctx)
		}
	}
}

// prerenderQueued handles queued routes and calendars in turn, until none is left or ctx ends.
func (s *Server) prerenderQueued(ctx context.Context) {
	s.guard.Run(metrics.PanicFindings, "configuration", s.findingsCache.lintStatic)
	for more := true; more && ctx.Err() == nil; {
		r := s.prerenderer.dequeue()
		if r != nil {
			s.guard.Run(metrics.PanicFindings, "route "+r.Name, func() { s.prerenderRoute(ctx, r) })
		}
		more = s.lintNextCalendar(ctx) || r != nil
	}
}

// prerenderRoute renders a route ahead, logs new failures, and stores its findings.
func (s *Server) prerenderRoute(ctx context.Context, r *render.Route) {
	ctx, done := s.findingsCache.withTimeout(ctx)
	defer done()
	now := s.options.Now()
	logged, failing := s.prerenderer.logged(r.Name), map[string]bool{}
	failed := r.State().Prerender(ctx, now, now.Add(prerenderAhead), nil)
	if s.findingsCache.isSuperseded(ctx) {
		s.prerenderAgain(r)
		return
	}
	for _, f := range failed {
		text := r.Branches[f.Branch].Name + ": " + f.Err.Error()
		if !logged[text] && !failing[text] {
			if !s.problemLog.allow(s.options.Log, now, calendars.TenantOf(r.Name)) {
				continue
			}
			s.options.Log.WarnContext(ctx, "a branch will not answer", slog.String("route", r.Name),
				slog.String("branch", r.Branches[f.Branch].Name),
				slog.Time("from", f.At), slog.String("reason", string(f.Failure.Reason)),
				slog.String("error", f.Err.Error()))
		}
		failing[text] = true
	}
	if state := r.State(); state.Short() != "" {
		// Which of the two bounds it is may change at each look; what there is to do is the same.
		const said = "a route takes too much"
		unknown := state.Refused() != ""
		text := fmt.Sprint(said, unknown)
		if failing[text] = true; !logged[text] {
			s.options.Log.WarnContext(ctx, said, slog.String("route", r.Name), slog.Bool("calendars_unknown", unknown),
				slog.String("reason", state.Short()))
		}
	}
	s.prerenderer.setLogged(r.Name, failing)
	s.lintRoute(ctx, r, failed, now)
}

// prerenderAgain enqueues a route again if the live generation has it.
func (s *Server) prerenderAgain(r *render.Route) {
	if g, _ := s.findingsCache.current(); g != nil && g.has(r) {
		s.prerenderer.enqueue([]*render.Route{r})
	}
}

func (h *prerenderer) logged(route string) map[string]bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.loggedFailures[route]
}

func (h *prerenderer) setLogged(route string, failing map[string]bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.loggedFailures[route] = failing; len(failing) == 0 {
		delete(h.loggedFailures, route)
	}
}

// retain drops queued routes and logged failures of routes that are gone.
func (h *prerenderer) retain(routes []*render.Route) {
	h.mu.Lock()
	defer h.mu.Unlock()
	names, live := map[string]bool{}, map[*render.Route]bool{}
	for _, r := range routes {
		names[r.Name], live[r] = true, true
	}
	maps.DeleteFunc(h.loggedFailures, func(name string, _ map[string]bool) bool { return !names[name] })
	h.waiting.drop(func(r *render.Route) bool { return !live[r] })
}

// pending is how many routes wait.
func (h *prerenderer) pending() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.waiting.len()
}
