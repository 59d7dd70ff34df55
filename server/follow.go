package server

import (
	"context"
	"crypto/sha256"
	"time"

	"github.com/callhours/callhours/config"
)

// follower compares the files of the installation with what was read of them, again and again.
type follower struct {
	watch   config.Watch
	pending [sha256.Size]byte // what they were at the last look, if that was something else than was read; else zero
}

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

// look reads the files again if they are others than when they were read last, and the same as at the look before: who is still writing is
// not interrupted. What was refused is read again only when it has changed, so that it is reported once.
func (s *Server) look(ctx context.Context, f *follower) {
	s.reloading.Lock()
	read, was := s.read, s.readSum
	s.reloading.Unlock()
	sum := f.watch.Sum(read, s.options.Now())
	switch {
	case sum == was:
		f.pending = [sha256.Size]byte{}
	case sum != f.pending:
		f.pending = sum
	default:
		f.pending = [sha256.Size]byte{}
		_ = s.reload(ctx, byItself) // it says itself how that went
	}
}
