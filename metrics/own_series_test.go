package metrics

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// TestShare: tenants take turns, and no tenant's routes take the series that another's had.
func TestShare(t *testing.T) {
	t.Parallel()
	var evil []string
	for i := range 60 {
		evil = append(evil, fmt.Sprintf("evil/r%02d", i))
	}
	for name, c := range map[string]struct {
		routes []string
		had    string
		most   int
		want   string
	}{
		"all": {[]string{"b", "a/x"}, "", 0, "a/x b"},
		"one tenant has many": {
			append(slices.Clone(evil), "good/a", "good/b", "main"), "good/a good/b main",
			5, "evil/r00 evil/r01 good/a good/b main",
		},
		"the operator first": {[]string{"a/x", "b/x", "main"}, "", 1, "main"},
		"in turns": {
			[]string{"a/x", "a/y", "a/z", "b/x", "main", "more"},
			"", 4,
			"a/x b/x main more",
		},
		"those that had some stay":     {[]string{"a/v", "a/w", "a/x", "b/x"}, "a/x b/x", 2, "a/x b/x"},
		"tenants that had some, first": {[]string{"a/x", "b/x", "c/x"}, "b/x c/x", 2, "b/x c/x"},
	} {
		var routes []Route
		for _, name := range c.routes {
			tenant, _, found := strings.Cut(name, "/")
			if !found {
				tenant = ""
			}
			routes = append(routes, Route{Name: name, Tenant: tenant})
		}
		had := strings.Fields(c.had)
		got := slices.Sorted(
			maps.Keys(chooseOwnSeries(routes, c.most, func(name string) bool { return slices.Contains(had, name) })))
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}
