package server

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"

	"github.com/callhours/callhours/internal/diag"
	"github.com/callhours/callhours/internal/growth"
)

// sevenths is a configuration of so many, of which one in seven is closed.
func sevenths(n int) string {
	var b strings.Builder
	b.WriteString("calendars: {hours: {file: hours.ics}, never: {file: never.ics}}\nroutes:\n")
	for i := range n {
		calendar := "hours"
		if i%7 == 0 {
			calendar = "never"
		}
		fmt.Fprintf(&b,
			"  - {name: route-%05d, branches: [{name: open, when: {calendar: %s, summary: \"open*\"}, pass: true}, {name: closed, pass: true}]}\n", i, calendar)
	}
	return b.String()
}

// TestManyRoutes: the first page of the console, and any other, is small and fast with 10,000
// routes. The time is held to in a soak alone, since the machine may be busy.
func TestManyRoutes(t *testing.T) {
	if growth.UnderRace {
		t.Skip("it measures; the run without the race detector has it")
	}
	t.Parallel()
	const routes, most = 10_000, 200
	w := started(t, sevenths(routes),
		map[string]string{"never.ics": strings.Replace(hoursFile, "SUMMARY:Open", "SUMMARY:Nothing", 1)})
	for _, c := range []struct{ path, want string }{
		{"/", "1 to 48 of 10,000"},
		{"/?page=209", "9,985 to 10,000 of 10,000"},
		{"/?q=route-0999", "route-09999"},
		{"/?state=closed", "1 to 48 of 1,429"},
		{"/?q=NEVER+closed&page=2", "49 to 96 of 1,429"},
		{"/?q=nothing", "No route matches"},
		{"/routes/route-00001", "Next changes"},
		{"/try", `<option value="route-00199">`},
		{routesPath + "?limit=20&q=route-0", `"total":10000`},
	} {
		begun := time.Now()
		got := body(t, w.people(t, c.path, "localhost"))
		took := time.Since(begun)
		if !strings.Contains(got, c.want) {
			t.Errorf("%s: %q is not there", c.path, c.want)
		}
		if len(got) > most<<10 {
			t.Errorf("%s: %d kB, want %d at most", c.path, len(got)>>10, most)
		}
		t.Logf("%s: %d kB in %v", c.path, len(got)>>10, took.Round(time.Millisecond))
		if os.Getenv("CALLHOURS_SOAK") != "" && took > 200*time.Millisecond {
			t.Errorf("%s took %v, want 200ms at most", c.path, took)
		}
	}
}

// TestEvents: who listens is told of changes; so many may listen and no more; closing ends them.
func TestEvents(t *testing.T) {
	t.Parallel()
	w := started(t, oneRoute, nil)
	server := httptest.NewServer(w.Admin())
	defer server.Close()
	hasty := httptest.NewUnstartedServer(w.Admin())
	hasty.Config.ReadTimeout = time.Second // what listens outlives it
	hasty.Start()
	defer hasty.Close()
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	listen := func(at *httptest.Server) *http.Response {
		got, err := client.Get(at.URL + eventsPath)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	first := listen(hasty)
	defer first.Body.Close()
	lines := bufio.NewScanner(first.Body)
	until := func(prefix string) string {
		for lines.Scan() {
			if strings.HasPrefix(lines.Text(), prefix) {
				return lines.Text()
			}
		}
		t.Fatalf("the stream ends before %q: %v", prefix, lines.Err())
		return ""
	}
	until("retry:")
	<-time.After(hasty.Config.ReadTimeout * 3 / 2)
	was := ""
	for range 3 {
		w.refresh("hours")
		until("event: changed")
		if now := until("data:"); now == was {
			t.Errorf("two changes have one number: %s", now)
		} else {
			was = now
		}
	}
	const most = 128
	var others []*http.Response
	for range most - 1 {
		got := listen(server)
		defer got.Body.Close()
		others = append(others, got)
	}
	late := listen(server)
	late.Body.Close()
	if late.StatusCode != http.StatusServiceUnavailable || others[most-2].StatusCode != http.StatusOK {
		t.Errorf("the last that may: %d, one more: %d; want 200 and 503", others[most-2].StatusCode, late.StatusCode)
	}
	w.admin.console.Close()
	for lines.Scan() { // to its end
	}
	after := listen(server)
	after.Body.Close()
	if after.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("after the end: got %d, want 503", after.StatusCode)
	}
	w.refresh("hours") // tells nobody, and does not fail
}

// TestStopsWithListeners: a page that listens does not hold up the end.
func TestStopsWithListeners(t *testing.T) {
	t.Parallel()
	w := newWorld(t, oneRoute, nil)
	ctx, stop := context.WithCancel(t.Context())
	at := make(chan net.Addr, 2)
	w.options.Started = func(calls, admin, _ net.Addr) { at <- calls; at <- admin }
	ended := make(chan error, 1)
	go func() { ended <- w.Run(ctx) }()
	<-at
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	got, err := client.Get("http://" + (<-at).String() + eventsPath)
	if err != nil {
		t.Fatal(err)
	}
	defer got.Body.Close()
	stop()
	begun := time.Now()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if took := time.Since(begun); took > closing/2 {
		t.Errorf("stopping took %v", took)
	}
}

// TestSlowRefresh: the limit of time for sending a request does not end the wait for a feed.
func TestSlowRefresh(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	feed := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
		<-release
		fmt.Fprint(rw, hoursFile)
	}))
	defer feed.Close()
	w := started(t, "calendars: {hours: {url: \""+feed.URL+
		"/hours.ics\"}}\nroutes: [{name: main, branches: [{name: open, when: {calendar: hours}, pass: true}, {name: closed, pass: true}]}]\n", nil)
	running, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		w.store.Run(running)
	}()
	defer func() { stop(); <-ended }()
	server := httptest.NewUnstartedServer(w.Admin())
	server.Config.ReadTimeout = time.Second
	server.Start()
	defer server.Close()
	time.AfterFunc(server.Config.ReadTimeout*3/2, func() { close(release) })
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	got, err := client.Post(server.URL+feedsPath+"/hours/refresh", "", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer got.Body.Close()
	if text := body(t, got); !strings.Contains(text, `"state":"fresh"`) {
		t.Errorf("got %d %q, want the fresh feed", got.StatusCode, text)
	}
}

// TestOtherSites: a page of another site cannot make a browser reload or refresh; one of ours can,
// and is led back.
func TestOtherSites(t *testing.T) {
	t.Parallel()
	w := started(t, oneRoute, nil)
	running, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		w.store.Run(running)
	}()
	defer func() { stop(); <-ended }()
	for _, c := range []struct {
		path, site string
		status     int
		to, origin string
	}{
		{"/config/reload", "cross-site", 403, "", ""},
		{"/calendars/hours", "cross-site", 403, "", ""},
		{reloadPath, "cross-site", 403, "", ""},
		{feedsPath + "/hours/refresh", "same-site", 403, "", ""},
		{"/calendars/hours", "same-origin", 303, "/calendars/hours?refreshed=1", ""},
		{"/calendars/none", "same-origin", 404, "", ""},
		{"/config/reload", "same-origin", 422, "", ""}, // there is nothing to load here
		{"/calendars/hours", "none", 303, "/calendars/hours?refreshed=1", "http://localhost"},
		{"/calendars/hours", "none", 403, "", "http://evil.example"},
		{"/calendars/hours", "none", 403, "", "null"},
		{"/", "same-origin", 405, "", ""},
	} {
		r := onLoopback(httptest.NewRequest(http.MethodPost, c.path, nil))
		r.Host = "localhost"
		r.Header.Set("Sec-Fetch-Site", c.site)
		if c.site == "none" { // a browser that does not say, as on plain HTTP by a name
			r.Header.Del("Sec-Fetch-Site")
			r.Header.Set("Origin", c.origin)
		}
		rec := httptest.NewRecorder()
		w.Admin().ServeHTTP(rec, r)
		if rec.Code != c.status || rec.Header().Get("Location") != c.to {
			t.Errorf("%s from a %s page: got %d to %q, want %d to %q", c.path, c.site, rec.Code,
				rec.Header().Get("Location"), c.status, c.to)
		}
	}
}

// TestTryAnotherDay: days are called today and tomorrow as seen from now, whenever the call is.
func TestTryAnotherDay(t *testing.T) {
	t.Parallel()
	w := started(t, oneRoute, nil)
	for path, want := range map[string]string{
		"/try?route=main":                     "until <strong>today ",
		"/try?route=main&at=2026-11-25T10:00": "until <strong>Wed 25 Nov 2026 ",
		"/try?route=main&at=2026-11-24T10:00": "until <strong>tomorrow ",
	} {
		if page := body(t, w.people(t, path, "localhost")); !strings.Contains(page, want) {
			t.Errorf("%s: no %q in\n%s", path, want, page)
		}
	}
}

// TestPolicy: every page forbids what it does not need, and shows no secret.
func TestPolicy(t *testing.T) {
	t.Parallel()
	w := started(t,
		"auth: {token: sesame-token-of-calls-4f1c9a7be2d8036581}\nhours: {token: sesame-token-of-hours-4f1c9a7be2d8036581}\n"+strings.Replace(oneRoute, "{hours: {file: hours.ics}",
			"{hours: {file: hours.ics}, gone: {url: \"http://127.0.0.1:9/sesame-address/basic.ics\", basic: {username: me, password: sesame-password}, headers: {X-Key: sesame-header}}", 1), nil)
	for path, want := range map[string]int{
		"/": 200, "/routes/main": 200, "/routes/none": 404, "/try": 200, "/calendars": 200, "/calendars/hours": 200,
		"/calendars/none": 404, "/calendars/gone": 200, "/findings": 200, "/unmatched": 200,
		"/try?route=main": 200,
		"/config":         200, "/routes/main?from=x": 400, "/calendars/hours?from=x": 400, "/try?route=none": 400,
		"/static/console.js": 200,
	} {
		got := w.people(t, path, "localhost")
		if got.StatusCode != want {
			t.Errorf("%s: got %d, want %d", path, got.StatusCode, want)
		}
		policy := got.Header.Get("Content-Security-Policy")
		if !strings.HasPrefix(policy, "default-src 'none'; ") || strings.Contains(policy, "unsafe") ||
			got.Header.Get("X-Content-Type-Options") != "nosniff" ||
			got.Header.Get("Referrer-Policy") != "same-origin" {
			t.Errorf("%s: policy %q", path, policy)
		}
		text := body(t, got)
		for _, inline := range []string{
			"sesame", "<style", " style=", " onclick=", " onload=", "javascript:", "//cdn",
			"https://",
		} {
			if strings.Contains(text, inline) {
				t.Errorf("%s: %q stands in it", path, inline)
			}
		}
	}
}

// TestWebConfig: people prove who they are, over TLS, and may then ask by any name.
func TestWebConfig(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	c := certFiles(t, dir)
	hash, err := bcrypt.GenerateFromPassword([]byte("open sesame"), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "web.yaml")
	text := fmt.Sprintf("tls_server_config: {cert_file: %s, key_file: %s}\nbasic_auth_users: {ops: %s}\n",
		filepath.Base(c.cert), filepath.Base(c.key), hash)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, oneRoute, nil)
	w.options.Generation.file.AdminWebConfig = diag.Text{S: path}
	w.options.Generation.file.AdminListen.S = "0.0.0.0:0"
	at := make(chan net.Addr, 2)
	w.options.Started = func(calls, admin, _ net.Addr) { at <- calls; at <- admin }
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- w.Run(ctx) }()
	<-at
	_, port, err := net.SplitHostPort((<-at).String())
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{
		Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, ForceAttemptHTTP2: true},
	}
	ask := func(scheme, password, host string) int {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, scheme+"://127.0.0.1:"+port+"/", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Host = host
		if password != "" {
			r.SetBasicAuth("ops", password)
		}
		got, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer got.Body.Close()
		body(t, got)
		return got.StatusCode
	}
	for _, c := range []struct {
		scheme, password, host string
		want                   int
	}{
		{"https", "", "localhost", 401},
		{"https", "wrong", "localhost", 401},
		{"https", "open sesame", "localhost", 200},
		{"https", "open sesame", "callhours.example.com", 200},
		{"http", "open sesame", "localhost", 400},
	} {
		if got := ask(c.scheme, c.password, c.host); got != c.want {
			t.Errorf("%s as %s with %q: got %d, want %d", c.scheme, c.host, c.password, got, c.want)
		}
	}
	if strings.Contains(w.log.String(), "no authentication") {
		t.Error("the log warns that there is no authentication")
	}
	client.CloseIdleConnections()
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// TestStarting: before calls are answered the pages say so, and come again.
func TestStarting(t *testing.T) {
	t.Parallel()
	w := newWorld(t, oneRoute, nil)
	for path, want := range map[string]int{
		"/": 503, "/try?route=main": 503, "/routes/main": 503, "/calendars": 200,
		"/calendars/hours": 404, "/findings": 200, "/config": 200, routesPath: 503,
	} {
		got := w.people(t, path, "localhost")
		if got.StatusCode != want {
			t.Errorf("%s: got %d, want %d", path, got.StatusCode, want)
		}
		if text := body(t, got); want == 503 && path != routesPath && !strings.Contains(text, "data-again") {
			t.Errorf("%s does not come again", path)
		}
	}
}
