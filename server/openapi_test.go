package server

import (
	"context"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// described is the description of the API as the server gives it.
type described struct {
	document any
	Paths    map[string]map[string]struct {
		Parameters []struct{ Name, In string }
		Responses  map[string]struct {
			Content map[string]any
		}
	}
}

func describe(t *testing.T, w *world) described {
	t.Helper()
	text := body(t, w.people(t, openapiPath, "localhost"))
	var d described
	if err := json.Unmarshal([]byte(text), &d); err != nil {
		t.Fatal(err)
	}
	var err error
	if d.document, err = jsonschema.UnmarshalJSON(strings.NewReader(text)); err != nil {
		t.Fatal(err)
	}
	return d
}

// check holds a value against a schema of the document, which a JSON pointer names.
func (d described) check(t *testing.T, what, pointer, text string) {
	t.Helper()
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	if err := compiler.AddResource("https://callhours.example/openapi.json", d.document); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile("https://callhours.example/openapi.json#" + pointer)
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	if err := schema.Validate(value); err != nil {
		t.Errorf("%s: %v\n%s", what, err, text)
	}
}

// TestOpenAPI: what is described is there, what is there is described, and what is answered is as
// it is described.
func TestOpenAPI(t *testing.T) {
	t.Parallel()
	w := started(t, `
calendars: {hours: {file: hours.ics}, gone: {url: "http://127.0.0.1:9/secret-address/basic.ics"}}
routes:
  - name: main
    match: {dialed: ["+14155550100"]}
    data: {voicemail: `+voicemail+`}
    branches:
      - {name: withheld, state: other, when: {caller: withheld}, pass: true}
      - {name: open, when: {calendar: hours, summary: "open*"}, template: voicemail}
      - {name: closed, template: voicemail}
  - name: lost
    branches:
      - {name: open, when: {calendar: gone}, pass: true}
      - {name: closed, pass: true}
  - name: failing
    branches:
      - {name: pressed, state: other, when: {digits: "4"}, callflow: '{{ if eq .Call.Digits "4" }}{{ fail "on purpose" }}{{ else }}{"module": "hangup"}{{ end }}'}
      - {name: closed, pass: true}
`, nil)
	w.call(post("/pivot", "Request", "+14155550100", "Caller-ID-Number", "+12025550147"))
	w.call(post("/failing", "Digits", "4"))
	w.call(post("/nowhere"))
	d := describe(t, w)
	var registered []string
	for _, e := range w.admin.endpoints() {
		registered = append(registered, "get "+e.path)
	}
	registered = append(registered, "post "+feedsPath+"/{calendar}/refresh")
	var paths []string
	for path, methods := range d.Paths {
		for method := range methods {
			paths = append(paths, method+" "+path)
		}
	}
	slices.Sort(registered)
	slices.Sort(paths)
	if !slices.Equal(registered, paths) {
		t.Errorf("there is\n%s\nand described is\n%s", strings.Join(registered, "\n"), strings.Join(paths, "\n"))
	}

	seen := map[string]bool{}
	for _, ask := range []struct {
		path, query string
		status      int
	}{
		{explainPath, "route=main", 200},
		{explainPath, "route=main&at=2026-11-28&caller=anonymous", 200},
		{explainPath, "route=lost", 200},
		{explainPath, "route=failing&param=Digits%3D4", 200},
		{explainPath, "dialed=%2B14155550100", 200},
		{explainPath, "dialed=1", 200},
		{explainPath, "", 400},
		{explainPath, "route=main&at=noon", 400},
		{explainPath, "route=main&param=x", 400},
		{explainPath, "path=/pivot&account=1&dialed=2&caller=3&param=A%3D1&param=B%3D2&at=2026-11-25T10:00:00Z", 200},
		{hoursPath, "route=main", 200},
		{hoursPath, "route=main&from=2026-11-01&days=40&format=json", 200},
		{hoursPath, "route=nobody", 400},
		{routesPath, "", 200},
		{routesPath, "q=gone&state=unknown&offset=0&limit=1", 200},
		{routesPath, "limit=0", 400},
		{decisionsPath, "", 200},
		{decisionsPath, "route=main&limit=1", 200},
		{decisionsPath, "route=nobody", 400},
		{findingsPath, "", 200},
		{findingsPath, "offset=0&limit=1", 200},
		{findingsPath, "limit=0", 400},
		{unmatchedPath, "", 200},
		{unmatchedPath, "offset=0&limit=1", 200},
		{unmatchedPath, "limit=0", 400},
		{feedsPath, "offset=1&limit=1", 200},
		{feedsPath, "offset=x", 400},
		{statusPath, "", 200},
		{feedsPath, "", 200},
		{openapiPath, "", 200},
	} {
		got := w.people(t, ask.path+"?"+ask.query, "localhost")
		text := body(t, got)
		what := ask.path + "?" + ask.query
		if got.StatusCode != ask.status {
			t.Errorf("%s: got %d, want %d: %s", what, got.StatusCode, ask.status, text)
			continue
		}
		seen[ask.path] = true
		for pair := range strings.SplitSeq(ask.query, "&") {
			name, _, _ := strings.Cut(pair, "=")
			seen[ask.path+" "+name] = true
		}
		if strings.HasPrefix(ask.query, "route=failing") && !strings.Contains(text, "on purpose") {
			t.Errorf("%s: nothing failed: %s", what, text)
		}
		if ask.status == 200 {
			escaped := strings.NewReplacer("~", "~0", "/", "~1").Replace(ask.path)
			d.check(t, what, "/paths/"+escaped+"/get/responses/200/content/application~1json/schema", text)
		}
		if strings.Contains(text, "secret-address") {
			t.Errorf("%s shows the address of a feed", what)
		}
	}
	for path, methods := range d.Paths {
		for _, p := range methods["get"].Parameters {
			if !seen[path+" "+p.Name] {
				t.Errorf("%s: no question of the test has the parameter %s", path, p.Name)
			}
		}
		if _, reads := methods["get"]; reads && !seen[path] && path != eventsPath {
			t.Errorf("%s: no question of the test asks it", path)
		}
	}
	rec := httptest.NewRecorder()
	r := onLoopback(httptest.NewRequest(http.MethodPost, feedsPath+"/hours/refresh", nil))
	r.Host = "localhost"
	running, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		w.store.Run(running)
	}()
	w.Admin().ServeHTTP(rec, r)
	stop()
	<-ended
	text, err := io.ReadAll(rec.Body)
	if err != nil || rec.Code != http.StatusOK {
		t.Fatalf("refresh: %d, %v", rec.Code, err)
	}
	d.check(t, "refresh", "/components/schemas/Feed", string(text))
	for _, format := range slices.Sorted(maps.Keys(d.Paths[hoursPath]["get"].Responses["200"].Content)) {
		word := map[string]string{"application/json": "json", "text/plain": "text", "text/calendar": "ics"}[format]
		if got := w.people(t, hoursPath+"?route=main&format="+word,
			"localhost").Header.Get("Content-Type"); !strings.HasPrefix(got, format) {
			t.Errorf("format %s is %s, want %s", word, got, format)
		}
	}
}
