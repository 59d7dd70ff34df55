package server

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// feed is a calendar server that answers what a test says.
type feed struct {
	*httptest.Server
	mu     sync.Mutex
	answer http.HandlerFunc
}

func newFeed(t testing.TB) *feed {
	t.Helper()
	f := &feed{answer: calendarBody(hoursFile)}
	f.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f.mu.Lock()
		answer := f.answer
		f.mu.Unlock()
		answer(w, r)
	}))
	t.Cleanup(f.Close)
	return f
}

func (f *feed) on(answer http.HandlerFunc) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.answer = answer
}

func calendarBody(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, body) }
}

func withStatus(code int, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(code)
	}
}

// fed is a running world whose calendar is a feed.
func fed(t testing.TB, f *feed, yaml string) *world {
	t.Helper()
	w := newWorld(t, strings.ReplaceAll(yaml, "$FEED", f.URL+"/private-token/office.ics"), nil)
	w.runStore(t)
	w.Start()
	return w
}

// runStore keeps the feeds fresh until the test ends, and waits until something is known of each.
func (w *world) runStore(t testing.TB) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		w.store.Run(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		<-ended
	})
	if err := w.store.Ready(ctx); err != nil {
		t.Fatal(err)
	}
}

var oneFeed = strings.Replace(oneRoute, "{file: hours.ics}", "{url: \"$FEED\"}", 1)

// TestFaults is the table of docs/design.md §6 as far as it is about feeds: the former copy
// decides, and what is wrong is shown in the API, the metrics and the log. Of its other rows: one
// bad or absurd event is TestOneBadEvent; never read TestUnknownCalendar and TestFeedNeverRead;
// unchanged for months TestMonths; template, callflow and time TestFallback; no route TestStatus;
// log TestStalledLog; overload TestOverload; state directory TestStateDir here and TestRestart of
// calendars; clock TestAdvance; SIGTERM TestRun.
func TestFaults(t *testing.T) {
	t.Parallel()
	hijack := func(answer string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			c, _, err := http.NewResponseController(w).Hijack()
			if err != nil {
				panic(err)
			}
			fmt.Fprint(c, answer)
			c.(*net.TCPConn).SetLinger(0) // a reset
			c.Close()
		}
	}
	for _, c := range []struct {
		name   string
		answer http.HandlerFunc
		result string
		status int
		error  string // after scheme and host
	}{
		{
			"gone", withStatus(404), "not_found", 404,
			"404 Not Found; is the calendar still shared, and at this address?",
		},
		{
			"forbidden", withStatus(403), "forbidden", 403,
			"403 Forbidden; is the calendar still shared, and at this address?",
		},
		{"broken", withStatus(500), "server_error", 500, "500 Internal Server Error"},
		{"busy", withStatus(429, "Retry-After", "3600"), "rate_limited", 429, "429 Too Many Requests"},
		{
			"a sign-in page", calendarBody("<!DOCTYPE html><html><title>Sign in</title></html>"), "not_calendar", 200,
			`not a calendar: expected BEGIN:VCALENDAR first, found a web page titled "Sign in"`,
		},
		{"empty", calendarBody(""), "not_calendar", 200, "not a calendar: "},
		{"cut", calendarBody(hoursFile[:len(hoursFile)/2]), "truncated", 200, "truncated: "},
		{
			"reset in the body", hijack("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nBEGIN:VCALENDAR\r\n"),
			"truncated",
			200, "truncated: ",
		},
		{"no answer", hijack(""), "server_error", 0, ""},
		{
			"over a limit",
			calendarBody(strings.Replace(hoursFile, "END:VCALENDAR", strings.Repeat("X-A:b\n", 1000)+"END:VCALENDAR",
				1)), "too_big", 200, "too big: more than 900 lines (limits.lines)",
		},
		{
			"without events", calendarBody("BEGIN:VCALENDAR\nEND:VCALENDAR\n"), "shrunk", 200,
			"0 events where there were 1; that has to be seen twice, 10 minutes apart, before it is believed",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := newFeed(t)
			w := fed(t, f, "limits: {lines: 900}\n"+oneFeed)
			if b := body(t, w.call(post("/main"))); b != openFlow {
				t.Fatalf("at first: got %s", b)
			}
			f.on(c.answer)
			st, err := w.refreshFeed(t.Context(), "hours")
			if err != nil {
				t.Fatal(err)
			}
			if st.State != "stale" || string(st.Result) != c.result || st.Status != c.status ||
				!strings.HasPrefix(st.Error, f.URL+"/…: "+c.error) {
				t.Errorf("shown: %s %s %d %q", st.State, st.Result, st.Status, st.Error)
			}
			if st.Failed != 1 || st.Events != 1 || st.Read == nil || st.Next == nil || st.Horizon == nil {
				t.Errorf("shown: %+v", st)
			}
			w.at(monday.Add(5 * time.Minute))
			w.Advance()
			if b := body(t, w.call(post("/main"))); b != openFlow {
				t.Errorf("got %s, want that the former copy decides", b)
			}
			page := body(t, w.people(t, "/metrics", "localhost"))
			for _, line := range []string{
				`callhours_calendar_up{calendar="hours"} 0`,
				`callhours_calendar_unknown{calendar="hours"} 0`, `callhours_calendar_events{calendar="hours"} 1`,
			} {
				if !strings.Contains(page, line+"\n") {
					t.Errorf("/metrics lacks %s", line)
				}
			}
			if strings.Contains(page, `callhours_calendar_fetches_total{calendar="hours",result="`+c.result+`"} 0`) {
				t.Error("/metrics does not count the result")
			}
			log := w.log.String()
			if !strings.Contains(log,
				`"msg":"a feed fails; its copy is used","calendars":["hours"],"result":"`+c.result+`"`) {
				t.Errorf("the log does not say so: %s", log)
			}
			list := body(t, w.people(t, "/api/v1/feeds", "localhost"))
			for _, text := range []string{log, page, list} {
				if strings.Contains(text, "private-token") {
					t.Errorf("a secret address is shown: %s", text)
				}
			}

			f.on(calendarBody(hoursFile))
			if st, err := w.refreshFeed(t.Context(), "hours"); err != nil || st.State != "fresh" || st.Error != "" ||
				st.Failed != 0 {
				t.Errorf("afterwards: %+v, %v", st, err)
			}
			if !strings.Contains(w.log.String(), `"msg":"a feed is well again"`) {
				t.Error("the log does not say that it is over")
			}
		})
	}
}

// TestFeedNeverRead: the unknown branch answers, with the reason; and as soon as the feed is there
// it decides.
func TestFeedNeverRead(t *testing.T) {
	t.Parallel()
	f := newFeed(t)
	f.on(withStatus(503))
	w := fed(t, f, oneFeed)
	got := w.call(post("/main"))
	if b := body(t, got); b != closedFlow ||
		got.Header.Get(
			"X-Callhours-Reason") != "branch open cannot be decided: calendar hours is unknown: it was never read" {
		t.Errorf("got %s because %s", b, got.Header.Get("X-Callhours-Reason"))
	}
	page := body(t, w.people(t, "/metrics", "localhost"))
	for _, line := range []string{
		`callhours_calendar_unknown{calendar="hours"} 1`,
		`callhours_unknown_decisions_total{route="main"} 1`,
	} {
		if !strings.Contains(page, line+"\n") {
			t.Errorf("/metrics lacks %s", line)
		}
	}
	if log := w.log.String(); !strings.Contains(log,
		`"msg":"a calendar is unknown","calendar":"hours","reason":"it was never read","error":"`+f.URL+
			`/…: 503 Service Unavailable`) {
		t.Errorf("the log does not say so: %s", log)
	}
	f.on(calendarBody(hoursFile))
	if _, err := w.refreshFeed(t.Context(), "hours"); err != nil {
		t.Fatal(err)
	}
	if b := body(t, w.call(post("/main"))); b != openFlow {
		t.Errorf("once the feed is there: got %s", b)
	}
	if page := body(t, w.people(t, "/metrics", "localhost")); !strings.Contains(page,
		`callhours_calendar_unknown{calendar="hours"} 0`) {
		t.Error("/metrics still says unknown")
	}
}

// TestExpiredFeed: a copy older than expire_after decides nothing, until it is confirmed.
func TestExpiredFeed(t *testing.T) {
	t.Parallel()
	f := newFeed(t)
	w := fed(t, f, strings.Replace(oneFeed, "}}", ", expire_after: 48h}}", 1))
	f.on(withStatus(503))
	if _, err := w.refreshFeed(t.Context(), "hours"); err != nil {
		t.Fatal(err)
	}
	w.at(monday.AddDate(0, 0, 1))
	w.Advance()
	if b := body(t, w.call(post("/main"))); b != openFlow {
		t.Errorf("a day later: got %s", b)
	}
	w.at(monday.AddDate(0, 0, 3))
	w.Advance()
	got := w.call(post("/main"))
	if b := body(t, got); b != closedFlow ||
		!strings.HasSuffix(got.Header.Get("X-Callhours-Reason"),
			"calendar hours is unknown: its copy is older than expire_after") {
		t.Errorf("three days later: got %s because %s", b, got.Header.Get("X-Callhours-Reason"))
	}
	if page := body(t, w.people(t, "/metrics", "localhost")); !strings.Contains(page,
		`callhours_calendar_unknown{calendar="hours"} 1`) {
		t.Error("/metrics does not say so")
	}
	f.on(calendarBody(hoursFile))
	if _, err := w.refreshFeed(t.Context(), "hours"); err != nil {
		t.Fatal(err)
	}
	w.Advance()
	if b := body(t, w.call(post("/main"))); b != openFlow {
		t.Errorf("afterwards: got %s", b)
	}
}

// TestMonths is F6: a feed that says "not modified" for months still has its new days.
func TestMonths(t *testing.T) {
	t.Parallel()
	f := newFeed(t)
	w := fed(t, f, "horizon: 30d\n"+oneFeed)
	f.on(withStatus(304))
	for week := range 52 {
		w.at(monday.AddDate(0, 0, 7*week))
		w.Advance()
		if b := body(t, w.call(post("/main"))); b != openFlow {
			t.Fatalf("in week %d: got %s", week, b)
		}
	}
}

// TestNewBody: what a manager changes is what the next call hears, also with a calendar that only a
// template names.
func TestNewBody(t *testing.T) {
	t.Parallel()
	f := newFeed(t)
	w := fed(t, f, oneFeed)
	f.on(calendarBody(strings.ReplaceAll(hoursFile, "SUMMARY:Open", "SUMMARY:Repairs")))
	if st, err := w.refreshFeed(t.Context(), "hours"); err != nil || st.Result != "ok" {
		t.Fatalf("got %+v, %v", st, err)
	}
	if b := body(t, w.call(post("/main"))); b != closedFlow {
		t.Errorf("got %s, want what the new body says", b)
	}
	if page := body(t, w.people(t, "/metrics", "localhost")); !strings.Contains(page,
		`callhours_calendar_unmatched_events{calendar="hours"} 1`) {
		t.Error("/metrics does not count the title that no condition fits")
	}
}

// TestFeedsAPI: whom it answers, and how.
func TestFeedsAPI(t *testing.T) {
	t.Parallel()
	f := newFeed(t)
	w := fed(t, f, oneFeed)
	ask := func(method, path, site string) string {
		r := onLoopback(httptest.NewRequest(method, "http://localhost"+path, nil))
		if site != "" {
			r.Header.Set("Sec-Fetch-Site", site)
			r.Header.Set("Origin", "https://evil.example.com")
		}
		rec := httptest.NewRecorder()
		w.Admin().ServeHTTP(rec, r)
		return fmt.Sprint(rec.Code, " ", rec.Header().Get("Content-Type"), " ", strings.TrimSpace(rec.Body.String()))
	}
	feed := `{"calendars":["hours"],"source":"` + f.URL +
		`/…","watched":false,"state":"fresh","read":"2026-11-23T15:00:00Z","age_seconds":0,` +
		`"age_doubt":"","result":"ok","status":200,` +
		`"error":"","attempted":"2026-11-23T15:00:00Z","next":"NEXT","failed_attempts":0,"clock_skew_seconds":0,"title":"","x_wr_timezone":"","events":1,"horizon":"202`
	got := ask("GET", "/api/v1/feeds", "")
	st := w.store.Feeds()[0]
	want := "200 application/json {\"feeds\":[" +
		strings.Replace(feed, "NEXT", st.Next.UTC().Format(time.RFC3339Nano), 1)
	// the clock of the test stands still
	got = strings.Replace(got, fmt.Sprintf(`"clock_skew_seconds":%v`, st.Skew.Seconds()), `"clock_skew_seconds":0`, 1)
	if !strings.HasPrefix(got, want) || !strings.HasSuffix(got, `,"problems":0}]}`) {
		t.Errorf("got  %s\nwant %s…", got, want)
	}
	for _, c := range []struct{ method, path, site, want string }{
		{
			"POST", "/api/v1/feeds/hours/refresh", "cross-site",
			`403 application/json {"error":"a page of another site may not do that"}`,
		},
		{"GET", "/api/v1/feeds/hours/refresh", "", `405 application/json {"error":"only POST is answered here"}`},
		{
			"POST", "/api/v1/feeds/huors/refresh", "",
			`404 application/json {"error":"calendar \"huors\" is not known; did you mean \"hours\"?"}`,
		},
		{"POST", "/api/v1/feeds", "", `405 application/json {"error":"only GET is allowed"}`},
		{"GET", "/api/v1/feeds/hours", "", `404 application/json {"error":"not found; see /"}`},
	} {
		if diff := cmp.Diff(c.want, ask(c.method, c.path, c.site)); diff != "" {
			t.Errorf("%s %s: %s", c.method, c.path, diff)
		}
	}
	if got := ask("POST", "/api/v1/feeds/hours/refresh", "same-origin"); !strings.HasPrefix(got,
		`200 application/json {"calendars":["hours"]`) {
		t.Errorf("got %s", got)
	}
}

// TestFindings: what people should look at is counted.
func TestFindings(t *testing.T) {
	t.Parallel()
	f := newFeed(t)
	f.on(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Date", monday.Add(-time.Hour).Format(http.TimeFormat))
		fmt.Fprint(w,
			strings.Replace(hoursFile, "END:VCALENDAR",
				"BEGIN:VEVENT\nUID:odd\nDTSTART:20260105T230000Z\nDTEND:20260105T233000Z\nRRULE:FREQ=WEEKLY\nSUMMARY:Open late\nEND:VEVENT\nEND:VCALENDAR", 1))
	})
	w := fed(t, f, oneFeed)
	w.prerenderQueued(t.Context())
	page := body(t, w.people(t, "/metrics", "localhost"))
	for _, line := range []string{
		`callhours_findings{kind="clock_skew",severity="warning"} 1`,
		`callhours_findings{kind="odd_event",severity="warning"} 1`,
	} {
		if !strings.Contains(page, line+"\n") {
			t.Errorf("/metrics lacks %s", line)
		}
	}
	if st := w.feeds(t.Context(), 0, maxOffset)[0]; st.Skew > -3590 || st.Skew < -3610 {
		t.Errorf("the clock is shown as %v ahead", st.Skew)
	}
}

// TestRehearsal: a title that a template cannot take is known before the call that it would fail,
// and counted until it is gone.
func TestRehearsal(t *testing.T) {
	t.Parallel()
	f := newFeed(t)
	picky := strings.Replace(oneFeed, "template: ring-then-voicemail",
		`callflow: '{"module":"tts","data":{"text":"{{ if contains "!" .Event.Summary }}{{ index (list) 3 }}{{ end }}x"}}'`, 1)
	w := fed(t, f, picky)
	w.prerenderQueued(t.Context())
	if log := w.log.String(); strings.Contains(log, "a branch will not answer") {
		t.Fatalf("at first: %s", log)
	}
	f.on(calendarBody(strings.ReplaceAll(hoursFile, "SUMMARY:Open", "SUMMARY:Open!")))
	if _, err := w.refreshFeed(t.Context(), "hours"); err != nil {
		t.Fatal(err)
	}
	w.prerenderQueued(t.Context())
	w.prerenderer.enqueue(w.live.Load().routes)
	w.prerenderQueued(t.Context())
	log := w.log.String()
	if n := strings.Count(log,
		`"msg":"a branch will not answer","route":"main","branch":"open","from":"2026-11-23T10:00:00-05:00","reason":"render_failed"`); n != 1 {
		t.Errorf("said %d times: %s", n, log)
	}
	const line = `callhours_findings{kind="branch_will_fail",severity="error"} `
	if page := body(t, w.people(t, "/metrics", "localhost")); !strings.Contains(page, line+"1\n") {
		t.Error("/metrics does not count it")
	}
	f.on(calendarBody(hoursFile))
	if _, err := w.refreshFeed(t.Context(), "hours"); err != nil {
		t.Fatal(err)
	}
	w.prerenderQueued(t.Context())
	if page := body(t, w.people(t, "/metrics", "localhost")); !strings.Contains(page, line+"0\n") {
		t.Error("/metrics still counts it")
	}
}

// TestStartTimeout: a feed that does not answer keeps no call waiting for longer than
// start_timeout.
func TestStartTimeout(t *testing.T) {
	t.Parallel()
	f := newFeed(t)
	gone := make(chan struct{})
	f.on(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-r.Context().Done():
		case <-gone:
		}
	})
	w := newWorld(t, strings.ReplaceAll("start_timeout: 100ms\n"+oneFeed, "$FEED", f.URL), nil)
	started := make(chan string, 1)
	w.options.Started = func(calls, admin, _ net.Addr) { started <- "http://" + calls.String() }
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- w.Run(ctx) }()
	at := <-started
	r, err := http.Post(at+"/main", "application/x-www-form-urlencoded", nil)
	if err != nil {
		t.Fatal(err)
	}
	if b := body(t, r); b != closedFlow {
		t.Errorf("got %s, want the unknown branch", b)
	}
	r.Body.Close()
	if log := w.log.String(); !strings.Contains(log, "some feeds have not answered yet") {
		t.Errorf("the log does not say so: %s", log)
	}
	http.DefaultClient.CloseIdleConnections()
	close(gone)
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
