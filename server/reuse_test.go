package server

import (
	"maps"
	"strings"
	"testing"

	"github.com/callhours/callhours/config"
	"github.com/callhours/callhours/internal/diag"
)

// TestReuse: a route is built again when something is different that it is made of, and else
// keeps what it has compiled.
func TestReuse(t *testing.T) {
	t.Parallel()
	const yaml = `include: [tenants/*.yaml]
templates: templates
lists: {spam: {file: spam.txt}}
calendars: {hours: {file: hours.ics}, other: {file: other.ics}}
routes:
  - name: main
    branches:
      - {name: spam, state: closed, when: {caller: {list: spam}}, pass: true}
      - {name: open, when: {calendar: hours}, template: one}
      - {name: closed, template: two}
  - {name: third, branches: [{name: open, when: {calendar: other}, template: two}, {name: closed, template: two}]}
`
	tenant := says("a", "a1", "calendars: {own: {file: a/hours.ics}}\n")
	before := map[string]string{
		"tenants/a.yaml": tenant, "tenants/b.yaml": says("b", "b1", ""), "spam.txt": "+14155550100\n",
		"other.ics": hoursFile, "tenants/a/hours.ics": hoursFile,
		"templates/one.json.tmpl": `{"module": "tts", "data": {"text": "one"}}`,
		"templates/two.json.tmpl": `{"module": "tts", "data": {"text": "two"}}`,
	}
	const all = "main third a/main b/main"
	cases := map[string]struct {
		from, to string            // in the main file
		after    map[string]string // of the others
		kept     string            // names of the routes that are not built again
		compiled string            // of those, the ones that keep what is compiled; "": all
	}{
		"nothing": {kept: all},
		"a tenant": {
			after: map[string]string{"tenants/b.yaml": says("b", "b2", "")},
			kept:  "main third a/main",
		},
		"a line moves in a tenant": {
			after: map[string]string{"tenants/b.yaml": "# moved\n" + says("b", "b1", "")},
			kept:  "main third a/main",
		},
		"a template": {
			after: map[string]string{"templates/one.json.tmpl": `{"module": "tts", "data": {"text": "1"}}`},
			kept:  "third a/main b/main",
		},
		"a template that nobody names": {after: map[string]string{"templates/more.json.tmpl": "{}"}, kept: all},
		"what templates share": {
			after: map[string]string{"templates/_all.json.tmpl": `{{define "x"}}{}{{end}}`}, kept: "",
		},
		"a list": {
			after: map[string]string{"spam.txt": "+14155550101\n"},
			kept:  "third a/main b/main",
		},
		"a calendar's events": {
			after: map[string]string{"other.ics": strings.ReplaceAll(hoursFile, "UID:open", "UID:another")}, kept: all,
			compiled: "main a/main b/main",
		},
		"how a calendar is used": {
			from: "other: {file: other.ics}",
			to:   "other: {file: other.ics, if_unknown: absent}", kept: all, compiled: "main a/main b/main",
		},
		"a calendar more":          {from: "other: {", to: "more: {file: hours.ics}, other: {", kept: ""},
		"a tenant's calendar more": {after: map[string]string{"tenants/a.yaml": strings.Replace(tenant, "own: {", "more: {file: a/hours.ics}, own: {", 1)}, kept: "main third b/main"},
		"a setting of all answers": {
			from: "templates: templates", to: "templates: templates\nkazoo_version: 5",
			kept: "",
		},
		"a setting of something else": {
			from: "include: [tenants/*.yaml]", to: "include: [tenants/*.yaml]  # as ever",
			kept: all,
		},
		"the horizon": {
			from: "templates: templates", to: "horizon: 30d\ntemplates: templates", kept: "a/main b/main",
			compiled: "none",
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, f := reloadable(t, yaml, before)
			w.Start()
			w.call(post("/main")) // its answer is kept
			was := w.live.Load().Generation
			states := map[string]any{}
			for _, r := range was.routes {
				states[r.Name] = r.State()
			}
			files := maps.Clone(before)
			maps.Copy(files, c.after)
			if !strings.Contains(yaml, c.from) {
				t.Fatalf("%q is not in the file", c.from)
			}
			f.set(strings.Replace(yaml, c.from, c.to, 1), files)
			if err := w.Reload(t.Context()); err != nil {
				t.Fatal(err)
			}
			is := w.live.Load().Generation
			kept := strings.Fields(c.kept)
			for i, r := range is.routes {
				same := was.routes[i] == r
				wanted := false
				for _, k := range kept {
					wanted = wanted || k == r.Name
				}
				if same != wanted {
					t.Errorf("%s: kept is %t, want %t", r.Name, same, wanted)
				}
				compiled := wanted && (c.compiled == "" || strings.Contains(" "+c.compiled+" ", " "+r.Name+" "))
				if same := states[r.Name] == any(r.State()); same != compiled {
					t.Errorf("%s: what is compiled is kept: %t, want %t", r.Name, same, compiled)
				}
			}
			fresh, err := load(t, head+strings.Replace(yaml, c.from, c.to, 1), files)
			if err != nil {
				t.Fatal(err)
			}
			for i, r := range fresh.routes {
				r.Use(r.Compile(fresh.timelines, fresh.totals, monday))
				if a, b := r.State().Answer(t.Context(), nil, monday),
					is.routes[i].State().Answer(t.Context(), nil, monday); string(a.Body) != string(b.Body) ||
					a.Reason != b.Reason {
					t.Errorf("%s answers %s (%s), and built anew %s (%s)", r.Name, b.Body, b.Reason, a.Body, a.Reason)
				}
			}
		})
	}
}

// TestShownLine: lines that may hold a secret are not shown.
func TestShownLine(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"timezone: Europe/Berln":                "timezone: Europe/Berln",
		"  - {name: main, brnches: []}":         "  - {name: main, brnches: []}",
		"  - name: main":                        "  - name: main",
		"password: hunter2":                     "",
		"  passwrod: hunter2":                   "",
		"basic: {username: kazoo, password: x}": "",
		"hours: {url: hunter2}":                 "",
		"hours: {file: \"https://x/hunter2\"}":  "",
		"    hunter2":                           "",
		"headers: {X-Api-Key: hunter2}":         "",
		"Authorization: Bearer hunter2":         "",
		"tokn: hunter2":                         "",
		"- hunter2":                             "",
		"unknown: hunter2":                      "unknown:",
		strings.Repeat("a", 400) + ": long":     "",
	} {
		inputs := config.NewInputs(filesOf(line+"\n", nil))
		_, _ = config.Load("callhours.yaml", config.Options{Inputs: inputs}) // what is wrong with it is not asked here
		message := "something is wrong"
		if strings.HasPrefix(line, "unknown") {
			message = "unknown key \"unknown\" in the main file"
		}
		m := diag.Mistakes{diag.Mistakef(diag.Pos{File: "callhours.yaml", Line: 1, Col: 1}, "%s", message)}
		if got := said(m, inputs)[0].Text; got != want {
			t.Errorf("%s: shown is %q, want %q", line, got, want)
		}
	}
}
