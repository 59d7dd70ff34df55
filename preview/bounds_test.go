package preview_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/callhours/callhours/calendars"
	"github.com/callhours/callhours/calendars/ical"
	"github.com/callhours/callhours/internal/diag"
	"github.com/callhours/callhours/preview"
	"github.com/callhours/callhours/render"
	"github.com/callhours/callhours/routes"
)

var midnight = time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)

// crowded is a preview of a route whose calendar has series, each of so many occurrences of a
// minute, two minutes apart; all days on end where long.
func crowded(t *testing.T, series, times int, long bool) *preview.Preview {
	t.Helper()
	var b strings.Builder
	b.WriteString("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\n")
	for i := range series {
		start := midnight.Add(time.Duration(i) * time.Second)
		end := start.Add(time.Minute)
		if long {
			end = start.AddDate(0, 0, 30)
		}
		fmt.Fprintf(&b,
			"BEGIN:VEVENT\r\nUID:%d\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:%s\r\nDTEND:%s\r\nSUMMARY:Open\r\nRRULE:FREQ=MINUTELY;INTERVAL=2;COUNT=%d\r\nEND:VEVENT\r\n",
			i, start.Format("20060102T150405Z"), end.Format("20060102T150405Z"), times)
	}
	b.WriteString("END:VCALENDAR\r\n")
	c, err := calendars.Read([]byte(b.String()), ical.Limits{})
	if err != nil || len(c.Problems()) > 0 {
		t.Fatal(err, c.Problems())
	}
	plain, mistakes := routes.New(routes.Options{
		Name: "main", Path: "/pivot", Zone: time.UTC, Unknown: 1,
		Branches: []routes.Branch{
			{Name: "open", State: routes.Open, When: &routes.Condition{Calendars: []string{"hours"}}},
			{Name: "closed", State: routes.Closed},
		},
	})
	if err := diag.Mistakes(mistakes).Err(); err != nil {
		t.Fatal(err)
	}
	route, mistakes := render.New(render.Options{Route: plain, Fallback: 1, Calendar: func(string) string {
		return ""
	}, Branches: make([]render.Branch, 2)})
	if err := diag.Mistakes(mistakes).Err(); err != nil {
		t.Fatal(err)
	}
	table, mistakes := routes.NewTable([]*routes.Route{plain})
	if err := diag.Mistakes(mistakes).Err(); err != nil {
		t.Fatal(err)
	}
	return preview.New(preview.Options{
		Table: table, Routes: []*render.Route{route, route}, Path: "/pivot",
		Timelines: calendars.NewTimelines(map[string]calendars.Use{"hours": {Snapshot: calendars.Snapshot{Calendar: c}}},
			400*24*time.Hour),
	})
}

// TestHoursBounds: hours have as many spans as are asked for and no more, say so, and go on where
// they were cut.
func TestHoursBounds(t *testing.T) {
	t.Parallel()
	p := crowded(t, 1, 12_000, false)
	ask := func(from time.Time, days, most int) *preview.Hours {
		t.Helper()
		h, err := p.Hours(t.Context(), preview.Period{Route: "main", From: from, Days: days, Most: most})
		if err != nil {
			t.Fatal(err)
		}
		return h
	}
	if h := ask(midnight, 1, 1440); len(h.Spans) != 1440 || h.Truncated != "" ||
		!h.To.Equal(midnight.AddDate(0, 0, 1)) {
		t.Errorf("as many as there are: %d to %s, %q", len(h.Spans), h.To, h.Truncated)
	}
	h := ask(midnight, 1, 1439)
	want := "cut after 1439 spans, at 2026-03-02T23:59:00Z; request a later start, or less"
	if len(h.Spans) != 1439 || h.Truncated != want || !h.To.Equal(h.Spans[1438].End) {
		t.Errorf("one fewer: %d to %s, %q, want %q", len(h.Spans), h.To, h.Truncated, want)
	}
	if rest := ask(h.To, 1, 1); !rest.Spans[0].Start.Equal(h.To) || rest.Spans[0].Branch == h.Spans[1438].Branch {
		t.Errorf("the next one: %v", rest.Spans[0])
	}
	if h := ask(midnight, preview.MaxDays, 0); len(h.Spans) != preview.MaxSpans || h.Truncated == "" {
		t.Errorf("without a number: %d, %q", len(h.Spans), h.Truncated)
	}
	left := errors.New("left")
	gone, leave := context.WithCancelCause(t.Context())
	leave(left)
	if _, err := p.Hours(gone, preview.Period{Route: "main", From: midnight, Days: 1}); !errors.Is(err, left) {
		t.Errorf("who has left: %v", err)
	}
	if _, err := p.Lanes(gone, "main", midnight, midnight.AddDate(0, 0, 1)); !errors.Is(err, left) {
		t.Errorf("who has left: %v", err)
	}
	if _, err := p.Changes(gone, "main", midnight, 1, 1); !errors.Is(err, left) {
		t.Errorf("who has left: %v", err)
	}
	if _, err := p.Routes(gone, midnight, preview.Filter{}, 0, 1); !errors.Is(err, left) {
		t.Errorf("who has left: %v", err)
	}
	if _, err := p.Explain(gone, preview.Question{Route: "main", At: midnight}); !errors.Is(err, left) {
		t.Errorf("who has left: %v", err)
	}
}

// TestFarAhead: hours over years take a window for each horizon, however often something changes.
func TestFarAhead(t *testing.T) {
	p := crowded(t, 1, 10, false)
	cost := func(days int) float64 {
		return testing.AllocsPerRun(1, func() {
			fresh := p.With(routes.NewTotals(1_000_000)) // which has compiled nothing
			h, err := fresh.Hours(t.Context(),
				preview.Period{Route: "main", From: midnight.AddDate(-5, 0, 0), Days: days})
			if err != nil {
				t.Fatal(err)
			}
			if len(h.Spans) < 20 {
				t.Errorf("in %d days there are %d spans", days, len(h.Spans))
			}
		})
	}
	if near, far := cost(2400), cost(4800); far > 2.5*near {
		t.Errorf("4,800 days take %.0f allocations, and 2,400 %.0f", far, near)
	}
}

// TestKeptSegments: what is kept for questions is bounded in segments, whatever windows are asked
// for.
func TestKeptSegments(t *testing.T) {
	t.Parallel()
	p := crowded(t, 50, 19_000, false)
	for i := range 4 {
		if _, err := p.Explain(t.Context(),
			preview.Question{Route: "main", At: midnight.Add(time.Duration(i) * 6 * time.Hour)}); err != nil {
			t.Fatal(err)
		}
		if n, size := p.Kept(); n < 1 || n > 2 || size > 4_000_000 || size < 1_800_000 {
			t.Errorf("after %d windows, %d are kept with %d segments", i+1, n, size)
		}
	}
}

// TestExplainBounds: where very many events are on at once, it is said that they are too many to
// say why; the branch is right all the same.
func TestExplainBounds(t *testing.T) {
	t.Parallel()
	const most = 100_000 // events that are looked at for an answer
	p := crowded(t, 1, 700, true)
	at := midnight.AddDate(0, 0, 1).Add(time.Second) // 700 are on
	h, err := p.Hours(t.Context(), preview.Period{Route: "main", From: midnight, Days: 2})
	if err != nil || len(h.Spans) != 1 || h.Spans[0].Reason == "" {
		t.Fatal(err, h)
	}
	e, err := p.Explain(t.Context(), preview.Question{Route: "main", At: at})
	if err != nil || e.Branch != "open" || len(e.Events) != 100 || e.More != 600 ||
		!strings.HasPrefix(e.Steps[0].Reason, "calendar hours has") {
		t.Errorf("%d events and %d more: %v, %v", len(e.Events), e.More, e.Steps, err)
	}
	p = crowded(t, 6, 17_000, true) // 102,000 are on in the end
	at = midnight.Add(34_000 * time.Minute)
	for _, c := range []struct {
		at   time.Time
		want string
	}{
		{at.Add(-40 * time.Hour), "calendar hours has"},
		{at, "more events are on at once than are looked through for one answer"},
	} {
		s, err := p.RouteStatus(t.Context(), "main", c.at)
		if err != nil || s.Branch != "open" || !strings.HasPrefix(s.Reason, c.want) {
			t.Errorf("at %s of %d: %s, %q, %v; want %q", c.at, most, s.Branch, s.Reason, err, c.want)
		}
	}
}

// TestLanesBounds: lanes have the first events, and say how many more there are.
func TestLanesBounds(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		times, events, more int
	}{{preview.MaxLaneEvents, preview.MaxLaneEvents, 0}, {preview.MaxLaneEvents + 1, preview.MaxLaneEvents, 1}} {
		p := crowded(t, 1, c.times, false)
		for _, from := range []time.Time{midnight, midnight.AddDate(0, 0, -1)} {
			lanes, err := p.Lanes(t.Context(), "main", from, midnight.AddDate(0, 0, 7))
			if err != nil || len(lanes) != 1 || len(lanes[0].Events) != c.events || lanes[0].More != c.more ||
				!lanes[0].Events[0].Start.Equal(midnight) {
				t.Errorf("%d occurrences: %d events and %d more, %v", c.times, len(lanes[0].Events), lanes[0].More, err)
			}
		}
	}
	// farther than a window
	lanes, err := crowded(t, 1, 3000, false).Lanes(t.Context(), "main", midnight, midnight.AddDate(3, 0, 0))
	if err != nil || len(lanes[0].Events) != preview.MaxLaneEvents || lanes[0].More != 1500 {
		t.Errorf("%d events and %d more, %v", len(lanes[0].Events), lanes[0].More, err)
	}
}

// TestNowBounds: a list of routes ends where too much would have to be passed, and says where to go
// on; a day has so many spans.
func TestNowBounds(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		times, spans int
		cut          bool
	}{{100, 200, false}, {101, 200, true}} {
		s, err := crowded(t, 1, c.times, false).RouteStatus(t.Context(), "main", midnight)
		if err != nil || len(s.Day) != c.spans || s.DayCut != c.cut {
			t.Errorf("%d occurrences in a day: %d spans, cut: %v, %v", c.times, len(s.Day), s.DayCut, err)
		}
	}
	p := crowded(t, 1, 50, false) // 101 segments or so, and two routes
	whole, err := p.NowWithin(t.Context(), midnight, 1000)
	if err != nil || len(whole.Routes) != 2 || whole.Truncated != "" {
		t.Fatalf("%d routes, %q, %v", len(whole.Routes), whole.Truncated, err)
	}
	part, err := p.NowWithin(t.Context(), midnight, 150)
	want := "cut after 1 routes, whose calendars change very often; ask for the others from offset 1 on"
	if err != nil || len(part.Routes) != 1 || part.Truncated != want || part.Total != 2 {
		t.Errorf("%d of %d routes, %q, %v; want %q", len(part.Routes), part.Total, part.Truncated, err, want)
	}
}
