package render

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/callhours/callhours/calendars"
	"github.com/callhours/callhours/calendars/ical"
	"github.com/callhours/callhours/internal/diag"
	"github.com/callhours/callhours/routes"
	"github.com/callhours/callhours/templates/funcs"
)

// TestManyEvents bounds what a template sees of a calendar that has many events at once.
func TestManyEvents(t *testing.T) {
	t.Parallel()
	l := library(t)
	r, mistakes := newRoute(t, setting{branches: []Branch{
		{Template: inline(t, l, `{"module":"tts","data":{"text":"{{ len (on "hours") }} of {{ len .Events }}"}}`)},
	}})
	if err := diag.Mistakes(mistakes).Err(); err != nil {
		t.Fatal(err)
	}
	for _, n := range []int{funcs.MaxEvents, funcs.MaxEvents + 1} {
		var b strings.Builder
		b.WriteString("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n")
		for i := range n {
			fmt.Fprintf(&b,
				"BEGIN:VEVENT\r\nUID:%d\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:20260105T090000Z\r\nDTEND:20270105T090000Z\r\nSUMMARY:x\r\nEND:VEVENT\r\n", i)
		}
		b.WriteString("END:VCALENDAR\r\n")
		c, err := calendars.Read([]byte(b.String()), ical.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		s := r.Compile(
			calendars.NewTimelines(map[string]calendars.Use{"acme/hours": {Snapshot: calendars.Snapshot{Calendar: c}}},
				400*24*time.Hour), routes.NewTotals(1_000_000), now)
		a := s.Answer(t.Context(), nil, now)
		switch {
		case n <= funcs.MaxEvents && (len(a.Failures) > 0 || !strings.Contains(string(a.Body), "1000 of 0")):
			t.Errorf("%d events: got %s, %v", n, a.Body, a.Failures)
		case n > funcs.MaxEvents && (len(a.Failures) != 1 || a.Failures[0].Reason != Limit):
			t.Errorf("%d events: got %v", n, a.Failures)
		}
	}
}

// TestLateLook holds that what looks ahead for too long is cut off as other work is.
func TestLateLook(t *testing.T) {
	t.Parallel()
	if reason := reasonOf(errLate); reason != Limit {
		t.Errorf("got %s", reason)
	}
}
