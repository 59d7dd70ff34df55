package calendars

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// TestPanickingBody sees that a body whose reading panics is read once, that the copy before goes on, across a restart too, and that it is
// read again by hand and when it changes.
func TestPanickingBody(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s := shop{answers: map[string]func(Validators) Fetched{}}
		s.on(office, body(event("one")))
		s.open(t, StoreOptions{Dir: dir}, hours())
		var read atomic.Int32
		broken := func(files []File, limits Limits) (*Calendar, error) {
			if bytes.Contains(files[0].Body, []byte("UID:bad")) {
				read.Add(1)
				panic("no such luck")
			}
			return ReadFiles(files, limits)
		}
		s.store.parse = broken
		s.on(office, body(event("bad")))
		after(3 * time.Hour)
		s.is("hours", "stale: one")
		if n := read.Load(); n != 1 {
			t.Errorf("it was read %d times, want once", n)
		}
		if got := s.store.Feeds()[0].Err.Error(); !strings.HasSuffix(got, "(no such luck); please report it with the stack in the log; it is not read again until it changes or is refreshed by hand") {
			t.Errorf("the feed says %q", got)
		}
		_, _ = s.store.Refresh(t.Context(), "hours")
		if n := read.Load(); n != 2 {
			t.Errorf("it was read %d times, want once more by hand", n)
		}
		s.stop()
		s.open(t, StoreOptions{Dir: dir}, hours())
		s.store.parse = broken
		s.on(office, body(event("bad")))
		after(3 * time.Hour)
		s.is("hours", "stale: one")
		if n := read.Load(); n != 2 {
			t.Errorf("it was read again after a restart: %d", n)
		}
		s.on(office, body(event("two")))
		after(2 * time.Hour)
		s.is("hours", "fresh: two")
	})
}

// TestDeaths: a content is read again, late and alone, after a first death, and not after a second; a mark that only was there is no death.
func TestDeaths(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), marks)
	now := time.Date(2026, 11, 23, 15, 0, 0, 0, time.UTC)
	bad, good := [32]byte{1}, [32]byte{2}
	died := errors.New("died")
	start := func() *suspects {
		s := newSuspects(dir, "test")
		if err := s.open(now); err != nil {
			t.Fatal(err)
		}
		return s
	}
	// die reads a content and ends the process meanwhile, as far as the disk can tell.
	die := func(s *suspects, sum [32]byte, at time.Time) (read bool, err error) {
		err = s.read(sum, at, false, func() error {
			read = true
			name := filepath.Join(dir, s.mark(sum))
			text, err := os.ReadFile(name)
			if err != nil {
				return err
			}
			return errors.Join(died, os.WriteFile(name+"~", text, 0o600))
		})
		if read {
			if err := os.Rename(filepath.Join(dir, s.mark(sum))+"~", filepath.Join(dir, s.mark(sum))); err != nil {
				t.Fatal(err)
			}
		}
		return read, err
	}
	later := now.Add(suspectAfter)
	for i, c := range []struct {
		at   time.Time
		read bool
	}{{now, true}, {now, false}, {now, false}, {later, true}, {later, false}, {later.Add(24 * time.Hour), false}} {
		s := start()
		if read, err := die(s, bad, c.at); read != c.read || !read && !isSuspect(err) {
			t.Errorf("process %d: read %v, want %v: %v", i, read, c.read, err)
		}
		if err := s.read(good, now, false, func() error { return nil }); err != nil {
			t.Errorf("process %d: another content: %v", i, err)
		}
	}
	other := newSuspects(dir, "another version")
	if err := errors.Join(other.open(now), other.read(bad, now, false, func() error { return nil })); err != nil {
		t.Errorf("another version of the program does not read it: %v", err)
	}
	if err := start().read(bad, now, true, func() error { return nil }); err != nil {
		t.Errorf("it is not read by hand: %v", err)
	}
	if err := start().read(bad, now, false, func() error { return nil }); err != nil {
		t.Errorf("it was read well by hand, and is still suspect: %v", err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("marks are left: %v, %v", left, err)
	}
}
