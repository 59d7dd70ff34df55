package config

import (
	"math"
	"slices"
	"strings"
)

// readRoutes reads the routes that a source defines.
func (s *source) readRoutes() {
	if s.reused != nil {
		s.file.Routes = append(s.file.Routes, s.reused.routes[s.tenant.Name]...)
		return
	}
	hours := s.hours
	if s.tenant != nil {
		hours = s.tenantFields.hoursTokens(hours)
	}
	const hint = "remove some, or split it into two tenants"
	branches, asked, claims := 0, 0, 0
	for i, n := range s.items(s.top.get("routes"), "routes") {
		if s.exceeds(i+1, maxRoutes, n.Pos, "routes", hint) {
			return
		}
		r := s.route(n, hours)
		if r == nil {
			continue
		}
		branches += len(r.Branches)
		if s.exceeds(branches, maxBranches, r.Pos, "branches in all its routes (those of a plan count for each route)",
			hint) {
			return
		}
		for _, b := range r.Branches {
			asked += b.parts()
		}
		if s.exceeds(asked, maxConditionParts, r.Pos,
			"parts in the conditions of all its routes (those of a plan count for each route, and so do the "+
				"calendars and numbers that they name, and 256 bytes of a text)",
			"put numbers into lists, or split it into two tenants") {
			return
		}
		claims += r.matchCount()
		if s.exceeds(claims, maxMatchNumbers, r.Pos,
			"numbers in the matches of all its routes (each counts for every account of its route, which are all "+
				"of the tenant's where it names none)",
			"name the account in each match, or split it into two tenants") {
			return
		}
		if first, ok := s.routes.own[r.Name]; ok {
			s.mistake(r.Pos, "route %q is already defined at %s", r.Name, first.Pos)
			continue
		}
		s.routes.own[r.Name] = r
		s.file.Routes = append(s.file.Routes, r)
	}
}

// route reads one route; nil when it has no name or no branches, which is reported. hours are the
// tokens that open its hours besides its own.
func (s *source) route(n *node, hours []Secret) *Route {
	m := s.fields(n, inRoute)
	name := m.required("name")
	if name.S == "" || !s.checkName(name, "a route") {
		return nil
	}
	r := &Route{
		Pos:         name.Pos,
		Name:        s.prefix() + name.S,
		DisplayName: m.displayName(),
		Tenant:      s.tenant,
		Path:        m.urlPath("path"),
		Match:       m.match(),
		Auth:        m.auth(),
		Hours:       m.hoursTokens(hours),
		Timezone:    m.zone("timezone"),
		Language:    m.language(s.language),
		PhoneRegion: m.phoneRegion(s.phoneRegion),
	}
	switch {
	case r.Path.Line > 0:
	case m.get("match") != nil:
		r.Path = s.file.PivotPath
	default:
		r.Path = Text{Pos: name.Pos, S: "/" + r.Name}
	}
	if s.tenant != nil && len(s.tenant.Accounts) == 0 && !s.checkTenantPath(m, r) {
		return nil
	}
	if r.Timezone.Line == 0 && s.tenant != nil {
		r.Timezone = s.tenant.Timezone
	}
	if r.Timezone.Line == 0 {
		r.Timezone = s.file.Timezone
	}
	if r.Timezone.Line == 0 && m.get("timezone") == nil {
		s.mistake(name.Pos, "no time zone: set timezone for all routes or on the route")
	}
	if m.readBranches(r); len(r.Branches) == 0 {
		return nil
	}
	return r
}

// checkTenantPath reports whether the route of a tenant without an account is on a path of that
// tenant. On any other path it would receive calls of others, which is a mistake.
func (s *source) checkTenantPath(m fields, r *Route) bool {
	own := "/" + s.tenant.Name + "/"
	switch {
	case m.get("match") != nil:
		s.mistake(m.get("match").Pos,
			"tenant %q has no account, so its routes cannot have match, which could take other tenants' calls; set "+
				"account in tenant", s.tenant.Name)
	case !strings.HasPrefix(r.Path.S, own):
		s.mistake(r.Path.Pos,
			"tenant %q has no account, so its paths must begin with %q; set account in tenant, or change the path",
			s.tenant.Name, own)
	default:
		return true
	}
	return false
}

// readBranches reads the branches of a route, its own or its plan's, and what depends on them.
func (f fields) readBranches(r *Route) {
	plan := Plan{Data: emptyData()}
	switch {
	case len(f.given("branches", "plan")) == 2:
		f.mistake(f.get("plan").Pos, "route %q has branches and a plan; keep one", r.Name)
		return
	case f.get("plan") != nil:
		found, ok := f.plan()
		if !ok {
			return
		}
		plan = *f.translate(found, r.Language)
		r.Plan = plan.Name
		r.Branches = f.planBranches(&plan)
	case f.get("branches") != nil:
		for _, key := range f.given("calendars", "answers") {
			f.mistake(f.get(key).Pos, "%s only works together with plan; set it in the branches of this route", key)
		}
		r.Branches = f.branches(f.resolveCalendar)
		plan.Unknown, plan.Fallback = len(r.Branches)-1, len(r.Branches)-1
	default:
		f.mistake(r.Pos, "route %q has no branches; set branches or plan", r.Name)
	}
	r.DayStarts = f.timeOfDay("day_starts", plan.DayStarts)
	r.Unknown = f.branchIndex("unknown", r.Branches, plan.Unknown)
	r.Fallback = f.branchIndex("fallback", r.Branches, plan.Fallback)

	data := f.merge(f.merge(f.baseData, plan.Data), f.data("data"))
	for _, b := range r.Branches {
		b.Data = f.merge(data, b.Data)
		b.When.walk(func(c *Condition) { f.checkNames(c.Names, b.Data, r) })
	}
}

// plan finds the route's plan, the tenant's own first.
func (f fields) plan() (*Plan, bool) {
	name := f.nonBlank("plan")
	if name.S == "" {
		return nil, false
	}
	p, ok := f.plans.find(name.S)
	if !ok && !f.isMisspelledPart("plans") {
		f.mistake(name.Pos, "plan %s is not defined%s", quote(name.S), f.suggest(name.S, f.plans.names))
	}
	return p, ok && len(p.Branches) > 0
}

// match reads which calls a route is for. A tenant's accounts are part
// of every match of its routes.
func (f fields) match() Match {
	var m Match
	n := f.get("match")
	if n != nil {
		given := f.fields(n, inMatch)
		m.Accounts, _ = given.accounts("account", math.MaxInt)
		m.Dialed = given.texts("dialed")
		if given.allKnown && len(given.nodes) == 0 {
			f.mistake(n.Pos, "match is empty; set account or dialed, or leave it out")
		}
	}
	if f.tenant == nil || len(f.tenant.Accounts) == 0 {
		return m
	}
	if len(m.Accounts) > 0 && f.tenantAccounts == nil {
		f.tenantAccounts = map[string]bool{}
		for _, account := range f.tenant.Accounts {
			f.tenantAccounts[account.S] = true
		}
	}
	for _, account := range m.Accounts {
		if !f.tenantAccounts[account.S] && !f.accountsCut {
			f.mistake(account.Pos, "account %s is not one of tenant %q", quote(account.S), f.tenant.Name)
		}
	}
	if len(m.Accounts) == 0 {
		m.Accounts = f.tenant.Accounts
	}
	return m
}

// checkNames checks that a branch's data has the mapping that a condition names.
func (s *source) checkNames(field Text, d *Data, r *Route) {
	if field.S == "" {
		return
	}
	if _, ok := d.Values[field.S].(map[string]any); ok {
		return
	}
	var mappings []string
	for key, value := range d.Values {
		if _, ok := value.(map[string]any); ok {
			mappings = append(mappings, key)
		}
	}
	slices.Sort(mappings)
	s.mistake(field.Pos, "the data of route %q has no mapping %s%s", r.Name, quote(field.S),
		s.suggest(field.S, func() []string { return mappings }))
}
