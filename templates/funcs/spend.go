package funcs

import (
	"context"
	"errors"
	"reflect"
	"strconv"
	"strings"

	"github.com/callhours/callhours/templates/jsonsafe"
	"github.com/callhours/callhours/templates/trees"
)

// What an execution does is counted in bytes, before it is done: those that functions make, look
// through or compare, and for what is no text, what takes about as long. MaxWork of them take some
// tenths of a second.
const (
	perElement      = 16      // for an element of a list or map, and for a node of a template that is passed
	contextInterval = 4 << 10 // after so many bytes the context is checked

	perName  = 64      // for a name of .a.b.c that may be absent, and may be a method
	perTime  = 512     // to write or read a time
	perPhone = 4 << 10 // to part a telephone number
	perZone  = 8 << 10 // to find a time zone that is not named in quotes

	// maxPassed is how many nodes of a template may be passed at most before they are counted:
	// an ordinary answer has fewer.
	maxPassed = 256
)

// checkContext is an error once the context has ended.
func (r *Run) checkContext() error {
	switch err := r.ctx.Err(); {
	case err == nil:
		return nil
	case errors.Is(err, context.DeadlineExceeded):
		return Limitf("takes too long")
	default:
		return err
	}
}

// spend counts work before it is done, and checks the context now and then.
func (r *Run) spend(n int) error {
	if n < 0 || n > r.left {
		return Limitf("does more than functions may do in all, which is to go through %d MiB", MaxWork>>20)
	}
	r.left -= n
	if r.checkedAt-r.left < contextInterval {
		return nil
	}
	r.checkedAt = r.left
	return r.checkContext()
}

// step counts a turn of a loop that passes so many nodes. It returns false, so that it can be the
// condition of an {{if}} that writes nothing.
func (r *Run) step(nodes int) (bool, error) {
	if r.steps--; r.steps < 0 {
		return false, Limitf("more than %d steps; does a loop end?", MaxSteps)
	}
	if err := r.spend(perElement * nodes); err != nil {
		return false, err
	}
	return false, r.checkContext()
}

// enter counts the call of a template, leave its end. Both return false like step.
func (r *Run) enter(nodes int) (bool, error) {
	if r.depth++; r.depth > trees.MaxDepth {
		return false, Limitf("templates call each other more than %d deep", trees.MaxDepth)
	}
	return r.step(nodes)
}

func (r *Run) leave() bool {
	r.depth--
	return false
}

// pass counts nodes without a loop. It returns false like step.
func (r *Run) pass(nodes int) (bool, error) { return false, r.spend(perElement * nodes) }

// counter is the function of a name that counterName made; nil for any other.
func (r *Run) counter(name string) any {
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

// boundText returns a text if it is within bounds.
func (r *Run) boundText(s string) (string, error) {
	if err := r.spendText(len(s)); err != nil {
		return "", err
	}
	return s, nil
}

// spendText counts a text of n bytes before it is made.
func (r *Run) spendText(n int) error {
	if n > MaxText || n < 0 {
		return Limitf("a text of more than %d bytes", MaxText)
	}
	return r.spend(n)
}

// spendElements counts a list of n elements before it is made.
func (r *Run) spendElements(n int) error {
	if n > MaxElements || n < 0 {
		return Limitf("a list of more than %d elements", MaxElements)
	}
	return r.spend(perElement * n)
}

// bound returns a list or map if all that it holds is within bounds. Lists can hold the same list
// many times: thirty doublings would have a billion elements to write.
func bound[T any](r *Run, made T) (T, error) {
	w := sizeLimit{elements: MaxElements + 1, text: MaxText}
	w.add(made)
	if w.elements < 0 || w.text < 0 {
		var zero T
		return zero, Limitf("a list or map of more than %d elements or %d bytes", MaxElements, MaxText)
	}
	return made, r.spend(perElement * (MaxElements + 1 - w.elements))
}

// spendSize counts a value and all that it holds, which may be more than a function could make:
// data is as large as its file.
func (r *Run) spendSize(v any) error {
	w := sizeLimit{elements: MaxElements + 1, text: MaxText, opaque: true}
	w.add(v)
	return r.spend(perElement*(MaxElements+1-w.elements) + MaxText - w.text)
}

// sizeLimit is what may still be added.
type sizeLimit struct {
	elements, text int
	opaque         bool // what templates cannot make is looked through too
}

// opaqueSize is what a value counts that templates cannot make: an event, a call.
const opaqueSize = 100

func (l *sizeLimit) add(v any) {
	if l.elements--; l.elements < 0 || l.text < 0 {
		return
	}
	switch v := v.(type) {
	case string:
		l.text -= len(v)
	case jsonsafe.JSON:
		l.text -= len(v.String())
	case []any:
		for _, e := range v {
			l.add(e)
			if l.elements < 0 {
				return
			}
		}
	case map[string]any:
		for k, e := range v {
			l.text -= len(k)
			l.add(e)
			if l.elements < 0 {
				return
			}
		}
	case []string:
		l.elements -= len(v)
		for _, s := range v {
			l.text -= len(s)
		}
	case map[string]string:
		l.elements -= len(v)
		for k, s := range v {
			l.text -= len(k) + len(s)
		}
	case []int:
		l.elements -= len(v)
	case nil, bool, int, int64, float64:
	default:
		l.elements -= opaqueSize
		if l.opaque {
			l.addReflect(reflect.ValueOf(v), opaqueDepth)
		}
	}
}

// opaqueDepth is how deep events and calls are counted.
const opaqueDepth = 6

// addReflect adds what JSON has of a value that templates cannot make, such as a list of events.
func (l *sizeLimit) addReflect(v reflect.Value, depth int) {
	if depth--; depth < 0 {
		return
	}
	switch v.Kind() {
	case reflect.String:
		l.text -= v.Len()
	case reflect.Pointer:
		l.addReflect(v.Elem(), depth)
	case reflect.Interface:
		if v.CanInterface() {
			l.add(v.Interface())
		}
	case reflect.Slice, reflect.Array:
		switch v.Type().Elem().Kind() {
		case reflect.Uint8:
			l.text -= v.Len()
			return
		case reflect.Struct:
			l.elements -= opaqueSize * v.Len()
		default:
			l.elements -= v.Len()
		}
		for _, e := range v.Seq2() {
			l.addReflect(e, depth)
		}
	case reflect.Map:
		l.elements -= v.Len()
		for k, e := range v.Seq2() {
			l.addReflect(k, depth)
			l.addReflect(e, depth)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				l.addReflect(v.Field(i), depth)
			}
		}
	}
}
