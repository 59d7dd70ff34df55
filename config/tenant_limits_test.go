package config

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/callhours/callhours/internal/files"
	"github.com/callhours/callhours/internal/growth"
	"github.com/callhours/callhours/internal/regex"
)

// TestTenantTotals: a tenant defines as much as it may in all, and one more is
// its mistake; the operator may.
func TestTenantTotals(t *testing.T) {
	if growth.UnderRace {
		t.Skip("it runs in one goroutine for long; the run without the race detector has it")
	}
	t.Parallel()
	repeat := func(n int, format string) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, format, i)
		}
		return b.String()
	}
	routes := func(n int) string { return "routes:\n" + repeat(n, "  - {name: r%d, plan: p}\n") }
	plan := func(n int) string {
		return "plans:\n  p:\n    branches:\n" +
			repeat(n-1, "      - {name: b%d, state: other, when: {caller: [\"+1*\"]}, pass: true}\n") +
			"      - {name: rest, state: open, pass: true}\n"
	}
	expressions := func(n int) string {
		return plan(2) + "routes:\n" +
			repeat(n, "  - {name: r%d, branches: [{name: open, when: {caller_name: \"/[a-z]{0,485}x+/\"}, "+
				"pass: true}, {name: closed, pass: true}]}\n")
	}
	for name, c := range map[string]struct {
		at, past string
		want     string
	}{
		"calendars": {
			"calendars:\n" + repeat(maxCalendars, "  c%d: {file: acme/a.ics}\n"),
			"calendars:\n" + repeat(maxCalendars+1, "  c%d: {file: acme/a.ics}\n"),
			`tenant "acme" has more than 2000 calendars; remove some, or split it into two tenants`,
		},
		"lists": {
			"lists:\n" + repeat(maxLists, "  l%d: {file: acme/one}\n"),
			"lists:\n" + repeat(maxLists+1, "  l%d: {file: acme/one}\n"),
			`tenant "acme" has more than 2000 lists; remove some, or split it into two tenants`,
		},
		"routes": {
			plan(2) + routes(maxRoutes), plan(2) + routes(maxRoutes+1),
			`tenant "acme" has more than 5000 routes; remove some, or split it into two tenants`,
		},
		"branches": {
			plan(50) + routes(maxBranches/50), plan(50) + routes(maxBranches/50+1),
			`tenant "acme" has more than 50000 branches in all its routes (those of a plan count for each route); remove some, or split it into two tenants`,
		},
		"roles": {
			strings.Replace(plan(2), "    branches", "    calendars: ["+repeat(maxRoles, "r%d, ")+"]\n    branches",
				1),
			strings.Replace(plan(2), "    branches", "    calendars: ["+repeat(maxRoles+1, "r%d, ")+"]\n    branches",
				1),
			`tenant "acme" has more than 100 roles in a plan; make two plans of it`,
		},
		"conditions": {
			plan(2) + routes(maxRoutes),
			strings.Replace(plan(2), `["+1*"]`, "["+strings.Repeat(`"+1*", `, 100)+"]", 1) + routes(maxRoutes),
			`tenant "acme" has more than 500000 parts in the conditions of all its routes`,
		},
		"bytes of conditions": { // 256 of them are a part
			strings.Replace(plan(2), `caller: ["+1*"]`, `caller_name: "`+strings.Repeat("x", 98*256)+`"`, 1) + routes(maxRoutes),
			strings.Replace(plan(2), `caller: ["+1*"]`, `caller_name: "`+strings.Repeat("x", 100*256)+`"`, 1) + routes(maxRoutes),
			`tenant "acme" has more than 500000 parts in the conditions of all its routes`,
		},
		"bytes of callflows": {
			strings.Replace(plan(2), `pass: true`, `callflow: "`+strings.Repeat("x", 98*256)+`"`, 1) + routes(maxRoutes),
			strings.Replace(plan(2), `pass: true`, `callflow: "`+strings.Repeat("x", 100*256)+`"`, 1) + routes(maxRoutes),
			`tenant "acme" has more than 500000 parts in the conditions of all its routes`,
		},
		"a number": {
			strings.Replace(plan(2), `"+1*"`, `"`+strings.Repeat("1", maxNumberText)+`"`, 1) + routes(1),
			strings.Replace(plan(2), `"+1*"`, `"`+strings.Repeat("1", maxNumberText+1)+`"`, 1) + routes(1),
			`is too long for a number; the limit is 256 characters`,
		},
		"data": {
			"data:\n" + repeat(999, "  k%d: x\n") + plan(2) + "routes:\n" +
				repeat(1000, "  - {name: r%d, plan: p, data: {a: b}}\n"),
			"data:\n" + repeat(999, "  k%d: x\n") + plan(2) + "routes:\n" +
				repeat(1001, "  - {name: r%d, plan: p, data: {a: b}}\n"),
			`tenant "acme" has more than 1000000 keys in the data of all its routes and branches together`,
		},
		"expressions": { // of 1,000 steps; one that is too large counts as many
			expressions(maxRegexSteps / regex.MaxSize), expressions(maxRegexSteps/regex.MaxSize + 30),
			`tenant "acme" has more than 1000000 steps in the programs of all its regular expressions; write patterns with *`,
		},
		"numbers": {
			"lists:\n  l: {file: acme/numbers}\n", "lists:\n  l: {file: acme/numbers}\n  m: {numbers: [\"1\"]}\n",
			`tenant "acme" has more than 200000 numbers in all its lists; remove some, or write prefixes such as +4930*`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			said := func(tenant string) string {
				_, err := Load("callhours.yaml", Options{FS: fstest.MapFS{
					"callhours.yaml":       {Data: []byte("timezone: UTC\ninclude: [tenants/*.yaml]\n")},
					"tenants/acme.yaml":    {Data: []byte("tenant: {name: acme, account: [7a1c]}\n" + tenant)},
					"tenants/acme/one":     {Data: []byte("+49\n")},
					"tenants/acme/numbers": {Data: []byte(repeat(maxNumbers, "+49%d\n"))},
				}})
				return fmt.Sprint(err)
			}
			if got := said(c.at); strings.Contains(got, "more than") || got != "<nil>" {
				t.Errorf("at the bound: %.300s", got)
			}
			if got := said(c.past); !strings.Contains(got, c.want) {
				t.Errorf("past it: %.300s, want %s", got, c.want)
			}
		})
	}
}

// TestTenantClaims: how many numbers the routes of a tenant match is bounded,
// each for each of its accounts.
func TestTenantClaims(t *testing.T) {
	t.Parallel()
	said := func(accounts, numbers int) string {
		var b strings.Builder
		b.WriteString("tenant: {name: acme, account: [")
		for i := range accounts {
			fmt.Fprintf(&b, "%032x, ", i+1)
		}
		b.WriteString("]}\nroutes:\n")
		for i := range numbers / 100 {
			fmt.Fprintf(&b, "  - {name: r%d, branches: [{name: open, pass: true}], match: {dialed: [", i)
			for j := range 100 {
				fmt.Fprintf(&b, `"+1415%07d", `, 100*i+j)
			}
			b.WriteString("]}}\n")
		}
		_, err := Load("callhours.yaml", Options{FS: fstest.MapFS{
			"callhours.yaml":    {Data: []byte("timezone: UTC\ninclude: [tenants/*.yaml]\n")},
			"tenants/acme.yaml": {Data: []byte(b.String())},
		}})
		return fmt.Sprint(err)
	}
	if got := said(100, maxMatchNumbers/100); got != "<nil>" {
		t.Errorf("at the bound: %.300s", got)
	}
	if got := said(101, maxMatchNumbers/100); !strings.Contains(got,
		`tenant "acme" has more than 100000 numbers in the matches of all its routes (each counts for every account`) {
		t.Errorf("past it: %.300s", got)
	}
}

// TestTenantGlobs: a directory is listed once for all globs of a load, and how many names those of
// a tenant look at is bounded.
func TestTenantGlobs(t *testing.T) {
	t.Parallel()
	const names = 20_000
	said := func(globs int) (string, int) {
		fsys := fstest.MapFS{"callhours.yaml": {Data: []byte("timezone: UTC\ninclude: [tenants/*.yaml]\n")}}
		for i := range names {
			fsys[fmt.Sprintf("tenants/acme/s/%d", i)] = &fstest.MapFile{}
		}
		var b strings.Builder
		b.WriteString("tenant: {name: acme, account: [7a1c]}\n" +
			"routes: [{name: r, branches: [{name: open, pass: true}]}]\nsecrets: [")
		for i := range globs {
			fmt.Fprintf(&b, "acme/s/x%d*, ", i)
		}
		b.WriteString("]\n")
		fsys["tenants/acme.yaml"] = &fstest.MapFile{Data: []byte(b.String())}
		counting := &listCounter{FS: fsys}
		_, err := Load("callhours.yaml", Options{FS: counting})
		return fmt.Sprint(err), counting.lists
	}
	got, lists := said(maxGlobNames/names - globListed)
	if got != "<nil>" {
		t.Errorf("at the bound: %.300s", got)
	}
	if lists > 2 { // it is looked at before it is listed
		t.Errorf("the directory was listed %d times", lists)
	}
	want := `secrets "acme/s/x45*": the globs of the tenant look at more than 1000000 names, ` +
		`those of a directory for each of them (long ones that are compared with a long pattern count several times); ` +
		`write fewer or shorter globs`
	if got, _ := said(maxGlobNames/names - globListed + 1); !strings.Contains(got, want) {
		t.Errorf("past it: %.300s", got)
	}
}

// TestTenantLongGlobs: what comparing long names with long patterns costs counts as names, and so
// does looking for a file in each directory that a glob finds.
func TestTenantLongGlobs(t *testing.T) {
	t.Parallel()
	const names = 100
	fsys := fstest.MapFS{"callhours.yaml": {Data: []byte("timezone: UTC\ninclude: [tenants/*.yaml]\n")}}
	for i := range names {
		fsys[fmt.Sprintf("tenants/acme/s/%s%02d", strings.Repeat("a", 248), i)] = &fstest.MapFile{}
		fsys[fmt.Sprintf("tenants/acme/d%02d/x", i)] = &fstest.MapFile{}
	}
	secrets := func(pattern string, globs int) (list string) {
		for i := range globs {
			list += fmt.Sprintf("%q, ", strings.Replace(pattern, "Z", string(rune('A'+i)), 1))
		}
		return list
	}
	said := func(pattern string, globs int) string {
		fsys["tenants/acme.yaml"] = &fstest.MapFile{Data: []byte("tenant: {name: acme, account: [7a1c]}\n" +
			"routes: [{name: r, branches: [{name: open, pass: true}]}]\nsecrets: [" +
			secrets(pattern, globs) + "]\n")}
		_, err := Load("callhours.yaml", Options{FS: fsys})
		return fmt.Sprint(err)
	}
	element := "*" + strings.Repeat("[a-b]", 49) + "Z?"
	in := &Inputs{disk: disk{fsys: fsys}}
	for _, c := range []struct {
		pattern string
		cost    int
	}{
		{element, names * files.MatchCost(element, []string{strings.Repeat("a", 250)})},
		{"../d*/y", names*(1+globStat+1) + 1}, // and s itself
	} {
		d := in.disk
		d.cache, d.tenant = newDirCache(), "acme"
		if _, _, err := d.glob("tenants/acme/s/" + c.pattern); err != nil || d.cache.counts["acme"] < c.cost-1 {
			t.Errorf("%.10s: it costs %d, %v, want %d", c.pattern, d.cache.counts["acme"], err, c.cost)
		}
		d.cache.counts["acme"] = maxGlobNames - d.cache.counts["acme"]
		if _, _, err := d.glob("tenants/acme/s/" + c.pattern); err != nil {
			t.Errorf("%.10s at the bound: %v", c.pattern, err)
		}
		if _, _, err := d.glob("tenants/acme/s/" + c.pattern); !errors.Is(err, errTooManyNames) {
			t.Errorf("%.10s past it: %v", c.pattern, err)
		}
	}
	if got := said("acme/s/"+element, 1); got != "<nil>" {
		t.Errorf("one: %.300s", got)
	}
	if got := said("acme/s/"+element, 20); !strings.Contains(got, "look at more than 1000000 names") {
		t.Errorf("twenty: %.300s", got)
	}
	if got := said("acme/s/"+strings.Repeat("a", 255)+"*", 1); !strings.Contains(got,
		"a pattern with wildcards has at most 4096 bytes, and 255 between two slashes; use a shorter one") {
		t.Errorf("a long pattern: %.600s", got)
	}
}

// listCounter counts how often the directory of secrets is opened.
type listCounter struct {
	fs.FS
	lists int
}

func (c *listCounter) Open(name string) (fs.File, error) {
	if name == "tenants/acme/s" {
		c.lists++
	}
	return c.FS.Open(name)
}

// TestDirectives: none of them means anything, and YAML's library compares each with all others.
func TestDirectives(t *testing.T) {
	t.Parallel()
	said := func(n int, format string) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, format, i)
		}
		_, mistakes := parse("a.yaml", []byte(b.String()+"---\na: b\n"))
		return fmt.Sprint(mistakes.Err())
	}
	if got := said(maxDirectives, "%%TAG !e%d! tag:e\n"); got != "<nil>" {
		t.Errorf("at the bound: %s", got)
	}
	const want = "a.yaml:101: the file has more than 100 directives, which mean nothing here; delete them"
	for _, format := range []string{"%%TAG !e%d! tag:e\n", "%%TAG\t!e%d! x\r", "%%YAML 1.%d\n"} {
		if got := said(maxDirectives+1, format); got != want {
			t.Errorf("%q: %s", format, got)
		}
	}
}
