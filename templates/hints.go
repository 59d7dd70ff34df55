package templates

import (
	"regexp"
	"strings"
	"text/template/parse"
	"unicode"
	"unicode/utf8"

	"github.com/callhours/callhours/internal/diag"
	"github.com/callhours/callhours/templates/funcs"
	"github.com/callhours/callhours/templates/vocabulary"
)

// otherLanguages are words of other template languages, and what is written here.
var otherLanguages = map[string]string{
	"elif": "{{else if …}}", "elsif": "{{else if …}}", "elseif": "{{else if …}}", "unless": "{{if not …}}",
	"for": "{{range …}}", "foreach": "{{range …}}",
	"each": "{{range …}}", "set": "{{ $x := … }}", "let": "{{ $x := … }}", "null": "nil", "None": "nil", "none": "nil",
	"True": "true", "False": "false", "include": "{{template …}}",
}

// suggestFunction ends the message about a function that does not exist.
func suggestFunction(name string) string {
	if write, ok := otherLanguages[name]; ok {
		return "; write " + write
	}
	if first, _ := utf8.DecodeRuneInString(name); unicode.IsUpper(first) {
		if vocabulary.IsRoot("." + name) {
			return "; write ." + name + " with a dot before it"
		}
		return "; fields begin with a dot and have no blank in them, as in .Call.From"
	}
	if root := "." + strings.ToUpper(name[:1]) + name[1:]; vocabulary.IsRoot(root) {
		return "; write " + root + " with a dot before it"
	}
	return funcs.Suggest(name)
}

// otherLayout is a way of other languages to say how a time is written.
var otherLayout = regexp.MustCompile(`%[YmdHMIpBbAaySj]|YYYY|yyyy|HH|hh|MMM?M?|DD|dd|\bmm\b|\bss\b`)

// layout warns of a layout that has no parts of Go's layouts, and writes itself.
func (c *checker) layout(s *parse.StringNode) {
	found := otherLayout.FindString(s.Text)
	if found != "" && !strings.ContainsAny(s.Text, "0123456789") {
		c.warn(s.Position(), "%q in a layout is output as it is; a layout shows the 2nd of January 2006 at 15:04:05, "+
			"as in \"15:04\" or \"2006-01-02\"", found)
	}
}

func (c *checker) zone(n parse.Node) {
	s, ok := n.(*parse.StringNode)
	if !ok {
		return
	}
	if _, err := c.source.zone.Find(s.Text); err != nil {
		c.mistake(s, "%s", err)
	}
}

// character warns of a character in single quotes, which is a number.
func (c *checker) character(n *parse.NumberNode) {
	if strings.HasPrefix(n.Text, "'") {
		c.warn(n.Pos, "%s is the number %d; write texts in double quotes", n.Text, n.Int64)
	}
}

// otherAction is what is an action in another language, or with a brace too few.
var otherAction = regexp.MustCompile(
	`\{%[^%]*%\}|\{ ?\.(?:Call|Event|Data|Now|Match|Route|Branch|Tenant|Until)\b[^{}]*\}`)

// text warns of text that is an action in another language, or with a brace too few.
func (c *checker) text(n *parse.TextNode) {
	for _, at := range otherAction.FindAllIndex(n.Text, -1) {
		c.warn(n.Pos+parse.Pos(at[0]), "%s is output as it is; write an action in {{ and }}",
			diag.Clip(string(n.Text[at[0]:at[1]])))
	}
}
