package templates

import (
	"fmt"
	"slices"
	"text/template/parse"

	"github.com/callhours/callhours/internal/diag"
	"github.com/callhours/callhours/templates/trees"
)

// spend counts steps at a node. It returns false once they are too many: nothing is analyzed any
// further then.
func (a *analyzer) spend(n int, at parse.Node) bool {
	if a.steps -= n; a.steps < 0 {
		a.stop(at, trees.TooComplex)
	}
	return !a.stopped
}

func (a *analyzer) stop(at parse.Node, why string) {
	if !a.stopped {
		a.stopped = true
		a.mistakes = append(a.mistakes, diag.Mistakef(a.tree.Source.Pos(at.Position()), "%s", why))
	}
}

// template analyzes a template that is called with a dot at a node (nil: the main one), once for
// each kind of dot and what is known to be present. That is a set, so that templates that call each
// other have few of them; as there can be many sets, steps are counted besides.
func (a *analyzer) template(name string, dot value, at parse.Node) {
	t := a.trees[name]
	if t == nil || a.stopped {
		return
	}
	key := fmt.Sprintf("%q %d %q %q", name, dot.kind, dot.maybe, a.present)
	if a.visited[key] {
		return
	}
	a.visited[key] = true
	if at != nil {
		if !a.spend(len(key)/16, at) {
			return
		}
		if a.depth++; a.depth > trees.MaxDepth {
			a.stop(at, trees.TooDeep)
			return
		}
		defer func() { a.depth-- }()
	}
	tree, top, variables := a.tree, a.dollar, a.variables
	a.tree, a.dollar, a.variables = t, dot, nil
	a.list(t.Root, dot)
	a.tree, a.dollar, a.variables = tree, top, variables
}

// markPresent adds to what is known to be present.
func (a *analyzer) markPresent(names []string) {
	for _, name := range names {
		i, known := slices.BinarySearch(a.present, name)
		if known {
			continue
		}
		a.steps -= len(a.present) / 8
		a.present = slices.Insert(slices.Clip(a.present), i, name) // others may still hold the former
	}
}

// addUse adds a name to one of the lists of what is used.
func (a *analyzer) addUse(list *[]string, name string) {
	if a.sets[list] == nil {
		a.sets[list] = map[string]bool{}
	}
	a.sets[list][name] = true
}
