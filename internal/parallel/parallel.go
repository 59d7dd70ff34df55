// Package parallel does many small things on all processors.
package parallel

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// Each calls do for 0 to n-1, on as many goroutines as there are processors for them (GOMAXPROCS), and returns when all are done. After
// each it lets others go first, so that a call waits for one small thing and not for a slice of time.
func Each(n int, do func(i int)) {
	var next atomic.Int64
	var workers sync.WaitGroup
	for range min(n, runtime.GOMAXPROCS(0)) {
		workers.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				do(i)
				runtime.Gosched()
			}
		})
	}
	workers.Wait()
}
