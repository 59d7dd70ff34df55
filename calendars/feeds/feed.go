package feeds

import (
	"crypto/sha256"
	"errors"
	"fmt"
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
	kept          copiesOn
	validators    Validators
	whole         time.Time     // when a body was last fetched unconditionally
	maxAge        time.Duration // how long the server called that fresh
	print         string        // of files: what shows without reading them that they have changed
	reread        time.Time     // of files: when they were last read

	next    time.Time // of the next attempt
	place   int       // in the queue; -1: not in it
	waits   bool      // for a place at its host
	running bool
	begun   int           // attempts
	ended   chan struct{} // closed when the attempt that runs, or the next one, has ended
	asked   bool          // somebody waits for an attempt that has not begun: no pause holds
	wanted  bool          // somebody waits for the one that has begun
	byHand  byHand
	waiters int // requests that wait for an attempt

	last    Fetched   // how the last attempt went, without its body
	lastAt  time.Time // when it ended; zero: none has
	failing time.Time // since when attempts fail; zero: the last one did not
	failed  int       // how many in a row
	said    time.Time // when the log last said that it fails

	rewrites  int       // attempts in a row after which a copy could not be written
	rewriteAt time.Time // when the body is fetched whole, to write it again; zero: nothing is to be written
}

// kept is the copy of a feed that calendars on the same terms use.
type kept struct {
	calendar *calendars.Calendar // nil: there is none
	read     time.Time           // when it was last read or confirmed
	stale    bool                // the last attempt did not confirm it

	held time.Time // when a body was first seen that lost too much; zero: none is held back

	stored  [sha256.Size]byte // of the body that the copy on disk has; zero: none that can be confirmed
	unsaved bool              // the copy on disk is an older body's, or of the former format, and is to be written
	pending bool              // unsaved as soon as copies are ours to write
	undated bool              // read is the time of a file, which copying changes
	crowded bool              // the copy on disk is not written because the tenant has too much there
}

// copiesOn are the copies of a feed by the terms on which calendars use them, each once. They are a
// list because there is hardly ever more than one, and a map would weigh a kilobyte for each feed.
type copiesOn []copyOn

type copyOn struct {
	terms
	*kept
}

// on is the copy on some terms; nil if nobody asks for it.
func (c copiesOn) on(t terms) *kept {
	for i := range c {
		if c[i].terms == t {
			return c[i].kept
		}
	}
	return nil
}

// put makes a copy the one on some terms.
func (c *copiesOn) put(t terms, k *kept) {
	for i := range *c {
		if (*c)[i].terms == t {
			(*c)[i].kept = k
			return
		}
	}
	*c = append(*c, copyOn{t, k})
}

const (
	// seenTwice is how long a body that lost its events has to last before it is believed.
	seenTwice = 10 * time.Minute
	// believeValidators is how long a server's word is taken that nothing has changed; some say so
	// for ever.
	believeValidators = 6 * time.Hour
	// firstRetry and lastRetry bound the pause after failures.
	firstRetry = time.Minute
	lastRetry  = time.Hour
)

// bodyReader reads files of a hash, unless it refuses to.
type bodyReader func(sum [sha256.Size]byte, files []ical.File, limits ical.Limits) (*calendars.Calendar, error)

// after is the copy after a body was read, whole: the new one, the old one confirmed, or the old
// one while the body has to be seen again or cannot be used.
func (k kept) after(t terms, files []ical.File, now time.Time, read bodyReader) (kept, metrics.FetchResult, error) {
	sum := calendars.Sum(files)
	if k.calendar != nil && k.calendar.Sum() == sum {
		return k.confirmed(now), metrics.Unchanged, nil
	}
	calendar, err := read(sum, files, t.Limits)
	if err != nil {
		k.stale = true
		return k, resultOfBody(err), err
	}
	if k.calendar != nil && t.doubts(k.calendar.Len(), calendar.Len()) {
		if k.held.IsZero() {
			k.held = now
		}
		if now.Sub(k.held) < seenTwice {
			k.stale = true
			return k, metrics.Shrunk,
				fmt.Errorf(
					"%d events where there were %d; that has to be seen twice, 10 minutes apart, before it is believed",
					calendar.Len(), k.calendar.Len())
		}
	}
	return kept{calendar: calendar, read: now, unsaved: true}, metrics.OK, nil
}

// confirmed is the copy when its feed holds the same as ever.
func (k kept) confirmed(now time.Time) kept {
	k.read, k.stale, k.held, k.undated = now, false, time.Time{}, false
	return k
}

// doubts reports whether a body has to be seen twice that has so many events after so many.
func (t terms) doubts(before, after int) bool {
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

// lacks reports whether somebody has no copy of the feed.
func (f *feed) lacks() bool {
	for _, k := range f.kept {
		if k.calendar == nil {
			return true
		}
	}
	return false
}

// holding reports whether a body is held back until it was seen again.
func (f *feed) holding() bool {
	for _, k := range f.kept {
		if !k.held.IsZero() {
			return true
		}
	}
	return false
}

// unsaved reports whether a copy on disk is to be written.
func (f *feed) unsaved() bool {
	for _, k := range f.kept {
		if k.unsaved {
			return true
		}
	}
	return false
}

// conditions are the validators to send: none where the whole body is wanted, as by somebody who
// asks for it, and now and then.
func (f *feed) conditions(now time.Time) Validators {
	if f.wanted || f.lacks() || f.holding() || f.unsaved() && !now.Before(f.rewriteAt) ||
		now.Sub(f.whole) >= believeValidators {
		return Validators{}
	}
	return f.validators
}
