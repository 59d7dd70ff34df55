package server

import (
	"fmt"
	"strings"
	"testing"
)

// TestUnseen: the log says, once for each configuration, of whom /metrics has not all.
func TestUnseen(t *testing.T) {
	t.Parallel()
	const line, said = "have no series of their own", `"tenants":["evil: `
	long := strings.Repeat("x", 190)
	evil := "tenant: {name: evil}\nplans:\n  p:\n    branches:\n"
	for i := range 30 {
		evil += fmt.Sprintf("    - {name: %s%d, state: open, when: {caller: \"+1415%d\"}, pass: true}\n", long, i,
			5550100+i)
	}
	evil += "    - {name: closed, pass: true}\nroutes:\n"
	for i := range 800 {
		evil += fmt.Sprintf("- {name: r%d, plan: p}\n", i)
	}
	const good, other = "tenants/good.yaml", "tenants/evil.yaml"
	w, f := reloadable(t, "include: [tenants/*.yaml]\n", map[string]string{good: says("good", "1", ""), other: evil})
	w.Start()
	told := func(want int) {
		t.Helper()
		if log := w.log.String(); strings.Count(log, line) != want || strings.Count(log, said) != want {
			t.Errorf("it is said %d times, want %d: %.300s", strings.Count(log, line), want, log)
		}
	}
	told(1)
	for i, files := range []map[string]string{
		{good: says("good", "2", ""), other: evil}, // the same series
		{good: says("good", "2", ""), other: says("evil", "1", "")},
		{good: says("good", "3", ""), other: evil},
	} {
		f.set("include: [tenants/*.yaml]\n", files)
		if err := w.Reload(t.Context()); err != nil {
			t.Fatal(err)
		}
		told(1 + i/2)
	}
}
