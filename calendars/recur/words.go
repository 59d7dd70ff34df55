package recur

import (
	"fmt"
	"math/bits"
	"slices"
	"strconv"
	"strings"
)

// dayNames are in the order of weekdays.
var dayNames = []string{"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"}

var monthNames = []string{
	"", "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
	"November", "December",
}

// The weekdays of a week of work, as setWeekdays has them.
const workingDays, allDays = 0b0011111, 0b1111111

// Days say on which days a rule falls, in words: "every weekday", "every 2 weeks on Tuesday", "on the
// last Friday of every month". start is DTSTART, a civil time, from which periods of more than one
// count. COUNT and UNTIL are not in it, nor is the time of day, which is that of start. ok is false
// for a rule that falls on more than one time of a day, or on days for which there are no words
// here: it is to be shown as it is written.
func (r *Rule) Days(start int64) (words string, ok bool) {
	a := r.Anchor(start)
	if !a.isOncePerDay(SecondOfDay(start)) || len(a.weeks)+len(a.yearDays) > 0 {
		return "", false
	}
	d := int(floorDiv(start, Day))
	if year, month, date := dateOf(d); a.interval > 1 && !a.matches(d, year, month, date) {
		return "", false // a reader would count from the first day that fits, the rule counts from DTSTART's period
	}
	if len(a.positions) > 0 {
		return a.positionWords()
	}
	switch a.Freq {
	case Daily:
		return a.dailyWords()
	case Weekly:
		return a.weeklyWords()
	case Monthly:
		return a.monthlyWords()
	case Yearly:
		return a.yearlyWords()
	default:
		return "", false
	}
}

// Interval is how many periods of FREQ apart a rule falls; at least 1.
func (r *Rule) Interval() int { return r.interval }

// isOncePerDay reports whether an anchored rule has no other time of day than DTSTART, in seconds.
func (r *Rule) isOncePerDay(second int64) bool {
	return r.Freq < Hourly && r.hours == 1<<(second/Hour) && r.minutes == 1<<(second/Minute%60) &&
		r.seconds == 1<<(second%60)
}

func (r *Rule) dailyWords() (string, bool) {
	switch {
	case r.hasMonthDays():
		return "", false
	case r.interval > 1 && !r.hasWeekdays() && r.months == 0:
		return fmt.Sprintf("every %d days", r.interval), true
	case r.interval > 1:
		return "", false
	case r.hasWeekdays():
		return everyWeekday(r.weekdays) + r.inMonths(), true
	}
	return "every day" + r.inMonths(), true
}

func (r *Rule) weeklyWords() (string, bool) {
	switch {
	case r.hasMonthDays() || !r.hasWeekdays():
		return "", false
	case r.interval == 1:
		return everyWeekday(r.weekdays) + r.inMonths(), true
	case r.weekStart != 0 && bits.OnesCount8(r.weekdays) > 1:
		return "", false // which days are of one week is not what a reader takes it to be
	}
	return fmt.Sprintf("every %d weeks on %s", r.interval, weekdayList(r.weekdays)) + r.inMonths(), true
}

func (r *Rule) monthlyWords() (string, bool) {
	months := "every month"
	switch {
	case r.interval > 1 && r.months != 0:
		return "", false
	case r.interval > 1:
		months = fmt.Sprintf("every %d months", r.interval)
	case r.months != 0:
		months = monthList(r.months)
	}
	switch {
	case r.hasMonthDays() && r.hasWeekdays():
		return "", false
	case r.hasMonthDays():
		return fmt.Sprintf("on %s of %s", r.dateList(), months), true
	case r.weekdays != 0 && len(r.nth) == 0 && r.interval == 1:
		return everyWeekday(r.weekdays) + r.inMonths(), true
	case r.weekdays == 0 && len(r.nth) > 0:
		return fmt.Sprintf("on %s of %s", r.nthList(), months), true
	}
	return "", false
}

func (r *Rule) yearlyWords() (string, bool) {
	years := "every year"
	if r.interval > 1 {
		years = fmt.Sprintf("every %d years", r.interval)
	}
	switch {
	case r.hasMonthDays() && r.hasWeekdays():
		return "", false
	case r.hasMonthDays() && r.months != 0 && r.monthDaysBack == 0 && bits.OnesCount16(r.months) == 1:
		var dates []string
		for date := 1; date <= 31; date++ {
			if r.monthDays&(1<<date) != 0 {
				dates = append(dates, strconv.Itoa(date))
			}
		}
		return fmt.Sprintf("%s on %s %s", years, andList(dates), monthList(r.months)), true
	case r.hasMonthDays() && r.months != 0:
		return fmt.Sprintf("%s on %s of %s", years, r.dateList(), monthList(r.months)), true
	case r.weekdays == 0 && len(r.nth) > 0 && r.months != 0:
		return fmt.Sprintf("%s on %s of %s", years, r.nthList(), monthList(r.months)), true
	case r.weekdays == 0 && len(r.nth) > 0:
		return fmt.Sprintf("%s on %s of the year", years, r.nthList()), true
	case r.weekdays != 0 && len(r.nth) == 0 && !r.hasMonthDays() && r.interval == 1:
		return everyWeekday(r.weekdays) + r.inMonths(), true
	}
	return "", false
}

// positionWords are the words of a rule with BYSETPOS: of a monthly one that takes one of several
// weekdays.
func (r *Rule) positionWords() (string, bool) {
	if r.Freq != Monthly || r.weekdays == 0 || len(r.nth) > 0 || r.hasMonthDays() || len(r.positions) != 1 ||
		r.interval > 1 {
		return "", false
	}
	months := "every month"
	if r.months != 0 {
		months = monthList(r.months)
	}
	day := weekdayList(r.weekdays)
	switch {
	case r.weekdays == workingDays:
		day = "weekday"
	case r.weekdays == allDays:
		day = "day"
	case bits.OnesCount8(r.weekdays) > 1:
		return "", false
	}
	return fmt.Sprintf("on the %s %s of %s", ordinal(r.positions[0]), day, months), true
}

// inMonths says to which months a rule is limited, if it is.
func (r *Rule) inMonths() string {
	if r.months == 0 {
		return ""
	}
	return " in " + monthList(r.months)
}

// everyWeekday is each week's weekdays of a mask.
func everyWeekday(mask uint8) string {
	switch mask {
	case allDays:
		return "every day"
	case workingDays:
		return "every weekday"
	}
	return "every " + weekdayList(mask)
}

func weekdayList(mask uint8) string {
	var names []string
	for day, name := range dayNames {
		if mask&(1<<day) != 0 {
			names = append(names, name)
		}
	}
	return andList(names)
}

func monthList(mask uint16) string {
	var names []string
	for month := 1; month <= 12; month++ {
		if mask&(1<<month) != 0 {
			names = append(names, monthNames[month])
		}
	}
	return andList(names)
}

// dateList are the days of a month: "the 1st, the 15th and the last day".
func (r *Rule) dateList() string {
	var names []string
	for date := 1; date <= 31; date++ {
		if r.monthDays&(1<<date) != 0 {
			names = append(names, "the "+ordinalNumber(date))
		}
	}
	for back := 31; back >= 1; back-- {
		if r.monthDaysBack&(1<<back) != 0 {
			names = append(names, "the "+ordinal(-back)+" day")
		}
	}
	return andList(names)
}

// nthList are weekdays with an ordinal: "the first Monday and the last Friday".
func (r *Rule) nthList() string {
	var names []string
	for _, n := range r.nth {
		if name := fmt.Sprintf("the %s %s", ordinal(n.n), dayNames[n.weekday]); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return andList(names)
}

// ordinal is a place counted from the beginning, or from the end where it is negative: "first",
// "last", "second-to-last".
func ordinal(n int) string {
	if n == -1 {
		return "last"
	}
	place, words := max(n, -n), [...]string{"", "first", "second", "third", "fourth", "fifth"}
	name := ordinalNumber(place)
	if place < len(words) {
		name = words[place]
	}
	if n < 0 {
		name += "-to-last"
	}
	return name
}

// ordinalNumber is "1st", "2nd", "23rd".
func ordinalNumber(n int) string {
	suffix := "th"
	if n%100 < 11 || n%100 > 13 {
		switch n % 10 {
		case 1:
			suffix = "st"
		case 2:
			suffix = "nd"
		case 3:
			suffix = "rd"
		}
	}
	return strconv.Itoa(n) + suffix
}

// andList joins words: "a, b and c".
func andList(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " and " + words[last]
}
