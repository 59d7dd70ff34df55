package server

import (
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/callhours/callhours/config"
	"github.com/callhours/callhours/internal/growth"
)

// TestRolling: as the clock moves on, a few routes are compiled at a time and never all of them,
// each has its horizon ahead at every moment, and what they decide is what a server decides that
// starts at that moment.
func TestRolling(t *testing.T) {
	t.Parallel()
	routes := 120
	if growth.UnderRace {
		routes = 40
	}
	var yaml strings.Builder
	yaml.WriteString("timezone: America/New_York\nhorizon: 30d\ncalendars:\n  shared: {file: hours.ics}\n")
	for i := range routes {
		fmt.Fprintf(&yaml, "  own-%d: {file: hours.ics}\n", i)
	}
	yaml.WriteString("routes:\n")
	for i := range routes {
		fmt.Fprintf(&yaml,
			"  - name: r%d\n    branches:\n      - {name: open, when: {calendar: [own-%d, shared]}, pass: true}\n      - {name: closed, pass: true}\n", i, i)
	}
	files := fstest.MapFS{
		"callhours.yaml": {Data: []byte(yaml.String())},
		"hours.ics": {
			Data: []byte("BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:a\nDTSTART;TZID=America/New_York:20260105T090000\n" +
				"DURATION:PT8H\nRRULE:FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR\nSUMMARY:Open\nEND:VEVENT\nEND:VCALENDAR\n"),
		},
	}
	file, err := config.Load("callhours.yaml", config.Options{FS: files})
	if err != nil {
		t.Fatal(err)
	}
	newServer := func(w *world) *world {
		g, err := Build(file, files, w.clock())
		if err != nil {
			t.Fatal(err)
		}
		w.registry = prometheus.NewRegistry()
		w.Server = New(Options{Generation: g, Registry: w.registry, Log: slog.New(slog.DiscardHandler), Now: w.clock})
		w.Start()
		return w
	}
	w := newServer(&world{now: monday})
	g := w.live.Load().Generation
	most := 0
	for minutes := range 3 * 24 * 60 {
		now := monday.Add(time.Duration(minutes) * time.Minute)
		w.at(now)
		before := slices.Clone(g.routes)
		states := map[string]any{}
		for _, r := range before {
			states[r.Name] = r.State()
		}
		w.Advance()
		rolled := 0
		for _, r := range g.routes {
			if states[r.Name] != any(r.State()) {
				rolled++
			}
			if from, to := r.State().Window(); now.Sub(from) < 48*time.Hour || to.Sub(now) <= file.Horizon {
				t.Fatalf("%s at %s: the window is from %s to %s", r.Name, now, from, to)
			}
		}
		most = max(most, rolled)
		if minutes%701 != 0 {
			continue
		}
		fresh := newServer(&world{now: now}).live.Load().Generation
		for i, r := range g.routes {
			got, want := r.State().Decide(nil, now), fresh.routes[i].State().Decide(nil, now)
			gotUntil, _ := got.Until()
			wantUntil, _ := want.Until()
			if got.Branch != want.Branch || !gotUntil.Equal(wantUntil) {
				t.Fatalf("%s at %s: branch %d until %s, a fresh server says %d until %s", r.Name, now, got.Branch,
					gotUntil, want.Branch, wantUntil)
			}
		}
	}
	if most == 0 || most > routes/12 {
		t.Errorf("up to %d of %d routes were compiled in one minute", most, routes)
	}
}
