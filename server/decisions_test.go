package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/callhours/callhours/pivot"
	"github.com/callhours/callhours/preview"
)

// decided asks the admin listener for decisions.
func (w *world) decided(t testing.TB, query string) []preview.Trace {
	t.Helper()
	got := w.ask(http.MethodGet, decisionsPath+query)
	var list struct{ Decisions []preview.Trace }
	if text := body(t, got); got.StatusCode != http.StatusOK {
		t.Fatalf("%s: got %d %s", query, got.StatusCode, text)
	} else if err := json.Unmarshal([]byte(text), &list); err != nil {
		t.Fatalf("%s: %v in %s", query, err, text)
	}
	return list.Decisions
}

func (w *world) ask(method, path string) *http.Response {
	rec := httptest.NewRecorder()
	r := httptest.NewRequest(method, path, nil)
	r.Host = "127.0.0.1"
	w.Admin().ServeHTTP(rec, r)
	return rec.Result()
}

const twoRoutes = `
calendars: {hours: {file: hours.ics}}
data: {front_desk: ` + frontDesk + `, voicemail: ` + voicemail + `}
routes:
  - name: main
    branches:
      - {name: open, when: {calendar: hours, summary: "open*"}, template: ring-then-voicemail}
      - {name: closed, template: voicemail}
  - name: broken
    fallback: safe
    branches:
      - {name: bad, state: other, when: {caller: "+12025550147"}, callflow: '{"module":"hangup","data":{"x":"{{ fail "as asked" }}"}}'}
      - {name: safe, state: closed, callflow: '{"module":"response","data":{"code":486}}'}
`

func TestDecisions(t *testing.T) {
	t.Parallel()
	w := started(t,
		strings.Replace(twoRoutes, `{{ fail "as asked" }}`,
			`{{ if eq .Call.CallerName "BAD" }}{{ fail "as asked" }}{{ end }}`, 1), nil)
	if got := w.decided(t, "?route=main"); len(got) != 0 {
		t.Errorf("before a call: got %v", got)
	}
	call := []string{
		"Caller-ID-Number", "+12025550147", "Request", "+14155550100", "Account-ID", acme, "Call-ID",
		"abc",
	}
	w.call(post("/main", call...))
	w.at(monday.Add(12 * time.Hour))
	w.call(post("/main", "Caller-ID-Number", "anonymous\xff"))
	w.at(monday.Add(12*time.Hour + time.Second))
	w.call(post("/broken", append(call, "Caller-ID-Name", "BAD")...))
	w.at(monday.Add(12*time.Hour + 2*time.Second))
	w.call(post("/nowhere", call...))
	name := w.live.Load().Name()
	read := []preview.CalendarRead{{Name: "hours", Read: monday}}
	open := preview.Trace{
		At: monday, Route: "main", Branch: "open", State: "open",
		Reason: `calendar hours has "Open", 2026-11-23 09:00 to 17:00`, Event: "Open", Answered: "open", Status: 200,
		Summary: "device 0a4c… > voicemail 7b1e…", Caller: "…0147", Dialed: "+14155550100", Account: acme,
		CallID: "abc", Generation: name, Calendars: read,
	}
	closed := preview.Trace{
		At: monday.Add(12 * time.Hour), Route: "main", Branch: "closed", State: "closed",
		Reason: "nothing else applies", Answered: "closed", Status: 200,
		Summary: "voicemail 7b1e…", Caller: "…usÿ", Generation: name, Calendars: read,
	}
	broken := preview.Trace{
		At: monday.Add(12*time.Hour + time.Second), Route: "broken", Branch: "bad", State: "other",
		Reason: "the caller is +12025550147", Answered: "safe", Status: 200,
		Failure: "deliberate: ", Summary: "response 486", Caller: "…0147", Dialed: "+14155550100", Account: acme,
		CallID: "abc", Generation: name, Calendars: []preview.CalendarRead{},
	}
	nowhere := preview.Trace{
		At: monday.Add(12*time.Hour + 2*time.Second), Path: "/nowhere", Reason: "no_route: no_path", Status: 404,
		Failure: `no route has the path "/nowhere"; known: /broken, /main`,
		Caller:  "…0147", Dialed: "+14155550100", Account: acme, CallID: "abc", Generation: name,
		Calendars: []preview.CalendarRead{},
	}
	for query, want := range map[string][]preview.Trace{
		"":                     {nowhere, broken, closed, open},
		"?limit=2":             {nowhere, broken},
		"?route=main":          {closed, open},
		"?route=main&limit=1":  {closed},
		"?route=broken":        {broken},
		"?route=main&limit=99": {closed, open},
	} {
		got := w.decided(t, query)
		for i := range got {
			if f := got[i].Failure; f != "" && strings.Contains(f, "as asked") {
				got[i].Failure = "deliberate: "
			}
			if got[i].Route == "broken" && len(want) > 0 {
				got[i].Reason = broken.Reason // routes has tests of its wording
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", query, diff)
		}
	}
	for query, want := range map[string]string{
		"?limit=0":    "limit \"0\": expected 1 to 1000\n",
		"?limit=x":    "limit \"x\": expected 1 to 1000\n",
		"?route=mian": "unknown route \"mian\"; did you mean \"main\"?\n",
	} {
		if got := w.ask(http.MethodGet, decisionsPath+query); got.StatusCode != http.StatusBadRequest {
			t.Errorf("%q: got %d", query, got.StatusCode)
		} else if text := errorOf(body(t, got)); text != want {
			t.Errorf("%q: got %q, want %q", query, text, want)
		}
	}
}

// TestDecisionsShow sees how much of the numbers is remembered; what is not shown is not held
// either.
func TestDecisionsShow(t *testing.T) {
	t.Parallel()
	for show, want := range map[string][2]string{
		"none": {}, "last4": {"…0147", "+14155550100"},
		"full": {"+12025550147", "+14155550100"},
	} {
		w := started(t, "decisions: {callers: "+show+"}"+oneRoute, nil)
		w.call(post("/main", "Caller-ID-Number", "+12025550147", "Request", "+14155550100"))
		got := w.decided(t, "?route=main")[0]
		if got.Caller != want[0] || got.Dialed != want[1] {
			t.Errorf("%s: got %q and %q, want %q", show, got.Caller, got.Dialed, want)
		}
		held := w.live.Load().served[0].ring.traces[0]
		if show != "full" && strings.Contains(string(held.texts[:]), "2025550147") {
			t.Errorf("%s: the whole number is held", show)
		}
	}
	w := started(t, "decisions: {callers: full}"+oneRoute, nil)
	w.call(post("/main", "Caller-ID-Number", strings.Repeat("1", 500), "Request", strings.Repeat("2", 500),
		"Account-ID", strings.Repeat("3", 500), "Call-ID", strings.Repeat("é", 500)))
	got := w.decided(t, "")[0]
	if len(got.Caller) != maxCaller || len(got.Dialed) != maxDialed || len(got.Account) != maxAccount ||
		got.CallID != strings.Repeat("é", maxCallID/2) {
		t.Errorf("long texts: got %+v", got)
	}
}

// TestDecisionsPanic sees that a call without a decision is remembered as one, and that nothing is
// cut badly.
func TestDecisionsPanic(t *testing.T) {
	t.Parallel()
	w := started(t, oneRoute, nil)
	call := pivot.New(map[string]string{"Call-ID": "abc"})
	long := strings.Repeat("\x80", 2000)
	(&record{
		status: 500, live: w.live.Load(), route: &w.live.Load().served[0], call: &call,
		err: errors.New(long),
	}).recordTrace(monday, 0)
	got := w.decided(t, "?route=main")[0]
	if got.Branch != "" || got.Answered != "" || got.Status != 500 || got.CallID != "abc" || got.Reason != "" ||
		len(got.Failure) < 500 {
		t.Errorf("got %+v", got)
	}
}

// TestDecisionsRing sees that the newest calls are held, that a ring survives a reload, and that
// its size follows the configuration.
func TestDecisionsRing(t *testing.T) {
	t.Parallel()
	w, f := reloadable(t, "decisions: {keep: 3}"+oneRoute, nil)
	w.Start()
	came := func(query string) string {
		var ids []string
		for _, d := range w.decided(t, query) {
			ids = append(ids, d.CallID)
		}
		return strings.Join(ids, " ")
	}
	for i := range 5 {
		w.at(monday.Add(time.Duration(i) * time.Second))
		w.call(post("/main", "Call-ID", fmt.Sprint(i)))
		w.call(post("/nowhere", "Call-ID", fmt.Sprint("n", i)))
	}
	if got := came("?route=main"); got != "4 3 2" {
		t.Errorf("got %q", got)
	}
	if got := came("?limit=3"); !slices.Contains([]string{"4 n4 3", "n4 4 n3", "4 n4 n3", "n4 4 3"}, got) {
		t.Errorf("of all: got %q", got)
	}
	for _, c := range []struct{ keep, route, want string }{
		{"keep: 2", "main", "4 3"}, {"keep: 50", "main", "4 3"}, {"keep: 50", "else", ""}, {"keep: 50", "main", ""},
	} {
		f.set("decisions: {"+c.keep+"}"+strings.Replace(oneRoute, "name: main", "name: "+c.route, 1), nil)
		if err := w.Reload(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := came("?route=" + c.route); got != c.want {
			t.Errorf("after a reload with %s and route %s: got %q, want %q", c.keep, c.route, got, c.want)
		}
	}
	var d decisions
	rings := d.setRoutes(make([]string, 1), nil, 1000)
	if rings[0].size != 1000 {
		t.Errorf("one route: got %d, want 1000", rings[0].size)
	}
	many := make([]string, 10_000)
	for i := range many {
		many[i] = fmt.Sprint(i)
	}
	d.owners = map[string]string{}
	for _, name := range many {
		d.owners[name] = name
	}
	want := maxTraces / (len(many) + 2) / 2
	if rings = d.setRoutes(many, many, 20); rings[0].size != want || rings[0].traces != nil {
		t.Errorf("10,000 routes of 10,000 tenants: got rings of %d, want %d, and none allocated before a call",
			rings[0].size, want)
	}
}

// TestRingSizes: an owner's routes cost nobody else a call that is remembered.
func TestRingSizes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		rings map[string]int
		most  int
		want  map[string]int
	}{
		{map[string]int{"": 1}, 20, map[string]int{"": 20}},
		{map[string]int{"": 1, "good": 2}, 1000, map[string]int{"": 1000, "good": 1000}},
		{map[string]int{"good": 2, "evil": 5001}, 1000, map[string]int{"good": 1000, "evil": 19}},
		{map[string]int{"good": 101, "evil": 5001}, 1000, map[string]int{"good": 495, "evil": 9}},
		{map[string]int{"good": 2, "evil": 1_000_000}, 20, map[string]int{"good": 20, "evil": 1}},
	} {
		if diff := cmp.Diff(c.want, ringSizes(c.rings, c.most)); diff != "" {
			t.Errorf("%v of %d (-want +got):\n%s", c.rings, c.most, diff)
		}
	}
}

// TestDecisionsRace reads while calls come and configurations go.
func TestDecisionsRace(t *testing.T) {
	t.Parallel()
	w, _ := reloadable(t, oneRoute, nil)
	w.Start()
	var all sync.WaitGroup
	for i := range 4 {
		all.Go(func() {
			for range 50 {
				w.call(post("/main", "Call-ID", fmt.Sprint(i)))
			}
		})
	}
	all.Go(func() {
		for range 5 {
			if err := w.Reload(t.Context()); err != nil {
				t.Error(err)
			}
			w.Advance()
		}
	})
	all.Go(func() {
		for range 50 {
			for _, d := range w.decided(t, "") {
				if d.Route != "main" || d.Branch != "open" || d.Summary == "" {
					t.Errorf("got %+v", d)
				}
			}
		}
	})
	all.Wait()
	if got := len(w.decided(t, "?route=main")); got != 20 {
		t.Errorf("got %d, want 20", got)
	}
}

// TestDecisionsCost sees that remembering a call allocates nothing.
func TestDecisionsCost(t *testing.T) {
	w := started(t, oneRoute, nil)
	l := w.live.Load()
	call := pivot.New(map[string]string{
		"Caller-ID-Number": "+12025550147", "Request": "+14155550100",
		"Account-ID": acme, "Call-ID": "abc",
	})
	rec := recordOf(l, &call)
	rec.recordTrace(monday, time.Millisecond)
	if n := testing.AllocsPerRun(100, func() { rec.recordTrace(monday, time.Millisecond) }); n != 0 {
		t.Errorf("got %v allocations, want none", n)
	}
}

func recordOf(l *live, call *pivot.Call) *record {
	route := &l.served[0]
	return &record{
		status: 200, live: l, route: route, answer: route.State().Answer(context.Background(), call, monday),
		call: call,
	}
}

// BenchmarkDecideRemembered is a kept answer and its being remembered.
func BenchmarkDecideRemembered(b *testing.B) {
	w := started(b, oneRoute, nil)
	l := w.live.Load()
	call := pivot.New(map[string]string{
		"Caller-ID-Number": "+12025550147", "Request": "+14155550100",
		"Account-ID": acme, "Call-ID": "1f7c5e3a-9b21-4c0e-8f6d-2b1e7c90aa31",
	})
	rec := recordOf(l, &call)
	b.ReportAllocs()
	for b.Loop() {
		rec.answer = l.routes[0].State().Answer(b.Context(), &call, monday)
		rec.recordTrace(monday, time.Millisecond)
	}
}
