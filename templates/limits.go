package templates

import (
	"context"
	"errors"
	"fmt"
)

// What a template may do. Kazoo's largest callflows are a few kilobytes.
const (
	MaxSource   = 64 << 10 // bytes of a template's text
	MaxOutput   = 64 << 10 // bytes that one execution writes
	MaxText     = 64 << 10 // bytes of a text that a function makes, and of all texts in a list or map that one makes
	MaxElements = 10_000   // elements of a list or map that a function makes, those of its elements included
	MaxSteps    = 10_000   // turns of loops and calls of templates in one execution
	MaxDepth    = 100      // templates that wait for the one they called

	MaxEvents = 1000 // events that on gives

	maxWork = 16 << 20 // bytes that the functions of one execution make, all in all
)

// What a template's text may be, beside its length, so that following it at load ends soon. A text of MaxSource bytes cannot nest so deep
// that text/template's own parser runs out of stack; what walks the trees after it does so no deeper than this.
const (
	MaxNesting   = 100 // {{if}}, {{else if}}, {{range}}, {{with}} and parentheses within each other
	MaxVariables = 250 // variables that one template, or one {{define}}, defines
	MaxBrackets  = 500 // { and [ of JSON within each other
	maxLiteral   = 64  // bytes of a number in JSON
	maxFields    = 250 // that a header declares
	maxMistakes  = 100 // that are told of one template

	maxSteps = 100_000 // nodes and bytes that one analysis of a template follows, in each of their contexts
)

// stepsFor is how many of maxSteps a template has. Most take one or two for each byte of their text; thousands of small ones in a file must
// not take the time of as many large ones.
func stepsFor(trees map[string]*tree) int {
	const any, perByte = 4_000, 40
	length, counted := 0, map[*source]bool{}
	for _, t := range trees {
		if !counted[t.source] {
			counted[t.source] = true
			length += len(t.source.text)
		}
	}
	return min(maxSteps, any+perByte*length)
}

// ErrLimit is wrapped by the error of an execution that passed a bound or the deadline of its context.
var ErrLimit = errors.New("a limit of templates is passed")

// Limitf is the error of what an [Env] gives that passed a bound.
func Limitf(format string, args ...any) error { return limitf(format, args...) }

// IsLimit tells an execution that was cut off from one that failed.
func IsLimit(err error) bool { return errors.Is(err, ErrLimit) }

// limitError says which bound was passed.
type limitError string

func limitf(format string, args ...any) error { return limitError(fmt.Sprintf(format, args...)) }

func (e limitError) Error() string        { return string(e) }
func (e limitError) Is(target error) bool { return target == ErrLimit }

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

// step counts a turn of a loop. It returns false, so that it can be the condition of an {{if}} that writes nothing.
func (r *run) step() (bool, error) {
	if r.steps--; r.steps < 0 {
		return false, limitf("more than %d steps; does a loop end?", MaxSteps)
	}
	return false, r.alive()
}

// enter counts the call of a template, leave its end. Both return false like step.
func (r *run) enter() (bool, error) {
	if r.depth++; r.depth > MaxDepth {
		return false, limitf("templates call each other more than %d deep", MaxDepth)
	}
	return r.step()
}

func (r *run) leave() bool {
	r.depth--
	return false
}

// spend counts bytes that a function makes or looks through, before it does so.
func (r *run) spend(n int) error {
	if n < 0 || n > r.work {
		return limitf("functions make more than %d MiB in all", maxWork>>20)
	}
	r.work -= n
	if n < 1<<10 {
		return nil
	}
	return r.alive()
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
	return r.spend(16 * n)
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
	return made, r.spend(16 * (MaxElements + 1 - w.elements))
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
	case JSON:
		w.text -= len(v.text)
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
