package pivot

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/callhours/callhours/internal/diag"
)

// object checks the members of an object. The body is nil for data that is left out: Kazoo takes it for an empty
// object. around is where to say that something is missing from it.
func (c *checker) object(o *object, body, around []byte, depth int) *Finding {
	beside := c.beside // data, where o is that of a module
	c.beside = nil
	var given uint64 // of o.fields, by index
	if body != nil {
		around = body
		r := reader{json: body}
		for r.enter(); r.more(); {
			name := r.name()
			text, value := content(name), r.value()
			i := o.index(text)
			if i < 0 {
				if wrong := c.other(o, name, value, depth); wrong != nil {
					return wrong
				}
				continue
			}
			given |= 1 << i
			if wrong := c.field(&o.fields[i], name, value, depth); wrong != nil {
				return wrong
			}
		}
	}
	for i := range o.fields {
		f := &o.fields[i]
		switch {
		case given&(1<<i) != 0:
		case f.required&c.version != 0:
			only := ""
			if f.required != allVersions && f.required != f.in {
				only = fmt.Sprintf(" in Kazoo %s", f.required)
			}
			if beside != nil && member(beside, f.name) != nil {
				return c.at(around, []string{f.name}, "missing%s; it stands beside data: move it there", only)
			}
			return c.at(around, []string{f.name}, "missing%s; want %s", only, want(f.values, f.in&c.version))
		case f.expected && c.warnings != nil && f.in&c.version != 0 && !o.given(f.unless, given) &&
			(beside == nil || member(beside, f.name) == nil && (f.unless == "" || member(beside, f.unless) == nil)):
			c.warn(around, []string{f.name}, "missing; without it the action does nothing; want %s",
				want(f.values, f.in&c.version))
		}
	}
	if o.choice != nil && o.choice.in&c.version != 0 {
		return c.choice(o, given, around)
	}
	return nil
}

// index finds a field; -1 if there is none.
func (o *object) index(name []byte) int {
	for i := range o.fields {
		if o.fields[i].name == string(name) {
			return i
		}
	}
	return -1
}

// given tells whether a field is among those that are given; none has the name "".
func (o *object) given(name string, given uint64) bool {
	i := o.index([]byte(name))
	return i >= 0 && given&(1<<i) != 0
}

func (c *checker) choice(o *object, given uint64, around []byte) *Finding {
	var sets, found []string
	for _, set := range o.choice.sets {
		name := strings.Join(set, " with ")
		sets = append(sets, name)
		if !slices.ContainsFunc(set, func(field string) bool { return !o.given(field, given) }) {
			found = append(found, name)
		}
	}
	if len(found) == 1 {
		return nil
	}
	in := ""
	if o.choice.in != allVersions {
		in = " in Kazoo " + o.choice.in.String()
	}
	what := enumerate(found, "and")
	if what == "" {
		what = "none"
	}
	return c.at(around, nil, "want exactly one of %s%s, found %s", enumerate(sets, "and"), in, what)
}

// other checks a member that is no field.
func (c *checker) other(o *object, name, body []byte, depth int) *Finding {
	switch {
	case o.rest == nil:
		if c.warnings != nil {
			text := string(content(name))
			if text == "children" {
				c.warn(name, []string{text}, "children stands beside data, not in it, and Kazoo ignores it here")
				return nil
			}
			known := make([]string, len(o.fields))
			for i := range o.fields {
				known[i] = o.fields[i].name
			}
			c.warn(name, []string{text}, "there is no such field, and Kazoo ignores it%s", diag.Suggest(text, known))
		}
		return nil
	case o.rest.header && !isHeader(content(name)):
		return c.at(name, []string{string(content(name))}, "want the name of a header: letters, digits, - and _")
	case o.rest.values == nil:
		return nil
	}
	c.path = append(c.path, step{name: name})
	wrong := c.values(o.rest.values, c.version, body, depth)
	c.path = c.path[:len(c.path)-1]
	return wrong
}

// isHeader goes by Kazoo's own pattern, ^[a-zA-z0-9_\-]+$ with its slip.
func isHeader(name []byte) bool {
	return len(name) > 0 && !bytes.ContainsFunc(name, func(r rune) bool {
		return (r < 'A' || r > 'z') && (r < '0' || r > '9') && r != '-'
	})
}

// isNearlyID reports whether a value looks like one of Kazoo's own ids and is none: one with a digit too few, in
// capitals, with dashes. Kazoo takes it, and finds nothing by it.
func isNearlyID(body []byte) bool {
	if body[0] != '"' {
		return false
	}
	const digits, letters = "0123456789abcdef", "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	text := content(body)
	whole := len(bytes.Trim(text, digits)) == 0
	if len(text) == 32 {
		return !whole && len(bytes.Trim(text, letters)) == 0
	}
	bare := bytes.ReplaceAll(text, []byte("-"), nil)
	return len(bare) >= 28 && len(bare) <= 36 && len(bytes.Trim(bare, digits+"ABCDEF")) == 0
}

// otherLength says how long a text is that has not the length of Kazoo's ids.
func otherLength(text []byte) string {
	if len(text) == 32 {
		return ""
	}
	return fmt.Sprintf(" of %d", len(text))
}

func (c *checker) field(f *field, name, body []byte, depth int) *Finding {
	known := f.in & c.version
	if c.warnings != nil && known != c.version {
		c.warn(name, []string{f.name}, "in Kazoo %s there is no such field, and it is ignored", c.version&^f.in)
	}
	if known == 0 {
		return nil
	}
	c.path = append(c.path, step{name: name})
	wrong := c.values(f.values, known, body, depth)
	if c.warnings != nil && wrong == nil && (f.name == "id" || strings.HasSuffix(f.name, "_id")) && isNearlyID(body) {
		c.warn(body, nil, "an id of Kazoo has 32 digits from 0 to 9 and a to f, found %s%s; is one mistyped?",
			describe(body), otherLength(content(body)))
	}
	c.path = c.path[:len(c.path)-1]
	return wrong
}

// tag is the field by whose word an object is told from others that could stand in its place; nil if it has none.
func (o *object) tag() *field {
	if len(o.fields) > 0 && o.fields[0].required != 0 {
		if v := only(o.fields[0].values); v != nil && v.kind == aWord {
			return &o.fields[0]
		}
	}
	return nil
}

// tags are the tags of objects, if all of the values are objects that have one.
func tags(vs []value) []*field {
	var found []*field
	for i := range vs {
		if vs[i].object == nil || vs[i].object.tag() == nil {
			return nil
		}
		found = append(found, vs[i].object.tag())
	}
	return found
}

func words(fields []*field) []value {
	var out []value
	for _, f := range fields {
		out = append(out, f.values...)
	}
	return out
}

// member finds a member of an object; nil if there is none.
func member(object []byte, name string) []byte {
	r := reader{json: object}
	for r.enter(); r.more(); {
		if found, value := r.name(), r.value(); string(content(found)) == name {
			return value
		}
	}
	return nil
}
