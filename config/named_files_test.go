package config

import (
	"bytes"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"
)

// openLog counts what is opened, by name.
type openLog struct {
	fstest.MapFS
	opened map[string]int
}

func (c openLog) Open(name string) (fs.File, error) {
	c.opened[name]++
	return c.MapFS.Open(name)
}

// TestTenantFiles: a tenant's lists and secrets are read as far as they may be in all, and what is
// beyond is not opened; the operator's are all read.
func TestTenantFiles(t *testing.T) {
	t.Parallel()
	large := append(bytes.Repeat([]byte("# nothing\n"), 800_000), "+49\n"...) // bytes, and one number
	lists := func(n int) string {
		var b strings.Builder
		b.WriteString("lists:\n")
		for i := range n {
			fmt.Fprintf(&b, "  l%d: {file: acme/l%d}\n", i, i)
		}
		return b.String()
	}
	secrets := func(n int) string {
		return "secrets: [" + strings.TrimSuffix(strings.Repeat("acme/s0, ", n), ", ") + "]\n"
	}
	fits := maxFileBytes / len(large)
	for name, c := range map[string]struct {
		text    string
		add     func(fstest.MapFS)
		want    string // "": nothing
		opened  string // is the last one that is
		refused string // is the first one that is not
	}{
		"bytes": {lists(fits), nil, "", fmt.Sprintf("l%d", fits-1), ""},
		"more bytes": {
			lists(fits + 3), nil,
			`tenant "acme" has more than 33554432 bytes in its files of lists and secrets; remove what is not needed`,
			fmt.Sprintf("l%d", fits), fmt.Sprintf("l%d", fits+1),
		},
		"files": {
			"secrets: [acme/s*]\n", func(m fstest.MapFS) { addSecretFiles(m, maxFiles+3) },
			`tenant "acme" has more than 5000 files of lists and secrets; put what is in them into fewer files`, "s1",
			"s999",
		},
		"paths": {secrets(maxPaths), func(m fstest.MapFS) { addSecretFiles(m, 1) }, "", "s0", ""},
		"more paths": {secrets(maxPaths + 1), func(m fstest.MapFS) {
			addSecretFiles(m, 1)
		}, `tenant "acme" has more than 100 paths and globs under secrets; write fewer of them`, "", "s0"},
		"secrets": {
			"secrets: [acme/s*]\n", func(m fstest.MapFS) {
				addSecretFiles(m, 3)
				m["tenants/acme/s0"].Data = []byte("a: b\n" + strings.Repeat("#\n", maxSecrets))
			},
			`acme/s0: tenant "acme" has more than 20000 keys and values in its files of secrets`, "s0", "s1",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			files := openLog{fstest.MapFS{
				"callhours.yaml":    {Data: []byte("timezone: UTC\ninclude: [tenants/*.yaml]\n")},
				"tenants/acme.yaml": {Data: []byte("tenant: {name: acme, account: [7a1c]}\n" + c.text)},
			}, map[string]int{}}
			for i := range fits + 3 {
				files.MapFS[fmt.Sprintf("tenants/acme/l%d", i)] = &fstest.MapFile{Data: large}
			}
			if c.add != nil {
				c.add(files.MapFS)
			}
			_, err := Load("callhours.yaml", Options{FS: files})
			if got := fmt.Sprint(err); c.want == "" && err != nil || !strings.Contains(got, c.want) ||
				strings.Count(got, "more than") > 1 {
				t.Errorf("got %.400s, want %s once", got, c.want)
			}
			if c.opened != "" && files.opened["tenants/acme/"+c.opened] == 0 {
				t.Errorf("%s was not read", c.opened)
			}
			if c.refused != "" && files.opened["tenants/acme/"+c.refused] > 0 {
				t.Errorf("%s was read", c.refused)
			}
		})
	}
}

// addSecretFiles adds files of secrets.
func addSecretFiles(m fstest.MapFS, n int) {
	for i := range n {
		m[fmt.Sprintf("tenants/acme/s%d", i)] = &fstest.MapFile{Data: fmt.Appendf(nil, "a%d: b\n", i), Mode: 0o600}
	}
}

// TestNumbersOnce: a file that several lists name is read and taken apart once, and a tenant's no
// further than its lists may hold.
func TestNumbersOnce(t *testing.T) {
	t.Parallel()
	files := openLog{fstest.MapFS{
		"callhours.yaml": {Data: []byte("timezone: UTC\nlists:\n  a: {file: l}\n  b: {file: l}\n  c: {file: l}\n")},
		"l":              {Data: []byte(strings.Repeat("+49\n", 300_000))},
	}, map[string]int{}}
	file, err := Load("callhours.yaml", Options{FS: files})
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range file.Lists {
		if len(l.Numbers) != 300_000 || &l.Numbers[0] != &file.Lists[0].Numbers[0] {
			t.Errorf("list %s has %d numbers of its own", l.Name, len(l.Numbers))
		}
	}
	if got := numbersIn("l", files.MapFS["l"].Data, maxNumbers+1); len(got) != maxNumbers+1 {
		t.Errorf("%d numbers are read of a tenant's", len(got))
	}
}
