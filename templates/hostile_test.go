package templates

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/callhours/callhours/internal/diag"
	"github.com/callhours/callhours/internal/growth"
	"github.com/callhours/callhours/templates/jsonsafe"
	"github.com/callhours/callhours/templates/trees"
)

// mutual are templates that call each other while they learn what is there.
func mutual(names ...string) string {
	var b strings.Builder
	for i, name := range names {
		fmt.Fprintf(&b, `{{define "t%d"}}{{if %s}}{{template "t%d" .}}{{end}}{{end}}`, i, name, (i+1)%len(names))
	}
	return b.String() + `{"module":"tts","data":{"text":"x{{template "t0" .}}"}}`
}

// subsets are templates that call each of them from each, each time with one more thing known:
// there are as many sets as subsets.
func subsets(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `{{define "t%d"}}`, i)
		for j := range n {
			fmt.Fprintf(&b, `{{if next "a%d"}}{{template "t%d" .}}{{end}}`, i, j)
		}
		b.WriteString(`{{end}}`)
	}
	return b.String() + `{"module":"tts","data":{"text":"x{{template "t0" .}}"}}`
}

// chain are definitions each of which calls the next one.
func chain(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `{{define "t%d"}}{{template "t%d" .}}{{end}}`, i, i+1)
	}
	return b.String() + fmt.Sprintf(`{{define "t%d"}}{{end}}{"a":"{{template "t0" .}}"}`, n)
}

// hostile are texts of about n bytes that cost more than their length where nothing bounds it, and
// what is said of the longest; "" where nothing is wrong with it.
var hostile = []struct {
	name, says string
	text       func(n int) string
}{
	{"two that call each other", "", func(int) string { return mutual(".Event", ".Match") }},
	{"one that calls itself", "", func(int) string { return mutual(".Event") }},
	{"many that call each other", trees.TooDeep, func(n int) string {
		return mutual(strings.Split(strings.Repeat(".Event ", n/70)+".Until", " ")...)
	}},
	{"as many contexts as subsets", trees.TooDeep, func(n int) string { return subsets(max(2, min(n/400, 38))) }},
	{"a chain of definitions", trees.TooDeep, func(n int) string { return chain(n / 50) }},
	{"blocks within each other", "more than 100 {{if}}", func(n int) string {
		return `["` + strings.Repeat("{{if .Event}}", n/20) + strings.Repeat("{{end}}", n/20) + `"]`
	}},
	{"blocks that are not closed", "is not closed", func(n int) string { return strings.Repeat("{{if 1}}", n/8) }},
	{"else if", "more than 100 {{if}}", func(n int) string {
		return `["{{if 1}}` + strings.Repeat("{{else if 1}}", n/14) + `{{end}}"]`
	}},
	{"parentheses", "more parentheses within each other", func(n int) string {
		return `[{{ ` + strings.Repeat("(", n/2-10) + "1" + strings.Repeat(")", n/2-10) + ` }}]`
	}},
	{"parentheses that are not closed", "", func(n int) string { return `[{{ ` + strings.Repeat("(", n-10) }},
	{"conditions asked twice at each depth", trees.TooComplex, func(n int) string {
		k := min(n/30, 48)
		return `[{{ if ` + strings.Repeat("(and (len ", k) + "1" + strings.Repeat("))", k) +
			` }}1{{ else }}2{{ end }}` +
			strings.Repeat(" ", max(0, n-1000)) + `]`
	}},
	{"brackets", "at most 500 brackets", func(n int) string { return strings.Repeat("[", n) }},
	{"objects", "at most 500 brackets", func(n int) string { return strings.Repeat(`{"a":`, n/5) }},
	{"a number", "at most 64 characters", func(n int) string { return "[" + strings.Repeat("1", n-2) + "]" }},
	{"a word", "at most 64 characters", func(n int) string { return "[" + strings.Repeat("a", n-2) + "]" }},
	{"variables", "at most 250 variables", func(n int) string { return strings.Repeat("{{$a:=1}}", n/9) + "[]" }},
	{"long variables", "", func(n int) string {
		v := "$" + strings.Repeat("a", n/400)
		return strings.Repeat("{{"+v+":=1}}", 100) + strings.Repeat("{{if "+v+"}}{{end}}", 100) + "[]"
	}},
	{"actions", "", func(n int) string { return "[" + strings.Repeat("{{1}},", n/6-2) + "1]" }},
	{"actions in one string", "", func(n int) string { return `["` + strings.Repeat("{{1}}", n/5-2) + `"]` }},
	{"events on one line", "", func(n int) string { return `["` + strings.Repeat("{{.Event}}", n/10-2) + `"]` }},
	{"a long condition", "", func(n int) string {
		return "[{{ if and" + strings.Repeat(` (next "a") .Event`, n/18-5) + " }}1{{ else }}2{{ end }}]"
	}},
	{"unknown functions", `unknown function "a"`, func(n int) string {
		return "[" + strings.Repeat("{{a}},", n/6) + "1]"
	}},
	{"unknown names", ".Evet is not known", func(n int) string {
		return "[" + strings.Repeat("{{.Evet}},", n/10-1) + "1]"
	}},
	{"undefined templates", "is not defined", func(n int) string {
		return "[" + strings.Repeat(`{{template "a"}},`, n/17-1) + "1]"
	}},
	{"escapes", "", func(n int) string { return `["` + strings.Repeat(`\u00e9`, n/6-2) + `"]` }},
	{"declared fields", "at most 250 fields", func(n int) string {
		var b strings.Builder
		for i := range n / 14 {
			fmt.Fprintf(&b, "a%d int=1;", i)
		}
		return "{{/* data: " + b.String()[:min(b.Len(), n-40)] + "a int=2 */}}"
	}},
	{"a default that nests", "as JSON", func(n int) string {
		return "{{/* data: a list = " + strings.Repeat("[", n-40) + " */}}1"
	}},
	{"an example that nests", "as JSON", func(n int) string {
		return "{{/* data: a list\nexample:\n" + strings.Repeat("[", n-50) + " */}}1"
	}},
}

// TestHostileTemplates reads texts that want much and says what each is refused for. Twice the text
// may cost twice the memory, not four times.
func TestHostileTemplates(t *testing.T) {
	if growth.UnderRace {
		t.Skip("it runs in one goroutine for long; the run without the race detector has it")
	}
	for _, c := range hostile {
		for _, writes := range []struct {
			name  string
			parse func(l *Library, text string) []diag.Mistake
		}{
			{"callflow", func(l *Library, text string) []diag.Mistake {
				_, ms := l.Parse(diag.Pos{File: "t"}, text)
				return ms
			}},
			{"text", func(l *Library, text string) []diag.Mistake {
				_, ms := l.ParseText(diag.Pos{File: "t"}, text)
				return ms
			}},
		} {
			t.Run(c.name+" as "+writes.name, func(t *testing.T) {
				l, _ := Load(Options{})
				var cost [3]int
				var last []diag.Mistake
				for i := range cost {
					text := c.text(MaxSource >> (2 - i))
					if len(text) > MaxSource {
						t.Fatalf("the text has %d bytes", len(text))
					}
					cost[i] = growth.Bytes(func() { last = writes.parse(l, text) })
				}
				const any = 4 << 20 // up to here nobody minds
				for i := 1; i < len(cost); i++ {
					if cost[i] > any && float64(cost[i]) > 2.3*float64(max(cost[i-1], 1<<18)) {
						t.Errorf("allocates %d bytes, and %d for twice the text", cost[i-1], cost[i])
					}
				}
				if cost[2] > 100<<20 {
					t.Errorf("allocates %d MiB", cost[2]>>20)
				}
				if writes.name == "text" && !strings.Contains(c.says, "more than") {
					return
				}
				if got := fmt.Sprint(diag.Mistakes(last)); !strings.Contains(got, c.says) ||
					c.says == "" && c.name != "parentheses that are not closed" && len(last) > 0 {
					t.Errorf("got  %.300s\nwant … %s", got, c.says)
				}
				if len(last) > 2*maxMistakes {
					t.Errorf("%d mistakes", len(last))
				}
			})
		}
	}
}

// TestRefusedBeforeEncoding has what a callflow says that functions and counting of steps make a
// mistake; the others are jsonsafe's.
func TestRefusedBeforeEncoding(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`{"a":{{ .Data.x | quote }}}`: `t:1:19: quote is not available: quotes and escapes are added for you; leave it out`,
		strings.Repeat(`[{{ range $i, $e := .Data.x }}{{ if $i }},{{ end }}`, 60) + `1` +
			strings.Repeat(`{{ end }}]`,
				60): `t:1:3051: has too many conditions and loops within each other; write it in simpler parts`,
	} {
		_, mistakes := parseCallflow(text)
		if got := diag.Mistakes(mistakes).Error(); got != want {
			t.Errorf("%.60s: got %s", text, got)
		}
	}
}

// TestManyPieces lets the files of a directory call each other in one long chain, which no
// walk may follow by recursion.
func TestManyPieces(t *testing.T) {
	t.Parallel()
	files := map[string]string{"main.json.tmpl": `["{{ template "a0" . }}"]`}
	const n, each = 40, 500
	for i := range n {
		var b strings.Builder
		for k := range each {
			fmt.Fprintf(&b, "{{define \"a%d\"}}{{template \"a%d\" .}}{{end}}\n", i*each+k, i*each+k+1)
		}
		files[fmt.Sprintf("_%d.json.tmpl", i)] = b.String()
	}
	files["_end.json.tmpl"] = fmt.Sprintf(`{{define "a%d"}}{{end}}`, n*each)
	_, mistakes := load(files)
	if len(mistakes) != 1 ||
		!strings.HasSuffix(mistakes[0].Message, trees.TooDeep+"; it is called at templates/main.json.tmpl:1:15") {
		t.Errorf("got %v", mistakes)
	}
}

// TestDeepCallflow holds that what nests as deep as is allowed runs.
func TestDeepCallflow(t *testing.T) {
	t.Parallel()
	text := strings.Repeat("[", jsonsafe.MaxBrackets) + `"` + strings.Repeat("{{ if true }}", trees.MaxNesting) + "x" +
		strings.Repeat("{{ end }}", trees.MaxNesting) + `"` +
		strings.Repeat("]", jsonsafe.MaxBrackets)
	tmpl, mistakes := parseCallflow(text)
	if len(mistakes) > 0 {
		t.Fatal(mistakes)
	}
	var b bytes.Buffer
	if err := tmpl.Execute(t.Context(), &b, sample(), sampleEnv()); err != nil || b.Len() != 2*jsonsafe.MaxBrackets+3 {
		t.Errorf("got %d bytes, %v", b.Len(), err)
	}
}
