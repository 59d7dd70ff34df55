package render

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/callhours/callhours/calendars"
	"github.com/callhours/callhours/calendars/ical"
	"github.com/callhours/callhours/internal/diag"
	"github.com/callhours/callhours/pivot"
	"github.com/callhours/callhours/routes"
	"github.com/callhours/callhours/templates"
)

const (
	frontDesk = "0a4cf9b16dd04f3c8a8f0d6c1f7be9d2"
	voicemail = "7b1e3d52c6a94f0eb4d2a9c8e5f60137"
)

const hours = `BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//test//EN
BEGIN:VEVENT
UID:open
DTSTAMP:20260101T000000Z
DTSTART;TZID=America/New_York:20260105T090000
DTEND;TZID=America/New_York:20260105T170000
RRULE:FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR
SUMMARY:Open
DESCRIPTION:ask for "Anna"
LOCATION:Main St\, 1
CATEGORIES:hours,front
END:VEVENT
BEGIN:VEVENT
UID:on-call
DTSTAMP:20260101T000000Z
DTSTART;VALUE=DATE:20261123
SUMMARY:On call: anna
END:VEVENT
END:VCALENDAR
`

// now is a Monday morning in New York, at which the office is open.
var now = time.Date(2026, 11, 23, 15, 0, 0, 0, time.UTC)

type setting struct {
	branches []Branch
	whens    []*routes.Condition
	fallback int
	unknown  bool // the calendar is
	room     *Room
}

func library(t testing.TB) *templates.Library {
	t.Helper()
	l, mistakes := templates.Load(templates.Options{})
	if err := diag.Mistakes(mistakes).Err(); err != nil {
		t.Fatal(err)
	}
	return l
}

func inline(t testing.TB, l *templates.Library, text string) *templates.Template {
	t.Helper()
	p, mistakes := l.Parse(diag.Pos{File: "callhours.yaml", Line: 7, Col: 20}, text)
	if err := diag.Mistakes(mistakes).Err(); err != nil {
		t.Fatal(err)
	}
	return p
}

func newRoute(t testing.TB, s setting) (*Route, []diag.Mistake) {
	t.Helper()
	zone, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	o := routes.Options{Name: "acme/main", Path: "/main", Zone: zone, Unknown: len(s.branches) - 1}
	for i := range s.branches {
		b := routes.Branch{Name: fmt.Sprint("b", i), State: routes.Other}
		if i < len(s.whens) {
			b.When = s.whens[i]
		}
		o.Branches = append(o.Branches, b)
	}
	plain, mistakes := routes.New(o)
	if err := diag.Mistakes(mistakes).Err(); err != nil {
		t.Fatal(err)
	}
	r, mistakes := New(Options{
		Route: plain, Tenant: "acme", Language: "en-us", Branches: s.branches, Fallback: s.fallback,
		Room:     s.room,
		Library:  library(t),
		Cluster:  pivot.Cluster{Modules: []string{"custom"}}, // of which nothing is known
		Calendar: func(name string) string { return map[string]string{"hours": "acme/hours"}[name] },
	})
	return r, mistakes
}

func compiled(t testing.TB, s setting) *State {
	t.Helper()
	r, mistakes := newRoute(t, s)
	if err := diag.Mistakes(mistakes).Err(); err != nil {
		t.Fatal(err)
	}
	c, err := calendars.Read([]byte(hours), ical.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	use := calendars.Use{Snapshot: calendars.Snapshot{Calendar: c}}
	if s.unknown {
		use = calendars.Use{}
	}
	return r.Compile(calendars.NewTimelines(map[string]calendars.Use{"acme/hours": use}, 400*24*time.Hour),
		routes.NewTotals(1_000_000), now)
}

func titled(pattern string) *routes.Condition {
	return &routes.Condition{
		Calendars: []string{"acme/hours"},
		Events:    routes.Events{Summary: []diag.Text{{S: pattern}}},
	}
}

func TestView(t *testing.T) {
	t.Parallel()
	l := library(t)
	people := map[string]any{"anna": map[string]any{"device": frontDesk}, "bob": nil}
	for _, c := range []struct{ name, text, want string }{
		{"now", `{{ .Now.Format "15:04 MST" }}`, `"10:00 EST"`},
		{
			"tenant and route", `{{ printf "%s %s %s %s" .Tenant .Route.Name .Route.Timezone .Route.Language }}`,
			`"acme acme/main America/New_York en-us"`,
		},
		{"branch", `{{ printf "%s %s" .Branch.Name .Branch.State }}`, `"b0 other"`},
		{
			"event",
			`{{ printf "%s|%s|%s|%s|%s" .Event.Summary .Event.Description .Event.Location .Event.UID .Event.Calendar }}`, `"Open|ask for \"Anna\"|Main St, 1|open|acme/hours"`,
		},
		{
			"times of the event",
			`{{ printf "%s %s %t" (.Event.Start.Format "15:04") (.Event.End.Format "15:04") .Event.AllDay }}`,
			`"09:00 17:00 false"`,
		},
		{"categories", `{{ .Event.Categories }}`, `["hours","front"]`},
		{"events", `{{ len .Events }}`, `1`},
		{"until", `"{{ with .Until }}{{ spoken . }}{{ end }}"`, `"today at 5 PM"`},
		{"next", `{{ with next "b0" }}"{{ spoken .Start }}"{{ else }}null{{ end }}`, `"tomorrow at 9 AM"`},
		{"next of a state", `{{ with next "closed" }}1{{ else }}"never"{{ end }}`, `"never"`},
		{
			"on", `[{{ range on "hours" }}{{ if .AllDay }}{{ .Summary }}{{ break }}{{ end }}{{ end }}]`,
			`["On call: anna"]`,
		},
		{"call", `{{ printf "%s %s" .Call.CallerName (.Call.Var "step") }}`, `"Jane \"JJ\" 2"`},
		{"no match", `{{ if .Match }}1{{ else }}"none"{{ end }}`, `"none"`},
		{"data", `{{ .Data.list }}`, `["a","1"]`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := compiled(t, setting{
				whens: []*routes.Condition{titled("open*")}, fallback: 1,
				branches: []Branch{
					{
						Template: inline(t, l, `{"module":"hangup","data":{"x":`+c.text+`}}`),
						Data:     Data{Values: map[string]any{"list": []any{"a", "1"}, "people": people}},
					},
					{},
				},
			})
			call := pivot.New(map[string]string{"Caller-ID-Name": `Jane "JJ"`, "Custom-Application-Vars[step]": "2"})
			a := s.Answer(t.Context(), &call, now)
			if got, want := string(a.Body), `{"module":"hangup","data":{"x":`+c.want+`}}`; got != want ||
				a.Status != 200 {
				t.Errorf("got %d %s %v, want %s", a.Status, got, a.Failures, want)
			}
		})
	}
}

func TestMatch(t *testing.T) {
	t.Parallel()
	l := library(t)
	when := &routes.Condition{
		Calendars: []string{"acme/hours"},
		Events:    routes.Events{Names: &routes.Names{Field: "people", Keys: []string{"anna", "bob"}}},
	}
	s := compiled(t, setting{
		whens: []*routes.Condition{when}, fallback: 1,
		branches: []Branch{
			{
				Template: inline(t, l,
					`{"module":"device","data":{"id":{{ .Match.Value.device }},"name":{{ .Match.Name }}}}`),
				Data: Data{
					Values: map[string]any{
						"people": map[string]any{"anna": map[string]any{"device": frontDesk}, "bob": nil},
					},
				},
			},
			{},
		},
	})
	if got, want := string(s.Answer(t.Context(), nil, now).Body),
		`{"module":"device","data":{"id":"`+frontDesk+`","name":"anna"}}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestDataTemplates: strings in data that hold {{ are templates whose result is text, nested ones
// too; those that a branch's template does not read are not run.
func TestDataTemplates(t *testing.T) {
	t.Parallel()
	l := library(t)
	s := compiled(t, setting{
		whens: []*routes.Condition{titled("open*")}, fallback: 1,
		branches: []Branch{
			{
				Template: inline(t, l, `{"module":"tts","data":{"text":{{ .Data.text }},"deep":{{ .Data.deep }}}}`),
				Data: Data{Values: map[string]any{
					"name": "Acme", "text": `{{ .Data.name }} says "{{ .Event.Description }}"`,
					"deep":   map[string]any{"list": []any{"{{ .Branch.Name }}", "plain", int64(7)}},
					"unread": "{{ .Data.nowhere }}",
				}},
			},
			{},
		},
	})
	a := s.Answer(t.Context(), nil, now)
	want := `{"module":"tts","data":{"text":"Acme says \"ask for \"Anna\"\"","deep":{"list":["b0","plain",7]}}}`
	if got := string(a.Body); got != want {
		t.Errorf("got %s %v, want %s", got, a.Failures, want)
	}
}

func TestFallback(t *testing.T) {
	t.Parallel()
	l := library(t)
	good := Branch{Template: inline(t, l, `{"module":"hangup"}`)}
	for _, c := range []struct {
		name     string
		bad      Branch
		fallback int
		reason   Reason
		status   int
		says     string
	}{
		{
			"a template that fails",
			Branch{Template: inline(t, l, `{"module":{{ fail "out of order" }} }`)},
			1,
			Deliberate, 200, "out of order",
		},
		{
			"data that is not there",
			Branch{Template: inline(t, l, `{"module":"{{ .Data.modul }}"}`)},
			1, RenderFailed,
			200, "callhours.yaml:7:",
		},
		{
			"no object",
			Branch{Template: inline(t, l, `[{"module":"hangup"}]`)},
			1, InvalidCallflow, 200,
			"the output is not a callflow",
		},
		{
			"no module",
			Branch{Template: inline(t, l, `{{ if .Match }}{"module":"hangup"}{{ else }}{}{{ end }}`)},
			1,
			InvalidCallflow, 200, "the output is not a callflow",
		},
		{
			"an unknown module",
			Branch{Template: inline(t, l, `{"module":"device","children":{"_":{"module":"voicemial"}}}`)},
			1,
			InvalidCallflow, 200, "voicemail",
		},
		{
			"a loop without end",
			Branch{Template: inline(t, l, `{{ range 1000000000000 }}{{ end }}{"module":"hangup"}`)},
			1, Limit, 200, "callhours.yaml:7:",
		},
		{
			"its own fallback",
			Branch{Template: inline(t, l, `{"module":{{ fail "out of order" }} }`)},
			0, Deliberate,
			500, "out of order",
		},
		{
			"a fallback that fails",
			Branch{Template: inline(t, l, `{"module":{{ fail "out of order" }} }`)},
			2,
			Deliberate, 500, "out of order",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := compiled(t, setting{
				branches: []Branch{c.bad, good, {Template: inline(t, l, `[]`)}},
				whens:    []*routes.Condition{titled("open*"), titled("never")},
				fallback: c.fallback,
			})
			a := s.Answer(t.Context(), nil, now)
			if a.Status != c.status || a.Decision.Branch != 0 || len(a.Failures) == 0 ||
				a.Failures[0].Reason != c.reason {
				t.Fatalf("got %d, decided %d, failures %v; want %d and %s", a.Status, a.Decision.Branch, a.Failures,
					c.status, c.reason)
			}
			if said := a.Failures[0].Err.Error(); !strings.Contains(said, c.says) {
				t.Errorf("got %q, want it to say %q", said, c.says)
			}
			if c.status == 200 && (a.Branch != 1 || string(a.Body) != `{"module":"hangup"}`) ||
				c.status != 200 && (a.Branch != -1 || a.Body != nil) {
				t.Errorf("got branch %d and %s", a.Branch, a.Body)
			}
		})
	}
}

func TestPass(t *testing.T) {
	t.Parallel()
	s := compiled(t, setting{branches: []Branch{{}}})
	if a := s.Answer(t.Context(), nil, now); a.Status != http.StatusNotFound || a.Branch != 0 || a.Body != nil ||
		a.Failures != nil {
		t.Errorf("got %+v, want a 404 on purpose", a)
	}
}

func TestDeadline(t *testing.T) {
	t.Parallel()
	s := compiled(t,
		setting{branches: []Branch{{Template: inline(t, library(t), `{{ range 9000 }}{{ end }}{"module":"hangup"}`)}}})
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(context.DeadlineExceeded)
	if a := s.Answer(ctx, nil, now); a.Status != 500 {
		t.Errorf("after its time: got %d, want 500", a.Status)
	}
}

func TestUnknownCalendarInATemplate(t *testing.T) {
	t.Parallel()
	l := library(t)
	s := compiled(t, setting{
		unknown: true,
		branches: []Branch{
			{Template: inline(t, l, `{"module":"hangup","data":{"n":{{ len (on "hours") }}}}`)},
			{Template: inline(t, l, `{"module":"hangup"}`)},
		},
		whens:    []*routes.Condition{{Digits: []diag.Text{{S: "1"}}}},
		fallback: 1,
	})
	call := pivot.New(map[string]string{"Digits": "1"})
	a := s.Answer(t.Context(), &call, now)
	if a.Branch != 1 || len(a.Failures) != 1 ||
		!strings.Contains(a.Failures[0].Err.Error(), "calendar acme/hours is unknown") {
		t.Errorf("got branch %d, %v; want the fallback, since nobody knows what is on", a.Branch, a.Failures)
	}
}

func TestMistakes(t *testing.T) {
	t.Parallel()
	l := library(t)
	at := diag.Pos{File: "callhours.yaml", Line: 30, Col: 9}
	for _, c := range []struct {
		name   string
		branch Branch
		want   string
	}{
		{
			"data that a template declares",
			Branch{
				Template: l.Template("ring-then-voicemail"), Place: at,
				Data: Data{Values: map[string]any{"front_desk": frontDesk}},
			},
			`callhours.yaml:30:9: template ring-then-voicemail wants data "voicemail" (id), and branch "b0" of route acme/main has none; add it under data`,
		},
		{
			"data of another kind",
			Branch{
				Template: l.Template("ring-then-voicemail"), Place: at,
				Data: Data{Values: map[string]any{"front_desk": frontDesk, "voicemail": voicemail, "timeout": "soon"}},
			},
			`callhours.yaml:30:9: data timeout: expected the kind int, found a text`,
		},
		{
			"a calendar that is not there",
			Branch{Template: inline(t, l, `{"module":"hangup","data":{"n":{{ len (on "hrs") }}}}`), Place: at},
			`callhours.yaml:30:9: the template uses calendar "hrs", which is not defined`,
		},
		{
			"a template in data that does not parse",
			Branch{
				Template: inline(t, l, `{"module":"tts","data":{"text":{{ .Data.text }}}}`), Place: at,
				Data: Data{Values: map[string]any{"text": "{{ .Event.Summary"}, Place: func(path ...string) diag.Pos {
					return diag.Pos{File: strings.Join(path, ".") + ".yaml", Line: 3, Col: 4}
				}},
			},
			`text.yaml:3:`,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, mistakes := newRoute(t, setting{branches: []Branch{c.branch}})
			if len(mistakes) != 1 || !strings.HasPrefix(mistakes[0].Error(), c.want) {
				t.Errorf("got %v, want %s", mistakes, c.want)
			}
		})
	}
}

func BenchmarkAnswer(b *testing.B) {
	l := library(b)
	ring := Branch{
		Template: l.Template("ring-then-voicemail"),
		Data:     Data{Values: map[string]any{"front_desk": frontDesk, "voicemail": voicemail}},
	}
	for name, branch := range map[string]Branch{
		"front-desk": ring,
		"callers-name": {
			Template: inline(b, l,
				`{"module":"tts","data":{"text":"{{ .Call.CallerName }}"},"children":{"_":{"module":"voicemail","data":{"id":"{{ .Data.voicemail }}"}}}}`), Data: ring.Data,
		},
		"data-template": {
			Template: l.Template("announce-then-voicemail"),
			Data: Data{
				Values: map[string]any{"voicemail": voicemail, "message": "We are closed for {{ .Event.Summary }}."},
			},
		},
	} {
		b.Run(name, func(b *testing.B) {
			s := compiled(b,
				setting{branches: []Branch{branch, {}}, whens: []*routes.Condition{titled("open*")}, fallback: 1})
			call := pivot.New(map[string]string{"Caller-ID-Name": "JANE DOE", "Request": "+14155550100"})
			if a := s.Answer(b.Context(), &call, now); a.Status != 200 {
				b.Fatal(a.Failures)
			}
			b.ReportAllocs()
			for b.Loop() {
				s.Answer(b.Context(), &call, now)
			}
		})
	}
}

// BenchmarkEncoded renders an answer that shows the caller's name by the encoders of places, and by
// toJson on every action with json.Valid in place of the check, in turn. "ratio" is how much longer
// the former takes, decision, check and all.
func BenchmarkEncoded(b *testing.B) {
	l := library(b)
	data := Data{Values: map[string]any{"voicemail": voicemail}}
	encoded := compiled(b,
		setting{
			whens: []*routes.Condition{titled("open*")}, fallback: 1,
			branches: []Branch{{Data: data, Template: inline(b, l,
				`{"module":"tts","data":{"text":"{{ .Call.CallerName }}"},"children":{"_":{"module":"voicemail","data":{"id":"{{ .Data.voicemail }}"}}}}`)}, {}},
		})
	byHand := inline(b, l,
		`{"module":"tts","data":{"text":{{ toJson .Call.CallerName }}},"children":{"_":{"module":"voicemail","data":{"id":{{ toJson .Data.voicemail }}}}}}`)
	call := calling("Caller-ID-Name", "JANE DOE", "Request", "+14155550100")
	v := &View{Call: call, Now: now, Data: data.Values}
	var took [2]time.Duration
	for b.Loop() {
		began := time.Now()
		if a := encoded.Answer(b.Context(), call, now); a.Status != 200 {
			b.Fatal(a.Failures)
		}
		between := time.Now()
		var out bytes.Buffer
		if err := byHand.Execute(b.Context(), &out, v, v.env); err != nil || !json.Valid(out.Bytes()) {
			b.Fatal(err)
		}
		took[0] += between.Sub(began)
		took[1] += time.Since(between)
	}
	b.ReportMetric(float64(took[0].Nanoseconds())/float64(b.N), "encoded-ns/op")
	b.ReportMetric(float64(took[1].Nanoseconds())/float64(b.N), "by-hand-ns/op")
	b.ReportMetric(float64(took[0])/float64(took[1]), "ratio")
}
