package calendars

import "time"

// Snapshot is what a calendar is worth at a moment. The zero Snapshot is that of a calendar that was
// never read.
type Snapshot struct {
	Calendar *Calendar // the last good copy; nil: unknown
	Read     time.Time // when that was read or confirmed; zero: never
	Stale    bool      // it is older than the last attempt, or of the source that the calendar had before
	Err      error     // why the last attempt brought nothing; nil after a good one
	Why      string    // in a few words why the calendar is unknown; "" if it is known
	Doubt    string    // why Read may be wrong; "" if it can be believed
	// why the copy is not kept on disk though others are: its tenant has too much there; nil: it
	// is, or nothing is
	Unkept error
}

// Dated is Read, or zero where that is in the future.
func (s Snapshot) Dated() time.Time {
	if s.Doubt == FromFuture {
		return time.Time{}
	}
	return s.Read
}

// Unknown reports whether nothing is known of the calendar, so that nothing may be decided by it.
func (s Snapshot) Unknown() bool { return s.Calendar == nil }

// NeverRead is why a calendar is unknown that was never read.
const NeverRead = "it was never read"

// FromFuture is the doubt about a copy whose age cannot be known.
const FromFuture = "it is dated in the future; was the clock wrong then, or is it now?"
