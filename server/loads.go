package server

import (
	"math"
	"sync"
	"time"
)

const (
	loadHalfLife = time.Second           // after which a call counts half in its owner's load
	callCosts    = 50 * time.Microsecond // what reading a call and finding its route takes, by and large
)

// loads compare how much processor time the calls of each owner take, so that an overload refuses
// the calls of the owner that causes it. They are safe for concurrent use; the zero value is ready
// to use.
type loads struct {
	mu           sync.Mutex // guards the following, and the load of each owner
	updated      time.Time
	sum, squares float64 // of all loads, as of then
}

// recentLoad is how much one owner's calls took lately, in seconds as of a moment.
type recentLoad struct {
	seconds float64
	updated time.Time
}

// add adds what a call took.
func (ls *loads) add(l *recentLoad, took time.Duration, now time.Time) {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	factor := decay(now.Sub(ls.updated))
	before := l.seconds * decay(now.Sub(l.updated))
	after := before + took.Seconds()
	ls.sum = ls.sum*factor + took.Seconds()
	ls.squares = ls.squares*factor*factor + after*after - before*before
	ls.updated, l.seconds, l.updated = now, after, now
}

// isHeavy reports whether an owner's load is at least half of sum(load²)/sum(load), which is the
// load of the owner of an average second: it takes most of the time, or as much as many others. An
// owner that takes little beside others is light, however many calls there are.
func (ls *loads) isHeavy(l *recentLoad, now time.Time) bool {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	return 2*l.seconds*decay(now.Sub(l.updated))*ls.sum >= ls.squares*decay(now.Sub(ls.updated))
}

// decay is the part of a load that is left after a while.
func decay(after time.Duration) float64 {
	return math.Exp2(-max(0, after).Seconds() / loadHalfLife.Seconds())
}
