package feeds

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/callhours/callhours/calendars"
	"github.com/callhours/callhours/calendars/ical"
	"github.com/callhours/callhours/internal/durable"
	"github.com/callhours/callhours/internal/files"
)

// copies are the last good bodies of feeds on disk. Each is one file, named by a hash so that no
// secret stands in a name, written whole beside and renamed into place: after a crash there is the
// old one or the new one. The zero copies keep nothing.
//
// A file has a header of one line of JSON, a line with the header's SHA-256, the body, and two
// confirmations of a fixed length: when the body was confirmed last, and the time before. The older
// one is overwritten in place, so that a feed that never changes is not written again, and what a
// crash tears is not the other one. Each holds for that body only, by its hash; the file's own time
// means nothing, since copying changes it. The header has the file's name too, which tells owner
// and source: a copy that was put under another name shows nobody another's events.
type copies struct {
	dir      string
	readOnly *atomic.Bool // whether they are left as they are; nil: they are not
	disk     durable.Disk
	quotas   *quotas // what they take of each tenant's; nil: nobody counts
}

// saved is a body with what is known of it.
type saved struct {
	body          []byte
	charset       string            // Fetched.Charset
	sum           [sha256.Size]byte // of the body
	read          time.Time         // when it was last read or confirmed
	validators    Validators
	earlierFormat bool   // the file is of the former format: read is the file's own time
	name          string // under which it was written; "": an earlier version wrote it, which did not say
}

// header is the first line of a file.
type header struct {
	Version    int        `json:"callhours_copy"`
	Bytes      int        `json:"bytes"`
	SHA256     string     `json:"sha256"`
	Read       time.Time  `json:"read"`
	Validators Validators `json:"validators"`
	Charset    string     `json:"charset,omitempty"`
	Name       string     `json:"name,omitempty"` // of the file, with its owner's directory
}

// file is the body, to be read.
func (s saved) file() ical.File { return ical.File{Body: s.body, Charset: s.charset} }

const (
	copyVersion    = 2
	earlierVersion = 1 // had the body after the header, and nothing else
)

// How much is read of a copy besides its body, and of a pointer.
const (
	maxCopyHeader = 256 << 10
	maxPointer    = 8 << 10
)

// errNoCopy says that nothing is kept.
var errNoCopy = errors.New("there is no copy")

// errNewer says that a file is a later version's, which may be the one to run tomorrow again: it is
// left alone.
var errNewer = errors.New(
	"it was written by a newer version of callhours, and is left as it is; nothing is kept in its place")

// errReadOnly says that copies are another process's to write, at present.
var errReadOnly = errors.New("another process writes the copies")

// errOtherCopy says that a copy is of another body than the one that was confirmed.
var errOtherCopy = errors.New("it is not the copy that was confirmed")

// The names of what stands in the directory.
const (
	bodies   = "feeds"
	events   = "events" // compiled, by the names of their bodies
	pointers = "calendars"
	corrupt  = ".corrupt"
)

func (c copies) isReadOnly() bool { return c.readOnly != nil && c.readOnly.Load() }

// prepare makes the directories. Links to others are refused: what is written and removed is below
// dir.
func (c copies) prepare() error {
	if c.dir == "" || c.isReadOnly() {
		return nil
	}
	for _, sub := range []string{bodies, events, pointers} {
		if err := c.disk.MakeDir(filepath.Join(c.dir, sub)); err != nil {
			return err
		}
	}
	return nil
}

// load reads a copy whose body has at most limit bytes. One that is not as it was written is set
// aside, and the error says so.
func (c copies) load(name string, limit int) (saved, error) {
	if c.dir == "" {
		return saved{}, errNoCopy
	}
	file := filepath.Join(c.dir, bodies, name)
	content, err := files.Read(file, int64(limit)+maxCopyHeader)
	if errors.Is(err, fs.ErrNotExist) {
		return saved{}, errNoCopy
	}
	if err != nil {
		return saved{}, err
	}
	s, err := parseCopy(content)
	if err == nil && s.name != "" && s.name != name {
		err = errors.New("it is the copy of another feed, which was moved here")
	}
	if err != nil && (c.isReadOnly() || errors.Is(err, errNewer)) {
		return saved{}, fmt.Errorf("%s: %w", file, err)
	}
	if err != nil {
		aside := file + corrupt
		moved := c.disk.Do(durable.Rename, file, func() error { return os.Rename(file, aside) })
		return saved{}, errors.Join(fmt.Errorf("%s: %w; it is set aside as %s", file, err, filepath.Base(aside)), moved)
	}
	if s.earlierFormat {
		if info, err := files.Stat(file); err == nil && info.ModTime().After(s.read) {
			s.read = info.ModTime()
		}
	}
	return s, nil
}

func parseCopy(content []byte) (saved, error) {
	line, body, _ := bytes.Cut(content, []byte("\n"))
	var h header
	if err := json.Unmarshal(line, &h); err != nil || h.Version < earlierVersion {
		return saved{}, errors.New("it is not a copy of a feed")
	}
	if h.Version > copyVersion {
		return saved{}, errNewer
	}
	var tail []byte
	if h.Version == copyVersion {
		check := hexSum(line) + "\n"
		rest, ok := bytes.CutPrefix(body, []byte(check))
		if !ok {
			return saved{}, errors.New("its first line is not as it was written")
		}
		end := max(len(rest)-2*confirmationBytes, 0)
		body, tail = rest[:end], rest[end:]
	}
	sum := sha256.Sum256(body)
	if len(body) != h.Bytes || hex.EncodeToString(sum[:]) != h.SHA256 {
		return saved{}, fmt.Errorf("its %d bytes are not the %d that were written", len(body), h.Bytes)
	}
	s := saved{
		body: body, charset: h.Charset, sum: sum, validators: h.Validators, earlierFormat: h.Version == earlierVersion,
		name: h.Name,
	}
	for slot := range slices.Chunk(tail, confirmationBytes) {
		if at, ok := readConfirmation(slot, sum); ok && at.After(s.read) {
			s.read = at
		}
	}
	if s.read.IsZero() {
		s.read = h.Read
	}
	return s, nil
}

func hexSum(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// confirmationTime is of a fixed length, and readable.
const confirmationTime = "2006-01-02T15:04:05.000000000Z"

// confirmationBytes is the length of a confirmation: words, a time, a space, 32 digits and a line
// feed.
const confirmationBytes = len("confirmed ") + len(confirmationTime) + 1 + 32 + 1

// confirmation says that the body with a hash was what the feed held at a moment. Its digits vouch
// for both.
func confirmation(sum [sha256.Size]byte, at time.Time) []byte {
	at = at.UTC()
	if at.Year() > 9999 || at.Year() < 0 { // what no clock shows that is right has no length of its own
		at = time.Unix(0, 0).UTC()
	}
	text := "confirmed " + at.Format(confirmationTime)
	return []byte(text + " " + hexSum(append(sum[:], text...))[:32] + "\n")
}

// readConfirmation reads one of the body with a hash; false if it is of another one, or torn.
func readConfirmation(slot []byte, sum [sha256.Size]byte) (time.Time, bool) {
	text, _, _ := strings.Cut(strings.TrimPrefix(string(slot), "confirmed "), " ")
	at, err := time.Parse(confirmationTime, text)
	return at, err == nil && bytes.Equal(slot, confirmation(sum, at))
}

// save writes a copy, unless a newer version's is there.
func (c copies) save(name string, s saved) error {
	if c.dir == "" {
		return nil
	}
	if c.isReadOnly() {
		return errReadOnly
	}
	dir := filepath.Join(c.dir, bodies)
	if isNewer(filepath.Join(dir, name)) {
		return errNewer
	}
	sum := sha256.Sum256(s.body)
	line, err := json.Marshal(header{
		copyVersion, len(s.body), hex.EncodeToString(sum[:]), s.read.UTC(), s.validators, s.charset, name,
	})
	if err != nil {
		return err
	}
	slot := confirmation(sum, s.read)
	err = c.put(c.disk.Write, bodies, name, slices.Concat(line, []byte("\n"+hexSum(line)+"\n"), s.body, slot, slot))
	if former := path.Base(name); err == nil && former != name { // where versions without directories of owners kept it
		if _, found := os.Lstat(filepath.Join(dir, former)); found == nil {
			_ = c.disk.Remove(filepath.Join(dir, former)) // removeUnused tries again
		}
	}
	return err
}

// put writes a file if its owner's quota allows it, and makes the owner's directory.
func (c copies) put(write func(dir, name string, content []byte) error, sub, name string, content []byte) error {
	undo, err := c.reserve(sub, name, len(content))
	if err != nil {
		return err
	}
	dir := filepath.Join(c.dir, sub)
	err = write(dir, name, content)
	if ownerDir := path.Dir(name); ownerDir != "." && errors.Is(err, fs.ErrNotExist) {
		if err = c.disk.MakeDir(filepath.Join(dir, ownerDir)); err == nil {
			err = write(dir, name, content)
		}
	}
	if err != nil {
		undo()
	}
	return err
}

// isNewer reports whether a file is a newer version's. What cannot be read is not.
func isNewer(path string) bool {
	first, err := files.Head(path, maxCopyHeader)
	if err != nil {
		return false
	}
	line, _, _ := bytes.Cut(first, []byte("\n"))
	var h header
	return json.Unmarshal(line, &h) == nil && h.Version > copyVersion
}

// compiled is what was kept of a copy's events; nil for nothing.
func (c copies) compiled(name string) []byte {
	if c.dir == "" {
		return nil
	}
	// what cannot be read is worked out from the body
	content, _ := files.Read(filepath.Join(c.dir, events, name), calendars.MaxEncoded)
	return content
}

// compile keeps a copy's events. They need not survive a loss of power.
func (c copies) compile(name string, calendar *calendars.Calendar, key [sha256.Size]byte) error {
	if c.dir == "" || c.isReadOnly() {
		return nil
	}
	content := calendar.Encode(key)
	if content == nil {
		return nil
	}
	// else they are worked out from the body
	if err := c.put(c.disk.WriteUnsynced, events, name, content); !errors.Is(err, errOverQuota) {
		return err
	}
	return nil
}

// confirm notes that the body with a hash, of which the copy is, is still what the feed holds.
func (c copies) confirm(name string, sum [sha256.Size]byte, at time.Time) error {
	if c.dir == "" || c.isReadOnly() {
		return nil
	}
	return c.disk.Amend(filepath.Join(c.dir, bodies), name, 2*confirmationBytes,
		func(tail []byte) (int, []byte, error) {
			if len(tail) != 2*confirmationBytes {
				return 0, nil, errOtherCopy
			}
			first, okFirst := readConfirmation(tail[:confirmationBytes], sum)
			second, okSecond := readConfirmation(tail[confirmationBytes:], sum)
			switch {
			case !okFirst && !okSecond:
				return 0, nil, errOtherCopy
			// the clock was wrong then: nothing is to be left of that
			case okFirst && first.After(at) || okSecond && second.After(at):
				return 0, slices.Concat(confirmation(sum, at), confirmation(sum, at)), nil
			case !okFirst || okSecond && first.Before(second):
				return 0, confirmation(sum, at), nil
			}
			return confirmationBytes, confirmation(sum, at), nil
		})
}
