package config

import (
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/callhours/callhours/internal/diag"
)

// quotedText is a text in quotes in a file that is not YAML.
type quotedText struct {
	start, end diag.Pos // of the two quotes; a zero end: it is never closed
	closed     bool     // what follows the second quote can follow a text
}

// brokenQuotes finds the first quoted text that explains why a file is not YAML at a place: one
// that is never closed, that contains the place, or that more text follows. It parses just enough
// to tell quotes from apostrophes in texts, comments and blocks, because the YAML library reports
// nothing before a fault.
func (c *converter) brokenQuotes(fault diag.Pos) (quotedText, bool) {
	c.scan()
	for _, q := range c.quotedTexts {
		if q.start.Line > fault.Line {
			break
		}
		covers := q.start.Compare(fault) < 0 && (q.end.Line == 0 || fault.Compare(q.end) <= 0)
		if !q.closed || covers && q.start.Line != fault.Line {
			return q, true
		}
	}
	return quotedText{}, false
}

// mistake says what is wrong with the quotes of a text.
func (q quotedText) mistake() diag.Mistake {
	switch {
	case q.end.Line == 0:
		return diag.Mistakef(q.start, "the quote opened here is not closed; close it at the end of its text")
	case q.end.Line > q.start.Line:
		return diag.Mistakef(q.start,
			"the quote opened here is not closed before the next one at %d:%d; close it at the end of its text",
			q.end.Line, q.end.Col)
	}
	return diag.Mistakef(q.end,
		"the quotes end here and more text follows; put quotes around the whole text, others in it as \\\" or ''")
}

// scan finds the texts in quotes, in their order, and the lines that are part of a block of text.
// It takes time in proportion to the file, once.
func (c *converter) scan() {
	if c.blocks != nil {
		return
	}
	c.blocks = map[int]bool{}
	depth, line, col := 0, 0, 0 // depth: of brackets
	value := true               // a value or a key may begin here
	for line < len(c.lines) {
		text := c.runes(line)
		if col >= len(text) {
			line, col, value = line+1, 0, true
			continue
		}
		r, blank := text[col], col+1 == len(text) || text[col+1] == ' ' || text[col+1] == '\t'
		switch {
		case r == ' ' || r == '\t':
			col++
		case r == '#' && (col == 0 || text[col-1] == ' ' || text[col-1] == '\t'):
			col = len(text)
		case value && (r == '"' || r == '\''):
			q := c.quotedText(line, col)
			c.quotedTexts = append(c.quotedTexts, q)
			if q.end.Line == 0 {
				return
			}
			line, col, value = q.end.Line-1, q.end.Col, false
		case value && depth == 0 && (r == '|' || r == '>'):
			next := c.blockEnd(line)
			for i := line + 1; i < next; i++ {
				c.blocks[i+1] = true
			}
			line, col, value = next, 0, true
		case r == ':' && (blank || depth > 0 && !value), (r == '-' || r == '?') && blank && value:
			col, value = col+1, true
		case (r == '[' || r == '{') && (value || depth > 0):
			col, depth, value = col+1, depth+1, true
		case depth > 0 && (r == ']' || r == '}'):
			col, depth, value = col+1, depth-1, false
		case depth > 0 && r == ',':
			col, value = col+1, true
		default:
			col, value = col+1, false
		}
	}
}

// quotedText reads the text whose first quote stands at a place, both counted from 0.
func (c *converter) quotedText(line, col int) quotedText {
	q := quotedText{start: diag.Pos{File: c.file, Line: line + 1, Col: col + 1}}
	quote := c.runes(line)[col]
	for col++; line < len(c.lines); line, col = line+1, 0 {
		text := c.runes(line)
		for ; col < len(text); col++ {
			switch {
			case quote == '"' && text[col] == '\\':
				col++
			case text[col] != quote:
			case quote == '\'' && col+1 < len(text) && text[col+1] == quote:
				col++
			default:
				q.end = diag.Pos{File: c.file, Line: line + 1, Col: col + 1}
				rest := string(text[col+1 : min(len(text), col+1+longestLine)])
				after := strings.TrimLeft(rest, " \t")
				q.closed = after == "" || strings.ContainsAny(after[:1], ",]}:") || after[0] == '#' && after != rest
				return q
			}
		}
	}
	return q
}

// runes returns the characters of a line, counted from 0. The last line is cached.
func (c *converter) runes(line int) []rune {
	if c.line == nil || c.lineIndex != line {
		c.line, c.lineIndex = []rune(c.lines[line]), line
	}
	return c.line
}

// blockEnd is the line, from 0, that follows the block of text which begins behind a "|" or ">".
func (c *converter) blockEnd(line int) int {
	indent := func(s string) int { return len(s) - len(strings.TrimLeft(s, " ")) }
	outer, inner := indent(c.lines[line]), 0
	for line++; line < len(c.lines); line++ {
		text := c.lines[line]
		if strings.TrimSpace(text) == "" {
			continue
		}
		if inner == 0 {
			inner = max(indent(text), outer+1)
		}
		if indent(text) < inner {
			break
		}
	}
	return line
}

// longestLine is how many characters of a line are examined for quotes.
const longestLine = 1000

const beginsLikeTemplate = "a text that begins with {{ needs quotes"

// bareTemplate matches a line whose value begins like a template and is not quoted.
var bareTemplate = regexp.MustCompile(`^(\s*(?:- +)*(?:- +|([\p{L}\p{N}_.-]+): +))(\{\{.*)$`)

// needsQuotes reports a value that begins with {{ and lacks quotes, on a line counted from 1; false
// if there is none.
func (c *converter) needsQuotes(line int) (diag.Mistake, bool) {
	if line < 1 || line > len(c.lines) || len(c.lines[line-1]) > longestLine {
		return diag.Mistake{}, false
	}
	if c.scan(); c.blocks[line] {
		return diag.Mistake{}, false
	}
	m := bareTemplate.FindStringSubmatch(c.lines[line-1])
	if m == nil {
		return diag.Mistake{}, false
	}
	pos := diag.Pos{File: c.file, Line: line, Col: len([]rune(m[1])) + 1}
	value := strings.TrimSpace(m[3])
	if before, _, comment := strings.Cut(value, " #"); comment &&
		strings.Count(before, "}}") == strings.Count(value, "}}") {
		value = strings.TrimSpace(before)
	}
	return missingQuotes(pos, m[2], value), true
}

// longestShown is how many bytes of a value a corrected line shows.
const longestShown = 60

// missingQuotes is the mistake of a text that begins with {{ and lacks quotes. It shows the
// corrected line unless that is secret or long.
func missingQuotes(pos diag.Pos, key, value string) diag.Mistake {
	if len(value) > longestShown || secretHeader.MatchString(key) || key == "url" {
		return diag.Mistakef(pos, "%s around it", beginsLikeTemplate)
	}
	right := `"` + value + `"`
	switch {
	case strings.ContainsAny(value, `"\`) && strings.Contains(value, "'"):
		return diag.Mistakef(pos, `%s around it; write '' for each ' in it`, beginsLikeTemplate)
	case strings.ContainsAny(value, `"\`):
		right = "'" + value + "'"
	}
	if key != "" {
		right = key + ": " + right
	}
	return diag.Mistakef(pos, "%s; write %s", beginsLikeTemplate, right)
}

// unquotedTemplate reports a mapping that was meant as a text: it begins with {{, as no mapping of
// ours can.
func (c *converter) unquotedTemplate(n *yaml.Node) (diag.Mistake, bool) {
	pos := c.pos(n)
	if c.runeAt(pos) != '{' || c.runeAt(diag.Pos{Line: pos.Line, Col: pos.Col + 1}) != '{' {
		return diag.Mistake{}, false
	}
	if m, ok := c.needsQuotes(pos.Line); ok && m.Pos == pos {
		return m, true
	}
	return diag.Mistakef(pos, "%s around it", beginsLikeTemplate), true
}

// dropFollowUps drops further mistakes about a text that could not be read for missing quotes.
func dropFollowUps(mistakes diag.Mistakes) diag.Mistakes {
	unread := map[diag.Pos]bool{}
	isCause := func(m diag.Mistake) bool { return strings.HasPrefix(m.Message, beginsLikeTemplate) }
	for _, m := range mistakes {
		if isCause(m) {
			unread[m.Pos] = true
		}
	}
	return slices.DeleteFunc(mistakes, func(m diag.Mistake) bool { return unread[m.Pos] && !isCause(m) })
}
