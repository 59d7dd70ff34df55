package jsonsafe

import (
	"fmt"
	"slices"
	"strings"
	"text/template/parse"
)

// settle ends the numbers and words that end here.
func (esc *escaper) settle(c context) context {
	var places []place
	for _, p := range c.places {
		q, fault := p.settle()
		if fault != nil {
			esc.mistake(esc.last-parse.Pos(fault.before), "%s", fault)
			return c.with(nil)
		}
		places = add(places, q)
	}
	return c.with(places)
}

// join gives the places in which two ways through a template end. They must have the same brackets
// open, and something must be able to follow both, unless a variable tells them apart.
func (esc *escaper) join(a, b context, pos parse.Pos, differ func(a, b context) string) context {
	a, b = esc.settle(a), esc.settle(b)
	switch {
	case len(esc.mistakes) > 0:
		return a.with(nil)
	case a.dead():
		return b
	case b.dead():
		return a
	}
	agree := a.open == b.open
	for _, p := range a.places {
		for _, q := range b.places {
			agree = agree && (p.facts != q.facts && p.between() && q.between() || p.agrees(q))
		}
	}
	if !agree {
		esc.mistake(pos, "%s", differ(a, b))
		return a.with(nil)
	}
	joined := a.with(add(append([]place(nil), a.places...), b.places...))
	if len(joined.places) > maxPlaces {
		esc.mistake(pos, "%s leads to too many different places; write it with fewer conditions",
			esc.tree.Source.Action(pos))
		return a.with(nil)
	}
	return joined
}

// between tells whether a place is outside of strings, and not behind a member name.
func (p place) between() bool { return p.phase <= wantName || p.phase == afterValue }

// agrees tells whether something can follow both places.
func (p place) agrees(q place) bool {
	p.facts, q.facts = "", ""
	if p == q {
		return true
	}
	return p.between() && q.between() && p.phase.follows()&q.phase.follows() != 0
}

// follows is what can come next, each kind a bit.
func (p phase) follows() uint8 {
	const value, name, closing, comma = 1, 2, 4, 8
	switch p {
	case wantValue:
		return value
	case wantElement:
		return value | closing
	case wantFirstName:
		return name | closing
	case wantName:
		return name
	case afterValue:
		return comma | closing
	default:
		return 0
	}
}

// all says what is wanted in the places of a context.
func (c context) all() string {
	var said []string
	for _, p := range c.places {
		if s := c.wanted(p); len(said) == 0 || said[len(said)-1] != s {
			said = append(said, s)
		}
	}
	text := strings.Join(said, ", or ")
	if c.open != "" {
		text += " inside " + c.open
	}
	return text
}

// needs tells whether a value or a name must come next in a place.
func (c context) needs(phases ...phase) bool {
	for _, p := range c.places {
		if slices.Contains(phases, p.phase) {
			return true
		}
	}
	return false
}

// apart says that the ways through {{if}}, {{with}} or {{range}} end in places that nothing can
// follow.
func apart(keyword string, n *parse.BranchNode, text string, taken, not context) string {
	empty := "when it is false"
	if keyword == "range" {
		empty = "when there is nothing to range over"
	}
	switch {
	case n.ElseList == nil && not.needs(wantValue) && taken.needs(afterValue) && taken.open == not.open:
		instead := "null"
		if not.open == "" {
			instead = "with another callflow"
		}
		return fmt.Sprintf("%s without {{else}}: nothing is written where a value is expected %s; add {{else}} %s", text,
			empty, instead)
	case n.ElseList == nil && taken.needs(afterValue) && not.needs(wantName, wantFirstName) && taken.open == not.open:
		return fmt.Sprintf("%s is followed by a comma only sometimes; write the members that are always there first, "+
			`and each other one as {{if …}}, "name": …{{end}}`, text)
	case n.ElseList == nil && taken.needs(wantValue, wantName) && not.needs(afterValue) && taken.open == not.open:
		return fmt.Sprintf(
			"%s writes a comma, and %s none is written; put the comma and what follows it into the same {{%s}}", text,
			empty, keyword)
	case n.ElseList == nil:
		return fmt.Sprintf(
			"%s ends where %s is expected, and %s the template continues where %s is; add {{else}} and end both alike",
			text, taken.all(), empty, not.all())
	}
	return fmt.Sprintf("%s ends where %s is expected, its {{else}} where %s is; end both alike", text, taken.all(),
		not.all())
}
