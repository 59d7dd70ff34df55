package feeds

import (
	"maps"
	"slices"
	"time"
)

// fileReaders is how many calendars' files are looked at and read at a time; a tenant has
// filesOfTenant of them at most, and the operator leaves as many.
const (
	// fileReaders is how many calendars' files are listed and read at a time. A tenant has at most
	// filesOfTenant of them; the operator leaves as many free.
	fileReaders   = 64
	filesOfTenant = 1
)

// claimDue takes the feeds off the queue whose attempts may start now, and returns them with how
// long Run waits until it looks again.
func (s *Store) claimDue() (due []*feed, wait time.Duration) {
	const longest = time.Minute // the clock may be set meanwhile
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.options.Now()
	for f := s.queue.peek(); f != nil && !f.next.After(now); f = s.queue.peek() {
		s.queue.remove(f)
		switch {
		case f.host == nil:
			f.owner.files = append(f.owner.files, f)
			f.waiting = true
			s.enqueueFiles(f.owner)
		case f.requested:
			s.start(f, now)
		case f.share.allowedFrom(now).After(now):
			f.next = f.share.allowedFrom(now)
			s.queue.add(f)
		default:
			f.share.enqueue(f)
			s.markReady(f.host)
		}
	}
	s.startFiles(now)
	s.startFetches(now)
	wait = longest
	if f := s.queue.peek(); f != nil {
		wait = min(wait, f.next.Sub(now))
	}
	for name := range s.options.PerMinute {
		if h := s.hosts[name]; h != nil && len(h.turns) > 0 && h.next.After(now) {
			wait = min(wait, h.next.Sub(now))
		}
	}
	due, s.started = s.started, nil
	return due, wait
}

// start marks an attempt as running; claimDue returns it to Run.
func (s *Store) start(f *feed, now time.Time) {
	if f.host != nil {
		f.share.start(now)
		s.running++
	} else {
		s.reading++
		f.owner.reading++
	}
	if f.requested {
		f.manualLimit.spend(now)
	}
	f.running, f.manual, f.requested = true, f.requested, false
	f.attempts++
	s.started = append(s.started, f)
}

// markReady queues a host that has a feed waiting, under the owner whose turn it is there.
func (s *Store) markReady(h *host) {
	if h.ready || len(h.turns) == 0 {
		return
	}
	h.ready = true
	o := h.turns[0].owner
	o.ready = append(o.ready, h)
	if len(o.ready) == 1 {
		s.hostTurns = append(s.hostTurns, o)
	}
}

// enqueueFiles queues an owner that has files waiting and a free place to read them.
func (s *Store) enqueueFiles(o *owner) {
	if !o.queued && len(o.files) > 0 && o.reading < o.maxFiles {
		o.queued = true
		s.fileTurns = append(s.fileTurns, o)
	}
}

// startFiles starts waiting attempts of files, one of each owner in turn. They need no host.
func (s *Store) startFiles(now time.Time) {
	for s.reading < fileReaders && len(s.fileTurns) > 0 {
		o := s.fileTurns[0]
		s.fileTurns = s.fileTurns[1:]
		o.queued = false
		if len(o.files) == 0 { // dequeued meanwhile
			continue
		}
		f := o.files[0]
		o.files[0] = nil
		o.files = o.files[1:]
		f.waiting = false
		s.start(f, now)
		s.enqueueFiles(o)
	}
}

// startFetches starts waiting attempts at the hosts that have a free place, one owner after the
// other.
func (s *Store) startFetches(now time.Time) {
	for name := range s.options.PerMinute {
		if h := s.hosts[name]; h != nil && !h.next.After(now) {
			s.markReady(h)
		}
	}
	for s.running < allAttempts && len(s.hostTurns) > 0 {
		o := s.hostTurns[0]
		s.hostTurns = s.hostTurns[1:]
		h := o.ready[0]
		if o.ready = o.ready[1:]; len(o.ready) > 0 {
			s.hostTurns = append(s.hostTurns, o)
		}
		h.ready = false
		s.startAtHost(h, now)
	}
}

// startAtHost starts waiting attempts at a host, one of each owner in turn.
func (s *Store) startAtHost(h *host, now time.Time) {
	for h.running < hostAttempts && len(h.turns) > 0 && !h.next.After(now) {
		if s.running >= allAttempts {
			s.markReady(h)
			return
		}
		share := h.turns[0]
		h.turns = h.turns[1:]
		switch at := share.allowedFrom(now); {
		case len(share.waiting) == 0:
			share.queued = false
		case at.After(now):
			share.queued = false
			for len(share.waiting) > 0 {
				f := share.pop()
				f.next = at
				s.queue.add(f)
			}
		case share.owner.running >= share.owner.maxRunning:
			share.owner.blocked = append(share.owner.blocked, share)
		default:
			f := share.pop()
			if share.queued = len(share.waiting) > 0; share.queued {
				h.turns = append(h.turns, share)
			}
			s.start(f, now)
		}
	}
}

// releaseHost frees an attempt's place at its host.
func (s *Store) releaseHost(h *host) {
	s.mu.Lock()
	defer s.mu.Unlock()
	h.running--
	s.markReady(h)
	s.wakeRun()
}

// releaseSlot frees an attempt's place among all attempts, and queues its owner again: the owner's
// files, or as many of its blocked shares as may start.
func (s *Store) releaseSlot(f *feed) {
	if f.host == nil {
		s.reading--
		f.owner.reading--
		s.enqueueFiles(f.owner)
		return
	}
	s.running--
	o := f.share.owner
	o.running--
	for range min(o.maxRunning-o.running, len(o.blocked)) {
		share := o.blocked[0]
		o.blocked = o.blocked[1:]
		share.host.turns = append(share.host.turns, share)
		s.markReady(share.host)
	}
}

// dequeue removes a feed from the waiting ones.
func (s *Store) dequeue(f *feed) {
	switch {
	case f.host != nil:
		f.share.remove(f)
	case f.waiting:
		f.owner.files = slices.DeleteFunc(f.owner.files, func(other *feed) bool { return other == f })
		f.waiting = false
	}
}

// evictUnused removes hosts and owners that have no feeds any more and no running attempt. A host's
// pause is kept.
func (s *Store) evictUnused(now time.Time) {
	shares, owners := map[*share]bool{}, map[*owner]bool{}
	for _, f := range s.feeds {
		shares[f.share], owners[f.owner] = true, true
	}
	for name, h := range s.hosts {
		maps.DeleteFunc(h.shares, func(_ *owner, own *share) bool { return !shares[own] && !own.pausedUntil.After(now) })
		if len(h.shares) == 0 && h.running == 0 {
			delete(s.hosts, name)
		}
	}
	maps.DeleteFunc(s.owners, func(_ string, o *owner) bool {
		return !owners[o] && o.running == 0 && o.reading == 0
	})
}

// acquireReader waits until a body of an owner may be read; done frees the place. A tenant has one
// at a time, so that neither large bodies nor many of one tenant delay those of others.
func (s *Store) acquireReader(o *owner) (done func()) {
	o.readers <- struct{}{}
	s.readers <- struct{}{}
	return func() {
		<-s.readers
		<-o.readers
	}
}

// manualLimit limits the attempts that people request of a feed: manualBurst at once, then one
// every manualInterval. The zero value allows all of them.
type manualLimit struct{ full time.Time }

const (
	manualBurst    = 5
	manualInterval = 10 * time.Second
	// manualWaiters is how many requests may wait for attempts of a feed.
	manualWaiters = 32
)

// next is when the next attempt may start.
func (l manualLimit) next(now time.Time) time.Time {
	if at := l.full.Add(-(manualBurst - 1) * manualInterval); at.After(now) {
		return at
	}
	return now
}

// spend counts an attempt.
func (l *manualLimit) spend(now time.Time) {
	if l.full.Before(now) {
		l.full = now
	}
	l.full = l.full.Add(manualInterval)
}
