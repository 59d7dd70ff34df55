package render

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// odd is a callflow with so many odd fields, in which no other route's is alike.
func odd(route, fields int) string {
	var b strings.Builder
	b.WriteString(`{"module":"tts","data":{"text":"x"`)
	for i := range fields {
		fmt.Fprintf(&b, `,"q%d_%d":1`, route, i)
	}
	return b.String() + "}}"
}

// TestMostWarned: the warnings that are kept of a tenant's routes are bounded where they are made,
// and the last one says how many there are besides. Mistakes, and what is said of other tenants, do
// not count; and what was left out is said as soon as there is room.
func TestMostWarned(t *testing.T) {
	t.Parallel()
	const fields, evils = 90, 24
	l := library(t)
	var all []*Route
	for i := range evils {
		all = append(all, looked(t, l, "evil", odd(i, fields)))
	}
	all = append(all, looked(t, l, "evil", `{"module":"nope"}`), looked(t, l, "good", odd(evils, fields)))
	check := func(all []*Route) (said []string) {
		for _, f := range Check(t.Context(), all, now, nil) {
			said = append(said, fmt.Sprintf("%s: %t %s", f.Mistake.Error(), f.Warning, f.Kind))
		}
		return said
	}
	const rest = "%d more warnings about templates and their outputs are left out, from here on; correct the others first: true callflow_odd"
	first := check(all)
	if len(first) != maxWarned+1+fields+1 {
		t.Fatalf("%d findings, want those of evil, a mistake, those of good, and how many are left out", len(first))
	}
	if last, want := first[len(first)-1], fmt.Sprintf(rest, evils*fields-maxWarned); !strings.HasSuffix(last, want) {
		t.Errorf("got %q, want it to end with %q", last, want)
	}
	if !slices.ContainsFunc(first, func(f string) bool {
		return strings.Contains(f, "nope") && strings.Contains(f, ": false")
	}) {
		t.Error("the mistake is not said")
	}
	kept := func() (n int) {
		for _, r := range all {
			n += len(r.checked.Load().list)
		}
		return n
	}
	if n := kept(); n > maxWarned+atOnce*fields+1+fields {
		t.Errorf("%d findings are kept of the routes", n)
	}
	if diff := cmp.Diff(first, check(all)); diff != "" {
		t.Errorf("a second time (-first +second):\n%s", diff)
	}
	if some := check(all[evils-5:]); len(some) != 5*fields+1+fields {
		t.Errorf("of five routes %d findings are said; those that were left out have room now", len(some))
	}
	if diff := cmp.Diff(first, check(all)); diff != "" {
		t.Errorf("all again (-first +again):\n%s", diff)
	}
	// what was said before takes no room
	same := make([]*Route, 30)
	for i := range same {
		same[i] = looked(t, l, "evil", odd(0, fields))
	}
	if found := check(same); len(found) != fields || !strings.Contains(found[0], "and 29 more)") {
		t.Errorf("of 30 routes that are alike %d findings are said: %.200q", len(found), found)
	}
}
