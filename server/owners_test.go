package server

import (
	"strings"
	"testing"
)

// TestTenantsFeeds: whose feed it is reaches the store and the fetcher. A tenant is not given what
// the operator's subscription brought, and its feed is kept off the inside of the network unless
// the main file allows it.
func TestTenantsFeeds(t *testing.T) {
	t.Parallel()
	f := newFeed(t)
	const route = "routes: [{name: main, branches: [{name: open, when: {calendar: hours}, pass: true}, {name: closed, pass: true}]}]\n"
	calendar := "calendars: {hours: {url: \"" + f.URL + "\"}}\n"
	for _, c := range []struct{ main, state, err string }{
		{
			"", "unknown",
			": 127.0.0.1 is a private address, from which a tenant's feed is fetched only if deny_private_addresses in the main file allows it",
		},
		{"deny_private_addresses: false\n", "fresh", ""},
	} {
		w := newWorld(t, "include: [acme.yaml]\n"+c.main+calendar+route, map[string]string{
			"acme.yaml": "tenant: {name: acme, account: [" + strings.Repeat("a", 32) + "]}\n" + calendar + route,
		})
		w.runStore(t)
		for name, want := range map[string]string{"hours": "fresh", "acme/hours": c.state} {
			got, err := w.refreshFeed(t.Context(), name)
			if err != nil || len(got.Calendars) != 1 || string(got.State) != want ||
				(want == "unknown") != (got.Error != "" && strings.HasSuffix(got.Error, c.err)) {
				t.Errorf("%q: %s: got %+v, %v", c.main, name, got, err)
			}
		}
	}
}
