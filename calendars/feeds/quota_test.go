package feeds

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// keptFiles are the files of a kind of copies, those of all owners, and how many bytes they have.
func keptFiles(t *testing.T, dir, sub string) (files []string, bytes int64) {
	t.Helper()
	err := copies{dir: dir}.walk(sub, func(name string, e os.DirEntry) error {
		info, err := e.Info()
		if err == nil && !e.IsDir() {
			files, bytes = append(files, name), bytes+info.Size()
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files, bytes
}

// TestOwnerDisk: of a tenant whose copies take all that they may the unused ones are dropped, the
// oldest first, and then no more are kept, which is said; others find room, and a restart counts
// what is there.
func TestOwnerDisk(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		const most = 10 * minFileSize // each copy counts twice, with its events
		var log strings.Builder
		open := func() *Store {
			s := NewStore(Options{Dir: dir, Now: time.Now, Log: slog.New(slog.NewTextHandler(&log, nil))})
			s.copies.quotas.limit = most
			return s
		}
		version := func(v string, n int) (list []*Subscription) {
			for _, sub := range feedsOf("evil", n) {
				sub.Source.URL += v
				list = append(list, sub)
			}
			return append(list, feedsOf("good", 4)...)
		}
		bring := func(s *Store, owner string, n int) {
			t.Helper()
			for i := range n {
				if err := s.brings(fmt.Sprintf("%s/c%d", owner, i),
					string(wrap(event(fmt.Sprint(owner, i))))); err != nil {
					t.Fatal(err)
				}
			}
		}
		unkept := func(s *Store, owner string, n int) (count int) {
			for i := range n {
				if s.Snapshot(fmt.Sprintf("%s/c%d", owner, i)).Unkept != nil {
					count++
				}
			}
			return count
		}
		s := open()
		s.Subscribe(version("a", 5))
		bring(s, "evil", 5)
		before, _ := keptFiles(t, dir, bodies)
		if len(before) != 5 || unkept(s, "evil", 5) != 0 {
			t.Fatalf("at the bound: %d copies", len(before))
		}
		for _, v := range []string{"b", "c", "d"} { // each with its former one until the new one has answered
			s.Subscribe(version(v, 4))
			bring(s, "evil", 4)
			if got, _ := keptFiles(t, dir, bodies); len(got) > 9 || unkept(s, "evil", 4) > 1 {
				t.Errorf("%s: %d copies, %d not kept", v, len(got), unkept(s, "evil", 4))
			}
			bring(s, "evil", 4)
			if n := unkept(s, "evil", 4); n > 1 {
				t.Errorf("%s: %d copies are not kept though former ones are there", v, n)
			}
		}
		log.Reset()
		s.Subscribe(version("e", 30))
		bring(s, "evil", 30)
		got, _ := keptFiles(t, dir, bodies)
		if n := unkept(s, "evil", 30); n < 20 || n+len(got) < 30 {
			t.Errorf("%d copies are kept, %d are said not to be", len(got), n)
		}
		if n := strings.Count(log.String(), "not kept on disk"); n != 1 || !strings.Contains(log.String(), "evil/c") ||
			s.Unkept() != nil {
			t.Errorf("the log says it %d times, of all: %v\n%s", n, s.Unkept(), &log)
		}
		bring(s, "good", 4)
		if unkept(s, "good", 4) != 0 {
			t.Error("another tenant's copies find no room")
		}
		both := func() int {
			a, _ := keptFiles(t, dir, bodies)
			b, _ := keptFiles(t, dir, events)
			return len(a) + len(b)
		}
		if n := both(); n > 10+8 {
			t.Errorf("%d files, want 10 of the full tenant and 8 of the other", n)
		}
		s = open()
		s.Subscribe(version("f", 30))
		bring(s, "evil", 30)
		if n := both(); n > 10+8 {
			t.Errorf("after a restart: %d files, want 10 of the full tenant and 8 of the other", n)
		}
		if got := s.Snapshot("good/c0"); got.Calendar == nil {
			t.Error("another tenant's copy is lost")
		}

		// What an owner has left goes a day after it, and nobody else's does.
		old := time.Now().Add(-25 * time.Hour)
		for _, sub := range []string{bodies, events} {
			list, _ := keptFiles(t, dir, sub)
			for _, name := range list {
				path := filepath.Join(dir, sub, name)
				if err := errors.Join(os.Chtimes(path, old, old),
					os.Chtimes(filepath.Dir(path), old, old)); err != nil {
					t.Fatal(err)
				}
			}
		}
		s.lastCleanup = time.Time{}
		s.Subscribe(feedsOf("good", 4))
		if n := both(); n != 8 {
			t.Errorf("%d files when the full tenant is gone, want 8", n)
		}
	})
}

// TestPointersOfRenamed: a tenant that renames its calendars leaves no pointers behind, neither at
// once nor those of a crash, however many there are.
func TestPointersOfRenamed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		s := NewStore(Options{Dir: dir, Now: time.Now, Log: slog.New(slog.DiscardHandler)})
		for v := range 3 {
			list := feedsOf("evil", 20)
			for i, sub := range list {
				sub.Calendar = fmt.Sprintf("evil/v%d-%d", v, i)
			}
			s.Subscribe(append(list, feedsOf("", 1)...))
			for _, sub := range list {
				if err := s.brings(sub.Calendar, string(wrap(event(fmt.Sprint("a", v))))); err != nil {
					t.Fatal(err)
				}
			}
			if err := s.brings("c0", string(wrap(event("a")))); err != nil {
				t.Fatal(err)
			}
			if got, _ := keptFiles(t, dir, pointers); len(got) != 21 {
				t.Errorf("%d pointers after %d names, want 21", len(got), v+1)
			}
		}
		for i := range maxCleared + 100 {
			name := hashFields("pointer", "evil", fmt.Sprint("evil/gone", i))
			if err := os.WriteFile(filepath.Join(dir, pointers, name), []byte(hashFields("x")+"\nevil\n"),
				0o600); err != nil {
				t.Fatal(err)
			}
		}
		list := []*Subscription{feedOf("", 0), feedOf("evil", 0)}
		before, _ := keptFiles(t, dir, pointers)
		more, err := s.copies.removeUnused(time.Now(), list)
		if left, _ := keptFiles(t, dir, pointers); err != nil || !more || len(before)-len(left) != maxCleared {
			t.Errorf("a change waits for %d files to be removed, want %d: %v", len(before)-len(left), maxCleared, err)
		}
		s.Subscribe(list)
		s.removeRemaining()
		if got, _ := keptFiles(t, dir, pointers); len(got) != 1 {
			t.Errorf("%d pointers are left, want the operator's", len(got))
		}
	})
}

// TestOwnDirectories: the copy of a tenant that a version without directories of owners has written
// is used, and moves when its feed answers.
func TestOwnDirectories(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		sub := feedOf("acme", 0)
		c := copies{dir: dir}
		flat := filepath.Base(sub.copyName())
		if err := errors.Join(c.prepare(), c.save(flat, saved{body: wrap(event("a")), read: time.Now()})); err != nil {
			t.Fatal(err)
		}
		s := NewStore(Options{Dir: dir, Now: time.Now, Log: slog.New(slog.DiscardHandler)})
		s.Subscribe([]*Subscription{sub})
		if got := s.Snapshot(sub.Calendar); got.Calendar == nil || got.Doubt != "" {
			t.Fatalf("got %+v", got)
		}
		if err := s.brings(sub.Calendar, string(wrap(event("b")))); err != nil {
			t.Fatal(err)
		}
		if got, _ := keptFiles(t, dir, bodies); len(got) != 1 || got[0] != sub.copyName() {
			t.Errorf("got files %v", got)
		}
	})
}
