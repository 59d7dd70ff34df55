package metrics

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/callhours/callhours/internal/growth"
)

// manyOf is a configuration of so many routes and calendars of each of two tenants.
func manyOf(routes, calendars int) Configured {
	c := Configured{Tenants: []string{"evil", "evil2"}}
	for _, tenant := range c.Tenants {
		for i := range routes {
			r := Route{
				Name: fmt.Sprintf("%s/r%d", tenant, i), Tenant: tenant,
				Labels: map[string]string{"contact": fmt.Sprint(i % 3), "zone": fmt.Sprint(i % 5)},
			}
			for b := range 5 {
				r.Branches = append(r.Branches, Branch{
					Name: fmt.Sprintf("b%d", (b+i)%7), State: []string{"open", "closed"}[b%2], CanFail: b == i%2,
				})
			}
			c.Routes = append(c.Routes, r)
		}
		for i := range calendars {
			c.Calendars = append(c.Calendars, Calendar{Name: fmt.Sprintf("%s/c%d", tenant, i)})
		}
	}
	return c
}

// discarding is an http.ResponseWriter that keeps nothing.
type discarding struct{ http.ResponseWriter }

func (discarding) Write(text []byte) (int, error) { return io.Discard.Write(text) }

// TestScrapeCost: what a scrape of as many series as tenants may have allocates in all, which
// Prometheus' client holds at once.
func TestScrapeCost(t *testing.T) {
	if growth.UnderRace {
		t.Skip("it measures")
	}
	registry := prometheus.NewRegistry()
	m, err := New(registry, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if unseen := m.Configure(manyOf(8000, 8000)); len(unseen) != 2 || unseen[0].Routes == 0 ||
		unseen[0].Calendars == 0 {
		t.Fatalf("%v is unseen, want a part of both", unseen)
	}
	h := promhttp.HandlerFor(registry, promhttp.HandlerOpts{DisableCompression: true})
	least := ^uint64(0)
	for range 2 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		h.ServeHTTP(discarding{httptest.NewRecorder()}, httptest.NewRequest(http.MethodGet, "/metrics", nil))
		runtime.ReadMemStats(&after)
		least = min(least, after.TotalAlloc-before.TotalAlloc)
	}
	const most = 280 << 20
	if t.Logf("%d MiB", least>>20); least > most {
		t.Errorf("a scrape allocates %d bytes, want %d at most", least, most)
	}
}

// TestScrapeOrder: series are collected in the order in which they are written, so that Prometheus'
// client, which sorts them, finds nothing to do.
func TestScrapeOrder(t *testing.T) {
	t.Parallel()
	registry := prometheus.NewRegistry()
	m, err := New(registry, Options{})
	if err != nil {
		t.Fatal(err)
	}
	c := manyOf(50, 20)
	c.OwnSeries = 70
	slices.Reverse(c.Routes)
	m.Configure(c)
	for i := range c.Routes {
		m.Route(c.Routes[i].Name).SetMatch(fmt.Sprintf("n%d", i%7))
		m.Route(c.Routes[i].Name).IncUpstream(0, upstreamResults[i%len(upstreamResults)])
	}
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	ch := make(chan prometheus.Metric, 100_000)
	m.series.Collect(ch)
	m.series.info.Collect(ch)
	close(ch)
	collected := map[*prometheus.Desc][][]string{}
	for metric := range ch {
		written := zeroOf(families[0].Metric[0])
		if err := metric.Write(written); err != nil {
			t.Fatal(err)
		}
		var values []string
		for _, l := range written.GetLabel() {
			values = append(values, l.GetValue())
		}
		collected[metric.Desc()] = append(collected[metric.Desc()], values)
	}
	if want := len(m.series.families) + 1; len(collected) != want {
		t.Errorf("%d metrics are collected, want %d", len(collected), want)
	}
	for desc, all := range collected {
		if !slices.IsSortedFunc(all, slices.Compare) {
			t.Errorf("%v is not in order", desc)
		}
	}
}

// zeroOf is a new value of a type that belongs to a module which only Prometheus' client needs.
func zeroOf[T any](*T) *T { return new(T) }
