package feeds

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/callhours/callhours/metrics"
)

// TestWithdrawn: a source whose secret was withdrawn is not asked, and its calendar has its former
// events, as with any feed that cannot be fetched.
func TestWithdrawn(t *testing.T) {
	t.Parallel()
	server := newFaultServer(t)
	server.on("/a.ics", answerBody(small))
	f := newTestFetcher(t, FetcherOptions{})
	source := Source{URL: server.URL + "/a.ics"}
	if got := f.Fetch(t.Context(), source, Validators{}); got.Result != metrics.OK {
		t.Fatalf("before: got %s", resultLine(got))
	}
	source.Withdrawn = true
	got := f.Fetch(t.Context(), source, Validators{})
	if n := len(server.asked("/a.ics")); got.Result != metrics.ServerError || n != 1 {
		t.Errorf("got %s, and %d requests, want 1", resultLine(got), n)
	}
	synctest.Test(t, func(t *testing.T) {
		fetcher := newTestFetcher(t, FetcherOptions{})
		s := &shop{fetched: func(source Source, v Validators) Fetched {
			if source.Withdrawn {
				return fetcher.Fetch(context.Background(), source, v)
			}
			return body(event("open"))(v)
		}}
		with := hours(tenant("acme"), func(s *Subscription) { s.Source.Password = "x" })
		s.open(t, Options{Dir: t.TempDir()}, with)
		s.is("acme/hours", "fresh: open")
		s.store.Subscribe([]*Subscription{hours(tenant("acme"), func(s *Subscription) { s.Source.Withdrawn = true })})
		synctest.Wait()
		s.is("acme/hours", "stale: open")
		s.stop()
	})
}
