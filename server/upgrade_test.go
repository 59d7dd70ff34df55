package server

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/callhours/callhours/config"
)

// TestAcceptedBeyondBounds: where a tenant's accepted files are refused, since an earlier version
// had other bounds, that tenant is left out at a start and everybody else is served. Its name
// stays its own.
func TestAcceptedBeyondBounds(t *testing.T) {
	t.Parallel()
	const main = head + "state_dir: state\ninclude: [tenants/*/*.yaml]\n"
	beyond := says("old", "1", "beyond_bounds: 1\n")
	for name, c := range map[string]struct {
		present map[string]string // that differ from the accepted ones
		routes  []string          // that answer
		left    string            // who is said to be left out
	}{
		"an upgrade": {nil, []string{"good/main"}, "tenants old are left out"},
		"mended":     {map[string]string{"old": says("old", "2", "")}, []string{"good/main", "old/main"}, ""},
		"another one is wrong": {
			map[string]string{"good": says("good", "2", "x: 1\n")}, []string{"good/main"}, "tenants old are left out",
		},
		"another one takes its name": {
			map[string]string{"new": says("old", "2", "")}, []string{"good/main"}, "tenants new, old are left out",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			write := func(file, text string) {
				path := filepath.Join(dir, file)
				if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			path := filepath.Join(dir, "callhours.yaml")
			write("callhours.yaml", strings.Replace(main, "state_dir: state", "state_dir: "+dir+"/state", 1))
			write("tenants/good/main.yaml", says("good", "1", ""))
			write("tenants/old/main.yaml", beyond)
			accepted, err := config.Load(path, config.Options{})
			if err == nil {
				t.Fatal("this version accepts it")
			}
			if err := os.MkdirAll(filepath.Join(dir, "state"), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := saveAccepted(filepath.Join(dir, "state"), &Generation{file: accepted}, monday); err != nil {
				t.Fatal(err)
			}
			for tenant, text := range c.present {
				write("tenants/"+tenant+"/main.yaml", text)
			}
			i := Installation{Path: path, Now: func() time.Time { return monday }}
			startBoth(t, i)
			l, notes := i.Start(false)
			if l.Generation == nil {
				t.Fatalf("everything is refused: %v, %v", l.Mistakes, notes)
			}
			var routes []string
			for _, r := range l.Generation.routes {
				routes = append(routes, r.Name)
			}
			said := ""
			for _, note := range notes {
				said += note.Error() + "\n"
			}
			if !slices.Equal(routes, c.routes) || !strings.Contains(said, c.left) ||
				(c.left != "") != strings.Contains(said, "left out") {
				t.Errorf("got %v, said %q, want %v and %q", routes, said, c.routes, c.left)
			}
			if slices.Contains(l.Rejected, "old") != (c.left != "") {
				t.Errorf("rejected: %v, %v", l.Rejected, l.Mistakes)
			}
		})
	}
}
