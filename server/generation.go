package server

import (
	"slices"
	"time"

	"github.com/callhours/callhours/calendars"
	"github.com/callhours/callhours/config"
	"github.com/callhours/callhours/metrics"
	"github.com/callhours/callhours/preview"
	"github.com/callhours/callhours/render"
	"github.com/callhours/callhours/routes"
)

// behind is how far into the past calendars are expanded, so that what began before the moment asked for is seen.
const behind = 48 * time.Hour

// rollAfter is how old a window may become before it is compiled anew; far less than what behind and horizon leave.
const rollAfter = 6 * time.Hour

// Generation is everything that one configuration built. It is safe for concurrent use.
type Generation struct {
	file     *config.File
	table    *routes.Table
	routes   []*render.Route // in the order of the configuration
	byRoute  map[*routes.Route]int
	auths    []*auth // by index of routes
	shared   *auth   // of routes without their own, and of calls that find none
	calendar map[string]calendars.Use
	asking   map[string][]*render.Route // by the full name of the calendar that they ask
	problems []problem
}

// problem is what a calendar could not use of itself.
type problem struct {
	calendar string
	calendars.Problem
}

// Calendar is a calendar by its full name, and the zone of its all-day and floating events: its own, else the configuration's; nil
// where there is neither.
func (g *Generation) Calendar(name string) (calendars.Use, *time.Location, bool) {
	use, ok := g.calendar[name]
	zone := use.Zone
	if zone == nil && g.file.Timezone.S != "" {
		// Build has loaded it before, or refused the configuration.
		zone, _ = calendars.LoadZone(g.file.Timezone.S)
	}
	return use, zone, ok
}

// Roll compiles every route for the window around a moment, and makes live calls use it. It gives the timelines that it compiled.
func (g *Generation) Roll(now time.Time) *calendars.Timelines {
	ts := g.timelines(now)
	for _, r := range g.routes {
		r.Use(r.Compile(ts))
	}
	return ts
}

// Stale says whether the live window lies badly around a moment: the clock has moved on, or was set.
func (g *Generation) Stale(now time.Time) bool {
	if len(g.routes) == 0 {
		return false
	}
	from, _ := g.routes[0].State().Window()
	compiled := from.Add(behind)
	return now.Before(compiled) || now.Sub(compiled) >= rollAfter
}

func (g *Generation) timelines(at time.Time) *calendars.Timelines {
	return calendars.NewTimelines(g.calendar, at.Add(-behind), at.Add(g.file.Horizon))
}

// Preview answers what people ask about the generation's decisions.
func (g *Generation) Preview() *preview.Preview {
	return preview.New(preview.Options{Table: g.table, Routes: g.routes, Timelines: g.timelines, Path: g.file.PivotPath.S})
}

// series are the names that metrics are labelled with.
func (g *Generation) series() metrics.Configured {
	var c metrics.Configured
	for _, r := range g.file.Routes {
		route := metrics.Route{Name: r.Name}
		if r.Tenant != nil {
			route.Tenant, route.Labels = r.Tenant.Name, r.Tenant.Labels
		}
		for _, b := range r.Branches {
			route.Branches = append(route.Branches, metrics.Branch{Name: b.Name, State: b.State})
		}
		c.Routes = append(c.Routes, route)
	}
	for _, cal := range g.file.Calendars {
		c.Calendars = append(c.Calendars, cal.Name)
	}
	for _, t := range g.file.Tenants {
		c.Tenants = append(c.Tenants, t.Name)
	}
	return c
}

// unmatched is how many events of a calendar no condition of any route admits.
func (g *Generation) unmatched(name string) int {
	n := 0
	for _, e := range g.calendar[name].State.Calendar.Events() {
		if !slices.ContainsFunc(g.asking[name], func(r *render.Route) bool { return r.Admits(name, e) }) {
			n++
		}
	}
	return n
}

// reach is when the last event of a calendar ends, within the window of its timelines; zero when there is none.
func (g *Generation) reach(name string, ts *calendars.Timelines) time.Time {
	if len(g.asking[name]) == 0 {
		return time.Time{}
	}
	r := g.asking[name][0] // another route's zone moves it by hours
	var last int64
	for _, o := range ts.Of(name, calendars.View{Zone: r.Zone, DayStarts: r.DayStarts}).All() {
		last = max(last, o.End)
	}
	if last == 0 {
		return time.Time{}
	}
	return time.Unix(last, 0)
}
