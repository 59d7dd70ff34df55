package server

import (
	"fmt"
	"io/fs"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/callhours/callhours/config"
	"github.com/callhours/callhours/examples"
	"github.com/callhours/callhours/internal/growth"
	"github.com/callhours/callhours/preview"
	"github.com/callhours/callhours/render"
)

// shown is what people read of a moment, or what a call gets at it.
type shown struct {
	Branch, Title, Match string
	Unknown              bool
}

// TestSpansAreWhatCallsGet: for every minute of a year, the branch, the event's title and the name
// that hours show are those that a call at that minute gets. Without CALLHOURS_SOAK these are the
// minutes of a week for each installation, and of the rest of the year those around each change of
// any condition.
func TestSpansAreWhatCallsGet(t *testing.T) {
	t.Parallel()
	if growth.UnderRace {
		t.Skip("it runs in one goroutine for long; the run without the race detector has it")
	}
	soak := os.Getenv("CALLHOURS_SOAK") != ""
	for i, c := range []struct {
		name string
		fsys fs.FS
	}{
		{"front-desk", examples.FrontDesk()},
		{"on-call", os.DirFS("../examples/on-call")},
		{"many-tenants", os.DirFS("../examples/many-tenants")},
		{"office", filesOf(head+`
calendars: {hours: {file: hours.ics}, holidays: {file: holidays.ics}}
routes: [{name: main, plan: office, calendars: {hours: hours, closures: holidays},
  data: {front_desk: `+frontDesk+`, voicemail: `+voicemail+`}}]
`, map[string]string{
			"hours.ics": ics(open, lunch,
				event("Closed for stocktaking", "20270310T130000"+ny, "20270312T100000"+ny),
				event("Open 9-12", "20271224T090000"+ny, "20271224T120000"+ny),
				event("Open all night", "20270313T220000"+ny, "20270314T080000"+ny)),
			"holidays.ics": ics(christmas, event("Boxing Day", "20261226", "20261227", yearly),
				event("Bridge", "20270503", "20270508"), event("Festival", "20270505", "20270510")),
		})},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			file, err := config.Load(examples.Config, config.Options{FS: c.fsys})
			if err != nil {
				t.Fatal(err)
			}
			file.StateDir = "" // there is no directory beside it
			g, err := Build(file, c.fsys, monday)
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range g.routes {
				from := time.Date(2026, 12, 24, 0, 0, 0, 0, r.Zone)
				all := walked{r, r.Compile(g.timelines, g.totals.Asking(), from), from, from.AddDate(1, 0, 0), t}
				week := all.from.AddDate(0, 0, 7*11*i) // over Christmas, and when clocks change
				if soak {
					all.check(g, all.from, all.to)
					continue
				}
				all.check(g, week, week.AddDate(0, 0, 7))
			}
		})
	}
}

// walked is a route over a time.
type walked struct {
	*render.Route
	state    *render.State
	from, to time.Time
	t        *testing.T
}

// check compares hours with what calls get, at each minute between two moments, and else around
// where segments begin.
func (w walked) check(g *Generation, every, until time.Time) {
	w.t.Helper()
	days := preview.DayNumber(w.to) - preview.DayNumber(w.from)
	h, err := g.Preview().Hours(w.t.Context(), preview.Period{Route: w.Name, From: w.from, Days: days})
	if err != nil || h.Truncated != "" || len(h.Spans) < 2 {
		w.t.Fatal(w.Name, err, h.Truncated, len(h.Spans))
	}
	i, asked := 0, 0
	look := func(at time.Time) {
		for i > 0 && h.Spans[i].Start.After(at) {
			i--
		}
		for !h.Spans[i].End.After(at) {
			i++
		}
		if s := &h.Spans[i]; s.Start.After(at) {
			w.t.Fatalf("%s: no span at %s", w.Name, at)
		}
		asked++
		s := &h.Spans[i]
		got := shown{s.Branch, s.Event, s.Match, s.DisplayState() == "unknown"}
		if diff := cmp.Diff(w.called(at), got); diff != "" {
			w.t.Fatalf("%s at %s (-calls get +hours show):\n%s", w.Name, at, diff)
		}
	}
	for at := every; at.Before(until); at = at.Add(time.Minute) {
		look(at)
	}
	edges := map[time.Time]bool{}
	for at := range w.state.Starts(w.from, w.to) {
		edges[at.UTC()] = true
		for _, by := range []time.Duration{-time.Minute, -time.Second, 0, time.Minute} {
			if m := at.Add(by); !m.Before(w.from) && m.Before(w.to) {
				look(m)
			}
		}
	}
	for n := range h.Spans[1:] { // no span more than calls can tell apart
		a, b := h.Spans[n], h.Spans[n+1]
		if !edges[b.Start.UTC()] || a.Branch == b.Branch && a.Event == b.Event && a.Match == b.Match &&
			a.DisplayState() == b.DisplayState() {
			w.t.Errorf("%s: %+v and %+v are one span, or begin where nothing does", w.Name, a, b)
		}
	}
	w.t.Logf("%s: %d spans, %d moments", w.Name, len(h.Spans), asked)
}

// called is what the answer to an ordinary call is made of.
func (w walked) called(at time.Time) (got shown) {
	a := w.state.Answer(w.t.Context(), nil, at)
	got.Branch, got.Unknown = w.Branches[a.Decision.Branch].Name, a.Decision.Unknown
	for i, e := range a.Events {
		if i == 0 {
			got.Title = e.Event.Summary
		}
		if got.Match == "" {
			got.Match = e.Name
		}
	}
	return got
}

// TestSpanEdges: what ends a span, and what does not. The days are those around the week-end of
// monday, in New York.
func TestSpanEdges(t *testing.T) {
	t.Parallel()
	timed := func(title, from, to string, more ...string) string {
		return event(title, "202611"+from+"00"+ny, "202611"+to+"00"+ny, more...)
	}
	long := strings.Repeat("x", 256)
	newYork, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	const rota = `
routes:
  - name: main
    data: {people: {Ada: 1, Bob: 2}}
    branches:
      - {name: on, state: open, when: {calendar: hours, names: people}, pass: true}
      - {name: off, state: closed, pass: true}
`
	const any = `
routes:
  - name: main
    branches:
      - {name: on, state: open, when: {any: [{calendar: hours}, {calendar: other}]}, pass: true}
      - {name: off, state: closed, pass: true}
`
	for name, c := range map[string]struct {
		yaml, hours, other, want string
	}{
		"a hand-over": {
			rota, ics(timed("Ada", "23T0900", "23T1200"), timed("Bob", "23T1200", "23T1500")), ics(open),
			"00:00 off\n09:00 on Ada\n12:00 on Bob\n15:00 off\n",
		},
		"the same title twice": {
			rota, ics(timed("Ada", "23T0900", "23T1200"), timed("Ada", "23T1200", "23T1500")), ics(open),
			"00:00 off\n09:00 on Ada\n15:00 off\n",
		},
		"one name in two titles": {
			rota, ics(timed("Ada", "23T0900", "23T1200"), timed("Ada (phone)", "23T1200", "23T1500")), ics(open),
			"00:00 off\n09:00 on Ada\n12:00 on Ada (phone)\n15:00 off\n",
		},
		"one in the other": {
			rota, ics(timed("Ada", "23T0900", "23T1500"), timed("Bob", "23T1100", "23T1200")), ics(open),
			"00:00 off\n09:00 on Ada\n11:00 on Bob\n12:00 on Ada\n15:00 off\n",
		},
		"which one decides": {
			any, ics(timed("Late", "23T1000", "23T1500"), event("Day", "20261123", "20261124")),
			ics(timed("Early", "23T0900", "23T1400")), "00:00 on Day\n09:00 on Early\n10:00 on Late\n15:00 on Day\n",
		},
		"two calendars at one moment": {
			any, ics(timed("Ada", "23T0900", "23T1200"), timed("Chloe", "23T1500", "23T1600")),
			ics(timed("Bob", "23T1200", "23T1500")),
			"00:00 off\n09:00 on Ada\n12:00 on Bob\n15:00 on Chloe\n16:00 off\n",
		},
		"names, while another event decides": {
			strings.Replace(rota, "when: {calendar: hours, names: people}",
				"when: {all: [{calendar: other}, {calendar: hours, names: people}]}", 1),
			ics(timed("Ada", "23T0000", "23T1200"), timed("Bob", "23T1200", "23T2300")),
			ics(timed("Office", "23T1300", "23T1400"), timed("Office", "23T1000", "23T1300")),
			"00:00 off\n10:00 on Office, Ada\n12:00 on Bob\n13:00 on Office, Bob\n14:00 off\n",
		},
		"names of what another condition asks for as well": {
			strings.Replace(rota, "when: {calendar: hours, names: people}",
				"when: {all: [{calendar: hours}, {calendar: hours, names: people}]}", 1),
			ics(timed("Ada", "23T0900", "23T1500"), timed("Bob", "23T0800", "23T1600")), ics(open),
			"00:00 off\n08:00 on Bob\n09:00 on Ada\n15:00 on Bob\n16:00 off\n",
		},
		"unknown begins and ends": {
			`
routes:
  - name: main
    unknown: off
    branches:
      - {name: on, state: open, when: {all: [{calendar: hours}, {calendar: gone}]}, pass: true}
      - {name: off, state: closed, pass: true}
`, ics(timed("Ada", "23T0900", "23T1200"), timed("Bob", "23T1200", "23T1500")), ics(open),
			"00:00 off\n09:00 off unknown\n15:00 off\n",
		},
		"two holidays": {
			any, ics(event("Thanksgiving", "20261122", "20261123"), event("Black Friday", "20261123", "20261124")),
			ics(event("Weekend", "20261121", "20261122")), "00:00 on Black Friday\n",
		},
		"titles that begin alike": {
			any, ics(timed(long+"a", "23T0900", "23T1200"), timed(long+"b", "23T1200", "23T1500")), ics(open),
			"00:00 off\n09:00 on " + long[1:] + "…\n15:00 off\n", // a calendar has no more of a title
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := started(t, `
calendars: {hours: {file: hours.ics}, other: {file: other.ics}, gone: {url: "http://127.0.0.1:9/x.ics"}}
`+c.yaml, map[string]string{"hours.ics": c.hours, "other.ics": strings.ReplaceAll(c.other, open, "")})
			h, err := w.preview().Hours(t.Context(),
				preview.Period{Route: "main", From: time.Date(2026, 11, 23, 0, 0, 0, 0, newYork), Days: 1})
			if err != nil {
				t.Fatal(err)
			}
			var got strings.Builder
			for _, s := range h.Spans {
				got.WriteString(s.Start.Format("15:04 ") + s.Branch)
				if s.DisplayState() == "unknown" {
					got.WriteString(" unknown")
				}
				got.WriteString(strings.TrimRight(" "+s.Title(), " ") + "\n")
			}
			if diff := cmp.Diff(c.want, got.String()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestMatchMetric: a scrape names who is on call, from the calendar and as the configuration writes
// it, and nobody where no name is found.
func TestMatchMetric(t *testing.T) {
	t.Parallel()
	w := started(t, `
data: {people: {Ada: "1", Bob: "2"}}
calendars: {hours: {file: hours.ics}}
routes:
  - name: main
    branches:
      - {name: on, state: open, when: {calendar: hours, names: people}, pass: true}
      - {name: other, state: other, when: {calendar: hours}, pass: true}
      - {name: off, state: closed, pass: true}
`, map[string]string{"hours.ics": ics(event("on call: ADA", "20261123T090000"+ny, "20261123T120000"+ny),
		event("Bob", "20261123T120000"+ny, "20261123T130000"+ny), event("Chloe", "20261123T130000"+ny, "20261123T140000"+ny))})
	for i, want := range []string{"Ada", "Ada", "Bob", "", "", "Ada"} {
		w.at(monday.Add([]time.Duration{0, time.Hour, 2 * time.Hour, 3 * time.Hour, 5 * time.Hour, 0}[i]))
		var got []string
		for line := range strings.Lines(body(t, w.people(t, "/metrics", "localhost"))) {
			if strings.HasPrefix(line, "callhours_route_match{") {
				got = append(got, line)
			}
		}
		if want != "" {
			want = fmt.Sprintf("callhours_route_match{name=%q,route=\"main\"} 1\n", want)
		}
		if text := strings.Join(got, ""); text != want {
			t.Errorf("at %d got %q, want %q", i, text, want)
		}
	}
}

// TestNextSpanMetric: a scrape says when the span ends, and when the branch does; routes without
// series of their own have neither.
func TestNextSpanMetric(t *testing.T) {
	t.Parallel()
	w := started(t, `
metrics: {routes: 1}
calendars: {hours: {file: hours.ics}, gone: {url: "http://127.0.0.1:9/x.ics"}}
plans:
  rota:
    calendars: [hours]
    branches: [{name: on, state: open, when: {calendar: hours}, pass: true}, {name: off, state: closed, pass: true}]
routes:
  - {name: main, plan: rota, calendars: {hours: hours}}
  - {name: second, plan: rota, calendars: {hours: hours}}
`, map[string]string{"hours.ics": ics(event("Ada", "20261123T090000"+ny, "20261123T120000"+ny),
		event("Bob", "20261123T120000"+ny, "20261123T150000"+ny))})
	for _, c := range []struct {
		at           time.Duration
		change, span string
	}{
		{0, "1.795464e+09", "1.7954532e+09"},
		{time.Hour, "1.795464e+09", "1.7954532e+09"},
		{2 * time.Hour, "1.795464e+09", "1.795464e+09"},
		{5 * time.Hour, "+Inf", "+Inf"},
	} {
		w.at(monday.Add(c.at))
		text := body(t, w.people(t, "/metrics", "localhost"))
		for _, want := range []string{
			`callhours_next_change_timestamp_seconds{route="main"} ` + c.change,
			`callhours_next_span_timestamp_seconds{route="main"} ` + c.span,
		} {
			if !strings.Contains(text, want+"\n") {
				t.Errorf("after %s, /metrics lacks %s", c.at, want)
			}
		}
		if strings.Contains(text, `next_span_timestamp_seconds{route="second"`) ||
			strings.Contains(text, `next_span_timestamp_seconds{route="_other"`) {
			t.Errorf("a route without series of its own has one")
		}
	}
}
