package preview_test

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/callhours/callhours/calendars"
	"github.com/callhours/callhours/calendars/ical"
	"github.com/callhours/callhours/internal/diag"
	"github.com/callhours/callhours/internal/growth"
	"github.com/callhours/callhours/preview"
	"github.com/callhours/callhours/render"
	"github.com/callhours/callhours/routes"
)

// shifts is a preview of a route that is open by shifts of an hour, one after the other, by their
// titles; "" is nobody.
func shifts(t testing.TB, titles ...string) (*preview.Preview, *render.Route) {
	t.Helper()
	var b strings.Builder
	b.WriteString("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\n")
	for i, title := range titles {
		if title == "" {
			continue
		}
		start := midnight.Add(time.Duration(i) * time.Hour)
		fmt.Fprintf(&b, "BEGIN:VEVENT\r\nUID:%d\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:%s\r\nDTEND:%s\r\nSUMMARY:%s\r\nEND:VEVENT\r\n",
			i, start.Format("20060102T150405Z"), start.Add(time.Hour).Format("20060102T150405Z"), title)
	}
	b.WriteString("END:VCALENDAR\r\n")
	c, err := calendars.Read([]byte(b.String()), ical.Limits{})
	if err != nil || len(c.Problems()) > 0 {
		t.Fatal(err, c.Problems())
	}
	plain, mistakes := routes.New(routes.Options{
		Name: "main", Path: "/pivot", Zone: time.UTC, Unknown: 1,
		Branches: []routes.Branch{
			{Name: "on", State: routes.Open, When: &routes.Condition{Calendars: []string{"rota"}}},
			{Name: "nobody", State: routes.Closed},
		},
	})
	if err := diag.Mistakes(mistakes).Err(); err != nil {
		t.Fatal(err)
	}
	route, mistakes := render.New(render.Options{
		Route: plain, Fallback: 1, Calendar: func(string) string { return "" }, Branches: make([]render.Branch, 2),
	})
	if err := diag.Mistakes(mistakes).Err(); err != nil {
		t.Fatal(err)
	}
	table, mistakes := routes.NewTable([]*routes.Route{plain})
	if err := diag.Mistakes(mistakes).Err(); err != nil {
		t.Fatal(err)
	}
	rota := calendars.Use{Snapshot: calendars.Snapshot{Calendar: c}}
	ts := calendars.NewTimelines(map[string]calendars.Use{"rota": rota}, 400*24*time.Hour)
	route.Use(route.Compile(ts, routes.NewTotals(1_000_000), midnight))
	return preview.New(preview.Options{
		Table: table, Routes: []*render.Route{route}, Path: "/pivot", Timelines: ts,
	}), route
}

// TestSpanOfStatus: a status tells the branch's change from the span's, and so does an explanation.
func TestSpanOfStatus(t *testing.T) {
	t.Parallel()
	p, _ := shifts(t, "Ada", "Ada", "Bob", "Bob", "Ada")
	at := func(hour int) time.Time { return midnight.Add(time.Duration(hour) * time.Hour) }
	s, err := p.RouteStatus(t.Context(), "main", at(3))
	if err != nil {
		t.Fatal(err)
	}
	if s.Since == nil || !s.Since.Equal(at(0)) || s.SpanSince == nil || !s.SpanSince.Equal(at(2)) ||
		s.Title() != "Bob" || len(s.Day) != 4 {
		t.Errorf("since %v, %v, by %s; %v", s.Since, s.SpanSince, s.Title(), s.Day)
	}
	e, err := p.Explain(t.Context(), preview.Question{Route: "main", At: at(3)})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ until, span *preview.Change }{{s.Until, s.SpanUntil}, {e.Until, e.SpanUntil}} {
		if want := (preview.Change{At: at(5), Branch: "nobody", State: "closed"}); c.until == nil || *c.until != want {
			t.Errorf("until %v, want %v", c.until, want)
		}
		if want := (preview.Change{At: at(4), Branch: "on", State: "open", Event: "Ada"}); c.span == nil ||
			*c.span != want {
			t.Errorf("the span until %v, want %v", c.span, want)
		}
	}
	var b strings.Builder
	if err := e.Text(&b); err != nil || !strings.Contains(b.String(), `
until   Mon 2026-03-02 04:00:00 UTC, then on (open) by "Ada"
        another branch: Mon 2026-03-02 05:00:00 UTC, then nobody (closed)
`) {
		t.Errorf("%v: %s", err, b.String())
	}
}

// TestSpanUIDs: in a calendar of hours a span has the same UID when others come before it, and when
// it began before the calendar does.
func TestSpanUIDs(t *testing.T) {
	t.Parallel()
	uids := func(from time.Time, titles ...string) (list []string) {
		p, _ := shifts(t, titles...)
		h, err := p.Hours(t.Context(), preview.Period{Route: "main", From: from, Days: 1})
		if err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		if err := h.ICS(&b, midnight); err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(b.String()) {
			if strings.HasPrefix(line, "UID:") {
				list = append(list, strings.TrimSpace(line))
			}
		}
		return list
	}
	whole := uids(midnight, "Ada", "Bob", "Bob", "Ada")
	for name, other := range map[string][]string{
		"another title":       uids(midnight, "Ada", "Dora", "Dora", "Ada"),
		"another one between": uids(midnight, "Ada", "Bob", "Cleo", "Ada"),
	} {
		if len(whole) != 3 || other[0] != whole[0] || other[len(other)-1] != whole[2] || other[1] != whole[1] {
			t.Errorf("%s: %s, then %s", name, whole, other)
		}
	}
	// From two days in a row, the span that both begin in ends at the same time.
	a := uids(midnight.Add(90*time.Minute), "Ada", "Bob", "Bob", "Ada")
	b := uids(midnight.Add(150*time.Minute), "Ada", "Bob", "Bob", "Ada")
	if len(a) != 2 || len(b) != 2 || a[0] != b[0] || a[1] != b[1] || a[1] != whole[2] || a[0] == whole[1] {
		t.Errorf("from later on %s and %s", a, b)
	}
}

// TestHoursWithoutTitles: where telling spans apart takes more events than may be read for an answer,
// it says from when on they have no titles; the branches are right all the same.
func TestHoursWithoutTitles(t *testing.T) {
	t.Parallel()
	p := crowded(t, 1, 19_000, true) // most of them are on at once
	h, err := p.Hours(t.Context(), preview.Period{Route: "main", From: midnight, Days: 120})
	if err != nil || h.Truncated != "" || len(h.Spans) != 2 { // the same title all the time
		t.Fatalf("%v %q %+v", err, h.Truncated, h.Spans)
	}
	titles := make([]string, 9000)
	for i := range titles {
		titles[i] = fmt.Sprint("Shift ", i)
	}
	p, _ = shifts(t, titles...)
	h, err = p.HoursWithin(t.Context(), preview.Period{Route: "main", From: midnight, Days: 376}, 5000)
	if err != nil {
		t.Fatal(err)
	}
	want := "without titles from 2026-09-26T"
	if !strings.HasPrefix(h.Truncated, want) || len(h.Spans) < 4990 || len(h.Spans) > 5002 ||
		h.Spans[100].Event != "Shift 100" || !h.To.Equal(midnight.AddDate(0, 0, 376)) {
		t.Fatalf("%q, %d spans to %s; want %s", h.Truncated, len(h.Spans), h.To, want)
	}
	last := h.Spans[len(h.Spans)-2:]
	if last[0].Branch != "on" || last[0].Event != "" || !last[0].End.Equal(midnight.Add(9000*time.Hour)) ||
		last[1].Branch != "nobody" {
		t.Errorf("in the end %+v", last)
	}
}

// TestHoursAreLinear: hours cost no more than in proportion to the segments of a route, whether each
// is a span or all are one. It is not parallel: it counts what the process allocates.
func TestHoursAreLinear(t *testing.T) {
	for name, title := range map[string]func(i int) string{
		"all others": func(i int) string { return fmt.Sprint("Shift ", i) },
		"all alike":  func(int) string { return "Shift" },
		"every other": func(i int) string {
			return []string{"Shift", ""}[i%2]
		},
	} {
		t.Run(name, func(t *testing.T) {
			growth.Linear(t, 2500, func(n int) int {
				titles := make([]string, n)
				for i := range titles {
					titles[i] = title(i)
				}
				p, _ := shifts(t, titles...)
				return growth.Bytes(func() {
					for _, days := range []int{1, 400} {
						if _, err := p.Hours(t.Context(),
							preview.Period{Route: "main", From: midnight, Days: days}); err != nil {
							t.Fatal(err)
						}
					}
				})
			})
		})
	}
}

// TestNextSpan: what is found bit by bit is what hours say, and is kept while it holds.
func TestNextSpan(t *testing.T) {
	t.Parallel()
	titles := []string{"Ada", "Ada", "Bob", "", "", "Ada"}
	for range 300 {
		titles = append(titles, "Cleo")
	}
	titles = append(titles, "Dora")
	p, r := shifts(t, titles...)
	h, err := p.Hours(t.Context(), preview.Period{Route: "main", From: midnight, Days: 20})
	if err != nil {
		t.Fatal(err)
	}
	var n preview.NextSpan
	most := 0
	for i, s := range h.Spans {
		last := i == len(h.Spans)-1
		for at := s.Start; at.Before(s.End); at = at.Add(11 * time.Minute) {
			end, _, looked := n.At(r.State(), r, at)
			asked := 1
			for ; !looked && asked < 20; asked++ {
				end, _, looked = n.At(r.State(), r, at)
			}
			most = max(most, asked)
			if !looked || last != end.IsZero() || !last && !end.Equal(s.End) {
				t.Fatalf("at %s: until %s, %t; want %s", at, end, looked, s.End)
			}
		}
	}
	if most != int(math.Ceil(300.0/64)) {
		t.Errorf("it was asked %d times for one span", most)
	}
	if end, _, _ := n.At(r.State(), r, midnight); !end.Equal(midnight.Add(2 * time.Hour)) { // the clock was set back
		t.Errorf("back at the beginning: %s", end)
	}
	_, other := shifts(t, "Ada", "Bob")
	if end, _, _ := n.At(other.State(), other, midnight); !end.Equal(midnight.Add(time.Hour)) {
		t.Errorf("with another calendar: %s", end)
	}
	if end, _, looked := n.At(r.State(), r, midnight.AddDate(9, 0, 0)); !end.IsZero() || !looked {
		t.Errorf("outside of the window: %s, %t", end, looked)
	}
}

// TestNextSpanOfCrowd: where it would take too many events to find out which decides, the end is that
// of the branch.
func TestNextSpanOfCrowd(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\n")
	for i := range 200 { // on the third day no other event is there
		fmt.Fprintf(&b, "BEGIN:VEVENT\r\nUID:%d\r\nDTSTAMP:20260101T000000Z\r\nDTSTART;VALUE=DATE:20260302\r\nDTEND;VALUE=DATE:%d\r\nSUMMARY:Day %[1]d\r\nEND:VEVENT\r\n",
			i, 20260304+i/199)
	}
	b.WriteString("END:VCALENDAR\r\n")
	c, err := calendars.Read([]byte(b.String()), ical.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	_, r := shifts(t)
	rota := calendars.Use{Snapshot: calendars.Snapshot{Calendar: c}}
	ts := calendars.NewTimelines(map[string]calendars.Use{"rota": rota}, 400*24*time.Hour)
	s := r.Compile(ts, routes.NewTotals(1_000_000), midnight)
	var n preview.NextSpan
	if end, _, looked := n.At(s, r, midnight.Add(time.Hour)); !looked || !end.Equal(midnight.AddDate(0, 0, 3)) {
		t.Errorf("until %s, %t", end, looked)
	}
}
