// Package files reads files of other authors: regular files only, up to a size, and with a
// [Timeout] for the file system. A named pipe, a device, a socket, a file without an end or a
// network file system that hangs costs an error and blocks nobody.
//
// Errors are of type [*Error], whose text is a message: "tenants/c.yaml: is a named pipe; expected
// a regular file".
package files

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// Error is what is wrong with a file. Unwrap returns the reason without the name.
type Error struct {
	Path string
	Err  error
}

func (e *Error) Error() string { return e.Path + ": " + e.Err.Error() }

// Unwrap returns the reason without the name.
func (e *Error) Unwrap() error { return e.Err }

// Reason returns what is wrong without the name of the file.
func Reason(err error) error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Err
	}
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err
	}
	return err
}

// KindError is the error of a name of another kind of file than the expected one.
type KindError struct{ Found, Expected string }

func (e *KindError) Error() string { return "is " + e.Found + "; expected " + e.Expected }

// TooLargeError is the error of a file with more than Limit bytes.
type TooLargeError struct{ Limit int64 }

func (e *TooLargeError) Error() string { return "is larger than " + formatSize(e.Limit) }

// LinkError is the error of a symbolic link to nothing. It unwraps to [fs.ErrNotExist].
type LinkError struct{}

func (*LinkError) Error() string { return "is a link to a file that does not exist; correct the link" }

// Unwrap returns fs.ErrNotExist.
func (*LinkError) Unwrap() error { return fs.ErrNotExist }

// formatSize returns a number of bytes in the largest unit that fits.
func formatSize(n int64) string {
	switch {
	case n >= 1<<20 && n%(1<<20) == 0:
		return fmt.Sprintf("%d MiB", n>>20)
	case n >= 1<<10 && n%(1<<10) == 0:
		return fmt.Sprintf("%d KiB", n>>10)
	}
	return fmt.Sprintf("%d bytes", n)
}

// maxNames bounds the entries of one directory that List returns.
const maxNames = 100_000

// Tree is where names are looked up: below Root, in FS, or in the file system of the operating
// system if neither is set. The zero Tree accepts absolute names and those relative to the working
// directory.
type Tree struct {
	Root *os.Root // symbolic links that lead out of it are refused
	FS   fs.FS
	// Home is the directory of one author in which names are looked up: while accesses below it
	// hang, further ones there fail at once, and accesses elsewhere do not. "" for the directory of
	// a [Below], or for none.
	Home string
	// Time is how long names below one Home, or Below, may be looked up in
	// all; nil: as long as it takes.
	Time *Budget
}

// Read returns what a regular file of at most limit bytes holds.
func Read(name string, limit int64) ([]byte, error) {
	body, _, err := Tree{}.Read(name, limit)
	return body, err
}

// ReadBelow is Read for a file below a directory that nothing leads out of.
func ReadBelow(root *os.Root, name string, limit int64) ([]byte, error) {
	body, _, err := Tree{Root: root}.Read(name, limit)
	return body, err
}

// ReadArgument is Read for a name that somebody typed on the command line, which may also be
// standard input or a descriptor that the shell opened (/dev/stdin, /dev/fd/63). Those are read to
// their end, however long that takes.
func ReadArgument(name string, limit int64) ([]byte, error) {
	body, _, err := Tree{}.ReadArgument(name, limit)
	return body, err
}

// ReadArgument is [ReadArgument] in a Tree; only the zero Tree has descriptors.
func (t Tree) ReadArgument(name string, limit int64) ([]byte, fs.FileInfo, error) {
	if t.Root != nil || t.FS != nil || !IsDescriptor(name) {
		return t.Read(name, limit)
	}
	f, err := OpenDescriptor(name)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, nil, wrap(name, err)
	}
	body, err := ReadAll(f, 0, limit)
	return body, info, wrap(name, err)
}

// OpenDescriptor opens a file that the process was started with. Reading it waits for its writer.
func OpenDescriptor(name string) (*os.File, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, wrap(name, err)
	}
	info, err := f.Stat()
	if err == nil && info.IsDir() {
		err = kindError(info.Mode())
	}
	if err != nil {
		f.Close()
		return nil, wrap(name, err)
	}
	return f, nil
}

// IsDescriptor reports whether a name stands for a file that the process was
// started with; it can be read once.
func IsDescriptor(name string) bool {
	name = path.Clean(filepath.ToSlash(name))
	return name == "/dev/stdin" || strings.HasPrefix(name, "/dev/fd/") || strings.HasPrefix(name, "/proc/self/fd/")
}

// contents are the bytes of a file and its description when it was opened.
type contents struct {
	body []byte
	info fs.FileInfo
}

// Read returns what a regular file of at most limit bytes holds, and its size, mode and times.
func (t Tree) Read(name string, limit int64) ([]byte, fs.FileInfo, error) {
	c, err := withTimeout(t.target(name), func() (contents, error) { return t.read(name, limit) }, nil)
	if err != nil {
		return nil, nil, wrap(name, err)
	}
	return c.body, c.info, nil
}

func (t Tree) read(name string, limit int64) (c contents, err error) {
	f, err := t.open(name, regular)
	if err != nil {
		return c, err
	}
	defer f.Close()
	if c.info, err = f.Stat(); err != nil {
		return c, err
	}
	if c.info.Size() > limit {
		return c, &TooLargeError{limit}
	}
	c.body, err = ReadAll(f, c.info.Size(), limit)
	return c, err
}

// Head returns the first bytes of a regular file, limit at most.
func Head(name string, limit int64) ([]byte, error) {
	body, err := withTimeout(Tree{}.target(name), func() ([]byte, error) {
		f, err := Tree{}.open(name, regular)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		return io.ReadAll(io.LimitReader(f, limit))
	}, nil)
	return body, wrap(name, err)
}

func regular(m fs.FileMode) error {
	if !m.IsRegular() {
		return kindError(m)
	}
	return nil
}

// ReadAll reads up to limit bytes, and none too many for expected ones; more are a TooLargeError.
func ReadAll(from io.Reader, expected, limit int64) ([]byte, error) {
	var room bytes.Buffer
	room.Grow(int(min(max(expected, 0), limit)) + bytes.MinRead)
	if _, err := room.ReadFrom(io.LimitReader(from, limit+1)); err != nil {
		return nil, err
	}
	if int64(room.Len()) > limit {
		return nil, &TooLargeError{limit}
	}
	return room.Bytes(), nil
}

// open opens a file of the right kind. The kind is checked before opening, because opening some
// devices has effects, and again after it, because the file may have been replaced. Opening a pipe
// does not wait for its other end.
func (t Tree) open(name string, check func(fs.FileMode) error) (fs.File, error) {
	info, err := t.stat(name)
	if err != nil {
		return nil, err
	}
	if err := check(info.Mode()); err != nil {
		return nil, err
	}
	var f fs.File
	const flags = os.O_RDONLY | syscall.O_NONBLOCK
	switch {
	case t.Root != nil:
		f, err = t.Root.OpenFile(name, flags, 0)
	case t.FS != nil:
		f, err = t.FS.Open(name)
	default:
		f, err = os.OpenFile(name, flags, 0)
	}
	if err != nil {
		return nil, err
	}
	if info, err = f.Stat(); err == nil {
		err = check(info.Mode())
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// Stat describes a file, or the one that a link leads to.
func Stat(name string) (fs.FileInfo, error) { return Tree{}.Stat(name) }

// Stat describes a file, or the one that a link leads to.
func (t Tree) Stat(name string) (fs.FileInfo, error) {
	info, err := withTimeout(t.target(name), func() (fs.FileInfo, error) { return t.stat(name) }, nil)
	return info, wrap(name, err)
}

func (t Tree) stat(name string) (fs.FileInfo, error) {
	switch {
	case t.Root != nil:
		return t.Root.Stat(name)
	case t.FS != nil:
		return fs.Stat(t.FS, name)
	}
	info, err := os.Stat(name)
	return info, brokenLink(err, func() (fs.FileInfo, error) { return os.Lstat(name) })
}

// brokenLink returns a LinkError where the target of a link does not exist; else err.
func brokenLink(err error, lstat func() (fs.FileInfo, error)) error {
	if errors.Is(err, fs.ErrNotExist) {
		if link, gone := lstat(); gone == nil && link.Mode()&fs.ModeSymlink != 0 {
			return &LinkError{}
		}
	}
	return err
}

// List returns the entries of a directory, sorted by name. One with more than 100,000 is an error.
func List(name string) ([]fs.DirEntry, error) { return Tree{}.List(name) }

// List returns the entries of a directory, sorted by name. One with more than 100,000 is an error.
func (t Tree) List(name string) ([]fs.DirEntry, error) {
	entries, err := withTimeout(target{t.home(), name, t.Time}, func() ([]fs.DirEntry, error) {
		return t.list(name)
	}, nil)
	return entries, wrap(name, err)
}

func (t Tree) list(name string) ([]fs.DirEntry, error) {
	dir, err := t.openDir(name)
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	entries, err := dir.ReadDir(maxNames + 1)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if len(entries) > maxNames {
		return nil, fmt.Errorf("has more than %d entries", maxNames)
	}
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	return entries, nil
}

func (t Tree) openDir(name string) (fs.ReadDirFile, error) {
	f, err := t.open(name, func(m fs.FileMode) error {
		if !m.IsDir() {
			return &KindError{kind(m), "a directory"}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	dir, ok := f.(fs.ReadDirFile)
	if !ok {
		f.Close()
		return nil, &KindError{"a file", "a directory"}
	}
	return dir, nil
}

// Each calls do for the entries of a directory in no order, however many there are, until do gives
// an error, which is given back as it is. do may remove the entry; it may be called for one that is
// gone, and not for one that is new.
func Each(name string, do func(fs.DirEntry) error) error {
	const part = 1024
	dir, err := WithTimeout(name, func() (fs.ReadDirFile, error) { return Tree{}.openDir(name) }, nil)
	if err != nil {
		return wrap(name, err)
	}
	defer dir.Close()
	for {
		entries, err := WithTimeout(name, func() ([]fs.DirEntry, error) { return dir.ReadDir(part) }, nil)
		for _, e := range entries {
			if err := do(e); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return wrap(name, err)
		}
	}
}

// target returns the directories by which accesses that hang are
// counted. Files in memory have none.
func (t Tree) target(name string) target {
	dirs := target{home: t.home(), time: t.Time}
	_, below := t.FS.(Below)
	switch {
	case t.Root != nil:
		dirs.dir = filepath.Join(t.Root.Name(), filepath.Dir(name))
	case t.FS == nil || below:
		dirs.dir = filepath.Dir(name)
	}
	return dirs
}

// home returns the directory of one author; see Tree.Home.
func (t Tree) home() string {
	if below, ok := t.FS.(Below); ok {
		return string(below)
	}
	return t.Home
}

// wrap adds the name to an error, without the system call.
func wrap(name string, err error) error {
	if err == nil {
		return nil
	}
	if at, ok := errors.AsType[*fs.PathError](err); ok {
		err = at.Err
	}
	return &Error{name, err}
}

// kindError is the error of what is not a regular file.
func kindError(m fs.FileMode) error { return &KindError{kind(m), "a regular file"} }

func kind(m fs.FileMode) string {
	switch {
	case m.IsRegular():
		return "a file"
	case m.IsDir():
		return "a directory"
	case m&fs.ModeNamedPipe != 0:
		return "a named pipe"
	case m&fs.ModeSocket != 0:
		return "a socket"
	case m&fs.ModeDevice != 0:
		return "a device"
	case m&fs.ModeSymlink != 0:
		return "a symbolic link"
	}
	return "a special file"
}
