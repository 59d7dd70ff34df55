package config

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/callhours/callhours/internal/diag"
)

// Text processors, chats and web pages put typographic quotes and blanks for those of ASCII, which look alike and
// mean nothing in YAML.

const typographic = "“”„‟«»‘’‚‛‹›"

// withoutTypographic is what stands between typographic quotes; false for a text that does not stand between them.
func withoutTypographic(s string) (string, bool) {
	first, n := utf8.DecodeRuneInString(s)
	last, m := utf8.DecodeLastRuneInString(s)
	if len(s) < n+m || !strings.ContainsRune(typographic, first) || !strings.ContainsRune(typographic, last) {
		return s, false
	}
	return s[n : len(s)-m], true
}

// typesetQuote fits a line with a value that begins with a typographic quote.
var typesetQuote = regexp.MustCompile(`^(.*?(?:: +|- +|[\[{,] *))[` + typographic + `]`)

// typeset finds a typographic quote or blank that explains why a line, counted from 1, is not YAML.
func (c *converter) typeset(line int) (diag.Mistake, bool) {
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
	if i := strings.IndexFunc(text, isTypesetBlank); i >= 0 {
		if before := text[:i]; strings.Trim(before, " \t-") == "" ||
			strings.HasSuffix(strings.TrimRight(before, " \t"), ":") {
			return noBreak(at(before)), true
		}
	}
	if m := typesetQuote.FindStringSubmatch(text); m != nil {
		return diag.Mistakef(at(m[1]), "typographic quotes are none in YAML; write \" for both"), true
	}
	return diag.Mistake{}, false
}

func isTypesetBlank(r rune) bool { return r > unicode.MaxASCII && unicode.Is(unicode.Zs, r) }

func noBreak(at diag.Pos) diag.Mistake {
	return diag.Mistakef(at,
		"this blank is not one of ASCII, as it comes with a copy from a page; delete it and type blanks")
}
