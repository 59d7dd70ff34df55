package render

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/callhours/callhours/internal/diag"
	"github.com/callhours/callhours/pivot"
	"github.com/callhours/callhours/routes"
)

// place is where templates are named.
var place = diag.Pos{File: "callhours.yaml", Line: 3, Col: 9}

func TestCheck(t *testing.T) {
	t.Parallel()
	l := library(t)
	const here = " (branch b0 of route acme/main, "
	for _, c := range []struct {
		name, text string
		when       *routes.Condition
		data       map[string]any
		want       string // a warning begins with ?
	}{
		{"good", `{"module":"tts","data":{"text":"Hello {{ trunc 100 .Call.CallerName }}"}}`, nil, nil, ``},
		{
			"a name that a call does not have", `{"module":"custom","data":{"x":"{{ .Call.CallerNam }}"}}`, nil, nil,
			`callhours.yaml:7:55: .Call.CallerNam is not known; a call has `,
		},
		{
			"data that is not there", `{"module":"custom","data":{"x":"{{ .Data.lobby }}"}}`, nil, nil,
			`callhours.yaml:7:55: .Data.lobby is not set` + here + `an ordinary call)`,
		},
		{
			"nothing in quotes", `{"module":"custom","data":{"x":"{{ .Data.nil }}"}}`, nil,
			map[string]any{"nil": nil},
			`callhours.yaml:7:55: expected a text inside the quotes, found nothing; guard it with {{with}}, give a default, or leave the quotes out to write null` + here + `an ordinary call)`,
		},
		{
			"only without a number",
			`{"module":"custom","data":{"x":{{ if eq .Call.From "anonymous" }}{{ atoi "0" | div 1 }}{{ else }}1{{ end }}}}`, nil, nil,
			`callhours.yaml:7:99: div: division by 0` + here + `a call from a hidden number)`,
		},
		{
			"only without an event",
			`{"module":"custom","data":{"x":{{ with .Event }}1{{ else }}{{ .Data.lobby }}{{ end }}}}`, nil, nil,
			`callhours.yaml:7:82: .Data.lobby is not set` + here +
				`an ordinary call, with no event and nothing in sight)`,
		},
		{
			"an event that is always there", `{"module":"custom","data":{"x":"{{ .Event.Summary }}"}}`, titled("open*"),
			nil, ``,
		},
		{
			"no callflow", `{"module":"voicemial"}`, nil, nil,
			`callhours.yaml:7:30: the output is not a callflow: .module: `,
		},
		{
			"no callflow for some", `{"module":"{{ if .Call.CallerName }}voicemial{{ else }}hangup{{ end }}"}`, nil,
			nil,
			`callhours.yaml:7:30: the output is not a callflow: .module: `,
		},
		{
			"no callflow by what a caller sends", `{"module":"{{ .Call.Digits }}"}`, nil, nil, `?`,
		},
		{
			"a long name", `{"module":"tts","data":{"text":"Hello {{ .Call.CallerName }}"}}`, nil, nil,
			`?callhours.yaml:7:51: the output is not a callflow: .data.text: `,
		},
		{
			"a long title", `{"module":"tts","data":{"text":"Hello {{ .Event.Summary }}"}}`, titled("open*"), nil,
			`?callhours.yaml:7:51: the output is not a callflow: .data.text: `,
		},
		{
			"a field that Kazoo does not know", `{"module":"tts","data":{"text":"Hello","langage":"en"}}`, nil, nil,
			`?callhours.yaml:7:59: the output is odd: .data.langage: there is no such field, and Kazoo ignores it; did you mean "language"?` +
				here + `an ordinary call)`,
		},
		{
			"fail for some", `{"module":"{{ if .Call.CallerName }}{{ fail "no names" }}{{ else }}hangup{{ end }}"}`,
			nil,
			nil, ``,
		},
		{
			"fail for all", `{"module":"{{ fail "out of order" }}"}`, nil, nil,
			`callhours.yaml:7:34: fail: out of order` + here + `an ordinary call)`,
		},
		{
			"a loop without end", `{{ range 1000000000000 }}{{ end }}{"module":"hangup"}`, nil, nil,
			`callhours.yaml:7:29: more than 10000 steps; does a loop end?` + here + `an ordinary call)`,
		},
		{
			"a template in data", `{"module":"custom","data":{"x":"{{ .Data.x }}"}}`, nil,
			map[string]any{"x": "{{ .Data.lobby }}"},
			`data.yaml:1:4: .Data.lobby is not set` + here + `an ordinary call)`,
		},
		{
			"a branch that next does not know",
			`{"module":"custom","data":{"x":"{{ with next "opne" }}{{ .Start.Unix }}{{ end }}"}}`, nil, nil,
			`callhours.yaml:7:60: next: route acme/main has no branch or state "opne"`,
		},
		{
			"a person without a device", `{"module":"device","data":{"id":"{{ .Match.Value.device }}"}}`,
			&routes.Condition{
				Calendars: []string{"acme/hours"},
				Events:    routes.Events{Names: &routes.Names{Field: "people", Keys: []string{"anna", "bob"}}},
			},
			map[string]any{
				"people": map[string]any{"anna": map[string]any{"device": frontDesk}, "bob": map[string]any{}},
			},
			`callhours.yaml:7:56: .Match.Value.device is not set` + here + `an ordinary call, "bob" on)`,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if c.when == nil {
				c.when = &routes.Condition{Not: titled("never")}
			}
			r, mistakes := newRoute(t, setting{
				whens: []*routes.Condition{c.when}, fallback: 1,
				branches: []Branch{
					{
						Template: inline(t, l, c.text), Place: place,
						Data: Data{Values: c.data, Place: func(...string) diag.Pos {
							return diag.Pos{File: "data.yaml", Line: 1, Col: 1}
						}},
					}, {},
				},
			})
			if len(mistakes) > 0 {
				t.Fatal(mistakes)
			}
			var got string
			found := Check(t.Context(), []*Route{r}, now, nil)
			for _, f := range found {
				if f.Warning && !strings.HasPrefix(got, "?") {
					got += "?"
				}
				got += f.Error() + "\n"
			}
			if !strings.HasPrefix(got, c.want) || c.want == "" && got != "" ||
				strings.HasPrefix(got, "?") && !strings.HasPrefix(c.want, "?") {
				t.Errorf("got:  %s\nwant: %s", got, c.want)
			}
			if c.want != "?" && len(found) > 1 {
				t.Errorf("one mistake is said %d times:\n%s", len(found), got)
			}
		})
	}
}

// TestCheckSeveral: what fails alike for several routes is said once.
func TestCheckSeveral(t *testing.T) {
	t.Parallel()
	l := library(t)
	bad := inline(t, l, `{"module":"custom","data":{"x":"{{ .Call.Nope }}"}}`)
	r, mistakes := newRoute(t,
		setting{
			branches: []Branch{{Template: bad}, {Template: bad}, {}},
			whens:    []*routes.Condition{titled("a"), titled("b")}, fallback: 2,
		})
	if len(mistakes) > 0 {
		t.Fatal(mistakes)
	}
	found := Check(t.Context(), []*Route{r, r}, now, nil)
	if len(found) != 1 ||
		!strings.HasSuffix(found[0].Message, "(branch b0 of route acme/main, an ordinary call, and 3 more)") {
		t.Errorf("got %v", found)
	}
}

func TestWants(t *testing.T) {
	t.Parallel()
	l := library(t)
	text := `{"module":"custom","data":{"x":"{{ .Event.Summary }}{{ .Match.Name }}{{ (next "open").Start }}"}}`
	names := &routes.Condition{
		Calendars: []string{"acme/hours"},
		Events:    routes.Events{Names: &routes.Names{Field: "people", Keys: []string{"anna"}}},
	}
	digits := &routes.Condition{Digits: []diag.Text{{S: "1"}}}
	const event, match,
		next = `callhours.yaml:7:55: .Event can be nothing when branch "b0" of route acme/main answers: %; guard it with {{with .Event}} … {{else}} … {{end}}`,
		`callhours.yaml:7:75: .Match can be nothing when branch "b0" of route acme/main answers: %; guard it with {{with .Match}} … {{else}} … {{end}}`,
		`callhours.yaml:7:105: next "open" can be nothing when branch "b0" of route acme/main answers: no change may be in sight; guard it with {{with next "open"}} … {{else}} … {{end}}`
	says := func(message, why string) string { return strings.ReplaceAll(message, "%", why) }
	for _, c := range []struct {
		name     string
		when     *routes.Condition
		fallback int
		want     []string
	}{
		{"names", names, 1, []string{next}},
		{"a calendar", titled("x"), 1, []string{says(match, "its condition looks for no names"), next}},
		{"a calendar and digits", &routes.Condition{All: []*routes.Condition{digits, names}}, 1, []string{next}},
		{
			"a calendar or digits", &routes.Condition{Any: []*routes.Condition{digits, names}}, 1,
			[]string{
				says(event, "no calendar decides it for certain"),
				says(match, "no calendar decides it for certain"), next,
			},
		},
		{
			"not a calendar", &routes.Condition{Not: names}, 1,
			[]string{
				says(event, "no calendar decides it for certain"),
				says(match, "no calendar decides it for certain"), next,
			},
		},
		{
			"the fallback", names, 0,
			[]string{says(event, "it is the route's fallback"), says(match, "it is the route's fallback"), next},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, mistakes := newRoute(t,
				setting{
					whens: []*routes.Condition{c.when}, fallback: c.fallback,
					branches: []Branch{{Template: inline(t, l, text)}, {}},
				})
			var got []string
			for _, m := range mistakes {
				got = append(got, m.Error())
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestCheckInPlace: a callflow that is written where it is named says its place once.
func TestCheckInPlace(t *testing.T) {
	t.Parallel()
	bad := Branch{
		Template: inline(t, library(t), `{"module":"voicemial"}`),
		Place:    diag.Pos{File: "callhours.yaml", Line: 7, Col: 20},
	}
	r, mistakes := newRoute(t, setting{branches: []Branch{bad}})
	if len(mistakes) > 0 {
		t.Fatal(mistakes)
	}
	found := Check(t.Context(), []*Route{r}, now, nil)
	want := `callhours.yaml:7:30: the output is not a callflow: .module: "voicemial" is not a module of Kazoo; did you mean "voicemail"? (branch b0 of route acme/main, an ordinary call)`
	if len(found) != 1 || found[0].Error() != want || found[0].Warning || !found[0].Callflow {
		t.Errorf("got %v, want %s", found, want)
	}
}

// TestCheckSchemas: what the cluster's own schemas refuse is a mistake, even where the catalog has
// nothing against it.
func TestCheckSchemas(t *testing.T) {
	t.Parallel()
	schemas, err := pivot.LoadSchemas(fstest.MapFS{
		"callflows.action.json": {
			Data: []byte(`{"type":"object","properties":{"module":{"type":"string"}},"required":["module"]}`),
		},
		"callflows.tts.json": {Data: []byte(`{"type":"object","properties":{"text":{"type":"string","maxLength":9}}}`)},
	})
	if err != nil {
		t.Fatal(err)
	}
	r, mistakes := newRoute(t,
		setting{
			branches: []Branch{
				{Template: inline(t, library(t), `{"module":"tts","data":{"text":"Hello, world"}}`), Place: place},
			},
		})
	if len(mistakes) > 0 {
		t.Fatal(mistakes)
	}
	if found := Check(t.Context(), []*Route{r}, now, nil); len(found) > 0 {
		t.Errorf("without schemas: got %v", found)
	}
	want := []Finding{
		{
			Callflow: true,
			Mistake: diag.Mistake{
				Pos: place,
				Message: "callhours.yaml:7:20: the cluster's schemas refuse the output: " +
					".data.text: maxLength: got 12, want 9 (branch b0 of route acme/main, an ordinary call)",
			},
			Routes: []*Route{r},
		},
	}
	if diff := cmp.Diff(want, Check(t.Context(), []*Route{r}, now, schemas),
		cmp.Comparer(func(a, b *Route) bool { return a == b })); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
