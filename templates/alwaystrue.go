package templates

import (
	"fmt"
	"slices"
	"strings"
	"text/template/parse"

	"github.com/callhours/callhours/templates/vocabulary"
)

// alwaysTrue warns of functions that return a value unless it is empty, and else true: since false
// is empty, they return true for true and false alike. The last argument may come from the
// pipeline: piped, where it is one command.
func (c *checker) alwaysTrue(n *parse.IdentifierNode, args []parse.Node, piped parse.Node, given int) {
	isTrue := func(arg parse.Node) bool { return c.isTrue(arg, maxFollowed) }
	var tested parse.Node // that false is lost of
	switch n.Ident {
	case "default":
		if len(args) == 2 && constant(args[1]) && !constant(args[0]) {
			c.warn(n.Position(), "default gives %s always; the value to use instead comes first: default %s %s",
				args[1], args[1], args[0])
			return
		}
		if given != 2 || len(args) == 0 || !isTrue(args[0]) {
			return
		}
		if tested = piped; len(args) == 2 {
			tested = args[1]
		}
	case "or", "coalesce":
		if given < 2 || !slices.ContainsFunc(args, isTrue) {
			return
		}
		if tested = args[0]; isTrue(tested) {
			if tested = piped; len(args) > 1 {
				tested = args[1]
			}
		}
	default:
		return
	}
	hint := "declare a default in the template's header"
	if root, keys := c.mapPath(tested, maxFollowed); len(keys) > 0 {
		hint = fmt.Sprintf("write {{ dig %s true %s }}, or %s", strings.Join(keys, " "), root, hint)
	}
	c.warn(n.Position(), "%s gives true also where the value is set to false, which counts as empty; %s",
		n.Ident, hint)
}

// constant reports whether an expression is a literal, and not empty.
func constant(n parse.Node) bool {
	switch n := n.(type) {
	case *parse.BoolNode:
		return n.True
	case *parse.StringNode:
		return n.Text != ""
	case *parse.NumberNode:
		return n.Text != "0"
	}
	return false
}

// maxFollowed is how many variables, parentheses and calls within each other are followed.
const maxFollowed = 8

// isTrue reports whether an expression is true whatever the data: true, (true), (not false), or a
// variable that was set to one of them.
func (c *checker) isTrue(n parse.Node, depth int) bool {
	if depth == 0 {
		return false
	}
	switch n := n.(type) {
	case *parse.BoolNode:
		return n.True
	case *parse.VariableNode:
		set := c.assigned[n.Ident[0]]
		return len(n.Ident) == 1 && set != nil && c.isTrue(set, depth-1)
	case *parse.PipeNode:
		if len(n.Cmds) != 1 {
			return false
		}
		args := n.Cmds[0].Args
		if len(args) == 1 {
			return c.isTrue(args[0], depth-1)
		}
		f, isCall := args[0].(*parse.IdentifierNode)
		b, isBool := args[1].(*parse.BoolNode)
		return len(args) == 2 && isCall && isBool && f.Ident == "not" && !b.True
	}
	return false
}

// mapPath is the map that an expression reads and the keys, in quotes, by which it does: .Data and
// "site", "record" of .Data.site.record. It has no keys for other expressions.
func (c *checker) mapPath(n parse.Node, depth int) (root string, keys []string) {
	if depth == 0 {
		return "", nil
	}
	quoted := func(names []string) []string {
		out := make([]string, len(names))
		for i, name := range names {
			out[i] = fmt.Sprintf("%q", name)
		}
		return out
	}
	switch n := n.(type) {
	case *parse.DotNode:
		return ".", nil
	case *parse.FieldNode:
		if vocabulary.IsRoot("." + n.Ident[0]) {
			return "." + n.Ident[0], quoted(n.Ident[1:])
		}
		return ".", quoted(n.Ident)
	case *parse.VariableNode:
		switch set := c.assigned[n.Ident[0]]; {
		case n.Ident[0] == "$" && len(n.Ident) > 1:
			return "$." + n.Ident[1], quoted(n.Ident[2:])
		case len(n.Ident) == 1 && set != nil:
			return c.mapPath(set, depth-1)
		}
		return n.Ident[0], quoted(n.Ident[1:])
	case *parse.PipeNode:
		if len(n.Cmds) == 1 {
			return c.mapPath(n.Cmds[0], depth-1)
		}
	case *parse.ChainNode:
		if root, keys = c.mapPath(n.Node, depth-1); root != "" {
			return root, append(keys, quoted(n.Field)...)
		}
	case *parse.CommandNode:
		if len(n.Args) == 1 {
			return c.mapPath(n.Args[0], depth-1)
		}
		if f, ok := n.Args[0].(*parse.IdentifierNode); !ok || f.Ident != "get" && f.Ident != "index" ||
			len(n.Args) < 3 {
			return "", nil
		}
		root, keys = c.mapPath(n.Args[1], depth-1)
		for _, arg := range n.Args[2:] {
			key, ok := arg.(*parse.StringNode)
			if !ok || root == "" {
				return "", nil
			}
			keys = append(keys, key.Quoted)
		}
		return root, keys
	}
	return "", nil
}
