package calendars

import (
	"errors"
	"fmt"
	"testing"
	"time"
	_ "time/tzdata"

	"github.com/google/go-cmp/cmp"

	"github.com/callhours/callhours/calendars/ical"
	"github.com/callhours/callhours/calendars/zones"
)

// situation is a calendar, what takes place in a window, and moments at which something is on or
// nothing is. Times are those on the wall clock of the zone, with its offset.
type situation struct {
	name     string
	zone     string // of the View
	from, to string // dates
	events   []string
	want     []string // start, end, UID
	on, off  []string // moments
}

func (c situation) check(t *testing.T) {
	t.Helper()
	zone, err := zones.Load(c.zone)
	if err != nil {
		t.Fatal(err)
	}
	calendar := mustRead(t, wrap(c.events...))
	timeline := calendar.Compile(View{Zone: zone}, at(t, c.from+" 00:00", zone), at(t, c.to+" 00:00", zone))
	if diff := cmp.Diff(c.want, wallTimes(timeline.All(), zone)); diff != "" {
		t.Errorf("%s\n%v", diff, calendar.Problems())
	}
	for _, moment := range c.on {
		if len(timeline.At(nil, at(t, moment, zone).Unix())) == 0 {
			t.Errorf("nothing is on at %s", moment)
		}
	}
	for _, moment := range c.off {
		if on := timeline.At(nil, at(t, moment, zone).Unix()); len(on) > 0 {
			t.Errorf("on at %s: %v", moment, wallTimes(on, zone))
		}
	}
}

// TestSituations are the situations in which opening hours go wrong elsewhere.
func TestSituations(t *testing.T) {
	t.Parallel()
	for _, c := range []situation{
		{
			name: "opening hours stay on the wall clock when the clocks change",
			zone: "Europe/Berlin", from: "2027-03-26", to: "2027-03-30",
			events: []string{vevent("UID:hours", "DTSTART;TZID=Europe/Berlin:20270101T080000",
				"DTEND;TZID=Europe/Berlin:20270101T120000", "RRULE:FREQ=DAILY")},
			want: []string{
				"2027-03-26 08:00 +0100, 2027-03-26 12:00 +0100, hours",
				"2027-03-27 08:00 +0100, 2027-03-27 12:00 +0100, hours",
				"2027-03-28 08:00 +0200, 2027-03-28 12:00 +0200, hours",
				"2027-03-29 08:00 +0200, 2027-03-29 12:00 +0200, hours",
			},
			on: []string{"2027-03-28 11:30"}, off: []string{"2027-03-28 12:30"},
		},
		{
			name: "a shift begins in the hour that the clocks skip",
			zone: "America/Chicago", from: "2027-03-13", to: "2027-03-15",
			events: []string{vevent("UID:shift", "DTSTART;TZID=America/Chicago:20270310T021500", "DURATION:PT2H",
				"RRULE:FREQ=DAILY")},
			want: []string{
				"2027-03-13 02:15 -0600, 2027-03-13 04:15 -0600, shift",
				"2027-03-14 03:15 -0500, 2027-03-14 05:15 -0500, shift",
			},
		},
		{
			name: "start and end lie in the hour that the clocks skip",
			zone: "America/Chicago", from: "2027-03-14", to: "2027-03-15",
			events: []string{vevent("UID:shift", "DTSTART;TZID=America/Chicago:20270314T023000",
				"DTEND;TZID=America/Chicago:20270314T030000")},
			want: []string{"2027-03-14 03:30 -0500, 2027-03-14 04:00 -0500, shift"},
		},
		{
			name: "a shift begins in the hour that comes twice",
			zone: "Europe/Paris", from: "2026-10-25", to: "2026-10-26",
			events: []string{vevent("UID:shift", "DTSTART;TZID=Europe/Paris:20261020T021500", "DURATION:PT20M",
				"RRULE:FREQ=DAILY")},
			want: []string{"2026-10-25 02:15 +0200, 2026-10-25 02:35 +0200, shift"},
		},
		{
			name: "a night shift by DTEND ends on the clock, by DURATION after exact hours",
			zone: "America/New_York", from: "2026-11-01", to: "2026-11-02",
			events: []string{
				vevent("UID:clock", "DTSTART;TZID=America/New_York:20261031T230000",
					"DTEND;TZID=America/New_York:20261101T070000"),
				vevent("UID:exact", "DTSTART;TZID=America/New_York:20261031T230000", "DURATION:PT8H"),
				vevent("UID:nominal", "DTSTART;TZID=America/New_York:20261031T230000", "DURATION:P1D"),
			},
			want: []string{
				"2026-10-31 23:00 -0400, 2026-11-01 06:00 -0500, exact",
				"2026-10-31 23:00 -0400, 2026-11-01 07:00 -0500, clock",
				"2026-10-31 23:00 -0400, 2026-11-01 23:00 -0500, nominal",
			},
		},
		{
			name: "an all-day event lasts as long as its day",
			zone: "Europe/Berlin", from: "2026-10-24", to: "2026-10-28",
			events: []string{vevent("UID:closed", "DTSTART;VALUE=DATE:20261025", "DTEND;VALUE=DATE:20261026")},
			want:   []string{"2026-10-25 00:00 +0200, 2026-10-26 00:00 +0100, closed"},
			on:     []string{"2026-10-25 23:59"}, off: []string{"2026-10-26 00:00"},
		},
		{
			name: "the end of an all-day event is the first day after it",
			zone: "Europe/Vienna", from: "2026-12-20", to: "2026-12-31",
			events: []string{vevent("UID:christmas", "DTSTART;VALUE=DATE:20261225", "DTEND;VALUE=DATE:20261227")},
			want:   []string{"2026-12-25 00:00 +0100, 2026-12-27 00:00 +0100, christmas"},
			on:     []string{"2026-12-26 23:00"}, off: []string{"2026-12-27 00:00"},
		},
		{
			name: "without an end a date is a day and a time is nothing",
			zone: "Europe/Vienna", from: "2026-12-20", to: "2026-12-31",
			events: []string{
				vevent("UID:time", "DTSTART;TZID=Europe/Vienna:20261221T100000"),
				vevent("UID:date", "DTSTART;VALUE=DATE:20261224"),
			},
			want: []string{
				"2026-12-21 10:00 +0100, 2026-12-21 10:00 +0100, time",
				"2026-12-24 00:00 +0100, 2026-12-25 00:00 +0100, date",
			},
			on: []string{"2026-12-24 12:00"}, off: []string{"2026-12-21 10:00"},
		},
		{
			name: "an all-day event that ends when it begins is a day",
			zone: "Europe/Vienna", from: "2026-12-20", to: "2026-12-31",
			events: []string{vevent("UID:a", "DTSTART:20261224", "DTEND:20261224")},
			want:   []string{"2026-12-24 00:00 +0100, 2026-12-25 00:00 +0100, a"},
		},
		{
			name: "an exception that is a date means the day",
			zone: "America/New_York", from: "2026-11-24", to: "2026-11-28",
			events: []string{vevent("UID:hours", "DTSTART;TZID=America/New_York:20261123T180000", "DURATION:PT6H",
				"RRULE:FREQ=DAILY", "EXDATE;VALUE=DATE:20261126")},
			want: []string{
				"2026-11-24 18:00 -0500, 2026-11-25 00:00 -0500, hours",
				"2026-11-25 18:00 -0500, 2026-11-26 00:00 -0500, hours",
				"2026-11-27 18:00 -0500, 2026-11-28 00:00 -0500, hours",
			},
		},
		{
			name: "exceptions are compared as instants",
			zone: "America/New_York", from: "2026-11-01", to: "2026-11-29",
			events: []string{vevent("UID:hours", "DTSTART;TZID=America/New_York:20261005T090000", "DURATION:PT1H",
				"RRULE:FREQ=WEEKLY", "EXDATE:20261102T140000Z,20261116T140000Z",
				"EXDATE;TZID=Asia/Tokyo:20261109T230000")},
			want: []string{"2026-11-23 09:00 -0500, 2026-11-23 10:00 -0500, hours"},
		},
		{
			name: "an exception of an all-day series may be a time",
			zone: "Europe/Berlin", from: "2026-11-01", to: "2026-11-05",
			events: []string{vevent("UID:day", "DTSTART;VALUE=DATE:20261101", "RRULE:FREQ=DAILY",
				"EXDATE:20261102T000000Z", "EXDATE:20261102T230000Z")},
			want: []string{
				"2026-11-01 00:00 +0100, 2026-11-02 00:00 +0100, day",
				"2026-11-04 00:00 +0100, 2026-11-05 00:00 +0100, day",
			},
		},
		{
			name: "a last date includes that day",
			zone: "Australia/Sydney", from: "2026-12-29", to: "2027-01-05",
			events: []string{vevent("UID:hours", "DTSTART;TZID=Australia/Sydney:20261201T150000", "DURATION:PT1H",
				"RRULE:FREQ=DAILY;UNTIL=20261230")},
			want: []string{
				"2026-12-29 15:00 +1100, 2026-12-29 16:00 +1100, hours",
				"2026-12-30 15:00 +1100, 2026-12-30 16:00 +1100, hours",
			},
		},
		{
			name: "a last instant is included, across a change of the clocks",
			zone: "Europe/London", from: "2026-10-19", to: "2026-11-30",
			events: []string{vevent("UID:hours", "DTSTART;TZID=Europe/London:20261019T090000", "DURATION:PT1H",
				"RRULE:FREQ=WEEKLY;UNTIL=20261102T090000Z")},
			want: []string{
				"2026-10-19 09:00 +0100, 2026-10-19 10:00 +0100, hours",
				"2026-10-26 09:00 +0000, 2026-10-26 10:00 +0000, hours",
				"2026-11-02 09:00 +0000, 2026-11-02 10:00 +0000, hours",
			},
		},
		{
			name: "moved occurrences leave their place and stand in the other, from wherever they come",
			zone: "Europe/Madrid", from: "2026-11-09", to: "2026-11-16",
			events: []string{
				vevent("UID:m", "DTSTART;TZID=Europe/Madrid:20261005T090000", "DURATION:PT1H", "RRULE:FREQ=WEEKLY"),
				vevent("UID:m", "RECURRENCE-ID;TZID=Europe/Madrid:20261109T090000",
					"DTSTART;TZID=Europe/Madrid:20261112T090000", "DURATION:PT3H"),
				vevent("UID:m", "RECURRENCE-ID;TZID=Europe/Madrid:20270531T090000",
					"DTSTART;TZID=Europe/Madrid:20261113T090000", "DURATION:PT30M"),
			},
			want: []string{
				"2026-11-12 09:00 +0100, 2026-11-12 12:00 +0100, m",
				"2026-11-13 09:00 +0100, 2026-11-13 09:30 +0100, m",
			},
			off: []string{"2026-11-09 09:30"},
		},
		{
			name: "a changed occurrence may name its occurrence in UTC or as a date",
			zone: "America/Denver", from: "2026-11-01", to: "2026-11-17",
			events: []string{
				vevent("UID:m", "DTSTART;TZID=America/Denver:20261026T090000", "DURATION:PT1H", "RRULE:FREQ=WEEKLY"),
				vevent("UID:m", "RECURRENCE-ID:20261102T160000Z", "DTSTART;TZID=America/Denver:20261102T120000",
					"DURATION:PT1H"),
				vevent("UID:m", "RECURRENCE-ID;VALUE=DATE:20261109", "DTSTART;TZID=America/Denver:20261109T130000",
					"DURATION:PT1H"),
			},
			want: []string{
				"2026-11-02 12:00 -0700, 2026-11-02 13:00 -0700, m",
				"2026-11-09 13:00 -0700, 2026-11-09 14:00 -0700, m",
				"2026-11-16 09:00 -0700, 2026-11-16 10:00 -0700, m",
			},
		},
		{
			name: "what is cancelled does not take place",
			zone: "UTC", from: "2026-11-02", to: "2026-11-08",
			events: []string{
				vevent("UID:m", "DTSTART:20261102T090000Z", "DURATION:PT1H", "RRULE:FREQ=DAILY;COUNT=3"),
				vevent("UID:m", "RECURRENCE-ID:20261103T090000Z", "STATUS:CANCELLED"),
				vevent("UID:x", "DTSTART:20261105T090000Z", "DURATION:PT1H", "STATUS:cancelled"),
			},
			want: []string{
				"2026-11-02 09:00 +0000, 2026-11-02 10:00 +0000, m",
				"2026-11-04 09:00 +0000, 2026-11-04 10:00 +0000, m",
			},
		},
		{
			name: "holidays are transparent and count",
			zone: "America/New_York", from: "2026-11-25", to: "2026-11-28",
			events: []string{vevent("UID:thanksgiving", "DTSTART;VALUE=DATE:20261126", "DTEND;VALUE=DATE:20261127",
				"TRANSP:TRANSPARENT", "SUMMARY:Thanksgiving Day")},
			want: []string{"2026-11-26 00:00 -0500, 2026-11-27 00:00 -0500, thanksgiving"},
			on:   []string{"2026-11-26 10:00"},
		},
		{
			name: "this and all that follow",
			zone: "Europe/Rome", from: "2026-11-02", to: "2026-11-30",
			events: []string{
				vevent("UID:m", "DTSTART;TZID=Europe/Rome:20261005T090000", "DURATION:PT8H", "RRULE:FREQ=WEEKLY",
					"SUMMARY:Early"),
				vevent("UID:m", "RECURRENCE-ID;RANGE=THISANDFUTURE;TZID=Europe/Rome:20261109T090000",
					"DTSTART;TZID=Europe/Rome:20261110T103000", "DURATION:PT2H", "SUMMARY:Late"),
				vevent("UID:m", "RECURRENCE-ID;TZID=Europe/Rome:20261123T090000",
					"DTSTART;TZID=Europe/Rome:20261123T200000", "DURATION:PT1H"),
			},
			want: []string{
				"2026-11-02 09:00 +0100, 2026-11-02 17:00 +0100, m",
				"2026-11-10 10:30 +0100, 2026-11-10 12:30 +0100, m",
				"2026-11-17 10:30 +0100, 2026-11-17 12:30 +0100, m",
				"2026-11-23 20:00 +0100, 2026-11-23 21:00 +0100, m",
			},
		},
		{
			name: "a series that was split in two",
			zone: "Europe/Rome", from: "2026-11-01", to: "2026-11-23",
			events: []string{
				vevent("UID:m", "DTSTART;TZID=Europe/Rome:20261102T090000", "DURATION:PT8H",
					"RRULE:FREQ=WEEKLY;UNTIL=20261108T225959Z"),
				vevent("UID:m_R20261109T080000", "DTSTART;TZID=Europe/Rome:20261109T100000", "DURATION:PT6H",
					"RRULE:FREQ=WEEKLY;COUNT=2"),
			},
			want: []string{
				"2026-11-02 09:00 +0100, 2026-11-02 17:00 +0100, m",
				"2026-11-09 10:00 +0100, 2026-11-09 16:00 +0100, m_R20261109T080000",
				"2026-11-16 10:00 +0100, 2026-11-16 16:00 +0100, m_R20261109T080000",
			},
		},
		{
			name: "an IANA name goes before the file's own idea of it",
			zone: "America/New_York", from: "2027-03-15", to: "2027-03-16",
			events: []string{
				"BEGIN:VTIMEZONE\r\nTZID:America/New_York\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\n" +
					"TZOFFSETFROM:-0500\r\nTZOFFSETTO:-0500\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n",
				vevent("UID:a", "DTSTART;TZID=America/New_York:20270315T090000", "DURATION:PT1H"),
				vevent("UID:b", `DTSTART;TZID="/mozilla.org/20050126_1/America/New_York":20270315T090000`,
					"DURATION:PT1H"),
			},
			want: []string{
				"2027-03-15 09:00 -0400, 2027-03-15 10:00 -0400, a",
				"2027-03-15 09:00 -0400, 2027-03-15 10:00 -0400, b",
			},
		},
		{
			name: "a zone that changes its clocks at midnight",
			zone: "America/Santiago", from: "2026-09-05", to: "2026-09-08",
			events: []string{
				vevent("UID:day", "DTSTART;VALUE=DATE:20260905", "RRULE:FREQ=DAILY;COUNT=2"),
				vevent("UID:sunday", "DTSTART;TZID=America/Santiago:20260802T100000", "DURATION:PT1H",
					"RRULE:FREQ=WEEKLY;BYDAY=SU"),
			},
			want: []string{
				"2026-09-05 00:00 -0400, 2026-09-06 01:00 -0300, day",
				"2026-09-06 01:00 -0300, 2026-09-07 00:00 -0300, day",
				"2026-09-06 10:00 -0300, 2026-09-06 11:00 -0300, sunday",
			},
		},
		{
			name: "a time without a zone is that of the line",
			zone: "Pacific/Auckland", from: "2026-11-23", to: "2026-11-24",
			events: []string{vevent("UID:a", "DTSTART:20261123T090000", "DTEND:20261123T170000")},
			want:   []string{"2026-11-23 09:00 +1300, 2026-11-23 17:00 +1300, a"},
		},
		{
			name: "a rule in UTC follows UTC",
			zone: "America/New_York", from: "2026-10-26", to: "2026-11-03",
			events: []string{
				vevent("UID:a", "DTSTART:20261026T130000Z", "DTEND:20261026T210000Z", "RRULE:FREQ=WEEKLY"),
			},
			want: []string{
				"2026-10-26 09:00 -0400, 2026-10-26 17:00 -0400, a",
				"2026-11-02 08:00 -0500, 2026-11-02 16:00 -0500, a",
			},
		},
		{
			name: "29 February and the 31st are left out where there is none",
			zone: "UTC", from: "2026-01-01", to: "2028-03-02",
			events: []string{
				vevent("UID:leap", "DTSTART;VALUE=DATE:20240229", "RRULE:FREQ=YEARLY"),
				vevent("UID:last", "DTSTART;VALUE=DATE:20271031", "RRULE:FREQ=MONTHLY;COUNT=2"),
			},
			want: []string{
				"2027-10-31 00:00 +0000, 2027-11-01 00:00 +0000, last",
				"2027-12-31 00:00 +0000, 2028-01-01 00:00 +0000, last",
				"2028-02-29 00:00 +0000, 2028-03-01 00:00 +0000, leap",
			},
		},
		{
			name: "what began long before, and a series that overlaps itself",
			zone: "Europe/Berlin", from: "2026-08-12", to: "2026-08-13",
			events: []string{
				vevent("UID:holidays", "DTSTART;VALUE=DATE:20260801", "DTEND;VALUE=DATE:20260901"),
				vevent("UID:rota", "DTSTART;TZID=Europe/Berlin:20260105T080000", "DURATION:P9D", "RRULE:FREQ=WEEKLY"),
			},
			want: []string{
				"2026-08-01 00:00 +0200, 2026-09-01 00:00 +0200, holidays",
				"2026-08-03 08:00 +0200, 2026-08-12 08:00 +0200, rota",
				"2026-08-10 08:00 +0200, 2026-08-19 08:00 +0200, rota",
			},
		},
		{
			name: "an all-day series until local midnight, written in UTC",
			zone: "Europe/London", from: "2025-06-01", to: "2027-12-01",
			events: []string{
				vevent("UID:a", "DTSTART;VALUE=DATE:20250701", "RRULE:FREQ=YEARLY;UNTIL=20260630T230000Z"),
			},
			want: []string{
				"2025-07-01 00:00 +0100, 2025-07-02 00:00 +0100, a",
				"2026-07-01 00:00 +0100, 2026-07-02 00:00 +0100, a",
			},
		},
		{
			name: "a start that its rule does not name is the first occurrence, and is counted",
			zone: "UTC", from: "2026-11-01", to: "2026-12-31",
			events: []string{
				vevent("UID:a", "DTSTART:20261103T090000Z", "DURATION:PT1H", "RRULE:FREQ=WEEKLY;BYDAY=MO;COUNT=3"),
			},
			want: []string{
				"2026-11-03 09:00 +0000, 2026-11-03 10:00 +0000, a",
				"2026-11-09 09:00 +0000, 2026-11-09 10:00 +0000, a",
				"2026-11-16 09:00 +0000, 2026-11-16 10:00 +0000, a",
			},
		},
		{
			name: "dates beside a rule, with their own length, and a rule of exceptions",
			zone: "UTC", from: "2026-11-01", to: "2026-11-30",
			events: []string{vevent("UID:a", "DTSTART:20261102T090000Z", "DURATION:PT1H", "RRULE:FREQ=WEEKLY;COUNT=3",
				"EXRULE:FREQ=WEEKLY;INTERVAL=2;BYDAY=MO",
				"RDATE;VALUE=PERIOD:20261110T100000Z/PT3H,20261111T100000Z/20261111T103000Z",
				"RDATE;VALUE=DATE:20261112")},
			want: []string{
				"2026-11-09 09:00 +0000, 2026-11-09 10:00 +0000, a",
				"2026-11-10 10:00 +0000, 2026-11-10 13:00 +0000, a",
				"2026-11-11 10:00 +0000, 2026-11-11 10:30 +0000, a",
				"2026-11-12 09:00 +0000, 2026-11-12 10:00 +0000, a",
			},
		},
		{
			name: "a changed occurrence without its master stands alone, once",
			zone: "UTC", from: "2026-11-01", to: "2026-11-30",
			events: []string{
				vevent("UID:a", "RECURRENCE-ID:20261102T090000Z", "DTSTART:20261103T090000Z", "DURATION:PT1H",
					"RRULE:FREQ=DAILY"),
			},
			want: []string{"2026-11-03 09:00 +0000, 2026-11-03 10:00 +0000, a"},
		},
		{
			name: "the latest version of an event counts",
			zone: "UTC", from: "2026-11-01", to: "2026-11-30",
			events: []string{
				vevent("UID:a", "SEQUENCE:2", "DTSTART:20261103T090000Z", "DURATION:PT1H"),
				vevent("UID:a", "SEQUENCE:1", "DTSTART:20261102T090000Z", "DURATION:PT1H"),
				vevent("UID:b", "LAST-MODIFIED:20260101T000000Z", "DTSTART:20261104T090000Z", "DURATION:PT1H"),
				vevent("UID:b", "LAST-MODIFIED:20260102T000000Z", "DTSTART:20261104T090000Z", "DURATION:PT2H"),
			},
			want: []string{
				"2026-11-03 09:00 +0000, 2026-11-03 10:00 +0000, a",
				"2026-11-04 09:00 +0000, 2026-11-04 11:00 +0000, b",
			},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.check(t)
		})
	}
}

func at(t testing.TB, text string, zone *time.Location) time.Time {
	t.Helper()
	moment, err := time.ParseInLocation("2006-01-02 15:04", text, zone)
	if err != nil {
		t.Fatal(err)
	}
	return moment
}

func wallTimes(occurrences []Occurrence, zone *time.Location) (list []string) {
	const layout = "2006-01-02 15:04 -0700"
	for _, o := range occurrences {
		list = append(list, fmt.Sprintf("%s, %s, %s", time.Unix(o.Start, 0).In(zone).Format(layout),
			time.Unix(o.End, 0).In(zone).Format(layout), o.Event.UID))
	}
	return list
}

// TestDayStarts places whole days from an hour to that of the next day, and leaves timed events
// alone.
func TestDayStarts(t *testing.T) {
	t.Parallel()
	zone, err := zones.Load("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	calendar := mustRead(t, wrap(vevent("UID:day", "DTSTART;VALUE=DATE:20270327", "RRULE:FREQ=DAILY;COUNT=3",
		"EXDATE;VALUE=DATE:20270329"), vevent("UID:time", "DTSTART:20270328T100000", "DURATION:PT1H")))
	timeline := calendar.Compile(View{Zone: zone, DayStarts: 5 * time.Hour}, at(t, "2027-03-27 00:00", zone),
		at(t, "2027-04-01 00:00", zone))
	want := []string{
		"2027-03-27 05:00 +0100, 2027-03-28 05:00 +0200, day",
		"2027-03-28 05:00 +0200, 2027-03-29 05:00 +0200, day",
		"2027-03-28 10:00 +0200, 2027-03-28 11:00 +0200, time",
	}
	if diff := cmp.Diff(want, wallTimes(timeline.All(), zone)); diff != "" {
		t.Error(diff)
	}
}

// TestNotCalendar are bodies that must not replace a good copy.
func TestNotCalendar(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, body string
		kind       error
		want       string
	}{
		{"empty", "", ical.ErrNotCalendar, "not a calendar: it is empty"},
		{"blank", "\r\n \r\n", ical.ErrNotCalendar, "not a calendar: it is empty"},
		{
			"a sign-in page", "<!DOCTYPE html>\n<html>", ical.ErrNotCalendar,
			`not a calendar: line 1: expected BEGIN:VCALENDAR, found "<!DOCTYPE html>"`,
		},
		{
			"another component", "\n\nBEGIN:VCARD\nEND:VCARD\n", ical.ErrNotCalendar,
			`not a calendar: line 3: expected BEGIN:VCALENDAR, found "BEGIN:VCARD"`,
		},
		{
			"cut after an event", "BEGIN:VCALENDAR\n" + vevent("UID:a", "DTSTART:20261124T090000Z"), ical.ErrTruncated,
			"truncated: line 5: expected END:VCALENDAR, found the end",
		},
		{
			"cut in an event", "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:a", ical.ErrTruncated,
			"truncated: line 3: expected END:VEVENT, found the end",
		},
		{
			"cut in the second calendar", string(wrap()) + "BEGIN:VCALENDAR\n", ical.ErrTruncated,
			"truncated: line 4: expected END:VCALENDAR, found the end",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := Read([]byte(c.body), ical.Limits{})
			if !errors.Is(err, c.kind) || err.Error() != c.want {
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
}
