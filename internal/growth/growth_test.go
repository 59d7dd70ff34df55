package growth

import "testing"

// recorder is a test that only notes whether it failed.
type recorder struct {
	testing.TB
	failed bool
}

func (*recorder) Helper()                 {}
func (r *recorder) Errorf(string, ...any) { r.failed = true }

func TestLinear(t *testing.T) {
	for _, c := range []struct {
		what string
		cost func(n int) int
		want bool // to fail
	}{
		{"nothing", func(int) int { return 0 }, false},
		{"linear", func(n int) int { return 7 * n }, false},
		{"half as much", func(n int) int { return 1_000_000_000 / n }, false},
		{"square", func(n int) int { return n * n }, true},
		{"a late square", func(n int) int { return 1000*n + max(0, n-2000)*n }, true},
	} {
		r := &recorder{TB: t}
		if Linear(r, 1000, c.cost); r.failed != c.want {
			t.Errorf("%s: failed %v, want %v", c.what, r.failed, c.want)
		}
	}
}

func TestBytes(t *testing.T) {
	var keep []byte
	if got := Bytes(func() { keep = make([]byte, 1<<20) }); got < 1<<20 || got > 3<<19 {
		t.Errorf("counted %d bytes, want a MiB", got)
	}
	_ = keep
}
