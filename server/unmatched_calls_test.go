package server

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/callhours/callhours/preview"
)

// unmatched are the calls without a route as the API lists them.
func (w *world) unmatched(t *testing.T) []preview.UnmatchedCall {
	t.Helper()
	var list struct{ Calls []preview.UnmatchedCall }
	if err := json.Unmarshal([]byte(body(t, w.people(t, unmatchedPath, "localhost"))), &list); err != nil {
		t.Fatal(err)
	}
	return list.Calls
}

const mainAndSales = `
routes:
  - {name: main, path: /reception, branches: [{name: closed, pass: true}]}
  - name: sales
    path: /sales
    match: {account: [` + acme + `], dialed: ["+14155550100"]}
    branches: [{name: closed, pass: true}]
`

// TestUnmatchedCalls: calls without a route are listed together where they are alike, with what
// would have matched, no token, and no more of a caller than elsewhere; the page shows them too.
func TestUnmatchedCalls(t *testing.T) {
	t.Parallel()
	w, files := reloadable(t, mainAndSales, nil)
	w.Start()
	if got := w.unmatched(t); len(got) != 0 {
		t.Errorf("before a call: %+v", got)
	}
	if page := body(t, w.people(t, "/", "localhost")); strings.Contains(page, "found no route") {
		t.Error("the first page speaks of calls without a route, and there are none")
	}
	const token = "Zx81kq0PlmNBvcx77aQ"
	w.call(post("/receptoin", "Caller-ID-Number", "+12025550147"))
	w.at(monday.Add(time.Minute))
	w.call(post("/receptoin", "Caller-ID-Number", "+12025550148"))
	w.at(monday.Add(2 * time.Minute))
	w.call(post("/sales", "Account-ID", acme, "Request", "+14155550101"))
	w.at(monday.Add(3 * time.Minute))
	w.call(post("/" + token + "/nowhere/at/all"))
	want := []preview.UnmatchedCall{
		{
			Path: "/…/nowhere/at/all", Reason: "no_path", Candidates: []string{}, Calls: 1,
			Message: `no route has the path "/…/nowhere/at/all"; known: /reception, /sales`,
			First:   monday.Add(3 * time.Minute), Last: monday.Add(3 * time.Minute),
		},
		{
			Path: "/sales", Account: acme, Dialed: "+14155550101", Reason: "number_not_listed", Calls: 1,
			Message:    `no route at this path lists the dialed number "+14155550101"; did you mean "+14155550100"?`,
			Candidates: []string{"sales"}, First: monday.Add(2 * time.Minute), Last: monday.Add(2 * time.Minute),
		},
		{
			Path: "/receptoin", Caller: "…0148", Reason: "no_path", Calls: 2, Candidates: []string{"main"},
			Message: `no route has the path "/receptoin"; did you mean "/reception"?`,
			First:   monday, Last: monday.Add(time.Minute),
		},
	}
	if diff := cmp.Diff(want, w.unmatched(t)); diff != "" {
		t.Errorf("wanted, got:\n%s", diff)
	}
	if page := body(t, w.people(t, "/", "localhost")); !strings.Contains(page, "4 calls found no route") {
		t.Errorf("the first page does not speak of them:\n%s", page)
	}
	page := body(t, w.people(t, "/unmatched?q=sales", "localhost"))
	for _, text := range []string{"number not listed", "&#43;14155550101", "/try?account=", ">Sales</a>"} {
		if !strings.Contains(page, text) {
			t.Errorf("the page does not have %q:\n%s", text, page)
		}
	}
	if strings.Contains(page, "receptoin") || strings.Contains(body(t, w.people(t, "/unmatched", "localhost")), token) {
		t.Error("the page shows what was not searched for, or a token")
	}
	if list := w.decided(t, ""); len(list) != 4 || list[3].Path != "/receptoin" || list[3].Event != "" {
		t.Errorf("the decisions are %+v", list)
	}

	files.set(strings.Replace(mainAndSales, "/reception", "/receptoin", 1), nil)
	if status, text := w.do("POST", reloadPath); status != 200 {
		t.Fatalf("got %d %s", status, text)
	}
	if got := w.unmatched(t)[2]; got.Route != "main" || got.Message != "route main matches this call now" {
		t.Errorf("after a reload: %+v", got)
	}
}

// TestUnmatchedCallsMeant: where many companies share a path, a call may have been meant for the routes
// that list its number and for those of its account, and for nobody else's.
func TestUnmatchedCallsMeant(t *testing.T) {
	t.Parallel()
	account := func(digit string) string { return strings.Repeat(digit, 32) }
	var yaml strings.Builder
	yaml.WriteString("path: /pivot\nroutes:\n")
	for i, digit := range strings.Split("abcdef", "") {
		for n := range 2 {
			fmt.Fprintf(&yaml, "  - {name: %s%d, match: {account: [%s], dialed: [\"+1415555%d%d00\"]}, "+
				"branches: [{name: closed, pass: true}]}\n", digit, n, account(digit), n, i)
		}
	}
	w := started(t, yaml.String(), nil)
	for i, c := range []struct {
		path, account, dialed string
		want                  []string
	}{
		{"/pivot", account("E"), "+19995550000", []string{"e0", "e1"}},
		{"/pivot", account("e"), "+1415555140", []string{"e1", "e0"}}, // a digit is missing
		{"/pivot", account("e"), "+1415555000", []string{"a0", "e0", "e1"}},
		{"/pivot", account("e"), "", []string{"e0", "e1"}},
		{"/pivot", account("9"), "+14155550200", []string{"c0"}},
		{"/pivot", account("9"), "+19995550000", []string{}},
		{"/pivto", account("d"), "+14155550200", []string{"c0", "d0", "d1"}},
	} {
		w.at(monday.Add(time.Duration(i) * time.Minute))
		w.call(post(c.path, "Account-ID", c.account, "Request", c.dialed))
		if got := w.unmatched(t)[0]; !cmp.Equal(got.Candidates, c.want) {
			t.Errorf("%+v: got %q (%s)", c, got.Candidates, got.Message)
		}
	}
}

// TestUnmatchedCallsHidden: where numbers are not remembered, no reason is made up.
func TestUnmatchedCallsHidden(t *testing.T) {
	t.Parallel()
	w := started(t, "decisions: {callers: none, keep: 3}\nlog: {callers: none}\n"+mainAndSales, nil)
	for n := range 5 {
		w.call(post("/sales", "Account-ID", acme, "Request", fmt.Sprintf("+1415555%04d", n)))
	}
	got := w.unmatched(t)
	if len(got) != 1 || got[0].Calls != 3 || got[0].Dialed != "" || got[0].Reason != "number_not_listed" ||
		got[0].Message != "no route at this path lists the dialed number" {
		t.Errorf("got %+v", got)
	}
}

// TestUnmatchedCallsBound: of many different calls the latest ones are listed.
func TestUnmatchedCallsBound(t *testing.T) {
	t.Parallel()
	w := started(t, "decisions: {keep: 1000}\n"+mainAndSales, nil)
	for n := range 600 {
		w.at(monday.Add(time.Duration(n) * time.Second))
		w.call(post(fmt.Sprintf("/nowhere/%d", n)))                                           // a stranger's
		w.call(post("/sales", "Account-ID", acme, "Request", fmt.Sprintf("+1416555%04d", n))) // the operator's
	}
	got := w.unmatched(t)
	if len(got) != maxUnmatched || !got[0].Last.Equal(monday.Add(599*time.Second)) ||
		!got[maxUnmatched-1].Last.Equal(monday.Add(100*time.Second)) {
		t.Errorf("got %d, from %v to %v", len(got), got[0].Last, got[len(got)-1].Last)
	}
	for _, c := range []struct{ offset, limit, want int }{
		{0, 1, 1}, {998, 5, 2}, {1000, 5, 0}, {1, maxUnmatched, 999},
	} {
		ctx := &endingContext{Context: context.Background(), most: maxUnmatched}
		some := w.unmatchedCalls(ctx, c.offset, c.limit)
		if !cmp.Equal(some, part(got, c.offset, c.limit)) || ctx.asked != c.want {
			t.Errorf("%+v: got %d calls, %d explained", c, len(some), ctx.asked)
		}
	}
	ctx := &endingContext{Context: context.Background(), most: 3}
	if some := w.unmatchedCalls(ctx, 0, maxUnmatched); len(some) != maxUnmatched || ctx.asked != 4 ||
		!cmp.Equal(some[:3], got[:3]) || some[3].Candidates == nil {
		t.Errorf("%d calls after the context has ended, asked %d times: %+v", len(some), ctx.asked, some[:4])
	}
}

// endingContext counts how often it is asked whether it has ended, which it has after a number of times.
type endingContext struct {
	context.Context

	asked, most int
}

func (c *endingContext) Err() error {
	c.asked++
	if c.asked > c.most {
		return context.Canceled
	}
	return nil
}
