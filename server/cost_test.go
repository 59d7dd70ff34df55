package server

import (
	"bufio"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"runtime"
	"testing"
)

// TestAllocations: a whole call allocates less than net/http's bare handler, which parses the form. It runs alone, since it counts what
// all of the process allocates.
func TestAllocations(t *testing.T) {
	handler := frontDeskServer(t).(*calls)
	queue := NewLog(io.Discard, asText, func() { t.Error("a line was dropped") })
	defer queue.Close(t.Context())
	handler.log = slog.New(queue)
	count := func(h http.Handler) float64 {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		srv := &http.Server{Handler: h, ConnContext: withConnection}
		defer srv.Close()
		go srv.Serve(newConnections(l.(*net.TCPListener), 8, false, handler.now, func() {}))
		c, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		r := bufio.NewReader(c)
		message := fmt.Appendf(nil, "POST /front-desk HTTP/1.1\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: %d\r\nte: \r\n"+
			"host: pivot.example.com\r\nconnection: keep-alive\r\n\r\n%s", len(request), request)
		ask := func(n int) {
			for range n {
				if _, err := c.Write(message); err != nil {
					t.Fatal(err)
				}
				for line := []byte("x"); len(line) > 2; { // allocates nothing
					if line, err = r.ReadSlice('\n'); err != nil {
						t.Fatal(err)
					}
				}
				if _, err := r.Discard(len(openFlow)); err != nil {
					t.Fatal(err)
				}
			}
		}
		const n = 500
		ask(100)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		ask(n)
		runtime.ReadMemStats(&after)
		return float64(after.Mallocs-before.Mallocs) / n
	}
	bare, ours := count(http.HandlerFunc(bare)), count(handler)
	t.Logf("allocations of a call: %.1f, of net/http's bare handler: %.1f", ours, bare)
	if ours > bare*3/5 {
		t.Errorf("a call allocates %.1f times, net/http's bare handler %.1f; want three fifths at most", ours, bare)
	}
}
