package config

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/callhours/callhours/internal/diag"
)

// Text processors, chats and web pages replace the quotes and blanks of ASCII by typographic ones,
// which look alike and have no meaning in YAML.

// trimTypographicQuotes returns the text between typographic quotes; false for a text without them.
func trimTypographicQuotes(s string) (string, bool) {
	first, n := utf8.DecodeRuneInString(s)
	last, m := utf8.DecodeLastRuneInString(s)
	if len(s) < n+m || !strings.ContainsRune(diag.TypographicQuotes, first) ||
		!strings.ContainsRune(diag.TypographicQuotes, last) {
		return s, false
	}
	return s[n : len(s)-m], true
}

// typographicQuote matches a line with a value that begins with a typographic quote.
var typographicQuote = regexp.MustCompile(`^(.*?(?:: +|- +|[\[{,] *))[` + diag.TypographicQuotes + `]`)

// typographicMistake finds a typographic quote or blank that explains why a line,
// counted from 1, is not YAML.
func (c *converter) typographicMistake(line int) (diag.Mistake, bool) {
	if line < 1 || line > len(c.lines) || len(c.lines[line-1]) > longestLine {
		return diag.Mistake{}, false
	}
	if c.scan(); c.blocks[line] {
		return diag.Mistake{}, false
	}
	text := c.lines[line-1]
	at := func(before string) diag.Pos {
		return diag.Pos{File: c.file, Line: line, Col: utf8.RuneCountInString(before) + 1}
	}
	if i := strings.IndexFunc(text, isTypographicBlank); i >= 0 {
		if before := text[:i]; strings.Trim(before, " \t-") == "" ||
			strings.HasSuffix(strings.TrimRight(before, " \t"), ":") {
			return blankMistake(at(before)), true
		}
	}
	if m := typographicQuote.FindStringSubmatch(text); m != nil {
		return diag.Mistakef(at(m[1]), "typographic quotes do not quote in YAML; write \" for both"), true
	}
	return diag.Mistake{}, false
}

func isTypographicBlank(r rune) bool { return r > unicode.MaxASCII && unicode.Is(unicode.Zs, r) }

func blankMistake(pos diag.Pos) diag.Mistake {
	return diag.Mistakef(pos,
		"this blank is not one of ASCII, as it comes with a copy from a page; delete it and type blanks")
}
