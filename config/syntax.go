package config

import (
	"errors"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/callhours/callhours/internal/diag"
)

// syntaxMessages are our messages by a part of the YAML library's. They quote nothing, since the
// text may be a secret.
var syntaxMessages = []struct{ library, message string }{
	{"found character that cannot start any token", "a text cannot begin with this character; put it in quotes"},
	{"tab character", "a tab cannot indent; use spaces"},
	{"mixed spaces and tabs", "a tab cannot indent; use spaces"},
	{"mapping values are not allowed", `a ":" makes no sense here; ` +
		`check the indentation, or put a text with ": " in quotes`},
	{"mapping keys are not allowed", `a "?" makes no sense here; put the text in quotes`},
	{"block sequence entries are not allowed", `a "-" makes no sense here; ` +
		`start the list on its own line, or put the text in quotes`},
	{"did not find expected key", `expected another "key: value" here; check indentation and quotes above`},
	{"did not find expected '-'", `expected another "-" of this list; check the indentation`},
	{"',' or ']'", `expected "," or "]" in this list`},
	{"',' or '}'", `expected "," or "}" in this mapping`},
	{"did not find expected node content", "expected a value here; a text that begins with this character needs quotes"},
	{"could not find expected ':'", `expected ":" after this key`},
	{"unexpected end of stream", "expected the closing quote of this text"},
	{"unexpected document indicator", "expected the closing quote of this text"},
	{"unknown escape", `this escape is not known; write \\ for a backslash, or use single quotes`},
	{"hexadecimal number", `expected hexadecimal digits after this escape`},
	{"Unicode character escape", `this escape names no character`},
	{"alphabetic or numeric character", `expected a name after "&" or "*"; a text that begins with one needs quotes`},
	{"unknown anchor", `nothing is anchored under the name of this alias; a text that begins with "*" needs quotes`},
	{"comment or line break", `expected the end of the line after "|" or ">"`},
	{"comment without preceding whitespace", `expected a blank before "#", or the text in quotes`},
	{"indentation indicator equal to 0", "expected an indentation from 1 to 9"},
	{"max depth", "values are nested too deeply"},
	{"simple key", `expected ":" after this key`},
	{"document-end marker", "expected nothing after the end of the document"},
	{"document start", "expected nothing after the first document"},
	{"directive", "a directive has no meaning here; delete the line"},
	{"incompatible YAML document", "a directive has no meaning here; delete the line"},
	{"tag", `a tag has no meaning here; a text that begins with "!" needs quotes`},
}

// noBlank matches a line whose key is part of a text for want of a blank before its value.
var noBlank = regexp.MustCompile(`^(\s*(?:- +)*[a-z_]+:)[^\s/]`)

// syntax returns an error of the YAML library as a mistake in our words.
func (c *converter) syntax(err error) diag.Mistake {
	pos, library, opened := diag.Pos{File: c.file}, "", diag.Pos{}
	if all, ok := errors.AsType[*yaml.LoadErrors](err); ok && len(all.Errors) > 0 {
		err = all.Errors[0]
	}
	if one, ok := errors.AsType[*yaml.LoadError](err); ok {
		library = one.Message
		mark := one.Mark
		if open := one.ContextMark; strings.Contains(library, "did not find expected ','") && open.Line > 0 &&
			open.Line < mark.Line {
			opened = diag.Pos{File: c.file, Line: open.Line, Col: open.Column}
		}
		// A missing end is better shown where its beginning is.
		if one.ContextMark.Line > 0 &&
			(c.blankFrom(mark.Line) || strings.Contains(library, "unexpected end of stream")) {
			mark = one.ContextMark
		}
		pos.Line, pos.Col = mark.Line, mark.Column
	}
	for _, line := range [2]int{pos.Line, pos.Line - 1} {
		if m, ok := c.needsQuotes(line); ok {
			return m
		}
	}
	for _, line := range [2]int{pos.Line, pos.Line - 1} {
		if m, ok := c.typographicMistake(line); ok {
			return m
		}
	}
	if q, ok := c.brokenQuotes(pos); ok && pos.Line > 0 {
		return q.mistake()
	}
	switch {
	case pos.Line == 0:
	case opened.Line > 0:
		return diag.Mistakef(opened, `the "%c" opened here is not closed before %d:%d; close it`, c.runeAt(opened),
			pos.Line, pos.Col)
	case c.blankFrom(pos.Line):
		return diag.Mistakef(pos, "the file ends too early; check that every bracket and quote is closed")
	case strings.Contains(library, "cannot start any token") && c.runeAt(pos) == '\t':
		return diag.Mistakef(pos, "a tab cannot indent; use spaces")
	}
	if strings.Contains(library, "mapping values are not allowed") && pos.Line > 1 {
		if m := noBlank.FindStringSubmatch(c.lines[pos.Line-2]); m != nil {
			return diag.Mistakef(diag.Pos{File: c.file, Line: pos.Line - 1, Col: len([]rune(m[1]))},
				`expected a blank after this ":"`)
		}
	}
	for _, m := range syntaxMessages {
		if strings.Contains(library, m.library) {
			return diag.Mistakef(pos, "%s", m.message)
		}
	}
	return diag.Mistakef(pos, "this is not YAML; check the indentation and the quotes before this place")
}

// blankFrom reports whether a line and all after it are blank.
func (c *converter) blankFrom(line int) bool {
	return line > len(c.lines) ||
		!slices.ContainsFunc(c.lines[max(line-1, 0):], func(s string) bool { return strings.TrimSpace(s) != "" })
}

// runeAt gives the character at a place; 0 when there is none.
func (c *converter) runeAt(pos diag.Pos) rune {
	if pos.Line < 1 || pos.Line > len(c.lines) {
		return 0
	}
	line := c.runes(pos.Line - 1)
	if pos.Col < 1 || pos.Col > len(line) {
		return 0
	}
	return line[pos.Col-1]
}
