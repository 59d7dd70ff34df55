package server

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"go.uber.org/goleak"

	"github.com/callhours/callhours/config"
	"github.com/callhours/callhours/metrics"
	"github.com/callhours/callhours/server/listen"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	frontDesk = "0a4cf9b16dd04f3c8a8f0d6c1f7be9d2"
	voicemail = "7b1e3d52c6a94f0eb4d2a9c8e5f60137"
	acme      = "7a1c0f8e2d4b4f6d9b3e5c7d8f9a0b1c"

	openFlow = `{"module":"device","data":{"id":"` + frontDesk +
		`"},"children":{"_":{"module":"voicemail","data":{"id":"` + voicemail + `"}}}}`
	closedFlow = `{"module":"voicemail","data":{"id":"` + voicemail + `"}}`
)

const hoursFile = `BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//test//EN
BEGIN:VEVENT
UID:open
DTSTAMP:20260101T000000Z
DTSTART;TZID=America/New_York:20260105T090000
DTEND;TZID=America/New_York:20260105T170000
RRULE:FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR
SUMMARY:Open
END:VEVENT
END:VCALENDAR
`

// world is a server under test, with its clock, log and metrics in the hand.
type world struct {
	*Server
	registry *prometheus.Registry
	log      *buffer

	mu  sync.Mutex // guards now
	now time.Time
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) at(t time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = t
}

// buffer is a log that may be written and read at once.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) Reset() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.b.Reset()
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// monday is a moment at which the office is open.
var monday = time.Date(2026, 11, 23, 15, 0, 0, 0, time.UTC)

// head is the beginning of every configuration under test.
const head = "listen: \"127.0.0.1:0\"\nadmin_listen: \"127.0.0.1:0\"\ntimezone: America/New_York\ndrain: 10ms\n"

func filesOf(yaml string, files map[string]string) fstest.MapFS {
	fsys := fstest.MapFS{"callhours.yaml": {Data: []byte(yaml), Mode: 0o600}, "hours.ics": {Data: []byte(hoursFile)}}
	for name, content := range files {
		fsys[name] = &fstest.MapFile{Data: []byte(content), Mode: 0o600}
	}
	return fsys
}

func load(t testing.TB, yaml string, files map[string]string) (*Generation, error) {
	t.Helper()
	fsys := filesOf(yaml, files)
	file, err := config.Load("callhours.yaml", config.Options{FS: fsys})
	if err != nil {
		return nil, err
	}
	return Build(file, fsys, monday)
}

func newWorld(t testing.TB, yaml string, files map[string]string) *world {
	t.Helper()
	g, err := load(t, head+yaml, files)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{registry: prometheus.NewRegistry(), log: &buffer{}, now: monday}
	w.start(t, Options{Generation: g})
	return w
}

// start makes the world's server, with what is the same in all worlds.
func (w *world) start(t testing.TB, o Options) {
	t.Helper()
	m, err := metrics.New(w.registry, metrics.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if o.RealNow == nil {
		o.RealNow = time.Now
	}
	o.Registry, o.Metrics, o.Now = w.registry, m, w.clock
	o.Log = slog.New(BoundedHandler(slog.NewJSONHandler(w.log, &slog.HandlerOptions{Level: slog.LevelDebug})))
	w.Server = New(o)
	if o.Loaded.draft == nil {
		w.subscribe(o.Generation)
	}
}

// started is a world whose handlers answer.
func started(t testing.TB, yaml string, files map[string]string) *world {
	t.Helper()
	w := newWorld(t, yaml, files)
	w.Start()
	return w
}

const oneRoute = `
calendars: {hours: {file: hours.ics}}
routes:
  - name: main
    data: {front_desk: ` + frontDesk + `, voicemail: ` + voicemail + `}
    branches:
      - {name: open, when: {calendar: hours, summary: "open*"}, template: ring-then-voicemail}
      - {name: closed, template: voicemail}
`

func post(path string, params ...string) *http.Request {
	form := url.Values{}
	for i := 0; i+1 < len(params); i += 2 {
		form.Set(params[i], params[i+1])
	}
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return r
}

func (w *world) call(r *http.Request) *http.Response {
	rec := httptest.NewRecorder()
	w.Calls().ServeHTTP(rec, r)
	w.calls.lines.flush()
	return rec.Result()
}

func body(t testing.TB, r *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func (w *world) metric(t testing.TB, text, name string) {
	t.Helper()
	if err := testutil.GatherAndCompare(w.registry, strings.NewReader(text), name); err != nil {
		t.Error(err)
	}
}

func TestAnswer(t *testing.T) {
	t.Parallel()
	w := started(t, oneRoute, nil)
	got := w.call(post("/main", "Request", "+14155550100", "Caller-ID-Number", "+12025550147", "Account-ID", acme,
		"Call-ID", "abc"))
	if b := body(t, got); got.StatusCode != 200 || b != openFlow {
		t.Errorf("got %d %s, want 200 %s", got.StatusCode, b, openFlow)
	}
	want := http.Header{
		"Content-Type": {"application/json"}, "Content-Length": {fmt.Sprint(len(openFlow))},
		"X-Callhours-Route": {"main"}, "X-Callhours-Branch": {"open"}, "X-Callhours-Event": {"Open"},
		"X-Callhours-Reason": {`calendar hours has "Open", 2026-11-23 09:00 to 17:00`},
	}
	listen.SecureHeaders(want)
	if fmt.Sprint(got.Header) != fmt.Sprint(want) {
		t.Errorf("headers: got %v, want %v", got.Header, want)
	}
	var line map[string]any
	if err := json.Unmarshal([]byte(w.log.String()), &line); err != nil {
		t.Fatalf("log: %v in %s", err, w.log)
	}
	for key, want := range map[string]any{
		"msg": "call", "status": 200.0, "route": "main", "branch": "open", "event": "Open", "call_id": "abc",
		"account": acme,
		"reason":  `calendar hours has "Open", 2026-11-23 09:00 to 17:00`,
	} {
		if line[key] != want {
			t.Errorf("log: %s: got %v, want %v", key, line[key], want)
		}
	}
	if s := w.log.String(); strings.Contains(s, "2025550147") || strings.Contains(s, "4155550100") {
		t.Errorf("the log shows numbers that nobody asked for: %s", s)
	}
	w.at(monday.Add(12 * time.Hour))
	if b := body(t, w.call(post("/main"))); b != closedFlow {
		t.Errorf("at night: got %s, want %s", b, closedFlow)
	}
	w.metric(t, `
# HELP callhours_decisions_total Calls by the branch that was decided.
# TYPE callhours_decisions_total counter
callhours_decisions_total{branch="closed",route="main",state="closed"} 1
callhours_decisions_total{branch="open",route="main",state="open"} 1
`, "callhours_decisions_total")
}

func TestStatus(t *testing.T) {
	t.Parallel()
	w := started(t, `
calendars: {hours: {file: hours.ics}}
routes:
  - {name: main, branches: [{name: closed, callflow: '{"module":"hangup"}'}]}
  - {name: passes, branches: [{name: closed, pass: true}]}
  - name: number
    match: {account: [`+acme+`], dialed: ["+14155550100"]}
    branches: [{name: closed, callflow: '{"module":"hangup"}'}]
`, nil)
	for _, c := range []struct {
		name   string
		r      *http.Request
		status int
		reason string
	}{
		{"a route", post("/main"), 200, "nothing else applies"},
		{"a GET", httptest.NewRequest(http.MethodGet, "/main?Request=1", nil), 200, "nothing else applies"},
		{"slashes", post("//main/"), 200, "nothing else applies"},
		{"a branch that passes", post("/passes"), 404, "nothing else applies"},
		{"a path of nobody", post("/nowhere"), 404, "no_path"},
		{"the root", post("/"), 404, "no_path"},
		{"a number of nobody", post("/pivot", "Account-ID", acme, "Request", "1001"), 404, "number_not_listed"},
		{"no number", post("/pivot", "Account-ID", acme), 404, "no_number"},
		{"another account", post("/pivot", "Account-ID", "x", "Request", "+14155550100"), 404, "other_account"},
		{"its number", post("/pivot", "Account-ID", acme, "Request", "14155550100"), 200, "nothing else applies"},
		{"a PUT", httptest.NewRequest(http.MethodPut, "/main", nil), 405, ""},
		{
			"a body over the limit",
			httptest.NewRequest(http.MethodPost, "/main", strings.NewReader(strings.Repeat("a", 64<<10+1))), 413, "",
		},
		{
			"ten thousand parameters",
			httptest.NewRequest(http.MethodPost, "/main", strings.NewReader(strings.Repeat("a=b&", 10_000))), 413, "",
		},
		{"health", httptest.NewRequest(http.MethodGet, "/-/healthy", nil), 200, ""},
		{"health with a query", httptest.NewRequest(http.MethodGet, "/-/healthy?from=lb&My-Call-ID=1", nil), 200, ""},
		{"a call to health", post("/-/healthy", "Call-ID", "1"), 404, "no_path"},
		{"a call of no parameters to health", post("//-/healthy/"), 404, "no_path"},
		{"a GET call to health", httptest.NewRequest(http.MethodGet, "/-/healthy?a=b&Call-ID=1", nil), 404, "no_path"},
		{"a TwiML call to health", httptest.NewRequest(http.MethodGet, "/-/healthy?CallSid=1", nil), 404, "no_path"},
		{"a call to hours", post("/-/hours/main.ics?token=x", "Call-ID", "1"), 404, "no_path"},
		{"a call to what is reserved", post("/-/ready"), 404, "no_path"},
	} {
		got := w.call(c.r)
		if got.StatusCode != c.status || got.Header.Get("X-Callhours-Reason") != c.reason {
			t.Errorf("%s: got %d for %q, want %d for %q", c.name, got.StatusCode, got.Header.Get("X-Callhours-Reason"),
				c.status, c.reason)
		}
		if b := body(t, got); got.Header.Get("Content-Length") != fmt.Sprint(len(b)) || b == "" {
			t.Errorf("%s: got Content-Length %s for %d bytes", c.name, got.Header.Get("Content-Length"), len(b))
		}
		for _, forbidden := range []string{"Retry-After", "Location", "Content-Encoding"} {
			if got.Header.Get(forbidden) != "" {
				t.Errorf("%s: the answer has %s", c.name, forbidden)
			}
		}
	}
	w.metric(t, `
# HELP callhours_unmatched_calls_total Calls without a route, by reason.
# TYPE callhours_unmatched_calls_total counter
callhours_unmatched_calls_total{reason="no_number"} 1
callhours_unmatched_calls_total{reason="no_path"} 8
callhours_unmatched_calls_total{reason="number_not_listed"} 1
callhours_unmatched_calls_total{reason="other_account"} 1
`, "callhours_unmatched_calls_total")
}

func TestBeforeStart(t *testing.T) {
	t.Parallel()
	w := newWorld(t, oneRoute, nil)
	if got := w.call(post("/main")); got.StatusCode != 503 || got.Header.Get("Retry-After") != "" {
		t.Errorf("a call before the start: got %d, want 503 without Retry-After", got.StatusCode)
	}
	if got := w.people(t, "/-/ready", "localhost:9480"); got.StatusCode != 503 {
		t.Errorf("readiness before the start: got %d, want 503", got.StatusCode)
	}
	w.Start()
	if got := w.people(t, "/-/ready", "localhost:9480"); got.StatusCode != 200 {
		t.Errorf("readiness after the start: got %d, want 200", got.StatusCode)
	}
}

// people asks the admin listener.
func (w *world) people(t testing.TB, path, host string) *http.Response {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, path, nil)
	r.Host = host
	rec := httptest.NewRecorder()
	w.Admin().ServeHTTP(rec, r)
	return rec.Result()
}

func TestAdmin(t *testing.T) {
	t.Parallel()
	w := started(t, oneRoute, nil)
	for host, want := range map[string]int{
		"localhost:9480": 200, "127.0.0.1:9480": 200, "[::1]:9480": 200, "10.0.0.7": 200, "callhours.localhost": 200,
		"[::1]": 200, "[fe80::1%25eth0]:9480": 200,
		"evil.example": 403, "evil.example:9480": 403, "": 403, "localhost.evil.example": 403,
		"[::1": 403, "::1]": 403, "[[::1]]": 403, "[::1:9480": 403, "[": 403,
	} {
		if got := w.people(t, "/-/healthy", host); got.StatusCode != want {
			t.Errorf("Host %q: got %d, want %d", host, got.StatusCode, want)
		}
	}
	for path, want := range map[string]int{
		"/": 200, "/?Account-ID=1&Call-ID=2": 404, "/-/healthy?CallSid=2": 404,
		"/?q=Call-ID=2": 200, "/-/healthy": 200, "/-/ready": 200, "/metrics": 200, "/main": 404, "/-/reload": 405,
	} {
		if got := w.people(t, path, "localhost"); got.StatusCode != want {
			t.Errorf("%s: got %d, want %d", path, got.StatusCode, want)
		}
	}
	metrics := body(t, w.people(t, "/metrics", "localhost"))
	for _, line := range []string{
		`callhours_branch_active{branch="open",route="main",state="open"} 1`,
		`callhours_branch_active{branch="closed",route="main",state="closed"} 0`,
		fmt.Sprintf(`callhours_next_change_timestamp_seconds{route="main"} %v`,
			float64(monday.Add(7*time.Hour).Unix())),
		`callhours_calendar_events{calendar="hours"} 1`,
		`callhours_calendar_up{calendar="hours"} 1`,
		`callhours_calendar_unknown{calendar="hours"} 0`,
		`callhours_config_last_reload_successful 1`,
	} {
		if !strings.Contains(metrics, line+"\n") {
			t.Errorf("/metrics lacks %s", line)
		}
	}
}

// TestFallback: the fallback answers for a branch that does not render; where that fails too there
// is no answer.
func TestFallback(t *testing.T) {
	t.Parallel()
	const branches = `
routes:
  - name: %s
    fallback: %s
    branches:
      - {name: digits, state: other, when: {digits: "1"}, callflow: '{"module": "hangup", "data": { {{- if eq .Call.Digits "1" }}"x": {{ index (list) 3 }}{{ end }}}}'}
      - {name: silent, state: other, when: {digits: "2"}, callflow: '{{ if eq .Call.Digits "2" }}[]{{ else }}{"module": "hangup"}{{ end }}'}
      - {name: strange, state: other, when: {digits: "3"}, callflow: '{"module": "{{ if eq .Call.Digits "3" }}hang_up{{ else }}hangup{{ end }}"}'}
      - {name: endless, state: other, when: {digits: "4"}, callflow: '{{ if eq .Call.Digits "4" }}{{ range 1000000000000 }}{{ end }}{{ end }}{"module": "hangup"}'}
      - {name: passes, state: other, when: {digits: "5"}, pass: true}
      - {name: closed, callflow: '{"module":"hangup"}'}
`
	for _, c := range []struct {
		digits, branch string
		reason         string
	}{
		{"1", "digits", "render_failed"},
		{"2", "silent", "invalid_callflow"},
		{"3", "strange", "invalid_callflow"},
		{"4", "endless", "limit"},
	} {
		t.Run(c.branch, func(t *testing.T) {
			t.Parallel()
			w := started(t, fmt.Sprintf(branches, "main", "closed"), nil)
			got := w.call(post("/main", "Digits", c.digits))
			if b := body(t, got); got.StatusCode != 200 || b != `{"module":"hangup"}` ||
				got.Header.Get("X-Callhours-Branch") != "closed" {
				t.Errorf("got %d %s of branch %s, want the fallback", got.StatusCode, b,
					got.Header.Get("X-Callhours-Branch"))
			}
			if n := w.value(t, "callhours_fallbacks_total", c.branch, c.reason); n != 1 {
				t.Errorf("callhours_fallbacks_total{branch=%q,reason=%q}: got %v, want 1", c.branch, c.reason, n)
			}
			if n := w.value(t, "callhours_decisions_total", c.branch, ""); n != 1 {
				t.Errorf("callhours_decisions_total{branch=%q}: got %v, want 1", c.branch, n)
			}
			if log := w.log.String(); !strings.Contains(log, `"answered_by":"closed"`) ||
				!strings.Contains(log, `"failed_`+c.branch+`":"`+c.reason) {
				t.Errorf("the log does not tell of the failure: %s", log)
			}
			// The branch that failed is its own fallback.
			w = started(t, fmt.Sprintf(branches, "main", c.branch), nil)
			got = w.call(post("/main", "Digits", c.digits))
			if got.StatusCode != 500 || got.Header.Get("X-Callhours-Branch") != "" {
				t.Errorf("without a fallback: got %d, want 500", got.StatusCode)
			}
			if n := w.value(t, "callhours_fallbacks_total", c.branch, "no_answer"); n != 1 {
				t.Errorf("no_answer: got %v, want 1", n)
			}
		})
	}
	w := started(t, fmt.Sprintf(branches, "main", "passes"), nil)
	if got := w.call(post("/main", "Digits", "1")); got.StatusCode != 404 ||
		got.Header.Get("X-Callhours-Branch") != "passes" {
		t.Errorf("a fallback that passes: got %d by %s, want 404 by passes", got.StatusCode,
			got.Header.Get("X-Callhours-Branch"))
	}
}

// value is a counter's, found by the values of two of its labels.
func (w *world) value(t testing.TB, name, branch, reason string) float64 {
	t.Helper()
	families, err := w.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() != name {
			continue
		}
		for _, m := range f.GetMetric() {
			labels := map[string]string{}
			for _, l := range m.GetLabel() {
				labels[l.GetName()] = l.GetValue()
			}
			if labels["branch"] == branch && labels["reason"] == reason {
				return m.GetCounter().GetValue()
			}
		}
	}
	return -1
}

func TestUnknownCalendar(t *testing.T) {
	t.Parallel()
	w := started(t, `
calendars: {hours: {url: "https://calendar.example.com/private-token/office.ics"}}
routes:
  - name: main
    unknown: nobody-knows
    branches:
      - {name: open, when: {calendar: hours}, callflow: '{"module":"hangup"}'}
      - {name: nobody-knows, state: other, when: {digits: "9"}, callflow: '{"module":"hangup","data":{"unknown":true}}'}
      - {name: closed, callflow: '{"module":"hangup"}'}
`, nil)
	got := w.call(post("/main"))
	if b := body(t, got); got.Header.Get("X-Callhours-Branch") != "nobody-knows" || !strings.Contains(b, "unknown") {
		t.Errorf("got %s of branch %s, want that of the unknown branch", b, got.Header.Get("X-Callhours-Branch"))
	}
	if got := got.Header.Get(
		"X-Callhours-Reason"); got != "branch open cannot be decided: calendar hours is unknown: it was never read" {
		t.Errorf("got reason %q", got)
	}
	page := body(t, w.people(t, "/metrics", "localhost"))
	for _, line := range []string{
		`callhours_unknown_decisions_total{route="main"} 1`,
		`callhours_calendar_unknown{calendar="hours"} 1`,
	} {
		if !strings.Contains(page, line+"\n") {
			t.Errorf("/metrics lacks %s", line)
		}
	}
	if strings.Contains(w.log.String(), "private-token") {
		t.Errorf("the log shows a feed's address: %s", w.log)
	}
}

// TestOneBadEvent: it costs itself, and the log names its line and the cure; and so with one that
// is over a limit in the window.
func TestOneBadEvent(t *testing.T) {
	t.Parallel()
	bad := strings.Replace(hoursFile, "END:VCALENDAR",
		"BEGIN:VEVENT\nUID:lost\nDTSTART;TZID=America/New_Yrok:20260105T090000\nSUMMARY:Lost\nEND:VEVENT\n"+
			"BEGIN:VEVENT\nUID:tick\nDTSTART:20260105T090000\nRRULE:FREQ=SECONDLY\nEND:VEVENT\nEND:VCALENDAR", 1)
	w := started(t, oneRoute, map[string]string{"hours.ics": bad})
	if b := body(t, w.call(post("/main"))); b != openFlow {
		t.Errorf("got %s, want that the good event decides", b)
	}
	log := w.log.String()
	for _, want := range []string{
		`"msg":"problem in a calendar","calendar":"hours"`, "hours.ics:14",
		"America/New_Yrok", "did you mean", "more than 20000 occurrences",
	} {
		if !strings.Contains(log, want) {
			t.Errorf("the log lacks %s: %s", want, log)
		}
	}
	if page := body(t, w.people(t, "/metrics", "localhost")); !strings.Contains(page,
		"callhours_calendar_rejected_events{calendar=\"hours\"} 2\n") {
		t.Error("/metrics does not count the event")
	}
}

func TestCallersInTheLog(t *testing.T) {
	t.Parallel()
	for show, want := range map[string]string{
		"none": "", "last4": `"caller":"…0147","dialed":"+14155550100"`,
		"full": `"caller":"+12025550147","dialed":"+14155550100"`,
	} {
		w := started(t, "log: {callers: "+show+"}\n"+oneRoute, nil)
		w.call(post("/main", "Caller-ID-Number", "+12025550147", "Request", "+14155550100"))
		log := w.log.String()
		if !strings.Contains(log, want) ||
			want == "" && (strings.Contains(log, "0147") || strings.Contains(log, "0100")) {
			t.Errorf("callers: %s: got %s", show, log)
		}
	}
}

// TestLinesOfABranch: lines begin as those before them about the same branch only where that is as
// true.
func TestLinesOfABranch(t *testing.T) {
	t.Parallel()
	w := started(t, `
routes:
  - name: main
    branches:
      - name: all
        state: open
        when: {any: [{caller: "+1202*"}, {caller: "+1303*"}]}
        callflow: '{"module":"{{ .Call.CallerName }}"}'
      - {name: rest, state: closed, callflow: '{"module":"hangup"}'}
`, nil)
	for _, c := range []struct{ number, name, want string }{
		{"+12025550147", "hangup", `"status":200,"route":"main","branch":"all","reason":"caller`},
		{"+13035550147", "hangup", `"status":200,"route":"main","branch":"all","reason":"caller`},
		{"+12025550147", "none", `"status":200,"route":"main","branch":"all","reason":"caller`},
		{"+44", "hangup", `"status":200,"route":"main","branch":"rest","reason":`},
		{"+12025550147", "hangup", `"status":200,"route":"main","branch":"all","reason":"caller`},
	} {
		before := len(w.log.String())
		got := w.call(post("/main", "Caller-ID-Number", c.number, "Caller-ID-Name", c.name))
		line := w.log.String()[before:]
		reason, err := json.Marshal(got.Header.Get("X-Callhours-Reason"))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(line, c.want) || !strings.Contains(line, `"reason":`+string(reason)) ||
			strings.Count(line, "\n") != 1 {
			t.Errorf("%s %s: got %s, want %s, and the reason %s", c.number, c.name, line, c.want, reason)
		}
		if failed := strings.Contains(line, `"failed_all"`); failed != (c.name == "none") ||
			failed != strings.Contains(line, `"answered_by":"rest"`) {
			t.Errorf("%s %s: got %s", c.number, c.name, line)
		}
	}
}

// TestFaultsInTheLog: with `calls: faults` an ordinary call has no line, and one that goes wrong
// has.
func TestFaultsInTheLog(t *testing.T) {
	t.Parallel()
	w := started(t, "log: {calls: faults}\n"+
		strings.Replace(oneRoute, "template: ring-then-voicemail", `callflow: '{"module":"{{ .Call.CallerName }}"}'`,
			1), nil)
	if w.call(post("/main", "Caller-ID-Name", "hangup")); strings.Contains(w.log.String(), `"msg":"call"`) {
		t.Errorf("an ordinary call is logged: %s", w.log)
	}
	w.call(post("/main", "Caller-ID-Name", "no module"))
	w.call(post("/elsewhere"))
	w.call(httptest.NewRequest(http.MethodPut, "/main", nil))
	log := w.log.String()
	for _, want := range []string{
		`"failed_open":"invalid_callflow`,
		`"reason":"no_path","path":"/elsewhere","detail":"no route has the path \"/elsewhere\"; known: /main"`,
		`"status":405`,
	} {
		if !strings.Contains(log, want) {
			t.Errorf("the log lacks %s: %s", want, log)
		}
	}
}

// TestUnknownInTheLog: a call that needs a calendar which is unknown is a fault, though it is answered.
func TestUnknownInTheLog(t *testing.T) {
	t.Parallel()
	for _, faults := range []string{"", "log: {calls: faults}\n"} {
		w := started(t, faults+strings.Replace(oneRoute, "file: hours.ics", "url: http://127.0.0.1:1/hours.ics", 1), nil)
		w.call(post("/main"))
		if want := `"level":"WARN","msg":"call","status":200,"route":"main","branch":"closed"`; !strings.Contains(
			w.log.String(), want) {
			t.Errorf("with %q the log lacks %s: %s", faults, want, w.log)
		}
	}
}

// TestRun starts the listeners, and stops them while a call is in flight.
func TestRun(t *testing.T) {
	t.Parallel()
	w := newWorld(t, oneRoute, nil)
	ctx, stop := context.WithCancel(t.Context())
	at := make(chan net.Addr, 2)
	w.options.Started = func(calls, admin, _ net.Addr) { at <- calls; at <- admin }
	ended := make(chan error, 1)
	go func() { ended <- w.Run(ctx) }()
	calls, admin := <-at, <-at
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	got, err := client.PostForm("http://"+calls.String()+"/main", url.Values{"Request": {"1"}})
	if err != nil {
		t.Fatal(err)
	}
	if b := body(t, got); b != openFlow {
		t.Errorf("got %s, want %s", b, openFlow)
	}
	got.Body.Close()
	got, err = client.Get("http://" + admin.String() + "/-/ready")
	if err != nil {
		t.Fatal(err)
	}
	body(t, got)
	got.Body.Close()
	if got.StatusCode != 200 {
		t.Errorf("ready: got %d, want 200", got.StatusCode)
	}
	// A call whose body is still on its way when the server is told to stop.
	conn, err := net.Dial("tcp", calls.String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprint(conn,
		"POST /main HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n")
	const goOn = "HTTP/1.1 100 Continue\r\n\r\n" // the call is being read
	if _, err := io.ReadFull(conn, make([]byte, len(goOn))); err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(conn, "Req")
	stop()
	for !w.draining.Load() {
		select {
		case err := <-ended:
			t.Fatalf("the server ended without draining: %v", err)
		default:
		}
	}
	fmt.Fprint(conn, "uest=1")
	answer, err := io.ReadAll(conn)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(string(answer), "HTTP/1.1 200") || !strings.HasSuffix(string(answer), openFlow) {
		t.Errorf("a call in flight: got %q, want an answer", answer)
	}
	if err := <-ended; err != nil {
		t.Errorf("Run: %v", err)
	}
	if _, err := net.Dial("tcp", calls.String()); err == nil {
		t.Error("the listener is open after Run has ended")
	}
}

// certFiles writes the certificate of an httptest.Server, and its key.
func certFiles(t *testing.T, dir string) (c struct{ cert, key string }) {
	t.Helper()
	s := httptest.NewTLSServer(http.NotFoundHandler())
	defer s.Close()
	pair := s.TLS.Certificates[0]
	key, err := x509.MarshalPKCS8PrivateKey(pair.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	c.cert, c.key = filepath.Join(dir, "tls.crt"), filepath.Join(dir, "tls.key")
	for name, block := range map[string]*pem.Block{
		c.cert: {Type: "CERTIFICATE", Bytes: pair.Certificate[0]},
		c.key:  {Type: "PRIVATE KEY", Bytes: key},
	} {
		if err := os.WriteFile(name, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return c
}

// TestRunTLS: TLS 1.2 is spoken, since Kazoo 4.3 has nothing newer, and a certificate that
// cannot be read starts nothing.
func TestRunTLS(t *testing.T) {
	t.Parallel()
	c := certFiles(t, t.TempDir())
	w := newWorld(t, "tls: {cert_file: tls.crt, key_file: tls.key}\n"+oneRoute, nil)
	at := make(chan net.Addr, 2)
	w.options.Started = func(calls, admin, _ net.Addr) { at <- calls; at <- admin }
	if err := w.Run(t.Context()); err == nil ||
		!strings.HasPrefix(err.Error(), "tls: cert_file tls.crt: no such file") {
		t.Errorf("without the files: got %v", err)
	}
	w.options.Generation.file.TLS = &config.TLS{CertFile: c.cert, KeyFile: c.key}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- w.Run(ctx) }()
	client := &http.Client{
		Transport: &http.Transport{
			TLSClientConfig: &tls.Config{InsecureSkipVerify: true, MaxVersion: tls.VersionTLS12},
		},
	}
	got, err := client.PostForm("https://"+(<-at).String()+"/main", url.Values{"Request": {"1"}})
	if err != nil {
		t.Fatal(err)
	}
	if b := body(t, got); b != openFlow || got.TLS.Version != tls.VersionTLS12 {
		t.Errorf("got %s over TLS %x, want %s over 1.2", b, got.TLS.Version, openFlow)
	}
	got.Body.Close()
	client.CloseIdleConnections()
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// TestExtraModules: what only this cluster has is no mistake in a callflow.
func TestExtraModules(t *testing.T) {
	t.Parallel()
	w := started(t,
		"extra_modules: [acme_ivr]\nroutes: [{name: main, branches: [{name: closed, callflow: '{\"module\":\"acme_ivr\"}'}]}]\n", nil)
	if got := w.call(post("/main")); got.StatusCode != 200 {
		t.Errorf("got %d, want 200: %s", got.StatusCode, w.log)
	}
}

// TestKazooVersion: what a version of Kazoo refuses is a mistake, until the configuration says that
// it is another.
func TestKazooVersion(t *testing.T) {
	t.Parallel()
	const routes = `routes: [{name: main, branches: [{name: closed, callflow: '{"module":"noop"}'}]}]` + "\n"
	for version, accepted := range map[string]bool{
		"": false, "kazoo_version: 4.3\n": false,
		"kazoo_version: master\n": true, "kazoo_version: \"5\"\n": true,
	} {
		if _, err := load(t, head+version+routes, nil); (err == nil) != accepted {
			t.Errorf("%q: got %v, want it accepted: %v", version, err, accepted)
		}
	}
}

func TestDrainClosesConnections(t *testing.T) {
	t.Parallel()
	w := started(t, oneRoute, nil)
	w.draining.Store(true)
	got := w.call(post("/main"))
	if b := body(t, got); b != openFlow || got.Header.Get("Connection") != "close" {
		t.Errorf("got %s with Connection %q, want an answer that closes", b, got.Header.Get("Connection"))
	}
	if got := w.people(t, "/-/ready", "localhost"); got.StatusCode != 503 {
		t.Errorf("readiness while stopping: got %d, want 503", got.StatusCode)
	}
}

func TestPortInUse(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	g, err := load(t, strings.Replace(head, "listen: \"127.0.0.1:0\"", "listen: \""+taken.Addr().String()+"\"", 1)+
		oneRoute, nil)
	if err != nil {
		t.Fatal(err)
	}
	s := New(Options{
		Generation: g, Registry: prometheus.NewRegistry(), Log: slog.New(slog.DiscardHandler),
		Now: func() time.Time { return monday },
	})
	want := fmt.Sprintf(
		"listen %s: address already in use; is another process using the port, or is the address not on this machine?",
		taken.Addr())
	if err := s.Run(t.Context()); err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// TestSlowSender: who sends the head of a request and then nothing gets a 408, and keeps nothing
// busy.
func TestSlowSender(t *testing.T) {
	t.Parallel()
	w := started(t, oneRoute, nil)
	ts := httptest.NewUnstartedServer(w.Calls())
	ts.Config.ReadTimeout = 100 * time.Millisecond
	ts.Start()
	defer ts.Close()
	conn, err := net.Dial("tcp", ts.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprint(conn, "POST /main HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nRequest=1")
	answer, err := io.ReadAll(conn)
	if err != nil || !strings.HasPrefix(string(answer), "HTTP/1.1 408") {
		t.Errorf("got %q, %v, want 408", answer, err)
	}
	if n := w.calls.running.Load(); n != 0 {
		t.Errorf("%d calls are still in flight", n)
	}
}

func TestOverload(t *testing.T) {
	t.Parallel()
	w := started(t, oneRoute, nil)
	w.calls.running.Store(w.calls.most)
	if got := w.call(post("/main")); got.StatusCode != 503 || got.Header.Get("Retry-After") != "" {
		t.Errorf("got %d, want 503 without Retry-After", got.StatusCode)
	}
	w.calls.running.Store(w.calls.most - 1)
	if got := w.call(post("/main")); got.StatusCode != 200 {
		t.Errorf("below the limit: got %d, want 200", got.StatusCode)
	}
	w.metric(t,
		"# HELP callhours_shed_calls_total Calls refused with 503 because of overload.\n# TYPE callhours_shed_calls_total counter\ncallhours_shed_calls_total 1\n", "callhours_shed_calls_total")
}

// TestPanic: a fault of ours costs one call its answer, not its connection.
func TestPanic(t *testing.T) {
	t.Parallel()
	w := started(t, oneRoute, nil)
	w.live.Load().served = nil
	if got := w.call(post("/main")); got.StatusCode != 500 {
		t.Errorf("got %d, want 500", got.StatusCode)
	}
	if !strings.Contains(w.log.String(), "panic") {
		t.Errorf("the log does not tell: %s", w.log)
	}
}

// TestAdvance: an unchanged calendar decides for years, since expansion follows the clock.
func TestAdvance(t *testing.T) {
	t.Parallel()
	w := started(t, oneRoute, nil)
	for _, c := range []struct {
		at   time.Time
		want string
	}{
		{monday.AddDate(0, 6, 0), closedFlow}, // a Sunday
		{monday.AddDate(0, 6, 1), openFlow},
		{monday.AddDate(3, 0, 0), openFlow},
		{monday.AddDate(20, 0, 0), openFlow},
		{monday.AddDate(-1, 0, 0), closedFlow}, // the clock is set back, before the series began
		{monday, openFlow},
	} {
		w.at(c.at)
		w.Advance()
		if b := body(t, w.call(post("/main"))); b != c.want {
			t.Errorf("%s: got %s, want %s", c.at, b, c.want)
		}
	}
	w.at(monday.AddDate(2, 0, 0)) // and nothing has advanced
	got := w.call(post("/main"))
	if reason := got.Header.Get("X-Callhours-Reason"); !strings.Contains(reason, "outside the window") ||
		body(t, got) != closedFlow {
		t.Errorf("past the horizon: got reason %q, want unknown and never closed by a calendar", reason)
	}
}

// TestLogWritesTogether: a line that comes alone is written at once, those behind it together, and
// lines whose writer fails are counted.
func TestLogWritesTogether(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		to := &writes{}
		dropped := 0
		l := NewLog(to, func() { dropped++ })
		log := slog.New(slog.NewTextHandler(l, nil))
		says := func(want ...int) {
			t.Helper()
			synctest.Wait()
			to.mu.Lock()
			defer to.mu.Unlock()
			if !slices.Equal(to.lines, want) {
				t.Errorf("got writes of %v lines, want %v", to.lines, want)
			}
		}
		log.Info("alone")
		says(1)
		for range 66 {
			log.Info("line")
		}
		says(1)
		<-time.After(gathering)
		says(1, 66)
		to.mu.Lock()
		to.fails = errors.New("disk full")
		to.mu.Unlock()
		for range 3 {
			log.Info("lost")
		}
		if err := l.Close(t.Context()); err != nil {
			t.Error(err)
		}
		if dropped != 3 {
			t.Errorf("%d lines are counted as dropped, want 3", dropped)
		}
	})
}

// writes counts the lines of each write.
type writes struct {
	mu    sync.Mutex
	lines []int
	fails error
}

func (w *writes) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.lines = append(w.lines, bytes.Count(p, []byte("\n")))
	return len(p), w.fails
}

// TestStalledLog: a log that is never read costs lines, not calls.
func TestStalledLog(t *testing.T) {
	t.Parallel()
	dropped := 0
	r, pipe := io.Pipe()
	l := NewLog(pipe, func() { dropped++ })
	line := bytes.Repeat([]byte("x"), waiting/1000)
	for range 1100 {
		if n, err := l.Write(line); n != len(line) || err != nil {
			t.Fatalf("got %d, %v, want the whole line", n, err)
		}
	}
	// Some lines may be on their way to the reader, who may have come at any moment.
	if dropped > 100 {
		t.Errorf("%d lines were dropped, want 100 at most", dropped)
	}
	for range 1000 {
		_, _ = l.Write(line)
	}
	if dropped < 100 || dropped > 1100 {
		t.Errorf("%d lines were dropped of twice as many as may wait and a hundred, want that hundred at least",
			dropped)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := l.Close(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Close of a stalled log: got %v, want that of its context", err)
	}
	go io.Copy(io.Discard, r)
	if err := l.Close(t.Context()); err != nil {
		t.Errorf("Close: %v", err)
	}
	pipe.Close()
}

func TestLogFlushes(t *testing.T) {
	t.Parallel()
	var b buffer
	l := NewLog(&b, func() { t.Error("a line was dropped") })
	log := slog.New(slog.NewTextHandler(l, nil)).With("a", 1).WithGroup("g")
	for i := range 1000 {
		log.Info("line", "i", i)
	}
	log.Debug("not asked for")
	if err := l.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := strings.Count(b.String(), "\n"); got != 1000 ||
		!strings.HasSuffix(b.String(), "level=INFO msg=line a=1 g.i=999\n") {
		t.Errorf("got %d lines after Close, want 1000", got)
	}
}

func TestStateDir(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "state_dir: /dev/null/state\n"+oneRoute, nil)
	if log := w.log.String(); !strings.Contains(log, "copies of feeds cannot be kept") ||
		!strings.Contains(log, "not a directory") {
		t.Errorf("got %s, want a warning", log)
	}
	w.metric(t, `# HELP callhours_state_write_failures_total Writes to the state directory that failed.
# TYPE callhours_state_write_failures_total counter
callhours_state_write_failures_total 1
`, "callhours_state_write_failures_total")
	w = newWorld(t, "state_dir: "+t.TempDir()+"\n"+oneRoute, nil)
	if log := w.log.String(); log != "" {
		t.Errorf("a directory that can be written: got %s", log)
	}
}

func TestHeaderText(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"plain": "plain", "Geschäft\r\nX-Evil: 1": `Gesch\u00e4ft\r\nX-Evil: 1`, "\x00\x7f": `\x00\x7f`,
		strings.Repeat("é", 100): strings.Repeat(`\u00e9`, 40) + "...",
	} {
		if got := listen.HeaderText(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}
