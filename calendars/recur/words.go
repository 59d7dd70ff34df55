package recur

import (
	"math/bits"
	"slices"
	"strings"
)

// The weekdays of a week of work, as setWeekdays has them.
const workingDays, allDays = 0b0011111, 0b1111111

// wording puts rules into the words of a language.
type wording struct {
	*Rule
	translate func(format string, args ...any) string
}

// Days say on which days a rule falls, in words: "every weekday", "every 2 weeks on Tuesday", "on the
// last Friday of every month". start is DTSTART, a civil time, from which periods of more than one
// count. COUNT and UNTIL are not in it, nor is the time of day, which is that of start. ok is false
// for a rule that falls on more than one time of a day, or on days for which there are no words
// here: it is to be shown as it is written. translate gives English formats in the reader's
// language, with the arguments in their places; for English it is [fmt.Sprintf].
func (r *Rule) Days(start int64, translate func(format string, args ...any) string) (words string, ok bool) {
	a := wording{r.Anchor(start), translate}
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

func (r wording) dailyWords() (string, bool) {
	switch {
	case r.hasMonthDays():
		return "", false
	case r.interval > 1 && !r.hasWeekdays() && r.months == 0:
		return r.translate("every %d days", r.interval), true
	case r.interval > 1:
		return "", false
	case r.hasWeekdays():
		return r.inMonths(r.everyWeekday()), true
	}
	return r.inMonths(r.translate("every day")), true
}

func (r wording) weeklyWords() (string, bool) {
	switch {
	case r.hasMonthDays() || !r.hasWeekdays():
		return "", false
	case r.interval == 1:
		return r.inMonths(r.everyWeekday()), true
	case r.weekStart != 0 && bits.OnesCount8(r.weekdays) > 1:
		return "", false // which days are of one week is not what a reader takes it to be
	}
	if r.interval == 2 && bits.OnesCount8(r.weekdays) == 1 {
		return r.inMonths(r.translate("every 2 weeks on %s", r.weekdayList())), true
	}
	return r.inMonths(r.translate("every %d weeks on %s", r.interval, r.weekdayList())), true
}

func (r wording) monthlyWords() (string, bool) {
	switch {
	case r.interval > 1 && r.months != 0, r.hasMonthDays() && r.hasWeekdays():
		return "", false
	case r.hasMonthDays():
		return r.ofMonths(r.dateList()), true
	case r.weekdays != 0 && len(r.nth) == 0 && r.interval == 1:
		return r.inMonths(r.everyWeekday()), true
	case r.weekdays == 0 && len(r.nth) > 0:
		return r.ofMonths(r.nthList()), true
	}
	return "", false
}

func (r wording) yearlyWords() (string, bool) {
	years := r.translate("every year")
	if r.interval > 1 {
		years = r.translate("every %d years", r.interval)
	}
	switch {
	case r.hasMonthDays() && r.hasWeekdays():
		return "", false
	case r.hasMonthDays() && r.months != 0 && r.monthDaysBack == 0 && bits.OnesCount16(r.months) == 1 &&
		bits.OnesCount32(r.monthDays) == 1:
		if date := bits.TrailingZeros32(r.monthDays); date > 1 {
			return r.translate("%s on %d %s", years, date, r.monthList()), true
		}
		return r.translate("%s on 1 %s", years, r.monthList()), true
	case r.hasMonthDays() && r.months != 0:
		return r.translate("%s on %s of %s", years, r.dateList(), r.monthList()), true
	case r.weekdays == 0 && len(r.nth) > 0 && r.months != 0:
		return r.translate("%s on %s of %s", years, r.nthList(), r.monthList()), true
	case r.weekdays == 0 && len(r.nth) > 0:
		return r.translate("%s on %s of the year", years, r.nthList()), true
	case r.weekdays != 0 && len(r.nth) == 0 && !r.hasMonthDays() && r.interval == 1:
		return r.inMonths(r.everyWeekday()), true
	}
	return "", false
}

// positionWords are the words of a rule with BYSETPOS: of a monthly one that takes one of several
// weekdays.
func (r wording) positionWords() (string, bool) {
	if r.Freq != Monthly || r.weekdays == 0 || len(r.nth) > 0 || r.hasMonthDays() || len(r.positions) != 1 ||
		r.interval > 1 {
		return "", false
	}
	day := r.weekdayList()
	switch {
	case r.weekdays == workingDays:
		day = r.translate("weekday")
	case r.weekdays == allDays:
		day = r.translate("day")
	case bits.OnesCount8(r.weekdays) > 1:
		return "", false
	}
	return r.ofMonths(r.translate("the %s %s", r.ordinal(r.positions[0]), day)), true
}

// ofMonths are days of months that are counted from their beginnings or ends.
func (r wording) ofMonths(days string) string {
	switch {
	case r.interval > 1:
		return r.translate("on %s of every %d months", days, r.interval)
	case r.months != 0:
		return r.translate("on %s of %s", days, r.monthList())
	}
	return r.translate("on %s of every month", days)
}

// inMonths says to which months days are limited, if they are.
func (r wording) inMonths(days string) string {
	if r.months == 0 {
		return days
	}
	// Numbered arguments tell the months from a place: languages have another word for each "in".
	return r.translate("%[1]s in %[2]s", days, r.monthList())
}

// everyWeekday is each week's weekdays.
func (r wording) everyWeekday() string {
	switch r.weekdays {
	case allDays:
		return r.translate("every day")
	case workingDays:
		return r.translate("every weekday")
	}
	return r.translate("every %s", r.weekdayList())
}

func (r wording) weekdayList() string {
	var names []string
	for day, name := range r.allWeekdays() {
		if r.weekdays&(1<<day) != 0 {
			names = append(names, name)
		}
	}
	return r.list(names)
}

// allWeekdays are their names, from Monday.
func (r wording) allWeekdays() [7]string {
	return [...]string{
		r.translate("Monday"), r.translate("Tuesday"), r.translate("Wednesday"), r.translate("Thursday"),
		r.translate("Friday"), r.translate("Saturday"), r.translate("Sunday"),
	}
}

func (r wording) monthList() string {
	all := [...]string{
		r.translate("January"), r.translate("February"), r.translate("March"), r.translate("April"),
		r.translate("May"), r.translate("June"), r.translate("July"), r.translate("August"),
		r.translate("September"), r.translate("October"), r.translate("November"), r.translate("December"),
	}
	var names []string
	for i, name := range all {
		if r.months&(1<<(i+1)) != 0 {
			names = append(names, name)
		}
	}
	return r.list(names)
}

// dateList are the days of a month: "the 1st, the 15th and the last day".
func (r wording) dateList() string {
	var names []string
	for date := 1; date <= 31; date++ {
		if r.monthDays&(1<<date) != 0 {
			names = append(names, r.date(date))
		}
	}
	for back := 31; back >= 1; back-- {
		if r.monthDaysBack&(1<<back) != 0 {
			names = append(names, r.translate("the %s %s", r.ordinal(-back), r.translate("day")))
		}
	}
	return r.list(names)
}

// date is a day of a month.
func (r wording) date(n int) string {
	switch suffix := englishSuffix(n); {
	case n == 1:
		return r.translate("the 1st")
	case suffix == "st":
		return r.translate("the %dst", n)
	case suffix == "nd":
		return r.translate("the %dnd", n)
	case suffix == "rd":
		return r.translate("the %drd", n)
	}
	return r.translate("the %dth", n)
}

// nthList are weekdays with an ordinal: "the first Monday and the last Friday".
func (r wording) nthList() string {
	var names []string
	weekdays := r.allWeekdays()
	for _, n := range r.nth {
		if name := r.translate("the %s %s", r.ordinal(n.n), weekdays[n.weekday]); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return r.list(names)
}

// ordinal is a place counted from the beginning, or from the end where it is negative: "first",
// "last", "second-to-last".
func (r wording) ordinal(n int) string {
	switch n {
	case 1:
		return r.translate("first")
	case 2:
		return r.translate("second")
	case 3:
		return r.translate("third")
	case 4:
		return r.translate("fourth")
	case 5:
		return r.translate("fifth")
	case -1:
		return r.translate("last")
	case -2:
		return r.translate("second-to-last")
	case -3:
		return r.translate("third-to-last")
	case -4:
		return r.translate("fourth-to-last")
	case -5:
		return r.translate("fifth-to-last")
	}
	if n < 0 {
		return r.translate("%s-to-last", r.ordinalNumber(-n))
	}
	return r.ordinalNumber(n)
}

// ordinalNumber is "6th", "22nd", "23rd".
func (r wording) ordinalNumber(n int) string {
	switch englishSuffix(n) {
	case "st":
		return r.translate("%dst", n)
	case "nd":
		return r.translate("%dnd", n)
	case "rd":
		return r.translate("%drd", n)
	}
	return r.translate("%dth", n)
}

// englishSuffix is what English puts after a number to make it an ordinal.
func englishSuffix(n int) string {
	if n%100 < 11 || n%100 > 13 {
		switch n % 10 {
		case 1:
			return "st"
		case 2:
			return "nd"
		case 3:
			return "rd"
		}
	}
	return "th"
}

// list joins words: "a, b and c".
func (r wording) list(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	last := len(words) - 1
	return r.translate("%s and %s", strings.Join(words[:last], ", "), words[last])
}
