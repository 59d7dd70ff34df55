package feeds

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/callhours/callhours/calendars/ical"
)

// TestWatch: whatever way a file changes, its new events are there within seconds; and when it is
// gone or broken the former ones stay.
func TestWatch(t *testing.T) {
	t.Parallel()
	write := func(t *testing.T, path string, events ...string) {
		t.Helper()
		if err := os.WriteFile(path, wrap(events...), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	must := func(t *testing.T, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		name    string
		pattern string
		change  func(t *testing.T, dir string)
		want    string
		within  time.Duration
	}{
		{"written again", "a.ics", func(t *testing.T, dir string) {
			write(t, filepath.Join(dir, "a.ics"), event("b"), event("c"))
		}, "fresh: b c", quickPoll},
		{"another moved over it", "a.ics", func(t *testing.T, dir string) {
			write(t, filepath.Join(dir, "new"), event("b"), event("c"))
			must(t, os.Rename(filepath.Join(dir, "new"), filepath.Join(dir, "a.ics")))
		}, "fresh: b c", quickPoll},
		// as Kubernetes swaps a ConfigMap
		{"a link that points elsewhere", "now/a.ics", func(t *testing.T, dir string) {
			must(t, os.Symlink("second", filepath.Join(dir, "next")))
			must(t, os.Rename(filepath.Join(dir, "next"), filepath.Join(dir, "now")))
		}, "fresh: second events", quickPoll},
		{"the same size and time", "a.ics", func(t *testing.T, dir string) {
			path := filepath.Join(dir, "a.ics")
			info, err := os.Stat(path)
			must(t, err)
			write(t, path, event("b"))
			must(t, os.Chtimes(path, info.ModTime(), info.ModTime()))
		}, "fresh: b", rereadInterval + quickPoll},
		{"one more", "?.ics", func(t *testing.T, dir string) {
			write(t, filepath.Join(dir, "b.ics"), event("b"))
		}, "fresh: a b", quickPoll},
		{"one less", "*.ics", func(t *testing.T, dir string) {
			write(t, filepath.Join(dir, "b.ics"), event("b"))
			must(t, os.Remove(filepath.Join(dir, "a.ics")))
		}, "fresh: b", quickPoll},
		{"without events", "a.ics", func(t *testing.T, dir string) {
			write(t, filepath.Join(dir, "a.ics"))
		}, "fresh:", shrinkDelay + rereadInterval + quickPoll},
		{"gone", "a.ics", func(t *testing.T, dir string) {
			must(t, os.Remove(filepath.Join(dir, "a.ics")))
		}, "stale: a", time.Hour},
		{"half of it", "a.ics", func(t *testing.T, dir string) {
			body := wrap(event("b"))
			must(t, os.WriteFile(filepath.Join(dir, "a.ics"), body[:len(body)/2], 0o600))
		}, "stale: a", time.Hour},
		{"a directory", "a.ics", func(t *testing.T, dir string) {
			must(t, os.Remove(filepath.Join(dir, "a.ics")))
			must(t, os.Mkdir(filepath.Join(dir, "a.ics"), 0o700))
		}, "stale: a", time.Hour},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			for _, sub := range []string{"first", "second"} {
				must(t, os.Mkdir(filepath.Join(dir, sub), 0o700))
			}
			must(t, os.Symlink("first", filepath.Join(dir, "now")))
			write(t, filepath.Join(dir, "a.ics"), event("a"))
			write(t, filepath.Join(dir, "first", "a.ics"), event("a"))
			write(t, filepath.Join(dir, "second", "a.ics"), event("second"), event("events"))
			synctest.Test(t, func(t *testing.T) {
				s := &shop{}
				sub := &Subscription{Calendar: "file", File: filepath.Join(dir, c.pattern)}
				known, err := Load(nil, sub.File, sub.Limits)
				must(t, err)
				sub.Known = known
				s.open(t, Options{}, sub)
				after(time.Minute)
				s.is("file", "fresh: a")
				if told := s.told(); len(told) > 0 {
					t.Errorf("said to have changed: %v", told)
				}
				c.change(t, dir)
				after(c.within)
				s.is("file", c.want)
				if !strings.HasPrefix(c.want, "stale") {
					return
				}
				must(t, os.RemoveAll(filepath.Join(dir, "a.ics")))
				write(t, filepath.Join(dir, "a.ics"), event("back"))
				after(quickPoll)
				s.is("file", "fresh: back")
				if n := strings.Count(s.logged(), `msg="a feed fails; its copy is used" calendars=[file]`); n < 1 ||
					n > 2 {
					t.Errorf("said %d times in an hour that it fails: %s", n, s.logged())
				}
				if !strings.Contains(s.logged(), `msg="a feed is well again" calendars=[file]`) {
					t.Errorf("the end is not said: %s", s.logged())
				}
			})
		})
	}
}

// TestFileResults: each way in which a file cannot be read has its result.
func TestFileResults(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err  error
		want string
	}{
		{fs.ErrNotExist, "not_found"},
		{fs.ErrPermission, "forbidden"},
		{ical.ErrTooBig, "too_big"},
		{errors.New("input/output error"), "server_error"},
	} {
		if got := resultOfFile(c.err); string(got) != c.want {
			t.Errorf("%v: got %s, want %s", c.err, got, c.want)
		}
	}
}
