package render

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/callhours/callhours/internal/contain"
	"github.com/callhours/callhours/internal/diag"
	"github.com/callhours/callhours/internal/parallel"
	"github.com/callhours/callhours/pivot"
	"github.com/callhours/callhours/templates"
	"github.com/callhours/callhours/templates/funcs"
)

// Finding is what a sample call shows to be wrong with what a branch answers.
type Finding struct {
	diag.Mistake
	Warning  bool     // Kazoo would take it; or a value that only a sample has may be the cause, such as a long name
	Callflow bool     // what was written is no callflow that Kazoo takes; else it could not be written
	Kind     string   // of a Warning, among the kinds of findings that docs/checking.md lists; "" for what is none
	Routes   []*Route // that show it
}

// Check renders every branch of the routes for sample calls (an ordinary one, one without a number,
// a hostile one, one of which nothing is known), with and without an event and anything in sight,
// and says what fails, and what Kazoo would take and hardly anybody means. What is said alike of
// several routes is said once, and a route that was looked at before is not looked at again. The
// callflows are held against the schemas of a cluster too; nil for none. What sample calls of one
// tenant may do is bounded by counts, so that the same configuration has the same findings on every
// machine.
func Check(ctx context.Context, all []*Route, now time.Time, schemas *pivot.Schemas) []Finding {
	return newChecker(ctx, schemas).check(all, now)
}

func (c *checker) check(all []*Route, now time.Time) []Finding {
	for some := range slices.Chunk(all, atOnce) {
		looks := make([]*look, len(some))
		for i, r := range some {
			looks[i] = c.look(r)
		}
		parallel.Each(len(some), func(i int) {
			if err := contain.Do(func() error { c.route(some[i], looks[i], now); return nil }); err != nil {
				looks[i].gathered = gathered{list: []shown{{
					Finding: &Finding{Mistake: diag.Mistakef(some[i].Pos, "route %q: %s", some[i].Name, err)},
				}}}
			}
		})
		for i, r := range some {
			c.add(r, looks[i])
		}
	}
	for i, more := range c.more {
		if c.findings[i].Message += c.where[i]; more > 0 {
			c.findings[i].Message += fmt.Sprintf(", and %d more", more)
		}
		c.findings[i].Message += ")"
	}
	c.leftOut()
	return c.findings
}

type checker struct {
	ctx       context.Context
	schemas   *pivot.Schemas // nil: none
	calls     []sampleCall
	right     map[string]bool     // by proof: nothing is wrong with such a branch
	wrong     map[string]gathered // by proof and place of the template: what is
	spent     map[string]int      // by tenant: what its sample calls have done
	languages *languageIndex
	warned    map[string]int   // by tenant: warnings
	left      map[string]*left // by tenant: further ones
	leaving   []*left          // those, in order
	placed    map[placed]diag.Pos

	findings []Finding
	where    []string             // by finding: the sample that shows it
	more     []int                // by finding: how many other branches show it
	said     map[diag.Mistake]int // indices of findings
}

func newChecker(ctx context.Context, schemas *pivot.Schemas) *checker {
	return &checker{
		ctx: ctx, schemas: schemas, calls: sampleCalls(), right: map[string]bool{},
		wrong: map[string]gathered{}, spent: map[string]int{}, warned: map[string]int{}, left: map[string]*left{},
		placed: map[placed]diag.Pos{}, said: map[diag.Mistake]int{}, languages: newLanguageIndex(),
	}
}

// checked is what sample calls have shown of a route, and what they did.
type checked struct {
	gathered
	spent int
}

// route looks at a route.
func (c *checker) route(r *Route, l *look, now time.Time) {
	if known := r.checked.Load(); known != nil && c.schemas == nil {
		l.gatherAll(&l.gathered, known.gathered)
		if l.spent = known.spent; known.left.count == 0 || l.full() {
			if l.left != known.left {
				l.remember(r)
			}
			return
		}
		l.checked, l.warned = checked{}, map[diag.Mistake]bool{} // there is room for what was left out then
	}
	for i := range r.branches {
		if b := &r.branches[i]; b.template != nil && !b.wrong {
			l.gatherAll(&l.gathered, c.branch(r, i, l, now))
		}
	}
	if c.schemas == nil && c.ctx.Err() == nil && !l.cut {
		l.remember(r)
	}
}

// remember keeps what a look has found for the next one, and nothing else of it.
func (l *look) remember(r *Route) {
	found := l.checked
	r.checked.Store(&found)
}

// failed is what went wrong, with the samples that show it.
type failed struct {
	Finding
	odd    bool // Kazoo would take it
	on     bool // fail was called: the author meant it
	first  sample
	values map[string]bool
	plain  bool // a sample that nobody would call odd shows it
	budget bool // it is about how many actions a call may run at once
}

func (c *checker) branch(r *Route, index int, l *look, now time.Time) (all gathered) {
	b := &r.branches[index]
	for _, t := range append(slices.Clone(b.inner), b.template) {
		for _, m := range t.Warnings() {
			l.gather(&all, shown{&Finding{Mistake: m, Warning: true, Kind: "template_odd"}, b.name, ""})
		}
	}
	proof := r.proof(index)
	if c.right[proof] || l.right[proof] {
		return all
	}
	atPlace := proof + " at " + b.place.String()
	wrong, ok := c.wrong[atPlace]
	if !ok {
		wrong, ok = l.wrong[atPlace]
	}
	if ok {
		for _, f := range wrong.list {
			l.gather(&all, shown{f.Finding, b.name, f.sample})
		}
		all.left.add(wrong.left)
		return all
	}
	var own gathered
	samples := r.samples(index, c.calls, now)
	found := map[diag.Mistake]*failed{}
	var order []*failed
	meant, silent, mixed := 0, false, false
	spent, limits := 0, 0 // what samples have done, and how many passed a limit of templates
	p := placer{branch: b, look: l, before: c.placed, paths: map[string][][]string{}}
	note := func(s sample, err error, odd bool) {
		f := b.finding(err)
		if wrong, ok := errors.AsType[*callflowError](err); ok {
			if m, ok := p.dataMistake(wrong); ok {
				f.Mistake = m
			} else if at, ok := p.place(c.ctx, wrong, !odd || !l.full()); ok {
				f.Mistake = diag.Mistakef(at, "%s", wrong.says()) // the place names the template
			}
		}
		k := found[f.Mistake]
		if k == nil {
			about, _ := errors.AsType[*pivot.Finding](err)
			k = &failed{
				Finding: f, odd: odd, on: funcs.IsFail(err), first: s, values: map[string]bool{},
				budget: about != nil && about.Budget,
			}
			found[f.Mistake], order = k, append(order, k)
		}
		if k.on {
			meant++
		}
		k.values[s.values] = true
		k.plain = k.plain || !s.call.odd && !s.event.odd
	}
	for _, s := range samples {
		if c.ctx.Err() != nil {
			return all
		}
		l.spent, spent, p.spent = l.spent+p.spent, spent+p.spent, 0
		if why, enough := l.enough(spent, limits); enough {
			silent = true
			if why != "" {
				l.gather(&own, shown{&Finding{
					Mistake: diag.Mistakef(b.place,
						"not all sample calls are tried, since %s; make its templates do less", why), Warning: true,
					Kind: "template_odd",
				}, b.name, ""})
			}
			break
		}
		v := r.sampleView(b, &s)
		body, err := b.callflow(c.ctx, v, r.options.Cluster)
		p.spent += perSample + v.spent
		p.view, p.places = v, nil
		if funcs.IsLimit(err) {
			limits++
		}
		if _, said := errors.AsType[diag.Mistakes](err); said { // what is wrong with the template itself is known
			silent = true
			continue
		}
		if err == nil && c.schemas != nil {
			if refused := c.schemas.Check(body); refused != nil {
				err = &callflowError{
					template: b.template.Name(), wrong: "the cluster's schemas refuse the output",
					err: refused, body: body,
				}
			}
		}
		if err != nil {
			note(s, err, false)
			continue
		}
		for _, w := range pivot.CallflowWarnings(body, r.options.Cluster) {
			note(s, &callflowError{template: b.template.Name(), wrong: "the output is odd", err: w, body: body}, true)
		}
		if !mixed && !s.call.odd && !s.event.odd && (s.call.call.Language == "" || !b.reads.language) {
			if m, ok := c.languages.mistake(b, body, r.options.Language); ok {
				mixed = true
				l.gather(&own, shown{&Finding{Mistake: m, Warning: true, Kind: "message_language"}, b.name, s.String()})
			}
		}
	}
	l.spent += p.spent
	if len(order) == 0 && !silent && !mixed {
		l.right[proof] = true
	}
	for _, f := range order {
		if f.on && meant < len(samples) {
			continue // the fallback answers on purpose
		}
		// What Kazoo would refuse is the author's if values do not change it: it is the same for
		// another call, or none was looked at.
		f.Warning = f.odd || !f.plain
		if f.Callflow && !f.values[""] && len(f.values) < 2 {
			f.Warning = true
		}
		switch {
		case f.budget:
			f.Kind = "action_budget"
		case f.Warning:
			f.Kind = "callflow_odd"
		}
		one := f.Finding // without what it was found with
		l.gather(&own, shown{&one, b.name, f.first.String()})
	}
	if !silent {
		l.wrong[atPlace] = own
	}
	l.gatherAll(&all, own)
	return all
}

// finding gives an error its place.
func (b *branch) finding(err error) Finding {
	if wrong, ok := errors.AsType[*templates.Error](err); ok {
		m := wrong.Mistake
		if m.Pos == (diag.Pos{}) {
			m.Pos = b.place
		}
		return Finding{Mistake: m}
	}
	wrong, isCallflow := errors.AsType[*callflowError](err)
	if isCallflow && b.template.Name() == b.place.String() { // it is written there, and has no other name
		err = errors.New(wrong.says())
	}
	return Finding{Mistake: diag.Mistakef(b.place, "%s", err), Callflow: isCallflow}
}

// String says which sample it is, for people.
func (s *sample) String() string {
	text := s.call.name
	switch {
	case s.name != "":
		text += fmt.Sprintf(", %q on", s.name)
	case s.event.odd:
		text += ", " + s.event.name
	case s.event.name == "":
		text += ", with no event and nothing in sight"
	case !s.ahead:
		text += ", with nothing in sight"
	}
	return text
}
