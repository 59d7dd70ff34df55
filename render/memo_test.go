package render

import (
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/callhours/callhours/internal/diag"
	"github.com/callhours/callhours/internal/growth"
	"github.com/callhours/callhours/pivot"
	"github.com/callhours/callhours/routes"
	"github.com/callhours/callhours/templates"
)

// sharing makes routes of one branch, which share a library, a template and data.
func sharing(t *testing.T, n int, text string, data map[string]any) []*Route {
	t.Helper()
	l := library(t)
	template, mistakes := l.Parse(diag.Pos{File: "c.yaml", Line: 1}, text)
	if len(mistakes) > 0 {
		t.Fatal(mistakes)
	}
	memo := new(Memo)
	var all []*Route
	for i := range n {
		plain, wrong := routes.New(routes.Options{
			Name: fmt.Sprint("r", i), Zone: time.UTC,
			Branches: []routes.Branch{{Name: "a", State: routes.Open}},
		})
		if wrong != nil {
			t.Fatal(wrong)
		}
		r, mistakes := New(Options{Route: plain, Library: l, Memo: memo, Branches: []Branch{{
			Template: template, Place: diag.Pos{File: "c.yaml", Line: 1}, Data: Data{Values: data},
		}}})
		if len(mistakes) > 0 {
			t.Fatal(mistakes)
		}
		all = append(all, r)
	}
	return all
}

// TestSharedData: data that is the same for many branches is looked through once.
func TestSharedData(t *testing.T) {
	if growth.UnderRace {
		t.Skip("it measures")
	}
	list := []any{"{{ 1 }}"}
	for i := range 50_000 {
		list = append(list, fmt.Sprint(i))
	}
	data := map[string]any{"l": list}
	cost := func(n int) int {
		return growth.Bytes(func() { sharing(t, n, `{"module":"tts","data":{"text":"{{ len .Data.l }}"}}`, data) })
	}
	cost(1)
	one, many := cost(1), cost(200)
	if most := 2 * one; many-one > 200*16<<10 || many > most+200*16<<10 {
		t.Errorf("one branch allocates %d bytes, and 200 with the same data %d", one, many)
	}
	all := sharing(t, 3, `{"module":"tts","data":{"text":"{{ index .Data.l 0 }}"}}`, data)
	if p := all[0].proof(0); p != all[2].proof(0) {
		t.Error("routes with the same data have not the same proof")
	}
	other := sharing(t, 1, `{"module":"tts","data":{"text":"{{ index .Data.l 0 }}"}}`,
		map[string]any{"l": append(list[:1:1], "x")})
	if all[0].branches[0].told == other[0].branches[0].told {
		t.Error("other data is told to be the same")
	}
}

// TestDataMistakesOnce: what is wrong with data that many branches share is told of the first one
// whole, and of each other one once.
func TestDataMistakesOnce(t *testing.T) {
	t.Parallel()
	l, memo := library(t), new(Memo)
	d := Data{Values: map[string]any{"a": "{{ nothing }}", "b": "{{ none }}", "c": "x"}}
	if _, first := memo.all(l, d); len(first) != 2 {
		t.Errorf("the first one has %v", first)
	}
	if _, second := memo.all(l, d); len(second) != 1 {
		t.Errorf("the second one has %v", second)
	}
	many := map[string]any{}
	for i := range maxInData + 1 {
		many[fmt.Sprintf("k%03d", i)] = "{{ .Call.From }}"
	}
	if _, wrong := memo.all(l, Data{Values: many}); len(wrong) != 1 ||
		!strings.Contains(wrong[0].Message, "more than 200 templates") {
		t.Errorf("one template more than there may be: %v", wrong)
	}
	delete(many, "k000")
	if w, wrong := memo.all(l, Data{Values: maps.Clone(many)}); len(wrong) != 0 || len(w.templates) != maxInData {
		t.Errorf("as many templates as there may be: %v", wrong)
	}
	if _, ok := memo.copy("evil", many); !ok {
		t.Error("a little cannot be copied")
	}
	memo.copied["evil"], memo.copied[""] = maxCopied, maxCopied
	for tenant, want := range map[string]bool{"evil": false, "good": true, "": true} { // the operator's is not bounded
		if _, ok := memo.copy(tenant, many); ok != want {
			t.Errorf("with the room of evil used up, data of tenant %q is copied: %v", tenant, ok)
		}
	}
}

// TestOddFields: finding the places of many odd fields of an output costs about what the output
// does, and routes that write the same are looked at once.
func TestOddFields(t *testing.T) {
	if growth.UnderRace {
		t.Skip("it measures")
	}
	odd := func(n int) string {
		var b strings.Builder
		b.WriteString(`{"module":"voicemail","data":{"id":"7b1e3d52c6a94f0eb4d2a9c8e5f60137"`)
		for i := range n {
			fmt.Fprintf(&b, `,"x%d":{{ 1 }}`, i)
		}
		b.WriteString("}}")
		return b.String()
	}
	now := time.Date(2026, 11, 25, 10, 0, 0, 0, time.UTC)
	growth.Linear(t, 300, func(n int) int {
		all := sharing(t, 1, odd(n), nil)
		return growth.Bytes(func() {
			if found := Check(t.Context(), all, now, nil); len(found) != pivot.MaxWarnings {
				t.Errorf("of %d odd fields %d are found", n, len(found))
			}
		})
	})
	cost := func(routes int) int {
		all := sharing(t, routes, odd(300), nil)
		return growth.Bytes(func() { Check(t.Context(), all, now, nil) })
	}
	if one, many := cost(8), cost(80); many > 3*one {
		t.Errorf("8 routes allocate %d bytes, and 80 that write the same %d", one, many)
	}
}

// TestReadBound: what the templates of a tenant's branches name is bounded, each branch with its
// own; and so is how often one looks which name was meant.
func TestReadBound(t *testing.T) {
	t.Parallel()
	l, memo := library(t), new(Memo)
	var text strings.Builder
	values := map[string]any{}
	for i := range 3000 {
		fmt.Fprintf(&text, "{{ .Data.a%d }}", i)
		values[fmt.Sprint("a", i)] = i
	}
	template, mistakes := l.Parse(diag.Pos{File: "c.yaml", Line: 1},
		`{"module":"tts","data":{"text":"`+text.String()+`"}}`)
	if len(mistakes) > 0 {
		t.Fatal(mistakes)
	}
	used := []*templates.Template{template}
	fits := maxRead / template.Weight()
	for i := range fits + 1 {
		if ok := memo.mayRead("acme", used); ok != (i < fits) {
			t.Fatalf("branch %d of %d: %v", i+1, fits, ok)
		}
	}
	if !memo.mayRead("other", used) {
		t.Error("one tenant takes another's room")
	}
	plain, _ := routes.New(routes.Options{
		Name: "acme/r", Zone: time.UTC,
		Branches: []routes.Branch{{Name: "a", State: routes.Open}},
	})
	_, mistakes = New(Options{Route: plain, Tenant: "acme", Library: l, Memo: memo, Branches: []Branch{{
		Template: template, Place: diag.Pos{File: "c.yaml", Line: 1}, Data: Data{Values: values},
	}}})
	if text := diag.Mistakes(mistakes).Error(); !strings.Contains(text,
		"name more than 1000000 fields, variables and calendars") {
		t.Errorf("got %s", text)
	}
	for i := range maxMisspelt + 1 {
		if ok := memo.mayLook("acme", "data"); ok != (i < maxMisspelt) {
			t.Errorf("look %d: %v", i+1, ok)
		}
	}
	if !memo.mayLook("acme", "calendars") {
		t.Error("looks among data count for calendars")
	}
	many := make([]diag.Mistake, maxTold+1)
	if n := len(memo.tells("acme", many)); n != maxTold+1 {
		t.Errorf("%d mistakes are told, want all", n)
	}
	if n := len(memo.tells("acme", many)); n != 1 {
		t.Errorf("%d mistakes are told of one more branch, want 1", n)
	}
}

// TestProofOfNames: what tells branches apart does not grow with the names that their conditions
// look for.
func TestProofOfNames(t *testing.T) {
	t.Parallel()
	size := func(keys int) int {
		names := &routes.Names{Field: "on"}
		values := map[string]any{}
		for i := range keys {
			names.Keys = append(names.Keys, fmt.Sprint("n", i))
			values[fmt.Sprint("n", i)] = "x"
		}
		plain, mistakes := routes.New(routes.Options{Name: "r", Zone: time.UTC, Unknown: 1, Branches: []routes.Branch{
			{
				Name: "a", State: routes.Open,
				When: &routes.Condition{Calendars: []string{"c"}, Events: routes.Events{Names: names}},
			},
			{Name: "b", State: routes.Open},
		}})
		if len(mistakes) > 0 {
			t.Fatal(mistakes)
		}
		l := library(t)
		template, mistakes := l.Parse(diag.Pos{File: "c.yaml", Line: 1},
			`{"module":"tts","data":{"text":"{{ .Match.Value }}"}}`)
		if len(mistakes) > 0 {
			t.Fatal(mistakes)
		}
		r, mistakes := New(Options{Route: plain, Library: l, Fallback: 1, Branches: []Branch{
			{Template: template, Data: Data{Values: map[string]any{"on": values}}}, {},
		}})
		if len(mistakes) > 0 {
			t.Fatal(mistakes)
		}
		return len(r.proof(0))
	}
	if few, many := size(2), size(5000); many > few+8 {
		t.Errorf("the proof of a branch has %d bytes with 2 names and %d with 5000", few, many)
	}
}
