package config

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/callhours/callhours/internal/diag"
)

// TestLodging: in a directory for each tenant the name is that of the directory, which the operator
// made, and never that of a file, which its author chooses.
func TestLodging(t *testing.T) {
	t.Parallel()
	tenant := func(name, account string) string {
		return "tenant: {name: " + name + ", account: [" + account +
			"]}\nroutes: [{name: main, branches: [{name: closed, pass: true}]}]\n"
	}
	const grant = "tenants: {good: {account: [good1], secrets: [shared]}}\nsecrets: secrets.yaml\n"
	for _, c := range []struct {
		name, main string
		accepted   map[string]string // files of the configuration that was accepted last
		files      map[string]string
		want       string // tenants with the directory of their file, and what is refused
	}{
		{
			"a file called like another tenant", "include: [tenants/*/*.yaml]\n", nil,
			map[string]string{"evil/good.yaml": tenant("good", "good1"), "good/main.yaml": tenant("good", "good1")},
			`tenants/evil/good.yaml:1:16: the name "good" is already tenant "good"'s, at tenants/good/main.yaml:1:16; use your own`,
		},
		{
			"and one that was accepted before the other came", "include: [tenants/*/*.yaml]\n",
			map[string]string{"evil/good.yaml": tenant("good", "good1")},
			map[string]string{"evil/good.yaml": tenant("good", "good1"), "good/main.yaml": tenant("good", "good1")},
			`tenants/evil/good.yaml:1:16: the name "good" is already tenant "good"'s, at tenants/good/main.yaml:1:16; use your own`,
		},
		{
			"what the main file gives", "include: [tenants/*/*.yaml]\n" + grant, nil,
			map[string]string{"evil/good.yaml": tenant("good", "good1")},
			`tenants/evil/good.yaml:1:16: what callhours.yaml:3:11 gives tenant "good" is for files in a directory good; rename the file or the tenant`,
		},
		{
			"a directory inside another's", "include: ['tenants/*/*/*.yaml']\n" + grant, nil,
			map[string]string{"evil/good/main.yaml": tenant("good", "good1")},
			`tenants/evil/good/main.yaml:1:16: what callhours.yaml:3:11 gives tenant "good" is for files in a directory good; rename the file or the tenant`,
		},
		{
			"two tenants in a directory", "include: [tenants/*/*.yaml]\n", nil,
			map[string]string{"evil/a.yaml": tenant("evil", "e1"), "evil/b.yaml": tenant("more", "e2")},
			`tenants/evil/b.yaml:1:16: the directory "evil" is tenant "evil"'s; give this tenant a directory of its own`,
		},
		{
			"files of all tenants in one directory", "include: [tenants/*.yaml]\n" + grant, nil,
			map[string]string{"good.yaml": tenant("good", "good1"), "evil.yaml": tenant("evil", "e1")},
			"",
		},
		{
			"a file that the operator names", "include: [tenants/x/good.yaml]\n" + grant, nil,
			map[string]string{"x/good.yaml": tenant("good", "good1")},
			"",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			load := func(files map[string]string, accepted *Inputs) (*File, error) {
				fsys := fstest.MapFS{
					"callhours.yaml": {Data: []byte("timezone: UTC\n" + c.main), Mode: 0o600},
					"secrets.yaml":   {Data: []byte("shared: of-good-alone\n"), Mode: 0o600},
				}
				for name, text := range files {
					fsys["tenants/"+name] = &fstest.MapFile{Data: []byte(text), Mode: 0o600}
				}
				return Load("callhours.yaml", Options{FS: fsys, Accepted: accepted})
			}
			var accepted *Inputs
			if c.accepted != nil {
				before, err := load(c.accepted, nil)
				if err != nil {
					t.Fatal(err)
				}
				accepted = before.Inputs
			}
			_, err := load(c.files, accepted)
			got := ""
			if mistakes, ok := errors.AsType[diag.Mistakes](err); ok {
				for _, m := range mistakes {
					got += m.Error() + "\n"
				}
			}
			if got = strings.TrimSpace(got); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

// TestLodgingLinks: whatever links a tenant makes in the directory that the operator gave,
// nothing outside of it is read.
func TestLodgingLinks(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"callhours.yaml":         "timezone: UTC\ninclude: [tenants/*/*.yaml]\nsecrets: [secrets/*.yaml]\n",
		"secrets/a.yaml":         "operators: of-nobody-else\n",
		"tenants/good/main.yaml": "tenant: {name: good, account: [g1]}\nroutes: [{name: main, branches: [{name: closed, pass: true}]}]\n",
		"tenants/good/hours.ics": "BEGIN:VCALENDAR\nEND:VCALENDAR\n",
		"tenants/evil/a.yaml": "tenant: {name: evil, account: [e1]}\nsecrets: [a/*.yaml, inner/own.yaml]\ncalendars: {x: {file: b/hours.ics}}\n" +
			"lists: {l: {file: b/main.yaml}}\n",
		"tenants/evil/..data/own.yaml": "mine: x\n",
	} {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for link, to := range map[string]string{
		"a": "../../secrets", "b": "../good", "c.yaml": "../../secrets/a.yaml",
		"inner": "..data",
	} {
		if err := os.Symlink(to, filepath.Join(dir, "tenants/evil", link)); err != nil {
			t.Fatal(err)
		}
	}
	file, err := Load(filepath.Join(dir, "callhours.yaml"), Options{})
	var mistakes diag.Mistakes
	if !errors.As(err, &mistakes) {
		t.Fatal(err)
	}
	text := strings.ReplaceAll(mistakes.Error(), dir+string(filepath.Separator), "")
	for _, want := range []string{"tenants/evil/c.yaml: is a link that leads out of", "tenants/evil/a.yaml:4:19: "} {
		if !strings.Contains(text, want) {
			t.Errorf("want %q in %s", want, text)
		}
	}
	if strings.Contains(text, "nobody") || strings.Contains(text, "g1") || strings.Contains(text, "own.yaml") {
		t.Errorf("what is outside is shown, or what is inside is refused: %s", text)
	}
	for _, input := range file.Inputs.files {
		if strings.Contains(input.Path, "evil") && input.Err == nil &&
			(strings.Contains(string(input.Bytes), "nobody") || strings.Contains(string(input.Bytes), "g1")) {
			t.Errorf("%s was read", input.Path)
		}
	}
}
