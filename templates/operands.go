package templates

import (
	"text/template/parse"

	"github.com/callhours/callhours/internal/diag"
	"github.com/callhours/callhours/templates/vocabulary"
)

func (a *analyzer) operand(n parse.Node, dot value) value {
	if !a.spend(1, n) {
		return value{}
	}
	switch n := n.(type) {
	case *parse.DotNode:
		return dot
	case *parse.FieldNode:
		return a.field(dot, n.Ident, n)
	case *parse.VariableNode:
		if n.Ident[0] == "$" {
			return a.field(a.dollar, n.Ident[1:], n)
		}
		if i := a.variable(n.Ident[0]); i >= 0 {
			return a.field(a.variables[i].value, n.Ident[1:], n)
		}
	case *parse.ChainNode:
		return a.field(a.operand(n.Node, dot), n.Field, n)
	case *parse.PipeNode:
		return a.pipe(n, dot)
	case *parse.IdentifierNode:
		a.function(n.Ident)
	}
	return value{}
}

// field adds what is read of a value by names.
func (a *analyzer) field(v value, names []string, n parse.Node) value {
	if len(names) == 0 {
		return v
	}
	if v.maybe != "" {
		a.use(v, n)
	}
	switch v.kind {
	case root:
		next := value{}
		switch names[0] {
		case "Call":
			if len(names) > 1 {
				a.addUse(&a.uses.Call, ".Call."+names[1])
				if wrong := vocabulary.CallHint(names[1:]); wrong != "" && len(a.mistakes) < maxMistakes {
					a.mistakes = append(a.mistakes, diag.Mistakef(a.tree.Source.Pos(n.Position()), "%s", wrong))
				}
			} else {
				a.addUse(&a.uses.Call, ".Call")
			}
		case "Now":
			a.addUse(&a.uses.Clock, ".Now")
		case "Event":
			a.uses.Event, next.maybe = true, ".Event"
		case "Events":
			a.uses.Event = true
		case "Until":
			a.uses.Until, next.maybe = true, ".Until"
		case "Match":
			a.uses.Match, next.maybe = true, ".Match"
		case "Data":
			next.kind = data
		case "Tenant", "Route", "Branch":
			a.addUse(&a.uses.Names, "."+names[0])
		default:
			if len(a.mistakes) >= maxMistakes {
				return value{}
			}
			name := "." + names[0]
			a.mistakes = append(a.mistakes, diag.Mistakef(a.tree.Source.Pos(n.Position()),
				"%s is not known%s", name, vocabulary.RootHint(name)))
		}
		return a.field(next, names[1:], n)
	case data:
		a.addUse(&a.uses.Data, names[0])
	case other:
	}
	return value{}
}
