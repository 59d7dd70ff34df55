package server

import (
	"slices"
	"time"

	"github.com/callhours/callhours/calendars"
	"github.com/callhours/callhours/render"
)

// recompile makes live calls use routes as their calendars and the clock are now. Server.mu is held
// for one route at a time, and tenants take turns: whoever has many routes, or large ones, waits
// for those alone. No goroutine of its own empties the queue: each caller compiles whatever is next
// until its own routes are done.
func (s *Server) recompile(routes []*render.Route) {
	s.mu.Lock()
	s.recompileQueue.add(routes...)
	s.mu.Unlock()
	for _, r := range routes {
		for s.compileNext(r) {
		}
	}
}

// compileNext compiles the route whose turn it is. It does nothing and returns false once the
// awaited route has left the queue.
func (s *Server) compileNext(awaited *render.Route) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.recompileQueue.has(awaited) {
		return false
	}
	next, _ := s.recompileQueue.take()
	if l := s.answering(); l != nil && l.has(next) { // another generation may be live by now
		l.compile(next, s.options.Now())
	}
	return true
}

// refresh takes a calendar's state over from the store: its events are others, it has become known,
// or it has expired. It may be called by several goroutines at once.
func (s *Server) refresh(name string) {
	s.mu.Lock()
	names := []string{name}
	var routes []*render.Route
	if l := s.answering(); l != nil && l.byName[name] != nil && s.isOpened(l.byName[name].Source.Owner) {
		s.updateFromStore(l.Generation, name)
		names = append(names, l.timelines.Waiting(calendars.TenantOf(name))...) // it may take less now
		routes = l.routesUsingAny(names)
		if s.opened != nil {
			owners := l.ownersByRoute()
			routes = slices.DeleteFunc(routes, func(r *render.Route) bool { return !s.opened[owners[r.Name]] })
		}
	}
	s.mu.Unlock()
	s.recompile(routes)
	s.publishRefreshed(names...)
	s.admin.console.Changed()
}

// routesUsingAny are the routes that use any of some calendars.
func (g *Generation) routesUsingAny(names []string) (routes []*render.Route) {
	for _, name := range names {
		routes = append(routes, g.routesByCalendar[name]...)
	}
	return routes
}

// publishRefreshed publishes findings, hours and metrics of calendars that were taken over from the
// store, once their routes are compiled.
func (s *Server) publishRefreshed(names ...string) {
	for _, name := range names {
		for !s.tryPublish(name) {
		}
	}
}

// tryPublish does it for one calendar; false when another generation went live meanwhile.
func (s *Server) tryPublish(name string) bool {
	l := s.live.Load()
	if l == nil || l.byName[name] == nil {
		return true
	}
	unmatched, problems := l.unmatched(name), s.problems(l.Generation, name) // without the lock: they look at every event
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.live.Load() != l {
		return false
	}
	s.findingsCache.enqueue(name)
	s.prerenderer.enqueue(l.routesByCalendar[name])
	s.updateCalendarReads(l, name)
	s.publishCalendarMetrics(l.Generation, name, unmatched, problems)
	return true
}

// Advance follows the clock: a part of the routes is compiled anew, each at another moment, and
// copies of feeds expire. Run calls it every minute.
func (s *Server) Advance() {
	l, moved, expired := s.takeOutdated(s.options.Now())
	if l == nil {
		return
	}
	s.recompile(append(slices.Clone(moved), l.routesUsingAny(expired)...))
	s.publishRefreshed(expired...)
	for !s.tryPublishMoved(moved) {
	}
}

// tryPublishMoved publishes what depends on the window of routes that were compiled anew; false when
// another generation went live meanwhile.
func (s *Server) tryPublishMoved(moved []*render.Route) bool {
	l := s.live.Load()
	moved = slices.DeleteFunc(slices.Clone(moved), func(r *render.Route) bool { return !l.has(r) })
	var asked []string
	for _, r := range moved {
		asked = append(asked, r.Calendars()...)
	}
	slices.Sort(asked)
	asked = slices.Compact(asked)
	problems := make([]*problemReport, len(asked))
	for i, name := range asked {
		problems[i] = s.problems(l.Generation, name)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.live.Load() != l {
		return false
	}
	for i, name := range asked {
		s.publishEventMetrics(l.Generation, name, problems[i])
		s.findingsCache.enqueue(name)
	}
	s.prerenderer.enqueue(moved)
	s.updateCalendarReads(l, "")
	return true
}

// takeOutdated returns the live routes whose window has moved on, and the calendars whose copies
// have become too old or are so no longer, after taking the state of these over from the store.
func (s *Server) takeOutdated(now time.Time) (l *live, routes []*render.Route, expired []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if l = s.live.Load(); l == nil {
		return nil, nil, nil
	}
	for _, c := range l.calendars {
		if c.ExpireAfter != 0 && c.why != s.store.Snapshot(c.Calendar).Why {
			s.updateFromStore(l.Generation, c.Calendar)
			expired = append(expired, c.Calendar)
		}
	}
	if len(expired) > 0 { // there may be room for others
		owners := make([]string, len(expired))
		for i, name := range expired {
			owners[i] = calendars.TenantOf(name)
		}
		expired = append(expired, l.timelines.Waiting(owners...)...)
	}
	return l, l.outdated(now), expired
}
