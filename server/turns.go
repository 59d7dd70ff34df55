package server

import (
	"context"
	"errors"
	"runtime"
	"sync/atomic"
	"time"
)

// Bounds of what people ask for and is worked out for them: calls come first.
const (
	mostWaiting = 16              // that wait for their turn; others are told to come again
	turnWait    = 5 * time.Second // for a turn
	turnLasts   = 15 * time.Second
	askedAgain  = 5 // seconds after which to ask again
)

// errBusy is for whoever finds too many before him.
var errBusy = errors.New("too much is asked at once; ask again in some seconds")

// errLong ends what takes too long.
var errLong = errors.New("this takes longer than 15s; ask for less")

// turns let as many pages and answers be worked out at once as there are processors, less the one that calls have to themselves where
// there are several, and few wait.
type turns struct {
	places  chan struct{}
	waiting atomic.Int64
}

func newTurns() *turns {
	return &turns{places: make(chan struct{}, max(1, runtime.GOMAXPROCS(0)-1))}
}

// take waits for a turn, and gives a context that ends with the asking one or when the turn has lasted too long. done ends the turn.
func (t *turns) take(ctx context.Context, wait time.Duration) (turn context.Context, done func(), err error) {
	select {
	case t.places <- struct{}{}:
	default:
		if err := t.queue(ctx, wait); err != nil {
			return nil, nil, err
		}
	}
	turn, cancel := context.WithTimeoutCause(ctx, turnLasts, errLong)
	return turn, func() { cancel(); <-t.places }, nil
}

func (t *turns) queue(ctx context.Context, wait time.Duration) error {
	if t.waiting.Add(1) > mostWaiting {
		t.waiting.Add(-1)
		return errBusy
	}
	defer t.waiting.Add(-1)
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case t.places <- struct{}{}:
		return nil
	case <-timer.C:
		return errBusy
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
