package callhours_test

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/constant"
	"go/parser"
	"go/token"
	"go/types"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// limit is what may be asked of callhours of one kind, and what happens beyond.
type limit struct {
	what string
	// bound is the bound; what stands in braces is a constant of ours by its package and name, as
	// {server.maxPath}, perhaps with how to write it: {server.maxAnswer:bytes}, or
	// {preview.lastYear:plain}. A default of a calendar's limits is {limits.Bytes:bytes}.
	bound  string
	key    string // that changes it; "" for none
	beyond string
	test   string // that is at the bound and beyond it, by its package and name: server.TestRequestBounds
}

// TestLimits holds docs/limits.md to the table of limits, their constants, and the tests that hold
// to them. UPDATE=1 writes it.
func TestLimits(t *testing.T) {
	t.Parallel()
	known, err := constants()
	if err != nil {
		t.Fatal(err)
	}
	const name = "docs/limits.md"
	text, problems := limitsPage(known, testNames(t))
	for _, p := range problems {
		t.Error(p)
	}
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	got, err := os.ReadFile(name)
	if err != nil || string(got) != text {
		t.Errorf(
			"%s is not what the table of limits_table_test.go and the constants say; UPDATE=1 go test . -run TestLimits writes it (%v)", name, err)
	}
}

// isBound fits the names of constants that bound something.
var isBound = regexp.MustCompile(`^([mM]ost|[mM]ax|[lL]ongest)([A-Z]|$)`)

// noRow are constants that are called like bounds and have no row, and why.
var noRow = map[string][]string{
	"it is how precisely something is worked out, or how far something is looked ahead, and nothing is refused": {
		"config.maxSearched", "config.maxBeside", "routes.maxAtoms", "render.maxNames",
		"render.maxNear",
		"funcs.maxPassed", "jsonsafe.maxPlaces", "templates.maxFollowed",
		"preview.maxPath", "preview.maxWalks", "preview.maxCommas", "calendars.maxClockChecked", "feeds.maxHint",
		"feeds.maxAhead",
		"listen.maxLingering", "contain.maxReported",
	},
	"it is a bound of the grammar, beyond which a text is not what it should be": {
		"recur.LongestDuration", "recur.longestOffset", "recur.maxInterval", "recur.maxList",
		"ical.longestTZID", "zones.longestName", "ical.maxCategories", "ical.longestCharset",
		"ical.maxOnsets", "config.longestRange", "pivot.maxHeaderValue", "pivot.maxModule", "pivot.maxName",
		"pivot.maxSteps", "funcs.longestNumber", "listen.maxTokens",
		"listen.maxWebDepth", "listen.maxAuths", "suspect.longestMark",
	},
	"it is of a file of callhours' own, or of the operator's": {
		"calendars.MaxEncoded", "feeds.maxCopyHeader", "feeds.maxPointer",
		"zones.maxFile", "server.maxAccepted", "server.maxAcceptedHead", "listen.maxWebConfigBytes",
		"pivot.maxSchema", "config.maxReservations", "people.maxMemory", "people.maxTime",
	},
	"it is how much of a text is shown in messages": {
		"config.longestQuoted", "console.longest",
		"contain.longestValue",
	},
	"it is of a command, at whose end is who gave it": {
		"callhours.maxKernelFile", "callhours.maxDays",
		"callhours.maxHourDays", "callhours.maxSpans", "callhours.maxAdminAnswer",
	},
	"it is of tests": {"growth.maxGrowth"},
}

// TestLimitsAreListed: each constant of ours that is called like a bound has a row, or there is a
// reason why not.
func TestLimitsAreListed(t *testing.T) {
	t.Parallel()
	known, err := constants()
	if err != nil {
		t.Fatal(err)
	}
	var rows strings.Builder
	for _, s := range limitSections() {
		for _, l := range s.limits {
			rows.WriteString(l.bound + "\n")
		}
	}
	excused := map[string]bool{}
	for why, names := range noRow {
		for _, name := range names {
			if _, ok := known[name]; !ok {
				t.Errorf("there is no constant %s, of which noRow says that %s", name, why)
			}
			excused[name] = true
		}
	}
	for _, name := range slices.Sorted(maps.Keys(known)) {
		_, own, _ := strings.Cut(name, ".")
		hasRow := strings.Contains(rows.String(), "{"+name+"}") || strings.Contains(rows.String(), "{"+name+":")
		switch {
		case hasRow && excused[name]:
			t.Errorf("%s has a row in limits_table_test.go, and stands in noRow", name)
		case isBound.MatchString(own) && !hasRow && !excused[name]:
			t.Errorf("%s has no row in limits_table_test.go; write one, or say in noRow why there is none", name)
		}
	}
}

// TestLimitValues: constants are written as people read them.
func TestLimitValues(t *testing.T) {
	t.Parallel()
	known := map[string]value{
		"a.b": {constant.MakeInt64(64 << 10), false},
		"a.d": {constant.MakeInt64(int64(1500 * time.Millisecond)), true}, "a.n": {constant.MakeInt64(1500), false},
	}
	for text, want := range map[string]string{
		"{a.b:bytes} of it": "64 KiB of it", "{a.b}": "65,536", "{a.d}": "1.5s", "{a.n:bytes}": "1,500 bytes",
		"{a.n} and {a.n}": "1,500 and 1,500", "none": "none",
	} {
		if got, err := fillBound(text, known); got != want || err != nil {
			t.Errorf("%s: got %q, %v; want %q", text, got, err, want)
		}
	}
	if _, err := fillBound("{a.gone}", known); err == nil {
		t.Error("a constant that is not there is written all the same")
	}
}

// limitsPage is docs/limits.md, and what is wrong with the table.
func limitsPage(known map[string]value, tests map[string]bool) (text string, problems []string) {
	var b strings.Builder
	b.WriteString(limitsHead)
	for _, s := range limitSections() {
		fmt.Fprintf(&b, "\n## %s\n\n%s\n\n| what | bound | key | beyond |\n|---|---|---|---|\n", s.title, s.text)
		for _, l := range s.limits {
			bound, err := fillBound(l.bound, known)
			if err != nil {
				problems = append(problems, err.Error())
			}
			what, _ := fillBound(l.what, known) // braces may also be a template's
			if !tests[l.test] {
				problems = append(problems, fmt.Sprintf("%s: there is no test %s", l.what, l.test))
			}
			key := "none"
			if l.key != "" {
				key = "`" + l.key + "`"
			}
			fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", what, bound, key, l.beyond)
		}
	}
	return b.String(), problems
}

var placeholder = regexp.MustCompile(`\{([\w./]+)(:bytes|:plain)?\}`)

// fillBound writes constants into a bound.
func fillBound(text string, known map[string]value) (filled string, err error) {
	return placeholder.ReplaceAllStringFunc(text, func(s string) string {
		m := placeholder.FindStringSubmatch(s)
		v, ok := known[m[1]]
		if !ok {
			err = cmp.Or(err, fmt.Errorf("limits_table_test.go: there is no constant %s", m[1]))
			return s
		}
		if m[2] == ":plain" {
			return v.ExactString()
		}
		return v.text(m[2] != "")
	}), err
}

// value is a constant's.
type value struct {
	constant.Value
	duration bool
}

func (v value) text(bytes bool) string {
	n, _ := constant.Int64Val(constant.ToInt(v.Value))
	switch {
	case v.duration:
		s := time.Duration(n).String()
		for _, none := range []string{"m0s", "h0m"} { // 5m0s is 5m
			if strings.HasSuffix(s, none) {
				s = s[:len(s)-2]
			}
		}
		return s
	case bytes && n >= 1<<30 && n%(1<<30) == 0:
		return fmt.Sprintf("%d GiB", n>>30)
	case bytes && n >= 1<<20 && n%(1<<20) == 0:
		return fmt.Sprintf("%d MiB", n>>20)
	case bytes && n >= 1<<10 && n%(1<<10) == 0:
		return fmt.Sprintf("%d KiB", n>>10)
	case bytes:
		return grouped(n) + " bytes"
	}
	return grouped(n)
}

// grouped is a number with its digits in threes.
func grouped(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// constants are those of our packages that are numbers, by the last part of the package's path and
// their name, and the defaults of a calendar's limits.
func constants() (map[string]value, error) {
	found := map[string]value{}
	for dir := range below {
		files := token.NewFileSet()
		var parsed []*ast.File
		names, err := filepath.Glob(filepath.Join(filepath.FromSlash(dir), "*.go"))
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			f, err := parser.ParseFile(files, name, nil, parser.SkipObjectResolution)
			if err != nil {
				return nil, err
			}
			parsed = append(parsed, f)
		}
		// What other packages bring is missing, and so are the constants that need it.
		checker := types.Config{IgnoreFuncBodies: true, Importer: clockOnly{}, Error: func(error) {}}
		pkg, _ := checker.Check(dir, files, parsed, nil)
		for _, name := range pkg.Scope().Names() {
			c, ok := pkg.Scope().Lookup(name).(*types.Const)
			if ok && (c.Val().Kind() == constant.Int || c.Val().Kind() == constant.Float) {
				found[path.Base(dir)+"."+name] = value{c.Val(), c.Type().String() == "time.Duration"}
			}
		}
		if dir == "calendars/ical" {
			for field, v := range limitDefaults(files, pkg, parsed) {
				found["limits."+field] = value{v, false}
			}
		}
	}
	return found, nil
}

// limitDefaults reads the pairs of a field and its default that Limits.WithDefaults goes through.
func limitDefaults(files *token.FileSet, pkg *types.Package, parsed []*ast.File) map[string]constant.Value {
	found := map[string]constant.Value{}
	for _, f := range parsed {
		ast.Inspect(f, func(n ast.Node) bool {
			pair, ok := n.(*ast.CompositeLit)
			if !ok || len(pair.Elts) != 2 {
				return true
			}
			to, ok := pair.Elts[0].(*ast.UnaryExpr)
			if !ok || to.Op != token.AND {
				return true
			}
			field, ok := to.X.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			if v, err := types.Eval(files, pkg, token.NoPos, types.ExprString(pair.Elts[1])); err == nil &&
				v.Value != nil {
				found[field.Sel.Name] = v.Value
			}
			return true
		})
	}
	return found
}

// clockOnly imports package time, as far as it has units of durations, and nothing else.
type clockOnly struct{}

func (clockOnly) Import(name string) (*types.Package, error) {
	if name != "time" {
		return nil, fmt.Errorf("%s is not looked at", name)
	}
	pkg := types.NewPackage("time", "time")
	of := types.NewTypeName(token.NoPos, pkg, "Duration", nil)
	duration := types.NewNamed(of, types.Typ[types.Int64], nil)
	pkg.Scope().Insert(of)
	for unit, d := range map[string]time.Duration{
		"Nanosecond": 1, "Microsecond": time.Microsecond, "Millisecond": time.Millisecond, "Second": time.Second,
		"Minute": time.Minute, "Hour": time.Hour,
	} {
		pkg.Scope().Insert(types.NewConst(token.NoPos, pkg, unit, duration, constant.MakeInt64(int64(d))))
	}
	pkg.MarkComplete()
	return pkg, nil
}

// testNames are the tests of our packages, by the last part of the package's path and their name.
func testNames(t *testing.T) map[string]bool {
	t.Helper()
	named := regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(`)
	found := map[string]bool{}
	for dir := range below {
		files, err := filepath.Glob(filepath.Join(filepath.FromSlash(dir), "*_test.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range files {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range named.FindAllStringSubmatch(string(text), -1) {
				found[path.Base(dir)+"."+m[1]] = true
			}
		}
	}
	return found
}
