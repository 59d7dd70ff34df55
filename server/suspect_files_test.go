package server

import (
	"crypto/sha256"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestDiedWhileLoading sees that a file at whose loading a process ended is not loaded first thing:
// the accepted copy answers, for its tenant or for all; that it is tried once more by itself, later
// and alone, by hand at once, and at once when it has changed.
func TestDiedWhileLoading(t *testing.T) {
	t.Parallel()
	const main = "state_dir: state\ntimezone: UTC\ninclude: [t/*.yaml]\n"
	tenant := func(name, text string) string {
		return "tenant: {name: " + name + ", account: " + strings.Repeat(name[:1], 32) + "}\nroutes:\n  - {name: r, " +
			"branches: [{name: x, state: other, callflow: '{\"module\":\"tts\",\"data\":{\"text\":\"" + text +
			"\"}}'}]}\n"
	}
	for _, c := range []struct {
		name     string
		files    map[string]string // that change, and at whose loading the process ends
		rejected []string
		whole    bool
	}{
		{"a tenant", map[string]string{"t/acme.yaml": tenant("acme", "two")}, []string{"acme"}, false},
		{
			"two tenants",
			map[string]string{"t/acme.yaml": tenant("acme", "two"), "t/bolt.yaml": tenant("bolt", "two")},
			[]string{"acme", "bolt"},
			false,
		},
		{"a new tenant", map[string]string{"t/cole.yaml": tenant("cole", "two")}, []string{"cole"}, false},
		{"the main file", map[string]string{"callhours.yaml": main + "answer_within: 2s\n"}, nil, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			put := func(files map[string]string) {
				for name, text := range files {
					if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o700); err != nil {
						t.Fatal(err)
					}
					if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
						t.Fatal(err)
					}
				}
			}
			now := time.Date(2026, 11, 23, 15, 0, 0, 0, time.UTC)
			i := Installation{Path: filepath.Join(dir, "callhours.yaml"), Now: func() time.Time {
				return now
			}, Program: "test"}
			i.Exclusive = true
			start := func() Loaded {
				l, notes := i.Start(false)
				if l.Err() != nil || len(notes) > 0 {
					t.Fatalf("it does not start: %v, %v", l.Err(), notes)
				}
				if err := l.lock.Release(); err != nil {
					t.Fatal(err)
				}
				return l
			}
			is := func(what string, l Loaded, held bool) {
				t.Helper()
				if whole := held && c.whole; l.FromAccepted != whole || held != (len(l.Rejected) > 0 || whole) ||
					held && !slices.Equal(l.Rejected, c.rejected) {
					t.Errorf("%s: from accepted %v, rejected %q, mistakes %v, %v", what, l.FromAccepted, l.Rejected,
						l.Mistakes, l.err)
				}
			}
			put(map[string]string{
				"callhours.yaml": main, "t/acme.yaml": tenant("acme", "one"),
				"t/bolt.yaml": tenant("bolt", "one"),
			})
			first := start()
			if err := saveAccepted(filepath.Join(dir, "state"), first.Generation, now); err != nil {
				t.Fatal(err)
			}
			put(c.files)
			die := func() {
				marks := i.marksIn(filepath.Join(dir, "state"), false)
				for _, text := range c.files {
					marks.Begin(sha256.Sum256([]byte(text)))
				}
			}
			is("before", start(), false)
			die()
			l := start()
			is("after a death", l, true)
			if said := l.Mistakes.Err(); !c.whole &&
				!strings.Contains(said.Error(), "callhours ended while loading this") ||
				c.whole && !strings.Contains(l.err.Error(), "callhours ended while loading this") {
				t.Errorf("it says %v, %v", said, l.err)
			}
			if !l.waiting || l.marks.MayRetry(now) || !l.marks.MayRetry(now.Add(time.Minute)) {
				t.Errorf("it does not wait for a minute: waiting %v", l.waiting)
			}
			now = now.Add(time.Minute)
			again := loading{accepted: first.inputs, known: first.inputs, marks: l.marks}
			for left := len(c.files); left > 0; left-- { // one at a time
				if got := i.load(again); got.waiting != (left > 1) || len(got.Rejected) != left-1 ||
					got.Generation == nil {
					t.Errorf("%d are left: waiting %v, rejected %q, %v", left, got.waiting, got.Rejected, got.err)
				}
			}
			for range 2 {
				die()
				_ = i.marksIn(filepath.Join(dir, "state"), false) // a start
			}
			now = now.Add(time.Hour)
			l = start()
			is("after two deaths", l, true)
			again.marks = l.marks
			now = now.Add(time.Hour)
			if got := i.load(again); got.waiting || got.built == nil == !c.whole ||
				(len(got.Rejected) == 0) != c.whole {
				t.Errorf("after two deaths it is tried again: rejected %q, %v", got.Rejected, got.err)
			}
			again.byHand = true
			is("by hand", i.load(again), false)
			is("after that", start(), false)
		})
	}
}
