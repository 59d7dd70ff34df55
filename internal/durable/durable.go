// Package durable writes files that are there whole or not at all, also after a loss of power.
package durable

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// Partial is how the names of files begin that are being written. A crash may leave some behind.
const Partial = ".partial-"

// Disk is how files are written. The zero Disk is the operating system's.
type Disk struct {
	// Fault says why a step cannot be done, for tests of what happens then; a write that fails has written the half. nil: nothing fails.
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
)

func (d Disk) fails(step Step, path string) error {
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

// Swap is Write for what can be made again: after a loss of power there may be neither the former file nor the new one, or what is no file of
// ours, so that whoever reads it has to check what he reads. It takes a tenth of the time.
func Swap(dir, name string, content []byte) error { return Disk{}.Swap(dir, name, content) }

// Write is [Write].
func (d Disk) Write(dir, name string, content []byte) error {
	if err := d.replace(dir, name, content, true); err != nil {
		return err
	}
	return syncDir(dir)
}

// Swap is [Swap].
func (d Disk) Swap(dir, name string, content []byte) error {
	return d.replace(dir, name, content, false)
}

func (d Disk) replace(dir, name string, content []byte, flush bool) error {
	if err := d.fails(Create, filepath.Join(dir, name)); err != nil {
		return Reason(err)
	}
	f, err := os.CreateTemp(dir, Partial+"*") // readable by us alone; a name that is taken, by a link too, is passed over
	if at, ok := errors.AsType[*fs.PathError](err); ok {
		return fmt.Errorf("%s: %w", dir, at.Err)
	}
	if err != nil {
		return err
	}
	if err = d.fails(Fill, f.Name()); err != nil {
		content = content[:len(content)/2]
	}
	_, wrote := f.Write(content)
	err = cmp.Or(err, wrote)
	if flush {
		err = cmp.Or(err, d.fails(Flush, f.Name()), f.Sync())
	}
	err = cmp.Or(err, f.Close())
	err = cmp.Or(err, d.fails(Rename, f.Name()))
	if err == nil {
		err = os.Rename(f.Name(), filepath.Join(dir, name))
	}
	if err != nil {
		return errors.Join(Reason(err), Reason(os.Remove(f.Name())))
	}
	return nil
}

// Amend overwrites some bytes among the last of a file, in place and without flushing them: amend is given as many of the last bytes as tail says,
// or fewer if there are no more, and tells which of them become what. A crash may leave some of these bytes as they were and others new. A link is
// not followed. It takes the time of a few system calls, and no room.
func (d Disk) Amend(dir, name string, tail int, amend func(tail []byte) (at int, with []byte, err error)) error {
	path := filepath.Join(dir, name)
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
		return fmt.Errorf("%s: is no regular file", path)
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
	err = d.fails(Patch, path)
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

// MakeDir makes a directory that we alone can use, or makes one that is there so. A link to one is refused.
func MakeDir(path string) error {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return Reason(err)
	}
	info, err := os.Lstat(path)
	switch {
	case err != nil:
		return Reason(err)
	case !info.IsDir():
		return fmt.Errorf("%s: is no directory but a link; remove it", path)
	case info.Mode().Perm()&0o077 != 0:
		return Reason(os.Chmod(path, 0o700))
	}
	return nil
}
