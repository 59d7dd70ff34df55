package server

import (
	"context"
	"runtime"
	"sync/atomic"
	"time"
)

// ownWait is how long a call waits while others of its tenant are being answered. Kazoo waits for five seconds.
const ownWait = time.Second

// ownInFlight is how many calls of one tenant are answered or wait at a time for each CPU: half of all.
const ownInFlight = inFlight / 2

// ownTurns bound how much of the processors the calls of one tenant take: half of them, and one at least, are
// answered at a time, so that others are answered in time however long a tenant's own templates take. The nil ownTurns,
// which are the operator's, bound nothing.
type ownTurns struct {
	places chan struct{}
	inside atomic.Int64 // that are answered or wait
	most   int64
	wait   time.Duration
}

func newOwnTurns() *ownTurns {
	processors := runtime.GOMAXPROCS(0)
	return &ownTurns{
		places: make(chan struct{}, max(1, processors/2)), most: ownInFlight * int64(processors), wait: ownWait,
	}
}

// take waits for a place; false: there is none in time. Whoever has one gives it back by done. While a call waits it is
// not among those that are running, of all: several tenants whose calls wait would otherwise have all places.
func (t *ownTurns) take(ctx context.Context, running *atomic.Int64) bool {
	if t == nil {
		return true
	}
	if t.inside.Add(1) > t.most {
		t.inside.Add(-1)
		return false
	}
	select {
	case t.places <- struct{}{}:
		return true
	default:
	}
	running.Add(-1)
	defer running.Add(1)
	timer := time.NewTimer(t.wait)
	defer timer.Stop()
	select {
	case t.places <- struct{}{}:
		return true
	case <-timer.C:
	case <-ctx.Done():
	}
	t.inside.Add(-1)
	return false
}

func (t *ownTurns) done() {
	if t != nil {
		<-t.places
		t.inside.Add(-1)
	}
}

// decide finds the answer, in a turn of the route's tenant.
func (rec *record) decide(ctx context.Context, now time.Time) {
	defer rec.route.turns.done()
	rec.answer = rec.route.State().Answer(ctx, rec.call, now)
}
