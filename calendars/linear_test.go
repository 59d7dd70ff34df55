package calendars

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/callhours/callhours/calendars/ical"
	"github.com/callhours/callhours/calendars/patterns"
	"github.com/callhours/callhours/calendars/recur"
	"github.com/callhours/callhours/calendars/zones"
	"github.com/callhours/callhours/internal/diag"
	"github.com/callhours/callhours/internal/growth"
)

// wide are limits that a body under test does not meet. That of parameters stays: golang-ical takes
// the square of their number.
var wide = ical.Limits{LineBytes: 1 << 24, Dates: 1 << 24, Observances: 1 << 24, Overrides: 1 << 24, Nesting: 1 << 24}

// TestReadIsLinear feeds the reader bodies of n, 2n and 4n of what is hostile.
func TestReadIsLinear(t *testing.T) {
	if growth.UnderRace {
		t.Skip("it measures")
	}
	times := strings.Repeat
	timed := func(tzid string) string { return vevent("UID:"+tzid, "DTSTART;TZID=\""+tzid+"\":20261124T090000") }
	for _, c := range []struct {
		what string
		n    int
		body func(n int) string
	}{
		{"events", 2000, func(n int) string { return times(event("a"), n) }},
		{"folds", 20_000, func(n int) string {
			return vevent("UID:a", "DTSTART:20261124T090000Z", "SUMMARY:x"+times("\r\n y", n))
		}},
		{"a folded time", 20_000, func(n int) string { return vevent("UID:a", "DTSTART:"+times("\r\n 2", n)) }},
		{"escapes", 20_000, func(n int) string {
			return vevent("UID:a", "DTSTART:20261124T090000Z", `DESCRIPTION:`+times(`\n\,`, n))
		}},
		{"categories", 20_000, func(n int) string {
			return vevent("UID:a", "DTSTART:20261124T090000Z", "CATEGORIES:"+times(`a\,b,`, n))
		}},
		{"lines of categories", 20_000, func(n int) string {
			return vevent("UID:a", "DTSTART:20261124T090000Z"+times("\r\nCATEGORIES:a", n))
		}},
		{"parameters", 5000, func(n int) string {
			return vevent("UID:a", "DTSTART"+times(";X=1", n)+":20261124T090000Z")
		}},
		{"quotes", 20_000, func(n int) string {
			return vevent("UID:a", `DTSTART;TZID="`+times(`;:,`, n)+`":20261124T090000`)
		}},
		{"nesting", 100_000, func(n int) string { return times("BEGIN:X\r\n", n) + times("END:X\r\n", n) }},
		{"empty lines of CR", 20_000, func(n int) string { return times("\r", n) }},
		{"lines that end with CR", 20_000, func(n int) string { return times("X:1\r", n) }},
		{"indented blocks that end with CR", 4_000, func(n int) string { return times(" BEGIN:VEVENT\r", n) }},
		{"lines that end with LF CR", 20_000, func(n int) string { return times("X:1\n\r", n) }},
		{"unknown properties", 5_000, func(n int) string {
			return vevent("UID:a", "DTSTART:20261124T090000Z"+times("\r\nX:1", n))
		}},
		{"ends of nothing", 20_000, func(n int) string { return times("END:X\r\n", n) }},
		{"exceptions", 5000, func(n int) string {
			return vevent("UID:a", "DTSTART:20261124T090000Z", "RRULE:FREQ=DAILY",
				"EXDATE:"+times("20271121T090000Z,", n)+"20271121T090000Z")
		}},
		{"rules", 2000, func(n int) string {
			return vevent("UID:a", "DTSTART:20261124T090000Z"+times("\r\nRRULE:FREQ=YEARLY", n))
		}},
		{"versions of one event", 2000, func(n int) string {
			return times(vevent("UID:a", "DTSTART:20261124T090000Z", "SEQUENCE:1"), n)
		}},
		{"unknown zones", 50, func(n int) string {
			return concat(n, func(i int) string { return timed(fmt.Sprintf("nowhere/%d", i)) })
		}},
		{"a long name of a zone", 10_000, func(n int) string { return timed(times("ab/cd_", n)) }},
		{"its own zones without an end", 45, func(n int) string {
			return concat(n, func(i int) string { return timed(fmt.Sprint("z", i)) }) +
				concat(n, func(i int) string {
					return fmt.Sprintf("BEGIN:VTIMEZONE\r\nTZID:z%d\r\n", i) + times("COMMENT:x\r\n", 20)
				})
		}},
		{"parts of a zone", 2000, func(n int) string {
			return "BEGIN:VTIMEZONE\r\nTZID:z\r\n" +
				times("BEGIN:STANDARD\r\nDTSTART:20260101T000000\r\nTZOFFSETTO:+0100\r\nEND:STANDARD\r\n", n) +
				"END:VTIMEZONE\r\n" + timed("z")
		}},
	} {
		t.Run(c.what, func(t *testing.T) {
			growth.Linear(t, c.n, func(n int) int {
				body := wrap(c.body(n))
				return growth.Bytes(func() { _, _ = Read(body, wide) })
			})
			if os.Getenv("CALLHOURS_SOAK") != "" {
				growth.Within(t, 3.2, 8*c.n, func(n int) int {
					body := wrap(c.body(n))
					return growth.CPU(t, func() { _, _ = Read(body, wide) })
				})
			}
		})
	}
}

func concat(n int, text func(i int) string) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(text(i))
	}
	return b.String()
}

// TestTextsAreLinear feeds each function that takes a person's or a feed's text n, 2n and 4n of it.
func TestTextsAreLinear(t *testing.T) {
	if growth.UnderRace {
		t.Skip("it runs in one goroutine for long; the run without the race detector has it")
	}
	text := func(n int) string { return strings.Repeat("ab/ é", n) }
	ps, mistakes := patterns.ParseList([]diag.Text{{S: "abcdef*gh*"}, {S: "!*x*"}, {S: "closed for good"}})
	if len(mistakes) > 0 {
		t.Fatal(mistakes)
	}
	for what, f := range map[string]func(text string){
		"Fold":          func(s string) { patterns.Fold(s) },
		"Match":         func(s string) { ps.Match(s) },
		"Near":          func(s string) { ps.Near(s) },
		"NearName":      func(s string) { patterns.NearName(s, []string{"closed", s}) },
		"ParsePatterns": func(s string) { _, _ = patterns.ParseList([]diag.Text{{S: s}}) },
		"LoadZone":      func(s string) { _, _ = zones.Load(s) },
		"parseRule":     func(s string) { _, _ = recur.Parse("FREQ=" + s) },
		"parseTime":     func(s string) { _, _ = recur.ParseTime(s) },
		"parseDuration": func(s string) { _, _ = recur.ParseDuration("P" + s) },
	} {
		t.Run(what, func(t *testing.T) {
			growth.Linear(t, 50_000, func(n int) int {
				s := text(n)
				return growth.Bytes(func() { f(s) })
			})
		})
	}
}

// TestStepsAreLinear sees that the steps of a rule follow how far it is looked ahead.
func TestStepsAreLinear(t *testing.T) {
	if growth.UnderRace {
		t.Skip("it runs in one goroutine for long; the run without the race detector has it")
	}
	t.Parallel()
	list := strings.TrimSuffix(strings.Repeat("1MO,-1SU,", 300), ",")
	for _, text := range []string{
		"FREQ=DAILY", "FREQ=HOURLY;BYMINUTE=1,2,3;BYSETPOS=366", "FREQ=YEARLY;BYDAY=" + list,
		"FREQ=MONTHLY;BYMONTHDAY=30;BYMONTH=2", "FREQ=SECONDLY;INTERVAL=7;BYHOUR=3",
	} {
		r, err := recur.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		start := recur.Civil(2026, 1, 1)
		growth.Linear(t, 400, func(n int) int {
			b := &recur.Budget{Left: 1 << 40}
			for range r.Anchor(start).Starts(start, start, start+int64(n)*recur.Day, b) {
			}
			return 1<<40 - b.Left
		})
	}
}

// TestCutTexts sees where texts are cut, that it is said, and that UIDs stay different.
func TestCutTexts(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("ö", 300)
	c := mustRead(t, wrap(
		vevent("UID:"+long+"1", "DTSTART:20261124T090000Z", "SUMMARY:"+long, "LOCATION:"+long, "CATEGORIES:a,"+long,
			"DESCRIPTION:"+strings.Repeat(long, 30)),
		vevent("UID:"+long+"2", "DTSTART:20261124T090000Z", "SUMMARY:"+strings.Repeat("ö", 256), "DESCRIPTION:"+long)))
	want := strings.Repeat("ö", 255) + "…"
	events := c.Events()
	if len(events) != 2 {
		t.Fatalf("read %d events, want 2", len(events))
	}
	if e := events[0]; e.Summary != want || e.Location != want || e.Categories[1] != want ||
		len([]rune(e.Description)) != 8192 || len(e.UID) > 600 {
		t.Errorf("got %+v", e)
	}
	if e := events[1]; strings.HasSuffix(e.Summary, "…") || e.Description != long || e.UID == events[0].UID {
		t.Errorf("got %+v", e)
	}
	var said []string
	for _, p := range c.Problems() {
		said = append(said, fmt.Sprint(p.Line, " ", p.Property, ": ", p.Message[:strings.Index(p.Message, ";")]))
	}
	if got, want := strings.Join(said, "\n"),
		"6 SUMMARY: longer than 256 characters\n7 LOCATION: longer than 256 characters\n"+
			"8 CATEGORIES: longer than 256 characters\n9 DESCRIPTION: longer than 8192 characters"; got != want {
		t.Errorf("said\n%s\nwant\n%s", got, want)
	}
}

// TestLastYear sees that moments are kept to those that RFC 3339 can write in every zone, and that
// it is said.
func TestLastYear(t *testing.T) {
	t.Parallel()
	c := mustRead(t, wrap(vevent("UID:a", "DTSTART:00000101T000000", "DTEND:99991231T235959", "SUMMARY:Open for ever")))
	zone := time.FixedZone("", -14*3600)
	from := time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC)
	timeline := c.Compile(View{Zone: zone}, from, from.Add(hostileHorizon))
	on := timeline.At(nil, from.Unix())
	if len(on) != 1 {
		t.Fatalf("%d are on, want 1", len(on))
	}
	for _, zone := range []*time.Location{zone, time.UTC, time.FixedZone("", 14*3600)} {
		for _, at := range []int64{on[0].Start, on[0].End, timeline.Last()} {
			if text, err := time.Unix(at, 0).In(zone).MarshalJSON(); err != nil {
				t.Errorf("%d in %s: %s, %v", at, zone, text, err)
			}
		}
	}
	if got := fmt.Sprint(timeline.Problems()); got != `[line 3: it ends after the year 9999; event "Open for ever" (a) is read as ending on 9999-12-30]` {
		t.Errorf("said %s", got)
	}
}

// TestNoOnset is a VTIMEZONE whose rules name no moment: its DTSTART is when the offset begins (RFC
// 5545, 3.6.5).
func TestNoOnset(t *testing.T) {
	t.Parallel()
	for _, rule := range []string{
		"FREQ=YEARLY;UNTIL=19990101T000000Z", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
		"FREQ=YEARLY;INTERVAL=9999999;BYMONTH=1;BYMONTHDAY=2",
		"FREQ=HOURLY;INTERVAL=2;BYHOUR=11", "FREQ=MONTHLY;BYDAY=53MO", "FREQ=YEARLY;BYSETPOS=366",
	} {
		definition :=
			"BEGIN:VTIMEZONE\r\nTZID:own\r\nBEGIN:STANDARD\r\nDTSTART:20260101T000000\r\nTZOFFSETFROM:+0100\r\nTZOFFSETTO:+0100\r\nRRULE:" + rule +
				"\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"
		c := mustRead(t, wrap(definition, vevent("UID:a", "DTSTART;TZID=own:20260401T090000", "DURATION:PT1H")))
		at := time.Date(2026, 4, 1, 8, 30, 0, 0, time.UTC)
		if len(c.Problems()) > 0 || c.Compile(View{}, at.Add(-time.Hour), at.Add(time.Hour)).Count(at.Unix()) != 1 {
			t.Errorf("%s: the event is not on at 9:30 +0100: %v", rule, c.Problems())
		}
	}
}
