package feeds

import (
	"context"
	"time"
)

// Ready waits until there is a copy of each feed or an attempt of it has ended, but no longer than
// ctx, whose error it then gives.
func (s *Store) Ready(ctx context.Context) error {
	s.mu.Lock()
	ready := s.ready
	s.mu.Unlock()
	select {
	case <-ready:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// checkReady ends Ready once nothing is awaited.
func (s *Store) checkReady() {
	close(s.progress)
	s.progress = make(chan struct{})
	select {
	case <-s.ready:
		return
	default:
	}
	if len(s.awaited) == 0 {
		close(s.ready)
	}
}

// ReadyFor is Ready with little patience for tenants: for the operator's feeds it waits as Ready
// does, and for those of tenants as long as one tenant after the other gets ready, each within
// patience of the one before. So a tenant whose feed hangs delays nobody else, and many tenants
// have their time. It reports whether it waited for all.
func (s *Store) ReadyFor(ctx context.Context, patience time.Duration) (all bool) {
	timer := time.NewTimer(patience)
	defer timer.Stop()
	before := -1
	for {
		s.mu.Lock()
		owners := map[string]bool{}
		for f := range s.awaited {
			owners[f.owner.name] = true
		}
		ready, progress := s.ready, s.progress
		s.mu.Unlock()
		impatient := timer.C
		switch {
		case len(owners) == 0:
			return true
		case owners[""]:
			impatient = nil
			delete(owners, "")
		}
		if len(owners) != before { // a tenant is ready
			before = len(owners)
			timer.Reset(patience)
		}
		select {
		case <-ready:
			return true
		case <-progress:
		case <-impatient:
			return false
		case <-ctx.Done():
			return false
		}
	}
}
