package server

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/callhours/callhours/metrics"
	"github.com/callhours/callhours/pivot"
	"github.com/callhours/callhours/server/listen"
)

const (
	// acceptAfter is how long calls wait in a passed socket for a server that is starting. Kazoo
	// waits 5 s for an answer; what comes later is better refused than left waiting.
	acceptAfter = 3 * time.Second
	statusEvery = 10 * time.Second // how often the service manager's status is compared with what is true
)

// Service is what started the process and watches it, such as systemd. The zero Service is nobody.
type Service struct {
	Pivot, Admin *net.TCPListener // sockets that it opened, for listen and admin_listen; nil: they are opened here
	// Notify tells it something in the words of sd_notify(3), and does not wait for long; nil: nobody
	// is told.
	Notify   func(state string)
	Watchdog time.Duration // it ends a process that gives no sign of life for so long; 0: never
}

// tell tells the service manager something.
func (s *Server) tell(lines ...string) {
	if notify := s.options.Service.Notify; notify != nil {
		notify(strings.Join(lines, "\n"))
	}
}

// socket gives the socket of an address: the passed one, which may be of another address, or a new
// one.
func (s *Server) socket(ctx context.Context, key, address string, passed *net.TCPListener,
) (*net.TCPListener, error) {
	if passed == nil {
		return listen.Open(ctx, address)
	}
	_, wanted, _ := net.SplitHostPort(address)
	if _, port, _ := net.SplitHostPort(passed.Addr().String()); port != wanted {
		s.options.Log.WarnContext(ctx,
			"the address is not used, since systemd passes a socket; set ListenStream of the .socket unit, or make both the same",
			slog.String(key, address), slog.String("socket", passed.Addr().String()))
	}
	return passed, nil
}

// awaitReady waits until calls from a passed socket are answered, for acceptAfter at most: until
// then they wait in the socket, as they did while no process ran.
func (s *Server) awaitReady() {
	if s.options.Service.Pivot == nil {
		return
	}
	late := time.NewTimer(acceptAfter)
	defer late.Stop()
	select {
	case <-s.started:
	case <-late.C:
	case <-s.life.Done(): // the server is shut down, and accepts nothing
	}
}

// keepStatus tells the service manager what is being answered whenever that changes.
func (s *Server) keepStatus(ctx context.Context) {
	if s.options.Service.Notify == nil {
		return
	}
	ticker := time.NewTicker(statusEvery)
	defer ticker.Stop()
	for said := s.summary(); ; {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			if now := s.summary(); now != said {
				said = now
				s.tell("STATUS=" + now)
			}
		}
	}
}

// summary is a line about what is being answered, for the service manager.
func (s *Server) summary() string {
	l := s.live.Load()
	if l == nil {
		return "starting"
	}
	stale, unknown := 0, 0
	for _, c := range l.file.Calendars {
		switch snapshot := s.store.Snapshot(c.Name); {
		case snapshot.Unknown():
			unknown++
		case snapshot.Stale:
			stale++
		}
	}
	text := "answering " + countOf(len(l.routes), "route")
	if stale > 0 {
		text += "; " + countOf(stale, "calendar") + " stale"
	}
	if unknown > 0 {
		text += "; " + countOf(unknown, "calendar") + " unknown"
	}
	s.mu.Lock()
	failed := s.status.Failed
	s.mu.Unlock()
	if failed {
		text += "; the last reload was refused"
	}
	return text
}

// keepAlive gives the service manager signs of life as long as calls can be worked out.
func (s *Server) keepAlive(ctx context.Context) {
	every := s.options.Service.Watchdog / 2
	if every <= 0 {
		return
	}
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for turn := 0; ; turn++ {
		if s.calls.probe(turn) {
			s.tell("WATCHDOG=1")
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// probe makes a call that is neither counted nor remembered, takes it through what every call
// passes in memory, for another route each turn, and reports whether that went well. It asks no
// feed, no disk and no template: what is wrong with those is no reason to end the process.
func (c *calls) probe(turn int) bool {
	const path = "/-/watchdog"
	body := strings.NewReader(url.Values{"Request": {"+14155550100"}, "Call-ID": {"watchdog"}}.Encode())
	r, err := http.NewRequest(http.MethodPost, path, body) //nolint:noctx // it goes nowhere
	if err != nil {
		return false
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	err = c.guard.Do(metrics.PanicCall, "the watchdog's call", func() error {
		call, err := pivot.Parse(r)
		if err != nil {
			return err
		}
		l := c.current()
		if l == nil {
			return fmt.Errorf("nothing answers")
		}
		l.table.Match(path, &call)
		if len(l.served) > 0 {
			if state := l.served[turn%len(l.served)].State(); state != nil {
				state.Decide(&call, c.now())
			}
		}
		return nil
	})
	return err == nil
}

// countOf is a number of things: "1 route", "2 routes".
func countOf(n int, thing string) string {
	if n != 1 {
		thing += "s"
	}
	return fmt.Sprintf("%d %s", n, thing)
}
