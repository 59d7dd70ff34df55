package metrics

import (
	"math"
	"slices"
	"sync/atomic"
	"time"
	"unicode/utf8"
)

// FallbackReason is why the branch that was decided could not answer.
type FallbackReason string

// The reasons of callhours_fallbacks_total.
const (
	RenderFailed    FallbackReason = "render_failed"    // the template ended in an error
	Deliberate      FallbackReason = "deliberate"       // the template called fail, which is no fault
	InvalidCallflow FallbackReason = "invalid_callflow" // what it wrote is not a callflow that Kazoo accepts
	Limit           FallbackReason = "limit"            // it ran too long or wrote too much
	NoAnswer        FallbackReason = "no_answer"        // no branch could answer: Kazoo got a 500

	UpstreamCircuit FallbackReason = "upstream_circuit" // the upstream was not asked: it failed before, or many calls wait
	UpstreamInvalid FallbackReason = "upstream_invalid" // its answer was nothing that Kazoo takes
	UpstreamRefused FallbackReason = "upstream_refused" // there was no connection
	UpstreamStatus  FallbackReason = "upstream_status"  // its status was not 200
	UpstreamTimeout FallbackReason = "upstream_timeout" // there was no whole answer in time
)

// fallbackReasons are in the order that a scrape has.
var fallbackReasons = [...]FallbackReason{
	Deliberate, InvalidCallflow, Limit, NoAnswer, RenderFailed,
	UpstreamCircuit, UpstreamInvalid, UpstreamRefused, UpstreamStatus, UpstreamTimeout,
}

// firstUpstream is the index of the first reason of a branch that another Pivot server answers.
const firstUpstream = 5

// upstreamResults are the results of asking one, in the order that a scrape has.
var upstreamResults = [...]string{"circuit", "invalid", "ok", "refused", "status", "timeout"}

// routeFamilies are the metrics that have a route's name as label.
type routeFamilies struct {
	decisions, fallbacks, unknown, lastCall, active, match, nextChange, nextSpan, upstream family
}

// RouteMetrics are the series of one route as configured at its look-up. Branches go by their index
// in Route.Branches. A nil one counts nothing.
type RouteMetrics struct {
	*routeSeries
	branches []branchMetrics
	own      bool // it has series of its own
}

type routeSeries struct {
	unknown                        counter
	lastCall, nextChange, nextSpan gauge
	match                          atomic.Pointer[string] // nil: none
}

type branchMetrics struct {
	*stateSeries
	fallbacks *branchSeries
}

type branchSeries struct {
	fallbacks [len(fallbackReasons)]counter
	canFail   atomic.Bool // a template calls fail: there is a series for that from the start
	asks      atomic.Bool // another Pivot server answers: likewise for the reasons of that
	// by upstreamResults; nil before the first request
	asked atomic.Pointer[[len(upstreamResults)]counter]
}

// stateSeries are those that have the branch's state as a label too.
type stateSeries struct {
	decided counter
	active  gauge
}

// IncUpstream counts a request to the Pivot server that answers a branch, by its result: "ok", or why there is no answer.
func (r *RouteMetrics) IncUpstream(branch int, result string) {
	b, i := r.branch(branch), slices.Index(upstreamResults[:], result)
	if b == nil || i < 0 {
		return
	}
	counts := b.fallbacks.asked.Load()
	if counts == nil {
		b.fallbacks.asked.CompareAndSwap(nil, new([len(upstreamResults)]counter))
		counts = b.fallbacks.asked.Load()
	}
	counts[i].Inc()
}

// IncDecision counts a call for which a branch was decided.
func (r *RouteMetrics) IncDecision(branch int) {
	if b := r.branch(branch); b != nil {
		b.decided.Inc()
	}
}

// IncFallback counts a call whose decided branch could not answer.
func (r *RouteMetrics) IncFallback(branch int, reason FallbackReason) {
	b, i := r.branch(branch), slices.Index(fallbackReasons[:], reason)
	if b != nil && i >= 0 {
		b.fallbacks.fallbacks[i].Inc()
	}
}

// IncUnknown counts a call decided while a calendar needed to decide was unknown. IncDecision
// counts it as well.
func (r *RouteMetrics) IncUnknown() {
	if r != nil {
		r.unknown.Inc()
	}
}

// SetLastCall sets when the last call came in.
func (r *RouteMetrics) SetLastCall(now time.Time) {
	if r != nil {
		r.lastCall.Set(unixSeconds(now))
	}
}

// SetActive sets the one branch that an ordinary call takes at present. Two at once may leave both
// branches at 1 until the next.
func (r *RouteMetrics) SetActive(branch int) {
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

// SetNextChange sets when an ordinary call takes another branch. The zero time: no change is in
// sight.
func (r *RouteMetrics) SetNextChange(at time.Time) {
	if r.HasOwnSeries() {
		r.nextChange.Set(ahead(at))
	}
}

// SetNextSpan sets when the span ends that an ordinary call is in: another branch takes over, or
// another event decides. The zero time: that is not in sight.
func (r *RouteMetrics) SetNextSpan(at time.Time) {
	if r.HasOwnSeries() {
		r.nextSpan.Set(ahead(at))
	}
}

// maxMatch is how many bytes of a name that was found in an event's title are exported.
const maxMatch = 128

// SetMatch sets the name that a condition has found at present in the title of the event that
// decides an ordinary call; "": none, or it is not known. Names come from the configuration.
func (r *RouteMetrics) SetMatch(name string) {
	if !r.HasOwnSeries() {
		return
	}
	if name = validUTF8(name); len(name) > maxMatch {
		end := maxMatch
		for !utf8.RuneStart(name[end]) {
			end--
		}
		name = name[:end]
	}
	former := r.match.Load()
	switch {
	case name == "":
		r.match.Store(nil)
	case former == nil || *former != name:
		match := name // so that only another one is allocated
		r.match.Store(&match)
	}
}

// HasOwnSeries reports whether the route has series of its own, so that what is true of it alone is
// exported.
func (r *RouteMetrics) HasOwnSeries() bool { return r != nil && r.own }

// ahead is a time to come as a value; the zero time is never.
func ahead(at time.Time) float64 {
	if at.IsZero() {
		return math.Inf(1)
	}
	return unixSeconds(at)
}

func (r *RouteMetrics) branch(i int) *branchMetrics {
	if r == nil || i < 0 || i >= len(r.branches) {
		return nil
	}
	return &r.branches[i]
}
