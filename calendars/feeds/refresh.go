package feeds

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

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
	sub := s.subscribed[calendar]
	if sub == nil {
		return Status{},
			fmt.Errorf("calendar %s is not known%s", diag.Quote(calendar),
				diag.Suggest(calendar, slices.Collect(maps.Keys(s.subscribed))))
	}
	f := sub.feed
	if f.waiters >= handWaiting {
		return Status{}, ErrManyWait
	}
	f.waiters++
	defer func() { f.waiters-- }()
	f.asked = true
	if !f.running {
		s.dismiss(f)
		f.next, f.print = f.byHand.next(s.options.Now()), ""
		s.queue.add(f)
		s.wakeRun()
	}
	for mine := f.begun + 1; f.begun < mine || f.running && f.begun == mine; {
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
