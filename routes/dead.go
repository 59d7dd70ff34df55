package routes

import (
	"math"
	"slices"
)

// Dead is a branch that no call can ever take, whatever the calendars hold.
type Dead struct {
	Branch int
	By     int // a branch above that always takes its calls; -1: its own condition contradicts itself
}

// maxAtoms bounds the conditions that are tried out in all their combinations.
const maxAtoms = 12

// Dead are the branches that cannot be taken. Conditions on the same calendars are known to follow
// from one another where one is narrower; what else may be impossible together is not, so that some
// dead branches are not found. A route with many conditions has none.
func (r *Route) Dead() []Dead {
	atoms := r.atoms()
	if len(atoms) > maxAtoms {
		return nil
	}
	type taker struct {
		branch int
		takes  cases
	}
	var takers []taker
	var dead []Dead
	possible := r.possible(atoms)
	left := slices.Clone(possible) // that no branch before takes
	for i, n := range r.branches {
		holds := n.cases(atoms).and(possible)
		if takes := slices.Clone(holds).and(left); !takes.none() {
			takers = append(takers, taker{i, takes})
			left = left.without(holds)
			continue
		}
		d := Dead{i, -1}
		for _, t := range takers {
			if t.takes.meet(holds) {
				d.By = t.branch
				break
			}
		}
		dead = append(dead, d)
	}
	return dead
}

// atom is a condition that has no parts: a leaf, or what is asked about the call.
type atom struct {
	leaf int // -1: none
	asks string
}

// atoms are the conditions of a route that have no parts, each with its number; more than maxAtoms
// where there are.
func (r *Route) atoms() map[atom]int {
	atoms := map[atom]int{}
	var visit func(n *node)
	visit = func(n *node) {
		if n == nil || len(atoms) > maxAtoms {
			return
		}
		if n.op == opCalendar || n.op == opCall {
			if _, known := atoms[atomOf(n)]; !known {
				atoms[atomOf(n)] = len(atoms)
			}
		}
		for _, k := range n.kids {
			visit(k)
		}
	}
	for _, n := range r.branches {
		visit(n)
	}
	return atoms
}

func atomOf(n *node) atom {
	if n.op == opCalendar {
		return atom{leaf: n.leaf}
	}
	return atom{leaf: -1, asks: n.asks}
}

// cases is a set of the combinations in which atoms hold: a bit for each, whose number has a
// bit for each atom that holds.
type cases []uint64

// all are all combinations of so many atoms.
func all(atoms int) cases {
	c := make(cases, max(1, 1<<atoms/64))
	for i := range c {
		c[i] = math.MaxUint64
	}
	if atoms < 6 {
		c[0] = 1<<(1<<atoms) - 1
	}
	return c
}

// holding are the combinations in which an atom holds.
func holding(atom, atoms int) cases {
	c := all(atoms)
	for i := range c {
		switch {
		case atom < 6:
			c[i] &= [...]uint64{
				0xaaaaaaaaaaaaaaaa, 0xcccccccccccccccc, 0xf0f0f0f0f0f0f0f0,
				0xff00ff00ff00ff00, 0xffff0000ffff0000, 0xffffffff00000000,
			}[atom]
		case i>>(atom-6)&1 == 0:
			c[i] = 0
		}
	}
	return c
}

// and, or and without change a set by another one, and give it.
func (c cases) and(o cases) cases {
	for i := range c {
		c[i] &= o[i]
	}
	return c
}

func (c cases) or(o cases) cases {
	for i := range c {
		c[i] |= o[i]
	}
	return c
}

func (c cases) without(o cases) cases {
	for i := range c {
		c[i] &^= o[i]
	}
	return c
}

func (c cases) none() bool { return !slices.ContainsFunc(c, func(w uint64) bool { return w != 0 }) }

// meet reports whether two sets have something in common.
func (c cases) meet(o cases) bool {
	for i := range c {
		if c[i]&o[i] != 0 {
			return true
		}
	}
	return false
}

// cases are the combinations in which a condition holds.
func (n *node) cases(atoms map[atom]int) cases {
	if n == nil {
		return all(len(atoms))
	}
	switch n.op {
	case opCalendar, opCall:
		return holding(atoms[atomOf(n)], len(atoms))
	case opNot:
		return all(len(atoms)).without(n.kids[0].cases(atoms))
	case opAny:
		c := make(cases, len(all(len(atoms))))
		for _, k := range n.kids {
			c = c.or(k.cases(atoms))
		}
		return c
	case opAll:
	}
	c := all(len(atoms))
	for _, k := range n.kids {
		c = c.and(k.cases(atoms))
	}
	return c
}

// possible are the combinations in which everything holds that follows from what does.
func (r *Route) possible(atoms map[atom]int) cases {
	c := all(len(atoms))
	for a, i := range atoms {
		for b, j := range atoms {
			if i != j && a.leaf >= 0 && b.leaf >= 0 && r.leaves[a.leaf].implies(r.leaves[b.leaf]) {
				c = c.without(holding(i, len(atoms)).without(holding(j, len(atoms))))
			}
		}
	}
	return c
}
