package templates

import (
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"text/template/parse"
	"unicode/utf8"

	"github.com/callhours/callhours/internal/diag"
	"github.com/callhours/callhours/templates/jsonsafe"
)

// Field is an entry of .Data that a template declares in its header comment.
type Field struct {
	Name     string
	Kind     string // id (what Kazoo calls things by), text, int, bool, list, map or any
	Required bool   // it has no default
	Default  any    // nil, string, int, bool, []any or map[string]any; of another number for any: float64
}

// String gives the declaration, as in a header.
func (f Field) String() string {
	if f.Required {
		return f.Name + " " + f.Kind
	}
	value, _ := json.Marshal(f.Default) // was read as JSON
	return fmt.Sprintf("%s %s = %s", f.Name, f.Kind, value)
}

var kinds = []string{"any", "bool", "id", "int", "list", "map", "text"}

var (
	dataLine    = regexp.MustCompile(`(?m)^(?:/\*)?[ \t]*data:`)
	exampleLine = regexp.MustCompile(`(?m)^[ \t]*example:[ \t]*$`)
	declaration = regexp.MustCompile(`^([A-Za-z_][A-Za-z0-9_]*)[ \t]+([A-Za-z]+)`)
)

// header is what a template says of itself.
type header struct {
	about   string // for people
	fields  []Field
	example map[string]any
}

// header reads the first comment with a line that begins with data: and declares fields, such as
//
//	{{/* data: voicemail id; timeout int = 20; message text = "" */}}
//
// Lines before that one are for people. A default is JSON, and so is the object after a line
// example: at the end.
func (s *source) header(root *parse.ListNode) (h header, mistakes []diag.Mistake) {
	for _, n := range root.Nodes {
		c, ok := n.(*parse.CommentNode)
		if !ok {
			continue
		}
		text := strings.TrimSuffix(c.Text, "*/")
		at := dataLine.FindStringIndex(text)
		if at == nil {
			continue
		}
		h.about = strings.Join(strings.Fields(strings.TrimPrefix(text[:at[0]], "/*")), " ")
		declared, example := text[at[1]:], ""
		if from := exampleLine.FindStringIndex(declared); from != nil {
			declared, example = declared[:from[0]], declared[from[1]:]
			d := json.NewDecoder(strings.NewReader(example))
			d.UseNumber()
			if err := d.Decode(&h.example); err != nil || h.example == nil ||
				strings.TrimSpace(example[d.InputOffset():]) != "" {
				mistakes = append(mistakes, diag.Mistakef(s.Pos(c.Pos+parse.Pos(at[1]+from[0])),
					`expected the data of an example as JSON, such as {"voicemail": "4567"}, found %s`,
					diag.Clip(strings.TrimSpace(example))))
			}
			h.example, _ = jsonsafe.Numbers(h.example).(map[string]any)
		}
		var wrong []diag.Mistake
		h.fields, wrong = s.fields(declared, c.Pos+parse.Pos(at[1]))
		return h, append(wrong, mistakes...)
	}
	return h, nil
}

// fields reads the declarations in a text that stands at an offset.
func (s *source) fields(text string, offset parse.Pos) (fields []Field, mistakes []diag.Mistake) {
	place := func(rest string) diag.Pos { return s.Pos(offset + parse.Pos(len(text)-len(rest))) }
	for rest := text; ; {
		rest = strings.TrimLeft(rest, " \t\r\n;")
		if rest == "" {
			return fields, mistakes
		}
		at := place(rest)
		m := declaration.FindStringSubmatch(rest)
		if m == nil {
			found, _, _ := strings.Cut(rest, "\n")
			return fields, append(mistakes, diag.Mistakef(at,
				`expected a field such as "voicemail id" or "timeout int = 20", found %s`,
				diag.Clip(strings.TrimSpace(found))))
		}
		if len(fields) == maxFields {
			return fields,
				append(mistakes,
					diag.Mistakef(at, "a header declares at most %d fields; gather them in a map", maxFields))
		}
		f := Field{Name: m[1], Kind: m[2], Required: true}
		rest = strings.TrimLeft(rest[len(m[0]):], " \t")
		if !slices.Contains(kinds, f.Kind) {
			mistakes = append(mistakes, diag.Mistakef(at,
				"%s is of the unknown kind %q%s", f.Name, f.Kind, diag.Suggest(f.Kind, kinds)))
		}
		if slices.ContainsFunc(fields, func(g Field) bool { return g.Name == f.Name }) {
			mistakes = append(mistakes, diag.Mistakef(at, "%s is declared twice", f.Name))
		}
		if value, ok := strings.CutPrefix(rest, "="); ok {
			d := json.NewDecoder(strings.NewReader(value))
			d.UseNumber()
			if err := d.Decode(&f.Default); err != nil {
				found, _, _ := strings.Cut(value, ";")
				return fields, append(mistakes, diag.Mistakef(at,
					`expected the default of %s as JSON, such as "text", 20, true or null, found %s`, f.Name,
					diag.Clip(strings.TrimSpace(found))))
			}
			f.Required, f.Default = false, jsonsafe.Numbers(f.Default)
			rest = value[d.InputOffset():]
			if !f.takes(f.Default) {
				mistakes = append(mistakes, diag.Mistakef(at,
					"%s is of the kind %s, its default is %s", f.Name, f.Kind, jsonsafe.Describe(f.Default)))
			} else if wrong := f.Objection(f.Default); wrong != "" {
				mistakes = append(mistakes, diag.Mistakef(at, "the default of %s: %s", f.Name, wrong))
			}
		}
		fields = append(fields, f)
		if rest = strings.TrimLeft(rest, " \t\r"); rest != "" && rest[0] != ';' && rest[0] != '\n' {
			found, _, _ := strings.Cut(rest, "\n")
			return fields, append(mistakes,
				diag.Mistakef(place(rest), "expected ; or a line end after %s, found %s", f.Name,
					diag.Clip(strings.TrimSpace(found))))
		}
	}
}

// Objection says why a value is none that the field takes; "" for one that it takes. Nothing fits
// all kinds, where there is a default; a number fits a text, since digits without quotes are read
// as one. An id is one of Kazoo's, or empty where there is a default.
func (f Field) Objection(value any) string {
	const id = "an id of Kazoo: 32 digits from 0 to 9 and a to f"
	text, isText := value.(string)
	switch {
	case !f.takes(value) && f.Kind == "id":
		return fmt.Sprintf("expected %s, found %s", id, jsonsafe.Describe(value))
	case !f.takes(value):
		return fmt.Sprintf("expected the kind %s, found %s", f.Kind, jsonsafe.Describe(value))
	case f.Kind != "id", !f.Required && (value == nil || text == ""):
		return ""
	case value == nil:
		return fmt.Sprintf("expected %s, found null", id)
	case !isText:
		return fmt.Sprintf("expected %s, found the number %v", id, value)
	case kazooID.MatchString(text):
		return ""
	}
	meant := ""
	if near := nearlyID.FindStringSubmatch(strings.ToLower(strings.TrimSpace(text))); near != nil {
		if plain := strings.ReplaceAll(near[1], "-", ""); len(plain) == 32 {
			meant = fmt.Sprintf("; did you mean %q?", plain)
		}
	}
	return fmt.Sprintf("expected %s, found %s of %d%s", id, diag.Clip(text), utf8.RuneCountInString(text), meant)
}

// kazooID is what Kazoo calls documents by. nearlyID are one in capitals, with dashes, or at the
// end of a URL.
var (
	kazooID  = regexp.MustCompile(`^[0-9a-f]{32}$`)
	nearlyID = regexp.MustCompile(`^(?:.*/)?([0-9a-f-]{32,40})/?$`)
)

func (f Field) takes(value any) bool {
	is := jsonsafe.Describe(value)
	if value == nil {
		return true
	}
	switch f.Kind {
	case "id", "text":
		return is == "a text" || is == "a number"
	case "int":
		return is == "a number" && reflect.ValueOf(value).CanInt()
	case "bool":
		return is == "true or false"
	case "list":
		return is == "a list"
	case "map":
		return is == "a map"
	}
	return true
}
