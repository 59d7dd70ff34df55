package server

import (
	"slices"
	"sync"

	"github.com/callhours/callhours/render"
)

// hoursCache holds rendered calendars of hours, up to a number of bytes. Beyond it, calendars of
// the owner with the most bytes are evicted, oldest first, so that one owner's do not evict
// another's. The zero cache is empty.
type hoursCache struct {
	mu      sync.Mutex // guards the following
	entries map[*render.Route]*published
	byOwner map[string]*ownerHours
	size    int // bytes of all
}

// ownerHours are those of one owner.
type ownerHours struct {
	routes []*render.Route // in the order in which they were made
	size   int
}

func (c *hoursCache) get(route *render.Route) *published {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.entries[route]
}

// clear removes all, when the routes are another generation's.
func (c *hoursCache) clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.entries, c.byOwner, c.size = nil, nil, 0
}

// add keeps the rendered hours of an owner's route, in place of its former ones. Where the cache is
// full it evicts the oldest of the owner with the most bytes.
func (c *hoursCache) add(owner string, route *render.Route, rendered *published) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.entries == nil {
		c.entries, c.byOwner = map[*render.Route]*published{}, map[string]*ownerHours{}
	}
	own := c.byOwner[owner]
	if own == nil {
		own = &ownerHours{}
		c.byOwner[owner] = own
	}
	if i := slices.Index(own.routes, route); i >= 0 {
		c.evict(own, i)
	}
	own.routes = append(own.routes, route)
	own.size += len(rendered.body)
	c.size += len(rendered.body)
	c.entries[route] = rendered
	for c.size > maxHoursCacheBytes {
		most := own
		for _, o := range c.byOwner {
			if o.size > most.size {
				most = o
			}
		}
		c.evict(most, 0)
	}
}

// evict removes the i-th of an owner's routes.
func (c *hoursCache) evict(own *ownerHours, i int) {
	route := own.routes[i]
	n := len(c.entries[route].body)
	own.size -= n
	c.size -= n
	delete(c.entries, route)
	own.routes = slices.Delete(own.routes, i, i+1)
}
