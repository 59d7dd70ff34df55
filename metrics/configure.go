package metrics

import (
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Configured names everything of a configuration that has series of its own. Names are those that
// people see outside, such as "acme/main".
type Configured struct {
	Routes    []Route
	Calendars []Calendar
	Tenants   []string

	// OwnSeries is how many of Routes have series of their own; 0 stands for all. Tenants take
	// turns, the operator first, and a tenant's routes that have series already go first. The
	// others are counted together, as route and branch "_other", and so are tenants' routes beyond
	// 24 MiB of a scrape. Tenants' calendars beyond 16 MiB have no series.
	OwnSeries int
}

// Route is a route that is configured.
type Route struct {
	Name     string
	Tenant   string // "" for none
	Branches []Branch
	Labels   map[string]string // further labels of route_info, such as the tenant's contact
}

// Branch is a branch of a route.
type Branch struct {
	Name, State string
	Asks        bool // another Pivot server answers: the reasons why not are counted from 0 on
	CanFail     bool // a template of it calls fail: calls that fail for that are counted from 0 on
	FindsNames  bool // it looks for names in titles: the one that was found is exported
}

// Calendar is a calendar that is configured, and what it is expected to hold.
type Calendar struct {
	Name       string
	Ahead      time.Duration // there are events this far ahead; 0: nothing is expected
	Covered    bool          // some event is on at any moment
	MayBeEmpty bool          // no events at all are fine
}

// otherName labels the route, and the branch, of all routes without series of their own. No
// configured name begins with an underscore.
const otherName = "_other"

// Route is the series of a configured route; nil for a name that is not configured. Look it up once
// for each configuration and keep it.
func (m *Metrics) Route(name string) *RouteMetrics {
	if m == nil {
		return nil
	}
	return m.series.current.Load().routes[name]
}

// Calendar is the series of a configured calendar; nil for a name that is not
// configured, or has no series.
func (m *Metrics) Calendar(name string) *CalendarMetrics {
	if m == nil {
		return nil
	}
	return m.series.current.Load().calendars[name]
}

// Configure creates every series of a configuration, at 0, and deletes those that are no longer in
// it. A series that stays keeps its value, also for those who hold it. Call it when a configuration
// goes live, then look its routes up: counts on a deleted series are lost. It returns what has no
// series for want of room in a scrape.
func (m *Metrics) Configure(c Configured) []Omitted {
	if m == nil {
		return nil
	}
	unseen := map[string]*Omitted{}
	omit := func(tenant string) *Omitted {
		if unseen[tenant] == nil {
			unseen[tenant] = &Omitted{Tenant: tenant}
		}
		return unseen[tenant]
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	former := m.series.current.Load()
	next := &seriesByName{
		routes:    make(map[string]*RouteMetrics, len(c.Routes)),
		calendars: make(map[string]*CalendarMetrics, len(c.Calendars)),
		tenants:   make(map[string]*tenantSeries, len(c.Tenants)),
	}
	s := routeSeriesSets{
		newSeriesSet(former.routeSeries), newSeriesSet(former.branchSeries),
		newSeriesSet(former.stateSeries),
	}
	var own []Route
	hadSeries := func(name string) bool { r := former.routes[name]; return r != nil && r.own }
	chosen := chooseOwnSeries(c.Routes, c.OwnSeries, hadSeries)
	fits := fitRoutes(slices.DeleteFunc(slices.Clone(c.Routes), func(r Route) bool { return !chosen[r.Name] }),
		hadSeries)
	for _, r := range c.Routes {
		if chosen[r.Name] && (r.Tenant == "" || fits[r.Name]) {
			own = append(own, r)
			next.routes[r.Name] = s.ownSeries(r)
			continue
		}
		next.routes[r.Name] = s.sharedSeries(r)
		if chosen[r.Name] {
			omit(r.Tenant).Routes++
		}
	}
	calendars := newSeriesSet(former.calendarSeries)
	fitting := fitCalendars(c.Calendars, func(name string) bool { return former.calendars[name] != nil })
	for _, cal := range c.Calendars {
		if tenant, _, owned := strings.Cut(cal.Name, "/"); owned && !fitting[cal.Name] {
			omit(tenant).Calendars++
			continue
		}
		series := calendars.get(validUTF8(cal.Name))
		series.gauges[calendarAhead].Set(cal.Ahead.Seconds())
		series.gauges[calendarCovered].Set(boolValue(cal.Covered))
		series.gauges[calendarMayBeEmpty].Set(boolValue(cal.MayBeEmpty))
		next.calendars[cal.Name] = series
	}
	tenants := newSeriesSet(former.tenantSeries)
	for _, name := range c.Tenants {
		next.tenants[name] = tenants.get(validUTF8(name))
	}
	next.routeSeries, next.branchSeries = s.routes.sorted(strings.Compare), s.branches.sorted(compareBranches)
	next.stateSeries = s.states.sorted(compareStates)
	next.calendarSeries, next.tenantSeries = calendars.sorted(strings.Compare), tenants.sorted(strings.Compare)
	m.series.info.set(own)
	m.series.current.Store(next)
	var all []Omitted
	for _, tenant := range slices.Sorted(maps.Keys(unseen)) {
		all = append(all, *unseen[tenant])
	}
	return all
}

// Omitted is how much of a tenant has no series of its own for want of room in a scrape. What
// OwnSeries leaves out is not counted.
type Omitted struct {
	Tenant            string
	Routes, Calendars int
}

// routeSeriesSets collect the series of routes.
type routeSeriesSets struct {
	routes   *seriesSet[string, routeSeries]
	branches *seriesSet[[2]string, branchSeries]
	states   *seriesSet[[3]string, stateSeries]
}

func (s routeSeriesSets) ownSeries(r Route) *RouteMetrics {
	series := s.newRouteMetrics(r)
	series.own = true
	return series
}

// sharedSeries returns the series that count a route together with all others that have none of
// their own. Gauges of a single route are not exported for them.
func (s routeSeriesSets) sharedSeries(r Route) *RouteMetrics {
	shared := Route{Name: otherName}
	for _, b := range r.Branches {
		shared.Branches = append(shared.Branches, Branch{Name: otherName, State: b.State, CanFail: b.CanFail, Asks: b.Asks})
	}
	return s.newRouteMetrics(shared)
}

func (s routeSeriesSets) newRouteMetrics(r Route) *RouteMetrics {
	name := validUTF8(r.Name)
	series := &RouteMetrics{routeSeries: s.routes.get(name), branches: make([]branchMetrics, len(r.Branches))}
	for i, b := range r.Branches {
		branch := validUTF8(b.Name)
		series.branches[i] = branchMetrics{
			s.states.get([3]string{name, branch, validUTF8(b.State)}),
			s.branches.get([2]string{name, branch}),
		}
		if b.CanFail || name != otherName { // any of those counted together
			series.branches[i].fallbacks.canFail.Store(b.CanFail)
		}
		if b.Asks || name != otherName {
			series.branches[i].fallbacks.asks.Store(b.Asks)
		}
	}
	return series
}

func boolValue(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// routeInfo is route_info: one series for each route, with the labels that the configuration gives.
// A vector cannot have labels that change, so it describes nothing beforehand and Prometheus'
// client takes what it collects.
type routeInfo struct {
	series atomic.Pointer[[]prometheus.Metric] // in the order of a scrape
}

func (*routeInfo) Describe(chan<- *prometheus.Desc) {}

func (i *routeInfo) Collect(ch chan<- prometheus.Metric) {
	if all := i.series.Load(); all != nil {
		for _, series := range *all {
			ch <- series
		}
	}
}

// set replaces all series. Each route gets every label name that any of them has, for a metric has
// one set of names; an empty value is to Prometheus as no label.
func (i *routeInfo) set(routes []Route) {
	names := map[string]bool{}
	for _, r := range routes {
		for name := range r.Labels {
			names[labelName(name)] = true
		}
	}
	names["route"], names["tenant"] = true, true // which labelName returns for no other
	labels := slices.Sorted(maps.Keys(names))
	desc := prometheus.NewDesc("callhours_route_info",
		"A route, its tenant and the labels it is configured with; always 1.", labels, nil)

	rows := make(map[string][]string, len(routes)) // by route
	for _, r := range routes {
		values := map[string]string{"route": r.Name, "tenant": r.Tenant}
		for _, name := range slices.Sorted(maps.Keys(r.Labels)) {
			if label := labelName(name); values[label] == "" {
				values[label] = r.Labels[name]
			}
		}
		row := make([]string, len(labels))
		for i, name := range labels {
			row[i] = validUTF8(values[name])
		}
		rows[validUTF8(r.Name)] = row
	}
	series := make([]prometheus.Metric, 0, len(rows))
	for _, row := range slices.SortedFunc(maps.Values(rows), slices.Compare) {
		series = append(series, prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, 1, row...))
	}
	i.series.Store(&series)
}

// labelName makes a label's name of a configured one: letters, digits and underscores, no digit
// first, and no name that means something already. Of two names that become one, the first in
// alphabetical order has the say.
func labelName(name string) string {
	clean := strings.Map(func(c rune) rune {
		if c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' {
			return c
		}
		return '_'
	}, name)
	switch {
	case clean == "", clean[0] >= '0' && clean[0] <= '9', strings.HasPrefix(clean, "__"), clean == "route",
		clean == "tenant":
		return "label_" + clean
	}
	return clean
}
