package server

import (
	"strings"

	"github.com/callhours/callhours/pivot"
)

// unrouted finds the ring of a call that no route takes: that of the owner of the call's account,
// else of the one owner of all routes on its path, else the one that strangers share. So that such
// calls of one owner, or of anybody, make nobody else's be forgotten.
type unrouted struct {
	accounts  map[string]*ring // in lower case
	paths     map[string]*ring // nil: of several owners
	strangers *ring
}

// unrouted are the rings of a generation's owners.
func (d *decisions) unrouted(g *Generation) *unrouted {
	d.mu.Lock()
	defer d.mu.Unlock()
	u := &unrouted{accounts: map[string]*ring{}, paths: map[string]*ring{}, strangers: d.misses[strangers]}
	owners := g.ownersByRoute()
	for _, r := range g.routes {
		ring := d.misses[owners[r.Name]]
		if other, ok := u.paths[r.Path]; ok && other != ring {
			ring = nil
		}
		u.paths[r.Path] = ring
	}
	for _, r := range g.file.Routes {
		if r.Tenant == nil {
			for _, account := range r.Match.Accounts {
				u.accounts[strings.ToLower(account.S)] = d.misses[""]
			}
		}
	}
	for _, t := range g.file.Tenants { // after the operator's: what is assigned to a tenant is that tenant's
		for _, account := range t.Accounts {
			u.accounts[strings.ToLower(account.S)] = d.misses[t.Owner]
		}
	}
	return u
}

// ring is that of a call on a path. The account counts first: nobody can claim another's, while
// anybody may have routes on any path.
func (u *unrouted) ring(path string, call *pivot.Call) *ring {
	if r := u.accounts[strings.ToLower(call.AccountID)]; r != nil {
		return r
	}
	if r := u.paths[path]; r != nil {
		return r
	}
	return u.strangers
}
