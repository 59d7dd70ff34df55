package templates

import (
	"fmt"
	"slices"
	"text/template/parse"

	"github.com/callhours/callhours/internal/diag"
	"github.com/callhours/callhours/templates/trees"
)

// spend counts steps at a node. It is false once they are too many: nothing is followed any further
// then.
func (r *reader) spend(n int, at parse.Node) bool {
	if r.steps -= n; r.steps < 0 {
		r.stop(at, trees.TooComplex)
	}
	return !r.stopped
}

func (r *reader) stop(at parse.Node, why string) {
	if !r.stopped {
		r.stopped = true
		r.mistakes = append(r.mistakes, diag.Mistakef(r.tree.Source.Pos(at.Position()), "%s", why))
	}
}

// template follows a template that is called with a dot at a node (nil: the main one), once for
// each kind of dot and what is known to be there. That is a set, so that templates that call each
// other have few of them; as there can be many sets, steps are counted besides.
func (r *reader) template(name string, dot value, at parse.Node) {
	t := r.trees[name]
	if t == nil || r.stopped {
		return
	}
	key := fmt.Sprintf("%q %d %q %q", name, dot.what, dot.maybe, r.there)
	if r.seen[key] {
		return
	}
	r.seen[key] = true
	if at != nil {
		if !r.spend(len(key)/16, at) {
			return
		}
		if r.depth++; r.depth > trees.MaxDepth {
			r.stop(at, trees.TooDeep)
			return
		}
		defer func() { r.depth-- }()
	}
	tree, top, variables := r.tree, r.top, r.variables
	r.tree, r.top, r.variables = t, dot, nil
	r.list(t.Root, dot)
	r.tree, r.top, r.variables = tree, top, variables
}

// know adds to what is there.
func (r *reader) know(names []string) {
	for _, name := range names {
		i, known := slices.BinarySearch(r.there, name)
		if known {
			continue
		}
		r.steps -= len(r.there) / 8
		r.there = slices.Insert(slices.Clip(r.there), i, name) // others may still hold the former
	}
}

// note adds a name to one of the lists of what is used.
func (r *reader) note(list *[]string, name string) {
	if r.sets[list] == nil {
		r.sets[list] = map[string]bool{}
	}
	r.sets[list][name] = true
}
