package server

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// TestOwnTurns: calls of one tenant wait for one another, and take neither places nor time of others.
func TestOwnTurns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		turns := newOwnTurns()
		var running atomic.Int64
		running.Store(1)
		ctx, end := context.WithCancel(t.Context())
		for range cap(turns.places) {
			if !turns.take(ctx, &running) {
				t.Fatal("a place that is free is not given")
			}
		}
		began := time.Now()
		if turns.take(ctx, &running) || time.Since(began) != ownWait {
			t.Errorf("a place that is taken: waited %v", time.Since(began))
		}
		got := make(chan bool)
		go func() { got <- turns.take(ctx, &running) }()
		synctest.Wait()
		if running.Load() != 0 {
			t.Error("who waits has a place of all")
		}
		turns.done()
		if !<-got {
			t.Error("who waits does not get the place that is free again")
		}
		go func() { got <- turns.take(ctx, &running) }()
		synctest.Wait()
		end()
		if <-got {
			t.Error("who has hung up gets a place")
		}
		if n := turns.inside.Load(); n != int64(cap(turns.places)) {
			t.Errorf("%d are inside", n)
		}
		turns.inside.Store(turns.most)
		began = time.Now()
		if turns.take(t.Context(), &running) || time.Since(began) != 0 {
			t.Errorf("too many wait: waited %v", time.Since(began))
		}
		if turns.inside.Load() != turns.most || running.Load() != 1 {
			t.Error("who is refused is counted")
		}
		var operators *ownTurns
		if operators.done(); !operators.take(ctx, nil) {
			t.Error("the operator's routes wait")
		}
	})
}

// TestOwnCalls: while all places of a tenant are taken, its calls get 503, and those of others their answers.
func TestOwnCalls(t *testing.T) {
	t.Parallel()
	const oneCallflow = "{name: main, branches: [{name: open, callflow: '{\"module\": \"hangup\"}'}]}"
	account := map[string]string{"acme": strings.Repeat("a", 32), "good": strings.Repeat("b", 32)}
	files := map[string]string{}
	for name, id := range account {
		files[name+".yaml"] = "tenant: {name: " + name + ", account: [" + id + "]}\nroutes: [" + oneCallflow + ", " +
			strings.Replace(oneCallflow, "main", "other", 1) + "]\n"
	}
	w := started(t, "include: [acme.yaml, good.yaml]\nroutes: ["+oneCallflow+"]\n", files)
	turns := map[string]*ownTurns{}
	for i := range w.live.Load().served {
		at := &w.live.Load().served[i]
		turns[at.Name] = at.turns
	}
	evil := turns["acme/main"]
	if evil == nil || evil != turns["acme/other"] || turns["good/main"] == evil || turns["main"] != nil {
		t.Fatalf("routes have the turns of others: %v", turns)
	}
	ask := func(route string, want int) {
		t.Helper()
		tenant, _, _ := strings.Cut(route, "/")
		got := w.call(post("/"+route, "Account-ID", account[tenant]))
		if got.StatusCode != want || got.Header.Get("Retry-After") != "" {
			t.Errorf("%s: got %d, want %d without Retry-After", route, got.StatusCode, want)
		}
	}
	evil.inside.Store(evil.most)
	ask("acme/main", 503)
	ask("acme/other", 503)
	ask("good/main", 200)
	ask("main", 200)
	evil.inside.Store(0)
	for range 2 * cap(evil.places) { // each gives its place back
		ask("acme/main", 200)
	}
	if n := evil.inside.Load() + int64(len(evil.places)); n != 0 {
		t.Errorf("%d places are not given back", n)
	}
	const shed = "# HELP callhours_shed_calls_total Calls refused with 503 because of overload.\n" +
		"# TYPE callhours_shed_calls_total counter\ncallhours_shed_calls_total 2\n"
	w.metric(t, shed, "callhours_shed_calls_total")
}
