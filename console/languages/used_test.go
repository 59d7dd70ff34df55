package languages

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// used are the English texts that pages, the console's code and the packages whose sentences it shows
// ask for.
func used(t *testing.T) []string {
	t.Helper()
	var keys []string
	for pattern, call := range map[string]*regexp.Regexp{
		"../pages/*.html": regexp.MustCompile(`\b(?:t|th) ("(?:[^"\\]|\\.)*")`),
		"../*.go":         regexp.MustCompile(`\.Text\(\s*("(?:[^"\\]|\\.)*")`),
	} {
		names, err := filepath.Glob(pattern)
		if err != nil || len(names) == 0 {
			t.Fatalf("%s: %v, %v", pattern, names, err)
		}
		for _, name := range names {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range call.FindAllStringSubmatch(string(text), -1) {
				key, err := strconv.Unquote(m[1])
				if err != nil {
					t.Fatalf("%s: %s: %v", name, m[1], err)
				}
				keys = append(keys, key)
			}
		}
	}
	keys = append(keys, translated(t)...)
	slices.Sort(keys)
	return slices.Compact(keys)
}

// translated are the English texts that the packages below the console give to translate, the
// function that it hands them. They are literals, so that they can be found here.
func translated(t *testing.T) (keys []string) {
	t.Helper()
	for _, room := range []string{"calendars", "calendars/recur", "routes", "pivot", "preview", "server"} {
		names, err := filepath.Glob("../../" + room + "/*.go")
		if err != nil || len(names) == 0 {
			t.Fatalf("%s: %v, %v", room, names, err)
		}
		for _, name := range names {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			places := token.NewFileSet()
			file, err := parser.ParseFile(places, name, nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(file, func(n ast.Node) bool {
				call, ok := n.(*ast.CallExpr)
				if !ok || !isTranslate(call.Fun) {
					return true
				}
				if key, ok := literal(call.Args); !ok {
					t.Errorf("%s: the text to translate is no literal", places.Position(call.Pos()))
				} else {
					keys = append(keys, key)
					if want := arguments(key); len(call.Args)-1 != want && !call.Ellipsis.IsValid() {
						t.Errorf("%s: %d arguments for %q", places.Position(call.Pos()), len(call.Args)-1, key)
					}
				}
				return true
			})
		}
	}
	return keys
}

// isTranslate reports whether a call is of a function, method or field with that name.
func isTranslate(fun ast.Expr) bool {
	switch f := fun.(type) {
	case *ast.Ident:
		return f.Name == "translate"
	case *ast.SelectorExpr:
		return f.Sel.Name == "translate" || f.Sel.Name == "Translate"
	default:
		return false
	}
}

// literal is the text of a call's first argument.
func literal(args []ast.Expr) (key string, ok bool) {
	if len(args) == 0 {
		return "", false
	}
	lit, ok := args[0].(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return "", false
	}
	key, err := strconv.Unquote(lit.Value)
	return key, err == nil
}

// verb is a verb of a text, with its argument's number where that is written.
var verb = regexp.MustCompile(`%(?:\[(\d+)\])?([a-z%])`)

// arguments is how many arguments a text takes.
func arguments(key string) (most int) {
	next := 0
	for _, m := range verb.FindAllStringSubmatch(key, -1) {
		if m[2] == "%" {
			continue
		}
		next++
		if n, err := strconv.Atoi(m[1]); err == nil {
			next = n
		}
		most = max(most, next)
	}
	return most
}

func TestArguments(t *testing.T) {
	t.Parallel()
	for key, want := range map[string]int{
		"": 0, "100 %%": 0, "%s of %d": 2, "%[2]s of %[1]s": 2, "%[1]s of %[1]s": 1, "%[3]d": 3,
	} {
		if got := arguments(key); got != want {
			t.Errorf("%q: %d arguments, want %d", key, got, want)
		}
	}
}
