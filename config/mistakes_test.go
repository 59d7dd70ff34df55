package config

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	_ "time/tzdata"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/callhours/callhours/internal/diag"
)

// TestMistakes loads each testdata/mistakes/*.txtar: files of a configuration, and in `want` the
// whole message. Those that load have their warnings in `warnings` instead. UPDATE=1 rewrites both.
func TestMistakes(t *testing.T) {
	t.Parallel()
	names, err := filepath.Glob("testdata/mistakes/*.txtar")
	if err != nil || len(names) < 40 {
		t.Fatalf("%d mistakes (%v), want at least 40", len(names), err)
	}
	for _, name := range names {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			t.Parallel()
			archive, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			fsys, want, warnings := fstest.MapFS{}, "", ""
			for _, f := range archive.Files {
				switch f.Name {
				case "want":
					want = string(f.Data)
				case "warnings":
					warnings = string(f.Data)
				default:
					fsys[f.Name] = &fstest.MapFile{Data: f.Data, Mode: 0o600}
				}
			}
			file, err := Load("callhours.yaml", Options{FS: fsys})
			got := ""
			if err != nil {
				if _, ok := errors.AsType[diag.Mistakes](err); !ok {
					t.Fatalf("got %v, want mistakes", err)
				}
				got = err.Error() + "\n"
			}
			var warned strings.Builder
			if file != nil {
				for _, w := range file.Warnings {
					warned.WriteString(w.Error() + "\n")
				}
			}
			if os.Getenv("UPDATE") != "" {
				archive.Files = slices.DeleteFunc(archive.Files, func(f txtar.File) bool {
					return f.Name == "want" || f.Name == "warnings"
				})
				if got != "" {
					archive.Files = append(archive.Files, txtar.File{Name: "want", Data: []byte(got)})
				} else {
					archive.Files = append(archive.Files, txtar.File{Name: "warnings", Data: []byte(warned.String())})
				}
				if err := os.WriteFile(name, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if want == "" && warnings == "" {
				t.Error("the fixture wants nothing")
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("mistakes (-want +got):\n%s", diff)
			}
			if want == "" {
				if diff := cmp.Diff(warnings, warned.String()); diff != "" {
					t.Errorf("warnings (-want +got):\n%s", diff)
				}
			}
			// No message leaks how it is made, and none a secret.
			for _, leak := range []string{"unmarshal", "!!", "*config.", "hunter2", "go-yaml"} {
				if strings.Contains(got+warned.String(), leak) {
					t.Errorf("%q is shown in:\n%s%s", leak, got, warned.String())
				}
			}
		})
	}
}
