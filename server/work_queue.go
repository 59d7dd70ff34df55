package server

import (
	"slices"
)

// workQueue is a queue of pieces of work, each of it once. Owners take turns, so that nobody waits
// longer because another has much to do; pieces of one owner are first in, first out. The zero
// queue is empty, and all its pieces have one owner.
type workQueue[T comparable] struct {
	owner  func(T) string // nil: all are one's
	pieces map[string][]T // that wait, by owner
	turns  []string       // owners of pieces, the next one first
	queued map[T]bool     // those that wait
}

// add puts in what does not wait already.
func (b *workQueue[T]) add(pieces ...T) {
	if b.queued == nil {
		b.queued, b.pieces = map[T]bool{}, map[string][]T{}
	}
	for _, p := range pieces {
		if b.queued[p] {
			continue
		}
		b.queued[p] = true
		owner := b.ownerOf(p)
		if len(b.pieces[owner]) == 0 {
			b.turns = append(b.turns, owner)
		}
		b.pieces[owner] = append(b.pieces[owner], p)
	}
}

func (b *workQueue[T]) ownerOf(p T) string {
	if b.owner == nil {
		return ""
	}
	return b.owner(p)
}

// take takes the first one of the owner whose turn it is off; false if none waits.
func (b *workQueue[T]) take() (first T, ok bool) {
	if len(b.turns) == 0 {
		return first, false
	}
	owner := b.turns[0]
	b.turns = b.turns[1:]
	first, b.pieces[owner] = b.pieces[owner][0], b.pieces[owner][1:]
	if len(b.pieces[owner]) > 0 {
		b.turns = append(b.turns, owner)
	} else {
		delete(b.pieces, owner)
	}
	delete(b.queued, first)
	return first, true
}

// drop takes off all that are of no use any more.
func (b *workQueue[T]) drop(useless func(T) bool) {
	for owner, pieces := range b.pieces {
		b.pieces[owner] = slices.DeleteFunc(pieces, func(p T) bool {
			if useless(p) {
				delete(b.queued, p)
				return true
			}
			return false
		})
		if len(b.pieces[owner]) == 0 {
			delete(b.pieces, owner)
		}
	}
	b.turns = slices.DeleteFunc(b.turns, func(owner string) bool { return len(b.pieces[owner]) == 0 })
}

// has reports whether a piece waits.
func (b *workQueue[T]) has(p T) bool { return b.queued[p] }

// len is how many wait.
func (b *workQueue[T]) len() int { return len(b.queued) }
