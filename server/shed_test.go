package server

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestOwnTurns: calls of one tenant wait for one another, and those beyond half of all places for
// nothing.
func TestOwnTurns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := newOwner(true)
		ctx, end := context.WithCancel(t.Context())
		for range cap(o.places) {
			if !o.enter() || !o.take(ctx, nil) {
				t.Fatal("a place that is free is not given")
			}
		}
		began := time.Now()
		if !o.enter() || o.take(ctx, nil) || time.Since(began) != ownWait {
			t.Errorf("a place that is taken: waited %v", time.Since(began))
		}
		got := make(chan bool)
		go func() { got <- o.take(ctx, nil) }()
		synctest.Wait()
		o.giveBack()
		if !<-got {
			t.Error("who waits does not get the place that is free again")
		}
		go func() { got <- o.take(ctx, nil) }()
		synctest.Wait()
		end()
		if <-got {
			t.Error("who has hung up gets a place")
		}
		o.inside.Store(o.most)
		if o.enter() || o.inside.Load() != o.most {
			t.Error("who finds too many is one of them")
		}
		operators := newOwner(false)
		if operators.giveBack(); !operators.enter() || !operators.take(ctx, nil) {
			t.Error("the operator's routes wait")
		}
	})
}

// twoTenants are a world of two tenants and the operator, each with the routes main and other.
func twoTenants(t testing.TB) (w *world, owners map[string]*owner, call func(route string) *http.Request) {
	t.Helper()
	const oneCallflow = "{name: main, branches: [{name: open, callflow: '{\"module\": \"hangup\"}'}]}"
	account := map[string]string{"acme": strings.Repeat("a", 32), "good": strings.Repeat("b", 32)}
	files := map[string]string{}
	for name, id := range account {
		files[name+".yaml"] = "tenant: {name: " + name + ", account: [" + id + "]}\nroutes: [" + oneCallflow + ", " +
			strings.Replace(oneCallflow, "main", "other", 1) + "]\n"
	}
	w = started(t, "include: [acme.yaml, good.yaml]\nroutes: ["+oneCallflow+"]\n", files)
	owners = map[string]*owner{}
	for i := range w.live.Load().served {
		at := &w.live.Load().served[i]
		owners[at.Name] = at.owner
	}
	return w, owners, func(route string) *http.Request {
		tenant, _, _ := strings.Cut(route, "/")
		return post("/"+route, "Account-ID", account[tenant])
	}
}

// TestOwnCalls: while all places of a tenant are taken, its calls get 503, and those of others
// their answers. The log says whose are refused and why.
func TestOwnCalls(t *testing.T) {
	t.Parallel()
	w, owners, call := twoTenants(t)
	evil := owners["acme/main"]
	if evil != owners["acme/other"] || owners["good/main"] == evil || owners["main"] == evil ||
		owners["main"].places != nil {
		t.Fatalf("routes have the owners of others: %v", owners)
	}
	ask := func(route string, want int) {
		t.Helper()
		got := w.call(call(route))
		if got.StatusCode != want || got.Header.Get("Retry-After") != "" {
			t.Errorf("%s: got %d, want %d without Retry-After", route, got.StatusCode, want)
		}
	}
	evil.inside.Store(evil.most)
	evil.pause = 0
	ask("acme/main", 503)
	ask("acme/other", 503)
	ask("good/main", 200)
	ask("main", 200)
	if log := w.log.String(); strings.Count(log, `"tenant":"acme","reason":"tenant_busy"`) != 1 ||
		strings.Contains(log, "acme/other") || strings.Contains(log, overload) {
		t.Errorf("want one line about the tenant, got %s", log)
	}
	evil.inside.Store(0)
	for range 2 * cap(evil.places) { // each gives its place back
		ask("acme/main", 200)
	}
	if n := evil.inside.Load() + int64(len(evil.places)); n != 0 {
		t.Errorf("%d places are not given back", n)
	}
	w.metric(t, "# HELP callhours_shed_calls_total Calls refused with 503 because of overload.\n"+
		"# TYPE callhours_shed_calls_total counter\ncallhours_shed_calls_total 2\n", "callhours_shed_calls_total")
	w.metric(t,
		"# HELP callhours_tenant_shed_calls_total Calls refused with 503 because their tenant's calls are too many "+
			"or too slow; also in shed_calls_total.\n# TYPE callhours_tenant_shed_calls_total counter\n"+
			"callhours_tenant_shed_calls_total{tenant=\"acme\"} 2\ncallhours_tenant_shed_calls_total{tenant=\"good\"} 0\n",
		"callhours_tenant_shed_calls_total")
}

// TestCrowdOfOneTenant: however many calls of a tenant wait to be refused, they keep no others from
// connecting.
func TestCrowdOfOneTenant(t *testing.T) {
	t.Parallel()
	w, owners, call := twoTenants(t)
	evil := owners["acme/main"]
	evil.pause = time.Hour
	evil.inside.Store(evil.most)
	const most = 8
	address := serveCalls(t, w.Calls(), most)
	dial := func() (net.Conn, func(route string) (status int)) {
		c, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		answers := bufio.NewReader(c)
		return c, func(route string) int {
			_ = call(route).Write(c) // what is closed gives no answer
			got, err := http.ReadResponse(answers, nil)
			if err != nil {
				return 0
			}
			_, _ = io.Copy(io.Discard, got.Body)
			return got.StatusCode
		}
	}
	for range most {
		c, _ := dial()
		if err := call("acme/main").Write(c); err != nil {
			t.Fatal(err)
		}
	}
	for got := 0; got != 200; { // it may come before they wait
		if t.Context().Err() != nil {
			t.Fatalf("another tenant's call: got %d, want 200", got)
		}
		_, ask := dial()
		if got = ask("good/main"); got == 200 && ask("good/other") != 200 {
			t.Error("another tenant's second call is not answered")
		}
	}
}

// TestLateOfOneTenant: when there are too many calls, those that have waited are refused of the
// tenant whose calls take most of the time, and of no other; and of any that have waited for long.
func TestLateOfOneTenant(t *testing.T) {
	t.Parallel()
	w, owners, call := twoTenants(t)
	waited := 2 * time.Second
	w.calls.waited = func(*http.Request) time.Duration { return waited }
	for _, o := range owners {
		o.pause = 0
	}
	if got := w.call(call("good/main")); got.StatusCode != 503 {
		t.Errorf("after two seconds: got %d, want 503", got.StatusCode)
	}
	waited = 50 * time.Millisecond
	now := w.options.RealNow()
	for range 100 {
		w.owners.loads.add(&owners["acme/main"].load, time.Second, now)
	}
	for range 20 {
		for route, want := range map[string]int{"acme/main": 503, "acme/other": 503, "good/main": 200, "main": 200} {
			if got := w.call(call(route)); got.StatusCode != want {
				t.Errorf("%s: got %d, want %d", route, got.StatusCode, want)
			}
		}
	}
	alone := started(t, oneRoute, nil)
	alone.calls.waited = w.calls.waited
	read := &countingReader{}
	r := post("/main")
	r.Body = io.NopCloser(read)
	if got := alone.call(r); got.StatusCode != 503 || read.n > 0 {
		t.Errorf("where there is one owner: got %d after %d bytes, want 503 unread", got.StatusCode, read.n)
	}
}

// TestLoads: who takes most is heavy, or all who take as much.
func TestLoads(t *testing.T) {
	t.Parallel()
	now := time.Unix(0, 0)
	for name, c := range map[string]struct {
		loads  []time.Duration // of owners
		before time.Duration   // how long before now
		heavy  int             // how many of them, the first ones
	}{
		"nothing is known":  {loads: []time.Duration{0, 0}, heavy: 2},
		"one":               {loads: []time.Duration{time.Second}, heavy: 1},
		"one beside others": {loads: []time.Duration{time.Second, 300 * time.Millisecond, 0}, heavy: 1},
		"all alike":         {loads: slices.Repeat([]time.Duration{time.Millisecond}, 100), heavy: 100},
		"two take most": {
			loads: append([]time.Duration{3e9, 2e9}, slices.Repeat([]time.Duration{1e6}, 100)...), heavy: 2,
		},
		"one who was, and is so": {
			loads: []time.Duration{time.Second, time.Millisecond}, before: time.Minute,
			heavy: 1,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var ls loads
			owners := make([]recentLoad, len(c.loads))
			for i, took := range c.loads {
				ls.add(&owners[i], took, now.Add(-c.before))
			}
			for i := range owners {
				if got := ls.isHeavy(&owners[i], now); got != (i < c.heavy) {
					t.Errorf("owner %d of %d: got %t", i, len(owners), got)
				}
			}
		})
	}
	var ls loads
	var was, is recentLoad
	ls.add(&was, time.Minute, now)
	ls.add(&is, time.Second, now.Add(10*time.Second))
	if at := now.Add(10 * time.Second); ls.isHeavy(&was, at) || !ls.isHeavy(&is, at) {
		t.Error("who took most ten seconds ago is heavy still")
	}
}
