package templates

import (
	"maps"
	"slices"
	"text/template/parse"

	"github.com/callhours/callhours/internal/diag"
	"github.com/callhours/callhours/templates/funcs"
	"github.com/callhours/callhours/templates/jsonsafe"
	"github.com/callhours/callhours/templates/trees"
)

// Uses is what a template can read, found from its text: at least all that an execution reads,
// whatever the data.
type Uses struct {
	Call      []string // such as ".Call.CallerName", sorted; ".Call" for all of it
	Clock     []string // ".Now", "now" or "ago", sorted
	Day       bool     // spoken: what it says holds until midnight
	Language  bool     // spoken or phone: Env.Language
	Event     bool     // .Event or .Events
	Until     bool     // .Until
	Match     bool     // .Match
	Next      bool     // next
	Calendars []string // calendars that on names, sorted
	Data      []string // first-level keys of .Data, sorted
	AllData   bool     // .Data as a whole, so that any key may be read
	Names     []string // ".Branch", ".Route" or ".Tenant", sorted
}

// Want is a value that a template reads and that can be nothing: .Event, .Match, .Until or what
// next gives.
type Want struct {
	diag.Pos
	Name string // such as `next "open"`
}

// Uses tells what the template can read.
func (t *Template) Uses() Uses {
	u := t.uses
	for _, list := range []*[]string{&u.Call, &u.Clock, &u.Calendars, &u.Data, &u.Names} {
		*list = slices.Clone(*list)
	}
	return u
}

// ReadsAll reports whether the template reads .Data as a whole.
func (t *Template) ReadsAll() bool { return t.uses.AllData }

// Weight is how much there is that [Template.Uses], [Template.Wants], [Template.Fields] and
// [Template.Warnings] tell: who looks at it for each of many branches counts that.
func (t *Template) Weight() int {
	n := len(t.uses.Call) + len(t.uses.Clock) + len(t.uses.Calendars) + len(t.uses.Data) + len(t.uses.Names) +
		len(t.wants) + len(t.header.fields)
	seen := map[*trees.Source]bool{}
	for _, tree := range t.trees {
		if !seen[tree.Source] {
			seen[tree.Source] = true
			n += 1 + len(tree.Source.Odd)
		}
	}
	return n
}

// Wants lists what the template reads without asking whether it is there, by {{with}} or {{if}}.
// Only who knows when the template answers can tell whether it is.
func (t *Template) Wants() []Want { return slices.Clone(t.wants) }

// rootNames are those of the roots that say what answers.
var rootNames = []string{".Branch", ".Route", ".Tenant"}

// what an expression stands for, as far as it matters here.
type what int

const (
	other what = iota // reading it was noted where it came from, or it is no data
	root              // all the data that Execute was given
	data              // its .Data
)

// value is what an expression gives.
type value struct {
	what
	maybe string // what it is nothing without, such as ".Event"; "" for what is always there
}

// reader follows a template with what its dot, $ and variables stand for.
type reader struct {
	uses      Uses
	sets      map[*[]string]map[string]bool
	trees     map[string]*trees.Tree
	seen      map[string]bool
	tree      *trees.Tree
	top       value // of $
	variables []variable
	there     []string // what was asked about, and is there: each once, sorted
	wants     []Want
	wanted    map[Want]bool
	mistakes  []diag.Mistake
	steps     int  // that may still be made
	depth     int  // templates that wait for the one they call
	stopped   bool // one of these is too many
}

type variable struct {
	name  string
	value value
}

func usesOf(main *trees.Tree, all map[string]*trees.Tree) (Uses, []Want, []diag.Mistake) {
	r := &reader{
		sets: map[*[]string]map[string]bool{}, trees: all, seen: map[string]bool{}, wanted: map[Want]bool{},
		steps: trees.Steps(all),
	}
	if main != nil {
		r.template(main.Name, value{what: root}, nil)
	}
	for list, set := range r.sets {
		*list = slices.Sorted(maps.Keys(set))
	}
	return r.uses, r.wants, r.mistakes
}

// scope follows a list in which some values are known to be there.
func (r *reader) scope(l *parse.ListNode, dot value, there []string) {
	variables, before := len(r.variables), r.there
	r.know(there)
	r.list(l, dot)
	r.variables, r.there = r.variables[:variables], before
}

func (r *reader) list(l *parse.ListNode, dot value) {
	if l == nil {
		return
	}
	for _, n := range l.Nodes {
		if !r.spend(1, n) {
			return
		}
		variables := len(r.variables)
		switch n := n.(type) {
		case *parse.ActionNode:
			if v := r.pipe(n.Pipe, dot); len(n.Pipe.Decl) == 0 {
				r.use(v, n.Pipe)
			}
			continue
		case *parse.TemplateNode:
			passed := value{}
			if n.Pipe != nil {
				passed = r.pipe(n.Pipe, dot)
			}
			r.template(n.Name, passed, n)
		case *parse.IfNode:
			r.whole(r.pipe(n.Pipe, dot))
			yes, no := r.asked(n.Pipe, dot)
			r.scope(n.List, dot, yes)
			r.scope(n.ElseList, dot, no)
		case *parse.WithNode:
			v := r.pipe(n.Pipe, dot)
			yes, no := r.asked(n.Pipe, dot)
			r.scope(n.List, v, yes)
			r.scope(n.ElseList, dot, no)
		case *parse.RangeNode:
			r.use(r.pipe(n.Pipe, dot), n.Pipe)
			for i := range r.variables[variables:] {
				r.variables[variables+i].value = value{}
			}
			r.scope(n.List, value{}, nil)
			r.scope(n.ElseList, dot, nil)
		}
		r.variables = r.variables[:variables]
	}
}

// whole notes that a value is used as a whole: all of it may be read.
func (r *reader) whole(v value) {
	switch v.what {
	case root:
		r.note(&r.uses.Call, ".Call")
		r.note(&r.uses.Clock, ".Now")
		for _, name := range rootNames {
			r.note(&r.uses.Names, name)
		}
		r.uses.Event, r.uses.Until, r.uses.Match, r.uses.AllData = true, true, true, true
	case data:
		r.uses.AllData = true
	case other:
	}
}

// use notes that a value is used as a whole, and wanted to be there.
func (r *reader) use(v value, n parse.Node) {
	r.whole(v)
	if v.maybe == "" || slices.Contains(r.there, v.maybe) {
		return
	}
	if w := (Want{r.tree.Source.Pos(n.Position()), v.maybe}); !r.wanted[w] {
		r.wanted[w] = true
		r.wants = append(r.wants, w)
	}
}

// asked gives what is there when a pipeline is true, and when it is false.
func (r *reader) asked(p *parse.PipeNode, dot value) (yes, no []string) {
	if len(p.Cmds) != 1 {
		return nil, nil
	}
	args := p.Cmds[0].Args
	f, ok := args[0].(*parse.IdentifierNode)
	if !ok && len(args) == 1 {
		return r.askedOf(args[0], dot)
	}
	if !ok {
		return nil, nil
	}
	switch f.Ident {
	case "not":
		if len(args) == 2 {
			no, yes = r.askedOf(args[1], dot)
		}
	case "and", "or": // the next argument is read only if this one lets it
		before := r.there
		for _, arg := range args[1:] {
			y, n := r.askedOf(arg, dot)
			if f.Ident == "and" {
				yes = append(yes, y...)
				r.know(y)
			} else {
				no = append(no, n...)
				r.know(n)
			}
		}
		r.there = before
	default:
		if v := r.command(p.Cmds[0], dot); v.maybe != "" {
			yes = []string{v.maybe}
		}
	}
	return yes, no
}

func (r *reader) askedOf(n parse.Node, dot value) (yes, no []string) {
	if !r.spend(1, n) {
		return nil, nil
	}
	if p, ok := n.(*parse.PipeNode); ok {
		return r.asked(p, dot)
	}
	switch n.(type) {
	case *parse.DotNode, *parse.VariableNode, *parse.FieldNode:
		if v := r.operand(n, dot); v.maybe != "" {
			return []string{v.maybe}, nil
		}
	}
	return nil, nil
}

// pipe gives what a pipeline stands for. What goes into a function or a variable is used as a
// whole.
func (r *reader) pipe(p *parse.PipeNode, dot value) value {
	var result value
	for i, cmd := range p.Cmds {
		if i > 0 && funcs.Asks(cmd) {
			r.whole(result)
		} else if i > 0 && !trees.IsCall(cmd.Args[0], jsonsafe.ListFunc) {
			r.use(result, p.Cmds[i-1])
		}
		result = r.command(cmd, dot)
	}
	for _, v := range p.Decl {
		r.whole(result)
		of := value{maybe: result.maybe}
		if i := r.variable(v.Ident[0]); p.IsAssign && i >= 0 {
			r.variables[i].value = of
		} else {
			r.variables = append(r.variables, variable{v.Ident[0], of})
		}
	}
	return result
}

// variable is the index of the variable of a name that was defined last; -1 if there is none.
func (r *reader) variable(name string) int {
	for i, v := range slices.Backward(r.variables) {
		if v.name == name {
			return i
		}
	}
	return -1
}

func (r *reader) command(c *parse.CommandNode, dot value) value {
	f, ok := c.Args[0].(*parse.IdentifierNode)
	if !ok {
		for _, arg := range c.Args[1:] { // of a method
			r.use(r.operand(arg, dot), arg)
		}
		return r.operand(c.Args[0], dot)
	}
	r.function(f.Ident)
	args := c.Args[1:]
	switch {
	case f.Ident == funcs.MayFunc:
		return r.may(args, dot)
	case f.Ident == "next" && len(args) == 1:
		r.use(r.operand(args[0], dot), args[0])
		return value{maybe: "next " + args[0].String()}
	case f.Ident == "on" && len(args) == 1:
		if s, ok := args[0].(*parse.StringNode); ok {
			r.note(&r.uses.Calendars, s.Text)
		}
	}
	if r.lookup(f.Ident, args, dot) {
		return value{}
	}
	before := r.there
	for _, arg := range args {
		v := r.operand(arg, dot)
		if !funcs.AsksOnly(f.Ident) && f.Ident != "empty" {
			r.use(v, arg)
			continue
		}
		r.whole(v)
		switch yes, no := r.askedOf(arg, dot); f.Ident { // what follows is read only if this argument lets it
		case "and":
			r.know(yes)
		case "or":
			r.know(no)
		}
	}
	r.there = before
	return value{}
}

// may notes what is read of what may be absent.
func (r *reader) may(args []parse.Node, dot value) value {
	v := r.operand(args[0], dot)
	var names []string
	for _, arg := range args[1:] {
		names = append(names, arg.(*parse.StringNode).Text)
	}
	for len(names) > 0 { // nothing is wanted: what is not there gives nothing
		n := 1
		if v.what == root && names[0] == "Call" {
			n = min(2, len(names))
		}
		next := r.field(value{what: v.what}, names[:n], args[0])
		names = names[n:]
		if next.maybe == "" {
			next.maybe = v.maybe
		}
		v = next
	}
	return v
}

// lookup notes the key of get .Data "key" and its like.
func (r *reader) lookup(name string, args []parse.Node, dot value) bool {
	from, key := 0, 1
	switch name {
	case "get", "hasKey", "index":
	case "dig":
		from, key = len(args)-1, 0
	default:
		return false
	}
	if len(args) < 2 || from == key || r.operand(args[from], dot).what != data {
		return false
	}
	s, ok := args[key].(*parse.StringNode)
	if !ok {
		return false
	}
	r.note(&r.uses.Data, s.Text)
	for i, arg := range args {
		if i != from {
			r.use(r.operand(arg, dot), arg)
		}
	}
	return true
}

func (r *reader) function(name string) {
	switch name {
	case "now", "ago":
		r.note(&r.uses.Clock, name)
	case "spoken":
		r.uses.Day, r.uses.Language = true, true
	case "phone":
		r.uses.Language = true
	case "next":
		r.uses.Next = true
	}
}
