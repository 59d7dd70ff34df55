package server

import (
	"fmt"
	"io/fs"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/callhours/callhours/internal/files"
)

// followed is a world whose files are looked at each second.
type followed struct {
	*world
	f follower
}

func (w *followed) lookOnce(t *testing.T) {
	t.Helper()
	w.at(w.clock().Add(time.Second))
	w.look(t.Context(), &w.f)
}

// says reports whether a tenant answers with a text.
func (w *followed) says(t *testing.T, tenant, text string) bool {
	t.Helper()
	return body(t, w.call(post("/"+tenant+"/main"))) == `{"module":"tts","data":{"text":"`+text+`"}}`
}

// TestRestless: a tenant who writes a file all the time keeps nobody else's change from going
// live, and is read at a pause.
func TestRestless(t *testing.T) {
	t.Parallel()
	world, f := reloadable(t, "include: [tenants/*.yaml]\n",
		map[string]string{"tenants/a.yaml": says("a", "1", ""), "tenants/b.yaml": says("b", "1", "")})
	w := &followed{world: world}
	w.Start()
	live := -1
	for i := range 2 * maxUnsettled {
		f.set("include: [tenants/*.yaml]\n", map[string]string{
			"tenants/a.yaml": says("a", "2", ""), "tenants/b.yaml": says("b", "1", "") + fmt.Sprintf("# %d\n", i),
		})
		w.lookOnce(t)
		if live < 0 && w.says(t, "a", "2") {
			live = i
		}
	}
	if live != maxUnsettled {
		t.Errorf("the change of another tenant is live after %d looks, want %d", live, maxUnsettled)
	}
	if n := strings.Count(w.log.String(),
		`files change all the time, and are read as they are now","of":["tenants/b.yaml"]`); n != 1 {
		t.Errorf("said %d times", n)
	}
}

// TestRestlessOwner: while one owner's files change all the time and are wrong, others' changes go
// live after two looks, as they would without, and nothing of that owner's is read for them. What
// is wrong with it stays said, once in the log, and what it wrote last is taken when it has done.
func TestRestlessOwner(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ name, include, good, evil, extra string }{
		"directories":  {"evil", "tenants/*/*.yaml", "tenants/good/a.yaml", "tenants/evil/a.yaml", ""},
		"files":        {"evil", "tenants/*.yaml", "tenants/good.yaml", "tenants/evil.yaml", ""},
		"a new tenant": {"new", "tenants/*/*.yaml", "tenants/good/a.yaml", "tenants/new/a.yaml", "tenants/evil/a.yaml"},
		"names": {
			"evil", "tenants/*/*.yaml", "tenants/good/a.yaml", "tenants/evil/%d.yaml",
			"tenants/evil/a.yaml",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			include := "include: [" + c.include + "]\nwatch: 1s\n"
			before := map[string]string{c.good: says("good", "0", ""), c.evil: says("evil", "0", "")}
			if c.extra != "" {
				delete(before, c.evil)
				before[c.extra] = says("evil", "0", "")
			}
			world, f := reloadable(t, include, before)
			w := &followed{world: world}
			w.Start()
			rounds := 0
			set := func(good int) {
				rounds++
				evil := c.evil
				if strings.Contains(evil, "%") {
					evil = fmt.Sprintf(evil, rounds)
				}
				all := map[string]string{
					c.good: says("good", fmt.Sprint(good), ""),
					evil:   "tenant: {name: " + c.name + "}\n" + fmt.Sprintf("nonsense: %d\n", rounds),
				}
				if c.extra != "" && !strings.Contains(c.evil, "%") {
					all[c.extra] = says("evil", "0", "")
				}
				f.set(include, all)
			}
			for !strings.Contains(w.log.String(), "files change all the time") && rounds < 20 {
				set(0)
				w.lookOnce(t)
			}
			wrong := w.Status()
			if len(wrong.Rejected) != 1 || len(wrong.Mistakes) == 0 {
				t.Fatalf("the status is %+v", wrong)
			}
			logged := strings.Count(w.log.String(), "mistake in the configuration")
			for good := 1; good < 3; good++ {
				for range 2 {
					set(good)
					w.lookOnce(t)
				}
				if !w.says(t, "good", fmt.Sprint(good)) {
					t.Errorf("good's change %d is not live after two looks", good)
				}
				if !w.says(t, "evil", "0") {
					t.Error("evil does not answer from its accepted files")
				}
				if s := w.Status(); !s.Failed || len(s.Mistakes) != len(wrong.Mistakes) ||
					fmt.Sprint(s.Rejected) != fmt.Sprint(wrong.Rejected) {
					t.Errorf("the status is %+v, want the mistakes of %+v", s, wrong)
				}
			}
			if n := strings.Count(w.log.String(), "mistake in the configuration"); n != logged {
				t.Errorf("%d mistakes are logged, want %d: %s", n, logged, w.log)
			}
			last := map[string]string{
				c.good:                                says("good", "2", ""),
				strings.ReplaceAll(c.evil, "%d", "a"): says(c.name, "9", ""),
			}
			if c.name == "new" {
				last[c.extra] = says("evil", "0", "")
			}
			f.set(include, last)
			for range 3 {
				w.lookOnce(t)
			}
			if s := w.Status(); s.Failed || len(s.Rejected) > 0 || !w.says(t, c.name, "9") {
				t.Errorf("mended, evil answers otherwise; the status is %+v", s)
			}
		})
	}
}

// slowFiles are files of which those below a directory take long to open.
type slowFiles struct {
	*testFiles
	dir   string
	takes atomic.Int64
	opens atomic.Int64
}

func (s *slowFiles) Open(name string) (fs.File, error) {
	if strings.HasPrefix(name, s.dir) {
		s.opens.Add(1)
		<-time.After(time.Duration(s.takes.Load()))
	}
	return s.testFiles.Open(name)
}

// TestSlowOwner: a tenant whose file system answers just before it would be given up costs all
// others ten seconds a minute, and not that long for each file. Its accepted files stand in until
// its own can be read.
func TestSlowOwner(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const include = "include: [tenants/*/*.yaml]\nwatch: 1s\n"
		all := func(text string) map[string]string {
			files := map[string]string{"tenants/good/a.yaml": says("good", text, "")}
			for i := range 20 {
				files[fmt.Sprintf("tenants/evil/%d.yaml", i)] = "tenant: {name: evil}\n"
			}
			return files
		}
		one := map[string]string{
			"tenants/good/a.yaml": says("good", "0", ""),
			"tenants/evil/0.yaml": says("evil", "0", ""),
		}
		f := &testFiles{}
		f.set(include, one)
		slow := &slowFiles{testFiles: f, dir: "tenants/evil/"}
		i := &Installation{Path: "callhours.yaml", Files: slow, Now: time.Now}
		loaded, _ := i.Start(false)
		if loaded.Generation == nil {
			t.Fatal(loaded.Err())
		}
		w := &followed{world: &world{registry: prometheus.NewRegistry(), log: &buffer{}, now: monday}}
		w.start(t, Options{Generation: loaded.Generation, Installation: i, Loaded: loaded})
		w.Start()

		slow.takes.Store(int64(files.Timeout/3 - 50*time.Millisecond))
		for good := 1; good < 5; good++ {
			f.set(include, all(fmt.Sprint(good)))
			begun := time.Now()
			for range 3 {
				w.lookOnce(t)
			}
			took, most := time.Since(begun), 21*time.Second // a look and a reload
			if good > 1 {
				most = 0
			}
			if took > most || !w.says(t, "good", fmt.Sprint(good)) {
				t.Errorf("good's change %d took %v, want %v at most", good, took, most)
			}
			if s := w.Status(); fmt.Sprint(s.Rejected) != "[evil]" || len(s.Mistakes) == 0 ||
				!strings.Contains(s.Mistakes[0].Message, "takes too long") || !w.says(t, "evil", "0") {
				t.Errorf("the status is %+v", s)
			}
		}
		begun := time.Now()
		if err := w.Reload(t.Context()); err == nil || time.Since(begun) > 11*time.Second {
			t.Errorf("by hand it took %v: %v", time.Since(begun), err)
		}
		slow.takes.Store(0)
		f.set(include,
			map[string]string{
				"tenants/good/a.yaml": says("good", "9", ""),
				"tenants/evil/0.yaml": says("evil", "9", ""),
			})
		w.at(w.clock().Add(time.Minute))
		for range 3 {
			w.lookOnce(t)
		}
		if s := w.Status(); len(s.Rejected) > 0 || !w.says(t, "evil", "9") || !w.says(t, "good", "9") {
			t.Errorf("once it answers, the status is %+v", s)
		}
		<-time.After(files.Timeout) // what was given up ends
		synctest.Wait()
	})
}
