package calendars

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/callhours/callhours/calendars/ical"
)

// FuzzRead: whatever is read compiles, twice alike and within its limits, and its texts are fit to
// show.
func FuzzRead(f *testing.F) {
	f.Add(wrap(vevent("UID:a", "SUMMARY:Open", "DTSTART;TZID=Europe/Berlin:20261124T090000", "DURATION:PT8H",
		"RRULE:FREQ=WEEKLY;BYDAY=MO,TU", "EXDATE;VALUE=DATE:20261201", "RDATE;VALUE=PERIOD:20261203T090000Z/PT1H")))
	f.Add(wrap(vevent("UID:a", "DTSTART;VALUE=DATE:20261124", "RRULE:FREQ=DAILY"), vevent("UID:a",
		"RECURRENCE-ID;RANGE=THISANDFUTURE:20261126", "DTSTART:20261127", "DTEND:20261129", "STATUS:CANCELLED")))
	f.Add(
		[]byte(
			"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nDTSTART;TZID=\"a:b\r\n c\":20261124T090000\r\nBEGIN:VALARM\rEND:VEVENT\nEND:VCALENDAR"))
	f.Add(wrap(vevent("UID:a", "DTSTART;TZID=x:20261124T090000", "RRULE:FREQ=DAILY"),
		vevent("UID:b", "DTSTART;TZID=\"(UTC+01:00) Berlin\":20261124T090000"), vtimezone("x")))
	f.Add(
		[]byte(
			utf16Body(
				"BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART;TZID=Romance Standard Time:20261124T090000\nEND:VEVENT\nEND:VCALENDAR", "\xff\xfe")))
	for _, file := range hostileFiles(f) {
		f.Add(file)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		limits := ical.Limits{
			Lines: 1000, LineBytes: 500, Steps: 10_000, EventInstances: 500, CalendarSteps: 50_000,
			Instances: 2000,
		}
		calendar, err := Read(body, limits)
		if err != nil {
			if strings.ContainsAny(err.Error(), "\r\n") || calendar != nil {
				t.Fatalf("got %v and %q", calendar, err)
			}
			return
		}
		from := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
		timeline := calendar.Compile(View{}, from, from.AddDate(0, 3, 0))
		again := calendar.Compile(View{}, from, from.AddDate(0, 3, 0))
		if !slices.EqualFunc(timeline.All(), again.All(), sameOccurrence) {
			t.Error("two compilations differ")
		}
		if !slices.IsSortedFunc(timeline.All(), Occurrence.compare) || len(timeline.All()) > limits.Instances {
			t.Errorf("%d occurrences, or not sorted", len(timeline.All()))
		}
		for _, o := range timeline.All() {
			if o.End < o.Start || o.Start >= timeline.To() || o.End < timeline.From() {
				t.Errorf("%v is not in the window", o)
			}
		}
		for _, e := range calendar.Events() {
			if !utf8.ValidString(e.Summary + e.UID + e.Description + e.Location + strings.Join(e.Categories, "")) {
				t.Errorf("texts are not UTF-8: %q", e.Summary)
			}
		}
		for _, p := range slices.Concat(calendar.Problems(), timeline.Problems()) {
			if strings.ContainsAny(p.String(), "\r\n") || p.Line < 1 {
				t.Errorf("%q at line %d", p, p.Line)
			}
		}
	})
}

// hostileFiles are what broke other readers; none where the corpus is not here.
func hostileFiles(f *testing.F) (bodies [][]byte) {
	f.Helper()
	for _, pattern := range []string{"hostile/*/*", "nasty/*.ics"} {
		files, err := filepath.Glob(filepath.Join(corpusFolder(), pattern))
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range files {
			body, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			bodies = append(bodies, body)
		}
	}
	return bodies
}
