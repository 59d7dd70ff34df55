package render

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/callhours/callhours/internal/contain"
	"github.com/callhours/callhours/internal/diag"
	"github.com/callhours/callhours/internal/parallel"
	"github.com/callhours/callhours/pivot"
	"github.com/callhours/callhours/templates"
)

// Finding is what a sample call shows to be wrong with what a branch answers.
type Finding struct {
	diag.Mistake
	Warning  bool     // Kazoo would take it; or a value that only a sample has may be the cause, such as a long name
	Callflow bool     // what was written is no callflow that Kazoo takes; else it could not be written
	Kind     string   // of a Warning, among the kinds of findings that docs/checking.md lists; "" for what is none
	Routes   []*Route // that show it
}

// Check renders every branch of the routes for sample calls (an ordinary one, one without a number, a hostile one, one of which nothing
// is known), with and without an event and anything in sight, and says what fails, and what Kazoo would take and hardly anybody means.
// What is said alike of several routes is said once, and a route that was looked at before is not looked at again. The callflows are held against the schemas of a cluster too; nil for none.
// What sample calls of one tenant may do is bounded by counts, so that the same configuration has the same findings on every machine.
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
				looks[i].list = []shown{{Finding{Mistake: diag.Mistakef(some[i].Pos, "route %q: %s", some[i].Name, err)}, " (found with sample calls"}}
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
	return c.findings
}

type checker struct {
	ctx     context.Context
	schemas *pivot.Schemas // nil: none
	calls   []sampleCall
	right   map[string]bool // by proof: nothing is wrong with such a branch
	spent   map[string]int  // by tenant: what its sample calls have done

	findings []Finding
	where    []string             // by finding: the sample that shows it
	more     []int                // by finding: how many other branches show it
	said     map[diag.Mistake]int // indices of findings
}

func newChecker(ctx context.Context, schemas *pivot.Schemas) *checker {
	return &checker{ctx: ctx, schemas: schemas, calls: sampleCalls(), right: map[string]bool{}, spent: map[string]int{}, said: map[diag.Mistake]int{}}
}

// shown is a finding, and the sample that shows it.
type shown struct {
	Finding
	where string
}

// checked is what sample calls have shown of a route, and what they did.
type checked struct {
	list  []shown
	spent int
}

// route looks at a route.
func (c *checker) route(r *Route, l *look, now time.Time) {
	if known := r.checked.Load(); known != nil && c.schemas == nil {
		l.checked = *known
		return
	}
	for i := range r.branches {
		if b := &r.branches[i]; b.template != nil && !b.wrong {
			l.list = append(l.list, c.branch(r, i, l, now)...)
		}
	}
	if c.schemas == nil && c.ctx.Err() == nil && !l.cut {
		r.checked.Store(&l.checked)
	}
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

func (c *checker) branch(r *Route, index int, l *look, now time.Time) (list []shown) {
	b := &r.branches[index]
	for _, t := range append(templatesIn(b.written), b.template) {
		for _, m := range t.Warnings() {
			list = append(list, shown{
				Finding{Mistake: m, Warning: true, Kind: "template_odd"}, fmt.Sprintf(" (branch %s of route %s", b.name, r.Name),
			})
		}
	}
	proof := r.proof(index)
	if c.right[proof] || l.right[proof] {
		return list
	}
	samples := r.samples(index, c.calls, now)
	found := map[diag.Mistake]*failed{}
	var order []*failed
	meant, silent := 0, false
	spent, limits := 0, 0 // what samples have done, and how many passed a limit of templates
	note := func(s sample, v *View, err error, odd bool) {
		f := b.finding(err)
		if wrong, ok := errors.AsType[*callflowError](err); ok {
			if m, ok := b.dataMistake(wrong); ok {
				f.Mistake = m
			} else if at, ok := b.placeOf(c.ctx, v, wrong); ok {
				f.Mistake = diag.Mistakef(at, "%s", wrong.says()) // the place names the template
			}
		}
		k := found[f.Mistake]
		if k == nil {
			about, _ := errors.AsType[*pivot.Finding](err)
			k = &failed{Finding: f, odd: odd, on: templates.IsFail(err), first: s, values: map[string]bool{}, budget: about != nil && about.Budget}
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
			return list
		}
		if why, enough := l.enough(spent, limits); enough {
			silent = true
			if why != "" {
				list = append(list, shown{
					Finding{
						Mistake: diag.Mistakef(b.place, "not all sample calls are tried, since %s; make its templates do less", why), Warning: true, Kind: "template_odd",
					},
					fmt.Sprintf(" (branch %s of route %s", b.name, r.Name),
				})
			}
			break
		}
		before := l.spent
		v := r.sampleView(b, &s)
		body, err := b.callflow(c.ctx, v, r.options.Cluster)
		l.spent += perSample + v.spent
		spent += l.spent - before
		if templates.IsLimit(err) {
			limits++
		}
		if _, said := errors.AsType[diag.Mistakes](err); said { // what is wrong with the template itself is known
			silent = true
			continue
		}
		if err == nil && c.schemas != nil {
			if refused := c.schemas.Check(body); refused != nil {
				err = &callflowError{template: b.template.Name(), wrong: "the cluster's schemas refuse the output", err: refused, body: body}
			}
		}
		if err != nil {
			note(s, v, err, false)
			continue
		}
		for _, w := range pivot.CallflowWarnings(body, r.options.Cluster) {
			note(s, v, &callflowError{template: b.template.Name(), wrong: "the output is odd", err: w, body: body}, true)
		}
	}
	if len(order) == 0 && !silent {
		l.right[proof] = true
	}
	for _, f := range order {
		if f.on && meant < len(samples) {
			continue // the fallback answers on purpose
		}
		// What Kazoo would refuse is the author's if values do not change it: it is the same for another call, or none was looked at.
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
		list = append(list, shown{f.Finding, fmt.Sprintf(" (branch %s of route %s, %s", b.name, r.Name, f.first.String())})
	}
	return list
}

func (c *checker) say(r *Route, f shown) {
	if i, ok := c.said[f.Mistake]; ok {
		c.more[i]++
		if all := &c.findings[i].Routes; (*all)[len(*all)-1] != r {
			*all = append(*all, r)
		}
		c.findings[i].Warning = c.findings[i].Warning && f.Warning
		return
	}
	c.said[f.Mistake] = len(c.findings)
	f.Routes = []*Route{r}
	c.findings, c.where, c.more = append(c.findings, f.Finding), append(c.where, f.where), append(c.more, 0)
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

// dataMistake is a fault of a callflow at the value of data that brought it, so that a wrong id is said once and where it is written; false
// where the value comes from elsewhere, or stands in more than one place.
func (b *branch) dataMistake(wrong *callflowError) (diag.Mistake, bool) {
	about, ok := errors.AsType[*pivot.Finding](wrong.err)
	if !ok || b.dataPlace == nil || about.Offset < 0 || about.Offset >= len(wrong.body) {
		return diag.Mistake{}, false
	}
	var text string
	if err := json.NewDecoder(bytes.NewReader(wrong.body[about.Offset:])).Decode(&text); err != nil || text == "" {
		return diag.Mistake{}, false // it is not the text that is wrong
	}
	paths := pathsOf(nil, nil, b.plain, text)
	if len(paths) != 1 {
		return diag.Mistake{}, false
	}
	at := b.dataPlace(paths[0]...)
	if at.Line == 0 {
		return diag.Mistake{}, false // a default, which the template declares
	}
	return diag.Mistakef(at, "data %s: %s", strings.Join(paths[0], "."), about.Message), true
}

// pathsOf appends the paths at which a text stands in data: keys, and indexes in decimal.
func pathsOf(found [][]string, at []string, data any, text string) [][]string {
	switch data := data.(type) {
	case string:
		if data == text {
			found = append(found, slices.Clone(at))
		}
	case map[string]any:
		for key, value := range data {
			found = pathsOf(found, append(at, key), value, text)
		}
	case []any:
		for i, value := range data {
			found = pathsOf(found, append(at, strconv.Itoa(i)), value, text)
		}
	}
	return found
}

// placeOf is where in the template the part of a callflow was written that an error is about, for a view that was filled in; false where
// that is not known.
func (b *branch) placeOf(ctx context.Context, v *View, wrong *callflowError) (diag.Pos, bool) {
	about, ok := errors.AsType[*pivot.Finding](wrong.err)
	if !ok || about.Offset < 0 {
		return diag.Pos{}, false
	}
	return b.template.Place(ctx, v, v.env, wrong.blanks+about.Offset)
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
