//go:build unix

package server

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"text/template"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/callhours/callhours/calendars"
	"github.com/callhours/callhours/calendars/ical"
	"github.com/callhours/callhours/internal/growth"
	"github.com/callhours/callhours/metrics"
)

// curve is a chart of what something costs as it grows. Both axes are logarithmic, so that what
// grows alike is a straight line.
type curve struct {
	name, title string
	grows, unit string   // what the axes mean
	lines       []string // their names
	points      []point
}

type point struct {
	size   float64
	values []float64
}

// TestCurves measures what callhours costs as it grows and draws it, into the directory that
// CALLHOURS_CURVES names; without one it draws small ones into nowhere. CALLHOURS_ROUTES bounds the
// routes.
func TestCurves(t *testing.T) {
	if growth.UnderRace {
		t.Skip("it measures; the run without the race detector has it")
	}
	dir, most, events := os.Getenv("CALLHOURS_CURVES"), 100_000, 10_000
	if dir == "" {
		dir, most, events = t.TempDir(), 3, 3
	}
	_, _ = fmt.Sscan(os.Getenv("CALLHOURS_ROUTES"), &most)
	for _, c := range append(curvesOfRoutes(t, most), append(curvesOfEvents(t, events), curvesOfBranches(t)...)...) {
		svg := c.draw()
		if strings.Contains(string(svg), "NaN") {
			t.Errorf("%s: %s", c.name, svg)
		}
		for name, content := range map[string][]byte{c.name + ".svg": svg, c.name + ".csv": c.table()} {
			if err := os.WriteFile(filepath.Join(dir, name), content, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// sizes are 1, 3, 10, 30 and so on.
func sizes(most int) (list []int) {
	for n := 1; n <= most; n *= 10 {
		if list = append(list, n); 3*n <= most {
			list = append(list, 3*n)
		}
	}
	return list
}

// manyRoutes is a configuration of so many routes with so many branches, of which the calls here
// take the last.
func manyRoutes(n, branches int) (yaml string, more map[string]string) {
	const inFile = 1000
	more = map[string]string{}
	for first := 0; first < n; first += inFile {
		var b strings.Builder
		b.WriteString("routes:\n")
		for i := first; i < min(n, first+inFile); i++ {
			fmt.Fprintf(&b, "  - name: r%d\n    branches:\n", i)
			for k := range branches - 1 {
				fmt.Fprintf(&b,
					"      - {name: b%d, state: open, when: {calendar: hours, summary: \"title %[1]d*\"}, template: voicemail}\n", k)
			}
			b.WriteString("      - {name: closed, template: voicemail}\n")
		}
		more[fmt.Sprintf("routes/%d.yaml", first)] = b.String()
	}
	return "include_shared: [routes/*.yaml]\ncalendars: {hours: {file: hours.ics}}\ndata: {voicemail: " + voicemail +
		"}\n", more
}

// perCall is what a call costs, in µs of a processor: the least of some rounds, since everything
// else only adds.
func perCall(t *testing.T, w *world, path func(i int) string) float64 {
	const calls = 1000
	least := math.Inf(1)
	for range 7 {
		requests, answers := make([]*http.Request, calls), make([]*httptest.ResponseRecorder, calls)
		for i := range requests {
			requests[i], answers[i] = post(path(i), "Request", "+14155550100", "Caller-ID-Number", "+12025550147"),
				httptest.NewRecorder()
		}
		began := cpu()
		for i := range requests {
			w.Calls().ServeHTTP(answers[i], requests[i])
		}
		w.calls.lines.flush() // which belong to the calls
		least = min(least, max(cpu()-began, 1e-6)*1e6/calls)
		for _, a := range answers {
			if a.Code != http.StatusOK {
				t.Fatalf("got %d", a.Code)
			}
		}
	}
	return least
}

func curvesOfRoutes(t *testing.T, most int) []curve {
	call := curve{
		name: "routes-call", title: "A call, by the number of routes", grows: "routes",
		unit: "µs of a processor", lines: []string{"call"},
	}
	start := curve{
		name: "routes-start", title: "Start and reload, by the number of routes", grows: "routes",
		unit:  "seconds of a processor",
		lines: []string{"start", "reload, one of them changed"},
	}
	memory := curve{
		name: "routes-memory", title: "Memory, by the number of routes", grows: "routes", unit: "MiB",
		lines: []string{"all routes"},
	}
	for _, n := range sizes(most) {
		before, began := used(), cpu()
		yaml, more := manyRoutes(n, 3)
		w, f := quietly(t, yaml, more)
		w.Start()
		started := cpu() - began
		size := float64(n)
		memory.points = append(memory.points, point{size, []float64{max(1, used()-before) / 1024}})
		call.points = append(call.points,
			point{size, []float64{perCall(t, w, func(i int) string { return "/r" + strconv.Itoa(i*7919%n) })}})
		more["routes/0.yaml"] = strings.Replace(more["routes/0.yaml"], "title 0*", "title zero*", 1)
		f.set(yaml, more)
		began = cpu()
		if err := w.Reload(t.Context()); err != nil {
			t.Fatal(err)
		}
		start.points = append(start.points, point{size, []float64{started, cpu() - began}})
	}
	return []curve{call, start, memory}
}

// quietly is a world without a log, whose configuration can be read again.
func quietly(t *testing.T, yaml string, more map[string]string) (*world, *testFiles) {
	f := &testFiles{}
	f.set(yaml, more)
	w := &world{registry: prometheus.NewRegistry(), now: monday}
	i := &Installation{Path: "callhours.yaml", Files: f, Now: w.clock}
	loaded, _ := i.Start(false)
	if err := loaded.Err(); err != nil {
		t.Fatal(err)
	}
	m, err := metrics.New(w.registry, metrics.Options{})
	if err != nil {
		t.Fatal(err)
	}
	w.Server = New(Options{
		Generation: loaded.Generation, Installation: i, Loaded: loaded, Registry: w.registry,
		Metrics: m, Now: w.clock, Log: slog.New(slog.DiscardHandler),
	})
	return w, f
}

func curvesOfEvents(t *testing.T, most int) []curve {
	read := curve{
		name: "events-read", title: "Reading a calendar, by its events", grows: "events in the calendar",
		unit:  "ms of a processor",
		lines: []string{"from its body", "compiled for 400 days"},
	}
	call := curve{
		name: "events-call", title: "A call, by the events of its calendar", grows: "events in the calendar",
		unit: "µs of a processor", lines: []string{"call"},
	}
	memory := curve{
		name: "events-memory", title: "Memory, by the events of a calendar", grows: "events in the calendar",
		unit:  "KiB",
		lines: []string{"the calendar", "and compiled for 400 days"},
	}
	for _, n := range sizes(most) {
		body := provider{events: n}.feed("/1/hours.ics")
		size := float64(n)
		spend := func(do func()) float64 {
			least := math.Inf(1)
			for range 5 {
				began := cpu()
				for range max(1, 300/n) {
					do()
				}
				least = min(least, max(cpu()-began, 1e-6)*1e3/float64(max(1, 300/n)))
			}
			return least
		}
		var c *calendars.Calendar
		parse := func() {
			var err error
			if c, err = calendars.Read(body, ical.Limits{}); err != nil {
				t.Fatal(err)
			}
		}
		var line *calendars.Timeline
		read.points = append(read.points, point{size, []float64{
			spend(parse), spend(func() { line = c.Compile(calendars.View{}, monday, monday.AddDate(0, 0, 400)) }),
		}})
		c, line = nil, nil
		var calendar []*calendars.Calendar
		var lines []*calendars.Timeline
		const copies = 20
		before := used()
		for range copies {
			parse()
			calendar = append(calendar, c)
		}
		c = nil
		packed := used() - before
		for _, c := range calendar {
			line = c.Compile(calendars.View{}, monday, monday.AddDate(0, 0, 400))
			lines = append(lines, line)
		}
		line = nil
		memory.points = append(memory.points,
			point{size, []float64{max(0.1, packed/copies), max(0.1, (used()-before)/copies)}})
		runtime.KeepAlive(calendar)
		runtime.KeepAlive(lines)
		yaml, more := manyRoutes(1, 3)
		more["hours.ics"] = string(body)
		w, _ := quietly(t, yaml, more)
		w.Start()
		call.points = append(call.points, point{size, []float64{perCall(t, w, func(int) string { return "/r0" })}})
	}
	return []curve{read, call, memory}
}

func curvesOfBranches(t *testing.T) []curve {
	call := curve{
		name: "branches-call", title: "A call that takes the last branch, by the number of branches",
		grows: "branches", unit: "µs of a processor", lines: []string{"call", "its decision"},
	}
	for _, n := range []int{1, 2, 3, 5, 8, 12, 20} {
		yaml, more := manyRoutes(1, n)
		w, _ := quietly(t, yaml, more)
		w.Start()
		state := w.live.Load().routes[0].State()
		const decisions = 100_000
		least := math.Inf(1)
		for range 5 {
			began := cpu()
			for range decisions {
				state.Decide(nil, monday)
			}
			least = min(least, max(cpu()-began, 1e-6)*1e6/decisions)
		}
		call.points = append(call.points,
			point{float64(n), []float64{perCall(t, w, func(int) string { return "/r0" }), least}})
	}
	return []curve{call}
}

// table is the curve as CSV, for people and programs that want the numbers.
func (c *curve) table() []byte {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	rows := [][]string{{c.grows}}
	for _, line := range c.lines {
		rows[0] = append(rows[0], line+" ("+c.unit+")")
	}
	for _, p := range c.points {
		row := []string{fmt.Sprint(p.size)}
		for _, v := range p.values {
			row = append(row, strconv.FormatFloat(v, 'g', 3, 64))
		}
		rows = append(rows, row)
	}
	_ = w.WriteAll(rows) // into memory
	return b.Bytes()
}

// The picture's measures, in its own units.
const (
	picWide, picHigh                     = 720.0, 400.0
	picLeft, picRight, picTop, picBottom = 84.0, 24.0, 56.0, 56.0
)

// picture is what the template of a curve sees.
type picture struct {
	Title, Grows, Unit string
	Across, Up         []gridLine
	Lines              []drawn
}

type gridLine struct {
	At   float64
	Text string
}

type drawn struct {
	Name, Points string
	Marks        [][2]float64
	At           float64 // of its name in the legend
	Class        string
}

func (c *curve) draw() []byte {
	low, high := math.Inf(1), 0.0
	for _, p := range c.points {
		for _, v := range p.values {
			low, high = min(low, v), max(high, v)
		}
	}
	down, up := math.Pow(10, math.Floor(math.Log10(low))), math.Pow(10, math.Ceil(math.Log10(high*1.0001)))
	first, last := c.points[0].size, c.points[len(c.points)-1].size
	x := func(v float64) float64 {
		return round(picLeft + (picWide-picLeft-picRight)*math.Log(v/first)/math.Log(last/first))
	}
	y := func(v float64) float64 {
		return round(picHigh - picBottom - (picHigh-picTop-picBottom)*math.Log(v/down)/math.Log(up/down))
	}
	pic := picture{Title: c.title, Grows: c.grows, Unit: c.unit}
	for v := down; v <= up*1.0001; v *= 10 {
		pic.Up = append(pic.Up, gridLine{y(v), strconv.FormatFloat(v, 'f', -1, 32)})
	}
	for _, p := range c.points {
		if last <= 100 || math.Mod(math.Log10(p.size), 1) == 0 {
			pic.Across = append(pic.Across, gridLine{x(p.size), strconv.FormatFloat(p.size, 'f', 0, 64)})
		}
	}
	for i, name := range c.lines {
		l := drawn{Name: name, At: picLeft + 8 + float64(i)*240, Class: fmt.Sprintf("l%d", i)}
		for _, p := range c.points {
			l.Marks = append(l.Marks, [2]float64{x(p.size), y(p.values[i])})
			l.Points += fmt.Sprintf("%v,%v ", x(p.size), y(p.values[i]))
		}
		pic.Lines = append(pic.Lines, l)
	}
	var b bytes.Buffer
	if err := pictureTemplate.Execute(&b, pic); err != nil {
		panic(err)
	}
	return b.Bytes()
}

func round(v float64) float64 { return math.Round(v*10) / 10 }

var pictureTemplate = template.Must(
	template.New("svg").Parse(
		`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 720 400" role="img" aria-label="{{.Title}}; {{.Unit}}">
<style>
  svg { color: #1f2328; background: #ffffff; font: 13px system-ui, sans-serif }
  text { fill: currentColor }
  .title { font-size: 15px; font-weight: 600 }
  .grid { stroke: currentColor; stroke-opacity: 0.15 }
  .line { fill: none; stroke-width: 2 }
  .l0 { stroke: #0b5cad; fill: #0b5cad } .l1 { stroke: #b34700; fill: #b34700 }
  @media (prefers-color-scheme: dark) {
    svg { color: #e6edf3; background: #0d1117 }
    .l0 { stroke: #6cb6ff; fill: #6cb6ff } .l1 { stroke: #ffa657; fill: #ffa657 }
  }
</style>
<text class="title" x="84" y="22">{{.Title}}</text>
<text x="16" y="200" text-anchor="middle" transform="rotate(-90 16 200)">{{.Unit}}</text>
<text x="390" y="390" text-anchor="middle">{{.Grows}}</text>
{{- range .Up}}
<line class="grid" x1="84" x2="696" y1="{{.At}}" y2="{{.At}}"/><text x="76" y="{{.At}}" dy="4" text-anchor="end">{{.Text}}</text>
{{- end}}
{{- range .Across}}
<line class="grid" x1="{{.At}}" x2="{{.At}}" y1="56" y2="344"/><text x="{{.At}}" y="364" text-anchor="middle">{{.Text}}</text>
{{- end}}
{{- range .Lines}}
<rect class="{{.Class}}" x="{{.At}}" y="34" width="12" height="4"/><text x="{{.At}}" dx="18" y="41">{{.Name}}</text>
<polyline class="line {{.Class}}" style="fill: none" points="{{.Points}}"/>
{{- $class := .Class}}{{range .Marks}}
<circle class="{{$class}}" cx="{{index . 0}}" cy="{{index . 1}}" r="3"/>
{{- end}}
{{- end}}
</svg>
`))
