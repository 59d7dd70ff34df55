// Package durable writes files that are there whole or not at all, also after a loss of power.
// Nothing here waits longer than [files.Timeout] for the file system: what was given up is an
// error, which wraps [files.ErrHung], though it may still be done when the file system answers
// again.
package durable

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/callhours/callhours/internal/files"
)

// Partial is how the names of files begin that are being written. A crash may leave some behind.
const Partial = ".partial-"

// Disk is how files are written. The zero Disk is the operating system's.
type Disk struct {
	// Root is a directory below which everything fails at once while anything there waits for the
	// file system. "": each directory is by itself.
	Root string
	// Fault returns why a step fails, for tests; a write that fails has written half. nil: nothing
	// fails.
	Fault func(step Step, path string) error
}

// Step is one of those in which a file is written.
type Step string

// The steps of writing a file.
const (
	Create Step = "create"
	Fill   Step = "write"
	Flush  Step = "flush"
	Rename Step = "rename"
	Patch  Step = "amend"
	Make   Step = "make" // a directory
	Remove Step = "remove"
)

// Do runs a step for a path, with the timeout of this package.
func (d Disk) Do(step Step, path string, do func() error) error {
	return d.within(path, filepath.Dir(path), func() error {
		if err := d.injectFault(step, path); err != nil {
			return Reason(err)
		}
		return Reason(do())
	})
}

// Remove removes a file.
func (d Disk) Remove(path string) error {
	return d.Do(Remove, path, func() error { return os.Remove(path) })
}

// within runs what may wait for the file system. path is what the error names when it does.
func (d Disk) within(path, dir string, do func() error) error {
	_, err := files.WithTimeout(cmp.Or(d.Root, dir), func() (struct{}, error) { return struct{}{}, do() }, nil)
	if errors.Is(err, files.ErrHung) {
		return fmt.Errorf("%s: %w", path, err)
	}
	return err
}

func (d Disk) injectFault(step Step, path string) error {
	if d.Fault == nil {
		return nil
	}
	if err := d.Fault(step, path); err != nil {
		return &fs.PathError{Op: string(step), Path: path, Err: err}
	}
	return nil
}

// Write puts a file that we alone can read into a directory, in place of a former one of its name.
func Write(dir, name string, content []byte) error { return Disk{}.Write(dir, name, content) }

// WriteUnsynced is Write for what can be created again, in a tenth of the time. After a loss of
// power the former file, the new one, neither or garbage may be there, so that its reader must
// verify it.
func WriteUnsynced(dir, name string, content []byte) error {
	return Disk{}.WriteUnsynced(dir, name, content)
}

// Write is [Write]. The name may be of a file in a directory below dir.
func (d Disk) Write(dir, name string, content []byte) error {
	return d.within(filepath.Join(dir, name), dir, func() error {
		if err := d.replace(dir, name, content, true); err != nil {
			return err
		}
		return syncDir(filepath.Dir(filepath.Join(dir, name)))
	})
}

// WriteUnsynced is [WriteUnsynced].
func (d Disk) WriteUnsynced(dir, name string, content []byte) error {
	return d.within(filepath.Join(dir, name), dir, func() error { return d.replace(dir, name, content, false) })
}

func (d Disk) replace(dir, name string, content []byte, flush bool) error {
	if err := d.injectFault(Create, filepath.Join(dir, name)); err != nil {
		return Reason(err)
	}
	// readable by us alone; a name that is taken, by a link too, is passed over
	f, err := os.CreateTemp(dir, Partial+"*")
	if at, ok := errors.AsType[*fs.PathError](err); ok {
		return fmt.Errorf("%s: %w", dir, at.Err)
	}
	if err != nil {
		return err
	}
	if err = d.injectFault(Fill, f.Name()); err != nil {
		content = content[:len(content)/2]
	}
	_, wrote := f.Write(content)
	err = cmp.Or(err, wrote)
	if flush {
		err = cmp.Or(err, d.injectFault(Flush, f.Name()), f.Sync())
	}
	err = cmp.Or(err, f.Close())
	err = cmp.Or(err, d.injectFault(Rename, f.Name()))
	if err == nil {
		err = os.Rename(f.Name(), filepath.Join(dir, name))
	}
	if err != nil {
		return errors.Join(Reason(err), Reason(os.Remove(f.Name())))
	}
	return nil
}

// Amend overwrites some bytes among the last of a file, in place and without flushing them: amend
// is given as many of the last bytes as tail says, or fewer if there are no more, and tells which
// of them become what. A crash may leave some of these bytes as they were and others new. A link is
// not followed. It takes the time of a few system calls, and no room.
func (d Disk) Amend(dir, name string, tail int, amend func(tail []byte) (at int, with []byte, err error)) error {
	path := filepath.Join(dir, name)
	return d.within(path, dir, func() error { return d.amend(path, tail, amend) })
}

func (d Disk) amend(path string, tail int, amend func(tail []byte) (at int, with []byte, err error)) error {
	f, err := os.OpenFile(path, os.O_RDWR|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if err != nil {
		return Reason(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return Reason(err)
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%s: is not a regular file", path)
	}
	from := max(info.Size()-int64(tail), 0)
	last := make([]byte, info.Size()-from)
	if _, err := f.ReadAt(last, from); err != nil {
		return Reason(err)
	}
	at, with, err := amend(last)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if at < 0 || at+len(with) > len(last) {
		return fmt.Errorf("%s: %d bytes at %d are not among its last %d", path, len(with), at, len(last))
	}
	err = d.injectFault(Patch, path)
	if err != nil {
		with = with[:len(with)/2]
	}
	_, wrote := f.WriteAt(with, from+int64(at))
	return Reason(cmp.Or(err, wrote, f.Close()))
}

// syncDir makes a rename survive a loss of power.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return Reason(err)
	}
	return Reason(cmp.Or(d.Sync(), d.Close()))
}

// Reason is what went wrong, with the file and without the name of a system call.
func Reason(err error) error {
	if at, ok := errors.AsType[*fs.PathError](err); ok {
		return fmt.Errorf("%s: %w", at.Path, at.Err)
	}
	if link, ok := errors.AsType[*os.LinkError](err); ok {
		return fmt.Errorf("%s: %w", link.New, link.Err)
	}
	return err
}

// MakeDir makes a directory that we alone can use, or makes one that is there
// so. A link to one is refused.
func (d Disk) MakeDir(path string) error {
	return d.Do(Make, path, func() error { return makeDir(path) })
}

func makeDir(path string) error {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return err
	}
	info, err := os.Lstat(path)
	switch {
	case err != nil:
		return err
	case !info.IsDir():
		return fmt.Errorf("%s: is a link, not a directory; remove it", path)
	case info.Mode().Perm()&0o077 != 0:
		return os.Chmod(path, 0o700)
	}
	return nil
}
