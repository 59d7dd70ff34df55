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

func (k *hoursCache) get(route *render.Route) *published {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.entries[route]
}

// clear forgets what was made of another generation's routes.
func (k *hoursCache) clear() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.entries, k.byOwner, k.size = nil, nil, 0
}

// add keeps a calendar.
func (k *hoursCache) add(owner string, route *render.Route, c *published) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.entries == nil {
		k.entries, k.byOwner = map[*render.Route]*published{}, map[string]*ownerHours{}
	}
	own := k.byOwner[owner]
	if own == nil {
		own = &ownerHours{}
		k.byOwner[owner] = own
	}
	if i := slices.Index(own.routes, route); i >= 0 {
		k.evict(own, i)
	}
	own.routes = append(own.routes, route)
	own.size += len(c.body)
	k.size += len(c.body)
	k.entries[route] = c
	for k.size > maxHoursKept {
		most := own
		for _, o := range k.byOwner {
			if o.size > most.size {
				most = o
			}
		}
		k.evict(most, 0)
	}
}

// evict forgets one of an owner's.
func (k *hoursCache) evict(own *ownerHours, i int) {
	route := own.routes[i]
	n := len(k.entries[route].body)
	own.size -= n
	k.size -= n
	delete(k.entries, route)
	own.routes = slices.Delete(own.routes, i, i+1)
}
