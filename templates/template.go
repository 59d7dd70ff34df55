package templates

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"text/template"
	"text/template/parse"

	"github.com/callhours/callhours/internal/diag"
	"github.com/callhours/callhours/templates/funcs"
	"github.com/callhours/callhours/templates/jsonsafe"
	"github.com/callhours/callhours/templates/trees"
)

// Template renders one kind of answer, or one text. It never changes and may be executed from many
// goroutines.
type Template struct {
	name     string
	header   header
	uses     Uses
	wants    []Want
	mistakes []diag.Mistake // a template with mistakes does not execute

	main     *trees.Tree
	trees    map[string]*trees.Tree // the main one and all that it can call, by name
	calls    []string               // functions that the trees name and text/template does not have
	literals *funcs.Literals
	// of *run; each is a text/template of its own, for functions belong to a template
	runs sync.Pool
}

// run is one execution: a text/template, and the functions bound to it.
type run struct {
	*funcs.Run
	exec    *template.Template
	dst     *bytes.Buffer
	written int
	passed  []marked // by a copy that was made for Place
}

// build makes a template of a text that was read.
func build(name string, s *source, pieces map[string]*trees.Tree, writes output) (*Template, []diag.Mistake) {
	own, mistakes := s.parse()
	if own == nil {
		return &Template{name: name, mistakes: mistakes}, mistakes
	}
	t := &Template{name: name, main: own[s.name], literals: funcs.NewLiterals(s.zone)}
	var wrong []diag.Mistake
	if t.main != nil {
		t.header, wrong = s.header(t.main.Root)
		mistakes = append(mistakes, wrong...)
	}
	all := maps.Clone(pieces)
	if all == nil {
		all = map[string]*trees.Tree{}
	}
	maps.Copy(all, own)
	mistakes = append(mistakes, undefined(own, all, s.name)...)
	if len(mistakes) == 0 {
		mistakes = t.complete(s, all, writes)
	}
	t.mistakes = mistakes
	return t, mistakes
}

// complete makes what an execution needs of trees that were parsed.
func (t *Template) complete(s *source, all map[string]*trees.Tree, writes output) []diag.Mistake {
	reached := trees.Reached(t.main, all)
	mistakes := undefined(reached, all, s.name)
	switch {
	case len(mistakes) > 0:
		return mistakes
	case writes == text:
		t.trees = withTextOutput(reached)
	case t.main == nil:
		return []diag.Mistake{diag.Mistakef(s.Pos(0), `expected a callflow such as {"module": "hangup"}, found nothing`)}
	default:
		if t.trees, mistakes = jsonsafe.Escape(t.main, reached); len(mistakes) > 0 {
			_, _, more := analyze(t.main, reached)
			more = slices.DeleteFunc(more, func(m diag.Mistake) bool {
				return m.Message == trees.TooDeep || m.Message == trees.TooComplex
			})
			return append(mistakes, more...)
		}
	}
	t.uses, t.wants, mistakes = analyze(t.main, t.trees)
	for _, tree := range t.trees {
		funcs.CountRanges(tree.Tree)
		trees.Inspect(tree.Root, func(n parse.Node) {
			switch n := n.(type) {
			case *parse.IdentifierNode:
				t.calls = append(t.calls, n.Ident)
			case *parse.CommandNode:
				t.literals.Add(n)
			}
		})
	}
	slices.Sort(t.calls)
	t.calls = slices.Compact(t.calls)
	return mistakes
}

// output is what a template writes.
type output int

const (
	callflow output = iota // JSON
	text                   // for people to hear or read
)

// withTextOutput copies trees so that their actions write text.
func withTextOutput(all map[string]*trees.Tree) map[string]*trees.Tree {
	copies := map[string]*trees.Tree{}
	for name, t := range all {
		c := t.Copy()
		trees.Inspect(c.Root, func(n parse.Node) {
			if n, ok := n.(*parse.ActionNode); ok && len(n.Pipe.Decl) == 0 {
				trees.Pipe(n.Pipe, funcs.TextFunc)
			}
		})
		copies[name] = c
	}
	return copies
}

// undefined finds calls of templates that do not exist. The main one cannot be called.
func undefined(calling, all map[string]*trees.Tree, main string) []diag.Mistake {
	var mistakes []diag.Mistake
	var known []string // for suggestions
	for _, t := range calling {
		trees.Inspect(t.Root, func(n parse.Node) {
			if n, ok := n.(*parse.TemplateNode); ok && (n.Name == main || all[n.Name] == nil) &&
				len(mistakes) < maxMistakes {
				if known == nil {
					known = slices.DeleteFunc(slices.Collect(maps.Keys(all)), func(name string) bool {
						return name == main
					})
				}
				mistakes = append(mistakes, diag.Mistakef(t.Source.Pos(n.Pos),
					"template %q is not defined here or in a file whose name begins with _%s", n.Name,
					diag.Suggest(n.Name, known)))
			}
		})
	}
	return mistakes
}

// Name is the name of the file without its ending; of a text in another file, the place where it
// stands.
func (t *Template) Name() string { return t.name }

// Fields are the entries of .Data that the header comment declares, in its order. Filling in the
// defaults and missing the required ones is left to who makes the data.
func (t *Template) Fields() []Field { return slices.Clone(t.header.fields) }

// About is what the header comment says before it declares fields, for people; "" if there is none.
func (t *Template) About() string { return t.header.about }

// Example is the data that the header comment gives for an example, without the defaults; nil if
// there is none.
func (t *Template) Example() map[string]any { return maps.Clone(t.header.example) }

// Warnings are what the template says and its author hardly means, in the files that it is made of,
// by place.
func (t *Template) Warnings() []diag.Mistake {
	var found diag.Mistakes
	seen := map[*trees.Source]bool{}
	for _, tree := range t.trees {
		if !seen[tree.Source] {
			seen[tree.Source] = true
			found = append(found, tree.Source.Warnings...)
		}
	}
	return found.Sorted()
}

// Execute appends what the template writes to dst. Data has the fields that templates read (Call,
// Now, Data and so on); it is not changed. After an error, dst holds rubbish. The error is an
// *Error, or diag.Mistakes if the template has mistakes; it wraps [funcs.ErrLimit] if the template
// was cut off, and a cancelled context's error.
func (t *Template) Execute(ctx context.Context, dst *bytes.Buffer, data any, env funcs.Env) error {
	if len(t.mistakes) > 0 {
		return diag.Mistakes(t.mistakes).Err()
	}
	if t.main == nil { // an empty text
		return nil
	}
	r, ok := t.runs.Get().(*run)
	if !ok {
		r = t.newRun()
	}
	err := r.begin(ctx, dst, env)
	if err == nil {
		err = r.exec.Execute(r, data)
	}
	r.end()
	t.runs.Put(r)
	if err != nil {
		return t.explain(err, data)
	}
	return nil
}

func (r *run) begin(ctx context.Context, dst *bytes.Buffer, env funcs.Env) error {
	r.dst, r.written = dst, 0
	return r.Begin(ctx, env)
}

func (r *run) end() {
	r.End(min(r.written, MaxOutput))
	r.dst = nil
}

// newRun makes a text/template with the functions that the trees name. The trees are shared: nobody
// changes them.
func (t *Template) newRun() *run {
	r := &run{Run: funcs.NewRun(t.literals)}
	bound := template.FuncMap{markName: r.mark}
	for _, name := range t.calls {
		if f := r.Bind(name); f != nil {
			bound[name] = f
		}
	}
	r.exec = template.New(t.main.Name).Option("missingkey=error").Funcs(bound)
	for name, tree := range t.trees {
		if _, err := r.exec.AddParseTree(name, tree.Tree); err != nil {
			panic(fmt.Sprintf("templates: %s: %v", name, err)) // trees that were parsed can be added
		}
	}
	return r
}

// Write appends to the output of the run up to its bound.
func (r *run) Write(p []byte) (int, error) {
	if r.written += len(p); r.written > MaxOutput {
		return 0, funcs.Limitf("writes more than %d bytes", MaxOutput)
	}
	return r.dst.Write(p)
}
