package listen

import (
	"context"
	"net/netip"
	"slices"
	"sync"
	"time"
)

// logins are the line in which passwords wait to be checked, one at a time. Addresses from which
// none was wrong lately go before the others, and take their places when there are no more. IPv6
// addresses count by their /64, which is one customer's; a wrong password counts for the /48 too,
// which may be as well.
type logins struct {
	now func() time.Time

	mu       sync.Mutex     // guards the following
	busy     bool           // one is being checked, or the pause after a wrong one lasts
	waiting  []*loginWaiter // in the order in which they came
	pending  map[netip.Prefix]int
	failures map[netip.Prefix]time.Time // the last wrong password
}

type loginWaiter struct {
	from netip.Addr
	turn chan bool // told whether it is its turn; false: it has lost its place
}

const (
	checksWait   = 16               // passwords that wait to be checked, of all addresses
	checksOfOne  = 2                // and of one address, which may be that of several people
	failuresLast = 15 * time.Minute // for how long a wrong password counts
	maxFailures  = 4096             // addresses of which that is known
)

func newLogins(now func() time.Time) *logins {
	return &logins{now: now, pending: map[netip.Prefix]int{}, failures: map[netip.Prefix]time.Time{}}
}

// networksOf are the networks by which an address counts: itself or its /64, and the /48.
func networksOf(a netip.Addr) (own, wide netip.Prefix) {
	if !a.Is6() {
		own, _ = a.Prefix(a.BitLen())
		return own, own
	}
	own, _ = a.WithZone("").Prefix(64)
	wide, _ = a.WithZone("").Prefix(48)
	return own, wide
}

// acquire waits for the turn of an address; false if it gets none. done reports whether the
// password was wrong, and after what pause the next one has its turn.
func (l *logins) acquire(ctx context.Context, from netip.Addr) (done func(wrong bool, pause time.Duration), ok bool) {
	own, _ := networksOf(from)
	l.mu.Lock()
	if l.pending[own] >= checksOfOne || len(l.waiting) >= checksWait && !l.displace(from) {
		l.mu.Unlock()
		return nil, false
	}
	w := &loginWaiter{from, make(chan bool, 1)}
	l.pending[own]++
	l.waiting = append(l.waiting, w)
	l.next()
	l.mu.Unlock()
	select {
	case ok = <-w.turn:
	case <-ctx.Done():
		l.mu.Lock()
		if i := slices.Index(l.waiting, w); i >= 0 {
			l.waiting = slices.Delete(l.waiting, i, i+1)
		}
		l.mu.Unlock()
		select {
		case had := <-w.turn: // meanwhile
			if had {
				l.release()
			}
		default:
		}
	}
	if !ok {
		l.mu.Lock()
		l.forget(own)
		l.mu.Unlock()
		return nil, false
	}
	return func(wrong bool, pause time.Duration) {
		l.mu.Lock()
		l.forget(own)
		if wrong {
			l.recordFailure(from)
		}
		l.mu.Unlock()
		if pause > 0 {
			time.AfterFunc(pause, l.release)
		} else {
			l.release()
		}
	}, true
}

func (l *logins) forget(own netip.Prefix) {
	if l.pending[own]--; l.pending[own] == 0 {
		delete(l.pending, own)
	}
}

// release lets the next one have its turn.
func (l *logins) release() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.busy = false
	l.next()
}

// next gives the turn to the first without wrong passwords, else to the first.
func (l *logins) next() {
	if l.busy || len(l.waiting) == 0 {
		return
	}
	i := max(0, slices.IndexFunc(l.waiting, func(w *loginWaiter) bool { return !l.hasFailed(w.from) }))
	w := l.waiting[i]
	l.waiting = slices.Delete(l.waiting, i, i+1)
	l.busy = true
	w.turn <- true
}

// displace makes a place for an address without wrong passwords: the last one with some loses its
// own.
func (l *logins) displace(from netip.Addr) bool {
	if l.hasFailed(from) {
		return false
	}
	for i, w := range slices.Backward(l.waiting) {
		if l.hasFailed(w.from) {
			l.waiting = slices.Delete(l.waiting, i, i+1)
			w.turn <- false
			return true
		}
	}
	return false
}

// hasFailed reports whether a password from an address was wrong lately.
func (l *logins) hasFailed(from netip.Addr) bool {
	own, wide := networksOf(from)
	now := l.now()
	for _, site := range []netip.Prefix{own, wide} {
		if at, ok := l.failures[site]; ok && now.Sub(at) < failuresLast {
			return true
		}
	}
	return false
}

func (l *logins) recordFailure(from netip.Addr) {
	own, wide := networksOf(from)
	now := l.now()
	if len(l.failures) >= maxFailures {
		for site, at := range l.failures { // the older half, by and large
			if now.Sub(at) >= failuresLast || len(l.failures) > maxFailures/2 {
				delete(l.failures, site)
			}
		}
	}
	l.failures[own], l.failures[wide] = now, now
}
