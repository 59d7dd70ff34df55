package server

import (
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/callhours/callhours/internal/contain"
	"github.com/callhours/callhours/metrics"
	"github.com/callhours/callhours/pivot"
	"github.com/callhours/callhours/preview"
	"github.com/callhours/callhours/render"
	"github.com/callhours/callhours/routes"
	"github.com/callhours/callhours/server/listen"
	"github.com/callhours/callhours/upstream"
)

// inFlight is how many calls are answered at a time for each CPU; beyond it they are told to use
// their fallback at once. Answering waits for nothing, so that more than one is in flight only
// where it takes so long that another one gets the CPU meanwhile.
const inFlight = 64

// calls is the Pivot listener: Pivot requests, health for load balancers, and hours for holders of a token.
// It routes paths by itself, since a redirect, such as http.ServeMux makes, costs Kazoo's POST its
// parameters.
type calls struct {
	now      func() time.Time
	log      *slog.Logger
	lines    lines // of calls that were answered as decided
	metrics  *metrics.Metrics
	live     *atomic.Pointer[live]
	early    atomic.Pointer[live] // at a start, until there is a live one: some of its routes have no state yet
	draining *atomic.Bool
	running  atomic.Int64 // calls whose answers are being worked out
	most     int64        // running
	passing  func() time.Time
	waited   func(*http.Request) time.Duration // for how long, where that is too long
	owners   *owners
	overload listen.LogLimit // lines about calls that are refused since there are too many
	hours    *publisher
	guard    *contain.Guard
	pools    *upstream.Pools
}

// live is a generation with what answering its calls needs beside it.
type live struct {
	*Generation
	served  []served           // in the order of routes
	spans   []preview.NextSpan // as served, for scrapes
	access  *listen.Access
	callers string // how much of a caller's number the log shows
	faults  bool   // the log shows only calls that go wrong
	shown   string // how much of it is remembered
	missed  *unrouted
	nowhere *routeFacts // of calls without a route
	readers readers     // of hours
	oneOwns bool        // all routes are one owner's
	asks    bool        // some route asks an upstream
	apart   bool        // there are listeners for routes that do
}

// served is a route with all that a call to it needs, in one place: of ten thousand routes, calls
// find little in the processor's caches.
type served struct {
	*render.Route
	auth     *listen.Auth
	metrics  *metrics.RouteMetrics
	ring     *ring
	owner    *owner
	facts    atomic.Pointer[routeFacts]
	openings []atomic.Pointer[opening] // by branch
	asked    upstreams                 // nil: it asks none
}

func newLive(g *Generation, m *metrics.Metrics, d *decisions, os *owners) *live {
	l := &live{Generation: g, callers: g.file.Log.Callers, shown: g.file.Decisions.Callers}
	l.faults = g.file.Log.Calls == "faults"
	var names []string
	for _, r := range g.routes {
		names = append(names, r.Name)
	}
	d.forgetDisowned(g)
	var tenants []string
	for _, t := range g.file.Tenants {
		tenants = append(tenants, t.Owner)
	}
	rings := d.setRoutes(names, tenants, g.file.Decisions.Keep)
	l.served, l.spans = make([]served, len(g.routes)), make([]preview.NextSpan, len(g.routes))
	owners := os.of(g)
	l.oneOwns = true
	for i, r := range g.routes {
		at := &l.served[i]
		at.Route, at.auth, at.metrics, at.ring, at.owner = r, g.auths[i], m.Route(r.Name), rings[i], owners[i]
		l.oneOwns = l.oneOwns && owners[i] == owners[0]
		at.asked = g.upstreams[r]
		at.openings = make([]atomic.Pointer[opening], len(r.Branches))
	}
	l.readers = newReaders(g)
	l.asks, l.apart = len(g.upstreams) > 0, len(g.file.Listen) > 1
	paths := make([]listen.Route, len(g.routes))
	for i, r := range g.routes {
		paths[i] = listen.Route{Path: r.Path, Auth: g.auths[i]}
	}
	l.access = listen.NewAccess(paths, g.shared)
	l.missed, l.nowhere = d.unrouted(g), &routeFacts{generation: g.Name(), calendars: []preview.CalendarRead{}}
	return l
}

// record is what is said of a call in the log and the counters.
type record struct {
	status int
	live   *live   // nil before calls are answered
	route  *served // nil where none was found, or who asks may not
	answer render.Answer
	state  *render.State // that gave the answer
	twiml  bool          // the answer is an upstream's TwiML
	call   *pivot.Call
	from   *listen.Credentials // of who was refused
	miss   routes.MissReason
	detail string // of the miss, see missing; "" until somebody asks
	path   string // without a token that led it
	err    error
	late   bool // it has waited for too long
	shed   bool // counted already, and has no line of its own: there are too many
}

func (c *calls) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	listen.SecureHeaders(w.Header())
	if c.draining.Load() || listen.IsChunked(r) {
		w.Header().Set("Connection", "close")
	}
	path := routes.CleanPath(r.URL.Path)
	// A call whose voice_url names one of these by mistake finds no route, so that Kazoo goes on
	// with its `_`: it ends a call that gets 200 and no callflow.
	if !pivot.IsCall(r) {
		if path == "/-/healthy" {
			listen.WriteText(w, http.StatusOK, "healthy")
			return
		}
		if strings.HasPrefix(path, openHours) {
			published := func(w http.ResponseWriter, r *http.Request) { c.hours.serve(w, r, path, c.live.Load()) }
			guarded{c.guard, metrics.PanicHours, http.HandlerFunc(published)}.ServeHTTP(w, r)
			return
		}
	}
	conn, waited := listen.ConnOf(r), c.waited(r)
	if l := c.current(); l != nil && l.closes(conn) {
		w.Header().Set("Connection", "close")
	}
	rec := record{late: waited > 0}
	// Whose call it is shows only when it is read. After so long it is refused whoever calls.
	if l := c.current(); waited > anyonesPatience || rec.late && l != nil && l.oneOwns {
		c.shed(w, conn, nil)
		return
	}
	began := c.now()
	defer func() {
		// net/http would cut the connection, which some versions of Kazoo wait ten seconds for.
		if p := recover(); p != nil {
			subject := "a call"
			if rec.route != nil {
				subject = "a call of route " + rec.route.Name
			}
			rec.status, rec.err = http.StatusInternalServerError, c.guard.ReportRecovered(metrics.PanicCall, subject, p)
			listen.WriteText(w, rec.status, "no answer")
		}
		if !rec.shed {
			c.finish(&rec, began)
		}
	}()
	c.answer(w, r, path, &rec)
	if rec.route != nil {
		conn.MarkAnswered()
	}
}

// finish counts, logs and remembers a call that has its answer. That nothing of it reaches the
// answer is worth more than the record.
func (c *calls) finish(rec *record, began time.Time) {
	defer func() {
		if p := recover(); p != nil {
			_ = c.guard.ReportRecovered(metrics.PanicLog, "a call", p)
		}
	}()
	now := c.now()
	c.record(rec, now, now.Sub(began))
	rec.recordTrace(began, now.Sub(began))
}

// answer answers one Pivot request and fills the record.
func (c *calls) answer(w http.ResponseWriter, r *http.Request, path string, rec *record) {
	l := c.current()
	if l == nil {
		rec.writeStarting(w)
		return
	}
	rec.live = l
	if listen.IsChunked(r) {
		rec.status, rec.err = http.StatusLengthRequired, errors.New(listen.LengthRequired)
		listen.WriteText(w, rec.status, listen.LengthRequired)
		return
	}
	presented := listen.TakeCredentials(r)
	at := l.splitToken(path, &presented)
	by, status := l.authorize(&at, &presented)
	rec.path = at.path
	if status != http.StatusOK {
		rec.refuse(w, &presented, status)
		return
	}
	call, err := pivot.Parse(r)
	if err != nil {
		rec.status, rec.err = http.StatusBadRequest, err
		if refused, ok := errors.AsType[*pivot.RequestError](err); ok {
			rec.status = refused.Status
		}
		if rec.status == http.StatusMethodNotAllowed {
			w.Header().Set("Allow", "GET, POST")
		}
		listen.WriteText(w, rec.status, err.Error())
		return
	}
	conn := listen.ConnOf(r)
	conn.BeginAnswer() // only now: who sends slowly keeps nobody else from an answer
	defer conn.EndAnswer()
	rec.call = &call
	found, why := l.match(&at, &call, &presented)
	rec.path = at.path
	var route *served
	guard := l.shared
	if found != routes.None {
		route = &l.served[found]
		guard = route.auth
	}
	if guard != by || at.reauthorize {
		if status = guard.Authorize(&presented); status != http.StatusOK {
			rec.refuse(w, &presented, status)
			return
		}
	}
	if route == nil {
		rec.status, rec.miss = http.StatusNotFound, why
		w.Header().Set("X-Callhours-Reason", string(why))
		listen.WriteText(w, rec.status, "no route: "+string(why))
		return
	}
	if route.State() == nil { // as long as there is no live generation
		rec.writeStarting(w)
		return
	}
	if route.asked != nil { // others on the connection would wait for its slow answers
		w.Header().Set("Connection", "close")
	}
	if now := c.now(); c.decide(w, r, route, rec, now) {
		c.count(route.metrics, &rec.answer, now)
		rec.write(w)
	}
}

// refuse answers a request that may not ask, and notes where it came from.
func (rec *record) refuse(w http.ResponseWriter, from *listen.Credentials, status int) {
	rec.status, rec.from = status, from
	if status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Basic realm="callhours"`)
	}
	listen.WriteText(w, status, http.StatusText(status))
}

// count counts a decision. It goes by what was decided; what answered instead stands in the
// fallbacks.
func (c *calls) count(m *metrics.RouteMetrics, a *render.Answer, now time.Time) {
	decided := a.Decision.Branch
	m.SetLastCall(now)
	m.IncDecision(decided)
	if a.Decision.Unknown {
		m.IncUnknown()
	}
	if len(a.Failures) > 0 {
		m.IncFallback(decided, metrics.FallbackReason(a.Failures[0].Reason))
		for _, f := range a.Failures {
			c.guard.ReportError(metrics.PanicTemplate, f.Err)
		}
	}
	if a.Branch < 0 {
		m.IncFallback(decided, metrics.FallbackReason(render.NoAnswer))
	}
}

// write sends the answer.
func (rec *record) write(w http.ResponseWriter) {
	a, h := &rec.answer, w.Header()
	// One piece of memory for all values, where Set would take one for each.
	values := [...]string{
		rec.route.Name, "", listen.HeaderText(a.Reason), listen.HeaderText(a.Title),
		"application/json", "",
	}
	h["X-Callhours-Route"] = values[0:1:1]
	if a.Branch >= 0 {
		values[1] = rec.route.Branches[a.Branch].Name
		h["X-Callhours-Branch"] = values[1:2:2]
	}
	h["X-Callhours-Reason"] = values[2:3:3]
	if a.Title != "" {
		h["X-Callhours-Event"] = values[3:4:4]
	}
	switch a.Status {
	case http.StatusOK:
		if rec.twiml {
			values[4] = upstream.TwiML
		}
		h["Content-Type"] = values[4:5:5]
		values[5] = strconv.Itoa(len(a.Body))
		h["Content-Length"] = values[5:6:6]
		// A caller who hung up meanwhile is no fault of ours.
		_, _ = w.Write(a.Body)
	case http.StatusNotFound:
		listen.WriteText(w, a.Status, "the branch passes")
	default:
		listen.WriteText(w, a.Status, "no answer")
	}
}

// record logs a request and counts its status.
func (c *calls) record(rec *record, now time.Time, took time.Duration) {
	if rec.route != nil {
		c.metrics.ObserveCall(rec.status, took, rec.call.CallID, now)
	} else {
		c.metrics.ObserveRequest(rec.status, took)
	}
	if rec.miss != "" {
		c.metrics.IncUnmatched(metrics.UnmatchedReason(rec.miss))
	}
	if rec.route != nil && rec.err == nil && len(rec.answer.Failures) == 0 {
		level := slog.LevelInfo
		if rec.answer.Decision.Unknown {
			level = slog.LevelWarn
		}
		if !rec.live.faults || level > slog.LevelInfo {
			c.lines.add(line{
				at: now, took: took, level: level, to: rec.opening(c.log.Handler()), call: rec.call,
				show: rec.live.callers,
			})
		}
		return
	}
	level := slog.LevelInfo
	var attrs []slog.Attr
	if rec.route != nil {
		attrs = rec.decision()
		for _, f := range rec.answer.Failures {
			if f.Reason != render.Deliberate || rec.answer.Branch < 0 {
				level = slog.LevelError
			}
			attrs = append(attrs,
				slog.String("failed_"+rec.route.Branches[f.Branch].Name, string(f.Reason)+": "+f.Err.Error()))
		}
	} else {
		attrs = append(attrs, slog.Int("status", rec.status))
	}
	if rec.from != nil {
		level = slog.LevelWarn
		attrs = append(attrs, slog.String("reason", rec.from.Reason(rec.status, rec.live.table.ShownPath(rec.path))),
			slog.String("path", rec.shownPath()))
		attrs = rec.from.AppendAttrs(attrs)
	}
	if rec.miss != "" {
		level = slog.LevelWarn
		attrs = append(attrs, slog.String("reason", string(rec.miss)), slog.String("path", rec.shownPath()),
			slog.String("detail", rec.missing()))
	}
	if rec.call != nil {
		attrs = callAttrs(attrs, rec.live.callers, rec.call)
	}
	if rec.err != nil {
		level = slog.LevelWarn
		attrs = append(attrs, slog.String("error", rec.err.Error()))
	}
	writeLine(c.log.Handler(), now, level, append(attrs, slog.Duration("took", took)))
}

// shownPath is the path that was asked for, as the log may show it.
func (rec *record) shownPath() string { return listen.HeaderText(rec.live.table.ShownPath(rec.path)) }
