// Package callhours_test holds the rules of the house: who may import whom, and what nobody does.
package callhours_test

import (
	"cmp"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/callhours/callhours"

// below is the picture of docs/design.md §2: what stands directly below each package. A package may
// import what it reaches on the way down, and nothing else of ours.
var below = map[string][]string{
	"cmd/callhours": {"server", "examples", "internal/early"},
	"server":        {"console", "people", "preview", "server/listen", "upstream"},
	"server/listen": {"config"},
	"console":       {"preview", "console/languages"},
	"preview":       {"calendars/feeds", "render"},
	"render":        {"internal/parallel", "routes", "templates"},
	"routes":        {"calendars", "pivot"},
	"config":        {"calendars/holidays", "internal/contain", "internal/diag", "internal/files", "internal/parallel", "internal/regex"},
	"calendars":     {"calendars/ical", "calendars/patterns"},
	"people":        {"internal/database", "internal/diag"},

	// the rooms of calendars
	"calendars/feeds":    {"calendars", "internal/guard", "internal/parallel", "internal/suspect"},
	"calendars/holidays": nil,
	"calendars/ical":     {"calendars/zones"},
	"calendars/recur":    {"internal/diag"},
	"calendars/zones":    {"calendars/recur", "internal/files"},
	"calendars/patterns": {"internal/diag", "internal/regex"},

	"upstream":          {"pivot", "internal/guard"},
	"pivot":             {"internal/diag", "internal/files", "metrics"},
	"templates":         {"templates/funcs", "internal/contain", "metrics"},
	"metrics":           nil,
	"internal/diag":     nil,
	"internal/database": {"internal/durable"},
	"internal/durable":  {"internal/files"},
	"internal/files":    {"internal/contain"},
	"internal/parallel": {"internal/contain"},
	"internal/contain":  {"metrics"},
	"internal/growth":   nil,
	"internal/pgtest":   nil,
	"internal/guard":    nil,
	"internal/regex":    nil,
	"internal/early":    nil,
	"internal/suspect":  {"internal/contain", "internal/durable", "internal/files"},
	"examples":          nil,

	"console/languages": nil,
	"packaging":         nil, // tests alone

	// the rooms of templates
	"templates/funcs":      {"templates/jsonsafe", "templates/vocabulary", "internal/regex"},
	"templates/jsonsafe":   {"templates/trees"},
	"templates/vocabulary": {"internal/diag"},
	"templates/trees":      {"internal/diag"},
}

// inTests is what a package's tests may import besides.
var inTests = map[string][]string{
	"server":             {"examples"},
	"calendars/holidays": {"calendars", "calendars/ical"},
}

// dependencies are the modules that callhours asks for, each for a reason. What they need
// themselves is not listed.
var dependencies = map[string]string{
	"github.com/Masterminds/sprig/v3":          "functions of templates",
	"github.com/arran4/golang-ical":            "reading iCalendar",
	"github.com/chromedp/cdproto":              "tests: what is asked of a browser",
	"github.com/chromedp/chromedp":             "tests: a real browser looks at the console",
	"github.com/coreos/go-systemd/v22":         "sockets that systemd passes, and its watchdog",
	"github.com/go-json-experiment/json":       "checking callflows",
	"github.com/google/go-cmp":                 "tests",
	"github.com/jackc/pgx/v5":                  "the database, where it is PostgreSQL",
	"github.com/nyaruka/phonenumbers":          "national numbers",
	"github.com/pressly/goose/v3":              "tables of the database, brought up to date",
	"github.com/prometheus/client_golang":      "metrics",
	"github.com/rickar/cal/v2":                 "rules of public holidays",
	"github.com/rogpeppe/go-internal":          "scripted tests",
	"github.com/santhosh-tekuri/jsonschema/v6": "a cluster's own schemas",
	"github.com/sony/gobreaker/v2":             "circuits of upstreams that fail",
	"github.com/spf13/cobra":                   "the command line",
	"github.com/spf13/pflag":                   "errors of flags, in our own words; cobra reads flags by it",
	"github.com/theory/jsonpath":               "values of callflows in routing tests, RFC 9535",
	"go.uber.org/goleak":                       "tests",
	"go.yaml.in/yaml/v4":                       "reading YAML with positions",
	"golang.org/x/crypto":                      "passwords of the admin listener, hashed by bcrypt, and PINs, by argon2id",
	"golang.org/x/sys":                         "how long a call has waited, and whether an output is a terminal",
	"golang.org/x/text":                        "normal forms, case folding and the charsets of feeds",
	"modernc.org/sqlite":                       "the database, where it is a file; pure Go",
	"rsc.io/qr":                                "the address of a route's hours as a code for phones",
}

// readers are the files that read files in another way than internal/files does, which knows a pipe
// from a file, how large one may be, and how long to wait. Each has a reason.
var readers = map[string]string{
	"cmd/callhours/init.go":       "copies the examples that are part of the program",
	"calendars/holidays/data.go":  "reads the data that are part of the program",
	"console/console.go":          "reads the pages that are part of the program",
	"internal/database/sqlite.go": "looks into the file of SQLite, which reads and writes it itself; with a deadline",
	"internal/pgtest/pgtest.go":   "for tests: looks where PostgreSQL is",
	"internal/durable/durable.go": "opens a directory to flush it",
	"internal/durable/lock.go":    "opens the file of the lock",
	"templates/source.go":         "is given files in memory by config",
	"templates/templates.go":      "likewise",
}

// reads are the functions by which a file is read otherwise, by package.
var reads = map[string][]string{
	"os":       {"Open", "OpenFile", "ReadFile", "ReadDir", "Stat"},
	"fs":       {"ReadFile", "ReadDir", "Stat", "Glob", "WalkDir"},
	"filepath": {"Glob", "Walk", "WalkDir"},
	"tls":      {"LoadX509KeyPair"},
	"ioutil":   {"ReadFile", "ReadDir"},
}

// topLevel is everything that a clone, its build and its run leave in the root directory.
var topLevel = []string{
	".ci", ".git", ".gitignore", ".golangci.yml", "CHANGELOG.md", "LICENSE", "Makefile", "README.md",
	"THIRD_PARTY_NOTICES", "CONTRIBUTING.md", "SECURITY.md", "SUPPORT.md", "go.mod", "go.sum",
	"changelog_test.go", "docs_names_test.go", "docs_test.go", "house_test.go", "limits_table_test.go", "limits_test.go",
	"notices_test.go",
	"calendars", "cmd", "config", "console", "docs", "examples", "internal", "metrics", "packaging", "people", "pivot",
	"preview", "render", "routes", "server", "templates", "tools", "upstream",
	"callhours", "dist", "state",
}

// goPackage is what `go list` says of a package.
type goPackage struct {
	ImportPath                         string
	Imports, TestImports, XTestImports []string
}

func TestImports(t *testing.T) {
	t.Parallel()
	dec := json.NewDecoder(
		strings.NewReader(command(t, "go", "list", "-json=ImportPath,Imports,TestImports,XTestImports", "./...")))
	seen := 0
	for dec.More() {
		var p goPackage
		if err := dec.Decode(&p); err != nil {
			t.Fatal(err)
		}
		from := strings.TrimPrefix(strings.TrimPrefix(p.ImportPath, module), "/")
		if from == "" { // the root holds tests only
			continue
		}
		seen++
		if _, known := below[from]; !known {
			t.Errorf("package %s has no place in the picture of docs/design.md §2 and in house_test.go", from)
			continue
		}
		may := reach(from)
		for _, to := range ours(p.Imports) {
			if !slices.Contains(may, to) {
				t.Errorf("%s imports %s; it may import %s", from, to,
					cmp.Or(strings.Join(may, ", "), "nothing of ours"))
			}
		}
		may = append(may, from)
		may = append(append(may, inTests[from]...), "internal/growth", "internal/pgtest")
		for _, to := range ours(slices.Concat(p.TestImports, p.XTestImports)) {
			if !slices.Contains(may, to) {
				t.Errorf("the tests of %s import %s; they may import %s", from, to, strings.Join(may, ", "))
			}
		}
	}
	if seen == 0 {
		t.Fatal("go list finds no packages")
	}
}

// reach lists what a package may import, in order.
func reach(from string) []string {
	found := map[string]bool{}
	todo := slices.Clone(below[from])
	for len(todo) > 0 {
		to := todo[0]
		todo = append(todo[1:], below[to]...)
		found[to] = true
	}
	return slices.Sorted(maps.Keys(found))
}

// ours are those of imports that are packages of this module, without its path.
func ours(imports []string) []string {
	var names []string
	for _, p := range imports {
		if name, ok := strings.CutPrefix(p, module+"/"); ok {
			names = append(names, name)
		}
	}
	return names
}

// TestPicture sees that the table draws what it means to: arrows go down only, and never across.
func TestPicture(t *testing.T) {
	t.Parallel()
	for from := range below {
		may := reach(from)
		if slices.Contains(may, from) {
			t.Errorf("%s reaches itself", from)
		}
		for _, to := range may {
			if _, known := below[to]; !known {
				t.Errorf("%s may import %s, which is not in the table", from, to)
			}
		}
	}
	for _, c := range []struct {
		from, to string
		may      bool
	}{
		{"server", "calendars", true},
		{"console", "routes", true},
		{"render", "pivot", true},
		{"routes", "templates", false},
		{"calendars", "config", false},
		{"calendars/patterns", "calendars", false},
		{"calendars/recur", "calendars/zones", false},
		{"calendars", "calendars/feeds", false},
		{"routes", "calendars/feeds", false},
		{"calendars/zones", "calendars/ical", false},
		{"calendars/ical", "calendars", false},
		{"config", "calendars", false},
		{"templates", "routes", false},
		{"render", "config", false},
		{"server", "examples", false},
	} {
		if got := slices.Contains(reach(c.from), c.to); got != c.may {
			t.Errorf("%s may import %s: got %v, want %v", c.from, c.to, got, c.may)
		}
	}
}

// TestSources walks every Go file for what nobody does.
func TestSources(t *testing.T) {
	t.Parallel()
	files := 0
	packages := map[string]string{} // the name of each directory's
	err := filepath.WalkDir(".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "testdata" || name != "." && strings.HasPrefix(d.Name(), ".")):
			return filepath.SkipDir
		case d.IsDir() || !strings.HasSuffix(name, ".go"):
			return nil
		}
		files++
		src, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		for _, problem := range problems(t, filepath.ToSlash(name), src) {
			t.Error(problem)
		}
		// Files for other systems are not built here, so that nothing else notices their names.
		dir, own := filepath.Dir(name), packageName(t, name, src)
		if first := cmp.Or(packages[dir], own); first != own {
			t.Errorf("%s: package %s, in a directory of package %s", name, own, first)
		}
		packages[dir] = own
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if files < 10 {
		t.Errorf("found %d Go files, want the repository's", files)
	}
}

// packageName is the name of the package that a file belongs to or tests.
func packageName(t *testing.T, name string, src []byte) string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), name, src, parser.PackageClauseOnly)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSuffix(file.Name.Name, "_test")
}

// problems lists what one Go file does against the rules: no init, no package without a name of its
// own, no clock read outside the programs' main packages, no test that waits by sleeping.
func problems(t *testing.T, name string, src []byte) []string {
	t.Helper()
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, name, src, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	report := func(at token.Pos, what string) { found = append(found, files.Position(at).String()+": "+what) }

	switch pkg := strings.TrimSuffix(file.Name.Name, "_test"); pkg {
	case "util", "utils", "common", "helper", "helpers", "misc", "shared", "types", "models", "pkg", "base":
		report(file.Name.Pos(), "package "+pkg+" says nothing; name it after what it holds")
	}
	clock := "" // what the file calls package time
	for _, spec := range file.Imports {
		if spec.Path.Value == `"time"` {
			clock = "time"
			if spec.Name != nil {
				clock = spec.Name.Name
			}
		}
	}
	isTest, isTool := strings.HasSuffix(name, "_test.go"), strings.HasPrefix(name, "tools/")
	isMain := isTool || path.Dir(name) == "cmd/callhours"
	for node := range ast.Preorder(file) {
		switch n := node.(type) {
		case *ast.FuncDecl:
			if n.Name.Name == "init" && n.Recv == nil {
				report(n.Pos(), "init runs on import; make it a function that is called")
			}
		case *ast.SelectorExpr:
			x, ok := n.X.(*ast.Ident)
			if !ok {
				continue
			}
			if slices.Contains(reads[x.Name], n.Sel.Name) && !isTest && !isTool && readers[name] == "" &&
				path.Dir(name) != "internal/files" {
				report(n.Pos(), x.Name+"."+n.Sel.Name+" may wait for ever, or read without end; use internal/files")
			}
			if clock == "" || x.Name != clock {
				continue
			}
			switch n.Sel.Name {
			case "Now", "Since", "Until":
				if !isTest && !isMain {
					report(n.Pos(), "time."+n.Sel.Name+" reads the clock; moments come in as arguments")
				}
			case "Sleep":
				if isTest {
					report(n.Pos(), "a test does not sleep; wait for what it waits for")
				}
			}
		}
	}
	return found
}

func TestProblems(t *testing.T) {
	t.Parallel()
	const clock = "package server\nimport \"time\"\nvar now = time.Now\n"
	for _, c := range []struct {
		what, name, src string
		want            int
	}{
		{"a clock read", "server/a.go", clock, 1},
		{"a clock read by main", "cmd/callhours/a.go", clock, 0},
		{"a clock read by a tool", "tools/bench/a.go", clock, 0},
		{"a clock read by a test", "server/a_test.go", clock, 0},
		{"time under another name", "server/a.go", "package server\nimport t \"time\"\nvar x = t.Since(t.Time{})\n", 1},
		{"another package's Now", "server/a.go", "package server\nimport time \"other\"\nvar x = time.Now()\n", 0},
		{"a sleeping test", "server/a_test.go", "package server\nimport \"time\"\nfunc f() { time.Sleep(1) }\n", 1},
		{"init", "server/a.go", "package server\nfunc init() {}\n", 1},
		{"a method called init", "server/a.go", "package server\ntype a int\nfunc (a) init() {}\n", 0},
		{"a file read", "server/a.go", "package server\nimport \"os\"\nvar x, _ = os.ReadFile(\"a\")\n", 1},
		{
			"a file read by a test", "server/a_test.go",
			"package server\nimport \"os\"\nvar x, _ = os.ReadFile(\"a\")\n",
			0,
		},
		{
			"a file read by what reads files", "internal/files/a.go",
			"package files\nimport \"os\"\nvar x, _ = os.Open(\"a\")\n", 0,
		},
		{"util", "util/a.go", "package util\n", 1},
	} {
		if got := problems(t, c.name, []byte(c.src)); len(got) != c.want {
			t.Errorf("%s: got %q, want %d of them", c.what, got, c.want)
		}
	}
}

// uncontained are the functions that start a goroutine without giving it to a Guard or to
// contain.Do, and why that is right.
var uncontained = map[string]string{
	"cmd/callhours/main.go interruptible":           "it calls functions of packages signal and syscall, or ends the process",
	"cmd/callhours/serve.go serveTo":                "loading and running contain their panics, as Server.Reload does; the rest only waits",
	"cmd/callhours/serve.go after":                  "it closes a channel",
	"cmd/callhours/progress.go newProgress":         "it writes a line to the terminal",
	"calendars/feeds/memory.go withPausableTimeout": "it cancels a context",
	"server/server.go await":                        "it cancels a context",
	"internal/parallel/parallel.go Each":            "each piece is contained; the first panic is raised again in the caller",
	"internal/files/within.go withTimeout":          "the read is contained",
	"internal/database/database.go within":          "what it calls is contained; the rest hands the result on",
	"server/listen/listener.go linger":              "it closes a connection",
	"server/findings_cache.go withTimeout":          "it cancels a context",
	"server/allowance.go addSpent":                  "it gives turns to the next in line",
	"server/listen/logins.go acquire":               "it gives the turn to the next in line",
	"server/log.go NewLog":                          "the write is contained, and there is no other log to report to",
}

// TestGoroutines sees that every goroutine contains its panics: one that does not would end the
// process for everybody. The tools are developers'.
func TestGoroutines(t *testing.T) {
	t.Parallel()
	used := map[string]bool{}
	err := filepath.WalkDir(".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "testdata" || d.Name() == "tools" ||
			name != "." && strings.HasPrefix(d.Name(), ".")):
			return filepath.SkipDir
		case d.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go"):
			return nil
		}
		src, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		for _, g := range goroutines(t, filepath.ToSlash(name), src) {
			if used[g.in] = true; uncontained[g.in] == "" {
				t.Errorf("%s: this goroutine of %s does not contain its panics; let a contain.Guard run it", g.at, g.in)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for in := range uncontained {
		if !used[in] {
			t.Errorf("house_test.go: %s starts no uncontained goroutine any more; take it off the list", in)
		}
	}
}

// goroutine is one that is started without containment.
type goroutine struct{ in, at string } // "file function", "file:line:col"

// goroutines lists what a file starts without containment: by go, by the Go of a WaitGroup, and by
// AfterFunc.
func goroutines(t *testing.T, name string, src []byte) []goroutine {
	t.Helper()
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, name, src, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	var found []goroutine
	for _, decl := range file.Decls {
		in := name
		if f, ok := decl.(*ast.FuncDecl); ok {
			in += " " + f.Name.Name
		}
		for node := range ast.Preorder(decl) {
			var started ast.Expr
			switch n := node.(type) {
			case *ast.GoStmt:
				if started = n.Call.Fun; contains(n.Call) {
					continue
				}
			case *ast.CallExpr:
				f, ok := n.Fun.(*ast.SelectorExpr)
				if !ok || f.Sel.Name != "Go" && f.Sel.Name != "AfterFunc" || len(n.Args) == 0 {
					continue
				}
				started = n.Args[len(n.Args)-1]
			default:
				continue
			}
			if f, ok := started.(*ast.FuncLit); !ok || !containsAll(f.Body.List) {
				found = append(found, goroutine{in, files.Position(node.Pos()).String()})
			}
		}
	}
	return found
}

// containsAll reports whether statements are only deferred ones and calls of containment,
// whose error may be kept or sent.
func containsAll(list []ast.Stmt) bool {
	for _, s := range list {
		var e ast.Expr
		switch s := s.(type) {
		case *ast.DeferStmt:
			continue
		case *ast.ExprStmt:
			e = s.X
		case *ast.SendStmt:
			e = s.Value
		case *ast.AssignStmt:
			e = s.Rhs[0]
		}
		if call, ok := e.(*ast.CallExpr); !ok || !contains(call) {
			return false
		}
	}
	return true
}

// contains reports whether a call is one of a Guard, by the name of the variable, or of package
// contain.
func contains(call *ast.CallExpr) bool {
	method, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	of, name := method.X, ""
	switch of := of.(type) {
	case *ast.Ident:
		name = of.Name
	case *ast.SelectorExpr:
		name = of.Sel.Name
	}
	return name == "guard" || name == "contain"
}

func TestGoroutinesFound(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		what, body string
		want       int
	}{
		{"nothing", "f()", 0},
		{"a bare one", "go f()", 1},
		{"one of a Guard", "go s.guard.Run(p, n, f)", 0},
		{"a function", "go func() { f() }()", 1},
		{"a function that contains", "go func() { defer f(); guard.Run(p, n, f) }()", 0},
		{"one that sends", "go func() { c <- s.guard.Do(p, n, f) }()", 0},
		{"one that does more", "go func() { f(); guard.Run(p, n, f) }()", 1},
		{"a WaitGroup's", "w.Go(func() { f() })", 1},
		{"a WaitGroup's, by name", "w.Go(f)", 1},
		{"a WaitGroup's that contains", "w.Go(func() { s.guard.Loop(ctx, p, n, f) })", 0},
		{"a timer's", "time.AfterFunc(d, f)", 1},
		{"a timer's that contains", "time.AfterFunc(d, func() { _ = contain.Do(f) })", 0},
		{"within another", "w.Go(func() { s.guard.Run(p, n, func() { go f() }) })", 1},
	} {
		if got := goroutines(t, "a.go", []byte("package a\nfunc a() {\n"+c.body+"\n}\n")); len(got) != c.want {
			t.Errorf("%s: got %v, want %d of them", c.what, got, c.want)
		}
	}
}

func TestTopLevel(t *testing.T) {
	t.Parallel()
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		name := e.Name()
		if !slices.Contains(topLevel, name) && path.Ext(name) != ".out" && path.Ext(name) != ".test" {
			t.Errorf("%s stands in the root directory; docs/design.md §2 has no place for it", name)
		}
	}
}

// TestGoMod sees that go.mod pins what is listed here and nothing else, and that the tools keep to
// their own module.
func TestGoMod(t *testing.T) {
	t.Parallel()
	var mod struct {
		Go      string
		Require []struct {
			Path, Version string
			Indirect      bool
		}
		Replace, Exclude, Tool []any
	}
	if err := json.Unmarshal([]byte(command(t, "go", "mod", "edit", "-json")), &mod); err != nil {
		t.Fatal(err)
	}
	if want := "1.26"; !strings.HasPrefix(mod.Go, want+".") {
		t.Errorf("go.mod: go %s, want %s", mod.Go, want)
	}
	if n := len(mod.Replace) + len(mod.Exclude) + len(mod.Tool); n > 0 {
		t.Errorf("go.mod: %d lines of replace, exclude and tool, want none; tools stand in tools/go.mod", n)
	}
	var required []string
	for _, r := range mod.Require {
		required = append(required, r.Path)
		if !r.Indirect && dependencies[r.Path] == "" {
			t.Errorf("go.mod: %s is not among the dependencies of house_test.go; say there what it is for", r.Path)
		}
	}
	for p := range dependencies {
		if !slices.Contains(required, p) {
			t.Errorf("house_test.go: %s is not in go.mod", strconv.Quote(p))
		}
	}
}

// command runs a program in the root directory and returns what it prints.
func command(t *testing.T, name string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %s: %v", name, strings.Join(args, " "), err)
	}
	return string(out)
}
