package server

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/callhours/callhours/metrics"
	"github.com/callhours/callhours/render"
)

// ahead is how far routes are rehearsed.
const ahead = 7 * 24 * time.Hour

// lookLasts is how long a route or calendar is looked at. What has not been found by then is not looked for.
const lookLasts = 10 * time.Second

// rehearsals render what the routes will answer in the coming week, when they have other events: a title that breaks a
// template is known before a caller hears it. They run one after the other, away from calls, and tenants take turns.
type rehearsals struct {
	wake chan struct{}

	mu      sync.Mutex // guards the following
	waiting backlog[*render.Route]
	failing map[string][]string // by route: what the log has said
}

func newRehearsals() *rehearsals {
	return &rehearsals{
		wake: make(chan struct{}, 1), failing: map[string][]string{},
		waiting: backlog[*render.Route]{owner: func(r *render.Route) string { return tenantOf(r.Name) }},
	}
}

// ask puts routes into the queue, each once.
func (h *rehearsals) ask(routes []*render.Route) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.waiting.add(routes...)
	select {
	case h.wake <- struct{}{}:
	default:
	}
}

// next takes a route off the queue; nil if none waits.
func (h *rehearsals) next() *render.Route {
	h.mu.Lock()
	defer h.mu.Unlock()
	r, _ := h.waiting.take()
	return r
}

// rehearse does what is asked for until ctx ends.
func (s *Server) rehearse(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.rehearsals.wake:
			s.rehearseWaiting(ctx)
		}
	}
}

// rehearseWaiting looks at the routes and the calendars that wait, in turn, until none does or ctx ends.
func (s *Server) rehearseWaiting(ctx context.Context) {
	s.guard.Run(metrics.PanicFindings, "configuration", s.noticed.lookAround)
	for more := true; more && ctx.Err() == nil; {
		r := s.rehearsals.next()
		if r != nil {
			s.guard.Run(metrics.PanicFindings, "route "+r.Name, func() { s.rehearseRoute(ctx, r) })
		}
		more = s.noticeCalendar(ctx) || r != nil
	}
}

// rehearseRoute rehearses a route, logs what will fail and has not been said, and keeps what
// else there is to say of it.
func (s *Server) rehearseRoute(ctx context.Context, r *render.Route) {
	ctx, done := s.noticed.looking(ctx)
	defer done()
	now := s.options.Now()
	var failing []string
	failed := r.State().Rehearse(ctx, now, now.Add(ahead), nil)
	if s.noticed.over(ctx) {
		s.again(r)
		return
	}
	for _, f := range failed {
		text := r.Branches[f.Branch].Name + ": " + f.Err.Error()
		failing = append(failing, text)
		if !slices.Contains(s.rehearsals.said(r.Name), text) {
			s.options.Log.WarnContext(ctx, "a branch will not answer", slog.String("route", r.Name),
				slog.String("branch", r.Branches[f.Branch].Name),
				slog.Time("from", f.At), slog.String("reason", string(f.Failure.Reason)),
				slog.String("error", f.Err.Error()))
		}
	}
	if state := r.State(); state.Short() != "" {
		// Which of the two bounds it is may change at each look; what there is to do is the same.
		const said = "a route takes too much"
		unknown := state.Refused() != ""
		text := fmt.Sprint(said, unknown)
		if failing = append(failing, text); !slices.Contains(s.rehearsals.said(r.Name), text) {
			s.options.Log.WarnContext(ctx, said, slog.String("route", r.Name), slog.Bool("calendars_unknown", unknown),
				slog.String("reason", state.Short()))
		}
	}
	s.rehearsals.say(r.Name, failing)
	s.notice(ctx, r, failed, now)
}

// again looks at a route once more, of which another generation has it too.
func (s *Server) again(r *render.Route) {
	if g, _ := s.noticed.live(); g != nil && g.has(r) {
		s.rehearsals.ask([]*render.Route{r})
	}
}

func (h *rehearsals) said(route string) []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.failing[route]
}

func (h *rehearsals) say(route string, failing []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.failing[route] = failing; len(failing) == 0 {
		delete(h.failing, route)
	}
}

// retain drops what was said of routes that are gone, and what waits of them.
func (h *rehearsals) retain(routes []*render.Route) {
	h.mu.Lock()
	defer h.mu.Unlock()
	names, live := map[string]bool{}, map[*render.Route]bool{}
	for _, r := range routes {
		names[r.Name], live[r] = true, true
	}
	maps.DeleteFunc(h.failing, func(name string, _ []string) bool { return !names[name] })
	h.waiting.drop(func(r *render.Route) bool { return !live[r] })
}

// pending is how many routes wait.
func (h *rehearsals) pending() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.waiting.len()
}
