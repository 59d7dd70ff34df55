package calendars

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// frequency is the FREQ of a rule, from the longest period to the shortest.
type frequency int

const (
	yearly frequency = iota
	monthly
	weekly
	daily
	hourly
	minutely
	secondly
)

var frequencies = []string{"YEARLY", "MONTHLY", "WEEKLY", "DAILY", "HOURLY", "MINUTELY", "SECONDLY"}

// weekdays are in the order of weekdayOf.
var weekdays = []string{"MO", "TU", "WE", "TH", "FR", "SA", "SU"}

// rule is an RRULE or EXRULE as written (RFC 5545, 3.3.10). In the bit masks bit n stands for the value n; a mask or a
// list of zero length means that the part is absent.
type rule struct {
	text     string // as written
	freq     frequency
	interval int
	count    int    // 0: no COUNT
	until    *stamp // nil: no UNTIL; its zone is the reader's to know
	weekFrom int    // WKST, as weekdayOf

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

// nthWeekday is a BYDAY with an ordinal: the nth such weekday of the month or year, from its end when n is negative.
type nthWeekday struct{ n, weekday int }

// maxInterval keeps sums of periods far from overflow; a larger INTERVAL never comes round before the year 9999.
const maxInterval = 1 << 40

// maxList is more values than any BYxxx part has.
const maxList = 2 * 366

// ruleParts are the names of what a rule has.
var ruleParts = []string{
	"FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST", "BYMONTH", "BYMONTHDAY", "BYYEARDAY", "BYWEEKNO", "BYSETPOS", "BYHOUR",
	"BYMINUTE", "BYSECOND", "BYDAY", "RSCALE", "SKIP",
}

// parseRule reads the value of an RRULE. It forgives what is found in real feeds and harmless: lower case, blanks, a
// trailing semicolon, X- parts, COUNT beside UNTIL. Anything that could change the dates is an error.
func parseRule(text string) (*rule, error) {
	r := &rule{text: text, freq: -1, interval: 1}
	seen := map[string]bool{}
	for part := range strings.SplitSeq(strings.ToUpper(text), ";") {
		name, value, ok := strings.Cut(part, "=")
		if word := strings.TrimSpace(part); !ok && word != "" {
			return nil, fmt.Errorf("want parts such as COUNT=4, found %s", quote(word))
		}
		if !ok {
			continue
		}
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		if seen[name] {
			return nil, fmt.Errorf("%s is there twice", brief(name))
		}
		seen[name] = true
		if err := r.set(name, value); err != nil {
			return nil, err
		}
	}
	if r.freq < 0 {
		return nil, fmt.Errorf("a rule needs FREQ, found %s", quote(text))
	}
	return r, nil
}

func (r *rule) set(name, value string) (err error) {
	switch name {
	case "FREQ":
		r.freq = frequency(slices.Index(frequencies, value))
		if r.freq < 0 {
			err = fmt.Errorf("want FREQ as one of %s, found %s", strings.Join(frequencies, ", "), quote(value))
		}
	case "INTERVAL":
		r.interval, err = positive(name, value)
	case "COUNT":
		r.count, err = positive(name, value)
	case "UNTIL":
		var s stamp
		if s, err = parseStamp(value); err != nil {
			err = fmt.Errorf("UNTIL: %w", err)
		}
		r.until = &s
	case "WKST":
		if r.weekFrom = slices.Index(weekdays, value); r.weekFrom < 0 {
			err = fmt.Errorf("want WKST as one of %s, found %s", strings.Join(weekdays, ", "), quote(value))
		}
	case "BYMONTH":
		err = each(name, value, 1, 12, func(n int) { r.months |= 1 << n })
	case "BYMONTHDAY":
		err = each(name, value, -31, 31, func(n int) {
			if n > 0 {
				r.monthDays |= 1 << n
			} else {
				r.monthDaysBack |= 1 << -n
			}
		})
	case "BYYEARDAY":
		err = each(name, value, -366, 366, func(n int) { r.yearDays = append(r.yearDays, n) })
	case "BYWEEKNO":
		err = each(name, value, -53, 53, func(n int) { r.weeks = append(r.weeks, n) })
	case "BYSETPOS":
		err = each(name, value, -366, 366, func(n int) { r.positions = append(r.positions, n) })
	case "BYHOUR":
		err = each(name, value, 0, 23, func(n int) { r.hours |= 1 << n })
	case "BYMINUTE":
		err = each(name, value, 0, 59, func(n int) { r.minutes |= 1 << n })
	case "BYSECOND":
		// No zone of ours has leap seconds: the 61st second of a minute is its last.
		err = each(name, value, 0, 60, func(n int) { r.seconds |= 1 << min(n, 59) })
	case "BYDAY":
		err = r.setWeekdays(value)
	case "RSCALE":
		if value != "GREGORIAN" {
			err = fmt.Errorf("want RSCALE=GREGORIAN, found %s", quote(value))
		}
	case "SKIP":
		if value != "OMIT" {
			err = fmt.Errorf("want SKIP=OMIT, found %s", quote(value))
		}
	default:
		if !strings.HasPrefix(name, "X-") {
			err = fmt.Errorf("%s is no part of a rule", quote(name))
		}
	}
	return err
}

func (r *rule) setWeekdays(value string) error {
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
			return fmt.Errorf("want BYDAY as weekdays such as MO or -1FR, found %s", quote(item))
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
		return 0, fmt.Errorf("want %s as a number from 1 on, found %s", name, quote(value))
	}
	n, err := strconv.Atoi(digits)
	if err != nil {
		n = maxInterval
	}
	return min(n, maxInterval), nil
}

// each reads a list of numbers between low and high; where low is negative, 0 is not one of them.
func each(name, value string, low, high int, add func(int)) error {
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
			return fmt.Errorf("want %s as numbers %s, found %s", name, span, quote(item))
		}
		add(n)
	}
	return nil
}

func (r *rule) hasMonthDays() bool { return r.monthDays|r.monthDaysBack != 0 }
func (r *rule) hasWeekdays() bool  { return r.weekdays != 0 || len(r.nth) > 0 }

// anchored is the rule with what it leaves out taken from DTSTART, a civil time (3.3.10: "information missing from the
// rule is derived from DTSTART").
func (r *rule) anchored(start int64) *rule {
	a := *r
	d := int(floorDiv(start, day))
	_, month, date := dateOf(d)
	if r.freq > monthly || len(r.weeks) > 0 {
		// An ordinal has no meaning here (3.3.10 forbids it): the weekday counts.
		a.nth = nil
		for _, nth := range r.nth {
			a.weekdays |= 1 << nth.weekday
		}
	}
	if !r.hasMonthDays() && !r.hasWeekdays() && len(r.yearDays) == 0 {
		switch {
		case r.freq == weekly && len(r.weeks) == 0, r.freq == yearly && len(r.weeks) > 0:
			a.weekdays = 1 << weekdayOf(d)
		case len(r.weeks) > 0:
		case r.freq == yearly && r.months == 0:
			a.months, a.monthDays = 1<<month, 1<<date
		case r.freq <= monthly:
			a.monthDays = 1 << date
		}
	}
	time := floorMod(start, day)
	if r.freq < hourly && r.hours == 0 {
		a.hours = 1 << (time / hour)
	}
	if r.freq < minutely && r.minutes == 0 {
		a.minutes = 1 << (time / minute % 60)
	}
	if r.freq < secondly && r.seconds == 0 {
		a.seconds = 1 << (time % 60)
	}
	return &a
}

// matches applies every BYxxx part that speaks of days to one day. Applied to all days of a period it does what the
// table of 3.3.10 calls expand and limit alike.
func (r *rule) matches(d, year, month, date int) bool {
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

// matchesNth counts weekdays within the month, or within the year for a YEARLY rule without BYMONTH.
func (r *rule) matchesNth(d, year, month, date int) bool {
	if len(r.nth) == 0 {
		return false
	}
	passed, left := date-1, monthLength(year, month)-date
	if r.freq == yearly && r.months == 0 {
		passed = d - dayOf(year, 1, 1)
		left = yearLength(year) - 1 - passed
	}
	weekday := weekdayOf(d)
	return slices.Contains(r.nth, nthWeekday{passed/7 + 1, weekday}) ||
		slices.Contains(r.nth, nthWeekday{-(left/7 + 1), weekday})
}

func (r *rule) matchesWeek(d, year int) bool {
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

// firstWeek is the first day of week 1 of a year: the week, beginning on WKST, that has at least four of its days.
func (r *rule) firstWeek(year int) int {
	first := dayOf(year, 1, 1)
	passed := floorMod(weekdayOf(first)-r.weekFrom, 7)
	if passed <= 3 {
		return first - passed
	}
	return first + 7 - passed
}
