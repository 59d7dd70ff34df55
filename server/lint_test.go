package server

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/callhours/callhours/calendars"
	"github.com/callhours/callhours/calendars/ical"
	"github.com/callhours/callhours/config"
	"github.com/callhours/callhours/examples"
	"github.com/callhours/callhours/preview"
)

// event is a VEVENT: a title, a start as it is written ("20261126" or "20261126T090000"), an
// end or "", and further lines.
func event(title, start, end string, more ...string) string {
	stamped := func(name, at string) string {
		switch {
		case at == "":
			return ""
		case len(at) == len("20261126"):
			return name + ";VALUE=DATE:" + at + "\n"
		case strings.HasSuffix(at, "Z") || !strings.Contains(at, "@"):
			return name + ":" + at + "\n"
		}
		at, zone, _ := strings.Cut(at, "@")
		return name + ";TZID=" + zone + ":" + at + "\n"
	}
	text := "BEGIN:VEVENT\nUID:" + title + start + "\nDTSTAMP:20260101T000000Z\n" + stamped("DTSTART", start) +
		stamped("DTEND", end)
	for _, line := range more {
		text += line + "\n"
	}
	return text + "SUMMARY:" + title + "\nEND:VEVENT\n"
}

func ics(events ...string) string {
	return "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//test//EN\n" + strings.Join(events, "") + "END:VCALENDAR\n"
}

const (
	ny       = "@America/New_York"
	weekdays = "RRULE:FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"
	yearly   = "RRULE:FREQ=YEARLY"
)

// open and christmas are what an ordinary office has.
var (
	open      = event("Open", "20260105T090000"+ny, "20260105T170000"+ny, weekdays)
	lunch     = event("Lunch", "20260105T120000"+ny, "20260105T130000"+ny, weekdays)
	christmas = event("Christmas Day", "20251225", "20251226", yearly)
)

// office is a configuration with the built-in plan; more stands behind its calendars.
const office = `
calendars:
  hours: {file: hours.ics}
  holidays: {file: holidays.ics}
routes:
  - name: main
    plan: office
    calendars: {hours: hours, closures: [holidays]}
    data: {front_desk: ` + frontDesk + `, voicemail: ` + voicemail + `}
`

// route is a configuration with a route of its own branches. %s are the branches but the last,
// which is closed.
const route = `
calendars:
  hours: {file: hours.ics}
  holidays: {file: holidays.ics}
routes:
  - name: main
    data: {front_desk: ` + frontDesk + `, voicemail: ` + voicemail + `}
    branches:
%s
      - {name: closed, template: voicemail}
`

func branches(lines ...string) string {
	for i, l := range lines {
		lines[i] = "      - {" + l + "}"
	}
	return fmt.Sprintf(route, strings.Join(lines, "\n"))
}

const (
	openBranch    = `name: open, when: {calendar: hours, summary: "open*"}, template: ring-then-voicemail`
	holidayBranch = `name: holiday, state: closed, when: {calendar: holidays}, template: voicemail`
)

// find gives what is said of a configuration, without what is said of any in these tests.
func find(t testing.TB, yaml string, files map[string]string) []preview.Finding {
	t.Helper()
	yaml += "answer_within: 4s\n" // so that a busy machine renders too
	fsys := fstest.MapFS{
		"callhours.yaml": {Data: []byte(yaml), Mode: 0o600},
		"hours.ics":      {Data: []byte(ics(open, lunch))}, "holidays.ics": {Data: []byte(ics(christmas))},
	}
	for name, text := range files {
		name, others := strings.CutSuffix(name, " for all")
		fsys[name] = &fstest.MapFile{Data: []byte(text), Mode: 0o600}
		if others {
			fsys[name].Mode = 0o644
		}
	}
	file, err := config.Load("callhours.yaml", config.Options{FS: fsys})
	if err != nil {
		t.Fatal(err)
	}
	g, err := Build(file, fsys, monday)
	if err != nil {
		t.Fatal(err)
	}
	return g.Find(t.Context(), FindOptions{Now: monday, Days: 400})
}

// A lintCase is a configuration, its calendars besides those of an ordinary office, and everything
// that is said of it.
type lintCase struct {
	name  string
	yaml  string
	files map[string]string
	want  []string // "kind: words", which stand in Finding.String
}

func hours(events ...string) map[string]string { return map[string]string{"hours.ics": ics(events...)} }

func holidays(events ...string) map[string]string {
	return map[string]string{"holidays.ics": ics(events...)}
}

// TestLint: what is most likely meant otherwise is found, and what is usual is not.
func TestLint(t *testing.T) {
	t.Parallel()
	for _, c := range slices.Concat(lintBranches, lintCalendars, lintShifts, lintEvents, lintConfig) {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			yaml := head + c.yaml
			if strings.HasPrefix(c.yaml, "listen:") {
				yaml = c.yaml
			}
			found := find(t, yaml, c.files)
			var unwanted []string
			for _, f := range found {
				i := slices.IndexFunc(c.want, func(w string) bool {
					kind, words, _ := strings.Cut(w, ": ")
					return f.Kind == kind && strings.Contains(f.String(), words)
				})
				if i < 0 {
					unwanted = append(unwanted, f.String())
					continue
				}
				c.want = slices.Delete(slices.Clone(c.want), i, i+1)
			}
			for _, f := range unwanted {
				t.Errorf("is said: %s", f)
			}
			for _, w := range c.want {
				t.Errorf("is not said: %s", w)
			}
		})
	}
}

// TestWarningKinds: the words that package config gives to warnings are among the kinds.
func TestWarningKinds(t *testing.T) {
	t.Parallel()
	file, err := config.Load("callhours.yaml",
		config.Options{FS: fstest.MapFS{"callhours.yaml": {Data: []byte("timezone: UTC\n")}}})
	if err != nil || len(file.Warnings) == 0 {
		t.Fatal(err, file)
	}
	known := map[string]bool{}
	for _, k := range preview.Kinds() {
		known[k.Name] = true
	}
	for _, f := range Warnings(file) {
		if !known[f.Kind] || f.Severity != preview.Warning {
			t.Errorf("%q is not known, or no warning", f.Kind)
		}
	}
}

// TestKindsAreFound: every kind of findings is what some test finds.
func TestKindsAreFound(t *testing.T) {
	t.Parallel()
	found := map[string]bool{
		// by the scripts of cmd/callhours
		"mistake": true, "schema_refused": true, "calendar_unknown": true, "account_odd": true,
		"provisional":          true,
		"upstream_no_fallback": true, "upstream_shares_listen": true,
		"database_unusable": true, // by TestNoDatabase
		// by TestRouteTooLarge
		"route_too_large": true, "not_looked_at": true, // by TestTenantTakesTooMuch
		// where feeds are
		"clock_skew": true, "feed_failed": true, "copy_undated": true, "copy_not_kept": true, "state_dir_shared": true,
		"state_dir_unwritable": true,
	}
	for _, all := range [][]lintCase{lintBranches, lintCalendars, lintShifts, lintEvents, lintConfig} {
		for _, c := range all {
			for _, w := range c.want {
				kind, _, _ := strings.Cut(w, ":")
				found[kind] = true
			}
		}
	}
	for _, k := range preview.Kinds() {
		if !found[k.Name] {
			t.Errorf("no test finds %s", k.Name)
		}
		delete(found, k.Name)
	}
	for name := range found {
		t.Errorf("%s is found, and not among the kinds", name)
	}
}

// TestLintIsBounded: what a hostile feed holds costs no more than seconds, and is not said a
// thousand times.
func TestLintIsBounded(t *testing.T) {
	t.Parallel()
	size, soak := 40, os.Getenv("CALLHOURS_SOAK") != ""
	if soak {
		size = 5000
	}
	var many []string
	for i := range size {
		many = append(many,
			event(strings.Repeat("Opne hours and closed ", 40),
				time.Date(2026, 12, 1, 0, i, 0, 0, time.UTC).Format("20060102T150405Z"), "20270601T000000Z"))
	}
	for name, text := range map[string]string{
		"every second": ics(event("Open", "20261201T000000Z", "20261201T050000Z",
			fmt.Sprintf("RRULE:FREQ=SECONDLY;COUNT=%d", 5*size))),
		"events and more": ics(many...),
		"not one is well": ics(strings.Split(strings.Repeat(event("Open", "20269901", "")+"|", size), "|")...),
	} {
		began := time.Now()
		found := find(t, head+office, map[string]string{"hours.ics": text, "holidays.ics": text})
		if took := time.Since(began); soak && took > 60*time.Second {
			t.Errorf("%s: takes %s", name, took)
		}
		if len(found) > 100 {
			t.Errorf("%s: %d findings", name, len(found))
		}
	}
}

// TestLintCorpus goes through calendars that nobody made for us, as opening hours and as closures
// of an office: what is said of their titles would be noise, and nothing takes long. One file of
// 150 is looked at, all with CALLHOURS_SOAK.
func TestLintCorpus(t *testing.T) {
	t.Parallel()
	shared := cmp.Or(os.Getenv("CALLHOURS_SHARED"), filepath.Join("..", "..", "shared"))
	files, _ := filepath.Glob(filepath.Join(shared, "calendar-corpus", "*", "*", "*.ics"))
	if len(files) == 0 {
		t.Skip("the shared corpus is not here")
	}
	every, looked := 150, 0
	if os.Getenv("CALLHOURS_SOAK") != "" {
		every = 1
	}
	for i := 0; i < len(files); i += every {
		text, err := os.ReadFile(files[i])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := calendars.Read(text, ical.Limits{}); err != nil {
			continue // no calendar, and refused
		}
		looked++
		for _, as := range []string{"hours.ics", "holidays.ics"} {
			began := time.Now()
			for _, f := range find(t, head+office, map[string]string{as: string(text)}) {
				switch f.Kind {
				case "near_miss", "title_fits_two", "events_overlap", "closure_cuts_opening", "branch_never_taken",
					"branch_will_fail":
					t.Errorf("%s as %s: %s", files[i], as, f)
				}
			}
			if took := time.Since(began); every == 1 && took > 10*time.Second {
				t.Errorf("%s as %s: takes %s", files[i], as, took)
			}
		}
	}
	if looked == 0 {
		t.Error("none could be read")
	}
}

// BenchmarkLint is what looking at a route of an office costs, and at its calendars, over 400 days;
// and the same with all that check does.
func BenchmarkLint(b *testing.B) {
	file, err := config.Load("callhours.yaml", config.Options{FS: examples.FrontDesk()})
	if err != nil {
		b.Fatal(err)
	}
	file.StateDir = "" // there is no directory beside it
	g, err := Build(file, examples.FrontDesk(), monday)
	if err != nil {
		b.Fatal(err)
	}
	g.Roll(monday)
	l, r, until := g.newLint(g.timelines), g.routes[0], monday.AddDate(0, 0, 400)
	for _, c := range []struct {
		name string
		look func() int
	}{
		{"static", func() int { return len(l.Static(r)) }},
		{"route", func() int { return len(l.Route(b.Context(), r, r.State(), monday, until, nil)) }},
		{"calendars", func() int {
			n := 0
			for _, c := range l.calendars {
				n += len(l.Calendar(b.Context(), c, monday, until, nil))
			}
			return n
		}},
		{"check", func() int { return len(g.Find(b.Context(), FindOptions{Now: monday, Days: 400})) }},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if n := c.look(); n > 0 {
					b.Fatalf("%d findings", n)
				}
			}
		})
	}
}
