package feeds

import (
	"context"
	"io"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// smallBody is how many bytes of a body need no memory slot.
	smallBody = 256 << 10
	// largeBodies is how many larger bodies are held at a time, from when they are fetched or read
	// until they are published; a tenant has at most largeOfTenant of them. The files of one
	// calendar count as often as they fill limits.bytes, and at most as all of a tenant's. Others
	// wait with what they have, and have their whole timeout afterwards.
	largeBodies   = 16
	largeOfTenant = 2
)

// semaphore is a weighted semaphore, first come first served: large claims are not starved by small
// ones. It is safe for concurrent use.
type semaphore struct {
	size int

	mu      sync.Mutex
	held    int
	waiting []*waiter // in order
}

// waiter is a claim that waits.
type waiter struct {
	n     int
	ready chan struct{} // closed when it is held
}

func newSemaphore(size int) *semaphore { return &semaphore{size: size} }

// acquire waits until n are free, or size of them if that is less, or until ctx ends; it returns
// how many it holds.
func (s *semaphore) acquire(ctx context.Context, n int) (int, error) {
	c := &waiter{min(n, s.size), make(chan struct{})}
	s.mu.Lock()
	s.waiting = append(s.waiting, c)
	s.grant()
	s.mu.Unlock()
	select {
	case <-c.ready:
		return c.n, nil
	case <-ctx.Done():
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if i := slices.Index(s.waiting, c); i >= 0 {
		s.waiting = slices.Delete(s.waiting, i, i+1)
	} else {
		s.held -= c.n
	}
	s.grant() // those behind it may want less
	return 0, ctx.Err()
}

// release frees n.
func (s *semaphore) release(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.held -= n
	s.grant()
}

// grant serves those who wait, in order, as far as they fit.
func (s *semaphore) grant() {
	for len(s.waiting) > 0 && s.held+s.waiting[0].n <= s.size {
		c := s.waiting[0]
		s.waiting = s.waiting[1:]
		s.held += c.n
		close(c.ready)
	}
}

// lease is what one attempt holds of something that is limited for its owner and for everybody. It
// is for one goroutine.
type lease struct {
	owner, all         *semaphore
	ownerHeld, allHeld int
}

// acquire waits until n are free, or ctx ends. The owner's own come first, so that no tenant waits
// in more than its places of those for all. It is not called again before release.
func (l *lease) acquire(ctx context.Context, n int) (err error) {
	if l.ownerHeld, err = l.owner.acquire(ctx, n); err != nil {
		return err
	}
	if l.allHeld, err = l.all.acquire(ctx, n); err != nil {
		l.owner.release(l.ownerHeld)
		l.ownerHeld = 0
	}
	return err
}

// release frees what was acquired, if anything was.
func (l *lease) release() {
	l.all.release(l.allHeld)
	l.owner.release(l.ownerHeld)
	l.ownerHeld, l.allHeld = 0, 0
}

// isHeld reports whether something was acquired.
func (l *lease) isHeld() bool { return l.allHeld > 0 }

// leases are what an attempt waits for. It is for one goroutine.
type leases struct {
	memory lease // slots for large bodies
	// turn is the owner's turn to decompress, parse or compile. Whoever holds it waits for nothing
	// but a processor, so that no owner's turn depends on what another one holds.
	turn  lease
	small int        // bytes of the body that need no memory slot
	place *hostPlace // at the host that it asks; nil for files
}

func (s *Store) newLeases(o *owner) *leases {
	return &leases{memory: lease{owner: o.bodySlots, all: s.bodySlots}, turn: s.turn(o), small: smallBody}
}

// turn is the turn of an owner, not yet acquired.
func (s *Store) turn(o *owner) lease { return lease{owner: o.readers, all: s.readers} }

// acquireTurn waits for an owner's turn; done ends it. A tenant has one at a time, so that neither
// large bodies nor many of one tenant delay those of others.
func (s *Store) acquireTurn(o *owner) (done func()) {
	turn := s.turn(o)
	_ = turn.acquire(context.Background(), 1) // which does not end
	return turn.release
}

type leasesKey struct{}

// withLeases makes an attempt wait for memory and for its owner's turn.
func withLeases(ctx context.Context, l *leases) context.Context {
	return context.WithValue(ctx, leasesKey{}, l)
}

func leasesOf(ctx context.Context) *leases {
	l, _ := ctx.Value(leasesKey{}).(*leases)
	return l
}

// waitForTurn waits for the owner's turn, which done ends. Without leases in ctx it does not wait.
func waitForTurn(ctx context.Context) (done func(), err error) {
	l := leasesOf(ctx)
	if l == nil {
		return func() {}, nil
	}
	return l.turn.release, pauseTimeout(ctx, func() error { return l.turn.acquire(ctx, 1) })
}

// limitedReader reads a body that waits for memory once it is large; without leases in ctx it does
// not wait.
func limitedReader(ctx context.Context, from io.Reader) io.Reader {
	l := leasesOf(ctx)
	if l == nil {
		return from
	}
	return &memoryReader{from: from, ctx: ctx, leases: l}
}

type memoryReader struct {
	from   io.Reader
	ctx    context.Context
	leases *leases
}

func (r *memoryReader) Read(p []byte) (int, error) {
	l := r.leases
	if !l.memory.isHeld() {
		if l.small == 0 {
			if err := pauseTimeout(r.ctx, r.acquire); err != nil {
				return 0, err
			}
		} else {
			p = p[:min(len(p), l.small)]
		}
	}
	n, err := r.from.Read(p)
	l.small -= min(n, l.small)
	return n, err
}

// acquire waits for memory. Meanwhile the turn is another attempt's.
func (r *memoryReader) acquire() error {
	l := r.leases
	if !l.turn.isHeld() {
		return l.memory.acquire(r.ctx, 1)
	}
	l.turn.release()
	if err := l.memory.acquire(r.ctx, 1); err != nil {
		return err
	}
	return l.turn.acquire(r.ctx, 1)
}

// pausableContext is a context with a timeout that pauseTimeout starts anew.
type pausableContext struct {
	context.Context
	timeout  time.Duration
	deadline atomic.Pointer[time.Time]
	timer    *time.Timer
}

type pausableKey struct{}

// withPausableTimeout is context.WithTimeout for pauseTimeout.
func withPausableTimeout(ctx context.Context, d time.Duration) (*pausableContext, context.CancelFunc) {
	inner, cancel := context.WithCancelCause(ctx)
	t := &pausableContext{Context: inner, timeout: d}
	t.setDeadline()
	t.timer = time.AfterFunc(d, func() { cancel(context.DeadlineExceeded) })
	return t, func() { t.timer.Stop(); cancel(context.Canceled) }
}

// setDeadline makes the whole timeout begin now.
func (c *pausableContext) setDeadline() {
	plain, stop := context.WithTimeout(context.Background(), c.timeout)
	ends, _ := plain.Deadline()
	stop()
	c.deadline.Store(&ends)
}

// Deadline bounds connecting, during which nothing is waited for.
func (c *pausableContext) Deadline() (time.Time, bool) { return *c.deadline.Load(), true }

func (c *pausableContext) Value(key any) any {
	if key == (pausableKey{}) {
		return c
	}
	return c.Context.Value(key)
}

// pauseTimeout calls wait, and starts the timeout of ctx anew afterwards.
func pauseTimeout(ctx context.Context, wait func() error) error {
	t, _ := ctx.Value(pausableKey{}).(*pausableContext)
	if t == nil || !t.timer.Stop() {
		return wait()
	}
	defer func() {
		t.setDeadline()
		t.timer.Reset(t.timeout)
	}()
	return wait()
}
