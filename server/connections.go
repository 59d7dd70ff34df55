package server

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
	mostOfKazoo   = 4096
	mostOfPeople  = 256                    // and an eighth
	usualPerCPU   = 256                    // for each CPU: with more, none is added while calls wait
	tick          = 100 * time.Millisecond // how often connections are looked at
	unknownTicks  = 4                      // how long one may take for its first call when others want its place
	knownTicks    = 20                     // and how long for the next one
	lingering     = time.Second            // how long a refused connection may take to read why
	mostLingering = 256

	soon     = 15 * time.Millisecond // when half of all calls have waited longer for their turn,
	during   = 5                     // in so many ticks one after the other, in each of which
	enough   = 8                     // at least so many were looked at, there are too many,
	patience = 30 * time.Millisecond // and those that have waited longer than this are not answered
	sampled  = 8                     // of how many calls one is looked at, while none waits
)

// connections is a listener that bounds how many connections are open: when there are too many, one that keeps us
// waiting gives its place away, and where there is none the new one is refused at once. It also keeps the
// deadlines of all of them by one ticker: net/http sets four for each call, which as timers of the runtime cost a
// tenth of what the call does.
type connections struct {
	*net.TCPListener
	most, usual int
	answer      []byte // what refused connections are told; nil: nothing
	refused     func()
	now         func() time.Time
	guard       *contain.Guard

	busy  atomic.Bool   // there are too many calls
	asked atomic.Uint32 // calls, to choose those that are looked at
	alert atomic.Bool   // one has waited since the last tick but one, so that each is looked at
	// calls since it was judged last that were looked at, and those of them that had waited
	looked, waited atomic.Int32
	lingering      atomic.Int32 // refused connections that are still open

	judging sync.Mutex
	judged  time.Time // last
	inARow  int       // how many times it looked other than busy says, up to the last one

	mu       sync.Mutex // guards the following
	open     map[*connection]bool
	spare    []*connection // those that may give their places away, the last one first; as of the last tick
	yielding []*connection // those whose calls wait for others of their owner, the longest waiting first
}

// connection is one that was accepted. Its deadlines end up to a tick late.
type connection struct {
	*net.TCPConn
	of        *connections
	raw       syscall.RawConn
	known     atomic.Bool  // a route has answered a call on it; never on people's side
	quiet     atomic.Int32 // ticks since the last answer; once it is known, since anything was heard of it
	lines     headerLines
	answering atomic.Bool // a call that has been read from it
	// closed when another connection has taken the place of this one, whose call waits; guarded by connections.mu
	displaced chan struct{}

	mu            sync.Mutex
	read, written deadline
}

// deadline is one that is set, in the end, as one that has passed.
type deadline struct {
	at     time.Time // zero: none, or passed
	passed bool      // the connection itself has been told
}

func newConnections(l *net.TCPListener, most int, encrypted bool, now func() time.Time, refused func()) *connections {
	c := &connections{
		TCPListener: l, refused: refused, now: now, open: map[*connection]bool{}, most: most,
		usual: usualPerCPU * runtime.GOMAXPROCS(0),
	}
	if !encrypted {
		c.answer = rawAnswer(http.StatusServiceUnavailable, "too many connections")
	}
	return c
}

// run looks at the deadlines until ctx ends.
func (l *connections) run(ctx context.Context) {
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
			l.judge(now)
			l.look(now)
		}
	}
}

// look tells connections of deadlines that have passed, and finds those that may give their places away.
func (l *connections) look(now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.spare = l.spare[:0]
	crowded := 2*len(l.open) > l.most
	for c := range l.open {
		c.quiet.Add(1)
		c.look(now)
		if crowded && c.mayGo() {
			l.spare = append(l.spare, c)
		}
	}
	slices.SortFunc(l.spare, func(a, b *connection) int {
		if a, b := a.known.Load(), b.known.Load(); a != b {
			if a {
				return -1
			}
			return 1
		}
		return int(a.quiet.Load() - b.quiet.Load())
	})
}

// look tells the connection of deadlines that have passed.
func (c *connection) look(now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.read.look(now, c.TCPConn.SetReadDeadline)
	c.written.look(now, c.TCPConn.SetWriteDeadline)
}

// judge says whether there are too many calls: once half of all have waited in several ticks, and until less than a
// quarter have in as many, or hardly anybody calls. That some have waited, or all for a moment, is not enough: Kazoo
// has time, and a burst, a machine that stops, or a container that has used up its share of the CPU are no reasons not
// to answer. Nor does it end by a moment without: the connections that were refused come back then, all at once. That
// some have not waited says little: a call that follows the answer on its connection at once has the CPU already.
func (l *connections) judge(now time.Time) {
	if !l.judging.TryLock() {
		return
	}
	defer l.judging.Unlock()
	since := now.Sub(l.judged)
	if since < tick || l.looked.Load() < enough && since < during*tick {
		return
	}
	l.judged = now
	looked, waited := l.looked.Swap(0), l.waited.Swap(0)
	busy := l.busy.Load()
	other := 2*waited >= looked
	if busy {
		other = 4*waited < looked
	}
	l.inARow++
	switch {
	case looked < enough:
		l.inARow = 0
		l.busy.Store(false)
	case !other:
		l.inARow = 0
	case l.inARow == during:
		l.inARow = 0
		l.busy.Store(!busy)
	}
	l.alert.Store(waited > 0)
}

// Accept gives the next connection that is not refused.
func (l *connections) Accept() (net.Conn, error) {
	for {
		tcp, err := l.AcceptTCP()
		if err != nil {
			return nil, err
		}
		raw, err := tcp.SyscallConn()
		if err != nil {
			return nil, err
		}
		var c *connection
		if err := l.guard.Do(metrics.PanicConnection, "a connection", func() error {
			if c = l.admit(tcp, raw); c == nil {
				l.refused()
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

// admit gives a connection a place; nil when there is none.
func (l *connections) admit(tcp *net.TCPConn, raw syscall.RawConn) *connection {
	c := &connection{TCPConn: tcp, of: l, raw: raw}
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.open)-len(l.yielding) >= l.usual && l.busy.Load() {
		return nil
	}
	for len(l.open) >= l.most {
		if len(l.yielding) > 0 {
			l.displace(l.yielding[0])
			continue
		}
		if len(l.spare) == 0 {
			return nil
		}
		last := l.spare[len(l.spare)-1]
		l.spare = l.spare[:len(l.spare)-1]
		if l.open[last] && last.mayGo() {
			delete(l.open, last)
			_ = last.TCPConn.Close() // nobody is told whom it served
		}
	}
	l.open[c] = true
	return c
}

// displace gives the place of a connection away whose call waits, which is then refused and the connection closed.
// l.mu is held.
func (l *connections) displace(c *connection) {
	delete(l.open, c)
	l.yielding = slices.DeleteFunc(l.yielding, func(other *connection) bool { return other == c })
	close(c.displaced)
}

// crowded reports that the connection is to be closed after its answer: it has lost its place, or there are more than
// while calls wait.
func (c *connection) crowded() bool {
	l := c.of
	l.mu.Lock()
	defer l.mu.Unlock()
	return !l.open[c] || len(l.open)-len(l.yielding) > l.usual
}

// yield lets others take the place of a connection while its call waits, and is not counted among those that make
// calls late: what waits for its own owner keeps nobody else out. displaced is closed when one has; stop ends it.
func (c *connection) yield() (displaced <-chan struct{}, stop func()) {
	l := c.of
	l.mu.Lock()
	defer l.mu.Unlock()
	c.displaced = make(chan struct{})
	l.yielding = append(l.yielding, c)
	return c.displaced, func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.yielding = slices.DeleteFunc(l.yielding, func(other *connection) bool { return other == c })
	}
}

// refuse says why. A connection that is closed before all is read that was sent takes back what was written, and so one
// that has sent nothing yet is read from for a moment.
func (l *connections) refuse(tcp *net.TCPConn, raw syscall.RawConn) {
	if l.answer == nil || drain(raw) {
		_, _ = tcp.Write(l.answer)
		_ = tcp.Close()
		return
	}
	if l.lingering.Add(1) > mostLingering {
		l.lingering.Add(-1)
		_ = tcp.Close()
		return
	}
	go l.guard.Run(metrics.PanicConnection, "a refused connection", func() { l.linger(tcp) })
}

// linger tells a refused connection why and waits for a moment until it has read that.
func (l *connections) linger(tcp *net.TCPConn) {
	defer l.lingering.Add(-1)
	late := time.AfterFunc(lingering, func() { _ = tcp.Close() })
	defer late.Stop()
	defer tcp.Close()
	if _, err := tcp.Write(l.answer); err == nil && tcp.CloseWrite() == nil {
		_, _ = io.Copy(io.Discard, tcp)
	}
}

// mayGo reports that a connection keeps us waiting for longer than others should wait for it.
func (c *connection) mayGo() bool {
	if c.answering.Load() {
		return false
	}
	if c.known.Load() {
		return c.quiet.Load() >= knownTicks
	}
	return c.quiet.Load() >= unknownTicks
}

// waited is for how long the call that has just been read from the connection has waited, where there are too many
// calls and that is too long, else 0. Those behind it wait as long, so that either all are answered late or some are
// told at once to use their fallback.
func (c *connection) waited() time.Duration {
	l := c.of
	if !l.alert.Load() && l.asked.Add(1)%sampled != 0 {
		return 0
	}
	ago := sinceReceived(c.raw)
	l.looked.Add(1)
	if ago > soon {
		l.alert.Store(true)
		l.waited.Add(1)
	}
	l.judge(l.now()) // the ticker's turn comes late when there are too many calls
	if ago > patience && l.busy.Load() {
		return ago
	}
	return 0
}

func (c *connection) Read(p []byte) (int, error) {
	n, err := c.TCPConn.Read(p)
	if n > 0 && c.known.Load() {
		c.quiet.Store(0)
	}
	if n > 0 && c.of.answer != nil && !c.lines.read(p[:n]) { // of encrypted ones nothing is known here
		return c.refuseLines()
	}
	return n, err
}

func (c *connection) Write(p []byte) (int, error) {
	c.quiet.Store(0)
	c.lines.wrote(p)
	more := withHeaders(p)
	n, err := c.TCPConn.Write(more)
	return max(0, n-(len(more)-len(p))), err
}

func (c *connection) Close() error {
	c.of.mu.Lock()
	delete(c.of.open, c)
	c.of.mu.Unlock()
	return c.TCPConn.Close()
}

func (c *connection) SetReadDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.read.set(t, c.TCPConn.SetReadDeadline)
}

func (c *connection) SetWriteDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.written.set(t, c.TCPConn.SetWriteDeadline)
}

func (c *connection) SetDeadline(t time.Time) error {
	if err := c.SetReadDeadline(t); err != nil {
		return err
	}
	return c.SetWriteDeadline(t)
}

// longAgo, in Unix seconds, is after the deadline by which net/http ends a read at once.
const longAgo = 1 << 20

// set keeps a deadline.
func (d *deadline) set(t time.Time, tell func(time.Time) error) error {
	if !t.IsZero() && t.Unix() < longAgo {
		d.at, d.passed = time.Time{}, true
		return tell(t)
	}
	d.at = t
	if !d.passed {
		return nil
	}
	d.passed = false
	return tell(time.Time{})
}

// look tells the connection of a deadline that has passed.
func (d *deadline) look(now time.Time, tell func(time.Time) error) {
	if d.at.IsZero() || now.Before(d.at) {
		return
	}
	d.at, d.passed = time.Time{}, true
	_ = tell(time.Unix(1, 0)) // it fails for one that is closed
}

// connectionKey finds the connection of a request.
type connectionKey struct{}

// withConnection is for [http.Server.ConnContext].
func withConnection(ctx context.Context, c net.Conn) context.Context {
	if encrypted, ok := c.(*tls.Conn); ok {
		c = encrypted.NetConn()
	}
	return context.WithValue(ctx, connectionKey{}, c)
}

// connectionOf is the connection of a request; nil where it did not come through connections.
func connectionOf(r *http.Request) *connection {
	c, _ := r.Context().Value(connectionKey{}).(*connection)
	return c
}
