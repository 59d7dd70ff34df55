package server

import (
	"slices"
	"sync"

	"github.com/callhours/callhours/render"
)

// keptHours are the calendars that were made, so many bytes of them. Where they are more, those of the owner with the
// most bytes are forgotten, the oldest first: nobody's calendars cost another owner its own. The zero value has none.
type keptHours struct {
	mu   sync.Mutex // guards the following
	made map[*render.Route]*published
	of   map[string]*ownHours
	size int // bytes of all
}

// ownHours are those of one owner.
type ownHours struct {
	routes []*render.Route // in the order in which they were made
	size   int
}

func (k *keptHours) find(route *render.Route) *published {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.made[route]
}

// forget forgets what was made of another generation's routes.
func (k *keptHours) forget() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.made, k.of, k.size = nil, nil, 0
}

// keep keeps a calendar.
func (k *keptHours) keep(owner string, route *render.Route, c *published) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.made == nil {
		k.made, k.of = map[*render.Route]*published{}, map[string]*ownHours{}
	}
	own := k.of[owner]
	if own == nil {
		own = &ownHours{}
		k.of[owner] = own
	}
	if i := slices.Index(own.routes, route); i >= 0 {
		k.drop(own, i)
	}
	own.routes = append(own.routes, route)
	own.size += len(c.body)
	k.size += len(c.body)
	k.made[route] = c
	for k.size > mostHoursKept {
		most := own
		for _, o := range k.of {
			if o.size > most.size {
				most = o
			}
		}
		k.drop(most, 0)
	}
}

// drop forgets one of an owner's.
func (k *keptHours) drop(own *ownHours, i int) {
	route := own.routes[i]
	n := len(k.made[route].body)
	own.size -= n
	k.size -= n
	delete(k.made, route)
	own.routes = slices.Delete(own.routes, i, i+1)
}
