package jsonsafe

import (
	"slices"
	"strings"
	"text/template/parse"
)

// truth is what is known of a condition.
type truth uint8

const (
	unknown truth = iota
	yes
	no
)

func (t truth) not() truth {
	switch t {
	case yes:
		return no
	case no:
		return yes
	}
	return unknown
}

func truthOf(b bool) truth {
	if b {
		return yes
	}
	return no
}

// facts are the variables in scope, in the order in which they were defined, and what is known of
// each: `$name` and a letter. With them {{if $i}},{{end}} is followed as its author means it: not
// in the first turn of {{range $i, $e := …}}, and in each later one; so is a variable that is set
// to true or false. As a string they are compared with ==.
type facts string

// What is known of a variable.
const (
	isUnknown = '?'
	isTrue    = '+' // a value that {{if}} takes
	isFalse   = '-'
	isFirst   = '0' // the index of a list in the first turn of a loop
	isLater   = '1' // the same in a later one
)

func (f facts) define(name string, known byte) facts {
	return f + facts(name) + facts(known) + " "
}

// assign changes the variable of that name that was defined last.
func (f facts) assign(name string, known byte) facts {
	i := f.index(name)
	if i < 0 {
		return f
	}
	return f[:i] + facts(known) + f[i+1:]
}

// set defines a variable, or assigns to it.
func (f facts) set(v *parse.VariableNode, assign bool, known byte) facts {
	if assign {
		return f.assign(v.Ident[0], known)
	}
	return f.define(v.Ident[0], known)
}

// known tells what is known of a variable.
func (f facts) known(name string) byte {
	if i := f.index(name); i >= 0 {
		return f[i]
	}
	return isUnknown
}

// index is where the letter of a variable stands; -1 if there is no such variable.
func (f facts) index(name string) int {
	end := len(f)
	for {
		i := strings.LastIndex(string(f[:end]), name)
		if i < 0 {
			return -1
		}
		after := i + len(name)
		if (i == 0 || f[i-1] == ' ') && after+1 < len(f) && f[after+1] == ' ' {
			return after
		}
		end = i
	}
}

// count is how many variables are defined; first keeps that many. Together they end a scope.
func (f facts) count() int { return strings.Count(string(f), " ") }

func (f facts) first(n int) facts {
	rest := string(f)
	for range n {
		_, rest, _ = strings.Cut(rest, " ")
	}
	return f[:len(f)-len(rest)]
}

// evaluator tells what is known of conditions at a place.
type evaluator struct {
	facts   facts
	indexed []string // variables that were taken for the index of a list
	steps   int      // operands that were looked at
}

// pipe is the truth of a pipeline.
func (e *evaluator) pipe(p *parse.PipeNode) truth {
	if len(p.Cmds) != 1 {
		return unknown
	}
	args := p.Cmds[0].Args
	f, ok := args[0].(*parse.IdentifierNode)
	if !ok {
		if len(args) == 1 {
			return e.operand(args[0])
		}
		return unknown
	}
	args = args[1:]
	switch f.Ident {
	case "not":
		if len(args) == 1 {
			return e.operand(args[0]).not()
		}
	case "and", "or":
		ends := no // and ends at the first that is false
		if f.Ident == "or" {
			ends = yes
		}
		all := ends.not()
		for _, arg := range args {
			switch e.operand(arg) {
			case ends:
				return ends
			case unknown:
				all = unknown
			}
		}
		return all
	case "eq", "ne", "lt", "le", "gt", "ge":
		if len(args) == 2 {
			return e.compare(f.Ident, args[0], args[1])
		}
	}
	return unknown
}

func (e *evaluator) operand(n parse.Node) truth {
	e.steps++
	switch n := n.(type) {
	case *parse.BoolNode:
		return truthOf(n.True)
	case *parse.NumberNode:
		if n.IsInt {
			return truthOf(n.Int64 != 0)
		}
	case *parse.StringNode:
		return truthOf(n.Text != "")
	case *parse.PipeNode:
		return e.pipe(n)
	case *parse.VariableNode:
		if len(n.Ident) != 1 {
			return unknown
		}
		switch e.facts.known(n.Ident[0]) {
		case isTrue:
			return yes
		case isFalse:
			return no
		case isFirst:
			e.indexed = append(e.indexed, n.Ident[0])
			return no
		case isLater:
			e.indexed = append(e.indexed, n.Ident[0])
			return yes
		}
	}
	return unknown
}

// compare knows the comparisons that tell the first turn of a loop from the later ones.
func (e *evaluator) compare(how string, a, b parse.Node) truth {
	v, ok := a.(*parse.VariableNode)
	number, isNumber := b.(*parse.NumberNode)
	if !ok || len(v.Ident) != 1 || !isNumber || !number.IsInt {
		return unknown
	}
	known := e.facts.known(v.Ident[0])
	if known != isFirst && known != isLater {
		return unknown
	}
	later := slices.Contains([]string{"ne 0", "gt 0", "ge 1"}, how+" "+number.Text)
	if !later && !slices.Contains([]string{"eq 0", "lt 1", "le 0"}, how+" "+number.Text) {
		return unknown
	}
	e.indexed = append(e.indexed, v.Ident[0])
	return truthOf(later == (known == isLater))
}

// letter is what is known of a variable that a pipeline gives its value.
func (e *evaluator) letter(p *parse.PipeNode) byte {
	switch e.pipe(p) {
	case yes:
		return isTrue
	case no:
		return isFalse
	}
	return isUnknown
}
