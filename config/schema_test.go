package config

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v4"
)

// schemaDocs is where the schemas stand for editors.
const schemaDocs = "../docs/schema"

// TestSchemaFiles: the schemas of the documentation are those of the loader's tables. UPDATE=1
// rewrites them.
func TestSchemaFiles(t *testing.T) {
	t.Parallel()
	for _, kind := range Schemas {
		name, want := filepath.Join(schemaDocs, kind+".schema.json"), Schema(kind)
		if os.Getenv("UPDATE") != "" {
			if err := os.WriteFile(name, want, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		got, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(got), string(want)); diff != "" {
			t.Errorf("%s (-document +loader):\n%s", name, diff)
		}
	}
	if Schema("nothing") != nil {
		t.Error("there is a schema of nothing")
	}
}

func compileSchema(t testing.TB, kind string) *jsonschema.Schema {
	t.Helper()
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(Schema(kind)))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource(kind+".json", document); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile(kind + ".json")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// check is what the schema has against a file of YAML.
func check(t *testing.T, schema *jsonschema.Schema, text string) error {
	t.Helper()
	value, err := decode(text)
	if err != nil {
		t.Fatal(err)
	}
	return schema.Validate(value)
}

// decode reads YAML as an editor does: what looks like a date is a text.
func decode(text string) (any, error) {
	var value any
	if err := yaml.Unmarshal([]byte(text), &value); err != nil {
		return nil, err
	}
	body, err := json.Marshal(value)
	if err != nil {
		return nil, err
	}
	return jsonschema.UnmarshalJSON(bytes.NewReader(body))
}

// TestSchemaTakesWhatLoads: no file that loads is refused. The files are all those of the tests and
// of the examples.
func TestSchemaTakesWhatLoads(t *testing.T) {
	t.Parallel()
	config, tenant, tests := compileSchema(t, "config"), compileSchema(t, "tenant"), compileSchema(t, "test")
	taken := map[string]int{}
	try := func(name, text string, fsys fs.FS, file string) {
		value, err := decode(text)
		if err != nil { // ours takes more than the library, such as lone CRs
			return
		}
		kind, schema := "config", config
		if _, err := LoadTests(file, Options{FS: fsys}); err == nil {
			kind, schema = "test", tests
		} else if _, err := Load(file, Options{FS: fsys}); err != nil {
			if !strings.HasPrefix(text, "tenant:") {
				return
			}
			main := fstest.MapFS{
				"main.yaml": {Data: []byte("timezone: UTC\ninclude: ['in.yaml']\n")},
				"in.yaml":   {Data: []byte(text)},
			}
			if _, err := Load("main.yaml", Options{FS: main}); err != nil {
				return
			}
			kind, schema = "tenant", tenant
		}
		if err := schema.Validate(value); err != nil {
			t.Errorf("%s: loads as a %s, and its schema says %v", name, kind, err)
		}
		taken[kind]++
	}
	for _, root := range []string{"../examples", "testdata"} {
		err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || filepath.Ext(name) != ".yaml" {
				return err
			}
			text, err := os.ReadFile(name)
			try(name, string(text), nil, name)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	archives, err := filepath.Glob("../cmd/callhours/testdata/script/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range archives {
		archive, err := txtar.ParseFile(name)
		if err != nil {
			t.Fatal(err)
		}
		fsys := fstest.MapFS{}
		for _, f := range archive.Files {
			fsys[path.Clean(f.Name)] = &fstest.MapFile{Data: f.Data, Mode: 0o600}
		}
		for _, f := range archive.Files {
			if filepath.Ext(f.Name) == ".yaml" {
				try(name+": "+f.Name, string(f.Data), fsys, f.Name)
			}
		}
	}
	if taken["config"] < 30 || taken["tenant"] < 10 || taken["test"] < 5 {
		t.Errorf("these were looked at: %v; too few to show anything", taken)
	}
}

// TestSchemaTakesEveryKey: each key of the tables is refused where it does not belong, and known
// where it does.
func TestSchemaTakesEveryKey(t *testing.T) {
	t.Parallel()
	tops := map[string]section{"config": inMain, "tenant": inInclude, "test": inTests}
	for kind, top := range tops {
		schema := compileSchema(t, kind)
		for _, name := range keysOf[top] {
			const unknown = "additional properties"
			if err := check(t, schema, name+": null"); err == nil || strings.Contains(err.Error(), unknown) {
				t.Errorf("%s: %s: null: got %v, want a wrong value of a known key", kind, name, err)
			}
			if err := check(t, schema, name+"x: null"); err == nil || !strings.Contains(err.Error(), unknown) {
				t.Errorf("%s: %sx: got %v, want an unknown key", kind, name, err)
			}
		}
	}
}

// TestSchema: what the schema refuses is a mistake, and what it takes is right as far as it can see.
func TestSchema(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, kind, text, want string }{
		{"nothing", "config", "{}", ""},
		{"a misspelt key", "config", "timezon: Europe/Berlin", "additional properties"},
		{
			"a misspelt key of a branch", "config",
			"routes: [{name: a, branches: [{name: b, pas: true}]}]", "additional properties",
		},
		{"a route without a name", "config", "routes: [{path: /a}]", "missing property"},
		{"no routes in the list", "config", "routes: []", "minItems"},
		{"a duration", "config", "drain: 5s", ""},
		{"no duration", "config", "drain: soon", "pattern"},
		{"never", "config", "watch: never", ""},
		{"a choice", "config", "log: {format: json}", ""},
		{"no choice", "config", "log: {format: xml}", "value must be one of"},
		{"a version as a number", "config", "kazoo_version: 4.3", ""},
		{"an amount without a unit", "config", "limits: {lines: 1000}", ""},
		{"an amount with one", "config", "limits: {bytes: 16MiB}", ""},
		{"a secret in place", "config", "calendars: {a: {url: https://example.com/a.ics}}", ""},
		{"a secret by name", "config", "calendars: {a: {url: {secret: feed}}}", ""},
		{"a secret's name misspelt", "config", "calendars: {a: {url: {secrt: feed}}}", "additional properties"},
		{
			"conditions in conditions", "config",
			"routes: [{name: a, branches: [{name: b, when: {all: [{not: {calendar: c, summary: [a, b]}}, " +
				"{any: [{caller: 1}]}]}}]}]", "",
		},
		{
			"conditions that hold a wrong key", "config",
			"routes: [{name: a, branches: [{name: b, when: {all: [{not: {calender: c}}]}}]}]", "additional properties",
		},
		{
			"numbers and lists", "config",
			"routes: [{name: a, match: {dialed: [\"+49*\", 49301234, {list: vip}]}}]", "",
		},
		{
			"expect", "config",
			"calendars: {a: {file: a.ics, expect: {ahead: 60d}}, b: {file: b.ics, expect: covered}}", "",
		},
		{"a tenant's file", "tenant", "tenant: {name: acme, account: 0123}\nroutes: [{name: a}]", ""},
		{"a global key in a tenant's file", "tenant", "listen: \":80\"", "additional properties"},
		{
			"tests", "test",
			"tests: [{name: a, route: r, at: 2026-12-25 10:00, want: {branch: holiday, status: 200}}]", "",
		},
		{
			"tests with events", "test",
			"calendars: {hours: [{summary: Open, start: 2026-12-25}], feed: unknown}\ntests: [{route: r}]", "",
		},
		{"no tests", "test", "config: a.yaml", "missing property"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			err := check(t, compileSchema(t, c.kind), c.text)
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}
