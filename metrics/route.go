package metrics

import (
	"math"
	"slices"
	"time"
)

// FallbackReason is why the branch that was decided could not answer.
type FallbackReason string

// The reasons of callhours_fallbacks_total.
const (
	RenderFailed    FallbackReason = "render_failed"    // the template ended in an error
	InvalidCallflow FallbackReason = "invalid_callflow" // what it wrote is not a callflow that Kazoo accepts
	Limit           FallbackReason = "limit"            // it ran too long or wrote too much
	NoAnswer        FallbackReason = "no_answer"        // no branch could answer: Kazoo got a 500
)

var fallbackReasons = [...]FallbackReason{RenderFailed, InvalidCallflow, Limit, NoAnswer}

// routeFamilies are the metrics that have a route's name as label.
type routeFamilies struct {
	decisions, fallbacks, unknown, lastCall, active, nextChange family
}

// RouteMetrics are the series of one route, as it was configured when they were asked for. Branches
// go by their index in Route.Branches. nil counts nothing.
type RouteMetrics struct {
	*routeSeries
	branches []branchMetrics
	own      bool // it has series of its own
}

type routeSeries struct {
	unknown              counter
	lastCall, nextChange gauge
}

type branchMetrics struct {
	*stateSeries
	fallbacks *branchSeries
}

type branchSeries [len(fallbackReasons)]counter

// stateSeries are those that have the branch's state as a label too.
type stateSeries struct {
	decided counter
	active  gauge
}

// Decided counts a call for which a branch was decided.
func (r *RouteMetrics) Decided(branch int) {
	if b := r.branch(branch); b != nil {
		b.decided.Inc()
	}
}

// Fallback counts a call for which a branch was decided that could not answer.
func (r *RouteMetrics) Fallback(branch int, reason FallbackReason) {
	b, i := r.branch(branch), slices.Index(fallbackReasons[:], reason)
	if b != nil && i >= 0 {
		b.fallbacks[i].Inc()
	}
}

// Unknown counts a call decided while a calendar needed to decide was
// unknown. Decided counts it as well.
func (r *RouteMetrics) Unknown() {
	if r != nil {
		r.unknown.Inc()
	}
}

// Called notes that a call came in at a moment.
func (r *RouteMetrics) Called(now time.Time) {
	if r != nil {
		r.lastCall.Set(unixSeconds(now))
	}
}

// Active says which branch an ordinary call takes at present, and that it takes no other. Of two
// that run at once, each may leave its branch at 1 until the next.
func (r *RouteMetrics) Active(branch int) {
	if b := r.branch(branch); b == nil || !r.own {
		return
	}
	for i := range r.branches {
		if i != branch {
			r.branches[i].active.Set(0)
		}
	}
	r.branches[branch].active.Set(1)
}

// NextChange says when an ordinary call takes another branch. The zero time:
// no such moment is in sight.
func (r *RouteMetrics) NextChange(at time.Time) {
	if r == nil || !r.own {
		return
	}
	if at.IsZero() {
		r.nextChange.Set(math.Inf(1))
		return
	}
	r.nextChange.Set(unixSeconds(at))
}

func (r *RouteMetrics) branch(i int) *branchMetrics {
	if r == nil || i < 0 || i >= len(r.branches) {
		return nil
	}
	return &r.branches[i]
}
