package templates

import (
	"bytes"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/callhours/callhours/templates/funcs"
)

// TestPlace: every byte of an output is traced back to the text that wrote it, through conditions,
// loops and pieces of other files.
func TestPlace(t *testing.T) {
	t.Parallel()
	l, mistakes := Load(Options{Path: "templates", Dir: fstest.MapFS{
		"main.json.tmpl": {
			Data: []byte("{{- /* a comment */ -}}\n{\"module\": \"tts\",\n \"data\": {\"text\": \"Grüße {{ .Data.name }}\",\n  \"list\": [{{ range $i, $x := .Data.list }}{{ if $i }}, {{ end }}{\"n\": {{ $x }}}{{ end }}]},\n \"children\": {{ template \"tail\" }}}\n"),
		},
		"_tail.json.tmpl": {Data: []byte("{{ define \"tail\" }}\n  {\"_\": {\"module\": \"hangup\"}}{{ end }}")},
	}})
	if len(mistakes) > 0 {
		t.Fatal(mistakes)
	}
	tmpl := l.Template("main")
	data := map[string]any{"Data": map[string]any{"name": "JANE", "list": []any{"a", "b"}}}
	var out bytes.Buffer
	if err := tmpl.Execute(t.Context(), &out, data, funcs.Env{}); err != nil {
		t.Fatal(err)
	}
	for part, want := range map[string]string{
		`"module": "tts"`:    "templates/main.json.tmpl:2:2",
		`"text"`:             "templates/main.json.tmpl:3:11",
		"JANE":               "templates/main.json.tmpl:3:29",
		`NE"`:                "templates/main.json.tmpl:3:29",
		`{"n": "a"}`:         "templates/main.json.tmpl:4:66",
		`"b"`:                "templates/main.json.tmpl:4:75",
		`"children"`:         "templates/main.json.tmpl:5:2",
		`"module": "hangup"`: "templates/_tail.json.tmpl:2:10",
	} {
		at := strings.Index(out.String(), part)
		if got, ok := tmpl.Places(t.Context(), data, funcs.Env{}).At(at); at < 0 || !ok || got.String() != want {
			t.Errorf("%s at %d of %s: got %s, %v, want %s", part, at, out.String(), got, ok, want)
		}
	}
	var again bytes.Buffer
	if err := tmpl.Execute(t.Context(), &again, data, funcs.Env{}); err != nil || again.String() != out.String() {
		t.Errorf("afterwards it writes %s, %v", again.String(), err)
	}
}
