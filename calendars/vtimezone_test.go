package calendars

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// vtimezone makes the definition of a zone that changes as central Europe does, in the form of
// Outlook.
func vtimezone(tzid string, more ...string) string {
	lines := append([]string{"BEGIN:VTIMEZONE", "TZID:" + tzid}, more...)
	return strings.Join(append(lines,
		"BEGIN:STANDARD", "DTSTART:16010101T030000", "TZOFFSETFROM:+0200", "TZOFFSETTO:+0100",
		"RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10", "END:STANDARD",
		"BEGIN:DAYLIGHT", "DTSTART:16010101T020000", "TZOFFSETFROM:+0100", "TZOFFSETTO:+0200",
		"RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3", "END:DAYLIGHT",
		"END:VTIMEZONE", ""), "\r\n")
}

// TestZoneNames: what a TZID means, by when nine in the morning of a summer's day is. A name in
// brackets is unknown.
func TestZoneNames(t *testing.T) {
	t.Parallel()
	own := vtimezone("Custom/Mine") + vtimezone("Customized Time Zone") + vtimezone("EST") +
		vtimezone("Europe/London") +
		vtimezone("Eastern Standard Time") + vtimezone("Somewhere 1") + vtimezone("tzone://Microsoft/Custom") +
		vtimezone("libical", "X-LIC-LOCATION:America/New_York") + vtimezone("alias", "TZID-ALIAS-OF:Asia/Tokyo") +
		vtimezone("Office: Berlin")
	for _, c := range []struct{ tzid, want string }{
		{"Europe/Berlin", "07:00"},
		{" Europe/Berlin ", "07:00blanks and quotes around the name of a time zone are ignored; remove them"},
		{"EUROPE/BERLIN", "07:00"},
		{"America/New York", "13:00"},
		{"Utc", "09:00"},
		{"Etc/GMT+5", "14:00"},
		{"/mozilla.org/20070129_1/America/Argentina/Buenos_Aires", "12:00"},
		{"/freeassociation.sourceforge.net/Tzfile/Europe/Berlin", "07:00"},
		{"tzone://Microsoft/Utc", "09:00"},
		{"US-Eastern", "13:00"},
		{"Japan", "00:00"},

		{"W. Europe Standard Time", "07:00"},
		{"w. europe standard time", "07:00"},
		{"Romance Standard Time", "07:00"},
		{"UTC-11", "20:00"},
		{"Pacific Standard Time 2", "16:00"},
		{"(UTC-05:00) Eastern Time (US & Canada)", "13:00"},
		{"(GMT-05.00) Eastern Time (US & Canada)", "13:00"},
		{"(GMT-08:00) Pacific Time (US & Canada); Tijuana", "16:00"},
		{"Pacific Time (US & Canada)", "16:00"},
		{"(UTC+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna", "07:00"},
		{"(UTC+05:30) Chennai, Kolkata, Mumbai, New Delhi", "03:30"},
		{"(UTC+06:30) Yangon (Rangoon)", "02:30"},
		{"(UTC+13:00) Samoa", "20:00"},
		{"(UTC) Dublin, Edinburgh, Lisbon, London", "08:00"},
		{"(UTC) Coordinated Universal Time", "09:00"},
		{"Western/Central Europe", "07:00"},

		{"Custom/Mine", "07:00"},
		{"Customized Time Zone", "07:00"},
		{"Somewhere 1", "07:00"},
		{"tzone://Microsoft/Custom", "07:00"},
		{"libical", "13:00"},
		{"alias", "00:00"},
		{"EST", "07:00"}, // a program's own
		{"MST", "16:00"},
		{"Europe/London", "08:00"},         // not as the body has it
		{"Eastern Standard Time", "13:00"}, // nor this
		{`"Office: Berlin"`, "07:00"},

		{"Europe/Berln", `time zone "Europe/Berln" is not known; event (a) is ignored; did you mean "Europe/Berlin"?`},
		{"Berlin", `time zone "Berlin" is not known; event (a) is ignored; did you mean "Europe/Berlin"?`},
		{"(UTC+09:00) Berlin", `time zone "(UTC+09:00) Berlin" is not known; event (a) is ignored`},
		{"Local", `time zone "Local" is not known; event (a) is ignored`},
		{"1", `time zone "1" is not known; event (a) is ignored`},
	} {
		t.Run(c.tzid, func(t *testing.T) {
			t.Parallel()
			tzid := `"` + strings.Trim(c.tzid, `"`) + `"`
			calendar := mustRead(t,
				wrap(vevent("UID:a", "DTSTART;TZID="+tzid+":20270707T090000", "DURATION:PT1H"), own))
			at := time.Date(2027, 7, 6, 0, 0, 0, 0, time.UTC)
			got := ""
			for _, o := range calendar.Compile(View{}, at, at.AddDate(0, 0, 3)).All() {
				got += time.Unix(o.Start, 0).UTC().Format("15:04")
			}
			for _, p := range calendar.Problems() {
				got += p.Message
			}
			if got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

// TestDefinitions: zones that only a VTIMEZONE knows, by the offsets that they have.
func TestDefinitions(t *testing.T) {
	t.Parallel()
	part := func(kind string, lines ...string) string {
		return "BEGIN:" + kind + "\r\n" + strings.Join(lines, "\r\n") + "\r\nEND:" + kind + "\r\n"
	}
	standard := part("STANDARD", "DTSTART:20200101T000000", "TZOFFSETFROM:+0530", "TZOFFSETTO:+0530")
	type offsets map[string]string // by local time, the instant
	for _, c := range []struct {
		name, definition string
		want             offsets
		problem          string
	}{
		{
			"one offset", standard,
			offsets{"20190101T000000": "2018-12-31T18:30:00Z", "20270101T000000": "2026-12-31T18:30:00Z"},
			"",
		},
		{
			"seconds", part("STANDARD", "DTSTART:20200101T000000", "TZOFFSETTO:-033045"),
			offsets{"20270101T000000": "2027-01-01T03:30:45Z"},
			"",
		},
		{
			"before the first change",
			part("DAYLIGHT", "DTSTART:20200301T020000", "TZOFFSETFROM:-0500", "TZOFFSETTO:-0400"),
			offsets{"20200229T120000": "2020-02-29T17:00:00Z", "20200302T120000": "2020-03-02T16:00:00Z"},
			"",
		},
		{
			"dates",
			part("STANDARD", "DTSTART:20200101T000000", "TZOFFSETFROM:+0100", "TZOFFSETTO:+0100",
				"RDATE:20261025T020000Z,20271031T030000",
				"RDATE;VALUE=PERIOD:20281029T030000/PT1H") +
				part("DAYLIGHT", "DTSTART:20260329T020000", "TZOFFSETFROM:+0100", "TZOFFSETTO:+0200",
					"RDATE:20260329T020000"),
			offsets{"20260701T090000": "2026-07-01T07:00:00Z", "20261101T090000": "2026-11-01T08:00:00Z"},
			"",
		},
		{
			"UNTIL in UTC",
			part("STANDARD", "DTSTART:20201025T030000", "TZOFFSETFROM:+0200", "TZOFFSETTO:+0100",
				"RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU") +
				part("DAYLIGHT", "DTSTART:20200329T020000", "TZOFFSETFROM:+0100", "TZOFFSETTO:+0200",
					"RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU;UNTIL=20260329T010000Z"),
			offsets{"20260701T090000": "2026-07-01T07:00:00Z", "20270701T090000": "2027-07-01T08:00:00Z"},
			"",
		},
		{
			"a gap and a fold",
			strings.TrimPrefix(strings.TrimSuffix(vtimezone("x"), "END:VTIMEZONE\r\n"),
				"BEGIN:VTIMEZONE\r\nTZID:x\r\n"),
			offsets{"20270328T023000": "2027-03-28T01:30:00Z", "20271031T023000": "2027-10-31T00:30:00Z"},
			"",
		},
		{"nothing in it", "", nil, "expected a STANDARD or DAYLIGHT in it"},
		{"no offset", part("STANDARD", "DTSTART:20200101T000000"), nil, "TZOFFSETTO is missing"},
		{"no start", part("STANDARD", "TZOFFSETTO:+0100"), nil, "DTSTART is missing"},
		{
			"an odd offset", part("STANDARD", "DTSTART:20200101T000000", "TZOFFSETTO:CET"), nil,
			`line 11: TZOFFSETTO: expected an offset such as -0500, found "CET"`,
		},
		{
			"an offset of days", part("STANDARD", "DTSTART:20200101T000000", "TZOFFSETTO:+9900"), nil,
			`line 11: TZOFFSETTO: expected an offset such as -0500, found "+9900"`,
		},
		{
			"an odd rule", part("STANDARD", "DTSTART:20200101T000000", "RRULE:FREQ=NEVER", "TZOFFSETTO:+0100"), nil,
			`line 11: RRULE: expected FREQ to be one of YEARLY, MONTHLY, WEEKLY, DAILY, HOURLY, MINUTELY, SECONDLY, found "NEVER"`,
		},
		{
			"clocks that change each second",
			part("STANDARD", "DTSTART:20200101T000000", "RRULE:FREQ=SECONDLY", "TZOFFSETTO:+0100"), nil,
			"the clocks change more than 10000 times (limits.dates)",
		},
		{
			"a rule that never comes",
			part("STANDARD", "DTSTART:20200101T000000", "RRULE:FREQ=SECONDLY;BYSETPOS=2", "TZOFFSETTO:+0100"), nil,
			"its rules take too many steps (limits.steps)",
		},
		{"too many parts", strings.Repeat(standard, 1001), nil, "it has more than 1000 parts (limits.observances)"},
		{
			"too many dates",
			part("STANDARD", "DTSTART:20200101T000000",
				"TZOFFSETTO:+0100"+strings.Repeat("\r\nRDATE:20200101T000000", 10_001)), nil,
			"line 10012: RDATE: more than 10000 dates (limits.dates)",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			events, want := "", c.want
			for local := range c.want {
				events += vevent("UID:"+local, "DTSTART;TZID=x:"+local)
			}
			var problems []string
			if c.problem != "" {
				events, want = vevent("UID:a", "DTSTART;TZID=x:20270101T000000"), offsets{}
				problems = []string{
					fmt.Sprintf(
						`line 5: DTSTART: time zone "x" cannot be read from its VTIMEZONE in line 7: %s; event (a) is ignored`, c.problem),
				}
			}
			calendar := mustRead(t, wrap(events, "BEGIN:VTIMEZONE\r\nTZID:x\r\n"+c.definition+"END:VTIMEZONE\r\n"))
			got := offsets{}
			for _, o := range calendar.Compile(View{}, time.Unix(0, 0), time.Unix(1<<32, 0)).All() {
				got[o.Event.UID] = time.Unix(o.Start, 0).UTC().Format(time.RFC3339)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s%v", diff, calendar.Problems())
			}
			if diff := cmp.Diff(problems, texts(calendar.Problems())); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestDefinitionsApart: each VCALENDAR of a body has its own zones; what one lacks the others give.
func TestDefinitionsApart(t *testing.T) {
	t.Parallel()
	event := func(uid string) string { return vevent("UID:"+uid, "DTSTART;TZID=Office:20270701T090000") }
	zone := func(offset string) string {
		return "BEGIN:VTIMEZONE\r\nTZID:Office\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\nTZOFFSETTO:" + offset +
			"\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"
	}
	body := append(wrap(event("a"), zone("+0100"), zone("+0900")), wrap(zone("+0200"), event("b"))...)
	body = append(body, wrap(event("c"))...)
	got := map[string]string{}
	for _, o := range mustRead(t, body).Compile(View{}, time.Unix(0, 0), time.Unix(1<<32, 0)).All() {
		got[o.Event.UID] = time.Unix(o.Start, 0).UTC().Format("15:04")
	}
	if diff := cmp.Diff(map[string]string{"a": "08:00", "b": "07:00", "c": "08:00"}, got); diff != "" {
		t.Error(diff)
	}
}
