package calendars

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/callhours/callhours/calendars/ical"
	"github.com/callhours/callhours/internal/growth"
)

// TestOwnersTotal: all calendars of a tenant are compiled up to the total and not beyond it,
// however many there are; those of others and of the operator do not count, and what is replaced or
// forgotten makes place again.
func TestOwnersTotal(t *testing.T) {
	t.Parallel()
	if growth.UnderRace {
		t.Skip("millions of occurrences in one goroutine")
	}
	at := time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC)
	read := func(seconds int) *Calendar { // as many occurrences
		var events []string
		for i := 0; seconds > 0; i++ {
			n := min(seconds, 10_000)
			events = append(events,
				vevent(fmt.Sprint("UID:", i), "DTSTART:20261001T000000Z", "DURATION:PT1S",
					fmt.Sprint("RRULE:FREQ=SECONDLY;COUNT=", n)))
			seconds -= n
		}
		return mustRead(t, wrap(events...))
	}
	standard := ical.Limits{}.WithDefaults()
	large, one := read(standard.Instances), read(1)
	uses := map[string]Use{
		"everybody's": {Snapshot: Snapshot{Calendar: large}}, "good/a": {Snapshot: Snapshot{Calendar: large}},
		"evil/one": {Snapshot: Snapshot{Calendar: one}},
	}
	for i := range tenantTimes {
		uses[fmt.Sprint("evil/", i)] = Use{Snapshot: Snapshot{Calendar: large}}
	}
	ts := NewTimelines(uses, time.Hour)
	of := func(name string) string {
		from, to := ts.Window("route", at)
		timeline, why := ts.Timeline(name, View{Zone: time.UTC}, from, to)
		if (timeline == nil) != (why != "") {
			t.Errorf("%s: got %v, %q", name, timeline, why)
		}
		return why
	}
	served := func(names ...string) {
		t.Helper()
		for _, name := range names {
			if why := of(name); why != "" {
				t.Errorf("%s is unknown: %s", name, why)
			}
		}
	}
	for i := range tenantTimes {
		served(fmt.Sprint("evil/", i)) // at the bound
	}
	want := usage{tenantTimes * standard.Instances, ts.totals["evil"].steps}
	if got := ts.totals["evil"]; got != want {
		t.Errorf("they take %v, want %v", got, want)
	}
	for range 2 {
		if got := of("evil/one"); got != whyTenantTotal { // one past it
			t.Errorf("one past the total: got %q", got)
		}
	}
	const said = `all calendars of tenant "evil" together have more than 4000000 occurrences, or take more than 80000000 steps of rules; the calendar is unknown ` +
		`to routes in 1 time zones; use fewer or smaller calendars, or raise limits.instances and limits.calendar_steps in the main file`
	if got := strings.Join(texts(ts.Problems("evil/one")), "\n"); got != said {
		t.Errorf("said %q, want %q", got, said)
	}
	served("good/a", "everybody's", "evil/0")

	ts.Set("evil/0", Use{Snapshot: Snapshot{Calendar: read(2)}}) // it is smaller now
	served("evil/0", "evil/one")
	if got := ts.Problems("evil/one"); got != nil {
		t.Errorf("it is served, and still said: %v", got)
	}
	if got := ts.totals["evil"].instances; got != (tenantTimes-1)*standard.Instances+3 {
		t.Errorf("they take %d occurrences", got)
	}
	for name := range uses {
		ts.Forget(name)
	}
	if len(ts.totals) > 0 {
		t.Errorf("nothing is kept, and counted %v", ts.totals)
	}
}

// TestCompiledInVain: calendars for which a tenant has no room are compiled to find that out, but
// not without an end.
func TestCompiledInVain(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC)
	calendar := mustRead(t,
		wrap(vevent("UID:1", "DTSTART:20261001T000000Z", "DURATION:PT1S", "RRULE:FREQ=SECONDLY;COUNT=100")))
	uses := map[string]Use{}
	for i := range 5 {
		uses[fmt.Sprint("evil/", i)] = Use{Snapshot: Snapshot{Calendar: calendar}}
		uses[fmt.Sprint("good/", i)] = Use{Snapshot: Snapshot{Calendar: calendar}}
	}
	ts := NewTimelines(uses, time.Hour)
	most := tenantLimit(calendar.limits.WithDefaults())
	compiled := func(ts *Timelines, name string) bool {
		t.Helper()
		from, to := ts.Window("route", at)
		if _, why := ts.Timeline(name, View{Zone: time.UTC}, from, to); why != whyTenantTotal {
			t.Errorf("%s: got %q", name, why)
		}
		for _, r := range ts.refused[name] {
			return r.needs != usage{}
		}
		return false
	}
	ts.totals["evil"], ts.totals["good"] = most, most
	want := []string{"evil/0", "evil/1", "evil/2", "evil/4"}
	if !compiled(ts, "evil/0") || ts.wasted["evil"].instances != 100 {
		t.Fatalf("what was in vain is not counted: %v", ts.wasted)
	}
	ts.wasted["evil"] = most // at the bound
	if !compiled(ts, "evil/1") {
		t.Error("at the bound nobody finds out")
	}
	for range 2 {
		if compiled(ts, "evil/2") || compiled(ts.Clone(), "evil/3") {
			t.Error("past it one more is compiled")
		}
	}
	if !compiled(ts, "good/0") {
		t.Error("another tenant's is not compiled")
	}
	if got := ts.Waiting(); got != nil {
		t.Errorf("there is no room, and there may be for %q", got)
	}
	ts.Set("evil/4", Use{Snapshot: Snapshot{Calendar: calendar}})
	if !compiled(ts, "evil/4") {
		t.Error("one that has changed is not compiled")
	}
	ts.totals["evil"] = usage{}
	if got := ts.Waiting("evil"); !slices.Equal(slices.Sorted(slices.Values(got)), want) {
		t.Errorf("there is room: got %q, want %q", got, want)
	}
	if got := ts.Waiting("good"); got != nil {
		t.Errorf("there is no room for the other tenant, and there may be for %q", got)
	}
}
