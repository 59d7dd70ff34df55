package preview

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/callhours/callhours/pivot"
)

// maxNamed is how many values of a branch's data are looked through for names of ids.
const maxNamed = 10_000

// describe says in a sentence what a callflow does, with Kazoo's ids by the names that the data of
// the branch has for them.
func (p *Preview) describe(callflow []byte, data map[string]any) string {
	if len(callflow) == 0 {
		return ""
	}
	return pivot.Describe(callflow, idNames(data), p.language.Translate)
}

// Describe says in a sentence what a callflow of a route's branch does; "" where there is no such
// branch any more.
func (p *Preview) Describe(route, branch string, callflow []byte) string {
	r := p.byName[route]
	if r == nil {
		return ""
	}
	for i, b := range r.Branches {
		if b.Name == branch {
			return p.describe(callflow, r.Data(i))
		}
	}
	return ""
}

// idNames finds what people call the bearers of Kazoo's ids: by the keys of data whose values these
// are. front_desk is "Front desk"; of people, Ada is "Ada", also where another key has the same id.
func idNames(data map[string]any) func(id string) string {
	type named struct {
		name string
		rank int
	}
	var names map[string]named
	left := maxNamed
	var walk func(value any, key string, parent string)
	walk = func(value any, key, parent string) {
		if left--; left < 0 {
			return
		}
		switch value := value.(type) {
		case string:
			if !isID(value) {
				return
			}
			n := named{key, 0}
			if _, err := strconv.Atoi(key); err == nil {
				n = named{strings.TrimSpace(parent + " " + key), 2}
			} else if parent == "" {
				n.rank = 1
			}
			if had, ok := names[value]; !ok || n.rank < had.rank {
				names[value] = n
			}
		case map[string]any:
			for _, k := range slices.Sorted(maps.Keys(value)) {
				walk(value[k], k, key)
			}
		case []any:
			for i, v := range value {
				walk(v, strconv.Itoa(i+1), key)
			}
		}
	}
	return func(id string) string {
		if names == nil {
			names = map[string]named{}
			walk(data, "", "")
		}
		return readable(names[id].name)
	}
}

// isID reports whether a text is an id as Kazoo makes them: 32 hex digits.
func isID(text string) bool {
	const digits = 32
	return len(text) == digits && strings.Trim(text, "0123456789abcdefABCDEF") == ""
}

// readable is a key as people write it: with its first letter up, and blanks between its words.
func readable(key string) string {
	words := strings.Join(strings.FieldsFunc(key, func(r rune) bool { return strings.ContainsRune("_- .", r) }), " ")
	first, size := utf8.DecodeRuneInString(words)
	if size == 0 {
		return ""
	}
	return string(unicode.ToUpper(first)) + words[size:]
}
