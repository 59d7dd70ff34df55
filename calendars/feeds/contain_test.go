package feeds

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestFetchPanics sees that a feed whose attempt panics fails like any other, that its copy is used
// and its next attempt made, and that other feeds do not notice.
func TestFetchPanics(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := shop{answers: map[string]func(Validators) Fetched{}}

		s.on("https://a.example/", body(event("one")))
		s.on("https://b.example/", body(event("two")))
		s.open(t, Options{}, &Subscription{Calendar: "a", Source: Source{URL: "https://a.example/"}},
			&Subscription{Calendar: "b", Source: Source{URL: "https://b.example/"}})
		s.is("a", "fresh: one")
		s.on("https://a.example/", func(Validators) Fetched { panic("no such luck") })
		after(20 * time.Minute)
		s.is("a", "stale: one")
		s.is("b", "fresh: two")
		s.on("https://a.example/", body(event("one")))
		after(30 * time.Minute)
		s.is("a", "fresh: one")
		if n := strings.Count(s.logged(), "a panic was contained"); n != 1 {
			t.Errorf("the panic is logged %d times, want once:\n%s", n, s.logged())
		}
	})
}

// TestChangedPanics sees that a calendar whose change makes its user panic keeps no other from
// being told of its own.
func TestChangedPanics(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := shop{answers: map[string]func(Validators) Fetched{}}

		s.on("https://a.example/", body(event("one")))
		s.open(t, Options{}, &Subscription{Calendar: "a", Source: Source{URL: "https://a.example/"}},
			&Subscription{Calendar: "b", Source: Source{URL: "https://a.example/"}})
		var told []string
		s.store.options.Changed = func(name string) {
			if told = append(told, name); name == "a" {
				panic("no such luck")
			}
		}
		s.on("https://a.example/", body(event("other")))
		after(20 * time.Minute)
		if got := strings.Join(told, " "); got != "a b" {
			t.Errorf("told %q, want a and b", got)
		}
		s.is("b", "fresh: other")
	})
}
