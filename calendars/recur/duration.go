package recur

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/callhours/callhours/internal/diag"
)

// Duration is a DURATION (RFC 5545, 3.3.6): days are nominal, as long as the clocks make them;
// seconds are exact.
type Duration struct{ Days, Seconds int64 }

// LongestDuration is more than a feed can mean, and far from overflow; days.
const LongestDuration = (LastYear + 1) * 366

// ParseDuration reads "P1DT2H30M", "P2W", "PT45M" and so on, with an optional sign.
func ParseDuration(text string) (Duration, error) {
	bad := func() (Duration, error) {
		return Duration{}, fmt.Errorf("expected a duration such as PT1H30M or P2D, found %s", diag.Quote(text))
	}
	rest := strings.ToUpper(strings.TrimSpace(text))
	negative := strings.HasPrefix(rest, "-")
	rest, ok := strings.CutPrefix(strings.TrimLeft(rest, "+-"), "P")
	if !ok || rest == "" {
		return bad()
	}
	var d Duration
	timed := false
	for rest != "" {
		if rest[0] == 'T' && !timed {
			timed, rest = true, rest[1:]
			continue
		}
		digits := len(rest) - len(strings.TrimLeft(rest, "0123456789"))
		n, err := strconv.ParseInt(rest[:digits], 10, 64)
		if err != nil || digits == len(rest) || n > LongestDuration*Day {
			return bad()
		}
		switch unit := rest[digits]; {
		case unit == 'W' && !timed:
			d.Days += 7 * n
		case unit == 'D' && !timed:
			d.Days += n
		case unit == 'H' && timed:
			d.Seconds += n * Hour
		case unit == 'M' && timed:
			d.Seconds += n * Minute
		case unit == 'S' && timed:
			d.Seconds += n
		default:
			return bad()
		}
		if rest = rest[digits+1:]; d.Days > LongestDuration || d.Seconds > LongestDuration*Day {
			return bad()
		}
	}
	if negative {
		d = Duration{-d.Days, -d.Seconds}
	}
	return d, nil
}
