package feeds

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/callhours/callhours/internal/diag"
)

// ErrManyWait says that so many requests wait for attempts of a feed that no more are taken.
var ErrManyWait = errors.New("too many requests wait for this feed; try again in a minute")

// Refresh makes an attempt now, after one that runs already, and gives the feed as it is when it
// has ended. The body is fetched whole, and no pause holds, neither the feed's own nor its host's;
// but of many attempts that are asked for one after the other there is one every ten seconds. The
// error names a calendar that is not there, is ErrManyWait, or is ctx's.
func (s *Store) Refresh(ctx context.Context, calendar string) (Status, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	sub := s.subscribers[calendar]
	if sub == nil {
		return Status{},
			fmt.Errorf("calendar %s is not known%s", diag.Quote(calendar),
				diag.Suggest(calendar, slices.Collect(maps.Keys(s.subscribers))))
	}
	f := sub.feed
	if f.waiters >= manualWaiters {
		return Status{}, ErrManyWait
	}
	f.waiters++
	defer func() { f.waiters-- }()
	f.requested = true
	if !f.running {
		s.scheduler.remove(f)
		f.next, f.fingerprint = f.manualLimit.next(s.options.Now()), ""
		s.scheduler.queue.add(f)
		s.wakeRun()
	}
	for target := f.attempts + 1; f.attempts < target || f.running && f.attempts == target; {
		ended := f.ended
		s.mu.Unlock()
		var err error
		select {
		case <-ended:
		case <-ctx.Done():
			err = ctx.Err()
		}
		s.mu.Lock()
		if err != nil {
			return Status{}, err
		}
	}
	return s.status(f), nil
}

// manualLimit limits the attempts that people request of a feed: manualBurst at once, then one
// every manualInterval. The zero value allows all of them.
type manualLimit struct{ full time.Time }

const (
	manualBurst    = 5
	manualInterval = 10 * time.Second
	// manualWaiters is how many requests may wait for attempts of a feed.
	manualWaiters = 32
)

// next is when the next attempt may start.
func (l manualLimit) next(now time.Time) time.Time {
	if at := l.full.Add(-(manualBurst - 1) * manualInterval); at.After(now) {
		return at
	}
	return now
}

// spend counts an attempt.
func (l *manualLimit) spend(now time.Time) {
	if l.full.Before(now) {
		l.full = now
	}
	l.full = l.full.Add(manualInterval)
}
