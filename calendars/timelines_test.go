package calendars

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/callhours/callhours/calendars/ical"
	"github.com/callhours/callhours/calendars/zones"
	"github.com/callhours/callhours/internal/growth"
)

const testHorizon = 400 * 24 * time.Hour

// TestWindow: at any moment a window reaches from the past to the horizon, and only a part of all
// move on in the same minute.
func TestWindow(t *testing.T) {
	if growth.UnderRace {
		t.Skip("it runs in one goroutine for long; the run without the race detector has it")
	}
	t.Parallel()
	ts := NewTimelines(nil, testHorizon)
	const names = 1000
	moved := map[time.Time]int{}
	windows := map[string]time.Time{}
	begun := time.Date(2026, 11, 23, 0, 0, 30, 0, time.UTC)
	for now := begun; now.Before(begun.Add(13 * time.Hour)); now = now.Add(time.Minute) {
		for i := range names {
			name := fmt.Sprint("tenant-", i, "/main")
			from, to := ts.Window(name, now)
			if now.Sub(from) < windowPast || now.Sub(from) >= windowPast+windowStep || to.Sub(now) <= testHorizon ||
				to.Sub(now) > testHorizon+windowStep {
				t.Fatalf("%s at %s: from %s to %s", name, now, from, to)
			}
			if windows[name] != from {
				windows[name] = from
				moved[now]++
			}
		}
	}
	moves := 0
	for at, n := range moved {
		if at.Equal(begun) {
			continue
		}
		if moves += n; n > names/36 { // ten minutes' worth
			t.Errorf("%d windows moved at %s", n, at)
		}
	}
	if moves < 2*names || moves > 3*names {
		t.Errorf("%d moves of %d windows in thirteen hours", moves, names)
	}
}

func TestTimelinesOf(t *testing.T) {
	t.Parallel()
	day := mustRead(t, wrap(vevent("UID:day", "DTSTART;VALUE=DATE:20261124")))
	berlin, err := zones.Load("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	ts := NewTimelines(map[string]Use{
		"hours":  {Snapshot: Snapshot{Calendar: day}},
		"fixed":  {Snapshot: Snapshot{Calendar: day}, Zone: berlin},
		"never":  {},
		"old":    {Snapshot: Snapshot{Why: "it is old"}},
		"absent": {Absent: true},
	}, testHorizon)
	now := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	from, to := ts.Window("route", now)
	tokyo, err := zones.Load("Asia/Tokyo")
	if err != nil {
		t.Fatal(err)
	}
	of := func(name string, view View, from, to time.Time) *Timeline {
		t.Helper()
		timeline, why := ts.Timeline(name, view, from, to)
		if timeline == nil || why != "" || timeline.From() > from.Unix() || timeline.To() < to.Unix() {
			t.Fatalf("%s: got %v, want one from %s to %s", name, timeline, from, to)
		}
		return timeline
	}
	first := of("hours", View{Zone: berlin}, from, to)
	if of("hours", View{Zone: berlin}, from.Add(windowStep), to.Add(windowStep)) != first {
		t.Error("a window that was moved a little is compiled anew")
	}
	if of("hours", View{Zone: berlin}, from.Add(48*time.Hour), to.Add(48*time.Hour)) == first {
		t.Error("a window that was moved far is the same")
	}
	of("hours", View{Zone: berlin}, from, to) // back again
	if of("hours", View{Zone: tokyo}, from, to) == of("hours", View{Zone: berlin}, from, to) {
		t.Error("zones share a timeline")
	}
	if of("fixed", View{Zone: tokyo}, from, to) != of("fixed", View{Zone: berlin}, from, to) {
		t.Error("the zone of the calendar does not count")
	}
	for name, want := range map[string]string{"never": "it was never read", "old": "it is old"} {
		if got, why := ts.Timeline(name, View{Zone: berlin}, from, to); got != nil || why != want {
			t.Errorf("unknown: got %v, %q, want %q", got, why, want)
		}
	}
	if got := of("absent", View{Zone: berlin}, from, to).All(); len(got) > 0 {
		t.Errorf("absent: got %v", got)
	}

	before := of("hours", View{Zone: berlin}, from, to)
	ts.Set("hours", Use{Snapshot: Snapshot{Calendar: mustRead(t, wrap())}})
	if got := of("hours", View{Zone: berlin}, from, to); len(got.All()) > 0 || len(before.All()) != 1 {
		t.Errorf("after Set: got %v, and who holds the former sees %v", got.All(), before.All())
	}
	if got := ts.Uses()["hours"].Snapshot.Calendar; len(got.Events()) > 0 {
		t.Errorf("Uses: got %v", got.Events())
	}
}

// TestTimelinesProblems: what a calendar could not use, and what goes over a limit for any of its
// views, each once.
func TestTimelinesProblems(t *testing.T) {
	t.Parallel()
	calendar := mustRead(t,
		wrap(vevent("UID:tick", "DTSTART:20261123T000000", "RRULE:FREQ=SECONDLY"), vevent("UID:odd", "DTSTART:x")))
	ts := NewTimelines(map[string]Use{"a": {Snapshot: Snapshot{Calendar: calendar}}, "b": {}}, testHorizon)
	now := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	from, to := ts.Window("route", now)
	for _, hours := range []time.Duration{0, 5} {
		ts.Timeline("a", View{Zone: time.UTC, DayStarts: hours * time.Hour}, from, to)
	}
	want := []string{
		"line 3: more than 20000 occurrences (limits.event_instances); event (tick) is ignored",
		`line 10: DTSTART: expected a time such as 20261224 or 20261224T090000Z, found "x"; event (odd) is ignored`,
	}
	if diff := cmp.Diff(want, texts(ts.Problems("a"))); diff != "" {
		t.Error(diff)
	}
	if got := ts.Problems("b"); got != nil {
		t.Errorf("of an unknown calendar: %v", got)
	}
}

// TestManyZones sees that all time zones together are within the limits of one, that the first is
// always served, and that it is said.
func TestManyZones(t *testing.T) {
	t.Parallel()
	c, err := Read(wrap(vevent("UID:a", "DTSTART:20260101T090000", "DURATION:PT1H", "RRULE:FREQ=DAILY")),
		ical.Limits{Instances: 1000})
	if err != nil {
		t.Fatal(err)
	}
	ts := NewTimelines(map[string]Use{"a": {Snapshot: Snapshot{Calendar: c}}}, 300*24*time.Hour)
	at := time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC)
	served := 0
	for range 2 { // who is refused stays so, and who is served too
		served = 0
		for i := range 400 {
			from, to := ts.Window("route", at)
			timeline, why := ts.Timeline("a", View{Zone: time.FixedZone(fmt.Sprint(i), 60*i)}, from, to)
			switch {
			case timeline != nil:
				served++
			case why != whyManyZones:
				t.Errorf("it is unknown because %q", why)
			}
		}
	}
	if served != 3 {
		t.Errorf("%d zones are served, want 3 of some 300 occurrences each", served)
	}
	want := "[routes in 397 time zones do not fit beside the others, which together take all of limits.instances or " +
		"limits.calendar_steps; the calendar is unknown to them; set the calendar's timezone, or raise the limit]"
	if got := fmt.Sprint(ts.Problems("a")); got != want {
		t.Errorf("said %s", got)
	}
}

// TestTimelinesOnce: a calendar is compiled once for all that ask at a moment, whatever their
// windows, and whoever asks first.
func TestTimelinesOnce(t *testing.T) {
	t.Parallel()
	ts := NewTimelines(map[string]Use{
		"a": {Snapshot: Snapshot{Calendar: mustRead(t, wrap(vevent("UID:a", "DTSTART:20261124T080000Z")))}},
	}, testHorizon)
	now := time.Date(2026, 11, 23, 0, 0, 30, 0, time.UTC)
	compiled := map[*Timeline]bool{}
	for i := range 1000 {
		from, to := ts.Window(fmt.Sprint("tenant/", i), now)
		one, _ := ts.Timeline("a", View{}, from, to)
		compiled[one] = true
	}
	if len(compiled) != 1 {
		t.Errorf("it is compiled %d times", len(compiled))
	}
}
