package metrics

// share tells which routes have series of their own: most of them at most, one of each tenant in turn, the operator's
// first, so that no tenant takes those of another by having many. Of one tenant those go first that had series before,
// then as they are configured.
func share(routes []Route, most int, had func(name string) bool) map[string]bool {
	own := map[string]bool{}
	if most <= 0 || most >= len(routes) {
		for _, r := range routes {
			own[r.Name] = true
		}
		return own
	}
	of := map[string][2][]string{} // those that had series and the others, by tenant
	var tenants []string
	for _, r := range routes {
		names, known := of[r.Tenant]
		if had(r.Name) {
			names[0] = append(names[0], r.Name)
		} else {
			names[1] = append(names[1], r.Name)
		}
		if of[r.Tenant] = names; !known && r.Tenant != "" {
			tenants = append(tenants, r.Tenant)
		}
	}
	turns := []string{""}
	for _, had := range []bool{true, false} { // tenants that had some go before the others
		for _, tenant := range tenants {
			if (len(of[tenant][0]) > 0) == had {
				turns = append(turns, tenant)
			}
		}
	}
	for round := 0; len(own) < most; round++ {
		for _, tenant := range turns {
			names := of[tenant]
			switch before := len(names[0]); {
			case len(own) == most:
			case round < before:
				own[names[0][round]] = true
			case round < before+len(names[1]):
				own[names[1][round-before]] = true
			}
		}
	}
	return own
}
