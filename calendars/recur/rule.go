// Package recur works out recurrence rules (RFC 5545, 3.3.10) as local times.
//
// All its arithmetic is on civil time: the time that a clock on the wall shows, without a zone, as
// seconds since 1970-01-01T00:00 on that clock. There is no other calendar than the Gregorian one,
// which it takes to be as old as time. What a civil time means in a zone, and what an UNTIL in UTC
// means there, is the caller's to know.
//
//	rule, err := recur.Parse("FREQ=MONTHLY;BYDAY=-1FR")
//	...
//	start := recur.Civil(2026, 1, 30) + 9*recur.Hour // DTSTART
//	for civil := range rule.Anchor(start).Starts(start, start, recur.Civil(2027, 1, 1), &recur.Budget{Left: 100_000}) {
//		year, month, date := recur.DateOf(civil)
//		...
//	}
//
// What a rule may take is bounded by a [Budget] of steps, the same on every machine; [Rule.Starts]
// begins where the window does, however long ago DTSTART was. Rules of any length and with any
// BYxxx parts are read; what could change the dates and is not understood is an error that says
// what was found and what is wanted. [ParseLenient], [NormalizeTime] and [NormalizeDuration] read
// also what people and programs write in place of RFC 5545 where it has one meaning only.
//
// A Rule is immutable and safe for concurrent use; a Budget is for one goroutine. The package reads
// no clock, does no I/O, and knows no zones, no events and no files.
package recur

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/callhours/callhours/internal/diag"
)

// Frequency is the FREQ of a rule, from the longest period to the shortest.
type Frequency int

// The frequencies of 3.3.10.
const (
	Yearly Frequency = iota
	Monthly
	Weekly
	Daily
	Hourly
	Minutely
	Secondly
)

var frequencies = []string{"YEARLY", "MONTHLY", "WEEKLY", "DAILY", "HOURLY", "MINUTELY", "SECONDLY"}

// weekdays are in the order of weekdayOf.
var weekdays = []string{"MO", "TU", "WE", "TH", "FR", "SA", "SU"}

// Rule is an RRULE or EXRULE as written. In the bit masks bit n stands for the value n; a mask or a
// list of zero length means that the part is absent.
type Rule struct {
	text      string    // as written
	Freq      Frequency // FREQ
	interval  int
	Count     int   // 0: no COUNT
	Until     *Time // UNTIL; nil: there is none
	weekStart int   // WKST, as weekdayOf

	months        uint16
	monthDays     uint32 // counted from the first of the month
	monthDaysBack uint32 // counted from its last
	weekdays      uint8
	nth           []nthWeekday
	yearDays      []int
	weeks         []int
	positions     []int
	hours         uint32
	minutes       uint64
	seconds       uint64
}

// nthWeekday is a BYDAY with an ordinal: the nth such weekday of the month or year, from its end
// when n is negative.
type nthWeekday struct{ n, weekday int }

// maxInterval keeps sums of periods far from overflow; a larger INTERVAL never comes round before
// the year 9999.
const maxInterval = 1 << 40

// maxList is more values than any BYxxx part has.
const maxList = 2 * 366

// ruleParts are the names of what a rule has.
var ruleParts = []string{
	"FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST", "BYMONTH", "BYMONTHDAY", "BYYEARDAY", "BYWEEKNO", "BYSETPOS",
	"BYHOUR",
	"BYMINUTE", "BYSECOND", "BYDAY", "RSCALE", "SKIP",
}

// IsPart reports whether a name is one of ruleParts, in any case of letters.
func IsPart(name string) bool { return slices.Contains(ruleParts, strings.ToUpper(name)) }

// Parse reads the value of an RRULE. It forgives what is found in real feeds and harmless: lower
// case, blanks, a trailing semicolon, X- parts, COUNT beside UNTIL. Anything that could change the
// dates is an error.
func Parse(text string) (*Rule, error) {
	r := &Rule{text: text, Freq: -1, interval: 1}
	seen := map[string]bool{}
	for part := range strings.SplitSeq(strings.ToUpper(text), ";") {
		name, value, ok := strings.Cut(part, "=")
		if word := strings.TrimSpace(part); !ok && word != "" {
			return nil, fmt.Errorf("expected parts such as COUNT=4, found %s", diag.Quote(word))
		}
		if !ok {
			continue
		}
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		if seen[name] {
			return nil, fmt.Errorf("%s is there twice", diag.Brief(name))
		}
		seen[name] = true
		if err := r.set(name, value); err != nil {
			return nil, err
		}
	}
	if r.Freq < 0 {
		return nil, fmt.Errorf("a rule needs FREQ, found %s", diag.Quote(text))
	}
	return r, nil
}

func (r *Rule) set(name, value string) (err error) {
	switch name {
	case "FREQ":
		r.Freq = Frequency(slices.Index(frequencies, value))
		if r.Freq < 0 {
			err = fmt.Errorf("expected FREQ to be one of %s, found %s", strings.Join(frequencies, ", "), diag.Quote(value))
		}
	case "INTERVAL":
		r.interval, err = positive(name, value)
	case "COUNT":
		r.Count, err = positive(name, value)
	case "UNTIL":
		var t Time
		if t, err = ParseTime(value); err != nil {
			err = fmt.Errorf("UNTIL: %w", err)
		}
		r.Until = &t
	case "WKST":
		if r.weekStart = slices.Index(weekdays, value); r.weekStart < 0 {
			err = fmt.Errorf("expected WKST to be one of %s, found %s", strings.Join(weekdays, ", "), diag.Quote(value))
		}
	case "BYMONTH":
		err = parseList(name, value, 1, 12, func(n int) { r.months |= 1 << n })
	case "BYMONTHDAY":
		err = parseList(name, value, -31, 31, func(n int) {
			if n > 0 {
				r.monthDays |= 1 << n
			} else {
				r.monthDaysBack |= 1 << -n
			}
		})
	case "BYYEARDAY":
		err = parseList(name, value, -366, 366, func(n int) { r.yearDays = append(r.yearDays, n) })
	case "BYWEEKNO":
		err = parseList(name, value, -53, 53, func(n int) { r.weeks = append(r.weeks, n) })
	case "BYSETPOS":
		err = parseList(name, value, -366, 366, func(n int) { r.positions = append(r.positions, n) })
	case "BYHOUR":
		err = parseList(name, value, 0, 23, func(n int) { r.hours |= 1 << n })
	case "BYMINUTE":
		err = parseList(name, value, 0, 59, func(n int) { r.minutes |= 1 << n })
	case "BYSECOND":
		// No zone of ours has leap seconds: the 61st second of a minute is its last.
		err = parseList(name, value, 0, 60, func(n int) { r.seconds |= 1 << min(n, 59) })
	case "BYDAY":
		err = r.setWeekdays(value)
	case "RSCALE":
		if value != "GREGORIAN" {
			err = fmt.Errorf("expected RSCALE=GREGORIAN, found %s", diag.Quote(value))
		}
	case "SKIP":
		if value != "OMIT" {
			err = fmt.Errorf("expected SKIP=OMIT, found %s", diag.Quote(value))
		}
	default:
		if !strings.HasPrefix(name, "X-") {
			err = fmt.Errorf("%s is not part of a rule", diag.Quote(name))
		}
	}
	return err
}

func (r *Rule) setWeekdays(value string) error {
	items := strings.Split(value, ",")
	if len(items) > maxList {
		return fmt.Errorf("BYDAY has %d values; %d are the most", len(items), maxList)
	}
	for _, item := range items {
		item = strings.TrimSpace(item)
		ordinal := item[:max(0, len(item)-2)]
		weekday := slices.Index(weekdays, item[len(ordinal):])
		n := 0
		if ordinal != "" {
			n, _ = strconv.Atoi(ordinal)
		}
		switch {
		case weekday < 0 || ordinal != "" && (n == 0 || n < -53 || n > 53):
			return fmt.Errorf("expected BYDAY to be weekdays such as MO or -1FR, found %s", diag.Quote(item))
		case n == 0:
			r.weekdays |= 1 << weekday
		default:
			r.nth = append(r.nth, nthWeekday{n, weekday})
		}
	}
	return nil
}

// positive reads a number from 1 on; one too long for the machine is a very large one.
func positive(name, value string) (int, error) {
	digits := strings.TrimPrefix(value, "+")
	if digits == "" || strings.Trim(digits, "0123456789") != "" || strings.Trim(digits, "0") == "" {
		return 0, fmt.Errorf("expected %s to be a number from 1 on, found %s", name, diag.Quote(value))
	}
	n, err := strconv.Atoi(digits)
	if err != nil {
		n = maxInterval
	}
	return min(n, maxInterval), nil
}

// parseList reads a list of numbers between low and high; where low is negative, 0 is not one of
// them.
func parseList(name, value string, low, high int, add func(int)) error {
	items := strings.Split(value, ",")
	if len(items) > maxList {
		return fmt.Errorf("%s has %d values; %d are the most", name, len(items), maxList)
	}
	span := fmt.Sprintf("from %d to %d", low, high)
	if low < 0 {
		span = fmt.Sprintf("from 1 to %d or %d to -1", high, low)
	}
	for _, item := range items {
		n, err := strconv.Atoi(strings.TrimSpace(item))
		if err != nil || n < low || n > high || n == 0 && low < 0 {
			return fmt.Errorf("expected %s to be numbers %s, found %s", name, span, diag.Quote(item))
		}
		add(n)
	}
	return nil
}

// String is the rule as written.
func (r *Rule) String() string { return r.text }

// Annual reports whether a rule repeats by the year, and onDate whether always on the date of
// DTSTART.
func (r *Rule) Annual() (annual, onDate bool) {
	return r.Freq == Yearly,
		!r.hasWeekdays() && len(r.weeks) == 0 && len(r.yearDays) == 0 && len(r.positions) == 0
}

func (r *Rule) hasMonthDays() bool { return r.monthDays|r.monthDaysBack != 0 }
func (r *Rule) hasWeekdays() bool  { return r.weekdays != 0 || len(r.nth) > 0 }

// Anchor is the rule with what it leaves out taken from DTSTART, a civil time (3.3.10: "information
// missing from the rule is derived from DTSTART").
func (r *Rule) Anchor(start int64) *Rule {
	a := *r
	d := int(floorDiv(start, Day))
	_, month, date := dateOf(d)
	if r.Freq > Monthly || len(r.weeks) > 0 {
		// An ordinal has no meaning here (3.3.10 forbids it): the weekday counts.
		a.nth = nil
		for _, nth := range r.nth {
			a.weekdays |= 1 << nth.weekday
		}
	}
	if !r.hasMonthDays() && !r.hasWeekdays() && len(r.yearDays) == 0 {
		switch {
		case r.Freq == Weekly && len(r.weeks) == 0, r.Freq == Yearly && len(r.weeks) > 0:
			a.weekdays = 1 << weekdayOf(d)
		case len(r.weeks) > 0:
		case r.Freq == Yearly && r.months == 0:
			a.months, a.monthDays = 1<<month, 1<<date
		case r.Freq <= Monthly:
			a.monthDays = 1 << date
		}
	}
	time := floorMod(start, Day)
	if r.Freq < Hourly && r.hours == 0 {
		a.hours = 1 << (time / Hour)
	}
	if r.Freq < Minutely && r.minutes == 0 {
		a.minutes = 1 << (time / Minute % 60)
	}
	if r.Freq < Secondly && r.seconds == 0 {
		a.seconds = 1 << (time % 60)
	}
	return &a
}

// matches applies every BYxxx part that speaks of days to one day. Applied to all days of a period
// it does what the table of 3.3.10 calls expand and limit alike.
func (r *Rule) matches(d, year, month, date int) bool {
	if r.months != 0 && r.months&(1<<month) == 0 {
		return false
	}
	if r.hasMonthDays() && r.monthDays&(1<<date) == 0 &&
		r.monthDaysBack&(1<<(monthLength(year, month)-date+1)) == 0 {
		return false
	}
	if r.hasWeekdays() && r.weekdays&(1<<weekdayOf(d)) == 0 && !r.matchesNth(d, year, month, date) {
		return false
	}
	if len(r.yearDays) > 0 {
		n := d - dayOf(year, 1, 1) + 1
		if !slices.Contains(r.yearDays, n) && !slices.Contains(r.yearDays, n-yearLength(year)-1) {
			return false
		}
	}
	return len(r.weeks) == 0 || r.matchesWeek(d, year)
}

// matchesNth counts weekdays within the month, or within the year for a YEARLY rule without
// BYMONTH.
func (r *Rule) matchesNth(d, year, month, date int) bool {
	if len(r.nth) == 0 {
		return false
	}
	before, left := date-1, monthLength(year, month)-date
	if r.Freq == Yearly && r.months == 0 {
		before = d - dayOf(year, 1, 1)
		left = yearLength(year) - 1 - before
	}
	weekday := weekdayOf(d)
	return slices.Contains(r.nth, nthWeekday{before/7 + 1, weekday}) ||
		slices.Contains(r.nth, nthWeekday{-(left/7 + 1), weekday})
}

func (r *Rule) matchesWeek(d, year int) bool {
	switch { // The first and last days of a year can belong to a week of its neighbour.
	case d < r.firstWeek(year):
		year--
	case d >= r.firstWeek(year+1):
		year++
	}
	first, next := r.firstWeek(year), r.firstWeek(year+1)
	n := (d-first)/7 + 1
	return slices.Contains(r.weeks, n) || slices.Contains(r.weeks, n-(next-first)/7-1)
}

// firstWeek is the first day of week 1 of a year: the week, beginning on WKST, that has at least
// four of its days.
func (r *Rule) firstWeek(year int) int {
	first := dayOf(year, 1, 1)
	elapsed := floorMod(weekdayOf(first)-r.weekStart, 7)
	if elapsed <= 3 {
		return first - elapsed
	}
	return first + 7 - elapsed
}
