package calendars

import (
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/callhours/callhours/calendars/ical"
)

func TestInWords(t *testing.T) {
	t.Parallel()
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 11, 30, 12, 0, 0, 0, berlin).Unix()
	const weekdays = "DTSTART;TZID=Europe/Berlin:20260105T090000\nDTEND;TZID=Europe/Berlin:20260105T170000\n" +
		"RRULE:FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"
	for _, c := range []struct{ event, want string }{
		{weekdays, "every weekday 09:00–17:00"},
		{weekdays + "\nEXDATE;TZID=Europe/Berlin:20261224T090000", "every weekday 09:00–17:00, except Thu 24 Dec"},
		{
			weekdays + "\nEXDATE:20261224T080000Z,20270101T080000Z\nEXDATE;VALUE=DATE:20261224,20260301",
			"every weekday 09:00–17:00, except Thu 24 Dec, Fri 1 Jan 2027 and 1 more",
		},
		{weekdays + "\nEXDATE;VALUE=DATE:20260302,20260303", "every weekday 09:00–17:00, except 2 earlier days"},
		{weekdays + ";COUNT=10", "every weekday 09:00–17:00, 10 times in all"},
		{weekdays + ";UNTIL=20261223T230000Z", "every weekday 09:00–17:00, until Wed 23 Dec"},
		{weekdays + ";UNTIL=20261224T080000Z", "every weekday 09:00–17:00, until Thu 24 Dec"},
		{weekdays + ";UNTIL=20261224", "every weekday 09:00–17:00, until Thu 24 Dec"},
		{weekdays + ";UNTIL=20251224", "never, since it is to end before it begins on Mon 5 Jan"},
		{weekdays + ";UNTIL=20251224\nRDATE:20261205T080000Z", "on Sat 5 Dec"},
		{weekdays + "\nEXRULE:FREQ=MONTHLY;BYDAY=1MO", "every weekday 09:00–17:00, except on the first Monday of every month"},
		{weekdays + "\nEXRULE:FREQ=DAILY;INTERVAL=3", "every weekday 09:00–17:00, except by the rule FREQ=DAILY;INTERVAL=3"},
		{weekdays + "\nRDATE;TZID=Europe/Berlin:20261205T090000", "every weekday 09:00–17:00, and also on Sat 5 Dec"},
		{
			"DTSTART;TZID=America/New_York:20260105T220000\nDURATION:PT8H\nRRULE:FREQ=WEEKLY;INTERVAL=2",
			"every 2 weeks on Monday 22:00–06:00 the next day (America/New_York), from Mon 5 Jan on",
		},
		{"DTSTART:20270105T090000Z\nDURATION:P2DT1H\nRRULE:FREQ=DAILY", "every day 09:00–10:00 2 days later (UTC), from Tue 5 Jan 2027 on"},
		{"DTSTART:20260105T090000\nRRULE:FREQ=WEEKLY;BYDAY=TU", "Mon 5 Jan at 09:00, then every Tuesday at 09:00"},
		{
			"DTSTART:20260105T090000\nDTEND:20260105T100000\nRRULE:FREQ=YEARLY;BYWEEKNO=20;UNTIL=20300101",
			"Mon 5 Jan 09:00–10:00, and again by the rule FREQ=YEARLY;BYWEEKNO=20;UNTIL=20300101",
		},
		{"DTSTART;VALUE=DATE:20201225\nRRULE:FREQ=YEARLY", "every year on 25 December"},
		{"DTSTART;VALUE=DATE:20201224\nDTEND;VALUE=DATE:20201227\nRRULE:FREQ=YEARLY", "every year on 24 December for 3 days"},
		{"DTSTART;VALUE=DATE:20261224", "all day on Thu 24 Dec"},
		{"DTSTART;VALUE=DATE:20261224\nDTEND;VALUE=DATE:20270102", "all day from Thu 24 Dec to Fri 1 Jan 2027"},
		{"DTSTART;TZID=Europe/Berlin:20261130T090000\nDTEND;TZID=Europe/Berlin:20261201T000000", "Mon 30 Nov 09:00–24:00"},
		{"DTSTART:20261130T090015\nDTEND:20261130T120000", "Mon 30 Nov 09:00:15–12:00"},
		{"DTSTART:20261130T090000", "Mon 30 Nov at 09:00"},
		{"DTSTART:20261130T090000\nRDATE:20261202T090000,20261201T090000", "Mon 30 Nov at 09:00, and also on Tue 1 Dec and Wed 2 Dec"},
		{"DTSTART:20261130T090000\nRECURRENCE-ID:20261130T080000", "Mon 30 Nov at 09:00, instead of Mon 30 Nov 08:00"},
		{
			"DTSTART:20261130T090000\nRECURRENCE-ID;RANGE=THISANDFUTURE:20261129T080000",
			"Mon 30 Nov at 09:00, with all that follow, instead of Sun 29 Nov 08:00",
		},
	} {
		e := wordsEvents(t, c.event)
		if len(e) != 1 {
			t.Fatalf("%s: got %d events", c.event, len(e))
		}
		if got := InWords(e[0], View{Zone: berlin}, now, English()); got != c.want {
			t.Errorf("%s:\ngot  %s\nwant %s", c.event, got, c.want)
		}
	}
}

func wordsEvents(t *testing.T, body string) []*Event {
	t.Helper()
	c, err := Read([]byte("BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:x\nSUMMARY:x\n"+body+"\nEND:VEVENT\nEND:VCALENDAR\n"),
		ical.Limits{})
	if err != nil {
		return nil
	}
	return c.Events()
}

// FuzzInWords: an event is one bounded line of printable characters, whatever it is.
func FuzzInWords(f *testing.F) {
	f.Add("DTSTART:20260105T090000\nDURATION:PT8H\nRRULE:FREQ=MONTHLY;BYDAY=1MO,-1FR;COUNT=3\nEXDATE:20261224T090000", int64(0))
	f.Add("DTSTART;VALUE=DATE:99991231\nDTEND;VALUE=DATE:99991231\nRRULE:FREQ=DAILY;UNTIL=00000101", int64(1)<<40)
	f.Add("DTSTART;TZID=Europe/Berlin:20260105T090000\nRDATE;VALUE=PERIOD:20260101T000000Z/P1D\nEXRULE:FREQ=YEARLY", int64(-1)<<40)
	f.Fuzz(func(t *testing.T, body string, now int64) {
		now %= 1 << 40
		for _, e := range wordsEvents(t, body) {
			got := InWords(e, View{Zone: time.UTC}, now, English())
			if got == "" || len(got) > maxEventWords || !utf8.ValidString(got) {
				t.Fatalf("got %d bytes, %q", len(got), got)
			}
			if i := strings.IndexFunc(got, func(r rune) bool { return !unicode.IsPrint(r) }); i >= 0 {
				t.Fatalf("%q holds %q", got, got[i:])
			}
		}
	})
}
