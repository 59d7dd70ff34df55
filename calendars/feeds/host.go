package feeds

import (
	"slices"
	"time"

	"github.com/callhours/callhours/calendars"
)

// host is a server that feeds come from: a few attempts at a time, by turns of the owners of the
// feeds, spread as the operator likes. It is guarded by its Store's mutex, as are the following.
type host struct {
	pace    time.Duration // between two attempts; 0: none
	running int           // attempts that take a place
	next    time.Time     // when the pace allows another attempt
	until   time.Time     // no attempt of any owner before, since several were told to wait
	shares  map[*owner]*share
	turns   []*share // those with feeds that wait, in order
	ready   bool     // it is in an owner's list of those with something to begin
}

// share is what an owner has of a host: the feeds that wait, and the pause that the host asked for.
// What a host tells one owner holds for that owner's feeds: another's may be other accounts, and
// somebody's page on a shared host may say anything.
type share struct {
	host    *host
	owner   *owner
	waiting []*feed   // for a place, in order
	queued  bool      // it is among its host's turns or its owner's blocked
	until   time.Time // no attempt before
	refused int       // how often in a row the host had enough of the owner
}

// owner is the operator or a tenant.
type owner struct {
	name    string   // "": the operator
	most    int      // attempts at a time, of all hosts
	running int      // attempts
	blocked []*share // whose turn came while most were running
	ready   []*host  // where it is the owner's turn, in order

	maxFiles int     // calendars' files at a time
	reading  int     // attempts of files
	unread   []*feed // files that wait to be read, in order
	queued   bool    // it is among those whose turn it is with files
	globs    globs

	readers chan struct{} // holds one for each body that is being read or waits to be
	large   *allowance    // see room

	full     time.Time                   // when the log last said that copies of it find no room on disk
	arriving map[*calendars.Calendar]int // those that were read and are about to be kept, by how many attempts
}

const (
	// places is how many attempts of a host may begin before one of them has ended or grown slow.
	places = 4
	// slow is when an attempt gives its place to the next one: three hundred feeds of which each
	// hangs must not keep the others of their host waiting for hours.
	slow = 2 * time.Second
	// firstPause and lastPause bound how long a host is left alone that says only that it has had
	// enough.
	firstPause = 15 * time.Minute
	lastPause  = 6 * time.Hour
	// several is how many owners a host has to have told to wait, and more than half of those with
	// feeds there, before the others wait too, for firstPause.
	several = 3
	// atOnce is how many attempts run at a time, of all hosts; a tenant has perTenant of them at
	// most, and the operator leaves as many.
	atOnce      = 512
	perTenant   = 64
	perOperator = atOnce - perTenant
)

func newOwner(name string) *owner {
	if name == "" {
		return &owner{
			most: perOperator, maxFiles: fileReaders - filesOfTenant,
			readers: make(chan struct{}, maxReaders), large: newAllowance(largeBodies),
		}
	}
	return &owner{
		name: name, most: perTenant, maxFiles: filesOfTenant,
		readers: make(chan struct{}, 1), large: newAllowance(largeOfTenant),
	}
}

// share is what an owner has of the host.
func (h *host) share(o *owner) *share {
	if h.shares[o] == nil {
		if h.shares == nil {
			h.shares = map[*owner]*share{}
		}
		h.shares[o] = &share{host: h, owner: o}
	}
	return h.shares[o]
}

// admits is when the host may be asked for the owner's feeds, from now on.
func (s *share) admits(now time.Time) time.Time {
	at := now
	for _, other := range [2]time.Time{s.host.until, s.until} {
		if other.After(at) {
			at = other
		}
	}
	return at
}

// wait makes a feed wait for a place.
func (s *share) wait(f *feed) {
	s.waiting = append(s.waiting, f)
	f.waits = true
	if !s.queued {
		s.queued = true
		s.host.turns = append(s.host.turns, s)
	}
}

// dismiss makes a feed wait no longer.
func (s *share) dismiss(f *feed) {
	if f.waits {
		s.waiting = slices.DeleteFunc(s.waiting, func(other *feed) bool { return other == f })
		f.waits = false
	}
}

// pop is the feed that has waited longest. Others are not moved: of a large installation 20,000 may
// wait.
func (s *share) pop() *feed {
	f := s.waiting[0]
	s.waiting[0] = nil
	s.waiting = s.waiting[1:]
	f.waits = false
	return f
}

// began counts an attempt.
func (s *share) began(now time.Time) {
	s.owner.running++
	s.host.running++
	if s.host.pace > 0 {
		s.host.next = now.Add(s.host.pace)
	}
}

// ended takes in how an attempt went.
func (s *share) ended(f Fetched, now time.Time) {
	switch {
	case f.Busy:
		if !now.Before(s.until) { // Attempts that ran at the same time say the same.
			s.refused++
		}
		pause := f.RetryAfter
		if pause == 0 {
			pause = backoff(firstPause, lastPause, s.refused)
		}
		if until := now.Add(pause); until.After(s.until) {
			s.until = until
		}
		s.host.believe(now)
	case f.Err == nil:
		s.refused = 0
	}
}

// believe makes all owners wait for a while once the host has told most of them to.
func (h *host) believe(now time.Time) {
	told := 0
	for _, s := range h.shares {
		if s.until.After(now) {
			told++
		}
	}
	if told >= several && 2*told > len(h.shares) {
		h.until = now.Add(firstPause)
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
