// Package suspect finds out what killed the process. Exhausted stacks and memory cannot be
// contained; what was being read then is found at the next start, and not read again at once.
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

// Marks remember contents, by hash and reading program, whose reading panicked or did not end
// before the process did. A mark is written before a new content is read, and removed afterwards. A
// mark that exists at the start was left by a process that died. Killing a process that reads many
// things leaves marks of all of them, so that one death proves little: such a content is read once
// more, alone, a minute after the start. A content that was being read at two deaths is not read
// again until it changes or somebody requests it by hand. Known content is not checked, and costs
// nothing. Marks are safe for concurrent use.
type Marks struct {
	options Options

	exclusive sync.RWMutex // held for writing by whoever reads a suspect

	mu        sync.Mutex        // guards the following
	started   time.Time         // zero before the marks were read
	readOnly  bool              // of Options, until Write
	deaths    map[string]deaths // by mark
	panics    map[string]error  // likewise
	begun     map[string]bool   // that are being read
	abandoned bool
}

// deaths is how often the process ended while a content was read, and when the last of these
// readings began.
type deaths struct {
	count int
	last  time.Time
}

// Options say where marks are and of what.
type Options struct {
	Dir       string // of the marks; "": nothing is remembered across restarts
	Disk      durable.Disk
	ReadOnly  bool   // the directory is another process's: its marks are heeded, and none is written
	Program   string // that reads; another one begins anew
	Activity  string // what it does with a content: "reading"
	RetryHint string // how that is done again all the same: "until it changes"
}

const (
	// longestMark is how many bytes a mark has at most.
	longestMark = 64
	// deathsToRefuse is at how many deaths a content is taken for their cause.
	deathsToRefuse = 2
	// suspectDelay is how long after the start a suspect waits, so that calls are answered first.
	suspectDelay = time.Minute
	// markLifetime is for how long marks are remembered.
	markLifetime = 30 * 24 * time.Hour
)

// errRefused is wrapped by the reason why a content is not read.
var errRefused = errors.New("it is not read again")

// errWaiting is wrapped by the reason why a content is not read yet.
var errWaiting = errors.New("it is not read again")

// New makes marks that are not read yet.
func New(o Options) *Marks {
	return &Marks{options: o, readOnly: o.ReadOnly, deaths: map[string]deaths{}, panics: map[string]error{}, begun: map[string]bool{}}
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

// SetWritable makes the directory this process's own.
func (m *Marks) SetWritable() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.readOnly = false
}

// write records a content. A mark need not survive a loss of power, which is no death of ours; on a
// disk that cannot be written nothing is remembered across restarts.
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

// Check returns why a content must not be read, and whether it is suspect and must be read alone.
func (m *Marks) Check(sum [sha256.Size]byte, now time.Time) (suspect bool, err error) {
	mark := m.key(sum)
	m.mu.Lock()
	defer m.mu.Unlock()
	deaths, panicked := m.deaths[mark], m.panics[mark]
	switch {
	case panicked != nil:
		return true, fmt.Errorf("%w; %w %s", panicked, errRefused, m.options.RetryHint)
	case deaths.count >= deathsToRefuse:
		return true,
			fmt.Errorf("callhours ended while %s this, last at %s; %w %s", m.options.Activity,
				deaths.last.UTC().Format(time.RFC3339), errRefused, m.options.RetryHint)
	case deaths.count > 0 && now.Sub(m.started) < suspectDelay:
		return true, m.WaitError()
	}
	return deaths.count > 0, nil
}

// WaitError returns why a suspect is not read yet.
func (m *Marks) WaitError() error {
	return fmt.Errorf("callhours ended while %s this; %w before the process has run for a minute, and then alone",
		m.options.Activity, errWaiting)
}

// MayRetry reports whether waiting suspects may be read.
func (m *Marks) MayRetry(now time.Time) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return now.Sub(m.started) >= suspectDelay
}

// Begin notes that a content is being read.
func (m *Marks) Begin(sum [sha256.Size]byte) {
	mark := m.key(sum)
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.abandoned {
		m.begun[mark] = true
		m.write(mark, "reading", m.deaths[mark])
	}
}

// Abandon forgets that anything is being read: the process ends, and for another reason. nil does
// nothing.
func (m *Marks) Abandon() {
	if m == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.abandoned = true
	for mark := range m.begun {
		if d := m.deaths[mark]; d.count > 0 {
			m.write(mark, "suspect", d)
		} else {
			m.remove(mark)
		}
	}
}

// End notes how the reading of a content ended.
func (m *Marks) End(sum [sha256.Size]byte, err error) {
	mark := m.key(sum)
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.begun, mark)
	delete(m.deaths, mark)
	delete(m.panics, mark)
	if contain.Is(err) {
		m.panics[mark] = err
		m.write(mark, "suspect", deaths{count: deathsToRefuse})
		return
	}
	m.remove(mark)
}

// Read reads a content unless Check forbids it; byHand also then. A panic becomes an error.
func (m *Marks) Read(sum [sha256.Size]byte, now time.Time, byHand bool, read func() error) error {
	suspect, err := m.Check(sum, now)
	if err != nil && !byHand {
		return err
	}
	return m.run(sum, suspect, read)
}

// ReadAgain reads a content that some process has read successfully before. One death does not make
// it wait: a process that was told to end, or killed, must not make the last good copy unavailable.
func (m *Marks) ReadAgain(sum [sha256.Size]byte, now time.Time, read func() error) error {
	suspect, err := m.Check(sum, now)
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

// Is reports whether an error means that a content was not read, or that reading it panicked.
func Is(err error) bool {
	return errors.Is(err, errRefused) || errors.Is(err, errWaiting) || contain.Is(err)
}

// IsWaiting reports whether an error means that a content is read later.
func IsWaiting(err error) bool { return errors.Is(err, errWaiting) }
