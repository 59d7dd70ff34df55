package routes

import (
	"github.com/callhours/callhours/pivot"
)

// Held is what the events and the reason of a decision follow from: two decisions of the same Segments with the same
// Held have the same. It is comparable.
type Held struct {
	segment int
	tried   int
	unknown bool
	calls   uint64 // what the conditions on the call in the branch that was tried said, a bit each
}

// Held tells a decision from others; false when its branch has more conditions on the call than can be told
// apart. It allocates nothing.
func (d Decision) Held() (Held, bool) {
	h := Held{segment: d.segment, tried: d.tried, unknown: d.Unknown}
	if !d.segments.route.asksCall {
		return h, true
	}
	n, fits := 0, true
	d.segments.asked(d.segments.route.branches[d.tried], d.call, func(yes bool) {
		if yes {
			h.calls |= 1 << (n % 64)
		}
		n++
		fits = n <= 64
	})
	return h, fits
}

// SameSegment says whether two decisions were taken in the same segment.
func (h Held) SameSegment(o Held) bool { return h.segment == o.segment }

// asked visits what each condition on the call says.
func (s *Segments) asked(n *node, c *pivot.Call, visit func(yes bool)) {
	if n == nil {
		return
	}
	if n.op == opCall {
		visit(s.eval(n, c, outside) == yes)
	}
	for _, k := range n.kids {
		s.asked(k, c, visit)
	}
}

// AsksCall says whether a condition of the route asks about the call, so that what comes next
// may differ from call to call.
func (r *Route) AsksCall() bool { return r.asksCall }

func (r *Route) findAsksCall() bool {
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

// Gives says what a branch that was taken by its own condition always comes with: an event that decided, and one whose
// title holds a key of a `names` condition.
func (r *Route) Gives(branch int) (event, match bool) {
	return gives(r, r.branches[branch], func(*leaf) bool { return true }),
		gives(r, r.branches[branch], func(l *leaf) bool { return l.field != "" })
}

func gives(r *Route, n *node, admits func(l *leaf) bool) bool {
	if n == nil {
		return false
	}
	switch n.op {
	case opCalendar:
		return admits(r.leaves[n.leaf])
	case opAll:
		for _, k := range n.kids {
			if gives(r, k, admits) {
				return true
			}
		}
	case opAny:
		for _, k := range n.kids {
			if !gives(r, k, admits) {
				return false
			}
		}
		return len(n.kids) > 0
	case opNot, opCall:
	}
	return false
}

// Names are the fields of `.Data` whose keys a branch's condition looks for in titles, each with its keys as written.
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
