// Package trees holds the text of a template and its parse trees: where a node stands in which
// file, how to walk and measure a tree, and how to put the call of a function into one.
//
//	source := trees.NewSource(diag.Pos{File: "a.tmpl", Line: 1, Col: 1}, text)
//	parsed, err := parse.Parse("a.tmpl", text, "", "", functions)
//	…
//	t := trees.New(parsed["a.tmpl"], source)
//	trees.Inspect(t.Root, func(n parse.Node) { fmt.Println(source.Pos(n.Position()), n) })
//
// A node of text/template has an offset in bytes; people have lines, and columns that count
// characters. A [Source] turns the one into the other, also for a text that stands inside another
// file.
//
// The package knows nothing of JSON, of functions and of what templates read. It reads no files and
// keeps no state. Nothing in it is changed by reading it, so that trees may be shared; [Call] and
// [Pipe] are for who owns one.
package trees

import "text/template/parse"

// Tree is the parse tree of a template, or of a definition in one.
type Tree struct {
	*parse.Tree
	Source *Source // the text in which it stands
	Size   Size    // when it was parsed
}

// New measures a tree that stands in a source.
func New(parsed *parse.Tree, source *Source) *Tree {
	return &Tree{Tree: parsed, Source: source, Size: sizeOf(parsed.Root)}
}

// Copy is a tree that may be changed while t is in use.
func (t *Tree) Copy() *Tree { return &Tree{Tree: t.Tree.Copy(), Source: t.Source, Size: t.Size} }

// Reached gives those of all trees, by name, that a tree calls, directly or through others, and
// itself. A call of a name that is not among them reaches nothing. nil calls nothing.
func Reached(from *Tree, all map[string]*Tree) map[string]*Tree {
	reached := map[string]*Tree{}
	todo := []*Tree{from}
	for len(todo) > 0 {
		t := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if t == nil || reached[t.Name] != nil {
			continue
		}
		reached[t.Name] = t
		Inspect(t.Root, func(n parse.Node) {
			if n, ok := n.(*parse.TemplateNode); ok {
				todo = append(todo, all[n.Name])
			}
		})
	}
	return reached
}

// Inspect visits a node and all below it.
func Inspect(n parse.Node, visit func(parse.Node)) {
	branch := func(b *parse.BranchNode) {
		Inspect(b.Pipe, visit)
		Inspect(b.List, visit)
		if b.ElseList != nil {
			Inspect(b.ElseList, visit)
		}
	}
	visit(n)
	switch n := n.(type) {
	case *parse.ListNode:
		for _, child := range n.Nodes {
			Inspect(child, visit)
		}
	case *parse.ActionNode:
		Inspect(n.Pipe, visit)
	case *parse.TemplateNode:
		if n.Pipe != nil {
			Inspect(n.Pipe, visit)
		}
	case *parse.IfNode:
		branch(&n.BranchNode)
	case *parse.WithNode:
		branch(&n.BranchNode)
	case *parse.RangeNode:
		branch(&n.BranchNode)
	case *parse.PipeNode:
		for _, cmd := range n.Cmds {
			Inspect(cmd, visit)
		}
	case *parse.CommandNode:
		for _, arg := range n.Args {
			Inspect(arg, visit)
		}
	case *parse.ChainNode:
		Inspect(n.Node, visit)
	}
}

// IsCall reports whether a node names the function of that name.
func IsCall(n parse.Node, name string) bool {
	f, ok := n.(*parse.IdentifierNode)
	return ok && f.Ident == name
}

// Call is {{if NAME ARGS}}{{end}} at a place: it calls a function and writes nothing. The function
// returns false.
func Call(name string, pos parse.Pos, line int, args ...parse.Node) parse.Node {
	call := &parse.CommandNode{
		NodeType: parse.NodeCommand, Pos: pos,
		Args: append([]parse.Node{parse.NewIdentifier(name).SetPos(pos)}, args...),
	}
	return &parse.IfNode{BranchNode: parse.BranchNode{
		NodeType: parse.NodeIf, Pos: pos, Line: line,
		Pipe: &parse.PipeNode{NodeType: parse.NodePipe, Pos: pos, Line: line, Cmds: []*parse.CommandNode{call}},
		List: &parse.ListNode{NodeType: parse.NodeList, Pos: pos},
	}}
}

// Pipe ends a pipeline in a function.
func Pipe(p *parse.PipeNode, name string) {
	p.Cmds = append(p.Cmds, &parse.CommandNode{
		NodeType: parse.NodeCommand, Pos: p.Pos, Args: []parse.Node{parse.NewIdentifier(name).SetPos(p.Pos)},
	})
}
