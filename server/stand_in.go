package server

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/callhours/callhours/config"
	"github.com/callhours/callhours/internal/diag"
	"github.com/callhours/callhours/internal/suspect"
)

// loading says how files are read.
type loading struct {
	accepted *config.Inputs // whose files stand in for wrong ones of a tenant; nil: nobody's
	former   *Generation    // whose parts may be used again; nil: none
	// begin is given a generation before its calendar files are read; see builder.begin
	begin  func(*Generation) *draft
	inputs *config.Inputs // of which the main file has been read; nil: none was
	known  *config.Inputs // what has been loaded before without ending the process; nil: that is not looked at
	marks  *suspect.Marks // of what is being loaded; nil: none are made
	byHand bool           // also what ended the process is loaded
	// when the files are read without anybody's doing, and what tenants had stays theirs;
	// zero: somebody reloads by hand
	hold   time.Time
	starts bool // for a server that starts and is not strict
	first  bool // nothing is known of an accepted copy: tenants whose files are wrong are left out
	// leavesOut: tenants whose accepted files are wrong too are left out. Else everything is refused.
	leavesOut bool
	cautious  bool // that all files of a glob are gone is a mistake: nobody has said that they should
}

// load reads the files as they are.
func (i Installation) load(how loading) (l Loaded) {
	l = Loaded{inputs: how.inputs}
	if l.inputs == nil {
		l.inputs = config.NewInputs(i.Files)
	}
	if how.marks != nil {
		a := admission{loading: how, now: i.Now()}
		l.inputs.SetCheck(a.ask)
		defer func() { l.waiting = a.waiting }()
		defer a.end()
	}
	accepted := how.accepted
	if how.first {
		accepted = config.NewInputs(nil)
	}
	c := newBlame(l.inputs, accepted, how.first)
	c.leavesOut = how.leavesOut
	if begin := how.begin; begin != nil {
		how.begin = func(g *Generation) *draft {
			if !l.mayBegin(i.Path, how, c, g) {
				return nil
			}
			return begin(g)
		}
	}
	a := i.attempt(l.inputs, nil, how)
	all := a.mistakes
	l.addUnchecked(a.unchecked)
	l.built, l.stateDir = a.generation, a.stateDir
	if a.err == nil {
		said, gone := l.gone(i.Path, how)
		all, a.mistakes = append(all, said...), append(a.mistakes, gone...)
	}
	for a.err == nil && accepted != nil {
		if how.first && len(a.mistakes) == 0 {
			a.mistakes = c.disputed(a.generation)
			all = append(all, a.mistakes...)
		}
		if len(a.mistakes) == 0 || !c.addMistake(a.mistakes) {
			break
		}
		how.former = cmp.Or(l.built, how.former)
		a = i.attempt(l.inputs.With(accepted, c.instead), c.standsIn, how)
		all = append(all, a.mistakes...)
		l.addUnchecked(a.unchecked)
		l.built = cmp.Or(a.generation, l.built)
	}
	l.found, l.blame, l.err = all, c, a.err
	l.sumUp()
	if a.err == nil && len(a.mistakes) == 0 && (!how.first || len(a.generation.routes) > 0) {
		l.Generation, l.notes = a.generation, c.notes
		l.Rejected = slices.Compact(slices.Sorted(maps.Values(c.names)))
		for i, name := range l.Rejected {
			l.Rejected[i] = diag.Line(name) // it may be that of a file
		}
		l.Generation.rejected = l.Rejected
		l.findRest()
	}
	return l
}

// sumUp makes of what was found wrong what is said of it.
func (l *Loaded) sumUp() {
	l.Mistakes = l.found.Sorted().ByOwner(l.blame.directory)
	if l.blame.accepted != nil {
		l.refusals = l.blame.refusals(l.Mistakes)
	}
}

// findRest finds what else is wrong with files that were refused for their shape.
func (l *Loaded) findRest() {
	if len(l.unchecked) == 0 {
		return
	}
	for _, b := range l.unchecked {
		b.reuse = newReuse(l.built, b.file) // the same calendar files
		l.found = append(l.found, b.check()...)
	}
	l.unchecked = nil
	l.sumUp()
}

func (l *Loaded) addUnchecked(b *builder) {
	if b != nil {
		l.unchecked = append(l.unchecked, b)
	}
}

// keep adds what is wrong with the files of some owners that were not read again, while their
// accepted ones are in use.
func (l *Loaded) keep(read *config.Inputs, refusals map[string]refusal, of map[string]bool) {
	if len(of) == 0 {
		return
	}
	l.inputs = l.inputs.Restore(read, of)
	for _, owner := range slices.Sorted(maps.Keys(of)) {
		r, refused := refusals[owner]
		if !refused {
			continue
		}
		l.kept = append(l.kept, r.mistakes...)
		r.mistakes = append(slices.Clone(r.mistakes), l.refusals[owner].mistakes...)
		if l.refusals == nil {
			l.refusals = map[string]refusal{}
		}
		l.refusals[owner] = r
		l.Rejected = append(l.Rejected, r.names...)
	}
	if slices.Sort(l.Rejected); l.Generation != nil {
		l.Rejected = slices.Compact(l.Rejected)
		l.Generation.rejected = l.Rejected
	}
}
