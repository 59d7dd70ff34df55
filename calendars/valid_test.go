package calendars

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/callhours/callhours/calendars/ical"
	"github.com/callhours/callhours/calendars/recur"
	"github.com/callhours/callhours/internal/growth"
)

// TestValidFilesAreReadExactly: a calendar that follows RFC 5545 is read as it is written, with
// nothing said of it, wherever its lines are folded and whatever its texts speak of.
func TestValidFilesAreReadExactly(t *testing.T) {
	if growth.UnderRace {
		t.Skip("it runs in one goroutine for long; the run without the race detector has it")
	}
	t.Parallel()
	for seed := range uint64(3000) {
		checkValid(t, seed, 7)
	}
}

// said is an event in a form that is easy to compare.
type said struct {
	UID, Summary, Description, Location string
	Start, Days                         int
	Rules, Exceptions                   int
}

func checkValid(t *testing.T, a, b uint64) {
	t.Helper()
	body, want := validCalendar(rand.New(rand.NewPCG(a, b)))
	calendar, err := Read([]byte(body), ical.Limits{})
	if err != nil {
		t.Fatalf("%d, %d: %v\n%s", a, b, err, body)
	}
	if diff := cmp.Diff(want, saidBy(calendar)); diff != "" {
		t.Fatalf("%d, %d: %s\n%s", a, b, diff, body)
	}
	for _, p := range calendar.Problems() {
		// A line that reads like two is read by the letter; that it does so may be said, for
		// whoever meant two.
		if !p.Harmless || !strings.Contains(p.Message, "is read as the rest of the line before, as RFC 5545 requires") {
			t.Fatalf("%d, %d: %v\n%s", a, b, p, body)
		}
	}
}

// saidBy are the events of a calendar in the order of their UIDs.
func saidBy(calendar *Calendar) (got []said) {
	for _, e := range calendar.Events() {
		s := said{
			UID: e.UID, Summary: e.Summary, Description: e.Description, Location: e.Location,
			Start: int(e.Start.Civil / recur.Day),
			Rules: len(e.Rules), Exceptions: len(e.Exceptions),
		}
		if e.End != nil {
			s.Days = int(e.End.Civil/recur.Day) - s.Start
		}
		got = append(got, s)
	}
	slices.SortStableFunc(got, func(a, b said) int { return strings.Compare(a.UID, b.UID) })
	return got
}

// validCalendar writes a valid calendar, and what its events say that are not cancelled, in the
// order of their UIDs.
func validCalendar(random *rand.Rand) (body string, events []said) {
	var b strings.Builder
	one := func(of ...string) string { return of[random.IntN(len(of))] }
	text := func() string {
		var words []string
		for range 1 + random.IntN(6) {
			words = append(words,
				one("Open", "call us", "DTSTART:20260113T080000Z", "DTSTART;TZID=Europe/Berlin:20260113T080000",
					"RRULE:FREQ=DAILY;COUNT=5",
					"EXDATE:20260108", "STATUS:CANCELLED", "BEGIN:VEVENT", "END:VEVENT", "END:VCALENDAR",
					"BEGIN:VALARM", "END:VALARM", "RECURRENCE-ID:20260108",
					"DTEND:20270101", "DURATION:PT1H", "SUMMARY:x", "METHOD:CANCEL", "ä€", "a,b", "back\\slash",
					"new\nline", `"quoted"`, "UID:other"))
		}
		return strings.Join(words, one(" ", "  "))
	}
	escape := strings.NewReplacer("\\", "\\\\", ";", "\\;", ",", "\\,", "\n", "\\n").Replace
	ending := one("\r\n", "\r\n", "\n")
	write := func(line string) {
		for random.IntN(4) > 0 && len(line) > 2 {
			at := 1 + random.IntN(len(line)-1)
			if i := strings.LastIndexAny(line, " :"); i > 0 && random.IntN(2) == 0 &&
				len(strings.TrimSpace(line[i:])) > 1 {
				at = min(i+random.IntN(2), len(line)-1) // before a word, where it hurts
			}
			if rest := strings.TrimLeft(line[at:], " \t"); random.IntN(3) > 0 || rest == "" ||
				strings.TrimSpace(line[:at]) == "" {
				break
			}
			b.WriteString(line[:at] + ending + one(" ", "\t"))
			line = line[at:]
		}
		b.WriteString(line + ending)
	}
	write("BEGIN:VCALENDAR")
	write("VERSION:2.0")
	write("PRODID:-//example//EN")
	if random.IntN(2) == 0 {
		write("X-WR-CALDESC:" + escape(text()))
	}
	for i := range 1 + random.IntN(3) {
		e := said{
			UID: fmt.Sprintf("%d@example.com", i), Start: int(recur.Civil(2026, 1, 5+i) / recur.Day),
			Days: 1 + random.IntN(3),
		}
		lines := []string{
			"UID:" + e.UID, "DTSTAMP:20260101T000000Z", fmt.Sprintf("DTSTART;VALUE=DATE:202601%02d", 5+i),
			fmt.Sprintf("DTEND;VALUE=DATE:202601%02d", 5+i+e.Days),
		}
		add := func(name string, to *string) {
			if random.IntN(2) == 0 {
				*to = text()
				lines = append(lines, name+":"+escape(*to))
			}
		}
		var other string
		add("SUMMARY", &e.Summary)
		add("DESCRIPTION", &e.Description)
		add("LOCATION", &e.Location)
		add("COMMENT", &other)
		add("X-EXAMPLE", &other)
		add("CONTACT", &other)
		if random.IntN(3) == 0 {
			lines, e.Rules = append(lines, "RRULE:FREQ=WEEKLY;COUNT=3;BYDAY=MO,TU,WE,TH,FR,SA,SU"), 1
			if random.IntN(2) == 0 {
				lines, e.Exceptions = append(lines, "EXDATE;VALUE=DATE:20260119,20260120"), 2
			}
		}
		cancelled := random.IntN(4) == 0
		if cancelled {
			lines = append(lines, "STATUS:CANCELLED")
		}
		random.Shuffle(len(lines), func(i, j int) { lines[i], lines[j] = lines[j], lines[i] })
		write("BEGIN:VEVENT")
		for _, line := range lines {
			write(line)
		}
		if random.IntN(2) == 0 {
			write("BEGIN:VALARM")
			write("ACTION:" + one("DISPLAY", "EMAIL"))
			write("TRIGGER:-PT5M")
			write("SUMMARY:" + escape(text()))
			write("DESCRIPTION:" + escape(text()))
			write("END:VALARM")
		}
		write("END:VEVENT")
		if !cancelled {
			events = append(events, e)
		}
	}
	write("END:VCALENDAR")
	return b.String(), events
}

// TestNothingIsMixedIn: of what stands in one VEVENT, each event gets its own.
func TestNothingIsMixedIn(t *testing.T) {
	t.Parallel()
	const (
		first  = "UID:a\nDTSTAMP:20260101T000000Z\nDTSTART;VALUE=DATE:20260105\nDTEND;VALUE=DATE:20260107\nSUMMARY:One\nRRULE:FREQ=DAILY;COUNT=2\n"
		second = "DTSTART;VALUE=DATE:20260108\nDTEND;VALUE=DATE:20260109\n"
		third  = "UID:c\nDTSTAMP:20260101T000000Z\nSUMMARY:Three\nEXDATE;VALUE=DATE:20260112\nDTSTART;VALUE=DATE:20260112\nDTEND;VALUE=DATE:20260113\n"
		head   = "BEGIN:VCALENDAR\nBEGIN:VEVENT\n"
		foot   = "END:VEVENT\nEND:VCALENDAR\n"
	)
	start := int(recur.Civil(2026, 1, 5) / recur.Day)
	one := said{UID: "a", Summary: "One", Start: start, Days: 2, Rules: 1}
	two := said{Start: start + 3, Days: 1}
	three := said{UID: "c", Summary: "Three", Start: start + 7, Days: 1, Exceptions: 1}
	for _, c := range []struct {
		name, lines string
		want        []said
	}{
		{"three events", first + second + third, []said{two, one, three}},
		{
			"a title first", "SUMMARY:One\n" + strings.Replace(first, "SUMMARY:One\n", "", 1) + "SUMMARY:One\n" +
				second,
			[]said{
				{Summary: "One", Start: start + 3, Days: 1}, one,
			},
		},
		{"cancelled second", first + strings.Replace(third, "DTEND", "STATUS:CANCELLED\nDTEND", 1), []said{one}},
		{
			"a changed occurrence", first + "UID:a\nRECURRENCE-ID;VALUE=DATE:20260106\n" + second,
			[]said{one, {UID: "a", Start: start + 3, Days: 1}},
		},
		{
			"each line twice", strings.ReplaceAll(first, "\n", "\nX-A:1\n") + first[:strings.Index(first, "RRULE")],
			[]said{one},
		},
		{"another end", first + "DTEND;VALUE=DATE:20260120\n", []said{one}},
		{
			"an alarm that never ends",
			strings.Replace(first, "SUMMARY", "BEGIN:VALARM\nDESCRIPTION:x\nDURATION:PT1H\nSUMMARY", 1),
			[]said{one},
		},
		{
			"an alarm before one that ends",
			strings.Replace(first, "SUMMARY",
				"BEGIN:VALARM\nACTION:EMAIL\nBEGIN:VALARM\nSUMMARY:x\nEND:VALARM\nSUMMARY", 1),
			[]said{{UID: "a", Start: start, Days: 2, Rules: 1}},
		},
	} {
		calendar := mustRead(t, []byte(head+c.lines+foot))
		if diff := cmp.Diff(c.want, saidBy(calendar)); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
		if len(calendar.Problems()) == 0 && c.name != "each line twice" {
			t.Errorf("%s: nothing is said of it", c.name)
		}
	}
}
