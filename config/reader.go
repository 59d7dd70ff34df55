package config

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
	"go.yaml.in/yaml/v4/plugin/loaderlimits"

	"github.com/callhours/callhours/internal/diag"
)

const (
	maxDepth  = 100     // levels of nesting in one file
	maxCopies = 100_000 // nodes that the aliases of one file may add

	// maxCopiedBytes is how many bytes of a text count as one of them: each copy is read.
	maxCopiedBytes = 256
)

// node is a value in a YAML file with its place. Aliases are followed, keys are
// unique and texts, tags are gone.
type node struct {
	diag.Pos
	kind      nodeKind
	text      string   // of a scalar, as written: YAML's types are not looked at
	firstChar diag.Pos // where the first character of text stands
	plain     bool     // a scalar without quotes
	items     []*node  // of a list
	entries   []entry  // of a mapping, as ordered in the file
}

type nodeKind int

const (
	scalar nodeKind = iota
	list
	mapping
)

type entry struct {
	key   Text
	value *node
}

// empty reports whether a value is missing.
func (n *node) empty() bool { return n.kind == scalar && n.plain && n.text == "" }

// describe quotes a text, and names the kind of any other value.
func (n *node) describe() string {
	if n.kind == scalar && !n.empty() {
		return quote(n.text)
	}
	return n.kindName()
}

// kindName names the kind of a value and shows nothing of it.
func (n *node) kindName() string {
	switch {
	case n.kind == list:
		return "a list"
	case n.kind == mapping:
		return "a mapping"
	case n.empty():
		return "nothing"
	}
	return "a text"
}

// parse reads the one document of a file. The node is nil when there is
// none or its syntax is wrong.
func parse(file string, src []byte) (*node, diag.Mistakes) {
	return (&converter{file: file}).parse(maxValues, src)
}

// parse is [parse] for a file of at most most values.
func (c *converter) parse(limit int, src []byte) (*node, diag.Mistakes) {
	file := c.file
	src = bytes.TrimLeft(src, "\ufeff")
	if m, ok := tooManyValues(file, src, limit); ok {
		return nil, diag.Mistakes{m}
	}
	if m, ok := invalidCharacter(file, src); ok {
		return nil, diag.Mistakes{m}
	}
	c.lines, c.converting = splitLines(src), map[*yaml.Node]bool{}
	if m, ok := tooManyDirectives(file, c.lines); ok {
		return nil, diag.Mistakes{m}
	}
	loader, err := yaml.NewLoader(bytes.NewReader(src),
		yaml.WithPlugin(loaderlimits.New(loaderlimits.DepthValue(maxDepth))))
	if err != nil {
		return nil, diag.Mistakes{diag.Mistakef(diag.Pos{File: file}, "cannot be read as YAML")}
	}
	var doc, second yaml.Node
	switch err := loader.Load(&doc); {
	case errors.Is(err, io.EOF) || err == nil && len(doc.Content) == 0:
		return nil, diag.Mistakes{diag.Mistakef(diag.Pos{File: file}, "the file is empty")}
	case err != nil:
		return nil, diag.Mistakes{c.syntax(err)}
	}
	root := c.convert(doc.Content[0])
	switch err := loader.Load(&second); {
	case err == nil:
		c.mistake(c.pos(&second), "a second document starts here; a file must have only one")
	case !errors.Is(err, io.EOF):
		c.mistakes = append(c.mistakes, c.syntax(err))
	}
	if more := c.counter.mistakes - diag.MaxMistakes; more > 0 {
		c.mistakes = append(c.mistakes, diag.MoreMistakes(c.counter.firstDropped, more))
	}
	if c.copies > maxCopies || c.indentMisread {
		return nil, c.mistakes
	}
	return root, c.mistakes
}

// lineBreaks are the line breaks of the YAML library.
var lineBreaks = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\u0085", "\n", "\u2028", "\n", "\u2029", "\n")

func splitLines(src []byte) []string { return strings.Split(lineBreaks.Replace(string(src)), "\n") }

// invalidCharacter reports the first character that YAML does not allow.
func invalidCharacter(file string, src []byte) (diag.Mistake, bool) {
	for i, r := range string(src) {
		what := ""
		switch {
		case r == utf8.RuneError && !bytes.HasPrefix(src[i:], []byte("\ufffd")):
			what = "the file is not UTF-8 here; save it as UTF-8"
		case r < ' ' && r != '\t' && r != '\n' && r != '\r',
			r >= 0x7f && r < 0xa0 && r != 0x85,
			r == 0xfeff, r == 0xfffe, r == 0xffff:
			what = "a control character is not allowed; delete it"
		default:
			continue
		}
		before := splitLines(src[:i])
		col := utf8.RuneCountInString(before[len(before)-1]) + 1
		return diag.Mistake{Pos: diag.Pos{File: file, Line: len(before), Col: col}, Message: what}, true
	}
	return diag.Mistake{}, false
}

// converter converts the library's nodes to ours.
type converter struct {
	file          string
	secret        bool // nothing of it is shown
	lines         []string
	converting    map[*yaml.Node]bool // what is being converted: an alias to it would never end
	aliasDepth    int                 // aliases that are being followed
	quotedTexts   []quotedText        // in quotes; see scan
	blocks        map[int]bool        // lines of blocks of text; see scan
	line          []rune              // see runes
	lineIndex     int
	blockStarts   map[*yaml.Node]diag.Pos // of blocks of text, see first
	copies        int                     // nodes added by aliases so far
	indentMisread bool                    // blanks that indent for people alone have put keys elsewhere
	mistakes      diag.Mistakes
	counter       mistakeCounter
}

func (c *converter) pos(n *yaml.Node) diag.Pos {
	return diag.Pos{File: c.file, Line: n.Line, Col: n.Column}
}

func (c *converter) mistake(pos diag.Pos, format string, args ...any) {
	if c.counter.add(pos) {
		c.mistakes = append(c.mistakes, diag.Mistakef(pos, format, args...))
	}
}

func (c *converter) convert(n *yaml.Node) *node {
	out := &node{Pos: c.pos(n), firstChar: c.pos(n), plain: true}
	if n.Kind == yaml.AliasNode {
		if c.converting[n.Alias] {
			c.mistake(c.pos(n), "this alias is inside the value that it refers to")
			out.plain, out.text = false, n.Value
			return out
		}
		c.aliasDepth++
		defer func() { c.aliasDepth-- }()
		return c.convert(n.Alias)
	}
	if c.aliasDepth > 0 {
		isOver := c.copies > maxCopies
		if c.copies += 1 + len(n.Value)/maxCopiedBytes; c.copies > maxCopies {
			if !isOver {
				c.mistake(c.pos(n), "the aliases of this file add more than %d values", maxCopies)
			}
			return out
		}
	}
	c.converting[n] = true
	defer delete(c.converting, n)
	if n.Style&yaml.TaggedStyle != 0 {
		c.mistake(c.pos(n), "a tag has no meaning here; a text in quotes is a text")
	}
	switch n.Kind {
	case yaml.ScalarNode:
		out.text = n.Value
		out.plain = n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) == 0
		out.firstChar = c.firstChar(n)
	case yaml.SequenceNode:
		out.kind = list
		for _, item := range n.Content {
			out.items = append(out.items, c.convert(item))
		}
	case yaml.MappingNode:
		if m, ok := c.unquotedTemplate(n); ok {
			if c.counter.add(m.Pos) {
				c.mistakes = append(c.mistakes, m)
			}
			out.plain = false // it is read as a text, for that was meant
			return out
		}
		out.kind = mapping
		c.entries(n, out)
	}
	return out
}

func (c *converter) entries(n *yaml.Node, out *node) {
	seen := make(map[string]diag.Pos, len(n.Content)/2)
	for pair := range slices.Chunk(n.Content, 2) {
		key, value := c.convert(pair[0]), c.convert(pair[1])
		first, again := seen[key.text]
		switch {
		case key.kind != scalar:
			c.mistake(key.Pos, "expected a key to be a text, found %s", key.kindName())
			continue
		case key.plain && key.text == "<<":
			c.mistake(key.Pos, `"<<" does not merge here; write its keys out`)
			continue
		case key.plain && strings.TrimFunc(key.text, isTypographicBlank) != key.text:
			if c.counter.add(key.Pos) {
				c.mistakes = append(c.mistakes, blankMistake(key.Pos))
			}
			c.indentMisread = c.indentMisread || strings.TrimLeftFunc(key.text, isTypographicBlank) != key.text
			if key.text = strings.TrimFunc(key.text, unicode.IsSpace); seen[key.text].Line > 0 {
				continue
			}
		case again:
			what := "key " + diag.Excerpt(key.text)
			if c.secret {
				what = "a key"
			}
			c.mistake(key.Pos, "%s is written twice, first at %s", what, first)
			continue
		}
		seen[key.text] = key.Pos
		out.entries = append(out.entries, entry{Text{Pos: key.Pos, S: key.text}, value})
	}
}

// firstChar returns the place of the first character of a scalar's text, which the library does not
// report.
func (c *converter) firstChar(n *yaml.Node) diag.Pos {
	pos := c.pos(n)
	switch {
	case n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		if known, ok := c.blockStarts[n]; ok { // an alias to it
			return known
		}
		if c.blockStarts == nil {
			c.blockStarts = map[*yaml.Node]diag.Pos{}
		}
		c.blockStarts[n] = pos
		for _, line := range c.lines[min(pos.Line, len(c.lines)):] {
			if text := strings.TrimLeft(line, " "); text != "" {
				pos = diag.Pos{File: pos.File, Line: pos.Line + 1, Col: len(line) - len(text) + 1}
				c.blockStarts[n] = pos
				return pos
			}
		}
	case n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0:
		pos.Col++
		if n.Anchor != "" {
			pos.Col += len("& ") + utf8.RuneCountInString(n.Anchor)
		}
	}
	return pos
}
