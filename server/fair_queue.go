package server

import (
	"container/heap"
	"runtime"
	"sync"
	"time"

	"github.com/callhours/callhours/internal/parallel"
)

// fairQueue is work of several owners for all processors. The next piece is one of the owner that
// has used the least time, the operator's before all others: more or heavier work of one owner
// delays nobody else's much. That of one tenant takes half of the processors at a time, at least
// one, so that calls are answered meanwhile.
type fairQueue struct {
	most int // pieces of one tenant that are in work

	mu     sync.Mutex // guards the following
	freed  *sync.Cond // a tenant is below most again
	owners byUsed     // that have pieces left, and are below most
}

// ownerShare is the work of an owner.
type ownerShare struct {
	owner  string
	pieces []int // that are left, in their order
	used   time.Duration
	taken  int // pieces
	inWork int // pieces
	order  int // of the first piece
	index  int // index in the heap; -1: not in it
}

// eachByOwner calls do for 0 to n-1 as parallel.Each does, in the order of fairly. owner is whose a
// piece is; "": the operator's. now is time as it passes.
func eachByOwner(n int, owner func(i int) string, now func() time.Time, do func(i int)) {
	f := newFairQueue(n, owner)
	parallel.Each(n, func(int) {
		s, i := f.take()
		began := now()
		defer func() { f.finish(s, now().Sub(began)) }() // if it panics too
		do(i)
	})
}

func newFairQueue(n int, owner func(i int) string) *fairQueue {
	f, shares := &fairQueue{most: max(1, runtime.GOMAXPROCS(0)/2)}, map[string]*ownerShare{}
	f.freed = sync.NewCond(&f.mu)
	for i := range n {
		name := owner(i)
		s := shares[name]
		if s == nil {
			s = &ownerShare{owner: name, order: i, index: len(f.owners)}
			shares[name] = s
			f.owners = append(f.owners, s)
		}
		s.pieces = append(s.pieces, i)
	}
	heap.Init(&f.owners)
	return f
}

// take takes the next piece, of which there must be one, and waits for it where all that is left is
// work of tenants that have as much in work as they may. finish follows.
func (f *fairQueue) take() (*ownerShare, int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for len(f.owners) == 0 {
		f.freed.Wait()
	}
	s := f.owners[0]
	i := s.pieces[0]
	s.taken++
	s.inWork++
	if s.pieces = s.pieces[1:]; f.mayWork(s) {
		heap.Fix(&f.owners, 0)
	} else {
		heap.Pop(&f.owners)
	}
	return s, i
}

// mayWork reports whether the next piece of an owner may be taken, if there is one.
func (f *fairQueue) mayWork(s *ownerShare) bool {
	return len(s.pieces) > 0 && (s.owner == "" || s.inWork < f.most)
}

// finish notes how long a piece took.
func (f *fairQueue) finish(s *ownerShare, used time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	s.used += used
	s.inWork--
	switch {
	case s.index >= 0:
		heap.Fix(&f.owners, s.index)
	case f.mayWork(s):
		heap.Push(&f.owners, s)
		f.freed.Broadcast()
	}
}

// byUsed is a heap of shares, the next one first.
type byUsed []*ownerShare

func (h byUsed) Len() int { return len(h) }

func (h byUsed) Less(i, j int) bool {
	a, b := h[i], h[j]
	switch {
	case (a.owner == "") != (b.owner == ""):
		return a.owner == ""
	case a.used != b.used:
		return a.used < b.used
	case a.taken != b.taken: // they may be in work still
		return a.taken < b.taken
	}
	return a.order < b.order
}

func (h byUsed) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = i, j
}

// Push puts one in at the end.
func (h *byUsed) Push(s any) {
	s.(*ownerShare).index = len(*h)
	*h = append(*h, s.(*ownerShare))
}

// Pop takes the last one off.
func (h *byUsed) Pop() any {
	last := (*h)[len(*h)-1]
	last.index = -1
	*h = (*h)[:len(*h)-1]
	return last
}
