package listen

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/crypto/bcrypt"
)

// TestWebConfigMistakes: what is wrong is said in words with its place, and no password is shown.
func TestWebConfigMistakes(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	pair(t, dir, 1)
	const hash = "$2a$04$2c1sDsfMDmnVay1Lss7jKuD2Trh7VSow7vkAhtS4CdgnfPIlhrEgS"
	const nothing = ": the file requires no login; add basic_auth_users or tls_server_config, or remove admin_web_config"
	names, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(names) != 2 {
		t.Fatal(names, err)
	}
	for text, want := range map[string]string{
		"":                                      nothing,
		"# as it is being written\n":            nothing,
		"basic_auth_users: {}":                  nothing,
		"basic_auth_users:":                     nothing,
		"basic_auth_users: {ops: " + hash + "}": "",
		"basic_auth_users: {ops: '" + hash + "', dev: " + hash + "}\nrate_limit: {burst: 5, interval: 1s}": "",
		"http_server_config: {headers: {X-Frame-Options: deny}}":                                           "",
		"basic_auth_users: {ops: hunter2}":                                                                 ":1:25: expected a user name and the bcrypt hash of a password; make one by htpasswd -nBC 10 NAME",
		"basic_auth_users: {ops: hunter2":                                                                  ":2:1: this is not YAML; check the indentation and the quotes before this place",
		"basic_auth_users: [hunter2]":                                                                      ":1:19: expected basic_auth_users as a mapping",
		"basic_auth_users: hunter2":                                                                        ":1:19: expected basic_auth_users as a mapping",
		"basic_auth_users: {ops: [" + hash + "]}":                                                          ":1:25: expected text",
		"users: {ops: hunter2}":                                                                            ":1:1: unknown key in a web configuration; known: basic_auth_users, http_server_config, rate_limit, tls_server_config",
		"basic_auth_user: {ops: hunter2}":                                                                  `:1:1: unknown key in a web configuration; did you mean "basic_auth_users"?`,
		"a: [":                                                                                             ":2:1: this is not YAML; check the indentation and the quotes before this place",
		"- a":                                                                                              ":1:1: expected a web configuration as a mapping",
		"rate_limit: {burst: hunter2}":                                                                     ":1:21: expected a number of requests",
		"rate_limit: {interval: hunter2}":                                                                  ":1:24: expected a duration such as 100ms",
		"http_server_config: {http2: hunter2}":                                                             ":1:29: expected true or false",
		"http_server_config: {headers: {Server: x}}":                                                       ":1:32: expected one of Content-Security-Policy, Strict-Transport-Security, X-Content-Type-Options, X-Frame-Options, X-XSS-Protection",
		"tls_server_config: {cert_file: x}":                                                                "x",
		"tls_server_config: {cert_file: x, key_file: y}":                                                   "x",
		"tls_server_config: {client_auth_type: RequireAnyClientCert}":                                      ":1:20: tls_server_config has no cert_file",
		"tls_server_config: {cert_file: tls.crt, key_file: tls.key, client_allowed_sans: [a]}": ":1:20: client_allowed_sans has no effect without client_auth_type; set it to RequireAndVerifyClientCert",
		"tls_server_config: {client_allowed_sans: [a]}":                                        ":1:20: tls_server_config has no cert_file",
		"tls_server_config: {client_auth_type: hunter2}":                                       ":1:39: expected one of , NoClientCert, RequestClientCert, RequireAndVerifyClientCert, RequireAnyClientCert, RequireClientCert, VerifyClientCertIfGiven",
		"tls_server_config: {min_version: SSL3}":                                               ":1:34: expected one of TLS10, TLS11, TLS12, TLS13",
		"tls_server_config: {cipher_suites: TLS_AES}":                                          ":1:36: expected a list",
	} {
		path := filepath.Join(dir, "web.yaml")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		got := CheckWebConfig(path)
		if want != "" && want != "x" {
			want = path + want
		}
		if want == "x" && strings.Contains(got, "no such file") {
			continue
		}
		if got != want || strings.Contains(got, "hunter") {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
	if got := CheckWebConfig(filepath.Join(dir, "none.yaml")); !strings.HasSuffix(got,
		"none.yaml: no such file or directory") {
		t.Errorf("a file that is not there: %q", got)
	}
}

// FuzzWebConfig: whatever a file holds, it is a configuration or a mistake, and no mistake shows a
// password.
func FuzzWebConfig(f *testing.F) {
	for _, s := range []string{
		"basic_auth_users: {ops: hunter2}", "tls_server_config: {cert: x, key: y}", "a: &a [*a]",
		"rate_limit: {burst: 1, interval: 1h}", "? {}\n: x",
	} {
		f.Add([]byte(s))
	}
	path := filepath.Join(f.TempDir(), "web.yaml")
	f.Fuzz(func(t *testing.T, text []byte) {
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		c, err := readWebConfig(path)
		if (c == nil) == (err == nil) {
			t.Errorf("got %v and %v", c, err)
		}
		if err != nil && (strings.Contains(err.Error(), "hunter2") && !strings.Contains(path, "hunter2") ||
			strings.Contains(err.Error(), "\n")) {
			t.Errorf("got %q", err)
		}
	})
}

// authWith is an AdminAuth in front of a handler that answers "in", whose web configuration a test
// writes.
func authWith(t *testing.T, now func() time.Time, cost int, passwords ...string) (g *AdminAuth, write func(string),
	log *logged,
) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "web.yaml")
	write = func(text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(usersOf(t, cost, passwords...))
	log = &logged{}
	ok := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { WriteText(w, http.StatusOK, "in") })
	g, err := NewAdminAuth(path, ok, slog.New(slog.NewJSONHandler(log, nil)), now)
	if err != nil {
		t.Fatal(err)
	}
	return g, write, log
}

// usersOf is a web configuration with the users u0, u1 ...
func usersOf(t *testing.T, cost int, passwords ...string) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("basic_auth_users:\n")
	for i, p := range passwords {
		hash, err := bcrypt.GenerateFromPassword([]byte(p), cost)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "  u%d: %s\n", i, hash)
	}
	return b.String()
}

func signIn(g http.Handler, from, user, password string) int {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.RemoteAddr = from
	if user != "" {
		r.SetBasicAuth(user, password)
	}
	w := httptest.NewRecorder()
	g.ServeHTTP(w, r)
	return w.Code
}

// TestAdminAuthStaysShut: a web configuration that vanishes, breaks, is half written, or asks
// nobody any more leaves the former in use.
func TestAdminAuthStaysShut(t *testing.T) {
	t.Parallel()
	g, write, _ := authWith(t, time.Now, bcrypt.MinCost, "right", "other")
	both := usersOf(t, bcrypt.MinCost, "right", "other")
	expect := func(what string, none, right, other int) {
		t.Helper()
		for _, c := range []struct {
			user, password string
			want           int
		}{
			{"", "", none},
			{"u0", "right", right},
			{"u0", "wrong", 401},
			{"u1", "other", other},
			{"nobody", "right", 401},
		} {
			if got := signIn(g, "192.0.2.1:1", c.user, c.password); got != c.want {
				t.Errorf("%s: %s with %q: got %d, want %d", what, c.user, c.password, got, c.want)
			}
		}
	}
	expect("at first", 401, 200, 200)
	for i, text := range []string{
		"", "# nothing yet\n", both[:len(both)/2], both[:len("basic_auth_users:\n")], "basic_auth_users: {}",
		"basic_auth_users: {u0: notahash}", "{", "\x00",
		"http_server_config: {http2: false}", "rate_limit: {burst: 1, interval: 1s}",
	} {
		write(text)
		if err := g.refresh(); err == nil {
			t.Errorf("%d: %q is taken", i, text)
		}
		expect(fmt.Sprintf("%q", text), 401, 200, 200)
	}
	if err := os.Remove(g.path); err != nil {
		t.Fatal(err)
	}
	if err := g.refresh(); err == nil {
		t.Error("a file that is gone is taken")
	}
	expect("gone", 401, 200, 200)
	write(usersOf(t, bcrypt.MinCost, "right"))
	if err := g.refresh(); err != nil {
		t.Error(err)
	}
	expect("with one user less", 401, 200, 401)
	write(usersOf(t, bcrypt.MinCost, "changed"))
	if err := g.refresh(); err != nil {
		t.Error(err)
	}
	expect("with another password", 401, 401, 401)
}

// TestAdminAuthWatches: a mistake is logged once, and what is right is taken within seconds.
func TestAdminAuthWatches(t *testing.T) {
	t.Parallel()
	g, write, log := authWith(t, time.Now, bcrypt.MinCost, "right")
	changed := usersOf(t, bcrypt.MinCost, "changed")
	synctest.Test(t, func(t *testing.T) {
		go g.Watch(t.Context())
		write("")
		<-time.After(5 * webEvery)
		synctest.Wait()
		if n := strings.Count(log.String(), "admin_web_config is not taken"); n != 1 ||
			!strings.Contains(log.String(), "the file requires no login") {
			t.Errorf("%d lines: %s", n, log)
		}
		write(changed)
		<-time.After(2 * webEvery)
		synctest.Wait()
		if !strings.Contains(log.String(), "admin_web_config is read again") {
			t.Errorf("it is not: %s", log)
		}
	})
	if got := signIn(g, "192.0.2.1:1", "u0", "changed"); got != http.StatusOK {
		t.Errorf("the new password: got %d", got)
	}
}

// TestAdminAuthUnderFlood: of thirty who try passwords at a time one is checked and few wait;
// whoever is in already stays in at once, and somebody who comes from elsewhere gets a turn.
func TestAdminAuthUnderFlood(t *testing.T) {
	t.Parallel()
	g, _, log := authWith(t, time.Now, 6, "right", "later")
	if got := signIn(g, "192.0.2.1:1", "u0", "right"); got != http.StatusOK {
		t.Fatalf("got %d", got)
	}
	g.logins.busy = true // as if a check took for ever
	var refused, inLine atomic.Int64
	var all sync.WaitGroup
	for i := range 30 {
		all.Go(func() {
			inLine.Add(1)
			if got := signIn(g, "198.51.100.9:1", "u0", fmt.Sprint("wrong", i)); got == http.StatusTooManyRequests {
				refused.Add(1)
			}
		})
	}
	for refused.Load() < 30-checksOfOne {
		<-time.After(time.Millisecond)
	}
	if got := signIn(g, "192.0.2.1:1", "u0", "right"); got != http.StatusOK {
		t.Errorf("whoever is in already: got %d", got)
	}
	all.Go(func() {
		if got := signIn(g, "[2001:db8::1]:1", "u1", "later"); got != http.StatusOK {
			t.Errorf("somebody who comes later: got %d", got)
		}
	})
	g.logins.release()
	all.Wait()
	if got := refused.Load(); got != 30-checksOfOne {
		t.Errorf("%d of 30 were refused", got)
	}
	if n := strings.Count(log.String(), "wrong password"); n != 1 {
		t.Errorf("%d lines: %s", n, log)
	}
	if n := len(g.logins.waiting); n > 0 || len(g.logins.pending) > 0 {
		t.Errorf("%d still wait", n)
	}
}

// TestAdminAuthRate: rate_limit holds, by the program's clock.
func TestAdminAuthRate(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 23, 15, 0, 0, 0, time.UTC)
	g, write, _ := authWith(t, func() time.Time { return at }, bcrypt.MinCost, "right")
	write(usersOf(t, bcrypt.MinCost, "right") +
		"rate_limit: {burst: 2, interval: 1s}\nhttp_server_config: {headers: {X-Frame-Options: sameorigin}}\n")
	if err := g.refresh(); err != nil {
		t.Fatal(err)
	}
	for i, want := range []int{200, 200, 429, 429} {
		if got := signIn(g, "192.0.2.1:1", "u0", "right"); got != want {
			t.Errorf("request %d: got %d, want %d", i, got, want)
		}
	}
	at = at.Add(time.Second)
	for i, want := range []int{200, 429} {
		if got := signIn(g, "192.0.2.1:1", "u0", "right"); got != want {
			t.Errorf("a second later, request %d: got %d, want %d", i, got, want)
		}
	}
}

// TestHTTPLog: what net/http says of strangers is cut, in ASCII, and rare.
func TestHTTPLog(t *testing.T) {
	t.Parallel()
	var b logged
	at := time.Date(2026, 11, 23, 15, 0, 0, 0, time.UTC)
	l := &httpLog{log: slog.New(slog.NewJSONHandler(&b, nil)), now: func() time.Time { return at }, listener: "listen"}
	for i := range 1000 {
		fmt.Fprintf(l, "http: TLS handshake error from %d: \u009b2J\u202e%s\nsecond line\n", i,
			strings.Repeat("x", 5000))
	}
	at = at.Add(logEvery)
	fmt.Fprintln(l, "later")
	lines := strings.Split(strings.TrimSpace(b.String()), "\n")
	if len(lines) != 2 || !strings.Contains(lines[0], `\\u009b2J\\u202exxx`) || len(lines[0]) > 500 ||
		!strings.Contains(lines[1], `"problem":"later","more":999`) {
		t.Errorf("got %q", lines)
	}
	if strings.Contains(b.String(), "second") || bytes.ContainsRune([]byte(b.String()), 0x9b) {
		t.Errorf("got %q", b.String())
	}
}

// TestAdminAuthBeginsClosed: a web configuration that cannot be used at the start lets nobody in,
// and what asks for no password opens nothing while it may be half written.
func TestAdminAuthBeginsClosed(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "web.yaml")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("basic_auth_users: {u0: hunter2}")
	in := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { WriteText(w, http.StatusOK, "in") })
	log := &logged{}
	g, err := NewAdminAuth(path, in, slog.New(slog.NewJSONHandler(log, nil)), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	expect := func(what, target, user, password string, want int) {
		t.Helper()
		r := httptest.NewRequest(http.MethodGet, target, nil)
		r.SetBasicAuth(user, password)
		w := httptest.NewRecorder()
		g.ServeHTTP(w, r)
		if w.Code != want || strings.Contains(w.Body.String()+log.String(), "hunter2") ||
			strings.Contains(w.Body.String(), filepath.Dir(path)) {
			t.Errorf("%s: %s: got %d %q, want %d", what, target, w.Code, w.Body, want)
		}
	}
	for _, target := range []string{
		"/", "/metrics", "/api/v1/status", "/-/reload", "/-/healthy/", "//-/healthy",
		"/x/../-/ready",
	} {
		expect("at first", target, "u0", "hunter2", 503)
	}
	expect("at first", "/-/healthy", "", "", 200)
	expect("at first", "/-/ready", "", "", 200)
	if _, err := g.Mistake(); g.RequiresLogin() || err == nil {
		t.Errorf("a closed listener: requiresLogin %t, mistake %v", g.RequiresLogin(), err)
	}
	for _, text := range []string{
		"", "{", "basic_auth_users: {}", "rate_limit: {burst: 9, interval: 1s}",
		"http_server_config: {http2: false}",
	} {
		write(text)
		if err := g.refresh(); err == nil {
			t.Errorf("%q is taken", text)
		}
		expect(text, "/", "", "", 503)
	}
	write(usersOf(t, bcrypt.MinCost, "right"))
	if err := g.refresh(); err != nil {
		t.Fatal(err)
	}
	expect("mended", "/", "", "", 401)
	expect("mended", "/", "u0", "wrong", 401)
	expect("mended", "/", "u0", "right", 200)
	write("http_server_config: {http2: false}")
	if err := g.refresh(); err == nil {
		t.Error("the listener opens")
	}
	expect("mended", "/", "", "", 401)
}

// TestAdminAuthOpensWithTLS: an admin listener that begins closed is encrypted from when there is a
// certificate, and connections from before get nothing.
func TestAdminAuthOpensWithTLS(t *testing.T) {
	t.Parallel()
	g, _, _ := authWith(t, time.Now, bcrypt.MinCost, "right")
	g.startedShut = true
	g.config.Store(&webConfig{users: g.config.Load().users, tls: &tls.Config{MinVersion: tls.VersionTLS12}})
	if got := signIn(g, "192.0.2.1:1", "u0", "right"); got != http.StatusServiceUnavailable {
		t.Errorf("a connection without TLS: got %d", got)
	}
}
