package main

import (
	"fmt"
	"time"

	"github.com/callhours/callhours/calendars"
)

// moment reads a time as people write it: RFC 3339, or a date and perhaps a time in the zone. A time that the clocks skip is
// taken by RFC 5545 3.3.5, as events are.
func moment(text string, zone *time.Location) (time.Time, error) {
	if t, err := time.Parse(time.RFC3339, text); err == nil {
		return t.In(zone), nil
	}
	for _, layout := range []string{"2006-01-02 15:04", "2006-01-02 15:04:05", "2006-01-02T15:04", "2006-01-02T15:04:05", time.DateOnly} {
		if t, err := time.Parse(layout, text); err == nil {
			return time.Unix(calendars.Instant(t.Unix(), zone), 0).In(zone), nil
		}
	}
	return time.Time{}, fmt.Errorf("%q is no moment: want RFC 3339, such as 2026-12-25T10:00:00Z, or 2026-12-25 10:00, or 2026-12-25", text)
}
