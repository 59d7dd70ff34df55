package metrics

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// scrape is what a scrape gives as text, by the tenant whose route or calendar a line has.
func scrape(t *testing.T, r *prometheus.Registry) map[string]int {
	t.Helper()
	w := httptest.NewRecorder()
	promhttp.HandlerFor(r, promhttp.HandlerOpts{}).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	bytes := map[string]int{}
	for line := range strings.Lines(w.Body.String()) {
		for _, tenant := range []string{"evil", "good", "third"} {
			if strings.Contains(line, `="`+tenant+`/`) {
				bytes[tenant] += len(line)
			}
		}
		bytes[""] += len(line)
	}
	return bytes
}

// TestScrapeBytes: tenants' series take so many bytes of a scrape. A tenant with thousands of long
// names has as many as fit beside those of others, which have all of theirs.
func TestScrapeBytes(t *testing.T) {
	t.Parallel()
	registry := prometheus.NewRegistry()
	m, err := New(registry, Options{})
	if err != nil {
		t.Fatal(err)
	}
	long := strings.Repeat("x", 190)
	c := Configured{Tenants: []string{"evil", "good", "third"}}
	add := func(tenant string, routes, branches, calendars int, name string) {
		for i := range routes {
			r := Route{
				Name: fmt.Sprintf("%s/r%s%d", tenant, name, i), Tenant: tenant,
				Labels: map[string]string{"mail": name + `"\`},
			}
			for b := range branches {
				r.Branches = append(r.Branches, Branch{Name: fmt.Sprintf("b%s%d", name, b), State: "open", FindsNames: b == 0})
			}
			c.Routes = append(c.Routes, r)
		}
		for i := range calendars {
			c.Calendars = append(c.Calendars, Calendar{Name: fmt.Sprintf("%s/c%s%d", tenant, name, i)})
		}
	}
	add("evil", 2000, 10, 3000, long)
	add("good", 100, 5, 100, "")
	add("third", 300, 10, 10, "y")
	unseen := m.Configure(c)
	if len(unseen) != 1 || unseen[0].Tenant != "evil" || unseen[0].Routes == 0 || unseen[0].Routes >= 2000 ||
		unseen[0].Calendars == 0 || unseen[0].Calendars >= 3000 {
		t.Errorf("%v is unseen, want a part of evil's", unseen)
	}
	first := scrape(t, registry)
	const most = maxOfRoutes + maxOfCalendars
	if first["evil"] > most || first["evil"] < most/2 || first[""] > most+1<<20 {
		t.Errorf("evil has %d bytes of %d, and may have %d", first["evil"], first[""], most)
	}
	for _, r := range c.Routes {
		made := m.Route(r.Name)
		if own := made.own; !own && r.Tenant != "evil" {
			t.Fatalf("%s has no series", r.Name)
		}
		made.IncDecision(0)
		made.SetMatch(strings.Repeat(`"`, maxMatch))
	}
	if full := scrape(t, registry); full["evil"] > most || full[""] > most+1<<20 {
		t.Errorf("with names, evil has %d bytes of %d", full["evil"], full[""])
	}
	without := 0
	for _, cal := range c.Calendars {
		m.Calendar(cal.Name).SetEvents(1)
		if m.Calendar(cal.Name) == nil {
			without++
			if !strings.HasPrefix(cal.Name, "evil/") {
				t.Fatalf("%s has no series", cal.Name)
			}
		}
	}
	if without == 0 {
		t.Error("all calendars have series")
	}
	if n := m.series.current.Load().routes["evil/r"+long+"1999"]; n.own || n.branches[0].decided.value() < 1000 {
		t.Errorf("%v calls are counted as %s's", n.branches[0].decided.value(), otherName)
	}
	// Whoever had series keeps them, in whatever order the next configuration has them.
	had := func() (names []string) {
		for _, r := range c.Routes {
			if m.Route(r.Name).own {
				names = append(names, r.Name)
			}
		}
		slices.Sort(names)
		return names
	}
	before := had()
	slices.Reverse(c.Routes)
	m.Configure(c)
	if !slices.Equal(before, had()) {
		t.Error("other routes have series after a reload")
	}
	// The operator's are not counted.
	own := Configured{}
	for i := range 2000 {
		own.Routes = append(own.Routes, Route{Name: fmt.Sprintf("%s%d", long, i), Branches: c.Routes[0].Branches})
		own.Calendars = append(own.Calendars, Calendar{Name: fmt.Sprintf("%s%d", long, i)})
	}
	m.Configure(own)
	for i := range own.Routes {
		if !m.Route(own.Routes[i].Name).own || m.Calendar(own.Calendars[i].Name) == nil {
			t.Fatalf("%s has no series", own.Routes[i].Name)
		}
	}
}

// TestFitting: tenants share evenly what there is, and what one does not need is the others'.
func TestFitting(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		all  string // tenant and bytes of each
		most int
		had  string
		want string
	}{
		"all fit":                   {"a:5 a:5 b:90", 100, "", "0 1 2"},
		"one has much":              {"a:60 a:60 b:30", 100, "", "0 2"},
		"nobody gets another's":     {"a:90 b:30 c:30", 100, "", "1 2"},
		"the next one may fit":      {"a:90 a:10 b:30 c:30", 100, "", "1 2 3"},
		"those that had some first": {"a:30 a:30 b:60", 80, "1", "1"},
		"one is too large":          {"a:101", 100, "", ""},
		"none":                      {"", 100, "", ""},
	} {
		var all []seriesSize
		for i, field := range strings.Fields(c.all) {
			s := seriesSize{name: fmt.Sprint(i)}
			s.tenant, field, _ = strings.Cut(field, ":")
			if _, err := fmt.Sscan(field, &s.bytes); err != nil {
				t.Fatal(err)
			}
			all = append(all, s)
		}
		fits := fitSeries(all, c.most, func(name string) bool { return slices.Contains(strings.Fields(c.had), name) })
		var got []string
		for _, s := range all {
			if fits[s.name] {
				got = append(got, s.name)
			}
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}
