package calendars

import (
	"math/rand/v2"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/callhours/callhours/calendars/ical"
	"github.com/callhours/callhours/calendars/recur"
	"github.com/callhours/callhours/calendars/zones"
)

// TestTimelineNaively compares with a walk over all occurrences, at every moment where something
// changes and beside it.
func TestTimelineNaively(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	for range rounds(50) {
		var occurrences []Occurrence
		for range random.IntN(300) {
			start := random.Int64N(1000)
			length := random.Int64N(20)
			if random.IntN(20) == 0 {
				length = random.Int64N(900)
			}
			occurrences = append(occurrences,
				Occurrence{start, start + length, &Event{Event: ical.Event{UID: string(rune('a' + random.IntN(26)))}}})
		}
		if random.IntN(4) == 0 { // one that goes back further than 136 years
			occurrences = append(occurrences, Occurrence{-1 << 33, 200, &Event{Event: ical.Event{UID: "old"}}})
		}
		timeline := timelineOf(100, 900, slices.Clone(occurrences))
		slices.SortStableFunc(occurrences, Occurrence.compare)
		all := timeline.All()
		for at := int64(100); at < 900; at++ {
			var on []Occurrence
			since, until := int64(100), int64(900)
			for _, o := range all {
				if o.Start <= at && at < o.End {
					on = append(on, o)
				}
				for _, change := range []int64{o.Start, o.End} {
					if change <= at {
						since = max(since, change)
					} else {
						until = min(until, change)
					}
				}
			}
			if got := timeline.At(nil, at); !slices.EqualFunc(got, on, sameOccurrence) ||
				timeline.Count(at) != len(on) {
				t.Fatalf("at %d: got %d, %v, want %v", at, timeline.Count(at), got, on)
			}
			if gotSince, gotUntil := timeline.Edges(at, 100, 900); gotSince != since || gotUntil != until {
				t.Fatalf("around %d: got %d to %d, want %d to %d", at, gotSince, gotUntil, since, until)
			}
		}
	}
}

func TestTimelineWindow(t *testing.T) {
	t.Parallel()
	calendar := mustRead(t,
		wrap(vevent("UID:a", "DTSTART:20261124T000000Z", "DURATION:PT24H", "RRULE:FREQ=DAILY;INTERVAL=2;COUNT=3")))
	from := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	timeline := calendar.Compile(View{}, from, from.AddDate(0, 0, 2))
	if timeline.From() != from.Unix() || timeline.To() != from.AddDate(0, 0, 2).Unix() {
		t.Errorf("got %d to %d", timeline.From(), timeline.To())
	}
	var on []bool
	for _, after := range []int64{0, 12 * recur.Hour, 36 * recur.Hour, 2*recur.Day - 1} {
		on = append(on, timeline.Count(from.Unix()+after) > 0)
	}
	if diff := cmp.Diff([]bool{true, false, true, true}, on); diff != "" {
		t.Error(diff)
	}
	if empty := calendar.Compile(View{}, from, from); len(empty.All()) != 0 {
		t.Errorf("a window of no length has %v", empty.All())
	}
}

// timelineOf is a timeline of a calendar that has these occurrences' events.
func timelineOf(from, to int64, occurrences []Occurrence) *Timeline {
	calendar, contents := &Calendar{}, &contents{}
	seen := map[*Event]bool{}
	for _, o := range occurrences {
		if !seen[o.Event] {
			seen[o.Event] = true
			contents.components = append(contents.components, o.Event)
		}
	}
	calendar.pack(contents)
	return newTimeline(calendar, from, to, occurrences, nil)
}

func sameOccurrence(a, b Occurrence) bool { return a.compare(b) == 0 }

func TestCountDoesNotAllocate(t *testing.T) {
	timeline := timelineOf(0, 1000*2*recur.Hour, lane(1000))
	if n := testing.AllocsPerRun(100, func() { timeline.Count(1000 * recur.Hour) }); n > 0 {
		t.Errorf("%v allocations, want none", n)
	}
}

// TestCompileMonths shows that a Timeline of a year is those of its months together, on a calendar
// as people have them.
func TestCompileMonths(t *testing.T) {
	t.Parallel()
	calendar := mustRead(t, typical(500))
	zone, err := zones.Load("America/Sao_Paulo")
	if err != nil {
		t.Fatal(err)
	}
	view := View{Zone: zone, DayStarts: 3 * time.Hour}
	from := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	year := calendar.Compile(view, from, from.AddDate(1, 0, 0))
	if len(year.All()) < 1000 {
		t.Fatalf("%d occurrences in a year, want some", len(year.All()))
	}
	var months []Occurrence
	for i := range 12 {
		month := calendar.Compile(view, from.AddDate(0, i, 0), from.AddDate(0, i+1, 0))
		if diff := cmp.Diff(overlapping(year.All(), month.From(), month.To()), month.All(),
			cmp.Comparer(sameOccurrence)); diff != "" {
			t.Fatalf("month %d\n%s", i, diff)
		}
		months = append(months, month.All()...)
	}
	slices.SortFunc(months, Occurrence.compare)
	if got, want := len(slices.CompactFunc(months, sameOccurrence)), len(year.All()); got != want {
		t.Errorf("%d occurrences month by month, %d in the year", got, want)
	}
}

func overlapping(all []Occurrence, from, to int64) (cut []Occurrence) {
	for _, o := range all {
		if o.Start < to && (o.End > from || o.Start == o.End && o.Start >= from) {
			cut = append(cut, o)
		}
	}
	return cut
}

// TestMinuteByMinute compares opening hours, night shifts and days off with a person who looks at
// the clock on the wall every minute: in the weeks in which it changes, or, in a soak, all year.
func TestMinuteByMinute(t *testing.T) {
	t.Parallel()
	minutes := func(clock time.Time) int { return clock.Hour()*60 + clock.Minute() }
	person := map[string]func(clock time.Time) bool{
		"day": func(c time.Time) bool {
			return c.Weekday() != time.Friday && c.Weekday() != time.Saturday && 510 <= minutes(c) && minutes(c) < 1050
		},
		"night": func(c time.Time) bool {
			evening := c.Weekday() != time.Sunday && minutes(c) >= 22*60
			return evening || c.Weekday() != time.Monday && minutes(c) < 6*60
		},
		"first": func(c time.Time) bool { return c.Day() == 1 },
		"friday": func(c time.Time) bool {
			return c.Weekday() == time.Friday && c.AddDate(0, 0, 7).Month() != c.Month()
		},
	}
	for _, name := range []string{
		"America/New_York", "America/Los_Angeles", "America/St_Johns", "America/Santiago", "America/Havana",
		"Europe/Berlin",
		"Europe/London", "Asia/Beirut", "Australia/Sydney", "Australia/Lord_Howe", "Pacific/Auckland", "Asia/Tokyo",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			zone, err := zones.Load(name)
			if err != nil {
				t.Fatal(err)
			}
			event := func(uid, start, end, rule string) string {
				return vevent("UID:"+uid, "DTSTART;TZID="+name+":"+start, "DTEND;TZID="+name+":"+end, "RRULE:"+rule)
			}
			calendar := mustRead(t, wrap(
				event("day", "19950102T083000", "19950102T173000", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,SU"),
				event("night", "19950102T220000", "19950103T060000", "FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR,SA"),
				vevent("UID:first", "DTSTART;VALUE=DATE:19950101", "RRULE:FREQ=MONTHLY"),
				vevent("UID:friday", "DTSTART;VALUE=DATE:19950127", "RRULE:FREQ=MONTHLY;BYDAY=-1FR"),
			))
			months := []time.Month{3, 4, 9, 10, 11}
			if rounds(1) > 1 {
				months = []time.Month{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}
			}
			var on []Occurrence
			for _, month := range months {
				from := time.Date(2027, month, 1, 0, 0, 0, 0, time.UTC)
				timeline := calendar.Compile(View{Zone: zone}, from, from.AddDate(0, 1, 0))
				for at := timeline.From(); at < timeline.To(); at += recur.Minute {
					clock := time.Unix(at, 0).In(zone)
					on = timeline.At(on[:0], at)
					for uid, is := range person {
						got := slices.ContainsFunc(on, func(o Occurrence) bool { return o.Event.UID == uid })
						if want := is(clock); got != want {
							t.Fatalf("%s: %s is on: %v, want %v", clock, uid, got, want)
						}
					}
				}
			}
		})
	}
}

func TestState(t *testing.T) {
	t.Parallel()
	if !(Snapshot{}).Unknown() || (Snapshot{Calendar: &Calendar{}}).Unknown() {
		t.Error("a calendar is unknown until it is read, and known from then on")
	}
}

func rounds(n int) int {
	if os.Getenv("CALLHOURS_SOAK") == "1" {
		return 10 * n
	}
	return n
}
