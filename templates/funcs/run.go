// Package funcs holds the functions that templates may call, and what one execution may do with
// them.
//
// [All] lists the functions: those of text/template and sprig that depend on nothing but their
// arguments, and ours (spoken, phone, next, on, toJson and so on). [Refused] says why others that
// people know cannot be called. A [Run] is one execution of a template: [Run.Bind] gives the
// functions, bound to the clock, the language and the calendars of its [Env], and to its bounds. No
// function reads another clock, a file, the network or chance, and none changes what it is given.
//
// What functions go through is counted in bytes before it is done ([MaxWork]), and what they make
// has bounds ([MaxText], [MaxElements]); what passes one ends with an error for which [IsLimit]
// holds. text/template has no way to end an execution: [Instrument] puts calls into a tree that
// count its loops and calls, [CountRanges] what {{range}} does before its first turn. Instrument
// also lets values be absent where {{if}} asks about them.
//
// The package depends on values and trees only. It has nothing of files, of what a template declares, or
// whether its output is a callflow; of jsonsafe it knows what encodes a value.
package funcs

import (
	"context"
	"strings"
	"text/template/parse"
	"time"

	"github.com/callhours/callhours/internal/regex"
	"github.com/callhours/callhours/templates/jsonsafe"
)

// Env is what one execution can read beyond its data. The zero Env has no spans, no calendars
// and the year 1 for a clock.
type Env struct {
	Now      time.Time // the moment of the call, in the route's zone: the only clock and zone of a template
	Language string    // for spoken and phone, see Language; one that is not known, and "", is English
	// Next finds the first span of a branch or state after Now; nil, nil when none is in sight.
	Next func(name string) (any, error)
	// On gives the events that are on in a calendar at Now.
	On func(calendar string) (any, error)
	// Spent, if it is set, is what the templates of one answer have done so far, in bytes that they
	// went through and wrote: the same on every machine. Each execution adds its own, and together
	// they do no more than one may.
	Spent *int
}

// Literals are what calls with literal arguments need, made once: patterns and time zones. It does
// not change once templates run.
type Literals struct {
	zone     Zones
	patterns map[string]*regex.Regexp
	zones    map[string]*time.Location
}

// NewLiterals makes an empty set. Time zones that are not in it are found by zone.
func NewLiterals(zone Zones) *Literals {
	return &Literals{zone, map[string]*regex.Regexp{}, map[string]*time.Location{}}
}

// Add prepares the call of a function. Anything else, and a faulty call, adds nothing.
func (l *Literals) Add(n *parse.CommandNode) {
	f, ok := n.Args[0].(*parse.IdentifierNode)
	if !ok {
		return
	}
	literal := func(i int) string {
		if i < len(n.Args) {
			if s, ok := n.Args[i].(*parse.StringNode); ok {
				return s.Text
			}
		}
		return ""
	}
	switch {
	case f.Ident == "dateInZone":
		if zone, err := l.zone.Find(literal(3)); err == nil {
			l.zones[literal(3)] = zone
		}
	case strings.HasPrefix(f.Ident, "regex"):
		if p, err := compile(literal(1)); err == nil {
			l.patterns[literal(1)] = p
		}
	}
}

// Run is the budget of one execution, and the functions bound to it. It is for one goroutine, and
// may be begun again once it has ended.
type Run struct {
	literals  *Literals
	ctx       context.Context
	env       Env
	steps     int // turns of loops and calls that are left
	depth     int // calls that wait
	budget    int // what may be spent, in bytes
	left      int // of the budget
	checkedAt int // what was left when the context was last checked

	scratch   []byte         // for JSON
	nexts     map[string]any // of Env.Next, by name
	occurring map[string]any // of Env.On, by calendar
}

// NewRun makes a run of templates whose literals were prepared.
func NewRun(l *Literals) *Run { return &Run{literals: l} }

// Begin prepares a run for an execution. Its error is that of a context that has ended.
func (r *Run) Begin(ctx context.Context, env Env) error {
	r.ctx, r.env = ctx, env
	r.steps, r.depth, r.budget = MaxSteps, 0, MaxWork
	if env.Spent != nil {
		r.budget = max(0, MaxWork-*env.Spent)
	}
	r.left, r.checkedAt = r.budget, r.budget
	return r.checkContext()
}

// End adds what the execution has spent, and the bytes that it has written, to Env.Spent, and drops
// what belongs to it.
func (r *Run) End(written int) {
	if r.env.Spent != nil {
		*r.env.Spent += r.budget - r.left + written
	}
	r.ctx, r.env, r.nexts, r.occurring = nil, Env{}, nil, nil
}

// Bind is the function of a name: one of [All], an encoder, or one that [Instrument] puts into
// trees; nil for those that text/template has itself, and for names that are not known.
func (r *Run) Bind(name string) any {
	switch name {
	case leaveName:
		return r.leave
	case rangeName:
		return r.checkRange
	case jsonsafe.ListFunc:
		return jsonsafe.List
	case OptionalFunc:
		return r.optional
	case jsonsafe.ValueFunc:
		return r.value
	case jsonsafe.StringFunc:
		return r.content
	case jsonsafe.NameFunc:
		return r.memberName
	case TextFunc:
		return r.spokenText
	}
	if f, ok := functions[name]; ok {
		if f.bind == nil {
			return nil
		}
		return f.bind(r)
	}
	return r.counter(name)
}
