package ical

import (
	"fmt"
	"maps"
	"slices"
)

// maxProblems is how many problems of a body are listed.
const maxProblems = 10_000

// reporter collects the Problems of one body.
type reporter struct {
	file       string // of all of them
	problems   []Problem
	unlisted   int                   // beyond maxProblems
	deviations map[string]*deviation // what was read although it is written wrongly, by what is wrong with it
}

type deviation struct{ line, lines int }

// report adds a Problem.
func (r *reporter) report(p Problem) {
	if len(r.problems) >= maxProblems {
		r.unlisted++
		return
	}
	p.File = r.file
	r.problems = append(r.problems, p)
}

// reportProblem reports what is wrong with a property of an event, and what becomes of the event.
func (r *reporter) reportProblem(e *Event, p property, what, becomes string) {
	problem := e.Problem(p.name, what, becomes)
	problem.Line = p.line
	r.report(problem)
}

// tolerate records a deviation at a line, which is read all the same.
func (r *reporter) tolerate(line int, what string) {
	if l := r.deviations[what]; l != nil {
		l.lines++
		return
	}
	r.deviations[what] = &deviation{line: line, lines: 1}
}

// reportDeviations reports the deviations, each once.
func (r *reporter) reportDeviations() {
	for _, what := range slices.Sorted(maps.Keys(r.deviations)) {
		l := r.deviations[what]
		message := what
		if l.lines > 1 {
			message += fmt.Sprintf(" (%d lines, this is the first)", l.lines)
		}
		r.report(Problem{Line: l.line, Message: message, Harmless: true})
	}
}
