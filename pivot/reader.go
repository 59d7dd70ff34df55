package pivot

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// reader walks valid JSON without copying any of it.
type reader struct {
	json []byte
	pos  int
}

// skipSpace steps over white space and returns the byte that follows; 0 at the end.
func (r *reader) skipSpace() byte {
	for ; r.pos < len(r.json); r.pos++ {
		switch c := r.json[r.pos]; c {
		case ' ', '\t', '\n', '\r':
		default:
			return c
		}
	}
	return 0
}

// enter steps into an object or a list.
func (r *reader) enter() {
	r.skipSpace()
	r.pos++
}

// more steps over a comma to the next member or element, and over the end when there is none.
func (r *reader) more() bool {
	switch r.skipSpace() {
	case ',':
		r.pos++
	case '}', ']', 0:
		r.pos++
		return false
	}
	return true
}

// readName reads the name of a member, in quotes, and steps to its value.
func (r *reader) readName() []byte {
	name := r.readValue()
	r.skipSpace()
	r.pos++ // the colon
	return name
}

// readValue reads a value of any kind.
func (r *reader) readValue() []byte {
	first := r.skipSpace()
	start := r.pos
	switch first {
	case '"':
		r.skipString()
	case '{', '[':
		for depth := 0; ; {
			switch r.json[r.pos] {
			case '"':
				r.skipString()
				continue
			case '{', '[':
				depth++
			case '}', ']':
				depth--
			}
			if r.pos++; depth == 0 {
				break
			}
		}
	default:
		for r.pos < len(r.json) && bytes.IndexByte([]byte(" \t\r\n,:]}"), r.json[r.pos]) < 0 {
			r.pos++
		}
	}
	return r.json[start:r.pos]
}

// readAction reads the members of an action that is an object; nil for missing ones.
func (r *reader) readAction() (module, data, children []byte) {
	for r.enter(); r.more(); {
		switch name, value := r.readName(), r.readValue(); string(unquote(name)) {
		case "module":
			module = value
		case "data":
			data = value
		case "children":
			children = value
		}
	}
	return module, data, children
}

// skipString steps over a string.
func (r *reader) skipString() {
	for r.pos++; r.json[r.pos] != '"'; r.pos++ {
		if r.json[r.pos] == '\\' {
			r.pos++
		}
	}
	r.pos++
}

// unquote returns the text of a JSON string.
func unquote(s []byte) []byte {
	if bytes.IndexByte(s, '\\') < 0 {
		return s[1 : len(s)-1]
	}
	unquoted, _ := jsontext.AppendUnquote(nil, s) // it is known to be valid
	return unquoted
}

// describe names a JSON value in a message, at a length that fits there.
func describe(value []byte) string {
	const room = 40
	if len(value) == 0 {
		return "nothing"
	}
	switch jsontext.Value(value).Kind() {
	case jsontext.KindBeginObject:
		return "an object"
	case jsontext.KindBeginArray:
		return "a list"
	case jsontext.KindString:
		text := []rune(string(unquote(value)))
		if len(text) > room {
			return strconv.Quote(string(text[:room]) + "…")
		}
		return strconv.Quote(string(text))
	}
	return fmt.Sprintf("%.*s", room, value)
}

// joinNames joins names for a sentence: "a, b and c".
func joinNames(names []string, and string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " " + and + " " + names[last]
}
