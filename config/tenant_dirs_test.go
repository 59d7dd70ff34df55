package config

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestHomes: a tenant's file names files below its own directory, and no link leads out of that.
func TestHomes(t *testing.T) {
	t.Parallel()
	const (
		main = "timezone: UTC\nlisten: localhost:1\ninclude: [INCLUDE]\nsecrets: [secrets/*.yaml]\ntemplates: templates\n"
		evil = "tenant: {name: evil}\nlists: {l: {file: FILE}}\n"
	)
	for _, c := range []struct {
		name, include, path, file string
		more                      string // another file that is included
		link                      string // path = target of a link
		want                      string // part of the mistake; "" for none
	}{
		{
			name: "below the file's own directory", include: "tenants/*/main.yaml", path: "tenants/evil/main.yaml",
			file: "lists/spam.txt",
		},
		{name: "alone in a directory", include: "tenants/*.yaml", path: "tenants/evil.yaml", file: "spam.txt"},
		{
			name: "beside others, in the directory called like the file", include: "tenants/*.yaml",
			path: "tenants/evil.yaml", file: "evil/spam.txt", more: "tenants/good.yaml",
		},
		{
			name: "beside others, beside the file", include: "tenants/*.yaml", path: "tenants/evil.yaml",
			file: "spam.txt",
			more: "tenants/good.yaml", want: `is outside of "TOP/tenants/evil"`,
		},
		{
			name: "beside others, in another's directory", include: "tenants/*.yaml", path: "tenants/evil.yaml",
			file: "good/spam.txt", more: "tenants/good.yaml", want: `is outside of "TOP/tenants/evil"`,
		},
		{
			name: "called like a directory of others", include: "tenants/*.yaml, tenants/evil/*.yaml",
			path: "tenants/evil.yaml", file: "evil/spam.txt", more: "tenants/evil/good.yaml",
			want: "so it cannot name files",
		},
		{
			name: "beside the main file", include: "evil.yaml", path: "evil.yaml", file: "spam.txt",
			want: `is outside of "TOP/evil"`,
		},
		{
			name: "called like the directory of secrets", include: "secrets.yaml", path: "secrets.yaml",
			file: "secrets/main.yaml", want: "so it cannot name files",
		},
		{
			name: "called like the directory of templates", include: "templates.yaml", path: "templates.yaml",
			file: "templates/x.json.tmpl", want: "so it cannot name files",
		},
		{
			name: "upwards", include: "tenants/*/main.yaml", path: "tenants/evil/main.yaml", file: "../good/spam.txt",
			want: `is outside of "TOP/tenants/evil"`,
		},
		{
			name: "upwards and back", include: "tenants/*/main.yaml", path: "tenants/evil/main.yaml",
			file: "../evil/spam.txt",
		},
		{
			name: "an absolute path", include: "tenants/*/main.yaml", path: "tenants/evil/main.yaml",
			file: "/etc/passwd",
			want: `is outside of "TOP/tenants/evil"`,
		},
		{
			name: "a name that begins alike", include: "tenants/*/main.yaml", path: "tenants/evil/main.yaml",
			file: "../evil2/spam.txt", want: `is outside of "TOP/tenants/evil"`,
		},
		{
			name: "a link to a file", include: "tenants/*/main.yaml", path: "tenants/evil/main.yaml", file: "l.txt",
			link: "tenants/evil/l.txt=../../secrets/main.yaml", want: "is a link that leads out of TOP/tenants/evil",
		},
		{
			name: "a link to a directory", include: "tenants/*/main.yaml", path: "tenants/evil/main.yaml",
			file: "d/main.yaml", link: "tenants/evil/d=../../secrets",
			want: "is a link that leads out of TOP/tenants/evil",
		},
		{
			name: "a link that stays", include: "tenants/*/main.yaml", path: "tenants/evil/main.yaml", file: "l.txt",
			link: "tenants/evil/l.txt=lists/spam.txt",
		},
		{
			name: "as Kubernetes does", include: "tenants/*/main.yaml", path: "tenants/evil/main.yaml",
			file: "..data/spam.txt", link: "tenants/evil/..data=lists",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			top := t.TempDir()
			put := func(name, body string) {
				path := filepath.Join(top, name)
				if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755),
					os.WriteFile(path, []byte(body), 0o600)); err != nil {
					t.Fatal(err)
				}
			}
			put("callhours.yaml", strings.Replace(main, "INCLUDE", c.include, 1))
			for _, name := range []string{
				"spam.txt", "tenants/spam.txt", "tenants/evil/spam.txt", "tenants/evil/lists/spam.txt",
				"tenants/good/spam.txt", "tenants/evil2/spam.txt", "templates/x.json.tmpl",
			} {
				put(name, "+14155550100\n")
			}
			put("secrets/main.yaml", "one: hunter2\n")
			put(c.path, strings.Replace(evil, "FILE", c.file, 1))
			if c.more != "" {
				put(c.more, "tenant: {name: good}\n")
			}
			if name, target, ok := strings.Cut(c.link, "="); ok {
				if err := os.Symlink(target, filepath.Join(top, name)); err != nil {
					t.Skipf("no symbolic links here: %v", err)
				}
			}
			_, err := Load(filepath.Join(top, "callhours.yaml"), Options{})
			want := strings.ReplaceAll(c.want, "TOP", top)
			if (err != nil) != (want != "") || err != nil && !strings.Contains(err.Error(), want) {
				t.Errorf("got %v, want %q", err, want)
			}
			if err != nil && strings.Contains(err.Error(), "hunter2") {
				t.Errorf("a secret is shown: %v", err)
			}
		})
	}
}
