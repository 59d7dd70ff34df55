package calendars

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/callhours/callhours/calendars/ical"
)

// wrap makes a calendar of components.
func wrap(components ...string) []byte {
	return []byte("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n" + strings.Join(components, "") + "END:VCALENDAR\r\n")
}

// vevent makes an event of its lines.
func vevent(lines ...string) string {
	return "BEGIN:VEVENT\r\n" + strings.Join(lines, "\r\n") + "\r\nEND:VEVENT\r\n"
}

func mustRead(t testing.TB, body []byte) *Calendar {
	t.Helper()
	c, err := Read(body, ical.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

const hostileHorizon = 400 * 24 * time.Hour

// TestHostile is what a feed may try: the good event beside the hostile one is there, and what is
// left out is named.
func TestHostile(t *testing.T) {
	t.Parallel()
	good := vevent("UID:good", "DTSTART:20270104T090000Z", "DURATION:PT1H", "SUMMARY:Open")
	series := func(rule string) string {
		return vevent("UID:bad", "DTSTART;TZID=America/New_York:20111121T090000", "DURATION:PT1M", "RRULE:"+rule)
	}
	sixty := make([]string, 60)
	for i := range sixty {
		sixty[i] = fmt.Sprint(i)
	}
	everySecond := "BYHOUR=" + strings.Join(sixty[:24], ",") + ";BYMINUTE=" + strings.Join(sixty, ",") + ";BYSECOND=" +
		strings.Join(sixty, ",")
	for _, c := range []struct {
		name string
		bad  string
		want string // the problem's beginning; "" for none
	}{
		{"every second", series("FREQ=SECONDLY"), "more than 20000 occurrences (limits.event_instances)"},
		{
			"a thousand million seconds", series("FREQ=SECONDLY;COUNT=1000000000"),
			"its rule takes more than 1000000 steps (limits.steps)",
		},
		{
			"every second of every day", series("FREQ=DAILY;" + everySecond),
			"more than 20000 occurrences (limits.event_instances)",
		},
		{"every second of every year", series("FREQ=YEARLY;BYDAY=MO;BYSETPOS=-1,1;" + everySecond), ""},
		{
			"the second of one", series("FREQ=SECONDLY;BYSETPOS=2"),
			"its rule takes more than 1000000 steps (limits.steps)",
		},
		{"30 February", series("FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30"), ""},
		{"an hour that never comes", series("FREQ=HOURLY;INTERVAL=2;BYHOUR=10"), ""},
		{"a minute that never comes", series("FREQ=MINUTELY;INTERVAL=2;BYMINUTE=1"), ""},
		{"a huge interval", series("FREQ=MONTHLY;INTERVAL=9223372036854775807"), ""},
		{"a number too long", series("FREQ=DAILY;INTERVAL=99999999999999999999"), ""},
		{"the 53rd Monday of a month", series("FREQ=MONTHLY;BYDAY=53MO,-53MO"), ""},
		{"easter", series("FREQ=YEARLY;BYEASTER=1000"), `"BYEASTER" is not part of a rule`},
		{
			"half a million exceptions", vevent("UID:bad", "DTSTART:20111121T090000Z", "RRULE:FREQ=DAILY",
				strings.TrimSuffix(strings.Repeat("EXDATE:20271121T090000Z\r\n", 500_000), "\r\n")),
			"it has more than 10000 dates (limits.dates)",
		},
		{"a long list of exceptions", vevent("UID:bad", "DTSTART:20111121T090000Z", "RRULE:FREQ=DAILY",
			"EXDATE:"+strings.Repeat("20271121T090000Z,", 500_000)), "its EXDATE is longer than 65536 bytes"},
		{
			"many parameters", vevent("UID:bad", "DTSTART"+strings.Repeat(";X=1", 100_000)+":20271121T090000Z"),
			"its DTSTART has more than 16 parameters (limits.params)",
		},
		{"components without end", vevent("UID:bad", "DTSTART:20271121T090000Z"+strings.Repeat("\r\nBEGIN:X", 200_000)+
			strings.Repeat("\r\nEND:X", 200_000)), "its components nest deeper than 8"},
		{
			"a very long title",
			vevent("UID:bad", "DTSTART:20271121T090000Z", "SUMMARY:"+strings.Repeat("é", 1_000_000)),
			"longer than 256 characters",
		},
		{"blank lines", strings.Repeat("\r\n", 900_000) + " \r\n", ""},
		{
			"many folds", vevent("UID:bad", "DTSTART:20271121T090000Z", "SUMMARY:x"+strings.Repeat("\r\n y", 400_000)),
			"longer than 256 characters",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			begun := time.Now()
			body := wrap(c.bad, good)
			calendar, err := Read(body, ical.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			from := time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC)
			timeline := calendar.Compile(View{}, from, from.Add(hostileHorizon))
			if on := timeline.At(nil, time.Date(2027, 1, 4, 9, 30, 0, 0, time.UTC).Unix()); len(on) != 1 ||
				on[0].Event.UID != "good" {
				t.Errorf("on beside it: %v, want the good event", on)
			}
			problems := append(calendar.Problems(), timeline.Problems()...)
			switch {
			case c.want == "" && len(problems) > 0:
				t.Errorf("problems: %v, want none", problems)
			case c.want != "" && (len(problems) != 1 || !strings.HasPrefix(problems[0].Message, c.want)):
				t.Errorf("problems: %v, want one: %s", problems, c.want)
			}
			t.Log(time.Since(begun))
		})
	}
}

// TestRefused are feeds that are over a limit as a whole.
func TestRefused(t *testing.T) {
	t.Parallel()
	event := vevent("UID:a", "DTSTART:20271121T090000Z")
	for _, c := range []struct {
		name   string
		body   []byte
		limits ical.Limits
		want   string
	}{
		{"bytes", make([]byte, 16<<20+1), ical.Limits{}, "too big: more than 16777216 bytes (limits.bytes)"},
		{"lines", wrap(event), ical.Limits{Lines: 5}, "too big: more than 5 lines (limits.lines)"},
		{
			"events", wrap(event, event, event),
			ical.Limits{Events: 2},
			"too big: line 11: more than 2 events (limits.events)",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := Read(c.body, c.limits)
			if !errors.Is(err, ical.ErrTooBig) || err.Error() != c.want {
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
}

// TestBudgets are the limits of a Compile: what is over them is left out and named, what came
// before stays.
func TestBudgets(t *testing.T) {
	t.Parallel()
	daily := func(uid string) string {
		return vevent("UID:"+uid, "DTSTART:20270101T090000Z", "DURATION:PT1H", "RRULE:FREQ=DAILY")
	}
	from := time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name   string
		limits ical.Limits
		want   []string
		left   int // occurrences
	}{
		{"none", ical.Limits{}, nil, 60},
		{"steps of a rule", ical.Limits{Steps: 20}, []string{
			"line 3: its rule takes more than 20 steps (limits.steps); event (a) is ignored",
			"line 9: its rule takes more than 20 steps (limits.steps); event (b) is ignored",
		}, 0},
		{"steps of all rules", ical.Limits{CalendarSteps: 150}, []string{
			"line 9: the rules of the calendar take more than 150 steps with it (limits.calendar_steps); event (b) is ignored",
		}, 30},
		{"occurrences of an event", ical.Limits{EventInstances: 20}, []string{
			"line 3: more than 20 occurrences (limits.event_instances); event (a) is ignored",
			"line 9: more than 20 occurrences (limits.event_instances); event (b) is ignored",
		}, 0},
		{"occurrences of a calendar", ical.Limits{Instances: 50}, []string{
			"line 9: the calendar has more than 50 occurrences with it (limits.instances); event (b) is ignored",
		}, 30},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			calendar, err := Read(wrap(daily("a"), daily("b")), c.limits)
			if err != nil {
				t.Fatal(err)
			}
			timeline := calendar.Compile(View{}, from, from.AddDate(0, 0, 30))
			if diff := cmp.Diff(c.want, texts(timeline.Problems())); diff != "" {
				t.Error(diff)
			}
			if got := len(timeline.All()); got != c.left {
				t.Errorf("%d occurrences, want %d", got, c.left)
			}
		})
	}
}

func texts(problems []ical.Problem) (list []string) {
	for _, p := range problems {
		list = append(list, p.String())
	}
	return list
}

func event(uid string) string { return vevent("UID:"+uid, "DTSTART:20270104T090000Z", "DURATION:PT1H") }
