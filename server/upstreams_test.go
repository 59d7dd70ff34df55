package server

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/callhours/callhours/pivot"
	"github.com/callhours/callhours/preview"
)

const ourToken = "4f1c9a7be2d8036581c5a0e94b7d213f"

// script stands for a Pivot server that was there before: what it answers can be changed, and what it received is kept.
type script struct {
	*httptest.Server
	connections, asked atomic.Int64
	handle             atomic.Pointer[http.HandlerFunc]

	mu   sync.Mutex // guards the following
	uri  string
	body string
}

func newScript(t testing.TB) *script {
	t.Helper()
	s := &script{}
	s.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		s.mu.Lock()
		s.uri, s.body = r.RequestURI, string(b)
		s.mu.Unlock()
		s.asked.Add(1)
		(*s.handle.Load())(w, r)
	}))
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			s.connections.Add(1)
		}
	}
	s.answers("application/json", closedFlow)
	s.Start()
	t.Cleanup(s.Close)
	return s
}

func (s *script) handles(h http.HandlerFunc) { s.handle.Store(&h) }

func (s *script) answers(contentType, body string) {
	s.handles(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		_, _ = io.WriteString(w, body)
	})
}

// asking is a route whose calls a script answers, and one with a template beside it.
func (s *script) asking(more string) string {
	return oneRoute + `
  - name: old
    fallback: closed
    branches:
      - {name: php, state: other, when: {not: {digits: "9"}}, upstream: {url: "` + s.URL + `/hours.php?own=1"` + more + `}}
      - {name: closed, callflow: '{"module":"hangup"}'}
`
}

// upstreamWorld is a world that answers, and closes its connections to scripts.
func upstreamWorld(t testing.TB, yaml string, files map[string]string) *world {
	t.Helper()
	w := started(t, yaml, files)
	t.Cleanup(w.calls.pools.Close)
	return w
}

func (w *world) upstreamResults(t testing.TB, want string) {
	t.Helper()
	text := ""
	if want != "" {
		text = "# HELP callhours_upstream_requests_total Requests to the Pivot server that answers a branch, by result.\n" +
			"# TYPE callhours_upstream_requests_total counter\n" + want
	}
	w.metric(t, text, "callhours_upstream_requests_total")
}

// TestUpstream: a script that was there before answers a branch; it sees what Kazoo sent but our token, and Kazoo gets
// what it answered.
func TestUpstream(t *testing.T) {
	t.Parallel()
	s := newScript(t)
	w := upstreamWorld(t, "auth: {token: "+ourToken+"}\n"+s.asking(""), nil)
	w.upstreamResults(t, "") // begins with the first
	r := httptest.NewRequest(http.MethodPost, "/old?step=2&&token="+ourToken, strings.NewReader(request))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	got := w.call(r)
	if b := body(t, got); got.StatusCode != 200 || b != closedFlow ||
		got.Header.Get("Content-Type") != "application/json" {
		t.Errorf("got %d %s as %s", got.StatusCode, b, got.Header.Get("Content-Type"))
	}
	if s.uri != "/hours.php?own=1&step=2&" || s.body != request {
		t.Errorf("the script received %s\n%s", s.uri, s.body)
	}
	for name, want := range map[string]string{
		"X-Callhours-Route": "old", "X-Callhours-Branch": "php", "X-Callhours-Reason": "the digits match none of 9",
		"Connection": "close", "Content-Length": fmt.Sprint(len(closedFlow)),
	} {
		if g := got.Header.Get(name); g != want && name != "X-Callhours-Reason" || g == "" {
			t.Errorf("%s: got %q, want %q", name, g, want)
		}
	}
	if last := w.decisions.traces("old", 1); len(last) != 1 || string(last[0].Callflow) != closedFlow ||
		last[0].Answered != "php" {
		t.Errorf("remembered: %+v", last)
	}

	s.answers("text/xml; charset=utf-8", `<Response><Gather action="next.php"/></Response>`)
	r = post("/old?token="+ourToken, "CallSid", "x")
	got = w.call(r)
	want := `<Response><Gather action="` + s.URL + `/next.php"/></Response>`
	if b := body(t, got); b != want || got.Header.Get("Content-Type") != "text/xml" {
		t.Errorf("got %s as %s", b, got.Header.Get("Content-Type"))
	}
	if last := w.decisions.traces("old", 1); last[0].Summary != "TwiML of the upstream" || last[0].Callflow != nil {
		t.Errorf("remembered: %+v", last)
	}
	w.upstreamResults(t, `callhours_upstream_requests_total{branch="php",result="ok",route="old"} 2`+"\n")
	if n := w.value(t, "callhours_fallbacks_total", "php", "upstream_timeout"); n != 0 {
		t.Errorf("a reason of a branch that asks: got %v, want 0 from the start", n)
	}
	if n := w.value(t, "callhours_fallbacks_total", "open", "upstream_timeout"); n != -1 {
		t.Errorf("a reason of a branch that does not ask: got %v, want no series", n)
	}
	if got := w.call(post("/main?token=" + ourToken)); got.Header.Get("Connection") != "close" {
		t.Error("a listener that upstream routes share keeps its connections")
	}
	w = upstreamWorld(t, oneRoute, nil)
	if got := w.call(post("/main")); got.Header.Get("Connection") != "" {
		t.Error("a listener without upstream routes closes its connections")
	}
}

// TestUpstreamFails: whatever a script does, the fallback answers, and the reason is counted, logged and remembered.
func TestUpstreamFails(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		reason, more string
		handle       http.HandlerFunc
	}{
		{"timeout", ", timeout: 100ms", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }},
		{"status", "", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) }},
		{"invalid", "", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "<b>Warning</b>: x") }},
		{"refused", "", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }},
	} {
		t.Run(c.reason, func(t *testing.T) {
			t.Parallel()
			s := newScript(t)
			s.handles(c.handle)
			w := upstreamWorld(t, s.asking(c.more), nil)
			got := w.call(post("/old"))
			if b := body(t, got); got.StatusCode != 200 || b != `{"module":"hangup"}` ||
				got.Header.Get("X-Callhours-Branch") != "closed" {
				t.Errorf("got %d %s of %s", got.StatusCode, b, got.Header.Get("X-Callhours-Branch"))
			}
			if n := w.value(t, "callhours_fallbacks_total", "php", "upstream_"+c.reason); n != 1 {
				t.Errorf("fallbacks_total: got %v, want 1", n)
			}
			w.upstreamResults(t, `callhours_upstream_requests_total{branch="php",result="`+c.reason+`",route="old"} 1`+"\n")
			if log := w.log.String(); !strings.Contains(log, `"failed_php":"upstream_`+c.reason+": "+s.URL) ||
				!strings.Contains(log, `"answered_by":"closed"`) || strings.Contains(log, "own=1") {
				t.Errorf("log: %s", log)
			}
			if last := w.decisions.traces("old", 1); last[0].Answered != "closed" ||
				!strings.HasPrefix(last[0].Failure, "upstream_"+c.reason) {
				t.Errorf("remembered: %+v", last)
			}
		})
	}
}

// TestUpstreamCircuit: a script that fails again and again is not asked, and the fallback answers at once.
func TestUpstreamCircuit(t *testing.T) {
	t.Parallel()
	s := newScript(t)
	s.handles(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) })
	w := upstreamWorld(t, s.asking(""), nil)
	for range 8 {
		if got := w.call(post("/old")); got.Header.Get("X-Callhours-Branch") != "closed" {
			t.Errorf("got %s", got.Header.Get("X-Callhours-Branch"))
		}
	}
	if s.asked.Load() != 5 {
		t.Errorf("asked %d times", s.asked.Load())
	}
	if n := w.value(t, "callhours_fallbacks_total", "php", "upstream_circuit"); n != 3 {
		t.Errorf("upstream_circuit: got %v, want 3", n)
	}
}

// TestUpstreamWithoutFallback: where the upstream is its own fallback, or another one is, Kazoo runs its `_` child. An
// upstream may be the fallback of a template.
func TestUpstreamWithoutFallback(t *testing.T) {
	t.Parallel()
	s := newScript(t)
	s.handles(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) })
	up := `upstream: {url: "` + s.URL + `/`
	w := upstreamWorld(t, `
routes:
  - name: alone
    branches: [{name: php, state: other, `+up+`a"}}]
  - name: two
    branches: [{name: one, state: other, when: {digits: "1"}, `+up+`b"}}, {name: other, state: other, `+up+`c"}}]
  - name: mixed
    branches:
      - {name: fails, state: other, when: {digits: "1"}, callflow: '{"module":"{{ if .Call.From }}hangup{{ else }}{{ fail "no" }}{{ end }}"}'}
      - {name: other, state: other, `+up+`d"}}
`, nil)
	for _, c := range []struct {
		path   string
		status int
		asked  int64
	}{{"/alone", 500, 1}, {"/two", 500, 2}, {"/mixed", 500, 3}} {
		if got := w.call(post(c.path, "Digits", "1")); got.StatusCode != c.status || s.asked.Load() != c.asked {
			t.Errorf("%s: got %d, asked %d times", c.path, got.StatusCode, s.asked.Load())
		}
	}
	s.answers("application/json", closedFlow)
	got := w.call(post("/mixed", "Digits", "1"))
	if b := body(t, got); b != closedFlow || got.Header.Get("X-Callhours-Branch") != "other" {
		t.Errorf("got %d %s", got.StatusCode, b)
	}
	if n := w.value(t, "callhours_fallbacks_total", "fails", "deliberate"); n != 2 {
		t.Errorf("got %v", n)
	}
}

// TestUpstreamHangs: calls that wait for an upstream keep no other call of their tenant from its turn.
func TestUpstreamHangs(t *testing.T) {
	t.Parallel()
	s := newScript(t)
	release, hanging := make(chan struct{}), make(chan struct{}, 64)
	s.handles(func(w http.ResponseWriter, _ *http.Request) {
		hanging <- struct{}{}
		<-release
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, closedFlow)
	})
	tenant := "tenant: {name: acme, account: " + acme + "}\n" + strings.ReplaceAll(s.asking(", timeout: 3s"), "hours.ics", "acme/hours.ics")
	w := upstreamWorld(t, "deny_private_addresses: false\ninclude: [acme.yaml]\n",
		map[string]string{"acme.yaml": tenant, "acme/hours.ics": hoursFile})
	var waiting sync.WaitGroup
	const calls = 40 // more than the tenant's turns
	for range calls {
		waiting.Go(func() {
			rec := httptest.NewRecorder()
			w.Calls().ServeHTTP(rec, post("/acme/old", "Account-ID", acme))
			if b := rec.Body.String(); rec.Code != 200 || b != closedFlow {
				t.Errorf("got %d %s", rec.Code, b)
			}
		})
	}
	for range calls {
		<-hanging
	}
	got := w.call(post("/acme/main", "Account-ID", acme))
	if b := body(t, got); got.StatusCode != 200 || b != openFlow {
		t.Errorf("while others wait: got %d %s", got.StatusCode, b)
	}
	if n := w.calls.running.Load(); n != 0 {
		t.Errorf("%d calls count as being worked out", n)
	}
	close(release)
	waiting.Wait()
}

// TestUpstreamPrivate: a tenant's upstream is kept off the inside of the network unless the main file allows it.
func TestUpstreamPrivate(t *testing.T) {
	t.Parallel()
	s := newScript(t)
	tenant := "tenant: {name: acme, account: " + acme + "}\n" + strings.ReplaceAll(s.asking(""), "hours.ics", "acme/hours.ics")
	for main, branch := range map[string]string{
		"": "closed", "deny_private_addresses: false\n": "php",
		"tenants: {acme: {deny_private_addresses: false}}\n": "php",
		"deny_private_addresses: true\n":                     "closed",
	} {
		w := upstreamWorld(t, main+"include: [acme.yaml]\n", map[string]string{"acme.yaml": tenant, "acme/hours.ics": hoursFile})
		got := w.call(post("/acme/old", "Account-ID", acme))
		if got.Header.Get("X-Callhours-Branch") != branch {
			t.Errorf("%q: got %s, want %s: %s", main, got.Header.Get("X-Callhours-Branch"), branch, w.log)
		}
	}
}

// TestUpstreamReload: a reload keeps connections, and renews what has changed.
func TestUpstreamReload(t *testing.T) {
	t.Parallel()
	s := newScript(t)
	w, f := reloadable(t, s.asking(""), nil)
	w.Start()
	t.Cleanup(func() { w.calls.pools.Close() })
	ask := func(uri string, connections int64) {
		t.Helper()
		if got := w.call(post("/old")); got.Header.Get("X-Callhours-Branch") != "php" {
			t.Errorf("got %d of %s", got.StatusCode, got.Header.Get("X-Callhours-Branch"))
		}
		if s.uri != uri || s.connections.Load() != connections {
			t.Errorf("%s over %d connections, want %s over %d", s.uri, s.connections.Load(), uri, connections)
		}
	}
	ask("/hours.php?own=1", 1)
	f.set(s.asking("")+"  - {name: more, branches: [{name: closed, pass: true}]}\n", nil)
	if err := w.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	ask("/hours.php?own=1", 1)
	f.set(strings.Replace(s.asking(""), "own=1", "own=2", 1), nil)
	if err := w.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	ask("/hours.php?own=2", 1)
	f.set(strings.Replace(s.asking(""), "own=1", "{{.Call.Frm}}", 1), nil)
	if err := w.Reload(t.Context()); err == nil || !strings.Contains(err.Error(), "upstream: {{.Call.Frm}}") ||
		strings.Contains(err.Error(), "hours.php") {
		t.Errorf("got %v", err)
	}
	ask("/hours.php?own=2", 1)
	f.set(oneRoute, nil)
	if err := w.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := w.call(post("/main")); got.Header.Get("Connection") != "" {
		t.Error("no route asks an upstream any more, and connections are closed")
	}
}

// httpc is Kazoo's HTTP client as far as it matters: it keeps two connections to a host and port open whose answers allow
// that, and lets five further requests wait behind the one on each; only without any does it open another one.
type httpc struct {
	address string
	mu      sync.Mutex // guards the following
	open    []*session
	queued  int // requests that waited behind another one
}

type session struct {
	mu      sync.Mutex // held by the request that uses it
	waiting int        // guarded by httpc.mu
	conn    net.Conn
	r       *bufio.Reader
}

// Its limits by default.
const (
	httpcSessions = 2
	httpcQueue    = 5
)

func (h *httpc) call(t testing.TB, path string) string {
	h.mu.Lock()
	var s *session
	for _, o := range h.open {
		if o.waiting < httpcQueue && (s == nil || o.waiting < s.waiting) {
			s = o
		}
	}
	isNew := s == nil
	if isNew {
		conn, err := net.Dial("tcp", h.address)
		if err != nil {
			h.mu.Unlock()
			t.Error(err)
			return ""
		}
		s = &session{conn: conn, r: bufio.NewReader(conn)}
	} else if s.waiting > 0 {
		h.queued++
	}
	s.waiting++
	h.mu.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := s.conn.Write(message(path)); err != nil {
		t.Error(err)
		return ""
	}
	answer, err := http.ReadResponse(s.r, nil)
	if err != nil {
		t.Error(err)
		return ""
	}
	b, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Error(err)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	s.waiting--
	switch {
	case !isNew:
	case !answer.Close && len(h.open) < httpcSessions:
		h.open = append(h.open, s)
	default:
		s.conn.Close()
	}
	return string(b)
}

func (h *httpc) close() {
	for _, s := range h.open {
		s.conn.Close()
	}
}

// keeping is a handler whose answers never ask for the end of their connection.
type keeping struct{ http.ResponseWriter }

func (k keeping) WriteHeader(status int) {
	k.Header().Del("Connection")
	k.ResponseWriter.WriteHeader(status)
}

func (k keeping) Write(p []byte) (int, error) {
	k.Header().Del("Connection")
	return k.ResponseWriter.Write(p)
}

// TestTwoSessions: a node of Kazoo's has two connections to a listener. Fast calls would wait there behind those whose
// upstream hangs, and do not, since every answer ends its connection.
func TestTwoSessions(t *testing.T) {
	t.Parallel()
	for _, keeps := range []bool{true, false} {
		s := newScript(t)
		release, hanging := make(chan struct{}), make(chan struct{}, 64)
		s.handles(func(w http.ResponseWriter, _ *http.Request) {
			hanging <- struct{}{}
			<-release
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, closedFlow)
		})
		w := upstreamWorld(t, s.asking(", timeout: 3s"), nil)
		handler := w.Calls()
		if keeps {
			handler = http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { w.Calls().ServeHTTP(keeping{rw}, r) })
		}
		kazoo := &httpc{address: listenAndServe(t, handler)}
		t.Cleanup(kazoo.close)
		for range httpcSessions { // sequential calls use one session, where it stays
			kazoo.call(t, "/main")
		}
		var calls sync.WaitGroup
		for range 2 {
			calls.Go(func() {
				if got := kazoo.call(t, "/old"); got != closedFlow {
					t.Errorf("got %s", got)
				}
			})
			if !keeps {
				<-hanging
			}
		}
		if keeps {
			<-hanging
			calls.Go(func() { kazoo.call(t, "/main") })
			calls.Go(func() { kazoo.call(t, "/main") })
		} else {
			for range 10 {
				if got := kazoo.call(t, "/main"); got != openFlow { // while both hang
					t.Errorf("got %s", got)
				}
			}
		}
		close(release)
		calls.Wait()
		if (kazoo.queued > 0) != keeps {
			t.Errorf("connections that stay: %t; %d calls waited behind others", keeps, kazoo.queued)
		}
	}
}

// TestListeners: with several addresses the first is for fast routes: it keeps its connections, but for calls of routes
// that ask an upstream. The others close theirs.
func TestListeners(t *testing.T) {
	t.Parallel()
	s := newScript(t)
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	second := free.Addr().String()
	free.Close()
	g, err := load(t, strings.Replace(head, `"127.0.0.1:0"`, `["127.0.0.1:0", "`+second+`"]`, 1)+s.asking(""), nil)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{registry: prometheus.NewRegistry(), log: &buffer{}, now: monday}
	w.start(t, Options{Generation: g})
	ctx, stop := context.WithCancel(t.Context())
	at := make(chan string, 1)
	w.options.Started = func(calls, _, _ net.Addr) { at <- calls.String() }
	ended := make(chan error, 1)
	go func() { ended <- w.Run(ctx) }()
	first := <-at
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	for _, c := range []struct {
		address, path string
		closes        bool
	}{{first, "/main", false}, {first, "/old", true}, {second, "/main", true}, {second, "/old", true}} {
		got, err := client.PostForm("http://"+c.address+c.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		body(t, got)
		got.Body.Close()
		if got.StatusCode != 200 || got.Close != c.closes {
			t.Errorf("%s of listener %s: got %d, closes: %t", c.path, c.address, got.StatusCode, got.Close)
		}
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// TestExplainUpstream: explain shows what is sent, without secrets, and asks only where that is wanted.
func TestExplainUpstream(t *testing.T) {
	t.Parallel()
	s := newScript(t)
	yaml := strings.Replace(s.asking(`, bearer: hunter2, headers: {X-Key: hunter3}`), "/hours.php?own=1",
		"/4f1c9a7be2d8036581c5a0e9/hours.php?own=hunter4&n={{.Call.CallerNumber}}", 1)
	g, err := load(t, head+yaml, nil)
	if err != nil {
		t.Fatal(err)
	}
	call := pivot.New(map[string]string{"Caller-ID-Number": "+12025550147", "Custom-Application-Vars[a b]": "1 2"})
	q := preview.Question{Route: "old", Call: &call, At: monday}
	text := func(p *preview.Preview) string {
		t.Helper()
		e, err := p.Explain(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		if err := e.VerboseText(&b); err != nil {
			t.Fatal(err)
		}
		return strings.ReplaceAll(b.String(), s.URL, "URL")
	}
	const sent = `POST URL/…/hours.php?own=…&n=…
Authorization: …
Content-Type: application/x-www-form-urlencoded
X-Key: …

Caller-ID-Number=%2B12025550147&Custom-Application-Vars[a b]=1+2
`
	if got := text(g.Preview()); !strings.Contains(got, "answer  that of the upstream of branch php\n") ||
		!strings.HasSuffix(got, "\nwould be sent (timeout 2s; the pivot action needs req_timeout_ms 3500 or more)\n"+sent) || strings.Contains(got, "hunter") {
		t.Errorf("got %s", got)
	}
	q.Ask = true
	text(g.Preview()) // which cannot ask
	if s.asked.Load() != 0 {
		t.Error("it was asked")
	}
	got := text(g.AskingPreview(time.Now))
	if !strings.Contains(got, "200 by branch php") || !strings.Contains(got, "was sent; the answer took") ||
		!strings.Contains(got, sent) || !strings.Contains(got, `"module": "voicemail"`) ||
		strings.Contains(got, "hunter") {
		t.Errorf("got %s", got)
	}
	if s.body != "Caller-ID-Number=%2B12025550147&Custom-Application-Vars[a b]=1+2" ||
		!strings.Contains(s.uri, "own=hunter4&n=%2B12025550147") {
		t.Errorf("the script received %s\n%s", s.uri, s.body)
	}
	s.answers("text/xml", "<Response><Hangup/></Response>")
	if got := text(g.AskingPreview(time.Now)); !strings.HasSuffix(got, "\nTwiML\n<Response><Hangup/></Response>\n") {
		t.Errorf("got %s", got)
	}
	s.answers("text/html", "<b>Warning</b>")
	if got := text(g.AskingPreview(time.Now)); !strings.Contains(got, "failed  branch php, upstream_invalid: URL: line 1, column 1: not JSON") ||
		!strings.Contains(got, "200 by branch closed") {
		t.Errorf("got %s", got)
	}
}
