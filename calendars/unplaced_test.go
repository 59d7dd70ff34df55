package calendars

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/callhours/callhours/calendars/zones"
)

// expected is a body, what takes place in March 2027 as seen from Rome, and what is said of it.
type expected struct {
	name string
	body []byte
	want []string // day and hour of each start, and the SUMMARY
	told []string // problems
}

func (c expected) check(t *testing.T) {
	t.Helper()
	zone, err := zones.Load("Europe/Rome")
	if err != nil {
		t.Fatal(err)
	}
	calendar := mustRead(t, c.body)
	from := time.Date(2027, 3, 1, 0, 0, 0, 0, zone)
	var got []string
	for _, o := range calendar.Compile(View{Zone: zone}, from, from.AddDate(0, 0, 27)).All() {
		got = append(got, time.Unix(o.Start, 0).In(zone).Format("02 15:04 ")+o.Event.Summary)
	}
	slices.Sort(got)
	if diff := cmp.Diff(c.want, got); diff != "" {
		t.Errorf("%s: %s", c.name, diff)
	}
	if diff := cmp.Diff(c.told, texts(calendar.Problems())); diff != "" {
		t.Errorf("%s: %s", c.name, diff)
	}
}

// fixedZone is a VTIMEZONE without summer time: offset is such as "+0500".
func fixedZone(name, offset string) string {
	return fmt.Sprintf(
		"BEGIN:VTIMEZONE\r\nTZID:%s\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\nTZOFFSETFROM:%[2]s\r\n"+
			"TZOFFSETTO:%[2]s\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n", name, offset)
}

// TestBlankZoneNames: what stands around the name of a zone is forgiven and reported, unless it is
// what tells two zones apart (RFC 5545, 3.2.19). No name is no zone.
func TestBlankZoneNames(t *testing.T) {
	t.Parallel()
	const (
		ignored = ": blanks and quotes around the name of a time zone are ignored; remove them"
		unnamed = ": a TZID that names no time zone is ignored; name one, or remove it"
	)
	event := func(zone, title string) string {
		return vevent("UID:"+title, "DTSTART;TZID="+zone+":20270302T120000", "DURATION:PT1H", "SUMMARY:"+title)
	}
	plant := fixedZone("Plant", "+0500")
	for _, c := range []expected{
		{"as defined", wrap(plant, event("Plant", "a")), []string{"02 08:00 a"}, nil},
		{
			"a blank where it is used", wrap(plant, event("Plant ", "a")),
			[]string{"02 08:00 a"},
			[]string{"line 13" + ignored},
		},
		{
			"a blank where it is defined", wrap(fixedZone("\tPlant\u00a0", "+0500"), event("Plant", "a")),
			[]string{"02 08:00 a"},
			[]string{"line 4" + ignored},
		},
		{
			"the same blank in both", wrap(fixedZone("Plant ", "+0500"), event(`"Plant "`, "a")),
			[]string{"02 08:00 a"},
			nil,
		},
		{
			"two zones", wrap(fixedZone("Plant ", "+0300"), plant, event("Plant", "a"), event("Plant ", "b")),
			[]string{"02 08:00 a", "02 10:00 b"},
			nil,
		},
		{
			"two zones, the other way",
			wrap(plant, fixedZone("Plant ", "+0300"), event("Plant ", "b"), event("Plant", "a")),
			[]string{"02 08:00 a", "02 10:00 b"},
			nil,
		},
		{
			"neither of two zones", wrap(plant, fixedZone("Plant ", "+0300"), event("\tPlant", "a")),
			[]string{"02 08:00 a"},
			[]string{"line 21" + ignored},
		},
		{"a known name", wrap(event(" Asia/Karachi", "a")), []string{"02 08:00 a"}, []string{"line 5" + ignored}},
		{
			"a zero-width space", wrap(event("Asia/Karachi\u200b", "a")),
			[]string{"02 08:00 a"},
			[]string{"line 5" + ignored},
		},
		{"no name", wrap(event("", "a")), []string{"02 12:00 a"}, []string{"line 5" + unnamed}},
		{
			"a blank name", wrap(event(`" "`, "a"), event("", "b")),
			[]string{"02 12:00 a", "02 12:00 b"},
			[]string{"line 5" + unnamed + " (2 lines, this is the first)"},
		},
		{
			"no name on a date", wrap(vevent("UID:a", "DTSTART;TZID=;VALUE=DATE:20270302", "SUMMARY:a")),
			[]string{"02 00:00 a"},
			[]string{"line 5" + unnamed},
		},
	} {
		c.check(t)
	}
}

// TestUnplacedChanges: whether the date alone says which occurrence is changed is decided by the
// DTSTART of its series, wherever that stands.
func TestUnplacedChanges(t *testing.T) {
	t.Parallel()
	const (
		dated = `line %d: RECURRENCE-ID: time zone "Contoso" is not known, and does not matter in an all-day series: the date counts`
		timed = `line %d: RECURRENCE-ID: time zone "Contoso" is not known; event "half" (s) is read with it on the clock of its series' DTSTART`
		alone = `line %d: RECURRENCE-ID: time zone "Contoso" is not known; event "half" (s) is read as one of its own`
	)
	days := vevent("UID:s", "DTSTART;VALUE=DATE:20270302", "RRULE:FREQ=DAILY;COUNT=2", "SUMMARY:whole")
	hours := vevent("UID:s", "DTSTART;TZID=Europe/Rome:20270302T080000", "DURATION:PT1H", "RRULE:FREQ=DAILY;COUNT=2",
		"SUMMARY:whole")
	half := vevent("UID:s", "RECURRENCE-ID;TZID=Contoso:20270303T000000", "DTSTART;TZID=Europe/Rome:20270303T140000",
		"DURATION:PT1H", "SUMMARY:half")
	whole := vevent("UID:s", "RECURRENCE-ID;TZID=Contoso:20270303T080000", "DTSTART;VALUE=DATE:20270303",
		"SUMMARY:half")
	gone := vevent("UID:s", "RECURRENCE-ID;TZID=Contoso:20270303T000000", "STATUS:CANCELLED", "SUMMARY:half")
	late := vevent("UID:s", "RECURRENCE-ID;TZID=Contoso:20270303T080000", "STATUS:CANCELLED", "SUMMARY:half")
	flawed := vevent("UID:s", "RECURRENCE-ID;TZID=Contoso:20270303T000000", "DTSTART:x", "SUMMARY:half")
	for _, c := range []expected{
		{
			"half a day of days", wrap(days, half),
			[]string{"02 00:00 whole", "03 14:00 half"},
			[]string{fmt.Sprintf(dated, 11)},
		},
		{
			"before its series", wrap(half, days),
			[]string{"02 00:00 whole", "03 14:00 half"},
			[]string{fmt.Sprintf(dated, 5)},
		},
		{
			"a whole day of hours", wrap(hours, whole),
			[]string{"02 08:00 whole", "03 00:00 half"},
			[]string{fmt.Sprintf(timed, 12)},
		},
		{
			"half a day of hours", wrap(hours, half),
			[]string{"02 08:00 whole", "03 08:00 whole", "03 14:00 half"},
			[]string{fmt.Sprintf(timed, 12)},
		},
		{"a whole day without its series", wrap(whole), []string{"03 00:00 half"}, []string{fmt.Sprintf(dated, 5)}},
		{"half a day without its series", wrap(half), []string{"03 14:00 half"}, []string{fmt.Sprintf(alone, 5)}},
		{"a cancelled day", wrap(days, gone), []string{"02 00:00 whole"}, []string{fmt.Sprintf(dated, 11)}},
		{
			"a cancelled midnight", wrap(hours, gone),
			[]string{"02 08:00 whole", "03 08:00 whole"},
			[]string{fmt.Sprintf(timed, 12)},
		},
		{"a cancelled hour", wrap(hours, late), []string{"02 08:00 whole"}, []string{fmt.Sprintf(timed, 12)}},
		{
			"without any start", wrap(late), nil,
			[]string{`line 5: RECURRENCE-ID: time zone "Contoso" is not known; event "half" (s) is ignored`},
		},
		{"one that cannot be used", wrap(days, flawed), []string{"02 00:00 whole", "03 00:00 whole"}, []string{
			`line 12: DTSTART: expected a time such as 20261224 or 20261224T090000Z, found "x"; event "half" (s) is ignored`,
		}},
		{
			"no zone",
			wrap(vevent("UID:s", "DTSTART;TZID=America/New_York:20270302T080000", "DURATION:PT1H",
				"RRULE:FREQ=DAILY;COUNT=4",
				"EXDATE:20270303T080000", "RDATE:20270310T080000", "SUMMARY:s"),
				vevent("UID:s", "RECURRENCE-ID:20270304T080000", "DTSTART;TZID=America/New_York:20270304T090000",
					"DURATION:PT1H", "SUMMARY:moved")),
			[]string{"02 14:00 s", "04 15:00 moved", "05 14:00 s", "10 14:00 s"},
			nil,
		},
	} {
		c.check(t)
	}
}
