package feeds

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/callhours/callhours/calendars"
	"github.com/callhours/callhours/calendars/ical"
	"github.com/callhours/callhours/internal/growth"
	"github.com/callhours/callhours/metrics"
)

const twoEvents = "BEGIN:VCALENDAR\r\nBEGIN:VTIMEZONE\r\nTZID:X\r\nEND:VTIMEZONE\r\nBEGIN:VEVENT\r\nUID:a-long-\r\n uid\r\nDTSTART:20270104T090000Z\r\nSUMMARY:One\r\n" +
	"BEGIN:VALARM\r\nTRIGGER:-PT5M\r\nEND:VALARM\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nUID:b\r\nDTSTART:20270105T090000Z\r\nSUMMARY:Two\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"

func TestText(t *testing.T) {
	t.Parallel()
	c, err := calendars.ReadFiles([]ical.File{{Name: "x.ics", Body: []byte(twoEvents)}}, ical.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	files := []ical.File{
		{Name: "other.ics", Body: []byte(strings.Replace(twoEvents, "One", "Other", 1))},
		{Name: "x.ics", Body: []byte(twoEvents)},
	}
	want := []string{
		"BEGIN:VEVENT\nUID:a-long-\n uid\nDTSTART:20270104T090000Z\nSUMMARY:One\nBEGIN:VALARM\nTRIGGER:-PT5M\nEND:VALARM\nEND:VEVENT\n",
		"BEGIN:VEVENT\nUID:b\nDTSTART:20270105T090000Z\nSUMMARY:Two\nEND:VEVENT\n",
	}
	texts := func(of *calendars.Event, files ...ical.File) string {
		all := map[*calendars.Event]string{}
		for _, f := range files {
			textsIn(all, f, c.Events())
		}
		for e, text := range all {
			if e.UID == of.UID {
				return text
			}
		}
		return ""
	}
	for i, e := range c.Events() {
		if got := texts(e, files...); got != want[i] {
			t.Errorf("got %q, want %q", got, want[i])
		}
		for what, body := range map[string]string{
			"another event": strings.ReplaceAll(strings.ReplaceAll(twoEvents, "UID:b", "UID:c"), "a-long", "b-long"),
			"other lines":   "\r\n" + twoEvents, "nothing": "",
		} {
			if got := texts(e, ical.File{Name: "x.ics", Body: []byte(body)}); got != "" {
				t.Errorf("a text that holds %s by now: got %q", what, got)
			}
		}
	}
	for what, added := range map[string]string{
		"many lines":    strings.Repeat("X-LINE:"+strings.Repeat("x", 60)+"\r\n", 1000),
		"one long line": "X-LINE:" + strings.Repeat("x", 1<<20) + "\r\n",
	} {
		long := strings.Replace(twoEvents, "SUMMARY:One", added+"SUMMARY:One", 1)
		if got := texts(c.Events()[0], ical.File{Name: "x.ics", Body: []byte(long)}); len(got) > 16<<10+8 ||
			!strings.HasSuffix(got, "…\n") {
			t.Errorf("%s: %d bytes", what, len(got))
		}
	}
}

// TestTextsInTurn: two look at texts of calendars at a time, and hold one file of each; the next
// one waits for as long as it likes.
func TestTextsInTurn(t *testing.T) { // not parallel: it counts bytes
	dir := t.TempDir()
	const files, size = 8, 1 << 20
	for i := range files {
		body := wrap(vevent(fmt.Sprint("UID:", i), "DTSTART:20261001T000000Z", "COMMENT:"+strings.Repeat("x", size)))
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprint(i, ".ics")), body, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	synctest.Test(t, func(t *testing.T) {
		var s shop
		s.open(t, Options{}, &Subscription{Calendar: "many", File: filepath.Join(dir, "*.ics")})
		defer s.stop()
		<-time.After(time.Minute)
		events := s.store.Snapshot("many").Calendar.Events()
		for range shownAtOnce {
			if _, err := s.store.textReads.acquire(t.Context(), 1); err != nil {
				t.Fatal(err)
			}
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if texts, err := s.store.Texts(ctx, "many", events); err == nil || len(texts) > 0 {
			t.Errorf("without a turn: got %d texts, %v", len(texts), err)
		}
		s.store.textReads.release(1)
		texts, err := s.store.Texts(t.Context(), "many", events)
		if err != nil || len(texts) != files {
			t.Fatalf("got %d texts, %v", len(texts), err)
		}
		s.store.textReads.release(1)
		if s.store.textReads.held != 0 {
			t.Errorf("%d turns are held in the end", s.store.textReads.held)
		}
		one, err := s.store.Texts(t.Context(), "many", events[:1])
		if err != nil || len(one) != 1 {
			t.Errorf("of one event: got %d texts, %v", len(one), err)
		}
		// The files in which none of the events stands are not read.
		took := math.MaxInt
		for range 3 {
			took = min(took, growth.Bytes(func() { one, err = s.store.Texts(t.Context(), "many", events[:1]) }))
		}
		if most := 4 * size; took > most {
			t.Errorf("one event takes %d bytes of %d files, want at most %d", took, files, most)
		}
	})
}

// TestTextsOf: what a calendar was read from is there to be looked at: of feeds the copy, of files
// the files.
func TestTextsOf(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "file.ics")
	if err := os.WriteFile(file, []byte(twoEvents), 0o600); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		var s shop
		s.answers = map[string]func(Validators) Fetched{"https://a.example/x.ics": func(Validators) Fetched {
			return Fetched{Result: metrics.OK, Status: 200, Body: []byte(twoEvents)}
		}}
		s.open(t, Options{Dir: filepath.Join(dir, "state")},
			&Subscription{Calendar: "feed", Source: Source{URL: "https://a.example/x.ics"}},
			&Subscription{Calendar: "file", File: file},
			&Subscription{Calendar: "gone", Source: Source{URL: "https://b.example/x.ics"}})
		<-time.After(time.Minute)
		for name, want := range map[string]string{"feed": "SUMMARY:Two", "file": "SUMMARY:Two"} {
			events := s.store.Snapshot(name).Calendar.Events()
			texts, err := s.store.Texts(t.Context(), name, events)
			if err != nil || len(texts) != 2 || !strings.Contains(texts[events[1]], want) {
				t.Errorf("%s: got %d texts, %v", name, len(texts), err)
			}
		}
		for name, want := range map[string]string{"gone": "there is no copy", "none": `unknown calendar "none"`} {
			if _, err := s.store.Texts(t.Context(), name, nil); err == nil || err.Error() != want {
				t.Errorf("%s: got %v, want %s", name, err, want)
			}
		}
		s.stop()

		// After a restart the events come from what was compiled, and their texts from the body.
		var later shop
		later.open(t, Options{Dir: filepath.Join(dir, "state")},
			&Subscription{Calendar: "feed", Source: Source{URL: "https://a.example/x.ics"}})
		events := later.store.Snapshot("feed").Calendar.Events()
		texts, err := later.store.Texts(t.Context(), "feed", events)
		if err != nil || len(events) != 2 || !strings.Contains(texts[events[1]], "SUMMARY:Two") {
			t.Errorf("after a restart: %d events, %v", len(events), err)
		}
		later.stop()
	})
}
