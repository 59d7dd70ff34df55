package feeds

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/callhours/callhours/metrics"
)

// visitors is a Store whose feeds at away.example are redirected to home.example.
type visitors struct {
	store  *Store
	visits func(ctx context.Context, owner string) Fetched // what happens at home.example after a redirect

	mu      sync.Mutex
	asked   map[string][]time.Duration // at home.example, by owner, since begun
	running int
	most    int
}

func (v *visitors) open(t *testing.T, perMinute map[string]int, list ...*Subscription) {
	t.Helper()
	m, err := metrics.New(prometheus.NewRegistry(), metrics.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var configured metrics.Configured
	for _, sub := range list {
		configured.Calendars = append(configured.Calendars, metrics.Calendar{Name: sub.Calendar})
	}
	m.Configure(configured)
	v.asked = map[string][]time.Duration{}
	begun := time.Now()
	v.store = NewStore(Options{
		Now: time.Now, Metrics: m, Log: slog.New(slog.DiscardHandler), PerMinute: perMinute, Changed: func(string) {},
		Fetch: func(ctx context.Context, source Source, validators Validators) Fetched {
			if strings.Contains(source.URL, "away") {
				if pause, err := leasesOf(ctx).place.move(ctx, "home.example"); err != nil || pause > 0 {
					return Fetched{Result: metrics.Timeout, Err: fmt.Errorf("%w, pause %v", err, pause)}
				}
			}
			v.mu.Lock()
			v.asked[source.Owner] = append(v.asked[source.Owner], time.Since(begun))
			v.running++
			v.most = max(v.most, v.running)
			v.mu.Unlock()
			defer func() {
				v.mu.Lock()
				v.running--
				v.mu.Unlock()
			}()
			if strings.Contains(source.URL, "away") {
				return v.visits(ctx, source.Owner)
			}
			return body(event("a"))(validators)
		},
	})
	v.store.Subscribe(list)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		v.store.Run(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		<-ended
	})
	synctest.Wait()
}

func failsAfter(d time.Duration) func(context.Context, string) Fetched {
	return func(context.Context, string) Fetched {
		pass(d)
		return Fetched{Result: metrics.ServerError, Err: errors.New("503")}
	}
}

// TestRedirectsTakePlaces: what redirects lead to a host takes its places and its pace, in turns of
// owners, as if it had been asked first.
func TestRedirectsTakePlaces(t *testing.T) {
	t.Parallel()
	const home, away = "https://home.example/#", "https://away#.example/"
	for _, c := range []struct {
		name      string
		pace      map[string]int
		visits    func(context.Context, string) Fetched
		most      int           // at once, at home
		perMinute int           // at home
		good      time.Duration // until good's is asked
	}{
		{"with a pace", map[string]int{"home.example": 30}, failsAfter(100 * time.Millisecond), 1, 30, 5 * time.Second},
		{"without one", nil, failsAfter(time.Second), hostAttempts, 60 * hostAttempts, 2 * time.Second},
		{"that are slow", nil, failsAfter(time.Hour), 64, 60 * hostAttempts, 2 * slowAttempt},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				v := &visitors{visits: c.visits}
				v.open(t, c.pace, append(many("evil", away, 600), many("good", home, 1)...)...)
				after(time.Minute)
				v.mu.Lock()
				defer v.mu.Unlock()
				if n := len(v.asked["evil"]) + len(v.asked["good"]); n > c.perMinute+2*hostAttempts || n < min(c.perMinute/2, 60) {
					t.Errorf("%d requests in a minute, want %d", n, c.perMinute)
				}
				if v.most > c.most+1 { // one of good's
					t.Errorf("%d at once, want %d", v.most, c.most)
				}
				if at := v.asked["good"]; len(at) == 0 || at[0] > c.good {
					t.Errorf("good's was asked at %v, want within %v", at, c.good)
				}
			})
		})
	}
}

// TestRedirectsOfAll: where all attempts that may run wait for a place to which they were
// redirected, they get it one after the other.
func TestRedirectsOfAll(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		v := &visitors{visits: failsAfter(time.Millisecond)}
		var list []*Subscription
		for _, owner := range []string{"", "a", "b"} {
			list = append(list, many(owner, "https://away"+owner+"#.example/", 600)...)
			list = append(list, many(owner, "https://home.example/"+owner+"#", 100)...)
		}
		for i, sub := range list { // names of calendars are of one owner each
			sub.Calendar += fmt.Sprint("-", i)
		}
		v.open(t, map[string]int{"home.example": 6000}, list...)
		after(2 * time.Minute)
		v.mu.Lock()
		defer v.mu.Unlock()
		for _, owner := range []string{"", "a", "b"} {
			if n := len(v.asked[owner]); n < 700 {
				t.Errorf("owner %q: %d requests, want all 700", owner, n)
			}
		}
		if n := v.store.scheduler.hosts["home.example"].running; n != 0 {
			t.Errorf("%d places are still taken", n)
		}
	})
}

// TestVisits: a host that nobody has feeds at is not waited for, one that asked for a pause is not
// asked, and a visit that is given up leaves no trace.
func TestVisits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		v := &visitors{visits: failsAfter(time.Millisecond)}
		v.open(t, nil, many("good", "https://home.example/#", 1)...)
		s := v.store
		evil, h := newOwner("evil"), s.scheduler.hosts["home.example"]
		place := func() *hostPlace {
			p := &hostPlace{store: s, subject: "test", owner: evil}
			s.mu.Lock()
			own := &host{running: 1}
			s.mu.Unlock()
			p.hold(own)
			return p
		}
		if pause, err := place().move(t.Context(), "other.example"); pause != 0 || err != nil || s.scheduler.hosts["other.example"] != nil {
			t.Errorf("another host: %v, %v", pause, err)
		}
		s.mu.Lock()
		h.running = hostAttempts
		s.mu.Unlock()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if _, err := place().move(ctx, "home.example"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("without a place: %v", err)
		}
		s.mu.Lock()
		h.running = 0
		waiting := len(h.share(evil).visits)
		s.mu.Unlock()
		p := place()
		if pause, err := p.move(t.Context(), "home.example"); pause != 0 || err != nil || waiting != 0 {
			t.Errorf("with a place: %v, %v, %d wait", pause, err, waiting)
		}
		s.mu.Lock()
		taken := h.running
		h.share(evil).pausedUntil = time.Now().Add(time.Hour)
		s.mu.Unlock()
		p.leave()
		if pause, err := place().move(t.Context(), "home.example"); pause != time.Hour || err != nil || taken != 1 {
			t.Errorf("in a pause: %v, %v; %d places were taken", pause, err, taken)
		}
		if h.running != 0 {
			t.Errorf("%d places are still taken", h.running)
		}
	})
}

// TestRedirectWaits: an attempt waits before it follows a redirect, its time begins anew then, and a
// host that asked for a pause is not asked.
func TestRedirectWaits(t *testing.T) {
	t.Parallel()
	home, away := newFaultServer(t), newFaultServer(t)
	home.on("/feed", answerRedirect(302, away.URL+"/feed"))
	away.on("/feed", answerBody(small))
	f := newTestFetcher(t, FetcherOptions{Timeout: 2 * time.Second})
	name := strings.TrimPrefix(away.URL, "http://")
	s := NewStore(Options{Now: time.Now, Fetch: f.Fetch, PerMinute: map[string]int{name: 1000}})
	fetch := func() Fetched {
		l := s.newLeases(newOwner("acme"))
		l.place = &hostPlace{store: s, subject: "test", owner: newOwner("acme")}
		s.mu.Lock()
		l.place.hold(&host{running: 1})
		s.mu.Unlock()
		defer l.place.leave()
		return f.Fetch(withLeases(t.Context(), l), Source{URL: home.URL + "/feed"}, Validators{})
	}
	s.mu.Lock()
	h := s.scheduler.hostNamed(name)
	h.running = hostAttempts
	s.mu.Unlock()
	ended := make(chan Fetched)
	go func() { ended <- fetch() }()
	<-time.After(3 * time.Second) // longer than an attempt may take
	if n := len(away.asked("/feed")); n != 0 {
		t.Errorf("%d requests without a place", n)
	}
	s.releaseHost(h)
	s.due()
	if got := <-ended; got.Result != metrics.OK || len(away.asked("/feed")) != 1 {
		t.Errorf("got %s, %v after %d requests", got.Result, got.Err, len(away.asked("/feed")))
	}
	s.mu.Lock()
	h.pausedUntil = time.Now().Add(time.Hour)
	s.mu.Unlock()
	got := fetch()
	if got.Result != metrics.RateLimited || got.RetryAfter < 59*time.Minute || got.Busy || !strings.HasSuffix(got.Err.Error(),
		": the host requested a pause that is not over; the feed is fetched later") || len(away.asked("/feed")) != 1 {
		t.Errorf("in a pause: %s, %v, %v", got.Result, got.RetryAfter, got.Err)
	}
}
