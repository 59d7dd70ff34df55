package templates

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"github.com/callhours/callhours/internal/diag"
	"github.com/callhours/callhours/templates/funcs"
)

// FuzzParseExecute holds for every text: mistakes have a place inside it and are one line; what
// parses ends in time, writes no more than MaxOutput, says what is wrong in one line with a place,
// and writes the same for the same data.
func FuzzParseExecute(f *testing.F) {
	for _, name := range []string{
		"endless range", "recursion", "repeat", "until", "replace", "print doubling", "list doubling", "dict doubling",
	} {
		f.Add(dangerous[name]) // the others take their time and run in TestDangerous
	}
	for _, fn := range funcs.All() {
		f.Add(fn.Example)
	}
	for _, h := range hostile {
		f.Add(h.text(2 << 10))
	}
	for _, text := range []string{
		"{{- /*\ndata: a id; b int = 1\n*/ -}}{{ .Data.a }}", "{{ if }}",
		"{{ range $i, $e := .Events }}{{ break }}{{ end }}",
		"{{ with .Match }}{{ .Name }}{{ else with .Event }}{{ .Start.Local }}{{ end }}",
		"{{ (index .Events 0).Summary }}",
		"{{ block \"a\" . }}{{ template \"a\" $ }}{{ end }}", "ü\n{{ \"\\x00\" | toJson }}", "{{ .Data.numbers.x }}",
		"{{", "}}",
	} {
		f.Add(text)
	}
	l, _ := load(map[string]string{"_p.json.tmpl": `{{ define "piece" }}{{ toJson . }}{{ end }}`})
	f.Fuzz(func(t *testing.T, text string) {
		place := diag.Pos{File: "f.yaml", Line: 7, Col: 5}
		tmpl, mistakes := l.ParseText(place, text)
		if (tmpl == nil) != (len(mistakes) > 0) {
			t.Fatalf("got the template %v and %d mistakes", tmpl, len(mistakes))
		}
		for _, m := range mistakes {
			if m.Line < 7 || m.Line > 7+strings.Count(text, "\n") || strings.Contains(m.Message, "\n") ||
				m.Message == "" {
				t.Errorf("%q: a mistake without a place or on several lines: %q", text, m.Error())
			}
		}
		if tmpl == nil {
			return
		}
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		d := sample()
		started := time.Now()
		var b, again bytes.Buffer
		err := tmpl.Execute(ctx, &b, d, sampleEnv())
		if took := time.Since(started); took > 5*time.Second {
			t.Errorf("%q took %s", text, took)
		}
		if b.Len() > MaxOutput {
			t.Errorf("%q wrote %d bytes", text, b.Len())
		}
		if err != nil {
			message := err.Error()
			if !strings.HasPrefix(message, "f.yaml") || strings.Contains(message, "\n") ||
				strings.Contains(message, "__step") ||
				strings.Contains(message, "template: ") && !strings.Contains(text, "template: ") {
				t.Errorf("%q: got the error %q", text, message)
			}
			return
		}
		if err := tmpl.Execute(ctx, &again, d, sampleEnv()); err == nil && !bytes.Equal(b.Bytes(), again.Bytes()) {
			t.Errorf("%q wrote %q, then %q", text, &b, &again)
		}
	})
}
