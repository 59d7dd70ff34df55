package server

import (
	"container/heap"
	"sync"
	"time"

	"github.com/callhours/callhours/internal/parallel"
)

// fairQueue is work of several owners for all processors. The next piece is one of the owner that
// has used the least time, the operator's before all others: more or heavier work of one owner
// delays nobody else's much.
type fairQueue struct {
	mu     sync.Mutex // guards the following
	owners byUsed     // that have pieces left
}

// ownerShare is the work of an owner.
type ownerShare struct {
	owner  string
	pieces []int // that are left, in their order
	used   time.Duration
	taken  int // pieces
	order  int // of the first piece
	index  int // index in the heap; -1: nothing is left
}

// eachByOwner calls do for 0 to n-1 as parallel.Each does, in the order of fairly. owner is whose a
// piece is; "": the operator's. now is time as it passes.
func eachByOwner(n int, owner func(i int) string, now func() time.Time, do func(i int)) {
	f := newFairQueue(n, owner)
	parallel.Each(n, func(int) {
		s, i := f.take()
		began := now()
		do(i)
		f.addUsed(s, now().Sub(began))
	})
}

func newFairQueue(n int, owner func(i int) string) *fairQueue {
	f, shares := &fairQueue{}, map[string]*ownerShare{}
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

// take takes the next piece, of which there must be one.
func (f *fairQueue) take() (*ownerShare, int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	s := f.owners[0]
	i := s.pieces[0]
	s.taken++
	if s.pieces = s.pieces[1:]; len(s.pieces) > 0 {
		heap.Fix(&f.owners, 0)
	} else {
		heap.Pop(&f.owners)
	}
	return s, i
}

// addUsed notes how long a piece took.
func (f *fairQueue) addUsed(s *ownerShare, used time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	s.used += used
	if s.index >= 0 {
		heap.Fix(&f.owners, s.index)
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

// Push is never called: nobody comes back.
func (h *byUsed) Push(any) {}

// Pop takes the last one off.
func (h *byUsed) Pop() any {
	last := (*h)[len(*h)-1]
	last.index = -1
	*h = (*h)[:len(*h)-1]
	return last
}
