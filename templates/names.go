package templates

import (
	"fmt"
	"regexp"
	"strings"
	"text/template/parse"
	"unicode/utf8"

	"github.com/callhours/callhours/internal/diag"
	"github.com/callhours/callhours/templates/vocabulary"
)

// badName are the sentences in which text/template's parser says that a name goes on with what no
// name can have: .Data.my-key, .Data.2nd, .Data.a:b, .Data["a"], .Data."a". It names neither the
// place nor the name.
var badName = regexp.MustCompile(
	`^(?:bad character U\+[0-9A-F]+ '(.)'|bad number syntax: "(\.)[0-9].*"|expected (:)=|unexpected "(\.)[0-9]+" in operand)$`)

// operands are the texts in quotes in an action, which are passed over, and its names.
var operands = regexp.MustCompile(`"(?:[^"\\\n]|\\.)*"|` + "`[^`]*`" +
	`|((?:\$[\pL_\pN]*|[\pL_][\pL_\pN]*|\))(?:\.[\pL_][\pL_\pN]*)*|(?:\.[\pL_][\pL_\pN]*)+)`)

// afterName are the ways in which a name goes on: with a key in brackets, with one in quotes, or
// with what is part of a key.
var afterName = regexp.MustCompile(
	`^(?:\[(?:([0-9]+)|"([^"\\]*)"|'([^'\\]*)'| "([^"\\]*) ")\]|\.(?:"([^"\\]*)"|'([^'\\]*)')|([^\s(){}|",.\[]+|\.[\pN][\pL_\pN-]*))((?:\.[\pL_][\pL_\pN]*)*)`)

// unquoted is how a text without quotes goes on after a name. follows are the places where it is
// an argument, and no function.
var (
	unquoted = regexp.MustCompile(`^-[\pL_\pN][\pL_\pN-]*`)
	follows  = regexp.MustCompile(`(?:[\pL_\pN")]|^\.) +$`)
)

// arithmetic are the functions for what is written with signs elsewhere.
var arithmetic = map[byte]string{'-': "sub", '+': "add", '*': "mul", '/': "div", '%': "mod"}

// misnamed finds the name that the parser's message is about, on a line, and reports how to write
// it. A name after a dot has letters, digits and _ only, while a key of data may have anything.
func (s *source) misnamed(line int, message string) (diag.Mistake, bool) {
	m := badName.FindStringSubmatch(message)
	if m == nil {
		return diag.Mistake{}, false
	}
	sign := m[1] + m[2] + m[3] + m[4]
	text := s.Text
	if sign == "[" && strings.Contains(text, `[\"`) { // as in a JSON text; places stay as they are
		text = strings.NewReplacer(`[\"`, `[ "`, `\"]`, ` "]`).Replace(text)
	}
	lines := lineCounter{text: text, line: 1}
	for offset := 0; ; {
		i := strings.Index(text[offset:], "{{")
		if i < 0 {
			return diag.Mistake{}, false
		}
		offset += i
		span := actionText.FindStringIndex(text[offset:])
		if span == nil {
			return diag.Mistake{}, false
		}
		action := text[offset : offset+span[1]]
		for _, at := range operands.FindAllStringSubmatchIndex(action, -1) {
			if at[2] < 0 {
				continue
			}
			name, rest := action[at[2]:at[3]], action[at[3]:]
			begin := offset + at[2]
			switch lineNumber := lines.lineAt(begin); {
			case lineNumber > line:
				return diag.Mistake{}, false
			case lineNumber < line || !continues(rest, sign):
				continue
			}
			if word := name + unquoted.FindString(rest); strings.Contains(word, "-") && name[0] != '.' &&
				name[0] != '$' && follows.MatchString(action[:at[2]]) {
				return diag.Mistakef(s.Pos(parse.Pos(begin)),
					"%q has no quotes; write a text or a key in double quotes, as in %q", word, word), true
			}
			if wrong := nameHint(name, rest); wrong != "" {
				return diag.Mistakef(s.Pos(parse.Pos(begin)), "%s", wrong), true
			}
		}
		offset += span[1]
	}
}

// lineCounter converts ascending offsets into lines, and reads each byte once.
type lineCounter struct {
	text     string
	at, line int
}

func (c *lineCounter) lineAt(offset int) int {
	c.line += strings.Count(c.text[c.at:offset], "\n")
	c.at = offset
	return c.line
}

// continues reports whether what follows a name is what the parser stopped at.
func continues(rest, sign string) bool {
	if sign == `"` || sign == "'" {
		return strings.HasPrefix(rest, "."+sign)
	}
	return strings.HasPrefix(rest, sign)
}

// nameHint is how to write a name that continues with something that no name can have; "" where
// that is not known.
func nameHint(name, rest string) string {
	m := afterName.FindStringSubmatch(rest)
	if m == nil {
		return ""
	}
	position, quotedKey, bare, further := m[1], m[2]+m[3]+m[4]+m[5]+m[6], m[7], m[8]
	if rest := strings.TrimPrefix(bare, "."); rest != bare && strings.Trim(rest, "0123456789") == "" {
		position = rest
	}
	arrow := strings.TrimPrefix(strings.TrimPrefix(bare, "->"), "::")
	switch {
	case position != "" && further == "":
		return fmt.Sprintf("an element of a list is read by index; write {{ index %s %s }}", name, position)
	case position != "":
		return fmt.Sprintf("an element of a list is read by index; write {{ (index %s %s)%s }}", name, position,
			further)
	case arrow != bare && arrow != "":
		return fmt.Sprintf("names are joined with dots; write {{ %s.%s%s }}", name, arrow, further)
	case vocabulary.IsRoot("." + name):
		name = "." + name
	}
	inKey := strings.TrimSuffix(bare, "-") // {{ .Data.x-}} lacks a blank
	object, key := name, quotedKey
	if key == "" && bare != "" {
		dot := strings.LastIndexByte(name, '.')
		switch {
		case bare[0] == '.': // .Data.2nd
			key = bare[1:]
		case inKey == "":
			return fmt.Sprintf("expected a blank before -}}, as in {{ %s -}}", name)
		case dot < 0 && name[0] == '$':
			return fmt.Sprintf("the name of a variable has letters, digits and _ only, found %q%s", name+inKey,
				arithmeticHint(name, inKey))
		case dot < 0:
			return fmt.Sprintf("the name of a function has letters and digits only, found %q", name+inKey)
		default:
			object, key = name[:dot], name[dot+1:]+inKey
		}
	}
	switch {
	case object == "":
		object = "."
	case object[0] == ')':
		object = "(…)" + object[1:]
	}
	hint := vocabulary.KeyHint(object, key, further)
	if hint == "" {
		hint = fmt.Sprintf("write {{ %s }}%s", vocabulary.GetHint(object, key, further), arithmeticHint(name, inKey))
	}
	return fmt.Sprintf("a name after a dot has letters, digits and _ only, found %q; %s", key, hint)
}

// arithmeticHint ends the hint for what may be meant as arithmetic: .Data.x-1.
func arithmeticHint(name, rest string) string {
	if rest == "" || name[0] == ')' {
		return ""
	}
	function := arithmetic[rest[0]]
	operand := rest[1:]
	first, _ := utf8.DecodeRuneInString(operand)
	if function == "" || operand == "" || !strings.ContainsRune("0123456789$", first) {
		return ""
	}
	return fmt.Sprintf(", or {{ %s %s %s }}", function, name, operand)
}
