package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
)

// heldFiles are files of which some are not opened before they are released.
type heldFiles struct {
	files    fstest.MapFS
	holds    func(name string) bool
	released chan struct{}
	once     sync.Once
	asked    chan struct{} // closed when one of them is
}

func (h *heldFiles) Open(name string) (fs.File, error) {
	if h.holds(name) {
		h.once.Do(func() { close(h.asked) })
		<-h.released
	}
	return h.files.Open(name)
}

func (h *heldFiles) Stat(name string) (fs.FileInfo, error) { return h.files.Stat(name) }

// starting is a world whose configuration is not whole yet: nobody has begun to answer by it.
type starting struct {
	*world
	files *heldFiles
	rest  chan Loaded // what Options.Rest will be given, once deliver is called
	whole chan Loaded // what StartServing has returned
}

// deliver gives the server what came of its draft.
func (s *starting) deliver() {
	if l := <-s.whole; l.Generation != nil {
		s.rest <- l
	}
	close(s.rest)
}

func newStarting(t *testing.T, yaml string, more map[string]string, holds func(string) bool) *starting {
	t.Helper()
	s := &starting{
		world: &world{registry: prometheus.NewRegistry(), log: &buffer{}, now: monday},
		files: &heldFiles{
			files: filesOf(head+yaml, more), holds: holds, released: make(chan struct{}), asked: make(chan struct{}),
		},
		rest: make(chan Loaded, 1), whole: make(chan Loaded, 1),
	}
	i := &Installation{Path: "callhours.yaml", Files: s.files, Now: s.clock}
	serving := make(chan struct{})
	go func() {
		l, _ := i.StartServing(func(l Loaded) {
			s.start(t, Options{Generation: l.Generation, Installation: i, Loaded: l, Rest: s.rest})
			close(serving)
		})
		s.whole <- l
	}()
	select {
	case <-serving:
	case l := <-s.whole:
		select {
		case <-serving:
			s.whole <- l
		default:
			t.Fatal("it was not begun early: ", l.Err())
		}
	}
	return s
}

// statuses are those of calls to some paths, and of readiness.
func (s *starting) statuses(t *testing.T, paths ...string) string {
	t.Helper()
	var all []string
	for _, path := range paths {
		r := s.call(post(path))
		if r.Header.Get("Retry-After") != "" {
			t.Errorf("%s: Kazoo's client would retry for ever", path)
		}
		all = append(all, fmt.Sprint(r.StatusCode))
	}
	code, _ := s.do("GET", "/-/ready")
	return strings.Join(append(all, fmt.Sprintf("ready %d", code)), " ")
}

// asks is a tenant whose route asks a calendar file of its own.
func asks(tenant string) string {
	return "tenant: {name: " + tenant + "}\ncalendars: {hours: {file: " + tenant + "/hours.ics}}\nroutes:\n" +
		"  - {name: main, branches: [{name: open, when: {calendar: hours, summary: \"open*\"}, callflow: '{\"module\":\"hangup\"}'}," +
		" {name: closed, callflow: '{\"module\":\"hangup\"}'}]}\n"
}

const tenantsIncluded = "include: [tenants/*.yaml]\n" + oneRoute

// TestAnsweredWhileReading: the operator's calls and those of a tenant are answered while the calendar
// files of others are being read, however many and large those are; calls of the others get 503.
func TestAnsweredWhileReading(t *testing.T) {
	t.Parallel()
	files := map[string]string{"tenants/good.yaml": asks("good"), "tenants/good/hours.ics": hoursFile}
	large := strings.Replace(hoursFile, "END:VCALENDAR", strings.Repeat("X-ODD:x\r\n", 40<<10)+"END:VCALENDAR", 1)
	for i := range fileOwners + 8 {
		name := fmt.Sprintf("large%d", i)
		files["tenants/"+name+".yaml"], files["tenants/"+name+"/hours.ics"] = asks(name), large
	}
	synctest.Test(t, func(t *testing.T) {
		s := newStarting(t, tenantsIncluded, files, func(name string) bool {
			return strings.HasPrefix(name, "tenants/large") && strings.HasSuffix(name, ".ics")
		})
		paths := []string{"/main", "/good/main", "/large0/main"}
		if got := s.statuses(t, paths...); got != "503 503 503 ready 503" {
			t.Errorf("before anything is read: got %s", got)
		}
		began := make(chan error, 1)
		go func() { began <- s.begin(t.Context()) }()
		go s.deliver()
		synctest.Wait()
		if got := s.statuses(t, paths...); got != "200 200 503 ready 503" {
			t.Errorf("while large files are read: got %s", got)
		}
		if got := s.call(post("/good/main")).Header.Get("X-Callhours-Branch"); got != "open" {
			t.Errorf("good: got branch %q", got)
		}
		reloaded := make(chan error, 1)
		go func() { reloaded <- s.Reload(t.Context()) }()
		synctest.Wait()
		select {
		case err := <-reloaded:
			t.Errorf("a reload before all is loaded: %v", err)
		default:
		}
		close(s.files.released)
		if err := errors.Join(<-began, <-reloaded); err != nil {
			t.Error(err)
		}
		if got := s.statuses(t, paths...); got != "200 200 200 ready 200" {
			t.Errorf("at last: got %s", got)
		}
	})
}

// TestLoadedWhileAwaiting: where everything is loaded by the time that feeds have been awaited, the
// routes of each owner still answer before those of all are compiled.
func TestLoadedWhileAwaiting(t *testing.T) {
	t.Parallel()
	files := map[string]string{}
	for i := range 20 {
		name := fmt.Sprintf("a%d", i)
		files["tenants/"+name+".yaml"], files["tenants/"+name+"/hours.ics"] = asks(name), hoursFile
	}
	s := newStarting(t, tenantsIncluded, files, func(string) bool { return false })
	s.deliver()
	opened := s.options.Loaded.draft.opened
	if len(opened) < 2 {
		t.Fatalf("%d owners are read, want more", len(opened))
	}
	if err := s.begin(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := len(opened); n > 0 {
		t.Errorf("%d owners waited for the routes of all others", n)
	}
}

// TestDraftIsTakenOver: what an early route was compiled for is not compiled again.
func TestDraftIsTakenOver(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStarting(t, tenantsIncluded,
			map[string]string{"tenants/good.yaml": asks("good"), "tenants/good/hours.ics": hoursFile},
			func(name string) bool { return name == "tenants/good/hours.ics" })
		began := make(chan error, 1)
		go func() { began <- s.begin(t.Context()) }()
		synctest.Wait()
		g := s.options.Generation
		early := g.routes[0].State()
		if early == nil || g.routes[1].State() != nil {
			t.Fatalf("got states %v %v, want the first route's alone", early, g.routes[1].State())
		}
		close(s.files.released)
		s.deliver()
		if err := <-began; err != nil {
			t.Fatal(err)
		}
		if s.live.Load().Generation != g || g.routes[0].State() != early || g.routes[1].State() == nil {
			t.Error("another generation, or another state")
		}
		if pending := s.prerenderer.pending(); pending != 2 {
			t.Errorf("%d routes are looked at, want both", pending)
		}
	})
}

// TestEarlyBeforeSamples: no call waits for sample calls. When they show a mistake, the
// configuration is refused as ever.
func TestEarlyBeforeSamples(t *testing.T) {
	t.Parallel()
	yaml := strings.Replace(oneRoute, "template: voicemail", `callflow: '{"module":"voicemial"}'`, 1)
	if yaml == oneRoute {
		t.Fatal("oneRoute has no template")
	}
	synctest.Test(t, func(t *testing.T) {
		s := newStarting(t, yaml, nil, func(string) bool { return false })
		began := make(chan error, 1)
		go func() { began <- s.begin(t.Context()) }()
		synctest.Wait()
		if got := s.statuses(t, "/main"); got != "200 ready 503" {
			t.Errorf("got %s", got)
		}
		s.deliver()
		if err := <-began; !errors.Is(err, ErrRefused) {
			t.Errorf("got %v", err)
		}
	})
}

// TestMissingNotEarly: an owner whose calendar file is a mistake has no early answers; nor has a
// tenant where it is the operator's.
func TestMissingNotEarly(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		missing string
		want    string
	}{
		"a tenant's":     {"tenants/good/hours.ics", "200 503 200 ready 503"},
		"the operator's": {"hours.ics", "503 503 503 ready 503"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := newStarting(t, tenantsIncluded, map[string]string{
					"tenants/good.yaml": asks("good"), "tenants/good/hours.ics": hoursFile,
					"tenants/plain.yaml": asks("plain"), "tenants/plain/hours.ics": hoursFile,
					c.missing: "<html>",
				}, func(string) bool { return false })
				began := make(chan error, 1)
				go func() { began <- s.begin(t.Context()) }()
				synctest.Wait()
				if got := s.statuses(t, "/main", "/good/main", "/plain/main"); got != c.want {
					t.Errorf("got %s, want %s", got, c.want)
				}
				s.deliver()
				if err := <-began; !errors.Is(err, ErrRefused) {
					t.Errorf("got %v", err)
				}
			})
		})
	}
}

// TestEndsWhileReading: Run ends at once while a calendar file is being read: when it is told to,
// and when an address is not to be had.
func TestEndsWhileReading(t *testing.T) {
	t.Parallel()
	holds := func(name string) bool { return name == "hours.ics" }
	t.Run("told", func(t *testing.T) {
		t.Parallel()
		s := newStarting(t, oneRoute, nil, holds)
		defer close(s.files.released)
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- s.Run(ctx) }()
		<-s.files.asked
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	t.Run("no address", func(t *testing.T) {
		t.Parallel()
		var lc net.ListenConfig
		taken, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer taken.Close()
		s := newStarting(t, oneRoute, nil, holds)
		defer close(s.files.released)
		s.options.Generation.file.AdminListen.S = taken.Addr().String()
		<-s.files.asked
		want := "listen " + taken.Addr().String() + ": address already in use; "
		if err := s.Run(t.Context()); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	})
}

// startBoth loads an installation as Start does, and sees that StartServing comes to the same.
func startBoth(t *testing.T, i Installation) Loaded {
	t.Helper()
	begun := 0
	early, earlyNotes := i.StartServing(func(Loaded) { begun++ })
	l, notes := i.Start(false)
	said := func(l Loaded, notes []error) []string {
		return []string{
			fmt.Sprint(l.Err()), fmt.Sprint(l.Mistakes), fmt.Sprint(l.Rejected), fmt.Sprint(l.FromAccepted),
			fmt.Sprint(notes), fmt.Sprint(l.refusals),
		}
	}
	if diff := cmp.Diff(said(l, notes), said(early, earlyNotes)); diff != "" {
		t.Errorf("a server that begins early comes to something else: %s", diff)
	}
	if begun > 1 || begun == 0 && l.Generation != nil {
		t.Errorf("it began %d times", begun)
	}
	return l
}

// TestFeedAfterEarly: a feed that answers only after its owner's routes answer already is used at
// once, though others are still being loaded.
func TestFeedAfterEarly(t *testing.T) {
	t.Parallel()
	released := make(chan struct{})
	feed := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		<-released
		_, _ = io.WriteString(w, hoursFile)
	}))
	defer feed.Close()
	yaml := "start_timeout: 1ms\n" + strings.Replace(oneRoute, "{file: hours.ics}", "{url: \""+feed.URL+"\"}", 1)
	s := newStarting(t, yaml, nil, func(string) bool { return false })
	ctx, cancel := context.WithCancel(t.Context())
	var both sync.WaitGroup
	defer both.Wait()
	defer cancel()
	both.Go(func() { s.store.Run(ctx) })
	began := make(chan error, 1)
	both.Go(func() { began <- s.begin(ctx) })
	branch := func() string { return s.call(post("/main")).Header.Get("X-Callhours-Branch") }
	for branch() != "closed" { // since the calendar is unknown
		runtime.Gosched()
	}
	close(released)
	for branch() != "open" {
		runtime.Gosched()
	}
	if s.live.Load() != nil {
		t.Error("everything is loaded")
	}
	s.deliver()
	if err := <-began; err != nil {
		t.Error(err)
	}
	if got := branch(); got != "open" {
		t.Errorf("at last: got branch %q", got)
	}
}

// TestEndsBeforeEarly: what is told to end while it waits for feeds has no early answers, and so
// nothing to drain.
func TestEndsBeforeEarly(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		yaml := strings.Replace(oneRoute, "{file: hours.ics}", "{url: \"http://127.0.0.1:1/\"}", 1)
		s := newStarting(t, yaml, nil, func(string) bool { return false })
		ctx, stop := context.WithCancel(t.Context())
		began := make(chan error, 1)
		go func() { began <- s.begin(ctx) }() // nobody fetches the feed
		synctest.Wait()
		stop()
		if err := <-began; err != nil || s.calls.current() != nil {
			t.Errorf("got %v, and answers %v", err, s.calls.current())
		}
		s.deliver()
	})
}
