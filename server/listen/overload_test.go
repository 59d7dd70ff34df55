package listen

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
)

// TestTooManyCalls: there are too many when half of them have waited for half a second, and until a
// quarter has not; neither a burst nor a pause is taken for a change.
func TestTooManyCalls(t *testing.T) {
	t.Parallel()
	type some struct{ looked, Waited int32 }
	for name, c := range map[string]struct {
		overloaded bool // at first
		ticks      []some
		want       bool
	}{
		"a burst": {
			false,
			[]some{{90, 80}, {90, 90}, {90, 90}, {90, 90}, {90, 10}, {90, 90}, {90, 90}, {90, 90}, {90, 90}},
			false,
		},
		"half of them": {false, []some{{90, 45}, {90, 80}, {9, 9}, {90, 90}, {90, 60}}, true},
		"less than half": {
			false,
			[]some{{90, 44}, {90, 44}, {90, 44}, {90, 44}, {90, 44}, {90, 44}},
			false,
		},
		"hardly any, who wait": {false, []some{{7, 7}, {7, 7}, {7, 7}, {7, 7}, {7, 7}, {7, 7}}, false},
		"a pause": {
			true,
			[]some{{90, 20}, {90, 0}, {90, 0}, {90, 0}, {90, 40}, {90, 0}, {90, 0}, {90, 0}, {90, 0}},
			true,
		},
		"a quarter goes on to wait": {
			true,
			[]some{{80, 20}, {80, 20}, {80, 20}, {80, 20}, {80, 20}, {80, 20}},
			true,
		},
		"less than a quarter":            {true, []some{{80, 19}, {80, 19}, {80, 19}, {80, 19}, {80, 19}}, false},
		"nobody calls for half a second": {true, []some{{0, 0}}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var l Listener
			l.overloaded.Store(c.overloaded)
			for _, s := range c.ticks {
				l.examined.Store(s.looked)
				l.late.Store(s.Waited)
				l.detectOverload(l.detected) // too soon
				l.detectOverload(l.detected.Add(overloadTicks * tick))
			}
			if got := l.overloaded.Load(); got != c.want {
				t.Errorf("got %t, want %t", got, c.want)
			}
		})
	}
}

// TestWaitedTooLong: a call that has waited is told to use its fallback, and meanwhile no
// connections are added to the usual ones.
func TestWaitedTooLong(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("this system does not tell how long a call has waited")
	}
	k := overTCP(t, 8, 2)
	c := k.dial(t)
	if got := ask(t, c); got != 200 {
		t.Fatalf("got %d, want 200", got)
	}
	k.l.mu.Lock()
	var of *Conn
	for of = range k.l.open {
	}
	k.l.mu.Unlock()
	for range leastExamined - 1 {
		for sinceReceived(of.raw) <= refusedAfter { // no byte is received after the call
			if t.Context().Err() != nil {
				t.Fatal("a call never waits")
			}
		}
		k.l.examineAll.Store(true) // to look at each
		if of.waited() > 0 {
			t.Fatal("a call is refused before it is known that there are too many")
		}
	}
	if k.ticks(1); k.l.overloaded.Load() {
		t.Error("a few calls that have waited are taken for too many")
	}
	for i := range overloadTicks {
		if k.l.overloaded.Load() {
			t.Errorf("after %d ticks in which all have waited there are too many, want %d", i, overloadTicks)
		}
		for range leastExamined {
			of.waited()
		}
		k.ticks(1)
	}
	if !k.l.overloaded.Load() {
		t.Fatal("calls that have all waited are not taken for too many")
	}
	if of.waited() == 0 {
		t.Error("a call that has waited is not refused")
	}
	if got := ask(t, k.dial(t)); got != 200 {
		t.Errorf("below the usual number: got %d, want 200", got)
	}
	if got := status(t, k.dial(t)); got != 503 {
		t.Errorf("above it while calls wait: got %d, want 503", got)
	}

	// The handler refuses a call that has waited.
	for sinceReceived(of.raw) <= refusedAfter {
		if t.Context().Err() != nil {
			t.Fatal("a call never waits")
		}
	}
	k.l.overloaded.Store(true)
	k.l.examineAll.Store(true)
	third := k.dial(t)
	call := func() *http.Response {
		w := httptest.NewRecorder()
		answerCall(w, httptest.NewRequestWithContext(context.WithValue(t.Context(), connKey{}, of),
			http.MethodPost, "/main", nil))
		return w.Result()
	}
	if got := call(); got.StatusCode != 503 {
		t.Errorf("a call that has waited: got %d, want 503", got.StatusCode)
	}
	if got := status(t, third); got != 503 {
		t.Errorf("a third connection: got %d, want 503", got)
	}
	k.ticks(1)
	k.ticks(1)
	if k.l.overloaded.Load() {
		t.Error("there are too many calls although none waits")
	}
	if got := ask(t, k.dial(t)); got != 200 {
		t.Errorf("when none waits any more: got %d, want 200", got)
	}
	k.l.usual = 1
	k.l.overloaded.Store(true)
	k.l.examineAll.Store(true)
	if got := call(); got.StatusCode != 503 || got.Header.Get("Connection") != "close" {
		t.Errorf("with more connections than usual: got %d with Connection %q, want 503 and close", got.StatusCode,
			got.Header.Get("Connection"))
	}
}

// TestYield: calls that wait for others of their owner, however many, count neither as too many
// connections nor keep anybody from connecting; the one that has waited longest makes place.
func TestYield(t *testing.T) {
	t.Parallel()
	const crowd, most, usual = 24, 28, 4
	k := overTCP(t, most, usual)
	waiting := make([]net.Conn, crowd)
	for i := range waiting {
		waiting[i] = k.dial(t)
		fmt.Fprint(waiting[i], strings.Replace(rawCall, "/main", "/wait", 1))
		k.yielding(t, i+1)
	}
	k.l.overloaded.Store(true) // calls wait, and there are six times as many connections as usual
	other := k.dial(t)
	for range 3 {
		if got := ask(t, other); got != 200 {
			t.Errorf("another call: got %d, want 200", got)
		}
	}
	k.ticks(unknownTicks) // they keep nobody waiting
	k.l.overloaded.Store(false)
	k.yielding(t, crowd)
	for n := crowd + 1; n < most+2; n++ { // two more than may be open
		if got := ask(t, k.dial(t)); got != 200 {
			t.Errorf("with %d connections: got %d, want 200", n, got)
		}
	}
	for i, c := range waiting[:2] {
		if got := status(t, c); got != 503 {
			t.Errorf("the call that waits in place %d: got %d, want 503", i, got)
		}
		if _, err := c.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
			t.Errorf("connection %d: got %v, want its end", i, err)
		}
	}
	k.yielding(t, crowd-2)
	if n := k.refused.Load(); n != 0 {
		t.Errorf("%d connections are refused", n)
	}
}
