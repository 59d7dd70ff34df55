package preview_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/callhours/callhours/preview"
)

// tuesday is ten o'clock on an ordinary Tuesday in Berlin.
var tuesday = time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)

func TestNow(t *testing.T) {
	t.Parallel()
	p := newPreview(t)
	for _, c := range []struct {
		filter preview.Filter
		total  int
	}{
		{preview.Filter{}, 1},
		{preview.Filter{Text: "MAIN  hours"}, 1},
		{preview.Filter{Text: "4930123 berlin pivot open"}, 1},
		{preview.Filter{Text: "main closed"}, 0}, // it is open
		{preview.Filter{State: "open"}, 1},
		{preview.Filter{State: "closed"}, 0},
	} {
		if got, err := p.Routes(t.Context(), tuesday, c.filter, 0, 10); err != nil || got.Total != c.total ||
			len(got.Routes) != c.total {
			t.Errorf("%+v: got %d of %d, want %d", c.filter, len(got.Routes), got.Total, c.total)
		}
	}
	if got, err := p.Routes(t.Context(), tuesday, preview.Filter{}, 1, 10); err != nil || got.Total != 1 ||
		len(got.Routes) != 0 || got.States["open"] != 1 {
		t.Errorf("from the second on: got %+v", got)
	}
	s, err := p.RouteStatus(t.Context(), "main", tuesday)
	if err != nil {
		t.Fatal(err)
	}
	if s.Branch != "open" || s.Event.Summary != "Open" || s.Since.Format("15:04") != "09:00" ||
		s.Until.At.Format("15:04") != "17:00" || s.Until.Branch != "closed" {
		t.Errorf("got %+v", s)
	}
	var day []string
	for _, span := range s.Day {
		day = append(day, span.Start.Format("15:04 ")+span.Branch)
	}
	if got := strings.Join(day, ", "); got != "00:00 closed, 09:00 open, 17:00 closed" {
		t.Errorf("the day is %s", got)
	}
	if _, err := p.RouteStatus(t.Context(), "mian", tuesday); err == nil ||
		err.Error() != `unknown route "mian"; did you mean "main"?` {
		t.Errorf("got %v", err)
	}
}

// TestChanges: they are those of Hours.
func TestChanges(t *testing.T) {
	t.Parallel()
	p := newPreview(t)
	got, err := p.Changes(t.Context(), "main", tuesday, 20, 400)
	if err != nil {
		t.Fatal(err)
	}
	h, err := p.Hours(t.Context(), preview.Period{Route: "main", From: tuesday, Days: 30})
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 20 || !slices.Equal(got, h.Spans[1:21]) {
		t.Errorf("got %v, want %v", got, h.Spans[1:21])
	}
	if got, err := p.Changes(t.Context(), "main", tuesday, 20, 1); err != nil || len(got) != 2 {
		t.Errorf("within a day: got %v, %v", got, err)
	}
}

func TestLanes(t *testing.T) {
	t.Parallel()
	p := newPreview(t)
	from := preview.Midnight(tuesday, 0)
	got, err := p.Lanes(t.Context(), "main", from, from.AddDate(0, 0, 7))
	if err != nil || len(got) != 1 || got[0].Calendar != "hours" || len(got[0].Events) != 5 {
		t.Fatalf("got %+v, %v", got, err)
	}
	if e := got[0].Events[0]; e.Summary != "Open" || !e.Counts ||
		e.Start.Format(time.RFC3339) != "2026-11-24T09:00:00+01:00" {
		t.Errorf("got %+v", e)
	}
}

func TestRoute(t *testing.T) {
	t.Parallel()
	got, err := newPreview(t).Route("main")
	if err != nil {
		t.Fatal(err)
	}
	want := []preview.Branch{
		{Name: "vip", Label: "Vip", State: "open", When: `caller is "+4930111111"`, InWords: "the caller is +4930111111"},
		{Name: "open", Label: "Open", State: "open", When: "calendar hours", InWords: "any event in Hours"},
		{
			Name: "closed", Label: "Closed", State: "closed", When: "otherwise", InWords: "in every other case",
			Unknown: true, Fallback: true,
		},
	}
	if !slices.Equal(got.Branches, want) || !got.AsksCall || !slices.Equal(got.Dialed, []string{"+4930123456"}) {
		t.Errorf("got %+v", got)
	}
}

// TestMidnight: a day begins where the clocks skip midnight, and the first time where it comes
// twice.
func TestMidnight(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ zone, noon, want string }{
		{"Europe/Berlin", "2026-11-24T12:00:00+01:00", "2026-11-24T00:00:00+01:00"},
		{"America/Havana", "2026-03-08T12:00:00-04:00", "2026-03-08T01:00:00-04:00"},
		{"America/Havana", "2026-11-01T12:00:00-05:00", "2026-11-01T00:00:00-04:00"},
	} {
		zone, err := time.LoadLocation(c.zone)
		if err != nil {
			t.Fatal(err)
		}
		noon, err := time.Parse(time.RFC3339, c.noon)
		if err != nil {
			t.Fatal(err)
		}
		if got := preview.Midnight(noon.In(zone), 0).Format(time.RFC3339); got != c.want {
			t.Errorf("%s in %s: got %s, want %s", c.noon, c.zone, got, c.want)
		}
	}
}
