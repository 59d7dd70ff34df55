package server

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"sync"
	"time"
)

// Bounds of what people ask for and is worked out for them: calls come first.
const (
	maxWaiting  = 16              // that wait for their turn; others are told to come again
	turnWait    = 5 * time.Second // for a turn
	turnTimeout = 15 * time.Second
	retryAfter  = 5    // seconds after which to ask again
	maxUsers    = 1024 // clients whose used time is known
)

// errBusy is for whoever finds too many before him.
var errBusy = errors.New("too many requests at once; try again in a few seconds")

// errTooLong ends what takes too long.
var errTooLong = errors.New("this takes longer than 15s; request less")

// turns bound how many pages or calendars are worked out at once. When a place is free, the client
// that has used least time is next, so that one who asks for much, or for what takes long, delays
// the others by what is running for it and no more. When too many wait, the one with the most of
// them loses its last to one with fewer.
type turns struct {
	places      int // that may run at once
	perClient   int // of one client
	maxDuration time.Duration
	now         func() time.Time
	share       allowance // of a client in the long run

	mu      sync.Mutex // guards the following
	taken   int
	running map[string]int // by client
	waiting []*waitingTurn // in the order in which they came
	// used is the time that each client has used, beside what one used that began when it did: who
	// was away for long has saved up nothing.
	used  map[string]time.Duration
	least time.Duration    // what the last one to have its turn had used before
	spent map[string]spent // by client; nobody who has none left of it
}

// waitingTurn is a request that waits.
type waitingTurn struct {
	client string
	turn   chan bool // told whether it is its turn; false: it has lost its place
}

// adminTurns are those of the admin listener, hoursTurns those of hours on the Pivot listener.
// Neither takes from the other, and together they leave a processor to calls where there are more
// than two.
func adminTurns(now func() time.Time) *turns {
	n := max(1, runtime.GOMAXPROCS(0)-1-hoursPlaces())
	return newTurns(n, max(1, n-1), turnTimeout, now)
}

func hoursTurns(now func() time.Time) *turns {
	t := newTurns(hoursPlaces(), 1, hoursLasts, now)
	t.share = allowance{oneIn: hoursShare, burst: hoursBurst}
	return t
}

func hoursPlaces() int { return max(1, (runtime.GOMAXPROCS(0)-1)/2) }

func newTurns(places, ofOne int, lasts time.Duration, now func() time.Time) *turns {
	return &turns{
		places: places, perClient: ofOne, maxDuration: lasts, now: now,
		running: map[string]int{}, used: map[string]time.Duration{}, spent: map[string]spent{},
	}
}

// take waits for a turn of a client, and gives a context that ends with the request or when the
// turn has lasted too long. done ends the turn.
func (t *turns) take(ctx context.Context, client string, wait time.Duration) (
	turn context.Context, done func(), err error,
) {
	if err := t.wait(ctx, client, wait); err != nil {
		return nil, nil, err
	}
	began := t.now()
	turn, cancel := context.WithTimeoutCause(ctx, t.maxDuration, errTooLong)
	return turn, func() { cancel(); t.release(client, t.now().Sub(began)) }, nil
}

func (t *turns) wait(ctx context.Context, client string, wait time.Duration) error {
	w := &waitingTurn{client, make(chan bool, 1)}
	t.mu.Lock()
	t.used[client] = max(t.used[client], t.least)
	t.waiting = append(t.waiting, w)
	t.grant()
	if len(t.waiting) > maxWaiting {
		t.evict(client)
	}
	t.mu.Unlock()
	timer := time.NewTimer(wait)
	defer timer.Stop()
	var err error
	select {
	case got := <-w.turn:
		if got {
			return nil
		}
		return errBusy
	case <-timer.C:
		err = errBusy
	case <-ctx.Done():
		err = context.Cause(ctx)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if i := slices.Index(t.waiting, w); i >= 0 {
		t.waiting = slices.Delete(t.waiting, i, i+1)
		return err
	}
	if <-w.turn { // meanwhile
		return nil
	}
	return errBusy
}

// grant gives free places to those whose client has used least.
func (t *turns) grant() {
	for t.taken < t.places {
		first := -1
		for i, w := range t.waiting {
			if t.running[w.client] < t.perClient && t.pauseOf(w.client) == 0 &&
				(first < 0 || t.used[w.client] < t.used[t.waiting[first].client]) {
				first = i
			}
		}
		if first < 0 {
			return
		}
		w := t.waiting[first]
		t.waiting = slices.Delete(t.waiting, first, first+1)
		t.taken++
		t.running[w.client]++
		t.least = max(t.least, t.used[w.client])
		w.turn <- true
	}
}

// evict takes the place of the last one of the client of which most wait; the newcomer's, unless
// others have more.
func (t *turns) evict(newcomer string) {
	waiting := map[string]int{}
	for _, w := range t.waiting {
		waiting[w.client]++
	}
	most := newcomer
	for client, n := range waiting {
		if n > waiting[most] {
			most = client
		}
	}
	for i, w := range slices.Backward(t.waiting) {
		if w.client == most {
			t.waiting = slices.Delete(t.waiting, i, i+1)
			w.turn <- false
			return
		}
	}
}

// release ends a turn that has taken so long.
func (t *turns) release(client string, took time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.taken--
	if t.running[client]--; t.running[client] == 0 {
		delete(t.running, client)
	}
	t.used[client] += took
	t.addSpent(client, took)
	t.grant()
	if t.taken == 0 && len(t.waiting) == 0 || len(t.used) > maxUsers {
		clear(t.used)
		t.least = 0
	}
}
