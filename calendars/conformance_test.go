package calendars

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/callhours/callhours/calendars/ical"
	"github.com/callhours/callhours/calendars/recur"
	"github.com/callhours/callhours/calendars/zones"
)

// corpus is a folder of calendars that nobody on this project wrote, with the occurrences on which
// independent engines agree. It is no part of the repository.
func corpus(t *testing.T, name string) string {
	t.Helper()
	path := filepath.Join(corpusFolder(), name)
	if _, err := os.Stat(path); err != nil {
		t.Skipf("the calendar corpus is not here: %v", err)
	}
	return path
}

func corpusFolder() string {
	shared := os.Getenv("CALLHOURS_SHARED")
	if shared == "" {
		shared = filepath.Join("..", "..", "shared")
	}
	return filepath.Join(shared, "calendar-corpus")
}

func readJSON[T any](t *testing.T, path string) (value T) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &value); err != nil {
		t.Fatal(err)
	}
	return value
}

type publishedRule struct {
	ID, DTStart, RRule string
	TZID               *string
	Expect, ExDate     any
	Complete           bool
	Contested          []string
}

// TestConformanceRules compares with published rules: all that are not contested have to agree.
func TestConformanceRules(t *testing.T) {
	t.Parallel()
	for file, floor := range map[string]int{"rules.json": 40, "rules_random.json": 0} {
		cases := readJSON[[]publishedRule](t, corpus(t, file))
		agreed, contested, contestedAgreed := 0, 0, 0
		for _, c := range cases {
			diff := checkPublished(t, c)
			switch {
			case len(c.Contested) > 0:
				contested++
				if diff == "" {
					contestedAgreed++
				} else {
					t.Logf("%s %s: %s (contested: %s)\n%s", c.ID, c.DTStart, c.RRule, c.Contested, diff)
				}
			case diff == "":
				agreed++
			case c.TZID != nil && !recentZones(t):
				t.Logf("%s %s in %s: the zone data here are too old to tell", file, c.ID, *c.TZID)
			default:
				t.Errorf("%s %s %s: %s\n%s", file, c.ID, c.DTStart, c.RRule, diff)
			}
		}
		t.Logf("%s: %d of %d agreed; of %d contested %d", file, agreed, len(cases)-contested, contested,
			contestedAgreed)
		if contestedAgreed < floor {
			t.Errorf("%s: %d contested agreed, want at least %d", file, contestedAgreed, floor)
		}
	}
}

// recentZones reports whether the zone data are those of 2026, which the corpus was made with.
func recentZones(t *testing.T) bool {
	t.Helper()
	zone, err := zones.Load("America/Vancouver")
	if err != nil {
		t.Fatal(err)
	}
	return zones.Instant(recur.Civil(2026, 12, 1), zone) == recur.Civil(2026, 12, 1)+7*recur.Hour
}

func strs(v any) (list []string) {
	switch v := v.(type) {
	case string:
		return []string{v}
	case []any:
		for _, s := range v {
			list = append(list, fmt.Sprint(s))
		}
	}
	return list
}

func checkPublished(t *testing.T, c publishedRule) string {
	t.Helper()
	written, err := recur.ParseTime(c.DTStart)
	start := ical.Time{Time: written}
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := recur.Parse(c.RRule)
	if err != nil {
		return err.Error()
	}
	if c.TZID != nil {
		start.Form = recur.Zoned
		if start.Zone, err = zones.Load(*c.TZID); err != nil {
			t.Fatal(err)
		}
	}
	x := &compiler{clock: newClock(View{}), limits: ical.Limits{}.WithDefaults()}
	to, last := x.until(parsed, start, forever)
	expect, except := strs(c.Expect), strs(c.ExDate)
	var got []string
	for civil := range parsed.Anchor(start.Civil).Starts(start.Civil, start.Civil, to, &recur.Budget{Left: 1 << 30}) {
		if x.instant(&Event{Event: ical.Event{Start: start}}, civil) > last {
			break
		}
		text := time.Unix(civil, 0).UTC().Format("20060102T150405")
		if slices.Contains(except, text) {
			continue
		}
		if len(got) == len(expect) {
			if c.Complete {
				got = append(got, text)
			}
			break
		}
		got = append(got, text)
	}
	return cmp.Diff(expect, got)
}

type moment struct {
	T    time.Time
	Busy bool
}

type publishedOccurrence struct {
	UID, Summary string
	Start, End   time.Time
	AllDay       bool
	Status       *string
}

type publishedWindow struct {
	File, Zone  string
	From, To    time.Time
	Occurrences []publishedOccurrence
	At          []moment
	N           int
}

// lines are the occurrences in the window that are not cancelled, as lines that compare as a
// multiset.
func (w publishedWindow) lines() []string {
	lines := []string{}
	for _, o := range w.Occurrences {
		if o.Status == nil || *o.Status != "CANCELLED" {
			lines = append(lines, fmt.Sprintf("%s %s %s %v", o.Start.UTC().Format(time.RFC3339),
				o.End.UTC().Format(time.RFC3339), o.UID, o.AllDay))
		}
	}
	slices.Sort(lines)
	return lines
}

func linesOf(all []Occurrence) []string {
	lines := []string{}
	for _, o := range all {
		lines = append(lines, fmt.Sprintf("%s %s %s %v", time.Unix(o.Start, 0).UTC().Format(time.RFC3339),
			time.Unix(o.End, 0).UTC().Format(time.RFC3339), o.Event.UID, o.Event.AllDay))
	}
	slices.Sort(lines)
	return lines
}

// argued are the files of which some window differs, and why; docs/calendars.md has the readings.
var argued = map[string]string{
	"ics/allenporter__ical/tests__compat__testdata__calendar_labs_same_day_dtend.ics": "an all-day event whose DTEND is its DTSTART lasts one day",
	"ics/icalendar__icalendar/spec__fixtures__recurrence.ics":                         "an all-day event whose DTEND is its DTSTART lasts one day",
}

// TestConformanceFiles compares with windows that several engines agree on. All have to
// agree but those that are argued.
func TestConformanceFiles(t *testing.T) {
	t.Parallel()
	windows := readJSON[[]publishedWindow](t, corpus(t, "expected.json"))
	agreed, differing := 0, map[string]int{}
	for _, w := range windows {
		diff := ""
		if calendar, timeline, err := w.compile(t); err != nil {
			diff = "refused: " + err.Error()
		} else if diff = cmp.Diff(w.lines(), linesOf(timeline.All())); diff != "" {
			diff += fmt.Sprint(calendar.Problems(), timeline.Problems())
		}
		switch why := argued[w.File]; {
		case diff == "":
			agreed++
		case why != "":
			differing[why]++
		default:
			t.Errorf("%s from %s: %.800s", w.File, w.From, diff)
		}
	}
	t.Logf("expected.json: %d windows, %d agreed", len(windows), agreed)
	for why, n := range differing {
		t.Logf("differing: %d, since %s", n, why)
	}
}

// TestConformanceDisputed says whom we agree with where engines differ among themselves.
func TestConformanceDisputed(t *testing.T) {
	t.Parallel()
	counts := map[string]int{}
	for _, w := range readJSON[[]disputedWindow](t, corpus(t, "disputed.json")) {
		side := "nobody"
		calendar, timeline, err := w.compile(t)
		if err != nil {
			side = "refused"
		} else {
			const listed = 300 // of the occurrences, the first that the corpus has
			got := linesOf(timeline.All())
			for camp, occurrences := range w.ByCamp {
				want := publishedWindow{Occurrences: occurrences}.lines()
				if len(occurrences) == listed {
					// sorted by something else than start and end
					want, got = want[:listed-10], got[:min(len(got), listed-10)]
				}
				if !slices.Equal(got, want) {
					continue
				}
				if side = "some engine"; camp == w.LikelyRight {
					side = "the one that is likely right"
				}
			}
		}
		counts[side]++
		if side == "the one that is likely right" || w.LikelyRight == "" {
			continue
		}
		t.Logf("with %s: %s from %s: %s", side, w.File, w.From.Format(time.DateOnly), w.Argument)
		if err != nil {
			t.Logf("%v", err)
		} else {
			t.Logf("%v\n%.1200s", calendar.Problems(),
				cmp.Diff(publishedWindow{Occurrences: w.ByCamp[w.LikelyRight]}.lines(), linesOf(timeline.All())))
		}
	}
	t.Logf("disputed.json: agreed with %v", counts)
}

type disputedWindow struct {
	publishedWindow
	ByCamp      map[string][]publishedOccurrence `json:"by_camp"`
	Argument    string
	LikelyRight string `json:"likely_right"`
}

// TestConformanceNasty compares with the situations that opening hours meet.
func TestConformanceNasty(t *testing.T) {
	t.Parallel()
	for _, w := range readJSON[[]publishedWindow](t, corpus(t, "nasty/nasty.json")) {
		t.Run(filepath.Base(w.File), func(t *testing.T) {
			t.Parallel()
			calendar, timeline, err := w.compile(t)
			switch {
			case w.N == 20 && !recentZones(t):
				t.Skip("the zone data here are too old to tell")
			case w.N == 25:
				if !errors.Is(err, ical.ErrTruncated) {
					t.Errorf("got %v, want %v", err, ical.ErrTruncated)
				}
				return
			case err != nil:
				t.Fatal(err)
			}
			if diff := cmp.Diff(w.lines(), linesOf(timeline.All())); diff != "" {
				t.Errorf("%s\n%v", diff, calendar.Problems())
			}
			for _, m := range w.At {
				if got := len(timeline.At(nil, m.T.Unix())) > 0; got != m.Busy {
					t.Errorf("at %s: busy %v, want %v", m.T, got, m.Busy)
				}
			}
		})
	}
}

func (w publishedWindow) compile(t *testing.T) (*Calendar, *Timeline, error) {
	t.Helper()
	body, err := os.ReadFile(corpus(t, w.File))
	if err != nil {
		t.Fatal(err)
	}
	zone, err := zones.Load(w.Zone)
	if err != nil {
		t.Fatal(err)
	}
	calendar, err := Read(body, ical.Limits{})
	if err != nil {
		return nil, nil, err
	}
	return calendar, calendar.Compile(View{Zone: zone}, w.From, w.To), nil
}
