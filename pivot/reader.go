package pivot

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// reader walks JSON that is known to be valid, without copying any of it.
type reader struct {
	json []byte
	at   int
}

// next gives the first byte of what follows white space; 0 at the end.
func (r *reader) next() byte {
	for ; r.at < len(r.json); r.at++ {
		switch c := r.json[r.at]; c {
		case ' ', '\t', '\n', '\r':
		default:
			return c
		}
	}
	return 0
}

// enter steps into an object or a list.
func (r *reader) enter() {
	r.next()
	r.at++
}

// more steps over a comma to the next member or element, and over the end when there is none.
func (r *reader) more() bool {
	switch r.next() {
	case ',':
		r.at++
	case '}', ']', 0:
		r.at++
		return false
	}
	return true
}

// name reads the name of a member, in quotes, and steps to its value.
func (r *reader) name() []byte {
	name := r.value()
	r.next()
	r.at++ // the colon
	return name
}

// value reads a value of any kind.
func (r *reader) value() []byte {
	first := r.next()
	start := r.at
	switch first {
	case '"':
		r.text()
	case '{', '[':
		for depth := 0; ; {
			switch r.json[r.at] {
			case '"':
				r.text()
				continue
			case '{', '[':
				depth++
			case '}', ']':
				depth--
			}
			if r.at++; depth == 0 {
				break
			}
		}
	default:
		for r.at < len(r.json) && bytes.IndexByte([]byte(" \t\r\n,:]}"), r.json[r.at]) < 0 {
			r.at++
		}
	}
	return r.json[start:r.at]
}

// text steps over a string.
func (r *reader) text() {
	for r.at++; r.json[r.at] != '"'; r.at++ {
		if r.json[r.at] == '\\' {
			r.at++
		}
	}
	r.at++
}

// content is the text of a JSON string.
func content(s []byte) []byte {
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
		text := []rune(string(content(value)))
		if len(text) > room {
			return strconv.Quote(string(text[:room]) + "…")
		}
		return strconv.Quote(string(text))
	}
	return fmt.Sprintf("%.*s", room, value)
}

// enumerate joins names as people do: "a, b and c".
func enumerate(names []string, and string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " " + and + " " + names[last]
}
