package calendars

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/callhours/callhours/calendars/ical"
)

// TestFirst: First, Busy and Head agree with Between and All, of which they are the beginning.
func TestFirst(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 16))
	c, err := Read([]byte(manyEvents(rng, 200)), ical.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	begin := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	timeline := c.Compile(View{}, begin, begin.AddDate(0, 1, 0))
	all := timeline.All()
	if len(all) < 1000 {
		t.Fatalf("%d occurrences are too few", len(all))
	}
	same := func(a, b []Occurrence) bool {
		if len(a) != len(b) {
			return false
		}
		for i := range a {
			if !a[i].Same(b[i]) {
				return false
			}
		}
		return true
	}
	for range 500 {
		from := begin.Unix() + rng.Int64N(30*24*3600)
		to := from + 1 + rng.Int64N(3*24*3600)
		want := timeline.Between(nil, from, to)
		most := rng.IntN(len(want) + 2)
		got, more := timeline.First(nil, from, to, most)
		if !same(got, want[:min(most, len(want))]) || more != len(want)-len(got) {
			t.Fatalf("the first %d of %d are %d, and %d more", most, len(want), len(got), more)
		}
		if n := timeline.Busy(from, to, most+1); n != min(most+1, len(want)) {
			t.Fatalf("%d are on, counted up to %d: %d", len(want), most+1, n)
		}
		if head := timeline.Head(most); !same(head, all[:min(most, len(all))]) {
			t.Fatalf("the first %d are others", most)
		}
	}
	from, to := begin.Unix(), begin.AddDate(0, 1, 0).Unix()
	if n := testing.AllocsPerRun(10, func() { timeline.Busy(from, to, len(all)) }); n != 0 {
		t.Errorf("counting allocates %v times", n)
	}
	if n := testing.AllocsPerRun(10, func() { _, _ = timeline.First(nil, from, to, 1) }); n > 20 {
		t.Errorf("the first of %d allocates %v times", len(all), n)
	}
}

// TestOccurrenceWithoutSeries: looking at an occurrence takes no more because its series has many
// rules and dates. Calls look at them, and answers that are kept hold them.
func TestOccurrenceWithoutSeries(t *testing.T) {
	begin := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	cost := func(n int) float64 {
		dates := strings.Repeat("EXDATE:20250101T090000Z,20250102T090000Z\r\n"+
			"RDATE;VALUE=PERIOD:20260201T090000Z/PT1H,20260202T090000Z/20260202T100000Z\r\n"+
			"RRULE:FREQ=WEEKLY;BYDAY=MO\r\nEXRULE:FREQ=YEARLY\r\n", n)
		c, err := Read(wrap(vevent("UID:a", "DTSTART:20260101T090000Z", "DURATION:PT1H", strings.TrimSpace(dates))),
			ical.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		timeline := c.Compile(View{}, begin, begin.AddDate(0, 3, 0))
		if timeline.Len() < 13 {
			t.Fatalf("%d occurrences are too few", timeline.Len())
		}
		return testing.AllocsPerRun(10, func() {
			for i := range 10 {
				if e := timeline.Occurrence(i).Event; e.UID != "a" || e.Rules != nil || e.Dates != nil {
					t.Errorf("got %+v", e)
				}
			}
		})
	}
	if one, many := cost(1), cost(200); many > one {
		t.Errorf("of a series with 200 dates it takes %.0f allocations, of one with few %.0f", many, one)
	}
}

// manyEvents is a calendar of so many events of any length in one month.
func manyEvents(rng *rand.Rand, n int) string {
	text := "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\n"
	for i := range n {
		start := time.Date(2026, 1, 1, rng.IntN(700), rng.IntN(60), 0, 0, time.UTC)
		end := start.Add(time.Duration(rng.IntN(100)) * time.Hour)
		text += "BEGIN:VEVENT\r\nUID:" + string(rune('a'+i%26)) + start.Format("150405.0102") +
			"\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:" + start.Format("20060102T150405Z") +
			"\r\nDTEND:" + end.Format("20060102T150405Z") +
			"\r\nRRULE:FREQ=DAILY;COUNT=9\r\nSUMMARY:x\r\nEND:VEVENT\r\n"
	}
	return text + "END:VCALENDAR\r\n"
}
