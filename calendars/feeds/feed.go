package feeds

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/callhours/callhours/calendars"
	"github.com/callhours/callhours/calendars/ical"
	"github.com/callhours/callhours/metrics"
)

// feed is one source, for all calendars that ask for it. It is guarded by its Store's mutex.
type feed struct {
	key           string
	subject       string // what the log calls it when reading it panics
	owner         *owner
	host          *host           // nil for files, as is share
	share         *share          // of its host, its owner's
	subscriptions []*Subscription // never none
	snapshots     snapshots
	validators    Validators
	lastFull      time.Time     // when a body was last fetched unconditionally
	maxAge        time.Duration // how long the server called that fresh
	fingerprint   string        // of files: differs once names, sizes or times do
	lastRead      time.Time     // of files: when they were last read

	next        time.Time // of the next attempt
	place       int       // in the queue; -1: not in it
	waiting     bool      // for a place at its host
	running     bool
	attempts    int           // that have started
	ended       chan struct{} // closed when the attempt that runs, or the next one, has ended
	requested   bool          // a request waits for the next attempt: no pause holds
	manual      bool          // a request waits for the attempt that runs
	manualLimit manualLimit
	waiters     int // requests that wait for an attempt

	last         Fetched   // how the last attempt went, without its body
	lastEnded    time.Time // when it ended; zero: none has
	failingSince time.Time // since when attempts fail; zero: the last one did not
	failures     int       // how many in a row
	lastLogged   time.Time // when the log last said that it fails

	rewrites  int       // attempts in a row after which a copy could not be written
	rewriteAt time.Time // when the body is fetched whole, to write it again; zero: nothing is to be written
}

// snapshot is the copy of a feed for the calendars on the same terms.
type snapshot struct {
	calendar *calendars.Calendar // nil: there is none
	read     time.Time           // when it was last read or confirmed
	stale    bool                // the last attempt did not confirm it

	heldSince time.Time // when a body was first seen that lost too much; zero: none is held back

	savedSum  [sha256.Size]byte // of the body that the copy on disk has; zero: none that can be confirmed
	unsaved   bool              // the copy on disk is an older body's, or of the earlier format, and is to be written
	pending   bool              // unsaved as soon as copies are ours to write
	undated   bool              // read is the time of a file, which copying changes
	overQuota bool              // the copy on disk is not written because the tenant has too much there
}

// snapshots are the copies of a feed, one for each terms that its calendars use. They are a list
// because there is hardly ever more than one, and a map would take a kilobyte for each feed.
type snapshots []termsSnapshot

type termsSnapshot struct {
	terms
	*snapshot
}

// get is the copy on some terms; nil if no calendar uses it.
func (s snapshots) get(t terms) *snapshot {
	for i := range s {
		if s[i].terms == t {
			return s[i].snapshot
		}
	}
	return nil
}

// set replaces the copy on some terms.
func (s *snapshots) set(t terms, snap *snapshot) {
	for i := range *s {
		if (*s)[i].terms == t {
			(*s)[i].snapshot = snap
			return
		}
	}
	*s = append(*s, termsSnapshot{t, snap})
}

const (
	// shrinkDelay is how long a body that lost its events has to last before it is accepted.
	shrinkDelay = 10 * time.Minute
	// validatorLifetime is how long "not modified" is accepted; some servers say so for ever.
	validatorLifetime = 6 * time.Hour
	// firstRetry and lastRetry bound the pause after failures.
	firstRetry = time.Minute
	lastRetry  = time.Hour
)

// bodyReader reads files of a hash, unless it refuses to.
type bodyReader func(sum [sha256.Size]byte, files []ical.File, limits ical.Limits) (*calendars.Calendar, error)

// replace is the copy after a body was read: the new one, the old one confirmed, or the old one
// while the body has to be seen again or cannot be used.
func (snap snapshot) replace(t terms, files []ical.File, now time.Time, read bodyReader) (
	snapshot, metrics.FetchResult, error,
) {
	sum := calendars.Sum(files)
	if snap.calendar != nil && snap.calendar.Sum() == sum {
		return snap.confirm(now), metrics.Unchanged, nil
	}
	calendar, err := read(sum, files, t.Limits)
	if err != nil {
		snap.stale = true
		return snap, resultOfBody(err), err
	}
	if snap.calendar != nil && t.isSuspicious(snap.calendar.Len(), calendar.Len()) {
		if snap.heldSince.IsZero() {
			snap.heldSince = now
		}
		if now.Sub(snap.heldSince) < shrinkDelay {
			snap.stale = true
			return snap, metrics.Shrunk,
				fmt.Errorf(
					"%d events where there were %d; that has to be seen twice, 10 minutes apart, before it is believed",
					calendar.Len(), snap.calendar.Len())
		}
	}
	return snapshot{calendar: calendar, read: now, unsaved: true}, metrics.OK, nil
}

// confirm is the copy when its feed still holds the same.
func (snap snapshot) confirm(now time.Time) snapshot {
	snap.read, snap.stale, snap.heldSince, snap.undated = now, false, time.Time{}, false
	return snap
}

// isSuspicious reports whether a body with so many events after so many has to be seen twice.
func (t terms) isSuspicious(before, after int) bool {
	if t.ShrinkGuard > 0 {
		return after*100 < before*(100-t.ShrinkGuard)
	}
	return before > 0 && after == 0
}

// resultOfBody is how reading a body ended that cannot be used.
func resultOfBody(err error) metrics.FetchResult {
	switch {
	case errors.Is(err, ical.ErrTruncated):
		return metrics.Truncated
	case errors.Is(err, ical.ErrTooBig):
		return metrics.TooBig
	}
	return metrics.NotCalendar
}

// lacksCopy reports whether a calendar has no copy of the feed.
func (f *feed) lacksCopy() bool {
	for _, k := range f.snapshots {
		if k.calendar == nil {
			return true
		}
	}
	return false
}

// holdsBack reports whether a body is held back until it was seen again.
func (f *feed) holdsBack() bool {
	for _, k := range f.snapshots {
		if !k.heldSince.IsZero() {
			return true
		}
	}
	return false
}

// unsaved reports whether a copy on disk is to be written.
func (f *feed) unsaved() bool {
	for _, k := range f.snapshots {
		if k.unsaved {
			return true
		}
	}
	return false
}

// requestValidators are the validators to send: none where the whole body is needed, as for a
// manual refresh, and now and then.
func (f *feed) requestValidators(now time.Time) Validators {
	if f.manual || f.lacksCopy() || f.holdsBack() || f.unsaved() && !now.Before(f.rewriteAt) ||
		now.Sub(f.lastFull) >= validatorLifetime {
		return Validators{}
	}
	return f.validators
}

// names are the calendars of the feed.
func (f *feed) names() []string {
	var names []string
	for _, sub := range f.subscriptions {
		names = append(names, sub.Calendar)
	}
	slices.Sort(names)
	return names
}
