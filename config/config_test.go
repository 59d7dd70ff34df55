package config

import (
	"fmt"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/callhours/callhours/internal/diag"
)

// load loads files that have no mistakes; the first is the main one.
func load(t *testing.T, files ...string) *File {
	t.Helper()
	f, err := Load(files[0], Options{FS: memory(files...)})
	if err != nil {
		t.Fatalf("got mistakes:\n%v", err)
	}
	return f
}

// memory holds files given as name, text, name, text.
func memory(files ...string) fstest.MapFS {
	fsys := fstest.MapFS{}
	for pair := range slices.Chunk(files, 2) {
		fsys[pair[0]] = &fstest.MapFile{Data: []byte(pair[1]), Mode: 0o600}
	}
	return fsys
}

// TestFull loads a configuration that uses every key, from memory and from disk, and compares all
// of the File with testdata/full/want.txt. UPDATE=1 rewrites that.
func TestFull(t *testing.T) {
	t.Parallel()
	fsys := os.DirFS("testdata/full")
	f, err := Load("callhours.yaml", Options{FS: fsys, Credentials: "testdata/full/credentials"})
	if err != nil {
		t.Fatalf("got mistakes:\n%v", err)
	}
	f.Warnings = slices.DeleteFunc(f.Warnings, func(w Warning) bool { return w.Kind == "secrets_readable" })
	f.Inputs = nil // looked at below
	got := dump(f)
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile("testdata/full/want.txt", []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("testdata/full/want.txt")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}

	disk, err := Load("testdata/full/callhours.yaml", Options{Credentials: "testdata/full/credentials"})
	if err != nil {
		t.Fatalf("from disk: got mistakes:\n%v", err)
	}
	for _, c := range []struct{ what, got, want string }{
		{"templates", disk.Templates, "testdata/full/templates"},
		{"state_dir", disk.StateDir, "testdata/full/state"},
		{"cert_file", disk.TLS.CertFile, "testdata/full/tls/cert.pem"},
		{"key_file", disk.TLS.KeyFile, "/etc/tls/key.pem"},
		{"calendar file", disk.Calendars[1].File, "testdata/full/*-holidays.ics"},
		{"include", disk.Tenants[0].Pos.File, "testdata/full/tenants/acme.yaml"},
	} {
		if c.got != c.want {
			t.Errorf("%s: got %q, want %q", c.what, c.got, c.want)
		}
	}
	belongs := map[string]string{
		"callhours.yaml": "", "secrets/main.yaml": "", "spam.txt": "", "shared.yaml": "", "old-ca.pem": "", "templates/x.json.tmpl": "",
		"tenants/acme.yaml":         "testdata/full/tenants/acme.yaml",
		"tenants/acme/secrets.yaml": "testdata/full/tenants/acme.yaml",
	}
	for _, input := range disk.Inputs.Files() {
		name := strings.TrimPrefix(input.Path, "testdata/full/")
		if of, ok := belongs[name]; !ok || input.Tenant != of || input.Err != nil {
			t.Errorf("input %s belongs to %q, want %q; %v", name, input.Tenant, of, input.Err)
		}
		delete(belongs, name)
	}
	if len(belongs) > 0 {
		t.Errorf("no inputs: %v", belongs)
	}
}

// TestFullUsesEveryKey keeps testdata/full complete: each key of the table stands in it.
func TestFullUsesEveryKey(t *testing.T) {
	t.Parallel()
	used := map[section]map[string]bool{}
	for s := range sectionNames {
		used[s] = map[string]bool{}
	}
	for file, top := range map[string]section{"callhours.yaml": inMain, "tenants/acme.yaml": inInclude} {
		body, err := os.ReadFile("testdata/full/" + file)
		if err != nil {
			t.Fatal(err)
		}
		root, mistakes := parse(file, body)
		if len(mistakes) > 0 {
			t.Fatal(mistakes)
		}
		for _, e := range root.entries {
			used[top][e.key.S] = true
		}
		countKeys(root, used)
	}
	for _, k := range keyTable {
		if !used[k.section][k.name] {
			t.Errorf("testdata/full does not use %s of %s", k.name, sectionNames[k.section])
		}
	}
}

// countKeys counts each key below a node for every place that has a key of that name.
func countKeys(n *node, used map[section]map[string]bool) {
	for _, item := range n.items {
		countKeys(item, used)
	}
	for _, e := range n.entries {
		for s, keys := range used {
			if s != inMain && s != inInclude {
				keys[e.key.S] = true
			}
		}
		countKeys(e.value, used)
	}
}

// dump writes every field of a value that is not zero, one a line, texts with their places.
func dump(v any) string {
	var out strings.Builder
	var walk func(path string, v reflect.Value)
	walk = func(path string, v reflect.Value) {
		if v.IsZero() {
			return
		}
		switch x := v.Interface().(type) {
		case Text:
			fmt.Fprintf(&out, "%s = %q @%s\n", path, x.S, x.Pos)
			return
		case Secret:
			fmt.Fprintf(&out, "%s = %s of %d bytes @%s\n", path, x, len(x.Reveal()), x.Pos)
			return
		case diag.Pos:
			fmt.Fprintf(&out, "%s @%s\n", path, x)
			return
		case *Data:
			dumpData(&out, path, x)
			return
		case *Tenant:
			if strings.Contains(path, "Routes") {
				fmt.Fprintf(&out, "%s = %q\n", path, x.Name)
				return
			}
		case []byte:
			fmt.Fprintf(&out, "%s = %d bytes\n", path, len(x))
			return
		case fmt.Stringer:
			if pkg := v.Type().PkgPath(); pkg == "time" || pkg == "net/netip" {
				fmt.Fprintf(&out, "%s = %s\n", path, x)
				return
			}
		}
		switch v.Kind() {
		case reflect.Pointer:
			if v.Elem().Kind() != reflect.Struct {
				fmt.Fprintf(&out, "%s = &%v\n", path, v.Elem())
				return
			}
			walk(path, v.Elem())
		case reflect.Struct:
			for i := range v.NumField() {
				if name := v.Type().Field(i).Name; name == "Pos" {
					walk(path, v.Field(i))
				} else {
					walk(path+"."+name, v.Field(i))
				}
			}
		case reflect.Slice:
			for i := range v.Len() {
				walk(fmt.Sprintf("%s[%d]", path, i), v.Index(i))
			}
		case reflect.Map:
			keys := slices.SortedFunc(slices.Values(v.MapKeys()), func(a, b reflect.Value) int {
				return strings.Compare(a.String(), b.String())
			})
			for _, key := range keys {
				walk(fmt.Sprintf("%s[%q]", path, key), v.MapIndex(key))
			}
		default:
			fmt.Fprintf(&out, "%s = %#v\n", path, v)
		}
	}
	walk("File", reflect.ValueOf(v))
	return out.String()
}

func dumpData(out *strings.Builder, path string, d *Data) {
	var walk func(at []string, v any)
	walk = func(at []string, v any) {
		switch v := v.(type) {
		case map[string]any:
			for _, key := range slices.Sorted(maps.Keys(v)) {
				walk(append(slices.Clone(at), key), v[key])
			}
		case []any:
			for i, item := range v {
				walk(append(slices.Clone(at), fmt.Sprint(i)), item)
			}
		default:
			fmt.Fprintf(out, "%s.%s = %#v @%s\n", path, strings.Join(at, "."), v, d.Pos(at...))
		}
	}
	walk(nil, d.Values)
}

// TestAuthorities: a ca_file of an upstream is an input, so that a renewed one is loaded as any other change.
func TestAuthorities(t *testing.T) {
	t.Parallel()
	const yaml = `timezone: Europe/Berlin
listen: 127.0.0.1:0
routes: [{name: main, branches: [{name: old, state: other, upstream: {url: "https://old.example.com/", ca_file: ca.pem}}]}]
`
	for size, want := range map[int]string{
		maxAuthorities: "", maxAuthorities + 1: `callhours.yaml:3:113: ca_file "ca.pem" has 65537 bytes; the limit is 65536; write only the server's authorities into it`,
	} {
		f, err := Load("callhours.yaml", Options{FS: fstest.MapFS{
			"callhours.yaml": {Data: []byte(yaml)}, "ca.pem": {Data: make([]byte, size)},
		}})
		switch {
		case want != "" && (err == nil || err.Error() != want), want == "" && err != nil:
			t.Errorf("%d bytes: got %v", size, err)
		case err == nil && (len(f.Routes[0].Branches[0].Upstream.CA) != size || !f.Inputs.Has("ca.pem")):
			t.Errorf("%d bytes: it is no input", size)
		}
	}
}
