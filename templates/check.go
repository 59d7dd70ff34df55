package templates

import (
	"strings"
	"text/template/parse"
	"unicode"
	"unicode/utf8"

	"github.com/callhours/callhours/internal/diag"
	"github.com/callhours/callhours/templates/funcs"
)

// checker walks one tree: it refuses what is not allowed and corrects the places of nodes.
type checker struct {
	source   *source
	mistakes []diag.Mistake
	warnings []diag.Mistake // what can be executed and is most likely a slip
	// what variables were last set to; without those of a {{range}}, and those that {{ $x = … }}
	// changes
	assigned map[string]*parse.PipeNode
}

func (c *checker) mistake(n parse.Node, format string, args ...any) {
	if len(c.mistakes) == maxMistakes {
		return
	}
	c.mistakes = append(c.mistakes, diag.Mistakef(c.source.Pos(n.Position()), format, args...))
}

func (c *checker) warn(at parse.Pos, format string, args ...any) {
	if len(c.warnings) < maxMistakes {
		c.warnings = append(c.warnings, diag.Mistakef(c.source.Pos(at), format, args...))
	}
}

func (c *checker) list(l *parse.ListNode) {
	if l == nil {
		return
	}
	for _, n := range l.Nodes {
		switch n := n.(type) {
		case *parse.TextNode:
			c.text(n)
		case *parse.ActionNode:
			c.pipe(n.Pipe)
		case *parse.TemplateNode:
			c.pipe(n.Pipe)
		case *parse.IfNode:
			c.branch(&n.BranchNode)
		case *parse.WithNode:
			c.branch(&n.BranchNode)
		case *parse.RangeNode:
			c.pipe(n.Pipe)
			for _, v := range n.Pipe.Decl { // it is an element of what is written there
				delete(c.assigned, v.Ident[0])
			}
			c.list(n.List)
			c.list(n.ElseList)
		}
	}
}

func (c *checker) branch(b *parse.BranchNode) {
	c.pipe(b.Pipe)
	c.list(b.List)
	c.list(b.ElseList)
}

func (c *checker) pipe(p *parse.PipeNode) {
	if p == nil {
		return
	}
	for i, cmd := range p.Cmds {
		given := len(cmd.Args) - 1
		var piped parse.Node
		if i > 0 {
			given++
		}
		if i == 1 {
			piped = p.Cmds[0]
		}
		for j, arg := range cmd.Args {
			if f, ok := arg.(*parse.IdentifierNode); ok {
				if j > 0 {
					c.argument(f)
				} else {
					c.call(f, cmd.Args[1:], given)
					c.alwaysTrue(f, cmd.Args[1:], piped, given)
				}
				continue
			}
			if n, ok := arg.(*parse.NumberNode); ok {
				c.character(n)
			}
			c.operand(arg)
			if j == 0 {
				c.method(arg, cmd.Args[1:], given)
			} else {
				c.method(arg, nil, 0)
			}
		}
	}
	for _, v := range p.Decl {
		if p.IsAssign {
			delete(c.assigned, v.Ident[0])
			continue
		}
		if c.assigned == nil {
			c.assigned = map[string]*parse.PipeNode{}
		}
		c.assigned[v.Ident[0]] = p
	}
}

// argument checks a function that stands for an argument: an unknown one is a text without its
// quotes.
func (c *checker) argument(n *parse.IdentifierNode) {
	known := funcs.Known(n.Ident)
	_, no := funcs.Refused(n.Ident)
	_, other := otherLanguages[n.Ident]
	first, _ := utf8.DecodeRuneInString(n.Ident)
	if known || no || other || unicode.IsUpper(first) {
		c.call(n, nil, 0)
		return
	}
	c.mistake(n, "unknown function %q; write a text or a key in double quotes, as in %q", n.Ident, n.Ident)
}

// operand corrects where fields and variables begin: text/template says where their second name
// stands.
func (c *checker) operand(n parse.Node) {
	switch n := n.(type) {
	case *parse.FieldNode:
		if len(n.Ident) > 1 {
			n.Pos -= parse.Pos(len(n.Ident[0]) + len("."))
		}
	case *parse.VariableNode:
		if len(n.Ident) > 1 {
			n.Pos -= parse.Pos(len(n.Ident[0]))
		}
	case *parse.ChainNode:
		c.operand(n.Node)
		if f, ok := n.Node.(*parse.IdentifierNode); ok {
			c.call(f, nil, 0)
		}
	case *parse.PipeNode:
		c.pipe(n)
	}
}

// call checks the call of a function with arguments, of which the last may come from the pipeline.
func (c *checker) call(n *parse.IdentifierNode, args []parse.Node, given int) {
	if len(c.mistakes) == maxMistakes {
		return
	}
	if !funcs.Known(n.Ident) {
		if reason, ok := funcs.Refused(n.Ident); ok {
			c.mistake(n, "%s is not available: %s", n.Ident, reason)
			return
		}
		c.mistake(n, "unknown function %q%s", n.Ident, suggestFunction(n.Ident))
		return
	}
	if wrong := funcs.CheckCount(n.Ident, given); wrong != "" {
		c.mistake(n, "%s", wrong)
	}
	switch {
	case n.Ident == "on" && (len(args) != 1 || args[0].Type() != parse.NodeString):
		c.mistake(n, `expected the calendar's name in quotes right after on, as in {{ on "holidays" }}`)
	case n.Ident == "printf" && len(args) > 0:
		if s, ok := args[0].(*parse.StringNode); ok && strings.Contains(s.Text, "%q") {
			reason, _ := funcs.Refused("quote")
			c.mistake(s, "%%q makes text that JSON does not allow: %s", reason)
		}
	case strings.HasPrefix(n.Ident, "date") && len(args) > 0 && args[0].Type() == parse.NodeString:
		c.layout(args[0].(*parse.StringNode))
		if n.Ident == "dateInZone" && len(args) == 3 {
			c.zone(args[2])
		}
	case n.Ident == "dateInZone" && len(args) == 3:
		c.zone(args[2])
	case strings.HasPrefix(n.Ident, "regex") && len(args) > 0 && n.Ident != "regexQuoteMeta":
		if s, ok := args[0].(*parse.StringNode); ok {
			if err := funcs.CheckPattern(s.Text); err != nil {
				c.mistake(s, "%s", err)
			}
		}
	}
}

// method refuses the methods of times that read the server's zone or make text without bound.
func (c *checker) method(n parse.Node, args []parse.Node, given int) {
	var names []string
	switch n := n.(type) {
	case *parse.FieldNode:
		names = n.Ident
	case *parse.VariableNode:
		names = n.Ident[1:]
	case *parse.ChainNode:
		names = n.Field
	}
	for _, name := range names {
		switch name {
		case "Local":
			c.mistake(n, ".Local is the server's time zone; times are in the route's zone already")
		case "AppendFormat":
			c.mistake(n, ".AppendFormat is not available; write date")
		case "Format":
			if given != 1 || len(args) != 1 || args[0].Type() != parse.NodeString {
				c.mistake(n, `expected .Format with one layout in quotes, as in {{ .Now.Format "15:04" }}; or write date`)
				continue
			}
			c.layout(args[0].(*parse.StringNode))
		}
	}
}

// firstOutput finds the first node that writes or does something: not a comment, not blanks.
func firstOutput(l *parse.ListNode) parse.Node {
	for _, n := range l.Nodes {
		if text, ok := n.(*parse.TextNode); ok && strings.TrimSpace(string(text.Text)) == "" {
			continue
		}
		if n.Type() != parse.NodeComment {
			return n
		}
	}
	return nil
}
