package server

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/callhours/callhours/internal/growth"
	"github.com/callhours/callhours/server/listen"
)

// TestUnreadableAddressIsLogged: the line shows from where it came and what could not be read, in
// ASCII and cut.
func TestUnreadableAddressIsLogged(t *testing.T) {
	t.Parallel()
	w := started(t, "auth: {networks: [192.0.2.0/24], trusted_proxies: [192.0.2.1]}"+oneRoute, nil)
	for _, c := range []struct {
		forwarded []string
		want      string
	}{
		{[]string{"unknown"}, `"forwarded_for":"unknown"`},
		{[]string{"a", "b\u202e\u009b2J"}, `"forwarded_for":"a, b\\u202e\\u009b2J"`},
		{
			[]string{strings.Repeat("9", 50_000) + "end"},
			`"forwarded_for":"...` + strings.Repeat("9", 128-3) + `end"`,
		},
	} {
		r := post("/main", "Request", "1001")
		r.Header["X-Forwarded-For"] = c.forwarded
		if got := w.call(r); got.StatusCode != http.StatusForbidden {
			t.Errorf("%.40q: got %d, want 403", c.forwarded, got.StatusCode)
		}
		if log := w.log.String(); !strings.Contains(log,
			`"level":"WARN","msg":"call","status":403,"reason":"address_unreadable","path":"/main","remote":"192.0.2.1:1234",`+c.want) {
			t.Errorf("%.40q: the log does not show it: %.2000s", c.forwarded, log)
		}
	}
}

// TestDoor: strangers are refused before their request is read; those who could be admitted by
// some route of the path are not.
func TestDoor(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		yaml   string
		tokens int // of routes on /shared
		path   string
		change func(*http.Request)
		read   bool
		want   int
	}{
		"a secret": {
			"auth: {token: t0ken-of-all-4f1c9a7be2d8036581}", 0, "/main", nil, false,
			401,
		},
		"a secret, no such path": {
			"auth: {token: t0ken-of-all-4f1c9a7be2d8036581}", 0, "/nowhere", nil, false,
			401,
		},
		"the secret, no such path": {
			"auth: {token: t0ken-of-all-4f1c9a7be2d8036581}", 0,
			"/nowhere?token=t0ken-of-all-4f1c9a7be2d8036581", nil, true, 404,
		},
		"a network": {"auth: {networks: [198.51.100.0/24]}", 0, "/main", nil, false, 403},
		"a network and a secret": {
			"auth: {networks: [198.51.100.0/24], token: t0ken-of-all-4f1c9a7be2d8036581}", 0,
			"/main?token=t0ken-of-all-4f1c9a7be2d8036581", nil, false, 403,
		},
		"the network without the secret": {
			"auth: {networks: [192.0.2.0/24], token: t0ken-of-all-4f1c9a7be2d8036581}",
			0, "/main", nil, false, 401,
		},
		"the network and the secret": {
			"auth: {networks: [192.0.2.0/24], token: t0ken-of-all-4f1c9a7be2d8036581}", 0,
			"/main?token=t0ken-of-all-4f1c9a7be2d8036581", nil, true, 200,
		},
		"another method": {"auth: {token: t0ken-of-all-4f1c9a7be2d8036581}", 0, "/main", func(r *http.Request) {
			r.Method = "BREW"
		}, false, 401},
		// no number: asked for no route, and everybody may hear that
		"open, but for routes": {"", 3, "/shared", nil, true, 404},
		// not this route's
		"one of few tokens": {
			"auth: {token: t0ken-of-all-4f1c9a7be2d8036581}", 3,
			"/shared?token=token-of-2-4f1c9a7be2d8036581", nil, true, 401,
		},
		"one of many tokens": {
			"auth: {token: t0ken-of-all-4f1c9a7be2d8036581}", 40,
			"/shared?token=token-of-39-4f1c9a7be2d8036581", nil, true, 401,
		},
		"none of few tokens": {
			"auth: {token: t0ken-of-all-4f1c9a7be2d8036581}", 3,
			"/shared?token=token-of-4-4f1c9a7be2d8036581", nil, false, 401,
		},
		"none of many tokens": {
			"auth: {token: t0ken-of-all-4f1c9a7be2d8036581}", 40,
			"/shared?token=token-of-40-4f1c9a7be2d8036581", nil, false, 401,
		},
		"many tokens, and a network for some": {
			"auth: {networks: [198.51.100.0/24]}", 40,
			"/shared?token=token-of-40-4f1c9a7be2d8036581", nil, true, 403,
		},
		"a password, among many tokens": {
			"auth: {basic: {username: kazoo, password: s3cret}}", 40, "/shared",
			func(r *http.Request) { r.SetBasicAuth("kazoo", "s3cret") }, true, 404,
		},
		"a wrong password, among many tokens": {
			"auth: {basic: {username: kazoo, password: s3cret}}", 40, "/shared",
			func(r *http.Request) { r.SetBasicAuth("kazoo", "secret") }, false, 401,
		},
		"the fifth token of a request": {
			"auth: {token: t0ken-of-all-4f1c9a7be2d8036581}", 0,
			"/main?token=1&token=2&token=3&token=4&token=t0ken-of-all-4f1c9a7be2d8036581", nil, false, 401,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var yaml strings.Builder
			yaml.WriteString(c.yaml + oneRoute)
			for i := range c.tokens {
				fmt.Fprintf(&yaml,
					"  - {name: r%d, path: /shared, auth: {token: token-of-%d-4f1c9a7be2d8036581}, match: {dialed: [\"%d\"]}, branches: [{name: closed, pass: true}]}\n", i, i, 1000+i)
			}
			w := started(t, yaml.String(), nil)
			r := post(c.path)
			body := &countingReader{
				r: strings.NewReader("Request=" + map[bool]string{true: "1001", false: "7"}[c.want == 401]),
			}
			r.Body, r.ContentLength = io.NopCloser(body), -1
			if c.change != nil {
				c.change(r)
			}
			if got := w.call(r); got.StatusCode != c.want {
				t.Errorf("got %d, want %d", got.StatusCode, c.want)
			}
			if read := body.n > 0; read != c.read {
				t.Errorf("%d bytes of the body were read", body.n)
			}
		})
	}
}

// countingReader counts what is read.
type countingReader struct {
	r io.Reader
	n int
}

func (c *countingReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += n
	return n, err
}

// TestStrangersCostNothing: what a stranger sends changes nothing about what refusing costs, and of
// many tokens, addresses and credentials no more is kept than of a few. It counts what all of the
// process allocates.
func TestStrangersCostNothing(t *testing.T) {
	w := started(t,
		"auth: {networks: [192.0.2.0/24], trusted_proxies: [192.0.2.1], token: t0ken-of-all-4f1c9a7be2d8036581}"+
			oneRoute, nil)
	cost := func(change func(r *http.Request, n int), n int) int {
		const rounds = 50
		requests := make([]*http.Request, rounds)
		for i := range requests {
			requests[i] = httptest.NewRequest(http.MethodPost, "/main", nil)
			change(requests[i], n)
		}
		w.log.Reset()
		return growth.Bytes(func() {
			for _, r := range requests {
				w.call(r)
			}
		}) / rounds
	}
	for name, c := range map[string]struct {
		linear bool // a copy of what is long is made
		change func(r *http.Request, n int)
	}{
		"a body": {false, func(r *http.Request, n int) {
			r.Body = io.NopCloser(strings.NewReader(strings.Repeat(" +", n/2)))
		}},
		"addresses": {false, func(r *http.Request, n int) {
			r.Header["X-Forwarded-For"] = []string{strings.Repeat("192.0.2.1,", n/10) + "192.0.2.1"}
		}},
		"headers": {false, func(r *http.Request, n int) {
			r.Header["X-Forwarded-For"] = slices.Repeat([]string{"192.0.2.1"}, n/10)
		}},
		"tokens":   {true, func(r *http.Request, n int) { r.URL.RawQuery = strings.Repeat("token=x&", n/8) }},
		"a token":  {true, func(r *http.Request, n int) { r.URL.RawQuery = "token=" + strings.Repeat("+", n) }},
		"a header": {true, func(r *http.Request, n int) { r.Header.Set(listen.TokenHeader, strings.Repeat("+", n)) }},
		"a login": {true, func(r *http.Request, n int) {
			r.Header.Set("Authorization", "Basic "+strings.Repeat("QUFB", n/4))
		}},
		"a path": {true, func(r *http.Request, n int) { r.URL.Path = strings.Repeat("/x", n/2) + "/" }},
	} {
		most := 1.1
		if c.linear {
			most = 2.3
		}
		t.Run(name, func(t *testing.T) {
			growth.Within(t, most, 16<<10, func(n int) int { return cost(c.change, n) })
		})
	}
}

// TestReadersAreAlike: whether there are hours is told neither by the answer, nor by the log,
// nor by the work that is done.
func TestReadersAreAlike(t *testing.T) {
	if growth.UnderRace {
		t.Skip("it measures memory; the run without the race detector does")
	}
	w := started(t, openToReaders, readersFiles())
	ask := func(target string) (answer, line string, allocs float64) {
		w.log.Reset()
		got := w.read(target)
		answer = fmt.Sprint(got.StatusCode, got.Header, body(t, got))
		line = regexp.MustCompile(`"time":"[^"]*"|"route":"[^"]*"|"took":\d+`).ReplaceAllString(w.log.String(), "")
		r := httptest.NewRequest(http.MethodGet, target, nil)
		return answer, line, testing.AllocsPerRun(50, func() { w.Calls().ServeHTTP(discarded{http.Header{}}, r) })
	}
	wrong := "?token=" + strings.Repeat("0", len(anyToken))
	wantAnswer, wantLine, wantAllocs := ask("/-/hours/plain.ics" + wrong)
	for _, target := range []string{
		"/-/hours/other/main.ics", "/-/hours/other/much.ics", "/-/hours/nowhe.ics",
		"/-/hours/plain.icz", "/-/hours/.ics",
	} {
		for _, query := range []string{"", "?token=", wrong} {
			answer, line, allocs := ask(target + query)
			if answer != wantAnswer || line != wantLine {
				t.Errorf("%s%s: got %s and %s, want %s and %s", target, query, answer, line, wantAnswer, wantLine)
			}
			if query == wrong && allocs != wantAllocs {
				t.Errorf("%s%s: got %v allocations, want %v", target, query, allocs, wantAllocs)
			}
		}
	}
}

// discarded is an answer that nobody reads.
type discarded struct{ h http.Header }

func (d discarded) Header() http.Header         { return d.h }
func (d discarded) WriteHeader(int)             {}
func (d discarded) Write(p []byte) (int, error) { return len(p), nil }

// TestRefusalIsExplained: the line of a refused call says why, from where it came and which path
// it asked for, and no token.
func TestRefusalIsExplained(t *testing.T) {
	t.Parallel()
	const token = "k7Qp2vXw9ZrT4mNb6LsD1f"
	w := started(t, "auth: {networks: [192.0.2.0/24], token: "+token+"}"+oneRoute, nil)
	for _, c := range []struct {
		path, remote, want string
	}{
		{
			"/main", "198.51.100.7:1234",
			`"status":403,"reason":"address_not_in_networks","path":"/main","remote":"198.51.100.7:1234"`,
		},
		{"/main", "192.0.2.1:1234", `"status":401,"reason":"no_credentials","path":"/main"`},
		{"/main?token=guess", "192.0.2.1:1234", `"status":401,"reason":"wrong_credentials","path":"/main"`},
		{
			"/" + token[1:] + "/main", "192.0.2.1:1234",
			`"status":401,"reason":"wrong_credentials","path":"/\\u2026/main"`,
		},
		{"/main?Token=guess", "192.0.2.1:1234", `"status":401,"reason":"wrong_credentials","path":"/main"`},
		{"/main?token=%zz", "192.0.2.1:1234", `"status":401,"reason":"wrong_credentials","path":"/main"`},
		{
			"/" + token + "/mian", "192.0.2.1:1234",
			`"status":404,"reason":"no_path","path":"/mian","detail":"no route has the path \"/mian\"; did you mean \"/main\"?"`,
		},
	} {
		r := post(c.path, "Request", "1001")
		r.RemoteAddr = c.remote
		w.call(r)
		if log := w.log.String(); !strings.Contains(log, c.want) || strings.Contains(log, token[1:]) ||
			strings.Contains(log, "guess") {
			t.Errorf("%s from %s: want %s in\n%s", c.path, c.remote, c.want, log)
		}
	}
}
