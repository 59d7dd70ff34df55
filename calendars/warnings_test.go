package calendars

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestWarnings(t *testing.T) {
	t.Parallel()
	calendar := mustRead(t, wrap(
		vevent("UID:fine", "DTSTART;TZID=Europe/Berlin:20270104T090000", "DURATION:PT1H", "RRULE:FREQ=WEEKLY;BYDAY=MO"),
		vevent("UID:day", "DTSTART;VALUE=DATE:20270104"),
		vevent("UID:short", "DTSTART:20270104T090000Z"),
		vevent("UID:tick", "DTSTART;TZID=Europe/Berlin:20270104T090000", "DURATION:PT1M", "RRULE:FREQ=MINUTELY"),
		vevent("UID:off", "DTSTART;TZID=Europe/Berlin:20270104T090000", "DURATION:PT1H", "RRULE:FREQ=WEEKLY;BYDAY=TU"),
		vevent("UID:utc", "DTSTART:20270104T090000Z", "DURATION:PT1H", "RRULE:FREQ=WEEKLY"),
		vevent("UID:gone", "DTSTART:20270104T090000Z", "RRULE:FREQ=SECONDLY", "STATUS:CANCELLED"),
	))
	berlin, err := LoadZone("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)
	want := []string{
		"line 13: it has neither DTEND nor DURATION, and so is never on; event (short) is used as it is",
		"line 17: RRULE: it repeats within the hour; event (tick) is used as it is",
		"line 23: RRULE: it does not name DTSTART, which is the first occurrence all the same; event (off) is used as it is",
	}
	if diff := cmp.Diff(want, texts(calendar.Warnings(View{}, at))); diff != "" {
		t.Error(diff)
	}
	want = append(want, "line 29: DTSTART: a series in UTC moves on the clock of Europe/Berlin when that changes; event (utc) is used as it is")
	if diff := cmp.Diff(want, texts(calendar.Warnings(View{Zone: berlin}, at))); diff != "" {
		t.Error(diff)
	}
}
