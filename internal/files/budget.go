package files

import (
	"fmt"
	"sync"
	"time"
)

// ErrSlow says that what is read below one home takes longer than a [Budget]
// allows. It is an [ErrHung].
var ErrSlow = fmt.Errorf("%w in time", ErrHung)

const (
	// homeBudget is how long what is read below one home may take in all: as long as two accesses
	// that are waited for in vain, which is all that a home has where nothing answers. The more
	// homes have used up theirs, the less each of the others has, down to minTimeout.
	homeBudget = maxHungOfHome * Timeout
	// budgetTick is in what pieces it is spent. What is shorter costs nothing.
	budgetTick = 10 * time.Millisecond
)

// Budget bounds how long somebody who reads the files of many authors waits for each of them: a
// file system that answers just before it would be given up otherwise holds everybody up as often
// as it is asked. The zero Budget is unspent, and the nil one has no end.
type Budget struct {
	mu    sync.Mutex               // guards the following
	left  map[string]time.Duration // by home
	spent int                      // homes that have none left
}

// check is ErrSlow for a home that has used up its time.
func (b *Budget) check(home string) error {
	if b == nil || home == "" {
		return nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if left, known := b.left[home]; known && left <= 0 {
		return TooSlow(home)
	}
	return nil
}

// spend takes a tick of what a home has, and reports whether that was the last one.
func (b *Budget) spend(home string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	left, known := b.left[home]
	if !known {
		left = max(homeBudget/time.Duration(1+b.spent), minTimeout)
	}
	if b.left == nil {
		b.left = map[string]time.Duration{}
	}
	if b.left[home] = left - budgetTick; left > 0 && b.left[home] <= 0 {
		b.spent++
	}
	return b.left[home] <= 0
}

// TooSlow is the error of what is read below a home that has used up its time. It says nothing that
// would be another the next time.
func TooSlow(home string) error {
	return fmt.Errorf("%w: reading files below %s takes too long; retried once a minute", ErrSlow, home)
}
