package durable

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/callhours/callhours/internal/files"
)

// LockFile is the name of the file by which a directory is locked. It contains the process id of
// the holder.
const LockFile = "lock"

// ErrHeld says that another process has the lock.
var ErrHeld = errors.New("another process uses it")

// ErrNoLocks says that the file system has no locks.
var ErrNoLocks = errors.New("its file system has no locks, so another process may use it too")

// Lock keeps a directory for this process, until it is released or the
// process ends, however it does.
type Lock struct {
	dir  string
	file *os.File // nil: we do not hold it
}

// NewLock makes a lock of a directory that is not held.
func NewLock(dir string) *Lock { return &Lock{dir: dir} }

// Dir is the directory.
func (l *Lock) Dir() string { return l.dir }

// Held reports whether this process holds the lock.
func (l *Lock) Held() bool { return l.file != nil }

// Acquire takes the lock, and makes the directory if need be. The error is ErrHeld when another
// process has it, ErrNoLocks where there are none, files.ErrHung where the file system does not
// answer, or why the directory cannot be used.
func (l *Lock) Acquire() error {
	if l.file != nil {
		return nil
	}
	f, err := files.WithTimeout(l.dir, func() (*os.File, error) {
		return l.openLocked()
	}, func(f *os.File) { f.Close() })
	if errors.Is(err, files.ErrHung) {
		return fmt.Errorf("%s: %w", l.dir, err)
	}
	l.file = f
	return err
}

// openLocked returns the file of the lock, which holds it while it is open.
func (l *Lock) openLocked() (*os.File, error) {
	if err := os.MkdirAll(l.dir, 0o700); err != nil {
		return nil, Reason(err)
	}
	path := filepath.Join(l.dir, LockFile)
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0o600)
	if err != nil {
		return nil, Reason(err)
	}
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return nil, errors.Join(fmt.Errorf("%s: is not a regular file; remove it", path), f.Close())
	}
	switch err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); {
	case errors.Is(err, syscall.EWOULDBLOCK):
		owner, _ := io.ReadAll(io.LimitReader(f, 64))
		f.Close()
		if who := strings.TrimSpace(string(owner)); who != "" && strings.Trim(who, "0123456789") == "" {
			return nil, fmt.Errorf("%s: %w (process %s)", l.dir, ErrHeld, who)
		}
		return nil, fmt.Errorf("%s: %w", l.dir, ErrHeld)
	case err != nil:
		f.Close()
		return nil, fmt.Errorf("%s: %w (%w)", l.dir, ErrNoLocks, err)
	}
	// For information only: a full disk is no reason to refuse the lock.
	if err := f.Truncate(0); err == nil {
		_, _ = fmt.Fprintf(f, "%d\n", os.Getpid())
	}
	return f, nil
}

// Release gives the lock up.
func (l *Lock) Release() error {
	if l.file == nil {
		return nil
	}
	f := l.file
	l.file = nil
	return Reason(f.Close())
}
