package preview

import (
	"strings"

	"github.com/callhours/callhours/routes"
)

// DisplayNames are what the configuration calls calendars and tenants for people, and where people
// edit calendars, by full name. Those of which it says nothing are not in there.
type DisplayNames struct {
	Calendars map[string]string
	Tenants   map[string]string
	EditURLs  map[string]string
}

// RouteLabel is a route's name for people, without its tenant. Of a route that is not there it is
// made of the name, as the others are.
func (p *Preview) RouteLabel(name string) string {
	if r := p.byName[name]; r != nil {
		return r.Label()
	}
	return routes.DisplayName("", name)
}

// TenantLabel is the name for people of the tenant whose route or calendar has a full name; ""
// without a tenant.
func (p *Preview) TenantLabel(full string) string {
	tenant, _, ok := strings.Cut(full, "/")
	if !ok {
		return ""
	}
	return routes.DisplayName(p.options.Names.Tenants[tenant], tenant)
}

// CalendarLabel is a calendar's name for people, without its tenant.
func (p *Preview) CalendarLabel(name string) string {
	return routes.DisplayName(p.options.Names.Calendars[name], name)
}

// BranchLabel is the name for people of a branch of a route.
func (p *Preview) BranchLabel(route, branch string) string {
	if r := p.byName[route]; r != nil {
		return r.BranchLabel(branch)
	}
	return routes.DisplayName("", branch)
}

// EditURL is where people edit a calendar; "" if that is not configured.
func (p *Preview) EditURL(calendar string) string { return p.options.Names.EditURLs[calendar] }
