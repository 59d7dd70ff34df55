package calendars

import (
	"slices"
	"testing"
)

// TestMisspelt: a name with one slip is read where it can be no other's and its value fits; else it is reported.
func TestMisspelt(t *testing.T) {
	t.Parallel()
	ignored := func(slip, of string) []string {
		return []string{"line 8: " + slip + " is no property of an event, and is ignored; did you mean " + of + "?"}
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
		{"office.COLOR:red", noon, []string{"line 8: want a content line such as NAME:VALUE, found \"office.COLOR:red\"; " +
			"the line is ignored (put a blank before it if it is the rest of the line before)"}},
		{"RRULE FREQ=DAILY;COUNT=2", twice, []string{`line 8: "RRULE " is read as RRULE:`}},
		{"RDATE 20270303T120000", twice, []string{`line 8: "RDATE " is read as RDATE:`}},
		{"RRULE :FREQ=DAILY;COUNT=2", twice, []string{`line 8: "RRULE :" is read as RRULE:`}},
	} {
		expected{c.line, wrap(vevent("UID:a", "DTSTART:20270302T120000", "DURATION:PT1H", "SUMMARY:a", c.line)), c.want, c.told}.check(t)
	}
	for _, c := range []expected{
		{
			"names that an event needs", wrap(vevent("UDI:a", "DTSTRAT:20270302T120000", "DTENDS:20270302T130000", "SUMARY:a")),
			noon,
			[]string{"line 4: UDI is read as UID", "line 5: DTSTRAT is read as DTSTART", "line 6: DTENDS is read as DTEND", "line 7: SUMARY is read as SUMMARY"},
		},
		{
			"an override", wrap(vevent("UID:a", "DTSTART:20270302T120000", "DURATION:PT1H", "RRULE:FREQ=DAILY;COUNT=2", "SUMMARY:a"),
				vevent("UID:a", "RECURRANCE-ID:20270303T120000", "DTSTART:20270304T120000", "DURATON:PT1H", "SUMMARY:b")),
			[]string{"02 12:00 a", "04 12:00 b"},
			[]string{"line 12: RECURRANCE-ID is read as RECURRENCE-ID", "line 14: DURATON is read as DURATION"},
		},
		{
			"lines that are none", wrap(vevent("UID:a", "DTSTART:20270302T120000", "DURATION:PT1H", "SUMMARY:a", "first", "second", "third")), noon,
			[]string{`line 8: want a content line such as NAME:VALUE, found "first"; the line is ignored, like 2 more of the event ` +
				"(put a blank before it if it is the rest of the line before)"},
		},
	} {
		c.check(t)
	}
	if got := slipsOf("BEGINN"); slices.Contains(got, "BEGIN") {
		t.Errorf("got %q", got)
	}
}
