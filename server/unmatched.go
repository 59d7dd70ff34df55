package server

import (
	"maps"
	"sync"

	"github.com/callhours/callhours/calendars"
	"github.com/callhours/callhours/routes"
)

// maxCounting is how many steps counting the events that no route asks for takes, of all calendars
// of a tenant together, and of each of the operator's: a step is a condition that is tried for an
// event, and 64 steps of its patterns for a byte.
const maxCounting = 10_000_000

// notCounted is how many events no route asks for where counting them takes too much.
const notCounted = -1

// counting is what counting the events takes that no route asks for. It is safe for concurrent use.
type counting struct {
	most int

	mu     sync.Mutex     // guards the following
	steps  map[string]int // by calendar of a tenant
	owners map[string]int // their sum, by tenant
}

func newCounting() *counting {
	return &counting{most: maxCounting, steps: map[string]int{}, owners: map[string]int{}}
}

func (c *counting) clone() *counting {
	c.mu.Lock()
	defer c.mu.Unlock()
	return &counting{most: c.most, steps: maps.Clone(c.steps), owners: maps.Clone(c.owners)}
}

// left is what counting a calendar may take beside the others of its tenant.
func (c *counting) left(calendar string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return max(0, c.most-c.owners[calendars.TenantOf(calendar)]+c.steps[calendar])
}

// took notes what counting a calendar took; 0 for one that is gone.
func (c *counting) took(calendar string, steps int) {
	owner := calendars.TenantOf(calendar)
	if owner == "" {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.owners[owner] += steps - c.steps[calendar]
	if c.steps[calendar] = steps; steps == 0 {
		delete(c.steps, calendar)
	}
	if c.owners[owner] == 0 {
		delete(c.owners, owner)
	}
}

// unmatched is how many events of a calendar no condition of any route admits; notCounted where
// counting them takes too much, and 0 for a calendar that is unknown. It looks at every event:
// Server.mu is not held meanwhile.
func (g *Generation) unmatched(name string) int {
	var events []*calendars.Event
	if c := g.timelines.Use(name).Snapshot.Calendar; c != nil {
		events = c.Events()
	}
	asked := routes.NewCriteriaSet(name)
	for _, r := range g.routesByCalendar[name] {
		r.AddTo(asked, name)
	}
	n, steps, known := asked.Unmatched(events, g.counting.left(name))
	g.counting.took(name, steps)
	if !known {
		return notCounted
	}
	return n
}

// tallies are how many events of each calendar no route asks for, each counted once.
type tallies struct {
	g *Generation

	mu sync.Mutex
	n  map[string]int // guarded by mu
}

func newTallies(g *Generation) *tallies { return &tallies{g: g, n: map[string]int{}} }

// of counts those of a calendar, unless that was done.
func (t *tallies) of(name string) int {
	t.mu.Lock()
	n, ok := t.n[name]
	t.mu.Unlock()
	if ok {
		return n
	}
	n = t.g.unmatched(name)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.n[name] = n
	return n
}
