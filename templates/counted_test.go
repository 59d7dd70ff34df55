package templates

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/callhours/callhours/internal/growth"
)

// TestActionsAreCounted holds what text/template does itself to what is counted: it writes no value
// of data as text, sorts no map, calls no methods and copies no text that was not counted.
func TestActionsAreCounted(t *testing.T) {
	if growth.UnderRace {
		t.Skip("it measures memory; the run without the race detector does")
	}
	// What an execution may allocate for each byte that is counted, and in any case.
	const maxForEach, maxForNone = 24, 64 << 10
	numbers, many := map[string]any{}, map[string]any{}
	for i := range 100_000 {
		many[fmt.Sprint("key", i)] = i
		if i < 9000 {
			numbers[fmt.Sprint("key", i)] = i
		}
	}
	texts := make([]any, 100)
	for i := range texts {
		texts[i] = strings.Repeat("x", 60_000)
	}
	d := sample()
	d.Data = map[string]any{
		"map": numbers, "many": many, "texts": texts, "text": strings.Repeat("x", 1_000_000), "true": true,
	}
	chain := strings.Repeat(".UTC", 5000)
	layout := strings.Repeat("January 2006 ", 1000)
	for _, text := range []string{
		`{{ range .Data.map }}{{ break }}{{ end }}`,
		`{{ range $k, $v := .Data.map }}{{ break }}{{ end }}`,
		`{{ range .Data.many }}{{ break }}{{ end }}`,
		`{{ range .Data.text }}{{ end }}`,
		`{{ range .Data.true }}{{ end }}`,
		`{{ range . }}{{ end }}`,
		`{{ range .Event }}{{ end }}`,
		`{{ with .Data.many }}{{ .nope }}{{ end }}`,
		`{{ .Data.many.nope }}`,
		`{{ .Data.many.nope.deeper }}`,
		`{{ .Data.many }}`,
		`{{ .Data.texts }}`,
		`{{ .Data.text }}`,
		`{{ . }}`,
		`{{ if and .Data.map .Data.texts .Data.text }}{{ with or .Data.many 1 }}{{ len . }}{{ end }}{{ end }}`,
		`{{ upper .Data.many }}`,
		`{{ upper .Data.texts }}`,
		`{{ .Data.text.deeper }}`,
		`{{ .Data.text "x" }}`,
		`{{ .Data.many "x" }}`,
		`{{ index .Data.many .Data.text }}`,
		`{{ index .Data.texts .Data.text }}`,
		`{{ repeat .Data.many "x" }}`,
		`{{ range 50 }}{{ $x := .Data }}{{ end }}`,
		`{{ range 5 }}{{ $x := $.Now` + chain + ` }}{{ end }}`,
		`{{ range 5 }}{{ $x := ($.Now)` + chain + ` }}{{ end }}`,
		`{{ range 5 }}{{ if $.Now` + chain + ` }}{{ end }}{{ end }}`,
		`{{ $n := .Now }}{{ range 5 }}{{ $x := $n` + chain + ` }}{{ end }}`,
		`{{ range 50 }}{{ $x := $.Now.Format "` + layout + `" }}{{ end }}`,
		`{{ define "a" }}{{ $x := .Format "` + layout + `" }}{{ end }}{{ range 50 }}{{ template "a" $.Now }}{{ end }}`,
	} {
		tmpl, said, spent := mustParse(t, text), error(nil), 0
		cost := func() int {
			env := sampleEnv()
			spent, env.Spent = 0, &spent
			return growth.Bytes(func() { said = tmpl.Execute(t.Context(), &bytes.Buffer{}, d, env) })
		}
		used := cost()
		for again := 0; again < 3 && used > maxForNone+maxForEach*spent; again++ {
			used = min(used, cost())
		}
		if used > maxForNone+maxForEach*spent {
			t.Errorf("%.60s: allocates %d bytes, and counts %d (%.200v)", text, used, spent, said)
		}
		if said != nil && len(said.Error()) > 1000 {
			t.Errorf("%.60s: says %d bytes: %.200v", text, len(said.Error()), said)
		}
	}
}
