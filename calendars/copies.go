package calendars

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/callhours/callhours/internal/durable"
	"github.com/callhours/callhours/internal/files"
)

// copies are the last good bodies of feeds on disk. Each is one file, named by a hash so that no secret stands in a name, written
// whole beside and renamed into place: after a crash there is the old one or the new one. The zero copies keep nothing.
//
// The file's own time is when the body was last confirmed, so that a feed that never changes is not written again.
type copies struct {
	dir      string
	readOnly bool
}

// saved is a body with what is known of it.
type saved struct {
	body       []byte
	sum        [sha256.Size]byte // of the body
	read       time.Time         // when it was last read or confirmed
	validators Validators
}

// header is the first line of a file; the body follows.
type header struct {
	Version    int        `json:"callhours_copy"`
	Bytes      int        `json:"bytes"`
	SHA256     string     `json:"sha256"`
	Read       time.Time  `json:"read"`
	Validators Validators `json:"validators"`
}

const copyVersion = 1

// How much is read of a copy besides its body, and of a pointer.
const (
	maxCopyHeader = 256 << 10
	maxPointer    = 1 << 10
)

// errNoCopy says that nothing is kept.
var errNoCopy = errors.New("there is no copy")

// The names of what stands in the directory.
const (
	bodies   = "feeds"
	events   = "events" // compiled, by the names of their bodies
	pointers = "calendars"
	corrupt  = ".corrupt"
)

// prepare makes the directories.
func (c copies) prepare() error {
	if c.dir == "" || c.readOnly {
		return nil
	}
	for _, sub := range []string{bodies, events, pointers} {
		if err := os.MkdirAll(filepath.Join(c.dir, sub), 0o700); err != nil {
			return durable.Reason(err)
		}
	}
	return nil
}

// mend removes what a crash has left half written. Nothing is being written meanwhile.
func (c copies) mend() error {
	return c.remove([]string{bodies, events, pointers}, func(e fs.DirEntry) bool { return strings.HasPrefix(e.Name(), durable.Partial) })
}

// clear removes copies a month old that the subscriptions do not use, nor did before their sources changed.
func (c copies) clear(now time.Time, list []*Subscription) error {
	const unused = 30 * 24 * time.Hour
	inUse := map[string]bool{}
	for _, sub := range list {
		inUse[sub.terms().file(sub.key())], inUse[c.pointed(sub.Calendar)] = true, true
	}
	return c.remove([]string{bodies, events}, func(e fs.DirEntry) bool {
		if inUse[e.Name()] || strings.HasPrefix(e.Name(), durable.Partial) {
			return false
		}
		info, err := e.Info()
		return err == nil && now.Sub(info.ModTime()) > unused // else it is gone meanwhile
	})
}

// remove removes files from directories.
func (c copies) remove(from []string, useless func(fs.DirEntry) bool) error {
	if c.dir == "" || c.readOnly {
		return nil
	}
	var errs []error
	for _, sub := range from {
		dir := filepath.Join(c.dir, sub)
		entries, err := files.List(dir)
		errs = append(errs, err)
		for _, e := range entries {
			if useless(e) {
				errs = append(errs, durable.Reason(os.Remove(filepath.Join(dir, e.Name()))))
			}
		}
	}
	return errors.Join(errs...)
}

// load reads a copy whose body has at most limit bytes. One that is not as it was written is set aside, and the error says so.
func (c copies) load(name string, limit int) (saved, error) {
	if c.dir == "" {
		return saved{}, errNoCopy
	}
	path := filepath.Join(c.dir, bodies, name)
	content, err := files.Read(path, int64(limit)+maxCopyHeader)
	if errors.Is(err, fs.ErrNotExist) {
		return saved{}, errNoCopy
	}
	if err != nil {
		return saved{}, err
	}
	s, err := parseCopy(content)
	if err != nil && c.readOnly {
		return saved{}, fmt.Errorf("%s: %w", path, err)
	}
	if err != nil {
		aside := path + corrupt
		return saved{}, errors.Join(fmt.Errorf("%s: %w; it is set aside as %s", path, err, filepath.Base(aside)), durable.Reason(os.Rename(path, aside)))
	}
	if info, err := files.Stat(path); err == nil && info.ModTime().After(s.read) {
		s.read = info.ModTime()
	}
	return s, nil
}

func parseCopy(content []byte) (saved, error) {
	line, body, _ := bytes.Cut(content, []byte("\n"))
	var h header
	if err := json.Unmarshal(line, &h); err != nil || h.Version != copyVersion {
		return saved{}, errors.New("it is no copy of a feed")
	}
	sum := sha256.Sum256(body)
	if len(body) != h.Bytes || hex.EncodeToString(sum[:]) != h.SHA256 {
		return saved{}, fmt.Errorf("its %d bytes are not the %d that were written", len(body), h.Bytes)
	}
	return saved{body, sum, h.Read, h.Validators}, nil
}

// save writes a copy.
func (c copies) save(name string, s saved) error {
	if c.dir == "" || c.readOnly {
		return nil
	}
	sum := sha256.Sum256(s.body)
	line, err := json.Marshal(header{copyVersion, len(s.body), hex.EncodeToString(sum[:]), s.read, s.validators})
	if err != nil {
		return err
	}
	return durable.Write(filepath.Join(c.dir, bodies), name, append(append(line, '\n'), s.body...))
}

// compiled is what was kept of a copy's events; nil for nothing.
func (c copies) compiled(name string) []byte {
	if c.dir == "" {
		return nil
	}
	content, _ := files.Read(filepath.Join(c.dir, events, name), maxCompiled) // what cannot be read is worked out from the body
	return content
}

// compile keeps a copy's events. They need not survive a loss of power.
func (c copies) compile(name string, calendar *Calendar, key [sha256.Size]byte) error {
	if c.dir == "" || c.readOnly {
		return nil
	}
	content := calendar.compile(key)
	if content == nil {
		return nil
	}
	return durable.Swap(filepath.Join(c.dir, events), name, content)
}

// confirm notes that a copy is still what the feed holds.
func (c copies) confirm(name string, at time.Time) error {
	if c.dir == "" || c.readOnly {
		return nil
	}
	return durable.Reason(os.Chtimes(filepath.Join(c.dir, bodies, name), at, at))
}

// point notes which copy a calendar uses, so that after a change of its address it still has its former events.
func (c copies) point(calendar, name string) error {
	if c.dir == "" || c.readOnly {
		return nil
	}
	return durable.Write(filepath.Join(c.dir, pointers), pointerName(calendar), []byte(name+"\n"))
}

// pointed is the copy that a calendar used last; "" for none.
func (c copies) pointed(calendar string) string {
	if c.dir == "" {
		return ""
	}
	content, err := files.Read(filepath.Join(c.dir, pointers, pointerName(calendar)), maxPointer)
	name := strings.TrimSpace(string(content))
	if err != nil || strings.Trim(name, "0123456789abcdef") != "" {
		return ""
	}
	return name
}

func pointerName(calendar string) string {
	sum := sha256.Sum256([]byte(calendar))
	return hex.EncodeToString(sum[:])
}
