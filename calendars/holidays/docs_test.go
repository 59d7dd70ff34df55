package holidays

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestDocs compares the table of docs/holidays.md with what is known; UPDATE=1 writes it.
func TestDocs(t *testing.T) {
	t.Parallel()
	const doc, heading = "../../docs/holidays.md", "\n## Countries and regions\n"
	text, err := os.ReadFile(doc)
	if err != nil {
		t.Fatal(err)
	}
	before, got, ok := strings.Cut(string(text), heading)
	if !ok {
		t.Fatalf("%s has no heading %q", doc, heading)
	}
	want := &strings.Builder{}
	want.WriteString("\nDays are those of 2027, a year with Saturdays and Sundays among them.\n\n" +
		"| `country` | place | days in 2027 | note |\n| --- | --- | --- | --- |\n")
	for _, p := range Places() {
		fmt.Fprintf(want, "| `%s` | [%s](%s) | %d | %s |\n", p.Code(), p.Name(), strings.Fields(p.Source())[0],
			len(New(p, Options{}).Days(2027, 2027)), p.Note())
	}
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile(doc, []byte(before+heading+want.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(strings.Split(want.String(), "\n"), strings.Split(got, "\n")); diff != "" {
		t.Errorf("%s (-known +document):\n%s", doc, diff)
	}
}
