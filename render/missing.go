package render

import (
	"slices"
	"strings"

	"github.com/callhours/callhours/internal/diag"
	"github.com/callhours/callhours/templates"
)

// missingData are the fields that templates of a route's branches want and that the data does not
// have, in the order in which they are found.
type missingData struct {
	fields []missingField
	known  map[fieldKey]int // indices of fields
}

type fieldKey struct{ name, kind string }

type missingField struct {
	templates.Field
	branches []int // that want it
}

// add notes what the template of a branch wants and does not get, and tells whether there is any.
func (m *missingData) add(o *Options, branch int) bool {
	given := o.Branches[branch]
	if given.Template == nil {
		return false
	}
	any := false
	for _, f := range given.Template.Fields() {
		if _, ok := given.Data.Values[f.Name]; ok || !f.Required {
			continue
		}
		any = true
		key := fieldKey{f.Name, f.Kind}
		i, ok := m.known[key]
		if !ok {
			if m.known == nil {
				m.known = map[fieldKey]int{}
			}
			i = len(m.fields)
			m.known[key], m.fields = i, append(m.fields, missingField{Field: f})
		}
		m.fields[i].branches = append(m.fields[i].branches, branch)
	}
	return any
}

// mistakes says each field once, however many branches want it: at the key that was meant for it,
// if there is one.
func (m missingData) mistakes(o *Options) []diag.Mistake {
	var out []diag.Mistake
	for _, f := range m.fields {
		first := o.Branches[f.branches[0]]
		if key := o.misspelt(f); key != "" {
			out = append(out,
				diag.Mistakef(first.Data.Key(key), "no template uses data %q; did you mean %q?", key, f.Name))
			continue
		}
		if len(f.branches) == 1 {
			out = append(out,
				diag.Mistakef(first.Place,
					"template %s wants data %q (%s), and branch %q of route %s has none; add it under data",
					first.Template.Name(), f.Name, f.Kind, o.Route.Branches[f.branches[0]].Name, o.Route.Name))
			continue
		}
		var names []string
		for _, i := range f.branches {
			names = append(names, o.Route.Branches[i].Name)
		}
		out = append(out,
			diag.Mistakef(first.Place, "branches %s of route %s need data %q (%s) and have none; add it under data",
				strings.Join(names, ", "), o.Route.Name, f.Name, f.Kind))
	}
	return out
}

// misspelt is the key of data that was most likely written for a field, "" for none: one that is
// near, and that nothing in the route asks for.
func (o *Options) misspelt(f missingField) string {
	data := o.Branches[f.branches[0]].Data
	if data.Key == nil || !o.Memo.mayLook(o.Tenant, "data") {
		return ""
	}
	var keys []string
	for key := range data.Values {
		if data.Key(key).Line > 0 {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	for range maxNear {
		near := diag.Nearest(f.Name, keys)
		if near == "" || !o.asks(near) && !writtenIn(data.Values, near) {
			return near
		}
		i := slices.Index(keys, near)
		keys = slices.Delete(keys, i, i+1)
	}
	return ""
}

// maxNear is how many keys of data that something asks for are passed over, since another one is
// meant.
const maxNear = 5

// writtenIn tells whether a template within data names a key.
func writtenIn(value any, key string) bool {
	switch value := value.(type) {
	case string:
		return strings.Contains(value, "{{") && strings.Contains(value, key)
	case map[string]any:
		for _, inner := range value {
			if writtenIn(inner, key) {
				return true
			}
		}
	case []any:
		return slices.ContainsFunc(value, func(inner any) bool { return writtenIn(inner, key) })
	}
	return false
}

// asks tells whether a template or a condition of the route reads data by a name.
func (o *Options) asks(name string) bool {
	for i, b := range o.Branches {
		if _, ok := o.Route.Names(i)[name]; ok {
			return true
		}
		if b.Template == nil {
			continue
		}
		if slices.Contains(b.Template.Uses().Data, name) ||
			slices.ContainsFunc(b.Template.Fields(), func(f templates.Field) bool { return f.Name == name }) {
			return true
		}
	}
	return false
}
