package feeds

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/callhours/callhours/metrics"
)

// visit is a request of an attempt that was redirected to a host, and waits for a place there as
// attempts do, in the turns of its owner.
type visit struct {
	granted chan struct{} // closed when it has a place
}

// hostPlace is the place of an attempt at the host that it asks. It is for one goroutine.
type hostPlace struct {
	store   *Store
	subject string // for a panic
	owner   *owner
	release func() // frees the place; more than once does nothing
	slow    *time.Timer
}

// hold notes a place that was taken. An attempt that is slow gives it away before it has ended.
func (p *hostPlace) hold(h *host) {
	p.release = sync.OnceFunc(func() { p.store.releaseHost(h) })
	release := p.release
	p.slow = time.AfterFunc(slowAttempt, func() { p.store.guard.Run(metrics.PanicFeed, p.subject, release) })
}

// leave frees the place, if it is held.
func (p *hostPlace) leave() {
	p.slow.Stop()
	p.release()
}

// move leaves the place and waits for one at the host of a redirect, by its name, and for the
// host's interval. A host at which nobody has feeds and that has no interval is not waited for. A
// pause is how long the host is to be left alone; then there is no place. The error is that of ctx.
func (p *hostPlace) move(ctx context.Context, name string) (pause time.Duration, err error) {
	p.leave()
	s, v := p.store, &visit{make(chan struct{})}
	s.mu.Lock()
	h := s.scheduler.visitedHost(name)
	if h == nil {
		s.mu.Unlock()
		return 0, nil
	}
	now := s.options.Now()
	own := h.share(p.owner)
	if pause = own.allowedFrom(now).Sub(now); pause <= 0 {
		s.scheduler.enqueueVisit(own, v)
	}
	s.mu.Unlock()
	if pause > 0 {
		return pause, nil
	}
	s.wakeRun()
	select {
	case <-v.granted:
		p.hold(h)
		return 0, nil
	case <-ctx.Done():
	}
	s.mu.Lock()
	i := slices.Index(own.visits, v)
	if i >= 0 {
		own.visits = slices.Delete(own.visits, i, i+1)
	}
	s.mu.Unlock()
	if i < 0 { // granted meanwhile
		s.releaseHost(h)
	}
	return 0, ctx.Err()
}

// visitedHost is the host that a redirect leads to; nil if it has no interval and nobody has feeds
// there.
func (s *scheduler) visitedHost(name string) *host {
	if s.hosts[name] == nil && s.perMinute[name] == 0 {
		return nil
	}
	return s.hostNamed(name)
}

// enqueueVisit adds a request to those that wait for a place at a host.
func (s *scheduler) enqueueVisit(own *share, v *visit) {
	own.visits = append(own.visits, v)
	if i := slices.Index(own.owner.blocked, own); i >= 0 { // a visit is part of an attempt that runs
		own.owner.blocked = slices.Delete(own.owner.blocked, i, i+1)
		own.queued = false
	}
	if !own.queued {
		own.queued = true
		own.host.turns = append(own.host.turns, own)
	}
	s.visited[own.host] = true
	s.markReady(own.host)
}

// grantVisit gives a place at the host to the first of the visits of an owner, whose turn it was.
func (s *scheduler) grantVisit(own *share, now time.Time) {
	v := own.visits[0]
	own.visits = own.visits[1:]
	if own.queued = len(own.visits)+len(own.waiting) > 0; own.queued {
		own.host.turns = append(own.host.turns, own)
	}
	own.host.start(now)
	close(v.granted)
}

// grantVisits gives free places at hosts to visits alone: no attempt may start, and those that run
// wait for nothing that waits for them.
func (s *scheduler) grantVisits(now time.Time) {
	hasVisits := func(own *share) bool { return len(own.visits) > 0 }
	for h := range s.visited {
		for h.running < hostAttempts && !h.next.After(now) {
			i := slices.IndexFunc(h.turns, hasVisits)
			if i < 0 {
				break
			}
			own := h.turns[i]
			h.turns = slices.Delete(h.turns, i, i+1)
			s.grantVisit(own, now)
		}
		if !slices.ContainsFunc(h.turns, hasVisits) {
			delete(s.visited, h)
		}
	}
}
