package feeds

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/callhours/callhours/internal/guard"
)

// TestFetchAddresses is about where a fetch may connect to. All servers are on loopback; 127.0.0.2
// plays the public Internet, and names lead where the DNS of the test says at that moment.
func TestFetchAddresses(t *testing.T) {
	t.Parallel()
	const publicIP, privateIP = "127.0.0.2", "127.0.0.1"
	for _, c := range []struct {
		name  string
		owner string
		deny  bool
		// first is fetched before, and must succeed; "" for nothing. {public} and {private} are the
		// servers.
		first, url string
		script     func(t *testing.T, outside, inside *faultServer, dns *fakeDNS)
		want       string
		asked      int // requests to /in of the private server
	}{
		{name: "private", url: "http://private.test:{private}/in", want: "ok 200", asked: 1},
		{name: "private, by address", url: "http://127.0.0.1:{private}/in", want: "ok 200", asked: 1},
		{
			name: "private, denied", deny: true, url: "http://private.test:{private}/in",
			want: "server_error 0: http://private.test:{private}/…: 127.0.0.1 is a private address, which deny_private_addresses forbids",
		},
		{
			name: "private, by address in IPv6, denied", deny: true, url: "http://[::ffff:127.0.0.1]:{private}/in",
			want: "server_error 0: http://[::ffff:127.0.0.1]:{private}/…: 127.0.0.1 is a private address, which deny_private_addresses forbids",
		},
		{
			name: "a tenant's", owner: "acme", deny: true, url: "http://private.test:{private}/in",
			want: "server_error 0: http://private.test:{private}/…: 127.0.0.1 is a private address, " +
				"from which a tenant's feed is fetched only if deny_private_addresses in the main file allows it",
		},
		{name: "a tenant's, allowed", owner: "acme", url: "http://private.test:{private}/in", want: "ok 200", asked: 1},
		{
			name: "a tenant's, where the operator's connection is open", owner: "acme", deny: true,
			first: "http://private.test:{private}/in",
			url:   "http://private.test:{private}/in",
			want: "server_error 0: http://private.test:{private}/…: 127.0.0.1 is a private address, " +
				"from which a tenant's feed is fetched only if deny_private_addresses in the main file allows it",
			asked: 1,
		},
		{
			name: "of two addresses the private one, denied", deny: true, url: "http://both.test:{public}/out",
			script: func(t *testing.T, outside, inside *faultServer, dns *fakeDNS) {
				dns.set("both.test", privateIP, publicIP)
				newFaultServerAt(t, privateIP+":"+port(outside)).on("/out", answerStatus(500))
			},
			want: "ok 200",
		},
		{
			name: "two private addresses, denied", deny: true, url: "http://both.test:{private}/in",
			script: func(_ *testing.T, _, _ *faultServer, dns *fakeDNS) {
				dns.set("both.test", privateIP, "127.0.0.3")
			},
			want: "server_error 0: http://both.test:{private}/…: 127.0.0.1 is a private address, which deny_private_addresses forbids",
		},
		{
			name: "in IPv6 with a zone, denied", deny: true, url: "http://[::1%25lo]:{private}/in",
			want: "server_error 0: http://[::1%lo]:{private}/…: ::1%lo is a private address, which deny_private_addresses forbids",
		},
		{
			name: "by NAT64, denied", deny: true, url: "http://[64:ff9b::7f00:1]:{private}/in",
			want: "server_error 0: http://[64:ff9b::7f00:1]:{private}/…: 64:ff9b::7f00:1 is a private address, which deny_private_addresses forbids",
		},
		{
			name: "from public to another port of a private one", url: "http://public.test:{public}/to-port",
			script: func(t *testing.T, outside, _ *faultServer, _ *fakeDNS) {
				outside.on("/to-port", answerRedirect(307, "http://[::ffff:127.0.0.1]:1/in"))
			},
			want: "server_error 307: http://public.test:{public}/…: redirected to http://[::ffff:127.0.0.1]:1/…: " +
				"127.0.0.1 is a private address, where a redirect from a public one may not lead",
		},
		{name: "public, private ones denied", deny: true, url: "http://public.test:{public}/out", want: "ok 200"},
		{
			name: "from public to private", url: "http://public.test:{public}/to-private",
			want: "server_error 302: http://public.test:{public}/…: redirected to http://private.test:{private}/…: 127.0.0.1 is a private address, where a redirect from a public one may not lead",
		},
		{
			name: "from public to private, where a connection is open", first: "http://private.test:{private}/in",
			url:   "http://public.test:{public}/to-private",
			want:  "server_error 302: http://public.test:{public}/…: redirected to http://private.test:{private}/…: 127.0.0.1 is a private address, where a redirect from a public one may not lead",
			asked: 1,
		},
		{name: "from private to private", url: "http://127.0.0.1:{private}/to-private", want: "ok 200", asked: 1},
		{name: "from private to public", url: "http://127.0.0.1:{private}/to-public", want: "ok 200"},
		{
			name: "from private to public and back", url: "http://private.test:{private}/to-public",
			script: func(_ *testing.T, outside, inside *faultServer, _ *fakeDNS) {
				outside.on("/out", answerRedirect(302, "http://private.test:"+port(inside)+"/in"))
			},
			want: "server_error 302: http://private.test:{private}/…: 127.0.0.1 is a private address, where a redirect from a public one may not lead",
		},
		{
			name: "a name that leads inside after its first answer", url: "http://public.test:{private}/bounce",
			script: func(t *testing.T, _, inside *faultServer, dns *fakeDNS) {
				dns.set("public.test", publicIP)
				bounce := newFaultServerAt(t, publicIP+":"+port(inside))
				bounce.on("/bounce", func(w http.ResponseWriter, r *http.Request) {
					dns.set("public.test", privateIP)
					answerStatus(302, "Location", "/in", "Connection", "close")(w, r)
				})
			},
			want: "server_error 302: http://public.test:{private}/…: 127.0.0.1 is a private address, where a redirect from a public one may not lead",
		},
		{
			name: "the clouds' metadata", url: "http://169.254.169.254/latest/meta-data",
			want: "server_error 0: http://169.254.169.254/…: 169.254.169.254 is a link-local address or a cloud's metadata service; nothing is fetched from there",
		},
		{
			name: "the clouds' metadata, by a name", url: "http://metadata.test/latest/meta-data",
			want: "server_error 0: http://metadata.test/…: 169.254.169.254 is a link-local address or a cloud's metadata service; nothing is fetched from there",
		},
		{
			name: "link-local in IPv6", url: "http://[fe80::1%25lo]/in",
			want: "server_error 0: http://[fe80::1%lo]/…: fe80::1%lo is a link-local address or a cloud's metadata service; nothing is fetched from there",
		},
		{
			name: "an unknown name", url: "http://unknown.test/in",
			want: "server_error 0: http://unknown.test/…: the DNS has no such host; is its name right?",
		},
		{
			name: "Microsoft", url: "http://outlook.office365.com:{private}/forbidden",
			want: "forbidden 403: http://outlook.office365.com:{private}/…: 403 Forbidden; this host refuses unknown programs; set user_agent to that of a browser",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			inside, outside := newFaultServer(t), newFaultServerAt(t, publicIP+":0")
			dns := &fakeDNS{}
			for host, ip := range map[string]string{
				"public.test": publicIP, "private.test": privateIP, "outlook.office365.com": privateIP,
				"metadata.test": "169.254.169.254",
			} {
				dns.set(host, ip)
			}
			ports := strings.NewReplacer("{private}", port(inside), "{public}", port(outside))
			inside.on("/in", answerBody(small))
			inside.on("/to-private", answerRedirect(302, ports.Replace("http://private.test:{private}/in")))
			inside.on("/to-public", answerRedirect(302, ports.Replace("http://public.test:{public}/out")))
			inside.on("/forbidden", answerStatus(403))
			outside.on("/out", answerBody(small))
			outside.on("/to-private", answerRedirect(302, ports.Replace("http://private.test:{private}/in")))
			if c.script != nil {
				c.script(t, outside, inside, dns)
			}
			f := newTestFetcher(t, FetcherOptions{})
			f.resolver = dns.resolver()
			f.reachOf = func(a netip.Addr) guard.Reach {
				if a.String() == publicIP {
					return guard.Public
				}
				return guard.ReachOf(a)
			}
			if c.first != "" {
				if got := resultLine(f.Fetch(t.Context(), Source{URL: ports.Replace(c.first)},
					Validators{})); got != "ok 200" {
					t.Fatalf("first: got %s", got)
				}
			}
			got := f.Fetch(t.Context(), Source{URL: ports.Replace(c.url), DenyPrivate: c.deny, Owner: c.owner},
				Validators{})
			if diff := cmp.Diff(ports.Replace(c.want), resultLine(got)); diff != "" {
				t.Errorf("outcome (-want +got):\n%s", diff)
			}
			if n := len(inside.asked("/in")); n != c.asked {
				t.Errorf("the private server was asked %d times, want %d", n, c.asked)
			}
		})
	}
}

// newFaultServerAt starts a fault server at an address of loopback other than 127.0.0.1, where the
// system has them.
func newFaultServerAt(t testing.TB, address string) *faultServer {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", address)
	if err != nil {
		t.Skipf("no listener at %s: %v", address, err)
	}
	s := unstarted(t)
	s.Listener.Close()
	s.Listener = listener
	s.Start()
	return s
}

// port is that of a server.
func port(s *faultServer) string {
	_, port, _ := net.SplitHostPort(s.Listener.Addr().String())
	return port
}

func TestFetchRefusedConnection(t *testing.T) {
	t.Parallel()
	server := newFaultServer(t)
	server.Close()
	got := resultLine(newTestFetcher(t, FetcherOptions{}).Fetch(t.Context(), Source{URL: server.URL}, Validators{}))
	want := "server_error 0: " + server.URL + "/…: connection refused; is the server running, and the port right?"
	if got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestFetchSilentDNS(t *testing.T) {
	t.Parallel()
	dns := &fakeDNS{}
	dns.set("silent.test")
	f := newTestFetcher(t, FetcherOptions{Timeout: 200 * time.Millisecond})
	f.resolver = dns.resolver()
	got := resultLine(f.Fetch(t.Context(), Source{URL: "http://silent.test/"}, Validators{}))
	if want := "timeout 0: http://silent.test/…: timed out while looking up the host; an attempt may take 200ms"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
