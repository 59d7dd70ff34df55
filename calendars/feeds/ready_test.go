package feeds

import (
	"testing"
	"testing/synctest"
	"time"
)

// TestReadyFor: a tenant whose feed hangs is waited for a second longer than the others, who may
// take their time one after the other.
func TestReadyFor(t *testing.T) {
	t.Parallel()
	const hangs, soon, later = "https://hangs.example.com/", "https://soon.example.com/", "https://later.example.com/"
	late := func(d time.Duration) func(Validators) Fetched {
		return func(v Validators) Fetched { pass(d); return body(event("a"))(v) }
	}
	at := func(owner, url string) *Subscription {
		return &Subscription{Calendar: owner + "/" + url, Source: Source{Owner: owner, URL: url}}
	}
	for name, c := range map[string]struct {
		list []*Subscription
		want time.Duration
		all  bool
	}{
		"a tenant's hangs": {[]*Subscription{at("evil", hangs)}, time.Second, false},
		"tenants are ready one after the other": {
			[]*Subscription{at("evil", hangs), at("a", soon), at("b", later)},
			2600 * time.Millisecond, false,
		},
		"one tenant has many": {
			[]*Subscription{at("evil", hangs), at("evil", soon), at("evil", later)},
			time.Second, false,
		},
		"the operator's is waited for": {
			[]*Subscription{at("evil", hangs), at("", later)},
			1600 * time.Millisecond,
			false,
		},
		"all are ready": {[]*Subscription{at("a", soon), at("", later)}, 1600 * time.Millisecond, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := &shop{answers: map[string]func(Validators) Fetched{
					hangs: late(time.Minute), soon: late(800 * time.Millisecond), later: late(1600 * time.Millisecond),
				}}
				s.open(t, Options{}, c.list...)
				if all := s.store.ReadyFor(t.Context(), time.Second); all != c.all || time.Since(s.begun) != c.want {
					t.Errorf("got %t after %s, want %t after %s", all, time.Since(s.begun), c.all, c.want)
				}
			})
		})
	}
}
