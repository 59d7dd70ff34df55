package server

import (
	"net/http"
	"strings"
	"testing"
)

func TestAuth(t *testing.T) {
	t.Parallel()
	const routes = `
secrets: [secrets.yaml]
routes:
  - {name: main, branches: [{name: closed, callflow: '{"module":"hangup"}'}]}
  - name: own
    auth: {token: {secret: own}}
    branches: [{name: closed, callflow: '{"module":"hangup"}'}]
`
	files := map[string]string{
		"secrets.yaml": "password: \"s3cret pass\"\ntoken: t0ken-of-all-4f1c9a7be2d8036581\nown: 0wn-token-of-4f1c9a7be2d80365\n",
	}
	const (
		basic = "auth: {basic: {username: kazoo, password: {secret: password}}}\n"
		both  = "auth: {basic: {username: kazoo, password: {secret: password}}, token: {secret: token}}\n"
		near  = "auth: {networks: [198.51.100.0/24, \"2001:db8::/32\"]}\n"
		proxy = "auth: {networks: [198.51.100.0/24], trusted_proxies: [10.0.0.0/8], token: {secret: token}}\n"
	)
	type change = func(*http.Request)
	login := func(name, password string) change { return func(r *http.Request) { r.SetBasicAuth(name, password) } }
	header := func(token string) change { return func(r *http.Request) { r.Header.Set("X-Callhours-Token", token) } }
	from := func(address string) change { return func(r *http.Request) { r.RemoteAddr = address } }
	forwarded := func(by string, value ...string) change {
		return func(r *http.Request) { r.RemoteAddr = by; r.Header["X-Forwarded-For"] = value }
	}
	for _, c := range []struct {
		name, auth, path string
		change           []change
		want             int
	}{
		{"anybody", "", "/main", nil, 200},
		{"basic auth", basic, "/main", []change{login("kazoo", "s3cret pass")}, 200},
		{"no basic auth", basic, "/main", nil, 401},
		{"a wrong password", basic, "/main", []change{login("kazoo", "s3cret")}, 401},
		{"a wrong name", basic, "/main", []change{login("kazoo2", "s3cret pass")}, 401},
		{"a token where none is set", basic, "/main", []change{header("t0ken-of-all-4f1c9a7be2d8036581")}, 401},
		{"a route that is not there", basic, "/nowhere", nil, 401},
		{"a route that is not there, with a password", basic, "/nowhere", []change{login("kazoo", "s3cret pass")}, 404},
		{"either, by password", both, "/main", []change{login("kazoo", "s3cret pass")}, 200},
		{"either, by header", both, "/main", []change{header("t0ken-of-all-4f1c9a7be2d8036581")}, 200},
		{"either, by query", both, "/main?token=t0ken%2dof-all-4f1c9a7be2d8036581", nil, 200},
		{"either, by path", both, "/t0ken-of-all-4f1c9a7be2d8036581/main", nil, 200},
		{"either, by a path with slashes", both, "//t0ken-of-all-4f1c9a7be2d8036581//main/", nil, 200},
		{"neither", both, "/main?token=", []change{header("")}, 401},
		{"a wrong token in the path", both, "/t0ken/main", nil, 401},
		{"the token of a route", both, "/own", []change{header("0wn-token-of-4f1c9a7be2d80365")}, 200},
		{"the token of a route in the path", both, "/0wn-token-of-4f1c9a7be2d80365/own", nil, 200},
		{"the token of a route for another one", both, "/0wn-token-of-4f1c9a7be2d80365/main", nil, 401},
		{
			"everybody's token for a route with its own", both, "/own",
			[]change{header("t0ken-of-all-4f1c9a7be2d8036581")},
			401,
		},
		{"a network", near, "/main", []change{from("198.51.100.9:5060")}, 200},
		{"a network, mapped into IPv6", near, "/main", []change{from("[::ffff:198.51.100.9]:5060")}, 200},
		{"a network of IPv6", near, "/main", []change{from("[2001:db8::1]:5060")}, 200},
		{"a strange network", near, "/main", []change{from("203.0.113.9:5060")}, 403},
		{
			"a strange network that says otherwise", near, "/main",
			[]change{forwarded("203.0.113.9:1", "198.51.100.9")},
			403,
		},
		{"no address", near, "/main", []change{from("@")}, 403},
		{
			"through a proxy", proxy, "/t0ken-of-all-4f1c9a7be2d8036581/main",
			[]change{forwarded("10.1.2.3:1", "198.51.100.9")},
			200,
		},
		{
			"through two proxies", proxy, "/t0ken-of-all-4f1c9a7be2d8036581/main",
			[]change{forwarded("10.1.2.3:1", "198.51.100.9, 10.9.9.9")},
			200,
		},
		{
			"through a proxy, lying", proxy, "/t0ken-of-all-4f1c9a7be2d8036581/main",
			[]change{forwarded("10.1.2.3:1", "198.51.100.9", "203.0.113.9")},
			403,
		},
		{
			"a proxy that says nothing", proxy, "/t0ken-of-all-4f1c9a7be2d8036581/main",
			[]change{from("10.1.2.3:1")},
			403,
		},
		{"through a proxy, without the token", proxy, "/main", []change{forwarded("10.1.2.3:1", "198.51.100.9")}, 401},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := started(t, c.auth+routes, files)
			r := post(c.path, "Request", "+14155550100")
			for _, change := range c.change {
				change(r)
			}
			got := w.call(r)
			if got.StatusCode != c.want {
				t.Errorf("got %d, want %d", got.StatusCode, c.want)
			}
			if log := w.log.String(); strings.Contains(log, "t0ken") || strings.Contains(log, "s3cret") ||
				strings.Contains(log, "0wn-token-of-4f1c9a7be2d80365") {
				t.Errorf("the log shows a secret: %s", log)
			}
		})
	}
}

// TestTokenIsNoParameter: what lets a call in is not shown to templates.
func TestTokenIsNoParameter(t *testing.T) {
	t.Parallel()
	w := started(t, `
auth: {token: t0ken-of-one-4f1c9a7be2d8036581}
routes:
  - {name: main, branches: [{name: closed, callflow: '{"module":"hangup","data":{"said":{{ .Call.Param "token" }},"step":{{ .Call.Param "step" }}}}'}]}
`, nil)
	if got, want := body(t, w.call(post("/main?step=2&token=t0ken-of-one-4f1c9a7be2d8036581"))),
		`{"module":"hangup","data":{"said":"","step":"2"}}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
