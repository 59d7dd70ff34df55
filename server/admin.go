package server

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync/atomic"
	"time"

	"github.com/callhours/callhours/calendars/feeds"
	"github.com/callhours/callhours/console"
	"github.com/callhours/callhours/pivot"
	"github.com/callhours/callhours/preview"
	"github.com/callhours/callhours/server/listen"
)

// strayCall is the answer to Kazoo on another listener, and the log with it.
func strayCall(listener string) string {
	return "calls are answered on listen, and this is " + listener + "; correct the port of voice_url"
}

// admin is the admin listener: health, readiness, metrics, the API and the console.
type admin struct {
	turns       *turns
	scrapes     *scrapes
	realNow     func() time.Time // by which connections go
	console     *console.Console
	api         api
	reload      func(context.Context) error
	findings    func() (found []preview.Finding, pending int)
	unmatched   func(ctx context.Context, offset, limit int) []preview.UnmatchedCall
	feeds       func(ctx context.Context, offset, limit int) []feedStatus
	status      func() preview.Status
	refreshFeed func(ctx context.Context, calendar string) (feedStatus, error) // makes an attempt to fetch now
	// who came this far has proven who they are
	requiresLogin func() bool
	// hosts by which it may be asked, besides addresses and localhost
	hostNames func() []string
	profiles  http.Handler // nil: none
	live      *atomic.Pointer[live]
	draining  *atomic.Bool
	origins   http.CrossOriginProtection
	log       *slog.Logger
	strays    listen.LogLimit
	refusals  listen.LogLimit // lines about actions that were refused
}

func (a *admin) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.writeWithin(w, answerWithin)
	if a.isStrayCall(r) { // under whatever host name: Kazoo knows this machine by that of voice_url
		a.refuseCall(w, r, "admin_listen")
		return
	}
	if !a.isAllowedHost(r.Host) && !a.requiresLogin() {
		listen.WriteError(w, r, http.StatusForbidden, foreignHost("admin_listen"))
		return
	}
	if status, line := checkRequest(r); status != 0 {
		listen.WriteError(w, r, status, line)
		return
	}
	if (r.Method == http.MethodGet || r.Method == http.MethodHead) && !isCheap(r.URL.Path) && isForeign(r) {
		a.refuseForeign(w, r)
		return
	}
	if name, ok := refreshedCalendar(r.URL.Path); ok {
		if r, ok := a.allowAction(w, r); ok {
			a.serveRefresh(w, r, name)
		}
		return
	}
	if r.URL.Path == reloadPath {
		if r, ok := a.allowAction(w, r); ok {
			a.serveReload(w, r)
		}
		return
	}
	if a.console.Has(r) {
		if r.Method == http.MethodPost {
			var ok bool
			if r, ok = a.allowAction(w, r); !ok {
				return
			}
		}
		switch {
		case r.Method == http.MethodPost || console.IsStatic(r.URL.Path):
			a.writeWithin(w, 0) // a fetch that was asked for may take half a minute
			a.console.ServeHTTP(w, r)
		default:
			a.serveInTurn(w, r, a.console.ServeHTTP)
		}
		return
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		listen.WriteError(w, r, http.StatusMethodNotAllowed, "only GET is allowed")
		return
	}
	if a.profiles != nil && strings.HasPrefix(r.URL.Path, profilesPath) {
		a.profiles.ServeHTTP(w, r)
		return
	}
	if a.serveHealth(w, r) {
		return
	}
	switch r.URL.Path {
	case metricsPath:
		a.scrapes.ServeHTTP(w, r)
	default:
		if serve := a.endpoint(r.URL.Path); serve != nil {
			serve(w, r)
			return
		}
		listen.WriteError(w, r, http.StatusNotFound, "not found; see /")
	}
}

// The paths of the listener that belong to no API.
const (
	metricsPath = "/metrics"
	healthyPath = "/-/healthy"
	readyPath   = "/-/ready"
)

// serveHealth answers whether the process runs, and whether it answers calls; false for other paths.
func (a *admin) serveHealth(w http.ResponseWriter, r *http.Request) bool {
	switch r.URL.Path {
	case healthyPath:
		listen.WriteText(w, http.StatusOK, "healthy")
	case readyPath:
		switch {
		case a.draining.Load():
			listen.WriteError(w, r, http.StatusServiceUnavailable, "stopping")
		case a.live.Load() == nil:
			listen.WriteError(w, r, http.StatusServiceUnavailable, "starting")
		default:
			listen.WriteText(w, http.StatusOK, "ready")
		}
	default:
		return false
	}
	return true
}

// isStrayCall tells Kazoo's requests from those of people: its POSTs come from no page of a
// browser, and are to none of what people may POST to.
func (a *admin) isStrayCall(r *http.Request) bool {
	switch r.Method {
	case http.MethodGet:
		return pivot.IsCall(r)
	case http.MethodPost:
		if r.Header.Get("Sec-Fetch-Site") != "" || r.Header.Get("Origin") != "" {
			return false
		}
		return r.URL.Path != reloadPath && !strings.HasPrefix(r.URL.Path, "/api/") && !a.console.Has(r)
	}
	return false
}

// refuseCall answers a call that came to the wrong port with 404, since Kazoo ends a call that gets
// 200 and no callflow, and says so in the log: its caller has heard the fallback of the pivot
// action, and nothing else shows why.
func (a *admin) refuseCall(w http.ResponseWriter, r *http.Request, listener string) {
	a.strays.Do(a.realNow(), func(more int) {
		path := ""
		if l := a.live.Load(); l != nil {
			path = listen.HeaderText(shortened(l.table.ShownPath(r.URL.Path)))
		}
		a.log.WarnContext(r.Context(), "call", slog.Int("status", http.StatusNotFound),
			slog.String("reason", listener), slog.String("path", path), slog.String("detail", strayCall(listener)),
			slog.String("remote", r.RemoteAddr), slog.Int("more", more))
	})
	listen.WriteError(w, r, http.StatusNotFound, strayCall(listener))
}

// refreshedCalendar is the calendar that a path asks to fetch; a tenant's has a slash in it.
func refreshedCalendar(path string) (calendar string, ok bool) {
	rest, ok := strings.CutPrefix(path, feedsPath+"/")
	if !ok {
		return "", false
	}
	return strings.CutSuffix(rest, "/refresh")
}

// reloadPath is where a reload is asked for.
const reloadPath = "/-/reload"

// serveReload reloads the configuration, and answers with its mistakes if there are any.
func (a *admin) serveReload(w http.ResponseWriter, r *http.Request) {
	a.writeWithin(w, 0) // as long as the reload takes
	if err := a.reload(r.Context()); err != nil {
		listen.WriteError(w, r, http.StatusUnprocessableEntity, err.Error())
		return
	}
	listen.WriteText(w, http.StatusOK, "reloaded")
}

// serveRefresh fetches a calendar's feed and answers when the attempt has ended.
func (a *admin) serveRefresh(w http.ResponseWriter, r *http.Request, calendar string) {
	a.writeWithin(w, 0) // as long as the attempt takes
	feed, err := a.refreshFeed(r.Context(), calendar)
	switch {
	case r.Context().Err() != nil: // nobody listens any more
	case errors.Is(err, feeds.ErrManyWait):
		w.Header().Set("Retry-After", "60")
		listen.WriteError(w, r, http.StatusTooManyRequests, err.Error())
	case err != nil:
		listen.WriteError(w, r, http.StatusNotFound, err.Error())
	default:
		answerJSON(w, r, feed)
	}
}

// isAllowedHost refuses names that somebody else's page made a browser resolve to this address (DNS
// rebinding).
func (a *admin) isAllowedHost(host string) bool {
	name := host
	if h, _, err := net.SplitHostPort(host); err == nil {
		name = h
	} else if inner, ok := strings.CutPrefix(host, "["); ok {
		if name, ok = strings.CutSuffix(inner, "]"); !ok { // such as "[::1", which is no host
			return false
		}
	}
	name = strings.ToLower(name)
	if name == "localhost" || strings.HasSuffix(name, ".localhost") {
		return true
	}
	if _, err := netip.ParseAddr(name); err == nil {
		return true
	}
	for _, own := range a.hostNames() {
		if own != "" && strings.EqualFold(name, own) {
			return true
		}
	}
	return false
}
