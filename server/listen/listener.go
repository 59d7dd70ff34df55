package listen

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/callhours/callhours/internal/contain"
	"github.com/callhours/callhours/metrics"
)

// Bounds of connections.
const (
	// open at a time, and at most half of the descriptors that the process may have.
	maxPivotConns = 4096
	maxAdminConns = 256                    // and an eighth
	usualPerCPU   = 256                    // for each CPU: with more, none is added while calls wait
	tick          = 100 * time.Millisecond // how often connections are looked at
	unknownTicks  = 4                      // how long one may take for its first call when others want its place
	knownTicks    = 20                     // and how long for the next one
	lingering     = time.Second            // how long a refused connection may take to read why
	maxLingering  = 256
	quietTicks    = 2           // after how long without a byte a connection has no call on its way
	finishing     = time.Second // how long is waited for the last ones
)

// Listener bounds how many connections are open: when there are too many, one that keeps us waiting
// is closed, or one whose call waits for others of its owner; if there is none, the new one is
// refused. It also keeps the deadlines of all of them by one ticker: net/http sets four for each
// call, which as timers of the runtime cost a tenth of what the call does.
type Listener struct {
	*net.TCPListener
	options Options
	guard   *contain.Guard
	usual   int
	answer  []byte // what refused connections are told; nil: nothing
	close   func() error

	overloaded atomic.Bool   // there are too many calls
	calls      atomic.Uint32 // calls, to choose those that are looked at
	examineAll atomic.Bool   // one has waited since the last tick but one, so that each is looked at
	// calls since detected that were examined, and those of them that had waited
	examined, late atomic.Int32
	lingering      atomic.Int32 // refused connections that are still open

	detecting sync.Mutex // guards the following
	detected  time.Time  // when detectOverload last looked
	streak    int        // how many times up to then it looked other than overloaded says

	mu        sync.Mutex // guards the following
	open      map[*Conn]bool
	evictable []*Conn // those that may give their places away, the last one first; as of the last tick
	yielding  []*Conn // those whose calls wait for others of their owner, the longest waiting first
}

// Conn is a connection of a Listener. Its deadlines end up to a tick late. The nil Conn, of a
// request that did not come through a Listener, waits for nothing and keeps nobody waiting.
type Conn struct {
	*net.TCPConn
	listener  *Listener
	raw       syscall.RawConn
	answered  atomic.Bool  // a route has answered a call on it; never on the admin listener
	idleTicks atomic.Int32 // ticks since the last answer; once it has answered, since anything was heard of it
	lines     headerLines
	answering atomic.Bool // a call that has been read from it
	// closed when another connection has taken the place of this one, whose call waits; guarded by
	// Listener.mu
	displaced chan struct{}

	mu            sync.Mutex
	read, written deadline
}

// MaxPivotConns is how many connections the Pivot listener may have.
func MaxPivotConns() int { return min(maxPivotConns, maxDescriptors()/2) }

// MaxAdminConns is how many connections the admin listener may have.
func MaxAdminConns() int { return min(maxAdminConns, maxDescriptors()/8) }

// Options say what a listener is for.
type Options struct {
	MaxConns  int              // connections that are open at a time; see MaxPivotConns
	Encrypted bool             // they are TLS: refused ones are closed without an answer
	Now       func() time.Time // time as it passes
	Number    int              // of the listener, from 0; see Conn.Listener
	OnRefuse  func()           // called for each connection that is refused
	Guard     *contain.Guard   // contains panics; nil: they are contained and not reported
}

// New bounds the connections of a listener.
func New(l *net.TCPListener, o Options) *Listener {
	c := &Listener{
		TCPListener: l, options: o, guard: o.Guard, open: map[*Conn]bool{},
		usual: usualPerCPU * runtime.GOMAXPROCS(0), close: sync.OnceValue(l.Close),
	}
	if !o.Encrypted {
		c.answer = rawAnswer(http.StatusServiceUnavailable, "too many connections")
	}
	return c
}

// Run keeps the deadlines and detects overload until ctx ends.
func (l *Listener) Run(ctx context.Context) {
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-ticker.C:
			l.mu.Lock()
			l.usual = usualPerCPU * runtime.GOMAXPROCS(0) // it changes when a container's limit does
			l.mu.Unlock()
			l.detectOverload(now)
			l.checkDeadlines(now)
		}
	}
}

// Close is for net.Listener, and may be called again.
func (l *Listener) Close() error { return l.close() }

// Finish accepts no more connections, and waits until no call is on its way on those that are open,
// for a second at most: net/http drops calls that it reads while it shuts down. What has not been
// accepted stays in the socket, for the next process where that was passed.
func (l *Listener) Finish(ctx context.Context) {
	_ = l.Close() // which net/http does, too
	late, cancel := context.WithTimeout(ctx, finishing)
	defer cancel()
	ticker := time.NewTicker(tick / 10)
	defer ticker.Stop()
	for !l.isQuiet() {
		select {
		case <-late.Done():
			return
		case <-ticker.C:
		}
	}
}

// isQuiet reports whether no call is on its way.
func (l *Listener) isQuiet() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for c := range l.open {
		if c.answering.Load() || c.idleTicks.Load() < quietTicks {
			return false
		}
	}
	return true
}

// checkDeadlines tells connections of deadlines that have passed, and finds those that may be
// closed for others.
func (l *Listener) checkDeadlines(now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.evictable = l.evictable[:0]
	crowded := 2*len(l.open) > l.options.MaxConns
	for c := range l.open {
		c.idleTicks.Add(1)
		c.checkDeadlines(now)
		if crowded && c.isEvictable() {
			l.evictable = append(l.evictable, c)
		}
	}
	slices.SortFunc(l.evictable, func(a, b *Conn) int {
		if a, b := a.answered.Load(), b.answered.Load(); a != b {
			if a {
				return -1
			}
			return 1
		}
		return int(a.idleTicks.Load() - b.idleTicks.Load())
	})
}

// checkDeadlines tells the connection of deadlines that have passed.
func (c *Conn) checkDeadlines(now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.read.check(now, c.TCPConn.SetReadDeadline)
	c.written.check(now, c.TCPConn.SetWriteDeadline)
}

// Accept gives the next connection that is not refused.
func (l *Listener) Accept() (net.Conn, error) {
	for {
		tcp, err := l.AcceptTCP()
		if err != nil {
			return nil, err
		}
		raw, err := tcp.SyscallConn()
		if err != nil {
			return nil, err
		}
		var c *Conn
		if err := l.guard.Do(metrics.PanicConnection, "a connection", func() error {
			if c = l.add(tcp, raw); c == nil {
				l.options.OnRefuse()
				l.refuse(tcp, raw)
			}
			return nil
		}); err != nil {
			_ = tcp.Close()
		} else if c != nil {
			return c, nil
		}
	}
}

// add opens a connection; nil when there are too many.
func (l *Listener) add(tcp *net.TCPConn, raw syscall.RawConn) *Conn {
	c := &Conn{TCPConn: tcp, listener: l, raw: raw}
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.open)-len(l.yielding) >= l.usual && l.overloaded.Load() {
		return nil
	}
	for len(l.open) >= l.options.MaxConns {
		if len(l.yielding) > 0 {
			l.displace(l.yielding[0])
			continue
		}
		if len(l.evictable) == 0 {
			return nil
		}
		last := l.evictable[len(l.evictable)-1]
		l.evictable = l.evictable[:len(l.evictable)-1]
		if l.open[last] && last.isEvictable() {
			delete(l.open, last)
			_ = last.TCPConn.Close() // nobody is told whom it served
		}
	}
	l.open[c] = true
	return c
}

// displace takes the place of a connection whose call waits: the call is then refused and the
// connection closed. l.mu is held.
func (l *Listener) displace(c *Conn) {
	delete(l.open, c)
	l.yielding = slices.DeleteFunc(l.yielding, func(other *Conn) bool { return other == c })
	close(c.displaced)
}

// Listener is the number of the listener that the connection came through; 0 for nil.
func (c *Conn) Listener() int {
	if c == nil {
		return 0
	}
	return c.listener.options.Number
}

// ShouldClose reports that the connection is to be closed after the refusal of its call: it has
// lost its place, or there are more than usual.
func (c *Conn) ShouldClose() bool {
	if c == nil {
		return false
	}
	l := c.listener
	l.mu.Lock()
	defer l.mu.Unlock()
	return !l.open[c] || len(l.open)-len(l.yielding) > l.usual
}

// Yield lets new connections take the place of this one while its call waits for others of its
// owner; meanwhile it is not counted among the usual ones. displaced is closed when it has lost its
// place; stop ends the wait.
func (c *Conn) Yield() (displaced <-chan struct{}, stop func()) {
	if c == nil {
		return nil, func() {}
	}
	l := c.listener
	l.mu.Lock()
	defer l.mu.Unlock()
	c.displaced = make(chan struct{})
	l.yielding = append(l.yielding, c)
	return c.displaced, func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.yielding = slices.DeleteFunc(l.yielding, func(other *Conn) bool { return other == c })
	}
}

// refuse says why. A connection that is closed before all is read that was sent takes back what was
// written, and so one that has sent nothing yet is read from for a moment.
func (l *Listener) refuse(tcp *net.TCPConn, raw syscall.RawConn) {
	if l.answer == nil || drain(raw) {
		_, _ = tcp.Write(l.answer)
		_ = tcp.Close()
		return
	}
	if l.lingering.Add(1) > maxLingering {
		l.lingering.Add(-1)
		_ = tcp.Close()
		return
	}
	go l.guard.Run(metrics.PanicConnection, "a refused connection", func() { l.linger(tcp) })
}

// linger tells a refused connection why and waits for a moment until it has read that.
func (l *Listener) linger(tcp *net.TCPConn) {
	defer l.lingering.Add(-1)
	late := time.AfterFunc(lingering, func() { _ = tcp.Close() })
	defer late.Stop()
	defer tcp.Close()
	if _, err := tcp.Write(l.answer); err == nil && tcp.CloseWrite() == nil {
		_, _ = io.Copy(io.Discard, tcp)
	}
}

// BeginAnswer notes that a call has been read and is being answered: until EndAnswer the connection
// does not keep us waiting.
func (c *Conn) BeginAnswer() {
	if c != nil {
		c.answering.Store(true)
	}
}

// EndAnswer notes that the answer is written.
func (c *Conn) EndAnswer() {
	if c != nil {
		c.answering.Store(false)
	}
}

// MarkAnswered notes that a route has answered a call on the connection: it is Kazoo's, and may be
// idle for longer.
func (c *Conn) MarkAnswered() {
	if c != nil {
		c.answered.Store(true)
	}
}

// isEvictable reports that a connection has kept us waiting for longer than others should wait for
// it.
func (c *Conn) isEvictable() bool {
	if c.answering.Load() {
		return false
	}
	if c.answered.Load() {
		return c.idleTicks.Load() >= knownTicks
	}
	return c.idleTicks.Load() >= unknownTicks
}

func (c *Conn) Read(p []byte) (int, error) {
	n, err := c.TCPConn.Read(p)
	if n > 0 && c.answered.Load() {
		c.idleTicks.Store(0)
	}
	if n > 0 && c.listener.answer != nil && !c.lines.count(p[:n]) { // of encrypted ones nothing is known here
		return c.refuseLines()
	}
	return n, err
}

func (c *Conn) Write(p []byte) (int, error) {
	c.idleTicks.Store(0)
	c.lines.written(p)
	more := withHeaders(p)
	n, err := c.TCPConn.Write(more)
	return max(0, n-(len(more)-len(p))), err
}

// Close is for net.Conn.
func (c *Conn) Close() error {
	c.listener.mu.Lock()
	delete(c.listener.open, c)
	c.listener.mu.Unlock()
	return c.TCPConn.Close()
}

// connKey finds the connection of a request.
type connKey struct{}

// withConn sets what ConnOf returns, for [http.Server.ConnContext].
func withConn(ctx context.Context, c net.Conn) context.Context {
	if encrypted, ok := c.(*tls.Conn); ok {
		c = encrypted.NetConn()
	}
	return context.WithValue(ctx, connKey{}, c)
}

// ConnOf is the connection of a request; nil where it did not come through connections.
func ConnOf(r *http.Request) *Conn {
	c, _ := r.Context().Value(connKey{}).(*Conn)
	return c
}
