package server

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/callhours/callhours/calendars"
	"github.com/callhours/callhours/internal/diag"
	"github.com/callhours/callhours/metrics"
	"github.com/callhours/callhours/preview"
	"github.com/callhours/callhours/render"
)

// findingsCache holds the findings of the live generation. They are computed away from calls and
// requests. It is of one generation at a time; late results of a former one are dropped.
type findingsCache struct {
	mu         sync.Mutex // guards the following
	generation *Generation
	lint       lint
	staticDone bool // static has been filled
	static     []preview.Finding
	byName     map[string][]preview.Finding // by "route NAME" and "calendar NAME"
	calendars  workQueue[string]            // calendars that are to be looked at
	ctx        context.Context              // ends with the generation; nil before the first
	cancel     context.CancelFunc
}

// errSuperseded is why looking ends when another generation has gone live.
var errSuperseded = errors.New("another generation is live")

// withTimeout is a context that ends when looking at one route or calendar has lasted too long, or
// another generation goes live.
func (n *findingsCache) withTimeout(ctx context.Context) (context.Context, func()) {
	n.mu.Lock()
	ended := n.ctx
	n.mu.Unlock()
	ctx, stop := context.WithTimeout(ctx, lintTimeout)
	if ended == nil {
		return ctx, stop
	}
	ctx, cancel := context.WithCancelCause(ctx)
	off := context.AfterFunc(ended, func() { cancel(errSuperseded) })
	return ctx, func() { off(); cancel(nil); stop() }
}

// isSuperseded reports whether looking has ended because another generation has gone live.
func (n *findingsCache) isSuperseded(ctx context.Context) bool {
	return errors.Is(context.Cause(ctx), errSuperseded)
}

// reset begins with a generation, and drops all findings but those of routes that are not fresh:
// they are the former generation's.
func (n *findingsCache) reset(g *Generation, fresh []*render.Route) {
	about := map[string][]preview.Finding{}
	n.mu.Lock()
	for _, r := range g.routes {
		if found, ok := n.byName["route "+r.Name]; ok {
			about["route "+r.Name] = found
		}
	}
	for _, r := range fresh {
		delete(about, "route "+r.Name)
	}
	n.generation, n.lint, n.staticDone, n.static = g, g.newLint(g.timelines), false, nil
	n.byName, n.calendars = about, workQueue[string]{owner: calendars.TenantOf}
	if n.cancel != nil {
		n.cancel()
	}
	n.ctx, n.cancel = context.WithCancel(context.Background())
	n.mu.Unlock()
	n.enqueue(g.Calendars()...)
}

// enqueue adds calendars to the queue, each once.
func (n *findingsCache) enqueue(names ...string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.calendars.add(names...)
}

// dequeue removes the next calendar from the queue; false if it is empty.
func (n *findingsCache) dequeue() (g *Generation, l lint, name string, ok bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if name, ok = n.calendars.take(); !ok {
		return nil, lint{}, "", false
	}
	return n.generation, n.lint, name, true
}

// set stores the findings of a route or calendar, if its generation is live, and reports whether it
// is.
func (n *findingsCache) set(g *Generation, about string, found []preview.Finding) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.generation != g {
		return false
	}
	if n.byName[about] = found; len(found) == 0 {
		delete(n.byName, about)
	}
	return true
}

// lintStatic computes the findings that follow from the configuration alone, once.
func (n *findingsCache) lintStatic() {
	n.mu.Lock()
	g, l, looked := n.generation, n.lint, n.staticDone
	n.mu.Unlock()
	if looked || g == nil {
		return
	}
	found := g.static(l)
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.generation == g {
		n.static, n.staticDone = found, true
	}
}

// each visits all findings.
func (n *findingsCache) each(visit func(found []preview.Finding)) {
	n.mu.Lock()
	defer n.mu.Unlock()
	visit(n.static)
	for _, found := range n.byName {
		visit(found)
	}
}

// current are the generation and its lint.
func (n *findingsCache) current() (*Generation, lint) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.generation, n.lint
}

// lintAhead is how far ahead calendars are linted, within their horizon.
const lintAhead = 400 * 24 * time.Hour

// lintRoute stores the findings of a route, with the failures that rendering ahead has found.
func (s *Server) lintRoute(ctx context.Context, r *render.Route, failed []render.PrerenderFailure, now time.Time) {
	g, l := s.findingsCache.current()
	if g == nil || !g.has(r) {
		return
	}
	found := append(g.renderFindings(r, failed), l.Route(ctx, r, r.State(), now, now.Add(lintAhead), nil)...)
	if s.findingsCache.isSuperseded(ctx) {
		s.prerenderAgain(r)
		return
	}
	if !s.findingsCache.set(g, "route "+r.Name, found) {
		s.prerenderer.enqueue([]*render.Route{r}) // another generation may have it too
	}
}

// has reports whether a route is one of the generation's.
func (g *Generation) has(r *render.Route) bool { return g.members[r] }

// lintNextCalendar lints the next calendar in the queue; false if it is empty.
func (s *Server) lintNextCalendar(ctx context.Context) bool {
	g, l, name, ok := s.findingsCache.dequeue()
	if !ok {
		return false
	}
	ctx, done := s.findingsCache.withTimeout(ctx)
	defer done()
	s.guard.Run(metrics.PanicFindings, "calendar "+name, func() {
		now := s.options.Now()
		// Of a generation that is over nothing is kept.
		s.findingsCache.set(g, "calendar "+name, l.Calendar(ctx, l.calendars[name], now, now.Add(lintAhead), nil))
	})
	return true
}

// Findings are all that there are of the live configuration and its calendars, as far as they have
// been looked at, in the order of their places.
func (s *Server) Findings() []preview.Finding {
	all := []preview.Finding{}
	s.findingsCache.each(func(found []preview.Finding) { all = append(all, found...) })
	return preview.SortFindings(append(all, s.feedFindings()...))
}

// feedFindings are those that are known without looking: of feeds.
func (s *Server) feedFindings() []preview.Finding {
	l := s.live.Load()
	if l == nil {
		return nil
	}
	found := append(l.unreadFeeds(s.store.Snapshot), slices.Concat(s.stateDirFindings(), s.databaseFindings(), s.adminAuthFindings())...)
	_, about := s.findingsCache.current()
	for _, st := range s.store.Feeds() {
		c, ok := about.calendars[st.Calendars[0]]
		if !st.IsSkewed() || !ok {
			continue
		}
		f := preview.Findingf(c.Pos, "clock_skew",
			"the clock of the server that feeds calendar %s is %s off ours; one of the two is wrong", c.Name,
			st.Skew.Round(time.Second))
		f.Calendar = c.Name
		found = append(found, f)
	}
	return found
}

// countFindings counts the findings of each kind.
func (s *Server) countFindings() map[metrics.Finding]int {
	counts := map[metrics.Finding]int{}
	for _, k := range preview.Kinds() {
		counts[metrics.Finding{Kind: k.Name, Severity: k.Severity}] = 0
	}
	count := func(found []preview.Finding) {
		for _, f := range found {
			counts[metrics.Finding{Kind: f.Kind, Severity: f.Severity}]++
		}
	}
	s.findingsCache.each(count)
	count(s.feedFindings())
	return counts
}

// pendingFindings is how many routes and calendars have not been looked at since they changed.
func (s *Server) pendingFindings() int {
	s.findingsCache.mu.Lock()
	n := s.findingsCache.calendars.len()
	if !s.findingsCache.staticDone {
		n++
	}
	s.findingsCache.mu.Unlock()
	return n + s.prerenderer.pending()
}

// adminAuthFindings say that the web configuration is not taken.
func (s *Server) adminAuthFindings() []preview.Finding {
	path, err := s.adminAuth.Load().Mistake()
	if err == nil {
		return nil
	}
	return []preview.Finding{
		preview.Findingf(diag.Pos{File: path}, "mistake", "admin_web_config is not taken: %v", err),
	}
}
