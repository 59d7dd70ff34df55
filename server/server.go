// Package server runs callhours: the handlers of the Pivot listener and the admin listener, and
// between them the generation that one configuration built. It is the only place where the packages
// meet. What is between the network and the handlers is package listen.
//
// [Build] turns a configuration into a [Generation] or reports everything that is wrong with it;
// nothing is started by it. A [Server] is a value that a test can start on port 0: [Server.Run]
// opens the listeners, answers until its context ends, drains, and returns.
package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/callhours/callhours/calendars"
	"github.com/callhours/callhours/calendars/feeds"
	"github.com/callhours/callhours/config"
	"github.com/callhours/callhours/internal/contain"
	"github.com/callhours/callhours/internal/database"
	"github.com/callhours/callhours/internal/files"
	"github.com/callhours/callhours/metrics"
	"github.com/callhours/callhours/preview"
	"github.com/callhours/callhours/render"
	"github.com/callhours/callhours/server/listen"
	"github.com/callhours/callhours/upstream"
)

const (
	rollEvery = time.Minute // how often the clock is compared with the compiled window

	closing = 7 * time.Second // what is left of calls in flight after draining

	// Closing is how long a server may take to end after its context, besides drain;
	// whatever hangs then is left behind.
	Closing = 9 * time.Second
)

// Options are what a Server needs.
type Options struct {
	Generation *Generation
	Registry   *prometheus.Registry // what /metrics shows
	Metrics    *metrics.Metrics     // nil: nothing is counted
	Log        *slog.Logger         // its writer must not block; see Log
	Now        func() time.Time
	RealNow    func() time.Time // by which connections go, where Now is not time as it passes; nil: Now
	UserAgent  string           // of fetches; "": "callhours"
	Profiles   bool             // the admin listener shows those of Go's runtime
	Version    string           // shown to people
	// Installation is read again for Reload, and when its files change; nil where there is none.
	// Loaded is how Generation came of it.
	Installation *Installation
	Loaded       Loaded
	// Rest is sent what StartServing returns, where Loaded is what it gave to serve; closed instead if
	// that has no Generation. It is not read where Loaded is whole.
	Rest    <-chan Loaded
	Service Service // what started the process
	// Started is told where the listeners are, metrics_listen nil for none, once calls are answered; nil for
	// nobody.
	Started func(calls, admin, metrics net.Addr)
}

// Server answers calls from a generation.
type Server struct {
	options   Options
	live      atomic.Pointer[live]
	draining  atomic.Bool
	guard     *contain.Guard
	store     *feeds.Store
	database  *database.DB // of people; nil: the configuration has no place for one
	calls     *calls
	admin     *admin
	adminAt   atomic.Pointer[net.Addr]         // where the admin listener is; nil before Run opens it
	adminAuth atomic.Pointer[listen.AdminAuth] // nil before Run

	decisions     decisions
	owners        owners
	prerenderer   *prerenderer
	problemLog    problemLog
	findingsCache findingsCache
	previewCache  previewCache
	started       chan struct{}   // closed when all routes answer; no reload begins before
	life          context.Context // ends when nothing is worth waiting for any more
	end           func()          // ends it
	reloading     sync.Mutex      // held by the one reload that runs; guards the following
	read          *config.Inputs  // the files as they were read last; nil: there is no Installation
	readSums      map[string]config.OwnerSum
	refusals      map[string]refusal // of what was read last, see Loaded
	waiting       bool               // some of them are to be tried later, see admission
	accepted      string             // what the accepted copy is of, as acceptance gives it
	state         stateDir

	subscribed *Generation // whose feeds the store keeps; nil before the start

	mu             sync.Mutex               // held while calendars and windows change
	opened         map[string]bool          // owners whose routes answer already; nil when all do, or none
	recompileQueue workQueue[*render.Route] // routes of the live generation that are to be compiled anew, see recompile
	status         preview.Status           // what is not said by the generation itself
}

// New makes a server ready to run: it has read and fetched nothing. Its handlers answer 503 until
// Run, or Start, has compiled the calendars.
func New(o Options) *Server {
	s := &Server{
		status:  preview.Status{Mistakes: []preview.FileMessage{}, Rejected: []string{}, Restart: []string{}},
		options: o, prerenderer: newPrerenderer(),
	}
	if o.RealNow == nil {
		o.RealNow, s.options.RealNow = o.Now, o.Now
	}
	s.recompileQueue.owner = func(r *render.Route) string { return calendars.TenantOf(r.Name) }
	s.started = make(chan struct{})
	s.life, s.end = context.WithCancel(context.Background())
	s.options.Loaded.built = nil // nobody asks for it any more
	s.guard = contain.NewGuard(o.Log, o.Metrics)
	s.logUnseen(o.Metrics.Configure(o.Generation.series()))
	s.state.begin(o.Loaded)
	s.store = o.Generation.store(
		feeds.Options{
			ReadOnly: s.state.isReadOnly(), Log: o.Log, Metrics: o.Metrics, Now: o.Now,
			Changed: s.refresh,
		}, o.UserAgent)
	s.database = s.newDatabase(o.Generation.file)
	s.calls = &calls{
		now: o.Now, passing: o.RealNow, log: o.Log, metrics: o.Metrics, live: &s.live, draining: &s.draining,
		owners: &s.owners, waited: listen.Waited, hours: newPublisher(o.Now, o.Log, hoursTurns(o.RealNow)),
		guard: s.guard, pools: upstream.NewPools(nil),
	}
	s.calls.lines.guard = s.guard
	s.calls.most = inFlight * int64(runtime.GOMAXPROCS(0))
	host, _, err := net.SplitHostPort(o.Generation.file.AdminListen.S)
	s.admin = &admin{
		turns: adminTurns(o.RealNow), realNow: o.RealNow, live: &s.live, draining: &s.draining,
		log: o.Log, feeds: s.feeds, refreshFeed: s.refreshAsked,
	}
	s.admin.unmatched = s.unmatchedCalls
	s.admin.reload, s.admin.status = s.reloadAsked, s.statusWithProblems
	s.admin.findings = func() ([]preview.Finding, int) { return s.Findings(), s.pendingFindings() }
	s.admin.api = api{now: o.Now, preview: s.preview, decisions: s.decisions.traces}
	s.admin.console = s.newConsole()
	s.admin.requiresLogin = func() bool { return false }
	if err != nil {
		host = ""
	}
	monitored, _, _ := net.SplitHostPort(o.Generation.file.MetricsListen.S) // "": no host
	s.admin.hostNames = func() []string { return []string{host, monitored, s.publicHost()} }
	s.admin.scrapes = newScrapes(o.Registry, s.scraped, o.RealNow)
	if o.Profiles {
		s.admin.profiles = profiles()
	}
	return s
}

// Calls is the handler of the Pivot listener.
func (s *Server) Calls() http.Handler { return s.calls }

// Admin is the handler of the admin listener.
func (s *Server) Admin() http.Handler { return listen.WithSecureHeaders(s.guardedAdmin()) }

func (s *Server) guardedAdmin() http.Handler { return guarded{s.guard, metrics.PanicAdmin, s.admin} }

// Drain is for how long calls are answered after the context of Run has ended.
func (s *Server) Drain() time.Duration { return s.options.Generation.file.Drain }

// Start reads the copies of feeds, compiles the generation's calendars for the present, with what
// is known of them, and lets calls be answered.
func (s *Server) Start() {
	s.subscribe(s.options.Generation)
	s.start(s.options.Generation, &s.options.Loaded)
}

// subscribe makes the store keep a generation's feeds.
func (s *Server) subscribe(g *Generation) {
	if s.subscribed != g {
		s.subscribed = g
		s.store.Subscribe(g.subscriptions())
	}
}

// start lets a generation answer, which came of what was loaded. Its feeds are kept.
func (s *Server) start(g *Generation, loaded *Loaded) {
	defer close(s.started)
	s.swap(g)
	if s.options.Installation == nil {
		return
	}
	s.reloading.Lock()
	defer s.reloading.Unlock()
	ctx := context.Background()
	s.waiting = loaded.waiting
	s.read, s.readSums = loaded.inputs, loaded.inputs.OwnerSums()
	s.refusals = loaded.refusals
	_ = s.logReload(ctx, loaded, s.status.Loaded) // it says itself how that went
	if !loaded.FromAccepted {
		s.saveAccepted(ctx, g)
	}
}

// Observe brings the gauges that follow the clock up to date. The admin listener calls it for every
// scrape.
func (s *Server) Observe() {
	l, now := s.live.Load(), s.options.Now()
	if l == nil {
		return
	}
	for i := range l.served {
		r := &l.served[i]
		s.guard.Run(metrics.PanicAdmin, "metrics of route "+r.Name, func() {
			if !r.metrics.HasOwnSeries() {
				return // nobody sees them
			}
			state := r.State()
			d := state.Decide(nil, now)
			r.metrics.SetActive(d.Branch)
			until, _ := d.Until()
			r.metrics.SetNextChange(until)
			span, match, looked := l.spans[i].At(state, r.Route, now)
			if !looked {
				span = until // at the latest
			}
			r.metrics.SetNextSpan(span)
			r.metrics.SetMatch(match)
		})
	}
	for _, c := range l.calendars {
		s.guard.Run(metrics.PanicAdmin, "metrics of calendar "+c.Calendar, func() {
			s.options.Metrics.Calendar(c.Calendar).SetActive(l.active(c.Calendar, now))
		})
	}
}

// scraped brings everything up to date that a scrape shows.
func (s *Server) scraped() {
	s.Observe()
	s.options.Metrics.SetFindings(s.countFindings())
	s.options.Metrics.SetFileReadsHung(files.Hung())
	s.options.Metrics.SetStateReadOnly(s.state.isReadOnly())
}

// Run answers calls until ctx ends, then drains: readiness goes, answers ask for their connections
// to be closed, and after the configured time the listeners close and calls in flight are answered.
// Before calls are answered there is nothing to drain. The error says what could not be started or
// what ended the listeners early. It returns when all that it started has ended, which may be never
// where a disk hangs: see Closing.
func (s *Server) Run(ctx context.Context) (err error) {
	defer func() {
		if err != nil && ctx.Err() == nil { // what is being loaded is not why the process ends
			s.options.Loaded.marks.Abandon()
		}
	}()
	file := s.options.Generation.file
	pivotSockets, err := s.openPivot(ctx, file)
	if err != nil {
		return err
	}
	for _, socket := range pivotSockets {
		defer socket.Close()
	}
	adminSocket, err := s.socket(ctx, "admin_listen", file.AdminListen.S, s.options.Service.Admin)
	if err != nil {
		return err
	}
	defer adminSocket.Close()
	adminAt := adminSocket.Addr()
	s.adminAt.Store(&adminAt)
	monitoring, err := s.openMonitoring(ctx, file.MetricsListen.S)
	if err != nil {
		return err
	}
	defer monitoring.close()
	auth, err := listen.NewAdminAuth(file.AdminWebConfig.S, s.guardedAdmin(), s.options.Log, s.options.Now)
	if err != nil {
		return err
	}
	auth.Changed = s.admin.console.Reconnect
	s.adminAuth.Store(auth)
	s.admin.requiresLogin = auth.RequiresLogin
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	var loops sync.WaitGroup
	if s.database != nil {
		defer s.database.Close() //nolint:errcheck // what was acknowledged is on the disk
		loops.Go(func() { s.guard.Loop(background, metrics.PanicState, "database", s.database.Run) })
	}
	defer loops.Wait()
	defer stop()
	callsAt := pivotSockets[0].Addr()
	passing := s.options.RealNow
	pivotListeners := s.pivotListeners(pivotSockets, file.TLS != nil)
	pivots := make([]net.Listener, len(pivotListeners))
	for i, listener := range pivotListeners {
		pivots[i] = listener
		loops.Go(func() { s.guard.Loop(background, metrics.PanicConnection, "listen", listener.Run) })
	}
	adminListener := listen.New(adminSocket, listen.Options{
		MaxConns: listen.MaxAdminConns(), Encrypted: auth.MayEncrypt(), Now: passing, Guard: s.guard, OnRefuse: func() {},
	})
	loops.Go(func() { s.guard.Loop(background, metrics.PanicConnection, "admin_listen", adminListener.Run) })
	if file.TLS != nil {
		c, err := listen.ReadCertificate(file.TLS.CertFile, file.TLS.KeyFile)
		if err != nil {
			return err
		}
		loops.Go(func() {
			s.guard.Loop(background, metrics.PanicState, "tls", func(ctx context.Context) {
				c.Watch(ctx, s.options.Log)
			})
		})
		for i, listener := range pivots {
			pivots[i] = c.Listener(listener)
		}
	}
	pivotServer := listen.NewPivotServer(s.calls, s.options.Log, s.options.Now)
	adminServer := listen.NewAdminServer("admin_listen", s.options.Log, s.options.Now)
	adminServer.RegisterOnShutdown(s.admin.console.Close) // who listens for changes would hold it open
	ended := make(chan error, len(pivots)+2)
	for _, listener := range pivots {
		loops.Go(func() {
			ended <- s.guard.Do(metrics.PanicConnection, "listen", func() error {
				s.awaitReady()
				return pivotServer.Serve(listener)
			})
		})
	}
	loops.Go(func() {
		ended <- s.guard.Do(metrics.PanicConnection, "admin_listen", func() error {
			return auth.Serve(adminListener, adminServer)
		})
	})
	monitoring.run(background, s, &loops, ended)
	if at, ok := adminSocket.Addr().(*net.TCPAddr); ok && !at.AddrPort().Addr().Unmap().IsLoopback() &&
		!auth.RequiresLogin() && !auth.StartedClosed() {
		s.options.Log.WarnContext(ctx,
			"admin_listen has no authentication and is not loopback; anyone who can reach it can read everything it shows; set admin_web_config to require a login",
			slog.String("admin_listen", at.String()))
	}
	loops.Go(func() { s.guard.Loop(background, metrics.PanicConfig, "admin_web_config", auth.Watch) })
	loops.Go(func() { s.guard.Loop(background, metrics.PanicFeed, "feeds", s.store.Run) })
	began := make(chan error, 1)
	go func() { // a disk that hangs keeps it from ending
		began <- s.guard.Do(metrics.PanicState, "start", func() error { return s.begin(ctx) })
	}()
	select {
	case err = <-began:
	case err = <-ended:
		err = fmt.Errorf("a listener ended: %w", err)
	case <-ctx.Done():
	}
	switch {
	case err != nil:
	case ctx.Err() != nil:
		if s.calls.current() != nil { // some calls are answered
			err = s.drain(background, ended)
		}
	default:
		loops.Go(func() { s.guard.Loop(background, metrics.PanicState, "clock", s.roll) })
		loops.Go(func() { s.guard.Loop(background, metrics.PanicFindings, "findings", s.runPrerenderer) })
		loops.Go(func() { s.guard.Loop(background, metrics.PanicConfig, "configuration", s.follow) })
		if s.options.Installation != nil {
			loops.Go(func() { s.guard.Loop(background, metrics.PanicState, "state_dir", s.keepState) })
		}
		loops.Go(func() { s.guard.Loop(background, metrics.PanicState, "watchdog", s.keepAlive) })
		loops.Go(func() { s.guard.Loop(background, metrics.PanicState, "status", s.keepStatus) })
		if s.options.Started != nil {
			s.options.Started(callsAt, adminSocket.Addr(), monitoring.addr())
		}
		s.tell("READY=1", "STATUS="+s.summary())
		select {
		case err = <-ended:
			err = fmt.Errorf("a listener ended: %w", err)
		case <-ctx.Done():
			err = s.drain(background, ended)
		}
	}
	s.draining.Store(true)
	s.end()
	late, cancel := context.WithTimeout(background, closing)
	defer cancel()
	s.finishAll(late, pivotListeners)
	err = errors.Join(err, pivotServer.Shutdown(late), adminServer.Shutdown(late), monitoring.shutdown(late))
	s.calls.pools.Close()
	s.calls.lines.flush()
	return err
}

// drain gives load balancers time to send calls elsewhere.
func (s *Server) drain(ctx context.Context, ended <-chan error) error {
	file := s.options.Generation.file
	s.options.Log.InfoContext(ctx, "stopping", slog.Duration("drain", file.Drain))
	s.tell("STOPPING=1", "STATUS=answering the last calls")
	s.draining.Store(true)
	timer := time.NewTimer(file.Drain)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case err := <-ended:
		return fmt.Errorf("a listener ended: %w", err)
	}
}

func (s *Server) roll(ctx context.Context) {
	ticker := time.NewTicker(rollEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			s.Advance()
		}
	}
}

// tenantsWait is how long the tenants whose feeds have not answered yet are waited for after
// the last one whose feeds have.
const tenantsWait = time.Second

// await waits until something is known of each feed, for start_timeout at most: a caller is better
// answered by what is known than not. Tenants whose feeds take longer than the others' keep nobody
// else waiting.
func (s *Server) await(ctx context.Context, g *Generation) {
	waiting, cancel := context.WithTimeout(ctx, g.file.StartTimeout)
	defer cancel()
	defer context.AfterFunc(s.life, cancel)()
	if !s.store.ReadyFor(waiting, tenantsWait) && ctx.Err() == nil && s.life.Err() == nil {
		s.options.Log.WarnContext(ctx, "some feeds have not answered yet; calls are answered without them",
			slog.Duration("start_timeout", g.file.StartTimeout))
	}
}
