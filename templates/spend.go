package templates

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"text/template/parse"

	"github.com/callhours/callhours/templates/jsonsafe"
	"github.com/callhours/callhours/templates/trees"
)

// What an execution does is counted in bytes, before it is done: those that functions make, look through or compare,
// and for what is no text, what takes about as long. maxWork of them take some tenths of a second.
const (
	perElement = 16      // for an element of a list or map, and for a node of a template that is passed
	askEach    = 4 << 10 // after so many bytes the deadline is asked

	perTime  = 512     // to write or read a time
	perPhone = 4 << 10 // to part a telephone number
	perZone  = 8 << 10 // to find a time zone that is not named in quotes

	// mostPassed is how many nodes of a template may be passed at most before they are counted:
	// an ordinary answer has fewer.
	mostPassed = 256
)

// alive ends the execution whose context has ended.
func (r *run) alive() error {
	switch err := r.ctx.Err(); {
	case err == nil:
		return nil
	case errors.Is(err, context.DeadlineExceeded):
		return limitf("takes too long")
	default:
		return err
	}
}

// spend counts work before it is done, and asks now and then whether there is time.
func (r *run) spend(n int) error {
	if n < 0 || n > r.work {
		return limitf("does more than functions may do in all, which is to go through %d MiB", maxWork>>20)
	}
	r.work -= n
	if r.asked-r.work < askEach {
		return nil
	}
	r.asked = r.work
	return r.alive()
}

// step counts a turn of a loop that passes so many nodes. It returns false, so that it can be the condition of an
// {{if}} that writes nothing.
func (r *run) step(nodes int) (bool, error) {
	if r.steps--; r.steps < 0 {
		return false, limitf("more than %d steps; does a loop end?", MaxSteps)
	}
	if err := r.spend(perElement * nodes); err != nil {
		return false, err
	}
	return false, r.alive()
}

// enter counts the call of a template, leave its end. Both return false like step.
func (r *run) enter(nodes int) (bool, error) {
	if r.depth++; r.depth > trees.MaxDepth {
		return false, limitf("templates call each other more than %d deep", trees.MaxDepth)
	}
	return r.step(nodes)
}

func (r *run) leave() bool {
	r.depth--
	return false
}

// pass counts nodes without a loop. It returns false like step.
func (r *run) pass(nodes int) (bool, error) { return false, r.spend(perElement * nodes) }

// counting puts a count of nodes into a name: functions are called without arguments at less cost.
func counting(name string, nodes int) string { return name + "_" + strconv.Itoa(nodes) }

// counter gives the function that counts by a name that counting made; nil for any other.
func (r *run) counter(name string) any {
	kind, number, _ := strings.Cut(strings.TrimPrefix(name, "__"), "_")
	nodes, err := strconv.Atoi(number)
	if err != nil {
		return nil
	}
	switch "__" + kind {
	case stepName:
		return func() (bool, error) { return r.step(nodes) }
	case enterName:
		return func() (bool, error) { return r.enter(nodes) }
	case passName:
		return func() (bool, error) { return r.pass(nodes) }
	}
	return nil
}

// countNodes puts counts into a list of which so many nodes were passed before it: at the head of each loop, and
// wherever more than mostPassed would be passed without one. It gives how many are passed since the last one at the
// end, and the most anywhere in the list.
func countNodes(l *parse.ListNode, since int) (left, most int) {
	if l == nil {
		return since, since
	}
	most = since
	var nodes []parse.Node
	for _, n := range l.Nodes {
		size, written := trees.Count(n), n.Type() == parse.NodeText || n.Type() == parse.NodeComment
		if since > 0 && since+size > mostPassed && !written {
			nodes = append(nodes, trees.Call(counting(passName, since), n.Position(), 0))
			since = 0
		}
		since += size
		inner := since
		switch n := n.(type) {
		case *parse.IfNode:
			since, inner = countBranch(&n.BranchNode, since)
		case *parse.WithNode:
			since, inner = countBranch(&n.BranchNode, since)
		case *parse.RangeNode:
			_, turn := countNodes(n.List, 1)
			n.List.Nodes = slices.Insert(n.List.Nodes, 0, trees.Call(counting(stepName, turn), n.Pos, n.Line))
			var none int
			none, inner = countNodes(n.ElseList, since)
			since = max(since, none)
		}
		most = max(most, since, inner)
		nodes = append(nodes, n)
	}
	l.Nodes = nodes
	return since, most
}

func countBranch(b *parse.BranchNode, since int) (left, most int) {
	yes, inYes := countNodes(b.List, since)
	no, inNo := countNodes(b.ElseList, since)
	return max(yes, no), max(inYes, inNo)
}

// text gives back what a function made if it is within bounds.
func (r *run) text(s string) (string, error) {
	if err := r.room(len(s)); err != nil {
		return "", err
	}
	return s, nil
}

// room asks whether a text of n bytes may be made.
func (r *run) room(n int) error {
	if n > MaxText || n < 0 {
		return limitf("a text of more than %d bytes", MaxText)
	}
	return r.spend(n)
}

// elements asks whether a list of n elements may be made.
func (r *run) elements(n int) error {
	if n > MaxElements || n < 0 {
		return limitf("a list of more than %d elements", MaxElements)
	}
	return r.spend(perElement * n)
}

// weigh gives back a list or map that a function made if all that it holds is within bounds. Lists can hold the same
// list many times over: thirty doublings would have a billion elements to write.
func weigh[T any](r *run, made T) (T, error) {
	w := weight{elements: MaxElements + 1, text: MaxText}
	w.add(made)
	if w.elements < 0 || w.text < 0 {
		var zero T
		return zero, limitf("a list or map of more than %d elements or %d bytes", MaxElements, MaxText)
	}
	return made, r.spend(perElement * (MaxElements + 1 - w.elements))
}

// lookThrough counts what it takes to go through a value and all that it holds, which may be more than a function could
// make: data is as large as its file.
func (r *run) lookThrough(v any) error {
	w := weight{elements: MaxElements + 1, text: MaxText}
	w.add(v)
	if list := reflect.ValueOf(v); list.Kind() == reflect.Slice && list.Type().Elem().Kind() == reflect.Struct {
		w.elements -= opaque * list.Len()
	}
	return r.spend(perElement*(MaxElements+1-w.elements) + MaxText - w.text)
}

// weight is what may still be added.
type weight struct{ elements, text int }

// opaque is what a value weighs that templates cannot make: an event, a call.
const opaque = 100

func (w *weight) add(v any) {
	if w.elements--; w.elements < 0 || w.text < 0 {
		return
	}
	switch v := v.(type) {
	case string:
		w.text -= len(v)
	case jsonsafe.JSON:
		w.text -= len(v.String())
	case []any:
		for _, e := range v {
			w.add(e)
			if w.elements < 0 {
				return
			}
		}
	case map[string]any:
		for k, e := range v {
			w.text -= len(k)
			w.add(e)
			if w.elements < 0 {
				return
			}
		}
	case []string:
		for _, e := range v {
			w.add(e)
		}
	case map[string]string:
		for k, e := range v {
			w.text -= len(k)
			w.add(e)
		}
	case []int:
		w.elements -= len(v)
	case nil, bool, int, int64, float64:
	default:
		w.elements -= opaque
	}
}
