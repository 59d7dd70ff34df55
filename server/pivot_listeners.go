package server

import (
	"context"
	"net"
	"net/http"
	"sync"

	"github.com/callhours/callhours/config"
	"github.com/callhours/callhours/metrics"
	"github.com/callhours/callhours/server/listen"
)

// openPivot opens the sockets of all addresses under listen. The one that systemd passes is the first. Where one cannot
// be opened none stays open.
func (s *Server) openPivot(ctx context.Context, file *config.File) (sockets []*net.TCPListener, err error) {
	for i, at := range file.Listen {
		passed := s.options.Service.Pivot
		if i > 0 {
			passed = nil
		}
		socket, err := s.socket(ctx, "listen", at.S, passed)
		if err != nil {
			for _, opened := range sockets {
				_ = opened.Close()
			}
			return nil, err
		}
		sockets = append(sockets, socket)
	}
	return sockets, nil
}

// pivotListeners are the Pivot listeners of sockets, in their order. They share the connections that are allowed
// equally, so that calls that wait on one keep no connection from another.
func (s *Server) pivotListeners(sockets []*net.TCPListener, encrypted bool) (all []*listen.Listener) {
	for i, socket := range sockets {
		all = append(all, listen.New(socket, listen.Options{
			MaxConns: listen.MaxPivotConns() / len(sockets), Encrypted: encrypted, Now: s.options.RealNow, Guard: s.guard,
			Number: i,
			OnRefuse: func() {
				s.options.Metrics.IncShed()
				s.options.Metrics.ObserveRequest(http.StatusServiceUnavailable, 0)
			},
		}))
	}
	return all
}

// finishAll is Finish of several listeners at once.
func (s *Server) finishAll(ctx context.Context, all []*listen.Listener) {
	var finishing sync.WaitGroup
	for _, l := range all {
		finishing.Go(func() {
			s.guard.Run(metrics.PanicConnection, "listen", func() { l.Finish(ctx) })
		})
	}
	finishing.Wait()
}
