package server

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
)

// TestManyRefreshes: whoever finds too many waiting for a feed is told to come again, by the API
// and by the console.
func TestManyRefreshes(t *testing.T) {
	t.Parallel()
	w := started(t, oneRoute, nil) // no attempt runs
	waiting, leave := context.WithCancel(t.Context())
	answers := make(chan *http.Response)
	const asking, most = 40, 32
	refresh := func(ctx context.Context, path string) *http.Response {
		r := onLoopback(httptest.NewRequestWithContext(ctx, http.MethodPost, path, nil))
		r.Host = "localhost"
		rec := httptest.NewRecorder()
		w.Admin().ServeHTTP(rec, r)
		return rec.Result()
	}
	for range asking {
		go func() { answers <- refresh(waiting, feedsPath+"/hours/refresh") }()
	}
	for range asking - most { // the others wait
		if got := <-answers; got.StatusCode != http.StatusTooManyRequests || got.Header.Get("Retry-After") == "" {
			t.Errorf("the API: got %d, Retry-After %q", got.StatusCode, got.Header.Get("Retry-After"))
		}
	}
	if got := refresh(t.Context(), "/calendars/hours"); got.StatusCode != http.StatusTooManyRequests ||
		got.Header.Get("Retry-After") == "" {
		t.Errorf("the console: got %d, Retry-After %q", got.StatusCode, got.Header.Get("Retry-After"))
	}
	leave()
	for range most {
		<-answers
	}
	if _, described := describe(t, w).Paths[feedsPath+"/{calendar}/refresh"]["post"].Responses["429"]; !described {
		t.Error("429 is not described")
	}
}
