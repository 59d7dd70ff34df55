package server

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"runtime/metrics"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/callhours/callhours/calendars/feeds"
	callhours "github.com/callhours/callhours/metrics"
)

// hoursOf are the hours that a company has told its callers, in the test's own terms. A soak
// compares every answer with them, and what is served as iCalendar is written from them.
type hoursOf struct {
	opens, closes int       // quarters of an hour after midnight, on Monday to Friday
	lunch         int       // the quarter in which an hour's lunch begins; 0: none
	closed        time.Time // from then on a day and a half, by somebody's hand; zero: never
	holidays      []int     // days after the soak's first
	device        string    // what rings
}

// company is one of the companies of a soak.
type company struct {
	name string

	mu  sync.Mutex
	may []hoursOf // what may be answered by: one, or two while a change is on its way
}

func (c *company) allowed() []hoursOf {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.may)
}

func (c *company) allow(h ...hoursOf) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.may = h
}

// soakClock runs faster than the real one: two days pass in a soak of half an hour, one in a
// minute.
type soakClock struct {
	begun time.Time
	speed float64
}

// soakBegins is a Monday morning, in the zone of all companies.
var soakBegins = time.Date(2026, 11, 23, 8, 0, 0, 0, newYork())

func newYork() *time.Location {
	zone, err := time.LoadLocation("America/New_York")
	if err != nil {
		panic(err)
	}
	return zone
}

func (c soakClock) now() time.Time {
	return soakBegins.Add(time.Duration(float64(time.Since(c.begun)) * c.speed))
}

// at is what a caller with a number gets at a moment: the branch and the callflow. It is as plain
// as the page on a company's door.
func (h hoursOf) at(t time.Time, name, caller string) (branch, flow string) {
	t = t.In(soakBegins.Location())
	clock, weekend := t.Hour()*4+t.Minute()/15, t.Weekday() == time.Saturday || t.Weekday() == time.Sunday
	switch day := t.YearDay() - soakBegins.YearDay(); {
	case !h.closed.IsZero() && !t.Before(h.closed) && t.Before(h.closed.Add(36*time.Hour)):
		return "by-hand", `{"module":"voicemail","data":{"id":"` + voicemail + `"}}`
	case slices.Contains(h.holidays, day):
		return "holiday", fmt.Sprintf(`{"module":"tts","data":{"text":"%s is closed for Holiday %d"}}`, name, day)
	case !weekend && h.lunch != 0 && clock >= h.lunch && clock < h.lunch+4:
		return "lunch", `{"module":"voicemail","data":{"id":"` + voicemail + `"}}`
	case !weekend && clock >= h.opens && clock < h.closes:
		return "open",
			fmt.Sprintf(
				`{"module":"device","data":{"id":"%s"},"children":{"_":{"module":"tts","data":{"text":"%s called %s"}}}}`, h.device, caller, name)
	}
	return "closed", `{"module":"voicemail","data":{"id":"` + voicemail + `"}}`
}

// soakBranches answer as hoursOf.at does.
const soakBranches = `
    branches:
      - {name: by-hand, state: closed, when: {calendar: hours, summary: "closed*"}, template: voicemail}
      - {name: holiday, state: closed, when: {calendar: holidays}, callflow: '{"module":"tts","data":{"text":"{{ .Data.company }} is closed for {{ .Event.Summary }}"}}'}
      - {name: lunch, state: closed, when: {calendar: hours, summary: lunch}, template: voicemail}
      - name: open
        when: {calendar: hours, summary: open}
        callflow: '{"module":"device","data":{"id":"{{ .Data.front_desk }}"},"children":{"_":{"module":"tts","data":{"text":"{{ .Call.CallerNumber }} called {{ .Data.company }}"}}}}'
      - {name: closed, template: voicemail}
`

// ics are the hours as iCalendar. It holds twenty more events that say nothing, so that no change
// makes a feed shrink.
func (h hoursOf) ics(path string) string {
	var b strings.Builder
	b.WriteString("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n")
	event := func(uid string, lines ...string) {
		b.WriteString("BEGIN:VEVENT\r\nUID:" + uid + "\r\n" + strings.Join(lines, "\r\n") + "\r\nEND:VEVENT\r\n")
	}
	quarter := func(q int) string { return fmt.Sprintf("TZID=America/New_York:20260105T%02d%02d00", q/4, q%4*15) }
	if strings.HasSuffix(path, "hours.ics") {
		event("open", "SUMMARY:Open", "DTSTART;"+quarter(h.opens), "DTEND;"+quarter(h.closes),
			"RRULE:FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR")
		if h.lunch != 0 {
			event("lunch", "SUMMARY:Lunch", "DTSTART;"+quarter(h.lunch), "DURATION:PT1H",
				"RRULE:FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR")
		}
		if !h.closed.IsZero() {
			event("closed", "SUMMARY:CLOSED (inventory)", "DTSTART:"+h.closed.UTC().Format("20060102T150405Z"),
				"DURATION:PT36H")
		}
	} else {
		for _, day := range h.holidays {
			event(fmt.Sprint("holiday", day), fmt.Sprintf("SUMMARY:Holiday %d", day),
				"DTSTART;VALUE=DATE:"+soakBegins.AddDate(0, 0, day).Format("20060102"))
		}
	}
	for i := range 20 {
		event(fmt.Sprint("filler", i), "SUMMARY:Visit",
			"DTSTART:"+soakBegins.AddDate(-1, 0, i).UTC().Format("20060102T150405Z"), "DURATION:PT1H")
	}
	b.WriteString("END:VCALENDAR\r\n")
	return b.String()
}

// soakFeeds serve what the test lays out, or a fault instead.
type soakFeeds struct {
	mu     sync.Mutex
	bodies map[string]string           // by path
	faults map[string]http.HandlerFunc // by path
	served atomic.Int64
}

func (f *soakFeeds) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.served.Add(1)
	f.mu.Lock()
	body, fault := f.bodies[r.URL.Path], f.faults[r.URL.Path]
	f.mu.Unlock()
	if fault != nil {
		fault(w, r)
		return
	}
	etag := fmt.Sprintf(`"%x"`, len(body)*31+strings.Count(body, "1"))
	w.Header().Set("ETag", etag)
	if r.Header.Get("If-None-Match") == etag && r.URL.Path[1]%2 == 0 { // some servers know no conditions
		w.WriteHeader(http.StatusNotModified)
		return
	}
	_, _ = io.WriteString(w, body)
}

func (f *soakFeeds) lay(path, body string, fault http.HandlerFunc) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.bodies[path], f.faults[path] = body, fault
	if fault == nil {
		delete(f.faults, path)
	}
}

// soak is a server under load, with its feeds and what is known of them.
type soak struct {
	*Server
	clock     soakClock
	feeds     *soakFeeds
	feedsAt   string
	calls     string // address
	companies []*company
	client    *http.Client

	files  *testFiles
	texts  map[string]string // by name
	faulty string            // what the main file has besides

	mu               sync.Mutex
	answered, either atomic.Int64
	wrong, refused   atomic.Int64
	said             []string // the first wrong answers; guarded by mu
}

// TestSoak takes calls at half the server's capacity while feeds change, fail in every way, and the
// configuration is read again, good and bad. Every answer is compared with what the company's own
// hours say. With CALLHOURS_SOAK it lasts a minute, or as long as that says, and the process must
// not grow; else two seconds.
func TestSoak(t *testing.T) {
	lasts := 2 * time.Second
	if v := os.Getenv("CALLHOURS_SOAK"); v != "" {
		lasts = time.Minute
		if d, err := time.ParseDuration(v); err == nil {
			lasts = d
		}
	}
	s := newSoak(t, lasts)
	ctx, stop := context.WithCancel(t.Context())
	started, ended := make(chan string, 1), make(chan error, 1)
	s.options.Started = func(calls, _, _ net.Addr) { started <- calls.String() }
	go func() { ended <- s.Run(ctx) }()
	s.calls = "http://" + <-started
	var background sync.WaitGroup
	defer func() {
		stop()
		background.Wait()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		s.client.CloseIdleConnections()
	}()

	// A busy machine may answer calls before the last tenant's feed is read.
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for slices.ContainsFunc(s.store.Feeds(), func(f feeds.Status) bool { return f.State != feeds.Fresh }) {
		<-tick.C
	}
	capacity := s.load(t, ctx, min(lasts/10, 3*time.Second), 0)
	background.Go(func() { s.disturb(t, ctx, lasts) })
	var samples []sample
	background.Go(func() { samples = s.watch(ctx, lasts) })
	reached := s.load(t, ctx, lasts, capacity/2)
	stop()
	background.Wait()
	t.Logf(
		"%s: %d answers, of them %d at the moment of a change; %d wrong, %d refused; %.0f/s at a capacity of %.0f/s; %d fetches",
		lasts, s.answered.Load(), s.either.Load(), s.wrong.Load(), s.refused.Load(), reached, capacity,
		s.feeds.served.Load())
	for _, line := range s.said {
		t.Error(line)
	}
	if s.answered.Load() == 0 || s.either.Load() > s.answered.Load()/2 {
		t.Errorf("%d answers, of which %d could be either of two", s.answered.Load(), s.either.Load())
	}
	if refused := s.refused.Load(); lasts >= 20*time.Second && refused > s.answered.Load()/100 {
		t.Errorf("%d calls were refused beside %d answers at half the capacity", refused, s.answered.Load())
	}
	if lasts >= 20*time.Second { // before, everything still grows to its size
		steady(t, samples)
	}
}

func newSoak(t *testing.T, lasts time.Duration) *soak {
	s := &soak{
		feeds: &soakFeeds{bodies: map[string]string{}, faults: map[string]http.HandlerFunc{}},
		clock: soakClock{time.Now(), min(1440, float64(48*time.Hour)/float64(lasts))},
		client: &http.Client{
			Transport: &http.Transport{MaxIdleConnsPerHost: 64, DisableCompression: true}, Timeout: 30 * time.Second,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		files: &testFiles{}, texts: map[string]string{},
	}
	server := httptest.NewServer(s.feeds)
	t.Cleanup(server.Close)
	s.feedsAt = server.URL
	random := rand.New(rand.NewPCG(1, 2))
	for i := range 100 {
		c := &company{name: fmt.Sprintf("company%d", i)}
		s.companies = append(s.companies, c)
		h := someHours(random, s.clock.now())
		s.lay(c, h)
		c.allow(h)
		s.texts["tenants/"+c.name+".yaml"] = s.tenant(c, h)
	}
	registry := prometheus.NewRegistry()
	m, err := callhours.New(registry, callhours.Options{})
	if err != nil {
		t.Fatal(err)
	}
	s.put()
	i := &Installation{Path: "callhours.yaml", Files: s.files, Now: s.clock.now}
	loaded, _ := i.Start(false)
	if err := loaded.Err(); err != nil {
		t.Fatal(err)
	}
	s.Server = New(Options{
		Generation: loaded.Generation, Installation: i, Loaded: loaded, Registry: registry, Metrics: m,
		Now: s.clock.now, RealNow: time.Now, Log: slog.New(slog.DiscardHandler),
	})
	return s
}

// someHours are hours that begin, end or are interrupted within the next two days.
func someHours(random *rand.Rand, now time.Time) hoursOf {
	h := hoursOf{
		opens: 28 + random.IntN(16), closes: 60 + random.IntN(30),
		device: fmt.Sprintf("%032x", random.Uint64()),
	}
	if random.IntN(2) == 0 {
		h.lunch = 48 + random.IntN(4)
	}
	if random.IntN(3) == 0 {
		h.closed = now.Add(time.Duration(random.IntN(48*60)) * time.Minute).Truncate(time.Minute)
	}
	h.holidays = []int{300} // far away, so that a calendar is never empty
	if random.IntN(3) == 0 {
		h.holidays = append(h.holidays, random.IntN(3))
	}
	return h
}

func (s *soak) tenant(c *company, h hoursOf) string {
	return fmt.Sprintf(
		"tenant: {name: %s, timezone: America/New_York}\ncalendars:\n  hours: {url: \"%s/%[1]s/hours.ics\", refresh: 1m}\n"+
			"  holidays: {url: \"%[2]s/%[1]s/holidays.ics\", refresh: 1m}\nroutes:\n  - name: main\n    path: /%[1]s/main\n    data: {front_desk: \"%[3]s\", company: %[1]s}%[4]s",
		c.name, s.feedsAt, h.device, soakBranches)
}

// lay puts a company's hours into its feeds.
func (s *soak) lay(c *company, h hoursOf) {
	for _, kind := range []string{"hours.ics", "holidays.ics"} {
		path := "/" + c.name + "/" + kind
		s.feeds.lay(path, h.ics(path), nil)
	}
}

// ask makes one call and compares its answer.
func (s *soak) ask(t *testing.T, n int) {
	c := s.companies[n*7919%len(s.companies)]
	caller := fmt.Sprintf("+1202555%04d", n%10000)
	form := "Request=%2B14155550100&Call-ID=" + fmt.Sprint(n) + "&Caller-ID-Number=" +
		strings.Replace(caller, "+", "%2B", 1)
	may, before := c.allowed(), s.clock.now()
	r, err := s.client.Post(s.calls+"/"+c.name+"/main", "application/x-www-form-urlencoded", strings.NewReader(form))
	if err != nil {
		s.complain("%s: %v", c.name, err)
		return
	}
	got, err := io.ReadAll(r.Body)
	r.Body.Close()
	after := s.clock.now()
	if r.StatusCode == http.StatusServiceUnavailable { // the machine had other work
		s.refused.Add(1)
		return
	}
	may = append(may, c.allowed()...)
	s.answered.Add(1)
	// Between the question and the answer two hours can be in force, and the clock can pass an edge
	// of them.
	right, answers := false, map[string]bool{}
	moments := []time.Time{before, after}
	for edge := before.Truncate(time.Minute); edge.Before(after); edge = edge.Add(time.Minute) {
		if edge.After(before) {
			moments = append(moments, edge)
		}
	}
	for _, h := range may {
		for _, at := range moments {
			branch, flow := h.at(at, c.name, caller)
			answers[branch+flow] = true
			right = right || r.StatusCode == http.StatusOK && r.Header.Get("X-Callhours-Branch") == branch &&
				sameJSON(got, flow)
		}
	}
	if len(answers) > 1 {
		s.either.Add(1)
	}
	if err != nil || !right {
		branch, flow := may[0].at(before, c.name, caller)
		s.complain("%s at %s: got %d %s %s %s, want %s %s", c.name, before, r.StatusCode,
			r.Header.Get("X-Callhours-Branch"), got, r.Header.Get("X-Callhours-Reason"), branch, flow)
	}
}

func sameJSON(got []byte, want string) bool {
	var compact bytes.Buffer
	return json.Compact(&compact, got) == nil && compact.String() == want
}

func (s *soak) complain(format string, args ...any) {
	s.wrong.Add(1)
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.said) < 10 {
		s.said = append(s.said, fmt.Sprintf(format, args...))
	}
}

// load makes calls for a while, so many a second; 0: as many as can be. It gives how many it were.
func (s *soak) load(t *testing.T, ctx context.Context, lasts time.Duration, rate float64) float64 {
	const callers = 16
	var asked atomic.Int64
	var workers sync.WaitGroup
	begun := time.Now()
	for range callers {
		workers.Go(func() {
			tick := time.NewTicker(10 * time.Millisecond)
			defer tick.Stop()
			for time.Since(begun) < lasts && ctx.Err() == nil {
				if rate > 0 && float64(asked.Load()) >= rate*time.Since(begun).Seconds() {
					<-tick.C
					continue
				}
				s.ask(t, int(asked.Add(1)))
			}
		})
	}
	workers.Wait()
	return float64(asked.Load()) / time.Since(begun).Seconds()
}

// soakFaults are what happens to feeds.
var soakFaults = []http.HandlerFunc{
	func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) },
	func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) },
	func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "<!doctype html><title>Sign in</title><p>Please sign in.")
	},
	func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w,
			"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:open\r\nSUMMARY:Open\r\nDTSTART:20260101T000000Z\r\nDTEND:20270101T0000")
	},
	func(w http.ResponseWriter, _ *http.Request) {}, // nothing at all
	func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nEND:VCALENDAR\r\n") // suddenly without events
	},
	func(w http.ResponseWriter, r *http.Request) { // slow: it begins, and goes no further
		_, _ = io.WriteString(w, "BEGIN:VCALENDAR\r\n")
		w.(http.Flusher).Flush()
		select {
		case <-r.Context().Done():
		case <-time.After(2 * time.Second):
		}
	},
	func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, // the connection is cut
}

// disturb changes hours, lets feeds fail, and reloads.
func (s *soak) disturb(t *testing.T, ctx context.Context, lasts time.Duration) {
	random := rand.New(rand.NewPCG(3, 4))
	every := min(time.Minute, lasts/4)
	change := time.NewTicker(min(time.Second, lasts/20))
	defer change.Stop()
	reload := time.NewTicker(every)
	defer reload.Stop()
	for n := 0; ; n++ {
		select {
		case <-ctx.Done():
			return
		case <-reload.C:
			s.reconfigure(ctx, random, n)
		case <-change.C:
			c := s.companies[random.IntN(len(s.companies))]
			if n%2 == 0 {
				s.change(ctx, random, c)
			} else {
				s.fail(ctx, c, soakFaults[n/2%len(soakFaults)])
			}
			s.scraped()
		}
	}
}

// change gives a company other hours.
func (s *soak) change(ctx context.Context, random *rand.Rand, c *company) {
	old := c.allowed()[0]
	next := someHours(random, s.clock.now())
	next.device = old.device // which is the configuration's
	// The two feeds are fetched one after the other, and both together make the hours.
	for _, step := range []struct {
		kind string
		h    hoursOf
	}{
		{"hours.ics", hoursOf{next.opens, next.closes, next.lunch, next.closed, old.holidays, old.device}},
		{"holidays.ics", next},
	} {
		c.allow(old, step.h)
		path := "/" + c.name + "/" + step.kind
		s.feeds.lay(path, step.h.ics(path), nil)
		status, err := s.store.Refresh(ctx, c.name+"/"+strings.TrimSuffix(step.kind, ".ics"))
		if ctx.Err() != nil {
			return
		}
		if err != nil || status.Err != nil {
			s.complain("a good feed of %s: %v, %v", c.name, err, status.Err)
			return
		}
		c.allow(step.h)
		old = step.h
	}
}

// fail lets a company's feeds fail, asks for them, and mends them. Nobody hears of it.
func (s *soak) fail(ctx context.Context, c *company, fault http.HandlerFunc) {
	h := c.allowed()[0]
	for _, kind := range []string{"hours", "holidays"} {
		path := "/" + c.name + "/" + kind + ".ics"
		s.feeds.lay(path, h.ics(path), fault)
		status, err := s.store.Refresh(ctx, c.name+"/"+kind)
		if err == nil && status.Err == nil && ctx.Err() == nil {
			s.complain("a feed of %s that fails is called good: %s", c.name, status.Result)
		}
		s.feeds.lay(path, h.ics(path), nil)
		if status, err = s.store.Refresh(ctx, c.name+"/"+kind); ctx.Err() == nil && (err != nil || status.Err != nil) {
			s.complain("a feed of %s that is well again: %v, %v", c.name, err, status.Err)
		}
	}
}

// reconfigure reloads: a company gets another device, then mistakes are refused.
func (s *soak) reconfigure(ctx context.Context, random *rand.Rand, n int) {
	c := s.companies[random.IntN(len(s.companies))]
	file := "tenants/" + c.name + ".yaml"
	old := c.allowed()[0]
	next := old
	next.device = fmt.Sprintf("%032x", random.Uint64())
	c.allow(old, next)
	s.set(file, s.tenant(c, next))
	if err := s.Reload(ctx); err != nil && ctx.Err() == nil {
		s.complain("reload: %v", err)
	}
	c.allow(next)
	good := s.tenant(c, next)
	s.set(file, strings.Replace(good, "summary: open", "sumary: open", 1))
	_ = s.Reload(ctx) // what is wrong with one company may be refused for that alone
	s.set(file, good)
	s.set("", "routes: [{}]\n")
	if err := s.Reload(ctx); err == nil && ctx.Err() == nil {
		s.complain("a configuration with a mistake was taken")
	}
	s.set("", "")
}

// set replaces a file of the configuration; "" is what the main one has besides.
func (s *soak) set(name, content string) {
	if name != "" {
		s.texts[name] = content
	} else {
		s.faulty = content
	}
	s.put()
}

func (s *soak) put() {
	s.files.set("deny_private_addresses: false\ninclude: [tenants/*.yaml]\ndata: {voicemail: "+voicemail+"}\n"+s.faulty,
		s.texts)
}

// sample is what the process holds at a moment.
type sample struct{ heap, goroutines, descriptors float64 }

// watch takes a sample sixty times.
func (s *soak) watch(ctx context.Context, lasts time.Duration) (samples []sample) {
	tick := time.NewTicker(lasts / 60)
	defer tick.Stop()
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	for {
		select {
		case <-ctx.Done():
			return samples
		case <-tick.C:
		}
		runtime.GC()
		metrics.Read(live)
		descriptors, _ := os.ReadDir("/proc/self/fd") // empty where there is no such thing
		samples = append(samples,
			sample{float64(live[0].Value.Uint64()), float64(runtime.NumGoroutine()), float64(len(descriptors))})
	}
}

// steady compares the middle of a soak with its end.
func steady(t *testing.T, samples []sample) {
	t.Helper()
	third := len(samples) / 3
	if third < 5 {
		t.Fatalf("%d samples", len(samples))
	}
	for _, c := range []struct {
		what  string
		of    func(sample) float64
		spare float64 // what may come and go
	}{
		{"bytes of heap", func(s sample) float64 { return s.heap }, 2 << 20},
		{"goroutines", func(s sample) float64 { return s.goroutines }, 20},
		{"descriptors", func(s sample) float64 { return s.descriptors }, 20},
	} {
		median := func(part []sample) float64 {
			var values []float64
			for _, s := range part {
				values = append(values, c.of(s))
			}
			slices.Sort(values)
			return values[len(values)/2]
		}
		middle, end := median(samples[third:2*third]), median(samples[2*third:])
		t.Logf("%.0f %s in the middle, %.0f at the end", middle, c.what, end)
		if end > 1.1*middle+c.spare {
			t.Errorf("%.0f %s in the middle of the soak, %.0f at its end", middle, c.what, end)
		}
	}
}
