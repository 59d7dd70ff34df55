package templates

import (
	"strings"
	"testing"

	"github.com/callhours/callhours/internal/diag"
)

// TestOdd notes what is output as it is and was hardly meant so, and nothing else.
func TestOdd(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`Hello { .Call.From }!`:        `t:1:7: "{ .Call.From }" is output as it is`,
		`{.Data.x}`:                    `t:1:1: "{.Data.x}" is output as it is`,
		`{% if open %}`:                `t:1:1: "{% if open %}" is output as it is`,
		`{{ date "YYYY-MM-DD" .Now }}`: `t:1:9: "YYYY" in a layout is output as it is`,
		`{{ dateInZone "%H:%M" .Now "Europe/Berlin" }}`:    `t:1:15: "%H" in a layout`,
		`{{ .Now.Format "HH:mm" }}`:                        `t:1:16: "HH" in a layout`,
		`{{ .Call.From | default 'x' }}`:                   `t:1:25: 'x' is the number 120; write texts in double quotes`,
		`{ "a": { "b": "{}" } } 100 % {.5} ${var} {{"{"}}`: ``,
		`{{ date "added on Monday at 15:04" .Now }}`:       ``,
		`{{ date "Jan" .Now }}{{ .Now.Format "Monday" }}`:  ``,
		`{{ date .Data.empty .Now }}`:                      ``,
	} {
		var got []string
		for _, m := range mustParse(t, text).Warnings() {
			got = append(got, m.Error())
		}
		if all := strings.Join(got, "\n"); want == "" && all != "" || !strings.HasPrefix(all, want) {
			t.Errorf("%s\ngot:  %s\nwant: %s", text, all, want)
		}
	}
	l, _ := Load(Options{})
	for text, want := range map[string]string{
		`{{ foreach .Events }}`: `; write {{range …}}`,
		`{{ Data.x }}`:          `; write .Data with a dot before it`,
		`{{ Name }}`:            `; fields begin with a dot and have no blank in them, as in .Call.From`,
		`{{ uper "x" }}`:        `; did you mean "upper"?`,
	} {
		_, mistakes := l.ParseText(diag.Pos{File: "t", Line: 1, Col: 1}, text)
		if len(mistakes) != 1 || !strings.HasSuffix(mistakes[0].Message, want) {
			t.Errorf("%s: got %v, want %s", text, mistakes, want)
		}
	}
}
