package config

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/callhours/callhours/internal/diag"
	"github.com/callhours/callhours/internal/growth"
)

// TestManyMistakes: of a file with many mistakes the first are said, and how many more there are;
// what was meant, of fewer. Those of others are all said.
func TestManyMistakes(t *testing.T) {
	t.Parallel()
	const n = 3000
	var routes strings.Builder
	for i := range n {
		fmt.Fprintf(&routes,
			"  - {name: r%d, branches: [{name: open, when: {calendar: hour}, pass: true}, {name: closed, pass: true}]}\n", i)
	}
	for name, c := range map[string]struct {
		text string
		more int
	}{
		"names":        {"calendars: {hours: {file: a/h.ics}}\nroutes:\n" + routes.String(), n - diag.MaxMistakes},
		"keys":         {"data:\n" + strings.Repeat("  k: x\n", n+1), n - diag.MaxMistakes},
		"at the bound": {"data:\n" + strings.Repeat("  k: x\n", diag.MaxMistakes+1), 0},
	} {
		_, err := Load("callhours.yaml", Options{FS: fstest.MapFS{
			"callhours.yaml": {Data: []byte("timezone: UTC\ninclude: [tenants/*.yaml]\n")},
			"tenants/a.yaml": {Data: []byte("tenant: {name: acme, account: [7a1c]}\n" + c.text)},
			"tenants/b.yaml": {Data: []byte("tenant: {name: good, account: [7a1d]}\nrouts: []\n")},
		}})
		mistakes, ok := errors.AsType[diag.Mistakes](err)
		if !ok {
			t.Fatalf("%s: %v", name, err)
		}
		want := diag.MaxMistakes + 1 // with good's
		if c.more > 0 {
			want++
		}
		text := err.Error()
		if len(mistakes) != want || !strings.Contains(text, "tenants/b.yaml:2:1: unknown key") ||
			c.more > 0 && !strings.Contains(text,
				fmt.Sprintf("%d more mistakes of this file are not listed; correct the others first", c.more)) {
			t.Errorf("%s: %d mistakes, want %d: %s", name, len(mistakes), want, text[max(0, len(text)-300):])
		}
		if got := strings.Count(text, `did you mean "hours"`); name == "names" && got != maxSuggested {
			t.Errorf("what was meant is said %d times, want %d", got, maxSuggested)
		}
	}
}

// TestScanIsLinear: what finding the quotes of a file takes follows its
// length, whatever stands in it.
func TestScanIsLinear(t *testing.T) {
	for name, part := range map[string]string{
		"texts on a line": `"x",`, "texts on lines": "a: \"x\"\n", "texts over lines": "a: \"x\n\n y\"\n",
		"blocks": "a: |\n  x\n", "empty blocks": "a: |\n", "blanks and blocks": "- |\n\n\n",
		"apostrophes": "'it''s' ", "escapes": `"\\\"" `, "brackets": "[{", "open": "\"\n", "comments": "# \"\n",
	} {
		t.Run(name, func(t *testing.T) {
			growth.Linear(t, 5_000, func(n int) int {
				c := &converter{
					file: "a.yaml", lines: strings.Split(strings.Repeat(part, n), "\n"),
					quotedTexts: make([]quotedText, 0, n+1),
				}
				return growth.Bytes(c.scan)
			})
		})
	}
}

// TestLongQuotes: a line that is long is not searched for a text without quotes, and a
// text that is long is not shown.
func TestLongQuotes(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]string{
		"{{" + strings.Repeat("a", longestShown-4) + "}}": "write a: ",
		"{{" + strings.Repeat("a", longestShown-3) + "}}": "needs quotes",
		"{{" + strings.Repeat("a", longestLine) + "}}":    "",
	} {
		c := &converter{file: "a.yaml", lines: []string{"a: " + value}}
		m, ok := c.needsQuotes(1)
		if ok != (want != "") || !strings.Contains(m.Message, want) ||
			len(value) > longestShown && strings.Contains(m.Message, "aaa") {
			t.Errorf("%d bytes: got %q, want %q", len(value), m.Message, want)
		}
	}
}
