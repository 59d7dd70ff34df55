package calendars

import (
	"testing"
	"time"

	"github.com/callhours/callhours/calendars/ical"
	"github.com/callhours/callhours/calendars/zones"
)

// TestClockChanges goes through the hours around both changes of a zone's clock, by what is written
// and by what it is taken for.
func TestClockChanges(t *testing.T) {
	t.Parallel()
	zone, err := zones.Load("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, start, end, want string }{
		{"before the gap", "20270314T010000", "20270314T015959", ""},
		{"at its beginning, which is its end", "20270314T013000", "20270314T020000", ""},
		{"starts in it", "20270314T023000", "20270314T043000", "2027-03-14 02:30 skipped"},
		{"ends in it", "20270314T003000", "20270314T025959", "2027-03-14 02:59 skipped"},
		{"after it", "20270314T030000", "20270314T033000", ""},
		{"at the first showing", "20271107T010000", "20271107T033000", ""},
		{
			"starts in the hour that is shown twice", "20271107T010001", "20271107T033000",
			"2027-11-07 01:00 shown twice",
		},
		{"ends in it", "20271107T003000", "20271107T013000", "2027-11-07 01:30 shown twice"},
		{"after it", "20271107T020000", "20271107T033000", ""},
		{"over all of it", "20271106T230000", "20271107T083000", ""},
	} {
		for _, zoned := range []string{"", ";TZID=America/New_York"} {
			body := "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\nDTSTART" + zoned + ":" + c.start + "\nDTEND" + zoned + ":" +
				c.end + "\nEND:VEVENT\nEND:VCALENDAR\n"
			calendar, err := Read([]byte(body), ical.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			view := View{Zone: zone}
			timeline := calendar.Compile(view, time.Date(2027, 1, 1, 0, 0, 0, 0, zone),
				time.Date(2028, 1, 1, 0, 0, 0, 0, zone))
			got := ""
			for _, f := range timeline.ClockChanges(view, time.Unix(timeline.From(), 0)) {
				if got += f.Written + " shown twice"; f.Skipped {
					got = f.Written + " skipped"
				}
			}
			if got != c.want {
				t.Errorf("%s%s: got %q, want %q", c.name, zoned, got, c.want)
			}
		}
	}
}
