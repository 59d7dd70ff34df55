//go:build unix

package files

import (
	"bytes"
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"
)

// oddFile makes a directory with a file of each kind.
func oddFile(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	check(os.WriteFile(filepath.Join(dir, "plain"), []byte("0123456789"), 0o640))
	check(os.WriteFile(filepath.Join(dir, "empty"), nil, 0o600))
	check(os.Mkdir(filepath.Join(dir, "dir"), 0o700))
	check(syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o600))
	check(os.Symlink("pipe", filepath.Join(dir, "link-to-pipe")))
	check(os.Symlink("plain", filepath.Join(dir, "link")))
	check(os.Symlink("/etc/passwd", filepath.Join(dir, "outside")))
	check(os.Symlink("circle", filepath.Join(dir, "circle")))
	check(os.WriteFile(filepath.Join(dir, "sparse"), nil, 0o600))
	check(os.Truncate(filepath.Join(dir, "sparse"), 3<<30))
	t.Chdir(dir)
	l, err := net.Listen("unix", "socket") // a short name: those of sockets have 108 bytes at most
	check(err)
	t.Cleanup(func() { l.Close() })
	return dir
}

func TestRead(t *testing.T) {
	oddFile(t)
	for _, c := range []struct {
		name  string
		limit int64
		want  string // the bytes, or the error
	}{
		{"plain", 10, "0123456789"},
		{"link", 11, "0123456789"},
		{"empty", 0, ""},
		{"plain", 9, "plain: is larger than 9 bytes"},
		{"sparse", 8 << 20, "sparse: is larger than 8 MiB"},
		{"pipe", 10, "pipe: is a named pipe; expected a regular file"},
		{"link-to-pipe", 10, "link-to-pipe: is a named pipe; expected a regular file"},
		{"socket", 10, "socket: is a socket; expected a regular file"},
		{"dir", 10, "dir: is a directory; expected a regular file"},
		{"/dev/zero", 10, "/dev/zero: is a device; expected a regular file"},
		{"missing", 10, "missing: no such file or directory"},
		{"plain/below", 10, "plain/below: not a directory"},
		{"circle", 10, "circle: too many levels of symbolic links"},
		{"", 10, ": no such file or directory"},
		{"a\x00b", 10, "a\x00b: invalid argument"},
	} {
		got, err := Read(c.name, c.limit)
		if err != nil {
			got = []byte(err.Error())
			if _, ok := errors.AsType[*Error](err); !ok {
				t.Errorf("%s: the error is a %T", c.name, err)
			}
		}
		if string(got) != c.want {
			t.Errorf("%s, %d: got %q, want %q", c.name, c.limit, got, c.want)
		}
	}
	if _, err := Read("missing", 1); !errors.Is(err, fs.ErrNotExist) ||
		Reason(err).Error() != "no such file or directory" {
		t.Errorf("a missing file: %v", err)
	}
}

// TestReadPipeWithWriter: a pipe that somebody writes to holds a byte, and it is left alone.
func TestReadPipeWithWriter(t *testing.T) {
	oddFile(t)
	w, err := os.OpenFile("pipe", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if _, err := w.WriteString("secret"); err != nil {
		t.Fatal(err)
	}
	if _, err := Read("pipe", 10); err == nil {
		t.Error("a pipe was read")
	}
	if got, err := ReadArgument("pipe", 10); err == nil {
		t.Errorf("a pipe that is named by its path was read: %q", got)
	}
}

func TestReadBelow(t *testing.T) {
	dir := oddFile(t)
	root, err := os.OpenRoot(filepath.Join(dir))
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	for _, c := range []struct{ name, want string }{
		{"plain", "0123456789"},
		{"dir/../plain", "0123456789"},
		{"link", "0123456789"},
		{"pipe", "pipe: is a named pipe; expected a regular file"},
		{"sparse", "sparse: is larger than 10 bytes"},
		{"socket", "socket: is a socket; expected a regular file"},
		{"outside", "outside: path escapes from parent"},
		{"../x", "../x: path escapes from parent"},
		{"/etc/passwd", "/etc/passwd: path escapes from parent"},
		{"missing", "missing: no such file or directory"},
	} {
		got, err := ReadBelow(root, c.name, 10)
		if err != nil {
			got = []byte(err.Error())
		}
		if string(got) != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

// TestSwapped: what is a pipe by the time it is opened is not read, though it was a
// file when it was looked at.
func TestSwapped(t *testing.T) {
	t.Parallel()
	m := fstest.MapFS{"a": {Data: []byte("x")}}
	if _, _, err := (Tree{FS: swappedFS{m}}).Read("a", 10); err == nil ||
		err.Error() != "a: is a named pipe; expected a regular file" {
		t.Errorf("got %v", err)
	}
}

// swappedFS has files that are pipes once they are open.
type swappedFS struct{ fstest.MapFS }

func (s swappedFS) Open(string) (fs.File, error) {
	return fstest.MapFS{"a": {Mode: fs.ModeNamedPipe}}.Open("a")
}

// TestGrows: a file that grows while it is read is read to the limit.
func TestGrows(t *testing.T) {
	t.Parallel()
	if _, err := ReadAll(endless{}, 3, 1<<20); err == nil || err.Error() != "is larger than 1 MiB" {
		t.Errorf("got %v", err)
	}
	body, err := ReadAll(strings.NewReader("abc"), -1, 3)
	if err != nil || string(body) != "abc" {
		t.Errorf("got %q, %v", body, err)
	}
	if body, err = ReadAll(bytes.NewReader(make([]byte, 1000)), 1000, 1<<30); err != nil || cap(body) > 2*len(body) {
		t.Errorf("1000 expected bytes took %d, %v", cap(body), err)
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

// TestArgument: what a shell hands over as /dev/fd/63 is read, though it is a pipe.
func TestArgument(t *testing.T) {
	t.Parallel()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if _, err := w.WriteString("from a shell"); err != nil {
		t.Fatal(err)
	}
	w.Close()
	name := "/dev/fd/" + strconv.Itoa(int(r.Fd()))
	if _, err := os.Stat(name); err != nil {
		t.Skip("this system has no /dev/fd")
	}
	if _, err := Read(name, 100); err == nil {
		t.Error("Read takes a pipe")
	}
	got, err := ReadArgument(name, 100)
	if err != nil || string(got) != "from a shell" {
		t.Errorf("got %q, %v", got, err)
	}
	if _, err := ReadArgument("/dev/fd/9999", 100); err == nil || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a descriptor that is not open: %v", err)
	}
}

func TestIsDescriptor(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{
		"/dev/stdin": true, "/dev/fd/0": true, "/dev//fd/63": true, "/proc/self/fd/3": true,
		"/dev/fd": false, "/dev/fd/../zero": false, "/dev/null": false, "dev/fd/0": false, "": false,
		"/proc/self/fd/../environ": false,
	} {
		if got := IsDescriptor(name); got != want {
			t.Errorf("%q: got %v", name, got)
		}
	}
}

func TestList(t *testing.T) {
	oddFile(t)
	entries, err := List(".")
	if err != nil || len(entries) != 10 || entries[0].Name() != "circle" {
		t.Errorf("got %v, %v", entries, err)
	}
	for name, want := range map[string]string{
		"pipe":    "pipe: is a named pipe; expected a directory",
		"plain":   "plain: is a file; expected a directory",
		"missing": "missing: no such file or directory",
	} {
		if _, err := List(name); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	if names, err := (Tree{}).Glob("li*"); err != nil || strings.Join(names, " ") != "link link-to-pipe" {
		t.Errorf("got %v, %v", names, err)
	}
	if _, err := (Tree{}).Glob("["); err == nil || err.Error() != "[: syntax error in pattern" {
		t.Errorf("got %v", err)
	}
	if info, err := Stat("link"); err != nil || info.Size() != 10 {
		t.Errorf("got %v, %v", info, err)
	}
}
