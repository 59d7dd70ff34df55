package calendars

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/callhours/callhours/calendars/zones"
)

// TestRevisions are series that were edited, and times whose zone nothing knows.
func TestRevisions(t *testing.T) {
	t.Parallel()
	const hour = "DTEND;TZID=Europe/Rome:20270301T100000"
	series := func(more ...string) string {
		return vevent(
			append([]string{"UID:s", "DTSTART;TZID=Europe/Rome:20270301T090000", hour, "RRULE:FREQ=DAILY;COUNT=3"},
				more...)...)
	}
	changed := func(more ...string) string {
		return vevent(append([]string{
			"UID:s", "RECURRENCE-ID;TZID=Europe/Rome:20270302T090000", "DTSTART;TZID=Europe/Rome:20270302T150000",
			"DTEND;TZID=Europe/Rome:20270302T160000",
		}, more...)...)
	}
	const (
		first, second, third = "2027-03-01 09:00 +0100, 2027-03-01 10:00 +0100, s",
			"2027-03-02 09:00 +0100, 2027-03-02 10:00 +0100, s", "2027-03-03 09:00 +0100, 2027-03-03 10:00 +0100, s"
		moved  = "2027-03-02 15:00 +0100, 2027-03-02 16:00 +0100, s"
		exdate = "EXDATE;TZID=Europe/Rome:20270302T090000"
	)
	for _, c := range []situation{
		{
			name:   "changed, then deleted, by SEQUENCE",
			events: []string{series(exdate, "SEQUENCE:3"), changed("SEQUENCE:2")},
			want:   []string{first, third},
		},
		{
			name:   "changed, then deleted, the change first in the feed",
			events: []string{changed("SEQUENCE:2"), series("EXDATE:20270302T080000Z", "SEQUENCE:3")},
			want:   []string{first, third},
		},
		{
			name: "changed, then deleted, by LAST-MODIFIED", events: []string{
				series(exdate, "LAST-MODIFIED:20270101T120000Z"), changed("LAST-MODIFIED:20270101T110000Z"),
			},
			want: []string{first, third},
		},
		{
			name: "deleted as a day", events: []string{series("EXDATE;VALUE=DATE:20270302", "SEQUENCE:1"), changed()},
			want: []string{first, third},
		},
		{
			name: "the change is the later one", events: []string{series(exdate, "SEQUENCE:2"), changed("SEQUENCE:3")},
			want: []string{first, moved, third},
		},
		{
			name:   "the time of export says nothing",
			events: []string{series(exdate, "DTSTAMP:20270101T120000Z"), changed("DTSTAMP:20270101T110000Z")},
			want:   []string{first, moved, third},
		},
		{
			name:   "another occurrence was deleted",
			events: []string{series("EXDATE;TZID=Europe/Rome:20270303T090000", "SEQUENCE:3"), changed("SEQUENCE:2")},
			want:   []string{first, moved},
		},
		{
			name:   "an exception in a zone that nothing knows",
			events: []string{series("EXDATE;TZID=Contoso Time:20270302T090000")},
			want:   []string{first, third},
		},
		{
			name:   "one exception of several cannot be read",
			events: []string{series("EXDATE;TZID=Europe/Rome:20270302T090000,soon,20270303T090000")},
			want:   []string{first},
		},
		{
			name: "an exception with damaged parameters", events: []string{series("EXDATE;TZID:20270302T090000")},
			want: []string{first, second, third},
		},
		{
			name:   "an addition in a zone that nothing knows",
			events: []string{series("RDATE;TZID=Contoso Time:20270310T090000")},
			want:   []string{first, second, third},
		},
		{
			name: "a period where the rule has a start",
			events: []string{
				series("RDATE;VALUE=PERIOD;TZID=Europe/Rome:20270302T090000/PT3H,20270301T090000/20270301T093000"),
			},
			want: []string{
				"2027-03-01 09:00 +0100, 2027-03-01 09:30 +0100, s",
				"2027-03-02 09:00 +0100, 2027-03-02 12:00 +0100, s", third,
			},
		},
		{
			name: "two periods with one start",
			events: []string{vevent("UID:s", "DTSTART;TZID=Europe/Rome:20270301T090000", hour,
				"RDATE;VALUE=PERIOD;TZID=Europe/Rome:20270302T090000/PT1H,20270302T090000/PT2H,20270302T090000/PT1H30M")},
			want: []string{first, "2027-03-02 09:00 +0100, 2027-03-02 11:00 +0100, s"},
		},
		{
			name: "whole days, and a zone that nothing knows", events: []string{
				vevent("UID:s", "DTSTART;VALUE=DATE:20270301", "RRULE:FREQ=DAILY;COUNT=3",
					"EXDATE;TZID=UTC+05:20270303T000000"),
				vevent("UID:s", "DTSTART;VALUE=DATE:20270308", "RECURRENCE-ID;TZID=Contoso Time:20270302T000000"),
			},
			want: []string{
				"2027-03-01 00:00 +0100, 2027-03-02 00:00 +0100, s",
				"2027-03-08 00:00 +0100, 2027-03-09 00:00 +0100, s",
			},
		},
		{
			name: "a rule that ends before it begins",
			events: []string{vevent("UID:s", "DTSTART;TZID=Europe/Rome:20270301T090000", hour,
				"RRULE:FREQ=DAILY;UNTIL=20270228T225959Z")},
		},
		{
			name: "one rule ends before it begins, another does not",
			events: []string{vevent("UID:s", "DTSTART;TZID=Europe/Rome:20270301T090000", hour,
				"RRULE:FREQ=DAILY;UNTIL=20270228T225959Z", "RRULE:FREQ=DAILY;COUNT=1")},
			want: []string{first},
		},
		{
			name: "UNTIL is the first start",
			events: []string{vevent("UID:s", "DTSTART;TZID=Europe/Rome:20270301T090000", hour,
				"RRULE:FREQ=DAILY;UNTIL=20270301T080000Z")},
			want: []string{first},
		},
		{
			name:   "days end before they begin",
			events: []string{vevent("UID:s", "DTSTART;VALUE=DATE:20270301", "RRULE:FREQ=DAILY;UNTIL=20270228")},
		},
		{
			name:   "UNTIL is local midnight of the first day, in UTC",
			events: []string{vevent("UID:s", "DTSTART;VALUE=DATE:20270301", "RRULE:FREQ=DAILY;UNTIL=20270228T230000Z")},
			want:   []string{"2027-03-01 00:00 +0100, 2027-03-02 00:00 +0100, s"},
		},
		{
			name: "a zone with blanks, which the calendar defines", events: []string{
				vtimezone(" Plant 7"), vevent("UID:s", "DTSTART;TZID=Plant 7 :20270301T090000", "DURATION:PT1H"),
			},
			want: []string{first},
		},
		{
			name: "a colon without quotes in a zone that the calendar defines", events: []string{
				vtimezone("GMT+01:00 Rome"),
				vevent("UID:s", "DTSTART;TZID=GMT+01:00 Rome:20270301T090000", "DURATION:PT1H"),
			},
			want: []string{first},
		},
		{
			name: "quotes in a rule",
			events: []string{
				vevent("UID:s", "DTSTART;TZID=Europe/Rome:20270301T090000", hour,
					`RRULE:FREQ=WEEKLY;BYDAY="MO,WE";COUNT="2"`),
			},
			want: []string{first, third},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.zone, c.from, c.to = "Europe/Rome", "2027-02-01", "2027-05-01"
			c.check(t)
		})
	}
}

// TestHints are what is said of events that are used as they are written.
func TestHints(t *testing.T) {
	t.Parallel()
	calendar := mustRead(t, wrap(
		vevent("UID:1", "DTSTART;TZID=Europe/Rome:20270301T090000", "DTEND:20270301T170000"),
		vevent("UID:2", "DTSTART:20270301T090000", "DTEND;TZID=Europe/Rome:20270301T200000"),
		vevent("UID:3", "DTSTART;TZID=Europe/Rome:20270301T090000", "DTEND;TZID=Asia/Tokyo:20270301T120000"),
		vevent("UID:4", "DTSTART;VALUE=DATE:20250601", "RRULE:FREQ=YEARLY;UNTIL=20270531T220000Z"),
		vevent("UID:5", "DTSTART;VALUE=DATE:20250601", "RRULE:FREQ=YEARLY;UNTIL=20260531T220000Z"),
		vevent("UID:6", "DTSTART;TZID=Europe/Rome:20270301T090000", "DURATION:PT1H", "RRULE:FREQ=WEEKLY;BYDAY=TU",
			"RRULE:FREQ=WEEKLY;BYDAY=MO"),
	))
	zone, err := zones.Load("America/Denver")
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"line 3: DTEND: it has no time zone, though DTSTART has one; it is read on the clock of America/Denver; event (1) is used as it is",
		"line 8: DTSTART: it has no time zone, though DTEND has one; it is read on the clock of America/Denver; event (2) is used as it is",
		"line 13: DTEND: it is not after DTSTART, in their time zones, so the event never takes place; event (3) is used as it is",
		"line 18: RRULE: UNTIL is midnight on the clock of another zone: seen from America/Denver, 2027-06-01 is left out; " +
			"set the timezone of the calendar; event (4) ends a day early",
	}
	at := time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)
	if diff := cmp.Diff(want, texts(calendar.Warnings(View{Zone: zone}, at))); diff != "" {
		t.Error(diff)
	}
}
