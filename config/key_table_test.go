package config

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestKeyTable compares the table of docs/config.md with the loader's.
// UPDATE=1 rewrites the document's.
func TestKeyTable(t *testing.T) {
	t.Parallel()
	compareKeys(t, "../docs/config.md", keyTable)
}

func compareKeys(t *testing.T, doc string, table []key) {
	t.Helper()
	body, err := os.ReadFile(doc)
	if err != nil {
		t.Fatal(err)
	}
	const heading = "| key | where | takes | default | meaning |\n|---|---|---|---|---|\n"
	before, rest, ok := strings.Cut(string(body), heading)
	if !ok {
		t.Fatalf("%s has no table that begins with\n%s", doc, heading)
	}
	end := strings.Index(rest, "\n\n")
	if end < 0 {
		end = len(rest) - 1
	}
	got, after := rest[:end+1], rest[end+1:]
	var want strings.Builder
	for _, k := range table {
		fmt.Fprintf(&want, "| `%s` | %s | %s | %s | %s |\n", k.name, sectionNames[k.section], k.format, k.def, k.meaning)
	}
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile(doc, []byte(before+heading+want.String()+after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(strings.Split(got, "\n"), strings.Split(want.String(), "\n")); diff != "" {
		t.Errorf("table of %s (-document +loader):\n%s", doc, diff)
	}
}

func TestKeyTableIsWhole(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, k := range slices.Concat(keyTable, testKeys) {
		id := fmt.Sprint(sectionNames[k.section], ".", k.name)
		if seen[id] {
			t.Errorf("%s stands twice", id)
		}
		seen[id] = true
		if sectionNames[k.section] == "" || k.format == "" || k.meaning == "" || strings.Contains(k.meaning, "|") {
			t.Errorf("row %+v is not whole", k)
		}
	}
}
