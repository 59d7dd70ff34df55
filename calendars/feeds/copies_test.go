package feeds

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/callhours/callhours/calendars"
	"github.com/callhours/callhours/internal/durable"
	"github.com/callhours/callhours/metrics"
)

// keep makes copies in a directory, with one of a body.
func keep(t *testing.T, body string, read time.Time) (copies, string) {
	t.Helper()
	c := copies{dir: t.TempDir()}
	if err := errors.Join(c.prepare(),
		c.save("a", saved{body: []byte(body), read: read, validators: Validators{ETag: `"1"`}})); err != nil {
		t.Fatal(err)
	}
	return c, filepath.Join(c.dir, bodies, "a")
}

func contentOf(t *testing.T, path string) []byte {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// TestConfirmed: confirmations take turns, each is read, and none makes the file longer.
func TestConfirmed(t *testing.T) {
	t.Parallel()
	begin := time.Date(2026, 11, 30, 3, 0, 0, 0, time.UTC)
	c, path := keep(t, "BEGIN:VCALENDAR\nEND:VCALENDAR", begin)
	size, sum := len(contentOf(t, path)), sha256.Sum256([]byte("BEGIN:VCALENDAR\nEND:VCALENDAR"))
	for i := range 5 {
		s, err := c.load("a", 1000)
		if want := begin.Add(time.Duration(i) * time.Hour); err != nil || !s.read.Equal(want) || s.sum != sum ||
			s.validators.ETag != `"1"` || s.earlierFormat {
			t.Fatalf("after %d confirmations: got %+v, %v, want the time %v", i, s, err, want)
		}
		// Times of the file mean nothing: cp sets them to now, and tar to what they were.
		if err := os.Chtimes(path, begin.AddDate(9, 0, 0), begin.AddDate(9, 0, 0)); err != nil {
			t.Fatal(err)
		}
		if err := c.confirm("a", sum, begin.Add(time.Duration(i+1)*time.Hour)); err != nil {
			t.Fatal(err)
		}
	}
	if got := len(contentOf(t, path)); got != size {
		t.Errorf("the file has %d bytes, had %d", got, size)
	}
	if err := c.confirm("a", sha256.Sum256(nil), begin); !errors.Is(err, errOtherCopy) {
		t.Errorf("another body is confirmed: %v", err)
	}
	if err := c.confirm("b", sum, begin); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("what is not there is confirmed: %v", err)
	}
}

// TestCopyTampered changes each byte: the copy is refused, or says the same and is no younger than
// it was.
func TestCopyTampered(t *testing.T) {
	t.Parallel()
	read := time.Date(2026, 11, 30, 3, 0, 0, 0, time.UTC)
	c, path := keep(t, "BEGIN:VCALENDAR", read)
	sum := sha256.Sum256([]byte("BEGIN:VCALENDAR"))
	if err := c.confirm("a", sum, read.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	content := contentOf(t, path)
	for i := range content {
		for _, change := range []byte{1, 2, 0x80} {
			odd := bytes.Clone(content)
			odd[i] ^= change
			s, err := parseCopy(odd)
			if err == nil && (string(s.body) != "BEGIN:VCALENDAR" || s.read.After(read.Add(time.Hour)) ||
				s.read.Before(read)) {
				t.Errorf("byte %d, %q: got %+v", i, odd[i], s)
			}
		}
		if _, err := parseCopy(content[:i]); err == nil {
			t.Errorf("its first %d bytes are taken for a copy", i)
		}
	}
	// A confirmation of one body is none of another, though it stands in its file.
	other, _ := keep(t, "BEGIN:VCALENDAX", read)
	strange := contentOf(t, filepath.Join(other.dir, bodies, "a"))
	copy(strange[len(strange)-2*confirmationBytes:], content[len(content)-2*confirmationBytes:])
	if s, err := parseCopy(strange); err != nil || !s.read.Equal(read) {
		t.Errorf("got %v, %v, want the time in the header", s.read, err)
	}
}

func FuzzParseCopy(f *testing.F) {
	c := copies{dir: f.TempDir()}
	if err := errors.Join(c.prepare(), c.save("a", saved{body: []byte("x"), read: time.Unix(1e9, 0)})); err != nil {
		f.Fatal(err)
	}
	content, err := os.ReadFile(filepath.Join(c.dir, bodies, "a"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(content)
	f.Add(
		[]byte(
			`{"callhours_copy":1,"bytes":0,"sha256":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}` + "\n"))
	f.Add([]byte(`{"callhours_copy":3}`))
	f.Fuzz(func(t *testing.T, content []byte) {
		s, err := parseCopy(content)
		if err == nil && sha256.Sum256(s.body) != s.sum {
			t.Errorf("got %+v", s)
		}
	})
}

// TestConfirmLink: a link that somebody puts in place of a copy is not followed, and a pipe holds
// nobody up.
func TestConfirmLink(t *testing.T) {
	t.Parallel()
	c, path := keep(t, "x", time.Unix(1e9, 0))
	outside := filepath.Join(t.TempDir(), "outside")
	if err := errors.Join(os.Rename(path, outside), os.Symlink(outside, path)); err != nil {
		t.Fatal(err)
	}
	before := contentOf(t, outside)
	if err := c.confirm("a", sha256.Sum256([]byte("x")), time.Unix(2e9, 0)); err == nil ||
		!bytes.Equal(before, contentOf(t, outside)) {
		t.Errorf("a link is written through: %v", err)
	}
	if err := c.save("a", saved{body: []byte("y"), read: time.Unix(1e9, 0)}); err != nil ||
		!bytes.Equal(before, contentOf(t, outside)) {
		t.Errorf("a link is written through: %v", err)
	}
	if err := errors.Join(os.Remove(path), syscall.Mkfifo(path, 0o600)); err != nil {
		t.Fatal(err)
	}
	if err := c.confirm("a", sha256.Sum256([]byte("x")), time.Unix(2e9, 0)); err == nil {
		t.Error("a pipe is a copy")
	}
}

// TestFullDisk: while nothing can be written the former copy is not confirmed, the body is written
// once there is room, and a restart with the feed down answers by it. Until then a restart has the
// former copy at its own age.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	for _, full := range []struct {
		step durable.Step
		err  error
	}{
		{durable.Create, syscall.EROFS},
		{durable.Fill, syscall.ENOSPC},
		{durable.Flush, syscall.EIO},
		{durable.Rename, syscall.EACCES},
	} {
		t.Run(string(full.step), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				dir := t.TempDir()
				var isFull atomic.Bool
				disk := durable.Disk{Fault: func(step durable.Step, path string) error {
					if isFull.Load() && (step == full.step || step == durable.Patch) {
						return full.err
					}
					return nil
				}}
				expiring := func() *Subscription {
					return hours(func(s *Subscription) { s.ExpireAfter = time.Hour })
				}
				restart := func() *shop {
					down := &shop{
						answers: map[string]func(Validators) Fetched{office: failure(metrics.ServerError, "down")},
					}
					down.open(t, Options{Dir: dir}, expiring())
					return down
				}
				s := &shop{answers: map[string]func(Validators) Fetched{office: conditional(event("a"))}}
				s.open(t, Options{Dir: dir, Disk: disk}, expiring())
				s.is("hours", "fresh: a")
				isFull.Store(true)
				s.on(office, conditional(event("a"), event("b")))
				after(2 * time.Hour)
				s.is("hours", "fresh: a b")
				down := restart()
				down.is("hours", "unknown: its copy is older than expire_after")
				down.stop()
				failures := func() float64 {
					return testutil.ToFloat64(collector{s.registry, "callhours_state_write_failures_total"})
				}
				if n := failures(); n < 3 || n > 30 {
					t.Errorf("%v writes have failed in two hours, want few, more than once", n)
				}
				if n := strings.Count(s.logged(), "copies of feeds cannot be kept"); n == 0 || n > 2 {
					t.Errorf("the log says it %d times:\n%s", n, s.logged())
				}
				if left, err := filepath.Glob(filepath.Join(dir, "*", durable.Partial+"*")); err != nil ||
					len(left) > 0 {
					t.Errorf("half written files are left: %v, %v", left, err)
				}

				isFull.Store(false)
				after(7 * time.Hour)
				s.is("hours", "fresh: a b")
				was, asked := failures(), s.times(office)
				down = restart()
				down.is("hours", "fresh: a b")
				down.stop()
				after(5 * time.Hour)
				if failures() != was {
					t.Error("writes fail still")
				}
				if v := s.sent[office][asked+1]; v == (Validators{}) {
					t.Error("the whole body is fetched though it has been written")
				}
				s.stop()
			})
		})
	}
}

// TestCopyLost: a copy that somebody deletes, or replaces by another, is written again.
func TestCopyLost(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &shop{answers: map[string]func(Validators) Fetched{office: conditional(event("a"))}}
		dir := t.TempDir()
		s.open(t, Options{Dir: dir}, hours())
		s.is("hours", "fresh: a")
		copied := copyFile(t, dir)
		for _, spoil := range []func() error{
			func() error { return os.Remove(copied.path) },
			func() error { return os.WriteFile(copied.path, []byte("something else"), 0o600) },
		} {
			if err := spoil(); err != nil {
				t.Fatal(err)
			}
			after(40 * time.Minute)
			if got := contentOf(t, copied.path); !bytes.Contains(got, []byte("UID:a")) {
				t.Errorf("got %s", got)
			}
		}
		s.stop()
	})
}

// former writes a copy as the former version of the program did.
func writeFormer(t *testing.T, path string, body []byte, read, mtime time.Time) {
	t.Helper()
	sum := sha256.Sum256(body)
	line, err := json.Marshal(header{earlierVersion, len(body), hex.EncodeToString(sum[:]), read, Validators{}, "", ""})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.WriteFile(path, append(append(line, '\n'), body...), 0o600),
		os.Chtimes(path, mtime, mtime)); err != nil {
		t.Fatal(err)
	}
}

// TestAges: how old a copy is at the start, and what is said of that.
func TestAges(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		open := func(answer func(Validators) Fetched, more ...func(*Subscription)) *shop {
			s := &shop{answers: map[string]func(Validators) Fetched{office: answer}}
			s.open(t, Options{Dir: dir}, hours(more...))
			return s
		}
		doubt := func(s *shop, state Freshness, want string) {
			t.Helper()
			if st := s.store.Feeds()[0]; st.State != state || st.Doubt != want {
				t.Errorf("got %s, doubt %q, want %s, %q", st.State, st.Doubt, state, want)
			}
		}
		expiring := func(s *Subscription) { s.ExpireAfter = time.Hour }
		down := failure(metrics.ServerError, "down")
		s := open(conditional(event("a")))
		s.stop()
		path, now := copyFile(t, dir).path, time.Now()
		body := wrap(event("a"))

		// By a former version, ten minutes ago by the time of the file.
		writeFormer(t, path, body, now.Add(-50*time.Hour), now.Add(-10*time.Minute))
		s = open(down, expiring)
		s.is("hours", "stale: a")
		doubt(s, Stale, undated)
		if got := s.store.Snapshot("hours").Read; !got.Equal(now.Add(-10 * time.Minute)) {
			t.Errorf("read at %v", got)
		}
		s.stop()
		if content := contentOf(t, path); !bytes.HasPrefix(content, []byte(`{"callhours_copy":1,`)) {
			t.Errorf("a start rewrites it as if its age were known: %.60s", content)
		}
		s = open(conditional(event("a")), expiring)
		after(6 * time.Minute)
		s.is("hours", "fresh: a")
		doubt(s, Fresh, "")
		s.stop()
		if content := contentOf(t, path); !bytes.HasPrefix(content, []byte(`{"callhours_copy":2,`)) {
			t.Errorf("an attempt does not rewrite it: %.60s", content)
		}

		// Confirmed while the clock was in 2030.
		c := copies{dir: dir}
		sum := sha256.Sum256(body)
		if err := c.confirm(filepath.Base(path), sum, now.AddDate(4, 0, 0)); err != nil {
			t.Fatal(err)
		}
		s = open(down, expiring)
		s.is("hours", "unknown: "+noAge)
		doubt(s, Unknown, calendars.FromFuture)
		if read := s.store.Feeds()[0].Read; !read.IsZero() {
			t.Errorf("read at %v, want that it is not known", read)
		}
		s.stop()
		s = open(down)
		s.is("hours", "stale: a")
		doubt(s, Stale, calendars.FromFuture)
		s.on(office, conditional(event("a")))
		after(10 * time.Minute)
		s.is("hours", "fresh: a")
		doubt(s, Fresh, "")
		s.stop()
		if s = open(down, expiring); s.store.Snapshot("hours").Unknown() {
			t.Error("a copy that was confirmed since is from the future still")
		}
		s.stop()
	})
}

// TestNewerCopy: what a newer version has written is left as it is, and said once; the program
// works without it.
func TestNewerCopy(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		s := &shop{answers: map[string]func(Validators) Fetched{office: conditional(event("a"))}}
		s.open(t, Options{Dir: dir}, hours())
		s.stop()
		path := copyFile(t, dir).path
		newer := []byte(fmt.Sprintf(`{"callhours_copy":%d,"who":"knows"}`+"\nwhat", copyVersion+1))
		if err := os.WriteFile(path, newer, 0o600); err != nil {
			t.Fatal(err)
		}
		s.open(t, Options{Dir: dir}, hours())
		after(10 * time.Minute)
		s.is("hours", "fresh: a")
		s.on(office, conditional(event("a"), event("b")))
		after(time.Hour)
		s.is("hours", "fresh: a b")
		s.stop()
		if got := contentOf(t, path); !bytes.Equal(got, newer) {
			t.Errorf("got %s", got)
		}
		if n := strings.Count(s.logged(), "newer version"); n != 1 || strings.Contains(s.logged(), "cannot be kept") {
			t.Errorf("the log says it %d times: %s", n, s.logged())
		}
	})
}

// TestWriteLater: while another process writes the copies they are left as they are, and what was
// fetched meanwhile is written afterwards.
func TestWriteLater(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		first := &shop{answers: map[string]func(Validators) Fetched{office: conditional(event("a"))}}
		first.open(t, Options{Dir: dir}, hours())
		second := &shop{answers: map[string]func(Validators) Fetched{office: conditional(event("a"))}}
		second.open(t, Options{Dir: dir, ReadOnly: true}, hours())
		first.stop()
		second.is("hours", "fresh: a")
		before := copyFile(t, dir).content
		second.on(office, conditional(event("a"), event("b")))
		after(time.Hour)
		second.is("hours", "fresh: a b")
		if got := copyFile(t, dir).content; !bytes.Equal(got, before) {
			t.Errorf("a copy that is another's is written: %s", got)
		}
		second.store.Write()
		after(20 * time.Minute)
		if got := copyFile(t, dir).content; !bytes.Contains(got, []byte("UID:b")) {
			t.Errorf("what was fetched is not written: %s", got)
		}
		if n := testutil.ToFloat64(collector{second.registry, "callhours_state_write_failures_total"}); n != 0 {
			t.Errorf("%v writes have failed", n)
		}
		second.stop()
	})
}

// TestPrepare: what copies are kept in is ours alone, and below the directory that the
// configuration names.
func TestPrepare(t *testing.T) {
	t.Parallel()
	c := copies{dir: t.TempDir()}
	elsewhere := t.TempDir()
	if err := errors.Join(os.Mkdir(filepath.Join(c.dir, bodies), 0o755),
		os.Symlink(elsewhere, filepath.Join(c.dir, events))); err != nil {
		t.Fatal(err)
	}
	if err := c.prepare(); err == nil ||
		!strings.HasSuffix(err.Error(), "events: is a link, not a directory; remove it") {
		t.Errorf("got %v", err)
	}
	if info, err := os.Stat(filepath.Join(c.dir, bodies)); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("got %v, %v", info.Mode(), err)
	}
}
