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

// Uses is what a template can read, derived from its text: at least all that an execution reads,
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
	Fail      bool     // fail
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

// Uses is what the template can read.
func (t *Template) Uses() Uses {
	u := t.uses
	for _, list := range []*[]string{&u.Call, &u.Clock, &u.Calendars, &u.Data, &u.Names} {
		*list = slices.Clone(*list)
	}
	return u
}

// ReadsAll reports whether the template reads .Data as a whole.
func (t *Template) ReadsAll() bool { return t.uses.AllData }

// Weight is the size of the results of [Template.Uses], [Template.Wants], [Template.Fields] and
// [Template.Warnings], for callers that count what they go through.
func (t *Template) Weight() int {
	n := len(t.uses.Call) + len(t.uses.Clock) + len(t.uses.Calendars) + len(t.uses.Data) + len(t.uses.Names) +
		len(t.wants) + len(t.header.fields)
	seen := map[*trees.Source]bool{}
	for _, tree := range t.trees {
		if !seen[tree.Source] {
			seen[tree.Source] = true
			n += 1 + len(tree.Source.Warnings)
		}
	}
	return n
}

// Wants lists what the template reads without testing by {{with}} or {{if}} that it is present.
// Whether it is depends on when the template answers.
func (t *Template) Wants() []Want { return slices.Clone(t.wants) }

// rootNames are those of the roots that say what answers.
var rootNames = []string{".Branch", ".Route", ".Tenant"}

// kind is what an expression stands for, as far as it matters here.
type kind int

const (
	other kind = iota // its reads are recorded where it came from, or it is no data
	root              // all the data that Execute was given
	data              // its .Data
)

// value is the result of an expression.
type value struct {
	kind
	maybe string // what may be absent, such as ".Event"; "" for what is always present
}

// analyzer follows a template with what its dot, $ and variables stand for.
type analyzer struct {
	uses      Uses
	sets      map[*[]string]map[string]bool
	trees     map[string]*trees.Tree
	visited   map[string]bool
	tree      *trees.Tree
	dollar    value // of $
	variables []variable
	present   []string // tested, so that it is present; sorted
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

func analyze(main *trees.Tree, all map[string]*trees.Tree) (Uses, []Want, []diag.Mistake) {
	a := &analyzer{
		sets: map[*[]string]map[string]bool{}, trees: all, visited: map[string]bool{}, wanted: map[Want]bool{},
		steps: trees.Steps(all),
	}
	if main != nil {
		a.template(main.Name, value{kind: root}, nil)
	}
	for list, set := range a.sets {
		*list = slices.Sorted(maps.Keys(set))
	}
	return a.uses, a.wants, a.mistakes
}

// scope analyzes a list in which some values are known to be present.
func (a *analyzer) scope(l *parse.ListNode, dot value, present []string) {
	variables, before := len(a.variables), a.present
	a.markPresent(present)
	a.list(l, dot)
	a.variables, a.present = a.variables[:variables], before
}

func (a *analyzer) list(l *parse.ListNode, dot value) {
	if l == nil {
		return
	}
	for _, n := range l.Nodes {
		if !a.spend(1, n) {
			return
		}
		variables := len(a.variables)
		switch n := n.(type) {
		case *parse.ActionNode:
			if v := a.pipe(n.Pipe, dot); len(n.Pipe.Decl) == 0 {
				a.use(v, n.Pipe)
			}
			continue
		case *parse.TemplateNode:
			passed := value{}
			if n.Pipe != nil {
				passed = a.pipe(n.Pipe, dot)
			}
			a.template(n.Name, passed, n)
		case *parse.IfNode:
			a.useWhole(a.pipe(n.Pipe, dot))
			yes, no := a.conditions(n.Pipe, dot)
			a.scope(n.List, dot, yes)
			a.scope(n.ElseList, dot, no)
		case *parse.WithNode:
			v := a.pipe(n.Pipe, dot)
			yes, no := a.conditions(n.Pipe, dot)
			a.scope(n.List, v, yes)
			a.scope(n.ElseList, dot, no)
		case *parse.RangeNode:
			a.use(a.pipe(n.Pipe, dot), n.Pipe)
			for i := range a.variables[variables:] {
				a.variables[variables+i].value = value{}
			}
			a.scope(n.List, value{}, nil)
			a.scope(n.ElseList, dot, nil)
		}
		a.variables = a.variables[:variables]
	}
}

// useWhole records that a value is used as a whole: all of it may be read.
func (a *analyzer) useWhole(v value) {
	switch v.kind {
	case root:
		a.addUse(&a.uses.Call, ".Call")
		a.addUse(&a.uses.Clock, ".Now")
		for _, name := range rootNames {
			a.addUse(&a.uses.Names, name)
		}
		a.uses.Event, a.uses.Until, a.uses.Match, a.uses.AllData = true, true, true, true
	case data:
		a.uses.AllData = true
	case other:
	}
}

// use records that a value is used as a whole, and has to be present.
func (a *analyzer) use(v value, n parse.Node) {
	a.useWhole(v)
	if v.maybe == "" || slices.Contains(a.present, v.maybe) {
		return
	}
	if w := (Want{a.tree.Source.Pos(n.Position()), v.maybe}); !a.wanted[w] {
		a.wanted[w] = true
		a.wants = append(a.wants, w)
	}
}

// conditions are the values that are present when a pipeline is true, and when it is false.
func (a *analyzer) conditions(p *parse.PipeNode, dot value) (yes, no []string) {
	if len(p.Cmds) != 1 {
		return nil, nil
	}
	args := p.Cmds[0].Args
	f, ok := args[0].(*parse.IdentifierNode)
	if !ok && len(args) == 1 {
		return a.operandConditions(args[0], dot)
	}
	if !ok {
		return nil, nil
	}
	switch f.Ident {
	case "not":
		if len(args) == 2 {
			no, yes = a.operandConditions(args[1], dot)
		}
	case "and", "or": // the next argument is read only if this one lets it
		before := a.present
		for _, arg := range args[1:] {
			y, n := a.operandConditions(arg, dot)
			if f.Ident == "and" {
				yes = append(yes, y...)
				a.markPresent(y)
			} else {
				no = append(no, n...)
				a.markPresent(n)
			}
		}
		a.present = before
	default:
		if v := a.command(p.Cmds[0], dot); v.maybe != "" {
			yes = []string{v.maybe}
		}
	}
	return yes, no
}

func (a *analyzer) operandConditions(n parse.Node, dot value) (yes, no []string) {
	if !a.spend(1, n) {
		return nil, nil
	}
	if p, ok := n.(*parse.PipeNode); ok {
		return a.conditions(p, dot)
	}
	switch n.(type) {
	case *parse.DotNode, *parse.VariableNode, *parse.FieldNode:
		if v := a.operand(n, dot); v.maybe != "" {
			return []string{v.maybe}, nil
		}
	}
	return nil, nil
}

// pipe is what a pipeline stands for. What goes into a function or a variable is used as a whole.
func (a *analyzer) pipe(p *parse.PipeNode, dot value) value {
	var result value
	for i, cmd := range p.Cmds {
		if i > 0 && funcs.CallsAbsenceTest(cmd) {
			a.useWhole(result)
		} else if i > 0 && !trees.IsCall(cmd.Args[0], jsonsafe.ListFunc) {
			a.use(result, p.Cmds[i-1])
		}
		result = a.command(cmd, dot)
	}
	for _, v := range p.Decl {
		a.useWhole(result)
		assigned := value{maybe: result.maybe}
		if i := a.variable(v.Ident[0]); p.IsAssign && i >= 0 {
			a.variables[i].value = assigned
		} else {
			a.variables = append(a.variables, variable{v.Ident[0], assigned})
		}
	}
	return result
}

// variable is the index of the variable of a name that was defined last; -1 if there is none.
func (a *analyzer) variable(name string) int {
	for i, v := range slices.Backward(a.variables) {
		if v.name == name {
			return i
		}
	}
	return -1
}

func (a *analyzer) command(c *parse.CommandNode, dot value) value {
	f, ok := c.Args[0].(*parse.IdentifierNode)
	if !ok {
		for _, arg := range c.Args[1:] { // of a method
			a.use(a.operand(arg, dot), arg)
		}
		return a.operand(c.Args[0], dot)
	}
	a.function(f.Ident)
	args := c.Args[1:]
	switch {
	case f.Ident == funcs.OptionalFunc:
		return a.optional(args, dot)
	case f.Ident == "next" && len(args) == 1:
		a.use(a.operand(args[0], dot), args[0])
		return value{maybe: "next " + args[0].String()}
	case f.Ident == "on" && len(args) == 1:
		if s, ok := args[0].(*parse.StringNode); ok {
			a.addUse(&a.uses.Calendars, s.Text)
		}
	}
	if a.lookup(f.Ident, args, dot) {
		return value{}
	}
	before := a.present
	for _, arg := range args {
		v := a.operand(arg, dot)
		if !funcs.IsAbsenceTest(f.Ident) && f.Ident != "empty" {
			a.use(v, arg)
			continue
		}
		a.useWhole(v)
		switch yes, no := a.operandConditions(arg, dot); f.Ident { // what follows is read only if this argument lets it
		case "and":
			a.markPresent(yes)
		case "or":
			a.markPresent(no)
		}
	}
	a.present = before
	return value{}
}

// optional records what is read of values that may be absent.
func (a *analyzer) optional(args []parse.Node, dot value) value {
	v := a.operand(args[0], dot)
	var names []string
	for _, arg := range args[1:] {
		names = append(names, arg.(*parse.StringNode).Text)
	}
	for len(names) > 0 { // none is wanted: what is absent gives nothing
		n := 1
		if v.kind == root && names[0] == "Call" {
			n = min(2, len(names))
		}
		next := a.field(value{kind: v.kind}, names[:n], args[0])
		names = names[n:]
		if next.maybe == "" {
			next.maybe = v.maybe
		}
		v = next
	}
	return v
}

// lookup records the key of get .Data "key" and its like.
func (a *analyzer) lookup(name string, args []parse.Node, dot value) bool {
	from, key := 0, 1
	switch name {
	case "get", "hasKey", "index":
	case "dig":
		from, key = len(args)-1, 0
	default:
		return false
	}
	if len(args) < 2 || from == key || a.operand(args[from], dot).kind != data {
		return false
	}
	s, ok := args[key].(*parse.StringNode)
	if !ok {
		return false
	}
	a.addUse(&a.uses.Data, s.Text)
	for i, arg := range args {
		if i != from {
			a.use(a.operand(arg, dot), arg)
		}
	}
	return true
}

func (a *analyzer) function(name string) {
	switch name {
	case "now", "ago":
		a.addUse(&a.uses.Clock, name)
	case "spoken":
		a.uses.Day, a.uses.Language = true, true
	case "phone":
		a.uses.Language = true
	case "next":
		a.uses.Next = true
	case "fail":
		a.uses.Fail = true
	}
}
