package config

import (
	"maps"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestWatch: whatever changes what the files of a configuration hold is seen at the
// next look, and nothing else is.
func TestWatch(t *testing.T) {
	t.Parallel()
	now := time.Now()
	old := now.Add(-time.Hour)
	cases := map[string]struct {
		change func(t *testing.T, dir string)
		seen   bool
		later  time.Duration // until the look
	}{
		"nothing": {},
		"touched": {change: func(t *testing.T, dir string) {
			must(t, os.Chtimes(filepath.Join(dir, "callhours.yaml"), now, now))
		}},
		"renamed over, the same": {change: func(t *testing.T, dir string) {
			write(t, filepath.Join(dir, "new"), "numbers\n", now)
			must(t, os.Rename(filepath.Join(dir, "new"), filepath.Join(dir, "list.txt")))
		}},
		"renamed over": {seen: true, change: func(t *testing.T, dir string) {
			write(t, filepath.Join(dir, "new"), "NUMBERS\n", old)
			must(t, os.Rename(filepath.Join(dir, "new"), filepath.Join(dir, "list.txt")))
		}},
		"written, with the same size and time, a minute later": {
			seen: true, later: 2 * time.Minute,
			change: func(t *testing.T, dir string) {
				write(t, filepath.Join(dir, "list.txt"), "NUMBERS\n", old)
			},
		},
		"written again at once, with the same size and time": {seen: true, change: func(t *testing.T, dir string) {
			write(t, filepath.Join(dir, "recent.txt"), "RECENT\n", now)
		}},
		"a new file for a glob": {seen: true, change: func(t *testing.T, dir string) {
			write(t, filepath.Join(dir, "tenants", "b.yaml"), "tenant: {name: b}\n", old)
		}},
		"a new file for no glob": {change: func(t *testing.T, dir string) {
			write(t, filepath.Join(dir, "tenants", "b.txt"), "", old)
		}},
		"a new template": {seen: true, change: func(t *testing.T, dir string) {
			write(t, filepath.Join(dir, "templates", "b.json.tmpl"), "{}", old)
		}},
		"an editor's file beside the templates": {change: func(t *testing.T, dir string) {
			write(t, filepath.Join(dir, "templates", "a.json.tmpl~"), "{}", old)
		}},
		"a file is gone": {seen: true, change: func(t *testing.T, dir string) {
			must(t, os.Remove(filepath.Join(dir, "list.txt")))
		}},
		"a link is swapped": {seen: true, change: func(t *testing.T, dir string) {
			must(t, os.Symlink("two", filepath.Join(dir, "next")))
			must(t, os.Rename(filepath.Join(dir, "next"), filepath.Join(dir, "linked")))
		}},
		"a link is swapped to the same": {change: func(t *testing.T, dir string) {
			must(t, os.Symlink("three", filepath.Join(dir, "next")))
			must(t, os.Rename(filepath.Join(dir, "next"), filepath.Join(dir, "linked")))
		}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			for _, sub := range []string{"tenants", "templates", "one", "two", "three"} {
				must(t, os.Mkdir(filepath.Join(dir, sub), 0o700))
			}
			must(t, os.Symlink("one", filepath.Join(dir, "linked")))
			for file, body := range map[string]string{
				"callhours.yaml": "timezone: UTC\ninclude: [tenants/*.yaml, linked/*.yaml]\ntemplates: templates\nlists: {l: {file: list.txt}, m: {file: recent.txt}}\n",
				"list.txt":       "numbers\n", "recent.txt": "recent\n", "tenants/a.yaml": "tenant: {name: a}\n",
				"templates/a.json.tmpl": "{}",
				"one/c.yaml":            "tenant: {name: c}\n", "two/c.yaml": "tenant: {name: c} # 2\n",
				"three/c.yaml": "tenant: {name: c}\n",
			} {
				write(t, filepath.Join(dir, file), body, old)
			}
			must(t, os.Chtimes(filepath.Join(dir, "recent.txt"), now, now))
			file, err := Load(filepath.Join(dir, "callhours.yaml"), Options{})
			must(t, err)
			var w Watch
			if !maps.Equal(w.Sums(file.Inputs, now), file.Inputs.OwnerSums()) {
				t.Fatal("the first look sees a change")
			}
			if c.change != nil {
				c.change(t, dir)
			}
			seen := !maps.Equal(w.Sums(file.Inputs, now.Add(time.Second+c.later)), file.Inputs.OwnerSums())
			if seen != c.seen {
				t.Errorf("the change is seen: %t, want %t", seen, c.seen)
			}
		})
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func write(t *testing.T, path, body string, at time.Time) {
	t.Helper()
	must(t, os.WriteFile(path, []byte(body), 0o600))
	must(t, os.Chtimes(path, at, at))
}

// TestPack: what was packed loads as the files did, wherever the files are by then, also
// where some stood in for others.
func TestPack(t *testing.T) {
	t.Parallel()
	present, err := Load("callhours.yaml", Options{FS: memory(
		"callhours.yaml", "timezone: UTC\ninclude: [tenants/*.yaml]\nsecrets: s.yaml\n", "s.yaml", "one: hunter2\n",
		"tenants/a.yaml", "tenant: {name: a}\ndata: {n: 2}\n", "tenants/new.yaml", "tenant: {name: new}\n",
	)})
	must(t, err)
	former, err := Load("callhours.yaml", Options{FS: memory(
		"callhours.yaml", "timezone: UTC\ninclude: [tenants/*.yaml, more/*.yaml]\n", "tenants/a.yaml",
		"tenant: {name: a}\nsecrets: a/*.yaml\ndata: {n: 1}\n",
		"tenants/a/1.yaml", "one: hunter3\n", "more/b.yaml", "tenant: {name: b}\n",
	)})
	must(t, err)
	mixed := present.Inputs.With(former.Inputs,
		map[string]string{"tenants/a.yaml": "tenants/a.yaml", "tenants/new.yaml": "", "gone.yaml": "more/b.yaml"})
	for range 2 {
		file, err := Load("callhours.yaml", Options{Inputs: mixed})
		must(t, err)
		names := ""
		for _, tenant := range file.Tenants {
			names += tenant.Name
		}
		if names != "ab" || file.Tenants[0].Data.Values["n"] != 1 || !mixed.Has("tenants/a/1.yaml") ||
			!mixed.Has("s.yaml") || mixed.Has("tenants/new.yaml") {
			t.Errorf("tenants %s, files %v", names, mixed.Files())
		}
		sum := mixed.Digest()
		text, err := mixed.Pack()
		must(t, err)
		mixed, err = Unpack(text, identity)
		must(t, err)
		if mixed.Digest() != sum {
			t.Error("what was packed has another sum")
		}
	}
}

// FuzzUnpack: whatever is unpacked loads or is refused.
func FuzzUnpack(f *testing.F) {
	file, err := Load("callhours.yaml",
		Options{
			FS: memory("callhours.yaml", "timezone: UTC\ninclude: [t/*.yaml]\n", "t/a.yaml", "tenant: {name: a}\n"),
		})
	if err != nil {
		f.Fatal(err)
	}
	text, err := file.Inputs.Pack()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add([]byte(`{"files":[{"path":"callhours.yaml","bytes":"eA=="}],"kept":["a","a"],"without":["callhours.yaml"]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		in, err := Unpack(text, identity)
		if err != nil {
			return
		}
		_, _ = Load("callhours.yaml", Options{Inputs: in}) // it must come to an end
		again, err := in.Pack()
		if err != nil {
			t.Fatal(err)
		}
		out, err := Unpack(again, identity)
		if err != nil {
			t.Fatalf("what was packed cannot be unpacked: %v", err)
		}
		for _, f := range in.Files() {
			if f.Err == nil && !out.Has(f.Path) {
				t.Errorf("%q is lost", f.Path)
			}
		}
	})
}

func identity(path string) string { return path }
