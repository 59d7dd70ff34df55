// Package parallel does many small things on all processors.
package parallel

import (
	"errors"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/callhours/callhours/internal/contain"
)

// Each calls do for 0 to n-1, on as many goroutines as there are processors for them (GOMAXPROCS),
// and returns when all are done. After each it lets others go first, so that a call waits for one
// small thing and not for a slice of time. Where some panic the others are done nevertheless, and
// then Each panics with the first one's [contain.Panic], so that the caller's containment has it.
func Each(n int, do func(i int)) {
	var next atomic.Int64
	var panicked atomic.Pointer[contain.Panic]
	var workers sync.WaitGroup
	for range min(n, runtime.GOMAXPROCS(0)) {
		workers.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				err := contain.Do(func() error { do(i); return nil })
				if p, ok := errors.AsType[*contain.Panic](err); ok {
					panicked.CompareAndSwap(nil, p)
				}
				runtime.Gosched()
			}
		})
	}
	workers.Wait()
	if p := panicked.Load(); p != nil {
		panic(p)
	}
}
