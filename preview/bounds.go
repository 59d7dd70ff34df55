package preview

import (
	"context"
	"fmt"
	"time"

	"github.com/callhours/callhours/routes"
)

// Bounds of one answer. What lies beyond is left out, and the answer says so.
const (
	// MostDays is how many days are asked about at once over the network; the command line may ask for more.
	MostDays = 400
	// MostSpans is how many spans Hours have.
	MostSpans = 10_000
	// MostLaneEvents is how many events all lanes of a route have together.
	MostLaneEvents = 1_500

	mostExplained = 100        // events of an explanation
	mostStrip     = 200        // spans of a day of a Standing
	mostLooked    = 100_000    // events that are unpacked to say why, for all of an answer
	mostScanned   = 20_000_000 // segments that are passed to find when something changes, for all of an answer
)

// The years that can be asked about. Zones and calendars say little that is true outside of them.
const (
	firstYear = 1970
	lastYear  = 2199
)

// work is what is left to spend on one answer. It ends with whoever waits for the answer.
type work struct {
	ctx     context.Context
	looked  int // events that may still be unpacked
	scanned int // segments that may still be passed
}

func newWork(ctx context.Context) *work {
	return &work{ctx: ctx, looked: mostLooked, scanned: mostScanned}
}

// err says why nobody waits for the answer any more; nil while somebody does.
func (w *work) err() error {
	if w.ctx.Err() == nil {
		return nil
	}
	return context.Cause(w.ctx)
}

// explains reports whether what is on may be looked at to say why a decision is what it is, and spends what that takes.
func (w *work) explains(d routes.Decision) bool {
	return w.looks(d.Weight(w.looked + 1))
}

// looks spends so many events, if that many are left.
func (w *work) looks(events int) bool {
	if events > w.looked {
		return false
	}
	w.looked -= events
	return true
}

// scans spends the segments that lie ahead of a decision and behind it, and reports whether there was enough left.
func (w *work) scans(d routes.Decision) bool {
	w.scanned -= d.Segments()
	return w.scanned >= 0
}

// unexplained is the reason where more is on at once than is looked through.
const unexplained = "more events are on at once than are looked through for one answer"

// Characters of a title in an answer, and of why something is.
const (
	mostTitle  = 256
	mostReason = 1024
)

// Title is the beginning of a title, as answers have it.
func Title(text string) string { return clip(text, mostTitle) }

// clip is the beginning of a text.
func clip(text string, most int) string {
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

// cut is the sentence that ends what was cut.
func cut(what string, n int, at time.Time) string {
	return fmt.Sprintf("cut after %d %s, at %s; ask from there on, or for less", n, what, at.Format(time.RFC3339))
}
