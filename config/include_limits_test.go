package config

import (
	"fmt"
	"io/fs"
	"maps"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/callhours/callhours/internal/growth"
)

// openCounter counts how often files of a directory are read.
type openCounter struct {
	fstest.MapFS
	dir   string
	times int
}

func (o *openCounter) Open(name string) (fs.File, error) {
	if strings.HasPrefix(name, o.dir+"/") {
		o.times++
	}
	return o.MapFS.Open(name)
}

// TestOwnSources includes a tenant's directory at and past its bounds: past them none of its files
// is read, and the other tenants' are.
func TestOwnSources(t *testing.T) {
	t.Parallel()
	const good = "tenant: {name: good, account: [11111111111111111111111111111111]}\nroutes: [{name: main, branches: [{name: a, state: open, pass: true}]}]\n"
	for _, c := range []struct {
		name        string
		files, size int
		want        string // of the mistakes; "": its files are read
	}{
		{"as many as it may", maxOwnSources, 2, ""},
		{
			"one more", maxOwnSources + 1, 2,
			"tenants/evil/000.yaml: its directory has 101 included files, and the limit is 100; remove some",
		},
		{"as large as they may be", 2, maxFile, ""},
		{
			"one byte more", 3, maxFile - maxFile/3 + 1,
			"tenants/evil/000.yaml: the included files of its directory have 16777221 bytes together, and the limit is 16777216; make them smaller",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			fsys := &openCounter{
				MapFS: memory("callhours.yaml", "timezone: UTC\ninclude: [tenants/*/*.yaml]\n",
					"tenants/good/main.yaml", good), dir: "tenants/evil",
			}
			body := []byte("}" + strings.Repeat(" ", c.size-1)) // which is refused at once
			for i := range c.files {
				fsys.MapFS[fmt.Sprintf("tenants/evil/%03d.yaml", i)] = &fstest.MapFile{Data: body, Mode: 0o600}
			}
			_, err := Load("callhours.yaml", Options{FS: fsys})
			said := fmt.Sprint(err)
			if strings.Contains("\n"+said, "\ntenants/good") {
				t.Errorf("the other tenant is blamed: %s", said)
			}
			if c.want == "" {
				if fsys.times < c.files || strings.Contains(said, "the limit is") {
					t.Errorf("%d of %d files are read: %.300s", fsys.times, c.files, said)
				}
				return
			}
			if !strings.HasSuffix(said, ": "+c.want) || strings.Contains(said, "\n") || fsys.times != 0 {
				t.Errorf("%d files are read, and it says %.300s; want %s alone", fsys.times, said, c.want)
			}
		})
	}
}

// TestAllSources: of all included files the largest owners' are left out until the others fit.
func TestAllSources(t *testing.T) {
	if growth.UnderRace {
		t.Skip("it runs in one goroutine for long; the run without the race detector has it")
	}
	t.Parallel()
	fsys := &openCounter{
		MapFS: memory("callhours.yaml", "timezone: UTC\ninclude: [tenants/*/*.yaml]\n", "tenants/good/main.yaml",
			"tenant: {name: good, account: [11111111111111111111111111111111]}\n"), dir: "tenants/good",
	}
	body := []byte("}" + strings.Repeat(" ", maxFile-1))
	n := maxSourceBytes / maxOwnSourceBytes
	for i := range n {
		for k := range 2 {
			fsys.MapFS[fmt.Sprintf("tenants/evil%02d/%d.yaml", i, k)] = &fstest.MapFile{Data: body, Mode: 0o600}
		}
	}
	_, err := Load("callhours.yaml", Options{FS: fsys})
	if got := strings.Count(fmt.Sprint(err),
		"all included files have more than 268435456 bytes, and these 16777216 of them; make them smaller"); got != 1 || fsys.times == 0 {
		t.Errorf("%d mistakes say that files are left out, and the small one is read %d times: %.500s", got, fsys.times,
			fmt.Sprint(err))
	}
}

// TestRationedChange: a directory of which nothing is read is looked at again when
// any of its files has changed.
func TestRationedChange(t *testing.T) {
	t.Parallel()
	fsys := memory("callhours.yaml", "timezone: UTC\ninclude: [tenants/*/*.yaml]\n")
	for i := range 3 {
		fsys[fmt.Sprintf("tenants/evil/%d.yaml", i)] = &fstest.MapFile{Data: make([]byte, maxFile), Mode: 0o600}
	}
	in := NewInputs(fsys)
	if _, err := Load("callhours.yaml", Options{Inputs: in}); err == nil {
		t.Fatal("nothing is wrong")
	}
	var w Watch
	if !maps.Equal(w.Sums(in, time.Unix(0, 0)), in.OwnerSums()) {
		t.Error("nothing has changed, and it seems so")
	}
	fsys["tenants/evil/2.yaml"].Data = nil
	if maps.Equal(w.Sums(in, time.Unix(0, 0)), in.OwnerSums()) {
		t.Error("a file is smaller, and nobody sees it")
	}
}
