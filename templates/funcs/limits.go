package funcs

import (
	"errors"
	"fmt"
)

// What the functions of one execution may do.
const (
	MaxText     = 64 << 10 // bytes of a text that a function makes, and of all texts in a list or map that one makes
	MaxElements = 10_000   // elements of a list or map that a function makes, those of its elements included
	MaxSteps    = 10_000   // turns of loops and calls of templates in one execution
	MaxEvents   = 1000     // events that on gives
	MaxWork     = 16 << 20 // bytes that one execution goes through, all in all: see spend
)

// ErrLimit is wrapped by the error of an execution that passed a bound or the deadline of its
// context.
var ErrLimit = errors.New("a limit of templates is exceeded")

// Limitf is the error of what passed a bound.
func Limitf(format string, args ...any) error { return limitError(fmt.Sprintf(format, args...)) }

// IsLimit tells an execution that was cut off from one that failed.
func IsLimit(err error) bool { return errors.Is(err, ErrLimit) }

// limitError says which bound was passed.
type limitError string

func (e limitError) Error() string        { return string(e) }
func (e limitError) Is(target error) bool { return target == ErrLimit }
