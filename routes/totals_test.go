package routes

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/callhours/callhours/calendars"
	"github.com/callhours/callhours/internal/diag"
	"github.com/callhours/callhours/internal/growth"
)

// counted compiles routes of 60 days, by their names, each with the same conditions and calendars,
// and the same totals.
func counted(t testing.TB, totals Totals, u uses, branches []Branch, names ...string) (list []*Segments) {
	t.Helper()
	from := time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)
	to := from.AddDate(0, 0, 60)
	ts := calendars.NewTimelines(u, to.Sub(from))
	for _, name := range names {
		r, mistakes := New(Options{Name: name, Zone: newYork, Branches: branches, Unknown: len(branches) - 1})
		if err := diag.Mistakes(mistakes).Err(); err != nil {
			t.Fatal(err)
		}
		list = append(list, r.Compile(func(name string) (*calendars.Timeline, string) {
			return ts.Timeline(name, calendars.View{Zone: newYork}, from, to)
		}, from, to, totals))
	}
	return list
}

// everyHour is on in the first half of each of so many hours.
func everyHour(hours int) string {
	return fmt.Sprintf(
		"UID:1\nDTSTART:20261120T000000Z\nDTEND:20261120T003000Z\nRRULE:FREQ=HOURLY;COUNT=%d\nSUMMARY:Open", hours)
}

func openOrClosed() []Branch {
	return []Branch{{"open", Open, &Condition{Calendars: []string{"hours"}}}, {"closed", Closed, nil}}
}

func manyNames(tenant string, n int) (list []string) {
	for i := range n {
		list = append(list, fmt.Sprintf("%s/%d", tenant, i))
	}
	return list
}

// TestRouteTotal: a route that takes more than a route may has a short window, in which calls get
// what they would get; one that takes too much even there takes its calendars for unknown.
func TestRouteTotal(t *testing.T) {
	t.Parallel()
	// 2,000 edges and a combination, of which 72 hours have 144 and one
	u := uses{"hours": known(calendar(t, everyHour(1000)))}
	now := at(t, "2026-11-21 09:15")
	for _, test := range []struct {
		instances              int
		name, short, refused   string
		answers, afterTheShort string
	}{
		{501, "acme/main", "", "", "open", "open"},
		{501, "main", "", "", "open", "open"},
		{500, "acme/main", routeTooLarge, "", "open", "closed unknown"},
		{500, "main", routeTooLarge, "", "open", "closed unknown"},
		{37, "main", routeTooLarge, "", "open", "closed unknown"},
		{36, "main", routeTooLarge, routeTooLarge, "closed unknown", "closed unknown"},
		{36, "acme/main", routeTooLarge, routeTooLarge, "closed unknown", "closed unknown"},
	} {
		s := counted(t, NewTotals(test.instances), u, openOrClosed(), test.name)[0]
		if s.Short() != test.short || s.Refused() != test.refused {
			t.Errorf("%d, %s: short %q, refused %q", test.instances, test.name, s.Short(), s.Refused())
		}
		for _, want := range []struct {
			at     time.Time
			answer string
		}{{now, test.answers}, {now.AddDate(0, 0, 5), test.afterTheShort}} {
			d := s.Decide(nil, want.at)
			got := s.route.Branches[d.Branch].Name
			if d.Unknown {
				got += " unknown"
				if !strings.Contains(d.Reason(), routeTooLarge) {
					t.Errorf("%d, %s: no reason why: %s", test.instances, test.name, d.Reason())
				}
			}
			if got != want.answer {
				t.Errorf("%d, %s at %s: got %s, want %s", test.instances, test.name, want.at, got, want.answer)
			}
		}
		if closed := s.Decide(nil, now.Add(30*time.Minute)); test.refused == "" &&
			(closed.Unknown || closed.Branch != 1) {
			t.Errorf("%d, %s: half an hour later it is branch %d", test.instances, test.name, closed.Branch)
		}
	}
}

// TestShortIsWhole: in a short window everything is decided as in the whole one, days that events
// touch from outside included.
func TestShortIsWhole(t *testing.T) {
	t.Parallel()
	events := []string{
		everyHour(1000),
		// the evening before, behind the end of the short window
		"UID:2\nDTSTART:20261123T030000Z\nDTEND:20261123T040000Z\nSUMMARY:special",
		"UID:3\nDTSTART:20261101T030000Z\nDTEND:20261120T040000Z\nSUMMARY:special", // from before it
	}
	branches := []Branch{
		{
			"special", Other,
			&Condition{Calendars: []string{"hours"}, Events: Events{Summary: texts("special"), WholeDay: true}},
		},
		openOrClosed()[0], openOrClosed()[1],
	}
	u := uses{"hours": known(calendar(t, strings.Join(events, "\n--\n")))}
	whole := counted(t, NewTotals(1_000_000), u, branches, "main")[0]
	short := counted(t, NewTotals(450), u, branches, "main")[0]
	if whole.Short() != "" || short.Short() == "" || short.Refused() != "" {
		t.Fatalf("%q, %q, %q", whole.Short(), short.Short(), short.Refused())
	}
	from, to := short.Window()
	if to.Sub(from) != Soon {
		t.Errorf("the window lasts %s", to.Sub(from))
	}
	taken := map[int]bool{}
	for now := from; now.Before(to); now = now.Add(10 * time.Minute) {
		a, b := whole.Decide(nil, now), short.Decide(nil, now)
		if a.Branch != b.Branch || a.Unknown != b.Unknown {
			t.Fatalf("%s: branch %d, unknown %t; of the whole window %d, %t", now, b.Branch, b.Unknown, a.Branch,
				a.Unknown)
		}
		taken[a.Branch] = true
	}
	if len(taken) != 3 {
		t.Errorf("taken are %v", taken)
	}
}

// TestTenantsTotal: however many routes a tenant has, together they take no more than their bound,
// and nothing of another tenant's.
func TestTenantsTotal(t *testing.T) {
	t.Parallel()
	const instances = 1000
	u := uses{"hours": known(calendar(t, everyHour(1000)))} // 2,001 edges for each route, 145 for 72 hours
	totals := NewTotals(instances)
	evil := counted(t, totals, u, openOrClosed(), manyNames("evil", 500)...)
	whole, short, refused, size := 0, 0, 0, 0
	for _, s := range evil {
		switch {
		case s.Refused() != "":
			refused++
		case s.Short() != "":
			short++
		default:
			whole++
		}
		size += s.Size()
	}
	if whole != 9 || short != 137 || refused != 354 {
		t.Errorf("%d routes are whole, %d short and %d refused", whole, short, refused)
	}
	if most := (tenantEdges + 1) * instances; size > most {
		t.Errorf("all take %d, want %d at most", size, most)
	}
	for _, s := range counted(t, totals, u, openOrClosed(),
		slices.Concat(manyNames("acme", 9), []string{"main", "other"})...) {
		if s.Short() != "" {
			t.Errorf("%s is short: %s", s.route.Name, s.Short())
		}
	}
	// Who only asks finds what live calls find, and is not counted.
	if s := counted(t, totals.Asking(), u, openOrClosed(), "evil/0", "evil/400"); s[0].Short() != "" ||
		s[1].Refused() == "" {
		t.Errorf("asking, %q and %q", s[0].Short(), s[1].Refused())
	}
	for _, name := range manyNames("evil", 500) {
		totals.Forget(name)
	}
	if s := counted(t, totals, u, openOrClosed(), "evil/new")[0]; s.Short() != "" {
		t.Errorf("after the others are gone: %s", s.Short())
	}
	if len(totals.tenants) != 2 || len(totals.routes) != 10 {
		t.Errorf("counted are %d tenants and %d routes", len(totals.tenants), len(totals.routes))
	}
	if changed := totals.Limit(instances); changed {
		t.Error("the same limit is another one")
	}
	if s := counted(t, totals, u, openOrClosed(), "acme/new"); !totals.Limit(10*instances) || s[0].Short() == "" {
		t.Errorf("beyond the bound it is whole: %q", s[0].Short())
	}
	if s := counted(t, totals, u, openOrClosed(), "acme/new")[0]; s.Short() != "" {
		t.Errorf("with a higher limit: %s", s.Short())
	}
}

// TestLooksInVain: of routes for which there is no room few are looked at, before that is known
// without looking.
func TestLooksInVain(t *testing.T) {
	t.Parallel()
	u := uses{"hours": known(calendar(t, everyHour(1000)))} // 1,000 steps for each route
	// 10,020 edges for whole windows, which is room for 5 routes, and 50,100 steps
	totals := NewTotals(501)
	for i, s := range counted(t, totals, u, openOrClosed(), manyNames("evil", 100)...) {
		if whole := s.Short() == ""; whole != (i < 5) {
			t.Errorf("%s: %q", s.route.Name, s.Short())
		}
	}
	looks := 0
	for _, is := range totals.routes {
		if is[wholeWindow].edges == 0 && is[wholeWindow].steps > 0 {
			looks++
		}
	}
	if looks != 12 {
		t.Errorf("%d are looked at in vain", looks)
	}
	if got := totals.room("evil/new", wholeWindow).steps; got >= 1000 {
		t.Errorf("%d steps are left", got)
	}
}

// TestRefusedIsCheap is not parallel, since it counts allocations: a route for which there is no
// room costs no look at its occurrences.
func TestRefusedIsCheap(t *testing.T) {
	cost := func(hours int) float64 {
		u := uses{"hours": known(calendar(t, everyHour(hours)))}
		from := time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)
		to := from.AddDate(2, 0, 0)
		ts := calendars.NewTimelines(u, to.Sub(from))
		compiled, _ := ts.Timeline("hours", calendars.View{Zone: newYork}, from, to)
		if compiled.Len() != hours {
			t.Fatalf("there are %d occurrences", compiled.Len())
		}
		r, _ := New(Options{Name: "evil/main", Zone: newYork, Branches: openOrClosed(), Unknown: 1})
		totals := NewTotals(1)
		return testing.AllocsPerRun(10, func() {
			s := r.Compile(func(string) (*calendars.Timeline, string) { return compiled, "" }, from, to, totals)
			if s.Refused() == "" {
				t.Fatal("it is not refused")
			}
		})
	}
	if few, many := cost(1000), cost(10_000); many > few {
		t.Errorf("refusing 10,000 occurrences takes %v allocations, 1,000 take %v", many, few)
	}
}

// TestComparedIsCounted: patterns that are compared with long texts are steps too.
func TestComparedIsCounted(t *testing.T) {
	t.Parallel()
	var events []string
	for i := range 100 {
		events = append(events,
			fmt.Sprintf("UID:%d\nDTSTART:20261121T%02d0000Z\nDURATION:PT1H\nSUMMARY:Open\nDESCRIPTION:%s", i, i%24,
				strings.Repeat("ab", 2000)))
	}
	asking := func(pattern string) []Branch {
		return []Branch{
			{"open", Open, &Condition{Calendars: []string{"hours"}, Events: Events{Description: texts(pattern)}}},
			{"closed", Closed, nil},
		}
	}
	u := uses{"hours": known(calendar(t, strings.Join(events, "\n--\n")))}
	for pattern, want := range map[string]string{"*x*": "", "*" + strings.Repeat("ab", 300) + "x*": routeTooLarge} {
		if got := counted(t, NewTotals(1000), u, asking(pattern), "main")[0].Short(); got != want {
			t.Errorf("%.10s: short: %q, want %q", pattern, got, want)
		}
	}
}

// TestNamesAreCounted: looking for names in titles counts by the words and bytes that are looked up,
// once for all conditions of a route that have the same names.
func TestNamesAreCounted(t *testing.T) {
	t.Parallel()
	long := func(words int) string { return strings.TrimSpace(strings.Repeat("a b ", words/2)) }
	var events []string
	for i := range 50 {
		events = append(events, fmt.Sprintf("UID:%d\nDTSTART:20261121T%02d0000Z\nDURATION:PT1H\nSUMMARY:%s", i, i%24, long(120)))
	}
	u := uses{"hours": known(calendar(t, strings.Join(events, "\n--\n")))}
	asking := func(keys ...[]string) (branches []Branch) {
		for i, keys := range keys {
			all := i%2 == 0
			branches = append(branches, Branch{fmt.Sprint("b", i), Open, &Condition{
				Calendars: []string{"hours"}, Events: Events{WholeDay: all, Names: &Names{"people", keys}},
			}})
		}
		return append(branches, Branch{"closed", Closed, nil})
	}
	steps := func(most int, keys ...[]string) (taken int, within bool) {
		s := counted(t, NewTotals(1_000_000), u, asking(keys...), "evil/main")[0]
		known := map[string]*calendars.Timeline{"hours": s.timelines[0][0]}
		from, to := s.Window()
		room := cost{1_000_000, most}
		_, takes := s.route.compile(known, from, to, room)
		return takes.steps, takes.within(room)
	}
	const plenty = 1_000_000_000
	hostile, other := []string{long(60) + " q"}, []string{long(60) + " z"}
	one, _ := steps(plenty, hostile)
	if want := 50 * 60 * 60 * 32 / comparedInStep; one < want {
		t.Errorf("names of 60 words cost %d steps, want %d at least", one, want)
	}
	if taken, within := steps(one, hostile); !within || taken != one {
		t.Errorf("at the bound: %d, %v", taken, within)
	}
	if _, within := steps(one-1, hostile); within {
		t.Error("past it there is room")
	}
	if again, _ := steps(plenty, hostile, hostile); again > one+one/10 {
		t.Errorf("the same names cost %d steps a second time, %d the first", again-one, one)
	}
	if two, _ := steps(plenty, hostile, other); two < 2*one-one/10 {
		t.Errorf("other names cost %d steps, and the first %d", two-one, one)
	}
	if honest, _ := steps(plenty, []string{"Anna Schmidt", "Jo"}); honest > one/20 {
		t.Errorf("ordinary names cost %d steps", honest)
	}
	growth.Linear(t, 30, func(words int) int {
		left := 0
		namesOf([]string{long(8)}).find(long(words), &left)
		return -left
	})
}

// TestExpressionsAreCounted: what regular expressions really take of events' texts is counted, and
// not what they may take at worst: dear ones end where the room does, however many routes have
// them, and those of a large installation in good faith have room.
func TestExpressionsAreCounted(t *testing.T) {
	t.Parallel()
	u := func(n int, text string) uses {
		var events []string
		for i := range n {
			events = append(events,
				fmt.Sprintf("UID:%d\nDTSTART:20261121T%02d0000Z\nDURATION:PT1H\nSUMMARY:Open\nDESCRIPTION:%s", i, i%24,
					text))
		}
		return uses{"hours": known(calendar(t, strings.Join(events, "\n--\n")))}
	}
	asking := func(patterns ...string) []Branch {
		return []Branch{
			{"open", Open, &Condition{Calendars: []string{"hours"}, Events: Events{Description: texts(patterns...)}}},
			{"closed", Closed, nil},
		}
	}
	names := make([]string, 10)
	for i := range names {
		names[i] = fmt.Sprint("evil/", i)
	}
	const instances = 1_000
	totals := NewTotals(instances)
	refused := 0
	for _, s := range counted(t, totals, u(20, strings.Repeat("ab", 2000)), asking("/[a-z]{0,480}x/"), names...) {
		if s.Refused() != "" {
			refused++
		}
	}
	if most := totals.tenant.steps; refused != len(names) || totals.tenants["evil"][wholeWindow].steps != most ||
		totals.tenants["evil"][shortWindow].steps != most {
		t.Errorf("%d of %d are refused, %v of %d steps taken", refused, len(names), totals.tenants["evil"], most)
	}

	// A tenth of 2,000 events, and of the room for them.
	var patterns []string
	for i := range 20 {
		patterns = append(patterns, fmt.Sprintf("/(?i)(holiday|vacation) %d/", i))
	}
	totals = NewTotals(100_000)
	for _, s := range counted(t, totals, u(200, strings.Repeat("Nobody is there, ", 12)), asking(patterns...),
		names...) {
		if s.Short() != "" {
			t.Fatalf("an honest one is too large: %s", s.Short())
		}
	}
}
