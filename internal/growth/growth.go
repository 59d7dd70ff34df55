// Package growth is for tests of cost: it asserts that what something costs grows no
// faster than what it is given, by counts (steps, bytes allocated) and never by seconds,
// so that a machine's day has no say.
//
//	growth.Linear(t, 10_000, func(n int) int {
//		body := hostile(n)
//		return growth.Bytes(func() { Read(body, Limits{}) })
//	})
package growth

import (
	"runtime"
	"testing"

	"golang.org/x/sys/unix"
)

// maxGrowth is the factor by which a cost may grow when the input doubles: slices grow in jumps,
// and a logarithm is allowed.
const maxGrowth = 2.3

// Linear fails the test when the cost of n, 2n and 4n grows by more than 2.3 from one to the next.
// The cost is that of an input of n (lines, bytes, names). One that is the same for all, as with
// what is refused, is linear too.
func Linear(t testing.TB, n int, cost func(n int) int) {
	t.Helper()
	Within(t, maxGrowth, n, cost)
}

// Within fails the test when the cost of n, 2n and 4n grows by more than a factor from one to the
// next. What grows too much is measured again, up to three times, and the least counts: what else
// the process did has no say.
func Within(t testing.TB, factor float64, n int, cost func(n int) int) {
	t.Helper()
	cost(n) // what is made once
	before := cost(n)
	for _, times := range []int{2, 4} {
		now := cost(times * n)
		for again := 0; again < 3 && float64(now) > factor*float64(before)+1000; again++ {
			now = min(now, cost(times*n))
		}
		if float64(now) > factor*float64(before)+1000 {
			t.Errorf("an input of %d costs %d, and one of %d costs %d, %.1f times as much; want at most %.1f",
				times/2*n, before, times*n, now, float64(now)/float64(max(before, 1)), factor)
		}
		before = now
	}
}

// Bytes returns how many bytes a function allocates. Other goroutines count too: a test that uses
// it is not parallel, or measures so many bytes that those do not matter.
func Bytes(f func()) int {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return int(after.TotalAlloc - before.TotalAlloc)
}

// CPU is how many microseconds of its own thread's time a function takes, of one goroutine: what
// others do has little say, but some. It shows loops that allocate nothing, for soaks. What takes
// less than the system's clock ticks (some count by 4 ms) is as much as that.
func CPU(t testing.TB, f func()) int {
	t.Helper()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	used := func() int {
		var u unix.Rusage
		if err := unix.Getrusage(unix.RUSAGE_THREAD, &u); err != nil {
			t.Fatal(err)
		}
		return int(u.Utime.Nano()+u.Stime.Nano()) / 1000
	}
	before := used()
	f()
	return max(used()-before, tick)
}

// tick is more than systems count a thread's time by, in microseconds.
const tick = 10_000
