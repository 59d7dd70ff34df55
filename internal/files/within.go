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
	// Patience is how long a read or write waits for the file system. The more wait in vain
	// already, the shorter it is, down to leastPatience, so that a mount with a thousand
	// directories does not hold a reload up for an hour. Those of other homes count a quarter.
	Patience      = 5 * time.Second
	leastPatience = 250 * time.Millisecond
	// maxHung bounds the reads and writes that wait in vain. Each costs a thread of the process, of
	// which there are no more than 10,000. Those below all homes are maxHungOfHomes at most, and leave
	// the rest to those that have none. One home has maxHungOfHome of them, but only one where
	// maxHungTwice wait below all homes: a home of which nothing waits is still read when hundreds of
	// others do not answer.
	maxHung        = 256
	maxHungOfHome  = 2
	maxHungOfHomes = 224
	maxHungTwice   = 64
)

// ErrHung says that the file system did not answer in time, or has not answered somebody else yet.
var ErrHung = errors.New("the file system does not answer")

// hung counts the reads and writes that were given up and still wait. It belongs to the process, as
// the threads do that they hold: a package-wide variable is what keeps two users of a hung
// directory from holding two of them a second.
var hung = struct {
	sync.Mutex
	dirs    map[string]int // by directory
	homes   map[string]int // by home, of those that have one
	inHomes int            // of all homes
	reads   atomic.Int64
}{dirs: map[string]int{}, homes: map[string]int{}}

// Hung is how many reads and writes of this process were given up because the file system does
// not answer, and wait still.
func Hung() int { return int(hung.reads.Load()) }

// target is the place in the file system of an access.
type target struct {
	home string // the directory of one author, of whose file systems nobody else depends on; "" for none
	dir  string // "" where that is not known
	time *Budget
}

// Within runs do, which may wait for the file system, and gives it up after [Patience], with
// [ErrHung]. While it waits, others that give the same directory fail at once, so that one that
// does not answer holds few threads, however much is asked of it. late, unless it is nil, is given
// what do brought after it had been given up.
func Within[T any](dir string, do func() (T, error), late func(T)) (result T, err error) {
	return within(target{dir: dir}, do, late)
}

func within[T any](t target, do func() (T, error), late func(T)) (result T, err error) {
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
		return Patience, nil
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
	return max(Patience/time.Duration(1+own+(all-own)/4), leastPatience), nil
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
