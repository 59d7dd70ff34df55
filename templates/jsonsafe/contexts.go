// Package jsonsafe makes templates of text/template write JSON, whatever the data is: what
// html/template is to HTML.
//
// In {"name": "{{.Name}}"} a name such as x","admin":"yes is dangerous: what comes out is valid
// JSON that says something else. [Escape] follows a template's own text through the grammar of
// JSON, finds where each action stands, and ends it in the encoder of that place:
//
//	"name": "{{.Name}}"   inside the quotes of a string: always a string, whatever Name is
//	"tags": {{.Tags}}     a value: any value, as JSON
//	{{.Key}}: 1           a member name
//
// What may differ from one execution to the next (which branch of an {{if}} is taken, how often a
// {{range}} turns) is followed each way, so that a template that is accepted writes JSON in each of
// its executions that ends without an error. One that can leave out a value, a comma or a bracket
// is refused, with the place and what to write. {{if $i}},{{end}} in {{range $i, $e := .List}} and
// flags that are set to true and false are understood.
//
// The templates come as parse trees; see package trees. Whoever executes them binds the functions
// [ValueFunc], [StringFunc], [NameFunc] and [ListFunc], from [Append], [AppendString], [Inside] and
// [List]; with bounds of his own. toJson, if there is such a function, gives a [JSON], which is
// written as it is.
//
// A template that is called is followed once for each kind of place in which it is called, in a
// copy of its own. It sees the innermost bracket alone, so that one that calls itself ever deeper
// has few kinds, and it may not close what its caller opened. How many steps that takes has a
// bound: see [trees.Steps].
//
// The package knows no other functions, nothing of the data, and no schema: it keeps no state, and
// what it is given stays as it is.
package jsonsafe

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/template/parse"
	"unicode"
	"unicode/utf8"

	"github.com/callhours/callhours/internal/diag"
	"github.com/callhours/callhours/templates/trees"
)

// escaper follows templates through the grammar of JSON: their text moves the context, and each
// action is given the encoder of the place where it stands. The ways that an execution can take may
// lead to several places; each of them must allow what comes next.
type escaper struct {
	all map[string]*trees.Tree
	// where templates end that are called, by the name of the copy; grows until nothing is new
	ends      map[string][]place
	copies    map[string]*copied // by name
	recursive bool               // a template was called whose end is not known yet
	mistakes  []diag.Mistake

	tree       *copied
	loops      []*loop
	laterTurns int       // loops that are not in their first turn
	caller     string    // where what is followed is called, when that is in another file
	last       parse.Pos // the end of the text that was read last
	steps      int       // nodes and bytes that may still be followed, in each of their places
	depth      int       // templates that wait for the one they call
}

// copied is a tree that is being made for one context.
type copied struct {
	*trees.Tree
	encoders map[*parse.ActionNode]encoder
	indexed  map[*parse.RangeNode]bool // loops of which it matters that their first index is 0
	calls    map[*parse.TemplateNode]*called
	done     bool
}

// called is a call of a template, and every place in which it was met so far: the turns of a loop
// share one copy.
type called struct {
	name   string
	places []place
}

// Escape gives copies, by name, of a tree and of all that it calls in which each action ends in the
// encoder of the place where it stands. The trees that it is given, by name, stay as they are;
// their texts are valid UTF-8. What cannot be followed, or may write what is no JSON, is a mistake
// at its place; then there are no copies.
func Escape(main *trees.Tree, all map[string]*trees.Tree) (map[string]*trees.Tree, []diag.Mistake) {
	esc := escaper{all: all, ends: map[string][]place{}, steps: trees.Steps(all)}
	for {
		esc.copies, esc.recursive, esc.mistakes = map[string]*copied{}, false, nil
		before := esc.total()
		start := context{places: []place{{}}}
		end := esc.template(main.Name, main, 0, start)
		if len(esc.mistakes) > 0 { // with more places to follow there would be more of them, not fewer
			return nil, esc.mistakes
		}
		if !esc.recursive || esc.total() == before {
			esc.finish(main, end)
			break
		}
	}
	if len(esc.mistakes) > 0 {
		return nil, esc.mistakes
	}
	escaped := map[string]*trees.Tree{}
	for name, c := range esc.copies {
		c.encode()
		escaped[name] = c.Tree
	}
	// A loop leaves copies behind that only its first turns would call.
	return trees.Reached(escaped[main.Name], escaped), nil
}

// total counts the places in which templates end.
func (esc *escaper) total() int {
	n := 0
	for places := range maps.Values(esc.ends) {
		n += len(places)
	}
	return n
}

// finish checks where the main template ends.
func (esc *escaper) finish(main *trees.Tree, end context) {
	pos := main.Source.Pos(parse.Pos(len(strings.TrimRight(main.Source.Text, " \t\r\n"))))
	if end.dead() {
		esc.mistakes = append(esc.mistakes,
			diag.Mistakef(main.Source.Pos(0),
				"templates call each other here without an end; put the call into an {{if}}"))
		return
	}
	for _, p := range end.places {
		if p.phase == afterValue && end.open == "" {
			continue
		}
		what := end.wanted(p)
		switch {
		case p.phase == wantValue && end.open == "":
			what = `a callflow such as {"module": "hangup"}`
		case p.phase == afterValue:
			what = closing(end.open)
		}
		esc.mistakes = append(esc.mistakes, diag.Mistakef(pos, "expected %s, found the end of the template", what))
		return
	}
}

// closing are the brackets that close what is open.
func closing(open string) string {
	var b strings.Builder
	for _, bracket := range slices.Backward([]byte(open)) {
		b.WriteByte(bracket + 2)
	}
	return b.String()
}

func (esc *escaper) mistake(n parse.Pos, format string, args ...any) {
	m := diag.Mistakef(esc.tree.Source.Pos(n), format, args...)
	if esc.laterTurns > 0 && strings.HasSuffix(m.Message, missingComma) {
		m.Message = strings.TrimSuffix(m.Message, missingComma) +
			"from the second turn of {{range}} on a comma is missing; begin it with {{range $i, $e := …}}{{if $i}},{{end}}"
	}
	if len(esc.loops) > 0 && strings.HasSuffix(m.Message, "found ','; "+extraComma) {
		m.Message += " a loop writes one before each element but the first by {{range $i, $e := …}}{{if $i}},{{end}}"
	}
	if esc.caller != "" {
		m.Message += "; it is called at " + esc.caller
	}
	esc.mistakes = append(esc.mistakes, m)
}

// template follows one copy of a template, called at a node, from where it begins to where it ends.
func (esc *escaper) template(name string, t *trees.Tree, at parse.Pos, c context) context {
	c.floor = len(c.open)
	tree := t.Copy()
	tree.Name = name
	outer := *esc
	esc.tree = &copied{
		Tree: tree, encoders: map[*parse.ActionNode]encoder{}, indexed: map[*parse.RangeNode]bool{},
		calls: map[*parse.TemplateNode]*called{},
	}
	esc.loops, esc.laterTurns, esc.caller = nil, 0, ""
	esc.steps -= t.Size.Nodes // to copy it
	if outer.tree != nil {
		if esc.caller = outer.caller; outer.tree.Source != t.Source {
			esc.caller = outer.tree.Source.Pos(at).String()
		}
	}
	esc.copies[name] = esc.tree
	c = esc.settle(esc.list(c, tree.Root, 0))
	esc.tree.done = true
	esc.tree, esc.loops, esc.laterTurns, esc.caller = outer.tree, outer.loops, outer.laterTurns, outer.caller
	return c
}

// list follows nodes. Variables that they define end with them: keep is how many are left, when the
// list is a scope of its own.
func (esc *escaper) list(c context, l *parse.ListNode, keep int) context {
	if l != nil {
		for _, n := range l.Nodes {
			if len(esc.mistakes) > 0 {
				return c.with(nil)
			}
			c = esc.node(c, n)
		}
	}
	return c.leave(keep)
}

// leave ends the scope of the variables beyond the first n.
func (c context) leave(n int) context {
	var places []place
	for _, p := range c.places {
		p.facts = p.facts.first(n)
		places = add(places, p)
	}
	return c.with(places)
}

// variables counts those in scope; they are the same in all places.
func (c context) variables() int {
	if c.dead() {
		return 0
	}
	return c.places[0].facts.count()
}

func (esc *escaper) node(c context, n parse.Node) context {
	if c.dead() {
		return c
	}
	// Facts are copied and searched for each place.
	cost := len(c.places) * (1 + len(c.places[0].facts)/64)
	if text, ok := n.(*parse.TextNode); ok {
		cost += len(c.places) * len(text.Text)
	}
	if esc.steps -= cost; esc.steps < 0 {
		esc.mistake(n.Position(), "%s", trees.TooComplex)
		return c.with(nil)
	}
	switch n := n.(type) {
	case *parse.TextNode:
		return esc.text(c, n)
	case *parse.ActionNode:
		if len(n.Pipe.Decl) > 0 {
			return esc.define(c, n.Pipe)
		}
		return esc.action(c, n)
	case *parse.IfNode:
		return esc.branch(c, &n.BranchNode, "if")
	case *parse.WithNode:
		return esc.branch(c, &n.BranchNode, "with")
	case *parse.RangeNode:
		return esc.loop(c, n)
	case *parse.BreakNode:
		l := esc.loops[len(esc.loops)-1]
		return esc.exit(c, l, &l.breaks, n.Pos)
	case *parse.ContinueNode:
		l := esc.loops[len(esc.loops)-1]
		return esc.exit(c, l, &l.ends, n.Pos)
	case *parse.TemplateNode:
		return esc.call(c, n)
	}
	return c
}

func (esc *escaper) text(c context, n *parse.TextNode) context {
	for i, b := range n.Text {
		next, fault := c.read(b)
		if fault != nil {
			if r, size := utf8.DecodeRune(n.Text[i:]); size > 1 {
				fault.found = fmt.Sprintf("%q", r)
				fault.hint = cmp.Or(typeset(r), fault.hint)
			}
			esc.mistake(n.Pos+parse.Pos(i-fault.before), "%s", fault)
			return c.with(nil)
		}
		c = next
	}
	esc.last = n.Pos + parse.Pos(len(n.Text))
	return c
}

// define follows {{$x := …}} and {{$x = …}}.
func (esc *escaper) define(c context, p *parse.PipeNode) context {
	var places []place
	for _, q := range c.places {
		e := evaluator{facts: q.facts}
		letter := e.letter(p)
		esc.use(&e)
		q.facts = q.facts.set(p.Decl[0], p.IsAssign, letter)
		places = add(places, q)
	}
	return c.with(places)
}

// use notes the loops whose index a condition was decided by.
func (esc *escaper) use(e *evaluator) {
	esc.steps -= e.steps
	for _, name := range e.indexed {
		for _, l := range slices.Backward(esc.loops) {
			if l.index == name {
				esc.tree.indexed[l.node] = true
				break
			}
		}
	}
}

// action chooses the encoder of an action, which is the same in all places.
func (esc *escaper) action(c context, n *parse.ActionNode) context {
	text := esc.tree.Source.Action(n.Pos)
	var places []place
	chosen := esc.tree.encoders[n]
	for _, p := range c.places {
		q, encoder, fault := c.action(p, text)
		if fault == nil && chosen != "" && chosen != encoder {
			fault = chosen.conflict(text)
		}
		if fault == nil {
			fault = encoder.refuses(n.Pipe, text)
		}
		if fault != nil {
			esc.mistake(n.Pos, "%s", fault)
			return c.with(nil)
		}
		chosen = encoder
		places = add(places, q)
	}
	esc.tree.encoders[n] = chosen
	return c.with(places)
}

// branch follows {{if}} and {{with}}.
func (esc *escaper) branch(c context, n *parse.BranchNode, keyword string) context {
	var taken, not []place
	keep := c.variables()
	for _, p := range c.places {
		e := evaluator{facts: p.facts}
		t := e.pipe(n.Pipe)
		esc.use(&e)
		for _, v := range n.Pipe.Decl {
			p.facts = p.facts.set(v, n.Pipe.IsAssign, e.letter(n.Pipe))
		}
		if t != no {
			taken = add(taken, p)
		}
		if t != yes {
			not = add(not, p)
		}
	}
	yes := esc.list(c.with(taken), n.List, keep)
	no := esc.list(c.with(not), n.ElseList, keep)
	if len(esc.mistakes) > 0 {
		return c.with(nil)
	}
	return esc.join(yes, no, n.Pos, func(a, b context) string {
		return apart(keyword, n, esc.tree.Source.Action(n.Pos), a, b)
	})
}

// maxPlaces is how many places a template may have to keep apart at one node.
const maxPlaces = 64

// call follows {{template}} into a copy of what it calls.
func (esc *escaper) call(c context, n *parse.TemplateNode) context {
	if c = esc.settle(c); c.dead() {
		return c
	}
	inner := context{}
	if c.open != "" {
		inner.open = c.open[len(c.open)-1:]
	}
	met := esc.tree.calls[n]
	if met == nil {
		met = &called{name: n.Name}
		esc.tree.calls[n] = met
	}
	for _, p := range c.places {
		p.facts = ""
		met.places = add(met.places, p)
	}
	inner.places = slices.Clone(met.places)
	name := met.name + " in " + inner.key()
	if known := esc.copies[name]; known == nil {
		if esc.all[met.name] == nil {
			esc.mistake(n.Pos, "template %q is not defined; write {{define %[1]q}}", met.name)
			return c.with(nil)
		}
		if esc.depth++; esc.depth > trees.MaxDepth {
			esc.mistake(n.Pos, "%s", trees.TooDeep)
			return c.with(nil)
		}
		end := esc.template(name, esc.all[met.name], n.Pos, inner)
		esc.depth--
		if len(esc.mistakes) > 0 {
			return c.with(nil)
		}
		if end.open != inner.open && !end.dead() {
			esc.mistake(n.Pos, "template %q leaves %s open; close a bracket in the template that opens it", met.name,
				end.open[len(inner.open):])
			return c.with(nil)
		}
		esc.ends[name] = add(esc.ends[name], end.places...)
	} else if !known.done {
		esc.recursive = true
	}
	n.Name = name
	// A caller's facts hold on each way through what it calls.
	var places []place
	for _, p := range c.places {
		for _, end := range esc.ends[name] {
			end.facts = p.facts
			places = add(places, end)
		}
		if len(places) > maxPlaces {
			esc.mistake(n.Pos, "%s leads to too many different places; write it with fewer conditions",
				esc.tree.Source.Action(n.Pos))
			return c.with(nil)
		}
	}
	return c.with(places)
}

// typeset says what to do with a character that text processors, chats and pages put for one of
// ASCII; "" for others.
func typeset(r rune) string {
	switch {
	case strings.ContainsRune(diag.TypographicQuotes, r):
		return `write names and texts in straight double quotes, as in "hangup"`
	case unicode.Is(unicode.Zs, r):
		return "this blank is not one of ASCII, as it comes with a copy from a page; delete it and type a blank"
	case unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp):
		return "this character cannot be seen, as it comes with a copy from a page; delete it"
	case unicode.Is(unicode.Pd, r) || r == '\u2212':
		return "write - for a minus"
	}
	return ""
}
