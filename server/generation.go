package server

import (
	"slices"
	"time"

	"github.com/callhours/callhours/calendars"
	"github.com/callhours/callhours/calendars/zones"
	"github.com/callhours/callhours/config"
	"github.com/callhours/callhours/internal/contain"
	"github.com/callhours/callhours/internal/diag"
	"github.com/callhours/callhours/internal/parallel"
	"github.com/callhours/callhours/metrics"
	"github.com/callhours/callhours/preview"
	"github.com/callhours/callhours/render"
	"github.com/callhours/callhours/routes"
	"github.com/callhours/callhours/server/listen"
	"github.com/callhours/callhours/templates"
)

// Generation is everything that one configuration built. It is safe for concurrent use.
type Generation struct {
	name             string // see Name
	file             *config.File
	table            *routes.Table
	routes           []*render.Route             // in the order of the configuration, as the table has them
	members          map[*render.Route]bool      // routes
	auths            []*listen.Auth              // by index of routes
	upstreams        map[*render.Route]upstreams // of the routes that ask one
	shared           *listen.Auth                // of routes without their own, and of calls that find none
	routesByCalendar map[string][]*render.Route  // by the full name of a calendar that they use

	calendars []*calendar // in the order of the configuration
	byName    map[string]*calendar
	compared  map[string]int64 // what only and except take, by owner; guarded as the calendars are

	timelines *calendars.Timelines // of live calls
	totals    routes.Totals        // likewise
	counting  *counting            // of events that no route asks for

	library *templates.Library
	rooms   map[string]*render.Room // of the answers that are kept, by owner
	faulty  map[*render.Route]bool  // that have mistakes; none in a generation that answers

	rejected []string // tenants whose present files are not these

	warnings []config.Warning // of templates and what they write for sample calls
	names    preview.DisplayNames
	missing  diag.Mistakes  // files that calendars name: what their calendars are worth says the same among findings
	guard    *contain.Guard // nil before it is live
}

// Calendar is a calendar by its full name, and the zone of its all-day and floating events: its
// own, else the configuration's; nil where there is neither.
func (g *Generation) Calendar(name string) (calendars.Use, *time.Location, bool) {
	_, ok := g.byName[name]
	use := g.timelines.Use(name)
	zone := use.Zone
	if zone == nil && g.file.Timezone.S != "" {
		// Build has loaded it before, or refused the configuration.
		zone, _ = zones.Load(g.file.Timezone.S)
	}
	return use, zone, ok
}

// Name is short and changes with the content of the files that the generation was built from:
// twelve hexadecimal digits of their hash.
func (g *Generation) Name() string { return g.name }

// File is the configuration that the generation was built from.
func (g *Generation) File() *config.File { return g.file }

// Roll compiles the routes whose window has moved on, or was never compiled, and makes live calls
// use them.
func (g *Generation) Roll(now time.Time) {
	rolled := g.outdated(now)
	parallel.Each(len(rolled), func(i int) { g.compile(rolled[i], now) })
}

// outdated lists the routes whose window has moved on, or was never compiled.
func (g *Generation) outdated(now time.Time) (list []*render.Route) {
	for _, r := range g.routes {
		if s := r.State(); s == nil || s.Stale(g.timelines, now) {
			list = append(list, r)
		}
	}
	return list
}

// compile makes calls of a route use its calendars as they are.
func (g *Generation) compile(r *render.Route, now time.Time) {
	if state := g.compiled(r, now); state != nil {
		r.Use(state)
	}
}

// compiled is a route with its calendars as they are. Where compiling it panics that is nil, so
// that it keeps what it had; one that had nothing takes all of its calendars for unknown.
func (g *Generation) compiled(r *render.Route, now time.Time) (state *render.State) {
	g.guard.Run(metrics.PanicCalendar, "route "+r.Name, func() { state = r.Compile(g.timelines, g.totals, now) })
	if state == nil && r.State() == nil {
		none := calendars.NewTimelines(nil, g.file.Horizon)
		g.guard.Run(metrics.PanicCalendar, "route "+r.Name+" without calendars", func() {
			state = r.Compile(none, g.totals, now)
		})
	}
	return state
}

// contain makes the generation count and log panics.
func (g *Generation) contain(guard *contain.Guard) {
	if g.guard == guard { // an early one
		return
	}
	g.guard = guard
	g.timelines.Contain(guard)
}

// Preview answers what people ask about the generation's decisions.
func (g *Generation) Preview() *preview.Preview {
	return g.previewWith(g.timelines.Uses(), nil)
}

// series are the names that metrics are labelled with.
func (g *Generation) series() metrics.Configured {
	c := metrics.Configured{OwnSeries: g.file.Metrics.Routes}
	names := g.file.LabelNames()
	built := make(map[string]*render.Route, len(g.routes))
	for _, r := range g.routes {
		built[r.Name] = r
	}
	for _, r := range g.file.Routes {
		route := metrics.Route{Name: r.Name}
		if r.Tenant != nil {
			route.Tenant, route.Labels = r.Tenant.Name, labels(r.Tenant, names)
		}
		for i, b := range r.Branches {
			branch := metrics.Branch{Name: b.Name, State: b.State}
			if made := built[r.Name]; made != nil {
				branch.Asks = made.Asked(i)
				branch.CanFail, branch.FindsNames = made.CanFail(i), made.FindsNames(i)
			}
			route.Branches = append(route.Branches, branch)
		}
		c.Routes = append(c.Routes, route)
	}
	for _, cal := range g.file.Calendars {
		e := cal.Expect
		c.Calendars = append(c.Calendars,
			metrics.Calendar{Name: cal.Name, Ahead: e.Ahead, Covered: e.Covered, MayBeEmpty: e.MayBeEmpty})
	}
	for _, t := range g.file.Tenants {
		c.Tenants = append(c.Tenants, t.Name)
	}
	for _, name := range g.rejected {
		if !slices.Contains(c.Tenants, name) {
			c.Tenants = append(c.Tenants, name)
		}
	}
	return c
}

// labels are those of a tenant's labels that are exported.
func labels(t *config.Tenant, names []string) map[string]string {
	exported := map[string]string{}
	for name, value := range t.Labels {
		if slices.Contains(names, name) {
			exported[name] = diag.Line(value)
		}
	}
	return exported
}

// reach is when the last event of a calendar ends, within the window that is compiled; zero when
// there is none.
func (g *Generation) reach(name string, now time.Time) time.Time {
	t := g.timeline(name, now)
	if t == nil || t.Last() == 0 {
		return time.Time{}
	}
	return time.Unix(t.Last(), 0)
}

// active is how many events of a calendar are on.
func (g *Generation) active(name string, now time.Time) int {
	t := g.timeline(name, now)
	if t == nil {
		return 0
	}
	return t.Count(now.Unix())
}

// timeline is a calendar as the first route that asks it sees it, since another one's zone moves
// events by hours at most; nil when no route does, and when it is unknown.
func (g *Generation) timeline(name string, now time.Time) *calendars.Timeline {
	if len(g.routesByCalendar[name]) == 0 {
		return nil
	}
	r := g.routesByCalendar[name][0]
	from, to := g.timelines.Window(r.Name, now)
	t, _ := g.timelines.Timeline(name, calendars.View{Zone: r.Zone, DayStarts: r.DayStarts}, from, to)
	return t
}

// displayNames are what a configuration calls calendars and tenants for people.
func displayNames(f *config.File) preview.DisplayNames {
	names := preview.DisplayNames{
		Calendars: map[string]string{}, Tenants: map[string]string{}, EditURLs: map[string]string{},
	}
	for _, c := range f.Calendars {
		if c.DisplayName != "" {
			names.Calendars[c.Name] = c.DisplayName
		}
		if c.EditURL != "" {
			names.EditURLs[c.Name] = c.EditURL
		}
	}
	for _, t := range f.Tenants {
		if t.DisplayName != "" {
			names.Tenants[t.Name] = t.DisplayName
		}
	}
	return names
}
