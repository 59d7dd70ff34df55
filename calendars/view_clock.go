package calendars

import (
	"time"

	"github.com/callhours/callhours/calendars/ical"
	"github.com/callhours/callhours/calendars/recur"
	"github.com/callhours/callhours/calendars/zones"
)

// forever is after every instant; additions to it must not overflow.
const forever = 1 << 60

// clock turns stamps into instants for one View. It is not safe for concurrent use.
type clock struct {
	view   View
	clocks map[*time.Location]*zones.Clock
}

func newClock(view View) *clock {
	if view.Zone == nil {
		view.Zone = time.UTC
	}
	return &clock{view: view, clocks: map[*time.Location]*zones.Clock{}}
}

// zoneClock is the wall clock on which a stamp is written.
func (c *clock) zoneClock(s ical.Time) *zones.Clock {
	zone := c.view.Zone
	switch s.Form {
	case recur.UTC:
		zone = time.UTC
	case recur.Zoned:
		zone = s.Zone
	}
	w := c.clocks[zone]
	if w == nil {
		w = &zones.Clock{Zone: zone}
		c.clocks[zone] = w
	}
	return w
}

// instant is a stamp as an instant, a DATE at the hour at which the day starts.
func (c *clock) instant(s ical.Time) int64 {
	if s.Form == recur.Date {
		s.Civil += int64(c.view.DayStarts / time.Second)
	}
	return c.zoneClock(s).Instant(s.Civil)
}

// civilIn is a stamp as civil time on another stamp's wall clock.
func (c *clock) civilIn(s, other ical.Time) int64 {
	if c.zoneClock(s) == c.zoneClock(other) {
		return s.Civil
	}
	return c.zoneClock(other).Civil(c.zoneClock(s).Instant(s.Civil))
}

// date is the midnight of the day that a stamp means where whole days are meant. Outlook writes
// local midnight in UTC, which has to be converted; others write the date with T000000Z or
// T235959Z, which must not be.
func (c *clock) date(s ical.Time) int64 {
	civil := s.Civil
	if s.Form == recur.UTC && !s.MeansDate() {
		civil = c.civilIn(s, ical.Time{})
	}
	return recur.Midnight(civil)
}
