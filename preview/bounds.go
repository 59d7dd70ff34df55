package preview

import (
	"context"
	"fmt"
	"time"

	"github.com/callhours/callhours/routes"
)

// Bounds of one answer. What lies beyond is left out, and the answer says so.
const (
	// MaxDays is how many days are asked about at once over the network; the command line may ask
	// for more.
	MaxDays = 400
	// MaxSpans is how many spans Hours have.
	MaxSpans = 10_000
	// MaxLaneEvents is how many events all lanes of a route have together.
	MaxLaneEvents = 1_500

	maxExplained       = 100        // events of an explanation
	maxStrip           = 200        // spans of a day of a Standing
	maxEventsRead      = 100_000    // events that are unpacked to say why, for all of an answer
	maxTitlesRead      = 100_000    // events whose titles are read to tell spans apart, for all of an answer
	maxSegmentsScanned = 20_000_000 // segments that are passed to find when something changes, for all of an answer
)

// The years that can be asked about. Zones and calendars say little that is true outside of them.
const (
	firstYear = 1970
	lastYear  = 2199
)

// budget is what may still be spent on one answer. It ends with the request's context.
type budget struct {
	ctx      context.Context
	events   int // events that may still be unpacked
	titles   int // events whose titles may still be read
	segments int // segments that may still be passed
}

func newBudget(ctx context.Context) *budget {
	return &budget{ctx: ctx, events: maxEventsRead, titles: maxTitlesRead, segments: maxSegmentsScanned}
}

// steps are those that were spent.
func (b *budget) steps() int {
	return stepsOfEvent*(maxEventsRead-b.events+maxTitlesRead-b.titles) + maxSegmentsScanned - b.segments
}

// err is why the answer is not needed any more; nil while its client waits.
func (b *budget) err() error {
	if b.ctx.Err() == nil {
		return nil
	}
	return context.Cause(b.ctx)
}

// spendDecision reports whether the events behind a decision may be read for its reason, and spends
// what that takes.
func (b *budget) spendDecision(d routes.Decision) bool {
	return b.spendEvents(d.Weight(b.events + 1))
}

// spendEvents spends so many events, if that many are left.
func (b *budget) spendEvents(events int) bool {
	if events > b.events {
		return false
	}
	b.events -= events
	return true
}

// spendSegments spends the segments that lie ahead of a decision and behind it, and reports whether
// enough was left.
func (b *budget) spendSegments(d routes.Decision) bool {
	b.segments -= d.Segments()
	return b.segments >= 0
}

// unexplained is the reason where more events are on at once than one answer may read.
const unexplained = "more events are on at once than are looked through for one answer"

// Characters of a title in an answer, and of why something is.
const (
	maxTitle  = 256
	maxReason = 1024
)

// Title is the beginning of a title, as answers have it.
func Title(text string) string { return truncate(text, maxTitle) }

// truncate is the first characters of a text, at most so many, and an ellipsis where more follow.
func truncate(text string, most int) string {
	if len(text) <= most {
		return text
	}
	n := 0
	for i := range text {
		if n == most {
			return text[:i] + "…"
		}
		n++
	}
	return text
}

// TruncatedMessage says where a list was cut and how to get the rest.
func TruncatedMessage(what string, n int, at time.Time) string {
	return fmt.Sprintf("cut after %d %s, at %s; request a later start, or less", n, what, at.Format(time.RFC3339))
}

// untitledMessage says from when on no titles were read.
func untitledMessage(from time.Time) string {
	return fmt.Sprintf("without titles from %s on, since %d events were looked at before; request a later start, or less",
		from.Format(time.RFC3339), maxTitlesRead)
}
