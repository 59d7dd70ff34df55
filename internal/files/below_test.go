package files

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// TestBelow: what lies below a directory can be read under its own name, also by links as
// Kubernetes makes them; nothing else can.
func TestBelow(t *testing.T) {
	t.Parallel()
	top := t.TempDir()
	own := filepath.Join(top, "own")
	put := func(name, body string) {
		t.Helper()
		path := filepath.Join(top, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755),
			os.WriteFile(path, []byte(body), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	link := func(to, name string) {
		t.Helper()
		if err := os.Symlink(to, filepath.Join(own, name)); err != nil {
			t.Skipf("no symbolic links here: %v", err)
		}
	}
	put("secret.yaml", "secret")
	put("other/hours.ics", "other")
	put("own/..2026_11_30/hours.ics", "hours")
	put("own/plain.txt", "plain")
	link("..2026_11_30", "..data")
	link("..data/hours.ics", "hours.ics")
	link("../secret.yaml", "up.yaml")
	link(filepath.Join(top, "secret.yaml"), "absolute.yaml")
	link("../other", "other")
	link("/", "slash")
	tree := Tree{FS: Below(own)}
	for name, want := range map[string]string{
		"plain.txt": "plain", "hours.ics": "hours", "..data/hours.ics": "hours", "other/../plain.txt": "plain",
		"up.yaml": "", "absolute.yaml": "", "other/hours.ics": "", "slash/etc/passwd": "", "../secret.yaml": "",
		"../own/plain.txt": "plain",
		"../owner":         "", "": "", ".": "",
	} {
		body, _, err := tree.Read(own+"/"+name, 100)
		if string(body) != want || (err == nil) != (want != "") {
			t.Errorf("%q: got %q, %v, want %q", name, body, err, want)
		}
	}
	for _, name := range []string{"up.yaml", "other/hours.ics", "../secret.yaml"} {
		_, _, err := tree.Read(own+"/"+name, 100)
		if _, ok := errors.AsType[*OutsideError](err); !ok {
			t.Errorf("%q: got %v, want that it leads out", name, err)
		}
	}
	names, err := tree.Glob(filepath.Join(own, "*.ics"))
	if err != nil || !slices.Equal(names, []string{filepath.Join(own, "hours.ics")}) {
		t.Errorf("glob: %q, %v", names, err)
	}
	if names, err := tree.Glob(filepath.Join(own, "other", "*")); len(names) > 0 {
		t.Errorf("a glob through a link that leads out finds %q, %v", names, err)
	}
	if names, err := tree.Glob(filepath.Join(top, "*")); len(names) > 0 {
		t.Errorf("a glob outside finds %q, %v", names, err)
	}
	if _, _, err := tree.Read(filepath.Join(own, "nothing"), 100); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("what is not there: %v", err)
	}
}
