package calendars

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/callhours/callhours/calendars/zones"
)

func TestWarnings(t *testing.T) {
	t.Parallel()
	calendar := mustRead(t, wrap(
		vevent("UID:fine", "DTSTART;TZID=Europe/Berlin:20270104T090000", "DURATION:PT1H", "RRULE:FREQ=WEEKLY;BYDAY=MO"),
		vevent("UID:day", "DTSTART;VALUE=DATE:20270104"),
		vevent("UID:short", "DTSTART:20270104T090000Z"),
		vevent("UID:tick", "DTSTART;TZID=Europe/Berlin:20270104T090000", "DURATION:PT1M", "RRULE:FREQ=MINUTELY"),
		vevent("UID:off", "DTSTART;TZID=Europe/Berlin:20270104T090000", "DURATION:PT1H", "RRULE:FREQ=WEEKLY;BYDAY=TU"),
		vevent("UID:utc", "DTSTART:20270104T090000Z", "DURATION:PT1H", "RRULE:FREQ=WEEKLY"),
		vevent("UID:gone", "DTSTART:20270104T090000Z", "RRULE:FREQ=SECONDLY", "STATUS:CANCELLED"),
	))
	berlin, err := zones.Load("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)
	want := []string{
		"line 13: neither DTEND nor DURATION gives it a length, so it never takes place; event (short) is used as it is",
		"line 17: RRULE: it repeats within the hour; event (tick) is used as it is",
		"line 23: RRULE: it does not name DTSTART, which is the first occurrence anyway; event (off) is used as it is",
	}
	if diff := cmp.Diff(want, texts(calendar.Warnings(View{}, at))); diff != "" {
		t.Error(diff)
	}
	want = append(want,
		"line 29: DTSTART: a series in UTC moves on the clock of Europe/Berlin when that changes; event (utc) is used as it is")
	if diff := cmp.Diff(want, texts(calendar.Warnings(View{Zone: berlin}, at))); diff != "" {
		t.Error(diff)
	}
}

// TestUnnamedStart: that no rule names DTSTART is said only where the series takes place there by
// mistake.
func TestUnnamedStart(t *testing.T) {
	t.Parallel()
	const warning = "RRULE: it does not name DTSTART, which is the first occurrence anyway"
	timed := []string{
		"UID:e", "DTSTART;TZID=Europe/Paris:20270302T080000", "DURATION:PT4H",
		"RRULE:FREQ=WEEKLY;BYDAY=TH",
	}
	whole := []string{"UID:e", "DTSTART;VALUE=DATE:20270302", "RRULE:FREQ=MONTHLY;BYMONTHDAY=15"}
	changed := func(start string) string {
		return vevent("UID:e", "RECURRENCE-ID;TZID=Europe/Paris:20270302T080000", "DTSTART;TZID=Europe/Paris:"+start,
			"DURATION:PT1H")
	}
	for _, c := range []struct {
		name  string
		lines []string // of the series besides
		whole bool
		other string // a changed occurrence
		warns bool
	}{
		{name: "as it is", warns: true},
		{name: "another day deleted", lines: []string{"EXDATE;TZID=Europe/Paris:20270304T080000"}, warns: true},
		{
			name: "another time of the day deleted", lines: []string{"EXDATE;TZID=Europe/Paris:20270302T090000"},
			warns: true,
		},
		{name: "deleted", lines: []string{"EXDATE;TZID=Europe/Paris:20270302T080000"}},
		{name: "deleted in UTC", lines: []string{"EXDATE:20270302T070000Z"}},
		{name: "deleted as a date", lines: []string{"EXDATE;VALUE=DATE:20270302"}},
		{name: "deleted by a rule", lines: []string{"EXRULE:FREQ=WEEKLY;BYDAY=TU;COUNT=1"}},
		{name: "a rule deletes other days", lines: []string{"EXRULE:FREQ=WEEKLY;BYDAY=TH;COUNT=1"}, warns: true},
		{
			name: "a rule deletes nothing", lines: []string{"EXRULE:FREQ=WEEKLY;BYDAY=TU;UNTIL=20270301T000000Z"},
			warns: true,
		},
		{name: "moved", other: changed("20270303T080000")},
		{name: "changed in its place", other: changed("20270302T080000")},
		{name: "another rule names it", lines: []string{"RRULE:FREQ=MONTHLY;COUNT=1"}},
		{name: "a date names it", lines: []string{"RDATE;TZID=Europe/Paris:20270302T080000"}},
		{name: "a period names it", lines: []string{"RDATE;VALUE=PERIOD:20270302T070000Z/PT2H"}},
		{name: "a date names another", lines: []string{"RDATE;TZID=Europe/Paris:20270305T080000"}, warns: true},
		{name: "whole days", whole: true, warns: true},
		{name: "whole days, deleted", whole: true, lines: []string{"EXDATE;VALUE=DATE:20270302"}},
		{name: "whole days, deleted as a time", whole: true, lines: []string{"EXDATE:20270302T000000Z"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			lines := timed
			if c.whole {
				lines = whole
			}
			events := []string{vevent(slices.Concat(lines, c.lines)...)}
			if c.other != "" {
				events = append(events, c.other)
			}
			said := texts(mustRead(t, wrap(events...)).Warnings(View{}, time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)))
			if got := strings.Contains(strings.Join(said, "\n"), warning); got != c.warns {
				t.Errorf("got %v from %q, want %v", got, said, c.warns)
			}
		})
	}
}

// TestNoLength: what is said of an event without a length fits the lines that it has.
func TestNoLength(t *testing.T) {
	t.Parallel()
	for _, line := range []string{
		"SUMMARY:x", "DURATION:PT0S", "DURATION:-PT2H", "DTEND:20270302T070000Z",
		"DTEND:20270302T080000Z", "DTEND:",
	} {
		c := mustRead(t, wrap(vevent("UID:e", "DTSTART:20270302T080000Z", line)))
		said := strings.Join(texts(c.Warnings(View{}, time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC))), "\n")
		if !strings.Contains(said, "never takes place") || strings.Contains(said, "it has neither") {
			t.Errorf("got %q of %s", said, line)
		}
	}
}
