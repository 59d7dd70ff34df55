package server

import (
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/callhours/callhours/calendars"
	"github.com/callhours/callhours/calendars/feeds"
	"github.com/callhours/callhours/calendars/ical"
	"github.com/callhours/callhours/config"
	"github.com/callhours/callhours/internal/diag"
	"github.com/callhours/callhours/pivot"
	"github.com/callhours/callhours/preview"
)

// LoadCopies takes the calendars that have a feed from their last good copies, as they are worth
// now. It fetches and writes nothing; what has no copy is unknown.
func (g *Generation) LoadCopies(now time.Time) {
	var asked []*feeds.Subscription
	for _, c := range g.calendars {
		if c.File == "" {
			asked = append(asked, c.Subscription)
		}
	}
	if len(asked) == 0 {
		return
	}
	// A store that is never run fetches nothing.
	store := feeds.NewStore(feeds.Options{
		Dir: g.file.StateDir, ReadOnly: true, Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return now },
	})
	store.Subscribe(asked)
	for _, c := range g.calendars {
		if c.File == "" {
			g.timelines.Set(c.Calendar, g.use(c, store.Snapshot(c.Calendar)))
		}
	}
}

// Tests makes routing tests ready to run against the generation, reading the calendar files that
// they name from files; nil stands for the operating system's. now is when they are read. The error
// is diag.Mistakes: everything that is wrong with them, at once.
// steps counts those of the tests of all files.
func (g *Generation) Tests(written *config.Tests, files fs.FS, now time.Time, steps *int) ([]*preview.Test, error) {
	b := testBuilder{generation: g, files: files, now: now}
	if files == nil && written.Home != "" {
		b.files = below(written.Home)
	}
	uses := g.timelines.Uses()
	b.replace(uses, written.Calendars)
	newPreview := func(uses map[string]calendars.Use, upstreams []config.TestUpstream) *preview.Preview {
		o := g.previewOptions(uses, nil)
		b.upstreams(&o, upstreams)
		return preview.New(o)
	}
	shared := newPreview(uses, written.Upstreams)
	var tests []*preview.Test
	effort := &preview.TestEffort{All: steps}
	for _, w := range written.Tests {
		o := preview.TestOptions{
			Effort: effort,
			Pos:    w.Pos, Name: w.Name, Preview: shared, Route: w.Route, Path: w.Path.S, Call: callOf(w.Call),
			Want: preview.Want{
				Route: w.Want.Route, Branch: w.Want.Branch, State: w.Want.State, Event: w.Want.Event,
				Reason:     w.Want.Reason,
				AnsweredBy: w.Want.AnsweredBy, Status: w.Want.Status, Unknown: w.Want.Unknown, Until: w.Want.Until,
			},
		}
		if len(w.Calendars)+len(w.Upstreams) > 0 {
			own := maps.Clone(uses)
			b.replace(own, w.Calendars)
			o.Preview = newPreview(own, append(slices.Clip(written.Upstreams), w.Upstreams...))
		}
		for _, m := range w.Moments {
			o.Moments = append(o.Moments,
				preview.TestMoment{Pos: m.Pos, From: m.From, To: m.To, Word: m.Branch, Event: m.Event})
		}
		for _, p := range w.Want.Callflow {
			o.Want.Callflow = append(o.Want.Callflow, preview.Part(p))
		}
		t, mistakes := preview.NewTest(o)
		b.mistakes = append(b.mistakes, mistakes...)
		tests = append(tests, t)
	}
	if err := b.mistakes.Err(); err != nil {
		return nil, err
	}
	return tests, nil
}

// previewWith answers questions about the generation with other calendars, and with the problems of
// its routes if there is a source of these. It asks no upstream.
func (g *Generation) previewWith(
	uses map[string]calendars.Use, problems func() preview.ProblemSource,
) *preview.Preview {
	return preview.New(g.previewOptions(uses, problems))
}

func (g *Generation) previewOptions(
	uses map[string]calendars.Use, problems func() preview.ProblemSource,
) preview.Options {
	return preview.Options{
		Table: g.table, Routes: g.routes, Path: g.file.PivotPath.S,
		Timelines: calendars.NewTimelines(uses, g.file.Horizon), Totals: g.totals,
		Names: g.names, Problems: problems, Describe: g.describeUpstream,
	}
}

// callOf is the call that parameters make; nil, the ordinary call, when there are none.
func callOf(params []config.Field) *pivot.Call {
	if len(params) == 0 {
		return nil
	}
	all := map[string]string{}
	for _, p := range params {
		all[p.Name.S] = p.Values[0].S
	}
	call := pivot.New(all)
	return &call
}

// testBuilder gathers what is wrong with the calendars of tests.
type testBuilder struct {
	generation *Generation
	files      fs.FS
	now        time.Time
	mistakes   diag.Mistakes
}

// saidSo is why a calendar is unknown that tests say is.
const saidSo = "the test says so"

// replace puts what calendars hold in tests in place of what they are worth.
func (b *testBuilder) replace(uses map[string]calendars.Use, with []config.TestCalendar) {
	for _, w := range with {
		c := b.generation.byName[w.Name]
		if c == nil {
			b.wrong(w.Pos, "calendar %q is not defined in the configuration%s", w.Name,
				diag.Suggest(w.Name, slices.Sorted(maps.Keys(b.generation.byName))))
			continue
		}
		snapshot := calendars.Snapshot{Why: saidSo}
		if !w.Unknown {
			snapshot = calendars.Snapshot{Calendar: b.read(w, c.Limits), Read: b.now}
		}
		uses[w.Name] = b.generation.use(c, snapshot)
	}
}

func (b *testBuilder) wrong(at diag.Pos, format string, args ...any) {
	b.mistakes = append(b.mistakes, diag.Mistakef(at, format, args...))
}

// read reads what a calendar holds in tests. What cannot be used of text and events in the test
// file is a mistake; in a file of its own it is left out, as it is for callers.
func (b *testBuilder) read(w config.TestCalendar, limits ical.Limits) *calendars.Calendar {
	switch {
	case w.File.S != "":
		c, err := feeds.Load(b.files, w.File.S, limits)
		if err != nil {
			b.wrong(w.File.Pos, "calendar %q: %s", w.Name, reason(err))
		}
		return c
	case w.Text.S != "":
		c, err := calendars.Read([]byte(w.Text.S), limits)
		if err != nil {
			b.wrong(w.Text.Pos, "calendar %q: %s", w.Name, err)
			return nil
		}
		for _, p := range c.Problems() {
			if p.Harmless {
				continue
			}
			at := w.Text.Pos
			at.Line += max(p.Line-1, 0)
			p.Line = 0
			b.wrong(at, "calendar %q: %s", w.Name, p)
		}
		return c
	}
	body, places := icalendar(w.Events)
	c, err := calendars.Read(body, limits)
	if err != nil {
		b.wrong(w.Pos, "calendar %q: %s", w.Name, err)
		return nil
	}
	for _, p := range c.Problems() {
		at, ok := places[p.UID]
		if !ok {
			at = w.Pos
		}
		p.Line = 0
		b.wrong(at, "%s", p)
	}
	return c
}

// icalendar writes events as a calendar, and gives where each of them stands by its UID. Times
// without a zone stay without: they are those of the calendar's zone, else of the route that asks.
func icalendar(events []config.TestEvent) ([]byte, map[string]diag.Pos) {
	var out strings.Builder
	places := map[string]diag.Pos{}
	line := func(format string, args ...any) { fmt.Fprintf(&out, format+"\r\n", args...) }
	line("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//callhours//test//EN")
	for _, e := range events {
		uid := fmt.Sprintf("line-%d-%d", e.Line, e.Col)
		places[uid] = e.Pos
		line("BEGIN:VEVENT\r\nUID:%s\r\nDTSTAMP:20000101T000000Z\r\nDTSTART%s", uid, stamp(e.Start.S))
		if e.End.S != "" {
			line("DTEND%s", stamp(e.End.S))
		}
		if e.Rule.S != "" {
			line("RRULE:%s", e.Rule.S)
		}
		for _, day := range e.Except {
			at := stamp(day.S)
			if own := stamp(e.Start.S); strings.HasPrefix(at, dateOnly) && !strings.HasPrefix(own, dateOnly) {
				at = ":" + at[len(dateOnly):] + own[len(":20060102"):]
			}
			line("EXDATE%s", at)
		}
		for name, value := range map[string]string{
			"SUMMARY": e.Summary.S, "DESCRIPTION": e.Description.S,
			"LOCATION": e.Location.S,
		} {
			if value != "" {
				line("%s:%s", name, escape(value))
			}
		}
		if len(e.Category) > 0 {
			var all []string
			for _, c := range e.Category {
				all = append(all, escape(c.S))
			}
			line("CATEGORIES:%s", strings.Join(all, ","))
		}
		line("END:VEVENT")
	}
	line("END:VCALENDAR")
	return []byte(out.String()), places
}

const dateOnly = ";VALUE=DATE:"

// stamp is a moment, which config has checked, as the end of a line of iCalendar.
func stamp(text string) string {
	if t, err := time.Parse(time.RFC3339, text); err == nil {
		return t.UTC().Format(":20060102T150405Z")
	}
	if t, err := time.Parse(time.DateOnly, text); err == nil {
		return t.Format(dateOnly + "20060102")
	}
	text = strings.Replace(text, "T", " ", 1)
	for _, layout := range []string{"2006-01-02 15:04", "2006-01-02 15:04:05"} {
		if t, err := time.Parse(layout, text); err == nil {
			return t.Format(":20060102T150405")
		}
	}
	panic("server: config let a moment through that is none: " + text)
}

// escape is a text of RFC 5545 section 3.3.11.
func escape(text string) string {
	return strings.NewReplacer(`\`, `\\`, ";", `\;`, ",", `\,`, "\r\n", `\n`, "\r", `\n`, "\n", `\n`).Replace(text)
}
