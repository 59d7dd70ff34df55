package metrics

import (
	"math"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
)

// Series labeled with names of the configuration are kept here, not in vectors of Prometheus'
// client: 10,000 routes and 20,000 calendars have 800,000 of them. Each takes 600 bytes there and 8
// here. A scrape creates the metrics that it shows.

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
	list              []*labeledSeries[K, V] // the current ones, in order
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
	for _, l := range series.routeSeries {
		route, s := l.key, &l.series
		r.unknown.send(ch, s.unknown.value(), route)
		r.lastCall.send(ch, s.lastCall.value(), route)
		if route != otherName {
			r.nextChange.send(ch, s.nextChange.value(), route)
		}
	}
	for _, l := range series.branchSeries {
		for i, reason := range fallbackReasons {
			r.fallbacks.send(ch, l.series[i].value(), l.key[0], l.key[1], string(reason))
		}
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
