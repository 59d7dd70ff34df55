package config

import (
	"strings"
	"testing"
	"testing/fstest"
)

// TestDisplayName: any text of one line is a name for people, up to its length.
func TestDisplayName(t *testing.T) {
	t.Parallel()
	longest := strings.Repeat("\u0451", maxDisplayName)
	for name, want := range map[string]string{
		`"B\u00fcro <Bonn>, 本社"`: "", longest: "", `" x "`: "",
		longest + "x":    "display_name has 257 characters; the limit is 256",
		`"two\nlines"`:   "display_name has a line break or another control character; write it on one line",
		`" "`:            "display_name is empty",
		`[a]`:            "expected display_name to be a text, found a list",
		`{de: a, en: b}`: "expected display_name to be a text, found a mapping",
	} {
		text := "timezone: UTC\nroutes:\n  - {name: a, display_name: " + name +
			", branches: [{name: closed, pass: true}]}\n"
		_, err := Load("c.yaml", Options{FS: fstest.MapFS{"c.yaml": {Data: []byte(text), Mode: 0o600}}})
		got := ""
		if err != nil {
			got = err.Error()
		}
		if want == "" && got != "" || !strings.Contains(got, want) {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}
