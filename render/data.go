package render

import (
	"bytes"
	"cmp"
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/callhours/callhours/internal/diag"
	"github.com/callhours/callhours/templates"
)

// branch is what a branch answers, made ready.
type branch struct {
	name     string
	state    string
	template *templates.Template // nil: it passes, or is asked
	asked    bool                // another Pivot server answers
	// the data that may be read, without what holds templates, with declared defaults; shared where
	// names is nil
	plain     map[string]any
	written   map[string]any        // the fields that hold templates; their strings are *templates.Template
	inner     []*templates.Template // in written
	names     []string              // what may be read of data; nil: all
	told      string                // tells what may be read from other data
	calendars map[string]string     // full names, by the names that templates use
	place     diag.Pos              // where the template is named or written
	dataPlace func(path ...string) diag.Pos
	reads     reads
	wrong     bool // it has mistakes
}

func newBranch(o *Options, index int) (branch, []diag.Mistake) {
	from, given := o.Route.Branches[index], o.Branches[index]
	b := branch{
		name: from.Name, state: string(from.State), template: given.Template, place: given.Place,
		dataPlace: given.Data.Place, asked: given.Asked,
	}
	if b.template == nil {
		return b, nil
	}
	b.calendars = map[string]string{}
	data, mistakes := o.Memo.all(o.Library, given.Data)
	mistakes = slices.Clone(mistakes)
	used := b.using(data)
	if !o.Memo.mayRead(o.Tenant, used) {
		return b, append(mistakes, diag.Mistakef(given.Place,
			"up to here the templates of the tenant's branches name more than %d fields, variables and calendars together "+
				"(those of a template count for each branch); use templates that name less, or split it into two tenants",
			maxRead))
	}
	b.take(data, used, o.Route.Names(index))
	b.told = o.Memo.tell(data, b.names)
	missing := map[string]any{} // with their defaults
	for _, f := range b.template.Fields() {
		if value, ok := given.Data.Values[f.Name]; ok {
			if s, isText := value.(string); isText && strings.Contains(s, "{{") {
				continue
			}
			if wrong := f.Objection(value); wrong != "" {
				at := cmp.Or(given.Data.at(f.Name), given.Place)
				// Without the template's name: several templates may want the same, and it is said
				// once.
				mistakes = append(mistakes, diag.Mistakef(at, "data %s: %s", f.Name, wrong))
			}
			continue
		}
		if f.Required {
			continue // missingData says so
		}
		missing[f.Name] = f.Default
	}
	if b.names == nil && len(missing) > 0 {
		var ok bool
		if b.plain, ok = o.Memo.copy(o.Tenant, b.plain); !ok {
			mistakes = append(mistakes,
				diag.Mistakef(given.Place,
					"data is read as a whole by too many templates that declare what it has not "+
						"(%d keys are copied at most); name what they need under data, or use less data", maxCopied))
		}
	}
	maps.Copy(b.plain, missing)
	for _, t := range used {
		for _, name := range t.Uses().Calendars {
			if b.calendars[name] = o.Calendar(name); b.calendars[name] == "" {
				var known []string
				if o.Known != nil && o.Memo.mayLook(o.Tenant, "calendars") {
					known = o.Known()
				}
				mistakes = append(mistakes,
					diag.Mistakef(given.Place, "the template uses calendar %q, which is not defined%s", name,
						diag.Suggest(name, known)))
			}
		}
	}
	for _, t := range used {
		b.reads.add(t.Uses(), b.calendars)
	}
	return b, o.Memo.tells(o.Tenant, append(mistakes, b.wants(o, index, used)...))
}

// using are the templates of the branch: those in what its template reads of data, and that.
func (b *branch) using(data *whole) []*templates.Template {
	switch {
	case b.template.ReadsAll():
		b.inner = data.templates
	case len(data.written) > 0:
		for _, name := range b.template.Uses().Data {
			b.inner = append(b.inner, data.within[name]...)
		}
	}
	return append(slices.Clone(b.inner), b.template)
}

// take takes those values that the templates of the branch and the conditions that look for names
// in them may read.
func (b *branch) take(data *whole, used []*templates.Template, found map[string][]string) {
	uses := b.template.Uses()
	names := slices.Concat(uses.Data, slices.Collect(maps.Keys(found)))
	if uses.AllData {
		b.plain, b.written = data.plain, data.written
		return
	}
	b.plain, b.written = map[string]any{}, map[string]any{}
	for _, name := range uses.Data {
		if parsed, ok := data.written[name]; ok {
			b.written[name] = parsed
		}
	}
	for _, t := range used[:len(used)-1] {
		inner := t.Uses()
		if inner.AllData {
			b.plain = data.plain
			return
		}
		names = append(names, inner.Data...)
	}
	slices.Sort(names)
	b.names = append([]string{}, slices.Compact(names)...) // not nil, which means all
	fields := b.template.Fields()
	for _, name := range b.names {
		switch value, ok := data.plain[name]; {
		case ok:
			b.plain[name] = value
		case data.written[name] == nil &&
			!slices.ContainsFunc(fields, func(f templates.Field) bool { return f.Name == name }):
			b.names, b.plain = nil, data.plain // for who says what was meant instead
			return
		}
	}
}

// wants finds what templates read as if it were always there, and is not when this branch answers.
func (b *branch) wants(o *Options, index int, used []*templates.Template) []diag.Mistake {
	event, match := o.Route.Provides(index)
	why := "no calendar decides it for certain"
	switch {
	case index == o.Fallback && len(o.Branches) > 1:
		event, match, why = false, false, "it is the route's fallback"
	case index == o.Route.Unknown && len(o.Branches) > 1:
		event, match, why = false, false, "it also answers when a calendar is unknown"
	}
	var mistakes []diag.Mistake
	for _, t := range used {
		for _, w := range t.Wants() {
			reason := why
			switch {
			case w.Name == ".Event" && event, w.Name == ".Match" && match:
				continue
			case w.Name == ".Match" && event:
				reason = "its condition looks for no names"
			case w.Name != ".Event" && w.Name != ".Match":
				reason = "no change may be in sight"
			}
			mistakes = append(mistakes,
				diag.Mistakef(w.Pos,
					"%s can be nothing when branch %q of route %s answers: %s; guard it with {{with %s}} … {{else}} … {{end}}",
					w.Name, b.name, o.Route.Name, reason, w.Name))
		}
	}
	return mistakes
}

// dataParser finds the strings in data that are templates of their own.
type dataParser struct {
	library  *templates.Library
	data     Data
	parsed   []*templates.Template
	mistakes []diag.Mistake
}

// parse gives the value with its template strings parsed, and whether there are any.
func (p *dataParser) parse(value any, path ...string) (any, bool) {
	switch value := value.(type) {
	case string:
		if !strings.Contains(value, "{{") {
			return value, false
		}
		t, mistakes := p.library.ParseText(p.data.at(path...), value)
		p.mistakes = append(p.mistakes, mistakes...)
		if t != nil {
			p.parsed = append(p.parsed, t)
		}
		return t, true
	case map[string]any:
		var out map[string]any
		for name, v := range value {
			parsed, isTemplate := p.parse(v, append(path, name)...)
			if isTemplate && out == nil {
				out = maps.Clone(value)
			}
			if isTemplate {
				out[name] = parsed
			}
		}
		if out != nil {
			return out, true
		}
	case []any:
		var out []any
		for i, v := range value {
			if _, simple := v.(int); simple {
				continue
			}
			parsed, isTemplate := p.parse(v, append(path, strconv.Itoa(i))...)
			if isTemplate && out == nil {
				out = slices.Clone(value)
			}
			if isTemplate {
				out[i] = parsed
			}
		}
		if out != nil {
			return out, true
		}
	}
	return value, false
}

// fill runs the templates inside the branch's data, which see the plain data alone, and completes
// the view's Data with their text.
func (b *branch) fill(ctx context.Context, v *View) error {
	v.Data = b.plain
	if len(b.written) == 0 {
		return nil
	}
	whole := make(map[string]any, len(b.plain)+len(b.written))
	maps.Copy(whole, b.plain)
	for name, value := range b.written {
		text, err := run(ctx, value, v)
		if err != nil {
			return err
		}
		whole[name] = text
	}
	v.Data = whole
	return nil
}

// run replaces the templates in a value by their text.
func run(ctx context.Context, value any, v *View) (any, error) {
	switch value := value.(type) {
	case *templates.Template:
		var out bytes.Buffer
		if err := value.Execute(ctx, &out, v, v.env); err != nil {
			return nil, err
		}
		return out.String(), nil
	case map[string]any:
		out := make(map[string]any, len(value))
		for name, inner := range value {
			text, err := run(ctx, inner, v)
			if err != nil {
				return nil, err
			}
			out[name] = text
		}
		return out, nil
	case []any:
		out := make([]any, len(value))
		for i, inner := range value {
			text, err := run(ctx, inner, v)
			if err != nil {
				return nil, err
			}
			out[i] = text
		}
		return out, nil
	}
	return value, nil
}
