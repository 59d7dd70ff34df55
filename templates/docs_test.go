package templates

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const docs = "../docs/templates.md"

// TestDocsFunctions holds the table of functions in the docs against the code; UPDATE=1 writes it.
func TestDocsFunctions(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(docs)
	if err != nil {
		t.Fatal(err)
	}
	const begin, end = "with UPDATE=1 -->\n", "<!-- end of functions -->"
	before, rest, found := strings.Cut(string(page), begin)
	got, after, closed := strings.Cut(rest, end)
	if !found || !closed {
		t.Fatalf("%s has no place for the table of functions", docs)
	}
	want := functionTable()
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
	for _, f := range Functions() {
		example, result, _ := strings.Cut(f.Example, " → ")
		if result = strings.TrimSpace(result); result != "" {
			result = " → `" + result + "`"
		}
		cell := strings.NewReplacer("|", `\|`)
		fmt.Fprintf(&b, "| `%s` | %s | %s | `%s`%s |\n", f.Name, f.Source, f.Doc, cell.Replace(example), cell.Replace(result))
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
		fmt.Sprintf("| what one execution writes | %d KiB |", MaxOutput>>10),
		fmt.Sprintf("| a text that a function makes | %d KiB |", MaxText>>10),
		fmt.Sprintf("| %d elements and %d KiB of text", MaxElements, MaxText>>10),
		fmt.Sprintf("| turns of loops and calls of templates in one execution | %d |", MaxSteps),
		fmt.Sprintf("| templates that call each other | %d deep |", MaxDepth),
		fmt.Sprintf("| what all functions of one execution make | %d MiB |", maxWork>>20),
		fmt.Sprintf("| a pattern of the `regex…` functions | %d bytes |", longestPattern),
	} {
		if !strings.Contains(string(page), row) {
			t.Errorf("%s does not say %q", docs, row)
		}
	}
}

// TestDocsLibrary shows that the docs name each built-in template.
func TestDocsLibrary(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(docs)
	if err != nil {
		t.Fatal(err)
	}
	l, _ := Load(Options{})
	for _, name := range l.Names() {
		if !strings.Contains(string(page), "| `"+name+"` |") {
			t.Errorf("%s does not name the template %s", docs, name)
		}
	}
}
