package metrics

import (
	"maps"
	"slices"
	"strings"
)

// Bytes of a scrape that the series of all tenants take together. The operator's are not counted.
const (
	mostOfRoutes    = 24 << 20 // of routes and their branches
	mostOfCalendars = 16 << 20
)

// lineBytes is what a line of a scrape takes at most besides names of the configuration.
const lineBytes = 112

// sized is a route or calendar of a tenant, and what its series take of a scrape.
type sized struct {
	name, tenant string
	bytes        int
}

// fitting tells which series fit into so many bytes. Tenants share them evenly; what one does not need is the others',
// so that none takes another's by having many, or long names. Of one tenant those go first that had series before, then
// as they are configured.
func fitting(all []sized, most int, had func(name string) bool) map[string]bool {
	needs := map[string]int{}
	for _, s := range all {
		needs[s.tenant] += s.bytes
	}
	level := levelOf(slices.Sorted(maps.Values(needs)), most)
	fits, used := map[string]bool{}, map[string]int{}
	for _, before := range []bool{true, false} {
		for _, s := range all {
			if had(s.name) == before && used[s.tenant]+s.bytes <= level {
				fits[s.name] = true
				used[s.tenant] += s.bytes
			}
		}
	}
	return fits
}

// levelOf is how much each tenant may have, so that all together have no more than most. needs are sorted.
func levelOf(needs []int, most int) int {
	for i, need := range needs {
		if each := most / (len(needs) - i); need > each {
			return each
		}
		most -= need
	}
	if len(needs) == 0 {
		return 0
	}
	return needs[len(needs)-1]
}

// routesThatFit are the routes of tenants whose series fit into a scrape.
func routesThatFit(routes []Route, had func(name string) bool) map[string]bool {
	labels := map[string]bool{} // each route has all of them
	for _, r := range routes {
		for name := range r.Labels {
			labels[name] = true
		}
	}
	info := lineBytes
	for name := range labels {
		info += len("label_") + len(name) + len(`="",`)
	}
	var all []sized
	for _, r := range routes {
		if r.Tenant == "" {
			continue
		}
		s := sized{r.Name, r.Tenant, info + written(r.Name) + written(r.Tenant) + 3*(lineBytes+written(r.Name))}
		for _, value := range r.Labels {
			s.bytes += written(value)
		}
		for _, b := range r.Branches {
			s.bytes += (2 + len(fallbackReasons)) * (lineBytes + written(r.Name) + written(b.Name))
		}
		all = append(all, s)
	}
	return fitting(all, mostOfRoutes, had)
}

// calendarsThatFit are the calendars of tenants whose series fit into a scrape.
func calendarsThatFit(calendars []Calendar, had func(name string) bool) map[string]bool {
	var all []sized
	for _, c := range calendars {
		if tenant, _, owned := strings.Cut(c.Name, "/"); owned {
			lines := calendarGauges + len(fetchResults)
			all = append(all, sized{c.Name, tenant, lines * (lineBytes + written(c.Name))})
		}
	}
	return fitting(all, mostOfCalendars, had)
}

// written is how many bytes a label value takes at most in a scrape.
func written(value string) int {
	return len(valid(value)) + strings.Count(value, `"`) + strings.Count(value, `\`) + strings.Count(value, "\n")
}
