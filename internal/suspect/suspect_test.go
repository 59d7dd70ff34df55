package suspect

import (
	"crypto/sha256"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestDeaths: a content is read again, late and alone, after a first death, and not after a second;
// a mark that only was there is no death.
func TestDeaths(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "reading")
	now := time.Date(2026, 11, 23, 15, 0, 0, 0, time.UTC)
	bad, good := [32]byte{1}, [32]byte{2}
	died := errors.New("died")
	start := func() *Marks {
		s := New(Options{Dir: dir, Program: "test"})
		if err := s.Open(now); err != nil {
			t.Fatal(err)
		}
		return s
	}
	// die reads a content and ends the process meanwhile, as far as the disk can tell.
	die := func(s *Marks, sum [32]byte, at time.Time) (read bool, err error) {
		err = s.Read(sum, at, false, func() error {
			read = true
			name := filepath.Join(dir, s.key(sum))
			text, err := os.ReadFile(name)
			if err != nil {
				return err
			}
			return errors.Join(died, os.WriteFile(name+"~", text, 0o600))
		})
		if read {
			if err := os.Rename(filepath.Join(dir, s.key(sum))+"~", filepath.Join(dir, s.key(sum))); err != nil {
				t.Fatal(err)
			}
		}
		return read, err
	}
	later := now.Add(suspectDelay)
	for i, c := range []struct {
		at   time.Time
		read bool
	}{{now, true}, {now, false}, {now, false}, {later, true}, {later, false}, {later.Add(24 * time.Hour), false}} {
		s := start()
		if read, err := die(s, bad, c.at); read != c.read || !read && !Is(err) {
			t.Errorf("process %d: read %v, want %v: %v", i, read, c.read, err)
		}
		if err := s.Read(good, now, false, func() error { return nil }); err != nil {
			t.Errorf("process %d: another content: %v", i, err)
		}
	}
	other := New(Options{Dir: dir, Program: "another version"})
	if err := errors.Join(other.Open(now), other.Read(bad, now, false, func() error { return nil })); err != nil {
		t.Errorf("another version of the program does not read it: %v", err)
	}
	if err := start().Read(bad, now, true, func() error { return nil }); err != nil {
		t.Errorf("it is not read by hand: %v", err)
	}
	if err := start().Read(bad, now, false, func() error { return nil }); err != nil {
		t.Errorf("it was read well by hand, and is still suspect: %v", err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("marks are left: %v, %v", left, err)
	}
}

// TestReadAgain: what was read well before does not wait after one
// death, and is not read after two.
func TestReadAgain(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	sum := [32]byte{1}
	now := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	for i, want := range []struct{ first, again bool }{{true, true}, {false, true}, {false, false}} {
		m := New(Options{Dir: dir, Program: "p", Activity: "reading", RetryHint: "until it changes"})
		if err := m.Open(now); err != nil {
			t.Fatal(err)
		}
		_, err := m.Check(sum, now)
		if got := err == nil; got != want.first {
			t.Errorf("start %d: a new content may be read: %v, want %v", i, got, want.first)
		}
		read := false
		err = m.ReadAgain(sum, now, func() error {
			read = true
			m2 := filepath.Join(dir, m.key(sum)) // the process ends here, and its mark stays
			text, err := os.ReadFile(m2)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = os.WriteFile(m2+".kept", text, 0o600) }()
			return nil
		})
		if read != want.again || (err == nil) != want.again {
			t.Errorf("start %d: read again: %v, %v, want %v", i, read, err, want.again)
		}
		if kept := filepath.Join(dir, m.key(sum)); read {
			if err := os.Rename(kept+".kept", kept); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestAbandon: what is being read when the process ends for another reason is read by the next one
// as if nothing had been; what is suspect stays so.
func TestAbandon(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	open := func(at time.Time) *Marks {
		m := New(Options{Dir: dir, Program: "callhours/1", Activity: "reading"})
		if err := m.Open(at); err != nil {
			t.Fatal(err)
		}
		return m
	}
	innocent, deadly := sha256.Sum256([]byte("innocent")), sha256.Sum256([]byte("deadly"))
	now := time.Date(2026, 11, 23, 15, 0, 0, 0, time.UTC)
	open(now).Begin(deadly) // and the process ended
	m := open(now)
	m.Begin(innocent)
	m.Begin(deadly)
	m.Abandon()
	m.Begin(sha256.Sum256([]byte("later")))
	(*Marks)(nil).Abandon()
	m = open(now)
	for name, sum := range map[string][32]byte{"innocent": innocent, "later": sha256.Sum256([]byte("later"))} {
		if isSuspect, err := m.Check(sum, now); isSuspect || err != nil {
			t.Errorf("%s: got %v %v", name, isSuspect, err)
		}
	}
	if isSuspect, err := m.Check(deadly, now); !isSuspect || !IsWaiting(err) {
		t.Errorf("deadly: got %v %v, want one death", isSuspect, err)
	}
}
