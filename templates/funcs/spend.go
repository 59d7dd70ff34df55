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
	perElement = 16      // for an element of a list or map, and for a node of a template that is passed
	askEach    = 4 << 10 // after so many bytes the deadline is asked

	perName  = 64      // for a name of .a.b.c that may be absent, and may be a method
	perTime  = 512     // to write or read a time
	perPhone = 4 << 10 // to part a telephone number
	perZone  = 8 << 10 // to find a time zone that is not named in quotes

	// maxPassed is how many nodes of a template may be passed at most before they are counted:
	// an ordinary answer has fewer.
	maxPassed = 256
)

// alive ends the execution whose context has ended.
func (r *Run) alive() error {
	switch err := r.ctx.Err(); {
	case err == nil:
		return nil
	case errors.Is(err, context.DeadlineExceeded):
		return Limitf("takes too long")
	default:
		return err
	}
}

// spend counts work before it is done, and asks now and then whether there is time.
func (r *Run) spend(n int) error {
	if n < 0 || n > r.work {
		return Limitf("does more than functions may do in all, which is to go through %d MiB", MaxWork>>20)
	}
	r.work -= n
	if r.asked-r.work < askEach {
		return nil
	}
	r.asked = r.work
	return r.alive()
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
	return false, r.alive()
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

// counter gives the function that counts by a name that counting made; nil for any other.
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

// text gives back what a function made if it is within bounds.
func (r *Run) text(s string) (string, error) {
	if err := r.room(len(s)); err != nil {
		return "", err
	}
	return s, nil
}

// room asks whether a text of n bytes may be made.
func (r *Run) room(n int) error {
	if n > MaxText || n < 0 {
		return Limitf("a text of more than %d bytes", MaxText)
	}
	return r.spend(n)
}

// elements asks whether a list of n elements may be made.
func (r *Run) elements(n int) error {
	if n > MaxElements || n < 0 {
		return Limitf("a list of more than %d elements", MaxElements)
	}
	return r.spend(perElement * n)
}

// weigh gives back a list or map that a function made if all that it holds is within bounds. Lists
// can hold the same list many times over: thirty doublings would have a billion elements to write.
func weigh[T any](r *Run, made T) (T, error) {
	w := weight{elements: MaxElements + 1, text: MaxText}
	w.add(made)
	if w.elements < 0 || w.text < 0 {
		var zero T
		return zero, Limitf("a list or map of more than %d elements or %d bytes", MaxElements, MaxText)
	}
	return made, r.spend(perElement * (MaxElements + 1 - w.elements))
}

// lookThrough counts what it takes to go through a value and all that it holds, which may be more
// than a function could make: data is as large as its file.
func (r *Run) lookThrough(v any) error {
	w := weight{elements: MaxElements + 1, text: MaxText, deep: true}
	w.add(v)
	return r.spend(perElement*(MaxElements+1-w.elements) + MaxText - w.text)
}

// weight is what may still be added.
type weight struct {
	elements, text int
	deep           bool // what templates cannot make is looked through too
}

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
		w.elements -= len(v)
		for _, s := range v {
			w.text -= len(s)
		}
	case map[string]string:
		w.elements -= len(v)
		for k, s := range v {
			w.text -= len(k) + len(s)
		}
	case []int:
		w.elements -= len(v)
	case nil, bool, int, int64, float64:
	default:
		w.elements -= opaque
		if w.deep {
			w.other(reflect.ValueOf(v), inEvents)
		}
	}
}

// inEvents is how deep events and calls are looked through.
const inEvents = 6

// other adds what JSON has of a value that templates cannot make, such as a list of events.
func (w *weight) other(v reflect.Value, depth int) {
	if depth--; depth < 0 {
		return
	}
	switch v.Kind() {
	case reflect.String:
		w.text -= v.Len()
	case reflect.Pointer:
		w.other(v.Elem(), depth)
	case reflect.Interface:
		if v.CanInterface() {
			w.add(v.Interface())
		}
	case reflect.Slice, reflect.Array:
		switch v.Type().Elem().Kind() {
		case reflect.Uint8:
			w.text -= v.Len()
			return
		case reflect.Struct:
			w.elements -= opaque * v.Len()
		default:
			w.elements -= v.Len()
		}
		for _, e := range v.Seq2() {
			w.other(e, depth)
		}
	case reflect.Map:
		w.elements -= v.Len()
		for k, e := range v.Seq2() {
			w.other(k, depth)
			w.other(e, depth)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				w.other(v.Field(i), depth)
			}
		}
	}
}
