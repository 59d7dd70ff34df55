package files

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// Below holds what lies in a directory or below it, under the names that the operating system's
// file system has for it: absolute ones, or relative to the working directory. Nothing else can be
// opened by it, whatever symbolic links there are; those that stay below the directory are
// followed. It is a [Tree]'s FS.
type Below string

// OutsideError is the error of a name, or a link on the way to it, that leads out of a directory.
type OutsideError struct{ Dir string }

func (e *OutsideError) Error() string { return "leads out of " + e.Dir }

// Open opens a file or a directory for reading. It does not wait for the other end of a named pipe.
func (b Below) Open(name string) (fs.File, error) {
	root, rest, err := b.root("open", name)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	f, err := root.OpenFile(rest, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, b.explain(err)
	}
	return f, nil
}

// Stat describes a file, or the one that a link leads to.
func (b Below) Stat(name string) (fs.FileInfo, error) {
	root, rest, err := b.root("stat", name)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	info, err := root.Stat(rest)
	return info, brokenLink(b.explain(err), func() (fs.FileInfo, error) { return root.Lstat(rest) })
}

// root opens the directory for one access, since thousands of tenants have one each.
func (b Below) root(op, name string) (*os.Root, string, error) {
	dir, err := filepath.Abs(string(b))
	if err != nil {
		return nil, "", err
	}
	if name, err = filepath.Abs(name); err != nil {
		return nil, "", err
	}
	rest, err := filepath.Rel(dir, name)
	if err != nil || !filepath.IsLocal(rest) {
		return nil, "", &fs.PathError{Op: op, Path: name, Err: &OutsideError{string(b)}}
	}
	root, err := os.OpenRoot(dir)
	return root, rest, err
}

// explain rewords the error of a link that leads out of the directory.
func (b Below) explain(err error) error {
	if at, ok := errors.AsType[*fs.PathError](err); ok && strings.Contains(at.Err.Error(), "escapes") {
		return &fs.PathError{Op: at.Op, Path: at.Path, Err: fmt.Errorf("is a link that %w", &OutsideError{string(b)})}
	}
	return err
}
