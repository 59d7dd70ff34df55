package feeds

import (
	"maps"
	"slices"
	"time"
)

// fileReaders is how many calendars' files are looked at and read at a time; a tenant has
// filesOfTenant of them at most, and the operator leaves as many.
const (
	fileReaders   = 64
	filesOfTenant = 1
)

// due takes the feeds off the queue whose attempts may begin now, and tells when to look again.
func (s *Store) due() (due []*feed, wait time.Duration) {
	const longest = time.Minute // the clock may be set meanwhile
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.options.Now()
	for f := s.queue.soonest(); f != nil && !f.next.After(now); f = s.queue.soonest() {
		s.queue.remove(f)
		switch {
		case f.host == nil:
			f.owner.unread = append(f.owner.unread, f)
			f.waits = true
			s.queueFiles(f.owner)
		case f.asked:
			s.begin(f, now)
		case f.share.admits(now).After(now):
			f.next = f.share.admits(now)
			s.queue.add(f)
		default:
			f.share.wait(f)
			s.isReady(f.host)
		}
	}
	s.admitFiles(now)
	s.admitAll(now)
	wait = longest
	if f := s.queue.soonest(); f != nil {
		wait = min(wait, f.next.Sub(now))
	}
	for name := range s.options.PerMinute {
		if h := s.hosts[name]; h != nil && len(h.turns) > 0 && h.next.After(now) {
			wait = min(wait, h.next.Sub(now))
		}
	}
	due, s.begun = s.begun, nil
	return due, wait
}

// begin lets an attempt begin: due gives it to Run.
func (s *Store) begin(f *feed, now time.Time) {
	if f.host != nil {
		f.share.began(now)
		s.running++
	} else {
		s.reading++
		f.owner.reading++
	}
	if f.asked {
		f.byHand.spend(now)
	}
	f.running, f.wanted, f.asked = true, f.asked, false
	f.begun++
	s.begun = append(s.begun, f)
}

// isReady notes a host at which something waits that may begin, with the owner whose turn it is
// there.
func (s *Store) isReady(h *host) {
	if h.ready || len(h.turns) == 0 {
		return
	}
	h.ready = true
	o := h.turns[0].owner
	o.ready = append(o.ready, h)
	if len(o.ready) == 1 {
		s.turns = append(s.turns, o)
	}
}

// queueFiles puts an owner in turn whose files wait and may be read.
func (s *Store) queueFiles(o *owner) {
	if !o.queued && len(o.unread) > 0 && o.reading < o.maxFiles {
		o.queued = true
		s.unread = append(s.unread, o)
	}
}

// admitFiles begins what waits of files, one of each owner in turn. They wait for no server.
func (s *Store) admitFiles(now time.Time) {
	for s.reading < fileReaders && len(s.unread) > 0 {
		o := s.unread[0]
		s.unread = s.unread[1:]
		o.queued = false
		if len(o.unread) == 0 { // they have been dismissed
			continue
		}
		f := o.unread[0]
		o.unread[0] = nil
		o.unread = o.unread[1:]
		f.waits = false
		s.begin(f, now)
		s.queueFiles(o)
	}
}

// admitAll begins what may begin at the hosts that have a place, by turns of the owners.
func (s *Store) admitAll(now time.Time) {
	for name := range s.options.PerMinute {
		if h := s.hosts[name]; h != nil && !h.next.After(now) {
			s.isReady(h)
		}
	}
	for s.running < atOnce && len(s.turns) > 0 {
		o := s.turns[0]
		s.turns = s.turns[1:]
		h := o.ready[0]
		if o.ready = o.ready[1:]; len(o.ready) > 0 {
			s.turns = append(s.turns, o)
		}
		h.ready = false
		s.admit(h, now)
	}
}

// admit begins what waits at a host, one of each owner in turn.
func (s *Store) admit(h *host, now time.Time) {
	for h.running < places && len(h.turns) > 0 && !h.next.After(now) {
		if s.running >= atOnce {
			s.isReady(h)
			return
		}
		share := h.turns[0]
		h.turns = h.turns[1:]
		switch at := share.admits(now); {
		case len(share.waiting) == 0:
			share.queued = false
		case at.After(now):
			share.queued = false
			for len(share.waiting) > 0 {
				f := share.pop()
				f.next = at
				s.queue.add(f)
			}
		case share.owner.running >= share.owner.most:
			share.owner.blocked = append(share.owner.blocked, share)
		default:
			f := share.pop()
			if share.queued = len(share.waiting) > 0; share.queued {
				h.turns = append(h.turns, share)
			}
			s.begin(f, now)
		}
	}
}

// release gives an attempt's place to others of its host.
func (s *Store) release(h *host) {
	s.mu.Lock()
	defer s.mu.Unlock()
	h.running--
	s.isReady(h)
	s.wakeRun()
}

// ended takes an attempt out of what runs, and puts its owner's files, or as many shares of its
// owner as may begin, in turn again.
func (s *Store) ended(f *feed) {
	if f.host == nil {
		s.reading--
		f.owner.reading--
		s.queueFiles(f.owner)
		return
	}
	s.running--
	o := f.share.owner
	o.running--
	for range min(o.most-o.running, len(o.blocked)) {
		share := o.blocked[0]
		o.blocked = o.blocked[1:]
		share.host.turns = append(share.host.turns, share)
		s.isReady(share.host)
	}
}

// dismiss makes a feed wait no longer.
func (s *Store) dismiss(f *feed) {
	switch {
	case f.host != nil:
		f.share.dismiss(f)
	case f.waits:
		f.owner.unread = slices.DeleteFunc(f.owner.unread, func(other *feed) bool { return other == f })
		f.waits = false
	}
}

// forget drops what is known of hosts and owners that no feed has any more, and of whom nothing
// runs. A pause is remembered.
func (s *Store) forget(now time.Time) {
	shares, owners := map[*share]bool{}, map[*owner]bool{}
	for _, f := range s.feeds {
		shares[f.share], owners[f.owner] = true, true
	}
	for name, h := range s.hosts {
		maps.DeleteFunc(h.shares, func(_ *owner, own *share) bool { return !shares[own] && !own.until.After(now) })
		if len(h.shares) == 0 && h.running == 0 {
			delete(s.hosts, name)
		}
	}
	maps.DeleteFunc(s.owners, func(_ string, o *owner) bool {
		return !owners[o] && o.running == 0 && o.reading == 0
	})
}

// reads waits until a body of an owner may be read, and gives what ends that. A tenant has one at a
// time, so that neither large bodies nor many of one tenant keep those of others waiting for long.
func (s *Store) reads(o *owner) (done func()) {
	o.readers <- struct{}{}
	s.readers <- struct{}{}
	return func() {
		<-s.readers
		<-o.readers
	}
}

// byHand bounds the attempts that people ask for, of a feed: handBurst at once, then one every
// handEvery. The zero value has had none.
type byHand struct{ full time.Time }

const (
	handBurst = 5
	handEvery = 10 * time.Second
	// handWaiting is how many requests may wait for attempts of a feed.
	handWaiting = 32
)

// next is when the next one may begin.
func (b byHand) next(now time.Time) time.Time {
	if at := b.full.Add(-(handBurst - 1) * handEvery); at.After(now) {
		return at
	}
	return now
}

// spend counts one.
func (b *byHand) spend(now time.Time) {
	if b.full.Before(now) {
		b.full = now
	}
	b.full = b.full.Add(handEvery)
}
