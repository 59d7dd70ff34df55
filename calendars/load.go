package calendars

import (
	"bytes"
	"crypto/sha256"
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

// Reload is Load for files of which former was read; it is given back if they hold the same. nil: nothing was.
func Reload(former *Calendar, fsys fs.FS, pattern string, limits Limits) (*Calendar, error) {
	files, err := Files(fsys, pattern, limits)
	if err != nil {
		return nil, err
	}
	if former != nil && former.sum == sumOf(files) {
		return former, nil
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

// ReadFrom is Read for what comes from a reader, of which it takes no more than Limits.Bytes and one.
func ReadFrom(from io.Reader, limits Limits) (*Calendar, error) {
	body, err := readBody(from, 0, limits.withDefaults().Bytes)
	if err != nil {
		return nil, err
	}
	return Read(body, limits)
}

// ReadFiles reads the calendar that several files make together. The error names the file, if it has a name, and is otherwise Read's; one
// file that cannot be read spoils them all.
func ReadFiles(files []File, limits Limits) (*Calendar, error) {
	parts := make([]*Calendar, len(files))
	for i, f := range files {
		part, err := readFile(f, limits)
		if err != nil && f.Name != "" {
			err = fmt.Errorf("%s: %w", f.Name, err)
		}
		if err != nil {
			return nil, err
		}
		parts[i] = part
	}
	calendar := parts[0]
	if len(parts) > 1 {
		calendar = Join(parts...)
	}
	calendar.sum = sumOf(files)
	return calendar, nil
}

// sumOf tells bodies apart by what they hold: DTSTAMP of many servers is the time of the fetch.
func sumOf(files []File) [sha256.Size]byte {
	sum := sha256.New()
	for _, f := range files {
		io.WriteString(sum, f.Name+"\n")
		for line := range bytes.Lines(f.Body) {
			if !bytes.HasPrefix(line, []byte("DTSTAMP")) {
				sum.Write(line)
			}
		}
	}
	return [sha256.Size]byte(sum.Sum(nil))
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
	open := func(name string) (fs.File, error) { return os.Open(name) }
	if fsys != nil {
		open = fsys.Open
	}
	f, err := open(name)
	if err != nil {
		if at, ok := errors.AsType[*fs.PathError](err); ok {
			err = at.Err
		}
		return nil, err
	}
	defer f.Close()
	expected := 0
	if info, err := f.Stat(); err == nil {
		expected = int(min(info.Size(), int64(limit)))
	}
	return readBody(f, expected, limit)
}

// readBody reads a body of up to limit bytes. Where it is as long as expected no room is wasted.
func readBody(from io.Reader, expected, limit int) ([]byte, error) {
	var room bytes.Buffer
	room.Grow(expected + bytes.MinRead)
	if _, err := room.ReadFrom(io.LimitReader(from, int64(limit)+1)); err != nil {
		return nil, err
	}
	if room.Len() > limit {
		return nil, tooBig("", limit, "bytes")
	}
	return room.Bytes(), nil
}
