package calendars

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/callhours/callhours/calendars/zones"
)

// TestSaidAndDone: what is doubtful about an event's status, end or dates is said as it is read,
// and nothing else is.
func TestSaidAndDone(t *testing.T) {
	t.Parallel()
	const (
		noon  = "DTSTART;TZID=Europe/Rome:20270301T120000"
		whole = "DTSTART;VALUE=DATE:20270301"
		added = "; event (e) is read with the date, which lasts as long as the event"
		once  = "2027-03-01 12:00 +0100, 2027-03-01 13:00 +0100, e"
	)
	period := func(text string) []string {
		return []string{noon, "DURATION:PT1H", "RDATE;VALUE=PERIOD;TZID=Europe/Rome:" + text}
	}
	day := func(start, end string) string {
		return "2027-03-" + start + " 00:00 +0100, 2027-03-" + end + " 00:00 +0100, e"
	}
	with := func(start, end string) []string {
		return []string{once, "2027-03-" + start + " +0100, 2027-03-" + end + " +0100, e"}
	}
	for _, c := range []struct {
		name  string
		lines []string
		want  []string
		told  []string
	}{
		{"cancelled as Americans spell it", []string{noon, "DURATION:PT1H", "STATUS:Canceled"}, nil, nil},
		{"cancelled in quotes", []string{noon, "DURATION:PT1H", `STATUS: "CANCELLED" `}, nil, nil},
		{"confirmed", []string{noon, "DURATION:PT1H", "STATUS:confirmed"}, []string{once}, nil},
		{"no status", []string{noon, "DURATION:PT1H", "STATUS:"}, []string{once}, nil},
		{"nearly cancelled", []string{noon, "DURATION:PT1H", "STATUS:CANCELD"}, []string{once}, []string{
			`line 7: STATUS: unknown status "CANCELD"; event (e) counts as confirmed; did you mean "CANCELLED"?`,
		}},
		{"the status of a task", []string{noon, "DURATION:PT1H", "STATUS:NEEDS-ACTION"}, []string{once}, []string{
			`line 7: STATUS: unknown status "NEEDS-ACTION"; event (e) counts as confirmed; known: CANCELLED, CONFIRMED, TENTATIVE`,
		}},
		{"an empty DTEND beside DURATION", []string{noon, "DTEND:", "DURATION:PT1H"}, []string{once}, []string{
			`line 6: DTEND: expected a time such as 20261224 or 20261224T090000Z, found ""; event (e) is read without it`,
		}},
		{
			"a negative DURATION beside DTEND",
			[]string{noon, "DURATION:-PT1H", "DTEND;TZID=Europe/Rome:20270301T130000"},
			[]string{once},
			[]string{
				`line 6: DURATION: expected it to be positive, found "-PT1H"; event (e) is read without it`,
			},
		},
		{"nothing but an empty DTEND", []string{whole, "DTEND:"}, []string{day("01", "02")}, []string{
			`line 6: DTEND: expected a time such as 20261224 or 20261224T090000Z, found ""; event (e) lasts one day`,
		}},
		{
			"whole days until midnight of nowhere",
			[]string{whole, "DTEND;TZID=Contoso Time:20270303T000000"},
			[]string{day("01", "03")},
			[]string{
				`line 6: DTEND: time zone "Contoso Time" is not known, and does not matter in an all-day event: the date counts`,
			},
		},
		{
			"whole days until the evening of nowhere",
			[]string{whole, "DTEND;TZID=Contoso Time:20270302T180000"},
			[]string{day("01", "03")},
			[]string{
				`line 6: DTEND: time zone "Contoso Time" is not known, and does not matter in an all-day event: the date counts`,
			},
		},
		{"a time until one of nowhere", []string{noon, "DTEND;TZID=Contoso Time:20270301T180000"}, nil, []string{
			`line 6: DTEND: time zone "Contoso Time" is not known; event (e) is ignored`,
		}},
		{"a period", period("20270305T090000/20270305T110000"), with("05 09:00", "05 11:00"), nil},
		{"a period with an end in UTC", period("20270305T090000/20270305T083000Z"), with("05 09:00", "05 09:30"), nil},
		{"a period until a date", period("20270305T220000/20270306"), with("05 22:00", "06 00:00"), nil},
		{
			"a period that ends before it starts", period("20270305T090000/20270305T080000"),
			with("05 09:00", "05 10:00"),
			[]string{
				`line 7: RDATE: expected a period that ends after its start, found "20270305T090000/20270305T080000"` +
					added,
			},
		},
		{
			"a period that ends before it starts, in UTC", period("20270305T090000/20270305T080000Z"),
			with("05 09:00", "05 10:00"),
			[]string{
				`line 7: RDATE: expected a period that ends after its start, found "20270305T090000/20270305T080000Z"` +
					added,
			},
		},
		{"a period until its own date", period("20270305T090000/20270305"), with("05 09:00", "05 10:00"), []string{
			`line 7: RDATE: expected a period that ends after its start, found "20270305T090000/20270305"` + added,
		}},
		{"a period of negative length", period("20270305T090000/-PT2H"), with("05 09:00", "05 10:00"), []string{
			`line 7: RDATE: expected a period of positive length, found "-PT2H"` + added,
		}},
		{"a period of no length", period("20270305T090000/PT0S"), with("05 09:00", "05 10:00"), []string{
			`line 7: RDATE: expected a period of positive length, found "PT0S"` + added,
		}},
		{
			"periods of whole days in a zone of nowhere",
			[]string{whole, "RDATE;VALUE=PERIOD;TZID=Contoso Time:20270305T000000/P2D,20270310T000000/20270312T180000"},
			[]string{day("01", "02"), day("05", "07"), day("10", "13")},
			[]string{
				`line 6: RDATE: time zone "Contoso Time" is not known, and does not matter in an all-day series: the date counts (2 lines, this is the first)`,
			},
		},
		{
			"a period of whole days that is none",
			[]string{whole, "RDATE;VALUE=PERIOD;TZID=Contoso Time:20270305T000000/soon"},
			[]string{day("01", "02")},
			[]string{
				`line 6: RDATE: expected a time such as 20261224 or 20261224T090000Z, found "soon"; event (e) is read without it`,
			},
		},
		{
			"dates that are all of a series",
			[]string{
				noon, "DURATION:PT1H", "RRULE:FREQ=DAILY;UNTIL=20270220T000000Z",
				"RDATE;TZID=Europe/Rome:20270305T120000",
			},
			[]string{"2027-03-05 12:00 +0100, 2027-03-05 13:00 +0100, e"},
			[]string{"line 3: RRULE: UNTIL lies before DTSTART; event (e) has no occurrence by its RRULE"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			calendar := mustRead(t, wrap(vevent(append([]string{"UID:e"}, c.lines...)...)))
			if diff := cmp.Diff(c.told, texts(calendar.Problems())); diff != "" {
				t.Error(diff)
			}
			zone, err := zones.Load("Europe/Rome")
			if err != nil {
				t.Fatal(err)
			}
			timeline := calendar.Compile(View{Zone: zone}, time.Date(2027, 2, 1, 0, 0, 0, 0, time.UTC),
				time.Date(2027, 5, 1, 0, 0, 0, 0, time.UTC))
			if diff := cmp.Diff(c.want, wallTimes(timeline.All(), zone)); diff != "" {
				t.Error(diff)
			}
		})
	}
}
