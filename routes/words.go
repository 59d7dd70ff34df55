package routes

import "strings"

// Words say what a branch waits for: `calendar hours with summary "open*" and not (caller is
// withheld)`; "otherwise" for one that has no condition.
func (r *Route) Words(branch int) string {
	n := r.branches[branch]
	if n == nil {
		return "otherwise"
	}
	return r.words(n)
}

func (r *Route) words(n *node) string {
	switch n.op {
	case opCalendar:
		return r.leaves[n.leaf].String()
	case opCall:
		return n.asks
	case opNot:
		return "not " + r.part(n.kids[0])
	case opAll, opAny:
	}
	word := " and "
	if n.op == opAny {
		word = " or "
	}
	parts := make([]string, len(n.kids))
	for i, k := range n.kids {
		parts[i] = r.part(k)
	}
	return strings.Join(parts, word)
}

// part is a condition inside another one: in brackets where it would be read otherwise.
func (r *Route) part(n *node) string {
	words := r.words(n)
	if n.op == opCalendar || n.op == opNot || len(n.kids) == 1 || n.op == opCall && !strings.Contains(words, " or ") {
		return words
	}
	return "(" + words + ")"
}
