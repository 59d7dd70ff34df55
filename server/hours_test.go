package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/callhours/callhours/calendars"
	"github.com/callhours/callhours/calendars/ical"
	"github.com/callhours/callhours/preview"
	"github.com/callhours/callhours/server/listen"
)

// The tokens of the tests; none is a part of another one's.
const (
	anyToken  = "token-of-everything-4f1c9a7be2d8036581"
	acmeToken = "manager-of-acme-01-4f1c9a7be2d8"
	mainToken = "manager-of-main-02-4f1c9a7be2d8"
)

const openToReaders = `
secrets: secrets.yaml
calendars: {hours: {file: hours.ics}}
auth: {networks: [198.51.100.7]}
hours: {token: {secret: any}}
include: [acme.yaml, other.yaml]
routes:
  - name: plain
    branches: [{name: open, when: {calendar: hours}, callflow: '{"module":"hangup"}'}, {name: closed, pass: true}]
`

func readersFiles() map[string]string {
	tenant := func(name, hours, route string) string {
		return "tenant: {name: " + name + hours + "}\nroutes:\n  - {name: main, " + route +
			"branches: [{name: open, when: {calendar: hours}, pass: true}, {name: closed, pass: true}]}\n"
	}
	return map[string]string{
		"secrets.yaml":       "any: " + anyToken + "\n",
		"acme.yaml":          "secrets: acme/secrets.yaml\n" + tenant("acme", ", hours: {token: {secret: acme}}", ""),
		"acme/secrets.yaml":  "acme: " + acmeToken + "\n",
		"other.yaml":         "secrets: other/secrets.yaml\n" + tenant("other", "", "hours: {token: {secret: main}}, "),
		"other/secrets.yaml": "main: " + mainToken + "\n",
	}
}

// read asks the Pivot listener for hours.
func (w *world) read(path string, headers ...string) *http.Response {
	r := httptest.NewRequest(http.MethodGet, path, nil)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return w.call(r)
}

func TestReaders(t *testing.T) {
	t.Parallel()
	w := started(t, openToReaders, readersFiles())
	for _, c := range []struct {
		path   string
		status int
	}{
		{"/-/hours/plain.ics?token=" + anyToken, 200},
		{"//-/hours/plain.ics/?x=1&token=" + anyToken, 200},
		{"/-/hours/acme/main.ics?token=" + anyToken, 200},
		{"/-/hours/other/main.ics?token=" + anyToken, 200},
		{"/-/hours/acme/main.ics?token=" + acmeToken, 200},
		{"/-/hours/other/main.ics?token=" + acmeToken, 404},
		{"/-/hours/plain.ics?token=" + acmeToken, 404},
		{"/-/hours/other/main.ics?token=" + mainToken, 200},
		{"/-/hours/acme/main.ics?token=" + mainToken, 404},
		{"/-/hours/plain.ics?token=" + anyToken + "x", 404},
		{"/-/hours/plain.ics?token=", 404},
		{"/-/hours/plain.ics", 404},
		{"/-/hours/nowhere.ics?token=" + anyToken, 404},
		{"/-/hours/plain?token=" + anyToken, 404},
	} {
		got := w.read(c.path)
		if text := body(t, got); got.StatusCode != c.status || c.status == 404 && text != "nothing is here\n" {
			t.Errorf("%s: got %d %.60q, want %d", c.path, got.StatusCode, text, c.status)
		}
	}
	if got := w.read("/-/hours/plain.ics", listen.TokenHeader, anyToken); got.StatusCode != 200 {
		t.Errorf("with a header: got %d", got.StatusCode)
	}
	if got := w.call(httptest.NewRequest(http.MethodPut, "/-/hours/plain.ics?token="+anyToken,
		nil)); got.StatusCode != 405 || got.Header.Get("Allow") != "GET, HEAD" {
		t.Errorf("a PUT: got %d %v", got.StatusCode, got.Header)
	}
	if got := w.call(post("/plain")); got.StatusCode != 403 { // the tokens open nothing else
		t.Errorf("a call: got %d, want 403", got.StatusCode)
	}
	for _, token := range []string{anyToken, acmeToken, mainToken} {
		if strings.Contains(w.log.String(), token) {
			t.Errorf("the log shows a token: %s", w.log)
		}
	}
	if s := w.log.String(); !strings.Contains(s, `"status":200,"route":"acme/main"`) ||
		!strings.Contains(s,
			`"level":"WARN","msg":"hours","status":404,"route":"acme/main","remote":"192.0.2.1:1234"`) {
		t.Errorf("the log does not show who was served and who was not: %s", s)
	}
	w = started(t, oneRoute, nil)
	if got := w.read("/-/hours/main.ics?token=" + anyToken); got.StatusCode != 404 {
		t.Errorf("without a token in the configuration: got %d, want 404", got.StatusCode)
	}
}

// TestReadersCalendar reads the calendar as a telephone does and compares it with what the admin
// side says.
func TestReadersCalendar(t *testing.T) {
	t.Parallel()
	w := started(t, openToReaders, readersFiles())
	const path = "/-/hours/plain.ics?token=" + anyToken
	got := w.read(path)
	text := body(t, got)
	for name, want := range map[string]string{
		"Content-Type": "text/calendar; charset=utf-8", "Cache-Control": "private, max-age=900",
		"Content-Length": fmt.Sprint(len(text)), "Location": "",
	} {
		if got.Header.Get(name) != want {
			t.Errorf("%s: got %q, want %q", name, got.Header.Get(name), want)
		}
	}
	for i, line := range strings.SplitAfter(text, "\n") {
		if line != "" && (!strings.HasSuffix(line, "\r\n") || strings.Count(line, "\r") != 1 || len(line) > 77) {
			t.Errorf("line %d: %q", i+1, line)
		}
	}
	for _, want := range []string{
		"REFRESH-INTERVAL;VALUE=DURATION:PT1H\r\n", "\r\nDTSTAMP:20261123T150000Z\r\n",
		"\r\nSEQUENCE:0\r\n", "\r\nMETHOD:PUBLISH\r\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("want %q in %s", want, text[:500])
		}
	}
	c, err := calendars.Read([]byte(text), ical.Limits{})
	if err != nil || len(c.Problems()) > 0 {
		t.Fatal(err, c.Problems())
	}
	var h preview.Hours
	if err := json.Unmarshal([]byte(body(t, w.ask(http.MethodGet, hoursPath+"?route=plain&from=2026-11-16&days=97"))),
		&h); err != nil {
		t.Fatal(err)
	}
	var want, spans []string
	for _, s := range h.Spans {
		if s.Branch == "open" {
			want = append(want, fmt.Sprint(s.Label(), s.Start.Unix(), s.End.Unix()))
		}
	}
	for _, o := range c.Compile(calendars.View{}, h.From, h.To).All() {
		spans = append(spans, fmt.Sprint(o.Event.Summary, o.Start, o.End))
	}
	if diff := cmp.Diff(want, spans); diff != "" || len(want) < 60 {
		t.Errorf("%d spans (-hours +calendar):\n%s", len(want), diff)
	}

	tag := got.Header.Get("Etag")
	for _, asked := range []string{tag, strings.TrimPrefix(tag, "W/"), `"x", ` + tag, "*"} {
		if got := w.read(path, "If-None-Match", asked); got.StatusCode != 304 || body(t, got) != "" ||
			got.Header.Get("Etag") != tag {
			t.Errorf("If-None-Match %s: got %d", asked, got.StatusCode)
		}
	}
	if got := w.read(path, "If-None-Match", `"x"`); got.StatusCode != 200 {
		t.Errorf("another ETag: got %d", got.StatusCode)
	}
}

// TestReadersChange sees that a calendar is made anew for another day, other events or another
// configuration, and is the former one as long as it says the same.
func TestReadersChange(t *testing.T) {
	t.Parallel()
	w, f := reloadable(t, openToReaders, readersFiles())
	w.Start()
	const path = "/-/hours/plain.ics?token=" + anyToken
	first := body(t, w.read(path))
	w.at(monday.Add(10 * time.Minute))
	if body(t, w.read(path)) != first {
		t.Error("ten minutes later the calendar is another one")
	}
	w.recompile(w.live.Load().routesByCalendar["hours"]) // with the same events
	if body(t, w.read(path)) != first {
		t.Error("with the same events the calendar is another one")
	}
	w.at(monday.AddDate(0, 0, 1))
	second := body(t, w.read(path))
	if second == first || !strings.Contains(second, "DTSTAMP:20261124T150000Z") {
		t.Error("the next day the calendar is the same")
	}
	files := readersFiles()
	files["hours.ics"] = strings.ReplaceAll(hoursFile, "T170000", "T180000")
	f.set(openToReaders, files)
	if err := w.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	if third := body(t, w.read(path)); third == second || !strings.Contains(third, "DTEND:20261124T230000Z") {
		t.Error("with other events the calendar is the same")
	}
}

// TestReadersBounds sees that readers are refused before they cost calls anything.
func TestReadersBounds(t *testing.T) {
	t.Parallel()
	w := started(t, openToReaders, readersFiles())
	const path = "/-/hours/plain.ics?token=" + anyToken
	refused := func(why string, r *http.Request) {
		t.Helper()
		if got := w.call(r); got.StatusCode != 503 || got.Header.Get("Retry-After") != "60" {
			t.Errorf("%s: got %d %v", why, got.StatusCode, got.Header)
		}
	}
	p := w.calls.hours
	p.turns.taken = p.turns.places
	gone, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("gone"))
	refused("while another one is made", httptest.NewRequest(http.MethodGet, path, nil).WithContext(gone))
	p.turns.taken = 0
	p.running.taken = hoursAtOnce
	refused("while others wait", httptest.NewRequest(http.MethodGet, path, nil))
	p.running.taken = 0
	owner := ownerOf(w.live.Load().routes[0])
	for range hoursOfOne {
		p.running.acquire(owner, hoursAtOnce, hoursOfOne)
	}
	refused("while its own readers hold their places", httptest.NewRequest(http.MethodGet, path, nil))
	if !p.running.acquire("another", hoursAtOnce, hoursOfOne) {
		t.Error("the readers of one tenant keep another's out")
	}
	for range hoursOfOne {
		p.running.release(owner)
	}
	p.running.release("another")
	if got := w.read(path); got.StatusCode != 200 {
		t.Errorf("then: got %d", got.StatusCode)
	}
}

// BenchmarkReaders makes the calendar of a route.
func BenchmarkReaders(b *testing.B) {
	w := started(b, openToReaders, readersFiles())
	l := w.live.Load()
	for b.Loop() {
		if c := w.calls.hours.make(b.Context(), l, l.routes[0], nil); c.body == nil {
			b.Fatal("no calendar")
		}
	}
}
