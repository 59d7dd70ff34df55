package listen

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// logged is a log that may be written and read at once.
type logged struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// testListener is a Pivot listener whose calls are answered by answerCall.
type testListener struct {
	l       *Listener
	address string
	refused atomic.Int32 // connections
}

// answerCall does with a call what a handler does, as far as connections are concerned. A call to
// /wait waits for others of its owner until its place is needed.
func answerCall(w http.ResponseWriter, r *http.Request) {
	c := ConnOf(r)
	refuse := func() {
		if c.ShouldClose() {
			w.Header().Set("Connection", "close")
		}
		WriteText(w, http.StatusServiceUnavailable, "too many calls at a time")
	}
	if Waited(r) > 0 {
		refuse()
		return
	}
	if _, err := io.ReadAll(r.Body); err != nil {
		WriteText(w, http.StatusRequestTimeout, "too slow")
		return
	}
	c.BeginAnswer()
	defer c.EndAnswer()
	if r.URL.Path == "/wait" {
		displaced, stop := c.Yield()
		defer stop()
		select {
		case <-displaced:
		case <-r.Context().Done():
		}
		refuse()
		return
	}
	WriteText(w, http.StatusOK, "answered")
	c.MarkAnswered()
}

// overTCP serves calls, with at most so many connections, and usually fewer.
func overTCP(t testing.TB, most, usual int) *testListener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	k := &testListener{address: l.Addr().String()}
	// ticks tells it of time
	k.l = New(l.(*net.TCPListener), Options{
		MaxConns: most, Now: func() time.Time { return time.Time{} }, OnRefuse: func() { k.refused.Add(1) },
	})
	k.l.usual = usual
	srv := NewPivotServer(http.HandlerFunc(answerCall), slog.New(slog.DiscardHandler), time.Now)
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
func (k *testListener) dial(t testing.TB) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", k.address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// armed waits until the server has set a deadline of at least that much from now for what it reads
// from a connection.
func (k *testListener) armed(t testing.TB, c net.Conn, least time.Duration) {
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
func (k *testListener) ticks(n int) {
	for range n {
		k.l.detectOverload(k.l.detected.Add(overloadTicks * tick))
		k.l.checkDeadlines(time.Time{}.AddDate(1, 0, 0)) // before every deadline
	}
}

// opened waits until so many connections are open.
func (k *testListener) opened(t testing.TB, n int) {
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
func (k *testListener) yielding(t testing.TB, n int) {
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

// TestTooManyConnections: who connects and says nothing gives its place away, who asks keeps it,
// and where there is none a new one is told so.
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
	if n := k.refused.Load(); n != 1 {
		t.Errorf("%d are counted as refused, want 1", n)
	}
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

// TestFlood: connections that come faster than anybody can ask keep calls from none of those who
// do.
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

// TestDeadlines: who sends slowly, and who does not read what it is told, is cut off when
// net/http's time for it is over, and not before.
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
	k.l.checkDeadlines(now.Add(headerTimeout - time.Second)) // deadlines of net/http go by the system's clock
	if got := ask(t, idle); got != 200 {
		t.Errorf("before anything is over: got %d, want 200", got)
	}
	k.l.checkDeadlines(now.Add(readTimeout + time.Second))
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
			k.l.checkDeadlines(time.Now().Add(time.Minute))
		}
	}
	k.armed(t, idle, idleTimeout-time.Minute)
	k.l.checkDeadlines(time.Now().Add(2 * idleTimeout))
	if rest, err := io.ReadAll(idle); err != nil || len(rest) != 0 { // a call at this very moment may still be answered
		t.Errorf("an idle connection after five minutes: got %q, %v, want its end", rest, err)
	}
}

// TestRefusedAtOnce: a connection that has sent its call before it is refused is told so and
// closed, without waiting for more of it.
func TestRefusedAtOnce(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("on this system each refused connection is read from for a moment")
	}
	k := overTCP(t, 1, 1)
	if got := ask(t, k.dial(t)); got != 200 {
		t.Fatalf("got %d, want 200", got)
	}
	k.l.mu.Lock() // it is accepted, but not admitted
	c := k.dial(t)
	fmt.Fprint(c, rawCall)
	k.l.mu.Unlock()
	if got := status(t, c); got != 503 {
		t.Errorf("got %d, want 503", got)
	}
}
