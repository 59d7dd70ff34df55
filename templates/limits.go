package templates

import (
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

	MaxEvents = 1000 // events that on gives

	maxWork = 16 << 20 // bytes that one execution goes through, all in all: see spend
)

// What a template's text may be, beside its length, so that following it at load ends soon. A text of MaxSource
// bytes cannot nest so deep that text/template's own parser runs out of stack; what walks the trees after it
// does so no deeper than this.
const (
	MaxVariables = 250 // variables that one template, or one {{define}}, defines
	maxFields    = 250 // that a header declares
	maxMistakes  = 100 // that are told of one template
)

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
