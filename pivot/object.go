package pivot

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/callhours/callhours/internal/diag"
)

// checkObject checks the members of an object. A nil body is data that is left out, which Kazoo
// reads as an empty object. around is the value to report missing members at.
func (c *checker) checkObject(o *object, body, around []byte, depth int) *Finding {
	action := c.parent // nil unless body is the data of a module
	c.parent = nil
	var given uint64 // of o.fields, by index
	if body != nil {
		around = body
		r := reader{json: body}
		for r.enter(); r.more(); {
			name := r.readName()
			text, value := unquote(name), r.readValue()
			i := o.fieldIndex(text)
			if i < 0 {
				if finding := c.checkOtherMember(o, name, value, depth); finding != nil {
					return finding
				}
				continue
			}
			given |= 1 << i
			if c.cluster.Tolerant && action != nil && string(text) == "skip_module" {
				continue // Kazoo reads what is not true as false
			}
			if finding := c.checkField(&o.fields[i], name, value, depth); finding != nil {
				return finding
			}
		}
	}
	for i := range o.fields {
		f := &o.fields[i]
		switch {
		case given&(1<<i) != 0:
		case f.required&c.versions != 0:
			only := ""
			if f.required != allVersions && f.required != f.versions {
				only = fmt.Sprintf(" in Kazoo %s", f.required)
			}
			if action != nil && findMember(action, f.name) != nil {
				return c.finding(around, []string{f.name}, "missing%s; it is beside data; move it there", only)
			}
			return c.finding(around, []string{f.name}, "missing%s; expected %s", only,
				describeValues(f.values, f.versions&c.versions))
		case f.expected && c.warnings != nil && f.versions&c.versions != 0 && !o.hasField(f.unless, given) &&
			(action == nil || findMember(action, f.name) == nil &&
				(f.unless == "" || findMember(action, f.unless) == nil)):
			c.warn(around, []string{f.name}, "missing; without it the action does nothing; expected %s",
				describeValues(f.values, f.versions&c.versions))
		}
	}
	if o.choice != nil && o.choice.versions&c.versions != 0 {
		return c.checkChoice(o, given, around)
	}
	return nil
}

// fieldIndex returns the index of a field; -1 if there is none.
func (o *object) fieldIndex(name []byte) int {
	for i := range o.fields {
		if o.fields[i].name == string(name) {
			return i
		}
	}
	return -1
}

// hasField reports whether a field is among the given ones; no field has the name "".
func (o *object) hasField(name string, given uint64) bool {
	i := o.fieldIndex([]byte(name))
	return i >= 0 && given&(1<<i) != 0
}

func (c *checker) checkChoice(o *object, given uint64, around []byte) *Finding {
	var sets, found []string
	for _, set := range o.choice.sets {
		name := strings.Join(set, " with ")
		sets = append(sets, name)
		if !slices.ContainsFunc(set, func(field string) bool { return !o.hasField(field, given) }) {
			found = append(found, name)
		}
	}
	if len(found) == 1 {
		return nil
	}
	in := ""
	if o.choice.versions != allVersions {
		in = " in Kazoo " + o.choice.versions.String()
	}
	what := joinNames(found, "and")
	if what == "" {
		what = "none"
	}
	return c.finding(around, nil, "expected exactly one of %s%s, found %s", joinNames(sets, "and"), in, what)
}

// checkOtherMember checks a member that is not among the fields.
func (c *checker) checkOtherMember(o *object, name, body []byte, depth int) *Finding {
	switch {
	case o.others == nil:
		if c.warnings != nil {
			text := string(unquote(name))
			if text == "children" {
				c.warn(name, []string{text}, "children belongs beside data, not inside it, and Kazoo ignores it here")
				return nil
			}
			known := make([]string, len(o.fields))
			for i := range o.fields {
				known[i] = o.fields[i].name
			}
			c.warn(name, []string{text}, "there is no such field, and Kazoo ignores it%s", diag.Suggest(text, known))
		}
		return nil
	case o.others.headerNames && !isHeader(unquote(name)):
		return c.finding(name, []string{string(unquote(name))}, "expected the name of a header: letters, digits, - and _")
	case o.others.values == nil:
		return nil
	}
	c.path = append(c.path, step{name: name})
	finding := c.checkValues(o.others.values, c.versions, body, depth)
	c.path = c.path[:len(c.path)-1]
	return finding
}

// isHeader follows Kazoo's own pattern, ^[a-zA-z0-9_\-]+$ with its slip.
func isHeader(name []byte) bool {
	return len(name) > 0 && !bytes.ContainsFunc(name, func(r rune) bool {
		return (r < 'A' || r > 'z') && (r < '0' || r > '9') && r != '-'
	})
}

// looksLikeID reports whether a value resembles an id of Kazoo and is none, with a digit missing,
// in capitals or with dashes. Kazoo accepts it, and finds nothing under it.
func looksLikeID(body []byte) bool {
	if body[0] != '"' {
		return false
	}
	const digits, letters = "0123456789abcdef", "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	text := unquote(body)
	whole := len(bytes.Trim(text, digits)) == 0
	if len(text) == 32 {
		return !whole && len(bytes.Trim(text, letters)) == 0
	}
	bare := bytes.ReplaceAll(text, []byte("-"), nil)
	return len(bare) >= 28 && len(bare) <= 36 && len(bytes.Trim(bare, digits+"ABCDEF")) == 0
}

// lengthNote gives the length of a text that is not as long as Kazoo's ids.
func lengthNote(text []byte) string {
	if len(text) == 32 {
		return ""
	}
	return fmt.Sprintf(" of %d", len(text))
}

func (c *checker) checkField(f *field, name, body []byte, depth int) *Finding {
	known := f.versions & c.versions
	if c.warnings != nil && known != c.versions {
		c.warn(name, []string{f.name}, "in Kazoo %s there is no such field, and it is ignored", c.versions&^f.versions)
	}
	if known == 0 {
		return nil
	}
	c.path = append(c.path, step{name: name})
	finding := c.checkValues(f.values, known, body, depth)
	if c.warnings != nil && finding == nil && (f.name == "id" || strings.HasSuffix(f.name, "_id")) &&
		looksLikeID(body) {
		c.warn(body, nil, "an id of Kazoo has 32 digits from 0 to 9 and a to f, found %s%s; is one mistyped?",
			describe(body), lengthNote(unquote(body)))
	}
	c.path = c.path[:len(c.path)-1]
	return finding
}

// tag returns the field whose word tells an object from others that may stand in
// its place; nil if it has none.
func (o *object) tag() *field {
	if len(o.fields) > 0 && o.fields[0].required != 0 {
		if v := single(o.fields[0].values); v != nil && v.kind == wordKind {
			return &o.fields[0]
		}
	}
	return nil
}

// objectTags returns the tags of values that are all objects with a tag; else nil.
func objectTags(vs []value) []*field {
	var found []*field
	for i := range vs {
		if vs[i].object == nil || vs[i].object.tag() == nil {
			return nil
		}
		found = append(found, vs[i].object.tag())
	}
	return found
}

func tagValues(fields []*field) []value {
	var out []value
	for _, f := range fields {
		out = append(out, f.values...)
	}
	return out
}

// findMember returns the value of an object's member; nil if there is none.
func findMember(object []byte, name string) []byte {
	r := reader{json: object}
	for r.enter(); r.more(); {
		if found, value := r.readName(), r.readValue(); string(unquote(found)) == name {
			return value
		}
	}
	return nil
}
