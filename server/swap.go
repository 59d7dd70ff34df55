package server

import (
	"log/slog"
	"time"

	"github.com/callhours/callhours/calendars"
	"github.com/callhours/callhours/config"
	"github.com/callhours/callhours/internal/diag"
	"github.com/callhours/callhours/metrics"
	"github.com/callhours/callhours/render"
)

// next is a generation that is made ready to answer while another one does. Nobody else has it, so
// that Server.mu is not held; what changes meanwhile is found out when it goes live.
type next struct {
	g, former *Generation // former: the live one; nil at the start
	now       time.Time   // of its windows
	fresh     []*render.Route
	unseen    []*render.Route // of which nothing has been looked for; fresh, at a start all
	states    []*render.State // of fresh; nil: it keeps what it has
	kept      map[*render.Route]*render.State
	changed   map[string]bool  // calendars that are others than they were, or whose routes are
	shown     []string         // calendars of which there is something else to show
	tallies   *tallies         // of shown
	problems  []*problemReport // likewise
	early     *live            // of g, which answers calls of routes as they are compiled; nil: the former one answers
}

// swap makes a generation the one that answers. One generation at a time is made ready.
func (s *Server) swap(g *Generation) {
	n := s.prepare(g)
	late, stale := s.activate(n)
	for _, name := range late {
		s.refresh(name)
	}
	s.recompile(stale)
}

// prepare compiles a generation's routes: those that are new or that have other calendars, those
// whose window has moved on, and those that there may be more room for now.
func (s *Server) prepare(g *Generation) *next {
	g.contain(s.guard)
	n := &next{g: g, now: s.options.Now(), kept: map[*render.Route]*render.State{}, tallies: newTallies(g)}
	if l := s.live.Load(); l != nil {
		n.former = l.Generation
	}
	n.changed = s.inherit(g, n.former)
	for _, r := range g.routes {
		n.kept[r] = r.State()
	}
	n.fresh = g.fresh(n.former, n.changed, n.kept, n.now)
	for _, r := range n.fresh {
		delete(n.kept, r)
		// all of them before any is compiled, so that there is room for those that come first
		g.totals.Forget(r.Name)
		for _, name := range r.Calendars() { // whether its events fit a condition is another question then
			n.changed[name] = true
		}
	}
	for _, c := range g.calendars {
		if name := c.Calendar; n.changed[name] || n.former == nil ||
			len(n.former.routesByCalendar[name]) != len(g.routesByCalendar[name]) {
			n.shown = append(n.shown, name)
		}
	}
	if n.unseen = n.fresh; n.former == nil {
		n.unseen = g.routes
	}
	n.states = make([]*render.State, len(n.fresh))
	count := func(name string) {
		s.guard.Run(metrics.PanicCalendar, "calendar "+name, func() { n.tallies.of(name) })
	}
	if n.former == nil {
		n.early = s.publishEarly(g)
	}
	owner := func(i int) string { return calendars.TenantOf(n.fresh[i].Name) }
	eachByOwner(len(n.fresh), owner, s.options.RealNow, func(i int) {
		n.states[i] = g.compiled(n.fresh[i], n.now)
		if n.early != nil && n.states[i] != nil {
			n.fresh[i].Use(n.states[i])
		}
		for _, name := range n.fresh[i].Calendars() { // which are still unpacked
			count(name)
		}
	})
	n.problems = make([]*problemReport, len(n.shown))
	owner = func(i int) string { return calendars.TenantOf(n.shown[i]) }
	eachByOwner(len(n.shown), owner, s.options.RealNow, func(i int) {
		name := n.shown[i]
		count(name)
		n.problems[i] = &problemReport{}
		s.guard.Run(metrics.PanicCalendar, "calendar "+name, func() { n.problems[i] = s.problems(g, name) })
	})
	return n
}

// fresh lists the routes of a generation that are to be compiled, by what they are at present.
func (g *Generation) fresh(former *Generation, changed map[string]bool, states map[*render.Route]*render.State,
	now time.Time,
) (list []*render.Route) {
	is := map[*render.Route]bool{}
	for name := range changed {
		for _, r := range g.routesByCalendar[name] {
			is[r] = true
		}
	}
	for _, r := range g.routesUsingAny(g.timelines.Waiting()) {
		is[r] = true
	}
	others := map[string]bool{} // tenants that have other routes than before
	for _, r := range g.routes {
		if s := states[r]; s == nil || s.Stale(g.timelines, now) {
			is[r] = true
		}
		if is[r] {
			others[calendars.TenantOf(r.Name)] = true
		}
	}
	if former != nil {
		for _, r := range former.routes {
			if !g.members[r] {
				others[calendars.TenantOf(r.Name)] = true
			}
		}
	}
	raised := former != nil && maxInstances(former.file) != maxInstances(g.file)
	for _, r := range g.routes {
		if is[r] || states[r].Short() != "" && (raised || others[calendars.TenantOf(r.Name)]) {
			list = append(list, r)
		}
	}
	return list
}

// activate lets a generation answer. late are calendars that have changed since it took them over,
// and stale routes that were compiled for the former one meanwhile.
func (s *Server) activate(n *next) (late []string, stale []*render.Route) {
	s.mu.Lock()
	defer s.mu.Unlock()
	g, former := n.g, n.former
	for i, r := range n.fresh {
		if n.states[i] != nil {
			r.Use(n.states[i])
		}
	}
	for _, r := range g.routes {
		if was, ok := n.kept[r]; ok && r.State() != was {
			stale = append(stale, r)
		}
	}
	for _, c := range g.calendars {
		if snapshot := s.store.Snapshot(c.Calendar); snapshot.Calendar != c.taken || snapshot.Why != c.why {
			late = append(late, c.Calendar)
		}
	}
	now := s.options.Now()
	s.status.Loaded, s.status.Restart = now, g.restartKeys(s.options.Generation)
	s.prerenderer.retain(g.routes)
	s.findingsCache.reset(g, n.unseen)
	s.prerenderer.enqueue(n.unseen)
	l := n.early
	if l == nil {
		l = newLive(g, s.options.Metrics, &s.decisions, &s.owners)
	}
	s.updateCalendarReads(l, "")
	s.live.Store(l)
	s.calls.early.Store(nil)
	s.calls.hours.kept.clear()
	s.calls.pools.Keep(g.allUpstreams())
	s.previewCache.clear()
	s.options.Metrics.SetReloaded(now)
	s.problemLog.retain(g.byName)
	for i, name := range n.shown {
		s.guard.Run(metrics.PanicCalendar, "calendar "+name, func() {
			s.publishCalendarMetrics(g, name, n.tallies.of(name), n.problems[i])
		})
	}
	s.logNew(g, former)
	s.Observe()
	s.admin.console.Changed()
	return late, stale
}

// logNew logs what is wrong with a generation and was not with the former one.
func (s *Server) logNew(g, former *Generation) {
	known := map[config.Warning]bool{}
	if former != nil {
		for _, m := range former.warnings {
			known[m] = true
		}
	}
	for _, m := range g.warnings {
		if !known[m] && s.allowLine(g.file.Inputs, m.File) {
			s.options.Log.Warn("problem with a template or a sample call", slog.String("problem", m.Error()))
		}
	}
	s.logHeld(g, former)
	missed := map[diag.Mistake]bool{}
	if former != nil {
		for _, m := range former.missing {
			missed[m] = true
		}
	}
	for _, m := range g.missing {
		if !missed[m] && s.allowLine(g.file.Inputs, m.File) {
			s.options.Log.Warn("a calendar's file is missing", slog.String("problem", m.Error()))
		}
	}
}

// allowLine counts a log line about what is in a file, and reports whether its owner may have it. The
// operator's files may have any.
func (s *Server) allowLine(inputs *config.Inputs, file string) bool {
	owner := inputs.OwnerOf(file)
	return owner == "" || s.problemLog.allow(s.options.Log, s.options.Now(), owner)
}

// inherit takes over what is known of calendars from the generation that answers, so that those
// which are as they were need not be compiled again. It gives the names of the others. What it
// takes over are copies: until the generation is live, the former one goes on with its own.
func (s *Server) inherit(g, former *Generation) (changed map[string]bool) {
	changed = map[string]bool{}
	for _, c := range g.calendars {
		changed[c.Calendar] = true
	}
	if former != nil {
		s.inheritFrom(former, g, changed)
	} else {
		s.inheritEarly(g, changed)
	}
	for _, c := range g.calendars {
		if changed[c.Calendar] {
			s.updateFromStore(g, c.Calendar)
		}
	}
	return changed
}

// inheritFrom takes calendars that are as they were off the changed ones.
func (s *Server) inheritFrom(former, g *Generation, changed map[string]bool) {
	same := sameCalendars(former.file, g.file)
	s.mu.Lock()
	defer s.mu.Unlock()
	g.totals, g.counting = former.totals.Clone(), former.counting.clone()
	g.totals.Limit(maxInstances(g.file))
	g.forget(former)
	if former.file.Horizon != g.file.Horizon {
		return
	}
	g.timelines = former.timelines.Clone()
	for name := range former.byName {
		if g.byName[name] == nil {
			g.timelines.Forget(name)
		}
	}
	asked := map[string][]calendars.View{}
	for _, r := range g.routes {
		for _, name := range r.Calendars() {
			asked[name] = append(asked[name], calendars.View{Zone: r.Zone, DayStarts: r.DayStarts})
		}
	}
	g.timelines.Keep(asked)
	for _, c := range g.calendars {
		snapshot, before := s.store.Snapshot(c.Calendar), former.byName[c.Calendar]
		if same[c.Calendar] && before != nil && !before.refused && before.taken == snapshot.Calendar &&
			before.why == snapshot.Why {
			c.taken, c.why = snapshot.Calendar, snapshot.Why
			g.counts(c, before.steps)
			delete(changed, c.Calendar)
		}
	}
}

// inheritEarly takes calendars off the changed ones with which the routes of a draft were compiled,
// and that are still as they were then.
func (s *Server) inheritEarly(g *Generation, changed map[string]bool) {
	if l := s.calls.early.Load(); l == nil || l.Generation != g {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range g.calendars {
		snapshot := s.store.Snapshot(c.Calendar)
		if c.taken != nil && c.taken == snapshot.Calendar && c.why == snapshot.Why && !c.refused {
			delete(changed, c.Calendar)
		}
	}
}

// forget no longer counts the routes and calendars of the former generation that are gone.
func (g *Generation) forget(former *Generation) {
	names := make(map[string]bool, len(g.routes))
	for _, r := range g.routes {
		names[r.Name] = true
	}
	for _, r := range former.routes {
		if !names[r.Name] {
			g.totals.Forget(r.Name)
		}
	}
	for name := range former.byName {
		if g.byName[name] == nil {
			g.counting.took(name, 0)
		}
	}
}
