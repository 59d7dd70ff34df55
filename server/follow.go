package server

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"time"

	"github.com/callhours/callhours/config"
)

// follower compares the files of the installation with what was read of them, again and again.
// Owners are as of [config.OwnerSum].
type follower struct {
	watch   config.Watch
	pending map[string]config.OwnerSum // what each owner's files were at the last look
	// looks that found files which were still changing, less those that found none
	unsettled int
	rests     time.Time                  // until then what changes all the time is not read
	tried     map[string]config.OwnerSum // what they were when reading ended so that nobody knows what was read
}

// changes are whose files are not read again, though others' have changed.
type changes struct {
	kept map[string]bool // they are changing, or rest
	slow map[string]bool // reading them takes too long
}

const (
	// maxUnsettled is how many looks may find changing files before the others are read without
	// them: a rewrite of the whole installation is waited for, a file that never settles is not.
	maxUnsettled = 6
	// restTimes is the pause after a reload that has read files which never settle, in times of
	// that reload, and at least maxUnsettled looks: a file that changes at every look must not keep
	// the server busy. A half-written file is its owner's mistake, and the former files stand in.
	restTimes = 4
	// maxRestless is how many owners of such files the log names.
	maxRestless = 10
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

// look reads the files again if they differ from those read last and equal those of the look
// before: a write in progress is not interrupted. Refused files are read again only after a change,
// so that they are reported once.
func (s *Server) look(ctx context.Context, f *follower) {
	s.reloading.Lock()
	read, was := s.read, s.readSums
	due := s.waiting && s.options.Loaded.marks.MayRetry(s.options.Now())
	s.reloading.Unlock()
	began := s.options.Now()
	sums := f.watch.Sums(read, began)
	changed, restless, slow := f.compare(was, sums)
	f.pending = sums
	isRest := false // which ends now
	switch {
	case len(restless) == 0:
		f.unsettled = max(0, f.unsettled-1)
	default:
		f.unsettled = min(f.unsettled+1, maxUnsettled+1)
		isRest = f.unsettled > maxUnsettled && !began.Before(f.rests)
	}
	switch {
	case len(changed) == 0 && due:
	case len(changed) == 0, len(restless) > 0 && f.unsettled <= maxUnsettled:
		return
	case isRest:
		s.options.Log.WarnContext(ctx, "files change all the time, and are read as they are now",
			slog.Any("of", part(slices.Sorted(maps.Keys(restless)), 0, maxRestless)))
		clear(restless)
	case len(changed) == len(restless):
		return
	}
	_ = s.reload(ctx, &changes{kept: restless, slow: slow}) // it says itself how that went
	if ended := s.options.Now(); isRest {
		f.rests = ended.Add(max(restTimes*ended.Sub(began), maxUnsettled*s.live.Load().file.Watch))
	}
	s.reloading.Lock()
	defer s.reloading.Unlock()
	if f.tried = nil; s.read == read { // it ended before it could tell, and would again
		f.tried = sums
	}
	for owner, sum := range s.readSums {
		if sum.IsSlow() && !sums[owner].IsSlow() { // the reload found that
			f.watch.Leave(owner, s.options.Now())
		}
	}
}

// compare returns the owners whose files have changed since they were read, those of them whose
// files have also changed since the last look, and those whose files cannot be read.
func (f *follower) compare(was, sums map[string]config.OwnerSum) (changed, restless, slow map[string]bool) {
	changed, restless, slow = map[string]bool{}, map[string]bool{}, map[string]bool{}
	for owner := range was {
		if _, there := sums[owner]; !there {
			sums[owner] = config.OwnerSum{}
		}
	}
	for owner, sum := range sums {
		if sum.IsSlow() {
			slow[owner] = true
		}
		if tried, ok := f.tried[owner]; sum == was[owner] || ok && sum == tried {
			continue
		}
		changed[owner] = true
		if pending, ok := f.pending[owner]; !ok || sum != pending {
			restless[owner] = true
		}
	}
	return changed, restless, slow
}
