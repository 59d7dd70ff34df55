package templates

import (
	"bytes"
	"cmp"
	"context"
	"maps"
	"slices"
	"strconv"
	"text/template/parse"

	"github.com/callhours/callhours/internal/diag"
	"github.com/callhours/callhours/templates/funcs"
	"github.com/callhours/callhours/templates/trees"
)

// markName is the function that tells where in the output a node begins.
const markName = "__mark"

// mark is a node that writes.
type mark struct {
	source *trees.Source
	pos    parse.Pos
	length int // of a text; 0 for an action
}

// marked is where in the output a mark was passed.
type marked struct{ mark, offset int }

// Places finds where in the template's text the bytes of an output were written.
type Places struct {
	marks  []mark
	passed []marked
	Spent  int // what finding them out has cost, as counted by [funcs.Env]
}

// perNode is what copying and marking a node of a template counts for, in bytes.
const perNode = 128

// Places executes a copy of the template with the same data, and is for messages. What it finds out
// ends where that execution fails.
func (t *Template) Places(ctx context.Context, data any, env funcs.Env) *Places {
	p := &Places{}
	if len(t.mistakes) > 0 || t.main == nil {
		return p
	}
	copied := &Template{
		name: t.name, main: t.main, trees: map[string]*trees.Tree{}, calls: t.calls, literals: t.literals,
	}
	for _, name := range slices.Sorted(maps.Keys(t.trees)) {
		c := t.trees[name].Copy()
		p.marks = markNodes(c, p.marks)
		copied.trees[name] = c
	}
	p.Spent = perNode * len(p.marks)
	r := copied.newRun()
	// What the output breaks off at is no matter here.
	_ = r.begin(ctx, &bytes.Buffer{}, env)
	_ = r.exec.Execute(r, data)
	r.end()
	p.passed = slices.Clone(r.passed)
	return p
}

// At is where the byte at an offset of the output was written: the character of a text, or the
// beginning of an action; false where that is not known.
func (p *Places) At(offset int) (diag.Pos, bool) {
	after, _ := slices.BinarySearchFunc(p.passed, offset+1, func(m marked, offset int) int {
		return cmp.Compare(m.offset, offset)
	})
	if after == 0 {
		return diag.Pos{}, false
	}
	last := p.passed[after-1]
	m := p.marks[last.mark]
	return m.source.Pos(m.pos + parse.Pos(min(offset-last.offset, max(0, m.length-1)))), true
}

// markNodes puts a call of mark before each node of a tree that writes.
func markNodes(t *trees.Tree, marks []mark) []mark {
	trees.Inspect(t.Root, func(n parse.Node) {
		list, ok := n.(*parse.ListNode)
		if !ok || list == nil {
			return
		}
		var nodes []parse.Node
		for _, child := range list.Nodes {
			m := mark{source: t.Source, pos: child.Position()}
			switch child := child.(type) {
			case *parse.TextNode:
				m.length = len(child.Text)
			case *parse.ActionNode:
			default:
				nodes = append(nodes, child)
				continue
			}
			index := len(marks)
			call := trees.Call(markName, child.Position(), 0, &parse.NumberNode{
				NodeType: parse.NodeNumber, Pos: child.Position(), IsInt: true, Int64: int64(index),
				Text: strconv.Itoa(index),
			})
			marks = append(marks, m)
			nodes = append(nodes, call, child)
		}
		list.Nodes = nodes
	})
	return marks
}

// mark records where in the output a node begins. It returns false like step.
func (r *run) mark(index int) bool {
	r.passed = append(r.passed, marked{index, r.written})
	return false
}
