package config

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// maxFile bounds one file of YAML or of numbers, in bytes.
const maxFile = 8 << 20

// disk is where files are looked up: the operating system when fsys is nil.
type disk struct {
	fsys fs.FS
}

func (d disk) open(name string) (fs.File, error) {
	if d.fsys == nil {
		return os.Open(name)
	}
	return d.fsys.Open(name)
}

// read gives the bytes and the mode of a file. Its errors say what is wrong and leave the name to the caller.
func (d disk) read(name string) ([]byte, fs.FileMode, error) {
	f, err := d.open(name)
	if err != nil {
		return nil, 0, reason(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, 0, reason(err)
	}
	if info.IsDir() {
		return nil, 0, errors.New("a file is wanted, this is a directory")
	}
	body, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, 0, reason(err)
	}
	if len(body) > maxFile {
		return nil, 0, fmt.Errorf("the file is larger than %d MiB; split it with include", maxFile>>20)
	}
	return body, info.Mode(), nil
}

// errNoDirectory says that a name is not there, or not a directory's.
var errNoDirectory = errors.New("there is no such directory")

// list gives the names in a directory, sorted.
func (d disk) list(name string) ([]string, error) {
	f, err := d.open(name)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrInvalid) {
		return nil, errNoDirectory
	}
	if err != nil {
		return nil, reason(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, reason(err)
	}
	dir, ok := f.(fs.ReadDirFile)
	if !ok || !info.IsDir() {
		return nil, errNoDirectory
	}
	entries, err := dir.ReadDir(-1)
	if err != nil {
		return nil, reason(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	slices.Sort(names)
	return names, nil
}

// stat describes a file, or the one that a link leads to.
func (d disk) stat(name string) (fs.FileInfo, error) {
	if d.fsys == nil {
		return os.Stat(name)
	}
	return fs.Stat(d.fsys, name)
}

// glob gives the names that fit a pattern, sorted.
func (d disk) glob(pattern string) ([]string, error) {
	var names []string
	var err error
	if d.fsys == nil {
		names, err = filepath.Glob(pattern)
	} else {
		names, err = fs.Glob(d.fsys, pattern)
	}
	slices.Sort(names)
	return names, err
}

// dir is the directory of a file; "" when its name is bare.
func (d disk) dir(name string) string {
	switch {
	case d.fsys != nil && strings.Contains(name, "/"):
		return path.Dir(name)
	case d.fsys == nil && filepath.Base(name) != name:
		return filepath.Dir(name)
	}
	return ""
}

// join resolves a name that a file in dir mentions.
func (d disk) join(dir, name string) string {
	switch {
	case d.fsys != nil && path.IsAbs(name):
		return name
	case d.fsys != nil:
		return path.Join(dir, name)
	case filepath.IsAbs(name):
		return filepath.Clean(name)
	}
	return filepath.Join(dir, name)
}

// reason is what the operating system has to say without the name that it says it of.
func reason(err error) error {
	switch pathErr, ok := errors.AsType[*fs.PathError](err); {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, fs.ErrInvalid):
		return fs.ErrNotExist
	case ok:
		return pathErr.Err
	}
	return err
}
