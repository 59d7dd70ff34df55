package feeds

import (
	"cmp"
	"math"
	"time"

	"github.com/callhours/callhours/metrics"
)

// interval is how often the feed is asked: at the shortest interval that a calendar wants. One that
// does not say wants it as the feed hints, else every quarter of an hour, or as long as its server
// calls an answer fresh.
func (f *feed) interval() time.Duration {
	otherwise := min(max(defaultRefresh, f.maxAge), maxHint)
	for _, k := range f.kept {
		if k.calendar != nil && k.calendar.Refresh() > 0 {
			otherwise = min(max(k.calendar.Refresh(), leastHint), maxHint)
		}
	}
	shortest := time.Duration(math.MaxInt64)
	for _, s := range f.subscriptions {
		shortest = min(shortest, cmp.Or(s.Refresh, otherwise))
	}
	return shortest
}

// reschedule sets the next attempt after one has ended. random is in [0, 1).
func (f *feed) reschedule(now time.Time, random float64) {
	wait := f.interval()
	f.rewrites++
	if !f.unsaved() {
		f.rewrites = 0
	}
	switch {
	case f.holding():
		wait = seenTwice
	case f.failed > 0 && f.last.Result == metrics.RateLimited:
		wait = max(backoff(firstPause, lastRetry, f.failed), f.last.RetryAfter)
	case f.failed > 0:
		wait = max(backoff(firstRetry, lastRetry, f.failed), f.last.RetryAfter)
	case f.rewrites > 0:
		// The body is not in memory any more: it is fetched for being written. Those whose disk
		// stays full fetch it as often as they would anyway.
		again := backoff(firstRetry, believeValidators, f.rewrites)
		f.rewriteAt = now.Add(again)
		wait = min(wait, again)
	}
	f.next = now.Add(wait + time.Duration(random*float64(wait)/10)) // so that feeds part that began together
	if until := f.share.admits(now); until.After(f.next) {
		f.next = until.Add(time.Duration(random * float64(time.Minute)))
	}
}
