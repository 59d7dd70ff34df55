package server

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/callhours/callhours/config"
	"github.com/callhours/callhours/examples"
	"github.com/callhours/callhours/metrics"
)

// request is the body of an ordinary call, as Kazoo 4.3 sends it.
const request = "To-Realm=198.51.100.10&To=%2B14155550100&Request-Realm=198.51.100.10&Request=%2B14155550100&Language=en-us&" +
	"From-Realm=203.0.113.9&From=%2B12025550147&Direction=inbound&&&Caller-ID-Number=%2B12025550147&Caller-ID-Name=JANE+DOE&" +
	"Call-ID=1f7c5e3a-9b21-4c0e-8f6d-2b1e7c90aa31&Api-Version=4.x&Account-ID=7a1c0f8e2d4b4f6d9b3e5c7d8f9a0b1c"

// bare is what net/http alone costs: parse the form, write the same bytes.
func bare(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", fmt.Sprint(len(openFlow)))
	_, _ = io.WriteString(w, openFlow)
}

// frontDeskServer is the Pivot listener of a server of the example.
func frontDeskServer(b testing.TB) http.Handler {
	b.Helper()
	return callsOf(b, examples.Config, examples.FrontDesk())
}

// callsOf is the Pivot listener of a server of a configuration, with a log that is formatted and goes
// nowhere.
func callsOf(b testing.TB, name string, fsys fs.FS) http.Handler {
	b.Helper()
	file, err := config.Load(name, config.Options{FS: fsys})
	if err != nil {
		b.Fatal(err)
	}
	file.StateDir = "" // there is no directory beside it
	g, err := Build(file, fsys, monday)
	if err != nil {
		b.Fatal(err)
	}
	registry := prometheus.NewRegistry()
	m, err := metrics.New(registry, metrics.Options{})
	if err != nil {
		b.Fatal(err)
	}
	lines := NewLog(io.Discard, func() {})
	b.Cleanup(func() { lines.Close(context.Background()) })
	s := New(Options{
		Generation: g, Registry: registry, Metrics: m, Log: slog.New(slog.NewTextHandler(lines, nil)),
		Now: func() time.Time { return monday },
	})
	s.Start()
	return s.Calls()
}

// BenchmarkHandler is a whole call without a network: parse, match, decide, render, verify, count,
// log.
func BenchmarkHandler(b *testing.B) {
	handler := frontDeskServer(b)
	b.ReportAllocs()
	for b.Loop() {
		r := httptest.NewRequest(http.MethodPost, "/front-desk", strings.NewReader(request))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		rec := httptest.NewRecorder()
		handler.ServeHTTP(rec, r)
		if rec.Code != http.StatusOK {
			b.Fatal(rec.Code)
		}
	}
}

// BenchmarkCalls makes calls over loopback, three for an answer that is kept and one for one that
// shows the caller's name. `make profile` records what the compiler then makes fast.
func BenchmarkCalls(b *testing.B) {
	named :=
		`{"module":"set_cid","data":{"caller_id_name":"Desk: {{ .Call.CallerName }}"},"children":{"_":{"module":"device","data":{"id":"` + frontDesk + `"}}}}`
	handler := callsOf(b, "callhours.yaml", filesOf(head+oneRoute+`
  - name: named
    branches: [{name: all, state: open, callflow: '`+named+`'}]
`, nil))
	address := listenAndServe(b, handler)
	kept, shown := message("/main"), message("/named")
	answered := len(strings.Replace(named, "{{ .Call.CallerName }}", "JANE DOE", 1))
	b.RunParallel(func(pb *testing.PB) {
		c := newCaller(b, address)
		for n := 0; pb.Next(); n++ {
			if n%4 == 3 {
				c.ask(b, shown, answered, 1)
			} else {
				c.ask(b, kept, len(openFlow), 1)
			}
		}
	})
}

// BenchmarkOverHTTP takes a call over loopback to callhours and to net/http's bare handler that
// writes the same bytes, in turn, so that the noise of the machine is the same for both. "ratio" is
// how much longer callhours takes.
func BenchmarkOverHTTP(b *testing.B) {
	var took [2]time.Duration
	var servers [2]*httptest.Server
	for i, h := range []http.Handler{http.HandlerFunc(bare), frontDeskServer(b)} {
		servers[i] = httptest.NewServer(h)
		defer servers[i].Close()
	}
	client := servers[0].Client()
	defer client.CloseIdleConnections()
	ask := func(i int) {
		began := time.Now()
		r, err := client.Post(servers[i].URL+"/front-desk", "application/x-www-form-urlencoded",
			strings.NewReader(request))
		if err != nil {
			b.Fatal(err)
		}
		got, err := io.ReadAll(r.Body)
		r.Body.Close()
		if err != nil || string(got) != openFlow {
			b.Fatalf("got %s, %v", got, err)
		}
		took[i] += time.Since(began)
	}
	n := 0
	for b.Loop() {
		ask(0)
		ask(1)
		n++
	}
	b.ReportMetric(float64(took[0])/float64(n), "bare-ns/call")
	b.ReportMetric(float64(took[1])/float64(n), "callhours-ns/call")
	b.ReportMetric(float64(took[1])/float64(took[0]), "ratio")
}
