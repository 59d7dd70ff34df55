package zones

import (
	"time"

	"github.com/callhours/callhours/calendars/recur"
)

// Instant converts civil time in a zone to Unix seconds by RFC 5545, 3.3.5: a time that the clocks
// skip is read with the offset before the gap, one that they show twice is the first of the two.
// time.Date promises neither.
func Instant(civil int64, zone *time.Location) int64 {
	c := Clock{Zone: zone}
	return c.Instant(civil)
}

// Clock converts between the wall clock of a zone and instants, remembering the stretch of constant
// offset that it met last. The zero value of all but Zone is ready for use. It is not safe for
// concurrent use.
type Clock struct {
	Zone       *time.Location
	since, end int64 // the remembered stretch [since, end); empty at first
	offset     int64
}

// clockMargin is more than any change of offset: a civil time that far inside a stretch belongs to
// it alone.
const clockMargin = 2 * recur.Day

// unbounded stands for a stretch without beginning or end; additions to it must not overflow.
const unbounded = 1 << 60

// Stretch is the time around an instant, [since, end), for which the zone has the same offset from
// UTC, in seconds. What has no beginning or end begins or ends beyond all years.
func (c *Clock) Stretch(at int64) (offset, since, end int64) {
	offset = c.Offset(at)
	return offset, c.since, c.end
}

// Offset is the zone's offset from UTC at an instant, in seconds.
func (c *Clock) Offset(at int64) int64 {
	if at < c.since || at >= c.end {
		t := time.Unix(at, 0).In(c.Zone)
		since, end := t.ZoneBounds()
		_, offset := t.Zone()
		c.since, c.end, c.offset = -unbounded, unbounded, int64(offset)
		if !since.IsZero() {
			c.since = since.Unix()
		}
		if !end.IsZero() {
			c.end = end.Unix()
		}
	}
	return c.offset
}

// Instant is [Instant] in the zone of the clock.
func (c *Clock) Instant(civil int64) int64 {
	if at := civil - c.offset; at-clockMargin >= c.since && at+clockMargin < c.end {
		return at
	}
	// Of the offsets a day before and after, the one before gives the earlier reading of a repeated
	// time, and is the one that 3.3.5 wants for a skipped time.
	before, after := c.Offset(civil-recur.Day), c.Offset(civil+recur.Day)
	for _, offset := range [2]int64{max(before, after), min(before, after)} {
		if at := civil - offset; c.Offset(at) == offset {
			return at
		}
	}
	return civil - before
}

// Civil is what the wall clock shows at an instant.
func (c *Clock) Civil(at int64) int64 { return at + c.Offset(at) }
