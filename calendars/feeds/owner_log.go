package feeds

import (
	"log/slog"
	"time"
)

// Bounds of the log lines about a tenant's feeds, whose answers may be others at each attempt.
const (
	maxOwnerLines   = 1_000
	ownerLinesEvery = time.Hour // then they begin anew
)

// log is where one line about an owner's feeds goes. Lines beyond the bound are dropped, and the
// first of them is replaced by one that says so. The operator's lines are not counted.
// Callers hold the Store's mu.
func (o *owner) log(to *slog.Logger, now time.Time) *slog.Logger {
	if o.name == "" {
		return to
	}
	if passed := now.Sub(o.linesSince); passed >= ownerLinesEvery || passed < 0 {
		o.linesSince, o.lines = now, 0
	}
	o.lines++
	if o.lines == maxOwnerLines+1 {
		to.Warn("too many log lines about the feeds of an owner; further ones are left out", slog.String("owner", o.name),
			slog.Time("until", o.linesSince.Add(ownerLinesEvery)))
	}
	if o.lines > maxOwnerLines {
		return slog.New(slog.DiscardHandler)
	}
	return to
}
