package server

import (
	"bufio"
	"io"
	"log"
	"net/http"
	"net/http/httputil"
	"net/url"
	"syscall"
	"testing"
	"time"
)

// processorTime is the processor time that the process has taken.
func processorTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkUpstream takes calls that an upstream answers through callhours and through net/http's own reverse proxy in
// front of the same upstream, in turn, so that the noise of the machine is the same for both. Each call has a connection
// of its own, as with Kazoo. "cpu-ratio" is how much more processor time callhours takes, client and upstream included,
// and "rate-ratio" how many of the proxy's requests it answers in the same time.
func BenchmarkUpstream(b *testing.B) {
	script := newScript(b)
	target, err := url.Parse(script.URL + "/hours.php")
	if err != nil {
		b.Fatal(err)
	}
	transport := &http.Transport{MaxIdleConnsPerHost: 64, DisableCompression: true}
	defer transport.CloseIdleConnections()
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.Out.URL.Scheme, r.Out.URL.Host, r.Out.URL.Path = target.Scheme, target.Host, target.Path
			r.Out.Host = target.Host
			r.SetXForwarded()
		},
		Transport: transport, ErrorLog: log.New(io.Discard, "", 0),
		ModifyResponse: func(r *http.Response) error { r.Header.Set("Connection", "close"); return nil },
	}
	closing := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Connection", "close")
		proxy.ServeHTTP(w, r)
	})
	w := upstreamWorld(b, "log: {calls: faults}\n"+script.asking(""), nil)
	addresses := [2]string{listenAndServe(b, closing), listenAndServe(b, w.Calls())}
	var took, used [2]time.Duration
	text := message("/old")
	ask := func(i int) {
		c := newCaller(b, addresses[i])
		if _, err := c.conn.Write(text); err != nil {
			b.Fatal(err)
		}
		answer, err := http.ReadResponse(bufio.NewReader(c.conn), nil)
		if err != nil {
			b.Fatal(err)
		}
		got, err := io.ReadAll(answer.Body)
		c.conn.Close()
		if err != nil || string(got) != closedFlow {
			b.Fatalf("got %s, %v", got, err)
		}
	}
	const together = 50 // calls of one after the other
	for b.Loop() {
		for i := range addresses {
			began, before := time.Now(), processorTime(b)
			for range together {
				ask(i)
			}
			took[i] += time.Since(began)
			used[i] += processorTime(b) - before
		}
	}
	b.ReportMetric(float64(used[1])/float64(used[0]), "cpu-ratio")
	b.ReportMetric(float64(took[0])/float64(took[1]), "rate-ratio")
}
