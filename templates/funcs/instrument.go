package funcs

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"text/template/parse"

	"github.com/callhours/callhours/templates/jsonsafe"
	"github.com/callhours/callhours/templates/trees"
)

// TextFunc is the encoder of templates whose output is text: it writes single values.
const TextFunc = "__text"

// Names of the functions that are put into trees; no author can name them, for they are not on the
// list.
const (
	stepName  = "__step"
	enterName = "__enter"
	leaveName = "__leave"
	passName  = "__pass"
	rangeName = "__range"
)

// Instrument puts into a tree what an execution needs: calls that count its loops, its nodes and,
// of one that can be called, by itself too, its calls; and reads of what may be absent.
// text/template has no way to end an execution, and {{range 1000000000000}}{{end}} writes nothing.
func Instrument(t *parse.Tree, called bool) {
	trees.Inspect(t.Root, func(n parse.Node) {
		switch n := n.(type) {
		case *parse.IfNode:
			makeOperandsOptional(n.Pipe, true)
		case *parse.WithNode:
			makeOperandsOptional(n.Pipe, true)
		case *parse.RangeNode:
			makeOperandsOptional(n.Pipe, false)
		case *parse.ActionNode:
			makeOperandsOptional(n.Pipe, false)
		case *parse.TemplateNode:
			if n.Pipe != nil {
				makeOperandsOptional(n.Pipe, false)
			}
		}
	})
	_, highest := addCounters(t.Root, 0)
	if called {
		t.Root.Nodes = slices.Insert(t.Root.Nodes, 0, trees.Call(counterName(enterName, highest), t.Root.Pos, 0))
		t.Root.Nodes = append(t.Root.Nodes, trees.Call(leaveName, t.Root.Pos, 0))
	}
}

// counterName puts a count of nodes into a name: functions are called without arguments at less
// cost.
func counterName(name string, nodes int) string { return name + "_" + strconv.Itoa(nodes) }

// addCounters puts counters into a list, before which so many nodes were passed uncounted: at the
// head of each loop, and wherever more than maxPassed would be passed. It returns how many are
// uncounted at the end, and the most anywhere in the list.
func addCounters(l *parse.ListNode, since int) (left, highest int) {
	if l == nil {
		return since, since
	}
	highest = since
	var nodes []parse.Node
	for _, n := range l.Nodes {
		size, written := trees.Count(n), n.Type() == parse.NodeText || n.Type() == parse.NodeComment
		if since > 0 && since+size > maxPassed && !written {
			nodes = append(nodes, trees.Call(counterName(passName, since), n.Position(), 0))
			since = 0
		}
		since += size
		inner := since
		switch n := n.(type) {
		case *parse.IfNode:
			since, inner = addBranchCounters(&n.BranchNode, since)
		case *parse.WithNode:
			since, inner = addBranchCounters(&n.BranchNode, since)
		case *parse.RangeNode:
			_, turn := addCounters(n.List, 1)
			n.List.Nodes = slices.Insert(n.List.Nodes, 0, trees.Call(counterName(stepName, turn), n.Pos, n.Line))
			var none int
			none, inner = addCounters(n.ElseList, since)
			since = max(since, none)
		}
		highest = max(highest, since, inner)
		nodes = append(nodes, n)
	}
	l.Nodes = nodes
	return since, highest
}

func addBranchCounters(b *parse.BranchNode, since int) (left, highest int) {
	yes, inYes := addCounters(b.List, since)
	no, inNo := addCounters(b.ElseList, since)
	return max(yes, no), max(inYes, inNo)
}

// CountRanges passes what is ranged over through a call that counts what {{range}} does before its
// first turn: it sorts maps. What cannot be ranged over is refused there, since text/template would
// write all of it into its message. It is for trees that are not analyzed any more.
func CountRanges(t *parse.Tree) {
	trees.Inspect(t.Root, func(n parse.Node) {
		r, ok := n.(*parse.RangeNode)
		if !ok {
			return
		}
		var last parse.Node
		for _, cmd := range r.Pipe.Cmds {
			if !trees.IsCall(cmd.Args[0], jsonsafe.ListFunc) {
				last = cmd.Args[0]
			}
		}
		expression := last.String()
		if strings.Contains(expression, "__") { // it holds functions of ours
			expression = ""
		}
		r.Pipe.Cmds = append(r.Pipe.Cmds, &parse.CommandNode{
			NodeType: parse.NodeCommand, Pos: last.Position(), Args: []parse.Node{
				parse.NewIdentifier(rangeName).SetPos(last.Position()),
				&parse.StringNode{
					NodeType: parse.NodeString, Pos: last.Position(), Quoted: strconv.Quote(expression),
					Text: expression,
				},
			},
		})
	})
}

// checkRange returns what is ranged over, the value of an expression, if it can be.
func (r *Run) checkRange(expression string, v reflect.Value) (reflect.Value, error) {
	over := v
	for over.Kind() == reflect.Pointer || over.Kind() == reflect.Interface {
		over = over.Elem()
	}
	switch over.Kind() {
	case reflect.Invalid, reflect.Slice, reflect.Array:
		return v, nil
	case reflect.Map:
		if m, ok := reflect.TypeAssert[map[string]any](over); ok {
			return v, r.sortKeys(m)
		}
		return v, r.spend(8 * perElement * over.Len())
	}
	if over.CanInt() || over.CanUint() {
		return v, nil
	}
	if expression != "" {
		expression += ": "
	}
	return v, fmt.Errorf("%s{{range}} needs a list, a map or a number", expression)
}
