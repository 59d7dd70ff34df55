package templates

import (
	"maps"
	"slices"
	"text/template/parse"

	"github.com/callhours/callhours/internal/diag"
)

// Uses is what a template can read, found from its text: at least all that an execution reads, whatever the data.
type Uses struct {
	Call      bool     // .Call
	Now       bool     // .Now, now, ago or spoken: the clock
	Language  bool     // spoken or phone: Env.Language
	Event     bool     // .Event or .Events
	Until     bool     // .Until
	Match     bool     // .Match
	Next      bool     // next
	Calendars []string // calendars that on names, sorted
	Data      []string // first-level keys of .Data, sorted
	AllData   bool     // .Data as a whole, so that any key may be read
}

// Uses tells what the template can read.
func (t *Template) Uses() Uses {
	u := t.uses
	u.Calendars, u.Data = slices.Clone(u.Calendars), slices.Clone(u.Data)
	return u
}

// roots are the names that a template's data has.
var roots = []string{".Branch", ".Call", ".Data", ".Event", ".Events", ".Match", ".Now", ".Route", ".Tenant", ".Until"}

// what an expression stands for, as far as it matters here
type what int

const (
	other what = iota // reading it was noted where it came from, or it is no data
	root              // all the data that Execute was given
	data              // its .Data
)

// reader follows a template with what its dot and $ stand for.
type reader struct {
	uses      Uses
	data      map[string]bool
	calendars map[string]bool
	trees     map[string]*tree
	seen      map[visited]bool
	tree      *tree
	top       what // of $
	mistakes  []diag.Mistake
}

type visited struct {
	name string
	dot  what
}

func usesOf(main *tree, trees map[string]*tree) (Uses, []diag.Mistake) {
	r := &reader{data: map[string]bool{}, calendars: map[string]bool{}, trees: trees, seen: map[visited]bool{}}
	if main != nil {
		r.template(main.Name, root)
	}
	r.uses.Data = slices.Sorted(maps.Keys(r.data))
	r.uses.Calendars = slices.Sorted(maps.Keys(r.calendars))
	return r.uses, r.mistakes
}

// template follows a template that is called with a dot, once for each kind of dot.
func (r *reader) template(name string, dot what) {
	t := r.trees[name]
	if t == nil || r.seen[visited{name, dot}] {
		return
	}
	r.seen[visited{name, dot}] = true
	tree, top := r.tree, r.top
	r.tree, r.top = t, dot
	r.list(t.Root, dot)
	r.tree, r.top = tree, top
}

func (r *reader) list(l *parse.ListNode, dot what) {
	if l == nil {
		return
	}
	for _, n := range l.Nodes {
		switch n := n.(type) {
		case *parse.ActionNode:
			r.whole(r.pipe(n.Pipe, dot))
		case *parse.TemplateNode:
			passed := other
			if n.Pipe != nil {
				passed = r.pipe(n.Pipe, dot)
			}
			r.template(n.Name, passed)
		case *parse.IfNode:
			r.whole(r.pipe(n.Pipe, dot))
			r.list(n.List, dot)
			r.list(n.ElseList, dot)
		case *parse.WithNode:
			r.list(n.List, r.pipe(n.Pipe, dot))
			r.list(n.ElseList, dot)
		case *parse.RangeNode:
			r.whole(r.pipe(n.Pipe, dot))
			r.list(n.List, other)
			r.list(n.ElseList, dot)
		}
	}
}

// whole notes that a value is used as a whole: all of it may be read.
func (r *reader) whole(w what) {
	switch w {
	case root:
		r.uses.Call, r.uses.Now, r.uses.Event, r.uses.Until, r.uses.Match = true, true, true, true, true
		r.uses.AllData = true
	case data:
		r.uses.AllData = true
	}
}

// pipe gives what a pipeline stands for. What goes into a function or a variable is used as a whole.
func (r *reader) pipe(p *parse.PipeNode, dot what) what {
	var result what
	for _, cmd := range p.Cmds {
		r.whole(result)
		result = r.command(cmd, dot)
	}
	if len(p.Decl) > 0 {
		r.whole(result)
	}
	return result
}

func (r *reader) command(c *parse.CommandNode, dot what) what {
	f, ok := c.Args[0].(*parse.IdentifierNode)
	if !ok {
		for _, arg := range c.Args[1:] { // of a method
			r.whole(r.operand(arg, dot))
		}
		return r.operand(c.Args[0], dot)
	}
	r.function(f.Ident)
	args := c.Args[1:]
	if f.Ident == "on" && len(args) == 1 {
		if s, ok := args[0].(*parse.StringNode); ok {
			r.calendars[s.Text] = true
		}
	}
	if r.lookup(f.Ident, args, dot) {
		return other
	}
	for _, arg := range args {
		r.whole(r.operand(arg, dot))
	}
	return other
}

// lookup notes the key of get .Data "key" and its like.
func (r *reader) lookup(name string, args []parse.Node, dot what) bool {
	from, key := 0, 1
	switch name {
	case "get", "hasKey", "index":
	case "dig":
		from, key = len(args)-1, 0
	default:
		return false
	}
	if len(args) < 2 || from == key || r.operand(args[from], dot) != data {
		return false
	}
	s, ok := args[key].(*parse.StringNode)
	if !ok {
		return false
	}
	r.data[s.Text] = true
	for i, arg := range args {
		if i != from {
			r.whole(r.operand(arg, dot))
		}
	}
	return true
}

func (r *reader) function(name string) {
	switch name {
	case "now", "ago":
		r.uses.Now = true
	case "spoken":
		r.uses.Now, r.uses.Language = true, true
	case "phone":
		r.uses.Language = true
	case "next":
		r.uses.Next = true
	}
}

func (r *reader) operand(n parse.Node, dot what) what {
	switch n := n.(type) {
	case *parse.DotNode:
		return dot
	case *parse.FieldNode:
		return r.field(dot, n.Ident, n)
	case *parse.VariableNode:
		if n.Ident[0] == "$" {
			return r.field(r.top, n.Ident[1:], n)
		}
	case *parse.ChainNode:
		return r.field(r.operand(n.Node, dot), n.Field, n)
	case *parse.PipeNode:
		return r.pipe(n, dot)
	case *parse.IdentifierNode:
		r.function(n.Ident)
	}
	return other
}

// field notes what is read of a value by names.
func (r *reader) field(of what, names []string, n parse.Node) what {
	if len(names) == 0 {
		return of
	}
	switch of {
	case root:
		switch names[0] {
		case "Call":
			r.uses.Call = true
		case "Now":
			r.uses.Now = true
		case "Event", "Events":
			r.uses.Event = true
		case "Until":
			r.uses.Until = true
		case "Match":
			r.uses.Match = true
		case "Data":
			return r.field(data, names[1:], n)
		case "Tenant", "Route", "Branch":
		default:
			name := "." + names[0]
			r.mistakes = append(r.mistakes, diag.Mistakef(r.tree.source.pos(n.Position()),
				"%s is not known%s", name, diag.Suggest(name, roots)))
		}
	case data:
		r.data[names[0]] = true
	}
	return other
}
