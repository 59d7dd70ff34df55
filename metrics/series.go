package metrics

import (
	"math"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
)

// The series that have names of the configuration as labels are kept here and not in vectors of Prometheus' client:
// 10,000 routes and 20,000 calendars have 800,000 of them, each of which would weigh 600 bytes there and weighs 8 here.
// What a scrape shows is made for it.

// counter counts.
type counter struct{ n atomic.Uint64 }

func (c *counter) Inc() { c.n.Add(1) }

func (c *counter) value() float64 { return float64(c.n.Load()) }

// gauge holds a value.
type gauge struct{ bits atomic.Uint64 }

func (g *gauge) Set(v float64) { g.bits.Store(math.Float64bits(v)) }

func (g *gauge) value() float64 { return math.Float64frombits(g.bits.Load()) }

// labelled are the series of one route, branch, calendar or tenant: of whatever has these label values.
type labelled[K comparable, V any] struct {
	key    K
	series V
}

// shelf hands out the series of a configuration: those that its former one has, with their values, and new ones.
type shelf[K comparable, V any] struct {
	former, taken map[K]*labelled[K, V]
	list          []*labelled[K, V] // what is taken, in order
}

func newShelf[K comparable, V any](former []*labelled[K, V]) *shelf[K, V] {
	s := &shelf[K, V]{former: make(map[K]*labelled[K, V], len(former)), taken: make(map[K]*labelled[K, V], len(former))}
	for _, l := range former {
		s.former[l.key] = l
	}
	return s
}

// take is the series of those label values. Who has the same gets the same.
func (s *shelf[K, V]) take(key K) *V {
	l := s.taken[key]
	if l == nil {
		if l = s.former[key]; l == nil {
			l = &labelled[K, V]{key: key}
		}
		s.taken[key] = l
		s.list = append(s.list, l)
	}
	return &l.series
}

// family is a metric whose series are made when they are asked for.
type family struct {
	desc *prometheus.Desc
	kind prometheus.ValueType
}

func (f family) send(ch chan<- prometheus.Metric, value float64, labels ...string) {
	ch <- prometheus.MustNewConstMetric(f.desc, f.kind, value, labels...)
}

// Describe makes it a prometheus.Collector.
func (n *configured) Describe(ch chan<- *prometheus.Desc) {
	for _, f := range n.families {
		ch <- f.desc
	}
}

// Collect sends them all.
func (n *configured) Collect(ch chan<- prometheus.Metric) {
	now, r, c := n.names.Load(), &n.route, &n.calendar
	for _, l := range now.routeSeries {
		route, s := l.key, &l.series
		r.unknown.send(ch, s.unknown.value(), route)
		r.lastCall.send(ch, s.lastCall.value(), route)
		if route != other {
			r.nextChange.send(ch, s.nextChange.value(), route)
		}
	}
	for _, l := range now.branchSeries {
		for i, reason := range fallbackReasons {
			r.fallbacks.send(ch, l.series[i].value(), l.key[0], l.key[1], string(reason))
		}
	}
	for _, l := range now.stateSeries {
		r.decisions.send(ch, l.series.decided.value(), l.key[:]...)
		if l.key[0] != other {
			r.active.send(ch, l.series.active.value(), l.key[:]...)
		}
	}
	for _, l := range now.calendarSeries {
		name, s := l.key, &l.series
		for i, f := range c.gauges {
			if v := s.gauges[i].value(); i != calendarUnmatched || v >= 0 {
				f.send(ch, v, name)
			}
		}
		for i, result := range fetchResults {
			c.fetches.send(ch, s.fetches[i].value(), name, string(result))
		}
	}
	for _, l := range now.tenantSeries {
		n.rejected.send(ch, l.series.value(), l.key)
	}
}
