//go:build unix

package server

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/fstest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/callhours/callhours/calendars/feeds"
	"github.com/callhours/callhours/config"
	"github.com/callhours/callhours/internal/growth"
	"github.com/callhours/callhours/metrics"
)

// provider is an installation of many companies: a file, a route and two calendars each, all behind
// one voice_url.
type provider struct {
	companies int
	state     string // its state_dir; "" keeps nothing
	host      string // where its feeds are
	events    int    // single events of a calendar, besides five weekly rules
}

// usual is how many single events a calendar has.
const usual = 95

// files are the configuration.
func (p provider) files() fstest.MapFS {
	main := head +
		"path: /pivot\nlog: {callers: none}\ndeny_private_addresses: false\ninclude: [tenants/*.yaml]\ndata: {voicemail: " + voicemail + "}\n"
	files := fstest.MapFS{"callhours.yaml": {Data: []byte(main), Mode: 0o600}}
	for i := range p.companies {
		text := fmt.Sprintf(`tenant: {name: company%d, account: [%s], phone_region: US}
calendars:
  hours: {url: "%[3]s/%[1]d/hours.ics"}
  closures: {url: "%[3]s/%[1]d/closures.ics"}
routes:
  - name: main
    plan: office
    match: {dialed: ["%[4]s"]}
    calendars: {hours: hours, closures: [closures]}
    data: {front_desk: %[2]s}
`, i, account(i), p.host, number(i))
		files[fmt.Sprintf("tenants/company%d.yaml", i)] = &fstest.MapFile{Data: []byte(text), Mode: 0o600}
	}
	return files
}

func account(i int) string { return fmt.Sprintf("%032x", 0x7a1c0f8e2d4b4f6d+i*7919) }
func number(i int) string  { return fmt.Sprintf("+1415%07d", 2000000+i) }

// feed is a calendar of a company as Google writes it: office hours on five days of the week, and
// single events from a year ago to a year ahead. In the closures they are whole days.
func (p provider) feed(path string) []byte {
	var i int
	var kind string
	if _, err := fmt.Sscanf(path, "/%d/%s", &i, &kind); err != nil {
		return nil
	}
	random := rand.New(rand.NewPCG(uint64(i), uint64(len(kind))))
	var b strings.Builder
	b.WriteString(
		"BEGIN:VCALENDAR\r\nPRODID:-//Google Inc//Google Calendar 70.9054//EN\r\nVERSION:2.0\r\nCALSCALE:GREGORIAN\r\nMETHOD:PUBLISH\r\n" +
			"X-WR-CALNAME:Company " + fmt.Sprint(i) + "\r\nX-WR-TIMEZONE:America/New_York\r\n")
	event := func(lines ...string) {
		fmt.Fprintf(&b,
			"BEGIN:VEVENT\r\n%s\r\nDTSTAMP:20261120T090000Z\r\nUID:%013x%013x@google.com\r\nCREATED:20260104T101500Z\r\n"+
				"LAST-MODIFIED:20260104T101500Z\r\nSEQUENCE:0\r\nSTATUS:CONFIRMED\r\nTRANSP:OPAQUE\r\nEND:VEVENT\r\n",
			strings.Join(lines, "\r\n"), random.Uint64()>>12, random.Uint64()>>12)
	}
	for d, day := range []string{"MO", "TU", "WE", "TH", "FR"} {
		if kind == "hours.ics" {
			event(fmt.Sprintf("DTSTART;TZID=America/New_York:202601%02dT090000", 5+d),
				fmt.Sprintf("DTEND;TZID=America/New_York:202601%02dT170000", 5+d),
				"RRULE:FREQ=WEEKLY;BYDAY="+day, "SUMMARY:Open")
		} else {
			event(fmt.Sprintf("DTSTART;TZID=America/New_York:202601%02dT120000", 5+d),
				fmt.Sprintf("DTEND;TZID=America/New_York:202601%02dT123000", 5+d),
				"RRULE:FREQ=WEEKLY;BYDAY="+day, "SUMMARY:Lunch of the front desk")
		}
	}
	for n := range p.events {
		at := monday.AddDate(-1, 0, n*730/max(1, p.events)).Add(time.Duration(random.IntN(8*4)) * 15 * time.Minute)
		switch {
		case kind == "closures.ics":
			event("DTSTART;VALUE=DATE:"+at.Format("20060102"),
				"DTEND;VALUE=DATE:"+at.AddDate(0, 0, 1).Format("20060102"), fmt.Sprintf("SUMMARY:Closing day %d", n))
		case n%3 == 0:
			event("DTSTART:"+at.Format("20060102T150405Z"), "DTEND:"+at.Add(time.Hour).Format("20060102T150405Z"),
				"SUMMARY:Closed: staff meeting")
		default:
			event("DTSTART:"+at.Format("20060102T150405Z"), "DTEND:"+at.Add(time.Hour).Format("20060102T150405Z"),
				fmt.Sprintf("SUMMARY:Visit of customer %d", n))
		}
	}
	b.WriteString("END:VCALENDAR\r\n")
	return []byte(b.String())
}

func (p provider) build(t testing.TB) *Generation {
	t.Helper()
	files := p.files()
	file, err := config.Load("callhours.yaml", config.Options{FS: files})
	if err != nil {
		t.Fatal(err)
	}
	file.StateDir = p.state
	g, err := Build(file, files, monday)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// serve makes the provider's feeds, which know conditions, in a process of their own: what they
// cost is nobody's concern. It is this program, and answers for TestFeeds until its input ends.
func (p *provider) serve(t testing.TB) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	feeds := exec.CommandContext(t.Context(), self, "-test.run=^TestFeeds$")
	feeds.Env = append(os.Environ(), fmt.Sprintf("%s=%d", asFeeds, p.events))
	stop, err := feeds.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	said, err := feeds.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := feeds.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stop.Close()
		_ = feeds.Wait() // t's context has ended by now, and may have ended it first
	})
	line, err := bufio.NewReader(said).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	p.host = strings.TrimSpace(line)
}

// asFeeds makes this program the feeds of a provider whose calendars have so many single events.
const asFeeds = "CALLHOURS_TEST_FEEDS"

// TestFeeds is what [provider.serve] starts. At /asked/N it answers once N more requests were
// answered than when that was last asked.
func TestFeeds(t *testing.T) {
	var p provider
	if _, err := fmt.Sscan(os.Getenv(asFeeds), &p.events); err != nil {
		t.Skip("it is of use to other tests only")
	}
	var mu sync.Mutex
	more := sync.NewCond(&mu)
	asked := 0
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var n int
		if _, err := fmt.Sscanf(r.URL.Path, "/asked/%d", &n); err == nil {
			mu.Lock()
			defer mu.Unlock()
			for asked < n {
				more.Wait()
			}
			asked -= n
			return
		}
		w.Header().Set("ETag", `"1"`)
		if r.Header.Get("If-None-Match") != "" {
			w.WriteHeader(http.StatusNotModified)
		} else {
			_, _ = w.Write(p.feed(r.URL.Path))
		}
		mu.Lock()
		defer mu.Unlock()
		asked++
		more.Broadcast()
	}))
	fmt.Println(s.URL)
	_, _ = io.Copy(io.Discard, os.Stdin)
	s.CloseClientConnections()
	s.Close()
}

// server makes a server that has read what there is on disk. It answers once it is started.
func (p provider) server(t testing.TB, g *Generation) *world {
	t.Helper()
	w := &world{registry: prometheus.NewRegistry(), now: monday}
	m, err := metrics.New(w.registry, metrics.Options{})
	if err != nil {
		t.Fatal(err)
	}
	w.Server = New(Options{
		Generation: g, Registry: w.registry, Metrics: m, Now: w.clock,
		Log: slog.New(slog.DiscardHandler),
	})
	return w
}

// answers tells when a server begins to answer calls.
func (w *world) answers() <-chan time.Time {
	at := make(chan time.Time, 1)
	go func() {
		tick := time.NewTicker(time.Millisecond)
		defer tick.Stop()
		for w.live.Load() == nil {
			<-tick.C
		}
		at <- time.Now()
	}()
	return at
}

// fetch fetches all feeds of a provider once.
func (w *world) fetch(t testing.TB, p *provider) {
	t.Helper()
	w.subscribe(w.options.Generation)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		w.store.Run(ctx)
	}()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("%s/asked/%d", p.host, 2*p.companies),
		nil)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{DisableKeepAlives: true}
	r, err := transport.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	r.Body.Close()
	tick := time.NewTicker(50 * time.Millisecond) // it costs what the status of all feeds costs
	defer tick.Stop()
	lacks := func(s feeds.Status) bool { return !s.Attempted.Equal(w.clock()) }
	for slices.ContainsFunc(w.store.Feeds(), lacks) { // they were asked for, and their answers are read
		<-tick.C
	}
	// who was asked may not have been read yet, and a reload would wait for it
	if err := w.store.Ready(ctx); err != nil {
		t.Error(err)
	}
	cancel()
	<-ended
}

// cpu is the time that the process has computed, in seconds: the machine may do other things
// besides.
func cpu() float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return float64(u.Utime.Sec+u.Stime.Sec) + float64(u.Utime.Usec+u.Stime.Usec)/1e6
}

// used is the memory in use, in KiB.
func used() float64 {
	for range 3 { // what is unpacked is let go by the first, and what that held by the next
		runtime.GC()
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc) / 1024
}

// routesUnderTest is how many routes a test of scale has: few, in a soak ten thousand, or what
// CALLHOURS_ROUTES says.
func routesUnderTest() int {
	n := 20
	if os.Getenv("CALLHOURS_SOAK") != "" {
		n = 10_000
	}
	_, _ = fmt.Sscan(os.Getenv("CALLHOURS_ROUTES"), &n)
	return n
}

// TestProvider measures an installation of many routes, with two calendars each: starts from bodies
// and from compiled events, memory, refreshing everything unchanged, and calls beside those to a
// single route. A soak holds it to what was reached, with room for a busy machine.
func TestProvider(t *testing.T) {
	if growth.UnderRace {
		t.Skip("it measures; the run without the race detector has it")
	}
	n := routesUnderTest()
	p := provider{companies: n, state: t.TempDir(), events: usual}
	p.serve(t)
	lap, computed := time.Now(), cpu()
	took := func(what string) (wall, busy float64) {
		wall, busy = time.Since(lap).Seconds(), cpu()-computed
		t.Logf("%-34s %6.2f s, %6.2f s computed", what, wall, busy)
		lap, computed = time.Now(), cpu()
		return wall, busy
	}
	g := p.build(t)
	took("configuration read and built")
	w := p.server(t, g)
	w.fetch(t, &p)
	took("everything fetched, first")
	w.Start()
	lap, computed = time.Now(), cpu()
	w.at(monday.Add(20 * time.Minute))
	w.fetch(t, &p)
	_, refresh := took("everything fetched, unchanged")

	ms, _ := filepath.Glob(filepath.Join(p.state, "events", "*", "*")) // each tenant's in a directory of its own
	if len(ms) != 2*n {
		t.Errorf("%d compiled calendars, want %d", len(ms), 2*n)
	}
	before := used() // with the former server, to which idle connections lead
	g = p.build(t)
	lap, computed = time.Now(), cpu()
	w = p.server(t, g)
	answers := w.answers()
	w.Start()
	t.Logf("calls are answered after %31.2f s", (<-answers).Sub(lap).Seconds())
	_, compiled := took("start from compiled events")
	perRoute := (used() - before) / float64(n)
	t.Logf("%.1f KiB of memory for a route, all in", perRoute)
	ratio := p.beside(t, w)
	if err := os.RemoveAll(filepath.Join(p.state, "events")); err != nil {
		t.Fatal(err)
	}
	other := p.build(t)
	lap, computed = time.Now(), cpu()
	p.server(t, other).Start()
	_, bodies := took("start from bodies")

	share := refresh / (15 * 60)
	t.Logf("calls: %.3f of the single route's; refreshing costs %.2f %% of a processor", ratio, 100*share)
	if n >= 1000 && (perRoute > 65 || compiled > float64(n)/250 || bodies > float64(n)/100 ||
		share > 0.01*float64(n)/5000 || ratio < 0.5) {
		t.Error("that is more than it was")
	}
}

// beside compares what calls over loopback to all routes cost, the caller's part included, with
// those to the one route of a server that has no other, in turn.
func (p provider) beside(t *testing.T, w *world) float64 {
	one := provider{companies: 1, state: t.TempDir(), events: usual}
	one.serve(t)
	single := one.server(t, one.build(t))
	single.fetch(t, &one)
	single.Start()
	const calls = 2000
	over := func(w *world, p provider) func() float64 {
		server := httptest.NewServer(w.Calls())
		t.Cleanup(server.Close)
		conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", server.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		from, n := bufio.NewReader(conn), 0
		return func() float64 {
			began := cpu()
			for range calls {
				n++
				form := "Request=%2B" + number(n * 7919 % p.companies)[1:] + "&Account-ID=" +
					account(n*7919%p.companies) + "&Caller-ID-Number=%2B12025550147&Call-ID=a"
				fmt.Fprintf(conn,
					"POST /pivot HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n%s", len(form), form)
				r, err := http.ReadResponse(from, nil)
				if err != nil || r.StatusCode != http.StatusOK {
					t.Fatalf("got %v, %v", r, err)
				}
				_, _ = io.Copy(io.Discard, r.Body)
			}
			return cpu() - began
		}
	}
	runSingle, runAll := over(single, one), over(w, p)
	runSingle()
	for range 1 + 2*p.companies/calls { // each route's first call renders, and its second one finds the answer of all
		runAll()
	}
	var ratios []float64
	for range 15 {
		alone := runSingle()
		ratios = append(ratios, alone/max(runAll(), 1e-9))
	}
	slices.Sort(ratios)
	return ratios[len(ratios)/2]
}

// BenchmarkCallDuringReload measures calls over loopback, a thousand a second, while nothing else
// happens and while the configuration is read again and again: each time one company of 10,000
// (CALLHOURS_ROUTES) has another number to ring. It reports the 99th percentile of both, of several
// rounds the median, and how many times the quiet one that is.
func BenchmarkCallDuringReload(b *testing.B) {
	n := 10_000
	_, _ = fmt.Sscan(os.Getenv("CALLHOURS_ROUTES"), &n)
	p := provider{companies: n, events: usual}
	p.serve(b)
	fs := p.files()
	f := &testFiles{fsys: fs}
	w := &world{registry: prometheus.NewRegistry(), now: monday}
	i := &Installation{Path: "callhours.yaml", Files: f, Now: w.clock}
	loaded, _ := i.Start(false)
	if err := loaded.Err(); err != nil {
		b.Fatal(err)
	}
	m, err := metrics.New(w.registry, metrics.Options{})
	if err != nil {
		b.Fatal(err)
	}
	w.Server = New(Options{
		Generation: loaded.Generation, Installation: i, Loaded: loaded, Registry: w.registry,
		Metrics: m, Now: w.clock, Log: slog.New(slog.DiscardHandler),
	})
	w.fetch(b, &p)
	w.Start()
	calls := httptest.NewServer(w.Calls())
	defer calls.Close()
	var quiets, durings []time.Duration
	count, spent := 0, time.Duration(0)
	for b.Loop() {
		quiets = append(quiets, p.latencies(b, calls, 5000))
		ctx, stop := context.WithCancel(b.Context())
		var reloads sync.WaitGroup
		reloads.Go(func() {
			for ctx.Err() == nil {
				fs = changed(fs, fmt.Sprintf("tenants/company%d.yaml", count%n), count)
				f.mu.Lock()
				f.fsys = fs
				f.mu.Unlock()
				began := time.Now()
				if err := w.Reload(ctx); err != nil {
					b.Error(err)
					return
				}
				spent += time.Since(began)
				count++
			}
		})
		durings = append(durings, p.latencies(b, calls, 20_000))
		stop()
		reloads.Wait()
	}
	slices.Sort(quiets)
	slices.Sort(durings)
	quiet, during := quiets[len(quiets)/2], durings[len(durings)/2]
	b.ReportMetric(float64(quiet.Microseconds()), "quiet-p99-µs")
	b.ReportMetric(float64(during.Microseconds()), "reload-p99-µs")
	b.ReportMetric(float64(during)/float64(quiet), "times")
	b.ReportMetric(spent.Seconds()/float64(max(1, count)), "s/reload")
	b.ReportMetric(float64(count), "reloads")
}

// changed is a configuration in which one company has another device.
func changed(fs fstest.MapFS, name string, n int) fstest.MapFS {
	next := fstest.MapFS{}
	maps.Copy(next, fs)
	before, after, _ := strings.Cut(string(fs[name].Data), "front_desk: ")
	text := before + "front_desk: " + fmt.Sprintf("\"%032x\"", n) + after[strings.Index(after, "}"):]
	next[name] = &fstest.MapFile{Data: []byte(text), Mode: 0o600}
	return next
}

// latencies makes calls, one each millisecond at most, and gives the 99th percentile of how long
// they take.
func (p provider) latencies(b *testing.B, calls *httptest.Server, n int) time.Duration {
	took := make([]time.Duration, n)
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for i := range took {
		<-tick.C
		form := "Request=" + strings.Replace(number(i%p.companies), "+", "%2B", 1) + "&Account-ID=" +
			account(i%p.companies)
		began := time.Now()
		r, err := calls.Client().Post(calls.URL+"/pivot", "application/x-www-form-urlencoded", strings.NewReader(form))
		if err != nil {
			b.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, r.Body)
		r.Body.Close()
		took[i] = time.Since(began)
		if r.StatusCode != http.StatusOK {
			b.Fatalf("got %s", r.Status)
		}
	}
	slices.Sort(took)
	return took[n*99/100]
}
