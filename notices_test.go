package callhours_test

import (
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestNotices compares the modules in THIRD_PARTY_NOTICES with those that are linked into callhours.
func TestNotices(t *testing.T) {
	t.Parallel()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f", "{{with .Module}}{{if not .Main}}{{.Path}}@{{.Version}}{{end}}{{end}}", "./cmd/callhours")
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
