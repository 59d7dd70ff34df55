package server

import "sync"

// semaphore bounds how many requests are answered at once, in all and for each owner: nobody holds
// them all. The zero semaphore is free.
type semaphore struct {
	mu      sync.Mutex // guards the following
	taken   int
	byOwner map[string]int // by owner
}

// acquire takes a place for an owner; false if there is none.
func (p *semaphore) acquire(owner string, most, ofOne int) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.taken >= most || p.byOwner[owner] >= ofOne {
		return false
	}
	if p.byOwner == nil {
		p.byOwner = map[string]int{}
	}
	p.taken++
	p.byOwner[owner]++
	return true
}

// release returns a place.
func (p *semaphore) release(owner string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.taken--
	if p.byOwner[owner]--; p.byOwner[owner] == 0 {
		delete(p.byOwner, owner)
	}
}
