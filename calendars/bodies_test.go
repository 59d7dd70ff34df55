package calendars

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/callhours/callhours/metrics"
)

const twoEvents = "BEGIN:VCALENDAR\r\nBEGIN:VTIMEZONE\r\nTZID:X\r\nEND:VTIMEZONE\r\nBEGIN:VEVENT\r\nUID:a-long-\r\n uid\r\nDTSTART:20270104T090000Z\r\nSUMMARY:One\r\n" +
	"BEGIN:VALARM\r\nTRIGGER:-PT5M\r\nEND:VALARM\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nUID:b\r\nDTSTART:20270105T090000Z\r\nSUMMARY:Two\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"

func TestText(t *testing.T) {
	t.Parallel()
	c, err := ReadFiles([]File{{Name: "x.ics", Body: []byte(twoEvents)}}, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	files := []File{
		{Name: "other.ics", Body: []byte(strings.Replace(twoEvents, "One", "Other", 1))},
		{Name: "x.ics", Body: []byte(twoEvents)},
	}
	want := []string{
		"BEGIN:VEVENT\nUID:a-long-\n uid\nDTSTART:20270104T090000Z\nSUMMARY:One\nBEGIN:VALARM\nTRIGGER:-PT5M\nEND:VALARM\nEND:VEVENT\n",
		"BEGIN:VEVENT\nUID:b\nDTSTART:20270105T090000Z\nSUMMARY:Two\nEND:VEVENT\n",
	}
	for i, e := range c.Events() {
		if got := e.Text(files); got != want[i] {
			t.Errorf("got %q, want %q", got, want[i])
		}
		for what, body := range map[string]string{
			"another event": strings.ReplaceAll(strings.ReplaceAll(twoEvents, "UID:b", "UID:c"), "a-long", "b-long"),
			"other lines":   "\r\n" + twoEvents, "nothing": "",
		} {
			if got := e.Text([]File{{Name: "x.ics", Body: []byte(body)}}); got != "" {
				t.Errorf("a text that holds %s by now: got %q", what, got)
			}
		}
	}
	long := strings.Replace(twoEvents, "SUMMARY:One",
		strings.Repeat("X-LINE:"+strings.Repeat("x", 60)+"\r\n", 1000)+"SUMMARY:One", 1)
	if got := c.Events()[0].Text([]File{{Name: "x.ics", Body: []byte(long)}}); len(got) > mostText+200 ||
		!strings.HasSuffix(got, "…\n") {
		t.Errorf("a long one: %d bytes", len(got))
	}
}

// TestBodies: what a calendar was read from is there to be looked at: of feeds the copy, of files the files.
func TestBodies(t *testing.T) {
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
		s.open(t, StoreOptions{Dir: filepath.Join(dir, "state")},
			&Subscription{Calendar: "feed", Source: Source{URL: "https://a.example/x.ics"}},
			&Subscription{Calendar: "file", File: file},
			&Subscription{Calendar: "gone", Source: Source{URL: "https://b.example/x.ics"}})
		<-time.After(time.Minute)
		for name, want := range map[string]string{"feed": "", "file": file} {
			files, err := s.store.Bodies(name)
			if err != nil || len(files) != 1 || string(files[0].Body) != twoEvents || files[0].Name != want {
				t.Errorf("%s: got %d texts, %v", name, len(files), err)
			}
		}
		for name, want := range map[string]string{"gone": "there is no copy", "none": `calendar "none" is not there`} {
			if _, err := s.store.Bodies(name); err == nil || err.Error() != want {
				t.Errorf("%s: got %v, want %s", name, err, want)
			}
		}
		s.stop()

		// After a restart the events come from what was compiled, and their texts from the body.
		var later shop
		later.open(t, StoreOptions{Dir: filepath.Join(dir, "state")},
			&Subscription{Calendar: "feed", Source: Source{URL: "https://a.example/x.ics"}})
		files, err := later.store.Bodies("feed")
		if err != nil {
			t.Fatal(err)
		}
		events := later.store.State("feed").Calendar.Events()
		if len(events) != 2 || !strings.Contains(events[1].Text(files), "SUMMARY:Two") {
			t.Errorf("after a restart: %d events", len(events))
		}
		later.stop()
	})
}
