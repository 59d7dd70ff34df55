package server

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/callhours/callhours/calendars"
	"github.com/callhours/callhours/calendars/feeds"
	"github.com/callhours/callhours/metrics"
	"github.com/callhours/callhours/render"
	"github.com/callhours/callhours/server/listen"
)

// ErrRefused is Run's when loading has ended with nothing to answer by.
var ErrRefused = errors.New("the configuration is refused")

// begin reads the copies of feeds and lets calls be answered: those of an owner as soon as its own
// calendars are read, where the generation is a draft. It returns when all are, with an error when
// the configuration is refused, or when ctx ends.
func (s *Server) begin(ctx context.Context) error {
	g, d := s.options.Generation, s.options.Loaded.draft
	if d == nil {
		s.subscribe(g)
		if s.await(ctx, g); ctx.Err() == nil {
			s.Start()
		}
		return nil
	}
	g.contain(s.guard)
	heavy := s.store.SubscribeLight(g.fetched())
	if len(heavy) == 0 && len(g.fetched()) == len(g.calendars) {
		s.subscribed = g
	}
	if s.await(ctx, g); ctx.Err() != nil { // nothing is answered, so nothing is drained
		return nil
	}
	s.publishEarly(g)
	var openings sync.WaitGroup
	allRead := make(chan struct{})
	go s.guard.Run(metrics.PanicState, "copies of feeds", func() {
		defer close(allRead)
		if len(heavy) > 0 {
			s.store.Subscribe(g.fetched())
			s.await(ctx, g)
		}
	})
	open := func(owners []string) {
		openings.Go(func() {
			s.guard.Run(metrics.PanicCalendar, "routes at the start", func() {
				s.open(g, slices.DeleteFunc(slices.Clone(owners), func(o string) bool { return heavy[o] }))
			})
		})
		openings.Go(func() {
			s.guard.Run(metrics.PanicCalendar, "routes at the start", func() {
				<-allRead
				s.open(g, slices.DeleteFunc(slices.Clone(owners), func(o string) bool { return !heavy[o] }))
			})
		})
	}
	for {
		select {
		case owners := <-d.opened:
			open(owners)
		case rest, isLoaded := <-s.options.Rest:
			if !isLoaded {
				return ErrRefused
			}
			// Loading may have ended while feeds were awaited. Whose files it has read answer early
			// then, too: what came of the draft answers only when all of its routes are compiled.
			for len(d.opened) > 0 {
				open(<-d.opened)
			}
			openings.Wait()
			<-allRead // subscribing to the rest comes after it
			s.startRest(ctx, &rest)
			return nil
		case <-ctx.Done():
			return nil
		}
	}
}

// startRest lets all calls be answered, by what came of the draft.
func (s *Server) startRest(ctx context.Context, rest *Loaded) {
	s.mu.Lock()
	s.opened = nil // swap finds out what changes from now on
	s.mu.Unlock()
	g, draft := rest.Generation, s.options.Generation
	if g != draft || len(g.rejected) > 0 { // who is rejected is known only now
		s.logUnseen(s.options.Metrics.Configure(g.series()))
	}
	s.subscribe(g)
	if g != draft {
		s.await(ctx, g)
	}
	if ctx.Err() == nil {
		s.start(g, rest)
	}
}

// fetched are the subscriptions of a draft whose files builder.readFiles reads.
func (g *Generation) fetched() []*feeds.Subscription {
	return slices.DeleteFunc(g.subscriptions(), func(f *feeds.Subscription) bool { return f.File != "" })
}

// publishEarly lets calls be answered at a start, where nothing answers yet, by those routes that
// are compiled already.
func (s *Server) publishEarly(g *Generation) *live {
	if l := s.calls.early.Load(); l != nil && l.Generation == g {
		return l
	}
	l := newLive(g, s.options.Metrics, &s.decisions, &s.owners)
	s.updateCalendarReads(l, "")
	s.calls.early.Store(l)
	return l
}

// open compiles the routes of owners whose calendars are read, and lets their calls be answered.
func (s *Server) open(g *Generation, owners []string) {
	has := map[string]bool{}
	for _, o := range owners {
		has[o] = true
	}
	names := g.ownersByRoute()
	routes := slices.DeleteFunc(slices.Clone(g.routes), func(r *render.Route) bool { return !has[names[r.Name]] })
	now := s.options.Now()
	s.mu.Lock()
	for _, c := range g.calendars {
		if has[c.Source.Owner] {
			s.takeEarly(g, c, now)
		}
	}
	taken := map[string]calendar{}
	for _, r := range routes {
		for _, name := range r.Calendars() {
			taken[name] = *g.byName[name]
		}
	}
	s.mu.Unlock()
	owner := func(i int) string { return calendars.TenantOf(routes[i].Name) }
	eachByOwner(len(routes), owner, s.options.RealNow, func(i int) { g.compile(routes[i], now) })
	s.mu.Lock()
	if s.opened == nil {
		s.opened = map[string]bool{}
	}
	maps.Copy(s.opened, has)
	var late []string
	for name, was := range taken {
		snapshot, c := s.store.Snapshot(name), g.byName[name]
		if c.File == "" && (c.taken != was.taken || c.why != was.why ||
			snapshot.Calendar != c.taken || snapshot.Why != c.why) {
			late = append(late, name)
		}
	}
	s.mu.Unlock()
	for _, name := range late {
		s.refresh(name)
	}
}

// takeEarly is take for a calendar whose files the store does not keep yet.
func (s *Server) takeEarly(g *Generation, c *calendar, now time.Time) {
	if c.File == "" {
		s.updateFromStore(g, c.Calendar)
		return
	}
	if c.taken = c.Known; c.Known == nil {
		c.why = calendars.NeverRead
	}
	g.timelines.Set(c.Calendar, g.use(c, calendars.Snapshot{Calendar: c.Known, Read: now, Why: c.why}))
}

// answering is the generation whose routes are compiled anew when their calendars change; nil:
// there is none yet. Of one that is early these are the routes of owners that are opened. Server.mu
// is held.
func (s *Server) answering() *live {
	if l := s.live.Load(); l != nil || s.opened == nil {
		return l
	}
	return s.calls.early.Load()
}

// isOpened reports whether the routes of an owner answer. Server.mu is held.
func (s *Server) isOpened(owner string) bool { return s.opened == nil || s.opened[owner] }

// current is what calls are answered by: the live generation, before there is one that which is
// being compiled; nil before that, too.
func (c *calls) current() *live {
	if l := c.live.Load(); l != nil {
		return l
	}
	if l := c.early.Load(); l != nil {
		return l
	}
	return c.live.Load() // which may have taken its place between the two
}

// writeStarting answers a call for which nothing is compiled yet.
func (rec *record) writeStarting(w http.ResponseWriter) {
	rec.status = http.StatusServiceUnavailable
	listen.WriteText(w, rec.status, "starting")
}
