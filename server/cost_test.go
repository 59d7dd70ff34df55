package server

import (
	"bufio"
	"bytes"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"runtime"
	"testing"
	"time"

	"github.com/callhours/callhours/internal/growth"
	"github.com/callhours/callhours/server/listen"
)

// caller makes calls over one connection, one after the other, and allocates nothing for them.
type caller struct {
	conn net.Conn
	r    *bufio.Reader
}

// listenAndServe serves the Pivot listener's handler on a port of its own, as Run does it.
func listenAndServe(t testing.TB, h http.Handler) string { return serveCalls(t, h, 64) }

// serveCalls is listenAndServe with at most so many connections.
func serveCalls(t testing.TB, h http.Handler, most int) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	srv := listen.NewPivotServer(h, slog.New(slog.DiscardHandler), time.Now)
	t.Cleanup(func() { srv.Close() })
	go srv.Serve(listen.New(l.(*net.TCPListener), listen.Options{MaxConns: most, Now: time.Now, OnRefuse: func() {}}))
	return l.Addr().String()
}

func newCaller(t testing.TB, address string) *caller {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return &caller{c, bufio.NewReader(c)}
}

// message is an ordinary call as Kazoo sends it.
func message(path string) []byte {
	return fmt.Appendf(nil,
		"POST %s HTTP/1.1\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: %d\r\nte: \r\n"+
			"host: pivot.example.com\r\nconnection: keep-alive\r\n\r\n%s", path, len(request), request)
}

// ask sends a message n times, and wants as many answers with bodies of that length.
func (c *caller) ask(t testing.TB, message []byte, length, n int) {
	t.Helper()
	for range n {
		if _, err := c.conn.Write(message); err != nil {
			t.Fatal(err)
		}
		for lines := 0; ; lines++ {
			line, err := c.r.ReadSlice('\n')
			if err != nil {
				t.Fatal(err)
			}
			if lines == 0 && !bytes.HasPrefix(line, []byte("HTTP/1.1 200 ")) {
				t.Fatalf("got %s", line)
			}
			if len(line) == len("\r\n") {
				break
			}
		}
		if _, err := c.r.Discard(length); err != nil || c.r.Buffered() > 0 {
			t.Fatalf("got %v and %d bytes behind the body", err, c.r.Buffered())
		}
	}
}

// TestAllocations: a whole call allocates less than net/http's bare handler, which parses the form.
// It runs alone, since it counts what all of the process allocates.
func TestAllocations(t *testing.T) {
	if growth.UnderRace {
		t.Skip("it measures memory; the run without the race detector does")
	}
	count := func(h http.Handler) float64 {
		c, message := newCaller(t, listenAndServe(t, h)), message("/front-desk")
		const n = 500
		c.ask(t, message, len(openFlow), 100)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		c.ask(t, message, len(openFlow), n)
		runtime.ReadMemStats(&after)
		return float64(after.Mallocs-before.Mallocs) / n
	}
	bare, ours := count(http.HandlerFunc(bare)), count(frontDeskServer(t))
	t.Logf("allocations of a call: %.1f, of net/http's bare handler: %.1f", ours, bare)
	if ours > 0.55*bare { // five of them are the room for headers that the bare handler does not set
		t.Errorf("a call allocates %.1f times, net/http's bare handler %.1f; want 55 %% of that at most", ours, bare)
	}
}
