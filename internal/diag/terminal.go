package diag

import (
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// Terminal writes to a terminal, or where a terminal may show it, what others have written too:
// titles, messages of servers, names of files. What would move the cursor, change colors or turn
// the direction of the text around it is escaped as JSON and Go do it, so that JSON stays what it
// means. Line feeds and tabs stay.
type Terminal struct {
	To      io.Writer
	partial []byte // the beginning of a character whose end is still to be written
}

func (t *Terminal) Write(p []byte) (int, error) {
	text := append(t.partial, p...)
	whole := len(text)
	for i := 1; i <= utf8.UTFMax && i <= len(text); i++ {
		if utf8.RuneStart(text[len(text)-i]) {
			if !utf8.FullRune(text[len(text)-i:]) {
				whole = len(text) - i
			}
			break
		}
	}
	t.partial = append([]byte(nil), text[whole:]...)
	if _, err := t.To.Write(Escape(text[:whole])); err != nil {
		return 0, err
	}
	return len(p), nil
}

// Escape is a text as [Terminal] writes it: itself where there is nothing to escape.
func Escape(text []byte) []byte {
	if i := firstUnsafe(string(text), false); i >= 0 {
		return appendEscaped(append(make([]byte, 0, len(text)+64), text[:i]...), string(text[i:]), false)
	}
	return text
}

// Lines is a text as [Terminal] writes it.
func Lines(text string) string { return escapeText(text, false) }

// Line is a text as [Terminal] writes it, on one line: line feeds and tabs are escaped too.
func Line(text string) string { return escapeText(text, true) }

func escapeText(text string, line bool) string {
	i := firstUnsafe(text, line)
	if i < 0 {
		return text
	}
	return string(appendEscaped([]byte(text[:i]), text[i:], line))
}

// firstUnsafe returns the index of the first character that must be escaped; -1 if there is none.
func firstUnsafe(text string, line bool) int {
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case ' ' <= c && c < 0x7f:
		case c < utf8.RuneSelf:
			if line || c != '\n' && c != '\t' {
				return i
			}
		default:
			r, size := utf8.DecodeRuneInString(text[i:])
			if r == utf8.RuneError && size == 1 || !isSafe(r) {
				return i
			}
			i += size - 1
		}
	}
	return -1
}

// appendEscaped appends a text, escaped.
func appendEscaped(out []byte, text string, line bool) []byte {
	for len(text) > 0 {
		r, size := utf8.DecodeRuneInString(text)
		switch {
		case r == utf8.RuneError && size == 1:
			out = fmt.Appendf(out, `\u%04x`, text[0])
		case line && (r == '\n' || r == '\t'):
			out = append(out, '\\', "tn"[strings.IndexRune("\t\n", r)])
		case isSafe(r):
			out = append(out, text[:size]...)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			out = fmt.Appendf(out, `\u%04x\u%04x`, high, low)
		default:
			out = fmt.Appendf(out, `\u%04x`, r)
		}
		text = text[size:]
	}
	return out
}

// isSafe reports whether a character is text, or one of the two that only join letters and emoji.
func isSafe(r rune) bool {
	const nonJoiner, joiner = '\u200c', '\u200d'
	switch r {
	case '\n', '\t', nonJoiner, joiner:
		return true
	}
	return !unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Co, unicode.Cs)
}
