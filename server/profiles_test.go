package server

import (
	"strings"
	"testing"
)

// TestProfiles: profiles are there for those who asked for them, and only on the admin listener.
func TestProfiles(t *testing.T) {
	t.Parallel()
	w := started(t, oneRoute, nil)
	for _, path := range []string{"/debug/pprof/", "/debug/pprof/heap", "/debug/pprof/profile"} {
		if got := w.people(t, path, "localhost"); got.StatusCode != 404 {
			t.Errorf("%s: got %d, want 404 where profiles were not asked for", path, got.StatusCode)
		}
	}
	w.admin.profiles = profiles()
	for path, want := range map[string]int{
		"/debug/pprof/": 200, "/debug/pprof/goroutine?debug=1": 200,
		"/debug/pprof/symbol": 200, "/debug/pprof/cmdline": 404,
	} {
		if got := w.people(t, path, "localhost"); got.StatusCode != want {
			t.Errorf("%s: got %d, want %d", path, got.StatusCode, want)
		}
	}
	if b := body(t, w.people(t, "/debug/pprof/goroutine?debug=1", "localhost")); !strings.Contains(b, "TestProfiles") {
		t.Errorf("got %s, want this test's goroutine", b)
	}
	if got := w.people(t, "/debug/pprof/", "evil.example.com"); got.StatusCode != 403 {
		t.Errorf("by another name: got %d, want 403", got.StatusCode)
	}
	if got := w.call(post("/debug/pprof/")); got.StatusCode != 404 {
		t.Errorf("on the Pivot listener: got %d, want 404", got.StatusCode)
	}
}
