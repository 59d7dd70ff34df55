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

// TestLanguageLength: a language is parsed for each route, so that it is bounded before.
func TestLanguageLength(t *testing.T) {
	t.Parallel()
	longest := "deu" + strings.Repeat("-1994", 11) + "-abcde"
	for tag, want := range map[string]string{
		longest:                                 "",
		longest + "x":                           "language has 65 characters; the limit is 64",
		"de" + strings.Repeat("-1994", 100_000): "language has 500002 characters; the limit is 64",
	} {
		text := "timezone: UTC\nlanguage: " + tag + "\nroutes:\n  - {name: a, branches: [{name: closed, pass: true}]}\n"
		_, err := Load("c.yaml", Options{FS: fstest.MapFS{"c.yaml": {Data: []byte(text), Mode: 0o600}}})
		got := ""
		if err != nil {
			got = err.Error()
		}
		if want == "" && got != "" || !strings.Contains(got, want) {
			t.Errorf("%d characters: got %q, want %q", len(tag), got, want)
		}
	}
}

// TestAliasedText: what aliases add is bounded by its bytes too, since each copy of a text is read.
func TestAliasedText(t *testing.T) {
	t.Parallel()
	const copies = 100
	for length, want := range map[int]string{
		(maxCopies/copies - 1) * maxCopiedBytes: "",
		(maxCopies / copies) * maxCopiedBytes:   "c.yaml:2:14: the aliases of this file add more than 100000 values",
	} {
		text := "timezone: UTC\ndata: {long: &long " + strings.Repeat("a", length) + ", copies: [" +
			strings.Repeat("*long, ", copies) + "]}\nroutes:\n  - {name: a, branches: [{name: closed, pass: true}]}\n"
		_, err := Load("c.yaml", Options{FS: fstest.MapFS{"c.yaml": {Data: []byte(text), Mode: 0o600}}})
		got := ""
		if err != nil {
			got = err.Error()
		}
		if want == "" && got != "" || !strings.Contains(got, want) {
			t.Errorf("%d bytes: got %q, want %q", length, got, want)
		}
	}
}

// TestEditURL: pages link to an https address without a password, and to nothing else.
func TestEditURL(t *testing.T) {
	t.Parallel()
	long := "https://calendar.example.com/" + strings.Repeat("a", maxEditURL)
	for address, want := range map[string]string{
		"https://calendar.example.com/r/settings?x=1#y": "",
		long[:maxEditURL]:                "",
		long:                             "edit_url has 2077 characters; the limit is 2048",
		"http://calendar.example.com/":   "edit_url is not an https address",
		"javascript:alert(1)":            "edit_url is not an https address",
		"https:///path":                  "edit_url is not an https address",
		"https://a:b@calendar.example/x": "edit_url contains a user name or password",
	} {
		text := "calendars: {a: {url: \"https://example.com/a.ics\", edit_url: \"" + address + "\"}}\n"
		f, err := Load("c.yaml", Options{FS: fstest.MapFS{"c.yaml": {Data: []byte(text), Mode: 0o600}}})
		switch {
		case want == "" && (err != nil || f.Calendars[0].EditURL != address):
			t.Errorf("%s: %v", address, err)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
			t.Errorf("%s: got %v, want %q", address, err, want)
		}
	}
}
