package calendars

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestFailures are what broke for others who route calls by calendars, by the number under which it
// is known. Of feeds: F2 and F3 are TestHosts and TestFailingFeed, F4 TestShrinking, F5
// TestValidators, F7 TestFaults of package server, F20 condition-calendar in testdata of package
// config, F22 TestSharedFeed and TestOtherSource. F12 is TestMinuteByMinute, F16 TestDayStarts, F29
// TestHostileFeeds of cmd/callhours, and F30 the fuzz tests.
func TestFailures(t *testing.T) {
	t.Parallel()
	for _, c := range []situation{
		{
			name: "F2: one bad event stops the others",
			zone: "Europe/Berlin", from: "2027-01-01", to: "2027-02-01",
			events: []string{
				vevent("UID:bad", "DTSTART:tomorrow"), "BEGIN:VEVENT\r\nUID:open\r\n",
				vevent("UID:good", "DTSTART;TZID=Europe/Berlin:20270104T090000", "DURATION:PT1H"),
			},
			want: []string{"2027-01-04 09:00 +0100, 2027-01-04 10:00 +0100, good"},
		},
		{
			name: "F8: Outlook's zones",
			zone: "Europe/Berlin", from: "2027-07-05", to: "2027-07-08",
			events: []string{
				vtimezone("Customized Time Zone"),
				vevent("UID:windows", "DTSTART;TZID=W. Europe Standard Time:20270705T090000",
					"DTEND;TZID=W. Europe Standard Time:20270705T170000"),
				vevent("UID:custom", "DTSTART;TZID=Customized Time Zone:20270706T090000",
					"DTEND;TZID=Customized Time Zone:20270706T170000"),
				vevent("UID:nowhere", "DTSTART;TZID=Nowhere Standard Time:20270707T090000"),
			},
			want: []string{
				"2027-07-05 09:00 +0200, 2027-07-05 17:00 +0200, windows",
				"2027-07-06 09:00 +0200, 2027-07-06 17:00 +0200, custom",
			},
		},
		{
			name: "F10: hours in UTC instead of the office's",
			zone: "America/Los_Angeles", from: "2027-07-05", to: "2027-07-06",
			events: []string{vevent("UID:evening", "DTSTART:20270705T180000", "DTEND:20270705T230000")},
			want:   []string{"2027-07-05 18:00 -0700, 2027-07-05 23:00 -0700, evening"},
			on:     []string{"2027-07-05 18:00"}, off: []string{"2027-07-05 17:59", "2027-07-05 11:00"},
		},
		{
			name: "F13: a weekly night loses its part after midnight",
			zone: "Europe/Berlin", from: "2027-01-09", to: "2027-01-12",
			events: []string{
				vevent("UID:bar", "DTSTART;TZID=Europe/Berlin:20200104T190000",
					"DTEND;TZID=Europe/Berlin:20200105T020000",
					"RRULE:FREQ=WEEKLY;BYDAY=SA,SU"),
			},
			want: []string{
				"2027-01-09 19:00 +0100, 2027-01-10 02:00 +0100, bar",
				"2027-01-10 19:00 +0100, 2027-01-11 02:00 +0100, bar",
			},
			on: []string{"2027-01-10 01:59", "2027-01-11 00:30"}, off: []string{"2027-01-10 02:00", "2027-01-12 00:30"},
		},
		{
			name: "F14: the minute at which hours end",
			zone: "Europe/Berlin", from: "2027-01-04", to: "2027-01-05",
			events: []string{
				vevent("UID:a", "DTSTART;TZID=Europe/Berlin:20270104T090000",
					"DTEND;TZID=Europe/Berlin:20270104T120000"),
				vevent("UID:b", "DTSTART;TZID=Europe/Berlin:20270104T120000",
					"DTEND;TZID=Europe/Berlin:20270104T170000"),
			},
			want: []string{
				"2027-01-04 09:00 +0100, 2027-01-04 12:00 +0100, a",
				"2027-01-04 12:00 +0100, 2027-01-04 17:00 +0100, b",
			},
			on:  []string{"2027-01-04 09:00", "2027-01-04 12:00", "2027-01-04 16:59"},
			off: []string{"2027-01-04 08:59", "2027-01-04 17:00"},
		},
		{
			name: "F15: all-day events end a day late, begin a day early, or leave a gap",
			zone: "America/New_York", from: "2026-12-20", to: "2026-12-31",
			events: []string{
				vevent("UID:eve", "DTSTART;VALUE=DATE:20261224", "DTEND;VALUE=DATE:20261225"),
				vevent("UID:days", "DTSTART;VALUE=DATE:20261225", "DTEND;VALUE=DATE:20261227"),
			},
			want: []string{
				"2026-12-24 00:00 -0500, 2026-12-25 00:00 -0500, eve",
				"2026-12-25 00:00 -0500, 2026-12-27 00:00 -0500, days",
			},
			on:  []string{"2026-12-24 00:00", "2026-12-25 00:00", "2026-12-26 23:59"},
			off: []string{"2026-12-23 23:59", "2026-12-27 00:00"},
		},
		{
			name: "F18: holidays that are imported twice",
			zone: "Europe/Berlin", from: "2026-12-01", to: "2026-12-31",
			events: []string{
				vevent("UID:xmas", "DTSTART;VALUE=DATE:20261225", "SUMMARY:Christmas Day"),
				"END:VCALENDAR\r\nBEGIN:VCALENDAR\r\n",
				vevent("UID:xmas", "DTSTART;VALUE=DATE:20261225", "SUMMARY:Christmas Day"),
			},
			want: []string{"2026-12-25 00:00 +0100, 2026-12-26 00:00 +0100, xmas"},
		},
		{
			name: "F27: open all day, all week",
			zone: "America/New_York", from: "2027-03-13", to: "2027-03-16",
			events: []string{
				vevent("UID:clock", "DTSTART;TZID=America/New_York:20200101T000000",
					"DTEND;TZID=America/New_York:20200101T240000", "RRULE:FREQ=DAILY"),
				vevent("UID:day", "DTSTART;VALUE=DATE:20200101", "DTEND;VALUE=DATE:20200101", "RRULE:FREQ=DAILY"),
			},
			want: []string{
				"2027-03-13 00:00 -0500, 2027-03-14 00:00 -0500, clock",
				"2027-03-13 00:00 -0500, 2027-03-14 00:00 -0500, day",
				"2027-03-14 00:00 -0500, 2027-03-15 00:00 -0400, clock",
				"2027-03-14 00:00 -0500, 2027-03-15 00:00 -0400, day",
				"2027-03-15 00:00 -0400, 2027-03-16 00:00 -0400, clock",
				"2027-03-15 00:00 -0400, 2027-03-16 00:00 -0400, day",
			},
			on: []string{"2027-03-13 23:59", "2027-03-14 00:00", "2027-03-14 03:00"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.check(t)
		})
	}
}

// TestUnchangedFeed is F6: a feed that answers "not modified" for years still has its new days,
// since they are worked out by the clock and not by the download.
func TestUnchangedFeed(t *testing.T) {
	t.Parallel()
	calendar := mustRead(t,
		wrap(vevent("UID:hours", "DTSTART:20260105T090000Z", "DURATION:PT8H", "RRULE:FREQ=WEEKLY;BYDAY=MO")))
	for year := range 30 {
		now := time.Date(2026+year, 6, 1, 0, 0, 0, 0, time.UTC)
		if got := len(calendar.Compile(View{}, now, now.AddDate(0, 0, 70)).All()); got != 10 {
			t.Errorf("%d occurrences in the ten weeks after %s", got, now.Format(time.DateOnly))
		}
	}
}

// TestRenamedEvent is F17: events are chosen by what they say, so that one deleted and made anew is
// found again.
func TestRenamedEvent(t *testing.T) {
	t.Parallel()
	only := []Filter{{Summary: mustPatterns(t, "closed*")}}
	var got []string
	for _, uid := range []string{"first@example.com", "second@example.com"} {
		calendar := mustRead(t,
			wrap(vevent("UID:"+uid, "DTSTART:20270104T090000Z", "DURATION:PT1H", "SUMMARY:Closed for repairs")))
		for _, e := range calendar.Select(only, nil).Events() {
			got = append(got, e.UID)
		}
	}
	if diff := cmp.Diff([]string{"first@example.com", "second@example.com"}, got); diff != "" {
		t.Error(diff)
	}
}

// TestEmptyCalendar is F19: a calendar without events is known, and nothing is on in it.
func TestEmptyCalendar(t *testing.T) {
	t.Parallel()
	snapshot := Snapshot{Calendar: mustRead(t, wrap())}
	now := time.Date(2027, 1, 4, 9, 0, 0, 0, time.UTC)
	if snapshot.Unknown() {
		t.Error("it is unknown")
	}
	timeline := snapshot.Calendar.Compile(View{}, now, now.AddDate(0, 0, 1))
	if on := timeline.At(nil, now.Unix()); len(on) > 0 {
		t.Errorf("on: %v", on)
	}
}
