package recur

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/callhours/callhours/internal/growth"
)

func mustRule(t testing.TB, text string, start int64) *Rule {
	t.Helper()
	r, err := Parse(text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return r.Anchor(start)
}

func civilTime(t testing.TB, text string) int64 {
	t.Helper()
	s, err := ParseTime(text)
	if err != nil {
		t.Fatal(err)
	}
	return s.Civil
}

func civilText(civil int64) string {
	return strings.TrimSuffix(time.Unix(civil, 0).UTC().Format("20060102T150405"), "T000000")
}

// starts are the first n starts of a rule.
func starts(t testing.TB, text, start string, n int) (list []string) {
	t.Helper()
	first := civilTime(t, start)
	for at := range mustRule(t, text, first).Starts(first, first, 1<<60, &Budget{Left: 1_000_000}) {
		if len(list) == n {
			break
		}
		list = append(list, civilText(at))
	}
	return list
}

func TestRules(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		rule, start string
		want        string
	}{
		{"FREQ=DAILY;INTERVAL=3", "20261230", "20261230 20270102 20270105"},
		{"FREQ=DAILY;BYMONTH=2;BYMONTHDAY=-1", "20270101", "20270228 20280229 20290228"},
		{"FREQ=WEEKLY", "20261123", "20261123 20261130 20261207"},
		{"FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,SU;WKST=MO", "19970805", "19970805 19970810 19970819 19970824"},
		{"FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,SU;WKST=SU", "19970805", "19970805 19970817 19970819 19970831"},
		// Monday is the first of its week, before DTSTART.
		{"FREQ=WEEKLY;BYDAY=MO,TU,WE;BYSETPOS=1", "20261124", "20261130 20261207"},
		{"FREQ=MONTHLY;BYDAY=MO,2TU", "20261101", "20261102 20261109 20261110 20261116"},
		{"FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", "20261101", "20261130 20261231 20270129"},
		{"FREQ=MONTHLY;BYMONTHDAY=31", "20261231", "20261231 20270131 20270331"},
		{"FREQ=MONTHLY;BYMONTHDAY=13;BYDAY=FR", "20261101", "20261113 20270813"},
		{"FREQ=YEARLY", "20240229", "20240229 20280229"},
		{"FREQ=YEARLY;BYMONTH=11;BYDAY=4TH", "20260101", "20261126 20271125 20281123"},
		{"FREQ=YEARLY;BYDAY=20MO", "20260101", "20260518 20270517"},
		{"FREQ=YEARLY;BYDAY=-1SU", "20260101", "20261227 20271226"},
		{"FREQ=YEARLY;BYMONTH=11;BYMONTHDAY=2,3,4,5,6,7,8;BYDAY=TU", "20260101", "20261103 20271102 20281107"},
		{"FREQ=YEARLY;BYYEARDAY=1,-1", "20270101", "20270101 20271231 20280101 20281231"},
		{"FREQ=YEARLY;BYWEEKNO=53", "20260103", "20270102 20330101"}, // DTSTART's weekday, Saturday.
		{"FREQ=YEARLY;BYWEEKNO=-1,1;BYDAY=MO", "20260101", "20261228 20270104 20271227 20280103"},
		{"FREQ=YEARLY;BYMONTHDAY=1", "20261115", "20261201 20270101 20270201"}, // Every month.
		{"FREQ=YEARLY;BYDAY=1MO;BYHOUR=9,17;BYSETPOS=2", "20260101T080000", "20260105T170000 20270104T170000"},
		{"FREQ=HOURLY;INTERVAL=5", "20261123T220000", "20261123T220000 20261124T030000 20261124T080000"},
		{"FREQ=HOURLY;BYMINUTE=0,30;BYSETPOS=-1", "20261123T100000", "20261123T103000 20261123T113000"},
		{
			"FREQ=MINUTELY;INTERVAL=90;BYHOUR=9,10,11,12", "20261123T090000",
			"20261123T090000 20261123T103000 20261123T120000 20261124T090000",
		},
		{"FREQ=SECONDLY;INTERVAL=40;BYMINUTE=59", "20261123T095900", "20261123T095900 20261123T095940 20261123T105900"},
		{"freq=weekly; byday=MO, TU ;X-Y=1;", "20261123", "20261123 20261124 20261130"},
		{"FREQ=DAILY;BYSECOND=60", "20261123T090000", "20261123T090059 20261124T090059"},
		{"RSCALE=GREGORIAN;FREQ=YEARLY;SKIP=OMIT", "20261123", "20261123 20271123"},
		{"FREQ=DAILY;COUNT=2", "20261123", "20261123 20261124"},
		{"FREQ=MONTHLY;BYDAY=53MO", "20261123", ""},
	} {
		want := strings.Fields(c.want)
		n := len(want)
		if strings.Contains(c.rule, "COUNT") || n == 0 {
			n++
		}
		if diff := cmp.Diff(want, append([]string{}, starts(t, c.rule, c.start, n)...)); diff != "" {
			t.Errorf("%s from %s\n%s", c.rule, c.start, diff)
		}
	}
}

func TestRuleMistakes(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                               `a rule needs FREQ, found ""`,
		"BYDAY=MO":                       `a rule needs FREQ, found "BYDAY=MO"`,
		"FREQ=":                          `expected FREQ to be one of YEARLY, MONTHLY, WEEKLY, DAILY, HOURLY, MINUTELY, SECONDLY, found ""`,
		"FREQ=DAILY;FREQ=WEEKLY":         "FREQ is there twice",
		"FREQ=DAILY;INTERVAL=0":          `expected INTERVAL to be a number from 1 on, found "0"`,
		"FREQ=DAILY;INTERVAL=-1":         `expected INTERVAL to be a number from 1 on, found "-1"`,
		"FREQ=DAILY;COUNT=x":             `expected COUNT to be a number from 1 on, found "X"`,
		"FREQ=DAILY;UNTIL=soon":          `UNTIL: expected a time such as 20261224 or 20261224T090000Z, found "SOON"`,
		"FREQ=DAILY;WKST=XX":             `expected WKST to be one of MO, TU, WE, TH, FR, SA, SU, found "XX"`,
		"FREQ=DAILY;BYHOUR=24":           `expected BYHOUR to be numbers from 0 to 23, found "24"`,
		"FREQ=DAILY;BYMINUTE=60":         `expected BYMINUTE to be numbers from 0 to 59, found "60"`,
		"FREQ=YEARLY;BYMONTH=13":         `expected BYMONTH to be numbers from 1 to 12, found "13"`,
		"FREQ=YEARLY;BYMONTH=":           `expected BYMONTH to be numbers from 1 to 12, found ""`,
		"FREQ=MONTHLY;BYMONTHDAY=0":      `expected BYMONTHDAY to be numbers from 1 to 31 or -31 to -1, found "0"`,
		"FREQ=MONTHLY;BYSETPOS=0":        `expected BYSETPOS to be numbers from 1 to 366 or -366 to -1, found "0"`,
		"FREQ=MONTHLY;BYDAY=0MO":         `expected BYDAY to be weekdays such as MO or -1FR, found "0MO"`,
		"FREQ=MONTHLY;BYDAY=":            `expected BYDAY to be weekdays such as MO or -1FR, found ""`,
		"FREQ=MONTHLY;BYDAY=54MO":        `expected BYDAY to be weekdays such as MO or -1FR, found "54MO"`,
		"FREQ=YEARLY;BYEASTER=0":         `"BYEASTER" is not part of a rule`,
		"FREQ=YEARLY;RSCALE=CHINESE":     `expected RSCALE=GREGORIAN, found "CHINESE"`,
		"FREQ=YEARLY;SKIP=FORWARD":       `expected SKIP=OMIT, found "FORWARD"`,
		"FREQ=YEARLY;BYYEARDAY" + "=400": `expected BYYEARDAY to be numbers from 1 to 366 or -366 to -1, found "400"`,
	} {
		_, err := Parse(text)
		if err == nil || err.Error() != want {
			t.Errorf("%s\ngot  %v\nwant %s", text, err, want)
		}
	}
}

// someRule makes a rule of parts that go together anyhow.
func someRule(random *rand.Rand) string {
	freq := random.IntN(5) // Sub-hourly rules only slow the test down.
	rule := "FREQ=" + frequencies[freq]
	list := func(name string, n, low, high int) {
		var values []string
		for range 1 + random.IntN(n) {
			value := low + random.IntN(high-low+1)
			if value == 0 && low < 0 {
				value = 1
			}
			values = append(values, fmt.Sprint(value))
		}
		rule += ";" + name + "=" + strings.Join(values, ",")
	}
	maybe := func(oneIn int) bool { return random.IntN(oneIn) == 0 }
	if maybe(2) {
		list("INTERVAL", 1, 1, 4)
	}
	if maybe(3) {
		list("BYMONTH", 4, 1, 12)
	}
	if maybe(3) {
		list("BYMONTHDAY", 4, -31, 31)
	}
	if maybe(8) {
		list("BYYEARDAY", 6, -366, 366)
	}
	if maybe(8) {
		list("BYWEEKNO", 6, -53, 53)
	}
	if maybe(2) {
		var days []string
		for range 1 + random.IntN(3) {
			day := weekdays[random.IntN(7)]
			if maybe(3) {
				day = fmt.Sprint([]int{1, 2, -1, 5, 20}[random.IntN(5)]) + day
			}
			days = append(days, day)
		}
		rule += ";BYDAY=" + strings.Join(days, ",")
	}
	if maybe(4) {
		list("BYHOUR", 3, 0, 23)
	}
	if maybe(6) {
		list("BYMINUTE", 2, 0, 59)
	}
	if maybe(4) {
		list("BYSETPOS", 2, -4, 4)
	}
	if maybe(2) {
		rule += ";WKST=" + weekdays[random.IntN(7)]
	}
	if maybe(5) {
		list("COUNT", 1, 1, 300)
	}
	return rule
}

// TestRuleProperties holds for any rule: a window has what the whole has there, in order and once;
// months together are the year; and where a walk begins does not matter.
func TestRuleProperties(t *testing.T) {
	if growth.UnderRace {
		t.Skip("it runs in one goroutine for long; the run without the race detector has it")
	}
	t.Parallel()
	random := rand.New(rand.NewPCG(5545, uint64(rounds(300))))
	for range rounds(300) {
		text := someRule(random)
		start := civilTime(t, "20200101") + random.Int64N(5*366*Day)
		start -= start % Minute
		r := mustRule(t, text, start)
		window := func(from, to int64) []int64 {
			return slices.Collect(r.Starts(start, from, to, &Budget{Left: 1 << 40}))
		}
		name := fmt.Sprintf("%s from %s", text, civilText(start))
		end := start + 6*366*Day
		all := window(start, end)
		if !slices.IsSorted(all) || len(slices.Compact(slices.Clone(all))) != len(all) {
			t.Fatalf("%s: not ascending", name)
		}
		from := start + random.Int64N(5*366*Day)
		to := from + random.Int64N(400*Day)
		var cut, months []int64
		for _, at := range all {
			if from <= at && at < to {
				cut = append(cut, at)
			}
		}
		if diff := cmp.Diff(cut, window(from, to)); diff != "" {
			t.Fatalf("%s in a window from %s\n%s", name, civilText(from), diff)
		}
		for month := from; month < to; month += 30 * Day {
			months = append(months, window(month, min(month+30*Day, to))...)
		}
		if diff := cmp.Diff(cut, months); diff != "" {
			t.Fatalf("%s month by month from %s\n%s", name, civilText(from), diff)
		}
		for _, at := range all[:min(3, len(all))] {
			if r.Count == 0 && !r.Includes(at, &Budget{Left: 1 << 40}) && r.interval == 1 && len(r.positions) == 0 {
				t.Fatalf("%s has %s, and does not name it", name, civilText(at))
			}
		}
	}
}

func TestParseDuration(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Duration{
		"PT1H30M": {0, 5400}, "P1D": {1, 0}, "P1W": {7, 0}, "+P1DT2S": {1, 2}, "-PT15M": {0, -900}, "pt1h": {0, 3600},
		"PT0S": {},
	} {
		if got, err := ParseDuration(text); err != nil || got != want {
			t.Errorf("%s: got %v, %v, want %v", text, got, err, want)
		}
	}
	for _, text := range []string{
		"", "P", "1H", "PT", "P1H", "PT1D", "PTT1H", "P-1D", "P99999999999999999999D",
		"PT9999999999999H",
	} {
		if text == "PT" { // Harmless, and written by some for nothing.
			continue
		}
		if got, err := ParseDuration(text); err == nil {
			t.Errorf("%s: got %v, want an error", text, got)
		}
	}
}

func TestParseTime(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Time{
		"19700101":         {0, Date},
		"19700101T000001":  {1, Floating},
		"19700101t000001z": {1, UTC},
		"19700101T240000":  {Day, Floating},
		"19700101T000060Z": {59, UTC},
		" 16010101T000000": {-11644473600, Floating},
		"20000229":         {951782400, Date},
	} {
		if got, err := ParseTime(text); err != nil || got != want {
			t.Errorf("%q: got %v, %v, want %v", text, got, err, want)
		}
	}
	for _, text := range []string{
		"", "T", "2026", "20260001", "20261301", "20260229", "20260101T", "20260101T0900", "20260101T250000",
		"20260101T240001", "20260101T096000", "2026-01-01", "20260101T090000+0100", "２０２６0101",
	} {
		if got, err := ParseTime(text); err == nil {
			t.Errorf("%q: got %v, want an error", text, got)
		}
	}
}

// TestCivilDays compares with the standard library over eight centuries.
func TestCivilDays(t *testing.T) {
	t.Parallel()
	for date := time.Date(1600, 1, 1, 0, 0, 0, 0, time.UTC); date.Year() < 2400; date = date.AddDate(0, 0, 1) {
		d := int(date.Unix() / Day)
		if date.Unix() < 0 {
			d = int(floorDiv(date.Unix(), Day))
		}
		y, m, dd := dateOf(d)
		if y != date.Year() || m != int(date.Month()) || dd != date.Day() || dayOf(y, m, dd) != d ||
			weekdayOf(d) != (int(date.Weekday())+6)%7 {
			t.Fatalf("%s: got %d-%d-%d, weekday %d", date, y, m, dd, weekdayOf(d))
		}
	}
}

// FuzzRule: starts ascend, lie in their window, and are those of a larger window cut.
func FuzzRule(f *testing.F) {
	f.Add("FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR;WKST=SU;INTERVAL=2", int64(1_700_000_000), int64(10_000_000))
	f.Add("FREQ=YEARLY;BYMONTH=11;BYDAY=-1TH;BYSETPOS=1,-1;COUNT=10", int64(1_700_000_000), int64(0))
	f.Add("FREQ=YEARLY;BYWEEKNO=1,-1;BYYEARDAY=1,-366", int64(-10_000_000_000), int64(10_000_000_000))
	f.Add("FREQ=MINUTELY;INTERVAL=7;BYHOUR=9;BYSECOND=1,60;BYSETPOS=-1", int64(0), int64(100_000))
	f.Add("FREQ=MONTHLY;BYMONTHDAY=-1,31;BYDAY=MO,5FR;UNTIL=20300101", int64(0), int64(0))
	f.Fuzz(func(t *testing.T, text string, start, after int64) {
		r, err := Parse(text)
		if err != nil {
			return
		}
		start %= 8_000 * 366 * Day
		from := start + max(after, -after)%(1000*366*Day)
		r = r.Anchor(start)
		list := func(from, to int64) ([]int64, bool) {
			b := &Budget{Left: 200_000}
			return slices.Collect(r.Starts(start, from, to, b)), !b.Over()
		}
		larger, whole := list(from, from+300*Day)
		for i, at := range larger {
			if at < from || at >= from+300*Day || i > 0 && at <= larger[i-1] {
				t.Fatalf("%s from %d: %d is out of place", text, start, at)
			}
		}
		smaller, alsoWhole := list(from+100*Day, from+200*Day)
		if !whole || !alsoWhole {
			return
		}
		cut := slices.DeleteFunc(larger, func(at int64) bool { return at < from+100*Day || at >= from+200*Day })
		if !slices.Equal(cut, smaller) {
			t.Fatalf("%s from %d after %d: %v, in a larger window %v", text, start, from, smaller, cut)
		}
	})
}

func rounds(n int) int {
	if os.Getenv("CALLHOURS_SOAK") == "1" {
		return 10 * n
	}
	return n
}
