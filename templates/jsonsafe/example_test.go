package jsonsafe_test

import (
	"fmt"
	"os"
	"text/template"
	"text/template/parse"

	"github.com/callhours/callhours/internal/diag"
	"github.com/callhours/callhours/templates/jsonsafe"
	"github.com/callhours/callhours/templates/trees"
)

func Example() {
	const text = `{"name": "{{.Name}}", "tags": {{.Tags}}}`
	all, err := parse.Parse("answer", text, "", "", nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	main := trees.New(all["answer"], trees.NewSource(diag.Pos{File: "answer.tmpl", Line: 1, Col: 1}, text))
	escaped, mistakes := jsonsafe.Escape(main, map[string]*trees.Tree{"answer": main})
	if len(mistakes) > 0 {
		fmt.Println(diag.Mistakes(mistakes))
		return
	}
	encoders := template.FuncMap{
		jsonsafe.ValueFunc: func(v any) (string, error) {
			text, err := jsonsafe.Append(nil, v, 64<<10)
			return string(text), err
		},
		jsonsafe.StringFunc: func(v any) (string, error) {
			s, err := jsonsafe.Inside(v)
			quoted := string(jsonsafe.AppendString(nil, s))
			return quoted[1 : len(quoted)-1], err
		},
	}
	t, err := template.New("answer").Funcs(encoders).AddParseTree("answer", escaped["answer"].Tree)
	if err != nil {
		fmt.Println(err)
		return
	}
	err = t.Execute(os.Stdout, map[string]any{"Name": `x","admin":"yes`, "Tags": []string{"a", "<b>"}})
	if err != nil {
		fmt.Println(err)
	}
	// Output: {"name": "x\",\"admin\":\"yes", "tags": ["a","<b>"]}
}

func ExampleEscape_mistakes() {
	const text = `{"name": {{if .Name}}"{{.Name}}"{{end}}}`
	all, err := parse.Parse("answer", text, "", "", nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	main := trees.New(all["answer"], trees.NewSource(diag.Pos{File: "answer.tmpl", Line: 1, Col: 1}, text))
	_, mistakes := jsonsafe.Escape(main, map[string]*trees.Tree{"answer": main})
	fmt.Println(diag.Mistakes(mistakes))
	// Output:
	// answer.tmpl:1:15: {{if .Name}} without {{else}}: nothing is written where a value is expected when it is false; add {{else}} null
}
