package calendars

import (
	"context"
	"io"
	"time"
)

const (
	// smallBody is how many bytes of a body wait for nobody.
	smallBody = 256 << 10
	// largeBodies is how many bodies that are larger are held at a time, from when they are fetched until
	// they are kept; a tenant has largeOfTenant of them at most. Others wait with what they have, and have
	// their whole time afterwards.
	largeBodies   = 16
	largeOfTenant = 2
)

// room is what one attempt may take of the memory for large bodies. It is for one goroutine.
type room struct {
	own, all chan struct{} // hold one for each large body, of the owner and of everybody
	held     bool
}

// take waits until there is room, or ctx ends. Its own share is first, so that no tenant waits in more than
// its places of those for all.
func (r *room) take(ctx context.Context) error {
	select {
	case r.own <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case r.all <- struct{}{}:
		r.held = true
		return nil
	case <-ctx.Done():
		<-r.own
		return ctx.Err()
	}
}

// free gives back what was taken, if anything was.
func (r *room) free() {
	if r.held {
		<-r.all
		<-r.own
		r.held = false
	}
}

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
	if !r.room.held {
		if r.small == 0 {
			if err := whileWaiting(r.ctx, func() error { return r.room.take(r.ctx) }); err != nil {
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

// allotted is a context that ends when its time is over. That begins anew after the wait for room. Its
// Deadline is that without waiting.
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
