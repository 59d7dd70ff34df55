package config

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/callhours/callhours/internal/diag"
	"github.com/callhours/callhours/internal/growth"
)

// hostile are files of about n values that cost most for their length.
var hostile = []struct {
	name string
	text func(n int) string
}{
	{"a list in brackets", func(n int) string { return "data: {a: [" + strings.Repeat("x,", n-10) + "x]}\n" }},
	{"a list on lines", func(n int) string { return "data:\n  a:\n" + strings.Repeat("    - x\n", n/2-10) }},
	{"lists of nothing", func(n int) string { return "data: {a: [" + strings.Repeat("[],", n/2-10) + "[]]}\n" }},
	{"a list of pairs", func(n int) string { return "data: {a: [" + strings.Repeat("x: y,", n/2-10) + "x: y]}\n" }},
	{"keys without values", func(n int) string { return "data: {a: {" + keys(n-10, "%d,") + "}}\n" }},
	{"keys on lines", func(n int) string { return "data:\n" + keys(n/2-10, "  k%d: x\n") }},
	{"unknown keys", func(n int) string { return keys(n/2-10, "k%d: x\n") }},
	{"empty lines", func(n int) string { return "data: {}\n" + strings.Repeat("\n", n-10) }},
	{"comments", func(n int) string {
		return "data:\n" + strings.Repeat("  # comment\n", n/2) + strings.Repeat("  #\n", n/2-10)
	}},
	{"comments between keys", func(n int) string { return "data:\n" + keys(n/3-10, "  # comment\n  k%d: x\n") }},
	{"texts on lines", func(n int) string { return "data:\n" + keys(n/4-10, "  k%d: |\n    x\n\n") }},
	{"empty texts", func(n int) string { return "data:\n" + keys(n/2-10, "  k%d: |\n") }},
	{"one long text", func(n int) string { return "data:\n  a: |\n" + strings.Repeat("    x\n", n-10) }},
	{"a text in quotes on many lines", func(n int) string {
		return "data: {a: \"" + strings.Repeat("x\n\n", n/2-10) + "\"}\n"
	}},
	{"a text without quotes on many lines", func(n int) string {
		return "data:\n  a: " + strings.Repeat("x\n    ", n-10) + "\n"
	}},
	{"anchors", func(n int) string { return "data: {a: [" + keys(n-10, "&a%d x,") + "x]}\n" }},
	{"aliases", func(n int) string { return "data: {a: &a x, b: [" + strings.Repeat("*a,", n-10) + "x]}\n" }},
	{"aliases of aliases", func(n int) string {
		text := "data:\n  a0: &a0 [x,x,x,x,x,x,x,x]\n"
		for i := range 20 {
			text += fmt.Sprintf("  a%d: &a%d [*a%d,*a%d,*a%d,*a%d]\n", i+1, i+1, i, i, i, i)
		}
		return text
	}},
	{"tags", func(n int) string { return "data: {a: [" + strings.Repeat("!!x x,", n-10) + "x]}\n" }},
	{"brackets", func(n int) string { return "data: " + strings.Repeat("[", n-10) }},
	{"dashes", func(n int) string { return "data:\n  " + strings.Repeat("- ", n-10) + "x\n" }},
	{"question marks", func(n int) string { return strings.Repeat("? ", n-10) + "x\n" }},
	{"a key that does not end", func(n int) string { return strings.Repeat("x\n", n-10) }},
	{"quotes that do not end", func(n int) string { return "data: {a: [" + strings.Repeat("\"x\",", n-10) + "\"" }},
	{"documents", func(n int) string { return strings.Repeat("---\n", n/2-10) }},
	{"directives", func(n int) string { return strings.Repeat("%A\n", n-10) }},
	{"routes of nothing", func(n int) string { return "routes: [" + strings.Repeat("{},", n/2-10) + "{}]\n" }},
	{"routes that are one", func(n int) string {
		return "routes: [" + strings.Repeat("{name: a},", n/4-10) + "{name: a}]\n"
	}},
	{"conditions", func(n int) string {
		return "routes: [{name: a, branches: [{name: open, when: {any: [" + strings.Repeat("{},", n/2-30) +
			"{}]}, pass: true}]}]\n"
	}},
	{"numbers", func(n int) string { return "lists: {a: {numbers: [" + strings.Repeat("1,", n-15) + "1]}}\n" }},
}

// keys writes n numbers by a format.
func keys(n int, format string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format, i)
	}
	return b.String()
}

// TestHostileFiles reads files of tenants that cost most for what they hold: each value may cost so
// much memory and no more, and twice the values twice of it.
func TestHostileFiles(t *testing.T) {
	if growth.UnderRace {
		t.Skip("it measures memory; the run without the race detector does")
	}
	const most = 2 << 10 // bytes for each value, of which a quarter is there at a time
	for _, c := range hostile {
		t.Run(c.name, func(t *testing.T) {
			var cost [3]int
			for i := range cost {
				n := maxValues / 4 >> (2 - i)
				text := c.text(n)
				if got, _ := valuesIn([]byte(text), n); got > n {
					t.Fatalf("holds %d values, want %d", got, n)
				}
				fsys := memory("c.yaml", "timezone: UTC\ninclude: [t.yaml]\n", "t.yaml", "tenant: {name: t}\n"+text)
				if strings.HasPrefix(c.name, "d") || strings.HasPrefix(c.name, "question") {
					fsys = memory("c.yaml", "timezone: UTC\ninclude: [t.yaml]\n", "t.yaml", text)
				}
				cost[i] = growth.Bytes(func() { _, _ = Load("c.yaml", Options{FS: fsys}) })
			}
			t.Logf("%d bytes for each value", cost[2]/(maxValues/4))
			if cost[2] > most*maxValues/4 {
				t.Errorf("allocates %d MiB", cost[2]>>20)
			}
			for i := 1; i < len(cost); i++ {
				if cost[i] > 8<<20 && float64(cost[i]) > 2.3*float64(max(cost[i-1], 1<<20)) {
					t.Errorf("allocates %d bytes, and %d for twice the values", cost[i-1], cost[i])
				}
			}
		})
	}
}

// TestValues refuses what holds too many values.
func TestValues(t *testing.T) {
	t.Parallel()
	const head = "data: {a: [x,x]}\n" // as many as 6
	if got, _ := valuesIn([]byte(head), 100); got != 6 {
		t.Fatalf("got %d", got)
	}
	if m, wrong := tooManyValues("a.yaml", []byte(head), 6); wrong {
		t.Errorf("at the bound: got %s", m)
	}
	if m, wrong := tooManyValues("a.yaml", []byte("\n"+head), 6); !wrong || m.Line != 2 {
		t.Errorf("beyond it: got %v, %s", wrong, m)
	}
	large := "data: {a: [" + strings.Repeat("x,", maxValues) + "x]}\n"
	for _, c := range []struct{ files, want string }{
		{
			"tenant: {name: a}\n" + large,
			"t.yaml:2: the file has more than 200000 keys and values (lines, commas, colons and brackets count); " +
				"split it, and put long lists of numbers into files of their own",
		},
		{
			large,
			"t.yaml:1: the file has more than 200000 keys and values (lines, commas, colons and brackets count); " +
				"split it, and put long lists of numbers into files of their own",
		},
	} {
		_, err := Load("c.yaml", Options{FS: memory("c.yaml", "timezone: UTC\ninclude: [t.yaml]\n", "t.yaml", c.files)})
		if mistakes, ok := errors.AsType[diag.Mistakes](err); !ok || mistakes.Error() != c.want {
			t.Errorf("got  %v\nwant %s", err, c.want)
		}
	}
	if _, wrong := tooManyValues("c.yaml", []byte(large), maxMain); wrong {
		t.Error("the main file may not hold more than one that it includes")
	}
}

// TestLighten refuses the largest of many files, not those of who has little to say.
func TestLighten(t *testing.T) {
	t.Parallel()
	var files []*includedFile
	for i, n := range []int{5, 40, 7, 41, 6, 12} {
		files = append(files, &includedFile{path: fmt.Sprintf("%d.yaml", i), bytes: []byte(strings.Repeat(",", n))})
	}
	for _, c := range []struct {
		most int
		want string
	}{{111, ""}, {110, "3"}, {70, "3"}, {69, "13"}, {10, "12345"}} {
		for _, f := range files {
			f.rejected = nil
		}
		rejectLargest(files, c.most)
		got := ""
		for i, f := range files {
			if f.rejected != nil {
				got += fmt.Sprint(i)
			}
		}
		if got != c.want {
			t.Errorf("%d values: got %q refused, want %q", c.most, got, c.want)
		}
	}
	if got, want := files[3].rejected.Error(),
		"3.yaml: all included files have more than 10 keys and values, and this one 41 of them; make it smaller"; got != want {
		t.Errorf("got %s", got)
	}
}
