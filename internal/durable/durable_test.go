package durable

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

const (
	holdKey  = "CALLHOURS_TEST_HOLD"  // a directory that the program locks until it is killed
	writeKey = "CALLHOURS_TEST_WRITE" // a directory into which it writes until it is killed
)

func TestMain(m *testing.M) {
	switch {
	case os.Getenv(holdKey) != "":
		l := NewLock(os.Getenv(holdKey))
		fmt.Println(l.Acquire(), os.Getpid())
		select {}
	case os.Getenv(writeKey) != "":
		writeForever(os.Getenv(writeKey))
	}
	os.Exit(m.Run())
}

// version is a file that says itself whether it is whole.
func version(n int) []byte {
	return bytes.Repeat(fmt.Appendf(nil, "%08d\n", n), 20_000)
}

func writeForever(dir string) {
	for n := 0; ; n++ {
		if err := errors.Join(WriteUnsynced(dir, "swapped", version(n)), Write(dir, "written", version(n)),
			amend(dir, n)); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		if n == 0 {
			fmt.Println("begun")
		}
	}
}

func amend(dir string, n int) error {
	return Disk{}.Amend(dir, "amended", 18, func(tail []byte) (int, []byte, error) {
		return 9 * (n % 2), fmt.Appendf(nil, "%08d\n", n), nil
	})
}

// start runs this program with an environment and gives the first line that it prints.
func start(t *testing.T, env string) (*exec.Cmd, string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = []string{env}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // it says that it was killed
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return cmd, strings.TrimSpace(line)
}

func kill(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // it says that it was killed
}

// TestKilled kills a process that writes, at any moment: each file is whole,
// and of the two last versions.
func TestKilled(t *testing.T) {
	t.Parallel()
	for range 20 {
		dir := t.TempDir()
		if err := Write(dir, "amended", []byte("00000000\n00000000\n")); err != nil {
			t.Fatal(err)
		}
		cmd, _ := start(t, writeKey+"="+dir)
		<-time.After(time.Duration(rand.IntN(20_000)) * time.Microsecond) // any moment will do
		kill(t, cmd)
		for _, name := range []string{"swapped", "written"} {
			content, err := os.ReadFile(filepath.Join(dir, name))
			if err != nil || len(content) != len(version(0)) ||
				!bytes.Equal(content, bytes.Repeat(content[:9], 20_000)) {
				t.Errorf("%s: %d bytes, %v", name, len(content), err)
			}
		}
		content, err := os.ReadFile(filepath.Join(dir, "amended"))
		if err != nil || len(content) != 18 || content[8] != '\n' || content[17] != '\n' {
			t.Errorf("amended: %q, %v", content, err)
		}
	}
}

// TestFaults: whatever step fails, the former file is there, whole, and nothing half written.
func TestFaults(t *testing.T) {
	t.Parallel()
	for _, step := range []Step{Create, Fill, Flush, Rename} {
		for _, fault := range []error{syscall.ENOSPC, syscall.EROFS, syscall.EIO, syscall.EACCES} {
			dir := t.TempDir()
			if err := Write(dir, "a", []byte("former")); err != nil {
				t.Fatal(err)
			}
			faulty := Disk{Fault: func(s Step, _ string) error {
				if s == step {
					return fault
				}
				return nil
			}}
			err := faulty.Write(dir, "a", []byte("new and longer"))
			if !errors.Is(err, fault) || strings.Contains(err.Error(), "\n") ||
				strings.HasPrefix(err.Error(), string(step)) {
				t.Errorf("%s: got %v, want %v with a file and no step", step, err, fault)
			}
			content, err := os.ReadFile(filepath.Join(dir, "a"))
			left, _ := filepath.Glob(filepath.Join(dir, "*"))
			hidden, _ := filepath.Glob(filepath.Join(dir, ".*"))
			if err != nil || string(content) != "former" || len(left) != 1 || len(hidden) != 0 {
				t.Errorf("%s, %v: got %q, %v, files %v", step, fault, content, err, slices.Concat(left, hidden))
			}
		}
	}
}

// TestModes: a file is its owner's alone, and a link in its place is replaced rather than followed.
func TestModes(t *testing.T) {
	t.Parallel()
	dir, outside := t.TempDir(), filepath.Join(t.TempDir(), "outside")
	if err := errors.Join(os.WriteFile(outside, []byte("theirs"), 0o600),
		os.Symlink(outside, filepath.Join(dir, "a"))); err != nil {
		t.Fatal(err)
	}
	if err := Write(dir, "a", []byte("ours")); err != nil {
		t.Fatal(err)
	}
	info, err := os.Lstat(filepath.Join(dir, "a"))
	content, readErr := os.ReadFile(outside)
	if err != nil || readErr != nil || info.Mode() != 0o600 || string(content) != "theirs" {
		t.Errorf("got %v, %v, and outside %q", info.Mode(), err, content)
	}
}

func TestAmend(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := Write(dir, "a", []byte("0123456789")); err != nil {
		t.Fatal(err)
	}
	if err := (Disk{}).Amend(dir, "a", 4, func(tail []byte) (int, []byte, error) {
		if string(tail) != "6789" {
			t.Errorf("got %q", tail)
		}
		return 1, []byte("xy"), nil
	}); err != nil {
		t.Error(err)
	}
	for _, c := range []struct {
		at   int
		with string
	}{{3, "xy"}, {-1, "x"}, {0, "12345"}} {
		if err := (Disk{}).Amend(dir, "a", 4, func([]byte) (int, []byte, error) {
			return c.at, []byte(c.with), nil
		}); err == nil {
			t.Errorf("%d bytes are written at %d of 4", len(c.with), c.at)
		}
	}
	if content, err := os.ReadFile(filepath.Join(dir, "a")); err != nil || string(content) != "0123456xy9" {
		t.Errorf("got %q, %v", content, err)
	}
}

// TestLock: one process has it at a time, others are told which, and what kills that one frees it.
func TestLock(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "new", "state")
	cmd, said := start(t, holdKey+"="+dir)
	if said != fmt.Sprintf("<nil> %d", cmd.Process.Pid) {
		t.Fatalf("got %q", said)
	}
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("got %v, %v", info.Mode(), err)
	}
	l := NewLock(dir)
	want := fmt.Sprintf("%s: another process uses it (process %d)", dir, cmd.Process.Pid)
	if err := l.Acquire(); !errors.Is(err, ErrHeld) || err.Error() != want || l.Held() {
		t.Errorf("got %v, want %s", err, want)
	}
	kill(t, cmd)
	if err := l.Acquire(); err != nil || !l.Held() {
		t.Errorf("after its end: %v", err)
	}
	other := NewLock(dir)
	if err := other.Acquire(); !errors.Is(err, ErrHeld) {
		t.Errorf("got %v", err)
	}
	if err := errors.Join(l.Release(), other.Acquire(), other.Release()); err != nil {
		t.Error(err)
	}
	if err := errors.Join(os.Remove(filepath.Join(dir, LockFile)),
		syscall.Mkfifo(filepath.Join(dir, LockFile), 0o600)); err != nil {
		t.Fatal(err)
	}
	if err := other.Acquire(); err == nil || other.Held() {
		t.Error("a pipe is taken for the lock")
	}
}
