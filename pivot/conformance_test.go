package pivot

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/callhours/callhours/internal/growth"
)

// apart is where the catalog is meant to differ from the schemas of Kazoo master, by module and
// field. The catalog is the stricter one in all of them.
var apart = []struct {
	module, field string
	both          *regexp.Regexp // of values that both take all the same
	reason        string
}{
	{
		"notification", "skip_module", regexp.MustCompile(`^(true|false)$`),
		"its schema does not name it, though Kazoo reads it of every action",
	},
}

// kazooSchemas loads Kazoo's own schemas; without them the test is skipped.
func kazooSchemas(t *testing.T) (dir string, schemas *Schemas) {
	t.Helper()
	dir = filepath.Join(cmp.Or(os.Getenv("CALLHOURS_SHARED"), "../../shared"), "kazoo-schemas")
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("Kazoo's schemas are not here: %v", err)
	}
	schemas, err := LoadSchemas(os.DirFS(dir))
	if err != nil {
		t.Fatal(err)
	}
	return dir, schemas
}

// TestConformance holds the catalog against Kazoo's own schemas, where they are present:
// for every module, documents with every field left out, right, and wrong in many ways
// are taken by both or by none.
func TestConformance(t *testing.T) {
	t.Parallel()
	dir, schemas := kazooSchemas(t)
	if growth.UnderRace {
		t.Skip("tens of thousands of callflows in one goroutine")
	}
	g := generator{t: t, dir: dir, documents: map[string]map[string]any{}}
	modules := map[string]bool{}
	for module := range schemas.data {
		modules[module] = true
	}
	for name, o := range builtIn().modules {
		if o.versions&KazooMaster.versions() != 0 {
			modules[name] = true
		}
	}
	used, seen := map[int]bool{}, map[string]bool{}
	checked, refused := 0, 0
	for _, module := range slices.Sorted(maps.Keys(modules)) {
		wrong := 0
		compare := func(field string, data map[string]any) {
			body := marshal(t, map[string]any{"module": module, "data": data})
			if seen[string(body)] {
				return
			}
			seen[string(body)] = true
			ours, theirs := CheckCallflow(body, Cluster{Version: KazooMaster}), schemas.Check(body)
			checked++
			if theirs != nil {
				refused++
			}
			if (ours == nil) == (theirs == nil) {
				return
			}
			for i, a := range apart {
				if a.module == module && a.field == field && theirs == nil && !a.both.Match(marshal(t, data[field])) {
					used[i] = true
					return
				}
			}
			if wrong++; wrong <= 5 {
				t.Errorf("%.300s\n\tcatalog: %v\n\tschemas: %v", body, ours, theirs)
			}
		}
		schema := g.document("callflows." + module)
		if schema == nil {
			compare("", map[string]any{})
			continue
		}
		base := g.object(schema)
		compare("", base)
		fields := map[string]bool{"skip_module": true}
		properties, _ := schema["properties"].(map[string]any)
		for field := range properties {
			fields[field] = true
		}
		if o := builtIn().modules[module]; o != nil {
			for _, f := range o.fields {
				fields[f.name] = true
			}
		}
		for _, field := range slices.Sorted(maps.Keys(fields)) {
			without := maps.Clone(base)
			delete(without, field)
			compare(field, without)
			property, _ := properties[field].(map[string]any)
			if property == nil && field != "skip_module" {
				continue // of another version
			}
			for _, value := range g.variants(property, 3) {
				with := maps.Clone(base)
				with[field] = value
				compare(field, with)
			}
		}
	}
	// Every module that both know, each the child of the one before: a mistake at the end is found
	// by both, and at the same place.
	var chain []map[string]any
	for _, module := range slices.Sorted(maps.Keys(schemas.data)) {
		if o := builtIn().modules[module]; o != nil {
			chain = append(chain, map[string]any{"module": module, "data": g.object(g.document("callflows." + module))})
		}
	}
	for _, last := range []map[string]any{{"module": "hangup"}, {"module": "tts", "data": map[string]any{"text": 1}}} {
		flow := last
		for _, action := range slices.Backward(chain) {
			flow = map[string]any{
				"module": action["module"], "data": action["data"],
				"children": map[string]any{"_": flow},
			}
		}
		body := marshal(t, flow)
		ours, theirs := CheckCallflow(body, Cluster{Version: KazooMaster}), schemas.Check(body)
		if last["data"] == nil {
			if ours != nil || theirs != nil {
				t.Errorf("a chain of all modules: catalog: %v; schemas: %v", ours, theirs)
			}
			continue
		}
		place := strings.Repeat(".children._", len(chain)) + ".data.text: "
		if ours == nil || theirs == nil || !strings.HasPrefix(ours.Error(), place) ||
			!strings.HasPrefix(theirs.Error(), place) {
			t.Errorf("a mistake below all modules: catalog: %v; schemas: %v", ours, theirs)
		}
	}
	for i, a := range apart {
		if !used[i] {
			t.Errorf("%s.%s does not differ any more: %s", a.module, a.field, a.reason)
		}
	}
	if len(modules) < 75 || refused < checked/4 || refused == checked {
		t.Errorf("%d modules, %d callflows and %d of them refused: that is no test", len(modules), checked, refused)
	}
	t.Logf("%d modules, %d callflows, of which Kazoo's schemas refuse %d", len(modules), checked, refused)
}

// generator makes values that a schema takes, and values that it does not.
type generator struct {
	t         *testing.T
	dir       string
	documents map[string]map[string]any
}

func (g *generator) document(name string) map[string]any {
	if d, ok := g.documents[name]; ok {
		return d
	}
	var d map[string]any
	if body, err := os.ReadFile(filepath.Join(g.dir, name+".json")); err == nil {
		if err := json.Unmarshal(body, &d); err != nil {
			g.t.Fatalf("%s: %v", name, err)
		}
	}
	g.documents[name] = d
	return d
}

// complete adds what a schema refers to.
func (g *generator) complete(schema map[string]any) map[string]any {
	ref, ok := schema["$ref"].(string)
	if !ok {
		return schema
	}
	out := maps.Clone(g.document(ref))
	properties, _ := out["properties"].(map[string]any)
	properties = maps.Clone(properties)
	own, _ := schema["properties"].(map[string]any)
	maps.Copy(properties, own)
	out["properties"] = properties
	return out
}

// object is the smallest object that a schema takes.
func (g *generator) object(schema map[string]any) map[string]any {
	out := map[string]any{}
	required, _ := schema["required"].([]any)
	properties, _ := schema["properties"].(map[string]any)
	for name, property := range properties {
		property, _ := property.(map[string]any)
		list, ok := property["default"].([]any)
		if least, _ := property["minItems"].(float64); slices.Contains(required, any(name)) ||
			ok && len(list) < int(least) {
			out[name] = g.valid(property)
		}
	}
	return out
}

// valid is a value that a schema takes.
func (g *generator) valid(schema map[string]any) any {
	schema = g.complete(schema)
	if list, ok := schema["enum"].([]any); ok {
		return list[0]
	}
	if list, ok := schema["oneOf"].([]any); ok && schema["properties"] == nil {
		first, _ := list[0].(map[string]any)
		return g.valid(first)
	}
	switch schema["type"] {
	case "integer":
		for _, bound := range []string{"minimum", "maximum"} {
			if n, ok := schema[bound]; ok {
				return n
			}
		}
		return 7
	case "boolean":
		return true
	case "array":
		items, _ := schema["items"].(map[string]any)
		return []any{g.valid(items)}
	case "object":
		return g.object(schema)
	}
	if schema["format"] == "email" {
		return "a@example.com"
	}
	least, _ := schema["minLength"].(float64)
	switch pattern, _ := schema["pattern"].(string); {
	case strings.HasPrefix(pattern, "^https?"):
		return "https://pivot.example.com/"
	case strings.Contains(pattern, "A-Za-z"):
		return "en"
	case strings.Contains(pattern, "0-9"):
		return "123"
	}
	return strings.Repeat("é", max(int(least), 1))
}

// number is one as it is written.
type number string

func (n number) MarshalJSON() ([]byte, error) { return []byte(n), nil }

// variants are values around what a schema takes.
func (g *generator) variants(schema map[string]any, depth int) []any {
	schema = g.complete(schema)
	out := []any{
		nil, true, false, "", "a", "true", "auto", "7", "en", "en-us", "en-USA", "en_us", "x-1",
		"http://pivot.example.com", "https://10.0.0.1:8080/x?y",
		"ftp://pivot.example.com", "pivot.example.com", "http://localhost/", "http://127.0.0.1", "http://", "a@b", "@b",
		"a@b@c",
		0, 1, -1, 7, number("1.0"), number("0.5"), number("1e2"), number("12345678901234567890"),
		[]any{},
		[]any{"a"},
		[]any{"1", "1"},
		[]any{"1", "2"},
		[]any{1},
		[]any{nil},
		[]any{map[string]any{}},
		map[string]any{},
		map[string]any{"a": 1},
		map[string]any{"X-A": "b"},
		map[string]any{"X A": "b"},
		map[string]any{"in": map[string]any{"X-A": "b"}},
		map[string]any{"in": map[string]any{"X A": "b"}},
		map[string]any{"in": 1},
		map[string]any{"out": "x"},
		map[string]any{"out": map[string]any{"X": 1}},
	}
	for _, n := range []int{31, 32, 33, 35, 36, 128, 129, 1000, 1001, 2048, 2049} {
		out = append(out, strings.Repeat("é", n), strings.Repeat("a", n))
	}
	for _, bound := range []string{"minimum", "maximum"} {
		if n, ok := schema[bound].(float64); ok {
			out = append(out, n-1, n, n+1, fmt.Sprint(n))
		}
	}
	if list, ok := schema["enum"].([]any); ok {
		for _, word := range list {
			out = append(out, word, fmt.Sprint(word), fmt.Sprint(word, "x"), strings.ToUpper(fmt.Sprint(word)))
		}
	}
	if depth == 0 {
		return out
	}
	for _, several := range []string{"oneOf", "anyOf"} {
		list, _ := schema[several].([]any)
		for _, one := range list {
			one, _ := one.(map[string]any)
			out = append(out, g.valid(one))
			out = append(out, g.objects(g.complete(one), depth)...)
			if literal, ok := one["enum"].([]any); ok {
				out = append(out, literal...)
			}
		}
	}
	if items, ok := schema["items"].(map[string]any); ok {
		for _, item := range g.variants(items, depth-1) {
			out = append(out, []any{item}, []any{g.valid(items), item})
		}
	}
	return append(out, g.objects(schema, depth)...)
}

// objects are those of a schema with each member left out, right and wrong.
func (g *generator) objects(schema map[string]any, depth int) []any {
	properties, _ := schema["properties"].(map[string]any)
	var out []any
	base := g.object(schema)
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		property, _ := properties[name].(map[string]any)
		without := maps.Clone(base)
		delete(without, name)
		out = append(out, without)
		for _, value := range g.variants(property, depth-1) {
			with := maps.Clone(base)
			with[name] = value
			out = append(out, with)
			if tag, ok := properties["macro"].(map[string]any); ok { // an element of audio_macro says which it is
				with := maps.Clone(with)
				with["macro"] = g.valid(tag)
				out = append(out, with)
			}
		}
	}
	return out
}

func marshal(t *testing.T, v any) []byte {
	t.Helper()
	body, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return body
}
