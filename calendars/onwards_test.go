package calendars

import "testing"

// TestOnwards: RANGE=THISANDFUTURE changes the later occurrences by as much as its own, whatever
// zone and kind of time it is written in, and also where its own was deleted later.
func TestOnwards(t *testing.T) {
	t.Parallel()
	master := func(start string, more ...string) string {
		return vevent(append([]string{
			"UID:s", start, "DURATION:PT2H", "RRULE:FREQ=DAILY;COUNT=4", "SEQUENCE:2", "SUMMARY:old",
		}, more...)...)
	}
	onwards := func(more ...string) string {
		return vevent(append([]string{"UID:s", "DURATION:PT3H", "SUMMARY:new"}, more...)...)
	}
	const (
		rome  = "DTSTART;TZID=Europe/Rome:20270302T080000"
		third = "RECURRENCE-ID;RANGE=THISANDFUTURE;TZID=Europe/Rome:20270303T080000"
		whole = "RECURRENCE-ID;RANGE=THISANDFUTURE;VALUE=DATE:20270303"
	)
	for _, c := range []expected{
		{
			"the same zone",
			wrap(master(rome), onwards(third, "SEQUENCE:2", "DTSTART;TZID=Europe/Rome:20270303T100000")),
			[]string{"02 08:00 old", "03 10:00 new", "04 10:00 new", "05 10:00 new"},
			nil,
		},
		{
			"another zone",
			wrap(master(rome), onwards(third, "SEQUENCE:2", "DTSTART;TZID=America/New_York:20270303T040000")),
			[]string{"02 08:00 old", "03 10:00 new", "04 10:00 new", "05 10:00 new"},
			nil,
		},
		{
			"another zone, the same time",
			wrap(master(rome), onwards(third, "SEQUENCE:2", "DTSTART;TZID=America/New_York:20270303T020000")),
			[]string{"02 08:00 old", "03 08:00 new", "04 08:00 new", "05 08:00 new"},
			nil,
		},
		{
			"in UTC", wrap(master(rome), onwards(third, "SEQUENCE:2", "DTSTART:20270303T090000Z")),
			[]string{"02 08:00 old", "03 10:00 new", "04 10:00 new", "05 10:00 new"},
			nil,
		},
		{
			"days that become hours",
			wrap(vevent("UID:s", "DTSTART;VALUE=DATE:20270302", "RRULE:FREQ=DAILY;COUNT=4", "SUMMARY:old"),
				onwards(whole, "DTSTART;TZID=America/New_York:20270303T040000")),
			[]string{"02 00:00 old", "03 10:00 new", "04 10:00 new", "05 10:00 new"},
			nil,
		},
		{
			"hours that become days",
			wrap(master(rome), vevent("UID:s", third, "SEQUENCE:2", "DTSTART;VALUE=DATE:20270303", "SUMMARY:new")),
			[]string{"02 08:00 old", "03 00:00 new", "04 00:00 new", "05 00:00 new"},
			nil,
		},
		{
			"the first of them deleted later",
			wrap(master(rome, "EXDATE;TZID=Europe/Rome:20270303T080000"),
				onwards(third, "SEQUENCE:1", "DTSTART;TZID=Europe/Rome:20270303T100000")),
			[]string{"02 08:00 old", "04 10:00 new", "05 10:00 new"},
			nil,
		},
		{
			"another one deleted later",
			wrap(master(rome, "EXDATE;TZID=Europe/Rome:20270304T080000"),
				onwards(third, "SEQUENCE:1", "DTSTART;TZID=Europe/Rome:20270303T100000")),
			[]string{"02 08:00 old", "03 10:00 new", "05 10:00 new"},
			nil,
		},
	} {
		c.check(t)
	}
}
