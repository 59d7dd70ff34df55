package config

import (
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"github.com/callhours/callhours/internal/files"
)

// hangingFS is a file system in which nothing below a directory answers until it is closed.
type hangingFS struct {
	fstest.MapFS
	below string
	until chan struct{}
}

func (h hangingFS) wait(name string) {
	if strings.HasPrefix(name, h.below) {
		<-h.until
	}
}

func (h hangingFS) Open(name string) (fs.File, error) {
	h.wait(name)
	return h.MapFS.Open(name)
}

func (h hangingFS) Stat(name string) (fs.FileInfo, error) {
	h.wait(name)
	return h.MapFS.Stat(name)
}

func (h hangingFS) ReadDir(name string) ([]fs.DirEntry, error) {
	h.wait(name)
	return h.MapFS.ReadDir(name)
}

// TestHungTenant: a tenant's directories that do not answer, a hundred of them, hold a reload up
// for a few seconds and two threads, and nobody else is told anything. It is not parallel, since
// what hangs counts for the process.
func TestHungTenant(t *testing.T) {
	const tenant = "tenant: {name: %s, account: [%s]}\nlists: {vip: {file: \"%s\"}}\n" +
		"routes: [{name: main, branches: [{name: a, state: open, pass: true}]}]\n"
	for _, below := range []string{"tenants/evil/h", "tenants/evil"} {
		for _, include := range []string{"tenants/*/*.yaml", "tenants/*/*/*.yaml"} {
			t.Run(below+" "+include, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					disk := hangingFS{
						memory("callhours.yaml", "timezone: UTC\ninclude: [\""+include+"\"]\n"), "none",
						nil,
					}
					disk.until = make(chan struct{})
					put := func(name, content string) {
						disk.MapFS[name] = &fstest.MapFile{Data: []byte(content), Mode: 0o600}
					}
					place := strings.TrimSuffix(include[len("tenants/*/"):], "*.yaml")
					place = strings.ReplaceAll(place, "*", "a")
					put("tenants/good/"+place+"main.yaml",
						fmt.Sprintf(tenant, "good", strings.Repeat("1", 32), "vip.txt"))
					put("tenants/good/"+place+"vip.txt", "+14155550100\n")
					put("tenants/evil/"+place+"main.yaml",
						fmt.Sprintf(tenant, "evil", strings.Repeat("2", 32), "h0/x.txt"))
					for i := range 100 {
						put(fmt.Sprintf("tenants/evil/%sh%d/x.txt", place, i), "+14155550100\n")
						put(fmt.Sprintf("tenants/evil/h%d/x.txt", i), "+14155550100\n")
					}
					accepted, err := Load("callhours.yaml", Options{FS: disk})
					if err != nil {
						t.Fatal(err)
					}
					disk.below = below
					begun := time.Now()
					in := NewInputs(disk)
					_, err = Load("callhours.yaml", Options{Inputs: in, Accepted: accepted.Inputs})
					took := time.Since(begun)
					if took > 3*files.Timeout || files.Hung() == 0 || files.Hung() > 2 {
						t.Errorf("it took %v, and %d reads wait", took, files.Hung())
					}
					for line := range strings.Lines(fmt.Sprint(err)) {
						if err == nil || !strings.Contains(line, "tenants/evil") {
							t.Errorf("got %q, want mistakes of evil's alone", line)
						}
					}
					var watch Watch
					for range 3 {
						watch.Sums(in, time.Now())
					}
					if took := time.Since(begun); took > 4*files.Timeout || files.Hung() > 2 {
						t.Errorf("with three looks it took %v, and %d reads wait", took, files.Hung())
					}
					close(disk.until)
					synctest.Wait()
				})
			})
		}
	}
}
