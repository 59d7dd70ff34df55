package server

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/callhours/callhours/config"
)

// dearPatterns take 399 steps for each byte, each.
func dearPatterns(n int) string {
	return "[" + strings.TrimSuffix(strings.Repeat(`"*`+strings.Repeat("a", 398)+`*", `, n), ", ") + "]"
}

// buildWith builds a configuration of two tenants, of which evil has the calendars.
func buildWith(t *testing.T, evil string, events int) (*Generation, error) {
	t.Helper()
	var ics strings.Builder
	ics.WriteString("BEGIN:VCALENDAR\r\n")
	for i := range events {
		fmt.Fprintf(&ics, "BEGIN:VEVENT\r\nUID:%d\r\nDTSTART:20270104T080000Z\r\nSUMMARY:%s\r\nEND:VEVENT\r\n", i,
			strings.Repeat("b", 1000))
	}
	ics.WriteString("END:VCALENDAR\r\n")
	const route = "routes: [{name: main, branches: [{name: open, when: {calendar: c0}, pass: true}, {name: closed, pass: true}]}]\n"
	files := fstest.MapFS{
		"callhours.yaml": {Data: []byte("timezone: UTC\ninclude: [tenants/*/*.yaml]\n")},
		"tenants/evil/a.yaml": {
			Data: []byte("tenant: {name: evil, account: [7a1c]}\n" + route + "calendars:\n" + evil),
		},
		"tenants/evil/c.ics": {Data: []byte(ics.String())},
		"tenants/good/a.yaml": {
			Data: []byte("tenant: {name: good, account: [7a1d]}\n" + route +
				"calendars:\n  c0: {file: c.ics, except: {summary: " + dearPatterns(25) + "}}\n"),
		},
		"tenants/good/c.ics":   {Data: []byte(ics.String())},
		"tenants/good/dot.ics": {Data: []byte(ics.String())},
	}
	file, err := config.Load("callhours.yaml", config.Options{FS: files})
	if err != nil {
		t.Fatal(err)
	}
	return Build(file, files, time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC))
}

// TestFilterSteps: the patterns of all filters of a calendar, and of all calendars of a tenant,
// take together what they may.
func TestFilterSteps(t *testing.T) {
	t.Parallel()
	calendars := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "  c%d: {file: c.ics, only: {summary: %s}, except: [{summary: %s}, {location: %s}]}\n", i,
				dearPatterns(8), dearPatterns(8), dearPatterns(9))
		}
		return b.String()
	}
	for _, c := range []struct{ calendars, want string }{
		{calendars(20), ""},
		{
			calendars(21),
			`tenants/evil/a.yaml:24:39: up to here only and except of the calendars of tenant "evil" take more than 200000 steps for each byte of an event; write fewer patterns, or shorter ones`,
		},
		{
			"  c0: {file: c.ics, only: {summary: " + dearPatterns(13) + "}, except: [{summary: " + dearPatterns(12) +
				"}, {location: [\"*aaaaaaaaaaaaaaaaaaaaaaaaaaaaa*\"]}]}\n",
			"up to here only and except take more than 10000 steps for each byte of an event; write fewer patterns, or shorter ones",
		},
	} {
		_, err := buildWith(t, c.calendars, 1)
		if got := fmt.Sprint(err); c.want == "" && err != nil ||
			!strings.Contains(got, c.want) && !strings.Contains(got, c.want[strings.Index(c.want, ":")+1:]) {
			t.Errorf("got %.500s, want %s", got, c.want)
		}
	}
}

// TestCompared: what comparing the events of all calendars of a tenant takes is bounded; the
// calendar that is beyond is unknown, and others do not notice.
func TestCompared(t *testing.T) {
	t.Parallel()
	g, err := buildWith(t, "  c0: {file: c.ics, except: {summary: "+dearPatterns(25)+
		"}}\n  c1: {file: c.ics, except: {summary: "+dearPatterns(25)+"}}\n  c2: {file: c.ics}\n", 250)
	if err != nil {
		t.Fatal(err)
	}
	for name, known := range map[string]bool{"evil/c0": true, "evil/c1": false, "evil/c2": true, "good/c0": true} {
		use, _, _ := g.Calendar(name)
		if use.Snapshot.Unknown() == known || !known && (use.Snapshot.Why != tooMuchCompared || use.Snapshot.Err == nil) {
			t.Errorf("%s: got %+v, want known: %t", name, use.Snapshot, known)
		}
	}
	if got := g.compared[g.byName["evil/c0"].Source.Owner]; got <= 0 || got > maxCompared {
		t.Errorf("evil's take %d steps", got)
	}
	// When the first has become smaller there is place for the other.
	small, _ := buildWith(t, "  c0: {file: c.ics}\n", 1)
	known := g.byName["evil/c1"].Known
	first := g.timelines.Use("evil/c0").Snapshot
	first.Calendar = small.byName["evil/c0"].Known
	g.use(g.byName["evil/c0"], first)
	first.Calendar = known
	if use := g.use(g.byName["evil/c1"], first); use.Snapshot.Unknown() {
		t.Errorf("got %+v", use.Snapshot)
	}
}
