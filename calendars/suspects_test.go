package calendars

import (
	"bytes"
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
