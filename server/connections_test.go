package server

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"
)

// kazooSide is Kazoo's side of a world over real connections.
type kazooSide struct {
	*world
	l       *connections
	address string
}

// overTCP is a world of one route, as serveTCP has it.
func overTCP(t testing.TB, most, usual int) *kazooSide {
	t.Helper()
	return serveTCP(t, started(t, oneRoute, nil), most, usual)
}

// serveTCP serves a world's calls, with at most so many connections, and usually fewer.
func serveTCP(t testing.TB, w *world, most, usual int) *kazooSide {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	k := &kazooSide{world: w, address: l.Addr().String()}
	// ticks tells it of time
	k.l = newConnections(l.(*net.TCPListener), most, false, func() time.Time {
		return time.Time{}
	}, k.options.Metrics.Shed)
	k.l.usual = usual
	srv := k.server()
	ended := make(chan error, 1)
	go func() { ended <- srv.Serve(k.l) }()
	t.Cleanup(func() {
		srv.Close()
		if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
	})
	return k
}

// dial opens a connection that ends with the test.
func (k *kazooSide) dial(t testing.TB) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", k.address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// armed waits until the server has set a deadline of at least that much from now for what it reads from a connection.
func (k *kazooSide) armed(t testing.TB, c net.Conn, least time.Duration) {
	t.Helper()
	for t.Context().Err() == nil {
		k.l.mu.Lock()
		for own := range k.l.open {
			if own.RemoteAddr().String() != c.LocalAddr().String() {
				continue
			}
			own.mu.Lock()
			at := own.read.at
			own.mu.Unlock()
			if time.Until(at) > least {
				k.l.mu.Unlock()
				return
			}
		}
		k.l.mu.Unlock()
		runtime.Gosched()
	}
	t.Fatal("no deadline is set")
}

const rawCall = "POST /main HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 9\r\n\r\nRequest=1"

// ask makes a call over a connection and gives its status, 0 when the connection ends instead.
func ask(t testing.TB, c net.Conn) int {
	t.Helper()
	fmt.Fprint(c, rawCall) // what is closed gives no answer
	return status(t, c)
}

func status(t testing.TB, c net.Conn) int {
	t.Helper()
	r, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		return 0
	}
	defer r.Body.Close()
	if _, err := io.Copy(io.Discard, r.Body); err != nil {
		t.Error(err)
	}
	if r.Header.Get("Retry-After") != "" {
		t.Error("an answer has Retry-After")
	}
	return r.StatusCode
}

// ticks lets time pass for the connections.
func (k *kazooSide) ticks(n int) {
	for range n {
		k.l.judge(k.l.judged.Add(during * tick))
		k.l.look(time.Time{}.AddDate(1, 0, 0)) // before every deadline
	}
}

// opened waits until so many connections are open.
func (k *kazooSide) opened(t testing.TB, n int) {
	t.Helper()
	for {
		k.l.mu.Lock()
		open := len(k.l.open)
		k.l.mu.Unlock()
		if open == n {
			return
		}
		if t.Context().Err() != nil {
			t.Fatalf("%d connections are open, want %d", open, n)
		}
	}
}

// yielding waits until so many connections have calls that wait for others of their owner.
func (k *kazooSide) yielding(t testing.TB, n int) {
	t.Helper()
	for {
		k.l.mu.Lock()
		got := len(k.l.yielding)
		k.l.mu.Unlock()
		if got == n {
			return
		}
		if t.Context().Err() != nil {
			t.Fatalf("%d calls wait, want %d", got, n)
		}
		runtime.Gosched()
	}
}

// TestTooManyConnections: who connects and says nothing gives its place away, who asks keeps it, and where there
// is none a new one is told so.
func TestTooManyConnections(t *testing.T) {
	t.Parallel()
	k := overTCP(t, 4, 4)
	kazoo := k.dial(t)
	if got := ask(t, kazoo); got != 200 {
		t.Fatalf("got %d, want 200", got)
	}
	for range 3 { // half open: nothing is ever sent
		k.dial(t)
	}
	k.opened(t, 4)
	if got := status(t, k.dial(t)); got != 503 {
		t.Errorf("a connection too many: got %d, want 503", got)
	}
	k.metric(t,
		"# HELP callhours_shed_calls_total Calls refused with 503 because of overload.\n# TYPE callhours_shed_calls_total counter\ncallhours_shed_calls_total 1\n", "callhours_shed_calls_total")
	k.ticks(unknownTicks)
	for i := range 3 {
		if got := ask(t, k.dial(t)); got != 200 {
			t.Errorf("in the place of silent connection %d: got %d, want 200", i, got)
		}
	}
	if got := status(t, k.dial(t)); got != 503 {
		t.Errorf("when all have asked: got %d, want 503", got)
	}
	if got := ask(t, kazoo); got != 200 {
		t.Errorf("the first connection: got %d, want that it is open", got)
	}
	k.ticks(knownTicks)
	if got := ask(t, k.dial(t)); got != 200 {
		t.Errorf("when others have been idle for long: got %d, want 200", got)
	}
}

// TestFlood: connections that come faster than anybody can ask keep calls from none of those who do.
func TestFlood(t *testing.T) {
	t.Parallel()
	most, rounds := 32, 8
	if os.Getenv("CALLHOURS_SOAK") != "" {
		most, rounds = 1024, 20
	}
	k := overTCP(t, most, most)
	kazoo := k.dial(t)
	if got := ask(t, kazoo); got != 200 {
		t.Fatalf("got %d, want 200", got)
	}
	for range rounds {
		var flood []net.Conn
		for range 2 * most {
			c := k.dial(t)
			fmt.Fprint(c, "POST /main HTTP/1.1\r\nHost:") // and no more
			flood = append(flood, c)
		}
		if got := ask(t, kazoo); got != 200 {
			t.Errorf("in the flood: got %d, want 200", got)
		}
		got := 0
		for range 100 { // what is left of the flood may take the places that become free
			k.ticks(unknownTicks)
			c := k.dial(t)
			if got = ask(t, c); got == 200 {
				break
			}
		}
		if got != 200 {
			t.Errorf("a new connection after the flood: got %d, want 200", got)
		}
		for _, c := range flood {
			c.Close()
		}
	}
	k.l.mu.Lock()
	defer k.l.mu.Unlock()
	if len(k.l.open) > most {
		t.Errorf("%d connections are open, want at most %d", len(k.l.open), most)
	}
}

// TestDeadlines: who sends slowly, and who does not read what it is told, is cut off when net/http's time for
// it is over, and not before.
func TestDeadlines(t *testing.T) {
	t.Parallel()
	k := overTCP(t, 64, 64)
	idle, head, body, deaf := k.dial(t), k.dial(t), k.dial(t), k.dial(t)
	if got := ask(t, idle); got != 200 {
		t.Fatalf("got %d, want 200", got)
	}
	fmt.Fprint(head, "POST /main HTTP/1.1\r\nHost:")
	const goOn = "HTTP/1.1 100 Continue\r\n\r\n"
	fmt.Fprint(body, strings.Replace(rawCall, "\r\n\r\nRequest=1", "\r\nExpect: 100-continue\r\n\r\n", 1))
	if _, err := io.ReadFull(body, make([]byte, len(goOn))); err != nil { // the call is being read
		t.Fatal(err)
	}
	cut := make(chan struct{})
	go func() {
		defer close(cut)
		for { // the answers that it does not read fill everything between
			if _, err := fmt.Fprint(deaf, rawCall); err != nil {
				return
			}
		}
	}()
	k.opened(t, 4)
	if got := ask(t, k.dial(t)); got != 200 {
		t.Errorf("beside slow ones: got %d, want 200", got)
	}
	k.armed(t, head, 0)
	now := time.Now()
	k.l.look(now.Add(headerTimeout - time.Second)) // deadlines of net/http go by the system's clock
	if got := ask(t, idle); got != 200 {
		t.Errorf("before anything is over: got %d, want 200", got)
	}
	k.l.look(now.Add(readTimeout + time.Second))
	if got := status(t, body); got != 408 {
		t.Errorf("a slow body: got %d, want 408", got)
	}
	if rest, err := io.ReadAll(head); err != nil || len(rest) != 0 {
		t.Errorf("a slow head: got %q, %v, want the end of the connection", rest, err)
	}
	if got := ask(t, idle); got != 200 {
		t.Errorf("an idle connection after five seconds: got %d, want 200", got)
	}
	for open := true; open; {
		select {
		case <-cut:
			open = false
		default:
			k.l.look(time.Now().Add(time.Minute))
		}
	}
	k.armed(t, idle, idleTimeout-time.Minute)
	k.l.look(time.Now().Add(2 * idleTimeout))
	if rest, err := io.ReadAll(idle); err != nil || len(rest) != 0 { // a call at this very moment may still be answered
		t.Errorf("an idle connection after five minutes: got %q, %v, want its end", rest, err)
	}
}

// TestTooManyCalls: there are too many when half of them have waited for half a second, and until a quarter has not;
// neither a burst nor a pause is taken for a change.
func TestTooManyCalls(t *testing.T) {
	t.Parallel()
	type some struct{ looked, waited int32 }
	for name, c := range map[string]struct {
		busy  bool // at first
		ticks []some
		want  bool
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
			var l connections
			l.busy.Store(c.busy)
			for _, s := range c.ticks {
				l.looked.Store(s.looked)
				l.waited.Store(s.waited)
				l.judge(l.judged) // too soon
				l.judge(l.judged.Add(during * tick))
			}
			if got := l.busy.Load(); got != c.want {
				t.Errorf("got %t, want %t", got, c.want)
			}
		})
	}
}

// TestRefusedAtOnce: a connection that has sent its call before it is refused is told so and closed,
// without waiting for more of it.
func TestRefusedAtOnce(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("on this system each refused connection is read from for a moment")
	}
	k := overTCP(t, 1, 1)
	if got := ask(t, k.dial(t)); got != 200 {
		t.Fatalf("got %d, want 200", got)
	}
	k.l.mu.Lock() // it is accepted, but not judged
	c := k.dial(t)
	fmt.Fprint(c, rawCall)
	k.l.mu.Unlock()
	if got := status(t, c); got != 503 {
		t.Errorf("got %d, want 503", got)
	}
}

// TestWaitedTooLong: a call that has waited is told to use its fallback, and meanwhile no connections
// are added to the usual ones.
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
	var of *connection
	for of = range k.l.open {
	}
	k.l.mu.Unlock()
	for range enough - 1 {
		for sinceReceived(of.raw) <= patience { // no byte is received after the call
			if t.Context().Err() != nil {
				t.Fatal("a call never waits")
			}
		}
		k.l.alert.Store(true) // to look at each
		if of.waited() > 0 {
			t.Fatal("a call is refused before it is known that there are too many")
		}
	}
	if k.ticks(1); k.l.busy.Load() {
		t.Error("a few calls that have waited are taken for too many")
	}
	for i := range during {
		if k.l.busy.Load() {
			t.Errorf("after %d ticks in which all have waited there are too many, want %d", i, during)
		}
		for range enough {
			of.waited()
		}
		k.ticks(1)
	}
	if !k.l.busy.Load() {
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
	for sinceReceived(of.raw) <= patience {
		if t.Context().Err() != nil {
			t.Fatal("a call never waits")
		}
	}
	k.l.busy.Store(true)
	k.l.alert.Store(true)
	third := k.dial(t)
	r := post("/main").WithContext(context.WithValue(t.Context(), connectionKey{}, of))
	if got := k.call(r); got.StatusCode != 503 {
		t.Errorf("a call that has waited: got %d, want 503", got.StatusCode)
	}
	if got := status(t, third); got != 503 {
		t.Errorf("a third connection: got %d, want 503", got)
	}
	k.ticks(1)
	k.ticks(1)
	if k.l.busy.Load() {
		t.Error("there are too many calls although none waits")
	}
	if got := ask(t, k.dial(t)); got != 200 {
		t.Errorf("when none waits any more: got %d, want 200", got)
	}
	k.l.usual = 1
	k.l.busy.Store(true)
	k.l.alert.Store(true)
	if got := k.call(r); got.StatusCode != 503 || got.Header.Get("Connection") != "close" {
		t.Errorf("with more connections than usual: got %d with Connection %q, want 503 and close", got.StatusCode,
			got.Header.Get("Connection"))
	}
}
