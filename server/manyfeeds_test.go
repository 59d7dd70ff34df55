package server

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/callhours/callhours/calendars/feeds"
	"github.com/callhours/callhours/metrics"
)

// faultyFeeds makes a server of n feeds, on as many addresses of the loopback network as there are
// twenties of them: of ten feeds three never answer and three fail, and one sends 50 MB without end
// of a line. It gives its world, not yet running.
func faultyFeeds(t testing.TB, n int) *world {
	t.Helper()
	closing := make(chan struct{})
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		i, err := strconv.Atoi(strings.TrimSuffix(r.URL.Path[1:], ".ics"))
		switch {
		case err != nil:
			http.NotFound(w, r)
		case i == 7:
			fmt.Fprint(w, "BEGIN:VCALENDAR\n")
			block := bytes.Repeat([]byte("x"), 1<<20)
			for range 50 {
				if _, err := w.Write(block); err != nil {
					return
				}
			}
		case i%10 < 3:
			select {
			case <-r.Context().Done():
			case <-closing:
			}
		case i%10 < 6:
			w.WriteHeader(http.StatusInternalServerError)
		default:
			fmt.Fprint(w, hoursFile)
		}
	})
	var yaml strings.Builder
	yaml.WriteString("calendars:\n")
	var servers []*httptest.Server
	for i := range n {
		if i%20 == 0 {
			l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", fmt.Sprintf("127.0.1.%d:0", i/20+1))
			if err != nil {
				t.Skipf("this machine has no further loopback addresses: %v", err)
			}
			s := httptest.NewUnstartedServer(handler)
			s.Listener.Close()
			s.Listener = l
			s.Start()
			servers = append(servers, s)
		}
		fmt.Fprintf(&yaml, "  c%d: {url: \"%s/%d.ics\"}\n", i, servers[i/20].URL, i)
	}
	t.Cleanup(func() {
		close(closing)
		for _, s := range servers {
			s.CloseClientConnections()
			s.Close()
		}
	})
	yaml.WriteString("routes:\n")
	for i := range n {
		fmt.Fprintf(&yaml,
			"  - {name: r%d, branches: [{name: open, when: {calendar: c%d}, pass: true}, {name: closed, pass: true}]}\n", i, i)
	}
	return newWorld(t, yaml.String(), nil)
}

// TestManyFeeds: feeds that hang, fail or never end cost the others nothing: those are fresh in
// seconds. 200 feeds, in a soak 1,000.
func TestManyFeeds(t *testing.T) {
	t.Parallel()
	n := 200
	if os.Getenv("CALLHOURS_SOAK") != "" {
		n = 1000
	}
	w := faultyFeeds(t, n)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		w.store.Run(ctx)
	}()
	defer func() {
		cancel()
		<-ended
	}()
	begun := time.Now()
	deadline := time.After(2 * time.Minute)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	fresh := map[string]bool{}
	endless := feeds.Status{} // the feed of 50 MB
	for len(fresh) < n*4/10-1 || endless.Result == "" {
		for _, f := range w.store.Feeds() {
			if f.State == feeds.Fresh {
				fresh[f.Calendars[0]] = true
			}
			if f.Calendars[0] == "c7" {
				endless = f
			}
		}
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("%d of %d feeds that are well are fresh after two minutes", len(fresh), n*4/10-1)
		}
	}
	t.Logf("%d feeds fresh after %s", len(fresh), time.Since(begun).Round(10*time.Millisecond))
	var memory runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&memory)
	if memory.HeapInuse > 256<<20 {
		t.Errorf("%d MiB of memory in use", memory.HeapInuse>>20)
	}
	if endless.Result != metrics.TooBig {
		t.Errorf("the feed of 50 MB: got %s, %v", endless.Result, endless.Err)
	}
}

// BenchmarkCallAmongFaults measures the time of calls while nothing is fetched, and while 300 of
// 1,000 feeds hang, 300 fail and one never ends. Of each it reports the 99th percentile, and how
// many times the quiet one that is.
func BenchmarkCallAmongFaults(b *testing.B) {
	w := faultyFeeds(b, 1000)
	w.Start()
	p99 := func() time.Duration {
		took := make([]time.Duration, 20_000)
		for i := range took {
			call := post("/r" + strconv.Itoa(i%1000))
			begun := time.Now()
			w.call(call)
			took[i] = time.Since(begun)
		}
		slices.Sort(took)
		return took[len(took)*99/100]
	}
	for b.Loop() {
		quiet := p99()
		ctx, cancel := context.WithCancel(b.Context())
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			w.store.Run(ctx)
		}()
		among := p99()
		cancel()
		<-ended
		b.ReportMetric(float64(quiet.Microseconds()), "quiet-p99-µs")
		b.ReportMetric(float64(among.Microseconds()), "faults-p99-µs")
		b.ReportMetric(float64(among)/float64(quiet), "times")
	}
}
