package jsonsafe_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"text/template"
	"text/template/parse"
	"unicode/utf8"

	"github.com/callhours/callhours/internal/diag"
	"github.com/callhours/callhours/templates/jsonsafe"
	"github.com/callhours/callhours/templates/trees"
)

// functions are the encoders, bound without bounds, and some that templates of tests call.
func functions() template.FuncMap {
	encode := func(v any) (string, error) {
		text, err := jsonsafe.Append(nil, v, 1<<20)
		return string(text), err
	}
	name := func(v any) (string, error) {
		s, err := jsonsafe.Inside(v)
		return string(jsonsafe.AppendString(nil, s)), err
	}
	return template.FuncMap{
		jsonsafe.ValueFunc: encode,
		jsonsafe.NameFunc:  name,
		jsonsafe.StringFunc: func(v any) (string, error) {
			s, err := name(v)
			return s[1 : len(s)-1], err
		},
		jsonsafe.ListFunc: jsonsafe.List,
		jsonsafe.ToJSONFunc: func(v any) (jsonsafe.JSON, error) {
			text, err := encode(v)
			return jsonsafe.Raw(text), err
		},
		"list":  func(values ...any) []any { return values },
		"add":   func(a, b int) int { return a + b },
		"sub":   func(a, b int) int { return a - b },
		"upper": strings.ToUpper,
		"until": func(n int) []any {
			var numbers []any
			for i := range n {
				numbers = append(numbers, i)
			}
			return numbers
		},
	}
}

// parsed parses a text that stands in a file t, by name; the text itself is t.
func parsed(text string) (map[string]*trees.Tree, error) {
	p := parse.New("t")
	p.Mode = parse.SkipFuncCheck
	found := map[string]*parse.Tree{}
	if _, err := p.Parse(text, "", "", found); err != nil {
		return nil, err
	}
	if found["t"] == nil { // the parser leaves out what is empty
		found["t"] = p
	}
	source := trees.NewSource(diag.Pos{File: "t", Line: 1, Col: 1}, text)
	all := map[string]*trees.Tree{}
	for name, tree := range found {
		all[name] = trees.New(tree, source)
	}
	return all, nil
}

// escaped gives the trees of a text with their encoders.
func escaped(text string) (map[string]*trees.Tree, []diag.Mistake) {
	all, err := parsed(text)
	if err != nil {
		return nil, []diag.Mistake{{Message: err.Error()}}
	}
	return jsonsafe.Escape(all["t"], all)
}

// write executes a text.
func write(text string, data any) (string, error) {
	all, mistakes := escaped(text)
	if len(mistakes) > 0 {
		return "", diag.Mistakes(mistakes)
	}
	return execute(all, data)
}

func execute(all map[string]*trees.Tree, data any) (string, error) {
	t := template.New("t").Option("missingkey=error").Funcs(functions())
	for name, tree := range all {
		if _, err := t.AddParseTree(name, tree.Tree); err != nil {
			return "", err
		}
	}
	var b strings.Builder
	err := t.Execute(&b, data)
	return b.String(), err
}

// marker stands for the text that somebody else chose.
const marker = "Zq7"

func chosenData(chosen string) any {
	return map[string]any{"Data": map[string]any{
		"s": chosen, "n": 42, "e": "", "nil": nil, "l": []any{chosen, 1, ""}, "m": map[string]any{"k": chosen},
		"t": true,
		"f": false,
	}}
}

// ends reports whether an execution of trees ends soon.
func ends(all map[string]*trees.Tree) bool {
	loops, calls := 0, 0
	for _, t := range all {
		trees.Inspect(t.Root, func(n parse.Node) {
			switch n := n.(type) {
			case *parse.RangeNode:
				loops++
			case *parse.TemplateNode:
				calls++
			case *parse.NumberNode:
				if !n.IsInt || n.Int64 > 20 {
					loops += 100
				}
			}
		})
	}
	return loops <= 3 && calls <= 3
}

// FuzzEscape holds for every template that is accepted: whatever text somebody chooses, it writes
// JSON, and that differs from what it writes for another text by the chosen one alone, in strings
// and names.
func FuzzEscape(f *testing.F) {
	for _, text := range []string{
		`{"a": {{ .Data.s }}, "{{ .Data.s }}": "b{{ .Data.s }}"}`,
		`[{{ range $i, $e := .Data.l }}{{ if $i }},{{ end }}{{ $e }}{{ end }}]`,
		`{ {{- $c := false }}{{ if .Data.f }}"a":1{{ $c = true }}{{ end }}{{ if .Data.t }}{{ if $c }},{{ end }}"b":2{{ end }}}`,
		`{{ define "v" }}{{ . }}{{ end }}[{{ template "v" .Data.s }},"{{ template "v" .Data.s }}"]`,
		`["{{ with .Data.e }}{{ . }}{{ else }}x{{ end }}{{ break }}"]`, `[{{ toJson .Data.m }}]`,
		`[1{{ if .Data.t }}2{{ end }}]`, `1E1000`,
	} {
		f.Add(text, "\",\"module\":\"x\\\x00\xff\u2028{{")
	}
	f.Fuzz(func(t *testing.T, text, chosen string) {
		if len(text) > 1000 || len(chosen) > 1000 || strings.Contains(text+chosen, marker) ||
			strings.Contains(text, "Z") ||
			!utf8.ValidString(text) {
			return
		}
		all, mistakes := escaped(text)
		for _, m := range mistakes {
			if strings.Contains(m.Message, "\n") {
				t.Errorf("%q: a mistake on several lines: %s", text, m.Error())
			}
		}
		if len(mistakes) > 0 || !ends(all) {
			return
		}
		plain, err := execute(all, chosenData(marker))
		odd, again := execute(all, chosenData("h"+chosen))
		if err != nil || again != nil {
			return
		}
		for _, out := range []string{plain, odd} {
			if !json.Valid([]byte(out)) || !utf8.ValidString(out) {
				t.Fatalf("%s\nwith %q wrote what is not JSON: %s", text, chosen, out)
			}
		}
		if err := sameShape(plain, odd, string([]rune("h"+chosen))); err != nil && !strings.ContainsAny(text, "|(") {
			t.Errorf("%s\nwith %q: %v\nwrote %s\nand   %s", text, chosen, err, plain, odd)
		}
	})
}

// sameShape compares two texts of JSON, in the first of which the marker stands for the text that
// was chosen in the second.
func sameShape(plain, odd, chosen string) error {
	a, b := json.NewDecoder(strings.NewReader(plain)), json.NewDecoder(strings.NewReader(odd))
	a.UseNumber() // 1E1000 is one, and larger than a float
	b.UseNumber()
	for {
		x, errX := a.Token()
		y, errY := b.Token()
		if errX != nil || errY != nil {
			if errors.Is(errX, io.EOF) && errors.Is(errY, io.EOF) {
				return nil
			}
			return fmt.Errorf("reading: %w, %w", errX, errY)
		}
		if s, ok := x.(string); ok {
			x = strings.ReplaceAll(s, marker, chosen)
		}
		if x != y {
			return fmt.Errorf("found %v for %v", y, x)
		}
	}
}
