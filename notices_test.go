package callhours_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestNotices compares the modules in THIRD_PARTY_NOTICES with those that are linked into
// callhours.
func TestNotices(t *testing.T) {
	t.Parallel()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f",
		"{{with .Module}}{{if not .Main}}{{.Path}}@{{.Version}}{{end}}{{end}}", "./cmd/callhours")
	cmd.Env = append(os.Environ(), "GOOS=linux", "GOARCH=amd64", "CGO_ENABLED=0")
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	linked := strings.Fields(string(out))
	slices.Sort(linked)
	linked = slices.Compact(linked)
	text, err := os.ReadFile("THIRD_PARTY_NOTICES")
	if err != nil {
		t.Fatal(err)
	}
	var noticed []string
	for _, m := range regexp.MustCompile(`(?m)^={80}\n(\S+@\S+)$`).FindAllStringSubmatch(string(text), -1) {
		noticed = append(noticed, m[1])
	}
	slices.Sort(noticed)
	if len(linked) == 0 || !slices.Equal(linked, noticed) {
		t.Errorf("THIRD_PARTY_NOTICES is not current; run make notices\n linked: %q\nnoticed: %q", linked, noticed)
	}
}

// TestNestedNotices: what a module has copied from others, and is linked in, has its licence
// in THIRD_PARTY_NOTICES too.
func TestNestedNotices(t *testing.T) {
	t.Parallel()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f",
		"{{with .Module}}{{if not .Main}}{{.Dir}}\t{{$.Dir}}{{end}}{{end}}", "./cmd/callhours")
	cmd.Env = append(os.Environ(), "GOOS=linux", "GOARCH=amd64", "CGO_ENABLED=0")
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	notices, err := os.ReadFile("THIRD_PARTY_NOTICES")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	found := 0
	for line := range strings.Lines(string(out)) {
		module, dir, _ := strings.Cut(strings.TrimSpace(line), "\t")
		for ; len(dir) > len(module) && !seen[dir]; dir = filepath.Dir(dir) {
			seen[dir] = true
			for _, name := range []string{"LICENSE", "LICENSE.txt", "LICENSE.md", "LICENCE", "COPYING", "NOTICE"} {
				text, err := os.ReadFile(filepath.Join(dir, name))
				if err != nil {
					continue
				}
				if found++; !strings.Contains(string(notices),
					strings.Trim(strings.ReplaceAll(string(text), "\r\n", "\n"), "\n")) {
					t.Errorf("THIRD_PARTY_NOTICES lacks %s; run make notices",
						strings.TrimPrefix(filepath.Join(dir, name), filepath.Dir(module)))
				}
			}
		}
	}
	if found == 0 {
		t.Error("no module has anything of others any more; this test and tools/notices can be simpler")
	}
}
