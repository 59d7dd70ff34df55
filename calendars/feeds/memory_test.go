package feeds

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/callhours/callhours/metrics"
)

// TestRoom: of many large bodies a few are held at a time, of one tenant fewer, and all are read in
// the end; small ones do not wait.
func TestRoom(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		all := newSemaphore(largeBodies)
		tenants := make([]*owner, 12)
		var mu sync.Mutex
		held, most, ended := map[*owner]int{}, 0, 0
		for i := range tenants {
			o := newOwner(string(rune('a' + i)))
			tenants[i] = o
			for range tenantAttempts {
				go func() {
					r := &leases{memory: lease{owner: o.bodySlots, all: all}, small: smallBody}
					ctx := withLeases(t.Context(), r)
					n, err := io.Copy(io.Discard, limitedReader(ctx, bytes.NewReader(make([]byte, smallBody+1))))
					if n != smallBody+1 || err != nil {
						t.Errorf("got %d bytes, %v", n, err)
					}
					mu.Lock()
					held[o]++
					sum := 0
					for _, n := range held {
						sum += n
					}
					if most = max(most, sum); held[o] > largeOfTenant {
						t.Errorf("a tenant holds %d", held[o])
					}
					mu.Unlock()
					<-time.After(time.Minute) // in the bubble
					mu.Lock()
					held[o]--
					ended++
					mu.Unlock()
					r.memory.release()
				}()
			}
		}
		synctest.Wait()
		small := &leases{memory: lease{owner: tenants[0].bodySlots, all: all}, small: smallBody}
		if n, err := io.Copy(io.Discard,
			limitedReader(withLeases(t.Context(), small), bytes.NewReader(make([]byte, smallBody-1)))); n != smallBody-1 ||
			err != nil || small.memory.isHeld() {
			t.Errorf("a small body: %d bytes, %v, held %t", n, err, small.memory.isHeld())
		}
		<-time.After(24 * time.Hour)
		synctest.Wait()
		if most != largeBodies || ended != len(tenants)*tenantAttempts || all.held != 0 {
			t.Errorf("at most %d are held, %d ended, %d are held in the end", most, ended, all.held)
		}
	})
}

// TestRoomWaits: an attempt that waits for room, for however long, has its time afterwards, and
// fails only if that is over.
func TestRoomWaits(t *testing.T) {
	t.Parallel()
	large := append(bytes.Clone(small[:len(small)-len("END:VCALENDAR\r\n")]),
		bytes.Repeat([]byte("X-A:"+string(bytes.Repeat([]byte("a"), 60))+"\r\n"), smallBody/60)...)
	large = append(large, "END:VCALENDAR\r\n"...)
	for name, c := range map[string]struct {
		body     []byte
		encoding string
	}{"as it is": {large, ""}, "gzip": {zipped(large), "gzip"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				f := NewFetcher(FetcherOptions{Now: time.Now})
				one := func() lease { return lease{owner: newSemaphore(1), all: newSemaphore(1)} }
				r := &leases{memory: one(), turn: one(), small: smallBody}
				if _, err := r.memory.owner.acquire(t.Context(), 1); err != nil {
					t.Fatal(err)
				}
				ctx, cancel := withPausableTimeout(withLeases(t.Context(), r), time.Second)
				defer cancel()
				time.AfterFunc(time.Hour, func() { r.memory.owner.release(1) })
				a := &attempt{fetcher: f, status: http.StatusOK}
				answer := &http.Response{
					Body:   io.NopCloser(bytes.NewReader(c.body)),
					Header: http.Header{"Content-Encoding": {c.encoding}}, ContentLength: -1,
				}
				if got := a.readBody(ctx, answer); got.Result != metrics.OK || len(got.Body) != len(large) || !r.memory.isHeld() {
					t.Errorf("got %s, %d bytes: %v", got.Result, len(got.Body), got.Err)
				}
				if ctx.Err() != nil {
					t.Error("its time is over")
				}
				<-ctx.Done()
				if got, _ := a.timeoutError(ctx, ctx.Err()); got.Err == nil || got.Result != metrics.Timeout ||
					!errors.Is(context.Cause(ctx), context.DeadlineExceeded) {
					t.Errorf("afterwards: %v", got.Err)
				}
			})
		})
	}
}

// TestRoomIsFreed: the store gives back the room of an attempt when its body is kept.
func TestRoomIsFreed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var taken atomic.Int32
		s := NewStore(Options{Now: time.Now, Fetch: func(ctx context.Context, _ Source, _ Validators) Fetched {
			if err := leasesOf(ctx).memory.acquire(ctx, 1); err != nil {
				return Fetched{Result: metrics.Timeout, Err: err}
			}
			taken.Add(1)
			return Fetched{Result: metrics.OK, Status: 200, Body: small}
		}})
		var asked []*Subscription
		for _, path := range []string{"a", "b", "c", "d", "e"} {
			asked = append(asked,
				&Subscription{
					Calendar: path, Refresh: time.Minute,
					Source: Source{Owner: "acme", URL: "https://" + path + ".example/x.ics"},
				})
		}
		s.Subscribe(asked)
		ctx, stop := context.WithCancel(t.Context())
		go s.Run(ctx)
		<-time.After(time.Hour)
		stop()
		synctest.Wait()
		if int(taken.Load()) < 2*len(asked) || s.bodySlots.held != 0 {
			t.Errorf("%d attempts had room, %d still have", taken.Load(), s.bodySlots.held)
		}
	})
}
