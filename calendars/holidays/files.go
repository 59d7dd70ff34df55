package holidays

import (
	"bytes"
	"io/fs"
	"time"
)

// Files is a file system with one file, of that name, whatever name it is asked for: the calendar's Body of the present
// year. It counts as written at the beginning of the year, so that who watches it reads it anew on New Year's Day.
func (c *Calendar) Files(now func() time.Time) fs.FS { return &fileSystem{calendar: c, now: now} }

type fileSystem struct {
	calendar *Calendar
	now      func() time.Time
}

// Open works the one file out.
func (f *fileSystem) Open(name string) (fs.File, error) {
	if !fs.ValidPath(name) {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrInvalid}
	}
	year := f.year()
	body := f.calendar.Body(year)
	return &file{info{name, int64(len(body)), year}, bytes.NewReader(body)}, nil
}

// Stat tells when the file was written, and no size, for which it would have to be worked out.
func (f *fileSystem) Stat(name string) (fs.FileInfo, error) {
	if !fs.ValidPath(name) {
		return nil, &fs.PathError{Op: "stat", Path: name, Err: fs.ErrInvalid}
	}
	return info{name: name, year: f.year()}, nil
}

func (f *fileSystem) year() int { return f.now().UTC().Year() }

// file is a Body.
type file struct {
	info
	*bytes.Reader
}

func (f *file) Stat() (fs.FileInfo, error) { return f.info, nil }
func (f *file) Close() error               { return nil }
func (f *file) Size() int64                { return f.info.size }

// info is what is known of a file.
type info struct {
	name string
	size int64
	year int
}

func (i info) Name() string       { return i.name }
func (i info) Size() int64        { return i.size }
func (i info) Mode() fs.FileMode  { return 0o444 }
func (i info) ModTime() time.Time { return newYear(i.year) }
func (i info) IsDir() bool        { return false }
func (i info) Sys() any           { return nil }
