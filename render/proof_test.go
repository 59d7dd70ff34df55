package render

import (
	"fmt"
	"testing"
	"time"

	"github.com/callhours/callhours/internal/diag"
	"github.com/callhours/callhours/pivot"
	"github.com/callhours/callhours/routes"
)

// TestProof: a branch that differs from one that is right in anything that its templates read is
// looked at, and one that differs in nothing else is not.
func TestProof(t *testing.T) {
	t.Parallel()
	l := library(t)
	zone := func(name string) *time.Location {
		z, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		return z
	}
	type made struct {
		name, tenant, language, branch string
		state                          routes.State
		zone                           string
		when                           *routes.Condition
		data                           map[string]any
		modules                        []string
		within                         time.Duration
		fallback                       int
	}
	names := func(keys ...string) *routes.Condition {
		return &routes.Condition{
			Calendars: []string{"hours"},
			Events:    routes.Events{Names: &routes.Names{Field: "people", Keys: keys}},
		}
	}
	people := map[string]any{"anna": map[string]any{"device": frontDesk}, "bob": map[string]any{}}
	right := func() made {
		return made{
			name: "a", tenant: "acme", language: "en", branch: "b", state: routes.Open, zone: "Europe/Berlin",
			when: titled("open"),
			data: map[string]any{"x": "1", "more": map[string]any{"k": []any{1, "a", nil, true}}}, within: time.Second,
			fallback: 1,
		}
	}
	for _, c := range []struct {
		name, text string
		change     func(m *made)
		looked     bool
	}{
		{"nothing that is read", `"{{ .Data.x }}"`, func(m *made) {
			m.name, m.tenant, m.branch, m.state, m.data = "b", "other", "c", routes.Closed,
				map[string]any{"x": "1", "more": 2}
		}, false},
		{"a name that is not read", `"{{ .Event.Summary | trunc 9 }}"`, func(m *made) {
			m.when = titled("closed")
		}, false},
		{"data", `"{{ .Data.x }}"`, func(m *made) { m.data["x"] = "2" }, true},
		{"a kind of data", `{{ .Data.x }}`, func(m *made) { m.data["x"] = 1 }, true},
		{"data that is absent", `{{ hasKey .Data "x" }}`, func(m *made) { delete(m.data, "x") }, true},
		{"data that is nothing", `{{ hasKey .Data "x" }}`, func(m *made) { m.data["x"] = nil }, true},
		{"data within data", `{{ .Data.more }}`, func(m *made) {
			m.data["more"] = map[string]any{"k": []any{1, "a", nil, false}}
		}, true},
		{"all data", `{{ .Data }}`, func(m *made) { m.data["y"] = 1 }, true},
		{"a template in data", `"{{ .Data.x }}"`, func(m *made) { m.data["x"] = "{{ .Data.more.k | len }}" }, true},
		{"what a template in data reads", `"{{ .Data.x }}"`, func(m *made) { m.data["more"] = 2 }, false},
		{"the route", `"{{ .Route.Name }}"`, func(m *made) { m.name = "b" }, true},
		{"the tenant", `"{{ .Tenant }}"`, func(m *made) { m.tenant = "other" }, true},
		{"the branch", `"{{ .Branch.Name }}"`, func(m *made) { m.branch = "c" }, true},
		{"the state", `"{{ .Branch.State }}"`, func(m *made) { m.state = routes.Closed }, true},
		{"the language", `"{{ spoken .Now }}"`, func(m *made) { m.language = "de" }, true},
		{"the zone", `"{{ .Now }}"`, func(m *made) { m.zone = "America/New_York" }, true},
		{"whether there is an event", `{{ with .Event }}1{{ else }}2{{ end }}`, func(m *made) {
			m.when = &routes.Condition{Digits: []diag.Text{{S: "1"}}}
		}, true},
		{"that it is the fallback", `{{ with .Event }}1{{ else }}2{{ end }}`, func(m *made) { m.fallback = 0 }, true},
		{"the names that are looked for", `{{ with .Match }}{{ .Value }}{{ else }}1{{ end }}`, func(m *made) {
			m.when, m.data["people"] = names("anna", "bob"), people
		}, true},
		{"branches", `{{ with next "b" }}1{{ else }}2{{ end }}`, func(m *made) { m.branch = "c" }, true},
		{"the cluster", `1`, func(m *made) { m.modules = []string{"ours"} }, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			template := inline(t, l, `{"module":"custom","data":{"x":`+c.text+`}}`)
			route := func(m made) *Route {
				plain, mistakes := routes.New(routes.Options{
					Name: m.name, Path: "/main", Zone: zone(m.zone), Unknown: 1,
					Branches: []routes.Branch{
						{Name: m.branch, State: m.state, When: m.when},
						{Name: "closed", State: routes.Closed},
					},
				})
				if err := diag.Mistakes(mistakes).Err(); err != nil {
					t.Fatal(err)
				}
				r, mistakes := New(Options{
					Route: plain, Tenant: m.tenant, Language: m.language,
					Branches: []Branch{{Template: template, Place: place, Data: Data{Values: m.data}}, {}},
					Fallback: m.fallback, Within: m.within,
					Cluster: pivot.Cluster{Modules: append([]string{"custom"}, m.modules...)}, Library: l,
				})
				if err := diag.Mistakes(mistakes).Err(); err != nil {
					t.Fatal(err)
				}
				return r
			}
			other := right()
			c.change(&other)
			first, second := route(right()), route(other)
			checker := newChecker(t.Context(), nil)
			if found := checker.check([]*Route{first}, now); len(found) > 0 || len(checker.right) != 1 {
				t.Fatalf("got %v, %v; want one that is right", found, checker.right)
			}
			if looked := !checker.right[second.proof(0)]; looked != c.looked {
				t.Errorf("looked at again: got %t, want %t\n%s\n%s", looked, c.looked, first.proof(0), second.proof(0))
			}
		})
	}
}

// TestProofOfWrong: what is wrong is said of each route, however many were right before.
func TestProofOfWrong(t *testing.T) {
	t.Parallel()
	l := library(t)
	template := inline(t, l, `{"module":"custom","data":{"x":{{ .Data.x | atoi | div 6 }}}}`)
	var all []*Route
	for i := range 50 {
		x := "2"
		if i%10 == 9 {
			x = "0"
		}
		r, mistakes := newRoute(t,
			setting{branches: []Branch{{Template: template, Place: place, Data: Data{Values: map[string]any{"x": x}}}}})
		if len(mistakes) > 0 {
			t.Fatal(mistakes)
		}
		all = append(all, r)
	}
	found := Check(t.Context(), all, now, nil)
	if len(found) != 1 || len(found[0].Routes) != 5 {
		t.Fatalf("got %v, want one mistake of 5 routes", fmt.Sprint(found))
	}
}
