package metrics

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
)

// Series labeled with names of the configuration are kept here, not in vectors of Prometheus'
// client: 10,000 routes and 20,000 calendars have 800,000 of them. Each takes 600 bytes there and 8
// here. A scrape creates the metrics that it shows, in the order in which Prometheus' client writes
// them, by the values of the labels, these by their names: sorting them took half the time of a
// large scrape.

// counter counts.
type counter struct{ n atomic.Uint64 }

func (c *counter) Inc() { c.n.Add(1) }

func (c *counter) value() float64 { return float64(c.n.Load()) }

// gauge holds a value.
type gauge struct{ bits atomic.Uint64 }

func (g *gauge) Set(v float64) { g.bits.Store(math.Float64bits(v)) }

func (g *gauge) value() float64 { return math.Float64frombits(g.bits.Load()) }

// labeledSeries are the series of one route, branch, calendar or tenant, with its label values.
type labeledSeries[K comparable, V any] struct {
	key    K
	series V
}

// tenantSeries are those of a tenant, and tenantFamilies the metrics that they belong to.
type tenantSeries struct {
	rejected gauge
	shed     counter
}

type tenantFamilies struct{ rejected, shed family }

// seriesSet collects the series of a configuration: those of the previous configuration, with their
// values, and new ones.
type seriesSet[K comparable, V any] struct {
	previous, current map[K]*labeledSeries[K, V]
	list              []*labeledSeries[K, V] // the current ones
}

func newSeriesSet[K comparable, V any](former []*labeledSeries[K, V]) *seriesSet[K, V] {
	s := &seriesSet[K, V]{
		previous: make(map[K]*labeledSeries[K, V], len(former)),
		current:  make(map[K]*labeledSeries[K, V], len(former)),
	}
	for _, l := range former {
		s.previous[l.key] = l
	}
	return s
}

// get returns the series of those label values, the same one for the same values.
func (s *seriesSet[K, V]) get(key K) *V {
	l := s.current[key]
	if l == nil {
		if l = s.previous[key]; l == nil {
			l = &labeledSeries[K, V]{key: key}
		}
		s.current[key] = l
		s.list = append(s.list, l)
	}
	return &l.series
}

// sorted returns the current ones in an order of their label values.
func (s *seriesSet[K, V]) sorted(compare func(a, b K) int) []*labeledSeries[K, V] {
	slices.SortFunc(s.list, func(a, b *labeledSeries[K, V]) int { return compare(a.key, b.key) })
	return s.list
}

// compareBranches is the order of series that have a branch, whose key begins with the route:
// "branch" is the first of their labels.
func compareBranches(a, b [2]string) int {
	return cmp.Or(strings.Compare(a[1], b[1]), strings.Compare(a[0], b[0]))
}

// compareStates is compareBranches for those that have a state, too.
func compareStates(a, b [3]string) int {
	return cmp.Or(compareBranches([2]string(a[:2]), [2]string(b[:2])), strings.Compare(a[2], b[2]))
}

// family is a metric whose series are created for each scrape.
type family struct {
	desc *prometheus.Desc
	kind prometheus.ValueType
}

func (f family) send(ch chan<- prometheus.Metric, value float64, labels ...string) {
	ch <- prometheus.MustNewConstMetric(f.desc, f.kind, value, labels...)
}

// Describe makes it a prometheus.Collector.
func (c *configuredSeries) Describe(ch chan<- *prometheus.Desc) {
	for _, f := range c.families {
		ch <- f.desc
	}
}

// Collect sends them all.
func (c *configuredSeries) Collect(ch chan<- prometheus.Metric) {
	series, r, cal := c.current.Load(), &c.route, &c.calendar
	var matches [][2]string // name and route
	for _, l := range series.routeSeries {
		route, s := l.key, &l.series
		r.unknown.send(ch, s.unknown.value(), route)
		r.lastCall.send(ch, s.lastCall.value(), route)
		if match := s.match.Load(); match != nil {
			matches = append(matches, [2]string{*match, route})
		}
		if route != otherName {
			r.nextChange.send(ch, s.nextChange.value(), route)
			r.nextSpan.send(ch, s.nextSpan.value(), route)
		}
	}
	slices.SortFunc(matches, func(a, b [2]string) int { return slices.Compare(a[:], b[:]) })
	for _, m := range matches {
		r.match.send(ch, 1, m[1], m[0])
	}
	for all := series.branchSeries; len(all) > 0; {
		n := 1 // those of one branch's name
		for n < len(all) && all[n].key[1] == all[0].key[1] {
			n++
		}
		for i, reason := range fallbackReasons {
			for _, l := range all[:n] {
				b := &l.series
				if b.fallbacks[i].value() == 0 && (reason == Deliberate && !b.canFail.Load() ||
					i >= firstUpstream && !b.asks.Load()) {
					continue
				}
				r.fallbacks.send(ch, b.fallbacks[i].value(), l.key[0], l.key[1], string(reason))
			}
		}
		for i, result := range upstreamResults {
			for _, l := range all[:n] {
				if counts := l.series.asked.Load(); counts != nil && counts[i].value() > 0 {
					r.upstream.send(ch, counts[i].value(), l.key[0], l.key[1], result)
				}
			}
		}
		all = all[n:]
	}
	for _, l := range series.stateSeries {
		r.decisions.send(ch, l.series.decided.value(), l.key[:]...)
		if l.key[0] != otherName {
			r.active.send(ch, l.series.active.value(), l.key[:]...)
		}
	}
	for _, l := range series.calendarSeries {
		name, s := l.key, &l.series
		for i, f := range cal.gauges {
			if v := s.gauges[i].value(); i != calendarUnmatched || v >= 0 {
				f.send(ch, v, name)
			}
		}
		for i, result := range fetchResults {
			cal.fetches.send(ch, s.fetches[i].value(), name, string(result))
		}
	}
	for _, l := range series.tenantSeries {
		c.tenant.rejected.send(ch, l.series.rejected.value(), l.key)
		c.tenant.shed.send(ch, l.series.shed.value(), l.key)
	}
}
