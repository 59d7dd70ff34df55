package calendars

import (
	"testing"

	"github.com/callhours/callhours/internal/diag"
)

// TestMisspelt: a name with one slip is read where it can be no other's and its value fits; else it
// is reported.
func TestMisspelt(t *testing.T) {
	t.Parallel()
	ignored := func(slip, of string) []string {
		return []string{"line 8: " + slip + " is not a property of an event, and is ignored; did you mean " + of + "?"}
	}
	as := func(slip, of string) []string { return []string{"line 8: " + slip + " is read as " + of} }
	noon, twice := []string{"02 12:00 a"}, []string{"02 12:00 a", "03 12:00 a"}
	for _, c := range []struct {
		line string
		want []string
		told []string
	}{
		{"SATUS:CANCELLED", nil, as("SATUS", "STATUS")},
		{"STATUSS:canceled", nil, as("STATUSS", "STATUS")},
		{"STATSU:OFF", noon, ignored("STATSU", "STATUS")},
		{"RULE:FREQ=DAILY;COUNT=2", twice, as("RULE", "RRULE")},
		{"RRULLE:daily", noon, ignored("RRULLE", "RRULE")},
		{"ERULE:FREQ=DAILY;COUNT=2", noon, ignored("ERULE", "EXRULE or RRULE")},
		{"RDAET:20270303T120000", twice, as("RDAET", "RDATE")},
		{"XDATE:20270302T120000", noon, ignored("XDATE", "EXDATE or RDATE")},
		{"EXDATES:20270302T120000", nil, as("EXDATES", "EXDATE")},
		{"DATE:20270303T120000", noon, ignored("DATE", "RDATE")},
		{"DTSTRAT:20270303T120000", noon, ignored("DTSTRAT", "DTSTART")},
		{"RECURENCE-ID:20270302T120000", noon, as("RECURENCE-ID", "RECURRENCE-ID")},
		{"X-STATUS:CANCELLED", noon, nil},
		{"X-TATUS:CANCELLED", noon, nil},
		{"UUID:7", noon, nil},
		{"COLOR:red", noon, nil},
		{"STATUS\t:CANCELLED", nil, []string{`line 8: "STATUS\t:" is read as STATUS:`}},
		{"office.STATUS:CANCELLED", nil, []string{`line 8: "office.STATUS:" is read as STATUS:`}},
		{
			"office.COLOR:red", noon,
			[]string{"line 8: expected a content line such as NAME:VALUE, found \"office.COLOR:red\"; " +
				"the line is ignored (put a blank before it if it is the rest of the line before)"},
		},
		{"RRULE FREQ=DAILY;COUNT=2", twice, []string{`line 8: "RRULE " is read as RRULE:`}},
		{"RDATE 20270303T120000", twice, []string{`line 8: "RDATE " is read as RDATE:`}},
		{"RRULE :FREQ=DAILY;COUNT=2", twice, []string{`line 8: "RRULE :" is read as RRULE:`}},
	} {
		expected{
			c.line, wrap(vevent("UID:a", "DTSTART:20270302T120000", "DURATION:PT1H", "SUMMARY:a", c.line)), c.want,
			c.told,
		}.check(t)
	}
	for _, c := range []expected{
		{
			"names that an event needs",
			wrap(vevent("UDI:a", "DTSTRAT:20270302T120000", "DTENDS:20270302T130000", "SUMARY:a")),
			noon,
			[]string{
				"line 4: UDI is read as UID", "line 5: DTSTRAT is read as DTSTART",
				"line 6: DTENDS is read as DTEND", "line 7: SUMARY is read as SUMMARY",
			},
		},
		{
			"a changed occurrence",
			wrap(vevent("UID:a", "DTSTART:20270302T120000", "DURATION:PT1H", "RRULE:FREQ=DAILY;COUNT=2", "SUMMARY:a"),
				vevent("UID:a", "RECURRANCE-ID:20270303T120000", "DTSTART:20270304T120000", "DURATON:PT1H",
					"SUMMARY:b")),
			[]string{"02 12:00 a", "04 12:00 b"},
			[]string{"line 12: RECURRANCE-ID is read as RECURRENCE-ID", "line 14: DURATON is read as DURATION"},
		},
		{
			"lines that are none",
			wrap(vevent("UID:a", "DTSTART:20270302T120000", "DURATION:PT1H", "SUMMARY:a", "first", "second", "third")),
			noon,
			[]string{
				`line 8: expected a content line such as NAME:VALUE, found "first"; the line is ignored, like 2 more of the event ` +
					"(put a blank before it if it is the rest of the line before)",
			},
		},
	} {
		c.check(t)
	}
}

// TestMissingLineEnds: a line that follows a value that holds none is a line of its own; in a text
// it is reported.
func TestMissingLineEnds(t *testing.T) {
	t.Parallel()
	const (
		glued = "line 4: a line follows another without a line end, and is read as one; add the line end"
		holds = "line 7: the line contains another line of an event, which is ignored (is a line end missing?)"
	)
	noon := []string{"02 12:00 a"}
	first := func(line string, more ...string) []byte {
		return wrap(vevent(append([]string{line, "DURATION:PT1H", "SUMMARY:a"}, more...)...))
	}
	last := func(line string) []byte {
		return wrap(vevent("UID:a", "DTSTART:20270302T120000", "DURATION:PT1H", line))
	}
	for _, c := range []expected{
		{"a UID", first("DTSTAMP:20270101T000000ZUID:a", "DTSTART:20270302T120000"), noon, []string{glued}},
		{
			"two lines", first("SEQUENCE:3 TRANSP:OPAQUE;DTSTART:20270302T120000"), noon,
			[]string{glued + " (2 lines, this is the first)"},
		},
		{
			"a rule", first("RRULE:FREQ=DAILY;COUNT=3EXDATE;VALUE=DATE:20270303", "DTSTART:20270302T120000"),
			[]string{"02 12:00 a", "04 12:00 a"},
			[]string{glued},
		},
		{"a zone", first("DTSTART;TZID=Europe/Rome:20270302T120000\\nSTATUS:CANCELLED"), nil, []string{glued}},
		{"a zone with a colon", first(`DTSTART;TZID="(UTC+01:00) Rome":20270302T120000`), noon, nil},
		{
			"a name that reads like one",
			wrap(vevent("UID:urn:uuid:7", "DTSTART:20270302T120000", "DURATION:PT1H", "SUMMARY:a")), noon, nil,
		},
		{"a title", last("SUMMARY:aSTATUS:CANCELLED"), []string{"02 12:00 aSTATUS:CANCELLED"}, []string{holds}},
		{
			"a title that speaks of one", last("SUMMARY:Meet STATUS:CANCELLED"),
			[]string{"02 12:00 Meet STATUS:CANCELLED"},
			nil,
		},
		{
			"a colon in a name", last("S:UMMARY:a"),
			[]string{"02 12:00 "},
			[]string{"line 7: S:UMMARY is not a property of an event, and is ignored; did you mean SUMMARY?"},
		},
		{
			"a part of a rule",
			wrap(vevent("UID:a", "DTSTART:20270302T120000", "DURATION:PT1H", "SUMMARY:a", "RRULE:FREQ=DAILY;COUNT3")),
			noon,
			[]string{
				`line 8: RRULE: expected parts such as COUNT=4, found "COUNT3"; event "a" (a) happens once`,
			},
		},
	} {
		c.check(t)
	}
}

// TestMisspeltParameters: a time whose zone is named by a parameter with a slip is not anybody's
// time.
func TestMisspeltParameters(t *testing.T) {
	t.Parallel()
	as := func(written, name string) []string {
		return []string{"line 5: the parameter " + diag.Quote(written) + " is read as " + name}
	}
	for _, c := range []struct {
		parameters string
		want       string
		told       []string
	}{
		{";TZID=Asia/Karachi", "02 08:00 a", nil},
		{"; TZID=Asia/Karachi", "02 08:00 a", as(" TZID", "TZID")},
		{";TZD=Asia/Karachi", "02 08:00 a", as("TZD", "TZID")},
		{";TZID=Asia/Karachi;TZIDS=Asia/Tokyo", "02 08:00 a", nil},
		{
			";VLAUE=DATE", "02 00:00 a",
			append(as("VLAUE", "VALUE"),
				"line 5: the time after the date is ignored because of VALUE=DATE"),
		},
		{";X-TZID=Asia/Karachi", "02 12:00 a", nil},
	} {
		expected{
			c.parameters,
			wrap(vevent("UID:a", "DTSTART"+c.parameters+":20270302T120000", "DURATION:PT1H", "SUMMARY:a")),
			[]string{c.want},
			c.told,
		}.check(t)
	}
}
