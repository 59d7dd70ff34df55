package server

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// onLoopback is a request as this machine makes it.
func onLoopback(r *http.Request) *http.Request {
	r.RemoteAddr = "127.0.0.1:40000"
	return r
}

// TestActionsFromElsewhere: without logins whatever changes something is done for this machine only,
// and a proxy on it that forwards others' requests is not it. Each action has a line in the log with
// who asked, from where and how it ended; a refused one that nobody can flood the log with.
func TestActionsFromElsewhere(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		remote string
		header http.Header
		taken  bool
	}{
		"loopback":                 {"127.0.0.1:1", nil, true},
		"other loopback":           {"127.8.9.1:1", nil, true},
		"loopback, IPv6":           {"[::1]:1", nil, true},
		"loopback, mapped":         {"[::ffff:127.0.0.1]:1", nil, true},
		"network":                  {"192.0.2.1:1", nil, false},
		"private network":          {"10.0.0.7:1", nil, false},
		"link-local":               {"[fe80::1%eth0]:1", nil, false},
		"no address":               {"@", nil, false},
		"proxy here":               {"127.0.0.1:1", http.Header{"X-Forwarded-For": {"192.0.2.1"}}, false},
		"proxy here, empty":        {"127.0.0.1:1", http.Header{"X-Forwarded-For": {""}}, false},
		"proxy here, RFC 7239":     {"[::1]:1", http.Header{"Forwarded": {"for=192.0.2.1"}}, false},
		"proxy here, nginx":        {"[::1]:1", http.Header{"X-Real-Ip": {"192.0.2.1"}}, false},
		"proxy here, nameless":     {"127.0.0.1:1", http.Header{"Via": {"1.1 proxy"}}, false},
		"network, claims to be us": {"192.0.2.1:1", http.Header{"X-Forwarded-For": {"127.0.0.1"}}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := started(t, oneRoute, nil)
			for path, done := range map[string]int{
				reloadPath: 422, "/config/reload": 422, // there are no files
				feedsPath + "/none/refresh": 404, "/calendars/none": 404,
			} {
				r := httptest.NewRequest(http.MethodPost, "http://localhost"+path, nil)
				r.RemoteAddr = c.remote
				maps.Copy(r.Header, c.header)
				got := httptest.NewRecorder()
				w.Admin().ServeHTTP(got, r)
				switch {
				case c.taken && got.Code != done:
					t.Errorf("%s: got %d %s, want %d", path, got.Code, got.Body, done)
				case !c.taken && (got.Code != http.StatusForbidden || !strings.Contains(got.Body.String(), "admin_web_config")):
					t.Errorf("%s: got %d %s, want 403", path, got.Code, got.Body)
				}
			}
			log := w.log.String()
			wants := []string{
				`"action":"reload","who":"not signed in","remote":"` + c.remote + `","result":"failed"`,
				`"action":"refresh","who":"not signed in","remote":"` + c.remote + `","calendar":"none","result":"failed"`,
			}
			if !c.taken {
				wants = []string{`"who":"not signed in","remote":"` + c.remote + `","result":"refused","path":"`, `"error":"without a login`}
				if n := strings.Count(log, `"result":"refused"`); n != 1 {
					t.Errorf("%d lines of refused actions in ten seconds, want 1", n)
				}
			}
			for _, want := range wants {
				if !strings.Contains(log, want) {
					t.Errorf("no %s in\n%s", want, log)
				}
			}
		})
	}
}
