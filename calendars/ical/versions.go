package ical

import (
	"cmp"
	"fmt"
	"strconv"

	"github.com/callhours/callhours/calendars/recur"
	"github.com/callhours/callhours/calendars/zones"
)

// Key is the same for all versions of an event.
func (e *Event) Key() string {
	if e.UID == "" { // Nothing says that two such events are one.
		return fmt.Sprintf("\x00%s:%d", e.File, e.Line)
	}
	if e.Replaces == nil {
		return e.UID
	}
	s := *e.Replaces
	if s.Form == recur.Zoned {
		s = Time{Time: recur.Time{Civil: zones.Instant(s.Civil, s.Zone), Form: recur.UTC}}
	}
	return e.UID + "\x00" + strconv.Itoa(int(s.Form)) + ":" + strconv.FormatInt(s.Civil, 10)
}

// Supersedes reports whether e, which stands later in the feed, is the valid version of the two
// (RFC 5546, 2.1.4 and 2.1.5).
func (e *Event) Supersedes(other *Event) bool {
	return cmp.Or(cmp.Compare(e.Sequence, other.Sequence), cmp.Compare(e.Modified, other.Modified)) >= 0
}

// Revises reports whether a series is a later version than a changed one of its occurrences, by
// SEQUENCE, else by LAST-MODIFIED. DTSTAMP does not count: many programs write the time of export
// there.
func (e *Event) Revises(changed *Event) bool {
	if e.Sequence != changed.Sequence {
		return e.Sequence > changed.Sequence
	}
	return e.Dated && changed.Dated && e.Modified > changed.Modified
}
