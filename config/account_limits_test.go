package config

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
)

// TestTenantAccounts: a tenant has as many accounts as it may, or as the main file gives it, and one
// more is a mistake at its place, which is all that is said.
func TestTenantAccounts(t *testing.T) {
	t.Parallel()
	list := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "      - %032x\n", i+1)
		}
		return b.String()
	}
	said := func(granted, claimed, named int) string {
		main, tenant := "timezone: UTC\ninclude: [tenants/*.yaml]\n", "tenant:\n  name: acme\n"
		if granted > 0 {
			main += "tenants:\n  acme:\n    account:\n" + list(granted)
		}
		if claimed > 0 {
			tenant += "  account:\n" + list(claimed)
		}
		tenant += fmt.Sprintf("routes: [{name: r, branches: [{name: open, pass: true}], match: {account: %032x}}]\n", named)
		_, err := Load("callhours.yaml", Options{FS: fstest.MapFS{
			"callhours.yaml":    {Data: []byte(main)},
			"tenants/acme.yaml": {Data: []byte(tenant)},
		}})
		return fmt.Sprint(err)
	}
	const past = `tenants/acme.yaml:%d:9: tenant "acme" has more than %d accounts; ` +
		`remove those that no route needs, or split it into two tenants`
	for name, c := range map[string]struct {
		granted, claimed, named int
		want                    string
	}{
		"at the bound":         {0, maxAccounts, maxAccounts, "<nil>"},
		"past it":              {0, maxAccounts + 1, maxAccounts + 1, fmt.Sprintf(past, 3+maxAccounts+1, maxAccounts)},
		"given":                {maxGranted, 0, maxGranted, "<nil>"},
		"given and claimed":    {maxGranted, maxGranted, maxGranted, "<nil>"},
		"claimed beyond given": {maxGranted, maxGranted + 1, 1, fmt.Sprintf(past, 3+maxGranted+1, maxGranted)},
		"too many given": {
			maxGranted + 1, 0, 1,
			fmt.Sprintf(`callhours.yaml:%d:9: tenant "acme" is given more than %d accounts; split it into two tenants`,
				5+maxGranted+1, maxGranted),
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := said(c.granted, c.claimed, c.named); got != c.want {
				t.Errorf("said %.400s, want %s", got, c.want)
			}
		})
	}
}
