package server

import (
	"context"
	"crypto/sha256"
	"log/slog"
	"time"

	"github.com/callhours/callhours/config"
)

// follower compares the files of the installation with what was read of them, again and again.
type follower struct {
	watch     config.Watch
	pending   [sha256.Size]byte // what they were at the last look, if that was something else than was read; else zero
	unsettled int               // looks in a row that found something else each
	rests     time.Time         // until then files are not read again by themselves
	tried     [sha256.Size]byte // what they were when reading them failed so that nobody knows what was read; else zero
}

const (
	// mostUnsettled is how many looks in a row may find files changing before they are read all the same: whoever
	// writes one of them all the time must not keep everybody else's changes from going live. What is half written is
	// that tenant's mistake, and its former files stand in.
	mostUnsettled = 6
	// restTimes is how much longer than a reload took the pause after it is: one that changes a file at every look
	// must not keep the server busy.
	restTimes = 4
)

// follow reads the files again when they hold something else, until ctx ends.
func (s *Server) follow(ctx context.Context) {
	if s.options.Installation == nil {
		return
	}
	var f follower
	for {
		every := s.live.Load().file.Watch
		wait := time.NewTimer(every)
		if every == 0 {
			wait.Reset(rollEvery) // a reload by hand may change that
		}
		select {
		case <-ctx.Done():
			wait.Stop()
			return
		case <-wait.C:
			if every > 0 {
				s.look(ctx, &f)
			}
		}
	}
}

// look reads the files again if they are others than when they were read last, and the same as at the look
// before: who is still writing is not interrupted. What was refused is read again only when it has changed,
// so that it is reported once.
func (s *Server) look(ctx context.Context, f *follower) {
	s.reloading.Lock()
	read, was := s.read, s.readSum
	due := s.waiting && s.options.Loaded.marks.IsDue(s.options.Now())
	s.reloading.Unlock()
	began := s.options.Now()
	sum := f.watch.Sum(read, began)
	switch {
	case sum == was || sum == f.tried:
		f.pending, f.unsettled = [sha256.Size]byte{}, 0
		if due && sum == was {
			_ = s.reload(ctx, byItself)
		}
		return
	case sum != f.pending && (f.unsettled < mostUnsettled || began.Before(f.rests)):
		f.pending = sum
		f.unsettled++
		return
	case sum != f.pending:
		s.options.Log.WarnContext(ctx, "files change all the time, and are read as they are now",
			slog.Int("looks", f.unsettled))
		defer func() { // while they go on changing
			ended := s.options.Now()
			f.rests = ended.Add(restTimes * ended.Sub(began))
		}()
	}
	f.pending, f.unsettled, f.tried = [sha256.Size]byte{}, 0, [sha256.Size]byte{}
	_ = s.reload(ctx, byItself) // it says itself how that went
	s.reloading.Lock()
	defer s.reloading.Unlock()
	if s.read == read { // it ended before it could tell, and would again
		f.tried = sum
	}
}
