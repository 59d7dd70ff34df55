package calendars

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// File is a calendar file that has been read: its name for messages, and what it holds.
type File struct {
	Name string
	Body []byte
}

// Load reads the calendar that a path or a glob names. It is Files and then ReadFiles.
func Load(fsys fs.FS, pattern string, limits Limits) (*Calendar, error) {
	files, err := Files(fsys, pattern, limits)
	if err != nil {
		return nil, err
	}
	return ReadFiles(files, limits)
}

// Files reads the files that a path or a glob (path.Match) names, in the order of their names; fsys nil is the operating
// system's files. That none matches is an error, and so is a file over Limits.Bytes.
func Files(fsys fs.FS, pattern string, limits Limits) ([]File, error) {
	names, err := match(fsys, pattern)
	if err != nil {
		return nil, err
	}
	limits = limits.withDefaults()
	files := make([]File, len(names))
	for i, name := range names {
		body, err := readLimited(fsys, name, limits.Bytes)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		files[i] = File{Name: name, Body: body}
	}
	return files, nil
}

// ReadFiles reads the calendar that several files make together. The error names the file and is otherwise Read's; one
// file that cannot be read spoils them all.
func ReadFiles(files []File, limits Limits) (*Calendar, error) {
	parts := make([]*Calendar, len(files))
	for i, f := range files {
		part, err := readFile(f, limits)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.Name, err)
		}
		parts[i] = part
	}
	if len(parts) == 1 {
		return parts[0], nil
	}
	return Join(parts...), nil
}

// match lists the files that a pattern names. A file of exactly that name goes first: brackets are allowed in names.
func match(fsys fs.FS, pattern string) ([]string, error) {
	stat, glob := os.Stat, filepath.Glob
	if fsys != nil {
		stat = func(name string) (fs.FileInfo, error) { return fs.Stat(fsys, name) }
		glob = func(pattern string) ([]string, error) { return fs.Glob(fsys, pattern) }
	}
	info, err := stat(pattern)
	if err == nil {
		if info.IsDir() {
			return nil, fmt.Errorf("%s: want a file, found a directory; a glob such as %q names its files", pattern,
				filepath.ToSlash(filepath.Join(pattern, "*.ics")))
		}
		return []string{pattern}, nil
	}
	names, globErr := glob(pattern)
	switch {
	case globErr != nil:
		return nil, fmt.Errorf("%s: want a file name or a glob such as \"*.ics\"", pattern)
	case len(names) > 0:
		slices.Sort(names)
		return names, nil
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("%s: %w", pattern, fs.ErrNotExist)
	}
	if at, ok := errors.AsType[*fs.PathError](err); ok {
		err = at.Err
	}
	return nil, fmt.Errorf("%s: %w", pattern, err)
}

func readLimited(fsys fs.FS, name string, limit int) ([]byte, error) {
	open := func(name string) (io.ReadCloser, error) { return os.Open(name) }
	if fsys != nil {
		open = func(name string) (io.ReadCloser, error) { return fsys.Open(name) }
	}
	f, err := open(name)
	if err != nil {
		if at, ok := errors.AsType[*fs.PathError](err); ok {
			err = at.Err
		}
		return nil, err
	}
	defer f.Close()
	body, err := io.ReadAll(io.LimitReader(f, int64(limit)+1))
	if err == nil && len(body) > limit {
		err = tooBig("", limit, "bytes")
	}
	return body, err
}
