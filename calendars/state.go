package calendars

import "time"

// State is what a calendar is worth at a moment. The zero State is that of a calendar that was never read.
type State struct {
	Calendar *Calendar // the last good copy; nil: unknown
	Read     time.Time // when that was read; zero: never
	Err      error     // why the last attempt brought nothing; nil after a good one
}

// Unknown reports whether nothing is known of the calendar, so that nothing may be decided by it.
func (s State) Unknown() bool { return s.Calendar == nil }
