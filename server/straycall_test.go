package server

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestCallsOnTheAdminPort: a voice_url with the port of admin_listen gets 404, whatever its path,
// method and host name are, and a line in the log; what people ask for does not.
func TestCallsOnTheAdminPort(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, method, target string
		status               int
		path                 string // as logged; "" for no line
	}{
		{"a call", "POST", "http://localhost/main", 404, "/main"},
		{"by another host name", "POST", "http://pbx.example.com/main", 404, "/main"},
		{"to the health check", "POST", "http://localhost/-/healthy", 404, "/-/healthy"},
		{"to the start page", "POST", "http://localhost/", 404, "/"},
		{"as a GET", "GET", "http://pbx.example.com/main?Call-ID=1", 404, "/main"},
		{"with a token", "POST", "http://localhost/5f0e8c1b2a9d4e7f8c3b6a5d4e2f1a0b/main", 404, `/…/main`},
		{"the health check", "GET", "http://localhost/-/healthy", 200, ""},
		{"the API", "POST", "http://localhost/api/v1/feeds", 405, ""},
		{"a page by another host name", "GET", "http://pbx.example.com/", 403, ""},
		{"a PUT", "PUT", "http://localhost/-/healthy", 405, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := started(t, oneRoute, nil)
			rec := httptest.NewRecorder()
			w.Admin().ServeHTTP(rec, httptest.NewRequest(c.method, c.target, http.NoBody))
			if rec.Code != c.status {
				t.Errorf("got status %d: %s, want %d", rec.Code, rec.Body, c.status)
			}
			log := w.log.String()
			want := `"msg":"call","status":404,"reason":"admin_listen","path":"` +
				strings.ReplaceAll(c.path, "…", `\\u2026`) + `"`
			switch {
			case c.path == "" && strings.Contains(log, "admin_listen"):
				t.Errorf("logged as a call: %s", log)
			case c.path != "" && !strings.Contains(log, want):
				t.Errorf("the log lacks %s: %s", want, log)
			}
		})
	}
}

// TestCallsOnTheAdminPortAreRationed: many of them are one line each ten seconds.
func TestCallsOnTheAdminPortAreRationed(t *testing.T) {
	t.Parallel()
	w := started(t, oneRoute, nil)
	for range 20 {
		w.Admin().ServeHTTP(httptest.NewRecorder(),
			httptest.NewRequest(http.MethodPost, "http://localhost/main", http.NoBody))
	}
	if n := strings.Count(w.log.String(), `"reason":"admin_listen"`); n != 1 {
		t.Errorf("got %d lines, want 1", n)
	}
}
