package calendars

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/callhours/callhours/calendars/zones"
)

// TestUntilOfDays: UNTIL of an all-day series is a date (3.3.10), in whatever form it is written,
// and what is said of it fits what is shown.
func TestUntilOfDays(t *testing.T) {
	t.Parallel()
	const (
		over = "line 3: RRULE: UNTIL lies before DTSTART; event (e) has no occurrence by its RRULE"
		set  = "; set the timezone of the calendar; event (e) ends a day "
	)
	stray := func(how, zone, d, becomes string) []string {
		return []string{"line 3: RRULE: UNTIL is " + how + " on the clock of another zone: seen from " + zone + ", " +
			d + " is " + becomes}
	}
	early := func(zone, d string) []string { return stray("midnight", zone, d, "left out"+set+"early") }
	late := func(zone, d string) []string { return stray("the end of a day", zone, d, "added"+set+"late") }
	for _, c := range []struct {
		zone, start, until string
		last               string // day that is shown; "" for none
		told               []string
	}{
		// The date as written.
		{"Europe/Rome", "20270301", "20270304", "2027-03-04", nil},
		{"Europe/Rome", "20270301", "20270304T235959", "2027-03-04", nil},
		{"Europe/Rome", "20270301", "20270304T000000Z", "2027-03-04", nil},
		{"America/Denver", "20270301", "20270304T000000Z", "2027-03-04", nil},
		{"Europe/Rome", "20270301", "20270304T235959Z", "2027-03-04", nil},
		{"Asia/Tokyo", "20270301", "20270304T235959Z", "2027-03-04", nil},
		{"America/Denver", "20270301", "20270304T235959Z", "2027-03-04", nil},

		// Midnight or the end of the day, here and elsewhere.
		{"Europe/Rome", "20270301", "20270303T230000Z", "2027-03-04", nil},
		{"Europe/Rome", "20270301", "20270304T225959Z", "2027-03-04", nil},
		{"Europe/Rome", "20270701", "20270704T215959Z", "2027-07-04", nil},
		{"Asia/Kolkata", "20270301", "20270303T183000Z", "2027-03-04", nil},
		{"Asia/Kolkata", "20270301", "20270304T182959Z", "2027-03-04", nil},
		{"Europe/London", "20270301", "20270303T230000Z", "2027-03-03", early("Europe/London", "2027-03-04")},
		{"Europe/London", "20270301", "20270303T183000Z", "2027-03-03", early("Europe/London", "2027-03-04")},
		{"Europe/Rome", "20270301", "20270304T050000Z", "2027-03-04", nil},
		{"Europe/Rome", "20270301", "20270305T045959Z", "2027-03-05", late("Europe/Rome", "2027-03-05")},
		{"Asia/Tokyo", "20270301", "20270304T225959Z", "2027-03-05", late("Asia/Tokyo", "2027-03-05")},
		{"America/New_York", "20270301", "20270305T045959Z", "2027-03-04", nil},

		// Times that are no midnight anywhere.
		{"Europe/Rome", "20270301", "20270304T090000Z", "2027-03-04", nil},
		{"Europe/Rome", "20270301", "20270304T161234Z", "2027-03-04", nil},

		// Before DTSTART.
		{"Europe/Rome", "20270301", "20270228", "", []string{over}},
		{"Europe/Rome", "20270301", "20270228T235959", "", []string{over}},
		{"Europe/Rome", "20270301", "20270228T235959Z", "", []string{over}},
		{"Europe/Rome", "20270301", "20270228T000000Z", "", []string{over}},
		{"Europe/Rome", "20270301", "20270228T050000Z", "", []string{over}},
		{"Europe/Rome", "20270301", "20270228T225959Z", "", []string{
			"line 3: RRULE: UNTIL lies before DTSTART, seen from Europe/Rome; event (e) has no occurrence by its RRULE",
		}},
		{"Europe/Rome", "20270301", "20270228T230000Z", "2027-03-01", nil},
		{"Europe/London", "20270301", "20270228T230000Z", "", early("Europe/London", "2027-03-01")},
		{"Europe/Rome", "20270301", "20270301T000000Z", "2027-03-01", nil},
	} {
		t.Run(c.until+" from "+c.zone, func(t *testing.T) {
			t.Parallel()
			zone, err := zones.Load(c.zone)
			if err != nil {
				t.Fatal(err)
			}
			calendar := mustRead(t,
				wrap(vevent("UID:e", "DTSTART;VALUE=DATE:"+c.start, "RRULE:FREQ=DAILY;UNTIL="+c.until)))
			view, from := View{Zone: zone}, time.Date(2027, 2, 1, 0, 0, 0, 0, zone)
			last := ""
			for _, o := range calendar.Compile(view, from, from.AddDate(1, 0, 0)).All() {
				last = time.Unix(o.Start, 0).In(zone).Format(time.DateOnly)
			}
			if last != c.last {
				t.Errorf("got %q as the last day, want %q", last, c.last)
			}
			if diff := cmp.Diff(c.told,
				append(texts(calendar.Problems()), texts(calendar.Warnings(view, from))...)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestUTCEnds: a DTEND of whole days that is written in UTC is the first day after them, or
// the last second of the last.
func TestUTCEnds(t *testing.T) {
	t.Parallel()
	for _, zone := range []string{"Europe/Rome", "Asia/Tokyo", "America/Denver"} {
		for _, end := range []string{"20270303T000000Z", "20270302T235959Z"} {
			c := situation{
				zone: zone, from: "2027-02-01", to: "2027-05-01",
				events: []string{vevent("UID:e", "DTSTART;VALUE=DATE:20270301", "DTEND:"+end)},
				on:     []string{"2027-03-01 00:00", "2027-03-02 23:59"},
				off:    []string{"2027-02-28 23:59", "2027-03-03 00:00"},
			}
			z, err := zones.Load(zone)
			if err != nil {
				t.Fatal(err)
			}
			c.want = []string{at(t, "2027-03-01 00:00", z).Format("2006-01-02 15:04 -0700") + ", " +
				at(t, "2027-03-03 00:00", z).Format("2006-01-02 15:04 -0700") + ", e"}
			c.check(t)
		}
	}
}

// TestUntilOfOneRule: a rule that ends before DTSTART is told of beside one that does not.
func TestUntilOfOneRule(t *testing.T) {
	t.Parallel()
	const (
		ended = "RRULE:FREQ=WEEKLY;UNTIL=20270228T090000Z\n"
		lasts = "RRULE:FREQ=DAILY;COUNT=2\n"
		told  = "line 3: RRULE: UNTIL lies before DTSTART; event (e) has no occurrence by one of its RRULEs"
	)
	for _, c := range []struct {
		name, rules string
		want        []string
	}{
		{"first", ended + lasts, []string{told}},
		{"last", lasts + ended, []string{told}},
		{"none", lasts, nil},
		{"of a cancelled event", ended + lasts + "STATUS:CANCELLED\n", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			calendar := mustRead(t,
				[]byte("BEGIN:VCALENDAR\nVERSION:2.0\nBEGIN:VEVENT\nUID:e\nDTSTART:20270301T090000Z\n"+
					"DTEND:20270301T170000Z\n"+c.rules+"END:VEVENT\nEND:VCALENDAR\n"))
			var got []string
			for _, p := range calendar.Problems() {
				got = append(got, p.String())
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
