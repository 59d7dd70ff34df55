package calendars

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"path/filepath"
	"time"

	"github.com/callhours/callhours/internal/files"
)

// File is a calendar file that has been read: its name for messages, and what it holds.
type File struct {
	Name    string
	Body    []byte
	Charset string // of a feed, Fetched.Charset
}

// Load reads the calendar that a path or a glob names. It is Files and then ReadFiles.
func Load(fsys fs.FS, pattern string, limits Limits) (*Calendar, error) {
	files, err := Files(fsys, pattern, limits)
	if err != nil {
		return nil, err
	}
	return ReadFiles(files, limits)
}

// reread is ReadFiles, or former if that was read of files that hold the same.
func reread(former *Calendar, files []File, limits Limits) (*Calendar, error) {
	if former != nil && former.sum == sumOf(files) {
		return former, nil
	}
	return ReadFiles(files, limits)
}

// Files reads the files that a path or a glob (path.Match) names, in the order of their names; fsys nil is the
// operating system's files. That none matches is an error, and so is a file over Limits.Bytes, or that all together
// hold more than four times as much.
func Files(fsys fs.FS, pattern string, limits Limits) ([]File, error) {
	limits = limits.withDefaults()
	names, _, err := match(fsys, pattern, new(globs), time.Time{}, math.MaxInt)
	if err != nil {
		return nil, err
	}
	return filesUpTo(fsys, names, limits, filesTimes*limits.Bytes)
}

// filesUpTo reads files that hold so many bytes together; limits have no zeros.
func filesUpTo(fsys fs.FS, names []string, limits Limits, most int) ([]File, error) {
	list := make([]File, len(names))
	left := most
	for i, name := range names {
		body, err := readLimited(fsys, name, min(limits.Bytes, left))
		if errors.Is(err, ErrTooBig) && left < limits.Bytes {
			return nil, &togetherError{name, most}
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		left -= len(body)
		list[i] = File{Name: name, Body: body}
	}
	return list, nil
}

// togetherError says that the files of a calendar, up to one, hold too much together.
type togetherError struct {
	name string
	most int
}

func (e *togetherError) Error() string {
	return fmt.Sprintf("%s: %s: up to here the files of the calendar hold more than %d bytes, %d times limits.bytes; "+
		"make two calendars of them", e.name, ErrTooBig, e.most, filesTimes)
}

func (e *togetherError) Unwrap() error { return ErrTooBig }

// filesTimes is how many times the limit of one file all files of a calendar hold together.
const filesTimes = 4

// ReadFrom is Read for what comes from a reader, of which it takes no more than Limits.Bytes and one.
func ReadFrom(from io.Reader, limits Limits) (*Calendar, error) {
	limit := limits.withDefaults().Bytes
	body, err := files.ReadAll(from, 0, int64(limit))
	if err != nil {
		return nil, tooLarge(err, limit)
	}
	return Read(body, limits)
}

// ReadFiles reads the calendar that several files make together. The error names the file, if it has a name, and is
// otherwise Read's; one file that cannot be read spoils them all.
func ReadFiles(files []File, limits Limits) (*Calendar, error) {
	parts := make([]*Calendar, len(files))
	for i, f := range files {
		part, err := readFile(f, limits)
		if err != nil && f.Name != "" {
			if not, ok := errors.AsType[*notCalendarError](err); ok { // a file may be anybody's secrets: only its kind
				err = &notCalendarError{line: not.line, found: foundIn(dedented(utf8Body(f.Body)), maskWords)}
			}
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

// notCalendarError is ErrNotCalendar of a text that begins otherwise.
type notCalendarError struct {
	line  int
	found string // its first line, quoted, or of what kind it is
}

func (e *notCalendarError) Error() string {
	return fmt.Sprintf("%s: line %d: want BEGIN:VCALENDAR, found %s", ErrNotCalendar, e.line, e.found)
}

func (e *notCalendarError) Unwrap() error { return ErrNotCalendar }

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

// match lists the files that a pattern names, and what looking for them has cost, which is at most as much; see globs.
// A file of exactly that name goes first: brackets are allowed in names.
func match(fsys fs.FS, pattern string, g *globs, now time.Time, most int) (names []string, cost int, _ error) {
	tree := files.Tree{FS: fsys}
	info, err := tree.Stat(pattern)
	if err == nil {
		if info.IsDir() {
			return nil, 0, fmt.Errorf("%s: want a file, found a directory; a glob such as %q names its files", pattern,
				filepath.ToSlash(filepath.Join(pattern, "*.ics")))
		}
		return []string{pattern}, 0, nil
	}
	if errors.Is(err, files.ErrHung) {
		return nil, 0, fmt.Errorf("%s: %w", pattern, files.Reason(err))
	}
	names, cost, globErr := g.find(fsys, pattern, now, most)
	switch {
	case errors.Is(globErr, filepath.ErrBadPattern):
		return nil, cost, fmt.Errorf("%s: want a file name or a glob such as \"*.ics\"", pattern)
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
		return tooBig("", limit, "bytes")
	}
	return err
}
