package feeds

import (
	"maps"
	"math/rand/v2"
	"slices"
	"time"
)

const (
	// fileReaders is how many calendars' files are listed and read at a time. A tenant has at most
	// filesOfTenant of them; the operator leaves as many free.
	fileReaders   = 64
	filesOfTenant = 1
)

// scheduler decides which attempts may start. Files need a place to be read; fetches need one at
// their host and among all, and owners take turns for both. It is guarded by its Store's mutex.
type scheduler struct {
	perMinute map[string]int    // see Options
	hosts     map[string]*host  // by name
	owners    map[string]*owner // by name; "": the operator
	queue     queue
	running   int            // attempts of hosts
	reading   int            // those of files
	fileTurns []*owner       // of files that wait and may be read, in order
	hostTurns []*owner       // of hosts with something to start, in order
	started   []*feed        // attempts that due has not returned yet
	visited   map[*host]bool // those with visits that wait, and perhaps others
}

// due takes the feeds off the queue whose attempts may start now, and returns them with how long to
// wait until it is called again.
func (s *scheduler) due(now time.Time) (due []*feed, wait time.Duration) {
	const longest = time.Minute // the clock may be set meanwhile
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
	for name := range s.perMinute {
		if h := s.hosts[name]; h != nil && len(h.turns) > 0 && h.next.After(now) {
			wait = min(wait, h.next.Sub(now))
		}
	}
	due, s.started = s.started, nil
	return due, wait
}

// newFeed is the feed of a source that had none.
func (s *scheduler) newFeed(key string, sub *Subscription) *feed {
	f := &feed{
		key: key, subject: "feed of calendar " + sub.Calendar, host: s.host(sub), place: -1,
		ended: make(chan struct{}),
	}
	name := sub.Source.Owner
	if s.owners[name] == nil {
		s.owners[name] = newOwner(name)
	}
	f.owner = s.owners[name]
	if f.host != nil {
		f.share = f.host.share(f.owner)
	}
	return f
}

// host is the host of a subscription; nil for files.
func (s *scheduler) host(sub *Subscription) *host {
	if sub.File != "" {
		return nil
	}
	return s.hostNamed(sub.Source.Host())
}

func (s *scheduler) hostNamed(name string) *host {
	if s.hosts[name] == nil {
		s.hosts[name] = &host{}
		if n := s.perMinute[name]; n > 0 {
			s.hosts[name].interval = time.Minute / time.Duration(n)
		}
	}
	return s.hosts[name]
}

// schedule queues a feed: at once if a calendar has no copy of it, else at a random moment soon, so
// that a restart does not request everything at once. One that is queued or running stays as it is,
// unless its next attempt would be too late by now.
func (s *scheduler) schedule(f *feed, now time.Time) {
	maxDelay := time.Duration(0)
	if f.host != nil && (!f.lacksCopy() || !f.lastEnded.IsZero()) {
		maxDelay = min(f.interval(), startSpread)
	}
	switch {
	case f.running || f.waiting:
	case f.place < 0:
		f.next = now.Add(time.Duration(rand.Float64() * float64(maxDelay)))
		s.queue.add(f)
	case f.failures == 0 && f.next.After(now.Add(f.interval()*11/10)):
		f.next = now.Add(f.interval())
		s.queue.add(f)
	}
}

// start marks an attempt as running; due returns it.
func (s *scheduler) start(f *feed, now time.Time) {
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
func (s *scheduler) markReady(h *host) {
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
func (s *scheduler) enqueueFiles(o *owner) {
	if !o.queued && len(o.files) > 0 && o.reading < o.maxFiles {
		o.queued = true
		s.fileTurns = append(s.fileTurns, o)
	}
}

// startFiles starts waiting attempts of files, one of each owner in turn. They need no host.
func (s *scheduler) startFiles(now time.Time) {
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
func (s *scheduler) startFetches(now time.Time) {
	for name := range s.perMinute {
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
	s.grantVisits(now)
}

// startAtHost starts waiting attempts at a host, one of each owner in turn.
func (s *scheduler) startAtHost(h *host, now time.Time) {
	for h.running < hostAttempts && len(h.turns) > 0 && !h.next.After(now) {
		if s.running >= allAttempts {
			s.markReady(h)
			return
		}
		share := h.turns[0]
		h.turns = h.turns[1:]
		switch at := share.allowedFrom(now); {
		case len(share.visits) > 0:
			s.grantVisit(share, now)
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

// releaseSlot frees an attempt's place among all attempts, and queues its owner again: the owner's
// files, or as many of its blocked shares as may start.
func (s *scheduler) releaseSlot(f *feed) {
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

// remove removes a feed from those that wait.
func (s *scheduler) remove(f *feed) {
	s.queue.remove(f)
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
func (s *scheduler) evictUnused(feeds map[string]*feed, now time.Time) {
	shares, owners := map[*share]bool{}, map[*owner]bool{}
	for _, f := range feeds {
		shares[f.share], owners[f.owner] = true, true
	}
	for name, h := range s.hosts {
		maps.DeleteFunc(h.shares, func(_ *owner, own *share) bool {
			return !shares[own] && !own.pausedUntil.After(now) && len(own.visits) == 0
		})
		if len(h.shares) == 0 && h.running == 0 {
			delete(s.hosts, name)
		}
	}
	maps.DeleteFunc(s.owners, func(_ string, o *owner) bool {
		return !owners[o] && o.running == 0 && o.reading == 0
	})
}
