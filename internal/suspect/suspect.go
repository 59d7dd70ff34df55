// Package suspect remembers what the process died of. A stack or memory that is used up cannot be
// contained; what was being read then is found at the next start, and not read again first thing.
package suspect

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/callhours/callhours/internal/contain"
	"github.com/callhours/callhours/internal/durable"
	"github.com/callhours/callhours/internal/files"
)

// Marks remember contents, by their hash and the program that read them, whose reading panicked or
// did not end before the process did. Before a new content is read a mark is written, and removed
// afterwards; a mark that is there at the start is of a process that died. Whoever kills a process
// that reads many things leaves marks of all of them, and so one death proves nothing: such a
// content is read once more, alone, a minute after the start. Only what was being read at two
// deaths is not read any more, until it changes or somebody asks for it by hand. Content that is
// known costs nothing: it is not asked about. Marks are safe for concurrent use.
type Marks struct {
	options Options

	exclusive sync.RWMutex // held for writing by whoever reads a suspect

	mu       sync.Mutex        // guards the following
	started  time.Time         // zero before the marks were read
	readOnly bool              // of Options, until Write
	deaths   map[string]deaths // by mark
	panics   map[string]error  // likewise
}

// deaths is how often the process ended while a content was read, and when the
// last such reading had begun.
type deaths struct {
	count int
	last  time.Time
}

// Options say where marks are and of what.
type Options struct {
	Dir      string // of the marks; "": nothing is remembered across restarts
	Disk     durable.Disk
	ReadOnly bool   // the directory is another process's: its marks are heeded, and none is written
	Program  string // that reads; another one begins anew
	Doing    string // what it does with a content: "reading"
	Again    string // how that is done again all the same: "until it changes"
}

const (
	// longestMark is how many bytes a mark has at most.
	longestMark = 64
	// deathsToRefuse is how many a content has to be there at to be believed their cause.
	deathsToRefuse = 2
	// suspectDelay is how long after the start a suspect waits: calls are answered by then.
	suspectDelay = time.Minute
	// markLifetime is for how long marks are remembered.
	markLifetime = 30 * 24 * time.Hour
)

// errRefused is wrapped by why a content is not read.
var errRefused = errors.New("it is not read again")

// errWaiting is wrapped by why a content is not read yet.
var errWaiting = errors.New("it is not read again")

// New makes marks that are not read yet.
func New(o Options) *Marks {
	return &Marks{options: o, readOnly: o.ReadOnly, deaths: map[string]deaths{}, panics: map[string]error{}}
}

// Open reads the marks, once. now is when the process began.
func (m *Marks) Open(now time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.started.IsZero() {
		return nil
	}
	m.started = now
	if m.options.Dir == "" {
		return nil
	}
	if !m.readOnly {
		if err := m.options.Disk.Do(durable.Make, m.options.Dir, func() error {
			return os.MkdirAll(m.options.Dir, 0o700)
		}); err != nil {
			return err
		}
	}
	entries, err := files.List(m.options.Dir)
	if m.readOnly && errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return durable.Reason(err)
	}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil || !info.Mode().IsRegular() || info.Size() > longestMark {
			continue
		}
		path := filepath.Join(m.options.Dir, e.Name())
		if now.Sub(info.ModTime()) > markLifetime {
			m.remove(e.Name())
			continue
		}
		text, err := files.Read(path, longestMark)
		if err != nil {
			continue
		}
		var state string
		var n int
		var began int64 // what the former version did not write
		if fields, _ := fmt.Sscan(string(text), &state, &n, &began); fields < 2 || n < 0 || n > deathsToRefuse {
			state, n = "reading", 0 // it was being written
		}
		last := info.ModTime()
		if state != "reading" && began > 0 {
			last = time.Unix(began, 0)
		}
		if state == "reading" && !m.readOnly { // else it may be read at this moment
			n = min(n+1, deathsToRefuse)
		}
		m.deaths[e.Name()] = deaths{n, last}
		if state == "reading" {
			m.write(e.Name(), "suspect", m.deaths[e.Name()])
		}
	}
	return nil
}

// Write makes the directory this process's own.
func (m *Marks) Write() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.readOnly = false
}

// write notes a content. It need not survive a loss of power, which is no death of ours; a disk
// that cannot be written costs what is remembered across restarts.
func (m *Marks) write(mark, state string, d deaths) {
	if m.options.Dir != "" && !m.readOnly {
		path := filepath.Join(m.options.Dir, mark)
		_ = m.options.Disk.Do(durable.Fill, path, func() error {
			return os.WriteFile(path, fmt.Appendf(nil, "%s %d %d\n", state, d.count, max(0, d.last.Unix())), 0o600)
		})
	}
}

func (m *Marks) remove(mark string) {
	if m.options.Dir != "" && !m.readOnly {
		_ = m.options.Disk.Remove(filepath.Join(m.options.Dir, mark))
	}
}

func (m *Marks) key(sum [sha256.Size]byte) string {
	hash := sha256.Sum256(append([]byte(m.options.Program+"\n"), sum[:]...))
	return hex.EncodeToString(hash[:])
}

// Ask tells why a content is not to be read, and whether it is suspect:
// then it is to be read alone.
func (m *Marks) Ask(sum [sha256.Size]byte, now time.Time) (suspect bool, err error) {
	mark := m.key(sum)
	m.mu.Lock()
	defer m.mu.Unlock()
	deaths, panicked := m.deaths[mark], m.panics[mark]
	switch {
	case panicked != nil:
		return true, fmt.Errorf("%w; %w %s", panicked, errRefused, m.options.Again)
	case deaths.count >= deathsToRefuse:
		return true,
			fmt.Errorf("callhours ended while %s this, last at %s; %w %s", m.options.Doing,
				deaths.last.UTC().Format(time.RFC3339), errRefused, m.options.Again)
	case deaths.count > 0 && now.Sub(m.started) < suspectDelay:
		return true, m.Waits()
	}
	return deaths.count > 0, nil
}

// Waits is why a suspect is not read yet.
func (m *Marks) Waits() error {
	return fmt.Errorf("callhours ended while %s this; %w before the process has run for a minute, and then alone",
		m.options.Doing, errWaiting)
}

// IsDue reports whether a suspect that waits may be read.
func (m *Marks) IsDue(now time.Time) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return now.Sub(m.started) >= suspectDelay
}

// Begin notes that a content is being read.
func (m *Marks) Begin(sum [sha256.Size]byte) {
	mark := m.key(sum)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.write(mark, "reading", m.deaths[mark])
}

// End notes how the reading of a content ended.
func (m *Marks) End(sum [sha256.Size]byte, err error) {
	mark := m.key(sum)
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.deaths, mark)
	delete(m.panics, mark)
	if contain.Is(err) {
		m.panics[mark] = err
		m.write(mark, "suspect", deaths{count: deathsToRefuse})
		return
	}
	m.remove(mark)
}

// Read reads a content unless it is not to be read; byHand also then. A panic is an error of it.
func (m *Marks) Read(sum [sha256.Size]byte, now time.Time, byHand bool, read func() error) error {
	suspect, err := m.Ask(sum, now)
	if err != nil && !byHand {
		return err
	}
	return m.run(sum, suspect, read)
}

// ReadAgain reads a content that was read well before, by whatever process: one death
// does not make it wait, since that of a process that was told to end, or killed, must
// not take the last good copy away.
func (m *Marks) ReadAgain(sum [sha256.Size]byte, now time.Time, read func() error) error {
	suspect, err := m.Ask(sum, now)
	if err != nil && !IsWaiting(err) {
		return err
	}
	return m.run(sum, suspect, read)
}

func (m *Marks) run(sum [sha256.Size]byte, suspect bool, read func() error) error {
	if suspect {
		m.exclusive.Lock()
		defer m.exclusive.Unlock()
	} else {
		m.exclusive.RLock()
		defer m.exclusive.RUnlock()
	}
	m.Begin(sum)
	err := contain.Do(read)
	m.End(sum, err)
	return err
}

// Is reports whether an error is of a content that was not read, or whose reading panicked.
func Is(err error) bool {
	return errors.Is(err, errRefused) || errors.Is(err, errWaiting) || contain.Is(err)
}

// IsWaiting reports whether an error is of a content that is read later.
func IsWaiting(err error) bool { return errors.Is(err, errWaiting) }
