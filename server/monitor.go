package server

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"sync"

	"github.com/callhours/callhours/metrics"
	"github.com/callhours/callhours/server/listen"
)

// monitor answers on metrics_listen: metrics and health, and nothing that tells of people, feeds or
// calls. It asks for no login: programs that watch many servers have none for each.
type monitor struct{ *admin }

func (m monitor) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	m.writeWithin(w, answerWithin)
	switch {
	case m.isStrayCall(r):
		m.refuseCall(w, r, "metrics_listen")
	case !m.isAllowedHost(r.Host):
		listen.WriteError(w, r, http.StatusForbidden, foreignHost("metrics_listen"))
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		w.Header().Set("Allow", "GET, HEAD")
		listen.WriteError(w, r, http.StatusMethodNotAllowed, "only GET is allowed")
	case r.URL.Path == metricsPath && isForeign(r):
		m.refuseForeign(w, r)
	case r.URL.Path == metricsPath:
		m.scrapes.ServeHTTP(w, r)
	case !m.serveHealth(w, r):
		listen.WriteError(w, r, http.StatusNotFound,
			"not found; this is metrics_listen, which has /metrics, /-/healthy and /-/ready")
	}
}

// Monitor is the handler of metrics_listen.
func (s *Server) Monitor() http.Handler {
	return listen.WithSecureHeaders(guarded{s.guard, metrics.PanicAdmin, monitor{s.admin}})
}

// monitoring is the listener of metrics; the zero monitoring is none.
type monitoring struct {
	socket   *net.TCPListener
	listener *listen.Listener
	server   *http.Server
}

// openMonitoring opens metrics_listen, if the configuration has it.
func (s *Server) openMonitoring(ctx context.Context, address string) (m monitoring, err error) {
	if address == "" {
		return m, nil
	}
	if m.socket, err = s.socket(ctx, "metrics_listen", address, nil); err != nil {
		return monitoring{}, err
	}
	m.listener = listen.New(m.socket, listen.Options{
		MaxConns: listen.MaxAdminConns(), Now: s.options.RealNow, Guard: s.guard, OnRefuse: func() {},
	})
	m.server = listen.NewAdminServer("metrics_listen", s.options.Log, s.options.Now)
	m.server.Handler = s.Monitor()
	return m, nil
}

// run answers until the server is shut down.
func (m monitoring) run(ctx context.Context, s *Server, loops *sync.WaitGroup, ended chan<- error) {
	if m.server == nil {
		return
	}
	loops.Go(func() { s.guard.Loop(ctx, metrics.PanicConnection, "metrics_listen", m.listener.Run) })
	loops.Go(func() {
		ended <- s.guard.Do(metrics.PanicConnection, "metrics_listen", func() error { return m.server.Serve(m.listener) })
	})
}

func (m monitoring) close() {
	if m.socket != nil {
		_ = m.socket.Close() // it may be closed already
	}
}

// addr is where it listens; nil for none.
func (m monitoring) addr() net.Addr {
	if m.socket == nil {
		return nil
	}
	return m.socket.Addr()
}

func (m monitoring) shutdown(ctx context.Context) error {
	if m.server == nil {
		return nil
	}
	return m.server.Shutdown(ctx)
}

// foreignHost is what a request under somebody else's host name is told.
func foreignHost(key string) string {
	return fmt.Sprintf("this host name is not one of callhours' own; ask by address, as localhost, or by the name in %s "+
		"or public_url", key)
}
