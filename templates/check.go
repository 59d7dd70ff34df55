package templates

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"text/template/parse"

	"github.com/callhours/callhours/internal/diag"
)

// Names of the functions that are put into the trees; no template can name them, for they are not on the list.
const (
	stepName  = "__step"
	enterName = "__enter"
	leaveName = "__leave"
	passName  = "__pass"
	listName  = "__list"
)

// checker walks one tree: it refuses what is not allowed and corrects the places of nodes.
type checker struct {
	source   *source
	mistakes []diag.Mistake
	odd      []diag.Mistake // what can be executed and is hardly meant
}

func (c *checker) mistake(n parse.Node, format string, args ...any) {
	if len(c.mistakes) == maxMistakes {
		return
	}
	c.mistakes = append(c.mistakes, diag.Mistakef(c.source.pos(n.Position()), format, args...))
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
			c.branch(&n.BranchNode)
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
		if i > 0 {
			given++
		}
		for j, arg := range cmd.Args {
			if f, ok := arg.(*parse.IdentifierNode); ok {
				if j > 0 {
					c.call(f, nil, 0)
				} else {
					c.call(f, cmd.Args[1:], given)
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
}

// operand corrects where fields and variables begin: text/template says where their second name stands.
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
	f, ok := functions[n.Ident]
	if !ok {
		if reason, ok := refused[n.Ident]; ok {
			c.mistake(n, "%s is not available: %s", n.Ident, reason)
			return
		}
		c.mistake(n, "there is no function %q%s", n.Ident, functionMeant(n.Ident))
		return
	}
	if f.bind != nil {
		t := reflect.TypeOf(f.bind(&run{}))
		switch want := t.NumIn(); {
		case t.IsVariadic() && given < want-1:
			c.mistake(n, "%s wants at least %s, found %d", n.Ident, count(want-1, "argument"), given)
		case !t.IsVariadic() && given != want:
			c.mistake(n, "%s wants %s, found %d", n.Ident, count(want, "argument"), given)
		}
	}
	c.alwaysTrue(n, args, given)
	switch {
	case n.Ident == "on" && (len(args) != 1 || args[0].Type() != parse.NodeString):
		c.mistake(n, `want the calendar's name in quotes right after on, as in {{ on "holidays" }}`)
	case n.Ident == "printf" && len(args) > 0:
		if s, ok := args[0].(*parse.StringNode); ok && strings.Contains(s.Text, "%q") {
			c.mistake(s, "%%q makes text that JSON does not allow: %s", quotes)
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
			if _, err := compile(s.Text); err != nil {
				c.mistake(s, "%s", err)
			}
		}
	}
}

// alwaysTrue notes functions that give a value unless it is empty, and else true: false is empty, so that they give true for whatever is true or false.
func (c *checker) alwaysTrue(n *parse.IdentifierNode, args []parse.Node, given int) {
	isTrue := func(arg parse.Node) bool {
		b, ok := arg.(*parse.BoolNode)
		return ok && b.True
	}
	var asked parse.Node // that false is lost of, where it is no result of the pipeline
	switch n.Ident {
	case "default":
		if given != 2 || len(args) == 0 || !isTrue(args[0]) {
			return
		}
		if len(args) == 2 {
			asked = args[1]
		}
	case "or", "coalesce":
		if given < 2 || !slices.ContainsFunc(args, isTrue) {
			return
		}
		asked = args[0]
	default:
		return
	}
	cure := `dig "NAME" true .Data`
	if f, ok := asked.(*parse.FieldNode); ok && len(f.Ident) > 1 {
		cure = fmt.Sprintf(`dig "%s" true .%s`, strings.Join(f.Ident[1:], `" "`), f.Ident[0])
	}
	if len(c.odd) == maxMistakes {
		return
	}
	c.odd = append(c.odd, diag.Mistakef(c.source.pos(n.Position()),
		"%s gives true also where the value is set to false, which counts as empty; write {{ %s }}, or declare a default in the template's header", n.Ident, cure))
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
				c.mistake(n, `want .Format with one layout in quotes, as in {{ .Now.Format "15:04" }}; or write date`)
				continue
			}
			c.layout(args[0].(*parse.StringNode))
		}
	}
}

// callNode is {{if NAME}}{{end}}: it calls a function and writes nothing.
func callNode(name string, pos parse.Pos, line int) parse.Node {
	call := &parse.CommandNode{
		NodeType: parse.NodeCommand, Pos: pos,
		Args: []parse.Node{parse.NewIdentifier(name).SetPos(pos)},
	}
	return &parse.IfNode{BranchNode: parse.BranchNode{
		NodeType: parse.NodeIf, Pos: pos, Line: line,
		Pipe: &parse.PipeNode{NodeType: parse.NodePipe, Pos: pos, Line: line, Cmds: []*parse.CommandNode{call}},
		List: &parse.ListNode{NodeType: parse.NodeList, Pos: pos},
	}}
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
