package calendars

import (
	"strings"
	"testing"

	"github.com/callhours/callhours/calendars/recur"
	"github.com/callhours/callhours/internal/diag"
)

// TestOddTimes: a time has one meaning however its parameters are separated and its figures
// grouped, or is reported.
func TestOddTimes(t *testing.T) {
	t.Parallel()
	const karachi = "DTSTART;TZID=Asia/Karachi:20270302T120000"
	noon, morning, day := []string{"02 12:00 a"}, []string{"02 08:00 a"}, []string{"02 00:00 a"}
	for _, c := range []struct {
		line string
		want []string
		as   string // what it is read as; "" where it is as it should be
	}{
		{karachi, morning, ""},
		{"DTSTART;TZID =Asia/Karachi:20270302T120000", morning, karachi},
		{"DTSTART;tzid='Asia/Karachi';:20270302T120000", morning, karachi},
		{"DTSTART;;TZID=Asia/Karachi:20270302T120000", morning, karachi},
		{"DTSTART;TZID:Asia/Karachi:20270302T120000", morning, karachi},
		{"DTSTART:TZID=Asia/Karachi:20270302T120000", morning, karachi},
		{"DTSTART;TZID=Asia/Karachi;20270302T120000", morning, karachi},
		{"DTSTART;TZID=Asia/Karachi 2027-03-02 12:00", morning, karachi},
		{`DTSTART;TZID="Asia/Karachi:20270302T120000`, morning, karachi},
		{"DTSTART;VALUE=DATE;20270302", day, "DTSTART;VALUE=DATE:20270302"},
		{"DTSTART;VALUE:DATE:20270302", day, "DTSTART;VALUE=DATE:20270302"},
		{"DTSTART;DATE:20270302", day, "DTSTART;VALUE=DATE:20270302"},
		{"DTSTART;VALUE=DATE:2027-03-02", day, "DTSTART;VALUE=DATE:20270302"},
		{"DTSTART:2027-03-02T12:00:00.000", noon, "DTSTART:20270302T120000"},
		{"DTSTART:2027-03-02 11:00 UTC", noon, "DTSTART:20270302T110000Z"},
		{"DTSTART:20270302T1100Z", noon, "DTSTART:20270302T110000Z"},
		{"DTSTART:20270302 120000", noon, "DTSTART:20270302T120000"},
	} {
		var told []string
		if c.as != "" {
			told = []string{"line 5: " + diag.Quote(c.line) + " is read as " + diag.Quote(c.as)}
		}
		expected{c.line, wrap(vevent("UID:a", c.line, "DURATION:PT1H", "SUMMARY:a")), c.want, told}.check(t)
	}
	for _, line := range []string{
		"DTSTART:2027-03-02T12:00:00+05:00", // whether a series moves with somebody's clocks, nobody knows
		"DTSTART:02.03.2027 12:00", "DTSTART:03/02/2027", "DTSTART:2027-0302", "DTSTART:2027-13-02",
		"DTSTART;TZID=Asia/Karachi;soon:20270302T120000", "DTSTART:20270302T12", "DTSTART;VALUE=20270302",
		"DTSTART:" + strings.Repeat(" ", recur.LongestLenient) + "2027-03-02",
	} {
		if c := mustRead(t, wrap(vevent("UID:a", line, "SUMMARY:a"))); len(c.Events()) != 0 || len(c.Problems()) != 1 {
			t.Errorf("%.60s: %d events, %q", line, len(c.Events()), texts(c.Problems()))
		}
	}
}

// TestOddRules: a rule has one meaning whatever stands between its parts, or is reported.
func TestOddRules(t *testing.T) {
	t.Parallel()
	const plain = "FREQ=WEEKLY;BYDAY=TU,WE;COUNT=2"
	two, once := []string{"02 12:00 a", "03 12:00 a"}, []string{"02 12:00 a"}
	for _, c := range []struct {
		rule string
		want []string
		told string // "" for what it is read as
	}{
		{"FREQ=WEEKLY:BYDAY=TU,WE:COUNT=2", two, ""},
		{"FREQ=WEEKLY,BYDAY=TU,WE,COUNT=2", two, ""},
		{"FREQ=WEEKLY BYDAY=TU WE COUNT=2", two, ""},
		{`FREQ=WEEKLY\;BYDAY=TU\,WE\;COUNT=2`, two, ""},
		{"FREQ=WEEKLY;BYDAY=TU;WE;COUNT=2", two, ""},
		{"FREQ=WEEKLY;BYDAY='TU,WE';COUNT=2", two, ""},
		{"RRULE:FREQ=WEEKLY;BYDAY=TU,WE;COUNT=2", two, ""},
		{"FREQ=WEEKLY;BYDAY=Tuesday,Wed;COUNT=2", two, ""},
		{"FREQ=WEEKY;BYDAYS=TU,WE;COUNT=2", two, ""},
		{"FREQ=WEEKLY;BYDAY=TU,WE;COUNT=2;COUNT=2", two, ""},
		{"weekly;FREQ=WEEKLY;BYDAY=TU,WE;COUNT=2;soon", two, ""},
		{"FREQ=WEEKLY;BYDAY=TU,DI;COUNT=2", once, `expected BYDAY to be weekdays such as MO or -1FR, found "DI"`},
		{"FREQ=WEEKLY;BYDAY=TU;BYDAY=WE;COUNT=2", once, "BYDAY is there twice"},
		{"FREQ=WEEKLY;BYDAY=TU,WE;COUNT2", once, `expected parts such as COUNT=4, found "COUNT2"`},
		{
			"FREQ=EVERY TUESDAY", once,
			"expected FREQ to be one of YEARLY, MONTHLY, WEEKLY, DAILY, HOURLY, MINUTELY, SECONDLY, " +
				`found "EVERY TUESDAY"`,
		},
		{"WEEKLY", once, `expected parts such as COUNT=4, found "WEEKLY"`},
	} {
		told := "line 8: RRULE: " + c.told + `; event "a" (a) happens once`
		if c.told == "" {
			told = "line 8: the rule " + diag.Quote(c.rule) + " is read as " + diag.Quote(plain)
		}
		expected{
			c.rule, wrap(vevent("UID:a", "DTSTART:20270302T120000", "DURATION:PT1H", "SUMMARY:a", "RRULE:"+c.rule)),
			c.want,
			[]string{told},
		}.check(t)
	}
	expected{
		"UNTIL with dashes",
		wrap(vevent("UID:a", "DTSTART:20270302T120000", "DURATION:PT1H", "SUMMARY:a",
			"RRULE:FREQ=DAILY;UNTIL=2027-03-03")),
		two,
		[]string{`line 8: the rule "FREQ=DAILY;UNTIL=2027-03-03" is read as "FREQ=DAILY;UNTIL=20270303"`},
	}.check(t)
}

// TestLostFolds: the rest of a rule or of dates is known without the blank before it.
func TestLostFolds(t *testing.T) {
	t.Parallel()
	const rest = "line 9: a line without a blank before it is read as the rest of the line before, a rule or dates; put a blank before it"
	stray := func(text string) string {
		return "line 9: expected a content line such as NAME:VALUE, found " + text +
			"; the line is ignored (put a blank before it if it is the rest of the line before)"
	}
	for _, c := range []struct {
		first, second string
		want          []string
		told          []string
	}{
		{"RRULE:FREQ=DAILY;", "COUNT=2", []string{"02 12:00 a", "03 12:00 a"}, []string{rest}},
		{"RRULE:FREQ=DAILY", ";COUNT=2", []string{"02 12:00 a", "03 12:00 a"}, []string{rest}},
		{"RRULE:FREQ=DAILY;UNTIL=2027", "0303T120000;WKST=MO", []string{"02 12:00 a", "03 12:00 a"}, []string{rest}},
		{
			"RRULE:FREQ=DAILY;COUNT=3", "FREQ=WEEKLY",
			[]string{"02 12:00 a", "03 12:00 a", "04 12:00 a"},
			[]string{stray(`"FREQ=WEEKLY"`)},
		},
		{
			"RDATE:20270304T120000,", "20270305T120000",
			[]string{"02 12:00 a", "04 12:00 a", "05 12:00 a"},
			[]string{rest},
		},
		{
			"RDATE:20270304T120000,2027", "0305T120000",
			[]string{"02 12:00 a", "04 12:00 a", "05 12:00 a"},
			[]string{rest},
		},
		{
			"RDATE:20270304T120000", "20270305T120000",
			[]string{"02 12:00 a", "04 12:00 a"},
			[]string{stray(`"20270305T120000"`)},
		},
		{"STATUS:CANCELLED", "COUNT=2", nil, []string{stray(`"COUNT=2"`)}},
	} {
		expected{
			c.first + "|" + c.second,
			wrap(vevent("UID:a", "DTSTART:20270302T120000", "DURATION:PT1H", "SUMMARY:a", c.first, c.second)),
			c.want, c.told,
		}.check(t)
	}
}

// TestUnclearLines: what is not read as two lines, or as a zone, is reported.
func TestUnclearLines(t *testing.T) {
	t.Parallel()
	const holds = "line 6: the line contains another line of an event, which is ignored (is a line end missing?)"
	for _, c := range []struct {
		line string
		told []string
	}{
		{"SUMMARY:OpenSEQUENCE:1", []string{holds}},
		{"SUMMARY:OpenDTSTAMP:20270101T000000Z", []string{holds}},
		{"LOCATION:RomeSUMMARY:Open", []string{holds}},
		{"SUMMARY:NEWLOCATION:Rome", nil},
		{"SUMMARY:SUBSEQUENCE:one", nil},
		{"SUMMARY:Open SEQUENCE:1", nil},
		{"X-A:OpenSEQUENCE:1", nil},
		{
			"DTEND;TZID=Europe/Rome:20270302T130000Z",
			[]string{"line 6: the TZID of a time in UTC, which ends in Z, is ignored; remove one of the two"},
		},
		{"DTEND;TZID=Europe/Rome;VALUE=DATE:20270303", nil},
	} {
		c2 := mustRead(t, wrap(vevent("UID:a", "DTSTART:20270302T120000", c.line)))
		if got := texts(c2.Problems()); strings.Join(got, "\n") != strings.Join(c.told, "\n") {
			t.Errorf("%s: got %q", c.line, got)
		}
	}
	for text, want := range map[string]int64{
		"+0100": 3600, "-0030": -1800, "0100": 3600, "+01:00": 3600,
		"+053730": 20250,
	} {
		if got, err := recur.ParseOffset(text); err != nil || *got != want {
			t.Errorf("%s: %v", text, err)
		}
	}
	for _, text := range []string{"-+0100", "+-0100", "++0100", "+100", "+01000", "01:000", ""} {
		if got, err := recur.ParseOffset(text); err == nil {
			t.Errorf("%q: got %d", text, *got)
		}
	}
}

// TestOddZones: what a VTIMEZONE says under a misspelt name, or without its end, is read and
// reported.
func TestOddZones(t *testing.T) {
	t.Parallel()
	zone := fixedZone("Plant", "+0500")
	event := vevent("UID:a", "DTSTART;TZID=Plant:20270302T120000", "DURATION:PT1H", "SUMMARY:a")
	for _, c := range []struct {
		written, as string
		told        []string
	}{
		{"TZOFFSETTO:", "TZOFFSETO:", []string{"line 8: TZOFFSETO is read as TZOFFSETTO"}},
		{"DTSTART:", "DTSTAR:", []string{"line 6: DTSTAR is read as DTSTART"}},
		{
			"END:VTIMEZONE\r\n", "",
			[]string{"line 10: END:VTIMEZONE is missing before BEGIN:VEVENT, and is read as if it were there"},
		},
		{
			"TZOFFSETTO:+05", "RULE:FREQ=YEARLY;BYMONTH=1;BYDAY=1SU\r\nTZOFFSETTO:+05",
			[]string{"line 8: RULE is read as RRULE"},
		},
		{"TZOFFSETTO:+05", "standard\r\nTZOFFSETTO:+05", []string{
			`line 8: expected a content line such as TZOFFSETTO:+0100 in a VTIMEZONE, found "standard"; the line is ignored`,
		}},
	} {
		expected{c.as, wrap(strings.Replace(zone, c.written, c.as, 1), event), []string{"02 08:00 a"}, c.told}.check(t)
	}
	for _, name := range []string{
		"W. Europe  Standard Time", "W.\u00a0Europe\u00a0Standard Time",
		"(GMT+01.00) Amsterdam / Berlin / Rome", "America/New  York",
	} {
		if c := mustRead(t, wrap(vevent("UID:a", "DTSTART;TZID="+name+":20270302T120000"))); len(c.Problems()) != 0 {
			t.Errorf("%s: %q", name, texts(c.Problems()))
		}
	}
}

// TestOddTexts: what says what an event is, or how long it is, is read where it is beyond doubt,
// and reported.
func TestOddTexts(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"DURATION:P1H":                                `line 6: the duration "P1H" is read as PT1H`,
		"DURATION:1h 30m":                             `line 6: the duration "1h 30m" is read as PT1H30M`,
		"DURATION:P1M":                                `line 6: DURATION: expected a duration such as PT1H30M or P2D, found "P1M"; event (a) has no length`,
		"DURATION:soon":                               `line 6: DURATION: expected a duration such as PT1H30M or P2D, found "soon"; event (a) has no length`,
		"SEQUENCE:2x":                                 `line 6: SEQUENCE: expected a number, found "2x"; event (a) is read without it`,
		"TRANSP:TRANSPARANT":                          `line 6: TRANSP: unknown value "TRANSPARANT"; event (a) counts as opaque; did you mean "TRANSPARENT"?`,
		"TRANSP:opaque":                               "",
		"DTEND;VALUE=DATE:20270303":                   "",
		"DTEND;VALUE=DATE:20270303T120000":            "line 6: the time after the date is ignored because of VALUE=DATE",
		"RECURRENCE-ID;RANGE=THISANDFUTRE:20270302":   "line 6: RANGE=THISANDFUTRE is read as RANGE=THISANDFUTURE",
		"RECURRENCE-ID;RANGE=THISANDPRIOR:20270302":   "line 6: RANGE=THISANDPRIOR is ignored; the change is of one occurrence",
		"LOCATION;ENCODING=QUOTED-PRINTABLE:M=C3=BCn": "line 6: ENCODING=QUOTED-PRINTABLE, which RFC 5545 does not have, is decoded",
		"LOCATION;ENCODING=QUOTED-PRINTABLE:M=FCn":    "",
	} {
		c := mustRead(t, wrap(vevent("UID:a", "DTSTART:20270302T120000", line)))
		if got := strings.Join(texts(c.Problems()), "\n"); got != want {
			t.Errorf("%s: got %q", line, got)
		}
		if e := c.Events()[0]; strings.Contains(want, "decoded") && e.Location != "Mün" {
			t.Errorf("%s: got %q", line, e.Location)
		}
	}
	one := vevent("UID:a", "DTSTART:20270302T120000", "DURATION:PT1H", "SUMMARY:a")
	two := vevent("UID:b", "DTSTART:20270303T120000", "DURATION:PT1H", "SUMMARY:b")
	expected{
		"a calendar without its end", []byte("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n" + one + string(wrap(two))),
		[]string{"02 12:00 a", "03 12:00 b"},
		[]string{"line 9: END:VCALENDAR is missing before the next calendar, and is read as if it were there"},
	}.check(t)
	expected{
		"a remark", wrap(strings.Replace(one, "BEGIN:VEVENT", "BEGIN:VEVENT # first", 1)),
		[]string{"02 12:00 a"},
		[]string{`line 3: BEGIN:VEVENT # FIRST is read as BEGIN:VEVENT`},
	}.check(t)
}
