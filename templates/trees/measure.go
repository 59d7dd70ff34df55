package trees

import "text/template/parse"

// MaxNesting is how many {{if}}, {{else if}}, {{range}}, {{with}} and parentheses may stand within
// each other. A tree that [New] found no deeper may be walked by recursion.
const MaxNesting = 100

// Bounds of what follows templates into those that they call.
const (
	MaxDepth = 100 // templates that wait for the one they called

	maxSteps = 100_000 // nodes and bytes that one analysis of a template follows, in each of their contexts
)

// What is said of templates that cannot be followed to their end: [Steps] are too few, or MaxDepth
// is passed.
const (
	TooComplex = "has too many conditions and loops within each other; write it in simpler parts"
	TooDeep    = "templates call each other more than 100 deep from here; write them into one another"
)

// Steps is how many steps an analysis of trees may take: nodes and bytes of text, in each of their
// contexts. Most templates take one or two for each byte of their text; thousands of small ones in
// a file must not take the time of as many large ones.
func Steps(all map[string]*Tree) int {
	const always, perByte = 4_000, 40
	length, counted := 0, map[*Source]bool{}
	for _, t := range all {
		if !counted[t.Source] {
			counted[t.Source] = true
			length += len(t.Source.Text)
		}
	}
	return min(maxSteps, always+perByte*length)
}

// Size is how large a tree is. Nodes deeper than MaxNesting are not counted.
type Size struct {
	Nodes     int
	Variables int        // that are defined
	Deepest   parse.Node // the first node that stands in more than MaxNesting others; nil: there is none
	within    int        // nodes that operands take as long as
}

func sizeOf(root *parse.ListNode) Size {
	var s Size
	s.list(root, 0)
	return s
}

// perNode is how many bytes of a text in quotes count as a node: a method that is given one goes
// through it each time. A name of .a.b.c after the first, which may be a method, counts as perName.
const (
	perNode = 16
	perName = 4
)

// Count counts a node and what it evaluates itself: not the lists of an {{if}}, {{with}} or
// {{range}}. Names of .a.b.c and texts in quotes count as several.
func Count(n parse.Node) int {
	s := Size{Nodes: 1}
	switch n := n.(type) {
	case *parse.ActionNode:
		s.pipe(n.Pipe, 0)
	case *parse.TemplateNode:
		s.pipe(n.Pipe, 0)
	case *parse.IfNode:
		s.pipe(n.Pipe, 0)
	case *parse.WithNode:
		s.pipe(n.Pipe, 0)
	case *parse.RangeNode:
		s.pipe(n.Pipe, 0)
	}
	return s.Nodes + s.within
}

func (s *Size) list(l *parse.ListNode, depth int) {
	if l == nil {
		return
	}
	s.Nodes++
	for _, n := range l.Nodes {
		s.Nodes++
		switch n := n.(type) {
		case *parse.ActionNode:
			s.pipe(n.Pipe, depth)
		case *parse.TemplateNode:
			s.pipe(n.Pipe, depth)
		case *parse.IfNode:
			s.branch(&n.BranchNode, depth+1)
		case *parse.WithNode:
			s.branch(&n.BranchNode, depth+1)
		case *parse.RangeNode:
			s.branch(&n.BranchNode, depth+1)
		}
	}
}

// tooDeep records the first node that stands too deep, and reports whether there is one.
func (s *Size) tooDeep(n parse.Node, depth int) bool {
	if depth > MaxNesting && s.Deepest == nil {
		s.Deepest = n
	}
	return s.Deepest != nil
}

func (s *Size) branch(b *parse.BranchNode, depth int) {
	if s.tooDeep(b, depth) {
		return
	}
	s.pipe(b.Pipe, depth)
	s.list(b.List, depth)
	s.list(b.ElseList, depth)
}

func (s *Size) pipe(p *parse.PipeNode, depth int) {
	if p == nil || s.tooDeep(p, depth) {
		return
	}
	if !p.IsAssign {
		s.Variables += len(p.Decl)
	}
	s.Nodes += 1 + len(p.Decl)
	for _, cmd := range p.Cmds {
		s.Nodes++
		for _, arg := range cmd.Args {
			s.operand(arg, depth)
		}
	}
}

func (s *Size) operand(n parse.Node, depth int) {
	s.Nodes++
	switch n := n.(type) {
	case *parse.StringNode:
		s.within += len(n.Text) / perNode
	case *parse.FieldNode: // each name may be a method
		s.within += perName * (len(n.Ident) - 1)
	case *parse.VariableNode:
		s.within += perName * (len(n.Ident) - 1)
	case *parse.PipeNode:
		s.pipe(n, depth+1)
	case *parse.ChainNode:
		s.within += perName * len(n.Field)
		if !s.tooDeep(n, depth) {
			s.operand(n.Node, depth+1)
		}
	}
}
