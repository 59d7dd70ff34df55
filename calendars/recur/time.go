package recur

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/callhours/callhours/internal/diag"
)

// Form is how a time is tied to the world (RFC 5545, 3.3.4 and 3.3.5).
type Form int

// The forms of a time. Those without a zone are read in the reader's.
const (
	Date     Form = iota // a DATE: a day
	Floating             // a local time without a zone
	UTC
	Zoned // a local time of a zone; ParseTime gives none, since TZID is a parameter
)

// Time is a DATE or DATE-TIME as written: what the wall clock shows, and how that is tied to the
// world.
type Time struct {
	Civil int64 // civil time; midnight for a DATE
	Form  Form
}

// ParseTime reads "20261224", "20261224T090000" or "20261224T090000Z" by its shape: a date without
// VALUE=DATE is common and means a DATE. 24:00 is the next midnight, and a 61st second the 60th.
func ParseTime(text string) (Time, error) {
	bad := func() (Time, error) {
		return Time{}, fmt.Errorf("expected a time such as 20261224 or 20261224T090000Z, found %s", diag.Quote(text))
	}
	date, clock, timed := strings.Cut(strings.ToUpper(strings.TrimSpace(text)), "T")
	year, month, dayOfMonth, ok := parseDigits(date, 4)
	if !ok || month < 1 || month > 12 || dayOfMonth < 1 || dayOfMonth > monthLength(year, month) {
		return bad()
	}
	s := Time{Civil: Civil(year, month, dayOfMonth)}
	if !timed {
		return s, nil
	}
	s.Form = Floating
	if local, ok := strings.CutSuffix(clock, "Z"); ok {
		clock, s.Form = local, UTC
	}
	h, m, sec, ok := parseDigits(clock, 2)
	if !ok || h > 24 || m > 59 || sec > 60 || h == 24 && m+sec > 0 {
		return bad()
	}
	s.Civil += int64(h)*Hour + int64(m)*Minute + int64(min(sec, 59))
	return s, nil
}

// IsDate reports whether a time is a DATE.
func (t Time) IsDate() bool { return t.Form == Date }

// MeansDate reports whether a time is what programs and people write who mean the date alone: the
// first or the last second of it.
func (t Time) MeansDate() bool {
	second := SecondOfDay(t.Civil)
	return second == 0 || second == Day-1
}

// longestOffset is more than any zone has ever been from UTC.
const longestOffset = Day

// ParseOffset reads a UTC-OFFSET such as -0500 or +053730 (3.3.14), in seconds east of UTC.
func ParseOffset(text string) (*int64, error) {
	text = strings.TrimSpace(text)
	digits := text
	if strings.HasPrefix(text, "+") || strings.HasPrefix(text, "-") {
		digits = text[1:]
	}
	if len(digits) == 5 && digits[2] == ':' { // "+01:00"
		digits = digits[:2] + digits[3:]
	}
	if len(digits) == 4 {
		digits += "00"
	}
	h, m, s, ok := parseDigits(digits, 2)
	if !ok || m > 59 || s > 59 || h*Hour > longestOffset-Hour {
		return nil, fmt.Errorf("expected an offset such as -0500, found %s", diag.Quote(text))
	}
	offset := int64(h*Hour + m*Minute + s)
	if strings.HasPrefix(text, "-") {
		offset = -offset
	}
	return &offset, nil
}

// parseDigits reads a number of the given width and two numbers of two digits. ok is false if the
// text is not exactly these.
func parseDigits(text string, width int) (a, b, c int, ok bool) {
	if len(text) != width+4 || strings.Trim(text, "0123456789") != "" {
		return 0, 0, 0, false
	}
	a, _ = strconv.Atoi(text[:width])
	b, _ = strconv.Atoi(text[width : width+2])
	c, _ = strconv.Atoi(text[width+2:])
	return a, b, c, true
}
