package server

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/callhours/callhours/internal/diag"
	"github.com/callhours/callhours/metrics"
	"github.com/callhours/callhours/preview"
	"github.com/callhours/callhours/render"
)

// noticed is what there is to say of the live generation, found away from calls and from those who ask. It is of one
// generation at a time; what comes late of a former one is dropped.
type noticed struct {
	mu      sync.Mutex // guards the following
	of      *Generation
	lint    lint
	looked  bool // static has been filled
	static  []preview.Finding
	about   map[string][]preview.Finding // by "route NAME" and "calendar NAME"
	waiting backlog[string]              // calendars that are to be looked at
	ended   context.Context              // ends with the generation; nil before the first
	end     context.CancelFunc
}

// errOver is why looking ends when another generation has gone live.
var errOver = errors.New("another generation is live")

// looking is a context that ends when looking at one route or calendar has lasted too long, or
// another generation goes live.
func (n *noticed) looking(ctx context.Context) (context.Context, func()) {
	n.mu.Lock()
	ended := n.ended
	n.mu.Unlock()
	ctx, stop := context.WithTimeout(ctx, lookLasts)
	if ended == nil {
		return ctx, stop
	}
	ctx, cancel := context.WithCancelCause(ctx)
	off := context.AfterFunc(ended, func() { cancel(errOver) })
	return ctx, func() { off(); cancel(nil); stop() }
}

// over reports whether looking has ended because another generation has gone live.
func (n *noticed) over(ctx context.Context) bool { return errors.Is(context.Cause(ctx), errOver) }

// begin waits for a generation to be looked at, and forgets everything but what was said of routes that are not fresh:
// those are the former generation's.
func (n *noticed) begin(g *Generation, fresh []*render.Route) {
	about := map[string][]preview.Finding{}
	n.mu.Lock()
	for _, r := range g.routes {
		if found, ok := n.about["route "+r.Name]; ok {
			about["route "+r.Name] = found
		}
	}
	for _, r := range fresh {
		delete(about, "route "+r.Name)
	}
	n.of, n.lint, n.looked, n.static = g, g.newLint(g.timelines), false, nil
	n.about, n.waiting = about, backlog[string]{owner: tenantOf}
	if n.end != nil {
		n.end()
	}
	n.ended, n.end = context.WithCancel(context.Background())
	n.mu.Unlock()
	n.ask(g.Calendars()...)
}

// ask puts calendars into the queue, each once.
func (n *noticed) ask(names ...string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.waiting.add(names...)
}

// next takes a calendar off the queue; false if none waits.
func (n *noticed) next() (g *Generation, l lint, name string, ok bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if name, ok = n.waiting.take(); !ok {
		return nil, lint{}, "", false
	}
	return n.of, n.lint, name, true
}

// put keeps what there is to say of a route or calendar, if it is of the generation that is
// live, and reports whether it is.
func (n *noticed) put(g *Generation, about string, found []preview.Finding) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.of != g {
		return false
	}
	if n.about[about] = found; len(found) == 0 {
		delete(n.about, about)
	}
	return true
}

// lookAround fills what follows from the configuration alone, once.
func (n *noticed) lookAround() {
	n.mu.Lock()
	g, l, looked := n.of, n.lint, n.looked
	n.mu.Unlock()
	if looked || g == nil {
		return
	}
	found := g.static(l)
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.of == g {
		n.static, n.looked = found, true
	}
}

// each visits all findings that are kept.
func (n *noticed) each(visit func(found []preview.Finding)) {
	n.mu.Lock()
	defer n.mu.Unlock()
	visit(n.static)
	for _, found := range n.about {
		visit(found)
	}
}

// live are the generation and its lint.
func (n *noticed) live() (*Generation, lint) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.of, n.lint
}

// lookAhead is how far ahead the live generation is looked through, within its horizon.
const lookAhead = 400 * 24 * time.Hour

// notice keeps what there is to say of a route, besides that it will fail.
func (s *Server) notice(ctx context.Context, r *render.Route, failed []render.Rehearsed, now time.Time) {
	g, l := s.noticed.live()
	if g == nil || !g.has(r) {
		return
	}
	found := append(g.failing(r, failed), l.Route(ctx, r, r.State(), now, now.Add(lookAhead), nil)...)
	if s.noticed.over(ctx) {
		s.again(r)
		return
	}
	if !s.noticed.put(g, "route "+r.Name, found) {
		s.rehearsals.ask([]*render.Route{r}) // another generation may have it too
	}
}

// has reports whether a route is one of the generation's.
func (g *Generation) has(r *render.Route) bool { return g.members[r] }

// noticeCalendar looks at the next calendar that waits; false if none does.
func (s *Server) noticeCalendar(ctx context.Context) bool {
	g, l, name, ok := s.noticed.next()
	if !ok {
		return false
	}
	ctx, done := s.noticed.looking(ctx)
	defer done()
	s.guard.Run(metrics.PanicFindings, "calendar "+name, func() {
		now := s.options.Now()
		// Of a generation that is over nothing is kept.
		s.noticed.put(g, "calendar "+name, l.Calendar(ctx, l.calendars[name], now, now.Add(lookAhead), nil))
	})
	return true
}

// Findings are all that there are of the live configuration and its calendars, as far as they have been looked at,
// in the order of their places.
func (s *Server) Findings() []preview.Finding {
	all := []preview.Finding{}
	s.noticed.each(func(found []preview.Finding) { all = append(all, found...) })
	return preview.SortFindings(append(all, s.present()...))
}

// present are those that are known without looking: of feeds.
func (s *Server) present() []preview.Finding {
	l := s.live.Load()
	if l == nil {
		return nil
	}
	found := append(l.unread(s.store.State), slices.Concat(s.sharedState(), s.adminAuthFindings())...)
	_, about := s.noticed.live()
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

// findings counts the findings of each kind.
func (s *Server) findings() map[metrics.Finding]int {
	counts := map[metrics.Finding]int{}
	for _, k := range preview.Kinds() {
		counts[metrics.Finding{Kind: k.Name, Severity: k.Severity}] = 0
	}
	count := func(found []preview.Finding) {
		for _, f := range found {
			counts[metrics.Finding{Kind: f.Kind, Severity: f.Severity}]++
		}
	}
	s.noticed.each(count)
	count(s.present())
	return counts
}

// pending is how many routes and calendars have not been looked at since they changed.
func (s *Server) pending() int {
	s.noticed.mu.Lock()
	n := s.noticed.waiting.len()
	if !s.noticed.looked {
		n++
	}
	s.noticed.mu.Unlock()
	return n + s.rehearsals.pending()
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
