package console

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/callhours/callhours/preview"
)

// TestMonth: a day has the hours at which the route is open, the titles that decide, each once, and
// those of events that are on all day.
func TestMonth(t *testing.T) {
	t.Parallel()
	z := zone(t, "Europe/Berlin")
	at := func(day, hour int) time.Time { return time.Date(2026, 10, day, hour, 0, 0, 0, z) }
	span := func(from, to time.Time, branch, state, event string) preview.Span {
		return preview.Span{Start: from, End: to, Branch: branch, State: state, Event: event}
	}
	event := func(from, to time.Time, title string, counts bool) preview.LaneEvent {
		return preview.LaneEvent{Event: preview.Event{Summary: title, Start: from, End: to}, Counts: counts}
	}
	spans := []preview.Span{
		span(at(24, 9), at(24, 12), "open", "open", "Open"),
		span(at(24, 12), at(24, 13), "open", "open", "Open for Bob"), // no gap
		span(at(24, 14), at(24, 17), "open", "open", "Open"),
		span(at(24, 17), at(25, 0), "on-call", "other", "Ada"),
		span(at(25, 0), at(25, 12), "on-call", "other", "Ada"),
		span(at(25, 12), at(26, 0), "on-call", "other", "Ada"),
		span(at(26, 0), at(27, 0), "open", "open", "Open"),
	}
	lanes := []preview.Lane{{Calendar: "c", Events: []preview.LaneEvent{
		event(at(24, 0), at(25, 0), "Fair", true), event(at(24, 0), at(25, 0), "Bob away", false),
		event(at(24, 1), at(25, 0), "Not all day", true), event(at(25, 0), at(26, 0), "ADA", true),
	}}, {Calendar: "d", Unknown: "why"}, {Calendar: "e"}}
	pic := newMonth(testDrawing(at(24, 0), 4, spans, lanes, at(24, 10)))
	var got []string
	for _, d := range pic.Days {
		text := strings.Join(d.Hours, ", ")
		for _, n := range d.Notes {
			text += fmt.Sprintf("; %s %s %s|%s", n.State, n.From, n.Text, n.Label)
			if n.Faint {
				text += " (faint)"
			}
		}
		got = append(got, fmt.Sprintf("%s +%d", text, d.MoreN))
	}
	want := []string{
		"09:00\u201313:00, 14:00\u201317:00; open 12:00 Open for Bob|; other 17:00 Ada|On call; " +
			"  Fair| +1",
		"; other  Ada|On call +0", "00:00\u201324:00 +0", " +0",
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("day %d: got %q, want %q", i, got[i], want[i])
		}
	}
	if got := fmt.Sprint(pic.Lanes); got != "[{c false } {d true why} {e true }]" {
		t.Errorf("below the picture stands %s", got)
	}
	for _, mark := range []string{"open", "other", "event", "today", "repeated", "weekend"} {
		if !pic.Marks[mark] {
			t.Errorf("%s is not explained", mark)
		}
	}
	if pic.Marks["closed"] || pic.Marks["skipped"] || pic.Marks["faint"] {
		t.Errorf("what is not drawn is explained: %v", pic.Marks)
	}
}

// TestMonthBounds: a day has so many titles, and says how many more there are.
func TestMonthBounds(t *testing.T) {
	t.Parallel()
	midnight := time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)
	for _, n := range []int{maxNotes, maxNotes + 1, 1000} {
		var l preview.Lane
		for i := range n {
			l.Events = append(l.Events, preview.LaneEvent{Event: preview.Event{
				Summary: fmt.Sprint(i), Start: midnight, End: midnight.AddDate(0, 0, 1),
			}})
		}
		day := newMonth(testDrawing(midnight, 1, nil, []preview.Lane{l}, midnight)).Days[0]
		if len(day.Notes) != maxNotes || day.MoreN != n-maxNotes {
			t.Errorf("%d titles: %d and %d more", n, len(day.Notes), day.MoreN)
		}
	}
}

// TestPeriod: a week begins on the day that is asked for, and a month on the Monday before it.
func TestPeriod(t *testing.T) {
	t.Parallel()
	z := zone(t, "Europe/Berlin")
	for _, c := range []struct{ view, day, from, to, earlier string }{
		{"week", "2026-11-30", "2026-11-30", "2026-12-07", "/routes/r?from=2026-11-23"},
		{"month", "2026-11-30", "2026-11-30", "2027-01-04", "/routes/r?from=2026-10-26&view=month"},
		{"month", "2026-11-29", "2026-11-23", "2026-12-28", "/routes/r?from=2026-10-19&view=month"},
		{"month", "2026-03-31", "2026-03-30", "2026-05-04", "/routes/r?from=2026-02-23&view=month"},
	} {
		first, err := preview.Moment(c.day, z)
		if err != nil {
			t.Fatal(err)
		}
		m := routePage{View: c.view, Route: preview.Route{Name: "r"}}
		days := m.setPeriod(first)
		got := m.From.Format(time.DateOnly) + " " + m.To.Format(time.DateOnly) + " " + m.Earlier
		if want := c.from + " " + c.to + " " + c.earlier; got != want || !preview.Midnight(m.From, days).Equal(m.To) {
			t.Errorf("%s of %s: got %s in %d days, want %s", c.view, c.day, got, days, want)
		}
	}
}
