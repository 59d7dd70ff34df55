package funcs_test

import (
	"context"
	"fmt"
	"os"
	"text/template"
	"time"

	"github.com/callhours/callhours/templates/funcs"
)

func ExampleRun() {
	spent := 0
	run := funcs.NewRun(funcs.NewLiterals(time.LoadLocation))
	env := funcs.Env{Now: time.Date(2026, 11, 23, 10, 30, 0, 0, time.UTC), Language: "de", Spent: &spent}
	if err := run.Begin(context.Background(), env); err != nil {
		fmt.Println(err)
		return
	}
	functions := template.FuncMap{
		"spoken": run.Bind("spoken"), "phone": run.Bind("phone"),
		"repeat": run.Bind("repeat"),
	}
	t := template.Must(
		template.New("").Funcs(functions).Parse("{{spoken .}}: {{phone \"*98\"}}\n{{repeat 1000000 \"ab\"}}"))
	err := t.Execute(os.Stdout, env.Now.Add(25*time.Hour))
	run.End(0)
	fmt.Println(funcs.IsLimit(err), spent > 0)
	// Output:
	// morgen um 11 Uhr 30: Stern 9 8
	// true true
}
