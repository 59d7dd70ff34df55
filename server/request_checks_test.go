package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/callhours/callhours/internal/growth"
)

// TestRequestBounds: what is asked for within a bound is answered, and one more is refused with the
// bound, before anything is worked out.
func TestRequestBounds(t *testing.T) {
	t.Parallel()
	w := started(t, oneRoute, nil)
	x := func(n int) string { return strings.Repeat("x", n) }
	for _, c := range []struct {
		path   string
		status int
		want   string
	}{
		{"/" + x(maxPath-1), 404, ""},
		{"/" + x(maxPath), 414, "the path has 1025 bytes; the limit is 1024\n"},
		{"/?q=" + x(maxParameter), 200, ""},
		{"/?q=" + strings.Repeat("%C3%A4", maxParameter), 200, ""},
		{"/?q=" + x(maxParameter+1), 400, "q has 257 characters; the limit is 256\n"},
		{"/?" + x(maxParameter+1) + "=1", 400, "the name of a parameter has 257 bytes; the limit is 256\n"},
		{"/?Q%0A=" + x(maxParameter+1), 400, `"Q\n" has 257 characters; the limit is 256` + "\n"},
		{"/?q=&" + strings.Repeat("a=&", maxParameters-1), 200, ""},
		{"/?q=&" + strings.Repeat("a=&", maxParameters), 400, "there are more than 64 parameters\n"},
		{"/?" + x(maxQuery), 400, ""},
		{"/?" + x(maxQuery+1), 414, "the parameters have 16385 bytes; the limit is 16384\n"},
		{explainPath + "?route=main&param=A=" + x(maxCallText-2), 200, ""},
		{
			explainPath + "?route=main&param=A=" + x(maxCallText-1), 400,
			"param has 1025 characters; the limit is 1024\n",
		},
		{explainPath + "?route=main&at=2199-12-31", 200, ""},
		{
			explainPath + "?route=main&at=2200-01-01", 400,
			`at "2200-01-01" is too far away; expected the years 1970 to 2199` + "\n",
		},
		{explainPath + "?route=main&at=1970-01-01", 200, ""},
		{
			explainPath + "?route=main&at=1969-12-31", 400,
			`at "1969-12-31" is too far away; expected the years 1970 to 2199` + "\n",
		},
		{"/routes/main?from=9999-01-01", 400, ""},
		{"/calendars/hours?from=0001-01-01", 400, ""},
		{hoursPath + "?route=main&days=400", 200, ""},
		{
			hoursPath + "?route=main&days=401", 400,
			`days "401": expected 1 to 400; for later days, set from` + "\n",
		},
		{routesPath + "?limit=1000&offset=1000000", 200, ""},
		{routesPath + "?limit=1001", 400, `limit "1001": expected 1 to 1000` + "\n"},
		{routesPath + "?offset=1000001", 400, `offset "1000001": expected 0 to 1000000` + "\n"},
		{decisionsPath + "?limit=1000", 200, ""},
		{decisionsPath + "?limit=1001", 400, `limit "1001": expected 1 to 1000` + "\n"},
		{findingsPath + "?limit=1000000", 200, ""},
		{findingsPath + "?limit=1000001", 400, `limit "1000001": expected 1 to 1000000` + "\n"},
	} {
		got := w.people(t, c.path, "localhost")
		if text := errorOf(body(t, got)); got.StatusCode != c.status || c.want != "" && text != c.want {
			t.Errorf("%.60s (%d bytes): got %d %.90q, want %d %q", c.path, len(c.path), got.StatusCode, text, c.status,
				c.want)
		}
	}
	for size, want := range map[int]int{maxPeopleBody: 422, maxPeopleBody + 1: 413} {
		r := onLoopback(httptest.NewRequest(http.MethodPost, reloadPath, strings.NewReader(x(size))))
		r.Host = "localhost"
		rec := httptest.NewRecorder()
		w.Admin().ServeHTTP(rec, r)
		if rec.Code != want {
			t.Errorf("a body of %d bytes: got %d, want %d", size, rec.Code, want)
		}
	}
}

// TestForeign: a page of another site can make a browser ask for nothing that costs anything;
// programs, our own pages and people are answered.
func TestForeign(t *testing.T) {
	t.Parallel()
	w := started(t, oneRoute, nil)
	type headers = map[string]string
	follows := headers{"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
	for name, c := range map[string]struct {
		headers headers
		want    int
	}{
		"a program":                       {nil, 200},
		"a page of ours":                  {headers{"Sec-Fetch-Site": "same-origin"}, 200},
		"a person":                        {headers{"Sec-Fetch-Site": "none"}, 200},
		"our script":                      {headers{"Origin": "http://localhost"}, 200},
		"a picture in another one's page": {headers{"Sec-Fetch-Site": "cross-site"}, 403},
		"a page of the same site":         {headers{"Sec-Fetch-Site": "same-site"}, 403},
		"a word that nobody knows":        {headers{"Sec-Fetch-Site": "x"}, 403},
		"our page without TLS":            {headers{"Referer": "http://localhost/routes"}, 200},
		"another one's picture, no TLS": {
			headers{"Referer": "https://evil.example/page", "Accept": "image/png,*/*"},
			403,
		},
		"another one's link, no TLS": {headers{"Referer": "https://wiki.example/page", "Accept": "text/html,*/*"}, 403},
		"another one's script":       {headers{"Origin": "https://evil.example"}, 403},
		"a script of no origin":      {headers{"Origin": "null"}, 403},
		"a frame": {
			headers{"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"}, 403,
		},
		"a link": {follows, 403},
	} {
		for path, free := range map[string]bool{
			"/": false, "/routes/main?view=month": false, "/calendars/hours": false, "/try?route=main": false,
			"/findings": false, "/config": false, "/nowhere": false,
			hoursPath + "?route=main": false, explainPath + "?route=main": false, feedsPath: false, findingsPath: false,
			statusPath: false, decisionsPath: false, routesPath: false,
			"/metrics": false, "/-/healthy": true, "/-/ready": true, "/static/console.css": true, openapiPath: true,
		} {
			want := c.want
			if path == "/nowhere" && want == 200 {
				want = 404
			}
			if free {
				want = 200
			}
			got := w.peopleWith(path, c.headers)
			if text := body(t, got); got.StatusCode != want {
				t.Errorf("%s asks for %s: got %d, want %d", name, path, got.StatusCode, want)
			} else if leads := strings.Contains(text,
				`<a href="`+strings.ReplaceAll(path, "&", "&amp;")+`">`); want == 403 &&
				(leads != strings.Contains(name, "link") || len(text) > 1000) {
				t.Errorf("%s asks for %s: %s", name, path, text)
			}
		}
	}
	if text := body(t, w.peopleWith("//evil.example/", follows)); !strings.Contains(text, `<a href="/">`) ||
		strings.Contains(text, "evil") {
		t.Errorf("a page leads to another host: %s", text)
	}
	if text := body(t, w.peopleWith(`/<script>"'`, follows)); strings.Contains(text, "<script") {
		t.Errorf("a page shows what is not escaped: %s", text)
	}
}

// peopleWith asks the admin listener with headers.
func (w *world) peopleWith(path string, headers map[string]string) *http.Response {
	r := httptest.NewRequest(http.MethodGet, "http://localhost/", nil)
	r.URL, r.RequestURI = &url.URL{Path: path}, path
	if at, query, ok := strings.Cut(path, "?"); ok {
		r.URL.Path, r.URL.RawQuery = at, query
	}
	for name, value := range headers {
		r.Header.Set(name, value)
	}
	rec := httptest.NewRecorder()
	w.Admin().ServeHTTP(rec, r)
	return rec.Result()
}

// TestOutOfTurn: who finds too many before him is told so, and what costs nothing is answered
// all the same, as calls are.
func TestOutOfTurn(t *testing.T) {
	t.Parallel()
	w := started(t, oneRoute, nil)
	turns := w.admin.turns
	turns.taken = turns.places
	for i := range maxWaiting {
		turns.waiting = append(turns.waiting, &waitingTurn{fmt.Sprint(i), make(chan bool, 1)})
	}
	for path, want := range map[string]int{
		"/": 503, "/routes/main": 503, explainPath + "?route=main": 503, hoursPath + "?route=main": 503,
		findingsPath: 503, statusPath: 503, feedsPath: 503,
		"/-/healthy": 200, "/-/ready": 200, "/metrics": 200, "/static/console.js": 200, openapiPath: 200,
	} {
		got := w.people(t, path, "localhost")
		if text := errorOf(body(t, got)); got.StatusCode != want ||
			want == 503 && (text != errBusy.Error()+"\n" || got.Header.Get("Retry-After") != "5") {
			t.Errorf("%s: got %d %.80q, want %d", path, got.StatusCode, text, want)
		}
	}
	if got := w.call(post("/main")); got.StatusCode != 200 {
		t.Errorf("a call: got %d", got.StatusCode)
	}
}

// FuzzAsked: whatever is asked of the admin listener, it is answered with one of the statuses that are
// described, in bounded length.
func FuzzAsked(f *testing.F) {
	for _, seed := range []string{
		"route=main", "route=main&at=2026-12-25", "days=0&route=main", "limit=-1",
		"offset=9999999999999999999", "from=9999-12-31T23:59:59Z&route=main", "%zz", "a;b", "param=A%3D1&param=B",
		"q=\xff", "view=month&from=1970-01-01", "zone=Asia/Kathmandu&open=e1",
	} {
		f.Add(uint8(0), seed)
	}
	w := started(f, oneRoute, nil)
	paths := []string{
		explainPath, hoursPath, routesPath, decisionsPath, findingsPath, feedsPath, statusPath, "/",
		"/routes/main", "/calendars/hours", "/try", "/findings", "/config", "/calendars",
	}
	f.Fuzz(func(t *testing.T, which uint8, query string) {
		path := paths[int(which)%len(paths)]
		r := httptest.NewRequest(http.MethodGet, "http://localhost"+path, nil)
		r.URL.RawQuery = query
		rec := httptest.NewRecorder()
		w.Admin().ServeHTTP(rec, r)
		switch rec.Code {
		case 200, 400, 404, 414:
		default:
			t.Errorf("%s?%q: got %d %.200q", path, query, rec.Code, rec.Body)
		}
		if rec.Body.Len() > 1<<20 {
			t.Errorf("%s?%q: %d bytes", path, query, rec.Body.Len())
		}
	})
}

// crowd is a calendar of many series that are on side by side, one of them beginning each second.
func crowd(series, times int) string {
	events := make([]string, series)
	for i := range events {
		at := monday.Add(time.Duration(i) * time.Second)
		events[i] = event(fmt.Sprintf("Open %d", i), at.Format("20060102T150405Z"),
			at.Add(time.Minute).Format("20060102T150405Z"),
			fmt.Sprintf("RRULE:FREQ=MINUTELY;INTERVAL=2;COUNT=%d", times))
	}
	return ics(events...)
}

// TestCrowdedViews: a small calendar with very many spans gives pages and answers of bounded
// length, that say what they leave out.
func TestCrowdedViews(t *testing.T) {
	if growth.UnderRace {
		t.Skip("it runs in one goroutine for long; the run without the race detector has it")
	}
	t.Parallel()
	w := started(t, strings.Replace(openToReaders, "auth: {networks: [198.51.100.7]}\n", "", 1),
		func() map[string]string {
			files := readersFiles()
			files["hours.ics"] = crowd(4, 12_000)
			return files
		}())
	for _, c := range []struct {
		path, want string
		most       int // bytes
	}{
		{"/", `class="strip"`, 200 << 10},
		{"/routes/plain", "bars are not drawn; look at fewer days.", 3 << 20},
		{"/routes/plain?view=month", "bars are not drawn; look at fewer days.", 3 << 20},
		{"/routes/plain", "cut after 1000 spans, at 2026-11-23T", 3 << 20},
		{"/calendars/hours", "There are more; go to a later day to see them.", 1 << 20},
		{"/try?route=plain", "Open 0", 200 << 10},
		{"/findings", "Findings", 200 << 10},
		{hoursPath + "?route=plain&days=400", `"truncated":"cut after 10000 spans, at 2026-11-26T`, 4 << 20},
		{hoursPath + "?route=plain&days=400&format=text", "\ncut after 10000 spans, at 2026-11-26T", 1 << 20},
		{hoursPath + "?route=plain&days=400&format=ics", "\r\nX-WR-CALDESC:cut after 10000 spans", 4 << 20},
		{explainPath + "?route=plain&at=2026-11-23T15:00:30Z", `"events":[`, 20 << 10},
		{routesPath, `"routes":[`, 20 << 10},
	} {
		text := body(t, w.people(t, c.path, "localhost"))
		if !strings.Contains(text, c.want) || len(text) > c.most {
			t.Errorf("%s: %d bytes, want %d at most, and %q: %.300s", c.path, len(text), c.most, c.want, text)
		}
	}
	got := w.read("/-/hours/plain.ics?token=" + anyToken)
	text := body(t, got)
	if got.StatusCode != 200 || len(text) > maxHours || !strings.Contains(text, "X-WR-CALDESC:cut after 5000 spans") ||
		!strings.HasSuffix(text, "END:VCALENDAR\r\n") {
		t.Errorf("the Pivot listener: got %d, %d bytes: %.300s", got.StatusCode, len(text), text)
	}
	if !strings.Contains(w.log.String(), "the hours of a route are too many to be a calendar, which is cut") {
		t.Error("the log does not say that a calendar was cut")
	}
}

// leaver reads the beginning of an answer, leaves, and counts what is written for it all the same.
type leaver struct {
	*httptest.ResponseRecorder
	leave context.CancelCauseFunc
	after int // bytes
}

func (l *leaver) Write(p []byte) (int, error) {
	if l.leave != nil {
		l.leave(errors.New("left"))
		l.leave = nil
		return len(p), nil
	}
	l.after += len(p)
	return len(p), nil
}

// TestClientLeaves: nothing more is worked out or written for who has left.
func TestClientLeaves(t *testing.T) {
	t.Parallel()
	ctx, leave := context.WithCancelCause(t.Context())
	l := &leaver{ResponseRecorder: httptest.NewRecorder(), leave: leave}
	made := 0
	list := make([]counted, 100_000)
	for i := range list {
		list[i].made = &made
	}
	answerList(l, httptest.NewRequest(http.MethodGet, "/", nil).WithContext(ctx), noMembers, "list", list, noMembers, "")
	if least := 64 << 10 / len(`"0123456789",`); made < least || made > least+10 || l.after > 1000 {
		t.Errorf("%d elements are written, and %d bytes after the client has left", made, l.after)
	}
	w := started(t, oneRoute, nil)
	gone, leave := context.WithCancelCause(t.Context())
	leave(errors.New("left"))
	for _, path := range []string{
		"/", "/routes/main", hoursPath + "?route=main", routesPath,
		explainPath + "?route=main",
	} {
		r := httptest.NewRequest(http.MethodGet, "http://localhost"+path, nil).WithContext(gone)
		rec := httptest.NewRecorder()
		w.Admin().ServeHTTP(rec, r)
		if rec.Code == 200 && rec.Body.Len() > 0 {
			t.Errorf("%s: %d bytes for nobody", path, rec.Body.Len())
		}
	}
}

// counted counts how often it is written.
type counted struct{ made *int }

func (c counted) MarshalJSON() ([]byte, error) {
	*c.made++
	return []byte(`"0123456789"`), nil
}

// TestAnswerList: a list is cut where an answer is long enough, and an element that cannot be
// written takes nothing from the others.
func TestAnswerList(t *testing.T) {
	if growth.UnderRace {
		t.Skip("it runs in one goroutine for long; the run without the race detector has it")
	}
	t.Parallel()
	const mega = 1 << 20
	long := strings.Repeat("x", mega-2)
	answer := func(list []any) string {
		rec := httptest.NewRecorder()
		answerList(rec, httptest.NewRequest(http.MethodGet, "/", nil), map[string]int{"before": 1}, "list", list,
			map[string]int{"after": 2}, "")
		return rec.Body.String()
	}
	for n, cut := range map[int]bool{maxAnswer / mega: false, maxAnswer/mega + 1: false, maxAnswer/mega + 2: true} {
		list := make([]any, n)
		for i := range list {
			list[i] = long
		}
		text := answer(list)
		if got := strings.Contains(text,
			fmt.Sprintf(`],"truncated":"cut after 17 of %d, at 16 MiB; request less",`, n)); got != cut ||
			len(text) > maxAnswer+2*mega {
			t.Errorf("%d elements: %d bytes, cut: %v, want %v", n, len(text), got, cut)
		}
	}
	if text := answer([]any{1, func() {}, 3}); !strings.Contains(text,
		`"list":[1,3],"truncated":"1 of 3 cannot be written and are left out",`) {
		t.Errorf("got %s", text)
	}
	if text := answer(nil); text != `{"before":1,"list":[],"after":2}`+"\n" {
		t.Errorf("got %s", text)
	}
}

// errorOf is the line of an error, which is JSON below /api/; of any other body it is the whole.
func errorOf(body string) string {
	var answer struct{ Error string }
	if err := json.Unmarshal([]byte(body), &answer); err != nil || answer.Error == "" {
		return body
	}
	return answer.Error + "\n"
}
