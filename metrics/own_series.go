package metrics

// chooseOwnSeries returns the routes that have series of their own, at most most of them. Tenants
// take turns, the operator first, so that a tenant with many routes takes nothing from another. A
// tenant's routes that had series before go first, then the order of the configuration.
func chooseOwnSeries(routes []Route, most int, hadSeries func(name string) bool) map[string]bool {
	own := map[string]bool{}
	if most <= 0 || most >= len(routes) {
		for _, r := range routes {
			own[r.Name] = true
		}
		return own
	}
	byTenant := map[string][2][]string{} // those that had series and the others, by tenant
	var tenants []string
	for _, r := range routes {
		names, known := byTenant[r.Tenant]
		if hadSeries(r.Name) {
			names[0] = append(names[0], r.Name)
		} else {
			names[1] = append(names[1], r.Name)
		}
		if byTenant[r.Tenant] = names; !known && r.Tenant != "" {
			tenants = append(tenants, r.Tenant)
		}
	}
	turns := []string{""}
	for _, existing := range []bool{true, false} { // tenants that had some go before the others
		for _, tenant := range tenants {
			if (len(byTenant[tenant][0]) > 0) == existing {
				turns = append(turns, tenant)
			}
		}
	}
	for round := 0; len(own) < most; round++ {
		for _, tenant := range turns {
			names := byTenant[tenant]
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
