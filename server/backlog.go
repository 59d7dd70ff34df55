package server

import "slices"

// backlog is work that waits, each piece of it once, in the order in which it came. The zero backlog is empty.
type backlog[T comparable] struct {
	waiting []T
	queued  map[T]bool // those that wait
}

// add puts in what does not wait already.
func (b *backlog[T]) add(pieces ...T) {
	if b.queued == nil {
		b.queued = map[T]bool{}
	}
	for _, p := range pieces {
		if !b.queued[p] {
			b.queued[p] = true
			b.waiting = append(b.waiting, p)
		}
	}
}

// take takes the first one off; false if none waits.
func (b *backlog[T]) take() (first T, ok bool) {
	if len(b.waiting) == 0 {
		return first, false
	}
	first, b.waiting = b.waiting[0], b.waiting[1:]
	delete(b.queued, first)
	return first, true
}

// drop takes off all that are of no use any more.
func (b *backlog[T]) drop(useless func(T) bool) {
	b.waiting = slices.DeleteFunc(b.waiting, func(p T) bool {
		if useless(p) {
			delete(b.queued, p)
			return true
		}
		return false
	})
}
