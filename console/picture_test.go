package console

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/callhours/callhours/console/languages"
	"github.com/callhours/callhours/preview"
)

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

// TestPlace: bars stand where the clock on the wall says, also on days on which it is changed.
func TestPlace(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		what, zone, day, from, to string // from and to in UTC
		want                      string // hours on the clock, /1 and /2 the first and second time
	}{
		{"an ordinary day", "America/New_York", "2026-11-25", "2026-11-25T14:00:00Z", "2026-11-25T22:00:00Z", "9-17"},
		{
			"from the day before into the next", "America/New_York", "2026-11-25", "2026-11-24T14:00:00Z",
			"2026-11-27T22:00:00Z", "0-24",
		},
		{
			"the hour that comes twice", "America/New_York", "2026-11-01", "2026-11-01T04:00:00Z",
			"2026-11-02T05:00:00Z",
			"0-1 1-2/1 1-2/2 2-24",
		},
		{
			"its first half hour", "America/New_York", "2026-11-01", "2026-11-01T05:00:00Z", "2026-11-01T05:30:00Z",
			"1-1.5/1",
		},
		{
			"its fourth half hour", "America/New_York", "2026-11-01", "2026-11-01T06:30:00Z", "2026-11-01T07:00:00Z",
			"1.5-2/2",
		},
		{
			"the hour that is skipped", "Europe/Berlin", "2027-03-28", "2027-03-28T00:30:00Z", "2027-03-28T01:30:00Z",
			"1.5-2 3-3.5",
		},
		{
			"half an hour, on Lord Howe", "Australia/Lord_Howe", "2026-10-04", "2026-10-03T13:30:00Z",
			"2026-10-04T13:00:00Z", "0-2 2.5-24",
		},
		{
			"a day that begins at one", "America/Asuncion", "2023-10-01", "2023-10-01T04:00:00Z",
			"2023-10-02T03:00:00Z",
			"1-24",
		},
		{
			"the last hour twice", "America/Havana", "2026-11-01", "2026-11-01T04:00:00Z", "2026-11-02T05:00:00Z",
			"0-1/1 0-1/2 1-24",
		},
		{"nothing of the day", "Europe/Berlin", "2026-11-25", "2026-11-26T00:00:00Z", "2026-11-27T00:00:00Z", ""},
	} {
		z := zone(t, c.zone)
		day, err := preview.Moment(c.day, z)
		if err != nil {
			t.Fatal(err)
		}
		ps := pieces(day)
		var from, to time.Time
		if from, err = time.Parse(time.RFC3339, c.from); err == nil {
			to, err = time.Parse(time.RFC3339, c.to)
		}
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, b := range placeBars(ps, from, to, bar{}) {
			hour := func(x float64) string {
				return strings.TrimSuffix(strings.TrimSuffix(fmt.Sprintf("%.2f", x*0.24), "0"), ".0")
			}
			text := hour(b.X) + "-" + hour(b.X+b.W)
			if b.Half > 0 {
				text += fmt.Sprintf("/%d", b.Half)
			}
			got = append(got, text)
		}
		if text := strings.Join(got, " "); text != c.want {
			t.Errorf("%s: got %q, want %q", c.what, text, c.want)
		}
	}
}

// TestPlaceCoversTheDay: over the days of three years in zones that change their clocks oddly, bars
// cover exactly as much of the clock as time passes.
func TestPlaceCoversTheDay(t *testing.T) {
	t.Parallel()
	english := languages.New().All()[0]
	for _, name := range []string{
		"America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "America/Havana",
		"Africa/Casablanca", "Asia/Kathmandu", "Pacific/Apia", "UTC",
	} {
		z := zone(t, name)
		for d := range 3 * 365 {
			midnight := preview.Midnight(time.Date(2025, 1, 1, 12, 0, 0, 0, z), d)
			r, ps := newRow(english, midnight, midnight)
			width := 0.0
			for _, b := range placeBars(ps, midnight.AddDate(0, 0, -1), midnight.AddDate(0, 0, 2), bar{}) {
				width += b.W
				if b.X < -1e-9 || b.X+b.W > 100+1e-9 {
					t.Fatalf("%s: a bar from %v to %v", midnight, b.X, b.X+b.W)
				}
			}
			hours := preview.Midnight(midnight, 1).Sub(midnight).Hours()
			if math.Abs(width-hours/0.24) > 1e-6 {
				t.Fatalf("%s: the bars are %v wide, want %v hours", midnight, width*0.24, hours)
			}
			if changed := hours != 24; changed != (r.Shift != "") {
				t.Fatalf("%s: %v hours, and %q", midnight, hours, r.Shift)
			}
		}
	}
}

// shifts are the days on which the clocks change, as the page says them.
func shifts(p picture) string {
	var list []string
	for _, d := range p.Shifts() {
		list = append(list, d.At.Format("Mon 2 Jan ")+d.ShiftBy+": "+d.Shift)
	}
	return strings.Join(list, "; ")
}

// testDrawing is what a picture of some days is made of.
func testDrawing(from time.Time, days int, spans []preview.Span, lanes []preview.Lane, now time.Time) drawing {
	return drawing{languages.New().All()[0], "r", from, days, spans, lanes, now, func(name string) string { return name }}
}

func TestShift(t *testing.T) {
	t.Parallel()
	z := zone(t, "Europe/Berlin")
	day := func(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 0, 0, 0, 0, z) }
	pic := newPicture(testDrawing(day(2026, 10, 20), 7, nil, nil, day(2026, 10, 21).Add(6*time.Hour)))
	want := "Sun 25 Oct \u22121 h: the clocks go back: 02:00 to 03:00 comes twice, first above, then below"
	if got := shifts(pic); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if r := pic.Days[1]; !r.Today || r.Now != 25 {
		t.Errorf("now is at %v, want at a quarter of the second day", r.Now)
	}
	pic = newPicture(testDrawing(day(2027, 3, 28), 1, nil, nil, day(2026, 1, 1)))
	want = "Sun 28 Mar +1 h: the clocks go forward: 02:00 to 03:00 is skipped"
	if got := shifts(pic); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestLanes: events that are on at once stand below each other, so many rows at most.
func TestLanes(t *testing.T) {
	t.Parallel()
	day := time.Date(2026, 11, 25, 0, 0, 0, 0, time.UTC)
	event := func(from, to int) preview.LaneEvent {
		at := func(h int) time.Time { return day.Add(time.Duration(h) * time.Hour) }
		return preview.LaneEvent{
			Event:  preview.Event{Calendar: "c", Summary: "x", Start: at(from), End: at(to)},
			Counts: true,
		}
	}
	lanes := []preview.Lane{
		{Calendar: "c", Events: []preview.LaneEvent{event(8, 12), event(9, 10), event(10, 11), event(12, 13)}},
		{Calendar: "d", Unknown: "why"},
	}
	pic := newPicture(testDrawing(day, 2, nil, lanes, day))
	l := pic.Days[0].Lanes[0]
	var ys []int
	for _, b := range l.Bars {
		ys = append(ys, b.Y-l.Bars[0].Y)
	}
	if fmt.Sprint(ys) != "[0 17 17 0]" || l.Rows != 2 {
		t.Errorf("the events stand at %v in %d rows", ys, l.Rows)
	}
	if l.Height != laneGap+2*laneHeight+1 || len(pic.Days[1].Lanes) != 0 {
		t.Errorf("the lane is %d high, and the next day has %v", l.Height, pic.Days[1].Lanes)
	}
	if got := fmt.Sprint(pic.Lanes); got != "[{c false } {d true why}]" {
		t.Errorf("below the picture stands %s", got)
	}
	var many []preview.LaneEvent
	for range 100 {
		many = append(many, event(8, 12))
	}
	if got := newPicture(testDrawing(day, 1, nil, []preview.Lane{{Events: many}}, day)).Days[0].Lanes[0].Rows; got != maxRows {
		t.Errorf("100 at once take %d rows, want %d", got, maxRows)
	}
}
