package calendars

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/callhours/callhours/calendars/ical"
	"github.com/callhours/callhours/internal/diag"
)

// tenantTimes is how many times the limits of one calendar all calendars of a tenant take together,
// compiled: however many it defines, it does not take the memory of the others. The operator's
// calendars are not counted.
const tenantTimes = 4

// whyTenantTotal is why a calendar is unknown to a route because of the others of its tenant.
const whyTenantTotal = "the calendars of its tenant take too much together"

// usage is what timelines take.
type usage struct{ instances, steps int }

func usageOf(t *Timeline) usage { return usage{t.starts.len(), t.steps} }

func (a usage) plus(b usage) usage { return usage{a.instances + b.instances, a.steps + b.steps} }

func (a usage) minus(b usage) usage { return usage{a.instances - b.instances, a.steps - b.steps} }

func (a usage) within(limit usage) bool {
	return a.instances <= limit.instances && a.steps <= limit.steps
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

// tenantLimit is what all calendars of the tenant of a calendar with those limits take together at
// most. A calendar's own limits are never above the operator's; lowering them for one does not
// lower the total.
func tenantLimit(l ical.Limits) usage {
	l, standard := l.WithDefaults(), ical.Limits{}.WithDefaults()
	return usage{
		tenantTimes * max(l.Instances, standard.Instances),
		tenantTimes * max(l.CalendarSteps, standard.CalendarSteps),
	}
}

// refusal is why a calendar was not compiled for a view, or what was compiled not kept.
type refusal struct {
	why   string
	needs usage // what it took; zero: that is not known
}

// refuse is why a calendar is not compiled for one more view or, with the compiled t, why that is
// not kept; "" if it is. All views of a calendar together have the limits of one, so that requests
// from hundreds of zones do not cost hundreds of times; its first view always fits. All calendars
// of a tenant have a limit too. A refused one is not compiled again until there is room for it; and
// once refused ones of a tenant have taken as much as all of its calendars may, no others are
// compiled until one of its calendars changes. Callers hold mu.
func (ts *Timelines) refuse(name string, c *Calendar, key viewKey, t *Timeline) string {
	needs := ts.refused[name][key].needs
	if t != nil {
		needs = usageOf(t)
	}
	others, views, former := 0, needs, usage{}
	for _, other := range ts.compiled[name] {
		switch {
		case other.viewKey == key:
			former = usageOf(other.Timeline)
		case other.calendar == c:
			others++
			views = views.plus(usageOf(other.Timeline))
		}
	}
	limits := c.limits.WithDefaults()
	tenant, why := TenantOf(name), ""
	switch {
	case others > 0 && !views.within(usage{limits.Instances, limits.CalendarSteps}):
		why = whyManyZones
	case tenant != "" && t == nil && needs == (usage{}) && !ts.wasted[tenant].within(tenantLimit(c.limits)):
		why = whyTenantTotal // to find out takes time, of which too much is gone already
	case tenant != "" && !ts.totals[tenant].minus(former).plus(needs).within(tenantLimit(c.limits)):
		why = whyTenantTotal
	default:
		delete(ts.refused[name], key)
		return ""
	}
	if ts.refused[name] == nil {
		ts.refused[name] = map[viewKey]refusal{}
	}
	ts.refused[name][key] = refusal{why, needs}
	if tenant != "" && t != nil {
		ts.wasted[tenant] = ts.wasted[tenant].plus(needs)
	}
	return why
}

// Waiting are the calendars that are unknown to a route because there was no room for them, and for
// which there may be by now: of some tenants, "" being the operator, or of all. Callers are to get
// them again.
func (ts *Timelines) Waiting(tenants ...string) (names []string) {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	for name, views := range ts.refused {
		if len(tenants) > 0 && !slices.Contains(tenants, TenantOf(name)) {
			continue
		}
		for key := range views {
			if ts.refuse(name, ts.uses[name].Snapshot.Calendar, key, nil) == "" {
				names = append(names, name)
				break
			}
		}
	}
	return names
}

// Keep drops what is compiled for views, by calendar, that are no longer in use.
func (ts *Timelines) Keep(asked map[string][]View) {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	for name, use := range ts.uses {
		if len(ts.compiled[name])+len(ts.refused[name]) == 0 {
			continue
		}
		keys := map[viewKey]bool{}
		for _, view := range asked[name] {
			keys[use.key(view)] = true
		}
		maps.DeleteFunc(ts.refused[name], func(key viewKey, _ refusal) bool { return !keys[key] })
		ts.compiled[name] = slices.DeleteFunc(ts.compiled[name], func(c compiledView) bool {
			if keys[c.viewKey] {
				return false
			}
			ts.add(name, usage{}.minus(usageOf(c.Timeline)))
			delete(ts.wasted, TenantOf(name)) // there is more room than when that was in vain
			return true
		})
	}
}

// put keeps a timeline, in the place of the former one for the same view. Callers hold mu.
func (ts *Timelines) put(name string, key viewKey, t *Timeline) {
	ts.add(name, usageOf(t))
	list := ts.compiled[name]
	if i := slices.IndexFunc(list, key.matches); i >= 0 {
		ts.add(name, usage{}.minus(usageOf(list[i].Timeline)))
		list[i].Timeline = t
		return
	}
	ts.compiled[name] = append(list, compiledView{key, t})
}

// drop removes the timelines of a calendar. Callers hold mu.
func (ts *Timelines) drop(name string) {
	for _, c := range ts.compiled[name] {
		ts.add(name, usage{}.minus(usageOf(c.Timeline)))
	}
	delete(ts.compiled, name)
}

// add counts usage of a calendar to its tenant.
func (ts *Timelines) add(name string, a usage) {
	tenant := TenantOf(name)
	if tenant == "" {
		return
	}
	if a = ts.totals[tenant].plus(a); a == (usage{}) {
		delete(ts.totals, tenant)
		return
	}
	ts.totals[tenant] = a
}

// refusedProblems are the Problems of a calendar that is unknown to some of its routes.
func (ts *Timelines) refusedProblems(name string, c *Calendar) (problems []ical.Problem) {
	zones, total := 0, 0
	for _, r := range ts.refused[name] {
		if r.why == whyTenantTotal {
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
		limit := tenantLimit(c.limits)
		problems = append(problems,
			ical.Problem{
				Message: fmt.Sprintf("all calendars of tenant %s together have more than %d occurrences, or take more than %d steps of rules; "+
					"the calendar is unknown to routes in %d time zones; use fewer or smaller calendars, or raise limits.instances and limits.calendar_steps in the main file",
					diag.Quote(TenantOf(name)), limit.instances, limit.steps, total),
			})
	}
	return problems
}
