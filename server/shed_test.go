package server

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestOwnTurns: calls of one tenant wait for one another, and those beyond half of all places for nothing.
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

// TestOwnCalls: while all places of a tenant are taken, its calls get 503, and those of others their answers. The log
// says whose are refused and why.
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
	w.metric(t, "# HELP callhours_tenant_shed_calls_total Calls refused with 503 because their tenant's calls take too "+
		"much; also in shed_calls_total.\n# TYPE callhours_tenant_shed_calls_total counter\n"+
		"callhours_tenant_shed_calls_total{tenant=\"acme\"} 2\ncallhours_tenant_shed_calls_total{tenant=\"good\"} 0\n",
		"callhours_tenant_shed_calls_total")
}

// TestCrowdOfOneTenant: however many calls of a tenant wait to be refused, they neither make others late nor keep them
// from connecting, and none of them is refused before it has waited or its place is needed.
func TestCrowdOfOneTenant(t *testing.T) {
	t.Parallel()
	w, owners, call := twoTenants(t)
	const crowd, most, usual = 24, 28, 4
	k := serveTCP(t, w, most, usual)
	evil := owners["acme/main"]
	evil.pause = time.Hour
	evil.inside.Store(evil.most)
	raw := func(c net.Conn, route string) {
		t.Helper()
		if err := call(route).Write(c); err != nil {
			t.Fatal(err)
		}
	}
	evils := make([]net.Conn, crowd)
	for i := range evils {
		evils[i] = k.dial(t)
		raw(evils[i], "acme/main")
	}
	k.yielding(t, crowd)
	k.l.busy.Store(true) // calls wait, and there are six times as many connections as usual
	good := k.dial(t)
	for range 3 {
		raw(good, "good/main")
		if got := status(t, good); got != 200 {
			t.Errorf("another tenant's call: got %d, want 200", got)
		}
	}
	const shed = "# HELP callhours_shed_calls_total Calls refused with 503 because of overload.\n" +
		"# TYPE callhours_shed_calls_total counter\ncallhours_shed_calls_total "
	k.metric(t, shed+"0\n", "callhours_shed_calls_total")

	k.l.busy.Store(false)
	for n := crowd + 1; n < most+2; n++ { // two more than may be open
		c := k.dial(t)
		raw(c, "good/main")
		if got := status(t, c); got != 200 {
			t.Errorf("with %d connections: got %d, want 200", n, got)
		}
	}
	for i, c := range evils[:2] { // the first ones that wait have lost their places to them
		if got := status(t, c); got != 503 {
			t.Errorf("the call that waits in place %d: got %d, want 503", i, got)
		}
		if _, err := c.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
			t.Errorf("connection %d: got %v, want its end", i, err)
		}
	}
	k.yielding(t, crowd-2)
	k.metric(t, shed+"2\n", "callhours_shed_calls_total")
}

// TestLateOfOneTenant: when there are too many calls, those that have waited are refused of the tenant whose calls take
// most of the time, and of no other.
func TestLateOfOneTenant(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("this system does not tell how long a call has waited")
	}
	w, owners, call := twoTenants(t)
	k := serveTCP(t, w, 8, 8)
	c := k.dial(t)
	if err := call("good/main").Write(c); err != nil {
		t.Fatal(err)
	}
	if got := status(t, c); got != 200 {
		t.Fatalf("got %d, want 200", got)
	}
	k.l.mu.Lock()
	var waiting *connection
	for waiting = range k.l.open {
	}
	k.l.mu.Unlock()
	for sinceReceived(waiting.raw) <= patience { // no byte is received after that call
		if t.Context().Err() != nil {
			t.Fatal("a call never waits")
		}
	}
	k.l.busy.Store(true)
	now := w.options.Passing()
	for range 100 {
		w.owners.loads.add(&owners["acme/main"].load, time.Second, now)
	}
	for _, o := range owners {
		o.pause = 0
	}
	for range 20 {
		for route, want := range map[string]int{"acme/main": 503, "acme/other": 503, "good/main": 200, "main": 200} {
			k.l.alert.Store(true) // to look at each
			r := call(route)
			r = r.WithContext(context.WithValue(r.Context(), connectionKey{}, waiting))
			if got := w.call(r); got.StatusCode != want {
				t.Errorf("%s: got %d, want %d", route, got.StatusCode, want)
			}
		}
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
		"nothing is known":       {loads: []time.Duration{0, 0}, heavy: 2},
		"one":                    {loads: []time.Duration{time.Second}, heavy: 1},
		"one beside others":      {loads: []time.Duration{time.Second, 300 * time.Millisecond, 0}, heavy: 1},
		"all alike":              {loads: slices.Repeat([]time.Duration{time.Millisecond}, 100), heavy: 100},
		"two take most":          {loads: append([]time.Duration{3e9, 2e9}, slices.Repeat([]time.Duration{1e6}, 100)...), heavy: 2},
		"one who was, and is so": {loads: []time.Duration{time.Second, time.Millisecond}, before: time.Minute, heavy: 1},
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
