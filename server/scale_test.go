package server

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"runtime"
	"runtime/pprof"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/callhours/callhours/calendars"
	"github.com/callhours/callhours/config"
	"github.com/callhours/callhours/metrics"
)

// provider is an installation of many companies: a file, a route and two calendars each, all behind one voice_url.
type provider struct {
	companies int
	state     string // its state_dir
	events    int    // single events of a calendar, besides five weekly rules
}

// usual is how many single events a calendar has.
const usual = 95

// files are the configuration.
func (p provider) files(host string) fstest.MapFS {
	main := head + "path: /pivot\nlog: {callers: none}\ninclude: [tenants/*.yaml]\ndata: {voicemail: " + voicemail + "}\n"
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
`, i, account(i), host, number(i))
		files[fmt.Sprintf("tenants/company%d.yaml", i)] = &fstest.MapFile{Data: []byte(text), Mode: 0o600}
	}
	return files
}

func account(i int) string { return fmt.Sprintf("%032x", 0x7a1c0f8e2d4b4f6d+i*7919) }
func number(i int) string  { return fmt.Sprintf("+1415%07d", 2000000+i) }

// feed is a calendar of a company as Google writes it: office hours on five days of the week, and single events from a year ago to a year
// ahead. In the closures they are whole days.
func (p provider) feed(path string) []byte {
	var i int
	var kind string
	if _, err := fmt.Sscanf(path, "/%d/%s", &i, &kind); err != nil {
		return nil
	}
	random := rand.New(rand.NewPCG(uint64(i), uint64(len(kind))))
	var b strings.Builder
	b.WriteString("BEGIN:VCALENDAR\r\nPRODID:-//Google Inc//Google Calendar 70.9054//EN\r\nVERSION:2.0\r\nCALSCALE:GREGORIAN\r\nMETHOD:PUBLISH\r\n" +
		"X-WR-CALNAME:Company " + fmt.Sprint(i) + "\r\nX-WR-TIMEZONE:America/New_York\r\n")
	event := func(lines ...string) {
		fmt.Fprintf(&b, "BEGIN:VEVENT\r\n%s\r\nDTSTAMP:20261120T090000Z\r\nUID:%013x%013x@google.com\r\nCREATED:20260104T101500Z\r\n"+
			"LAST-MODIFIED:20260104T101500Z\r\nSEQUENCE:0\r\nSTATUS:CONFIRMED\r\nTRANSP:OPAQUE\r\nEND:VEVENT\r\n",
			strings.Join(lines, "\r\n"), random.Uint64()>>12, random.Uint64()>>12)
	}
	for d, day := range []string{"MO", "TU", "WE", "TH", "FR"} {
		if kind == "hours.ics" {
			event(fmt.Sprintf("DTSTART;TZID=America/New_York:202601%02dT090000", 5+d), fmt.Sprintf("DTEND;TZID=America/New_York:202601%02dT170000", 5+d),
				"RRULE:FREQ=WEEKLY;BYDAY="+day, "SUMMARY:Open")
		} else {
			event(fmt.Sprintf("DTSTART;TZID=America/New_York:202601%02dT120000", 5+d), fmt.Sprintf("DTEND;TZID=America/New_York:202601%02dT123000", 5+d),
				"RRULE:FREQ=WEEKLY;BYDAY="+day, "SUMMARY:Lunch of the front desk")
		}
	}
	for n := range p.events {
		at := monday.AddDate(-1, 0, n*730/max(1, p.events)).Add(time.Duration(random.IntN(8*4)) * 15 * time.Minute)
		switch {
		case kind == "closures.ics":
			event("DTSTART;VALUE=DATE:"+at.Format("20060102"), "DTEND;VALUE=DATE:"+at.AddDate(0, 0, 1).Format("20060102"), fmt.Sprintf("SUMMARY:Closing day %d", n))
		case n%3 == 0:
			event("DTSTART:"+at.Format("20060102T150405Z"), "DTEND:"+at.Add(time.Hour).Format("20060102T150405Z"), "SUMMARY:Closed: staff meeting")
		default:
			event("DTSTART:"+at.Format("20060102T150405Z"), "DTEND:"+at.Add(time.Hour).Format("20060102T150405Z"), fmt.Sprintf("SUMMARY:Visit of customer %d", n))
		}
	}
	b.WriteString("END:VCALENDAR\r\n")
	return []byte(b.String())
}

// fetch answers fetches without a network.
func (p provider) fetch(_ context.Context, source calendars.Source, v calendars.Validators) calendars.Fetched {
	if v.ETag != "" {
		return calendars.Fetched{Result: metrics.Unchanged, Status: 304, Validators: v}
	}
	_, path, _ := strings.Cut(strings.TrimPrefix(source.URL, "https://"), "/")
	return calendars.Fetched{Result: metrics.OK, Status: 200, Body: p.feed("/" + path), Validators: calendars.Validators{ETag: `"1"`}}
}

const nowhere = "https://calendars.example.com"

func (p provider) build(t testing.TB) *Generation {
	t.Helper()
	files := p.files(nowhere)
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

// seed leaves the copies of all feeds in the state directory, as a process before would have.
func (p provider) seed(t testing.TB, g *Generation) {
	t.Helper()
	store := calendars.NewStore(calendars.StoreOptions{Fetch: p.fetch, Dir: p.state, Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return monday }})
	store.Subscribe(g.subscriptions())
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		store.Run(ctx)
	}()
	if err := store.Ready(ctx); err != nil {
		t.Fatal(err)
	}
	cancel()
	<-ended
}

func (p provider) server(t testing.TB, g *Generation) *world {
	t.Helper()
	w := &world{registry: prometheus.NewRegistry(), now: monday}
	m, err := metrics.New(w.registry, metrics.Options{})
	if err != nil {
		t.Fatal(err)
	}
	w.Server = New(Options{Generation: g, Registry: w.registry, Metrics: m, Now: w.clock, Log: slog.New(slog.DiscardHandler)})
	w.Start()
	return w
}

func heapKiB() float64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc) / 1024
}

func TestProvider(t *testing.T) {
	n := 1000
	if s := os.Getenv("N"); s != "" {
		fmt.Sscan(s, &n)
	}
	p := provider{companies: n, state: t.TempDir(), events: usual}
	before := heapKiB()
	lap := time.Now()
	say := func(what string) {
		took := time.Since(lap)
		t.Logf("%-10s %8s heap %.1f KiB per route", what, took.Round(time.Millisecond), (heapKiB()-before)/float64(n))
		lap = time.Now()
	}
	g := p.build(t)
	say("build")
	p.seed(t, g)
	say("seed")
	w := p.server(t, g)
	say("start")
	if f, err := os.Create("/tmp/mem.out"); err == nil {
		pprof.Lookup("heap").WriteTo(f, 0)
		f.Close()
	}
	runtime.KeepAlive(w)
}
