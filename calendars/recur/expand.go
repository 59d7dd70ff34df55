package recur

import (
	"iter"
	"math/bits"
	"slices"
)

// Budget counts the steps that rules may still take, so that the work has a bound whatever a rule
// says. A step is a day looked at, a period skipped or a start found, so that the same feed is over
// its limit on every machine or on none.
type Budget struct {
	Left int // negative once it is over
}

// valuesPerStep is how many values of a rule's lists are checked in one step: a rule may list
// hundreds.
const valuesPerStep = 32

// spend reports whether the budget still holds.
func (b *Budget) spend(n int) bool {
	b.Left -= n
	return b.Left >= 0
}

// Over reports whether more steps were needed than there were.
func (b *Budget) Over() bool { return b.Left < 0 }

// Starts yields the civil starts of a rule in [from, to), in ascending order; start is DTSTART,
// where the rule is anchored (see [Rule.Anchor]). Without COUNT it begins at the period of from by
// arithmetic, however long ago DTSTART was; with COUNT it counts from DTSTART. It stops early when
// the budget is over. UNTIL is the caller's, who knows the zone that it may depend on: it narrows
// to.
func (r *Rule) Starts(start, from, to int64, b *Budget) iter.Seq[int64] {
	return func(yield func(int64) bool) {
		if r.Count == 0 {
			from = max(from, start)
		}
		to = min(to, Civil(LastYear+1, 1, 1))
		if to <= start || to <= from {
			return
		}
		e := expansion{Rule: r, start: start, from: from, to: to, left: r.Count, budget: b, yield: yield}
		e.dayCost = 1 + (len(r.nth)+len(r.yearDays)+len(r.weeks))/valuesPerStep
		e.first = from
		if r.Count > 0 {
			e.first = start
		}
		switch {
		case r.Freq >= Hourly:
			e.walkDays()
		default:
			e.times = r.times()
			e.walkPeriods()
		}
	}
}

// Includes reports whether an anchored rule has a start at its DTSTART.
func (r *Rule) Includes(start int64, b *Budget) bool {
	if len(r.positions) > 0 {
		endless := *r
		endless.Count = 0
		for range endless.Starts(start, start, start+1, b) {
			return true
		}
		return false
	}
	d, time := int(floorDiv(start, Day)), floorMod(start, Day)
	year, month, date := dateOf(d)
	return r.matches(d, year, month, date) &&
		(r.hours == 0 || r.hours&(1<<(time/Hour)) != 0) &&
		(r.minutes == 0 || r.minutes&(1<<(time/Minute%60)) != 0) &&
		(r.seconds == 0 || r.seconds&(1<<(time%60)) != 0)
}

// expansion is one walk through a rule's starts.
type expansion struct {
	*Rule
	start, from, to int64
	first           int64 // where the walk has to begin: from, or start when the rule counts
	left            int   // how many starts COUNT still allows
	dayCost         int   // the steps that looking at a day takes
	budget          *Budget
	yield           func(int64) bool

	times  []int64 // the times of day that BYHOUR, BYMINUTE and BYSECOND make
	days   []int   // the days of the current period; reused
	picked []int64 // what BYSETPOS picks from the current period; reused
}

// yieldStart yields a start; false ends the walk.
func (e *expansion) yieldStart(at int64) bool {
	if at >= e.to || !e.budget.spend(1) {
		return false
	}
	if at < e.start {
		return true
	}
	if at >= e.from && !e.yield(at) {
		return false
	}
	if e.Count > 0 {
		e.left--
		return e.left > 0
	}
	return true
}

// walkPeriods walks years, months, weeks or days, every INTERVAL of them.
func (e *expansion) walkPeriods() {
	origin := int(floorDiv(e.start, Day))
	last := int(floorDiv(e.to-1, Day))
	for k := e.firstPeriod(origin); ; k++ {
		begin, end := e.period(origin, k)
		if begin > last || !e.budget.spend(1) {
			return
		}
		if !e.yieldPeriod(begin, end) {
			return
		}
	}
}

// firstPeriod is the number of the first period, counted in INTERVALs from DTSTART's. It may be one
// too early: yieldStart drops what comes before DTSTART.
func (e *expansion) firstPeriod(origin int) int {
	year, month, _ := dateOf(origin)
	toYear, toMonth, _ := dateOf(int(floorDiv(e.first, Day)))
	elapsed := 0
	switch e.Freq {
	case Yearly:
		elapsed = toYear - year
		if len(e.weeks) > 0 && elapsed == 0 && e.interval == 1 {
			return -1 // DTSTART may lie in the last week of the week year before.
		}
	case Monthly:
		elapsed = (toYear-year)*12 + toMonth - month
	case Weekly:
		elapsed = (int(floorDiv(e.first, Day)) - origin) / 7
	case Daily:
		elapsed = int(floorDiv(e.first, Day)) - origin
	}
	return max(0, elapsed/e.interval-1)
}

// period is the kth period as days [begin, end). Its length is that of the calendar: weeks begin on
// WKST, and the year of a rule with BYWEEKNO is the week year.
func (e *expansion) period(origin, k int) (begin, end int) {
	const never = 1 << 40
	if k > never/e.interval {
		return never, never
	}
	n := k * e.interval
	year, month, _ := dateOf(origin)
	switch e.Freq {
	case Yearly:
		if n > LastYear {
			return never, never
		}
		if len(e.weeks) > 0 {
			return e.firstWeek(year + n), e.firstWeek(year + n + 1)
		}
		begin = dayOf(year+n, 1, 1)
		return begin, begin + yearLength(year+n)
	case Monthly:
		if n > LastYear*12 {
			return never, never
		}
		year, month = year+(month-1+n)/12, (month-1+n)%12+1
		begin = dayOf(year, month, 1)
		return begin, begin + monthLength(year, month)
	case Weekly:
		begin = origin - floorMod(weekdayOf(origin)-e.weekStart, 7) + 7*n
		return begin, begin + 7
	}
	return origin + n, origin + n + 1
}

// yieldPeriod yields the starts of one period; false ends the walk.
func (e *expansion) yieldPeriod(begin, end int) bool {
	e.days = e.days[:0]
	year, month, date := dateOf(begin)
	length := monthLength(year, month)
	for d := begin; d < end; {
		if e.months != 0 && e.months&(1<<month) == 0 {
			d, date = d+length-date+1, length+1
		} else {
			if !e.budget.spend(e.dayCost) {
				return false
			}
			if e.matches(d, year, month, date) {
				e.days = append(e.days, d)
			}
			d, date = d+1, date+1
		}
		if date > length {
			date = 1
			if month++; month > 12 {
				year, month = year+1, 1
			}
			length = monthLength(year, month)
		}
	}
	if len(e.positions) > 0 {
		n := len(e.times)
		return e.yieldPositions(len(e.days)*n, func(i int) int64 { return int64(e.days[i/n])*Day + e.times[i%n] })
	}
	for _, d := range e.days {
		for _, t := range e.times {
			if !e.yieldStart(int64(d)*Day + t) {
				return false
			}
		}
	}
	return true
}

// yieldPositions yields the members of a period's set of n that BYSETPOS names; false ends the
// walk.
func (e *expansion) yieldPositions(n int, member func(int) int64) bool {
	if !e.budget.spend(len(e.positions) / valuesPerStep) {
		return false
	}
	e.picked = e.picked[:0]
	for _, position := range e.positions {
		i := position - 1
		if position < 0 {
			i = n + position
		}
		if i >= 0 && i < n {
			e.picked = append(e.picked, member(i))
		}
	}
	slices.Sort(e.picked)
	e.picked = slices.Compact(e.picked)
	for _, at := range e.picked {
		if !e.yieldStart(at) {
			return false
		}
	}
	return true
}

// times are the times of day of an anchored rule that is DAILY or slower.
func (r *Rule) times() []int64 {
	times := make([]int64, 0, bits.OnesCount32(r.hours)*bits.OnesCount64(r.minutes)*bits.OnesCount64(r.seconds))
	for h := range int64(24) {
		if r.hours&(1<<h) == 0 {
			continue
		}
		times = r.appendHour(times, h*Hour)
	}
	return times
}

// appendHour appends the times of BYMINUTE and BYSECOND in the hour that begins at.
func (r *Rule) appendHour(times []int64, at int64) []int64 {
	for m := range int64(60) {
		if r.minutes&(1<<m) != 0 {
			times = r.appendMinute(times, at+m*Minute)
		}
	}
	return times
}

func (r *Rule) appendMinute(times []int64, at int64) []int64 {
	for s := range int64(60) {
		if r.seconds&(1<<s) != 0 {
			times = append(times, at+s)
		}
	}
	return times
}

// walkDays walks the hours, minutes or seconds of the days that match. The wall clock is walked,
// not elapsed time: every two hours are the even hours also on the day that the clocks change.
func (e *expansion) walkDays() {
	unit := [...]int64{Hourly: Hour, Minutely: Minute, Secondly: 1}[e.Freq]
	step := unit * int64(e.interval)
	origin := e.start - floorMod(e.start, unit)
	for d := floorDiv(e.first, Day); d*Day < e.to; d++ {
		if !e.budget.spend(e.dayCost) {
			return
		}
		year, month, date := dateOf(int(d))
		if !e.matches(int(d), year, month, date) {
			continue
		}
		at := max(origin, d*Day)
		at += floorMod(origin-at, step)
		for at < (d+1)*Day {
			if !e.budget.spend(1) {
				return
			}
			if next := e.nextAllowed(at); next > at {
				at = next + floorMod(origin-next, step)
				continue
			}
			if !e.yieldUnit(at) {
				return
			}
			at += step
		}
	}
}

// nextAllowed is at itself when its hour, minute and second are allowed, else the end of the hour,
// minute or second that is not.
func (e *expansion) nextAllowed(at int64) int64 {
	time := floorMod(at, Day)
	switch {
	case e.hours != 0 && e.hours&(1<<(time/Hour)) == 0:
		return at - time%Hour + Hour
	case e.Freq >= Minutely && e.minutes != 0 && e.minutes&(1<<(time/Minute%60)) == 0:
		return at - time%Minute + Minute
	case e.Freq == Secondly && e.seconds != 0 && e.seconds&(1<<(time%60)) == 0:
		return at + 1
	}
	return at
}

// yieldUnit yields the starts in the hour, minute or second that begins at; false ends the walk.
func (e *expansion) yieldUnit(at int64) bool {
	switch e.Freq {
	case Hourly:
		e.times = e.appendHour(e.times[:0], at)
	case Minutely:
		e.times = e.appendMinute(e.times[:0], at)
	default:
		e.times = append(e.times[:0], at)
	}
	if !e.budget.spend(len(e.times) / valuesPerStep) {
		return false
	}
	if len(e.positions) > 0 {
		return e.yieldPositions(len(e.times), func(i int) int64 { return e.times[i] })
	}
	for _, t := range e.times {
		if !e.yieldStart(t) {
			return false
		}
	}
	return true
}
