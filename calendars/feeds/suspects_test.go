package feeds

import (
	"bytes"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/callhours/callhours/calendars"
	"github.com/callhours/callhours/calendars/ical"
	"github.com/callhours/callhours/internal/suspect"
)

// TestPanickingBody sees that a body whose reading panics is read once, that the copy before goes
// on, across a restart too, and that it is read again by hand and when it changes.
func TestPanickingBody(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s := shop{answers: map[string]func(Validators) Fetched{}}
		s.on(office, body(event("one")))
		s.open(t, Options{Dir: dir}, hours())
		var read atomic.Int32
		broken := func(files []ical.File, limits ical.Limits) (*calendars.Calendar, error) {
			if bytes.Contains(files[0].Body, []byte("UID:bad")) {
				read.Add(1)
				panic("no such luck")
			}
			return calendars.ReadFiles(files, limits)
		}
		s.store.parse = broken
		s.on(office, body(event("bad")))
		after(3 * time.Hour)
		s.is("hours", "stale: one")
		if n := read.Load(); n != 1 {
			t.Errorf("it was read %d times, want once", n)
		}
		if got := s.store.Feeds()[0].Err.Error(); !strings.HasSuffix(got,
			"(no such luck); please report it with the stack in the log; it is not read again until it changes or is refreshed by hand") {
			t.Errorf("the feed says %q", got)
		}
		_, _ = s.store.Refresh(t.Context(), "hours")
		if n := read.Load(); n != 2 {
			t.Errorf("it was read %d times, want once more by hand", n)
		}
		s.stop()
		s.open(t, Options{Dir: dir}, hours())
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

// TestPanickingExpansion: a body that can be read, and panics when its occurrences are worked out,
// does not take the place of the one before. It is not read again, also after a restart, where
// another body is.
func TestPanickingExpansion(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s := shop{answers: map[string]func(Validators) Fetched{}}
		s.on(office, body(event("one")))
		s.open(t, Options{Dir: dir}, hours())
		var tried atomic.Int32
		broken := func(c *calendars.Calendar, now time.Time) {
			if c.Events()[0].UID == "bad" {
				tried.Add(1)
				panic("no such day")
			}
			expand(c, now)
		}
		s.store.expand = broken
		s.on(office, body(event("bad")))
		after(3 * time.Hour)
		s.is("hours", "stale: one")
		if got := s.store.Feeds()[0].Err.Error(); tried.Load() != 1 || !strings.Contains(got, "(no such day)") ||
			!strings.HasSuffix(got, "it is not read again until it changes or is refreshed by hand") {
			t.Errorf("tried %d times; the feed says %q", tried.Load(), got)
		}
		if got := s.told(); len(got) != 1 {
			t.Errorf("routes were told of other events: %q", got)
		}
		s.stop()
		s.open(t, Options{Dir: dir}, hours())
		s.store.expand = broken
		after(3 * time.Hour)
		s.is("hours", "stale: one")
		if tried.Load() != 1 {
			t.Errorf("it was tried again after a restart")
		}
		s.on(office, body(event("two")))
		after(2 * time.Hour)
		s.is("hours", "fresh: two")
	})
}

// TestMarksOfOtherLimits: what a body did under the limits of one calendar says nothing of it under
// another's.
func TestMarksOfOtherLimits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := shop{answers: map[string]func(Validators) Fetched{office: body(event("one"))}}
		evil := hours(func(s *Subscription) {
			s.Calendar, s.Source.Owner, s.Limits = "evil/hours", "evil", ical.Limits{Steps: 7}
		})
		good := hours(func(s *Subscription) { s.Calendar, s.Source.Owner = "good/hours", "good" })
		s.open(t, Options{Dir: t.TempDir()}, evil, good)
		s.store.parse = func(files []ical.File, limits ical.Limits) (*calendars.Calendar, error) {
			if limits.Steps == 7 {
				panic("seven")
			}
			return calendars.ReadFiles(files, limits)
		}
		s.on(office, body(event("one"), event("two")))
		after(3 * time.Hour)
		s.is("evil/hours", "stale: one")
		s.is("good/hours", "fresh: one two")
	})
}

// TestReadOnlyHeedsMarks: who only reads a directory, as check does, does not read what ended the
// process, says when that was, and changes nothing.
func TestReadOnlyHeedsMarks(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s := shop{answers: map[string]func(Validators) Fetched{office: body(event("bad"))}}
		var died *suspect.Marks
		sum := suspectSum(calendars.Sum([]ical.File{{Body: wrap(event("bad"))}}), ical.Limits{})
		for range 2 { // two processes that end while they read it
			if died = suspect.New(suspectOptions(Options{Dir: dir, Program: "p"})); died.Open(time.Now()) != nil {
				t.Fatal("the marks cannot be read")
			}
			died.Begin(sum)
		}
		if died = suspect.New(suspectOptions(Options{Dir: dir, Program: "p"})); died.Open(time.Now()) != nil {
			t.Fatal("the marks cannot be read")
		}
		before := contentsOf(t, dir)
		s.open(t, Options{Dir: dir, Program: "p", ReadOnly: true}, hours())
		s.is("hours", "unknown: it was never read")
		if got := s.store.Feeds()[0].Err.Error(); !strings.Contains(got,
			"callhours ended while reading this, last at 20") || !strings.Contains(got, "it is not read again") {
			t.Errorf("the feed says %q", got)
		}
		if got := contentsOf(t, dir); !maps.Equal(got, before) || len(got) != 1 {
			t.Errorf("the directory held %q and now %q", before, got)
		}
	})
}

// contentsOf are the files below a directory.
func contentsOf(t *testing.T, dir string) map[string]string {
	t.Helper()
	found := map[string]string{}
	err := fs.WalkDir(os.DirFS(dir), ".", func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		text, err := os.ReadFile(filepath.Join(dir, path))
		found[path] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}
