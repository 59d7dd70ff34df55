package feeds

import (
	"bytes"
	"fmt"
	"os"
	"testing"
	"testing/fstest"
	"time"
)

// TestCAFiles: what a tenant's calendars name as CA files is bounded for each file, in bytes
// together and in different ones, is read once, and is not read beyond that.
func TestCAFiles(t *testing.T) {
	t.Parallel()
	padded := func(text string, n int) []byte { return append(bytes.Repeat([]byte("\n"), n-len(text)), text...) }
	const least, opens = 1000, 3 // times that a file is opened to be read
	for _, c := range []struct {
		name    string
		owner   string
		n       int // files
		content func(i int) []byte
		fits    int // of them
		want    string
	}{
		{
			"one at the bound", "evil", 1, func(int) []byte { return padded("", maxTenantCAFile) }, 1, "",
		},
		{
			"one past it", "evil", 1, func(int) []byte { return padded("", maxTenantCAFile+1) }, 0,
			"00.pem: is larger than 256 KiB",
		},
		{
			"the operator's", "", 40, func(i int) []byte { return padded(fmt.Sprint(i), maxTenantCAFile+1) }, 40, "",
		},
		{
			"the operator's past the bound", "", 1, func(int) []byte { return padded("", maxCAFile+1) }, 0,
			"00.pem: is larger than 4 MiB",
		},
		{
			"the same by many names", "evil", 17, func(int) []byte { return padded("", maxTenantCAFile) }, 16,
			"16.pem: the CA files of a tenant have more than 4194304 bytes together; " +
				"use one file with all authorities for several calendars",
		},
		{
			"small ones that are the same", "evil", 1000, func(int) []byte { return padded("", least) }, 1000, "",
		},
		{
			"small ones that differ", "evil", 17, func(i int) []byte { return padded(fmt.Sprint(i), least) }, 16,
			"16.pem: a tenant has more than 16 different CA files; " +
				"use one file with all authorities for several calendars",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			opened := 0
			fsys := countedFS{fstest.MapFS{}, &opened}
			for i := range c.n {
				fsys.MapFS[fmt.Sprintf("%02d.pem", i)] = &fstest.MapFile{Data: c.content(i)}
			}
			l, fits, last := NewLoader(nil), 0, ""
			for range 3 {
				fits = 0
				for i := range c.n {
					if err := l.CheckCAFile(c.owner, fsys, fmt.Sprintf("%02d.pem", i)); err != nil {
						last = err.Error()
					} else {
						fits++
					}
				}
			}
			if fits != c.fits || last != c.want {
				t.Errorf("%d fit, and the last one: %s; want %d: %s", fits, last, c.fits, c.want)
			}
			if most := c.n * opens; opened > most {
				t.Errorf("files were opened %d times, want %d at most", opened, most)
			}
			opened = 0
			for i := range 1000 { // once there is too much, nothing is read
				l.CheckCAFile(c.owner, fsys, fmt.Sprintf("more-%d.pem", i))
			}
			if full := c.fits*len(c.content(0)) == maxTenantCAFiles; full && opened > 0 {
				t.Errorf("%d files more were opened", opened)
			}
			if err := l.CheckCAFile("good", fsys, "00.pem"); (err == nil) != (len(c.content(0)) <= maxTenantCAFile) {
				t.Errorf("another's: %v", err)
			}
		})
	}
}

// TestPools: CA files that hold the same share a pool, those that change have no more than so many,
// and another owner's stay.
func TestPools(t *testing.T) {
	t.Parallel()
	f := newTestFetcher(t, FetcherOptions{})
	now := fetchClock
	f.now = func() time.Time { return now }
	dir := t.TempDir()
	authority, err := os.ReadFile(newAuthority(t).file)
	if err != nil {
		t.Fatal(err)
	}
	fetch := func(owner, name string, padding int) *pool {
		t.Helper()
		now = now.Add(time.Second)
		file := dir + "/" + name
		content := append(bytes.Repeat([]byte("\n"), padding), authority...)
		if err := os.WriteFile(file, content, 0o600); err != nil {
			t.Fatal(err)
		}
		p, err := f.poolFor(t.Context(), Source{Owner: owner, CAFile: file})
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	good := fetch("good", "good.pem", 0)
	first := fetch("evil", "0.pem", 0)
	for i := range 100 {
		if fetch("evil", fmt.Sprint(i, ".pem"), 0) != first {
			t.Fatal("files that hold the same have two pools")
		}
	}
	if len(f.pools) != 2 {
		t.Errorf("there are %d pools, want one of each owner", len(f.pools))
	}
	for i := range 3 * maxPools { // of one file that changes
		fetch("evil", "0.pem", 1+i)
	}
	if len(f.pools) != 2 {
		t.Errorf("there are %d pools of a file that changed, want one of each owner", len(f.pools))
	}
	for i := range maxPools {
		fetch("evil", fmt.Sprint(i, ".pem"), 1000+i)
	}
	if len(f.pools) != 1+maxPools {
		t.Errorf("there are %d pools, want %d of evil's and one of good's", len(f.pools), maxPools)
	}
	oldest, next := fetch("evil", "0.pem", 1000), fetch("evil", "1.pem", 1001)
	fetch("evil", "more.pem", 2000) // for which that of 2.pem, used longest ago, is dropped
	if len(f.pools) != 1+maxPools {
		t.Errorf("there are %d pools, want no more", len(f.pools))
	}
	if fetch("evil", "0.pem", 1000) != oldest || fetch("evil", "1.pem", 1001) != next {
		t.Error("a pool was dropped that another one was used before")
	}
	if fetch("good", "good.pem", 0) != good {
		t.Error("good's pool was dropped for evil's")
	}
	now = now.Add(poolLifetime)
	fetch("good", "good.pem", 0)
	if len(f.pools) != 1 || len(f.caFiles) != 1 {
		t.Errorf("after an hour %d pools and %d files are known, want good's", len(f.pools), len(f.caFiles))
	}
}

// TestTenantCAFile: a bundle that has grown since the configuration was loaded is an error that says
// so.
func TestTenantCAFile(t *testing.T) {
	t.Parallel()
	file := t.TempDir() + "/ca.pem"
	if err := os.WriteFile(file, make([]byte, maxTenantCAFile+1), 0o600); err != nil {
		t.Fatal(err)
	}
	f := newTestFetcher(t, FetcherOptions{})
	for owner, want := range map[string]string{
		"": "expected certificates as PEM, found none", "evil": "is larger than 256 KiB",
	} {
		_, err := f.poolFor(t.Context(), Source{Owner: owner, CAFile: file})
		if want = fmt.Sprintf("ca_file %q: %s", file, want); err == nil || err.Error() != want {
			t.Errorf("%q: got %v, want %s", owner, err, want)
		}
	}
	if len(f.pools) != 0 {
		t.Errorf("there are %d pools", len(f.pools))
	}
}
