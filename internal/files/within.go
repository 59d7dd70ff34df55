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
	// Patience is how long a read or write waits for the file system. The more wait in vain already, the shorter it is,
	// down to leastPatience, so that a mount with a thousand directories does not hold a reload up for an hour.
	Patience      = 5 * time.Second
	leastPatience = 250 * time.Millisecond
	// maxHung bounds the reads and writes that wait in vain. Each costs a thread of the process, of which
	// there are no more than 10,000.
	maxHung = 256
)

// ErrHung says that the file system did not answer in time, or has not answered somebody else yet.
var ErrHung = errors.New("the file system does not answer")

// hung counts the reads and writes that were given up and still wait, by directory. It belongs to the process,
// as the threads do that they hold: a package-wide variable is what keeps two users of a hung directory from
// holding two of them a second.
var hung = struct {
	sync.Mutex
	dirs  map[string]int
	reads atomic.Int64
}{dirs: map[string]int{}}

// Hung is how many reads and writes of this process were given up because the file system does
// not answer, and wait still.
func Hung() int { return int(hung.reads.Load()) }

func within[T any](dir string, do func() (T, error)) (T, error) { return Within(dir, do, nil) }

// Within runs do, which may wait for the file system, and gives it up after [Patience], with [ErrHung]. While it waits,
// others that give the same directory fail at once, so that one that does not answer holds few threads, however much is
// asked of it. late, unless it is nil, is given what do brought after it had been given up.
func Within[T any](dir string, do func() (T, error), late func(T)) (result T, err error) {
	if err := admit(dir); err != nil {
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
			forget(dir)
			if late != nil && err == nil {
				late(v)
			}
			return
		}
		ended <- outcome{v, err}
	}()
	wait := patience()
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case o := <-ended:
		return o.value, o.err
	case <-timer.C:
	}
	hung.Lock()
	defer hung.Unlock()
	if !over.CompareAndSwap(false, true) { // it ended at the last moment
		o := <-ended
		return o.value, o.err
	}
	hung.dirs[dir]++
	hung.reads.Add(1)
	return result, fmt.Errorf("%w: nothing in %v", ErrHung, wait.Round(time.Millisecond))
}

func patience() time.Duration {
	return max(Patience/time.Duration(1+hung.reads.Load()), leastPatience)
}

// admit refuses what would only hold one more thread.
func admit(dir string) error {
	if hung.reads.Load() == 0 {
		return nil
	}
	hung.Lock()
	defer hung.Unlock()
	switch {
	case dir != "" && hung.dirs[dir] > 0:
		return fmt.Errorf("%w: an earlier access to this directory still waits", ErrHung)
	case hung.reads.Load() >= maxHung:
		return fmt.Errorf("%w: %d accesses wait already", ErrHung, maxHung)
	}
	return nil
}

func forget(dir string) {
	hung.Lock()
	defer hung.Unlock()
	if hung.dirs[dir]--; hung.dirs[dir] == 0 {
		delete(hung.dirs, dir)
	}
	hung.reads.Add(-1)
}
