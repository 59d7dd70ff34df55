package server

import "sync"

// places are how many requests may be answered at once, in all and of one owner each: nobody holds them
// all. The zero places are free.
type places struct {
	mu    sync.Mutex // guards the following
	taken int
	of    map[string]int // by owner
}

// take takes a place of somebody; false if there is none.
func (p *places) take(owner string, most, ofOne int) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.taken >= most || p.of[owner] >= ofOne {
		return false
	}
	if p.of == nil {
		p.of = map[string]int{}
	}
	p.taken++
	p.of[owner]++
	return true
}

// leave gives a place back.
func (p *places) leave(owner string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.taken--
	if p.of[owner]--; p.of[owner] == 0 {
		delete(p.of, owner)
	}
}
