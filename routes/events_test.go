package routes

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/callhours/callhours/calendars"
	"github.com/callhours/callhours/internal/diag"
	"github.com/callhours/callhours/internal/growth"
)

// crowd is a calendar of n events that are all on at noon of 1 December, in whatever order.
func crowd(t testing.TB, n int, seed uint64, title func(i int) string) *calendars.Calendar {
	t.Helper()
	rng := rand.New(rand.NewPCG(16, seed))
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteString("\n--\n")
		}
		uid := fmt.Sprintf("%d-%d", rng.IntN(1000), i)
		if rng.IntN(4) == 0 {
			fmt.Fprintf(&b,
				"UID:%s\nDTSTART;VALUE=DATE:202612%02d\nDTEND;VALUE=DATE:20261203\nCATEGORIES:a,b\nSUMMARY:%s", uid,
				1-rng.IntN(2), title(i))
			continue
		}
		fmt.Fprintf(&b, "UID:%s\nDTSTART:20261201T%02d%02d00Z\nDTEND:20261201T2%d0000Z\nSUMMARY:%s", uid, rng.IntN(12),
			rng.IntN(60), rng.IntN(3), title(i))
	}
	return calendar(t, strings.ReplaceAll(b.String(), "DATE:20261200", "DATE:20261130"))
}

var noon = time.Date(2026, 12, 1, 17, 0, 0, 0, time.UTC)

// TestEventsAreTheFirst: of any number of events a decision gives the first, as sorting all of them
// would, whichever conditions they come from, and says how many more there are.
func TestEventsAreTheFirst(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1, 3, 400, MaxEvents, MaxEvents + 1, 2*MaxEvents + 7, 5000} {
		title := func(i int) string { return []string{"open", "open house", "closed"}[i%3] }
		a, b := crowd(t, n, 1, title), crowd(t, (n+1)/2, 2, title)
		open := &Condition{Calendars: []string{"a", "b"}, Events: Events{Summary: []diag.Text{{S: "open*"}}}}
		house := &Condition{
			Calendars: []string{"b", "a"},
			Events:    Events{Summary: []diag.Text{{S: "*house"}, {S: "closed"}}},
		}
		s := compile(t,
			Options{
				Branches: []Branch{{"on", Open, &Condition{Any: []*Condition{open, house}}}, {"off", Closed, nil}},
				Unknown:  1,
			},
			uses{"a": known(a), "b": known(b)})
		got, more := s.Decide(nil, noon).FirstEvents()
		var want []Event
		for i, c := range []*calendars.Calendar{a, b} {
			for k, o := range c.Compile(calendars.View{Zone: newYork}, noon.AddDate(0, 0, -11),
				noon.AddDate(0, 0, 40)).At(nil, noon.Unix()) {
				want = append(want, Event{Occurrence: o, Calendar: []string{"a", "b"}[i], rank: i, at: k})
			}
		}
		slices.SortFunc(want, func(a, b Event) int {
			return cmp.Or(cmp.Compare(truthOf(a.Event.AllDay), truthOf(b.Event.AllDay)), cmp.Compare(b.Start, a.Start),
				cmp.Compare(a.End-a.Start, b.End-b.Start),
				cmp.Compare(a.Calendar, b.Calendar), cmp.Compare(a.Event.UID, b.Event.UID))
		})
		if len(got) != min(len(want), MaxEvents) || len(got)+more > len(want) || len(want) > MaxEvents && more == 0 {
			t.Errorf("%d: got %d events and %d more of %d", n, len(got), more, len(want))
		}
		for i, e := range got {
			w := want[i]
			if e.Calendar != w.Calendar || !e.Same(w.Occurrence) || e.Event.UID != w.Event.UID ||
				e.Event.Summary != w.Event.Summary ||
				!slices.Equal(e.Event.Categories, w.Event.Categories) {
				t.Fatalf("%d, event %d: got %s of %s, want %s of %s", n, i, e.Event.UID, e.Calendar, w.Event.UID,
					w.Calendar)
			}
		}
	}
}

// TestCrowdKeepsTheName: what a `names` condition found is among the events that a decision gives,
// however many others come before.
func TestCrowdKeepsTheName(t *testing.T) {
	t.Parallel()
	hours := crowd(t, 3000, 3, func(int) string { return "open" })
	duty := calendar(t, "UID:late\nDTSTART;VALUE=DATE:20261130\nDTEND;VALUE=DATE:20270105\nSUMMARY:Jo is on call")
	s := compile(t, Options{Branches: []Branch{{"on", Open, &Condition{All: []*Condition{
		{Calendars: []string{"hours"}},
		{Calendars: []string{"duty"}, Events: Events{Names: &Names{Field: "people", Keys: []string{"Jo", "Al"}}}},
	}}}, {"off", Closed, nil}}, Unknown: 1}, uses{"hours": known(hours), "duty": known(duty)})
	for range 2 { // the second time from what is kept
		got, more := s.Decide(nil, noon).FirstEvents()
		if len(got) != MaxEvents || more < 2000 || got[0].Event.Summary != "open" || got[0].Event.AllDay {
			t.Fatalf("got %d events and %d more, the first %+v", len(got), more, got[0].Event)
		}
		if last := got[MaxEvents-1]; last.Name != "Jo" || last.Field != "people" {
			t.Errorf("the last one is %q of %s, want what the names found", last.Event.Summary, last.Calendar)
		}
	}
}

// TestCrowdOfEvents: with 100,000 events on at once a call looks at them once in a segment, in the
// room of a thousand, and calls after it at none of them. It counts allocations, so that it is not
// parallel.
func TestCrowdOfEvents(t *testing.T) {
	all := growth.Bytes(func() {})
	n := 100_000
	if testing.Short() {
		n = 20_000
	}
	s := compile(t,
		Options{
			Branches: []Branch{
				{"on", Open, &Condition{Calendars: []string{"hours"}, Events: Events{Summary: []diag.Text{{S: "o*"}}}}},
				{"off", Closed, nil},
			}, Unknown: 1,
		},
		uses{"hours": known(crowd(t, n, 4, func(int) string { return "open" }))})
	d := s.Decide(nil, noon)
	if d.Branch != 0 || d.Weight(n+1) != n {
		t.Fatalf("branch %d, %d events are on, want %d", d.Branch, d.Weight(n+1), n)
	}
	first := growth.Bytes(func() {
		if events, more := d.FirstEvents(); len(events) != MaxEvents || more != n-MaxEvents {
			t.Errorf("got %d events and %d more", len(events), more)
		}
	}) - all
	if first > 4<<20 {
		t.Errorf("the first call takes %d bytes, want those of a thousand events", first)
	}
	if allocs := testing.AllocsPerRun(10, func() { d.Events(); _ = d.Reason() }); allocs > 20 {
		t.Errorf("calls after it take %v allocations", allocs)
	}
	if d.Reason() == "" || len(s.crowds.leaves) != 1 {
		t.Errorf("kept %d, %q", len(s.crowds.leaves), d.Reason())
	}
}
