package server

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/callhours/callhours/internal/diag"
	"github.com/callhours/callhours/internal/durable"
	"github.com/callhours/callhours/internal/files"
	"github.com/callhours/callhours/preview"
)

// stateDir is the state directory, and whether this process may write it.
type stateDir struct {
	lock           *durable.Lock         // nil: the directory is ours, or there is none
	readOnlyReason atomic.Pointer[error] // why nothing is written there; nil: files are

	// the configuration that answers is to be the accepted copy; guarded by Server.reloading, as is
	// the following
	keepsAccepted bool
	failed        int // attempts in a row to write that copy
}

func (d *stateDir) begin(l Loaded) {
	d.lock = l.lock
	if isNotOurs(l.lockErr) {
		d.readOnlyReason.Store(&l.lockErr)
	}
}

// stateLock is the lock of a state directory.
type stateLock struct {
	lock    *durable.Lock // nil: none was asked for
	lockErr error         // why it is not held; nil: it is
}

// take acquires that of a directory, and releases any other one.
func (l *stateLock) take(dir string) {
	if l.lock != nil {
		_ = l.lock.Release()
	}
	l.lock = durable.NewLock(dir)
	l.lockErr = l.lock.Acquire()
}

// isNotOurs reports whether an error of Lock.Acquire means that nothing is to be written: another
// process has the directory, or may have it, since the file system does not answer.
func isNotOurs(err error) bool {
	return errors.Is(err, durable.ErrHeld) || errors.Is(err, files.ErrHung)
}

func (d *stateDir) isReadOnly() bool { return d.readOnlyReason.Load() != nil }

// reason says whose it is; "" if it is ours.
func (d *stateDir) reason() string {
	if why := d.readOnlyReason.Load(); why != nil {
		return (*why).Error()
	}
	return ""
}

const (
	// claimEvery is how often a state directory of another process is tried, which may be the
	// one that this one replaces.
	claimEvery = 2 * time.Second
	// firstRewrite and lastRewrite bound the pause before the accepted copy is written again that
	// could not be.
	firstRewrite = time.Minute
	lastRewrite  = time.Hour
)

// keepState takes over the state directory when the process that has it ends, and writes the
// accepted copy again where that failed.
func (s *Server) keepState(ctx context.Context) {
	ticker := time.NewTicker(claimEvery)
	defer ticker.Stop()
	var next time.Time
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		now := s.options.Now()
		switch {
		case s.state.isReadOnly():
			s.claim(ctx)
		case !now.Before(next):
			next = now.Add(s.retrySaveAccepted(ctx))
		}
	}
}

// claim makes the state directory ours if nobody has it any more.
func (s *Server) claim(ctx context.Context) {
	if err := s.state.lock.Acquire(); err != nil {
		return
	}
	s.state.readOnlyReason.Store(nil)
	s.options.Log.InfoContext(ctx, "state_dir is free; this process writes it from now on",
		slog.String("state_dir", s.state.lock.Dir()))
	s.store.Write()
	if marks := s.options.Loaded.marks; marks != nil {
		marks.SetWritable()
	}
	s.retrySaveAccepted(ctx)
}

// retrySaveAccepted writes the accepted copy if it is not that of the files that answer, and returns
// how long to wait before the next attempt.
func (s *Server) retrySaveAccepted(ctx context.Context) time.Duration {
	s.reloading.Lock()
	defer s.reloading.Unlock()
	if l := s.live.Load(); l != nil && s.state.keepsAccepted && s.accepted != l.acceptance() {
		s.saveAccepted(ctx, l.Generation)
	}
	if s.state.failed == 0 {
		return firstRewrite
	}
	return min(firstRewrite<<min(s.state.failed-1, 10), lastRewrite)
}

// stateDirFindings are the findings about the state directory: read-only, or without room.
func (s *Server) stateDirFindings() []preview.Finding {
	at := diag.Pos{File: s.options.Generation.file.Path}
	why := s.state.readOnlyReason.Load()
	switch {
	case why != nil && errors.Is(*why, files.ErrHung):
		return []preview.Finding{
			preview.Findingf(at, "state_dir_unwritable", "state_dir %v; nothing is kept there until it does", *why),
		}
	case why != nil:
		return []preview.Finding{
			preview.Findingf(at, "state_dir_shared",
				"state_dir %v; nothing is kept there by this process until that one ends", *why),
		}
	}
	if err := s.store.Unkept(); err != nil {
		return []preview.Finding{preview.Findingf(at, "state_dir_unwritable",
			"state_dir: copies of feeds cannot be kept, and will not survive a restart: %s",
			diag.ErrorLine(err))}
	}
	return nil
}
