package listen

import (
	"net/http"
	"time"
)

// When there are too many calls.
const (
	lateAfter     = 15 * time.Millisecond // when half of all calls have waited longer for their turn,
	overloadTicks = 5                     // in so many ticks one after the other, in each of which
	leastExamined = 8                     // at least so many were looked at, there are too many,
	refusedAfter  = 30 * time.Millisecond // and those that have waited longer than this are not answered
	examinedOf    = 8                     // of how many calls one is looked at, while none waits
)

// detectOverload decides whether there are too many calls: once half of all have waited in several
// ticks, and until less than a quarter have in as many, or there are hardly any. That some have
// waited, or all for a moment, is not enough: Kazoo has time, and a burst, a machine that stops, or
// a container that has used up its share of the CPU are no reasons not to answer. Nor does it end
// by a moment without: the connections that were refused come back then, all at once. That some
// have not waited says little: a call that follows the answer on its connection at once has the CPU
// already.
func (l *Listener) detectOverload(now time.Time) {
	if !l.detecting.TryLock() {
		return
	}
	defer l.detecting.Unlock()
	since := now.Sub(l.detected)
	if since < tick || l.examined.Load() < leastExamined && since < overloadTicks*tick {
		return
	}
	l.detected = now
	looked, waited := l.examined.Swap(0), l.late.Swap(0)
	before := l.overloaded.Load()
	other := 2*waited >= looked
	if before {
		other = 4*waited < looked
	}
	l.streak++
	switch {
	case looked < leastExamined:
		l.streak = 0
		l.overloaded.Store(false)
	case !other:
		l.streak = 0
	case l.streak == overloadTicks:
		l.streak = 0
		l.overloaded.Store(!before)
	}
	l.examineAll.Store(waited > 0)
}

// waited is for how long the call that has just been read from the connection has waited, where
// there are too many calls and that is too long, else 0. Those behind it wait as long, so that
// either all are answered late or some are told at once to use their fallback.
func (c *Conn) waited() time.Duration {
	l := c.listener
	if !l.examineAll.Load() && l.calls.Add(1)%examinedOf != 0 {
		return 0
	}
	ago := sinceReceived(c.raw)
	l.examined.Add(1)
	if ago > lateAfter {
		l.examineAll.Store(true)
		l.late.Add(1)
	}
	l.detectOverload(l.options.Now()) // the ticker's turn comes late when there are too many calls
	if ago > refusedAfter && l.overloaded.Load() {
		return ago
	}
	return 0
}

// Waited is how long the call of a request has waited to be read, if there are too many calls and
// that is too long, else 0: it is time to refuse it.
func Waited(r *http.Request) time.Duration {
	if c := ConnOf(r); c != nil {
		return c.waited()
	}
	return 0
}
