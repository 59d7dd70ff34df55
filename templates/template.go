package templates

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"text/template"
	"text/template/parse"
	"time"

	"github.com/callhours/callhours/internal/diag"
	"github.com/callhours/callhours/internal/regex"
	"github.com/callhours/callhours/templates/jsonsafe"
	"github.com/callhours/callhours/templates/trees"
)

// Template renders one kind of answer, or one text. It never changes and may be executed from many goroutines.
type Template struct {
	name     string
	header   header
	uses     Uses
	wants    []Want
	mistakes []diag.Mistake // a template with mistakes does not execute

	main     *trees.Tree
	trees    map[string]*trees.Tree // the main one and all that it can call, by name
	calls    []string               // functions that the trees name and text/template does not have
	patterns map[string]*regex.Regexp
	zone     zoneFinder
	zones    map[string]*time.Location // those that are named in quotes
	// of *run; each is a text/template of its own, for functions belong to a template
	runs sync.Pool
}

// Env is what one execution can ask beyond its data. The zero Env has no spans, no calendars
// and the year 1 for a clock.
type Env struct {
	Now      time.Time // the moment of the call, in the route's zone: the only clock and zone of a template
	Language string    // for spoken and phone, see Language; one that is not known, and "", is English
	// Next finds the first span of a branch or state after Now; nil, nil when none is in sight.
	Next func(name string) (any, error)
	// On gives the events that are on in a calendar at Now.
	On func(calendar string) (any, error)
	// Spent, if it is set, is what the templates of one answer have done so far, in bytes that they went through and
	// wrote: the same on every machine. Each execution adds its own, and together they do no more than one may.
	Spent *int
}

// run is one execution: what it may still do, and the functions bound to it.
type run struct {
	t     *Template
	exec  *template.Template
	ctx   context.Context
	env   Env
	dst   *bytes.Buffer
	steps int // turns of loops and calls that are left
	depth int // calls that wait
	given int // what may be spent, in bytes
	work  int // of it, what is left
	asked int // what work was when the deadline was asked last
	wrote int

	scratch []byte         // for toJson
	nexts   map[string]any // what Env.Next gave, by name; nil: it was not asked
	ons     map[string]any // what Env.On gave, by calendar
	passed  []marked       // by a copy that was made for Place
}

// build makes a template of a text that was read.
func build(name string, s *source, pieces map[string]*trees.Tree, writes form) (*Template, []diag.Mistake) {
	own, mistakes := s.parse()
	if own == nil {
		return &Template{name: name, mistakes: mistakes}, mistakes
	}
	t := &Template{
		name: name, main: own[s.name],
		patterns: map[string]*regex.Regexp{}, zone: s.zone, zones: map[string]*time.Location{},
	}
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
func (t *Template) complete(s *source, all map[string]*trees.Tree, writes form) []diag.Mistake {
	reached := trees.Reached(t.main, all)
	mistakes := undefined(reached, all, s.name)
	switch {
	case len(mistakes) > 0:
		return mistakes
	case writes == text:
		t.trees = written(reached)
	case t.main == nil:
		return []diag.Mistake{diag.Mistakef(s.Pos(0), `want a callflow such as {"module": "hangup"}, found nothing`)}
	default:
		if t.trees, mistakes = jsonsafe.Escape(t.main, reached); len(mistakes) > 0 {
			_, _, more := usesOf(t.main, reached)
			more = slices.DeleteFunc(more, func(m diag.Mistake) bool {
				return m.Message == trees.TooDeep || m.Message == trees.TooComplex
			})
			return append(mistakes, more...)
		}
	}
	for _, tree := range t.trees {
		trees.Inspect(tree.Root, func(n parse.Node) {
			switch n := n.(type) {
			case *parse.IdentifierNode:
				if f, ok := functions[n.Ident]; !ok || f.bind != nil {
					t.calls = append(t.calls, n.Ident)
				}
			case *parse.CommandNode:
				t.prepare(n)
			}
		})
	}
	slices.Sort(t.calls)
	t.calls = slices.Compact(t.calls)
	t.uses, t.wants, mistakes = usesOf(t.main, t.trees)
	return mistakes
}

// form is what a template writes.
type form int

const (
	callflow form = iota // JSON
	text                 // for people to hear or read
)

// written gives copies of trees whose actions write text.
func written(all map[string]*trees.Tree) map[string]*trees.Tree {
	copies := map[string]*trees.Tree{}
	for name, t := range all {
		c := t.Copy()
		trees.Inspect(c.Root, func(n parse.Node) {
			if n, ok := n.(*parse.ActionNode); ok && len(n.Pipe.Decl) == 0 {
				trees.Pipe(n.Pipe, textFunc)
			}
		})
		copies[name] = c
	}
	return copies
}

// prepare does at load what a call with a literal argument would do each time.
func (t *Template) prepare(n *parse.CommandNode) {
	f, ok := n.Args[0].(*parse.IdentifierNode)
	if !ok {
		return
	}
	literal := func(i int) string {
		if i < len(n.Args) {
			if s, ok := n.Args[i].(*parse.StringNode); ok {
				return s.Text
			}
		}
		return ""
	}
	switch {
	case f.Ident == "dateInZone":
		if zone, err := t.zone.find(literal(3)); err == nil {
			t.zones[literal(3)] = zone
		}
	case strings.HasPrefix(f.Ident, "regex"):
		if p, err := compile(literal(1)); err == nil {
			t.patterns[literal(1)] = p
		}
	}
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

// Name is the name of the file without its ending; of a text in another file, the place where it stands.
func (t *Template) Name() string { return t.name }

// Fields are the entries of .Data that the header comment declares, in its order. Filling in the defaults and missing
// the required ones is left to who makes the data.
func (t *Template) Fields() []Field { return slices.Clone(t.header.fields) }

// About is what the header comment says before it declares fields, for people; "" if there is none.
func (t *Template) About() string { return t.header.about }

// Example is the data that the header comment gives for an example, without the defaults; nil if there is none.
func (t *Template) Example() map[string]any { return maps.Clone(t.header.example) }

// Warnings are what the template says and its author hardly means, in the files that it is made of, by place.
func (t *Template) Warnings() []diag.Mistake {
	var found diag.Mistakes
	seen := map[*trees.Source]bool{}
	for _, tree := range t.trees {
		if !seen[tree.Source] {
			seen[tree.Source] = true
			found = append(found, tree.Source.Odd...)
		}
	}
	return found.Sorted()
}

// Execute appends what the template writes to dst. Data has the fields that templates read (Call, Now, Data and so
// on); it is not changed. After an error, dst holds rubbish. The error is an *Error, or diag.Mistakes if the template
// has mistakes; it wraps ErrLimit if the template was cut off, and a cancelled context's error.
func (t *Template) Execute(ctx context.Context, dst *bytes.Buffer, data any, env Env) error {
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
	r.begin(ctx, dst, env)
	err := r.alive()
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

// begin gives a run what one execution may ask and do.
func (r *run) begin(ctx context.Context, dst *bytes.Buffer, env Env) {
	r.ctx, r.env, r.dst = ctx, env, dst
	r.steps, r.depth, r.wrote, r.given = MaxSteps, 0, 0, maxWork
	if env.Spent != nil {
		r.given = max(0, maxWork-*env.Spent)
	}
	r.work, r.asked = r.given, r.given
}

// end says what an execution has spent, and lets go of what belongs to the call.
func (r *run) end() {
	if r.env.Spent != nil {
		*r.env.Spent += r.given - r.work + min(r.wrote, MaxOutput)
	}
	r.ctx, r.env, r.dst, r.nexts, r.ons = nil, Env{}, nil, nil, nil
}

// newRun makes a text/template with the functions that the trees name. The trees are shared: nobody changes them.
func (t *Template) newRun() *run {
	r := &run{t: t}
	bound := template.FuncMap{}
	for _, name := range t.calls {
		switch name {
		case leaveName:
			bound[name] = r.leave
		case markName:
			bound[name] = r.mark
		case jsonsafe.ListFunc:
			bound[name] = jsonsafe.List
		case mayName:
			bound[name] = may
		case jsonsafe.ValueFunc:
			bound[name] = r.value
		case jsonsafe.StringFunc:
			bound[name] = r.content
		case jsonsafe.NameFunc:
			bound[name] = r.memberName
		case textFunc:
			bound[name] = r.spokenText
		default:
			if bound[name] = r.counter(name); bound[name] == nil {
				bound[name] = functions[name].bind(r)
			}
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
	if r.wrote += len(p); r.wrote > MaxOutput {
		return 0, limitf("writes more than %d bytes", MaxOutput)
	}
	return r.dst.Write(p)
}
