package feeds

import (
	"context"
	"io"
	"slices"
	"sync"
	"time"
)

const (
	// smallBody is how many bytes of a body wait for nobody.
	smallBody = 256 << 10
	// largeBodies is how many bodies that are larger are held at a time, from when they are fetched
	// or read until they are kept; a tenant has largeOfTenant of them at most. The files of one
	// calendar together count as often as they fill limits.bytes, and as all of a tenant's at most.
	// Others wait with what they have, and have their whole time afterwards.
	largeBodies   = 16
	largeOfTenant = 2
)

// allowance is what may be held at a time, for whoever comes first: who wants much is not kept
// waiting by those who want little. It is safe for concurrent use.
type allowance struct {
	most int

	mu      sync.Mutex
	held    int
	waiting []*claim // in order
}

// claim is what somebody waits for.
type claim struct {
	n     int
	ready chan struct{} // closed when it is held
}

func newAllowance(most int) *allowance { return &allowance{most: most} }

// take waits until n may be held, most at most, or ctx ends; it gives how many are.
func (b *allowance) take(ctx context.Context, n int) (int, error) {
	c := &claim{min(n, b.most), make(chan struct{})}
	b.mu.Lock()
	b.waiting = append(b.waiting, c)
	b.admit()
	b.mu.Unlock()
	select {
	case <-c.ready:
		return c.n, nil
	case <-ctx.Done():
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if i := slices.Index(b.waiting, c); i >= 0 {
		b.waiting = slices.Delete(b.waiting, i, i+1)
	} else {
		b.held -= c.n
	}
	b.admit() // those behind it may want less
	return 0, ctx.Err()
}

// give gives back what was taken.
func (b *allowance) give(n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.held -= n
	b.admit()
}

func (b *allowance) admit() {
	for len(b.waiting) > 0 && b.held+b.waiting[0].n <= b.most {
		c := b.waiting[0]
		b.waiting = b.waiting[1:]
		b.held += c.n
		close(c.ready)
	}
}

// room is what one attempt may take of the memory for large bodies. It is for one goroutine.
type room struct {
	own, all           *allowance // of the owner and of everybody
	ownTaken, allTaken int
}

// take waits until there is room for n bodies, or ctx ends. Its own share is first, so that no
// tenant waits in more than its places of those for all. It is not called again before free.
func (r *room) take(ctx context.Context, n int) (err error) {
	if r.ownTaken, err = r.own.take(ctx, n); err != nil {
		return err
	}
	if r.allTaken, err = r.all.take(ctx, n); err != nil {
		r.own.give(r.ownTaken)
		r.ownTaken = 0
	}
	return err
}

// free gives back what was taken, if anything was.
func (r *room) free() {
	r.all.give(r.allTaken)
	r.own.give(r.ownTaken)
	r.ownTaken, r.allTaken = 0, 0
}

// held reports whether there is room for a large body.
func (r *room) held() bool { return r.allTaken > 0 }

type roomKey struct{}

// inRoom makes an attempt wait for room where its body is large.
func inRoom(ctx context.Context, r *room) context.Context {
	return context.WithValue(ctx, roomKey{}, r)
}

// roomy reads a body that waits for room once it is large; without a room in ctx it waits for none.
func roomy(ctx context.Context, from io.Reader) io.Reader {
	r, _ := ctx.Value(roomKey{}).(*room)
	if r == nil {
		return from
	}
	return &roomyReader{from: from, ctx: ctx, room: r, small: smallBody}
}

type roomyReader struct {
	from  io.Reader
	ctx   context.Context
	room  *room
	small int // bytes that wait for nobody
}

func (r *roomyReader) Read(p []byte) (int, error) {
	if !r.room.held() {
		if r.small == 0 {
			if err := whileWaiting(r.ctx, func() error { return r.room.take(r.ctx, 1) }); err != nil {
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

// allotted is a context that ends when its time is over. That begins anew after the wait for room.
// Its Deadline is that without waiting.
type allotted struct {
	context.Context
	length time.Duration
	ends   time.Time
	timer  *time.Timer
}

type allottedKey struct{}

// withTime gives a context that has that much time.
func withTime(ctx context.Context, d time.Duration) (*allotted, context.CancelFunc) {
	plain, stop := context.WithTimeout(ctx, d)
	ends, _ := plain.Deadline()
	stop()
	inner, cancel := context.WithCancelCause(ctx)
	t := &allotted{Context: inner, length: d, ends: ends}
	t.timer = time.AfterFunc(d, func() { cancel(context.DeadlineExceeded) })
	return t, func() { t.timer.Stop(); cancel(context.Canceled) }
}

// Deadline is by when a connection has to stand.
func (t *allotted) Deadline() (time.Time, bool) { return t.ends, true }

func (t *allotted) Value(key any) any {
	if key == (allottedKey{}) {
		return t
	}
	return t.Context.Value(key)
}

// whileWaiting stops the time of ctx while wait does.
func whileWaiting(ctx context.Context, wait func() error) error {
	t, _ := ctx.Value(allottedKey{}).(*allotted)
	if t == nil || !t.timer.Stop() {
		return wait()
	}
	defer t.timer.Reset(t.length)
	return wait()
}
