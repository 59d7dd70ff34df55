package feeds

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/callhours/callhours/metrics"
)

// TestCopyMoved: copies whose files were swapped, with their compiled events, show nobody another's
// events. They are set aside, and fetched again.
func TestCopyMoved(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		list := []*Subscription{hours(), hours(tenant("acme")), hours(tenant("evil"))}
		fetched := func(source Source, v Validators) Fetched { return body(event("of-" + source.Owner))(v) }
		s := &shop{fetched: fetched}
		s.open(t, Options{Dir: dir}, list...)
		s.stop()
		acme, evil := list[1].copyName(), list[2].copyName()
		for _, sub := range []string{bodies, events} {
			swap(t, filepath.Join(dir, sub, acme), filepath.Join(dir, sub, evil))
		}
		down := func(Source, Validators) Fetched {
			return Fetched{Result: metrics.ServerError, Err: errors.New("down")}
		}
		looking := &shop{fetched: down}
		looking.open(t, Options{Dir: dir, ReadOnly: true}, list...)
		looking.is("hours", "fresh: of-")
		looking.is("acme/hours", "unknown: it was never read")
		looking.stop()

		s = &shop{fetched: down}
		s.open(t, Options{Dir: dir}, list...)
		s.is("hours", "fresh: of-")
		for _, name := range []string{"acme/hours", "evil/hours"} {
			s.is(name, "unknown: it was never read")
		}
		s.stop()
		if n := strings.Count(s.logged(), "it is the copy of another feed"); n != 2 {
			t.Errorf("the log says it %d times: %s", n, s.logged())
		}
		if _, err := os.Stat(filepath.Join(dir, bodies, acme) + corrupt); err != nil {
			t.Error(err)
		}
		s = &shop{fetched: fetched}
		s.open(t, Options{Dir: dir}, list...)
		s.is("acme/hours", "fresh: of-acme")
		s.is("evil/hours", "fresh: of-evil")
		s.stop()
	})
}

// TestCopyWithoutName: a copy that a version wrote which did not put its name into it is read as
// before, and written again with it when the feed answers.
func TestCopyWithoutName(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		s := &shop{answers: map[string]func(Validators) Fetched{office: conditional(event("a"))}}
		s.open(t, Options{Dir: dir}, hours())
		s.stop()
		read := s.store.Snapshot("hours").Read
		name := hours().copyName()
		path := filepath.Join(dir, bodies, name)
		if !bytes.Contains(contentOf(t, path), []byte(name)) {
			t.Fatal("the copy has no name")
		}
		line, rest, _ := bytes.Cut(contentOf(t, path), []byte("\n"))
		var h header
		if err := json.Unmarshal(line, &h); err != nil {
			t.Fatal(err)
		}
		h.Name = ""
		line, err := json.Marshal(h)
		if err != nil {
			t.Fatal(err)
		}
		_, rest, _ = bytes.Cut(rest, []byte("\n"))
		if err := os.WriteFile(path, append(append(line, "\n"+hexSum(line)+"\n"...), rest...), 0o600); err != nil {
			t.Fatal(err)
		}

		for _, readOnly := range []bool{true, false} {
			s = &shop{answers: map[string]func(Validators) Fetched{office: failure(metrics.ServerError, "down")}}
			s.open(t, Options{Dir: dir, ReadOnly: readOnly}, hours())
			if got := s.store.Snapshot("hours").Read; !got.Equal(read) {
				t.Errorf("read at %v, want %v", got, read)
			}
			s.stop()
			if bytes.Contains(contentOf(t, path), []byte(name)) {
				t.Error("the copy has a name though its feed has not answered")
			}
		}
		s = &shop{answers: map[string]func(Validators) Fetched{office: conditional(event("a"))}}
		s.open(t, Options{Dir: dir}, hours())
		after(20 * time.Minute)
		s.is("hours", "fresh: a")
		s.stop()
		if !bytes.Contains(contentOf(t, path), []byte(name)) {
			t.Error("the copy is not written again with its name")
		}
	})
}

// swap swaps two files.
func swap(t *testing.T, a, b string) {
	t.Helper()
	if err := errors.Join(os.Rename(a, a+".x"), os.Rename(b, a), os.Rename(a+".x", b)); err != nil {
		t.Fatal(err)
	}
}
