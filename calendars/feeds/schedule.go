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
	fallback := min(max(defaultRefresh, f.maxAge), maxHint)
	for _, k := range f.snapshots {
		if k.calendar != nil && k.calendar.Refresh() > 0 {
			fallback = min(max(k.calendar.Refresh(), minHint), maxHint)
		}
	}
	shortest := time.Duration(math.MaxInt64)
	for _, s := range f.subscriptions {
		shortest = min(shortest, cmp.Or(s.Refresh, fallback))
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
	case f.holdsBack():
		wait = shrinkDelay
	case f.failures > 0 && f.last.Result == metrics.RateLimited:
		wait = max(backoff(firstPause, lastRetry, f.failures), f.last.RetryAfter)
	case f.failures > 0:
		wait = max(backoff(firstRetry, lastRetry, f.failures), f.last.RetryAfter)
	case f.rewrites > 0:
		// The body is not in memory any more: it is fetched for being written. Those whose disk
		// stays full fetch it as often as they would anyway.
		again := backoff(firstRetry, validatorLifetime, f.rewrites)
		f.rewriteAt = now.Add(again)
		wait = min(wait, again)
	}
	f.next = now.Add(wait + time.Duration(random*float64(wait)/10)) // so that feeds part that began together
	if until := f.share.allowedFrom(now); until.After(f.next) {
		f.next = until.Add(time.Duration(random * float64(time.Minute)))
	}
}
