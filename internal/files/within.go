package files

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/callhours/callhours/internal/contain"
)

const (
	// Timeout is how long a read or write may take. It becomes shorter the more accesses hang
	// already, down to minTimeout, so that a mount with a thousand directories does not delay a
	// reload for an hour. Accesses below other homes count a quarter.
	Timeout    = 5 * time.Second
	minTimeout = 250 * time.Millisecond
	// maxHung bounds the reads and writes that hang. Each blocks a thread of the process, which can
	// have 10,000. Below all homes at most maxHungOfHomes may hang, so that some remain for
	// accesses without a home. One home may have maxHungOfHome of them, but only one once
	// maxHungTwice hang below all homes: a home of which nothing hangs is still read when hundreds
	// of others hang.
	maxHung        = 256
	maxHungOfHome  = 2
	maxHungOfHomes = 224
	maxHungTwice   = 64
)

// ErrHung is the error of a file system that does not answer in time, or has not answered an
// earlier access.
var ErrHung = errors.New("the file system does not answer")

// hung counts the reads and writes that were given up and still hang. It is a package-wide variable
// because the blocked threads belong to the process: two users of a hung directory must not block
// two of them each second.
var hung = struct {
	sync.Mutex
	dirs    map[string]int // by directory
	homes   map[string]int // by home, of those that have one
	inHomes int            // of all homes
	reads   atomic.Int64
}{dirs: map[string]int{}, homes: map[string]int{}}

// Hung returns how many reads and writes of this process were given up and still hang.
func Hung() int { return int(hung.reads.Load()) }

// target is the place in the file system of an access.
type target struct {
	home string // the directory of one author, of whose file systems nobody else depends on; "" for none
	dir  string // "" where that is not known
	time *Budget
}

// WithTimeout runs do, which may block on the file system, and gives up after [Timeout] with
// [ErrHung]. While it hangs, further accesses to the same directory fail at once, so that it blocks
// few threads, however many accesses there are. late, unless nil, receives the result of do when
// that ends after all.
func WithTimeout[T any](dir string, do func() (T, error), late func(T)) (result T, err error) {
	return withTimeout(target{dir: dir}, do, late)
}

func withTimeout[T any](t target, do func() (T, error), late func(T)) (result T, err error) {
	if err := t.time.check(t.home); err != nil {
		return result, err
	}
	wait, err := waitTime(t)
	if err != nil {
		return result, err
	}
	type outcome struct {
		value T
		err   error
	}
	ended := make(chan outcome, 1)
	var over atomic.Bool // it has ended, or was given up, whichever was first
	go func() {
		var v T
		err := contain.Do(func() (err error) { v, err = do(); return err })
		if !over.CompareAndSwap(false, true) {
			addHung(t, -1)
			if late != nil && err == nil {
				late(v)
			}
			return
		}
		ended <- outcome{v, err}
	}()
	timer := time.NewTimer(wait)
	defer timer.Stop()
	var ticks <-chan time.Time
	if t.time != nil && t.home != "" {
		ticker := time.NewTicker(budgetTick)
		defer ticker.Stop()
		ticks = ticker.C
	}
	err = fmt.Errorf("%w: nothing in %v", ErrHung, wait.Round(time.Millisecond))
	for waits := true; waits; {
		select {
		case o := <-ended:
			return o.value, o.err
		case <-timer.C:
			waits = false
		case <-ticks:
			if waits = !t.time.spend(t.home); !waits {
				err = TooSlow(t.home)
			}
		}
	}
	hung.Lock()
	defer hung.Unlock()
	if !over.CompareAndSwap(false, true) { // it ended at the last moment
		o := <-ended
		return o.value, o.err
	}
	addHungLocked(t, 1)
	return result, err
}

// waitTime returns how long an access may wait, or an error for one that would only block another
// thread.
func waitTime(t target) (wait time.Duration, err error) {
	if hung.reads.Load() == 0 {
		return Timeout, nil
	}
	hung.Lock()
	defer hung.Unlock()
	all := int(hung.reads.Load())
	own := all - hung.inHomes
	if t.home != "" {
		own = hung.homes[t.home]
	}
	switch {
	case t.dir != "" && hung.dirs[t.dir] > 0:
		return 0, fmt.Errorf("%w: an earlier access to this directory still waits", ErrHung)
	case t.home != "" && (own >= maxHungOfHome || own > 0 && hung.inHomes >= maxHungTwice):
		return 0, fmt.Errorf("%w: %d accesses below %s wait already", ErrHung, own, t.home)
	case t.home != "" && hung.inHomes >= maxHungOfHomes:
		return 0, fmt.Errorf("%w: %d accesses below tenants' directories wait already", ErrHung, hung.inHomes)
	case all >= maxHung:
		return 0, fmt.Errorf("%w: %d accesses wait already", ErrHung, all)
	}
	return max(Timeout/time.Duration(1+own+(all-own)/4), minTimeout), nil
}

func addHung(t target, n int) {
	hung.Lock()
	defer hung.Unlock()
	addHungLocked(t, n)
}

// addHungLocked is addHung for a caller that holds the lock.
func addHungLocked(t target, n int) {
	hung.reads.Add(int64(n))
	if hung.dirs[t.dir] += n; hung.dirs[t.dir] == 0 {
		delete(hung.dirs, t.dir)
	}
	if t.home == "" {
		return
	}
	hung.inHomes += n
	if hung.homes[t.home] += n; hung.homes[t.home] == 0 {
		delete(hung.homes, t.home)
	}
}
