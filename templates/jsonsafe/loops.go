package jsonsafe

import (
	"fmt"
	"slices"
	"text/template/parse"
)

// loop is a {{range}} that is being followed.
type loop struct {
	node         *parse.RangeNode
	index        string // its variable for the index, ""
	depth        int    // of variables outside it
	breaks, ends context
}

// exit takes a place out of a loop or to its next turn.
func (esc *escaper) exit(c context, l *loop, to *context, pos parse.Pos) context {
	left := c.leave(l.depth)
	*to = esc.join(*to, left, pos, func(a, b context) string {
		return fmt.Sprintf("leaves the iteration where %s is expected, and another way leaves it where %s is", b.all(),
			a.all())
	})
	return c.with(nil)
}

// loop follows {{range}}: no turn, a first one, and later ones until they lead to no other place.
func (esc *escaper) loop(c context, n *parse.RangeNode) context {
	l := &loop{node: n, depth: c.variables()}
	if d := n.Pipe.Decl; len(d) == 2 && !n.Pipe.IsAssign {
		l.index = d[0].Ident[0]
	}
	// The variables of {{range}} hold what is ranged over until the first turn, in {{else}} too.
	none := esc.list(l.variables(c, isUnknown), n.ElseList, l.depth)
	text := esc.tree.Source.Action(n.Pos)
	between := func(a, b context) string {
		return fmt.Sprintf(
			"each iteration of {{range}} begins where %s is expected, and it ends where %s is; it must end where the next can begin", a.all(), b.all())
	}
	turn := func(from context, index byte) context {
		if l.index == "" {
			index = isUnknown
		}
		l.ends = c.with(nil)
		esc.loops = append(esc.loops, l)
		end := esc.list(l.variables(from, index), n.List, l.depth)
		esc.loops = esc.loops[:len(esc.loops)-1]
		if len(esc.mistakes) > 0 {
			return c.with(nil)
		}
		return esc.join(l.ends, end, n.Pos, between)
	}
	l.breaks = c.with(nil)
	after := turn(c, isFirst)
	esc.laterTurns++
	for seen := after; !seen.dead() && len(esc.mistakes) == 0; {
		if seen.open != c.open {
			esc.mistake(n.Pos, "%s", between(c, seen))
			break
		}
		next := turn(seen, isLater)
		if next.dead() {
			break
		}
		grown := after.with(add(slices.Clone(after.places), next.places...))
		if len(grown.places) == len(after.places) {
			break
		}
		if len(grown.places) > maxPlaces {
			esc.mistake(n.Pos, "%s leads to too many different places; write it with fewer conditions", text)
		}
		after, seen = grown, grown
	}
	esc.laterTurns--
	if len(esc.mistakes) > 0 {
		return c.with(nil)
	}
	differs := func(a, b context) string { return apart("range", &n.BranchNode, text, a, b) }
	after = esc.join(after, l.breaks, n.Pos, func(a, b context) string {
		return fmt.Sprintf(
			"{{break}} leaves {{range}} where %s is expected, and its iterations end where %s is; end both alike", b.all(),
			a.all())
	})
	if len(esc.mistakes) > 0 {
		return c.with(nil)
	}
	return esc.join(after, none, n.Pos, differs)
}

// variables defines or sets those of a loop. Only of the first one something can be known.
func (l *loop) variables(c context, first byte) context {
	var places []place
	for _, p := range c.places {
		for i, v := range l.node.Pipe.Decl {
			known := byte(isUnknown)
			if i == 0 {
				known = first
			}
			p.facts = p.facts.set(v, l.node.Pipe.IsAssign, known)
		}
		places = add(places, p)
	}
	return c.with(places)
}
