package routes

import (
	"maps"
	"sync"
	"time"

	"github.com/callhours/callhours/calendars"
)

// What compiled routes take at most, in multiples of what one calendar may have in occurrences
// (limits.instances). Edges are moments at which an event of a condition begins or ends, and each
// further combination of 64 conditions; they take memory. Steps are occurrences that conditions
// look at, and conditions that combinations are decided by; they take time. Of what is a tenant's,
// whole windows have half, and those that are cut short the other half.
const (
	routeEdges  = 4
	routeSteps  = 50
	tenantEdges = 40
	tenantSteps = 200
)

// lostTimes is how many times the steps count that were gone in vain: whoever has no room left is
// not to look for it again and again.
const lostTimes = 4

// comparedInStep is how many steps of patterns are one step: those that may be taken for each byte
// of a text, and of regular expressions those that are taken.
const comparedInStep = 64

// Soon is how far a window reaches that is cut short, from its beginning two days before the
// present.
const Soon = 72 * time.Hour

// Why a route is not compiled for its whole window.
const (
	routeTooLarge  = "its conditions look at too many occurrences; use fewer conditions or smaller calendars, or raise limits.instances in the main file"
	tenantTooLarge = "the routes of its tenant together look at too many occurrences; use fewer routes, fewer conditions or smaller calendars, " +
		"or raise limits.instances in the main file"
)

// cost is what a compiled route takes.
type cost struct{ edges, steps int }

func (c cost) plus(d cost) cost { return cost{c.edges + d.edges, c.steps + d.steps} }

func (c cost) minus(d cost) cost { return cost{c.edges - d.edges, c.steps - d.steps} }

func (c cost) times(n int) cost { return cost{c.edges * n, c.steps * n} }

func (c cost) within(most cost) bool { return c.edges <= most.edges && c.steps <= most.steps }

// Totals bound what compiled routes take, one by one, and those of each tenant together: however
// many a tenant has, they do not take the memory and the time of the others. The operator's routes
// are bounded one by one. They are safe for concurrent use.
type Totals struct {
	*totals
	asking bool // nothing is counted
}

type totals struct {
	mu            sync.Mutex // guards the following
	route, tenant cost       // at most
	tenants       map[string]shares
	routes        map[string]shares // of tenants, by name
}

// shares are what whole windows take, and short ones.
type shares [2]cost

const (
	wholeWindow = iota
	shortWindow
)

// NewTotals counts nothing yet. instances is how many occurrences one calendar may have.
func NewTotals(instances int) Totals {
	t := Totals{totals: &totals{tenants: map[string]shares{}, routes: map[string]shares{}}}
	t.Limit(instances)
	return t
}

// Limit changes how many occurrences one calendar may have, and reports whether it was another
// number.
func (t Totals) Limit(instances int) (changed bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	route := cost{routeEdges, routeSteps}.times(instances)
	changed = route != t.route
	t.route, t.tenant = route, cost{tenantEdges / 2, tenantSteps / 2}.times(instances)
	return changed
}

// Asking gives the same totals for somebody who only asks: what is compiled then has the room that
// the route has, and is not counted.
func (t Totals) Asking() Totals { return Totals{t.totals, true} }

// Clone gives totals that count the same for now, and go on by themselves.
func (t Totals) Clone() Totals {
	t.mu.Lock()
	defer t.mu.Unlock()
	return Totals{
		&totals{route: t.route, tenant: t.tenant, tenants: maps.Clone(t.tenants), routes: maps.Clone(t.routes)},
		t.asking,
	}
}

// Forget no longer counts a route, by its name.
func (t Totals) Forget(route string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.set(route, shares{})
}

// room is what a window of a route may take beside the others of its tenant.
func (t Totals) room(route string, window int) cost {
	t.mu.Lock()
	defer t.mu.Unlock()
	tenant := calendars.TenantOf(route)
	if tenant == "" {
		return t.route
	}
	left := t.tenant.minus(t.tenants[tenant][window].minus(t.routes[route][window]))
	return cost{max(0, min(t.route.edges, left.edges)), max(0, min(t.route.steps, left.steps))}
}

// count counts what a window of a route takes, in the place of what it took, or says why it takes
// too much. Of one that does, the steps are counted that were gone before that was known, lostTimes
// each: they are gone again each time.
func (t Totals) count(route string, takes cost, window int) (why string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	tenant, is := calendars.TenantOf(route), t.routes[route]
	others := t.tenants[tenant][window].minus(is[window])
	fits := func(c cost) bool { return c.within(t.route) && (tenant == "" || others.plus(c).within(t.tenant)) }
	switch {
	case fits(takes):
	case !takes.within(t.route):
		why = routeTooLarge
	default:
		why = tenantTooLarge
	}
	if why != "" {
		if takes.edges = 0; fits(takes) {
			takes.steps = min(lostTimes*takes.steps, t.tenant.steps-others.steps)
		} else {
			takes = cost{} // which was known before the first
		}
	}
	if is[window] = takes; window == wholeWindow {
		is[shortWindow] = cost{} // until that is tried
	}
	if !t.asking {
		t.set(route, is)
	}
	return why
}

// set is called with the lock.
func (t *totals) set(route string, takes shares) {
	tenant := calendars.TenantOf(route)
	if tenant == "" {
		return
	}
	sum, was := t.tenants[tenant], t.routes[route]
	for i := range sum {
		sum[i] = sum[i].minus(was[i]).plus(takes[i])
	}
	t.tenants[tenant], t.routes[route] = sum, takes
	if takes == (shares{}) {
		delete(t.routes, route)
	}
	if sum == (shares{}) {
		delete(t.tenants, tenant)
	}
}
