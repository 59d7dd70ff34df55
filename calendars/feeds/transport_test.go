package feeds

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/callhours/callhours/internal/diag"
	"github.com/callhours/callhours/metrics"
)

// TestFetchTLS is what can be wrong with a certificate, and what redirects between http and https
// do.
func TestFetchTLS(t *testing.T) {
	t.Parallel()
	known, other := newAuthority(t), newAuthority(t)
	from, until := fetchClock.AddDate(-1, 0, 0), fetchClock.AddDate(1, 0, 0)
	good := known.issue(t, from, until, "127.0.0.1")
	notPEM := t.TempDir() + "/not.pem"
	if err := os.WriteFile(notPEM, []byte("PLANTED"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name        string
		certificate tls.Certificate
		caFile      string
		scheme      string // of the source; "" for https
		answers     func(secure, plain *faultServer) []scripted
		want        string // HOST is the TLS server's address, PLAIN the HTTP server's
	}{
		{name: "a good certificate", certificate: good, caFile: known.file, want: "ok 200"},
		{name: "webcal", certificate: good, caFile: known.file, scheme: "webcal", want: "ok 200"},
		{
			name: "an unknown authority", certificate: good,
			want: "server_error 0: https://HOST/…: its certificate is signed by an unknown authority; a company's own goes into ca_file",
		},
		{
			name: "another authority", certificate: good, caFile: other.file,
			want: "server_error 0: https://HOST/…: its certificate is signed by an authority that is not in ca_file",
		},
		{
			name: "expired", certificate: known.issue(t, from, fetchClock.AddDate(0, 0, -1), "127.0.0.1"),
			caFile: known.file,
			want:   "server_error 0: https://HOST/…: its certificate expired on 2026-11-22; renew it on the server",
		},
		{
			name: "not yet good", certificate: known.issue(t, fetchClock.AddDate(0, 0, 1), until, "127.0.0.1"),
			caFile: known.file,
			want:   "server_error 0: https://HOST/…: its certificate is valid from 2026-11-24 on; is the clock here right?",
		},
		{
			name:        "another host",
			certificate: known.issue(t, from, until, "a.example", "b.example", "c.example", "192.0.2.1"),
			caFile:      known.file,
			want:        `server_error 0: https://HOST/…: its certificate is for "a.example", "b.example", "c.example" and 1 more; is the host's name right?`,
		},
		{
			name: "a CA file that is not there", certificate: good, caFile: "no/such.pem",
			want: `server_error 0: https://HOST/…: ca_file "no/such.pem": no such file or directory`,
		},
		{
			name: "a CA file without certificates", certificate: good, caFile: notPEM,
			want: `server_error 0: https://HOST/…: ca_file ` + diag.Quote(notPEM) +
				`: expected certificates as PEM, found none`,
		},
		{
			name: "a server without TLS", certificate: good, scheme: "https://PLAIN",
			want: "server_error 0: https://PLAIN/…: it does not speak TLS on this port; is it http?",
		},
		{
			name: "an endless header by HTTP/2", certificate: good, caFile: known.file,
			answers: func(_, _ *faultServer) []scripted {
				return []scripted{func(w http.ResponseWriter, _ *http.Request) {
					for i := range 400 {
						w.Header().Set(fmt.Sprintf("X-%d", i), strings.Repeat("PLANTED", 20))
					}
				}}
			},
			want: "server_error 0: https://HOST/…: the connection failed while waiting for the answer",
		},
		{
			name: "a stream that breaks off", certificate: good, caFile: known.file,
			answers: func(_, _ *faultServer) []scripted {
				return []scripted{func(w http.ResponseWriter, _ *http.Request) {
					w.Write(small)
					http.NewResponseController(w).Flush()
					panic(http.ErrAbortHandler)
				}}
			},
			want: fmt.Sprintf("truncated 200: https://HOST/…: truncated: it broke off after %d bytes", len(small)),
		},
		{
			name: "a stream that ends before the answer", certificate: good, caFile: known.file,
			answers: func(_, _ *faultServer) []scripted {
				return []scripted{func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }}
			},
			want: "server_error 0: https://HOST/…: the connection failed while waiting for the answer",
		},
		{
			name: "from https to http", certificate: good, caFile: known.file,
			answers: func(_, plain *faultServer) []scripted {
				return []scripted{answerRedirect(301, plain.URL+"/feed")}
			},
			want: "server_error 301: https://HOST/…: 301 Moved Permanently from https to http (http://PLAIN/…); what is read there could be changed on its way",
		},
		{
			name: "from https to itself as webcal", certificate: good, caFile: known.file,
			answers: func(secure, _ *faultServer) []scripted {
				return []scripted{
					answerRedirect(302, strings.Replace(secure.URL, "https", "webcal", 1)+"/feed?again"),
					answerBody(small),
				}
			},
			want: "ok 200",
		},
		{
			name: "from http to https", certificate: good, caFile: known.file, scheme: "http://PLAIN",
			answers: func(_, _ *faultServer) []scripted {
				return []scripted{func(w http.ResponseWriter, r *http.Request) {
					if r.Header.Get("Authorization") != "" {
						answerStatus(418)(w, r)
						return
					}
					answerStatus(403)(w, r)
				}}
			},
			want: "forbidden 403: http://PLAIN/…: redirected to https://HOST/…: 403 Forbidden; credentials and headers are not sent where a redirect leads; set url to the address where it ends",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			secure, plain := newTLSFaultServer(t, c.certificate), newFaultServer(t)
			names := strings.NewReplacer("HOST", secure.Listener.Addr().String(), "PLAIN",
				plain.Listener.Addr().String())
			secure.on("/feed", answerBody(small))
			plain.on("/feed", answerRedirect(302, secure.URL+"/feed"))
			if c.answers != nil {
				secure.on("/feed", c.answers(secure, plain)...)
			}
			source := Source{
				URL: secure.URL + "/feed", Username: plantedUser, Password: plantedPassword,
				CAFile: c.caFile,
			}
			switch {
			case strings.Contains(c.scheme, "://"):
				source.URL = names.Replace(c.scheme) + "/feed"
			case c.scheme != "":
				source.URL = strings.Replace(source.URL, "https", c.scheme, 1)
			}
			line := resultLine(newTestFetcher(t, FetcherOptions{}).Fetch(t.Context(), source, Validators{}))
			if diff := cmp.Diff(names.Replace(c.want), line); diff != "" {
				t.Errorf("outcome (-want +got):\n%s", diff)
			}
			if secret := plantedIn(line); secret != "" {
				t.Errorf("%q holds the secret %q", line, secret)
			}
			for _, r := range secure.asked("/feed") {
				if r.ProtoMajor != 2 {
					t.Errorf("asked by %s, want HTTP/2", r.Proto)
				}
			}
		})
	}
}

// TestFetchTLSRefused has a server that wants what nobody has.
func TestFetchTLSRefused(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t)
	for _, c := range []struct {
		name   string
		change func(*tls.Config)
		want   string
	}{
		{"an old version", func(c *tls.Config) {
			c.MaxVersion = tls.VersionTLS11
		}, "TLS: protocol version not supported"},
		{"a client's certificate", func(c *tls.Config) {
			c.ClientAuth = tls.RequireAnyClientCert
		}, "TLS: certificate required"},
	} {
		server := unstarted(t)
		server.TLS = &tls.Config{
			Certificates: []tls.Certificate{ca.issue(t, fetchClock, fetchClock.AddDate(1, 0, 0), "127.0.0.1")},
			MinVersion:   tls.VersionTLS10,
		}
		c.change(server.TLS)
		server.StartTLS()
		got := resultLine(newTestFetcher(t, FetcherOptions{}).Fetch(t.Context(), Source{URL: server.URL, CAFile: ca.file},
			Validators{}))
		if want := "server_error 0: " + server.URL + "/…: " + c.want; got != want {
			t.Errorf("%s: got %s, want %s", c.name, got, want)
		}
	}
}

// TestFetchCAFileRenewed replaces a CA file. What it holds counts from the next attempt on, and the
// connections that the former one vouched for are closed.
func TestFetchCAFileRenewed(t *testing.T) {
	t.Parallel()
	former, next := newAuthority(t), newAuthority(t)
	from, until := fetchClock.AddDate(-1, 0, 0), fetchClock.AddDate(1, 0, 0)
	old, renewed := newCountedServer(t, former.issue(t, from, until, "127.0.0.1"), false),
		newTLSFaultServer(t, next.issue(t, from, until, "127.0.0.1"))
	old.on("/feed", answerBody(small))
	renewed.on("/feed", answerBody(small))
	f := newTestFetcher(t, FetcherOptions{})
	fetch := func(server *faultServer) string {
		return resultLine(f.Fetch(t.Context(), Source{URL: server.URL + "/feed", CAFile: former.file}, Validators{}))
	}
	for range 2 {
		if got := fetch(old.faultServer); got != "ok 200" {
			t.Fatalf("before: got %s", got)
		}
	}
	if n := old.opened.Load(); n != 1 {
		t.Errorf("two fetches opened %d connections, want 1", n)
	}
	pem, err := os.ReadFile(next.file)
	if err == nil {
		err = os.WriteFile(former.file, pem, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	if got := fetch(renewed); got != "ok 200" {
		t.Errorf("after: got %s", got)
	}
	select {
	case <-old.closed:
	case <-time.After(idleTimeout / 3):
		t.Error("the connection that the former authority vouched for is still open")
	}
	if got, want := fetch(old.faultServer),
		"server_error 0: "+old.URL+"/…: its certificate is signed by an authority that is not in ca_file"; got != want {
		t.Errorf("after: got %s, want %s", got, want)
	}
	if len(f.pools) != 1 {
		t.Errorf("there are %d pools, want 1", len(f.pools))
	}
}

// TestNothingIdle: a tenant's feed is fetched over HTTP/1.1, whatever else the server speaks, and
// when the attempt has ended, however it did, the connection is closed: one of HTTP/2 reads
// whatever the server sends. The operator's are fetched over HTTP/2.
func TestNothingIdle(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t)
	for _, c := range []struct {
		name   string
		answer scripted
		want   string
	}{
		{"good", answerBody(small), "ok 200"},
		{"too big", answerBody(bytes.Repeat([]byte("x"), 1<<20)), "too_big 200"},
		{"not found", scripted(http.NotFound), "not_found 404"},
	} {
		for _, owner := range []string{"acme", ""} {
			t.Run(fmt.Sprintf("%s, owner %q", c.name, owner), func(t *testing.T) {
				t.Parallel()
				server := newCountedServer(t, ca.issue(t, fetchClock, fetchClock.AddDate(1, 0, 0), "127.0.0.1"), true)
				var major atomic.Int32
				server.on("/feed", func(w http.ResponseWriter, r *http.Request) {
					major.Store(int32(r.ProtoMajor))
					c.answer(w, r)
				})
				f := newTestFetcher(t, FetcherOptions{Bytes: 64 << 10})
				s := Source{Owner: owner, URL: server.URL + "/feed", CAFile: ca.file}
				if got := resultLine(f.Fetch(t.Context(), s, Validators{})); !strings.HasPrefix(got, c.want) {
					t.Fatalf("got %s, want %s", got, c.want)
				}
				if (major.Load() == 2) != (owner == "") {
					t.Errorf("it speaks HTTP/%d", major.Load())
				}
				if owner == "" {
					return
				}
				select {
				case <-server.closed:
				case <-time.After(idleTimeout / 3):
					t.Error("the connection is still open")
				}
			})
		}
	}
}

// TestFlood: what a tenant's server sends has a bound in every part of an answer; it cannot keep
// the reader busy until the attempt is over.
func TestFlood(t *testing.T) {
	t.Parallel()
	const most = 64 << 20 // what the sender gives up after; sockets buffer a few MiB
	ca := newAuthority(t)
	config := &tls.Config{
		Certificates: []tls.Certificate{ca.issue(t, fetchClock, fetchClock.AddDate(1, 0, 0), "127.0.0.1")},
		NextProtos:   []string{"h2", "http/1.1"},
	}
	chunked := "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
	for _, c := range []struct{ name, start, endless string }{
		{"interim answers", "", "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"},
		{"continue", "", "HTTP/1.1 100 Continue\r\n\r\n"},
		{"empty lines", "", "\r\n"},
		{"a header", "HTTP/1.1 200 OK\r\n", "A: b\r\n"},
		{"a field", "HTTP/1.1 200 OK\r\nA: ", "b"},
		{"tiny chunks", chunked, "1\r\nx\r\n"},
		{"extensions of chunks", chunked, "1;a=bbbbbbbbbbbbbbbbbbbbbbbb\r\nx\r\n"},
		{"one extension", chunked + "1;", "a"},
		{"zeros of a size", chunked, "0"},
		{"trailers", chunked + "1\r\nx\r\n0\r\n", "A: b\r\n"},
		{"a body", "HTTP/1.1 200 OK\r\n\r\n", "x"},
		{"a body of an error", "HTTP/1.1 404 Not Found\r\n\r\n", "x"},
		{"a body of a redirect", "HTTP/1.1 302 Found\r\nLocation: /b\r\n\r\n", "x"},
		{"frames of HTTP/2", "\x00\x00\x00\x04\x00\x00\x00\x00\x00", "\x00\x00\x00\x77\x00\x00\x00\x00\x00"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			listener, err := tls.Listen("tcp", "127.0.0.1:0", config)
			if err != nil {
				t.Fatal(err)
			}
			defer listener.Close()
			var sent atomic.Int64
			go func() {
				for {
					conn, err := listener.Accept()
					if err != nil {
						return
					}
					go func() {
						defer conn.Close()
						_, _ = conn.Read(make([]byte, 4<<10))
						_, _ = conn.Write([]byte(c.start))
						for block := []byte(strings.Repeat(c.endless, 64<<10/len(c.endless))); sent.Load() < most; {
							n, err := conn.Write(block)
							if sent.Add(int64(n)); err != nil {
								return
							}
						}
					}()
				}
			}()
			s := Source{Owner: "acme", URL: "https://" + listener.Addr().String() + "/a.ics", CAFile: ca.file}
			got := newTestFetcher(t, FetcherOptions{Bytes: 64 << 10}).Fetch(t.Context(), s, Validators{})
			if got.Err == nil || got.Result == metrics.Timeout {
				t.Errorf("it ends with %s %v", got.Result, got.Err)
			}
			if n := sent.Load(); n >= most {
				t.Errorf("%d bytes were read", n)
			}
		})
	}
}

// countedServer counts its connections.
type countedServer struct {
	*faultServer
	opened atomic.Int32
	closed chan struct{} // gets a value for each, as far as there is room
}

func newCountedServer(t testing.TB, certificate tls.Certificate, http2 bool) *countedServer {
	t.Helper()
	s := &countedServer{faultServer: unstarted(t), closed: make(chan struct{}, 100)}
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		switch state {
		case http.StateNew:
			s.opened.Add(1)
		case http.StateClosed:
			select {
			case s.closed <- struct{}{}:
			default:
			}
		}
	}
	s.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}}
	s.EnableHTTP2 = http2
	s.StartTLS()
	return s
}
