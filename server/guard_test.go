package server

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/callhours/callhours/internal/contain"
	"github.com/callhours/callhours/metrics"
	"github.com/callhours/callhours/server/listen"
)

// TestGuarded sees what becomes of an answer whose handler panics before and after it has begun.
func TestGuarded(t *testing.T) {
	t.Parallel()
	log := &buffer{}
	reg := prometheus.NewRegistry()
	m, err := metrics.New(reg, metrics.Options{})
	if err != nil {
		t.Fatal(err)
	}
	guard := contain.NewGuard(slog.New(slog.NewTextHandler(log, nil)), m)
	mux := http.NewServeMux()
	mux.HandleFunc("/fine", func(w http.ResponseWriter, _ *http.Request) { listen.WriteText(w, http.StatusOK, "fine") })
	mux.HandleFunc("/before", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Etag", "mine")
		panic("early")
	})
	mux.HandleFunc("/after", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "half")
		_ = http.NewResponseController(w).Flush()
		panic("late")
	})
	mux.HandleFunc("/abort", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	s := httptest.NewServer(guarded{guard, metrics.PanicAdmin, mux})
	t.Cleanup(s.Close)
	for _, c := range []struct {
		path, want string
		counted    float64
	}{
		{"/fine", "200 fine", 0},
		{"/before", "500 callhours has a bug here (early); please report it with the stack in the log", 1},
		{"/abort", "cut", 1},
		{"/after", "200 cut", 2},
	} {
		got := fetch(t, s.URL+c.path)
		if got != c.want {
			t.Errorf("%s: got %q, want %q", c.path, got, c.want)
		}
		if n := panicsAt(t, reg, "admin"); n != c.counted {
			t.Errorf("%s: %v panics are counted, want %v", c.path, n, c.counted)
		}
	}
	if n := strings.Count(log.String(), "\n"); n != 2 || !strings.Contains(log.String(), "guard_test.go") {
		t.Errorf("want two lines with stacks, found\n%s", log.String())
	}
}

// fetch gives an answer's status and body; "cut" where it breaks off.
func fetch(t *testing.T, url string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(req)
	if err != nil {
		return "cut"
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		return "200 cut"
	}
	if answer.Header.Get("Etag") != "" {
		t.Error("a header of the answer that failed is sent")
	}
	return answer.Status[:4] + strings.TrimSpace(string(body))
}

func panicsAt(t *testing.T, reg *prometheus.Registry, place string) float64 {
	t.Helper()
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			if f.GetName() == "callhours_panics_total" && m.GetLabel()[0].GetValue() == place {
				return m.GetCounter().GetValue()
			}
		}
	}
	t.Fatalf("callhours_panics_total{where=%q} is not there", place)
	return 0
}

// TestCallPanics sees that a call that panics gets a 500, and is counted, logged and remembered
// like any other.
func TestCallPanics(t *testing.T) {
	t.Parallel()
	w := started(t, oneRoute, nil)
	l := w.live.Load()
	l.table = nil
	for range 2 {
		if got := w.call(post("/main", "Request", "+14155550100")); got.StatusCode != http.StatusInternalServerError {
			t.Errorf("got %d, want 500", got.StatusCode)
		}
	}
	if got := panicsAt(t, w.registry, "call"); got != 2 {
		t.Errorf("%v panics are counted, want 2", got)
	}
	if n := strings.Count(w.log.String(), `"msg":"a panic was contained; please report it","where":"call"`); n != 1 {
		t.Errorf("the stack is logged %d times, want once:\n%s", n, w.log)
	}
}

// TestCalendarPanics sees that a route whose calendars cannot be compiled takes them for unknown,
// and that the others answer.
func TestCalendarPanics(t *testing.T) {
	t.Parallel()
	w := newWorld(t, oneRoute+`  - {name: other, branches: [{name: closed, callflow: '{"module":"hangup"}'}]}
`, nil)
	g := w.options.Generation
	broken := g.timelines
	g.timelines = nil
	g.compile(g.routes[0], monday)
	g.timelines = broken
	if s := g.routes[0].State(); s == nil {
		t.Fatal("the route has no state")
	} else if d := s.Decide(nil, monday); !d.Unknown {
		t.Errorf("decided %q, want it for a calendar that is unknown", g.routes[0].Branches[d.Branch].Name)
	}
}
