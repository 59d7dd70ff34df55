package feeds

import (
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"github.com/callhours/callhours/internal/guard"
)

// TestBlame is about which answers are a host's word that it has had enough: its own, and not those
// of hosts or pages to which somebody's feed leads. All servers are on loopback, under the names
// that the DNS of the test has.
func TestBlame(t *testing.T) {
	t.Parallel()
	const (
		robot   = "<html><body>my blog about unusual traffic in town</body></html>"
		suspect = "it answered with a check for robots; fetch less often, or from another address"
	)
	for _, c := range []struct {
		name, host string
		answer     scripted
		away       string // where the answer leads; "" for nowhere. "#" is the port
		there      scripted
		want       string // HOME is scheme, host and port of the feed, AWAY those of where it leads
	}{
		{
			name: "its own 429", answer: answerStatus(429, "Retry-After", "60"),
			want: "rate_limited 429 busy retry after 1m0s: HOME/…: 429 Too Many Requests; fetch less often, or from another address",
		},
		{
			name: "a wait without end", answer: answerStatus(429, "Retry-After", strings.Repeat("9", 300)),
			want: "rate_limited 429 busy retry after 6h0m0s: HOME/…: 429 Too Many Requests; fetch less often, or from another address",
		},
		{
			name: "its own 503", answer: answerStatus(503, "Retry-After", "60"),
			want: "server_error 503 busy retry after 1m0s: HOME/…: 503 Service Unavailable",
		},
		{name: "a page of somebody", answer: answerPage(robot), want: "rate_limited 200: HOME/…: " + suspect},
		{
			name: "a page of somebody with 404", answer: answerWith(404, []byte(robot)),
			want: "rate_limited 404: HOME/…: " + suspect,
		},
		{
			name: "another host's 429", away: "http://away.test:#/x", there: answerStatus(429, "Retry-After", "21600"),
			want: "rate_limited 429 retry after 6h0m0s: HOME/…: redirected to AWAY/…: 429 Too Many Requests; fetch less often, or from another address",
		},
		{
			name: "another port's 503", away: "http://home.test:1#/x", there: nil,
			want: "server_error 302: HOME/…: redirected to AWAY/…: ",
		},
		{
			name: "another host that leads back", away: "http://away.test:#/back",
			there: answerStatus(302, "Location", "/back"),
			want:  "server_error 302: HOME/…: redirected to AWAY/…: 302 Found in a circle",
		},
		{
			name: "a host that calls itself Google", away: "http://www.google.evil.test:#/sorry/x",
			there: answerBody(small), want: "ok 200",
		},
		{
			name: "a host that ends like Google", away: "http://notgoogle.com:#/sorry/x", there: answerBody(small),
			want: "ok 200",
		},
		{
			name: "somebody's redirect to Google's page", away: "http://www.google.com:#/sorry/x",
			there: answerWith(429, []byte(robot), "Retry-After", "3600"),
			want:  "rate_limited 429 retry after 1h0m0s: HOME/…: redirected to AWAY/…: " + suspect,
		},
		{
			name: "Google's own", host: "calendar.google.com", away: "http://www.google.com:#/sorry/x",
			want: "rate_limited 302 busy: HOME/…: " + suspect,
		},
		{
			name: "Google's own, of a country", host: "calendar.google.com", away: "http://www.google.co.uk:#/sorry/x",
			want: "rate_limited 302 busy: HOME/…: " + suspect,
		},
		{
			name: "Google's after somebody's redirect", away: "http://calendar.google.com:#/x",
			there: answerStatus(302, "Location", "http://www.google.com/sorry/x"),
			want:  "rate_limited 302: HOME/…: redirected to AWAY/…: " + suspect,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			server, dns := newFaultServer(t), &fakeDNS{}
			host := "home.test"
			if c.host != "" {
				host = c.host
			}
			ports := strings.NewReplacer(":#", ":"+port(server), ":1#", ":1")
			away := &url.URL{}
			if c.away != "" {
				away, _ = url.Parse(ports.Replace(c.away))
				dns.set(away.Hostname(), "127.0.0.1")
				server.on(away.Path, c.there)
				c.answer = answerRedirect(302, away.String())
			}
			dns.set(host, "127.0.0.1")
			server.on("/feed", c.answer)
			f := newTestFetcher(t, FetcherOptions{})
			f.resolver = dns.resolver()
			f.reachOf = func(netip.Addr) guard.Reach { return guard.Public }
			home := "http://" + host + ":" + port(server)
			got := resultLine(f.Fetch(t.Context(), Source{URL: home + "/feed"}, Validators{}))
			want := strings.NewReplacer("HOME", home, "AWAY", "http://"+away.Host).Replace(c.want)
			if !strings.HasPrefix(got, want) || strings.HasSuffix(want, "person") && got != want {
				t.Errorf("got %s, want %s", got, want)
			}
		})
	}
}

// TestIsGoogle compares hosts, not how they begin or end.
func TestIsGoogle(t *testing.T) {
	t.Parallel()
	for host, want := range map[string]bool{
		"google.com": true, "www.google.com": true, "calendar.google.com": true, "www.google.de": true,
		"www.google.co.uk": true, "www.google.com.br": true,
		"google.com.evil.example": false, "www.google.evil.example": false, "notgoogle.com": false,
		"google.com-evil.example": false, "www.google.info": false,
		"google": false, "": false, ".google.com": false, "google.com.": false,
	} {
		if got := isGoogle(host); got != want {
			t.Errorf("%q: got %v, want %v", host, got, want)
		}
	}
}

// TestPromises has a server that says more than is kept of it.
func TestPromises(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("a", 2*validatorSize)
	for _, c := range []struct {
		name, header, value string
		want                Validators
	}{
		{"an ETag", "ETag", `"a b"`, Validators{ETag: `"a b"`}},
		{"a weak one", "ETag", `W/"a"`, Validators{ETag: `W/"a"`}},
		{"a bare one", "ETag", "a", Validators{ETag: "a"}},
		{"a long ETag", "ETag", long, Validators{}},
		{"an ETag that no JSON can hold", "ETag", "\"a\xffb\"", Validators{}},
		{
			"a date", "Last-Modified", "Mon, 23 Nov 2026 10:00:00 GMT",
			Validators{LastModified: "Mon, 23 Nov 2026 10:00:00 GMT"},
		},
		{
			"an old date", "Last-Modified", "Monday, 23-Nov-26 10:00:00 GMT",
			Validators{LastModified: "Monday, 23-Nov-26 10:00:00 GMT"},
		},
		{"no date", "Last-Modified", long, Validators{}},
	} {
		server := newFaultServer(t)
		head := fmt.Sprintf("HTTP/1.1 200 OK\r\n%s: %s\r\nContent-Length: %d\r\n\r\n%s", c.header, c.value, len(small),
			small)
		server.on("/feed", func(w http.ResponseWriter, _ *http.Request) {
			conn, _, err := http.NewResponseController(w).Hijack()
			if err != nil {
				panic(err)
			}
			defer conn.Close()
			fmt.Fprint(conn, head)
		})
		f := newTestFetcher(t, FetcherOptions{})
		got := f.Fetch(t.Context(), Source{URL: server.URL + "/feed"}, Validators{})
		if resultLine(got) != "ok 200" || got.Validators != c.want {
			t.Errorf("%s: got %s, %+v, want %+v", c.name, resultLine(got), got.Validators, c.want)
		}
		if again := f.Fetch(t.Context(), Source{URL: server.URL + "/feed"},
			got.Validators); resultLine(again) != "ok 200" {
			t.Errorf("%s: the next attempt: %s", c.name, resultLine(again))
		}
	}
}
