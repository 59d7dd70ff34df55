package calendars

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/callhours/callhours/internal/contain"
	"github.com/callhours/callhours/internal/durable"
	"github.com/callhours/callhours/internal/files"
)

// suspects remember contents, by their hash and the program that read them, whose reading panicked or did not end before the process did:
// a stack or memory that is used up cannot be contained. Before a new content is read a mark is written, and removed afterwards; a mark that
// is there at the start is of a process that died. Whoever kills a process that reads many feeds leaves marks of all of them, and so one death
// proves nothing: such a content is read once more, alone, a minute after the start. Only what was being read at two deaths is not read any more,
// until it changes or somebody asks for it by hand. Content that is known costs nothing: it is not read.
type suspects struct {
	dir     string // of the marks; "": nothing is remembered across restarts
	program string
	began   time.Time // zero before the marks were read

	alone sync.RWMutex // held for writing by whoever reads a suspect

	mu     sync.Mutex       // guards the following
	deaths map[string]int   // by mark
	panics map[string]error // likewise
}

const (
	marks = "reading" // the directory
	// longestMark is how many bytes a mark has at most.
	longestMark = 64
	// enoughDeaths is how many a content has to be there at to be believed their cause.
	enoughDeaths = 2
	// suspectAfter is how long after the start a suspect waits: calls are answered by then.
	suspectAfter = time.Minute
	// marksKept is for how long marks are remembered.
	marksKept = 30 * 24 * time.Hour
)

// errSuspect is a content that is not read.
var errSuspect = errors.New("it is not read")

func newSuspects(dir, program string) *suspects {
	return &suspects{dir: dir, program: program, deaths: map[string]int{}, panics: map[string]error{}}
}

// open reads the marks, once.
func (s *suspects) open(now time.Time) error {
	if !s.began.IsZero() {
		return nil
	}
	s.began = now
	if s.dir == "" {
		return nil
	}
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return durable.Reason(err)
	}
	entries, err := files.List(s.dir)
	if err != nil {
		return durable.Reason(err)
	}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil || !info.Mode().IsRegular() || info.Size() > longestMark {
			continue
		}
		path := filepath.Join(s.dir, e.Name())
		if now.Sub(info.ModTime()) > marksKept {
			_ = os.Remove(path)
			continue
		}
		text, err := files.Read(path, longestMark)
		if err != nil {
			continue
		}
		var state string
		var n int
		if _, err := fmt.Sscan(string(text), &state, &n); err != nil || n < 0 || n > enoughDeaths {
			state, n = "reading", 0 // it was being written
		}
		if state == "reading" {
			n = min(n+1, enoughDeaths)
		}
		s.deaths[e.Name()] = n
		s.write(e.Name(), "suspect", n)
	}
	return nil
}

// write notes a content. It need not survive a loss of power, which is no death of ours; a disk that cannot be written costs what is
// remembered across restarts.
func (s *suspects) write(mark, state string, n int) {
	if s.dir != "" {
		_ = os.WriteFile(filepath.Join(s.dir, mark), fmt.Appendf(nil, "%s %d\n", state, n), 0o600)
	}
}

func (s *suspects) mark(sum [sha256.Size]byte) string {
	of := sha256.Sum256(append([]byte(s.program+"\n"), sum[:]...))
	return hex.EncodeToString(of[:])
}

// read reads a content unless it is suspect; byHand also then.
func (s *suspects) read(sum [sha256.Size]byte, now time.Time, byHand bool, read func() error) error {
	mark := s.mark(sum)
	s.mu.Lock()
	deaths, panicked := s.deaths[mark], s.panics[mark]
	s.mu.Unlock()
	switch {
	case byHand:
	case panicked != nil:
		return fmt.Errorf("%s; %w again until it changes or is refreshed by hand", panicked, errSuspect)
	case deaths >= enoughDeaths:
		return fmt.Errorf("callhours ended while reading this; %w again until it changes or is refreshed by hand", errSuspect)
	case deaths > 0 && now.Sub(s.began) < suspectAfter:
		return fmt.Errorf("callhours ended while reading this; %w before the process has run for a minute", errSuspect)
	}
	if deaths > 0 {
		s.alone.Lock()
		defer s.alone.Unlock()
	} else {
		s.alone.RLock()
		defer s.alone.RUnlock()
	}
	s.write(mark, "reading", deaths)
	err := contain.Do(read)
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.deaths, mark)
	delete(s.panics, mark)
	if contain.Is(err) {
		s.panics[mark] = err
		s.write(mark, "suspect", enoughDeaths)
	} else if s.dir != "" {
		_ = os.Remove(filepath.Join(s.dir, mark))
	}
	return err
}

// isSuspect reports whether an error is of a content that was not read, or whose reading panicked.
func isSuspect(err error) bool {
	return errors.Is(err, errSuspect) || contain.Is(err)
}

// marksIn is where a store keeps its marks.
func marksIn(o StoreOptions) string {
	if o.Dir == "" || o.ReadOnly {
		return ""
	}
	return filepath.Join(o.Dir, marks)
}
