package server

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/callhours/callhours/internal/diag"
)

// want are the headers of an answer that nobody may keep, frame, or take for something else.
var want = map[string]string{
	"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store", "Referrer-Policy": "no-referrer",
	"X-Frame-Options":         "DENY",
	"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}

// lacks is what an answer's headers have otherwise than wanted.
func lacks(h http.Header, otherwise map[string]string) string {
	var b strings.Builder
	for name, value := range want {
		if other, ok := otherwise[name]; ok {
			value = other
		}
		if got := h.Values(name); len(got) != 1 || !strings.HasPrefix(got[0], value) {
			fmt.Fprintf(&b, "%s: got %q, want %q; ", name, got, value)
		}
	}
	return b.String()
}

// TestHeaders walks all that both listeners answer. What a browser may keep, and what a page of the
// console may load, stands here.
func TestHeaders(t *testing.T) {
	t.Parallel()
	page := map[string]string{
		"Content-Security-Policy": "default-src 'none'; style-src 'self';",
		"Referrer-Policy":         "same-origin",
	}
	asset := map[string]string{
		"Content-Security-Policy": page["Content-Security-Policy"],
		"Referrer-Policy":         "same-origin", "Cache-Control": "max-age=31536000, immutable",
	}
	hours := map[string]string{"Cache-Control": "private, max-age=900"}
	w, _ := reloadable(t, openToReaders, readersFiles())
	w.Start()
	starting := newWorld(t, oneRoute, nil)
	open := started(t, oneRoute+
		"  - {name: broken, branches: [{name: closed, callflow: '{\"module\":\"{{ if eq (.Call.Param \"x\") \"y\" }}{{ fail \"no\" }}{{ else }}hangup{{ end }}\"}'}]}\n  - {name: passing, branches: [{name: closed, pass: true}]}\n", nil)
	overloaded := started(t, oneRoute, nil)
	overloaded.calls.most = 0
	type answer struct {
		name      string
		handler   http.Handler
		method    string
		path      string
		status    int
		otherwise map[string]string
	}
	answers := []answer{
		{"a call", open.Calls(), "POST", "/main", 200, nil},
		{"a call that passes", open.Calls(), "POST", "/passing", 404, nil},
		{"no answer", open.Calls(), "POST", "/broken?x=y", 500, nil},
		{"no route", open.Calls(), "GET", "/nowhere", 404, nil},
		{"another method", open.Calls(), "HEAD", "/main", 405, nil},
		{"another method", open.Calls(), "OPTIONS", "*", 405, nil},
		{"too large", open.Calls(), "GET", "/main?" + strings.Repeat("x", 70_000), 413, nil},
		{"health", open.Calls(), "GET", "/-/healthy", 200, nil},
		{"starting", starting.Calls(), "POST", "/main", 503, nil},
		{"too many", overloaded.Calls(), "POST", "/main", 503, nil},
		{"forbidden", w.Calls(), "POST", "/plain", 403, nil},
		{
			"unauthorized", started(t, "auth: {token: t0ken-of-all-5f2c81d90b7e4a36}"+oneRoute, nil).Calls(), "POST",
			"/main", 401, nil,
		},
		{"hours", w.Calls(), "GET", "/-/hours/plain.ics?token=" + anyToken, 200, hours},
		{"hours of nobody", w.Calls(), "GET", "/-/hours/plain.ics", 404, nil},
		{"hours, another method", w.Calls(), "PUT", "/-/hours/plain.ics?token=" + anyToken, 405, nil},
		{"hours, starting", starting.Calls(), "GET", "/-/hours/plain.ics", 503, nil},

		{"metrics", w.Admin(), "GET", "/metrics", 200, nil},
		{"health", w.Admin(), "GET", "/-/healthy", 200, nil},
		{"ready", w.Admin(), "GET", "/-/ready", 200, nil},
		{"not ready", starting.Admin(), "GET", "/-/ready", 503, nil},
		{"nothing", w.Admin(), "GET", "/nothing", 404, nil},
		{"another method", w.Admin(), "PUT", "/metrics", 405, nil},
		{"another method for a page", w.Admin(), "PUT", "/findings", 405, nil},
		{"reload", w.Admin(), "POST", "/-/reload", 200, nil},
		{"reload by GET", w.Admin(), "GET", "/-/reload", 405, nil},
		{"reload by a page of another site", w.Admin(), "POST", "/-/reload?evil", 403, nil},
		{"another host", w.Admin(), "GET", "/?evil", 403, nil},
		{"refresh of nothing", w.Admin(), "POST", "/api/v1/feeds/none/refresh", 404, nil},
		{"a page", w.Admin(), "GET", "/", 200, page},
		{"a page", w.Admin(), "GET", "/routes/plain", 200, page},
		{"no such page", w.Admin(), "GET", "/routes/none", 404, page},
		{"a page", w.Admin(), "GET", "/calendars", 200, page},
		{"a page", w.Admin(), "GET", "/calendars/hours", 200, page},
		{"a page", w.Admin(), "GET", "/findings", 200, page},
		{"a page", w.Admin(), "GET", "/config", 200, page},
		{"a page", w.Admin(), "GET", "/try", 200, page},
		{"a page, starting", starting.Admin(), "GET", "/", 503, page},
	}
	index := httptest.NewRecorder()
	w.Admin().ServeHTTP(index, adminRequest("GET", "/"))
	for part := range strings.SplitSeq(index.Body.String(), `"`) {
		if strings.HasPrefix(part, "/static/") {
			answers = append(answers, answer{"an asset", w.Admin(), "GET", part, 200, asset})
		}
	}
	for _, e := range w.admin.endpoints() {
		path, status := e.path, http.StatusOK
		switch path {
		case eventsPath: // never ends
			continue
		case explainPath, hoursPath:
			answers = append(answers, answer{"an API without an argument", w.Admin(), "GET", path, 400, nil})
			path += "?route=plain"
		}
		answers = append(answers, answer{"an API", w.Admin(), "GET", path, status, nil})
		if e.waits {
			answers = append(answers, answer{"an API, starting", starting.Admin(), "GET", path, 503, nil})
		}
	}
	for _, a := range answers {
		r := adminRequest(a.method, a.path)
		if a.method == "POST" {
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
		if strings.HasSuffix(a.path, "?evil") {
			r.Host = "evil.example"
			r.Header.Set("Origin", "https://evil.example")
			if a.method == "POST" {
				r.Host = "localhost"
			}
		}
		got := httptest.NewRecorder()
		a.handler.ServeHTTP(got, r)
		if got.Code != a.status {
			t.Errorf("%s: %s %.40s: got %d, want %d", a.name, a.method, a.path, got.Code, a.status)
		}
		h := got.Result().Header
		if wrong := lacks(h, a.otherwise); wrong != "" {
			t.Errorf("%s: %s %.40s: %s", a.name, a.method, a.path, wrong)
		}
		if got.Body.Len() > 0 && h.Get("Content-Type") == "" {
			t.Errorf("%s: %s %.40s: no Content-Type", a.name, a.method, a.path)
		}
	}
	if n := strings.Count(index.Body.String(), "/static/"); n < 2 {
		t.Errorf("found %d assets", n)
	}
}

func adminRequest(method, path string) *http.Request {
	if path == "*" {
		r := httptest.NewRequest(method, "/", nil)
		r.URL.Path, r.RequestURI = "*", "*"
		return r
	}
	r := onLoopback(httptest.NewRequest(method, path, nil))
	r.Host = "localhost"
	return r
}

// run runs a world's server, and gives the addresses of its listeners.
func (w *world) run(t *testing.T) (calls, admin string) {
	t.Helper()
	at := make(chan net.Addr, 2)
	w.options.Started = func(calls, admin, _ net.Addr) { at <- calls; at <- admin }
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- w.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return (<-at).String(), (<-at).String()
}

// exchange writes raw bytes and gives all answers until the connection ends or n are read.
func exchange(t *testing.T, address, text string, n int) (answers []*http.Response, closed bool) {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(c, text); err != nil {
		t.Fatal(err)
	}
	r := bufio.NewReader(c)
	for range n {
		got, err := http.ReadResponse(r, nil)
		if err != nil {
			return answers, true
		}
		if _, err := io.ReadAll(got.Body); err != nil {
			t.Errorf("%q: %v", text, err)
		}
		answers = append(answers, got)
		if got.Close {
			_, err := r.ReadByte()
			return answers, err != nil
		}
	}
	return answers, false
}

// TestRawRequests: what two servers in a row could read as different requests is refused on both
// listeners, and its connection is closed.
func TestRawRequests(t *testing.T) {
	t.Parallel()
	w := newWorld(t, oneRoute, nil)
	calls, admin := w.run(t)
	const call = "POST /main HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n"
	const page = "GET /-/healthy HTTP/1.1\r\nHost: localhost\r\n"
	const smuggled = "GET /smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n"
	for _, c := range []struct {
		name, head, body string
		calls, admin     int // the status on each listener
		closed           bool
	}{
		{"as it should be", "Content-Length: 9\r\n\r\n", "Request=1", 200, 200, false},
		// RFC 9110, 8.6
		{"a length that is said twice", "Content-Length: 9\r\nContent-Length: 9\r\n\r\n", "Request=1", 200, 200, false},
		{"two lengths", "Content-Length: 9\r\nContent-Length: 10\r\n\r\n", "Request=1", 400, 400, true},
		{"two lengths in a line", "Content-Length: 9, 9\r\n\r\n", "Request=1", 400, 400, true},
		{"a length with a sign", "Content-Length: +9\r\n\r\n", "Request=1", 400, 400, true},
		{"a negative length", "Content-Length: -9\r\n\r\n", "Request=1", 400, 400, true},
		{"an empty length", "Content-Length: \r\n\r\n", "Request=1", 400, 400, true},
		{"a folded length", "Content-Length: 9\r\n 0\r\n\r\n", "Request=1", 400, 400, true},
		{
			"length and encoding", "Content-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n",
			"9\r\nRequest=1\r\n0\r\n\r\n", 411, 411, true,
		},
		{"encoding and length", "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n", "0\r\n\r\n", 411, 411, true},
		{"encoding alone", "Transfer-Encoding: chunked\r\n\r\n", "9\r\nRequest=1\r\n0\r\n\r\n", 411, 411, true},
		{
			"a folded encoding", "Transfer-Encoding:\r\n chunked\r\nContent-Length: 4\r\n\r\n", "0\r\n\r\n", 411, 411,
			true,
		},
		{"another encoding", "Transfer-Encoding: gzip, chunked\r\n\r\n", "0\r\n\r\n", 501, 501, true},
		{
			"an unknown encoding", "Transfer-Encoding: xchunked\r\nContent-Length: 4\r\n\r\n", "0\r\n\r\n", 501, 501,
			true,
		},
		{
			"two encodings", "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n", "0\r\n\r\n", 501, 501,
			true,
		},
		{
			"an encoding behind a blank", "Transfer-Encoding : chunked\r\nContent-Length: 4\r\n\r\n", "0\r\n\r\n", 400,
			400, true,
		},
		{"a header without a name", ": x\r\n\r\n", "", 400, 400, true},
		{"a header with a control character", "X: a\x00b\r\n\r\n", "", 400, 400, true},
		{"an expectation that nobody knows", "Expect: foo\r\n\r\n", "", 417, 417, true},
		{"two hosts", "Host: localhost\r\n\r\n", "", 400, 400, true},
		{"headers that are too long", "X: " + strings.Repeat("x", 2<<20) + "\r\n\r\n", "", 431, 431, true},
	} {
		for listener, head := range map[string]string{calls: call, admin: page} {
			status := c.calls
			if listener == admin {
				status = c.admin
			}
			answers, closed := exchange(t, listener, head+c.head+c.body+smuggled, 2)
			if len(answers) == 0 && status == 431 {
				continue // the rest was still being written when the connection was closed
			}
			if len(answers) == 0 || answers[0].StatusCode != status {
				t.Errorf("%s: got %v, want %d", c.name, answers, status)
				continue
			}
			if wrong := lacks(answers[0].Header, nil); wrong != "" {
				t.Errorf("%s: %s", c.name, wrong)
			}
			if c.closed && (!closed || len(answers) > 1) {
				t.Errorf("%s: %d answers, closed %v; want one and the end", c.name, len(answers), closed)
			}
		}
	}
}

// TestPlainToTLS: who speaks plain HTTP to a listener that speaks TLS is answered with all headers,
// too.
func TestPlainToTLS(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	c := certFiles(t, dir)
	path := filepath.Join(dir, "web.yaml")
	names := fmt.Sprintf("{cert_file: %s, key_file: %s}\n", c.cert, c.key)
	if err := os.WriteFile(path, []byte("tls_server_config: "+names), 0o600); err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, "tls: "+names+oneRoute, nil)
	w.options.Generation.file.AdminWebConfig = diag.Text{S: path}
	calls, admin := w.run(t)
	for _, listener := range []string{calls, admin} {
		for _, request := range []string{"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", "POST /main HTTP/1.0\r\n\r\n"} {
			answers, closed := exchange(t, listener, request, 1)
			if len(answers) != 1 || answers[0].StatusCode != 400 || !closed {
				t.Errorf("%q: got %v, closed %v", request, answers, closed)
				continue
			}
			if wrong := lacks(answers[0].Header, nil); wrong != "" || answers[0].Header.Get("Content-Type") == "" {
				t.Errorf("%q: %s, %v", request, wrong, answers[0].Header)
			}
		}
	}
}

// TestTargetsAndHosts: in whatever form a target is given, and whatever a host says of itself.
func TestTargetsAndHosts(t *testing.T) {
	t.Parallel()
	w := newWorld(t, oneRoute, nil)
	calls, admin := w.run(t)
	for _, c := range []struct {
		listener, line, host string
		want                 int
	}{
		{calls, "GET /main HTTP/1.1", "Host: evil.example", 200}, // Kazoo asks by any name
		{calls, "GET http://evil.example/main HTTP/1.1", "Host: localhost", 200},
		{calls, "GET /main HTTP/1.1", "X: y", 400},
		{calls, "GET /main HTTP/1.0", "X: y", 200},
		{calls, "OPTIONS * HTTP/1.1", "Host: localhost", 405},
		{calls, "CONNECT evil.example:80 HTTP/1.1", "Host: evil.example", 405},
		{calls, "GET main HTTP/1.1", "Host: localhost", 400},
		{calls, "GET /main HTTP/3.0", "Host: localhost", 505},
		{calls, "GET /%zz HTTP/1.1", "Host: localhost", 400},
		{calls, "GET  /main HTTP/1.1", "Host: localhost", 400},
		{admin, "GET /-/ready HTTP/1.1", "Host: localhost:9480", 200},
		{admin, "GET /-/ready HTTP/1.1", "Host: LOCALHOST", 200},
		{admin, "GET /-/ready HTTP/1.1", "Host: [::1]:9480", 200},
		{admin, "GET /-/ready HTTP/1.1", "Host: 192.0.2.1", 200},
		{admin, "GET /-/ready HTTP/1.1", "Host: evil.example", 403},
		{admin, "GET /-/ready HTTP/1.1", "Host: localhost.evil.example", 403},
		{admin, "GET /-/ready HTTP/1.1", "Host: evil.example:localhost", 403},
		{admin, "GET /-/ready HTTP/1.1", "Host: 127.0.0.1.evil.example", 403},
		{admin, "GET /-/ready HTTP/1.1", "Host: evil@localhost", 400},
		{admin, "GET /-/ready HTTP/1.1", "Host: [evil.example]", 403},
		{admin, "GET /-/ready HTTP/1.1", "Host:", 403},
		{admin, "GET /-/ready HTTP/1.1", "Host: local host", 400},
		{admin, "GET /-/ready HTTP/1.1", "X: y", 400},
		{admin, "GET /-/ready HTTP/1.0", "X: y", 403},
		// the target counts (RFC 9112, 3.2.2)
		{admin, "GET http://evil.example/-/ready HTTP/1.1", "Host: localhost", 403},
		{admin, "OPTIONS * HTTP/1.1", "Host: localhost", 405},
		{admin, "CONNECT evil.example:80 HTTP/1.1", "Host: evil.example", 403},
	} {
		answers, _ := exchange(t, c.listener, c.line+"\r\n"+c.host+"\r\n\r\n", 1)
		if len(answers) != 1 || answers[0].StatusCode != c.want {
			t.Errorf("%s, %s: got %v, want %d", c.line, c.host, answers, c.want)
			continue
		}
		if wrong := lacks(answers[0].Header, nil); wrong != "" {
			t.Errorf("%s, %s: %s", c.line, c.host, wrong)
		}
	}
}
