package server

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/callhours/callhours/server/listen"
)

// ownWait is how long a call waits while others of its owner are being answered, and before it is
// refused since there are too many of its owner: whoever comes back at once would otherwise take
// from others by that. Kazoo waits for five seconds.
const ownWait = time.Second

// ownInFlight is how many calls of one tenant are answered or wait for that at a time for each CPU:
// half of all.
const ownInFlight = inFlight / 2

// owner is what the calls of one owner share, the operator or whoever wrote a tenant's files. It
// bounds how much of the processors they take: half of them, and one at least, are answered at a
// time, so that others are answered in time however long a tenant's own templates take. Nothing
// bounds the operator's.
type owner struct {
	places chan struct{} // nil: the operator's
	inside atomic.Int64  // that are answered or wait
	most   int64
	pause  time.Duration // see ownWait
	load   recentLoad
	lines  listen.LogLimit // about calls that are refused
}

func newOwner(isTenant bool) *owner {
	o := &owner{pause: ownWait}
	if isTenant {
		processors := runtime.GOMAXPROCS(0)
		o.places = make(chan struct{}, max(1, processors/2))
		o.most = ownInFlight * int64(processors)
	}
	return o
}

// enter reports whether one more call may be answered or wait for that. Whoever has entered leaves.
func (o *owner) enter() bool {
	if o.places == nil {
		return true
	}
	if o.inside.Add(1) <= o.most {
		return true
	}
	o.inside.Add(-1)
	return false
}

func (o *owner) leave() {
	if o.places != nil {
		o.inside.Add(-1)
	}
}

// take waits for a place of one that has entered; false: there is none in time. Whoever has one
// gives it back.
func (o *owner) take(ctx context.Context, conn *listen.Conn) bool {
	if o.places == nil {
		return true
	}
	select {
	case o.places <- struct{}{}:
		return true
	default:
		return o.wait(ctx, conn, o.places)
	}
}

func (o *owner) giveBack() {
	if o.places != nil {
		<-o.places
	}
}

// wait waits for a place, or where there are none for a call to be refused. Meanwhile others may
// take the place of its connection, so that calls of one owner keep nobody from connecting.
func (o *owner) wait(ctx context.Context, conn *listen.Conn, places chan<- struct{}) bool {
	displaced, stop := conn.Yield()
	defer stop()
	timer := time.NewTimer(o.pause)
	defer timer.Stop()
	select {
	case places <- struct{}{}:
		return true
	case <-timer.C:
	case <-displaced:
	case <-ctx.Done():
	}
	return false
}

// owners are those of the live routes. They outlive reloads, so that nobody gets more by changing a
// file.
type owners struct {
	loads loads
	mu    sync.Mutex // guards the following
	by    map[string]*owner
}

// of are the owners of a generation's routes, in their order.
func (os *owners) of(g *Generation) []*owner {
	os.mu.Lock()
	defer os.mu.Unlock()
	former := os.by
	os.by = map[string]*owner{}
	all := make([]*owner, len(g.routes))
	names := map[string]string{} // of owners, by route
	for _, r := range g.file.Routes {
		if r.Tenant != nil {
			names[r.Name] = r.Tenant.Owner
		}
	}
	for i, r := range g.routes {
		name := names[r.Name]
		o := os.by[name]
		if o == nil {
			if o = former[name]; o == nil {
				o = newOwner(name != "")
			}
			os.by[name] = o
		}
		all[i] = o
	}
	return all
}
