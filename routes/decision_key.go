package routes

import (
	"github.com/callhours/callhours/pivot"
)

// DecisionKey determines the events and the reason of a decision: two decisions of the same
// Segments with equal keys have the same. It is comparable.
type DecisionKey struct {
	segment int
	matched int
	unknown bool
	calls   uint64 // what the conditions on the call in the branch that was tried said, a bit each
}

// Key is the decision's key; false when its branch has more conditions on the call than a key can
// hold. It allocates nothing.
func (d Decision) Key() (DecisionKey, bool) {
	h := DecisionKey{segment: d.segment, matched: d.matched, unknown: d.Unknown}
	if !d.segments.route.dependsOnCall {
		return h, true
	}
	n, fits := 0, true
	d.segments.visitCallTests(d.segments.route.branches[d.matched], d.call, func(yes bool) {
		if yes {
			h.calls |= 1 << (n % 64)
		}
		n++
		fits = n <= 64
	})
	return h, fits
}

// SameSegment reports whether two decisions were taken in the same segment.
func (h DecisionKey) SameSegment(o DecisionKey) bool { return h.segment == o.segment }

// visitCallTests visits the result of each condition on the call.
func (s *Segments) visitCallTests(n *node, c *pivot.Call, visit func(yes bool)) {
	if n == nil {
		return
	}
	if n.op == opCall {
		visit(s.eval(n, c, outside) == yes)
	}
	for _, k := range n.kids {
		s.visitCallTests(k, c, visit)
	}
}

// DependsOnCall reports whether a condition of the route tests the call, so that decisions
// may differ from call to call.
func (r *Route) DependsOnCall() bool { return r.dependsOnCall }

func (r *Route) findDependsOnCall() bool {
	asks := false
	var visit func(n *node)
	visit = func(n *node) {
		if n == nil {
			return
		}
		asks = asks || n.op == opCall
		for _, k := range n.kids {
			visit(k)
		}
	}
	for _, n := range r.branches {
		visit(n)
	}
	return asks
}

// Provides says what a branch that was taken by its own condition always comes with: an event that
// decided, and one whose title holds a key of a `names` condition.
func (r *Route) Provides(branch int) (event, match bool) {
	return provides(r, r.branches[branch], func(*leaf) bool { return true }),
		provides(r, r.branches[branch], func(l *leaf) bool { return l.field != "" })
}

func provides(r *Route, n *node, admits func(l *leaf) bool) bool {
	if n == nil {
		return false
	}
	switch n.op {
	case opCalendar:
		return admits(r.leaves[n.leaf])
	case opAll:
		for _, k := range n.kids {
			if provides(r, k, admits) {
				return true
			}
		}
	case opAny:
		for _, k := range n.kids {
			if !provides(r, k, admits) {
				return false
			}
		}
		return len(n.kids) > 0
	case opNot, opCall:
	}
	return false
}

// FindsNames reports whether a branch's condition may find a name in a title.
func (r *Route) FindsNames(branch int) bool { return len(r.Names(branch)) > 0 }

// Names are the fields of `.Data` whose keys a branch's condition looks for in titles, each with
// its keys as written.
func (r *Route) Names(branch int) map[string][]string {
	found := map[string][]string{}
	var visit func(n *node)
	visit = func(n *node) {
		if n == nil || n.op == opNot {
			return
		}
		if n.op == opCalendar && r.leaves[n.leaf].field != "" {
			found[r.leaves[n.leaf].field] = r.leaves[n.leaf].names.keys
		}
		for _, k := range n.kids {
			visit(k)
		}
	}
	visit(r.branches[branch])
	return found
}
