package preview

import (
	"context"
	"time"

	"github.com/callhours/callhours/routes"
)

// With is the same Preview with other totals.
func (p *Preview) With(t routes.Totals) *Preview {
	o := p.options
	o.Totals = t
	return New(o)
}

// Kept is how many states are kept, and what they take.
func (p *Preview) Kept() (states, size int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, list := range p.states {
		states += len(list)
		for _, s := range list {
			size += s.Size()
		}
	}
	return states, size
}

// NowWithin is Routes for all routes, with so many segments that may be passed.
func (p *Preview) NowWithin(ctx context.Context, at time.Time, scanned int) (RouteList, error) {
	return p.routes(&budget{ctx: ctx, events: maxEventsRead, titles: maxTitlesRead, segments: scanned}, at, Filter{}, 0, 100)
}

// HoursWithin is Hours, with so many events whose titles may be read.
func (p *Preview) HoursWithin(ctx context.Context, asked Period, titles int) (*Hours, error) {
	left := newBudget(ctx)
	left.titles = titles
	return p.hours(asked, left)
}
