package server

import (
	"maps"
	"time"
)

// allowance is how much of a processor's time a client may take in the long run: one part in so
// many. The zero allowance is all of it.
type allowance struct {
	oneIn int
	burst time.Duration // which it may take at once beforehand
}

// spent is what counts of a client's turns at a moment. It grows less with time, at the rate of the
// share.
type spent struct {
	time  time.Duration
	since time.Time
}

func (s allowance) left(of spent, now time.Time) time.Duration {
	return max(0, of.time-now.Sub(of.since)/time.Duration(s.oneIn))
}

// pauseOf is how long a client whose turns took more than its share waits for the next one.
// Turns.mu is held.
func (t *turns) pauseOf(client string) time.Duration {
	of, ok := t.spent[client]
	if !ok {
		return 0
	}
	return max(0, t.share.left(of, t.now())-t.share.burst) * time.Duration(t.share.oneIn)
}

// addSpent notes a turn that has ended, and gives the client its next one after the pause. Turns.mu
// is held.
func (t *turns) addSpent(client string, took time.Duration) {
	if t.share.oneIn == 0 {
		return
	}
	now := t.now()
	if len(t.spent) >= maxUsers {
		maps.DeleteFunc(t.spent, func(_ string, of spent) bool { return t.share.left(of, now) == 0 })
	}
	t.spent[client] = spent{t.share.left(t.spent[client], now) + took, now}
	if pause := t.pauseOf(client); pause > 0 {
		time.AfterFunc(pause, func() {
			t.mu.Lock()
			defer t.mu.Unlock()
			t.grant()
		})
	}
}
