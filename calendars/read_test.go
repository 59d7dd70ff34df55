package calendars

import (
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/callhours/callhours/calendars/ical"
	"github.com/callhours/callhours/calendars/patterns"
)

// TestProblems are the whole messages: each names the line and says what becomes of the event.
func TestProblems(t *testing.T) {
	t.Parallel()
	start := "DTSTART:20261224T090000Z"
	for _, c := range []struct {
		name  string
		lines []string // of an event; the first is line 4 of the file
		want  []string
		kept  bool // whether the event is
	}{
		{"nothing wrong", []string{start}, nil, true},
		{
			"a zone with a slip",
			[]string{"UID:u", "SUMMARY:Christmas", "DTSTART;TZID=Europe/Berln:20261224T090000"},
			[]string{
				`line 6: DTSTART: time zone "Europe/Berln" is not known; event "Christmas" (u) is ignored; did you mean "Europe/Berlin"?`,
			},
			false,
		},
		{"a zone that nothing defines", []string{"DTSTART;TZID=Customized Time Zone:20261224T090000"}, []string{
			`line 4: DTSTART: time zone "Customized Time Zone" is not known; event is ignored`,
		}, false},
		{"no zone", []string{"DTSTART;TZID=:20261224T090000"}, []string{
			"line 4: a TZID that names no time zone is ignored; name one, or remove it",
		}, true},
		{"the machine's zone", []string{"DTSTART;TZID=Local:20261224T090000"}, []string{
			`line 4: DTSTART: time zone "Local" is not known; event is ignored`,
		}, false},
		{"a zone with a colon", []string{"DTSTART;TZID=(UTC+01:00) Berlin:20261224T090000"}, []string{
			"line 4: a parameter with a colon needs quotes; the last colon of the line is taken to begin the value",
		}, true},
		{"an end in an unknown zone", []string{start, "DTEND;TZID=Mars:20261224T100000"}, []string{
			`line 5: DTEND: time zone "Mars" is not known; event is ignored`,
		}, false},
		{"an exception in an unknown zone", []string{start, "EXDATE;TZID=Mars:20261224T100000"}, []string{
			`line 5: EXDATE: time zone "Mars" is not known; event is read with it on the clock of DTSTART`,
		}, true},
		{"damaged parameters", []string{`DTSTART;TZID=Europe/Berlin;VALUE:20261224T090000`}, []string{
			`line 4: DTSTART: expected parameters such as TZID=Europe/Berlin, found ";TZID=Europe/Berlin;VALUE:20261224T090000"; event is ignored`,
		}, false},
		{"no start", []string{"SUMMARY:x"}, []string{`line 3: DTSTART: it is missing; event "x" is ignored`}, false},
		{"31 February", []string{"DTSTART:20260231"}, []string{
			`line 4: DTSTART: expected a time such as 20261224 or 20261224T090000Z, found "20260231"; event is ignored`,
		}, false},
		{"an end before the start", []string{start, "DTEND:20261224T080000Z"}, []string{
			`line 5: DTEND: expected an end after the start, found "20261224T080000Z"; event has no length`,
		}, true},
		{"an end before the start, of whole days", []string{"DTSTART:20261224", "DTEND:20261223"}, []string{
			`line 5: DTEND: expected an end after the start, found "20261223"; event lasts one day`,
		}, true},
		{"an end that is none", []string{start, "DTEND:later"}, []string{
			`line 5: DTEND: expected a time such as 20261224 or 20261224T090000Z, found "later"; event has no length`,
		}, true},
		{"a duration that is none", []string{start, "DURATION:one"}, []string{
			`line 5: DURATION: expected a duration such as PT1H30M or P2D, found "one"; event has no length`,
		}, true},
		{"a negative duration", []string{start, "DURATION:-PT1H"}, []string{
			`line 5: DURATION: expected it to be positive, found "-PT1H"; event has no length`,
		}, true},
		{"a rule that is none", []string{start, "SUMMARY:x", "RRULE:FREQ=FORTNIGHTLY"}, []string{
			`line 6: RRULE: expected FREQ to be one of YEARLY, MONTHLY, WEEKLY, DAILY, HOURLY, MINUTELY, SECONDLY, found "FORTNIGHTLY"; ` +
				`event "x" happens once`,
		}, true},
		{"an exception that is none", []string{start, "EXDATE:tomorrow"}, []string{
			`line 5: EXDATE: expected a time such as 20261224 or 20261224T090000Z, found "tomorrow"; event is read without it`,
		}, true},
		{"a line that is none", []string{start, "DESCRIPTION:two", "lines without a fold", "or three"}, []string{
			`line 6: expected a content line such as NAME:VALUE, found "lines without a fold"; the line is ignored, ` +
				"like 1 more of the event (put a blank before it if it is the rest of the line before)",
		}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			calendar := mustRead(t, wrap(vevent(c.lines...)))
			if diff := cmp.Diff(c.want, texts(calendar.Problems())); diff != "" {
				t.Error(diff)
			}
			if got := len(calendar.Events()) == 1; got != c.kept {
				t.Errorf("event kept: %v, want %v", got, c.kept)
			}
		})
	}
}

func TestProblemString(t *testing.T) {
	t.Parallel()
	for want, p := range map[string]ical.Problem{
		"a.ics:3: DTEND: x": {File: "a.ics", Line: 3, Property: "DTEND", Message: "x"},
		"a.ics: x":          {File: "a.ics", Message: "x"},
		"line 3: x":         {Line: 3, Message: "x"},
		"x":                 {Message: "x"},
	} {
		if got := p.String(); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

// TestLenient are ways of writing the same event that are out there.
func TestLenient(t *testing.T) {
	t.Parallel()
	event := "BEGIN:VEVENT\nUID:a\nDTSTART;TZID=Europe/Berlin:20261224T090000\nDURATION:PT1H\nSUMMARY:Grüße\nEND:VEVENT\n"
	plain := "BEGIN:VCALENDAR\n" + event + "END:VCALENDAR\n"
	want := Occurrence{Start: 1798099200, End: 1798102800}
	for name, body := range map[string]string{
		"plain":                   plain,
		"CRLF":                    strings.ReplaceAll(plain, "\n", "\r\n"),
		"CR":                      strings.ReplaceAll(plain, "\n", "\r"),
		"CRCRLF":                  strings.ReplaceAll(plain, "\n", "\r\r\n"),
		"a byte order mark":       "\ufeff" + plain,
		"no last line end":        strings.TrimSpace(plain),
		"blank lines":             strings.ReplaceAll(plain, "\n", "\n\n"),
		"trailing blanks":         strings.ReplaceAll(plain, "\n", "  \n"),
		"folds inside characters": strings.ReplaceAll(plain, "\xbc", "\n \xbc"),
		"lower case": strings.NewReplacer("DTSTART;TZID", "dtstart;tzid", "BEGIN:VEVENT",
			"begin:vevent", "END", "end").Replace(plain),
		"a zone in lower case": strings.ReplaceAll(plain, "Europe/Berlin", "europe/berlin"),
		"a zone behind a prefix": strings.ReplaceAll(plain, "Europe/Berlin",
			"/freeassociation.example/Tzfile/Europe/Berlin"),
		"a quoted zone":      strings.ReplaceAll(plain, "Europe/Berlin", `"Europe/Berlin"`),
		"junk after the end": plain + "<!-- served in 3 ms -->\n",
		"several calendars":  "BEGIN:VCALENDAR\nEND:VCALENDAR\n" + plain,
		"properties between": "BEGIN:VCALENDAR\nX-A:1\n" + event + "X-B:2\nEND:VCALENDAR\n",
		"an alarm": strings.ReplaceAll(plain, "END:VEVENT",
			"BEGIN:VALARM\nTRIGGER:-PT5M\nDURATION:PT9H\nEND:VALARM\nEND:VEVENT"),
		"an alarm without end": strings.ReplaceAll(plain, "END:VEVENT",
			"BEGIN:VALARM\nTRIGGER:-PT5M\nEND:VEVENT"),
		"a time in UTC with a zone": strings.ReplaceAll(plain, "T090000", "T080000Z"),
		"properties of other kinds": strings.ReplaceAll(plain, "UID:a",
			"UID:a\nATTENDEE;CN=\"A: B\":mailto:a@example.com\nX-APPLE:1"),
		"a summary with parameters":  strings.ReplaceAll(plain, "SUMMARY:", `SUMMARY;LANGUAGE=de;ALTREP="x,y;z:":`),
		"Latin letters of Windows":   strings.ReplaceAll(plain, "Grüße", "Gr\xfc\xdfe"),
		"UTF-16":                     utf16Body(plain, "\xff\xfe"),
		"UTF-16, the other way":      utf16Body(plain, "\xfe\xff"),
		"UTF-16 without a mark":      utf16Body(plain, "\xff\xfe")[2:],
		"a summary with broken ones": strings.ReplaceAll(plain, "SUMMARY:", `SUMMARY;LANGUAGE:`),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			calendar := mustRead(t, []byte(body))
			from := time.Unix(want.Start, 0)
			got := calendar.Compile(View{}, from, from.Add(time.Hour)).All()
			if diff := cmp.Diff([]Occurrence{want}, got, cmpopts.IgnoreFields(Occurrence{}, "Event")); diff != "" {
				t.Fatalf("%s\n%v", diff, calendar.Problems())
			}
			if e := got[0].Event; e.UID != "a" || e.Summary != "Grüße" {
				t.Errorf("got %q %q", e.UID, e.Summary)
			}
		})
	}
}

// utf16Body is a text in UTF-16, with its byte order mark first.
func utf16Body(text, mark string) string {
	var b strings.Builder
	for _, unit := range append([]uint16{0xfeff}, utf16.Encode([]rune(text))...) {
		first, second := byte(unit>>8), byte(unit)
		if mark == "\xff\xfe" {
			first, second = second, first
		}
		b.Write([]byte{first, second})
	}
	return b.String()
}

func TestTexts(t *testing.T) {
	t.Parallel()
	calendar := mustRead(t, []byte("BEGIN:VCALENDAR\nX-WR-CALNAME:Büro\\, Nord\nNAME:Other\nX-WR-TIMEZONE:UTC\n"+
		"REFRESH-INTERVAL;VALUE=DURATION:PT4H\nX-PUBLISHED-TTL:PT1H\n"+vevent("UID: u ", `SUMMARY:a\, b\; c\\n\nd\N`,
		"DESCRIPTION:\xc3\xa9\xff!", "LOCATION:+1 415 555 0100", `CATEGORIES:Red,with\, comma,, `,
		"CATEGORIES;LANGUAGE=en:Blue", "STATUS:Tentative",
		"TRANSP:transparent", "DTSTART;VALUE=DATE:20261224", "RRULE:FREQ=YEARLY")+
		vevent("UID:u", "DTSTART;VALUE=DATE:20271225",
			"RECURRENCE-ID;VALUE=DATE:20271224", "SUMMARY:moved")+"END:VCALENDAR\n"))
	want := []ical.Event{
		{
			UID: "u", Summary: "a, b; c\\n\nd\n", Description: "é\ufffd!", Location: "+1 415 555 0100",
			Categories: []string{"Red", "with, comma", "Blue"}, Tentative: true, Transparent: true, AllDay: true,
			Recurring: true,
			Line:      7,
		},
		{UID: "u", Summary: "moved", AllDay: true, Recurring: true, RecurrenceID: "20271224", Line: 19},
	}
	var got []ical.Event
	for _, e := range calendar.Events() {
		got = append(got, e.Event)
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(ical.Event{}, "Start", "Rules", "Replaces")); diff != "" {
		t.Error(diff)
	}
	if calendar.Name() != "Büro, Nord" || calendar.Timezone() != "UTC" || calendar.Refresh() != 4*time.Hour {
		t.Errorf("got %q, %q, %v", calendar.Name(), calendar.Timezone(), calendar.Refresh())
	}
}

// TestSharedUID is an exporter that gives two events one UID: one of them counts, and the other is
// named.
func TestSharedUID(t *testing.T) {
	t.Parallel()
	calendar := mustRead(t,
		wrap(vevent("UID:u", "DTSTART:20261224T090000Z", "SUMMARY:x"), vevent("UID:u", "DTSTART:20261225T090000Z")))
	want := []string{`line 3: UID: it is also that of line 8, which counts; event "x" (u) is ignored`}
	if diff := cmp.Diff(want, texts(calendar.Problems())); diff != "" {
		t.Error(diff)
	}
	if got := len(calendar.Events()); got != 1 {
		t.Errorf("%d events, want 1", got)
	}
	if got := len(mustRead(t, wrap(vevent("DTSTART:20261224"), vevent("DTSTART:20261224"))).Events()); got != 2 {
		t.Errorf("%d events without UID, want 2", got)
	}
}

// TestSelect shows that an event left out still replaces an occurrence.
func TestSelect(t *testing.T) {
	t.Parallel()
	calendar := mustRead(t, wrap(
		vevent("UID:a", "DTSTART:20270104T090000Z", "DURATION:PT1H", "RRULE:FREQ=DAILY;COUNT=3", "SUMMARY:Open"),
		vevent("UID:a", "RECURRENCE-ID:20270105T090000Z", "DTSTART:20270105T090000Z", "DURATION:PT1H",
			"SUMMARY:Private"),
		vevent("UID:b", "DTSTART:20270108T090000Z", "DURATION:PT1H", "SUMMARY:Open too"),
	))
	from := time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name         string
		only, except []Filter
		want         []string
	}{
		{"all", nil, nil, []string{"4 Open", "5 Private", "6 Open", "8 Open too"}},
		{"only", []Filter{{Summary: mustPatterns(t, "open*")}}, nil, []string{"4 Open", "6 Open", "8 Open too"}},
		{"except", nil, []Filter{{Summary: mustPatterns(t, "open")}}, []string{"5 Private", "8 Open too"}},
		{
			"both",
			[]Filter{{Summary: mustPatterns(t, "open*")}},
			[]Filter{{Recurring: new(true)}},
			[]string{"8 Open too"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var got []string
			selected := Join(calendar.Select(c.only, c.except))
			for _, o := range selected.Compile(View{}, from, from.AddDate(0, 0, 20)).All() {
				got = append(got, fmt.Sprint(time.Unix(o.Start, 0).UTC().Day(), " ", o.Event.Summary))
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
			if n := len(calendar.Select(c.only, c.except).Events()); n != len(selected.Events()) {
				t.Errorf("%d events selected, %d after Join", n, len(selected.Events()))
			}
		})
	}
	if got := len(calendar.Events()); got != 3 {
		t.Errorf("Select changed its calendar: %d events, want 3", got)
	}
}

// TestSelectOnce: which events are left out is found out once, however often they are unpacked.
func TestSelectOnce(t *testing.T) {
	t.Parallel()
	calendar, err := Read(wrap(vevent("UID:a", "DTSTART:20270104T080000Z", "SUMMARY:a"),
		vevent("UID:b", "DTSTART:20270104T080000Z", "SUMMARY:b")), ical.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	pattern, err := patterns.Parse("a")
	if err != nil {
		t.Fatal(err)
	}
	selected := calendar.Select([]Filter{{Summary: patterns.List{pattern}}}, nil)
	selected.selections = nil // so that nothing can be compared again
	selected.unpacked.Store(nil)
	if got := selected.Events(); len(got) != 1 || got[0].UID != "a" {
		t.Errorf("got %v", got)
	}
	if steps := calendar.SelectSteps([]Filter{{Summary: patterns.List{pattern}}},
		nil); steps != int64(len(calendar.packed)) {
		t.Errorf("a pattern takes %d steps of %d bytes", steps, len(calendar.packed))
	}
}
