package listen

import (
	"context"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// TestLogins: whoever has not failed goes before those who have, and takes a place of theirs; a
// network of wrong passwords keeps nobody else out.
func TestLogins(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLogins(time.Now)
		var mu sync.Mutex // guards order
		var order []string
		say := func(text string) {
			mu.Lock()
			defer mu.Unlock()
			order = append(order, text)
		}
		said := func() []string {
			mu.Lock()
			defer mu.Unlock()
			return slices.Clone(order)
		}
		enter := func(ctx context.Context, from string, wrong bool) {
			go func() {
				if leave, ok := l.acquire(ctx, netip.MustParseAddr(from)); ok {
					say(from)
					leave(wrong, time.Second)
				} else {
					say("not " + from)
				}
			}()
			synctest.Wait()
		}
		turns := func(what string, want ...string) {
			t.Helper()
			<-time.After(time.Minute)
			synctest.Wait()
			got := said()
			if len(want) > checksWait { // they wait alike
				slices.Sort(got)
			}
			if !slices.Equal(got, want) {
				t.Errorf("%s: got %q, want %q", what, got, want)
			}
			mu.Lock()
			order = nil
			mu.Unlock()
			if l.busy || len(l.waiting) > 0 || len(l.pending) > 0 {
				t.Errorf("%s: %+v is left", what, l)
			}
		}
		enter(t.Context(), "2001:db8::1", true)
		turns("a wrong one", "2001:db8::1")

		enter(t.Context(), "2001:db8:0:1::1", true) // of the same /48
		enter(t.Context(), "2001:db8:0:2::1", true)
		enter(t.Context(), "192.0.2.1", false)
		turns("a right one after wrong ones", "2001:db8:0:1::1", "192.0.2.1", "2001:db8:0:2::1")

		enter(t.Context(), "2001:db8::1", true)
		want := []string{"2001:db8::1"}
		for i := range checksWait {
			from := netip.AddrFrom16([16]byte{0x20, 1, 0xd, 0xb8, 7: byte(i + 1), 15: 1}).String()
			enter(t.Context(), from, true)
			want = append(want, from)
		}
		enter(t.Context(), "2001:db8:0:99::1", true)
		enter(t.Context(), "192.0.2.1", false)
		last := want[checksWait]
		want = append([]string{"not 2001:db8:0:99::1", "not " + last, want[0], "192.0.2.1"}, want[1:checksWait]...)
		slices.Sort(want)
		<-time.After(1500 * time.Millisecond)
		synctest.Wait()
		if order := said(); !slices.Contains(order, "192.0.2.1") {
			t.Errorf("a full line of wrong passwords is before a right one: %q", order)
		}
		turns("a full line", want...)

		ctx, cancel := context.WithCancel(t.Context())
		enter(t.Context(), "192.0.2.1", false)
		enter(ctx, "192.0.2.2", false)
		cancel()
		turns("one that has gone", "192.0.2.1", "not 192.0.2.2")

		<-time.After(failuresLast)
		if l.hasFailed(netip.MustParseAddr("2001:db8::1")) {
			t.Error("a wrong password counts for ever")
		}
		for i := range 3 * maxFailures {
			l.recordFailure(netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}))
		}
		if n := len(l.failures); n > maxFailures+2 {
			t.Errorf("%d addresses are remembered", n)
		}
	})
}
