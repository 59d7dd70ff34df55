package feeds

import (
	"slices"
	"time"

	"github.com/callhours/callhours/calendars"
)

// host is a server that feeds come from. A few attempts run there at a time, owners take turns, and
// the operator may set an interval. It is guarded by its Store's mutex, as are the following.
type host struct {
	interval    time.Duration // between two attempts; 0: none
	running     int           // attempts that take a place
	next        time.Time     // when the interval allows another attempt
	pausedUntil time.Time     // of all owners, since the host paused several
	shares      map[*owner]*share
	turns       []*share // those with feeds that wait, in order
	ready       bool     // it is in its owner's ready
}

// share is an owner's part of a host: the feeds that wait, and the pause that the host requested. A
// pause holds for that owner's feeds only: another owner's may be other accounts, and a page on a
// shared host may answer anything.
type share struct {
	host        *host
	owner       *owner
	waiting     []*feed   // for a place, in order
	visits      []*visit  // likewise, of attempts that were redirected here; they come first
	queued      bool      // it is in its host's turns or its owner's blocked
	pausedUntil time.Time // no attempt before
	refusals    int       // in a row
}

// owner is the operator or a tenant.
type owner struct {
	name       string   // "": the operator
	maxRunning int      // attempts at a time, of all hosts
	running    int      // attempts
	blocked    []*share // whose turn came while maxRunning were running
	ready      []*host  // where it is the owner's turn, in order

	maxFiles int     // calendars' files at a time
	reading  int     // attempts of files
	files    []*feed // files that wait to be read, in order
	queued   bool    // it is in the Store's fileTurns
	globs    globs

	readers   *semaphore // see leases
	bodySlots *semaphore

	linesSince  time.Time                   // when counting log lines began; see log
	lines       int                         // since then
	quotaLogged time.Time                   // when errOverQuota was last logged
	incoming    map[*calendars.Calendar]int // read and about to be published, by how many attempts
}

const (
	// hostAttempts is how many attempts of a host may start before one of them has ended or become
	// slow.
	hostAttempts = 4
	// slowAttempt is when an attempt frees its place for the next one: three hundred feeds of which
	// each hangs must not delay the others of their host for hours.
	slowAttempt = 2 * time.Second
	// firstPause and lastPause bound how long a host is left alone that does not say for how long.
	firstPause = 15 * time.Minute
	lastPause  = 6 * time.Hour
	// pausedOwners is how many owners a host has to have paused, and more than half of those with
	// feeds there, before the others are paused too, for firstPause.
	pausedOwners = 3
	// allAttempts is how many attempts run at a time, of all hosts. A tenant has at most
	// tenantAttempts of them; the operator leaves as many free.
	allAttempts      = 512
	tenantAttempts   = 64
	operatorAttempts = allAttempts - tenantAttempts
)

func newOwner(name string) *owner {
	if name == "" {
		return &owner{
			maxRunning: operatorAttempts, maxFiles: fileReaders - filesOfTenant,
			readers: newSemaphore(maxReaders), bodySlots: newSemaphore(largeBodies),
		}
	}
	return &owner{
		name: name, maxRunning: tenantAttempts, maxFiles: filesOfTenant,
		readers: newSemaphore(1), bodySlots: newSemaphore(largeOfTenant),
	}
}

// share is an owner's part of the host.
func (h *host) share(o *owner) *share {
	if h.shares[o] == nil {
		if h.shares == nil {
			h.shares = map[*owner]*share{}
		}
		h.shares[o] = &share{host: h, owner: o}
	}
	return h.shares[o]
}

// allowedFrom is the next moment from now on at which the host may be requested for the owner.
func (s *share) allowedFrom(now time.Time) time.Time {
	at := now
	for _, other := range [2]time.Time{s.host.pausedUntil, s.pausedUntil} {
		if other.After(at) {
			at = other
		}
	}
	return at
}

// enqueue adds a feed to those that wait for a place.
func (s *share) enqueue(f *feed) {
	s.waiting = append(s.waiting, f)
	f.waiting = true
	if !s.queued {
		s.queued = true
		s.host.turns = append(s.host.turns, s)
	}
}

// remove removes a feed from those that wait.
func (s *share) remove(f *feed) {
	if f.waiting {
		s.waiting = slices.DeleteFunc(s.waiting, func(other *feed) bool { return other == f })
		f.waiting = false
	}
}

// pop removes the feed that has waited longest. Others are not moved: in a large installation
// 20,000 may wait.
func (s *share) pop() *feed {
	f := s.waiting[0]
	s.waiting[0] = nil
	s.waiting = s.waiting[1:]
	f.waiting = false
	return f
}

// start counts an attempt.
func (s *share) start(now time.Time) {
	s.owner.running++
	s.host.start(now)
}

// start counts a request at the host.
func (h *host) start(now time.Time) {
	h.running++
	if h.interval > 0 {
		h.next = now.Add(h.interval)
	}
}

// finish records how an attempt went.
func (s *share) finish(f Fetched, now time.Time) {
	switch {
	case f.Busy:
		if !now.Before(s.pausedUntil) { // Attempts that ran at the same time say the same.
			s.refusals++
		}
		pause := f.RetryAfter
		if pause == 0 {
			pause = backoff(firstPause, lastPause, s.refusals)
		}
		if until := now.Add(pause); until.After(s.pausedUntil) {
			s.pausedUntil = until
		}
		s.host.pauseAll(now)
	case f.Err == nil:
		s.refusals = 0
	}
}

// pauseAll pauses all owners for a while once the host has paused most of them.
func (h *host) pauseAll(now time.Time) {
	paused := 0
	for _, s := range h.shares {
		if s.pausedUntil.After(now) {
			paused++
		}
	}
	if paused >= pausedOwners && 2*paused > len(h.shares) {
		h.pausedUntil = now.Add(firstPause)
	}
}

// backoff doubles from first to last.
func backoff(first, last time.Duration, times int) time.Duration {
	pause := first
	for ; times > 1 && pause < last; times-- {
		pause *= 2
	}
	return min(pause, last)
}
