package config

// readTenant reads the key tenant: to whom the file belongs.
func (s *source) readTenant(n *node) {
	m := s.fields(n, inTenant)
	name := m.required("name")
	t := &Tenant{
		Pos:         name.Pos,
		Name:        name.S,
		DisplayName: m.displayName(),
		Timezone:    m.zone("timezone"),
		Language:    m.language(s.language),
		PhoneRegion: m.phoneRegion(s.phoneRegion),
		Labels:      m.labels(),
	}
	limit := maxAccounts
	g := s.grants[t.Name]
	if t.Granted = g != nil && len(g.accounts) > 0; t.Granted {
		limit = max(limit, len(g.accounts))
	}
	var beyond Text
	t.Accounts, beyond = m.accounts("account", limit)
	s.tenant, s.tenantFields = t, m
	if s.accountsCut = beyond.Line > 0; s.accountsCut {
		s.mistake(beyond.Pos, "tenant %q has more than %d accounts; "+
			"remove those that no route needs, or split it into two tenants", t.Name, limit)
	}
	if t.Granted && len(t.Accounts) == 0 {
		t.Accounts = g.accounts
	}
	s.language, s.phoneRegion = t.Language, t.PhoneRegion
	s.baseData = merge(s.baseData, s.top.data("data"))
	t.Data = s.baseData
	if name.S == "" || !s.checkName(name, "a tenant") {
		return
	}
	s.inputs.update(s.path, func(input *Input) { input.Name, input.Accounts = t.Name, accountKeys(t.Accounts) })
}
