package feeds

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"path/filepath"
	"time"

	"github.com/callhours/callhours/calendars"
	"github.com/callhours/callhours/calendars/ical"
	"github.com/callhours/callhours/internal/files"
)

// Load reads the calendar that a path or a glob names. It is Files and then ReadFiles.
func Load(fsys fs.FS, pattern string, limits ical.Limits) (*calendars.Calendar, error) {
	files, err := Files(fsys, pattern, limits)
	if err != nil {
		return nil, err
	}
	return calendars.ReadFiles(files, limits)
}

// reuseOrRead is former if it was read of files that hold the same, else ReadFiles.
func reuseOrRead(former *calendars.Calendar, files []ical.File, limits ical.Limits) (*calendars.Calendar, error) {
	if former != nil && former.Sum() == calendars.Sum(files) {
		return former, nil
	}
	return calendars.ReadFiles(files, limits)
}

// Files reads the files that a path or a glob (path.Match) names, in the order of their names; fsys
// nil is the operating system's files. That none matches is an error, and so is a file over
// Limits.Bytes, or that all together hold more than four times as much.
func Files(fsys fs.FS, pattern string, limits ical.Limits) ([]ical.File, error) {
	limits = limits.WithDefaults()
	names, _, err := findFiles(fsys, pattern, new(globs), time.Time{}, math.MaxInt)
	if err != nil {
		return nil, err
	}
	return filesUpTo(fsys, names, limits, filesTimes*limits.Bytes)
}

// filesUpTo reads files that hold at most limit bytes together; limits have no zeros.
func filesUpTo(fsys fs.FS, names []string, limits ical.Limits, limit int) ([]ical.File, error) {
	list := make([]ical.File, len(names))
	left := limit
	for i, name := range names {
		body, err := readLimited(fsys, name, min(limits.Bytes, left))
		if errors.Is(err, ical.ErrTooBig) && left < limits.Bytes {
			return nil, &totalSizeError{name, limit}
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		left -= len(body)
		list[i] = ical.File{Name: name, Body: body}
	}
	return list, nil
}

// totalSizeError says that the files of a calendar, up to one, hold too much together.
type totalSizeError struct {
	name string
	most int
}

func (e *totalSizeError) Error() string {
	return fmt.Sprintf("%s: %s: up to here the files of the calendar have more than %d bytes, %d times limits.bytes; "+
		"make two calendars of them", e.name, ical.ErrTooBig, e.most, filesTimes)
}

func (e *totalSizeError) Unwrap() error { return ical.ErrTooBig }

// filesTimes is how many times the limit of one file all files of a calendar hold together.
const filesTimes = 4

// ReadFrom is Read for what comes from a reader, of which it takes no more than Limits.Bytes and
// one.
func ReadFrom(r io.Reader, limits ical.Limits) (*calendars.Calendar, error) {
	limit := limits.WithDefaults().Bytes
	body, err := files.ReadAll(r, 0, int64(limit))
	if err != nil {
		return nil, tooLarge(err, limit)
	}
	return calendars.Read(body, limits)
}

// findFiles lists the files that a pattern names, and what that has cost, at most maxCost; see
// globs. A file of exactly that name comes first: brackets are allowed in names.
func findFiles(fsys fs.FS, pattern string, g *globs, now time.Time, maxCost int) (names []string, cost int, _ error) {
	tree := files.Tree{FS: fsys}
	info, err := tree.Stat(pattern)
	if err == nil {
		if info.IsDir() {
			return nil, 0, fmt.Errorf("%s: expected a file, found a directory; a glob such as %q names its files", pattern,
				filepath.ToSlash(filepath.Join(pattern, "*.ics")))
		}
		return []string{pattern}, 0, nil
	}
	if errors.Is(err, files.ErrHung) {
		return nil, 0, fmt.Errorf("%s: %w", pattern, files.Reason(err))
	}
	names, cost, globErr := g.find(fsys, pattern, now, maxCost)
	switch {
	case errors.Is(globErr, filepath.ErrBadPattern):
		return nil, cost, fmt.Errorf("%s: expected a file name or a glob such as \"*.ics\"", pattern)
	case globErr != nil:
		return nil, cost, fmt.Errorf("%s: %w", pattern, files.Reason(globErr))
	case len(names) > 0:
		return names, cost, nil
	case errors.Is(err, fs.ErrNotExist):
		if link, ok := errors.AsType[*files.LinkError](err); ok {
			return nil, cost, &files.Error{Path: pattern, Err: link}
		}
		return nil, cost, &files.Error{Path: pattern, Err: fs.ErrNotExist}
	}
	return nil, cost, fmt.Errorf("%s: %w", pattern, files.Reason(err))
}

// readLimited reads one file. Its errors leave the name to the caller.
func readLimited(fsys fs.FS, name string, limit int) ([]byte, error) {
	body, _, err := files.Tree{FS: fsys}.Read(name, int64(limit))
	if err != nil {
		return nil, tooLarge(files.Reason(err), limit)
	}
	return body, nil
}

// tooLarge says of a body over the limit which key sets that.
func tooLarge(err error, limit int) error {
	if _, ok := errors.AsType[*files.TooLargeError](err); ok {
		return ical.TooBig("", limit, "bytes")
	}
	return err
}
