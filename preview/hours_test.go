package preview_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/callhours/callhours/calendars"
	"github.com/callhours/callhours/calendars/ical"
	"github.com/callhours/callhours/preview"
	"github.com/callhours/callhours/routes"
)

// TestHours: the spans follow one another without a gap, agree with explain at their ends, and see
// as far as is asked.
func TestHours(t *testing.T) {
	t.Parallel()
	p := newPreview(t)
	from := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	h, err := p.Hours(t.Context(), preview.Period{Route: "main", From: from, Days: 800}) // farther than a live window
	if err != nil {
		t.Fatal(err)
	}
	if !h.From.Equal(from) || h.To.Sub(h.From) != 800*24*time.Hour-time.Hour && h.To.Sub(h.From) != 800*24*time.Hour {
		t.Errorf("from %s to %s", h.From, h.To)
	}
	at := h.From
	for i, s := range h.Spans {
		if !s.Start.Equal(at) || !s.End.After(s.Start) {
			t.Fatalf("span %d from %s to %s begins or ends badly, want from %s", i, s.Start, s.End, at)
		}
		if i > 0 && s.Branch == h.Spans[i-1].Branch {
			t.Fatalf("span %d at %s is of branch %s, as the one before", i, s.Start, s.Branch)
		}
		for _, moment := range []time.Time{s.Start, s.End.Add(-time.Second)} {
			e, err := p.Explain(t.Context(), preview.Question{Route: "main", At: moment})
			if err != nil || e.Branch != s.Branch || e.State != s.State {
				t.Fatalf("at %s: hours say %s, explain says %s, %v", moment, s.Branch, e.Branch, err)
			}
		}
		at = s.End
	}
	if !at.Equal(h.To) || len(h.Spans) < 500 {
		t.Errorf("%d spans end at %s, want %s", len(h.Spans), at, h.To)
	}
	if _, err := p.Hours(t.Context(), preview.Period{Route: "mian", From: from, Days: 1}); err == nil ||
		err.Error() != `unknown route "mian"; did you mean "main"?` {
		t.Errorf("got %v", err)
	}
}

// TestHoursShort: a route that is compiled for three days at a time has the same hours, and the
// same ends of what lasts longer.
func TestHoursShort(t *testing.T) {
	t.Parallel()
	whole := newPreview(t)
	for name, p := range map[string]*preview.Preview{
		"whole": whole.With(routes.NewTotals(1_000_000)),
		"short": whole.With(routes.NewTotals(100)),
	} {
		from := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
		for _, asked := range []preview.Period{
			{Route: "main", From: from, Days: 400},
			{Route: "main", From: from.AddDate(-5, 0, 0), Days: 3000},
		} {
			want, err := whole.Hours(t.Context(), asked)
			if err != nil {
				t.Fatal(err)
			}
			got, err := p.Hours(t.Context(), asked)
			if err != nil {
				t.Fatal(err)
			}
			if a, b := fmt.Sprintf("%+v", want), fmt.Sprintf("%+v", got); a != b {
				t.Errorf("%s: %s", name, cmp.Diff(a, b))
			}
		}
	}
	found := whole.With(routes.NewTotals(100))
	e, err := found.Explain(t.Context(),
		preview.Question{Route: "main", At: time.Date(2026, 3, 6, 20, 0, 0, 0, time.UTC)})
	if err != nil || e.Branch != "closed" || e.Unknown {
		t.Errorf("on a Friday evening: %+v, %v", e, err)
	}
}

// TestHoursICS: what is written is read again as what the telephones do, with the same UIDs from
// one day to the next.
func TestHoursICS(t *testing.T) {
	t.Parallel()
	p := newPreview(t)
	read := func(from time.Time) (uids map[string]string, spans []string) {
		t.Helper()
		h, err := p.Hours(t.Context(),
			preview.Period{Route: "main", From: from.AddDate(0, 0, -preview.PastDays), Days: 20})
		if err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		if err := h.ICS(&b, from); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(strings.ReplaceAll(b.String(), "\r\n", ""), "\n") {
			t.Error("a line does not end with CRLF")
		}
		c, err := calendars.Read([]byte(b.String()), ical.Limits{})
		if err != nil || len(c.Problems()) > 0 {
			t.Fatalf("%v %v", err, c.Problems())
		}
		uids = map[string]string{}
		for _, o := range c.Compile(calendars.View{}, h.From, h.To).All() {
			text := fmt.Sprintf("%s %d %d", o.Event.Summary, o.Start, o.End)
			spans = append(spans, text)
			uids[o.Event.UID] = text
		}
		var want []string
		for _, s := range h.Spans {
			if s.Branch == "open" {
				want = append(want, fmt.Sprintf("%s %d %d", s.Label(), s.Start.Unix(), s.End.Unix()))
			}
		}
		if diff := cmp.Diff(want, spans); diff != "" || len(want) < 5 {
			t.Errorf("%d spans: %s", len(want), diff)
		}
		return uids, spans
	}
	monday := time.Date(2031, 6, 2, 8, 0, 0, 0, time.UTC)
	first, _ := read(monday)
	second, _ := read(monday.AddDate(0, 0, 1))
	same := 0
	for uid, span := range first {
		if other, ok := second[uid]; ok {
			same++
			if other != span {
				t.Errorf("%s was %s, and is %s", uid, span, other)
			}
		}
	}
	if same < len(first)-2 {
		t.Errorf("%d of %d UIDs are those of the day before", same, len(first))
	}
}
