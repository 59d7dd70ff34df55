package routes

import (
	"time"

	"github.com/callhours/callhours/pivot"
)

// Decision is which branch a call takes at a moment. The zero Decision is none; [Segments.Decide]
// makes them.
type Decision struct {
	Branch  int  // index into the route's Branches
	Unknown bool // taken because a calendar that was needed is unknown

	segments *Segments
	segment  int
	matched  int // the branch whose condition held, or was unknown
	call     *pivot.Call
}

// Decide takes the first branch whose condition holds for a call at a moment. A nil call is the
// ordinary call: on no list, fitting no pattern of the caller, name, digits, variable or header,
// and dialing the route's first number. A moment outside the window finds every calendar unknown.
// It allocates nothing.
func (s *Segments) Decide(c *pivot.Call, now time.Time) Decision {
	return s.decide(c, s.find(now.Unix()))
}

func (s *Segments) decide(c *pivot.Call, segment int) Decision {
	if s.verdicts == nil || segment == outside {
		return s.evaluate(c, segment)
	}
	v := &s.verdicts[s.pictures.at(segment)]
	return Decision{
		Branch: int(v.branch), Unknown: v.unknown, segments: s, segment: segment, matched: int(v.tried),
		call: c,
	}
}

// evaluate is decide without knowing anything beforehand.
func (s *Segments) evaluate(c *pivot.Call, segment int) Decision {
	return s.evaluateFor(callTester{call: c}, segment)
}

func (s *Segments) evaluateFor(c callTester, segment int) Decision {
	d := Decision{segments: s, segment: segment, call: c.call}
	for i, n := range s.route.branches {
		switch s.evalFor(n, c, segment) {
		case yes:
			d.Branch, d.matched = i, i
			return d
		case unknown:
			d.Branch, d.matched, d.Unknown = s.route.Unknown, i, true
			return d
		case no:
		}
	}
	// New is given a last branch without a condition; a route without any branch has no other
	// answer than the unknown one.
	d.Branch, d.matched, d.Unknown = s.route.Unknown, s.route.Unknown, true
	return d
}

// truth is a value of Kleene's three-valued logic. The order makes `and` the minimum, `or` the
// maximum.
type truth uint8

const (
	no truth = iota
	unknown
	yes
)

func truthOf(b bool) truth {
	if b {
		return yes
	}
	return no
}

func (t truth) not() truth { return yes - t }

func (t truth) String() string { return [...]string{"false", "unknown", "true"}[t] }

// callTester asks conditions about a call. Said holds what each of the route's said before, by
// node.leaf, unknown for those that were not asked; nil: nothing is remembered.
type callTester struct {
	call *pivot.Call
	said []truth
}

func (c callTester) test(n *node) truth {
	if c.said != nil && c.said[n.leaf] != unknown {
		return c.said[n.leaf]
	}
	var t truth
	if c.call != nil {
		t = truthOf(n.test(c.call))
	} else {
		t = truthOf(n.idle != nil && n.idle())
	}
	if c.said != nil {
		c.said[n.leaf] = t
	}
	return t
}

// eval is the truth of a condition in a segment; nil always holds.
func (s *Segments) eval(n *node, c *pivot.Call, segment int) truth {
	return s.evalFor(n, callTester{call: c}, segment)
}

func (s *Segments) evalFor(n *node, c callTester, segment int) truth {
	if n == nil {
		return yes
	}
	switch n.op {
	case opCalendar:
		return s.truth(n.leaf, segment)
	case opCall:
		return c.test(n)
	case opNot:
		return s.evalFor(n.kids[0], c, segment).not()
	case opAny:
		t := no
		for _, k := range n.kids {
			if t = max(t, s.evalFor(k, c, segment)); t == yes {
				break
			}
		}
		return t
	default:
		t := yes
		for _, k := range n.kids {
			if t = min(t, s.evalFor(k, c, segment)); t == no {
				break
			}
		}
		return t
	}
}

// Lasts is the span in Unix seconds, [from, until), in which no calendar condition changes; false
// outside the window.
func (d Decision) Lasts() (from, until int64, ok bool) {
	if d.segment == outside {
		return 0, 0, false
	}
	return d.segments.start(d.segment), d.segments.end(d.segment), true
}
