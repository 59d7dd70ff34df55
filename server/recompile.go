package server

import (
	"slices"
	"time"

	"github.com/callhours/callhours/calendars"
	"github.com/callhours/callhours/render"
)

// recompile makes live calls use routes as their calendars and the clock are now. Server.mu is held
// for one route at a time, and tenants take turns: whoever has many routes, or large ones, waits
// for those alone. Who waits for a route compiles meanwhile what is next, and there is nobody else
// who does.
func (s *Server) recompile(routes []*render.Route) {
	s.mu.Lock()
	s.stale.add(routes...)
	s.mu.Unlock()
	for _, r := range routes {
		for s.compileNext(r) {
		}
	}
}

// compileNext compiles the route whose turn it is; false, and nothing is done, when a route does
// not wait any more.
func (s *Server) compileNext(waits *render.Route) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.stale.has(waits) {
		return false
	}
	next, _ := s.stale.take()
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
	var asking []*render.Route
	if l := s.answering(); l != nil && l.byName[name] != nil && s.isOpened(l.byName[name].Source.Owner) {
		s.take(l.Generation, name)
		names = append(names, l.timelines.Waiting(calendars.TenantOf(name))...) // it may take less now
		asking = l.askingAny(names)
		if s.opened != nil {
			owners := l.ownersByRoute()
			asking = slices.DeleteFunc(asking, func(r *render.Route) bool { return !s.opened[owners[r.Name]] })
		}
	}
	s.mu.Unlock()
	s.recompile(asking)
	s.refreshed(names...)
	s.admin.console.Changed()
}

// askingAny are the routes that ask for any of some calendars.
func (g *Generation) askingAny(names []string) (routes []*render.Route) {
	for _, name := range names {
		routes = append(routes, g.asking[name]...)
	}
	return routes
}

// refreshed shows calendars that have been taken over, once their routes are compiled.
func (s *Server) refreshed(names ...string) {
	for _, name := range names {
		for !s.showRefreshed(name) {
		}
	}
}

// showRefreshed is false when another generation went live meanwhile.
func (s *Server) showRefreshed(name string) bool {
	l := s.live.Load()
	if l == nil || l.byName[name] == nil {
		return true
	}
	unmatched := l.unmatched(name) // without the lock, since it looks at every event
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.live.Load() != l {
		return false
	}
	s.findingsCache.enqueue(name)
	s.prerenderer.enqueue(l.asking[name])
	s.updateFacts(l, name)
	s.show(l.Generation, name, unmatched)
	return true
}

// Advance follows the clock: a part of the routes is compiled anew, each at another moment, and
// copies of feeds expire. Run calls it every minute.
func (s *Server) Advance() {
	l, rolled, expired := s.outdated(s.options.Now())
	if l == nil {
		return
	}
	s.recompile(append(slices.Clone(rolled), l.askingAny(expired)...))
	s.refreshed(expired...)
	s.mu.Lock()
	defer s.mu.Unlock()
	l = s.live.Load() // which may be another one by now
	rolled = slices.DeleteFunc(rolled, func(r *render.Route) bool { return !l.has(r) })
	var asked []string
	for _, r := range rolled {
		asked = append(asked, r.Calendars()...)
	}
	slices.Sort(asked)
	for _, name := range slices.Compact(asked) {
		s.showEvents(l.Generation, name)
		s.findingsCache.enqueue(name)
	}
	s.prerenderer.enqueue(rolled)
	s.updateFacts(l, "")
}

// outdated are the live routes whose window has moved on, and the calendars whose copies have
// become too old, or are no longer: those are taken over.
func (s *Server) outdated(now time.Time) (l *live, routes []*render.Route, expired []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if l = s.live.Load(); l == nil {
		return nil, nil, nil
	}
	for _, c := range l.calendars {
		if c.ExpireAfter != 0 && c.why != s.store.State(c.Calendar).Why {
			s.take(l.Generation, c.Calendar)
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
