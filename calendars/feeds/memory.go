package feeds

import (
	"context"
	"io"
	"slices"
	"sync"
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

// bodyMemory is the slots of memory for large bodies that one attempt holds. It is for one
// goroutine.
type bodyMemory struct {
	owner, all         *semaphore // of the owner and of everybody
	ownerHeld, allHeld int
}

// acquire waits until n slots are free, or ctx ends. The owner's own come first, so that no tenant
// waits in more than its places of those for all. It is not called again before release.
func (m *bodyMemory) acquire(ctx context.Context, n int) (err error) {
	if m.ownerHeld, err = m.owner.acquire(ctx, n); err != nil {
		return err
	}
	if m.allHeld, err = m.all.acquire(ctx, n); err != nil {
		m.owner.release(m.ownerHeld)
		m.ownerHeld = 0
	}
	return err
}

// release frees what was acquired, if anything was.
func (m *bodyMemory) release() {
	m.all.release(m.allHeld)
	m.owner.release(m.ownerHeld)
	m.ownerHeld, m.allHeld = 0, 0
}

// held reports whether a large body may be held.
func (m *bodyMemory) held() bool { return m.allHeld > 0 }

// acquireReader waits until a body of an owner may be read; done frees the place. A tenant has one
// at a time, so that neither large bodies nor many of one tenant delay those of others.
func (s *Store) acquireReader(o *owner) (done func()) {
	o.readers <- struct{}{}
	s.readers <- struct{}{}
	return func() {
		<-s.readers
		<-o.readers
	}
}

type bodyMemoryKey struct{}

// withBodyMemory makes reading a large body wait for memory.
func withBodyMemory(ctx context.Context, r *bodyMemory) context.Context {
	return context.WithValue(ctx, bodyMemoryKey{}, r)
}

// limitedReader reads a body that waits for memory once it is large; without bodyMemory in ctx it
// does not wait.
func limitedReader(ctx context.Context, from io.Reader) io.Reader {
	r, _ := ctx.Value(bodyMemoryKey{}).(*bodyMemory)
	if r == nil {
		return from
	}
	return &memoryReader{from: from, ctx: ctx, memory: r, small: smallBody}
}

type memoryReader struct {
	from   io.Reader
	ctx    context.Context
	memory *bodyMemory
	small  int // bytes that wait for nobody
}

func (r *memoryReader) Read(p []byte) (int, error) {
	if !r.memory.held() {
		if r.small == 0 {
			if err := pauseTimeout(r.ctx, func() error { return r.memory.acquire(r.ctx, 1) }); err != nil {
				return 0, err
			}
		} else {
			p = p[:min(len(p), r.small)]
		}
	}
	n, err := r.from.Read(p)
	r.small -= min(n, r.small)
	return n, err
}

// pausableContext is a context with a timeout that pauseTimeout starts anew. Its Deadline is that
// without pauses.
type pausableContext struct {
	context.Context
	timeout  time.Duration
	deadline time.Time
	timer    *time.Timer
}

type pausableKey struct{}

// withPausableTimeout is context.WithTimeout for pauseTimeout.
func withPausableTimeout(ctx context.Context, d time.Duration) (*pausableContext, context.CancelFunc) {
	plain, stop := context.WithTimeout(ctx, d)
	ends, _ := plain.Deadline()
	stop()
	inner, cancel := context.WithCancelCause(ctx)
	t := &pausableContext{Context: inner, timeout: d, deadline: ends}
	t.timer = time.AfterFunc(d, func() { cancel(context.DeadlineExceeded) })
	return t, func() { t.timer.Stop(); cancel(context.Canceled) }
}

// Deadline bounds connecting, which never waits for memory.
func (c *pausableContext) Deadline() (time.Time, bool) { return c.deadline, true }

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
	defer t.timer.Reset(t.timeout)
	return wait()
}
