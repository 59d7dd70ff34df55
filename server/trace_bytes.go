package server

import "sync/atomic"

// traceBytes are what traces hold by themselves: maxTraceBytes at most. Half of them are anybody's
// who comes first, and of the other half each owner has the same part, however much others hold.
type traceBytes struct {
	all    atomic.Int64
	share  atomic.Int64           // of each owner
	owners map[string]*ownerBytes // guarded by decisions.mu
}

// ownerBytes are those of one owner's traces.
type ownerBytes struct {
	of  *traceBytes
	own atomic.Int64
}

// setOwners makes room for these, and forgets the others once their rings do.
func (b *traceBytes) setOwners(names []string) {
	former := b.owners
	b.owners = make(map[string]*ownerBytes, len(names))
	for _, name := range names {
		if b.owners[name] = former[name]; b.owners[name] == nil {
			b.owners[name] = &ownerBytes{of: b}
		}
	}
	b.share.Store(maxTraceBytes / 2 / int64(max(1, len(b.owners))))
}

// take holds so many more, or reports false where they are too many.
func (o *ownerBytes) take(n int32) bool {
	all, own := o.hold(n)
	if all <= maxTraceBytes/2 || all <= maxTraceBytes && own <= o.of.share.Load() {
		return true
	}
	o.free(n)
	return false
}

func (o *ownerBytes) hold(n int32) (all, own int64) {
	return o.of.all.Add(int64(n)), o.own.Add(int64(n))
}

func (o *ownerBytes) free(n int32) { o.hold(-n) }
