package server

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/callhours/callhours/server/listen"
)

// ownWait is how long a call waits while other calls of its owner are answered, and before it is
// refused because its owner has too many: clients that retry at once would otherwise take time from
// other owners. Kazoo waits for five seconds.
const ownWait = time.Second

// ownInFlight is how many calls of one tenant are answered or wait for that at a time for each CPU:
// half of all.
const ownInFlight = inFlight / 2

// owner is shared by the calls of one owner: the operator, or the author of a tenant's files. It
// bounds the processors that they use: half of all, at least one, so that other calls are answered
// in time however long a tenant's own templates take. The operator's calls are not bounded.
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

// enter reports whether one more call may be answered or wait for that. A call that enters must
// leave.
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

// take waits for a place, after enter; false: there is none in time. giveBack returns it.
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

// owners are those of the live routes. They outlive reloads, so that changing a file gains nothing.
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
	names := g.ownersByRoute()
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

// ownersByRoute are the names of the owners of routes; the operator's are not there.
func (g *Generation) ownersByRoute() map[string]string {
	names := map[string]string{}
	for _, r := range g.file.Routes {
		if r.Tenant != nil {
			names[r.Name] = r.Tenant.Owner
		}
	}
	return names
}
