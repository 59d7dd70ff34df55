package recur

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/callhours/callhours/internal/growth"
)

// naive is a rule read by somebody who knows the table of RFC 5545, 3.3.10, and has all the time in
// the world: every day is looked at, and nothing is worked out in advance. It knows rules from
// YEARLY to DAILY without COUNT and UNTIL.
type naive struct {
	parts map[string][]string
	start time.Time
}

func newNaive(text string, start int64) *naive {
	n := &naive{parts: map[string][]string{"WKST": {"MO"}, "INTERVAL": {"1"}}, start: time.Unix(start, 0).UTC()}
	for part := range strings.SplitSeq(text, ";") {
		name, value, _ := strings.Cut(part, "=")
		n.parts[name] = strings.Split(value, ",")
	}
	return n
}

func (n *naive) has(name string) bool { return len(n.parts[name]) > 0 }

func (n *naive) numbers(name string) (list []int) {
	for _, text := range n.parts[name] {
		number, _ := strconv.Atoi(text)
		list = append(list, number)
	}
	return list
}

// lists reports whether a part holds the number, or what it is counted from the end of so many.
func (n *naive) lists(name string, number, of int) bool {
	return slices.Contains(n.numbers(name), number) || slices.Contains(n.numbers(name), number-of-1)
}

func weekdayName(t time.Time) string { return strings.ToUpper(t.Weekday().String()[:2]) }

// weekStart is the day on which the week of t begins.
func (n *naive) weekStart(t time.Time) time.Time {
	for weekdayName(t) != n.parts["WKST"][0] {
		t = t.AddDate(0, 0, -1)
	}
	return t
}

// week is the week of t: the year that most of its days lie in, its number there, and how many that
// year has.
func (n *naive) week(t time.Time) (year, number, of int) {
	middle := n.weekStart(t).AddDate(0, 0, 3)
	for other := middle; other.Year() == middle.Year(); other = other.AddDate(0, 0, -7) {
		number++
	}
	of = number - 1
	for other := middle; other.Year() == middle.Year(); other = other.AddDate(0, 0, 7) {
		of++
	}
	return middle.Year(), number, of
}

// period numbers the years, months, weeks or days of the rule from that of its start on.
func (n *naive) period(t time.Time) int {
	switch n.parts["FREQ"][0] {
	case "YEARLY":
		if n.has("BYWEEKNO") {
			year, _, _ := n.week(t)
			return year - n.start.Year()
		}
		return t.Year() - n.start.Year()
	case "MONTHLY":
		return 12*(t.Year()-n.start.Year()) + int(t.Month()) - int(n.start.Month())
	case "WEEKLY":
		return int(n.weekStart(t).Sub(n.weekStart(n.start.Truncate(24*time.Hour))).Hours()) / 24 / 7
	}
	return int(t.Sub(n.start.Truncate(24*time.Hour)).Hours()) / 24
}

// fits reports whether the rule names a day, but for INTERVAL and BYSETPOS.
func (n *naive) fits(t time.Time) bool {
	monthEnd := t.AddDate(0, 1, -t.Day()).Day()
	yearEnd := time.Date(t.Year(), 12, 31, 0, 0, 0, 0, time.UTC).YearDay()
	freq := n.parts["FREQ"][0]
	if n.has("BYWEEKNO") {
		if _, number, of := n.week(t); !n.lists("BYWEEKNO", number, of) {
			return false
		}
	}
	if n.has("BYMONTH") && !slices.Contains(n.numbers("BYMONTH"), int(t.Month())) ||
		n.has("BYMONTHDAY") && !n.lists("BYMONTHDAY", t.Day(), monthEnd) ||
		n.has("BYYEARDAY") && !n.lists("BYYEARDAY", t.YearDay(), yearEnd) ||
		n.has("BYDAY") && !slices.ContainsFunc(n.parts["BYDAY"], func(day string) bool { return n.isDay(day, t) }) {
		return false
	}
	if n.has("BYMONTHDAY") || n.has("BYYEARDAY") || n.has("BYDAY") || freq == "DAILY" {
		return true
	}
	switch {
	case freq == "WEEKLY" || n.has("BYWEEKNO"):
		return t.Weekday() == n.start.Weekday()
	case freq == "YEARLY" && !n.has("BYMONTH"):
		return t.Day() == n.start.Day() && t.Month() == n.start.Month()
	}
	return t.Day() == n.start.Day()
}

// isDay reports whether t is a weekday such as MO, or the nth such as 2MO of its month, or
// of its year in a yearly rule.
func (n *naive) isDay(text string, t time.Time) bool {
	ordinal, _ := strconv.Atoi(text[:len(text)-2])
	if weekdayName(t) != text[len(text)-2:] {
		return false
	}
	freq := n.parts["FREQ"][0]
	if ordinal == 0 || freq == "WEEKLY" || freq == "DAILY" || n.has("BYWEEKNO") {
		return true
	}
	same := func(other time.Time) bool { return other.Year() == t.Year() && other.Month() == t.Month() }
	if freq == "YEARLY" && !n.has("BYMONTH") {
		same = func(other time.Time) bool { return other.Year() == t.Year() }
	}
	step, count := -7, 0
	if ordinal < 0 {
		step = 7
	}
	for other := t; same(other); other = other.AddDate(0, 0, step) {
		count++
	}
	return count == max(ordinal, -ordinal)
}

// starts are the rule's in [from, to), on the wall clock.
func (n *naive) starts(from, to int64) (list []int64) {
	var times []int64
	value := func(name string, otherwise int) []int {
		if n.has(name) {
			return n.numbers(name)
		}
		return []int{otherwise}
	}
	for _, h := range value("BYHOUR", n.start.Hour()) {
		for _, m := range value("BYMINUTE", n.start.Minute()) {
			for _, s := range value("BYSECOND", n.start.Second()) {
				times = append(times, int64(h*Hour+m*Minute+s))
			}
		}
	}
	slices.Sort(times)
	times = slices.Compact(times)
	sets := map[int][]int64{}
	first, last := 1<<30, -1<<30
	interval := n.numbers("INTERVAL")[0]
	end := time.Unix(to, 0).UTC().AddDate(1, 0, 0) // so that the last period is whole
	for t := n.start.Truncate(24*time.Hour).AddDate(-1, 0, 0); t.Before(end); t = t.AddDate(0, 0, 1) {
		p := n.period(t)
		if p%interval != 0 || !n.fits(t) {
			continue
		}
		first, last = min(first, p), max(last, p)
		for _, at := range times {
			sets[p] = append(sets[p], t.Unix()+at)
		}
	}
	for p := first; p <= last; p++ {
		for i, at := range sets[p] {
			if (!n.has("BYSETPOS") || n.lists("BYSETPOS", i+1, len(sets[p]))) && at >= n.start.Unix() && from <= at &&
				at < to {
				list = append(list, at)
			}
		}
	}
	slices.Sort(list)
	return list
}

// TestRulesNaively compares rules of all kinds with a reading that takes no short cut.
func TestRulesNaively(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(3310, 5545))
	compared, found := 0, 0
	for compared < rounds(150) {
		text := someRule(random)
		if strings.HasPrefix(text, "FREQ=HOURLY") ||
			strings.Contains(text, "BYWEEKNO") && !strings.HasPrefix(text, "FREQ=YEARLY") {
			continue // 3.3.10 allows BYWEEKNO in yearly rules only
		}
		text, _, _ = strings.Cut(text, ";COUNT") // it comes last
		start := civilTime(t, "20200101") + random.Int64N(2*366*Day)
		start -= start % Minute
		from := start + random.Int64N(2*366*Day)
		to := from + 400*Day
		want := newNaive(text, start).starts(from, to)
		got := slices.Collect(mustRule(t, text, start).Starts(start, from, to, &Budget{Left: 1 << 40}))
		if diff := cmp.Diff(civilTexts(want), civilTexts(got)); diff != "" {
			t.Fatalf("%s from %s:\n%s", text, civilText(start), diff)
		}
		compared++
		found += len(got)
	}
	if found < 10*compared {
		t.Errorf("%d starts of %d rules, want more to compare", found, compared)
	}
}

func civilTexts(list []int64) (texts []string) {
	for _, civil := range list {
		texts = append(texts, civilText(civil))
	}
	return texts
}

// TestShiftedStart: a series that begins a whole number of its periods earlier has the same
// occurrences in a window after both.
func TestShiftedStart(t *testing.T) {
	if growth.UnderRace {
		t.Skip("it runs in one goroutine for long; the run without the race detector has it")
	}
	t.Parallel()
	random := rand.New(rand.NewPCG(3, 5))
	for range rounds(200) {
		text, _, _ := strings.Cut(someRule(random), ";COUNT")
		n := newNaive(text, 0)
		periods := n.numbers("INTERVAL")[0] * (1 + random.IntN(5))
		start := time.Date(2020, 1, 1+random.IntN(28), random.IntN(24), random.IntN(60), 0, 0, time.UTC)
		earlier := start
		switch n.parts["FREQ"][0] {
		case "YEARLY":
			earlier = start.AddDate(-28*n.numbers("INTERVAL")[0], 0, 0) // on the same weekday
		case "MONTHLY":
			earlier = start.AddDate(0, -periods, 0)
		case "WEEKLY":
			earlier = start.AddDate(0, 0, -7*periods)
		case "DAILY":
			earlier = start.AddDate(0, 0, -periods)
		case "HOURLY":
			earlier = start.Add(time.Duration(-periods) * time.Hour)
		}
		from := start.Unix() + random.Int64N(366*Day)
		list := func(start int64) []string {
			return civilTexts(
				slices.Collect(mustRule(t, text, start).Starts(start, from, from+400*Day, &Budget{Left: 1 << 40})))
		}
		if diff := cmp.Diff(list(start.Unix()), list(earlier.Unix())); diff != "" {
			t.Fatalf("%s from %s, and from %s:\n%s", text, start, earlier, diff)
		}
	}
}
