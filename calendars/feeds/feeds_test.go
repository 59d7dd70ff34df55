package feeds

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/callhours/callhours/calendars"
	"github.com/callhours/callhours/calendars/ical"
)

// FuzzBody: what Read takes for a calendar begins like one, and what is said of another body is fit
// to show.
func FuzzBody(f *testing.F) {
	f.Add([]byte("\ufeff\r\n begin:vcalendar\r\nEND:VEVENT\r\n end:vcalendar\nEnd:VCalendar \n\x00"))
	f.Add([]byte("\xff\xfeB\x00E\x00"))
	f.Add([]byte("<!doctype html><title>a/PLANTED&#10;\x1b[1m</TITLE>"))
	f.Add([]byte(`{"error": "unusual traffic"}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		text := ical.Text(body)
		begun, ended := ical.Begins(text), ical.Ends(text)
		if _, err := calendars.Read(text, ical.Limits{}); err == nil && !begun ||
			begun && errors.Is(err, ical.ErrNotCalendar) {
			t.Errorf("begins: got %v, Read %v", begun, err)
		}
		if ended && !bytes.Contains(bytes.ToUpper(text), []byte("END")) { // a name may have a slip: VCALENDA
			t.Error("it ends a calendar without an END")
		}
		isCaptcha(text)
		u := &url.URL{Scheme: "https", Host: "calendar.test", Path: "/PLANTED", RawQuery: "a=PLANTED"}
		a := &attempt{visited: []*url.URL{u}, source: Source{Header: http.Header{"X-Token": {"PLANTED"}}}}
		if found := a.describeBody(text); found == "" || len(found) > 400 || strings.ContainsAny(found, "\r\n\x1b") ||
			plantedIn(found) != "" {
			t.Errorf("found %q", found)
		}
	})
}

// FuzzTold: whatever a header says, waits and ages stay in bounds, and addresses never show more
// than scheme and host.
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
		// Compared as they are sent: a byte that an address may not hold is escaped there, and
		// stands as written in url.URL's RawPath.
		if v, _, err := again.address(); err != nil || v.String() != u.String() {
			t.Errorf("%q is %v, and that %v, %v", address, u, v, err)
		}
	})
}

// BenchmarkFetch is a fetch of 300 kB over loopback, beside net/http and io.ReadAll for the same.
func BenchmarkFetch(b *testing.B) {
	body := typical(10_000)
	body = append(body[:bytes.LastIndex(body[:300_000], []byte("BEGIN:VEVENT"))], "END:VCALENDAR\r\n"...)
	server := newFaultServer(b)
	server.on("/plain", answerBody(body))
	server.on("/gzip", answerBody(zipped(body), "Content-Encoding", "gzip"))
	b.Run("ReadAll", func(b *testing.B) {
		b.SetBytes(int64(len(body)))
		b.ReportAllocs()
		for b.Loop() {
			answer, err := server.Client().Get(server.URL + "/plain")
			if err != nil {
				b.Fatal(err)
			}
			got, err := io.ReadAll(answer.Body)
			answer.Body.Close()
			if err != nil || len(got) != len(body) {
				b.Fatal(len(got), err)
			}
		}
	})
	for _, path := range []string{"/plain", "/gzip"} {
		b.Run(path[1:], func(b *testing.B) {
			f := newTestFetcher(b, FetcherOptions{})
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				if got := f.Fetch(b.Context(), Source{URL: server.URL + path},
					Validators{}); len(got.Body) != len(body) {
					b.Fatal(resultLine(got))
				}
			}
		})
	}
}

// TestCompiledCopies: a restart reads the events beside a copy, whatever they say, as long as they
// are of this body and program; all others are passed over and written anew.
func TestCompiledCopies(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	body, other := wrap(event("a")), wrap(event("other"))
	name := terms{}.copyFile(hours().key())
	open := func(program string) *Store {
		s := NewStore(Options{Dir: dir, Program: program, Log: slog.New(slog.DiscardHandler), Now: time.Now})
		s.Subscribe([]*Subscription{hours()})
		return s
	}
	uid := func(s *Store) string {
		if c := s.Snapshot("hours").Calendar; c != nil {
			return c.Events()[0].UID
		}
		return "nothing"
	}
	open("p") // makes the directories
	if err := (copies{dir: dir}).save(name, saved{body: body, read: time.Now()}); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, events, name)
	if got := uid(open("p")); got != "a" {
		t.Fatalf("from the body: %s", got)
	}
	compiled, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	// What stands there is used: here, the events of another body under this one's key.
	key := calendars.EncodingKey("p", sha256.Sum256(body), ical.Limits{})
	forged := mustRead(t, other).Encode(key)
	for _, c := range []struct {
		what, program string
		there         []byte
		want          string
		stays         bool
	}{
		{"good", "p", forged, "other", true},
		{"of another program", "q", forged, "a", false},
		{
			"of another body", "p",
			mustRead(t, other).Encode(calendars.EncodingKey("p", sha256.Sum256(other), ical.Limits{})), "a",
			false,
		},
		{"cut", "p", forged[:len(forged)-1], "a", false},
		{"empty", "p", nil, "a", false},
		{"no such thing", "p", body, "a", false},
	} {
		if err := os.WriteFile(path, c.there, 0o600); err != nil {
			t.Fatal(err)
		}
		if got := uid(open(c.program)); got != c.want {
			t.Errorf("%s: got %s, want %s", c.what, got, c.want)
		}
		now, err := os.ReadFile(path)
		if err != nil || (string(now) == string(c.there)) != c.stays ||
			c.program == "p" && !c.stays && string(now) != string(compiled) {
			t.Errorf("%s: %v, %d bytes, want them written anew unless they were good", c.what, err, len(now))
		}
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	readOnly := NewStore(Options{Dir: dir, ReadOnly: true, Log: slog.New(slog.DiscardHandler), Now: time.Now})
	readOnly.Subscribe([]*Subscription{hours()})
	if _, err := os.Stat(path); err == nil || uid(readOnly) != "a" {
		t.Errorf("a store that only reads has written, or read %s", uid(readOnly))
	}
}

func TestLoad(t *testing.T) {
	t.Parallel()
	files := fstest.MapFS{
		"a.ics": {
			Data: wrap(vevent("UID:a", "DTSTART:20261224", "SEQUENCE:1"), vevent("UID:b", "DTSTART:20261224")),
		},
		"b.ics":      {Data: wrap(vevent("UID:a", "DTSTART:20261225"), vevent("UID:c", "DTSTART:x"))},
		"bad.html":   {Data: []byte("\n<html><title>Log in to\n https://calendar.test/?key=1</title>")},
		"people.vcf": {Data: []byte("begin:vcard\nFN:Ann\n")},
		"secret.txt": {Data: []byte("password\n")},
		"[odd].ics":  {Data: wrap()},
		"dir/x.ics":  {Data: wrap()},
		"large.file": {Data: make([]byte, 2000)},
	}
	for _, c := range []struct {
		pattern string
		uids    []string
		want    []string // problems, or the error
	}{
		{"a.ics", []string{"a", "b"}, nil},
		{"?.ics", []string{"a", "b"}, []string{
			`b.ics:9: DTSTART: expected a time such as 20261224 or 20261224T090000Z, found "x"; event (c) is ignored`,
		}},
		{"[odd].ics", nil, nil},
		{"*.xyz", nil, []string{"*.xyz: file does not exist"}},
		{"c.ics", nil, []string{"c.ics: file does not exist"}},
		{"[", nil, []string{`[: expected a file name or a glob such as "*.ics"`}},
		{"dir", nil, []string{`dir: expected a file, found a directory; a glob such as "dir/*.ics" names its files`}},
		{"bad.html", nil, []string{
			`bad.html: not a calendar: line 2: expected BEGIN:VCALENDAR, found a web page titled "Log in to …"`,
		}},
		{"people.vcf", nil, []string{
			"people.vcf: not a calendar: line 1: expected BEGIN:VCALENDAR, found an address book (BEGIN:VCARD)",
		}},
		{"secret.txt", nil, []string{"secret.txt: not a calendar: line 1: expected BEGIN:VCALENDAR, found other text"}},
		{"large.file", nil, []string{"large.file: too big: more than 1000 bytes (limits.bytes)"}},
	} {
		t.Run(c.pattern, func(t *testing.T) {
			t.Parallel()
			calendar, err := Load(files, c.pattern, ical.Limits{Bytes: 1000})
			var uids, got []string
			if err != nil {
				got = []string{err.Error()}
			} else {
				got = texts(calendar.Problems())
				for _, e := range calendar.Events() {
					uids = append(uids, e.UID)
				}
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
			slices.Sort(uids)
			if diff := cmp.Diff(c.uids, uids); diff != "" {
				t.Error(diff)
			}
		})
	}
	_, err := Load(nil, t.TempDir()+"/none.ics", ical.Limits{})
	if err == nil || !strings.HasSuffix(err.Error(), "none.ics: file does not exist") {
		t.Errorf("got %v", err)
	}
}
