package metrics

import (
	"maps"
	"slices"
	"strings"
)

// Bytes of a scrape for the series of all tenants together. The operator's are not counted. Both
// are some 280,000 series, for which a scrape takes 2.2 s of a processor: Prometheus gives up after
// 10 s, on a machine that has other things to do, too.
const (
	maxOfRoutes    = 24 << 20 // of routes and their branches
	maxOfCalendars = 16 << 20
)

// lineBytes is what a line of a scrape takes at most besides names of the configuration.
const lineBytes = 112

// seriesSize is how many bytes of a scrape the series of a tenant's route or calendar take.
type seriesSize struct {
	name, tenant string
	bytes        int
}

// fitSeries returns which series fit into a number of bytes. Tenants have equal shares; what a
// tenant does not need goes to the others, so that many or long names take nothing from another
// tenant. A tenant's series that existed before go first, then the order of the configuration.
func fitSeries(all []seriesSize, most int, hadSeries func(name string) bool) map[string]bool {
	needs := map[string]int{}
	for _, s := range all {
		needs[s.tenant] += s.bytes
	}
	share := fairShare(slices.Sorted(maps.Values(needs)), most)
	fits, used := map[string]bool{}, map[string]int{}
	for _, existing := range []bool{true, false} {
		for _, s := range all {
			if hadSeries(s.name) == existing && used[s.tenant]+s.bytes <= share {
				fits[s.name] = true
				used[s.tenant] += s.bytes
			}
		}
	}
	return fits
}

// fairShare returns the bytes that each tenant may have, so that all tenants together have at most
// most. needs are sorted.
func fairShare(needs []int, most int) int {
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

// fitRoutes returns the routes of tenants whose series fit into a scrape.
func fitRoutes(routes []Route, hadSeries func(name string) bool) map[string]bool {
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
	var all []seriesSize
	for _, r := range routes {
		if r.Tenant == "" {
			continue
		}
		s := seriesSize{
			r.Name, r.Tenant,
			info + labelBytes(r.Name) + labelBytes(r.Tenant) + 4*(lineBytes+labelBytes(r.Name)),
		}
		for _, value := range r.Labels {
			s.bytes += labelBytes(value)
		}
		if slices.ContainsFunc(r.Branches, func(b Branch) bool { return b.FindsNames }) {
			s.bytes += lineBytes + labelBytes(r.Name) + 2*maxMatch // each byte may be escaped
		}
		for _, b := range r.Branches {
			s.bytes += (2 + len(fallbackReasons)) * (lineBytes + labelBytes(r.Name) + labelBytes(b.Name))
		}
		all = append(all, s)
	}
	return fitSeries(all, maxOfRoutes, hadSeries)
}

// fitCalendars returns the calendars of tenants whose series fit into a scrape.
func fitCalendars(calendars []Calendar, hadSeries func(name string) bool) map[string]bool {
	var all []seriesSize
	for _, c := range calendars {
		if tenant, _, owned := strings.Cut(c.Name, "/"); owned {
			lines := calendarGauges + len(fetchResults)
			all = append(all, seriesSize{c.Name, tenant, lines * (lineBytes + labelBytes(c.Name))})
		}
	}
	return fitSeries(all, maxOfCalendars, hadSeries)
}

// labelBytes is the size of a label value in a scrape, escapes included.
func labelBytes(value string) int {
	return len(validUTF8(value)) + strings.Count(value, `"`) + strings.Count(value, `\`) + strings.Count(value, "\n")
}
