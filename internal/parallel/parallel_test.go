package parallel

import (
	"strings"
	"sync/atomic"
	"testing"

	"github.com/callhours/callhours/internal/contain"
)

func TestEach(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 1, 2, 1000} {
		done := make([]atomic.Int32, n)
		Each(n, func(i int) { done[i].Add(1) })
		for i := range done {
			if got := done[i].Load(); got != 1 {
				t.Errorf("of %d, %d was done %d times", n, i, got)
			}
		}
	}
}

// TestEachPanics sees that one that panics keeps no other from being done, and that the caller
// has its panic with its stack.
func TestEachPanics(t *testing.T) {
	t.Parallel()
	var done atomic.Int32
	defer func() {
		p, ok := recover().(*contain.Panic)
		switch {
		case !ok:
			t.Error("the caller has no panic")
		case p.Value != "seven" || !strings.Contains(string(p.Stack), "TestEachPanics"):
			t.Errorf("got %q with the stack\n%s", p.Value, p.Stack)
		}
		if n := done.Load(); n != 99 {
			t.Errorf("%d others were done, want 99", n)
		}
	}()
	Each(100, func(i int) {
		if i == 7 {
			panic("seven")
		}
		done.Add(1)
	})
}
