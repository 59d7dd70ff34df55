package diag

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
			w := &Terminal{To: &out}
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
		w := &Terminal{To: &out}
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
		w = &Terminal{To: &out} // the other one may wait for the rest of a character
		if _, err := w.Write(append(before, '\n')); err != nil {
			t.Fatal(err)
		}
		if json.Unmarshal(before, &want) != nil || json.Unmarshal(out.Bytes(), &got) != nil || got != want {
			t.Fatalf("%s is written as %s", before, out.Bytes())
		}
	})
}

// TestOneLine: what is said of a file is one line of text, whatever its name is.
func TestOneLine(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                          "",
		"tenants/müller/main.yaml":  "tenants/müller/main.yaml",
		"a\nerror: b\r\n\tc\x1b[2J": `a\nerror: b\u000d\n\tc\u001b[2J`,
		"a\u202eb\u009b\xff":        `a\u202eb\u009b\u00ff`,
	} {
		if got := Line(text); got != want || Line(got) != want {
			t.Errorf("%q: got %q, then %q, want %q", text, got, Line(got), want)
		}
		p := Pos{text, 3, 4}
		for _, m := range []Mistake{Mistakef(p, "of %s", text), {Pos: p, Message: "of " + text}} {
			if got := m.Error(); got != want+":3:4: of "+want && text != "" {
				t.Errorf("%q: got %q", text, got)
			}
		}
	}
	if got := Lines("a\n\tb\x1b\n"); got != "a\n\tb\\u001b\n" {
		t.Errorf("lines: got %q", got)
	}
}

// TestLineIsFree: text that needs no escaping, as nearly all does, costs nothing.
func TestLineIsFree(t *testing.T) {
	if n := testing.AllocsPerRun(10, func() { Line("plain, and Zoë"); Lines("a\nb") }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}
