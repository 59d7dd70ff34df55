package config

// readTenant reads whose file this is.
func (s *source) readTenant(n *node) {
	in := s.fields(n, inTenant)
	name := in.required("name")
	t := &Tenant{
		Pos:         name.Pos,
		Name:        name.S,
		Accounts:    in.accounts("account"),
		Timezone:    in.zone("timezone"),
		Language:    in.language(s.language),
		PhoneRegion: in.phoneRegion(s.phoneRegion),
		Labels:      in.labels(),
	}
	if g := s.grants[t.Name]; g != nil && len(g.accounts) > 0 {
		t.Granted = true
		if len(t.Accounts) == 0 {
			t.Accounts = g.accounts
		}
	}
	s.tenant, s.says = t, in
	s.language, s.phoneRegion = t.Language, t.PhoneRegion
	s.base = merge(s.base, s.top.data("data"))
	t.Data = s.base
	if name.S == "" || !s.isName(name, "a tenant") {
		return
	}
	s.inputs.mark(s.path, func(in *Input) { in.Name, in.Accounts = t.Name, accountKeys(t.Accounts) })
}
