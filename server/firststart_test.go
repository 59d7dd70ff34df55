package server

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
)

// TestFirstStartOfUnread: a file in the directory of one tenant that cannot be read, whatever it
// mentions, holds back that tenant alone where nothing was accepted yet.
func TestFirstStartOfUnread(t *testing.T) {
	t.Parallel()
	const account = "0a4cf9b16dd04f3c8a8f0d6c1f7be9d2"
	write := func(text string) func(string) error {
		return func(path string) error { return os.WriteFile(path, []byte(text), 0o600) }
	}
	for name, c := range map[string]struct {
		file string // evil's; "": main.yaml
		make func(path string) error
	}{
		"no YAML":               {"", write("{ account: " + account + "\n")},
		"a tab":                 {"", write("\taccount: " + account + " good\n")},
		"called good":           {"good.yaml", write("{ account: " + account + "\n")},
		"in capitals":           {"", write("{ " + strings.ToUpper(account))},
		"a list":                {"", write("- account: " + account + "\n")},
		"a text":                {"", write(account + "\n")},
		"nothing":               {"", write("")},
		"several documents":     {"", write("tenant: {name: evil}\n---\naccount: " + account + "\n")},
		"no tenant":             {"", write("account: " + account + "\nroutes: []\n")},
		"a misspelt tenant":     {"", write("tenat: {name: evil, account: " + account + "}\n")},
		"no mapping of tenant":  {"", write("tenant: " + account + "\n")},
		"a tenant with no name": {"", write("tenant: {account: x, nmae: " + account + "}\n")},
		"the key tenant twice": {
			"", write("tenant: {name: evil}\ntenant: {name: evil, account: " + account + "}\n"),
		},
		"the key account twice": {"", write("tenant: {name: evil, account: a, account: " + account + "}\n")},
		"binary":                {"", write("\x00\xff\x7f" + account + "\x80")},
		"UTF-16":                {"", write("\xff\xfe" + strings.Join(strings.Split(account, ""), "\x00"))},
		"an alias of nothing":   {"", write("tenant: *" + account + "\n")},
		"nested too deep":       {"", write(account + ": " + strings.Repeat("[", 50_000))},
		"too many values":       {"", write(account + ": [" + strings.Repeat("1,", 300_000) + "]")},
		"too large": {"", func(path string) error {
			if err := os.WriteFile(path, []byte(account), 0o600); err != nil {
				return err
			}
			return os.Truncate(path, 3<<30)
		}},
		"not to be read":    {"", func(path string) error { return os.WriteFile(path, []byte(account), 0) }},
		"a FIFO":            {"", func(path string) error { return syscall.Mkfifo(path, 0o600) }},
		"a directory":       {"", func(path string) error { return os.Mkdir(path, 0o700) }},
		"a link elsewhere":  {"", func(path string) error { return os.Symlink("../good/main.yaml", path) }},
		"a link to itself":  {"", func(path string) error { return os.Symlink(filepath.Base(path), path) }},
		"a link to nothing": {"", func(path string) error { return os.Symlink("nothing", path) }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			for name, text := range map[string]string{
				"callhours.yaml":         head + directories,
				"tenants/good/main.yaml": claims("good", account),
				"tenants/evil/own.txt":   "",
			} {
				path := filepath.Join(dir, name)
				if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			evil := c.file
			if evil == "" {
				evil = "main.yaml"
			}
			if err := c.make(filepath.Join(dir, "tenants/evil", evil)); err != nil {
				t.Fatal(err)
			}
			if name == "not to be read" && os.Getuid() == 0 {
				t.Skip("root reads everything")
			}
			i := Installation{Path: filepath.Join(dir, "callhours.yaml"), Now: (&world{now: monday}).clock}
			l := startBoth(t, i)
			if l.Generation == nil {
				t.Fatal(l.Err())
			}
			if fmt.Sprint(l.Rejected) != "[evil]" || len(l.Mistakes) == 0 {
				t.Errorf("%q is refused with %v, want evil", l.Rejected, l.Mistakes)
			}
			for _, m := range l.Mistakes {
				if !strings.Contains(m.Error(), filepath.Join("tenants", "evil", evil)) {
					t.Errorf("a mistake that is not evil's: %v", m)
				}
			}
			w := &world{registry: prometheus.NewRegistry(), log: &buffer{}, now: monday}
			w.start(t, Options{Generation: l.Generation, Loaded: l})
			w.Start()
			if got := w.call(post("/pivot", "Account-ID", account, "Request", "+14155550101")).StatusCode; got != 200 {
				t.Errorf("good: got %d, want 200", got)
			}
		})
	}
}

// TestFirstStartDisputed: nobody gets at a first start what may be the tenant's whose file cannot
// be understood, and nobody else is left out for that.
func TestFirstStartDisputed(t *testing.T) {
	t.Parallel()
	const (
		account = "0a4cf9b16dd04f3c8a8f0d6c1f7be9d2"
		files   = "include: [tenants/*.yaml]\n"
		torn    = "{ " + account
	)
	for name, c := range map[string]struct {
		main     string
		files    map[string]string
		rejected string
		mistake  string // part of one; "" for any
		note     string // part of it; "": there is none
	}{
		"an account": {
			files,
			map[string]string{
				"acme.yaml": torn, "beta.yaml": claims("beta", account),
				"gamma.yaml": says("gamma", "1", ""),
			},
			"[acme beta]",
			`tenants/beta.yaml:1:32: account "0a4cf9b16dd04f3c8a8f…" is also in tenants/acme.yaml, which`, "",
		},
		"in other letters, among others": {
			files,
			map[string]string{
				"acme.yaml":  "tenant: [x, '0A4CF9B16DD04F3C8A8F0D6C1F7BE9D2'",
				"beta.yaml":  claims("beta", "x1, "+account),
				"gamma.yaml": says("gamma", "1", ""),
			},
			"[acme beta]", `tenants/beta.yaml:1:36: account "0a4cf9b16dd04f3c8a8f…" is also in`, "",
		},
		"part of an account": {
			files, map[string]string{"acme.yaml": torn[:30], "beta.yaml": claims("beta", account)}, "[acme]", "", "",
		},
		"an account that is given": {
			files + "tenants: {beta: {account: [" + account + "]}}\n",
			map[string]string{"acme.yaml": torn, "beta.yaml": claims("beta", account)},
			"[acme]", "", "",
		},
		"one that is given and not written again": {
			files + "tenants: {beta: {account: [" + account + "]}}\n",
			map[string]string{"acme.yaml": torn, "beta.yaml": says("beta", "1", "")},
			"[acme]", "", "",
		},
		"a name": {
			files,
			map[string]string{
				"acme.yaml": "{", "beta.yaml": says("acme", "1", ""),
				"gamma.yaml": says("gamma", "1", ""),
			},
			"[acme beta]",
			`tenants/beta.yaml:1:16: the name "acme" is that of tenants/acme.yaml, which cannot be understood at present`, "",
		},
		"a name of a directory": {
			directories,
			map[string]string{
				"acme/a.yaml": "{", "beta/acme.yaml": says("acme", "1", ""), "gamma/c.yaml": says("gamma", "1", ""),
			},
			"[acme beta]", `tenants/beta/acme.yaml:1:16: the name "acme" is that of tenants/acme, which`, "",
		},
		"an account in a directory": {
			directories,
			map[string]string{"acme/a.yaml": torn, "beta/a.yaml": claims("beta", account)},
			"[acme]", "",
			`account "0a4cf9b16dd04f3c8a8f…" of tenant "beta" is also in tenants/acme/a.yaml, which`,
		},
		"several": {
			directories,
			map[string]string{
				"acme/a.yaml": torn + " x1", "beta/a.yaml": claims("beta", account),
				"gamma/a.yaml": claims("gamma", "x1"),
			},
			"[acme]", "", ", as does one other account of a tenant, and",
		},
		"an account of the same directory": {
			directories,
			map[string]string{"acme/a.yaml": torn, "acme/b.yaml": claims("acme", account)},
			"[acme]", "",
			"",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			files := map[string]string{}
			for path, text := range c.files {
				files["tenants/"+path] = text
			}
			i := Installation{
				Path: "callhours.yaml", Files: filesOf(head+c.main, files), Now: (&world{now: monday}).clock,
			}
			l := i.load(loading{first: true, starts: true})
			if l.Generation == nil {
				t.Fatal(l.Err())
			}
			if got := fmt.Sprint(l.Rejected); got != c.rejected {
				t.Errorf("%s is refused, want %s", got, c.rejected)
			}
			if !strings.Contains(l.Mistakes.Error(), c.mistake) {
				t.Errorf("want %s among %v", c.mistake, l.Mistakes)
			}
			if got := fmt.Sprint(l.notes); c.note == "" && len(l.notes) > 0 || !strings.Contains(got, c.note) {
				t.Errorf("got the notes %s, want %q", got, c.note)
			}
		})
	}
}
