package render

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/callhours/callhours/internal/diag"
	"github.com/callhours/callhours/templates"
)

// branch is what a branch answers, made ready.
type branch struct {
	name      string
	state     string
	template  *templates.Template // nil: it passes
	plain     map[string]any      // the data without the strings that are templates, with declared defaults
	written   map[string]any      // the fields that hold templates; their strings are *templates.Template
	calendars map[string]string   // full names, by the names that templates use
}

func newBranch(o *Options, index int) (branch, []diag.Mistake) {
	from, given := o.Route.Branches[index], o.Branches[index]
	b := branch{name: from.Name, state: string(from.State), template: given.Template}
	if b.template == nil {
		return b, nil
	}
	b.plain, b.written, b.calendars = map[string]any{}, map[string]any{}, map[string]string{}
	uses := b.template.Uses()
	p := dataParser{options: o, place: given.Data.Place}
	for name, value := range given.Data.Values {
		parsed, isTemplate := p.parse(value, name)
		switch {
		case !isTemplate:
			b.plain[name] = value
		case uses.AllData || slices.Contains(uses.Data, name):
			b.written[name] = parsed
		}
	}
	mistakes := p.mistakes
	for _, f := range b.template.Fields() {
		if _, ok := given.Data.Values[f.Name]; ok {
			continue
		}
		if f.Required {
			mistakes = append(mistakes, diag.Mistakef(given.Place, "template %s wants data %q (%s), and branch %q of route %s has none; add it under data",
				b.template.Name(), f.Name, f.Kind, b.name, o.Route.Name))
			continue
		}
		b.plain[f.Name] = f.Default
	}
	for _, t := range append(p.parsed, b.template) {
		for _, name := range t.Uses().Calendars {
			if b.calendars[name] = o.Calendar(name); b.calendars[name] == "" {
				mistakes = append(mistakes, diag.Mistakef(given.Place, "the template asks for calendar %q, which is not defined", name))
			}
		}
	}
	return b, mistakes
}

// dataParser finds the strings in data that are templates of their own.
type dataParser struct {
	options  *Options
	place    func(path ...string) diag.Pos
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
		var at diag.Pos
		if p.place != nil {
			at = p.place(path...)
		}
		t, mistakes := p.options.Library.ParseText(at, value)
		p.mistakes = append(p.mistakes, mistakes...)
		if t != nil {
			p.parsed = append(p.parsed, t)
		}
		return t, true
	case map[string]any:
		out, found := make(map[string]any, len(value)), false
		for name, v := range value {
			parsed, isTemplate := p.parse(v, append(slices.Clone(path), name)...)
			out[name], found = parsed, found || isTemplate
		}
		return out, found
	case []any:
		out, found := make([]any, len(value)), false
		for i, v := range value {
			parsed, isTemplate := p.parse(v, append(slices.Clone(path), fmt.Sprint(i))...)
			out[i], found = parsed, found || isTemplate
		}
		return out, found
	}
	return value, false
}

// fill runs the templates inside the branch's data, which see the plain data alone, and completes the view's Data with their text.
func (b *branch) fill(ctx context.Context, v *View) error {
	v.Data = b.plain
	if len(b.written) == 0 {
		return nil
	}
	whole := make(map[string]any, len(b.plain)+len(b.written))
	for name, value := range b.plain {
		whole[name] = value
	}
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
