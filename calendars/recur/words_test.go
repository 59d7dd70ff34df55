package recur

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

func TestDays(t *testing.T) {
	t.Parallel()
	start := Civil(2026, 1, 5) + 9*Hour // a Monday
	for text, want := range map[string]string{
		"FREQ=DAILY":                                      "every day",
		"FREQ=DAILY;INTERVAL=3":                           "every 3 days",
		"FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR":                 "every weekday",
		"FREQ=DAILY;BYMONTH=6,7":                          "every day in June and July",
		"FREQ=DAILY;INTERVAL=2;BYDAY=MO":                  "",
		"FREQ=DAILY;BYMONTHDAY=1":                         "",
		"FREQ=WEEKLY":                                     "every Monday",
		"FREQ=WEEKLY;BYDAY=TU,TH,SA":                      "every Tuesday, Thursday and Saturday",
		"FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR":                "every weekday",
		"FREQ=WEEKLY;BYDAY=1MO,2TU":                       "every Monday and Tuesday", // an ordinal means nothing here
		"FREQ=WEEKLY;INTERVAL=2":                          "every 2 weeks on Monday",
		"FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,SU":              "every 2 weeks on Monday and Sunday",
		"FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,SU;WKST=SU":      "",
		"FREQ=WEEKLY;BYDAY=SA,SU;BYMONTH=12":              "every Saturday and Sunday in December",
		"FREQ=MONTHLY":                                    "on the 5th of every month",
		"FREQ=MONTHLY;INTERVAL=3":                         "on the 5th of every 3 months",
		"FREQ=MONTHLY;BYMONTHDAY=1,22,-1,-2":              "on the 1st, the 22nd, the second-to-last day and the last day of every month",
		"FREQ=MONTHLY;BYDAY=1MO,-1FR":                     "on the first Monday and the last Friday of every month",
		"FREQ=MONTHLY;BYDAY=MO":                           "every Monday",
		"FREQ=MONTHLY;BYDAY=MO,1TU":                       "",
		"FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13":             "",
		"FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1":   "on the last weekday of every month",
		"FREQ=MONTHLY;BYDAY=FR;BYSETPOS=2":                "on the second Friday of every month",
		"FREQ=MONTHLY;BYDAY=SA,SU;BYSETPOS=1;BYMONTH=5":   "",
		"FREQ=MONTHLY;BYDAY=MO;BYSETPOS=1,2":              "",
		"FREQ=MONTHLY;BYMONTH=3,6;BYMONTHDAY=1":           "on the 1st of March and June",
		"FREQ=YEARLY":                                     "every year on 5 January",
		"FREQ=YEARLY;INTERVAL=2;BYMONTH=1;BYMONTHDAY=5,6": "every 2 years on the 5th and the 6th of January",
		"FREQ=WEEKLY;INTERVAL=2;BYDAY=WE":                 "", // from when on?
		"FREQ=YEARLY;BYMONTH=9;BYDAY=1MO":                 "every year on the first Monday of September",
		"FREQ=YEARLY;BYDAY=20MO":                          "every year on the 20th Monday of the year",
		"FREQ=YEARLY;BYDAY=-1FR":                          "every year on the last Friday of the year",
		"FREQ=YEARLY;BYMONTH=1,7;BYMONTHDAY=1":            "every year on the 1st of January and July",
		"FREQ=YEARLY;BYMONTH=6;BYDAY=MO":                  "every Monday in June",
		"FREQ=YEARLY;BYWEEKNO=20":                         "",
		"FREQ=YEARLY;BYYEARDAY=100":                       "",
		"FREQ=YEARLY;BYMONTHDAY=1":                        "",
		"FREQ=HOURLY":                                     "",
		"FREQ=MINUTELY;INTERVAL=30":                       "",
		"FREQ=DAILY;BYHOUR=9,13":                          "",
		"FREQ=DAILY;BYHOUR=10":                            "",
		"FREQ=DAILY;BYHOUR=9":                             "every day",
		"FREQ=DAILY;BYMINUTE=0,30":                        "",
		"FREQ=DAILY;BYSECOND=30":                          "",
		"FREQ=DAILY;BYSETPOS=1":                           "",
		"FREQ=DAILY;COUNT=3":                              "every day",
	} {
		r, err := Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		got, ok := r.Days(start, fmt.Sprintf)
		if got != want || ok != (want != "") {
			t.Errorf("%s: got %q, %v; want %q", text, got, ok, want)
		}
		if again, _ := r.Anchor(start).Days(start, fmt.Sprintf); again != got {
			t.Errorf("%s: %q when anchored, %q else", text, again, got)
		}
	}
}

// FuzzDays: whatever a rule is, the words for its days, read again by a plain reader of English, give
// the days on which it falls.
func FuzzDays(f *testing.F) {
	for i, text := range []string{
		"FREQ=DAILY;INTERVAL=3", "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,SU", "FREQ=WEEKLY;BYDAY=SA,SU;BYMONTH=12",
		"FREQ=MONTHLY;INTERVAL=3", "FREQ=MONTHLY;BYMONTHDAY=1,22,31,-1,-30", "FREQ=MONTHLY;BYDAY=1MO,-1FR,5TU",
		"FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", "FREQ=MONTHLY;BYDAY=SA,SU;BYSETPOS=1;BYMONTH=5",
		"FREQ=YEARLY", "FREQ=YEARLY;INTERVAL=2;BYMONTH=2;BYMONTHDAY=28,29", "FREQ=YEARLY;BYMONTH=9;BYDAY=1MO",
		"FREQ=YEARLY;BYDAY=20MO,-53FR", "FREQ=YEARLY;BYMONTH=6;BYDAY=MO", "FREQ=MONTHLY;BYMONTH=3,6;BYMONTHDAY=1",
		"FREQ=DAILY;BYDAY=MO;BYMONTH=6", "FREQ=MONTHLY;BYDAY=MO;BYMONTH=3", "FREQ=YEARLY;BYMONTH=1,7;BYMONTHDAY=1,-1",
		"FREQ=WEEKLY;INTERVAL=3;BYDAY=WE;WKST=SU", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "FREQ=YEARLY;BYDAY=MO",
		"FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR,SA,SU;BYSETPOS=-5",
	} {
		f.Add(text, i*37)
	}
	f.Fuzz(func(t *testing.T, text string, days int) {
		r, err := Parse(text)
		if err != nil || r.Until != nil || r.Count > 0 {
			return
		}
		start := Civil(2024, 1, 1) + int64(uint(days)%1500)*Day + 9*Hour
		words, ok := r.Days(start, fmt.Sprintf)
		if !ok {
			return
		}
		if len(words) > 2000 {
			t.Fatalf("got %d bytes", len(words))
		}
		end := Midnight(start) + 4*366*Day
		falls := r.Anchor(start)
		var got, want []int64
		b := &Budget{Left: 1_000_000}
		for at := range falls.Starts(start, start, end, b) {
			want = append(want, Midnight(at))
		}
		if b.Over() {
			return
		}
		read := readDays(t, words)
		for at := Midnight(start); at < end; at += Day {
			if read(int(start/Day), int(at/Day)) {
				got = append(got, at)
			}
		}
		if !slices.Equal(got, want) {
			t.Fatalf("%s from %v: %q is %d days, the rule %d", text, start, words, len(got), len(want))
		}
	})
}

// memo remembers what a function gave.
func memo(of func(string) []int) func(string) []int {
	known := map[string][]int{}
	return func(text string) []int {
		got, ok := known[text]
		if !ok {
			got = of(text)
			known[text] = got
		}
		return got
	}
}

// dayNames are in the order of weekdays.
var dayNames = strings.Fields("Monday Tuesday Wednesday Thursday Friday Saturday Sunday")

var monthNames = strings.Split(
	" January February March April May June July August September October November December", " ")

// readDays reads words for days as a person would, without looking at how they are written: it gives
// whether a day is meant, by the day on which the series starts.
func readDays(t *testing.T, words string) func(start, day int) bool {
	t.Helper()
	weekdaysOf := func(text string) []int {
		var days []int
		for i, name := range dayNames {
			if strings.Contains(text, name) {
				days = append(days, i)
			}
		}
		return days
	}
	monthsOf := func(text string) []int {
		var months []int
		for i, name := range monthNames[1:] {
			if regexp.MustCompile(`\b` + name + `\b`).MatchString(text) {
				months = append(months, i+1)
			}
		}
		return months
	}
	weekdaysOf, monthsOf = memo(weekdaysOf), memo(monthsOf) // each is asked for each day
	number := func(text string) int {
		n, err := strconv.Atoi(text)
		if err != nil {
			t.Fatalf("%q: %v", words, err)
		}
		return n
	}
	place := func(text string) int {
		text, back := strings.CutSuffix(text, "-to-last")
		n := 0
		switch i := slices.Index([]string{"last", "first", "second", "third", "fourth", "fifth"}, text); {
		case i == 0:
			return -1
		case i > 0:
			n = i
		default:
			n = number(strings.TrimRight(text, "stndrh"))
		}
		if back {
			return -n
		}
		return n
	}
	item := func(text string, day int, within func(int) (int, int)) bool { // "first Monday", "15th", "last day"
		begin, length := within(day)
		which, what, named := strings.Cut(text, " ")
		n, count, all := place(which), 0, 0
		ofItem := func(d int) bool {
			return !named || what == "day" || what == "weekday" && weekdayOf(d) < 5 ||
				slices.Contains(weekdaysOf(what), weekdayOf(d))
		}
		for d := begin; d < begin+length; d++ {
			if ofItem(d) {
				all++
				if d <= day {
					count++
				}
			}
		}
		return ofItem(day) && (n == count || n < 0 && -n == all-count+1)
	}
	month := func(day int) (int, int) {
		y, m, _ := dateOf(day)
		return dayOf(y, m, 1), monthLength(y, m)
	}
	year := func(day int) (int, int) {
		y, _, _ := dateOf(day)
		return dayOf(y, 1, 1), yearLength(y)
	}
	items := func(text string) []string {
		return strings.Split(strings.ReplaceAll(text, " and the ", ", the "), ", the ")
	}
	anyItem := func(list string, day int, within func(int) (int, int)) bool {
		return slices.ContainsFunc(items(list), func(s string) bool { return item(s, day, within) })
	}
	match := func(pattern string) []string {
		return regexp.MustCompile("^" + pattern + "$").FindStringSubmatch(words)
	}
	inMonth := func(list string, day int) bool {
		_, m, _ := dateOf(day)
		return list == "" || slices.Contains(monthsOf(list), m)
	}
	years := func(every string, start, day int) bool {
		y, _, _ := dateOf(start)
		now, _, _ := dateOf(day)
		return every == "" || (now-y)%number(every) == 0
	}
	if m := match(`every (\d+) days`); m != nil {
		return func(start, day int) bool { return (day-start)%number(m[1]) == 0 }
	}
	if m := match(`every (day|weekday)(?: in (.*))?`); m != nil {
		return func(_, day int) bool { return inMonth(m[2], day) && (m[1] == "day" || weekdayOf(day) < 5) }
	}
	if m := match(`every (\d+) weeks on (.*?)(?: in (.*))?`); m != nil {
		return func(start, day int) bool {
			weeks := (day - weekdayOf(day) - (start - weekdayOf(start))) / 7
			return inMonth(m[3], day) && slices.Contains(weekdaysOf(m[2]), weekdayOf(day)) && weeks%number(m[1]) == 0
		}
	}
	if m := match(`on the (.*) of every (?:(\d+) months|month)`); m != nil {
		return func(start, day int) bool {
			y, mo, _ := dateOf(start)
			ny, nmo, _ := dateOf(day)
			return anyItem(m[1], day, month) && (m[2] == "" || (12*(ny-y)+nmo-mo)%number(m[2]) == 0)
		}
	}
	if m := match(`(?:every(?: (\d+))? years? )?on the (.*) of the year`); m != nil {
		return func(start, day int) bool { return years(m[1], start, day) && anyItem(m[2], day, year) }
	}
	if m := match(`(?:every(?: (\d+))? years? )?on the (.*) of (.*?)`); m != nil {
		return func(start, day int) bool {
			return years(m[1], start, day) && inMonth(m[3], day) && anyItem(m[2], day, month)
		}
	}
	if m := match(`every(?: (\d+))? years? on ([\d, and]+) (\w+)`); m != nil {
		return func(start, day int) bool {
			_, _, date := dateOf(day)
			return years(m[1], start, day) && inMonth(m[3], day) &&
				slices.Contains(regexp.MustCompile(`\d+`).FindAllString(m[2], -1), fmt.Sprint(date))
		}
	}
	if m := match(`every (.*?)(?: in (.*))?`); m != nil {
		return func(_, day int) bool {
			return inMonth(m[2], day) && slices.Contains(weekdaysOf(m[1]), weekdayOf(day))
		}
	}
	t.Fatalf("nobody reads %q", words)
	return nil
}
