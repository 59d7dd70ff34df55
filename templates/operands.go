package templates

import (
	"text/template/parse"

	"github.com/callhours/callhours/internal/diag"
	"github.com/callhours/callhours/templates/vocabulary"
)

func (r *reader) operand(n parse.Node, dot value) value {
	if !r.spend(1, n) {
		return value{}
	}
	switch n := n.(type) {
	case *parse.DotNode:
		return dot
	case *parse.FieldNode:
		return r.field(dot, n.Ident, n)
	case *parse.VariableNode:
		if n.Ident[0] == "$" {
			return r.field(r.top, n.Ident[1:], n)
		}
		if i := r.variable(n.Ident[0]); i >= 0 {
			return r.field(r.variables[i].value, n.Ident[1:], n)
		}
	case *parse.ChainNode:
		return r.field(r.operand(n.Node, dot), n.Field, n)
	case *parse.PipeNode:
		return r.pipe(n, dot)
	case *parse.IdentifierNode:
		r.function(n.Ident)
	}
	return value{}
}

// field notes what is read of a value by names.
func (r *reader) field(of value, names []string, n parse.Node) value {
	if len(names) == 0 {
		return of
	}
	if of.maybe != "" {
		r.use(of, n)
	}
	switch of.what {
	case root:
		next := value{}
		switch names[0] {
		case "Call":
			if len(names) > 1 {
				r.note(&r.uses.Call, ".Call."+names[1])
				if wrong := vocabulary.CallHint(names[1:]); wrong != "" && len(r.mistakes) < maxMistakes {
					r.mistakes = append(r.mistakes, diag.Mistakef(r.tree.Source.Pos(n.Position()), "%s", wrong))
				}
			} else {
				r.note(&r.uses.Call, ".Call")
			}
		case "Now":
			r.note(&r.uses.Clock, ".Now")
		case "Event":
			r.uses.Event, next.maybe = true, ".Event"
		case "Events":
			r.uses.Event = true
		case "Until":
			r.uses.Until, next.maybe = true, ".Until"
		case "Match":
			r.uses.Match, next.maybe = true, ".Match"
		case "Data":
			next.what = data
		case "Tenant", "Route", "Branch":
			r.note(&r.uses.Names, "."+names[0])
		default:
			if len(r.mistakes) >= maxMistakes {
				return value{}
			}
			name := "." + names[0]
			r.mistakes = append(r.mistakes, diag.Mistakef(r.tree.Source.Pos(n.Position()),
				"%s is not known%s", name, vocabulary.RootHint(name)))
		}
		return r.field(next, names[1:], n)
	case data:
		r.note(&r.uses.Data, names[0])
	case other:
	}
	return value{}
}
