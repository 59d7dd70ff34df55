package server

import (
	"crypto/sha256"
	"path/filepath"
	"time"

	"github.com/callhours/callhours/internal/durable"
	"github.com/callhours/callhours/internal/suspect"
)

// marksDir is where the configuration's marks are in state_dir, below those of feeds.
const marksDir = "reading/configuration"

// marksIn reads the marks of what was being loaded when a process ended. Where they cannot be
// read, nothing is held back.
func (i Installation) marksIn(dir string, readOnly bool) *suspect.Marks {
	marks := suspect.New(suspect.Options{
		Dir: filepath.Join(dir, marksDir), Disk: durable.Disk{Root: dir}, ReadOnly: readOnly, Program: i.Program,
		Activity:  "loading",
		RetryHint: "until it changes, or by a reload by hand (SIGHUP or POST /-/reload)",
	})
	_ = marks.Open(i.Now())
	return marks
}

// admission marks the files that are being loaded and are not known to do no harm, until loading
// has ended, and holds back those at which the process ended before. Of what may be tried again one
// file is at a time.
type admission struct {
	loading
	now     time.Time
	begun   [][sha256.Size]byte
	tried   [sha256.Size]byte // the one suspect that is loaded; zero: none yet
	waiting bool              // some are to be tried later
}

// ask is for config.Inputs.SetCheck.
func (a *admission) ask(path string, body []byte) error {
	if a.known.HasContent(path, body) {
		return nil
	}
	sum := sha256.Sum256(body)
	isSuspect, err := a.marks.Check(sum, a.now)
	switch none := [sha256.Size]byte{}; {
	case a.byHand || err == nil && !isSuspect:
	case err == nil && a.tried != none && a.tried != sum:
		err = a.marks.WaitError()
	case err == nil:
		a.tried = sum
	}
	if err != nil && !a.byHand {
		a.waiting = a.waiting || suspect.IsWaiting(err)
		return err
	}
	a.begun = append(a.begun, sum)
	a.marks.Begin(sum)
	return nil
}

func (a *admission) end() {
	for _, sum := range a.begun {
		a.marks.End(sum, nil)
	}
}
