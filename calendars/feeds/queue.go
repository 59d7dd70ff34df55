package feeds

import "container/heap"

// queue is the feeds that wait for their next attempt, the soonest first. A feed knows its place in
// it.
type queue struct{ byTime byTime }

func (q *queue) add(f *feed) {
	if f.place < 0 {
		heap.Push(&q.byTime, f)
	} else {
		heap.Fix(&q.byTime, f.place)
	}
}

func (q *queue) remove(f *feed) {
	if f.place >= 0 {
		heap.Remove(&q.byTime, f.place)
	}
}

// peek is the feed whose attempt is next; nil if none waits.
func (q *queue) peek() *feed {
	if len(q.byTime) == 0 {
		return nil
	}
	return q.byTime[0]
}

// byTime is a heap.Interface.
type byTime []*feed

func (h byTime) Len() int { return len(h) }

func (h byTime) Less(i, j int) bool { return h[i].next.Before(h[j].next) }

func (h byTime) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].place, h[j].place = i, j
}

func (h *byTime) Push(x any) {
	f := x.(*feed)
	f.place = len(*h)
	*h = append(*h, f)
}

func (h *byTime) Pop() any {
	last := len(*h) - 1
	f := (*h)[last]
	f.place = -1
	*h = (*h)[:last]
	return f
}
