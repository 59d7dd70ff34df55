package metrics

import (
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Configured names everything of a configuration that has series of its own. Names are those that people see outside,
// such as "acme/main".
type Configured struct {
	Routes    []Route
	Calendars []Calendar
	Tenants   []string

	// OwnSeries is how many of Routes have series of their own; 0 stands for all. Tenants take turns, the
	// operator first, and of each those go first that have series already. The others are counted together,
	// as route and branch "_other", and so are tenants' routes beyond 24 MiB of a scrape. Tenants' calendars
	// beyond 16 MiB have no series.
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
type Branch struct{ Name, State string }

// Calendar is a calendar that is configured, and what it is expected to hold.
type Calendar struct {
	Name       string
	Ahead      time.Duration // there are events this far ahead; 0: nothing is expected
	Covered    bool          // some event is on at any moment
	MayBeEmpty bool          // no events at all are fine
}

// other is the route, and the branch, of all routes that have no series of their own. No name
// in a configuration begins so.
const other = "_other"

// Route is the series of a configured route; nil for a name that is not configured. Look it up once for each
// configuration and keep it.
func (m *Metrics) Route(name string) *RouteMetrics {
	if m == nil {
		return nil
	}
	return m.series.names.Load().routes[name]
}

// Calendar is the series of a configured calendar; nil for a name that is not configured, or has no series.
func (m *Metrics) Calendar(name string) *CalendarMetrics {
	if m == nil {
		return nil
	}
	return m.series.names.Load().calendars[name]
}

// Configure makes every series of a configuration, at 0, and deletes those of the former one that are not in it. A
// series that stays keeps its value, also for who looked it up before. Call it when a configuration goes live, then
// look its routes up: what is still counted on a series that is gone is lost. It tells what has no series, since
// those of tenants take no more of a scrape.
func (m *Metrics) Configure(c Configured) []Unseen {
	if m == nil {
		return nil
	}
	unseen := map[string]*Unseen{}
	left := func(tenant string) *Unseen {
		if unseen[tenant] == nil {
			unseen[tenant] = &Unseen{Tenant: tenant}
		}
		return unseen[tenant]
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	former := m.series.names.Load()
	next := &names{
		routes:    make(map[string]*RouteMetrics, len(c.Routes)),
		calendars: make(map[string]*CalendarMetrics, len(c.Calendars)),
		tenants:   make(map[string]*gauge, len(c.Tenants)),
	}
	s := shelves{newShelf(former.routeSeries), newShelf(former.branchSeries), newShelf(former.stateSeries)}
	var own []Route
	had := func(name string) bool { r := former.routes[name]; return r != nil && r.own }
	mine := share(c.Routes, c.OwnSeries, had)
	fits := routesThatFit(slices.DeleteFunc(slices.Clone(c.Routes), func(r Route) bool { return !mine[r.Name] }), had)
	for _, r := range c.Routes {
		if mine[r.Name] && (r.Tenant == "" || fits[r.Name]) {
			own = append(own, r)
			next.routes[r.Name] = s.route(r)
			continue
		}
		next.routes[r.Name] = s.other(r)
		if mine[r.Name] {
			left(r.Tenant).Routes++
		}
	}
	calendars := newShelf(former.calendarSeries)
	shown := calendarsThatFit(c.Calendars, func(name string) bool { return former.calendars[name] != nil })
	for _, cal := range c.Calendars {
		if tenant, _, owned := strings.Cut(cal.Name, "/"); owned && !shown[cal.Name] {
			left(tenant).Calendars++
			continue
		}
		made := calendars.take(valid(cal.Name))
		made.gauges[calendarAhead].Set(cal.Ahead.Seconds())
		made.gauges[calendarCovered].Set(truth(cal.Covered))
		made.gauges[calendarMayBeEmpty].Set(truth(cal.MayBeEmpty))
		next.calendars[cal.Name] = made
	}
	tenants := newShelf(former.tenantSeries)
	for _, name := range c.Tenants {
		next.tenants[name] = tenants.take(valid(name))
	}
	next.routeSeries, next.branchSeries, next.stateSeries = s.routes.list, s.branches.list, s.states.list
	next.calendarSeries, next.tenantSeries = calendars.list, tenants.list
	m.series.info.set(own)
	m.series.names.Store(next)
	var all []Unseen
	for _, tenant := range slices.Sorted(maps.Keys(unseen)) {
		all = append(all, *unseen[tenant])
	}
	return all
}

// Unseen is how much of a tenant has no series of its own, since a scrape has no more room for that tenant. What an
// OwnSeries leaves out is not counted.
type Unseen struct {
	Tenant            string
	Routes, Calendars int
}

// shelves hand out what a route counts on.
type shelves struct {
	routes   *shelf[string, routeSeries]
	branches *shelf[[2]string, branchSeries]
	states   *shelf[[3]string, stateSeries]
}

func (s shelves) route(r Route) *RouteMetrics {
	made := s.take(r)
	made.own = true
	return made
}

// other makes what a route without series of its own counts on. What is true of one route at a time has no series then.
func (s shelves) other(r Route) *RouteMetrics {
	shared := Route{Name: other}
	for _, b := range r.Branches {
		shared.Branches = append(shared.Branches, Branch{other, b.State})
	}
	return s.take(shared)
}

func (s shelves) take(r Route) *RouteMetrics {
	name := valid(r.Name)
	made := &RouteMetrics{routeSeries: s.routes.take(name), branches: make([]branchMetrics, len(r.Branches))}
	for i, b := range r.Branches {
		branch := valid(b.Name)
		made.branches[i] = branchMetrics{
			s.states.take([3]string{name, branch, valid(b.State)}),
			s.branches.take([2]string{name, branch}),
		}
	}
	return made
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// routeInfo is route_info: one series for each route, with the labels that the configuration gives. A vector cannot
// have labels that change, so it describes nothing beforehand and Prometheus' client takes what it collects.
type routeInfo struct {
	series atomic.Pointer[map[string]prometheus.Metric] // by route
}

func (*routeInfo) Describe(chan<- *prometheus.Desc) {}

func (i *routeInfo) Collect(ch chan<- prometheus.Metric) {
	if all := i.series.Load(); all != nil {
		for _, series := range *all {
			ch <- series
		}
	}
}

// set replaces all series. Each route gets every label name that any of them has, for a metric has one set of names; an
// empty value is to Prometheus as no label.
func (i *routeInfo) set(routes []Route) {
	names := map[string]bool{}
	for _, r := range routes {
		for name := range r.Labels {
			names[labelName(name)] = true
		}
	}
	further := slices.Sorted(maps.Keys(names))
	desc := prometheus.NewDesc("callhours_route_info",
		"A route, its tenant and the labels it is configured with; always 1.",
		append([]string{"route", "tenant"}, further...), nil)

	series := make(map[string]prometheus.Metric, len(routes))
	for _, r := range routes {
		labels := map[string]string{}
		for _, name := range slices.Sorted(maps.Keys(r.Labels)) {
			if to := labelName(name); labels[to] == "" {
				labels[to] = r.Labels[name]
			}
		}
		values := []string{valid(r.Name), valid(r.Tenant)}
		for _, name := range further {
			values = append(values, valid(labels[name]))
		}
		series[values[0]] = prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, 1, values...)
	}
	i.series.Store(&series)
}

// labelName makes a label's name of a configured one: letters, digits and underscores, no digit first, and no name that
// means something already. Of two names that become one, the first in alphabetical order has the say.
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
