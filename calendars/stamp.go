package calendars

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// form is how a time is tied to the world (RFC 5545, 3.3.4 and 3.3.5).
type form int

const (
	dateForm     form = iota // a DATE: a day of whoever looks at it
	floatingForm             // a local time without a zone: of whoever looks at it
	utcForm
	zonedForm
)

// stamp is a DATE or DATE-TIME as written: what the wall clock shows, and whose.
type stamp struct {
	civil int64 // midnight for a DATE
	form  form
	zone  *time.Location // of a zonedForm
}

// parseStamp reads "20261224", "20261224T090000" or "20261224T090000Z" by its shape: a date without VALUE=DATE is
// common and means a DATE. 24:00 is the next midnight, and a 61st second the 60th.
func parseStamp(text string) (stamp, error) {
	bad := func() (stamp, error) {
		return stamp{}, fmt.Errorf("want a time such as 20261224 or 20261224T090000Z, found %s", quote(text))
	}
	date, clock, timed := strings.Cut(strings.ToUpper(strings.TrimSpace(text)), "T")
	year, month, dayOfMonth, ok := cutDigits(date, 4)
	if !ok || month < 1 || month > 12 || dayOfMonth < 1 || dayOfMonth > monthLength(year, month) {
		return bad()
	}
	s := stamp{civil: int64(dayOf(year, month, dayOfMonth)) * day}
	if !timed {
		return s, nil
	}
	s.form = floatingForm
	if local, ok := strings.CutSuffix(clock, "Z"); ok {
		clock, s.form = local, utcForm
	}
	h, m, sec, ok := cutDigits(clock, 2)
	if !ok || h > 24 || m > 59 || sec > 60 || h == 24 && m+sec > 0 {
		return bad()
	}
	s.civil += int64(h)*hour + int64(m)*minute + int64(min(sec, 59))
	return s, nil
}

// cutDigits cuts a number of the given width and two of two digits from a text that holds nothing else.
func cutDigits(text string, width int) (a, b, c int, ok bool) {
	if len(text) != width+4 || strings.Trim(text, "0123456789") != "" {
		return 0, 0, 0, false
	}
	a, _ = strconv.Atoi(text[:width])
	b, _ = strconv.Atoi(text[width : width+2])
	c, _ = strconv.Atoi(text[width+2:])
	return a, b, c, true
}

// duration is a DURATION (3.3.6): days are nominal, as long as the clocks make them; seconds are exact.
type duration struct{ days, seconds int64 }

// longestDuration is more than a feed can mean, and far from overflow; days.
const longestDuration = (lastYear + 1) * 366

// parseDuration reads "P1DT2H30M", "P2W", "PT45M" and so on, with an optional sign.
func parseDuration(text string) (duration, error) {
	bad := func() (duration, error) {
		return duration{}, fmt.Errorf("want a duration such as PT1H30M or P2D, found %s", quote(text))
	}
	rest := strings.ToUpper(strings.TrimSpace(text))
	negative := strings.HasPrefix(rest, "-")
	rest, ok := strings.CutPrefix(strings.TrimLeft(rest, "+-"), "P")
	if !ok || rest == "" {
		return bad()
	}
	var d duration
	timed := false
	for rest != "" {
		if rest[0] == 'T' && !timed {
			timed, rest = true, rest[1:]
			continue
		}
		digits := len(rest) - len(strings.TrimLeft(rest, "0123456789"))
		n, err := strconv.ParseInt(rest[:digits], 10, 64)
		if err != nil || digits == len(rest) || n > longestDuration*day {
			return bad()
		}
		switch unit := rest[digits]; {
		case unit == 'W' && !timed:
			d.days += 7 * n
		case unit == 'D' && !timed:
			d.days += n
		case unit == 'H' && timed:
			d.seconds += n * hour
		case unit == 'M' && timed:
			d.seconds += n * minute
		case unit == 'S' && timed:
			d.seconds += n
		default:
			return bad()
		}
		if rest = rest[digits+1:]; d.days > longestDuration || d.seconds > longestDuration*day {
			return bad()
		}
	}
	if negative {
		d = duration{-d.days, -d.seconds}
	}
	return d, nil
}

// clock turns stamps into instants for one View. It is not safe for concurrent use.
type clock struct {
	view  View
	walls map[*time.Location]*wall
}

func newClock(view View) *clock {
	if view.Zone == nil {
		view.Zone = time.UTC
	}
	return &clock{view: view, walls: map[*time.Location]*wall{}}
}

// wall is the wall clock that a stamp is written on.
func (c *clock) wall(s stamp) *wall {
	zone := c.view.Zone
	switch s.form {
	case utcForm:
		zone = time.UTC
	case zonedForm:
		zone = s.zone
	}
	w := c.walls[zone]
	if w == nil {
		w = &wall{zone: zone}
		c.walls[zone] = w
	}
	return w
}

// instant is where a stamp lies in time, a DATE at the hour that the day starts.
func (c *clock) instant(s stamp) int64 {
	if s.form == dateForm {
		s.civil += int64(c.view.DayStarts / time.Second)
	}
	return c.wall(s).instant(s.civil)
}

// on is a stamp as civil time on another stamp's wall clock.
func (c *clock) on(s, other stamp) int64 {
	if c.wall(s) == c.wall(other) {
		return s.civil
	}
	return c.wall(other).civil(c.wall(s).instant(s.civil))
}

// date is the midnight of the day that a stamp means where whole days are meant. Outlook writes local midnight in UTC,
// which has to be converted; others write the date with T000000Z or T235959Z, which must not be.
func (c *clock) date(s stamp) int64 {
	civil := s.civil
	if s.form == utcForm && !s.isDate() {
		civil = c.on(s, stamp{})
	}
	return civil - floorMod(civil, day)
}

// isDay reports whether a stamp is a DATE.
func (s stamp) isDay() bool { return s.form == dateForm }

// isDate reports whether a time is what programs and people write who mean the date alone: the
// first or the last second of it.
func (s stamp) isDate() bool {
	second := floorMod(s.civil, day)
	return second == 0 || second == day-1
}
