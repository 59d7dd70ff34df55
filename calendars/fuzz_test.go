package calendars

import (
	"bytes"
	"errors"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/callhours/callhours/calendars/ical"
)

// FuzzRead: whatever is read compiles, twice alike and within its limits, and its texts are fit to show.
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

// FuzzBody: what Read takes for a calendar begins like one, and what is said of another body is fit to show.
func FuzzBody(f *testing.F) {
	f.Add([]byte("\ufeff\r\n begin:vcalendar\r\nEND:VEVENT\r\n end:vcalendar\nEnd:VCalendar \n\x00"))
	f.Add([]byte("\xff\xfeB\x00E\x00"))
	f.Add([]byte("<!doctype html><title>a/PLANTED&#10;\x1b[1m</TITLE>"))
	f.Add([]byte(`{"error": "unusual traffic"}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		text := ical.Text(body)
		begun, ended := ical.Begins(text), ical.Ends(text)
		if _, err := Read(text, ical.Limits{}); err == nil && !begun || begun && errors.Is(err, ical.ErrNotCalendar) {
			t.Errorf("begins: got %v, Read %v", begun, err)
		}
		if ended && !bytes.Contains(bytes.ToUpper(text), []byte("END")) { // a name may have a slip: VCALENDA
			t.Error("it ends a calendar without an END")
		}
		isCaptcha(text)
		u := &url.URL{Scheme: "https", Host: "calendar.test", Path: "/PLANTED", RawQuery: "a=PLANTED"}
		a := &attempt{visited: []*url.URL{u}, source: Source{Header: http.Header{"X-Token": {"PLANTED"}}}}
		if found := a.found(text); found == "" || len(found) > 400 || strings.ContainsAny(found, "\r\n\x1b") ||
			plantedIn(found) != "" {
			t.Errorf("found %q", found)
		}
	})
}

// FuzzTold: whatever a header says, waits and ages stay in bounds, and addresses never show more than scheme and host.
func FuzzTold(f *testing.F) {
	f.Add("120", "max-age=600, no-cache", "webcal://user:PLANTED@calendar.test:443/PLANTED?PLANTED#PLANTED")
	f.Add("Mon, 23 Nov 2026 12:05:00 GMT", `private, max-age="9999999999"`, "http://[fe80::1%25PLANTED]/")
	f.Add("", "", "webcal://user:PLANTED@calendar.test:443/PLA\xffTED")
	f.Add("", "", "http://[fe80::1%25P\xeeLANTED]/")
	f.Add("", "", "https://calendar.test/PLANTED?PLANTED #PLANTED")
	f.Fuzz(func(t *testing.T, wait, cache, address string) {
		if d := retryAfter(wait, fetchClock); d < 0 || d > maxRetryAfter {
			t.Errorf("retry after %v", d)
		}
		if d := maxAge([]string{cache}); d < 0 || d > maxMaxAge {
			t.Errorf("max-age %v", d)
		}
		s := Source{URL: address}
		text := s.String()
		if strings.ContainsAny(text, "\r\n\x1b@?#") || len(text) > 400 {
			t.Errorf("%q shows %q", address, text)
		}
		u, _, err := s.address()
		if err != nil {
			return
		}
		again := Source{URL: u.String()}
		// Compared as they are sent: a byte that an address may not hold is escaped there, and stands as
		// written in url.URL's RawPath.
		if v, _, err := again.address(); err != nil || v.String() != u.String() {
			t.Errorf("%q is %v, and that %v, %v", address, u, v, err)
		}
	})
}
