package ical

import (
	"time"

	"github.com/callhours/callhours/calendars/recur"
)

// Time is a DATE or DATE-TIME as written: what the wall clock shows, and whose.
type Time struct {
	recur.Time
	Zone *time.Location // of a Zoned
}
