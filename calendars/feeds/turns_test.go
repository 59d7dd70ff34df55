package feeds

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/callhours/callhours/metrics"

	"github.com/callhours/callhours/internal/growth"
)

// many makes calendars of an owner, each with a feed of its own.
func many(owner, url string, n int) (list []*Subscription) {
	for i := range n {
		list = append(list, &Subscription{
			Calendar: fmt.Sprintf("%s/%d", owner, i),
			Source:   Source{URL: strings.ReplaceAll(url, "#", fmt.Sprint(i)), Owner: owner},
		})
	}
	return list
}

// enough is what a host says that has had enough.
func enough(after time.Duration) Fetched {
	return Fetched{
		Result: metrics.RateLimited, Status: http.StatusTooManyRequests, Busy: true, RetryAfter: after,
		Err: errors.New("429"),
	}
}

// gapsOf are the whole minutes between an owner's attempts at a URL.
func (s *shop) gapsOf(owner, url string) (minutes []int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	at := s.attempts[Source{Owner: owner, URL: url}.Key()]
	for i := 1; i < len(at); i++ {
		minutes = append(minutes, int((at[i] - at[i-1]).Minutes()))
	}
	return minutes
}

// TestPausesOfOwners: what a host tells one owner holds for all feeds of that owner there, and for
// nobody else's, unless most owners are told.
func TestPausesOfOwners(t *testing.T) {
	t.Parallel()
	const url = "https://calendar.example.com/#.ics"
	names := []string{"a", "b", "c", "d", "e"}
	for _, c := range []struct {
		told int // owners
		want []int
	}{
		{0, []int{15, 16}},
		{1, []int{15, 16}},
		{2, []int{15, 16}},
		{3, []int{15, 33}},
	} {
		t.Run(fmt.Sprint(c.told), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var list []*Subscription
				for _, name := range names {
					list = append(list, many(name, url, 2)...)
				}
				var told atomic.Bool
				s := &shop{fetched: func(source Source, v Validators) Fetched {
					if told.Load() && slices.Contains(names[:c.told], source.Owner) &&
						strings.HasSuffix(source.URL, "0.ics") {
						return enough(5 * time.Hour)
					}
					return body(event("a"))(v)
				}}
				s.open(t, Options{}, list...)
				told.Store(true)
				after(4 * time.Hour)
				for i, name := range names {
					for _, one := range []string{"0", "1"} {
						gaps := s.gapsOf(name, strings.ReplaceAll(url, "#", one))
						if i < c.told {
							if len(gaps) > 1 {
								t.Errorf("%s/%s was asked after %v minutes, want a pause", name, one, gaps)
							}
							continue
						}
						if len(gaps) < 7 || slices.Min(gaps) < c.want[0] || slices.Max(gaps) > c.want[1] {
							t.Errorf("%s/%s was asked after %v minutes, want from %d to %d", name, one, gaps, c.want[0],
								c.want[1])
						}
					}
				}
			})
		})
	}
}

// TestTurns: an owner's many feeds of a host, hanging or not, keep those of others waiting for a
// turn and no longer.
func TestTurns(t *testing.T) {
	t.Parallel()
	const url = "https://calendar.example.com/#.ics"
	hang := func(source Source, v Validators) Fetched {
		if source.Owner == "evil" {
			pass(30 * time.Second)
			return Fetched{Result: metrics.Timeout, Err: errors.New("timeout")}
		}
		return body(event("a"))(v)
	}
	at := func(s *shop, owner string) time.Duration {
		s.mu.Lock()
		defer s.mu.Unlock()
		if list := s.attempts[Source{Owner: owner, URL: strings.ReplaceAll(url, "#", "0")}.Key()]; len(list) > 0 {
			return list[0]
		}
		return time.Hour
	}
	for _, c := range []struct {
		name    string
		fetched func(Source, Validators) Fetched
		pace    map[string]int
		want    time.Duration
	}{
		{"that hang", hang, nil, 2 * slowAttempt},
		{"so many a minute", func(_ Source, v Validators) Fetched {
			return body(event("a"))(v)
		}, map[string]int{"calendar.example.com": 10}, 20 * time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := &shop{fetched: c.fetched}
				s.open(t, Options{PerMinute: c.pace},
					append(many("evil", url, 300), append(many("good", url, 1), many("", url, 1)...)...)...)
				after(2 * time.Minute)
				for _, owner := range []string{"good", ""} {
					if got := at(s, owner); got > c.want {
						t.Errorf("the feed of %q was asked after %s, want %s at most", owner, got, c.want)
					}
				}
				after(2 * time.Hour)
				s.mu.Lock()
				defer s.mu.Unlock()
				if len(s.attempts) != 302 {
					t.Errorf("%d feeds were asked, want all", len(s.attempts))
				}
			})
		})
	}
}

// TestOwnersAtOnce: a tenant whose feeds all hang, each on a host of its own, has its part of the
// attempts and not those of others; nor does it keep files from being read.
func TestOwnersAtOnce(t *testing.T) {
	if growth.UnderRace {
		t.Skip("it runs in one goroutine for long; the run without the race detector has it")
	}
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var list []*Subscription
		for _, owner := range []string{"", "e1", "e2", "e3", "e4", "e5", "e6", "e7", "e8", "e9"} {
			list = append(list, many(owner, "https://"+owner+"#.example.com/", 600)...)
		}
		running, most := map[string]int{}, map[string]int{}
		s := &shop{}
		s.fetched = func(source Source, v Validators) Fetched {
			if source.Owner == "good" {
				return body(event("a"))(v)
			}
			s.mu.Lock()
			running[source.Owner]++
			most[source.Owner] = max(most[source.Owner], running[source.Owner])
			s.mu.Unlock()
			pass(30 * time.Second)
			s.mu.Lock()
			running[source.Owner]--
			s.mu.Unlock()
			return Fetched{Result: metrics.Timeout, Err: errors.New("timeout")}
		}
		s.open(t, Options{}, append(list, many("good", "https://good.example.com/#", 3)...)...)
		after(31 * time.Second)
		for i := range 3 {
			s.is(fmt.Sprintf("good/%d", i), "fresh: a")
		}
		after(2 * time.Hour)
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.most > allAttempts {
			t.Errorf("%d attempts at a time, want %d at most", s.most, allAttempts)
		}
		for owner, n := range most {
			if limit := newOwner(owner).maxRunning; n > limit {
				t.Errorf("%d attempts of %q at a time, want %d at most", n, owner, limit)
			}
		}
		if len(s.attempts) != 6003 {
			t.Errorf("%d feeds were asked, want all", len(s.attempts))
		}
	})
}

// TestOwnersProperty lets two owners ask for the same URLs of servers that answer one of them at
// random: bodies, errors and pauses of that one never show at the other, whose feeds are asked as
// if it were alone.
func TestOwnersProperty(t *testing.T) {
	t.Parallel()
	for seed := range uint64(20) {
		synctest.Test(t, func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 16))
			const url = "https://calendar.example.com/#.ics"
			var mu sync.Mutex
			s := &shop{fetched: func(source Source, v Validators) Fetched {
				if source.Owner == "good" {
					return conditional(event("good"))(v)
				}
				mu.Lock()
				n, wait := random.IntN(7), time.Duration(random.IntN(8))*time.Hour
				mu.Unlock()
				switch n {
				case 0:
					return enough(min(wait, maxRetryAfter))
				case 1:
					pass(30 * time.Second)
					return Fetched{Result: metrics.Timeout, Err: errors.New("evil's: timeout")}
				case 2:
					return Fetched{
						Result: metrics.NotFound, Status: 404, RetryAfter: min(wait, maxRetryAfter),
						Err: errors.New("evil's: 404"),
					}
				case 3:
					return Fetched{Result: metrics.Unchanged, Status: 304, Validators: v, MaxAge: wait}
				case 4:
					return Fetched{Result: metrics.OK, Status: 200, Body: []byte("BEGIN:VCALENDAR"), Skew: wait}
				}
				return body(event("evil"))(v)
			}}
			list := append(many("evil", url, 9), many("good", url, 3)...)
			s.open(t, Options{Dir: t.TempDir()}, list...)
			for hour := range 12 {
				after(time.Hour)
				for i := range 3 {
					name := fmt.Sprintf("good/%d", i)
					s.is(name, "fresh: good")
					if gaps := s.gapsOf("good", strings.ReplaceAll(url, "#", fmt.Sprint(i))); len(gaps) < 3*hour ||
						slices.Max(append(gaps, 0)) > 16 {
						t.Errorf("seed %d: %s was asked after %v minutes, want every quarter of an hour", seed, name,
							gaps)
					}
				}
				for _, f := range s.store.Feeds() {
					if strings.HasPrefix(f.Calendars[0], "good/") &&
						(f.Err != nil || f.Skew != 0 || f.Failed > 0 || time.Until(f.Next) > 17*time.Minute) {
						t.Errorf("seed %d: %+v", seed, f)
					}
				}
				if hour == 5 {
					s.store.Subscribe(list)
				}
			}
			s.stop()
		})
	}
}

// TestRefreshBounded: however often people ask for a feed, its server is asked every ten seconds at
// most; too many requests are turned away; and feeds that hang while they are asked for by hand
// keep no others waiting.
func TestRefreshBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const url = "https://calendar.example.com/#.ics"
		s := &shop{fetched: func(_ Source, v Validators) Fetched { return body(event("a"))(v) }}
		s.open(t, Options{}, many("acme", url, 1)...)
		began := time.Now()
		for range manualBurst + 6 {
			if _, err := s.store.Refresh(t.Context(), "acme/0"); err != nil {
				t.Fatal(err)
			}
		}
		if got := time.Since(began); got != 6*manualInterval {
			t.Errorf("it took %s, want %d at once and six more, ten seconds apart", got, manualBurst)
		}
		s.stop()

		hung := &shop{fetched: func(source Source, v Validators) Fetched {
			if source.Owner == "evil" {
				pass(30 * time.Second)
				return Fetched{Result: metrics.Timeout, Err: errors.New("timeout")}
			}
			return body(event("a"))(v)
		}}
		hung.open(t, Options{}, append(many("evil", url, 2), many("good", url, 5)...)...)
		var all sync.WaitGroup
		var turnedAway atomic.Int32
		for i := range 100 {
			all.Go(func() {
				for range 50 {
					if _, err := hung.store.Refresh(t.Context(), fmt.Sprintf("evil/%d", i%2)); errors.Is(err,
						ErrManyWait) {
						turnedAway.Add(1)
						pass(time.Minute)
					} else if err != nil {
						t.Error(err)
					}
				}
			})
		}
		after(time.Hour)
		if n := turnedAway.Load(); n < 2*(50-manualWaiters) {
			t.Errorf("%d requests were turned away, want all beyond %d of each feed", n, manualWaiters)
		}
		for i := range 5 {
			hung.is(fmt.Sprintf("good/%d", i), "fresh: a")
			if gaps := hung.gapsOf("good", strings.ReplaceAll(url, "#", fmt.Sprint(i))); len(gaps) < 3 ||
				slices.Max(gaps) > 16 {
				t.Errorf("good/%d was asked after %v minutes", i, gaps)
			}
		}
		all.Wait()
		hung.stop()
	})
}

// TestTellingHoldsNobodyUp: what it takes to use an owner's calendars keeps no other feed or file
// from being asked, read and told of.
func TestTellingHoldsNobodyUp(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		const n = fileReaders + tenantAttempts // more than may be read or asked at a time
		list := many("evil", "https://calendar.example.com/#.ics", n)
		for i := range n {
			name := filepath.Join(dir, fmt.Sprint(i, ".ics"))
			if err := os.WriteFile(name, body(event("a"))(Validators{}).Body, 0o600); err != nil {
				t.Fatal(err)
			}
			list = append(list,
				&Subscription{Calendar: fmt.Sprint("evil/file", i), File: name, Source: Source{Owner: "evil"}})
		}
		list = append(list, many("acme", "https://calendar.example.com/acme#.ics", 1)...)
		list = append(list,
			&Subscription{Calendar: "acme/file", File: filepath.Join(dir, "0.ics"), Source: Source{Owner: "acme"}})
		used := make(chan struct{})
		s := &shop{
			fetched: func(_ Source, v Validators) Fetched { return body(event("a"))(v) },
			use: func(name string) {
				if strings.HasPrefix(name, "evil/") {
					<-used
				}
			},
		}
		s.open(t, Options{}, list...)
		after(time.Minute)
		s.mu.Lock()
		told := len(s.changed)
		for _, name := range []string{"acme/0", "acme/file"} {
			if !slices.Contains(s.changed, name) {
				t.Errorf("%s is not told of", name)
			}
		}
		s.mu.Unlock()
		if told != len(list) {
			t.Errorf("%d of %d are told of", told, len(list))
		}
		if err := s.store.Ready(canceled(t)); err == nil {
			t.Error("it is ready before its calendars are used")
		}
		close(used)
		after(time.Minute)
		if err := s.store.Ready(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// canceled is a context that has ended.
func canceled(t *testing.T) context.Context {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}
