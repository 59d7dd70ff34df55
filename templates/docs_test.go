package templates

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/callhours/callhours/internal/regex"
	"github.com/callhours/callhours/templates/funcs"
	"github.com/callhours/callhours/templates/jsonsafe"
	"github.com/callhours/callhours/templates/trees"
)

const docs = "../docs/template-functions.md"

// TestDocsFunctions holds the table of functions in the docs against the code; UPDATE=1 writes it.
func TestDocsFunctions(t *testing.T) {
	t.Parallel()
	holdTable(t, "functions", functionTable())
}

// TestDocsLibrary holds the table of built-in templates in the docs against their headers; UPDATE=1
// writes it.
func TestDocsLibrary(t *testing.T) {
	t.Parallel()
	holdTable(t, "library", libraryTable())
}

// writing is held while a table is read and written: both stand in one page.
var writing sync.Mutex

// holdTable compares what stands in the docs between two comments with what the code says.
func holdTable(t *testing.T, name, want string) {
	t.Helper()
	writing.Lock()
	defer writing.Unlock()
	page, err := os.ReadFile(docs)
	if err != nil {
		t.Fatal(err)
	}
	begin, end := "<!-- "+name+": written by the tests of templates/ with UPDATE=1 -->\n", "<!-- end of "+name+" -->"
	before, rest, found := strings.Cut(string(page), begin)
	got, after, closed := strings.Cut(rest, end)
	if !found || !closed {
		t.Fatalf("%s has no place for the table of %s", docs, name)
	}
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile(docs, []byte(before+begin+want+end+after), 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-code +docs; UPDATE=1 writes it):\n%s", docs, diff)
	}
}

func functionTable() string {
	var b strings.Builder
	b.WriteString("\n| function | of | what it gives | example |\n|---|---|---|---|\n")
	for _, f := range funcs.All() {
		example, result, _ := strings.Cut(f.Example, " → ")
		if result = strings.TrimSpace(result); result != "" {
			result = " → `" + result + "`"
		}
		cell := strings.NewReplacer("|", `\|`)
		fmt.Fprintf(&b, "| `%s` | %s | %s | `%s`%s |\n", f.Name, f.Source, f.Doc, cell.Replace(example),
			cell.Replace(result))
	}
	return b.String() + "\n"
}

func TestDocsBounds(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(docs)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []string{
		fmt.Sprintf("| the text of a template | %d KiB |", MaxSource>>10),
		fmt.Sprintf("parentheses within each other | %d |", trees.MaxNesting),
		fmt.Sprintf("| variables that a template, or a `{{define}}`, defines | %d |", MaxVariables),
		fmt.Sprintf("| `{` and `[` of JSON within each other | %d |", jsonsafe.MaxBrackets),
		fmt.Sprintf("| a number in JSON | %d characters |", jsonsafe.MaxLiteral),
		fmt.Sprintf("| fields that a header declares | %d |", maxFields),
		fmt.Sprintf("| of it, how much a pattern may take | %d steps for each byte of its text", regex.MaxSize),
		fmt.Sprintf("| what one execution writes | %d KiB |", MaxOutput>>10),
		fmt.Sprintf("| a text that a function makes | %d KiB |", funcs.MaxText>>10),
		fmt.Sprintf("| %d elements and %d KiB of text", funcs.MaxElements, funcs.MaxText>>10),
		fmt.Sprintf("| turns of loops and calls of templates in one execution | %d |", funcs.MaxSteps),
		fmt.Sprintf("| templates that call each other | %d deep |", trees.MaxDepth),
		fmt.Sprintf("| what one answer's templates go through, those in data included | %d MiB: ", funcs.MaxWork>>20),
		fmt.Sprintf("| a pattern of the `regex…` functions | %d bytes |", regex.MaxLength),
	} {
		if !strings.Contains(string(page), row) {
			t.Errorf("%s does not say %q", docs, row)
		}
	}
}

func libraryTable() string {
	var b strings.Builder
	b.WriteString("\n| template | what it does | data |\n|---|---|---|\n")
	l, _ := Load(Options{})
	for _, name := range l.Names() {
		var fields []string
		for _, f := range l.Template(name).Fields() {
			fields = append(fields, "`"+f.String()+"`")
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", name, l.Template(name).About(), strings.Join(fields, ", "))
	}
	return b.String() + "\n"
}
