package server

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

// TestUnroutedShares: calls that no route takes are remembered by owner. Whoever makes as many as
// anybody likes, everybody else's stay.
func TestUnroutedShares(t *testing.T) {
	t.Parallel()
	const branches = `branches: [{name: closed, callflow: '{"module":"hangup","data":{}}'}]`
	tenant := func(name, accounts, routes string) string {
		return "tenant: {name: " + name + ", account: [" + accounts + "]}\nroutes:\n" + routes
	}
	route := func(name, more string) string { return "  - {name: " + name + ", " + more + branches + "}\n" }
	w, _ := reloadable(t, `
include: [tenants/*.yaml]
decisions: {keep: 3}
routes:
`+route("own", `path: /own, match: {account: acc9, dialed: ["1"]}, `), map[string]string{
		"tenants/good.yaml": tenant("good", "acc0", route("main", `path: /pivot, match: {dialed: ["1"]}, `)),
		"tenants/evil.yaml": tenant("evil", "acc1, acc2",
			route("main", `path: /pivot, match: {dialed: ["1"]}, `)+
				// a path that good's calls ask for by mistake
				route("trap", `path: /good/mian, match: {dialed: ["1"]}, `)),
	})
	w.Start()
	sent := 0
	send := func(kind, path, account string) {
		sent++
		w.at(monday.Add(time.Duration(sent) * time.Second))
		got := w.call(post(path, "Call-ID", kind, "Account-ID", account, "Request", "2"))
		if got.StatusCode != http.StatusNotFound {
			t.Fatalf("%s %s: got %d", path, account, got.StatusCode)
		}
	}
	for _, c := range []struct{ kind, path, account string }{
		{"good", "/pivot", "ACC0"},
		{"good", "/good/mian", "acc0"},
		{"good", "/nowhere", "acc0"},
		{"evil", "/pivot", "acc1"},
		{"evil", "/good/main", "acc2"},
		{"evil", "/good/mian", "nobody"}, // the path is its alone
		{"operator", "/own", "acc9"},
		{"operator", "/pivot", "acc9"},
		{"operator", "/own", "nobody"},
		{"stranger", "/pivot", "nobody"}, // two tenants' path
		{"stranger", "/pivot", ""},
		{"stranger", "/nowhere", "nobody"},
	} {
		send(c.kind, c.path, c.account)
	}
	count := func() string {
		n := map[string]int{}
		for _, d := range w.decided(t, "") {
			n[d.CallID]++
		}
		return fmt.Sprint(n)
	}
	const each = "evil:3 good:3 operator:3 stranger:3"
	if got := count(); got != "map["+each+"]" {
		t.Fatalf("got %s", got)
	}
	for i := range 50 {
		send("evil", "/pivot", "acc1")
		send("evil", "/"+strings.Repeat("x", i+1), "acc2")
		send("stranger", "/nowhere", fmt.Sprint("s", i))
	}
	if got := count(); got != "map["+each+"]" {
		t.Errorf("after a flood: got %s", got)
	}
	if err := w.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := count(); got != "map["+each+"]" {
		t.Errorf("after a reload: got %s", got)
	}
}
