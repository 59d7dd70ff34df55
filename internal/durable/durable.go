// Package durable writes files that are there whole or not at all, also after a loss of power.
package durable

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Partial is how the names of files begin that are being written. A crash may leave some behind.
const Partial = ".partial-"

// Write puts a file that we alone can read into a directory, in place of a former one of its name.
func Write(dir, name string, content []byte) error {
	if err := replace(dir, name, content, (*os.File).Sync); err != nil {
		return err
	}
	return syncDir(dir)
}

// Swap is Write for what can be made again: after a loss of power there may be neither the former file nor the new one, or what is no file of
// ours, so that whoever reads it has to check what he reads. It takes a tenth of the time.
func Swap(dir, name string, content []byte) error {
	return replace(dir, name, content, func(*os.File) error { return nil })
}

func replace(dir, name string, content []byte, sync func(*os.File) error) error {
	f, err := os.CreateTemp(dir, Partial+"*") // readable by us alone
	if at, ok := errors.AsType[*fs.PathError](err); ok {
		return fmt.Errorf("%s: %w", dir, at.Err)
	}
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	err = cmp.Or(err, sync(f))
	err = cmp.Or(err, f.Close())
	if err == nil {
		err = os.Rename(f.Name(), filepath.Join(dir, name))
	}
	if err != nil {
		return errors.Join(Reason(err), Reason(os.Remove(f.Name())))
	}
	return nil
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
