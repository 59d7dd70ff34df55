package preview

import (
	"context"
	"time"
)

// NowWithin is Now for all routes, with so many segments that may be passed.
func (p *Preview) NowWithin(ctx context.Context, at time.Time, scanned int) (Found, error) {
	return p.now(&work{ctx: ctx, looked: mostLooked, scanned: scanned}, at, Filter{}, 0, 100)
}
