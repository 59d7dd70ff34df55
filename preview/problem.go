package preview

import (
	"cmp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/callhours/callhours/internal/diag"
	"github.com/callhours/callhours/render"
)

// Problem is something that calls of a route meet now, or will meet unless somebody acts. Unlike a
// [Finding] it stands beside the route that it concerns.
type Problem struct {
	Severity string `json:"severity"` // Error or Warning
	Kind     string `json:"kind"`     // one of Kinds, or CallsFailed or CalendarStale
	Message  string `json:"message"`  // a sentence for people
	Calendar string `json:"calendar,omitempty"`
	Branch   string `json:"branch,omitempty"`
}

// The kinds of problems that are no findings.
const (
	CallsFailed   = "calls_failed"   // the last calls were not answered as decided
	CalendarStale = "calendar_stale" // the calendar's copy is not confirmed
)

// Problems are those of a route, the most severe first.
type Problems struct {
	List []Problem
	More int // how many others there are
}

// Bounds of what is reported about a route.
const (
	maxProblems       = 10
	maxProblemMessage = 300 // bytes
)

// ProblemSource gives the problems of a route as they were when the source was made.
type ProblemSource func(*render.Route) Problems

// NewProblem makes a problem of a finding's parts; the message becomes a sentence.
func NewProblem(severity, kind, message string) Problem {
	return Problem{Severity: severity, Kind: kind, Message: Sentence(diag.Cut(message, maxProblemMessage))}
}

// Problem is the finding as a problem of the routes that it concerns.
func (f Finding) Problem() Problem {
	p := NewProblem(f.Severity, f.Kind, f.Message)
	p.Calendar, p.Branch = f.Calendar, f.Branch
	return p
}

// ConcernsCalls reports whether a finding is a problem of routes: an error, or a shift or feed that
// soon may be one. Other warnings are only guesses about what is written.
func (f Finding) ConcernsCalls() bool {
	if f.Route == "" && f.Calendar == "" {
		return false
	}
	return f.Severity == Error || f.Kind == "shift_unclear" || f.Kind == "feed_failed"
}

// NewProblems puts the most severe first, otherwise in the given order, and keeps the first of them.
func NewProblems(all []Problem) Problems {
	slices.SortStableFunc(all, func(a, b Problem) int { return cmp.Compare(rank(a.Severity), rank(b.Severity)) })
	kept := min(len(all), maxProblems)
	return Problems{List: all[:kept:kept], More: len(all) - kept}
}

// Severity is that of the most severe one; "" without any.
func (p Problems) Severity() string {
	if len(p.List) == 0 {
		return ""
	}
	return p.List[0].Severity
}

// severities is how many ranks there are.
const severities = 3

// rank orders severities, the most severe first.
func rank(severity string) int {
	switch severity {
	case Error:
		return 0
	case Warning:
		return 1
	}
	return severities - 1
}

// Sentence is a message with a capital letter and a full stop.
func Sentence(message string) string {
	first, size := utf8.DecodeRuneInString(message)
	if size == 0 {
		return ""
	}
	message = string(unicode.ToUpper(first)) + message[size:]
	if last, _ := utf8.DecodeLastRuneInString(message); strings.ContainsRune(".!?…", last) {
		return message
	}
	return message + "."
}
