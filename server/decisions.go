package server

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/callhours/callhours/internal/diag"
	"github.com/callhours/callhours/pivot"
	"github.com/callhours/callhours/preview"
)

// Bounds of what is remembered of all routes together.
const (
	maxTraces     = 100_000  // decisions, at some 400 bytes each, besides their callflows and texts
	maxTraceBytes = 64 << 20 // of callflows and texts that are no other decision's; see traceBytes
)

// decisions remember the last calls of each route, and of those that no route takes. They outlive
// reloads. Remembering a call allocates nothing but a route's ring, once.
type decisions struct {
	mu     sync.Mutex        // guards the following
	rings  map[string]*ring  // by route
	owners map[string]string // of these, by route, as config.Tenant.Owner
	misses map[string]*ring  // of calls that no route takes, by owner; see unrouted
	bytes  traceBytes
}

// strangers own the calls that no route takes and of which nobody can say whose they are. No
// tenant's files lie there.
const strangers = "\x00"

// ring holds the last calls of a route, or those of an owner that no route takes; the oldest one
// makes place. It takes no memory before the first.
type ring struct {
	mu     sync.Mutex // guards the following
	size   int        // how many are held
	traces []trace
	count  int // how many calls came ever; the last one is traces[(count-1) % size]
	// counts what the traces hold by themselves; nil before the ring is made, and once it is forgotten
	bytes *ownerBytes
}

// trace is what is remembered of a call. What is the same for many calls is shared by them.
type trace struct {
	at          time.Time
	took        time.Duration
	facts       *routeFacts
	reason      string // without a route, why none was found
	event       string // without a route, the path
	body        []byte // the callflow; its summary is made when somebody asks
	failure     string
	own         int32 // bytes of these that no other trace holds
	withoutBody bool  // the callflow is not remembered, since those of others take too much

	// texts holds the caller's number, the dialed one, the account and the call id behind each
	// other, and ends where each ends: a call's own texts may be parts of its whole request, which
	// is not to be remembered.
	texts [maxCaller + maxDialed + maxAccount + maxCallID]byte
	ends  [4]uint8

	branch, answered int32 // -1: none
	status           int16
	unknown, twiml   bool
}

// How much of each text of a call is remembered, in bytes; 255 at most together.
const (
	maxCaller  = 32
	maxDialed  = 40
	maxAccount = 40
	maxCallID  = 80
)

// routeFacts are what was known of a route when its calls came. They do not change, and hold
// nothing of a generation that is gone.
type routeFacts struct {
	generation string
	route      string
	branches   []outcome
	calendars  []preview.CalendarRead
}

// outcome is the name and the state of a branch.
type outcome struct{ branch, state string }

// forgetDisowned forgets the calls of routes that have another owner now: a tenant may take
// the name of one that has left.
func (d *decisions) forgetDisowned(g *Generation) {
	owners := map[string]string{}
	for _, r := range g.file.Routes {
		if r.Tenant != nil {
			owners[r.Name] = r.Tenant.Owner
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for name, r := range d.rings {
		if d.owners[name] != owners[name] {
			r.forget()
			delete(d.rings, name)
		}
	}
	d.owners = owners
}

// setRoutes gives the rings of a configuration's routes, in their order, and makes those of calls
// without a route: the tenants', by owner, the operator's and that of strangers. Rings of other
// routes and owners are forgotten.
func (d *decisions) setRoutes(routes, tenants []string, most int) []*ring {
	d.mu.Lock()
	defer d.mu.Unlock()
	tenants = append([]string{"", strangers}, tenants...)
	rings := map[string]int{} // by owner
	for _, owner := range tenants {
		rings[owner]++
	}
	for _, route := range routes {
		rings[d.owners[route]]++
	}
	sizes := ringSizes(rings, most)
	d.bytes.setOwners(tenants)
	d.misses = d.keepRings(d.misses, tenants, sizes, func(owner string) string { return owner })
	d.rings = d.keepRings(d.rings, routes, sizes, func(route string) string { return d.owners[route] })
	list := make([]*ring, len(routes))
	for i, name := range routes {
		list[i] = d.rings[name]
	}
	return list
}

// ringSizes is how many calls each ring of an owner holds, by the owner, of most: what all may hold
// is divided equally among owners, and what one does not need among the others. So an owner with many
// routes makes its own rings smaller, and nobody else's.
func ringSizes(rings map[string]int, most int) map[string]int {
	owners := slices.SortedFunc(maps.Keys(rings), func(a, b string) int {
		return cmp.Or(cmp.Compare(rings[a], rings[b]), cmp.Compare(a, b))
	})
	sizes := make(map[string]int, len(rings))
	left := maxTraces
	for i, owner := range owners {
		size := min(most, max(1, left/(len(owners)-i)/rings[owner]))
		left = max(0, left-size*rings[owner])
		sizes[owner] = size
	}
	return sizes
}

// keepRings are rings of these names: the former ones where there are any, and the others of the
// former are forgotten.
func (d *decisions) keepRings(former map[string]*ring, names []string, sizes map[string]int, owner func(string) string,
) map[string]*ring {
	rings := make(map[string]*ring, len(names))
	for _, name := range names {
		r := former[name]
		if r == nil {
			r = &ring{}
		}
		r.resize(sizes[owner(name)], d.bytes.owners[owner(name)])
		rings[name] = r
	}
	for name, r := range former {
		if rings[name] != r {
			r.forget()
		}
	}
	return rings
}

// resize sets how many calls are held, and keeps the last ones.
func (r *ring) resize(most int, bytes *ownerBytes) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.bytes = bytes
	if r.size == most {
		return
	}
	last := r.last(most)
	slices.Reverse(last)
	for i := range r.traces {
		bytes.free(r.traces[i].own)
	}
	former := &trace{}
	for i := range last {
		last[i].shareTexts(former)
		bytes.hold(last[i].own)
		former = &last[i]
	}
	r.size, r.traces, r.count = most, nil, len(last)
	if len(last) > 0 {
		r.traces = make([]trace, most)
		copy(r.traces, last)
	}
}

// add remembers a call. It copies it under a lock that is held for no longer than that, or
// than somebody copies the ring.
func (r *ring) add(t *trace) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.bytes == nil {
		return // the route is gone
	}
	if r.traces == nil {
		r.traces = make([]trace, r.size)
	}
	if r.count > 0 {
		t.shareTexts(&r.traces[(r.count-1)%r.size])
	} else {
		t.shareTexts(&trace{})
	}
	oldest := &r.traces[r.count%r.size]
	if next := &r.traces[(r.count+1)%r.size]; r.size > 1 && oldest.own > 0 && sameBody(oldest.body, next.body) {
		next.own += oldest.own // it holds them from here on
	} else {
		r.bytes.free(oldest.own)
	}
	if !r.bytes.take(t.own) {
		t.withoutBody, t.body, t.failure, t.own = len(t.body) > 0, nil, "", 0
	}
	*oldest = *t
	r.count++
}

// forget drops what is held, for good.
func (r *ring) forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.bytes == nil {
		return
	}
	for i := range r.traces {
		r.bytes.free(r.traces[i].own)
	}
	r.bytes, r.traces, r.count = nil, nil, 0
}

// shareTexts takes what is the same as in another trace from that, and counts what is not.
func (t *trace) shareTexts(with *trace) {
	own := 0
	if !sameBody(t.body, with.body) {
		own += len(t.body)
	}
	for _, s := range [...]struct {
		mine, other *string
	}{{&t.reason, &with.reason}, {&t.event, &with.event}, {&t.failure, &with.failure}} {
		if *s.mine == *s.other {
			*s.mine = *s.other
		} else {
			own += len(*s.mine)
		}
	}
	t.own = int32(min(own, math.MaxInt32))
}

// sameBody reports whether two callflows are one in memory.
func sameBody(a, b []byte) bool { return len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0]) }

// last are the last calls, the newest first. The lock is held.
func (r *ring) last(most int) []trace {
	n := min(most, r.count, len(r.traces))
	out := make([]trace, 0, n)
	for i := range n {
		out = append(out, r.traces[(r.count-1-i)%r.size])
	}
	return out
}

// traces are the last decisions of a route, or of all routes and of the calls without one where it
// is "", the newest first; nil if there is no such route.
func (d *decisions) traces(route string, most int) []preview.Trace {
	d.mu.Lock()
	var rings []*ring
	if route == "" {
		rings = slices.AppendSeq(slices.Collect(maps.Values(d.misses)), maps.Values(d.rings))
	} else if r := d.rings[route]; r != nil {
		rings = append(rings, r)
	}
	d.mu.Unlock()
	if len(rings) == 0 {
		return nil
	}
	var found []trace
	for i, r := range rings {
		r.mu.Lock()
		found = append(found, r.last(most)...)
		r.mu.Unlock()
		if last := i == len(rings)-1; last || len(found) > 4*most {
			slices.SortStableFunc(found, func(a, b trace) int { return b.at.Compare(a.at) })
			found = found[:min(most, len(found))]
		}
	}
	out := make([]preview.Trace, 0, len(found))
	for i := range found {
		out = append(out, found[i].export())
	}
	return out
}

// export is the call as people see it.
func (t *trace) export() preview.Trace {
	f := t.facts
	out := preview.Trace{
		At: t.at.UTC(), Route: f.route, Unknown: t.unknown, Reason: t.reason, Event: t.event, Failure: t.failure,
		Status: int(t.status), Summary: pivot.Summary(t.body), Callflow: t.body,
		Caller: t.text(0), Dialed: t.text(1), Account: t.text(2), CallID: t.text(3),
		Took: t.took, Generation: f.generation, Calendars: f.calendars,
	}
	if t.twiml {
		out.Summary = "TwiML of the upstream"
	}
	if t.withoutBody {
		out.Summary = "(not remembered: those of other calls take too much)"
	}
	if t.branch >= 0 {
		out.Branch, out.State = f.branches[t.branch].branch, f.branches[t.branch].state
	}
	if f.route == "" {
		out.Reason, out.Path, out.Event = "no_route: "+t.reason, t.event, ""
	}
	if t.answered >= 0 {
		out.Answered = f.branches[t.answered].branch
	}
	return out
}

func (t *trace) text(i int) string {
	from := uint8(0)
	if i > 0 {
		from = t.ends[i-1]
	}
	return strings.ToValidUTF8(string(t.texts[from:t.ends[i]]), "")
}

// setTexts remembers the texts of a call. show is how much of its numbers.
func (t *trace) setTexts(call *pivot.Call, show string) {
	left, caller, dialed := shownNumbers(show, call)
	to := append(t.texts[:0], left...)
	to = append(to, caller[:min(len(caller), maxCaller-len(to))]...)
	t.ends[0] = uint8(len(to))
	to = append(to, dialed[:min(len(dialed), maxDialed)]...)
	t.ends[1] = uint8(len(to))
	to = append(to, call.AccountID[:min(len(call.AccountID), maxAccount)]...)
	t.ends[2] = uint8(len(to))
	to = append(to, call.CallID[:min(len(call.CallID), maxCallID)]...)
	t.ends[3] = uint8(len(to))
}

// recordTrace remembers a request that was a call.
func (rec *record) recordTrace(began time.Time, took time.Duration) {
	l := rec.live
	if l == nil || rec.route == nil && rec.miss == "" {
		return
	}
	t := trace{at: began, took: took, branch: -1, answered: -1, status: int16(rec.status)}
	t.setTexts(rec.call, l.shown)
	if rec.route == nil {
		t.facts, t.reason, t.failure = l.nowhere, string(rec.miss), cutTrace(rec.missing())
		t.event = rec.unmatchedPath()
		l.missed.ring(rec.path, rec.call).add(&t)
		return
	}
	a := &rec.answer
	t.facts = rec.route.facts.Load()
	if rec.err != nil { // it came before the decision, or nobody knows what it was
		t.failure = cutTrace(rec.err.Error())
		rec.route.ring.add(&t)
		return
	}
	if t.reason, t.event = cutTrace(a.Reason), a.Title; !rec.twiml { // what is remembered is JSON
		t.body = a.Body
	}
	t.twiml = rec.twiml
	t.branch, t.answered, t.unknown = int32(a.Decision.Branch), int32(a.Branch), a.Decision.Unknown
	if len(a.Failures) > 0 {
		f := a.Failures[0]
		t.failure = cutTrace(string(f.Reason) + ": " + f.Err.Error())
	}
	rec.route.ring.add(&t)
}

// cutTrace cuts what is too long to be remembered with a call.
func cutTrace(s string) string { return diag.Cut(s, 512) }

// updateCalendarReads brings up to date when the calendars of routes were read, for the calls that
// come from then on: of the routes that use a calendar, or of all where it is "".
func (s *Server) updateCalendarReads(l *live, calendar string) {
	for i := range l.served {
		r := &l.served[i]
		names := r.Calendars()
		if calendar != "" && !slices.Contains(names, calendar) {
			continue
		}
		reads := make([]preview.CalendarRead, 0, len(names))
		for _, name := range names {
			reads = append(reads, preview.CalendarRead{Name: name, Read: s.store.Snapshot(name).Read.UTC()})
		}
		was := r.facts.Load()
		if was != nil && slices.Equal(was.calendars, reads) {
			continue
		}
		now := &routeFacts{generation: l.Name(), route: r.Name, calendars: reads}
		for _, b := range r.Branches {
			now.branches = append(now.branches, outcome{b.Name, string(b.State)})
		}
		r.facts.Store(now)
	}
}
