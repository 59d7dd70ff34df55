package pivot

import (
	"bytes"
	"strconv"
)

// What Kazoo grants a call: each action takes five tokens of its bucket, which holds a hundred and
// fills by ten a second. Whatever an action that waits for somebody leaves of that is taken to be
// filled up when the next one runs.
const (
	budgetTokens  = 100
	budgetAction  = 5
	budgetRefills = 10 // a second
)

// budgetWarnings reports the first action that exceeds a call's budget; nothing if there is none.
// The callflow is one that Kazoo accepts.
func budgetWarnings(body []byte) []*Finding {
	b := budget{checker: checker{body: body}}
	b.checkAction(&reader{json: body}, budgetTokens)
	return b.found
}

// budget walks a callflow with the tokens that a call has left.
type budget struct {
	checker
	found []*Finding
}

func (b *budget) checkAction(r *reader, tokens float64) {
	r.skipSpace()
	start := r.pos
	module, data, children := r.readAction()
	if len(b.found) > 0 {
		return
	}
	if tokens < budgetAction {
		f := b.finding(r.json[start:r.pos], nil,
			"Kazoo ends the call before this action: more than %d actions that take no time come one after the other; do more in one, such as set_variables",
			budgetTokens/budgetAction)
		f.Budget = true
		b.found = append(b.found, f)
		return
	}
	tokens = min(budgetTokens, tokens-budgetAction+budgetRefills*actionSeconds(string(unquote(module)), data))
	if children == nil {
		return
	}
	b.path = append(b.path, step{name: quotedChildren})
	c := reader{json: children}
	for c.enter(); c.more(); {
		b.path = append(b.path, step{name: c.readName()})
		b.checkAction(&c, tokens)
		b.path = b.path[:len(b.path)-1]
	}
	b.path = b.path[:len(b.path)-1]
}

// actionSeconds estimates how long an action takes: what sleep is told; nothing for instant
// modules; for those that wait for people or machines, long enough to refill the budget.
func actionSeconds(module string, data []byte) float64 {
	const enough = budgetTokens / budgetRefills
	if builtIn().instant[module] {
		return 0
	}
	if module != "sleep" {
		return enough
	}
	unit, length := 1.0, 0.0
	if data != nil {
		length, _ = strconv.ParseFloat(string(findMember(data, "duration")), 64)
		switch string(bytes.Trim(findMember(data, "unit"), `"`)) {
		case "ms":
			unit = 0.001
		case "m":
			unit = 60
		case "h":
			unit = 3600
		}
	}
	return length * unit
}
