package upstream

import (
	"bufio"
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/callhours/callhours/internal/diag"
	"github.com/callhours/callhours/internal/guard"
	"github.com/callhours/callhours/pivot"
)

const (
	form   = "application/x-www-form-urlencoded"
	body   = "To=%2B14155550100&&&Custom-Application-Vars[a b]=1+2&Call-ID=x"
	hangup = `{"module":"hangup"}`
)

// made is an upstream that is right.
func made(t *testing.T, o Options) *Upstream {
	t.Helper()
	o.URL.Pos = at
	u, mistakes := New(o)
	if len(mistakes) > 0 {
		t.Fatal(mistakes)
	}
	return u
}

// asking is what Kazoo sends.
func asking() Request {
	call := pivot.New(map[string]string{"To": "+14155550100"})
	return Request{
		Call: &call, Method: http.MethodPost, Body: []byte(body), Client: "203.0.113.9",
		Header: http.Header{"Content-Type": {form}, "Te": {""}, "Connection": {"keep-alive"}},
	}
}

// server answers with a handler; its log is dropped.
func server(t *testing.T, handle http.HandlerFunc) *httptest.Server {
	t.Helper()
	s := httptest.NewUnstartedServer(handle)
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.Start()
	t.Cleanup(s.Close)
	return s
}

func newPools(t *testing.T) *Pools {
	p := NewPools(nil)
	t.Cleanup(p.Close)
	return p
}

// TestForwarded: a script sees what Kazoo sent.
func TestForwarded(t *testing.T) {
	t.Parallel()
	var method, uri, got string
	var header http.Header
	s := server(t, func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		method, uri, got, header = r.Method, r.RequestURI, string(b), r.Header
		header.Set("Host", r.Host)
		w.Header().Set("Content-Type", JSON)
		_, _ = io.WriteString(w, hangup)
	})
	p := newPools(t)
	ask := func(r Request, o Options) {
		t.Helper()
		if o.URL.S == "" {
			o.URL.S = s.URL + "/hours.php?own=1"
		}
		answer, err := p.Ask(t.Context(), made(t, o), r)
		if err != nil || string(answer.Body) != hangup || answer.ContentType != JSON {
			t.Fatalf("got %s, %v", answer.Body, err)
		}
		if id := header.Get("X-Request-Id"); len(id) != 26 {
			t.Errorf("X-Request-Id %q", id)
		}
		header.Del("X-Request-Id")
	}
	host := strings.TrimPrefix(s.URL, "http://")

	post := asking()
	post.Query = "step=2&&x[y]=z"
	post.Header["Cookie"], post.Header["X-Step"] = []string{"a=b"}, []string{"one", "two"}
	post.Header["Connection"], post.Header["X-Hop"] = []string{"close, x-hop"}, []string{"1"}
	post.Header["X-Forwarded-For"] = []string{"198.51.100.1"}
	post.Header["X-Idempotency-Key"] = []string{"k"}
	ask(post, Options{})
	if method != "POST" || uri != "/hours.php?own=1&step=2&&x[y]=z" || got != body {
		t.Errorf("got %s %s\n%s", method, uri, got)
	}
	want := http.Header{
		"Content-Type": {form}, "Content-Length": {fmt.Sprint(len(body))}, "X-Step": {"one", "two"},
		"X-Forwarded-For": {"198.51.100.1, 203.0.113.9"}, "Host": {host},
	}
	if diff := cmp.Diff(want, header); diff != "" {
		t.Errorf("headers (-want +got):\n%s", diff)
	}

	get := asking()
	get.Method, get.Body, get.Query = http.MethodGet, nil, "Call-ID=x&&Digits[pin]=1&From=%2B1"
	get.Header = http.Header{"User-Agent": {"Kazoo"}, "X-Step": {"3"}}
	ask(get, Options{URL: diag.Text{S: s.URL}, Bearer: "t0ken", Header: http.Header{"x-step": {"4"}, "X-More": {"5"}}})
	if method != "GET" || uri != "/?Call-ID=x&&Digits[pin]=1&From=%2B1" || got != "" {
		t.Errorf("got %s %s\n%s", method, uri, got)
	}
	want = http.Header{
		"User-Agent": {"Kazoo"}, "X-Step": {"4"}, "X-More": {"5"}, "Authorization": {"Bearer t0ken"},
		"X-Forwarded-For": {"203.0.113.9"}, "Host": {host},
	}
	if diff := cmp.Diff(want, header); diff != "" {
		t.Errorf("headers (-want +got):\n%s", diff)
	}
	ask(asking(), Options{Username: "u", Password: "p"})
	if header.Get("Authorization") != "Basic dTpw" {
		t.Errorf("got %q", header.Get("Authorization"))
	}
}

// TestAnswers: what upstreams answer that Kazoo must not get, and why.
func TestAnswers(t *testing.T) {
	t.Parallel()
	deep := strings.Repeat(`{"module":"answer","children":{"_":`, 150) + hangup + strings.Repeat("}}", 150)
	write := func(contentType, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header()["Content-Type"] = []string{contentType}
			if contentType == "" {
				w.Header()["Content-Type"] = nil
			}
			_, _ = io.WriteString(w, body)
		}
	}
	for _, c := range []struct {
		name    string
		handle  http.HandlerFunc
		lenient bool
		want    string // the body that Kazoo gets, with its type, or the reason and the error; URL stands for the server's
	}{
		{"JSON", write("application/json; charset=utf-8", " "+hangup+"\n"), false, "application/json " + hangup},
		{
			"JSON as PHP writes it by itself", write("text/html; charset=UTF-8", hangup), false,
			"application/json " + hangup,
		},
		{
			"JSON without a type", write("", hangup), false,
			"invalid: URL: callflow: the answer has no Content-Type, so that Kazoo does not take it for JSON",
		},
		{"XML", write("text/xml", "<Response><Hangup/></Response>"), false, "text/xml <Response><Hangup/></Response>"},
		{
			"XML with an address", write("application/xml", `<Response><Redirect>b.php</Redirect></Response>`), false,
			"text/xml <Response><Redirect>URL/x/b.php</Redirect></Response>",
		},
		{
			"XML of another type", write("text/plain", "<Response><Hangup/></Response>"), false,
			"invalid: URL: line 1, column 1: not JSON: invalid character '<' at start of value",
		},
		{"nothing", write(JSON, ""), false, "invalid: URL: callflow: the answer is empty, for which Kazoo hangs up"},
		{
			"a page", write("text/html", "<h1>It works!</h1>"), false,
			"invalid: URL: line 1, column 1: not JSON: invalid character '<' at start of value",
		},
		{
			"no callflow", write(JSON, `{"status":"ok"}`), false,
			`invalid: URL: callflow: no module; an action is an object such as {"module": "hangup"}, with nothing around it`,
		},
		{"silence", write(JSON, `{"module":"sing"}`), true, `invalid: URL: .module: "sing" is not a module of Kazoo`},
		{
			"odd", write(JSON, deep), false,
			"invalid: URL: " + strings.Repeat(".children._", 100) + ": expected at most 100 actions within each other",
		},
		{"odd, and tolerated", write(JSON, deep), true, JSON + " " + deep},
		{
			"a redirect", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/", http.StatusFound) },
			false, "status: URL: status 302 Found; expected 200",
		},
		{
			"created", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusCreated) }, false,
			"status: URL: status 201 Created; expected 200",
		},
		{
			"broken", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) },
			false, "status: URL: status 500 Internal Server Error; expected 200",
		},
		{"compressed", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = io.WriteString(w, hangup)
		}, false, "invalid: URL: the answer has a Content-Encoding, and Kazoo takes none"},
		{
			"huge", write(JSON, `"`+strings.Repeat("x", maxAnswer)+`"`), false,
			fmt.Sprintf("invalid: URL: the answer has more than %d bytes", maxAnswer),
		},
		{"announced as huge", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", fmt.Sprint(maxAnswer+1))
			w.WriteHeader(http.StatusOK)
		}, false, fmt.Sprintf("invalid: URL: the answer has %d bytes; the limit is %d", maxAnswer+1, maxAnswer)},
		{"cut off", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			_, _ = io.WriteString(w, hangup)
		}, false, "invalid: URL: the answer is cut off after 19 bytes"},
		{"slow", func(_ http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			<-r.Context().Done()
		}, false, "timeout: URL: no whole answer within 100ms"},
		{"slow in the middle", func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			w.Header().Set("Content-Length", "100")
			_, _ = io.WriteString(w, hangup)
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
		}, false, "timeout: URL: no whole answer within 100ms"},
		{
			"gone without an answer", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, false,
			"refused: URL: EOF",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := server(t, c.handle)
			timeout := 5 * time.Second
			if strings.Contains(c.want, "100ms") {
				timeout = 100 * time.Millisecond
			}
			u := made(t, Options{
				URL: diag.Text{S: s.URL + "/x/a.php?secret=1"}, Timeout: timeout, Lenient: c.lenient,
				Cluster: pivot.Cluster{Version: pivot.KazooMaster},
			})
			answer, err := newPools(t).Ask(t.Context(), u, asking())
			got := answer.ContentType + " " + string(answer.Body)
			if failed, ok := errors.AsType[*Error](err); ok {
				got = string(failed.Reason) + ": " + failed.Error()
			} else if err != nil {
				t.Fatal(err)
			}
			if (answer.Odd != nil) != (c.lenient && err == nil) {
				t.Errorf("odd: %v", answer.Odd)
			}
			if got = strings.ReplaceAll(got, s.URL, "URL"); got != c.want {
				t.Errorf("\n got %s\nwant %s", got, c.want)
			}
		})
	}
}

// TestNoConnection: upstreams that cannot be connected to.
func TestNoConnection(t *testing.T) {
	t.Parallel()
	gone := server(t, nil)
	gone.Close()
	secure := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", JSON)
		_, _ = io.WriteString(w, hangup)
	}))
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	secure.StartTLS()
	t.Cleanup(secure.Close)
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { silent.Close() })
	half, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { half.Close() })
	go func() { // closes its side as soon as it has a request
		for {
			c, err := half.Accept()
			if err != nil {
				return
			}
			_, _ = http.ReadRequest(bufio.NewReader(c))
			_ = c.(*net.TCPConn).CloseWrite()
		}
	}()
	authority := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: secure.Certificate().Raw})
	for _, c := range []struct {
		name, url string
		o         Options
		want      string
	}{
		{"gone", gone.URL, Options{}, "refused: HOST: connect: connection refused"},
		{"half-closed", "http://" + half.Addr().String(), Options{}, "refused: HOST: EOF"},
		{
			"silent", "http://" + silent.Addr().String(),
			Options{Timeout: 100 * time.Millisecond},
			"timeout: HOST: no whole answer within 100ms",
		},
		{
			"silent before TLS", "https://" + silent.Addr().String(),
			Options{Timeout: 100 * time.Millisecond},
			"timeout: HOST: no whole answer within 100ms",
		},
		{
			"no TLS", strings.Replace(server(t, func(http.ResponseWriter, *http.Request) {}).URL, "http:", "https:", 1),
			Options{},
			"refused: HOST: tls: first record does not look like a TLS handshake",
		},
		{
			"an unknown authority", secure.URL,
			Options{},
			"refused: HOST: its certificate is signed by an authority that is not known; set ca_file",
		},
		{"its authority", secure.URL, Options{Authorities: authority}, ""},
		{
			"another name", strings.Replace(secure.URL, "127.0.0.1", "localhost", 1),
			Options{Authorities: authority},
			"refused: HOST: x509: certificate is valid for example.com, *.example.com, not localhost",
		},
		{"a private address", secure.URL, Options{DenyPrivate: true}, "refused: HOST: 127.0.0.1 is a private address"},
		{
			"a secret that is gone", secure.URL,
			Options{Withdrawn: true},
			"refused: a secret that it needs is not given to the tenant any more",
		},
		{
			"a URL that cannot be made", secure.URL + "/{{.Call.From}}",
			Options{},
			"refused: the URL cannot be made of this call: {{.Call.From}} is empty, and a path needs a value there",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.o.URL.S = c.url
			u := made(t, c.o)
			_, err := newPools(t).Ask(t.Context(), u, asking())
			got := ""
			if failed, ok := errors.AsType[*Error](err); ok {
				got = string(failed.Reason) + ": " + strings.Replace(failed.Error(), u.String(), "HOST", 1)
			} else if err != nil {
				t.Fatal(err)
			}
			if got != c.want {
				t.Errorf("\n got %s\nwant %s", got, c.want)
			}
		})
	}
}

// TestMetadata: no configuration reaches where clouds keep credentials.
func TestMetadata(t *testing.T) {
	t.Parallel()
	p := newPools(t)
	p.reachOf = func(netip.Addr) guard.Reach { return guard.Never } // loopback stands for it
	s := server(t, func(http.ResponseWriter, *http.Request) { t.Error("it was asked") })
	_, err := p.Ask(t.Context(), made(t, Options{URL: diag.Text{S: s.URL}}), asking())
	if refused, ok := errors.AsType[*guard.Error](err); !ok || refused.Reach != guard.Never {
		t.Errorf("got %v", err)
	}
}

// TestOnce: a POST is sent once, though its connection was kept and breaks; a request of which nothing was sent is sent
// over another one.
func TestOnce(t *testing.T) {
	t.Parallel()
	var asked atomic.Int64
	s := server(t, func(w http.ResponseWriter, r *http.Request) {
		if n := asked.Add(1); n == 2 {
			panic(http.ErrAbortHandler)
		}
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", JSON)
		_, _ = io.WriteString(w, hangup)
	})
	p, u := newPools(t), made(t, Options{URL: diag.Text{S: s.URL}})
	for i, wrong := range []bool{false, true, false} {
		r := asking()
		r.Header.Set("Idempotency-Key", "x")
		if _, err := p.Ask(t.Context(), u, r); (err != nil) != wrong {
			t.Errorf("request %d: %v", i, err)
		}
		if asked.Load() != int64(i+1) {
			t.Errorf("after request %d: asked %d times", i, asked.Load())
		}
	}
	s.CloseClientConnections()
	for range 5 { // whichever way net/http finds out
		if _, err := p.Ask(t.Context(), u, asking()); err == nil {
			return
		}
	}
	t.Error("a closed connection is used again and again")
}

// TestLimits: so many requests wait for an upstream, for those of a tenant, and no more.
func TestLimits(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	var inside sync.WaitGroup
	s := server(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		inside.Done()
		<-release
		w.Header().Set("Content-Type", JSON)
		_, _ = io.WriteString(w, hangup)
	})
	p := newPools(t)
	of := func(owner string, i int) *Upstream {
		return made(t, Options{URL: diag.Text{S: fmt.Sprintf("%s/%d", s.URL, i)}, Owner: owner, Timeout: 30 * time.Second})
	}
	var waiting sync.WaitGroup
	fill := func(u *Upstream, n int) {
		inside.Add(n)
		for range n {
			waiting.Go(func() {
				if _, err := p.Ask(context.Background(), u, asking()); err != nil {
					t.Error(err)
				}
			})
		}
		inside.Wait()
	}
	refused := func(u *Upstream) {
		t.Helper()
		_, err := p.Ask(t.Context(), u, asking())
		if failed, ok := errors.AsType[*Error](err); !ok || failed.Reason != Circuit {
			t.Errorf("got %v", err)
		}
	}
	fill(of("", 0), maxWaiting)
	refused(of("", 0))
	fill(of("acme", 1), maxWaiting)
	fill(of("acme", 2), maxWaiting)
	refused(of("acme", 3))
	fill(of("bakery", 3), 1) // another tenant's own
	fill(of("", 3), 1)
	close(release)
	waiting.Wait()
	if p.waiting.Load() != 0 || p.owners["acme"].Load() != 0 {
		t.Error("those that ended still count")
	}
}

// TestCircuit: an upstream that fails again and again is left alone, then asked once, then as usual.
func TestCircuit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		status, asked := http.StatusBadGateway, 0
		u := made(t, Options{URL: diag.Text{S: "http://upstream/"}})
		p := NewPools(nil)
		p.pools[u.pool] = &pool{Transport: &http.Transport{
			DisableKeepAlives: true,
			DialContext: func(context.Context, string, string) (net.Conn, error) {
				ours, theirs := net.Pipe()
				go func() {
					defer theirs.Close()
					r, err := http.ReadRequest(bufio.NewReader(theirs))
					if err != nil {
						return
					}
					_, _ = io.Copy(io.Discard, r.Body)
					asked++
					fmt.Fprintf(theirs, "HTTP/1.1 %d x\r\nContent-Type: application/json\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s",
						status, len(hangup), hangup)
				}()
				return ours, nil
			},
		}}
		ask := func(want Reason, times int) {
			t.Helper()
			_, err := p.Ask(t.Context(), u, asking())
			synctest.Wait()
			got, _ := errors.AsType[*Error](err)
			switch {
			case want == "" && err != nil, want != "" && (got == nil || got.Reason != want):
				t.Errorf("got %v, want %s", err, want)
			case asked != times:
				t.Errorf("asked %d times, want %d", asked, times)
			}
		}
		for i := range failuresInRow {
			ask(Status, i+1)
		}
		ask(Circuit, failuresInRow)
		<-time.After(circuitOpen + time.Millisecond)
		ask(Status, failuresInRow+1) // one is let through
		ask(Circuit, failuresInRow+1)
		<-time.After(circuitOpen + time.Millisecond)
		status = http.StatusOK
		ask("", failuresInRow+2)
		status = http.StatusNotFound // it is there, and says no
		for i := range 3 * failuresInRow {
			ask(Status, failuresInRow+3+i)
		}
		p.Close()
	})
}

// TestKeep: a reload keeps the connections and the circuit of an upstream that stays.
func TestKeep(t *testing.T) {
	t.Parallel()
	var connections atomic.Int64
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", JSON)
		_, _ = io.WriteString(w, hangup)
	}))
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connections.Add(1)
		}
	}
	s.Start()
	t.Cleanup(s.Close)
	p := newPools(t)
	ask := func(u *Upstream, want int64) {
		t.Helper()
		if _, err := p.Ask(t.Context(), u, asking()); err != nil {
			t.Fatal(err)
		}
		if got := connections.Load(); got != want {
			t.Errorf("%d connections, want %d", got, want)
		}
	}
	o := Options{URL: diag.Text{S: s.URL}}
	ask(made(t, o), 1)
	c := p.circuit(made(t, o))
	p.Keep([]*Upstream{made(t, o)}) // read again, and the same
	ask(made(t, o), 1)
	if p.circuit(made(t, o)) != c {
		t.Error("the circuit is another one")
	}
	tenant := Options{URL: diag.Text{S: s.URL}, Owner: "acme"}
	ask(made(t, tenant), 2) // owners share no connection
	p.Keep([]*Upstream{made(t, tenant)})
	ask(made(t, tenant), 2)
	ask(made(t, o), 3)
	if p.circuit(made(t, o)) == c {
		t.Error("the circuit of what was gone is kept")
	}
}

// TestMistakes: what cannot be sent is said when the configuration is read, and no value of it.
func TestMistakes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		o    Options
		want string
	}{
		{
			Options{Header: http.Header{"Host": {"x"}}},
			"upstream: header Host is written by callhours itself; remove it",
		},
		{
			Options{Header: http.Header{"x-idempotency-key": {"x"}}},
			"upstream: header X-Idempotency-Key is written by callhours itself; remove it",
		},
		{
			Options{Header: http.Header{"X-A": {"a\nb"}}},
			"upstream: header X-A contains a line break or another control character",
		},
		{
			Options{Header: http.Header{"Authorization": {"x"}}, Bearer: "y"},
			"upstream: basic and bearer already make the header Authorization; keep one of them",
		},
		{Options{Bearer: "y z"}, "upstream: bearer contains a blank or a character that a token cannot have"},
		{
			Options{Header: http.Header{"X-A": {strings.Repeat("x", maxHeaderValue+1)}}},
			"upstream: headers and credentials have 8193 bytes; the limit is 8192",
		},
		{Options{Authorities: []byte("x")}, "upstream: ca_file: expected certificates as PEM, found none"},
	} {
		c.o.URL = diag.Text{Pos: at, S: "http://h/"}
		_, got := New(c.o)
		if diff := cmp.Diff([]diag.Mistake{{Pos: at, Message: c.want}}, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
}

// TestBounds: what is too long is refused before anything is sent.
func TestBounds(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", maxURL)
	if _, got := parseAddress(diag.Text{Pos: at, S: "http://h/" + long}, nil); len(got) != 1 ||
		!strings.Contains(got[0].Message, "the limit is 8192") {
		t.Errorf("a long URL: got %v", got)
	}
	a, _ := parseAddress(diag.Text{Pos: at, S: "http://h/?a={{.Call.From}}"}, nil)
	call := pivot.New(map[string]string{"From": long})
	if _, err := a.url(&call); err == nil ||
		!strings.Contains(err.Error(), "it would have 8204 bytes; the limit is 8192") {
		t.Errorf("a long value: got %v", err)
	}
	many := http.Header{}
	for i := range maxHeaders + 1 {
		many.Set(fmt.Sprintf("X-%d", i), "x")
	}
	for header, want := range map[*http.Header]string{
		&many: "upstream: 33 headers are set; the limit is 32",
		{"X-" + strings.Repeat("x", maxHeaderName): {"y"}}: "upstream: the name of a header has 130 bytes; the limit is 128",
	} {
		_, got := New(Options{URL: diag.Text{Pos: at, S: "http://h/"}, Header: *header})
		if len(got) != 1 || got[0].Message != want {
			t.Errorf("got %v, want %s", got, want)
		}
	}
	r := asking()
	u := made(t, Options{URL: diag.Text{S: "http://h/"}})
	for id, kept := range map[string]bool{"abc": true, strings.Repeat("x", maxRequestID+1): false, "a\x01": false} {
		r.Header["X-Request-Id"] = []string{id}
		sent, err := u.Request(r)
		if err != nil || (sent.Header.Get("X-Request-Id") == id) != kept {
			t.Errorf("X-Request-Id %q: got %v, %v", id, sent.Header["X-Request-Id"], err)
		}
	}
	verbs := strings.Repeat("<Hangup/>", maxVerbs)
	if _, err := checkTwiML([]byte("<Response>"+verbs+"</Response>"), ""); err != nil {
		t.Error(err)
	}
	if _, err := checkTwiML([]byte("<Response>"+verbs+"<Hangup/></Response>"), ""); err == nil ||
		!strings.Contains(err.Error(), "more than 1000 elements") {
		t.Errorf("got %v", err)
	}
}
