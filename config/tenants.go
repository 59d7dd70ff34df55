package config

// readTenant reads the key tenant: to whom the file belongs.
func (s *source) readTenant(n *node) {
	m := s.fields(n, inTenant)
	name := m.required("name")
	t := &Tenant{
		Pos:         name.Pos,
		Name:        name.S,
		Accounts:    m.accounts("account"),
		Timezone:    m.zone("timezone"),
		Language:    m.language(s.language),
		PhoneRegion: m.phoneRegion(s.phoneRegion),
		Labels:      m.labels(),
	}
	if g := s.grants[t.Name]; g != nil && len(g.accounts) > 0 {
		t.Granted = true
		if len(t.Accounts) == 0 {
			t.Accounts = g.accounts
		}
	}
	s.tenant, s.tenantFields = t, m
	s.language, s.phoneRegion = t.Language, t.PhoneRegion
	s.baseData = merge(s.baseData, s.top.data("data"))
	t.Data = s.baseData
	if name.S == "" || !s.checkName(name, "a tenant") {
		return
	}
	s.inputs.update(s.path, func(input *Input) { input.Name, input.Accounts = t.Name, accountKeys(t.Accounts) })
}
