package calendars

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/callhours/callhours/calendars/ical"
	"github.com/callhours/callhours/internal/diag"
)

// ownerTimes is how many times the limits of one calendar all calendars of a tenant take together,
// compiled: however many it defines, it does not take the memory of the others. The operator's
// calendars are not counted.
const ownerTimes = 4

// ownersTotal is why a calendar is unknown to a route because of the others of its tenant.
const ownersTotal = "the calendars of its tenant take too much together"

// amount is what timelines take.
type amount struct{ instances, steps int }

func amountOf(t *Timeline) amount { return amount{t.starts.len(), t.steps} }

func (a amount) plus(b amount) amount { return amount{a.instances + b.instances, a.steps + b.steps} }

func (a amount) minus(b amount) amount { return amount{a.instances - b.instances, a.steps - b.steps} }

func (a amount) within(most amount) bool {
	return a.instances <= most.instances && a.steps <= most.steps
}

// TenantOf is the tenant in the full name of a calendar or route, before its "/"; "" for one of the
// operator's.
func TenantOf(name string) string {
	tenant, _, ok := strings.Cut(name, "/")
	if !ok {
		return ""
	}
	return tenant
}

// ownersMost is what the calendars of the tenant of one with those limits take together at most.
// The calendar's own limits are never above the operator's; who lowers them for one calendar does
// not lower the total.
func ownersMost(l ical.Limits) amount {
	l, standard := l.WithDefaults(), ical.Limits{}.WithDefaults()
	return amount{
		ownerTimes * max(l.Instances, standard.Instances),
		ownerTimes * max(l.CalendarSteps, standard.CalendarSteps),
	}
}

// refusal is why a calendar was not compiled for a view, or what was compiled not kept.
type refusal struct {
	why   string
	needs amount // what it took; zero: that is not known
}

// refuses is why a calendar is not compiled for one more view, or, where t is that, why it is not
// kept; "" if it is. What all views of a calendar take together is bounded as what one takes, so
// that to ask for it from hundreds of zones does not cost hundreds of times; its first view always
// is within that. What all calendars of a tenant take is bounded too. Until there is place for what
// was refused, it is not compiled again; and once a tenant's were refused that take as much as all
// of them may, no others are compiled to find out, until one of its calendars changes. It is called
// with the lock.
func (ts *Timelines) refuses(name string, c *Calendar, key viewed, t *Timeline) string {
	needs := ts.refused[name][key].needs
	if t != nil {
		needs = amountOf(t)
	}
	others, views, former := 0, needs, amount{}
	for _, other := range ts.compiled[name] {
		switch {
		case other.viewed == key:
			former = amountOf(other.Timeline)
		case other.calendar == c:
			others++
			views = views.plus(amountOf(other.Timeline))
		}
	}
	limits := c.limits.WithDefaults()
	owner, why := TenantOf(name), ""
	switch {
	case others > 0 && !views.within(amount{limits.Instances, limits.CalendarSteps}):
		why = manyZones
	case owner != "" && t == nil && needs == (amount{}) && !ts.vain[owner].within(ownersMost(c.limits)):
		why = ownersTotal // to find out takes time, of which too much is gone already
	case owner != "" && !ts.totals[owner].minus(former).plus(needs).within(ownersMost(c.limits)):
		why = ownersTotal
	default:
		delete(ts.refused[name], key)
		return ""
	}
	if ts.refused[name] == nil {
		ts.refused[name] = map[viewed]refusal{}
	}
	ts.refused[name][key] = refusal{why, needs}
	if owner != "" && t != nil {
		ts.vain[owner] = ts.vain[owner].plus(needs)
	}
	return why
}

// Waiting are the calendars that are unknown to somebody because there was no room for them, and
// for which there may be by now: of some owners, "" being the operator, or of all. Whoever asks for
// them is to ask again.
func (ts *Timelines) Waiting(owners ...string) (names []string) {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	for name, views := range ts.refused {
		if len(owners) > 0 && !slices.Contains(owners, TenantOf(name)) {
			continue
		}
		for key := range views {
			if ts.refuses(name, ts.uses[name].State.Calendar, key, nil) == "" {
				names = append(names, name)
				break
			}
		}
	}
	return names
}

// Keep forgets what is compiled for views, by calendar, that nobody asks for any more.
func (ts *Timelines) Keep(asked map[string][]View) {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	for name, use := range ts.uses {
		if len(ts.compiled[name])+len(ts.refused[name]) == 0 {
			continue
		}
		keys := map[viewed]bool{}
		for _, view := range asked[name] {
			keys[use.viewed(view)] = true
		}
		maps.DeleteFunc(ts.refused[name], func(key viewed, _ refusal) bool { return !keys[key] })
		ts.compiled[name] = slices.DeleteFunc(ts.compiled[name], func(c compiledFor) bool {
			if keys[c.viewed] {
				return false
			}
			ts.add(name, amount{}.minus(amountOf(c.Timeline)))
			delete(ts.vain, TenantOf(name)) // there is more room than when that was in vain
			return true
		})
	}
}

// put keeps a timeline, in the place of the former one for the same view. It is called with the
// lock.
func (ts *Timelines) put(name string, key viewed, t *Timeline) {
	ts.add(name, amountOf(t))
	list := ts.compiled[name]
	if i := slices.IndexFunc(list, key.is); i >= 0 {
		ts.add(name, amount{}.minus(amountOf(list[i].Timeline)))
		list[i].Timeline = t
		return
	}
	ts.compiled[name] = append(list, compiledFor{key, t})
}

// drop forgets what was compiled of a calendar. It is called with the lock.
func (ts *Timelines) drop(name string) {
	for _, c := range ts.compiled[name] {
		ts.add(name, amount{}.minus(amountOf(c.Timeline)))
	}
	delete(ts.compiled, name)
}

// add counts what is kept of a calendar to its owner.
func (ts *Timelines) add(name string, a amount) {
	owner := TenantOf(name)
	if owner == "" {
		return
	}
	if a = ts.totals[owner].plus(a); a == (amount{}) {
		delete(ts.totals, owner)
		return
	}
	ts.totals[owner] = a
}

// refusedProblems say why a calendar is unknown to some of its routes.
func (ts *Timelines) refusedProblems(name string, c *Calendar) (problems []ical.Problem) {
	zones, total := 0, 0
	for _, r := range ts.refused[name] {
		if r.why == ownersTotal {
			total++
		} else {
			zones++
		}
	}
	if zones > 0 {
		problems = append(problems,
			ical.Problem{
				Message: fmt.Sprintf("routes in %d time zones do not fit beside the others, which together take all of limits.instances or "+
					"limits.calendar_steps; the calendar is unknown to them; set the calendar's timezone, or raise the limit", zones),
			})
	}
	if total > 0 {
		most := ownersMost(c.limits)
		problems = append(problems,
			ical.Problem{
				Message: fmt.Sprintf("all calendars of tenant %s together have more than %d occurrences, or take more than %d steps of rules; "+
					"the calendar is unknown to routes in %d time zones; use fewer or smaller calendars, or raise limits.instances and limits.calendar_steps in the main file",
					diag.Quote(TenantOf(name)), most.instances, most.steps, total),
			})
	}
	return problems
}
