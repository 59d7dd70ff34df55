package config

// readTenant reads whose file this is.
func (s *source) readTenant(n *node) {
	in := s.fields(n, inTenant)
	name := in.required("name")
	t := &Tenant{
		Pos:         name.Pos,
		Name:        name.S,
		Accounts:    in.words("account"),
		Timezone:    in.zone("timezone"),
		Language:    in.language(s.language),
		PhoneRegion: in.phoneRegion(s.phoneRegion),
		Labels:      map[string]string{},
	}
	if g := s.grants[t.Name]; g != nil && len(t.Accounts) == 0 {
		t.Accounts = g.accounts
	}
	s.tenant, s.says = t, in
	for _, e := range s.entries(in.get("labels"), "labels") {
		if label := s.scalar(e.value, "a label"); e.key.S != "" {
			t.Labels[e.key.S] = label.S
		} else {
			s.mistake(e.key.Pos, "a label has no name")
		}
	}
	s.language, s.phoneRegion = t.Language, t.PhoneRegion
	s.base = merge(s.base, s.top.data("data"))
	t.Data = s.base
	if name.S == "" || !s.isName(name, "a tenant") {
		return
	}
	s.inputs.mark(s.path, func(in *Input) { in.Name, in.Accounts = t.Name, accountKeys(t.Accounts) })
}
