package server

import (
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// stuck is a collector that waits.
type stuck struct{ enter, leave chan struct{} }

func (s stuck) Describe(chan<- *prometheus.Desc) {}

func (s stuck) Collect(chan<- prometheus.Metric) {
	s.enter <- struct{}{}
	<-s.leave
}

// TestScrapes: so many scrapes run at once, one client has not all of them, and the next one is
// told to come again.
func TestScrapes(t *testing.T) {
	t.Parallel()
	w := started(t, oneRoute, nil)
	s := stuck{make(chan struct{}, maxScrapes), make(chan struct{})}
	w.registry.MustRegister(s)
	codes := make(chan int, maxScrapes)
	scrape := func(from string) *http.Response {
		r := httptest.NewRequest(http.MethodGet, "http://localhost/metrics", nil)
		r.RemoteAddr = from + ":1234"
		rec := httptest.NewRecorder()
		w.Admin().ServeHTTP(rec, r)
		return rec.Result()
	}
	begun := 0
	begin := func(from string) {
		go func() { codes <- scrape(from).StatusCode }()
		begun++
		for taken := 0; taken < begun; runtime.Gosched() {
			w.admin.scrapes.places.mu.Lock()
			taken = w.admin.scrapes.places.taken
			w.admin.scrapes.places.mu.Unlock()
		}
	}
	refused := func(why, from string) {
		t.Helper()
		if got := scrape(from); got.StatusCode != http.StatusServiceUnavailable ||
			got.Header.Get("Retry-After") != "5" {
			t.Errorf("%s: got %d %v", why, got.StatusCode, got.Header)
		}
	}
	for range scrapesOfOne {
		begin("192.0.2.1")
	}
	refused("one more of a client", "192.0.2.1")
	for begun < maxScrapes {
		begin("192.0.2.2")
	}
	refused("one more of all", "192.0.2.3")
	<-s.enter
	if len(s.enter) != 0 {
		t.Error("several are made at once")
	}
	close(s.leave)
	for range maxScrapes {
		if got := <-codes; got != http.StatusOK {
			t.Errorf("got %d", got)
		}
	}
}

// manySeries is a collector of so many series, which counts how often it is asked.
type manySeries struct {
	desc   *prometheus.Desc
	series int
	asked  *atomic.Int64
}

func (c manySeries) Describe(ch chan<- *prometheus.Desc) { ch <- c.desc }

func (c manySeries) Collect(ch chan<- prometheus.Metric) {
	n := c.asked.Add(1)
	for i := range c.series {
		ch <- prometheus.MustNewConstMetric(c.desc, prometheus.GaugeValue, float64(n), fmt.Sprintf("%0100d", i))
	}
}

// TestScrapesShare: a large answer is made once for all who ask at a time and for some seconds,
// compressed or not; a small one is always the present.
func TestScrapesShare(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name         string
		series       int
		atOnce, soon int64 // how often it is made for ten at a time, and a moment later for one more
	}{
		{"large", 10000, 1, 1},
		{"small", 100, 10, 11},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			of := manySeries{prometheus.NewDesc("x", "x", []string{"name"}, nil), c.series, new(atomic.Int64)}
			registry := prometheus.NewRegistry()
			registry.MustRegister(of)
			before := of.asked.Load() // which the registry may ask
			now, refreshed := monday, 0
			s := newScrapes(registry, func() { refreshed++ }, func() time.Time { return now })
			ask := func(accept, coding string) (string, http.Header) {
				r := httptest.NewRequest(http.MethodGet, "/metrics", nil)
				r.Header.Set("Accept", accept)
				r.Header.Set("Accept-Encoding", coding)
				rec := httptest.NewRecorder()
				s.ServeHTTP(rec, r)
				got := rec.Result()
				var body io.Reader = got.Body
				if got.Header.Get("Content-Encoding") == "gzip" {
					unpacked, err := gzip.NewReader(got.Body)
					if err != nil {
						t.Error(err)
						return "", got.Header
					}
					body = unpacked
				}
				text, err := io.ReadAll(body)
				if err != nil || got.StatusCode != http.StatusOK {
					t.Errorf("got %d, %v", got.StatusCode, err)
				}
				return string(text), got.Header
			}
			check := func(when string, want int64) {
				t.Helper()
				if got := of.asked.Load() - before; got != want || refreshed != int(want) {
					t.Errorf("%s it was made %d times and refreshed %d times, want %d", when, got, refreshed, want)
				}
			}
			var all sync.WaitGroup
			for range 10 {
				all.Go(func() { ask("text/plain", "gzip") })
			}
			all.Wait()
			check("ten at a time:", c.atOnce)
			now = now.Add(scrapeLasts - 1)
			packed, _ := ask("text/plain", "gzip")
			check("a moment later", c.soon)
			asked := of.asked.Load()
			text, h := ask("text/plain", "identity")
			if h.Get("Content-Encoding") != "" || len(text) < c.series*100 ||
				h.Get("Content-Length") != fmt.Sprint(len(text)) {
				t.Errorf("without compression: %d bytes, %v", len(text), h)
			}
			if c.series == 10000 && (text != packed || of.asked.Load() != asked) {
				t.Errorf("the answer without compression is another")
			}
			if other, _ := ask("application/openmetrics-text", "gzip"); !strings.HasSuffix(other, "# EOF\n") {
				t.Errorf("OpenMetrics: …%q", other[max(0, len(other)-20):])
			}
			asked = of.asked.Load()
			now = now.Add(scrapeLasts)
			if ask("text/plain", "gzip"); of.asked.Load() != asked+1 {
				t.Error("an answer is kept too long")
			}
			// Who has gone while others were answered costs nothing.
			now = now.Add(scrapeLasts)
			gone, leave := context.WithCancel(t.Context())
			leave()
			asked = of.asked.Load()
			s.ServeHTTP(httptest.NewRecorder(),
				httptest.NewRequestWithContext(gone, http.MethodGet, "/metrics", nil))
			if of.asked.Load() != asked {
				t.Error("an answer is made for nobody")
			}
			for _, accept := range []string{"text/plain;a", "text/plain;b", "text/plain;c", "text/plain;d"} {
				if ask(accept, "gzip"); len(s.kept) > maxKept {
					t.Errorf("%d answers are kept", len(s.kept))
				}
			}
		})
	}
}

// TestAcceptsGzip: what is accepted is said by Accept-Encoding, and nothing by its absence.
func TestAcceptsGzip(t *testing.T) {
	t.Parallel()
	for field, want := range map[string]bool{
		"": false, "gzip": true, "deflate, GZIP": true, "gzip;q=1.0,identity": true, "gzip;q=0": false,
		"gzip; q=0.0": false, "gzip;q=x": false, "br": false, "*": false,
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header.Set("Accept-Encoding", field)
		if got := acceptsGzip(r); got != want {
			t.Errorf("%q: got %v", field, got)
		}
	}
}
