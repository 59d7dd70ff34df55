package render

import "sync/atomic"

// What looking ahead takes, in steps of some ten microseconds.
const (
	stepsOfAnswer = 10 // an answer that is rendered
	stepsOfStart  = 1  // a segment that is decided
)

// Effort is what looking ahead may take yet, of all of a tenant's routes and calendars together. It
// counts steps and no time, so that what is found does not depend on the machine. It is safe for
// concurrent use; the nil Effort is unbounded.
type Effort struct{ left atomic.Int64 }

// NewEffort allows so many steps.
func NewEffort(steps int) *Effort {
	e := &Effort{}
	e.left.Store(int64(steps))
	return e
}

// Spend counts steps that were taken.
func (e *Effort) Spend(steps int) {
	if e != nil {
		e.left.Add(-int64(steps))
	}
}

// Over reports that no more is to be begun.
func (e *Effort) Over() bool { return e != nil && e.left.Load() <= 0 }
