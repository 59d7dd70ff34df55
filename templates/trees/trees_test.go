package trees_test

import (
	"fmt"
	"strings"
	"testing"
	"text/template/parse"

	"github.com/callhours/callhours/internal/diag"
	"github.com/callhours/callhours/templates/trees"
)

// TestPlaces holds that places are the same however far from the beginning they are.
func TestPlaces(t *testing.T) {
	t.Parallel()
	text := strings.Repeat("Büro offen\n", 300) + strings.Repeat("é😀", 2000) + "\nend"
	s := trees.NewSource(diag.Pos{File: "t", Line: 3, Col: 5}, text)
	for i := range text {
		before := text[:i]
		line := before[strings.LastIndexByte(before, '\n')+1:]
		want := diag.Pos{File: "t", Line: 3 + strings.Count(before, "\n"), Col: 5 + len([]rune(line))}
		if got := s.Pos(parse.Pos(i)); got != want {
			t.Fatalf("byte %d: got %s, want %s", i, got, want)
		}
		if got := s.Place(1+strings.Count(before, "\n"), len(line)); i%97 == 0 && got != want {
			t.Fatalf("byte %d by its line: got %s, want %s", i, got, want)
		}
	}
}

// parsed parses a text without looking up functions.
func parsed(t testing.TB, text string) map[string]*trees.Tree {
	t.Helper()
	p := parse.New("main")
	p.Mode = parse.SkipFuncCheck
	found := map[string]*parse.Tree{}
	if _, err := p.Parse(text, "", "", found); err != nil {
		t.Fatal(err)
	}
	source := trees.NewSource(diag.Pos{File: "t", Line: 1, Col: 1}, text)
	all := map[string]*trees.Tree{}
	for name, tree := range found {
		all[name] = trees.New(tree, source)
	}
	return all
}

func TestSize(t *testing.T) {
	t.Parallel()
	deep := strings.Repeat("{{if .}}", trees.MaxNesting) + "x" + strings.Repeat("{{end}}", trees.MaxNesting)
	for _, c := range []struct {
		text      string
		variables int
		deepest   string
	}{
		{`{{$a := 1}}{{$a = 2}}{{range $i, $e := .}}{{end}}`, 3, ""},
		{deep, 0, ""},
		{"{{if .first}}" + deep + "{{end}}", 0, "{{if .}}x{{end}}"},
		{"{{" + strings.Repeat("(", trees.MaxNesting+1) + "1" + strings.Repeat(")", trees.MaxNesting+1) + "}}", 0, "1"},
	} {
		size := parsed(t, c.text)["main"].Size
		deepest := ""
		if size.Deepest != nil {
			deepest = size.Deepest.String()
		}
		if size.Variables != c.variables || deepest != c.deepest {
			t.Errorf("%.40s: got %d variables, deepest %q", c.text, size.Variables, deepest)
		}
	}
}

func TestReached(t *testing.T) {
	t.Parallel()
	all := parsed(t,
		`{{define "a"}}{{if .}}{{template "b" .}}{{end}}{{end}}{{define "b"}}{{template "a"}}{{template "no"}}{{end}}`+
			`{{define "c"}}{{end}}{{template "a"}}`)
	if got := trees.Reached(all["main"], all); len(got) != 3 || got["a"] == nil || got["b"] == nil {
		t.Errorf("got %v", got)
	}
	if got := trees.Reached(nil, all); len(got) != 0 {
		t.Errorf("of nothing: got %v", got)
	}
}

func TestAction(t *testing.T) {
	t.Parallel()
	text := "a{{- .Call.From\n| upper -}}b{{ " + strings.Repeat("é ", 30) + "}}"
	s := trees.NewSource(diag.Pos{}, text)
	for word, want := range map[string]string{
		".Call": "{{.Call.From | upper}}", "é": "{{" + strings.Repeat("é ", 20) + "…}}",
	} {
		if got := s.Action(parse.Pos(strings.Index(text, word))); got != want {
			t.Errorf("%s: got %s, want %s", word, got, want)
		}
	}
}

func ExampleSource_Pos() {
	const text = "Büro: {{.Name}}\n{{.Phone}}"
	parsed, err := parse.Parse("a.tmpl", text, "", "", nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	t := trees.New(parsed["a.tmpl"], trees.NewSource(diag.Pos{File: "a.tmpl", Line: 1, Col: 1}, text))
	trees.Inspect(t.Root, func(n parse.Node) {
		if n.Type() == parse.NodeField {
			fmt.Println(t.Source.Pos(n.Position()), n, "in", t.Source.Action(n.Position()))
		}
	})
	// Output:
	// a.tmpl:1:9 .Name in {{.Name}}
	// a.tmpl:2:3 .Phone in {{.Phone}}
}
