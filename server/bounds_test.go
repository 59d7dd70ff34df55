package server

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/callhours/callhours/preview"
	"github.com/callhours/callhours/server/listen"
)

// TestStatusBounds: a status has so many mistakes and warnings, and says when there are more.
func TestStatusBounds(t *testing.T) {
	t.Parallel()
	w := started(t, oneRoute, nil)
	for n, cut := range map[int]bool{maxSaid: false, maxSaid + 1: true} {
		w.status.Mistakes = make([]preview.FileMessage, n)
		if s := w.Status(); len(s.Mistakes) != maxSaid || (s.Truncated != "") != cut {
			t.Errorf("%d mistakes: %d, %q", n, len(s.Mistakes), s.Truncated)
		}
	}
}

// deadlined records by when an answer has to be written.
type deadlined struct {
	*httptest.ResponseRecorder
	by []time.Time
}

func (d *deadlined) SetWriteDeadline(by time.Time) error {
	d.by = append(d.by, by)
	return nil
}

// TestSlowReaders: an answer has to be taken in time, but for what is done while somebody waits.
func TestSlowReaders(t *testing.T) {
	t.Parallel()
	w := started(t, oneRoute, nil)
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	w.admin.realNow = func() time.Time { return now }
	for _, c := range []struct {
		method, path string
		want         time.Time
	}{
		{http.MethodGet, "/", now.Add(answerWithin)},
		{http.MethodGet, hoursPath + "?route=main", now.Add(answerWithin)},
		{http.MethodGet, "/metrics", now.Add(answerWithin)},
		{http.MethodPost, reloadPath, time.Time{}},
		{http.MethodPost, "/config/reload", time.Time{}},
	} {
		d := &deadlined{ResponseRecorder: httptest.NewRecorder()}
		r := onLoopback(httptest.NewRequest(c.method, "http://localhost"+c.path, nil))
		w.Admin().ServeHTTP(d, r)
		if len(d.by) == 0 || !d.by[len(d.by)-1].Equal(c.want) {
			t.Errorf("%s %s: the last of %v, want %v", c.method, c.path, d.by, c.want)
		}
	}
}

// TestHeaderBytes: either side reads so much of a request's line and headers, give or take what
// net/http allows besides, and no more.
func TestHeaderBytes(t *testing.T) {
	t.Parallel()
	const slop = 8 << 10
	w := newWorld(t, oneRoute, nil)
	at := make(chan net.Addr, 2)
	w.options.Started = func(calls, admin, _ net.Addr) { at <- calls; at <- admin }
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- w.Run(ctx) }()
	defer func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}()
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	for side, most := range []int{listen.MaxPivotHeader, listen.MaxAdminHeader} {
		address := (<-at).String()
		for size, refused := range map[int]bool{most - slop: false, most + slop: true} {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+address+"/-/healthy", nil)
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("X-Filler", strings.Repeat("x", size))
			got, err := client.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			got.Body.Close()
			if (got.StatusCode == http.StatusRequestHeaderFieldsTooLarge) != refused {
				t.Errorf("side %d: %d bytes: got %d", side, size, got.StatusCode)
			}
		}
	}
}
