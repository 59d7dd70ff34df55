package render

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/callhours/callhours/routes"
	"github.com/callhours/callhours/templates"
)

// costly is a callflow that reads the call and goes through about so many bytes.
func costly(bytes int) string {
	const element = 16
	return `{"module":"custom","data":{"x":"{{ $l := until 5000 }}{{ range ` + fmt.Sprint(bytes/5000/element) +
		` }}{{ $x := has -1 $l }}{{ end }}{{ .Call.From }}{{ .Now }}{{ .Call.Digits }}"}}`
}

func looked(t *testing.T, l *templates.Library, tenant, text string) *Route {
	t.Helper()
	r, mistakes := newRoute(t, setting{
		branches: []Branch{{Template: inline(t, l, text), Place: place}, {}}, whens: []*routes.Condition{titled("a")},
		fallback: 1,
	})
	if len(mistakes) > 0 {
		t.Fatal(mistakes)
	}
	r.options.Tenant = tenant
	return r
}

// TestSampleBounds: what sample calls do is bounded by counts for each branch and for each tenant,
// and said.
func TestSampleBounds(t *testing.T) {
	t.Parallel()
	l := library(t)
	for _, c := range []struct {
		name, tenant, text string
		before             int    // spent for the tenant's other routes
		want               string // how the last finding begins; a warning begins with ?
		least, most        int    // that are spent
		kept               bool
	}{
		{"an ordinary branch", "acme", costly(1 << 20), 0, "", 4 << 20, branchWork, true},
		{
			"a branch that does much", "acme", costly(8 << 20), 0,
			"?not all sample calls are tried, since those of the branch go through more than 64 MiB; make its templates do less",
			branchWork, branchWork + 8<<20, true,
		},
		{
			"one that passes a limit", "acme", costly(40 << 20), 0, "has: does more than", 3 * 15 << 20,
			3*16<<20 + 1<<18,
			true,
		},
		{
			"of a tenant that has done much", "acme", costly(1 << 20), tenantWork - 16<<20,
			"?not all sample calls are tried, since those of the tenant may go through 512 MiB together, and those of a route through an eighth of what is left; make its templates do less", 2 << 20, 3<<20 + 1<<18, false,
		},
		{
			"a right one of a tenant that has done all", "acme", costly(1), tenantWork,
			"?not all sample calls are tried",
			0, 0, false,
		},
		{
			"a wrong one of the operator", "", `{"module":"custom","data":{"x":"{{ .Call.Nope }}"}}`, tenantWork,
			".Call.Nope is not known", 1 << 10, 1 << 14, true,
		},
		{
			"of an operator that has done all", "", costly(1), ownWork,
			"?not all sample calls are tried, since those of the routes without a tenant may go through 4096 MiB", 0, 0,
			false,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := looked(t, l, c.tenant, c.text)
			checker := newChecker(t.Context(), nil)
			checker.spent[c.tenant] = c.before
			look := checker.look(r)
			checker.route(r, look, now)
			got := ""
			for _, f := range look.list {
				if got = f.Message; f.Warning {
					got = "?" + got
				}
			}
			if !strings.HasPrefix(got, c.want) || c.want == "" && got != "" {
				t.Errorf("got %q, want %q", got, c.want)
			}
			if look.spent < c.least || look.spent > c.most {
				t.Errorf("spent %d, want %d to %d", look.spent, c.least, c.most)
			}
			if known := r.checked.Load(); (known != nil) != c.kept || c.kept && known.spent != look.spent {
				t.Errorf("kept: %v, want %t", known, c.kept)
			}
			if c.want != "" && len(look.right) > 0 {
				t.Error("a branch that was not tried, or is wrong, is taken to be right")
			}
		})
	}
}

// TestChecksAreAlike: the same routes have the same findings, and cost the same, however they are
// spread over processors; those that were looked at before count as they did then.
func TestChecksAreAlike(t *testing.T) {
	t.Parallel()
	l := library(t)
	check := func(all []*Route) ([]string, int) {
		c := newChecker(t.Context(), nil)
		c.spent["acme"] = tenantWork - 6<<20
		var said []string
		for _, f := range c.check(all, now) {
			said = append(said, f.Error())
		}
		return said, c.spent["acme"]
	}
	made := func() (all []*Route) {
		for i := range 40 {
			all = append(all, looked(t, l, "acme", costly(1<<17+i<<10)))
		}
		return all
	}
	first := made()
	want, spent := check(first)
	if len(want) != 1 || !strings.Contains(want[0], "more)") || spent > tenantWork+40<<17 {
		t.Errorf("got %q, spent %d; want some that are not tried", want, spent)
	}
	again, spentAgain := check(made())
	if diff := cmp.Diff(want, again); diff != "" || spentAgain != spent {
		t.Errorf("a second time (-first +second):\n%s\nspent %d and %d", diff, spent, spentAgain)
	}
	again, spentAgain = check(first)
	if diff := cmp.Diff(want, again); diff != "" || spentAgain != spent {
		t.Errorf("as a reload (-first +second):\n%s\nspent %d and %d", diff, spent, spentAgain)
	}
}
