package server

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/callhours/callhours/internal/contain"
)

// TestFairly: the operator's work is done first, then that of whoever has used least time, whatever
// their number and order.
func TestFairly(t *testing.T) {
	t.Parallel()
	type piece struct {
		owner string
		takes time.Duration
	}
	many := func(owner string, n int, takes time.Duration) []piece {
		return slices.Repeat([]piece{{owner, takes}}, n)
	}
	var crowd []piece
	for i := range 100 {
		crowd = append(crowd, piece{fmt.Sprintf("t%d", i), 1})
	}
	for name, c := range map[string]struct {
		pieces []piece
		want   map[string]time.Duration // when the last piece of an owner is done, at the latest
	}{
		"many before one": {
			slices.Concat(many("evil", 5000, 10), many("good", 1, 1)),
			map[string]time.Duration{"good": 11},
		},
		"heavy before light": {
			slices.Concat(many("evil", 50, 1000), many("good", 50, 1)),
			map[string]time.Duration{"good": 1050},
		},
		"the operator's last": {slices.Concat(many("evil", 9, 10), many("", 9, 7)), map[string]time.Duration{"": 63}},
		"one among many": {
			slices.Concat(many("evil", 500, 10), crowd),
			map[string]time.Duration{"t0": 11, "t99": 110},
		},
		"nothing":   {nil, nil},
		"one alone": {many("good", 3, 1), map[string]time.Duration{"good": 3}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFairQueue(len(c.pieces), func(i int) string { return c.pieces[i].owner })
			now, done, seen := time.Duration(0), map[string]time.Duration{}, map[int]bool{}
			last := map[string]int{}
			for range c.pieces {
				s, i := f.take()
				if p := c.pieces[i]; seen[i] || s.owner != p.owner || last[p.owner] > i {
					t.Fatalf("piece %d of %q is taken for %q, after piece %d", i, p.owner, s.owner, last[p.owner])
				}
				seen[i], last[s.owner] = true, i
				now += c.pieces[i].takes
				f.finish(s, c.pieces[i].takes)
				done[s.owner] = now
			}
			for owner, want := range c.want {
				if done[owner] > want {
					t.Errorf("%q is done after %d, want %d", owner, done[owner], want)
				}
			}
		})
	}
}

// TestEachFairly: each piece is done once, on whatever many processors.
func TestEachFairly(t *testing.T) {
	t.Parallel()
	const n = 1000
	var mu sync.Mutex
	done := map[int]int{}
	eachByOwner(n, func(i int) string { return fmt.Sprint(i % 7) }, time.Now, func(i int) {
		mu.Lock()
		defer mu.Unlock()
		done[i]++
	})
	for i := range n {
		if done[i] != 1 {
			t.Errorf("piece %d is done %d times", i, done[i])
		}
	}
}

// TestEachHalf: pieces of one tenant are in work on half of the processors at a time, whatever else
// is left, and on as many as there are if they are the operator's. One that panics keeps none of the
// others from being done.
func TestEachHalf(t *testing.T) {
	processors := runtime.GOMAXPROCS(4)
	defer runtime.GOMAXPROCS(processors)
	for _, c := range []struct {
		owners []string
		most   int
	}{{[]string{"evil"}, 2}, {[]string{"evil", "good"}, 2}, {[]string{""}, 4}} {
		const n = 60
		owner := func(i int) string { return c.owners[min(i%10, len(c.owners)-1)] }
		var mu sync.Mutex // guards the following
		inWork, most, done := map[string]int{}, map[string]int{}, 0
		enter := func(i, by int) {
			mu.Lock()
			defer mu.Unlock()
			inWork[owner(i)] += by
			most[owner(i)] = max(most[owner(i)], inWork[owner(i)])
		}
		err := contain.Do(func() error {
			eachByOwner(n, owner, time.Now, func(i int) {
				enter(i, 1)
				for range 100 {
					runtime.Gosched()
				}
				enter(i, -1)
				mu.Lock()
				done++
				mu.Unlock()
				if i == 7 {
					panic("7")
				}
			})
			return nil
		})
		if err == nil || done != n {
			t.Errorf("%v: %d are done, and %v", c.owners, done, err)
		}
		for _, owner := range c.owners {
			if most[owner] > c.most {
				t.Errorf("%v: %d pieces of %q at a time, want %d", c.owners, most[owner], owner, c.most)
			}
		}
	}
}

// TestAnsweredEarly: at a start a tenant's calls are answered when its own routes are compiled.
// What is not compiled yet is said to be starting, and never that there is no such route.
func TestAnsweredEarly(t *testing.T) {
	t.Parallel()
	evil := "tenant: {name: evil}\nroutes:\n"
	const routes = 200
	for i := range routes {
		evil += fmt.Sprintf(
			"  - {name: r%03d, branches: [{name: closed, callflow: '{\"module\":\"tts\",\"data\":{\"text\":\"e\"}}'}]}\n", i)
	}
	g, err := load(t, head+"include: [tenants/*.yaml]\n", map[string]string{
		"tenants/evil.yaml": evil, "tenants/good.yaml": says("good", "1", ""),
	})
	if err != nil {
		t.Fatal(err)
	}
	w := &world{registry: prometheus.NewRegistry(), log: &buffer{}, now: monday}
	var mu sync.Mutex // guards the following
	seen := map[string]int{}
	ask := func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		if w.Server == nil {
			return monday
		}
		said := ""
		for _, path := range []string{"/good/main", "/evil/r199", "/evil/none", "/none"} {
			said += fmt.Sprint(w.call(post(path)).StatusCode, " ")
		}
		seen[said]++
		return monday
	}
	w.start(t, Options{Generation: g, RealNow: ask})
	w.calls.passing = w.clock
	if got := w.call(post("/good/main")).StatusCode; got != 503 {
		t.Errorf("before the start: got %d, want 503", got)
	}
	w.Start()
	for said, n := range seen {
		switch said {
		case "503 503 404 404 ", "200 503 404 404 ", "200 200 404 404 ":
		default:
			t.Errorf("%d times: got %s", n, said)
		}
	}
	// How often depends on the other processor, which may be slow with good's.
	if seen["200 503 404 404 "] == 0 {
		t.Errorf("good is not answered before evil's last route: %v", seen)
	}
	if got, ready := w.call(post("/evil/r199")).StatusCode, w.calls.early.Load(); got != 200 || ready != nil {
		t.Errorf("after the start: got %d", got)
	}
	if text := body(t, w.call(post("/good/main"))); !strings.Contains(text, `"1"`) {
		t.Errorf("got %s", text)
	}
}
