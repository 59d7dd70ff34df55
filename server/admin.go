package server

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync/atomic"
)

// admin is people's side: health, readiness and metrics.
type admin struct {
	names    []string // hosts by which it may be asked, besides addresses and localhost
	metrics  http.Handler
	live     *atomic.Pointer[live]
	draining *atomic.Bool
	refresh  func() // brings the gauges that follow the clock up to date
}

func (a *admin) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !a.mayBeAsked(r.Host) {
		plain(w, http.StatusForbidden, "this host name is not one of callhours' own; ask by address, as localhost, or by the name in admin_listen")
		return
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		plain(w, http.StatusMethodNotAllowed, "only GET is answered here")
		return
	}
	switch r.URL.Path {
	case "/":
		plain(w, http.StatusOK, "callhours\n\n/metrics     for Prometheus\n/-/healthy   the process runs\n/-/ready     calls are answered")
	case "/-/healthy":
		plain(w, http.StatusOK, "healthy")
	case "/-/ready":
		switch {
		case a.draining.Load():
			plain(w, http.StatusServiceUnavailable, "stopping")
		case a.live.Load() == nil:
			plain(w, http.StatusServiceUnavailable, "starting")
		default:
			plain(w, http.StatusOK, "ready")
		}
	case "/metrics":
		a.refresh()
		a.metrics.ServeHTTP(w, r)
	default:
		plain(w, http.StatusNotFound, "nothing is here; see /")
	}
}

// mayBeAsked refuses names that somebody else's page made a browser resolve to this address (DNS rebinding).
func (a *admin) mayBeAsked(host string) bool {
	name := host
	if h, _, err := net.SplitHostPort(host); err == nil {
		name = h
	}
	name = strings.ToLower(strings.Trim(name, "[]"))
	if name == "localhost" || strings.HasSuffix(name, ".localhost") {
		return true
	}
	if _, err := netip.ParseAddr(name); err == nil {
		return true
	}
	for _, own := range a.names {
		if strings.EqualFold(name, own) {
			return true
		}
	}
	return false
}
