package jsonsafe

import (
	"text/template/parse"

	"github.com/callhours/callhours/templates/trees"
)

// conflict is the fault of an action that would need two encoders.
func (e encoder) conflict(text string) *fault {
	return &fault{
		want: "an action that stands in one kind of place", found: text + ", which stands in two",
		hint: "write it in each branch",
	}
}

// refuses says what cannot be written at a place whatever the data is.
func (e encoder) refuses(p *parse.PipeNode, text string) *fault {
	last := p.Cmds[len(p.Cmds)-1].Args[0]
	if len(p.Cmds) == 1 && len(p.Cmds[0].Args) == 1 && last.Type() == parse.NodeNil {
		return &fault{want: "a value", found: text, hint: "write null, without braces"}
	}
	if trees.IsCall(last, ToJSONFunc) && e != valueEncoder {
		return &fault{
			want: "a text inside the quotes", found: text + ", which writes quotes of its own",
			hint: "leave toJson out",
		}
	}
	return nil
}

// encode adds the encoders to the pipelines of a copy.
func (c *copied) encode() {
	trees.Inspect(c.Root, func(n parse.Node) {
		switch n := n.(type) {
		case *parse.ActionNode:
			if len(n.Pipe.Decl) > 0 {
				return
			}
			encoder := c.encoders[n]
			if encoder == "" { // nothing comes here; it would still write JSON alone
				encoder = valueEncoder
			}
			if last := n.Pipe.Cmds[len(n.Pipe.Cmds)-1].Args[0]; encoder != valueEncoder ||
				!trees.IsCall(last, ToJSONFunc) {
				trees.Pipe(n.Pipe, string(encoder))
			}
		case *parse.RangeNode:
			if c.indexed[n] {
				trees.Pipe(n.Pipe, ListFunc)
			}
		}
	})
}
