package main

import (
	"bytes"
	"encoding/json"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestTerminal(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"Open\tuntil 5\n": "Open\tuntil 5\n",
		"Zoë 開いています ❤️ 👩‍💻 فارسی می\u200cخواهم": "Zoë 開いています ❤️ 👩‍💻 فارسی می\u200cخواهم",
		"\x1b[2Jgone\x07\r":          `\u001b[2Jgone\u0007\u000d`,
		"\u009b2J\u0085\u0090":       `\u009b2J\u0085\u0090`,
		"\x7f\x00":                   `\u007f\u0000`,
		"\x9b2J\xff":                 `\u009b2J\u00ff`, // bytes that are no UTF-8, which a terminal may take for C1
		"a\u202eb\u2066c\u200f":      `a\u202eb\u2066c\u200f`,
		"\ufeff\u00ad\u2028\u2029":   `\ufeff\u00ad\u2028\u2029`,
		"\U000e0041\U000f0000\ue000": `\udb40\udc41\udb80\udc00\ue000`,
	} {
		for name, read := range map[string]func([]byte) [][]byte{
			"at once":      func(b []byte) [][]byte { return [][]byte{b} },
			"byte by byte": func(b []byte) [][]byte { return bytes.SplitAfter(b, nil) },
		} {
			var out bytes.Buffer
			w := &terminal{to: &out}
			for _, part := range read([]byte(text)) {
				if n, err := w.Write(part); n != len(part) || err != nil {
					t.Fatalf("%q: got %d, %v", part, n, err)
				}
			}
			if name == "byte by byte" && !utf8.ValidString(text) {
				continue // what is no character is split elsewhere
			}
			if out.String() != want {
				t.Errorf("%q %s: got %q, want %q", text, name, out.String(), want)
			}
		}
	}
}

// FuzzTerminal: nothing that is no text comes through, and JSON means the same as before.
func FuzzTerminal(f *testing.F) {
	f.Add("a\u202e\u009b\x1b[2J\xff")
	f.Fuzz(func(t *testing.T, text string) {
		var out bytes.Buffer
		w := &terminal{to: &out}
		if _, err := w.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
		for _, r := range out.String() {
			if unicode.IsControl(r) && r != '\n' && r != '\t' || unicode.Is(unicode.Bidi_Control, r) {
				t.Fatalf("%q is written as %q", text, out.String())
			}
		}
		before, err := json.Marshal(text)
		if err != nil {
			return
		}
		var want, got string
		out.Reset()
		w = &terminal{to: &out} // the other one may wait for the rest of a character
		if _, err := w.Write(append(before, '\n')); err != nil {
			t.Fatal(err)
		}
		if json.Unmarshal(before, &want) != nil || json.Unmarshal(out.Bytes(), &got) != nil || got != want {
			t.Fatalf("%s is written as %s", before, out.Bytes())
		}
	})
}
