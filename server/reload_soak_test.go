package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/callhours/callhours/metrics"
)

// versions are what has been accepted of something, by number: calls that begin and end while least
// and most are so may see any of these.
type versions struct {
	mu          sync.Mutex
	absent      []bool // by version: there is none then
	least, most int
}

// offer makes the next version one that may be seen, and gives its number.
func (v *versions) offer(absent bool) int {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.absent = append(v.absent, absent)
	v.most = len(v.absent) - 1
	return v.most
}

// settle makes the last version the only one that may be seen.
func (v *versions) settle() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.least = v.most
}

func (v *versions) from() int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.least
}

// allow reports whether a call may have seen a version, or none (-1), that began when from was the
// least.
func (v *versions) allow(seen, from int) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if seen >= 0 && seen >= from && seen <= v.most && !v.absent[seen] {
		return nil
	}
	for n := from; n <= v.most && seen < 0; n++ {
		if v.absent[n] {
			return nil
		}
	}
	return fmt.Errorf("version %d, want one from %d to %d", seen, from, v.most)
}

// reloads is an installation on disk that is changed again and again. The first half of its tenants
// are plain files that others are renamed over; the second half stands in a directory that a link
// leads to, as Kubernetes does it.
type reloads struct {
	t       *testing.T
	dir     string
	tenants []*versions
	greets  versions // of the template that all share
	linked  int      // number of the directory that the link leads to
	bodies  []string // of all tenants' files; "" for none
	claims  int      // the tenant that claims what is another's; -1: none
}

const reloadTenants = 6

func (r *reloads) body(tenant, version int) string {
	return fmt.Sprintf(
		"tenant: {name: t%d}\ndata: {version: \"%d\"}\nroutes:\n  - {name: main, branches: [{name: open, when: {calendar: hours}, template: greet}, {name: closed, template: greet}]}\n", tenant, version)
}

// put renames a file over another.
func (r *reloads) put(name, body string) {
	path := filepath.Join(r.dir, name)
	if err := errors.Join(os.WriteFile(path+".new", []byte(body), 0o600), os.Rename(path+".new", path)); err != nil {
		r.t.Fatal(err)
	}
}

// tenant writes a tenant's file; "" removes it.
func (r *reloads) tenant(i int, body string) {
	name := fmt.Sprintf("tenants/t%d.yaml", i)
	r.bodies[i] = body
	switch {
	case i >= reloadTenants/2:
		r.link()
	case body == "":
		if err := os.Remove(filepath.Join(r.dir, name)); err != nil {
			r.t.Fatal(err)
		}
	default:
		r.put(name, body)
	}
}

// link writes all linked files into a new directory and swaps the link.
func (r *reloads) link() {
	old := filepath.Join(r.dir, fmt.Sprintf("..%d", r.linked))
	r.linked++
	to := fmt.Sprintf("..%d", r.linked)
	err := os.Mkdir(filepath.Join(r.dir, to), 0o700)
	for i, body := range r.bodies {
		if body != "" && i >= reloadTenants/2 {
			err = errors.Join(err,
				os.WriteFile(filepath.Join(r.dir, to, fmt.Sprintf("t%d.yaml", i)), []byte(body), 0o600))
		}
	}
	err = errors.Join(err, os.Symlink(to, filepath.Join(r.dir, "..next")),
		os.Rename(filepath.Join(r.dir, "..next"), filepath.Join(r.dir, "linked")), os.RemoveAll(old))
	if err != nil {
		r.t.Fatal(err)
	}
}

func (r *reloads) greet() {
	r.put("templates/greet.json.tmpl",
		fmt.Sprintf(`{"module": "tts", "data": {"text": "{{ .Data.version }} %d"}}`, r.greets.offer(false)))
}

const reloadMain = "listen: 127.0.0.1:0\nadmin_listen: 127.0.0.1:0\ntimezone: America/New_York\ndrain: 1ms\nwatch: never\nstate_dir: state\ntemplates: templates\n" +
	"include: [tenants/*.yaml, linked/*.yaml]\ncalendars: {hours: {url: \"$FEED/hours.ics\", refresh: 24h}}\n"

// TestReloadSoak reloads again and again while calls come in over HTTP: tenants change, are wrong,
// vanish and come back, what is everybody's changes and is wrong, links are swapped. Every answer
// is one that an accepted generation gives, no call is lost, feeds are not asked again, and nothing
// is left behind. 40 reloads, in a soak 1,000.
func TestReloadSoak(t *testing.T) {
	rounds := 40
	if os.Getenv("CALLHOURS_SOAK") != "" {
		rounds = 1000
	}
	var asked atomic.Int32
	feed := newFeed(t)
	feed.on(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		calendarBody(hoursFile)(w, r)
	})
	r := &reloads{t: t, dir: t.TempDir(), bodies: make([]string, reloadTenants), claims: -1}
	t.Chdir(r.dir)
	for _, dir := range []string{"tenants", "templates", "..0"} {
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	main := strings.ReplaceAll(reloadMain, "$FEED", feed.URL)
	r.put("callhours.yaml", main)
	r.greet()
	for i := range reloadTenants {
		r.tenants = append(r.tenants, &versions{})
		r.tenant(i, r.body(i, r.tenants[i].offer(false)))
	}
	s, calls, admin := r.serve()

	var made atomic.Int64
	ctx, stop := context.WithCancel(t.Context())
	var callers sync.WaitGroup
	for c := range 4 {
		callers.Go(func() {
			for i := c; ctx.Err() == nil; i++ {
				r.call(calls, i%reloadTenants)
				made.Add(1)
			}
		})
	}
	var f follower
	var early, late uint64
	files := 0
	for round := range rounds {
		r.change(main)
		if round%2 == 0 {
			s.look(t.Context(), &f)
			s.look(t.Context(), &f)
		} else {
			post, err := http.Post(admin+"/-/reload", "", nil)
			if err != nil {
				t.Fatal(err)
			}
			post.Body.Close()
		}
		for _, v := range r.tenants {
			v.settle()
		}
		r.greets.settle()
		if round == rounds/4 {
			early, files = heapInUse(), descriptors()
		}
	}
	late = heapInUse()
	if left := descriptors(); left > files+8 { // connections come and go
		t.Errorf("%d descriptors are open, %d before", left, files)
	}
	const spare = 8 << 20 // bytes
	if late > early+spare {
		t.Errorf("%d bytes are in use, %d before", late, early)
	}
	stop()
	callers.Wait()
	if n := asked.Load(); n != 1 {
		t.Errorf("the feed was asked %d times, want once", n)
	}
	name := s.live.Load().name
	r.put("callhours.yaml", main+"\t: no YAML\n")
	again, notes := (Installation{Path: "callhours.yaml", Now: time.Now}).Start(false)
	if again.Generation == nil || again.Generation.name != name || !again.FromAccepted || len(notes) > 0 {
		t.Errorf("the accepted copy is another than %s: %+v, %v", name, again, notes)
	}
	t.Logf("%d reloads, %d calls; heap %d KiB, then %d KiB; descriptors %d, then %d", rounds, made.Load(), early>>10,
		late>>10, files, descriptors())
}

// serve runs a server of the installation until the test ends.
func (r *reloads) serve() (s *Server, calls, admin string) {
	t := r.t
	i := &Installation{Path: "callhours.yaml", Now: time.Now}
	loaded, notes := i.Start(false)
	if err := errors.Join(append(notes, loaded.Err())...); err != nil {
		t.Fatal(err)
	}
	registry := prometheus.NewRegistry()
	m, err := metrics.New(registry, metrics.Options{})
	if err != nil {
		t.Fatal(err)
	}
	started := make(chan struct{})
	s = New(Options{
		Generation: loaded.Generation, Installation: i, Loaded: loaded, Registry: registry, Metrics: m, Now: time.Now,
		Log: slog.New(slog.DiscardHandler),
		Started: func(c, a, _ net.Addr) {
			calls, admin = "http://"+c.String(), "http://"+a.String()
			close(started)
		},
	})
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		http.DefaultClient.CloseIdleConnections()
	})
	<-started
	return s, calls, admin
}

// call asks a tenant's route and checks the answer.
func (r *reloads) call(calls string, tenant int) {
	from, greets := r.tenants[tenant].from(), r.greets.from()
	response, err := http.Post(fmt.Sprintf("%s/t%d/main", calls, tenant), "application/x-www-form-urlencoded",
		strings.NewReader(request))
	if err != nil {
		r.t.Errorf("a call is lost: %v", err)
		return
	}
	body, err := io.ReadAll(response.Body)
	response.Body.Close()
	version, greet := -1, -1
	switch {
	case err != nil:
	case response.StatusCode == http.StatusOK:
		if _, err = fmt.Sscanf(string(body), `{"module": "tts", "data": {"text": "%d %d"}}`, &version,
			&greet); err == nil {
			err = r.greets.allow(greet, greets)
		}
	case response.StatusCode != http.StatusNotFound:
		err = errors.New("neither an answer nor a 404")
	}
	if err = errors.Join(err, r.tenants[tenant].allow(version, from)); err != nil {
		r.t.Errorf("tenant %d: %d %s: %v", tenant, response.StatusCode, body, err)
	}
}

// change changes something, or several things.
func (r *reloads) change(main string) {
	r.put("callhours.yaml", main)
	i := rand.IntN(reloadTenants)
	j := (i + 1 + rand.IntN(reloadTenants-1)) % reloadTenants
	good := func(i int) { r.tenant(i, r.body(i, r.tenants[i].offer(false))) }
	if r.claims >= 0 { // it would be right as soon as the other one vanishes
		good(r.claims)
		r.claims = -1
		return
	}
	switch rand.IntN(7) {
	case 0:
		r.greet()
	case 1: // one is wrong: the other goes live
		bad := []string{
			"tenant: {name: t%d}\nroutes: [{name: main, brnches: []}]\n", "\tno YAML, %d",
			"tenant: {name: t%d}\nroutes: [{name: main, branches: [{name: closed, template: nowhere}]}]\n",
		}
		r.tenant(i, fmt.Sprintf(bad[rand.IntN(len(bad))], i))
		good(j)
	case 2: // everything is refused, and goes live with the next change
		r.put("callhours.yaml", main+"rotes: []\n")
	case 3:
		if r.mayVanish(i) {
			r.tenants[i].offer(true)
			r.tenant(i, "")
		} else {
			good(i)
		}
	case 4: // two claim the same: the one that has changed is refused
		if r.bodies[j] != "" && r.tenants[j].answers() {
			r.claims = i
			r.tenant(i,
				fmt.Sprintf(
					"tenant: {name: t%d}\nroutes: [{name: main, path: /t%d/main, branches: [{name: closed, pass: true}]}]\n", i, j))
		}
	case 5:
		good(i)
		good(j)
	case 6: // nothing has changed
		r.link()
	}
}

// mayVanish reports whether a tenant's file is there and not the last one of its directory: a
// reload by itself would not take that.
func (r *reloads) mayVanish(i int) bool {
	others := 0
	for k, body := range r.bodies {
		if k != i && body != "" && k/(reloadTenants/2) == i/(reloadTenants/2) {
			others++
		}
	}
	return r.bodies[i] != "" && others > 0
}

// answers reports whether there is a version now.
func (v *versions) answers() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return !v.absent[v.least]
}

// heapInUse is how many bytes are in use.
func heapInUse() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// descriptors is how many files and connections are open; 0 where that cannot be told.
func descriptors() int {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return 0
	}
	return len(entries)
}
