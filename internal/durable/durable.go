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
	f, err := os.CreateTemp(dir, Partial+"*") // readable by us alone
	if at, ok := errors.AsType[*fs.PathError](err); ok {
		return fmt.Errorf("%s: %w", dir, at.Err)
	}
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	err = cmp.Or(err, f.Sync())
	err = cmp.Or(err, f.Close())
	if err == nil {
		err = os.Rename(f.Name(), filepath.Join(dir, name))
	}
	if err != nil {
		return errors.Join(Reason(err), Reason(os.Remove(f.Name())))
	}
	return syncDir(dir)
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
