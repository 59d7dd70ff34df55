package server

import (
	"strings"
	"testing"
)

// TestGuidePage: a route's page says where its calendars are edited, what to write into them, and
// how to subscribe; the calendar's page links there too.
func TestGuidePage(t *testing.T) {
	t.Parallel()
	w := started(t, `
public_url: {console: "https://hours.example.com"}
calendars:
  hours: {file: hours.ics, edit_url: "https://calendar.example.com/r/settings?a=1&b=2"}
  rota: {file: hours.ics, expect: may_be_empty}
routes:
  - name: main
    plan: office
    calendars: {hours: hours, closures: rota}
    data: {front_desk: `+frontDesk+`, voicemail: `+voicemail+`}
  - name: hotline
    data: {people: {Anna: 1, Bernd: 2, Chloe: 3, Dora: 4, Emil: 5, Fritz: 6, Gerd: 7}}
    branches:
      - {name: on-call, state: open, when: {calendar: rota, names: people}, pass: true}
      - {name: special, state: other, when: {calendar: rota, summary: ["/x+/", "*"]}, pass: true}
      - {name: closed, pass: true}
`, nil)
	for path, want := range map[string][]string{
		"/routes/main": {
			`href="https://calendar.example.com/r/settings?a=1&amp;b=2" rel="noopener noreferrer">Edit this calendar<`,
			"<strong>Closed by hand</strong>: add an event titled “Closed …”<",
			"<strong>Lunch</strong>: add an event titled “Lunch …”<",
			`href="webcals://hours.example.com/api/v1/hours?days=60&amp;format=ics&amp;route=main"`,
		},
		"/routes/hotline": {
			"<strong>On call</strong>: add an event with a name in its title: Anna, Bernd, Chloe, Dora, Emil, Fritz and 1 more<",
		},
		"/calendars/hours": {`rel="noopener noreferrer">Edit this calendar<`},
	} {
		text := body(t, w.people(t, path, "localhost"))
		for _, part := range want {
			if !strings.Contains(text, part) {
				t.Errorf("%s does not have %q:\n%s", path, part, text)
			}
		}
	}
	if text := body(t, w.people(t, "/calendars/rota", "localhost")); strings.Contains(text, "Edit this calendar") {
		t.Error("a calendar without edit_url has a link")
	}
}
