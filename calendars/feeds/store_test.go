package feeds

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/callhours/callhours/internal/durable"
	"github.com/callhours/callhours/metrics"
)

// shop is a Store in a bubble of its own time, with calendar servers that a test scripts.
type shop struct {
	t        *testing.T
	store    *Store
	registry *prometheus.Registry
	begun    time.Time
	stop     func()

	mu      sync.Mutex
	answers map[string]func(Validators) Fetched // by URL
	fetched func(Source, Validators) Fetched    // instead of answers; nil: those
	asked   map[string][]time.Duration          // since begun, by URL
	// attempts are the same, by key.
	attempts map[string][]time.Duration
	sent     map[string][]Validators
	most     int // attempts at a time
	running  int
	log      bytes.Buffer
	changed  []string
	use      func(calendar string) // after changed has it; nil: nobody
}

// open starts a Store with subscriptions. Servers that are not scripted fail.
func (s *shop) open(t *testing.T, o Options, list ...*Subscription) {
	t.Helper()
	s.t = t
	if s.answers == nil {
		s.answers = map[string]func(Validators) Fetched{}
	}
	s.asked, s.sent, s.changed = map[string][]time.Duration{}, map[string][]Validators{}, nil
	s.attempts = map[string][]time.Duration{}
	s.begun = time.Now()
	s.registry = prometheus.NewRegistry()
	m, err := metrics.New(s.registry, metrics.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var configured metrics.Configured
	for _, sub := range list {
		configured.Calendars = append(configured.Calendars, metrics.Calendar{Name: sub.Calendar})
	}
	m.Configure(configured)
	o.Fetch, o.Metrics, o.Now = s.fetch, m, time.Now
	o.Log = slog.New(slog.NewTextHandler(locked{&s.mu, &s.log},
		&slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey {
				return slog.Attr{}
			}
			return a
		}}))
	o.Changed = func(name string) {
		s.mu.Lock()
		s.changed = append(s.changed, name)
		s.mu.Unlock()
		if s.use != nil {
			s.use(name)
		}
	}
	s.store = NewStore(o)
	s.store.Subscribe(list)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		s.store.Run(ctx)
	}()
	s.stop = sync.OnceFunc(func() {
		cancel()
		<-ended
	})
	t.Cleanup(s.stop)
	synctest.Wait()
}

type locked struct {
	mu *sync.Mutex
	to *bytes.Buffer
}

func (l locked) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.to.Write(p)
}

func (s *shop) fetch(ctx context.Context, source Source, v Validators) Fetched {
	s.mu.Lock()
	s.running++
	s.most = max(s.most, s.running)
	s.asked[source.URL] = append(s.asked[source.URL], time.Since(s.begun))
	if s.attempts == nil {
		s.attempts = map[string][]time.Duration{}
	}
	s.attempts[source.Key()] = append(s.attempts[source.Key()], time.Since(s.begun))
	s.sent[source.URL] = append(s.sent[source.URL], v)
	answer := s.answers[source.URL]
	if s.fetched != nil {
		answer = func(v Validators) Fetched { return s.fetched(source, v) }
	}
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		s.running--
		s.mu.Unlock()
	}()
	if answer == nil {
		return Fetched{Result: metrics.ServerError, Status: 500, Err: fmt.Errorf("%s: 500", source)}
	}
	fetched := answer(v)
	if ctx.Err() != nil {
		return Fetched{Result: metrics.Timeout, Err: ctx.Err()}
	}
	return fetched
}

// on says what a server answers from now on.
func (s *shop) on(url string, answer func(Validators) Fetched) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answers[url] = answer
}

// body answers a calendar of those events.
func body(events ...string) func(Validators) Fetched {
	return func(v Validators) Fetched {
		return Fetched{
			Result: metrics.OK, Status: 200, Body: wrap(events...),
			Validators: Validators{ETag: fmt.Sprintf(`"%d"`, len(events))},
		}
	}
}

// conditional answers 304 to whoever has the validators.
func conditional(events ...string) func(Validators) Fetched {
	whole := body(events...)
	return func(v Validators) Fetched {
		if fresh := whole(v); fresh.Validators != v {
			return fresh
		}
		return Fetched{Result: metrics.Unchanged, Status: 304, Validators: v}
	}
}

func failure(result metrics.FetchResult, text string) func(Validators) Fetched {
	return func(Validators) Fetched { return Fetched{Result: result, Err: errors.New(text)} }
}

// pass lets time pass. In a bubble nobody waits for it.
func pass(d time.Duration) { <-time.After(d) }

// after lets time pass, and what it brings.
func after(d time.Duration) {
	pass(d)
	synctest.Wait()
}

// told are the calendars that were said to have changed.
func (s *shop) told() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.changed)
}

// times is how often a server was asked for a URL.
func (s *shop) times(url string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.asked[url])
}

// gaps are the times between a server's requests, in whole minutes, rounded down.
func (s *shop) gaps(url string) (minutes []int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := 1; i < len(s.asked[url]); i++ {
		minutes = append(minutes, int((s.asked[url][i] - s.asked[url][i-1]).Minutes()))
	}
	return minutes
}

// is compares what a calendar is worth: its state and the UIDs in it.
func (s *shop) is(calendar, want string) {
	s.t.Helper()
	snapshot := s.store.Snapshot(calendar)
	got := "unknown: " + snapshot.Why
	if !snapshot.Unknown() {
		got = "fresh:"
		if snapshot.Stale {
			got = "stale:"
		}
		for _, e := range snapshot.Calendar.Events() {
			got += " " + e.UID
		}
	}
	if got != want {
		s.t.Errorf("%s after %s: got %q, want %q (%v)", calendar, time.Since(s.begun), got, want, snapshot.Err)
	}
}

func (s *shop) logged() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.log.String()
}

// results are the counts of a calendar's attempts that are not 0.
func (s *shop) results(calendar string) string {
	s.t.Helper()
	families, err := s.registry.Gather()
	if err != nil {
		s.t.Fatal(err)
	}
	var list []string
	for _, f := range families {
		for _, m := range f.GetMetric() {
			if f.GetName() == "callhours_calendar_fetches_total" && m.GetLabel()[0].GetValue() == calendar &&
				m.GetCounter().GetValue() > 0 {
				list = append(list, fmt.Sprintf("%s=%v", m.GetLabel()[1].GetValue(), m.GetCounter().GetValue()))
			}
		}
	}
	return strings.Join(list, " ")
}

const office = "https://calendar.example.com/office.ics"

func event(uid string) string { return vevent("UID:"+uid, "DTSTART:20270104T090000Z", "DURATION:PT1H") }

func hours(more ...func(*Subscription)) *Subscription {
	s := &Subscription{Calendar: "hours", Source: Source{URL: office}}
	for _, change := range more {
		change(s)
	}
	return s
}

// TestIntervals: how often a feed is asked that is well.
func TestIntervals(t *testing.T) {
	t.Parallel()
	hinting := func(hint string) func(Validators) Fetched {
		return func(v Validators) Fetched {
			f := body(event("a"))(v)
			f.Body = bytes.Replace(f.Body, []byte("VERSION:2.0\r\n"),
				[]byte("VERSION:2.0\r\nREFRESH-INTERVAL;VALUE=DURATION:"+hint+"\r\n"), 1)
			return f
		}
	}
	for _, c := range []struct {
		name    string
		answer  func(Validators) Fetched
		refresh []time.Duration // of calendars that share the feed
		want    int             // minutes
	}{
		{"nobody says", body(event("a")), []time.Duration{0}, 15},
		{"a calendar says", body(event("a")), []time.Duration{4 * time.Minute}, 4},
		{"two calendars say", body(event("a")), []time.Duration{time.Hour, 7 * time.Minute}, 7},
		{"one says, the other does not", body(event("a")), []time.Duration{time.Hour, 0}, 15},
		{"a calendar says, and the feed", hinting("PT30M"), []time.Duration{time.Hour}, 60},
		{"the feed says", hinting("PT30M"), []time.Duration{0}, 30},
		{"the feed says too little", hinting("PT1M"), []time.Duration{0}, 5},
		{"the feed says too much", hinting("P7D"), []time.Duration{0}, 60},
		{"the server says it is fresh for longer", func(v Validators) Fetched {
			f := body(event("a"))(v)
			f.MaxAge = 40 * time.Minute
			return f
		}, []time.Duration{0}, 40},
		{"the server says it is fresh for a year", func(v Validators) Fetched {
			f := body(event("a"))(v)
			f.MaxAge = 365 * 24 * time.Hour
			return f
		}, []time.Duration{0}, 60},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := &shop{}
				s.answers = map[string]func(Validators) Fetched{office: c.answer}
				var list []*Subscription
				for i, refresh := range c.refresh {
					list = append(list,
						&Subscription{Calendar: fmt.Sprint(i), Source: Source{URL: office}, Refresh: refresh})
				}
				s.open(t, Options{}, list...)
				after(12 * time.Hour)
				gaps := s.gaps(office)
				if len(gaps) < 10 {
					t.Fatalf("asked %d times in twelve hours", len(gaps))
				}
				for _, gap := range gaps {
					if gap < c.want || gap > c.want+c.want/10 {
						t.Fatalf("asked after %v minutes, want every %d and up to a tenth more", gaps, c.want)
					}
				}
				for i := range c.refresh {
					s.is(fmt.Sprint(i), "fresh: a")
				}
			})
		})
	}
}

// TestFailures of feeds: the copy stays, the pauses grow, and the log says when it begins, why,
// still, and when it is over.
func TestFailingFeed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &shop{answers: map[string]func(Validators) Fetched{office: body(event("a"))}}
		s.open(t, Options{}, hours())
		s.is("hours", "fresh: a")
		s.on(office, failure(metrics.ServerError, "https://calendar.example.com/…: 503"))
		after(17 * time.Minute)
		s.is("hours", "stale: a")
		after(4 * time.Hour)
		want := []int{15, 1, 2, 4, 8, 17, 34, 60, 60}
		gaps := s.gaps(office)
		for i, gap := range gaps[:8] {
			if low := []int{15, 1, 2, 4, 8, 16, 32, 60}[i]; gap < low || gap > low+low/10+1 {
				t.Fatalf("asked after %v minutes, want about %v", gaps, want)
			}
		}
		s.on(office, failure(metrics.NotFound, "https://calendar.example.com/…: 404"))
		after(2 * time.Hour)
		s.on(office, body(event("b")))
		after(2 * time.Hour)
		s.is("hours", "fresh: b")
		if gap := s.gaps(office); gap[len(gap)-1] > 16 {
			t.Errorf("asked after %v minutes, want every quarter of an hour again", gap)
		}
		var lines []string
		for line := range strings.Lines(s.logged()) {
			line, _, _ = strings.Cut(line, " since=")
			line, _, _ = strings.Cut(line, " failed_for=")
			lines = append(lines, strings.TrimSpace(line))
		}
		failing := `level=WARN msg="a feed fails; its copy is used" calendars=[hours] result=server_error error="https://calendar.example.com/…: 503"`
		gone := `level=WARN msg="a feed fails; its copy is used" calendars=[hours] result=not_found error="https://calendar.example.com/…: 404"`
		if diff := gocmp.Diff([]string{
			failing, failing, failing, failing, gone, gone,
			`level=INFO msg="a feed is well again" calendars=[hours] result=ok`,
		}, lines); diff != "" {
			t.Error(diff)
		}
		if diff := gocmp.Diff([]string{"hours", "hours"}, s.told()); diff != "" {
			t.Error(diff)
		}
	})
}

// TestHosts: a host that has had enough is left alone, with all its feeds; and those that hang do
// not keep the others waiting.
func TestHosts(t *testing.T) {
	t.Parallel()
	const feeds = 40
	urls := make([]string, feeds)
	var list []*Subscription
	for i := range urls {
		urls[i] = fmt.Sprintf("https://calendar.example.com/%d.ics", i)
		list = append(list, &Subscription{Calendar: fmt.Sprint(i), Source: Source{URL: urls[i]}})
	}
	elsewhere := &Subscription{Calendar: "elsewhere", Source: Source{URL: "https://other.example.com/a.ics"}}
	slow := func(d time.Duration) func(Validators) Fetched {
		return func(v Validators) Fetched {
			pass(d)
			return body(event("a"))(v)
		}
	}
	t.Run("a few at a time", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			s := &shop{answers: map[string]func(Validators) Fetched{}}
			for _, url := range urls {
				s.answers[url] = slow(time.Second)
			}
			s.open(t, Options{}, list...)
			after(9 * time.Second)
			s.mu.Lock()
			if s.most != hostAttempts || s.running != hostAttempts {
				t.Errorf("%d at a time, %d now, want %d", s.most, s.running, hostAttempts)
			}
			s.mu.Unlock()
			after(2 * time.Second)
			for i := range urls {
				s.is(fmt.Sprint(i), "fresh: a")
			}
		})
	})
	t.Run("most hang", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			s := &shop{answers: map[string]func(Validators) Fetched{}}
			for _, url := range urls {
				s.answers[url] = func(Validators) Fetched {
					pass(30 * time.Second)
					return Fetched{Result: metrics.Timeout, Err: errors.New("timeout")}
				}
			}
			s.answers[urls[feeds-1]] = body(event("a"))
			s.open(t, Options{}, list...)
			after(2 * feeds / hostAttempts * time.Second)
			s.is(fmt.Sprint(feeds-1), "fresh: a")
		})
	})
	t.Run("so many a minute", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			s := &shop{answers: map[string]func(Validators) Fetched{}}
			for _, url := range urls {
				s.answers[url] = body(event("a"))
			}
			s.open(t, Options{PerMinute: map[string]int{"calendar.example.com": 10}},
				append(slices.Clone(list), elsewhere)...)
			asked := func() (n int) {
				for _, url := range urls {
					n += s.times(url)
				}
				return n
			}
			after(time.Minute)
			if n := asked(); n < 10 || n > 11 {
				t.Errorf("asked %d times in a minute, want 10", n)
			}
			after(3 * time.Minute)
			if n := asked(); n < 40 || n > 41 {
				t.Errorf("asked %d times in four minutes, want 40", n)
			}
			if n := s.times(elsewhere.Source.URL); n == 0 {
				t.Error("another host had to wait")
			}
		})
	})
	for _, c := range []struct {
		name       string
		retryAfter time.Duration
		pauses     []time.Duration
	}{
		{"enough, until", 3 * time.Hour, []time.Duration{3 * time.Hour, 3 * time.Hour}},
		{
			"enough", 0,
			[]time.Duration{
				15 * time.Minute, 30 * time.Minute, time.Hour, 2 * time.Hour, 4 * time.Hour, 6 * time.Hour,
				6 * time.Hour,
			},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := &shop{answers: map[string]func(Validators) Fetched{elsewhere.Source.URL: body(event("a"))}}
				busy := Fetched{
					Result: metrics.RateLimited, Status: 429, Busy: true, RetryAfter: c.retryAfter,
					Err: errors.New("429"),
				}
				for _, url := range urls[:8] {
					s.answers[url] = func(Validators) Fetched { return busy }
				}
				s.open(t, Options{}, append(slices.Clone(list[:8]), elsewhere)...)
				// What had begun before the first answer came has ended by now.
				pause := func() time.Duration { // what is left of it
					s.store.mu.Lock()
					defer s.store.mu.Unlock()
					return time.Until(s.store.scheduler.hosts["calendar.example.com"].share(s.store.scheduler.owners[""]).pausedUntil)
				}
				for i, want := range c.pauses {
					if left := pause(); left > want || left < want-2*time.Minute {
						t.Errorf("pause %d is %s, want %s", i, left, want)
					}
					before := s.times(urls[0])
					after(pause() - time.Second)
					if n := s.times(urls[0]); n != before {
						t.Fatalf("the host was asked in the pause")
					}
					for pause() < 2*time.Second {
						after(time.Second)
					}
				}
				s.is("elsewhere", "fresh: a")
			})
		})
	}
}

// TestValidators: a server is asked whether anything has changed, and now and then for the whole
// all the same.
func TestValidators(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &shop{answers: map[string]func(Validators) Fetched{office: conditional(event("a"))}}
		s.open(t, Options{}, hours())
		after(24 * time.Hour)
		whole := 0
		s.mu.Lock()
		sent := slices.Clone(s.sent[office])
		s.mu.Unlock()
		for _, v := range sent {
			if v == (Validators{}) {
				whole++
			}
		}
		if len(sent) < 80 || whole < 4 || whole > 5 {
			t.Errorf("of %d requests in a day %d were unconditional, want one in six hours", len(sent), whole)
		}
		// A server that lies: it says for ever that nothing has changed.
		s.on(office, func(v Validators) Fetched {
			if v != (Validators{}) {
				return Fetched{Result: metrics.Unchanged, Status: 304, Validators: v}
			}
			return body(event("b"))(v)
		})
		after(7 * time.Hour)
		s.is("hours", "fresh: b")
	})
}

// TestShrinking: a body without events, or with too few, has to be seen twice.
func TestShrinking(t *testing.T) {
	t.Parallel()
	full, half, none := []string{event("a"), event("b"), event("c"), event("d")}, []string{event("a")}, []string{}
	for _, c := range []struct {
		name   string
		guard  int
		bodies [][]string // of one attempt after the other, the last for ever
		want   []string   // after the first, after the second, after twenty minutes more
		result string
	}{
		{
			"for good", 0,
			[][]string{full, none},
			[]string{"fresh: a b c d", "stale: a b c d", "fresh:"},
			"ok=2 shrunk=1",
		},
		{
			"for a moment", 0,
			[][]string{full, none, full},
			[]string{"fresh: a b c d", "stale: a b c d", "fresh: a b c d"},
			"ok=1 shrunk=1 unchanged=1",
		},
		{
			"by three of four, unguarded", 0,
			[][]string{full, half},
			[]string{"fresh: a b c d", "fresh: a", "fresh: a"},
			"ok=2",
		},
		{
			"by three of four", 50,
			[][]string{full, half},
			[]string{"fresh: a b c d", "stale: a b c d", "fresh: a"},
			"ok=2 shrunk=1",
		},
		{
			"by less than the guard", 80,
			[][]string{full, half},
			[]string{"fresh: a b c d", "fresh: a", "fresh: a"},
			"ok=2",
		},
		{"from nothing", 0, [][]string{none, none}, []string{"fresh:", "fresh:", "fresh:"}, "ok=1 unchanged=1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				turn := 0
				s := &shop{answers: map[string]func(Validators) Fetched{office: func(v Validators) Fetched {
					events := c.bodies[min(turn, len(c.bodies)-1)]
					turn++
					return body(events...)(v)
				}}}
				s.open(t, Options{},
					hours(func(s *Subscription) { s.ShrinkGuard, s.Refresh = c.guard, 30*time.Minute }))
				s.is("hours", c.want[0])
				after(34 * time.Minute)
				s.is("hours", c.want[1])
				after(20 * time.Minute)
				s.is("hours", c.want[2])
				if got := s.results("hours"); !strings.HasPrefix(got, c.result) {
					t.Errorf("got %s, want %s", got, c.result)
				}
			})
		})
	}
}

// TestSharedFeed: one source is fetched once, however many ask; what differs in anything that a
// server could answer differently to is fetched apart; and each calendar reads it on its own terms.
func TestSharedFeed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &shop{answers: map[string]func(Validators) Fetched{
			office: body(event("a"), event("b")),
			"webcal" + strings.TrimPrefix(office, "https"): body(event("a"), event("b")),
		}}
		s.open(t, Options{},
			hours(),
			hours(func(s *Subscription) { s.Calendar = "same" }),
			hours(func(s *Subscription) {
				s.Calendar, s.Source.URL = "webcal", "webcal"+strings.TrimPrefix(office, "https")
			}),
			hours(func(s *Subscription) { s.Calendar, s.Limits.Events = "small", 1 }),
			hours(func(s *Subscription) {
				s.Calendar, s.Source.Username, s.Source.Password = "another", "me", "secret"
			}),
		)
		if n := s.times(office) + s.times("webcal"+strings.TrimPrefix(office, "https")); n != 2 {
			t.Errorf("fetched %d times, want once, and once with credentials", n)
		}
		for _, name := range []string{"hours", "same", "webcal", "another"} {
			s.is(name, "fresh: a b")
		}
		s.is("small", "unknown: it was never read")
		if err := s.store.Snapshot("small").Err; err == nil ||
			!strings.HasSuffix(err.Error(), "more than 1 events (limits.events)") {
			t.Errorf("got %v", err)
		}
		var names [][]string
		for _, f := range s.store.Feeds() {
			names = append(names, f.Calendars)
		}
		if diff := gocmp.Diff([][]string{{"another"}, {"hours", "same", "small", "webcal"}}, names); diff != "" {
			t.Error(diff)
		}
	})
}

// TestRestart: what was read survives the process, feeds down or not; a corrupt copy is set aside;
// the age goes on.
func TestRestart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	open := func(t *testing.T, answer func(Validators) Fetched, more ...*Subscription) *shop {
		s := &shop{answers: map[string]func(Validators) Fetched{office: answer}}
		s.open(t, Options{Dir: dir}, append([]*Subscription{hours()}, more...)...)
		return s
	}
	synctest.Test(t, func(t *testing.T) {
		s := open(t, conditional(event("a")))
		s.is("hours", "fresh: a")
		after(65 * time.Minute)
		s.stop()
		read := s.store.Snapshot("hours").Read
		if time.Since(read) > 17*time.Minute {
			t.Errorf("read %s ago, want that a 304 confirms it", time.Since(read))
		}

		down := open(t, failure(metrics.ServerError, "down"))
		down.is("hours", "fresh: a")
		if got := down.store.Snapshot("hours").Read; !got.Equal(read) {
			t.Errorf("read at %s, want %s as before", got, read)
		}
		after(time.Hour)
		down.is("hours", "stale: a")
		down.stop()
		late := open(t, failure(metrics.ServerError, "down"))
		late.is("hours", "stale: a") // an hour old, which it would not be if all had been well
		late.stop()

		files, err := filepath.Glob(filepath.Join(dir, "*", "*"))
		if err != nil || len(files) != 3 {
			t.Fatalf("got files %v, %v, want a copy, its events and a pointer", files, err)
		}
		for _, file := range files {
			info, err := os.Stat(file)
			if err != nil || info.Mode().Perm() != 0o600 || strings.Contains(file, "office") {
				t.Errorf("%s: %v, %v", file, info.Mode(), err)
			}
		}

		// A copy of long ago is kept as long as somebody asks for it.
		long := time.Now().AddDate(-1, 0, 0)
		used, stray := copyFile(t, dir), filepath.Join(dir, bodies, strings.Repeat("0", 64))
		if err := errors.Join(os.WriteFile(stray, nil, 0o600), os.Chtimes(stray, long, long),
			os.Chtimes(used.path, long, long)); err != nil {
			t.Fatal(err)
		}
		old := open(t, failure(metrics.ServerError, "down"))
		old.is("hours", "stale: a")
		old.stop()
		if _, err := os.Stat(stray); err == nil {
			t.Error("a copy that nobody has used for a year is still there")
		}

		for _, spoil := range []func([]byte) []byte{
			func(b []byte) []byte { return b[:len(b)-1] },
			func(b []byte) []byte { return bytes.Replace(b, []byte("UID:a"), []byte("UID:b"), 1) },
			func([]byte) []byte { return nil },
			func([]byte) []byte { return []byte("<html>\n") },
		} {
			copied := copyFile(t, dir)
			if err := os.WriteFile(copied.path, spoil(copied.content), 0o600); err != nil {
				t.Fatal(err)
			}
			broken := open(t, failure(metrics.ServerError, "down"))
			broken.is("hours", "unknown: it was never read")
			if log := broken.logged(); !strings.Contains(log, "it is set aside as") {
				t.Errorf("the log does not say so: %s", log)
			}
			if _, err := os.Stat(copied.path + corrupt); err != nil {
				t.Error(err)
			}
			broken.stop()
			if err := os.WriteFile(copied.path, copied.content, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// TestCleared: what a crash left half written is removed at the start, and not later, when
// something may be being written; copies that nobody uses are looked for once a day.
func TestCleared(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		put := func(name string) string {
			path, long := filepath.Join(dir, bodies, name), time.Now().AddDate(-1, 0, 0)
			if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, nil, 0o600),
				os.Chtimes(path, long, long)); err != nil {
				t.Fatal(err)
			}
			return path
		}
		isThere := func(path string) bool {
			_, err := os.Stat(path)
			return err == nil
		}
		half := put(durable.Partial + "1")
		var s shop
		s.open(t, Options{Dir: dir})
		if isThere(half) {
			t.Error("what was half written is still there after the start")
		}
		half, stray := put(durable.Partial+"2"), put(strings.Repeat("0", 64))
		s.store.Subscribe(nil)
		if !isThere(half) || !isThere(stray) {
			t.Error("a reload removes what is being written, or looks at all copies")
		}
		after(24 * time.Hour)
		s.store.Subscribe(nil)
		if !isThere(half) || isThere(stray) {
			t.Errorf("a day later: what is being written is there: %t; a copy that nobody uses is there: %t",
				isThere(half), isThere(stray))
		}
		s.stop()
	})
}

type keptFile struct {
	path    string
	content []byte
}

func copyFile(t *testing.T, dir string) keptFile {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, bodies, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if !strings.HasSuffix(file, corrupt) {
			content, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			return keptFile{file, content}
		}
	}
	t.Fatal("there is no copy")
	return keptFile{}
}

// TestOtherSource: a calendar whose address is another one keeps its events, marked stale, until
// that has answered well once; also across a restart.
func TestOtherSource(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	const reset = "https://calendar.example.com/reset.ics"
	moved := hours(func(s *Subscription) { s.Source.URL = reset })
	synctest.Test(t, func(t *testing.T) {
		s := &shop{answers: map[string]func(Validators) Fetched{office: body(event("a"))}}
		s.open(t, Options{Dir: dir}, hours())
		s.is("hours", "fresh: a")
		s.store.Subscribe([]*Subscription{moved})
		synctest.Wait()
		s.is("hours", "stale: a")
		after(3 * time.Hour)
		s.is("hours", "stale: a")
		s.stop()

		again := &shop{}
		again.open(t, Options{Dir: dir}, moved)
		again.is("hours", "stale: a")
		again.on(reset, body(event("b")))
		after(10 * time.Minute)
		again.is("hours", "fresh: b")
		again.stop()

		last := &shop{}
		last.open(t, Options{Dir: dir}, moved,
			hours(func(s *Subscription) { s.Calendar, s.Source.URL = "new", "https://calendar.example.com/new.ics" }))
		last.is("hours", "fresh: b")
		last.is("new", "unknown: it was never read") // and never what another calendar has
	})
}

// TestSubscribe: feeds that are asked for as before are neither fetched again nor forgotten.
func TestSubscribe(t *testing.T) {
	t.Parallel()
	const other = "https://calendar.example.com/other.ics"
	synctest.Test(t, func(t *testing.T) {
		s := &shop{answers: map[string]func(Validators) Fetched{office: body(event("a")), other: body(event("b"))}}
		s.open(t, Options{}, hours())
		second := &Subscription{Calendar: "second", Source: Source{URL: other}}
		s.store.Subscribe([]*Subscription{hours(), second})
		after(time.Minute)
		s.is("hours", "fresh: a")
		s.is("second", "fresh: b")
		if s.times(office) != 1 || s.times(other) != 1 {
			t.Errorf("asked %v", s.asked)
		}
		s.store.Subscribe([]*Subscription{second})
		after(time.Hour)
		if s.times(office) != 1 {
			t.Error("a feed that nobody asks for is fetched")
		}
		s.is("hours", "unknown: it was never read")
		s.store.Subscribe([]*Subscription{hours(func(s *Subscription) { s.Refresh = time.Minute }), second})
		after(10 * time.Minute)
		if n := s.times(office); n < 9 {
			t.Errorf("asked %d times in ten minutes, want each minute", n)
		}
	})
}

// TestReady waits for what is not known yet, and for no more.
func TestReady(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &shop{answers: map[string]func(Validators) Fetched{office: func(v Validators) Fetched {
			pass(3 * time.Second)
			return body(event("a"))(v)
		}}}
		s.open(t, Options{}, hours(),
			&Subscription{Calendar: "lost", Source: Source{URL: "https://calendar.example.com/lost.ics"}})
		short, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := s.store.Ready(short); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("after a second: got %v", err)
		}
		if err := s.store.Ready(t.Context()); err != nil || time.Since(s.begun) != 3*time.Second {
			t.Errorf("ready after %s: %v", time.Since(s.begun), err)
		}
		s.is("hours", "fresh: a")
		s.is("lost", "unknown: it was never read")
	})
	if err := NewStore(Options{Now: time.Now}).Ready(t.Context()); err != nil {
		t.Errorf("without subscriptions: %v", err)
	}
}

// TestExpiry: a copy that is older than expire_after is unknown and keeps its age, until it is
// confirmed. Then its user hears of it at once.
func TestExpiry(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &shop{answers: map[string]func(Validators) Fetched{office: body(event("a"))}}
		s.open(t, Options{}, hours(func(s *Subscription) { s.ExpireAfter = 2 * time.Hour }))
		s.on(office, failure(metrics.Timeout, "timeout"))
		after(2 * time.Hour)
		s.is("hours", "stale: a")
		after(time.Second)
		s.is("hours", "unknown: its copy is older than expire_after")
		if st := s.store.Feeds()[0]; st.State != Unknown || !st.Read.Equal(s.begun) {
			t.Errorf("got %s, read at %s, want unknown, read at %s", st.State, st.Read, s.begun)
		}
		before := s.told()
		after(2 * time.Hour)
		if got := s.told(); len(got) != len(before) {
			t.Errorf("changed is told of %q while the feed is down", got)
		}
		s.on(office, body(event("a")))
		after(2 * time.Hour)
		s.is("hours", "fresh: a")
		if got := s.told(); len(got) != len(before)+1 {
			t.Errorf("changed is told of %q, want hours once more", got)
		}
	})
}

// TestRefresh fetches now, whatever pause holds, and tells how that went.
func TestRefresh(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		busy := Fetched{
			Result: metrics.RateLimited, Status: 429, Busy: true, RetryAfter: 5 * time.Hour,
			Err: errors.New("429"),
		}
		s := &shop{answers: map[string]func(Validators) Fetched{office: func(Validators) Fetched { return busy }}}
		s.open(t, Options{}, hours())
		after(time.Minute)
		if st := s.store.Feeds()[0]; st.State != Unknown || st.Result != metrics.RateLimited ||
			time.Until(st.Next) < 4*time.Hour {
			t.Errorf("got %+v", st)
		}
		s.on(office, func(v Validators) Fetched {
			pass(time.Second)
			return body(event("a"))(v)
		})
		var both sync.WaitGroup
		for range 9 {
			both.Go(func() {
				st, err := s.store.Refresh(t.Context(), "hours")
				if err != nil || st.State != Fresh || st.Events != 1 {
					t.Errorf("got %+v, %v", st, err)
				}
			})
		}
		both.Wait()
		if n := s.times(office); n < 2 || n > 3 { // who comes while an attempt runs shares the next one
			t.Errorf("asked %d times, want once or twice more", n)
		}
		if _, err := s.store.Refresh(t.Context(), "huors"); err == nil ||
			err.Error() != `calendar "huors" is not known; did you mean "hours"?` {
			t.Errorf("got %v", err)
		}
		s.on(office, func(Validators) Fetched {
			pass(time.Hour)
			return busy
		})
		short, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := s.store.Refresh(short, "hours"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
	})
}

// TestSkew: a server whose clock is wrong, or who shows that ours is.
func TestSkew(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &shop{answers: map[string]func(Validators) Fetched{office: func(v Validators) Fetched {
			f := body(event("a"))(v)
			f.Skew = -5 * time.Minute
			return f
		}}}
		s.open(t, Options{}, hours())
		after(time.Hour)
		if n := strings.Count(s.logged(),
			`msg="a server's clock and ours differ; one of them is wrong" calendars=[hours] ahead=-5m0s`); n != 1 {
			t.Errorf("said %d times: %s", n, s.logged())
		}
		if st := s.store.Feeds()[0]; st.Skew != -5*time.Minute {
			t.Errorf("got %v", st.Skew)
		}
	})
}

// TestUnwritable: a disk that cannot be written costs what would survive a restart, and nothing
// else.
func TestUnwritable(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		s := &shop{answers: map[string]func(Validators) Fetched{office: body(event("a"))}}
		s.open(t, Options{Dir: filepath.Join(file, "state")}, hours())
		after(time.Hour)
		s.is("hours", "fresh: a")
		if n := strings.Count(s.logged(), "copies of feeds cannot be kept"); n == 0 || n > 2 {
			t.Errorf("said %d times: %s", n, s.logged())
		}
		if n := testutil.ToFloat64(collector{s.registry, "callhours_state_write_failures_total"}); n < 2 {
			t.Errorf("counted %v", n)
		}
	})
}

// collector is one metric of a registry, for testutil.ToFloat64.
type collector struct {
	registry *prometheus.Registry
	name     string
}

func (c collector) Describe(ch chan<- *prometheus.Desc) { prometheus.DescribeByCollect(c, ch) }

func (c collector) Collect(ch chan<- prometheus.Metric) {
	families, err := c.registry.Gather()
	for _, f := range families {
		if f.GetName() == c.name && err == nil {
			ch <- prometheus.MustNewConstMetric(prometheus.NewDesc(c.name, "", nil, nil), prometheus.CounterValue,
				f.GetMetric()[0].GetCounter().GetValue())
		}
	}
}

// TestConcurrent changes subscriptions, asks and refreshes while feeds are fetched.
func TestConcurrentStore(t *testing.T) {
	t.Parallel()
	s := &shop{answers: map[string]func(Validators) Fetched{}}
	var list []*Subscription
	for i := range 30 {
		url := fmt.Sprintf("https://%d.example.com/a.ics", i%7)
		s.answers[url] = body(event("a"))
		list = append(list,
			&Subscription{Calendar: fmt.Sprint(i), Source: Source{URL: url}, ShrinkGuard: i % 3, Refresh: time.Minute})
	}
	s.begun, s.asked, s.sent = time.Now(), map[string][]time.Duration{}, map[string][]Validators{}
	store := NewStore(Options{
		Fetch: s.fetch, Dir: t.TempDir(), Log: slog.New(slog.DiscardHandler), Now: time.Now,
		Changed: func(string) {},
	})
	store.Subscribe(list)
	ctx, cancel := context.WithCancel(t.Context())
	var all sync.WaitGroup
	all.Go(func() { store.Run(ctx) })
	var workers sync.WaitGroup
	for i := range 4 {
		workers.Go(func() {
			for j := range 20 {
				switch i {
				case 0:
					store.Subscribe(list[j%10:])
				case 1:
					store.Feeds()
				default:
					if j >= 10 { // more would have to wait
						break
					}
					if _, err := store.Refresh(ctx, fmt.Sprint(29-j)); err != nil {
						t.Error(err)
					}
				}
				store.Snapshot(fmt.Sprint(j))
			}
		})
	}
	workers.Go(func() {
		if err := store.Ready(ctx); err != nil {
			t.Error(err)
		}
	})
	workers.Wait()
	cancel()
	all.Wait()
}
