package server

import (
	"fmt"
	"strings"
	"testing"

	"github.com/callhours/callhours/config"
	"github.com/callhours/callhours/internal/growth"
)

// TestSharedIDsOnce: looking for ids that two tenants share does not go through data again for each
// route and branch that shares it.
func TestSharedIDsOnce(t *testing.T) {
	if growth.UnderRace {
		t.Skip("it measures")
	}
	file := &config.File{}
	owner := func(name string, routes int, id string) {
		tenant := &config.Tenant{Name: name}
		list := make([]any, 50_000)
		for i := range list {
			list[i] = fmt.Sprintf("%032x", i)
		}
		data := &config.Data{Values: map[string]any{"l": list, "id": id}}
		text := strings.Repeat(strings.Repeat("a", 32)+" ", 2000)
		file.Tenants = append(file.Tenants, tenant)
		for i := range routes {
			branch := &config.Branch{Data: data}
			branch.Callflow.S = text
			file.Routes = append(file.Routes, &config.Route{
				Name: fmt.Sprint(name, "/", i), Tenant: tenant, Branches: []*config.Branch{branch, branch},
			})
		}
	}
	cost := func(routes int) int {
		file = &config.File{}
		owner("evil", routes, strings.Repeat("a", 32))
		return growth.Bytes(func() { sharedIDs(file) })
	}
	cost(1)
	if one, many := cost(1), cost(300); many > one+300*4<<10 {
		t.Errorf("one route allocates %d bytes, 300 with the same data %d", one, many)
	}
}
