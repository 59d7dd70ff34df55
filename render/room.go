package render

import (
	"runtime"
	"sync/atomic"
)

// Bytes of the answers that are kept of one owner's routes.
const (
	maxTenantKept   = 64 << 20  // of a tenant
	maxOperatorKept = 512 << 20 // of the operator
)

// What keeping an answer takes besides its callflow, in bytes.
const (
	keptBytes  = 512 // the entry, with its texts
	eventBytes = 256 // an event as templates see it, and one that decided
)

// Room is what the answers may take that are kept of one owner's routes, in bytes. An answer for
// which there is no room is rendered for each call. Routes pass from one configuration to the next,
// and so does the Room of their owner. It is safe for concurrent use; nil has no bound.
type Room struct {
	most int64
	used atomic.Int64
}

// NewRoom is the room of an owner: of the operator, or of a tenant by the path of its file or
// directory.
func NewRoom(owner string) *Room {
	if owner == "" {
		return &Room{most: maxOperatorKept}
	}
	return &Room{most: maxTenantKept}
}

// charge is what the answers that one state keeps take of a Room. It outlives the state, and is
// changed under its lock.
type charge struct {
	room *Room
	used atomic.Int64
}

// newCharge makes the charge of a state, which ends with it: as long as anybody can still answer
// from a state that is not in use any more, what it keeps is in memory.
func newCharge(s *State, room *Room) *charge {
	c := &charge{room: room}
	if room != nil {
		runtime.AddCleanup(s, func(c *charge) { c.release(c.used.Load()) }, c)
	}
	return c
}

// acquire reports whether there is room for so many bytes, which then are taken.
func (c *charge) acquire(bytes int64) bool {
	if c.room == nil {
		return true
	}
	for {
		used := c.room.used.Load()
		if used+bytes > c.room.most {
			return false
		}
		if c.room.used.CompareAndSwap(used, used+bytes) {
			c.used.Add(bytes)
			return true
		}
	}
}

// release gives back what was taken.
func (c *charge) release(bytes int64) {
	if c.room != nil {
		c.room.used.Add(-bytes)
		c.used.Add(-bytes)
	}
}

// bytes is what keeping an answer takes.
func (a *cachedAnswer) bytes() int64 {
	events := len(a.answer.Events)
	if a.views != nil {
		events += len(a.views.events)
	}
	return int64(keptBytes + cap(a.answer.Body) + len(a.answer.Reason) + len(a.answer.Title) + eventBytes*events)
}
