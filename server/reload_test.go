package server

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
)

// testFiles are what a test's configuration consists of; loading reads them as they are then.
type testFiles struct {
	mu   sync.Mutex
	fsys fstest.MapFS
	sets int64
	bar  string // a directory that cannot be read; "": none
}

func (f *testFiles) set(yaml string, more map[string]string) {
	fsys := filesOf(head+yaml, more)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.sets++
	for _, file := range fsys {
		file.ModTime = time.Unix(f.sets, 0) // by which changes are seen
	}
	f.fsys = fsys
}

func (f *testFiles) Open(name string) (fs.File, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.bar != "" && (name == f.bar || strings.HasPrefix(name, f.bar+"/")) {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrPermission}
	}
	return f.fsys.Open(name)
}

// reloadable is a world whose configuration can be read again.
func reloadable(t testing.TB, yaml string, more map[string]string) (*world, *testFiles) {
	t.Helper()
	f := &testFiles{}
	f.set(yaml, more)
	w := &world{registry: prometheus.NewRegistry(), log: &buffer{}, now: monday}
	i := &Installation{Path: "callhours.yaml", Files: f, Now: w.clock}
	loaded, notes := i.Start(false)
	if err := errors.Join(append(notes, loaded.Err())...); err != nil {
		t.Fatal(err)
	}
	w.start(t, Options{Generation: loaded.Generation, Installation: i, Loaded: loaded})
	return w, f
}

func (w *world) do(method, path string) (int, string) {
	rec := httptest.NewRecorder()
	w.Admin().ServeHTTP(rec, onLoopback(httptest.NewRequest(method, "http://localhost"+path, nil)))
	return rec.Code, rec.Body.String()
}

// TestReload: the new configuration answers whole, or the former one does.
func TestReload(t *testing.T) {
	t.Parallel()
	w, f := reloadable(t, oneRoute, nil)
	w.Start()
	w.call(post("/main"))
	two := oneRoute + "  - {name: second, branches: [{name: closed, callflow: '{\"module\":\"hangup\"}'}]}\n"
	f.set(two, nil)
	if code, text := w.do("POST", "/-/reload"); code != 200 || text != "reloaded\n" {
		t.Fatalf("got %d %s", code, text)
	}
	if b := body(t, w.call(post("/second"))); b != `{"module":"hangup"}` {
		t.Errorf("a new route answers %s", b)
	}
	page := body(t, w.people(t, "/metrics", "localhost"))
	for _, line := range []string{
		`callhours_decisions_total{branch="open",route="main",state="open"} 1`,
		`callhours_decisions_total{branch="closed",route="second",state="closed"} 1`,
	} {
		if !strings.Contains(page, line+"\n") {
			t.Errorf("/metrics lacks %s", line)
		}
	}

	f.set(strings.Replace(strings.Replace(two, "summary: \"open*\"", "sumary: \"open*\"", 1), "template: voicemail}",
		"template: voicemial}", 1), nil)
	code, text := w.do("POST", "/-/reload")
	want := "callhours.yaml:11:46: unknown key \"sumary\" in a condition; did you mean \"summary\"?\n"
	if code != 422 || !strings.HasPrefix(text, want) ||
		!strings.HasSuffix(text, "\nthe former configuration answers\n") {
		t.Errorf("got %d %s\nwant %s", code, text, want)
	}
	if b := body(t, w.call(post("/second"))); b != `{"module":"hangup"}` {
		t.Errorf("after a mistake: %s", b)
	}
	if page := body(t, w.people(t, "/metrics", "localhost")); !strings.Contains(page,
		"callhours_config_last_reload_successful 0\n") {
		t.Error("/metrics does not say that the reload was refused")
	}
	if log := w.log.String(); strings.Count(log, "unknown key") != 1 || // a mistake has one line
		!strings.Contains(log, `"msg":"mistake in the configuration"`) ||
		!strings.Contains(log, `"msg":"reload is refused; the former configuration answers","mistakes":2`) {
		t.Errorf("the log does not say so: %s", log)
	}

	f.set(strings.Replace(oneRoute, "name: main", "name: other", 1),
		map[string]string{"hours.ics": strings.ReplaceAll(hoursFile, "SUMMARY:Open", "SUMMARY:Repairs")})
	if code, text := w.do("POST", "/-/reload"); code != 200 {
		t.Fatalf("got %d %s", code, text)
	}
	if b := body(t, w.call(post("/other"))); b != closedFlow {
		t.Errorf("the calendar file that changed with it: %s", b)
	}
	if got := w.call(post("/main")); got.StatusCode != http.StatusNotFound {
		t.Errorf("a route that is gone: %d", got.StatusCode)
	}
	page = body(t, w.people(t, "/metrics", "localhost"))
	if strings.Contains(page, `route="main"`) || strings.Contains(page, `route="second"`) ||
		!strings.Contains(page, "callhours_config_last_reload_successful 1\n") {
		t.Error("/metrics still has the series of routes that are gone, or does not say that the reload was accepted")
	}
	if code, text := w.do("GET", "/-/reload"); code != 405 || text != "only POST is answered here\n" {
		t.Errorf("GET: %d %s", code, text)
	}
	plainWorld := started(t, oneRoute, nil)
	if err := plainWorld.Reload(t.Context()); err == nil {
		t.Error("a server without a configuration to read says that it has read it")
	}
}

// TestReloadFeeds: a reload fetches no feed again that is asked for as before; of a new one the
// first copy is there when it swaps.
func TestReloadFeeds(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	feed := newFeed(t)
	feed.on(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		calendarBody(hoursFile)(w, r)
	})
	yaml := strings.ReplaceAll(oneFeed, "$FEED", feed.URL+"/a.ics")
	w, f := reloadable(t, yaml, nil)
	w.runStore(t)
	w.Start()
	f.set(strings.Replace(yaml, "hours: {", "second: {url: \""+feed.URL+"/b.ics\"}, hours: {", 1)+
		"  - {name: second, branches: [{name: open, when: {calendar: second}, callflow: '{\"module\":\"hangup\"}'}, {name: closed, pass: true}]}\n", nil)
	if err := w.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	if b := body(t, w.call(post("/second"))); b != `{"module":"hangup"}` {
		t.Errorf("the new feed's route: %s", b)
	}
	if b := body(t, w.call(post("/main"))); b != openFlow {
		t.Errorf("the old one's: %s", b)
	}
	if n := asked.Load(); n != 2 {
		t.Errorf("the feeds were asked %d times, want once each", n)
	}
	// An address that is mistyped: the former events decide.
	f.set(strings.Replace(yaml, "/a.ics", "/mistyped.ics", 1), nil)
	feed.on(withStatus(404))
	if err := w.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	if b := body(t, w.call(post("/main"))); b != openFlow {
		t.Errorf("after a mistyped address: %s", b)
	}
	if st := w.feeds(t.Context(), 0, maxOffset)[0]; st.State != "stale" || st.Result != "not_found" {
		t.Errorf("got %+v", st)
	}
}

// TestReloadUnderLoad reloads again and again, every third time with a mistake, while calls come
// in: each gets an answer of one generation, whole.
func TestReloadUnderLoad(t *testing.T) {
	t.Parallel()
	version := func(n int) string {
		return fmt.Sprintf("data: {n: \"%d\"}\n", n) + `
routes:
  - {name: a, branches: [{name: closed, callflow: '{"module":"tts","data":{"text":{{ .Data.n | toJson }}}}'}]}
  - {name: b, branches: [{name: closed, callflow: '{"module":"tts","data":{"text":{{ .Data.n | toJson }}}}'}]}
`
	}
	w, f := reloadable(t, version(0), nil)
	w.Start()
	var live atomic.Int32 // the version that is accepted last; the one being loaded is one more
	stop := make(chan struct{})
	var callers sync.WaitGroup
	for range 4 {
		callers.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				least := live.Load()
				got := w.call(post([]string{"/a", "/b"}[i%2]))
				most := live.Load() + 1
				var n int32
				b := body(t, got)
				if _, err := fmt.Sscanf(b, `{"module":"tts","data":{"text":"%d"}}`, &n); err != nil || n < least ||
					n > most {
					t.Errorf("got %d %s, want a version from %d to %d", got.StatusCode, b, least, most)
					return
				}
			}
		})
	}
	for n := 1; n <= 60; n++ {
		f.set(version(n), nil)
		if n%3 == 0 {
			f.set(version(n)+"nonsense: true\n", nil)
			if err := w.Reload(t.Context()); err == nil {
				t.Error("a mistake is accepted")
			}
			f.set(version(n), nil)
		}
		if err := w.Reload(t.Context()); err != nil {
			t.Fatal(err)
		}
		live.Store(int32(n))
	}
	close(stop)
	callers.Wait()
}

// TestRestartKeys names what a reload cannot change.
func TestRestartKeys(t *testing.T) {
	t.Parallel()
	first, err := load(t, head+oneRoute, nil)
	if err != nil {
		t.Fatal(err)
	}
	other, err := load(t,
		strings.Replace(strings.Replace(head, "127.0.0.1:0", "127.0.0.1:1", 1), "127.0.0.1:0", "127.0.0.1:2", 1)+
			"state_dir: x\nadmin_web_config: web.yaml\nlog: {format: json}\ndeny_private_addresses: true\n"+
			"hosts: {a.example.com: {per_minute: 1}}\nlimits: {bytes: 32MiB}\n"+oneRoute, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"admin_listen", "admin_web_config", "hosts", "limits.bytes", "listen", "log", "state_dir"}
	if diff := cmp.Diff(want, other.restartKeys(first)); diff != "" {
		t.Error(diff)
	}
	if got := first.restartKeys(first); len(got) > 0 {
		t.Errorf("of itself: %v", got)
	}
}
