package metrics

import (
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

var noon = time.Date(2027, 3, 1, 12, 0, 0, 0, time.UTC)

// officeConfig is a configuration with one of everything.
func officeConfig() Configured {
	return Configured{
		Routes: []Route{{
			Name: "acme/main", Tenant: "acme", Labels: map[string]string{"contact": "ops@acme.example"},
			Branches: []Branch{{Name: "open", State: "open"}, {Name: "lunch", State: "closed"}, {Name: "closed", State: "closed"}},
		}},
		Calendars: []Calendar{{Name: "acme/hours"}},
		Tenants:   []string{"acme"},
	}
}

func newRegistered(t *testing.T) (*Metrics, *prometheus.Registry) {
	t.Helper()
	reg := prometheus.NewPedanticRegistry()
	m, err := New(reg, Options{
		Version: "v0.1.0", Revision: "0123abc", GoVersion: "go1.26.8", TZDataVersion: "2025c", TZDataSource: "embedded",
		Findings: []Finding{{"calendar_ends", "warning"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	m.Configure(officeConfig())
	return m, reg
}

// series are all that a registry exports, `name{label="value",…} value`,
// histograms left out, in order.
func series(t *testing.T, reg prometheus.Gatherer) []string {
	t.Helper()
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, f := range families {
		for _, s := range f.GetMetric() {
			if s.GetHistogram() != nil {
				continue
			}
			var labels []string
			for _, l := range s.GetLabel() {
				labels = append(labels, fmt.Sprintf("%s=%q", l.GetName(), l.GetValue()))
			}
			value := s.GetCounter().GetValue() + s.GetGauge().GetValue()
			name := strings.TrimPrefix(f.GetName(), "callhours_")
			lines = append(lines, fmt.Sprintf("%s{%s} %v", name, strings.Join(labels, ","), value))
		}
	}
	slices.Sort(lines)
	return lines
}

// changed are the series of after that are not in before.
func changed(before, after []string) []string {
	var lines []string
	for _, line := range after {
		if !slices.Contains(before, line) {
			lines = append(lines, line)
		}
	}
	return lines
}

// TestGolden holds names, types, labels and help, on which dashboards and alerts depend, in
// testdata/metrics.golden, and the table of docs/metrics.md with it. UPDATE=1 rewrites both.
func TestGolden(t *testing.T) {
	t.Parallel()
	m, reg := newRegistered(t)
	m.Route("acme/main").SetMatch("Ada") // without one there is no series
	m.SetDatabaseUp(true)                // likewise
	m.Route("acme/main").IncUpstream(0, "ok")
	m.ObserveUpstream(time.Second)
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var golden, table strings.Builder
	table.WriteString("| name | type | labels | meaning |\n|---|---|---|---|\n")
	for _, f := range families {
		var labels []string
		for _, l := range f.GetMetric()[0].GetLabel() {
			labels = append(labels, l.GetName())
		}
		kind := strings.ToLower(f.GetType().String())
		fmt.Fprintf(&golden, "%s %s {%s} %s\n", f.GetName(), kind, strings.Join(labels, ","), f.GetHelp())
		if f.GetName() == "callhours_route_info" { // whose further labels are the configuration's
			labels = []string{"route", "tenant", "…"}
		}
		fmt.Fprintf(&table, "| `%s` | %s | %s | %s |\n", f.GetName(), kind, strings.Join(labels, ", "), f.GetHelp())
	}
	compare(t, "testdata/metrics.golden", "", golden.String())
	compare(t, "../docs/metrics.md", "<!-- the table that metrics/metrics_test.go writes -->\n", table.String())
}

// compare compares a file with text: the whole file, or what stands between two marks.
func compare(t *testing.T, path, mark, got string) {
	t.Helper()
	file, err := os.ReadFile(path)
	if err != nil && os.Getenv("UPDATE") == "" {
		t.Fatal(err)
	}
	head, want, tail := "", string(file), ""
	if mark != "" {
		parts := strings.Split(string(file), mark)
		if len(parts) != 3 {
			t.Fatalf("%s: found %d marks, want 2", path, len(parts)-1)
		}
		head, want, tail = parts[0]+mark, parts[1], mark+parts[2]
	}
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile(path, []byte(head+got+tail), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s differs from what is exported (UPDATE=1 rewrites it; -file +exported):\n%s", path, diff)
	}
}

// TestDocs sees that docs/metrics.md speaks of no metric that is not
// exported and of every label value.
func TestDocs(t *testing.T) {
	t.Parallel()
	golden, err := os.ReadFile("testdata/metrics.golden")
	if err != nil {
		t.Fatal(err)
	}
	doc, err := os.ReadFile("../docs/metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range regexp.MustCompile(`callhours_\w+`).FindAllString(string(doc), -1) {
		if !strings.Contains("\n"+string(golden), "\n"+strings.TrimSuffix(name, "_bucket")+" ") {
			t.Errorf("docs/metrics.md names %s, which is not exported", name)
		}
	}
	var values []string
	for _, v := range fallbackReasons {
		values = append(values, string(v))
	}
	for _, v := range unmatchedReasons {
		values = append(values, string(v))
	}
	for _, v := range fetchResults {
		values = append(values, string(v))
	}
	values = append(values, upstreamResults[:]...)
	for _, v := range values {
		if !strings.Contains(string(doc), "`"+v+"`") {
			t.Errorf("docs/metrics.md does not explain the label value %s", v)
		}
	}
}

func TestLint(t *testing.T) {
	t.Parallel()
	_, reg := newRegistered(t)
	problems, err := testutil.GatherAndLint(reg)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
}

// TestEverySeriesExists counts the series of a fresh start. `increase()` cannot see the first
// increment of a series that appears with it.
func TestEverySeriesExists(t *testing.T) {
	t.Parallel()
	_, reg := newRegistered(t)
	got := map[string]int{}
	for _, line := range series(t, reg) {
		name, value := line[:strings.Index(line, "{")], line[strings.LastIndex(line, " ")+1:]
		got[name]++
		if want := strings.HasSuffix(name, "_info"); (value == "1") != want || (value == "0") == want {
			t.Errorf("found %s at the start", line)
		}
	}
	want := map[string]int{
		"decisions_total": 3, "fallbacks_total": 3 * 4, "unknown_decisions_total": 1, "unmatched_calls_total": 4,
		"panics_total": 11, "requests_total": 10, "shed_calls_total": 1, "log_lines_dropped_total": 1,
		"last_call_timestamp_seconds": 1,
		"branch_active":               3, "next_change_timestamp_seconds": 1, "next_span_timestamp_seconds": 1,
		"route_info": 1, "calendar_up": 1,
		"calendar_unknown":                        1,
		"calendar_last_success_timestamp_seconds": 1, "calendar_fetches_total": 11, "calendar_events": 1,
		"calendar_active_events": 1, "calendar_expected_ahead_seconds": 1, "calendar_expected_covered": 1,
		"calendar_may_be_empty":    1,
		"calendar_rejected_events": 1, "calendar_unmatched_events": 1, "calendar_last_event_timestamp_seconds": 1,
		"findings": 1, "config_last_reload_successful": 1, "config_last_reload_success_timestamp_seconds": 1,
		"config_rejected": 1, "file_reads_hung": 1, "state_read_only": 1, "state_write_failures_total": 1,
		"tenant_shed_calls_total": 1,
		"tzdata_info":             1, "build_info": 1,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("series by metric (-want +got):\n%s", diff)
	}
}

// TestMethods calls each method once and sees what it changed.
func TestMethods(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		do   func(*Metrics)
		want []string
	}{
		"Request": {func(m *Metrics) {
			m.ObserveRequest(200, time.Millisecond)
		}, []string{`requests_total{code="200"} 1`}},
		"Request with another code": {
			func(m *Metrics) { m.ObserveRequest(418, time.Millisecond) },
			[]string{`requests_total{code="418"} 1`},
		},
		"Unmatched": {func(m *Metrics) {
			m.IncUnmatched(NoNumber)
		}, []string{`unmatched_calls_total{reason="no_number"} 1`}},
		"Unmatched, not known": {func(m *Metrics) { m.IncUnmatched("x") }, nil},
		"Panicked":             {func(m *Metrics) { m.IncPanics(PanicFeed) }, []string{`panics_total{where="feed"} 1`}},
		"Panicked, not known":  {func(m *Metrics) { m.IncPanics("x") }, nil},
		"Shed":                 {func(m *Metrics) { m.IncShed() }, []string{`shed_calls_total{} 1`}},
		"TenantShed": {
			func(m *Metrics) { m.TenantShed("acme"); m.TenantShed("nobody") },
			[]string{`tenant_shed_calls_total{tenant="acme"} 1`},
		},
		"LogLineDropped":   {func(m *Metrics) { m.IncLogDropped() }, []string{`log_lines_dropped_total{} 1`}},
		"StateWriteFailed": {func(m *Metrics) { m.IncStateWriteFailed() }, []string{`state_write_failures_total{} 1`}},
		"StateReadOnly":    {func(m *Metrics) { m.SetStateReadOnly(true) }, []string{`state_read_only{} 1`}},
		"DatabaseUp": {func(m *Metrics) { m.SetDatabaseUp(true) }, []string{
			`database_queries_total{result="error"} 0`, `database_queries_total{result="ok"} 0`,
			`database_queries_total{result="timeout"} 0`, `database_up{} 1`,
		}},
		"DatabaseQueries": {func(m *Metrics) { m.IncDatabaseQueries(DatabaseTimeout) }, []string{
			`database_queries_total{result="timeout"} 1`,
		}},
		"FileReadsHung": {func(m *Metrics) { m.SetFileReadsHung(3) }, []string{`file_reads_hung{} 3`}},
		"Reloaded": {func(m *Metrics) { m.SetReloaded(noon) }, []string{
			`config_last_reload_success_timestamp_seconds{} 1.8039024e+09`, `config_last_reload_successful{} 1`,
		}},
		"ReloadRefused keeps the moment": {func(m *Metrics) { m.SetReloaded(noon); m.SetReloadRejected() }, []string{
			`config_last_reload_success_timestamp_seconds{} 1.8039024e+09`,
		}},
		"TenantRefused": {func(m *Metrics) {
			m.SetTenantRejected("acme")
		}, []string{`config_rejected{tenant="acme"} 1`}},
		"TenantAccepted": {func(m *Metrics) {
			m.SetTenantRejected("acme")
			m.SetTenantAccepted("acme")
		}, nil},
		"TenantRefused, not known": {func(m *Metrics) { m.SetTenantRejected("x") }, nil},
		"Findings": {
			func(m *Metrics) {
				m.SetFindings(map[Finding]int{{"calendar_ends", "warning"}: 2, {"gone", "error"}: 1})
				m.SetFindings(map[Finding]int{{"calendar_ends", "warning"}: 3})
			},
			[]string{`findings{kind="calendar_ends",severity="warning"} 3`, `findings{kind="gone",severity="error"} 0`},
		},
		"Decided": {
			func(m *Metrics) { m.Route("acme/main").IncDecision(2) },
			[]string{`decisions_total{branch="closed",route="acme/main",state="closed"} 1`},
		},
		"Decided, not known": {func(m *Metrics) {
			m.Route("acme/main").IncDecision(3)
			m.Route("x").IncDecision(0)
		}, nil},
		"Fallback": {
			func(m *Metrics) { m.Route("acme/main").IncFallback(1, Limit) },
			[]string{`fallbacks_total{branch="lunch",reason="limit",route="acme/main"} 1`},
		},
		"Fallback, not known": {func(m *Metrics) {
			m.Route("acme/main").IncFallback(-1, Limit)
			m.Route("acme/main").IncFallback(0, "x")
		}, nil},
		"Unknown": {
			func(m *Metrics) { m.Route("acme/main").IncUnknown() },
			[]string{`unknown_decisions_total{route="acme/main"} 1`},
		},
		"Called": {
			func(m *Metrics) { m.Route("acme/main").SetLastCall(noon.Add(250 * time.Millisecond)) },
			[]string{`last_call_timestamp_seconds{route="acme/main"} 1.80390240025e+09`},
		},
		"Active": {
			func(m *Metrics) {
				m.Route("acme/main").SetActive(0)
				m.Route("acme/main").SetActive(1)
				m.Route("acme/main").SetActive(7)
			},
			[]string{`branch_active{branch="lunch",route="acme/main",state="closed"} 1`},
		},
		"NextChange": {
			func(m *Metrics) { m.Route("acme/main").SetNextChange(noon) },
			[]string{`next_change_timestamp_seconds{route="acme/main"} 1.8039024e+09`},
		},
		"NextChange, none in sight": {
			func(m *Metrics) { m.Route("acme/main").SetNextChange(time.Time{}) },
			[]string{`next_change_timestamp_seconds{route="acme/main"} +Inf`},
		},
		"NextSpan": {
			func(m *Metrics) { m.Route("acme/main").SetNextSpan(noon) },
			[]string{`next_span_timestamp_seconds{route="acme/main"} 1.8039024e+09`},
		},
		"Match": {
			func(m *Metrics) { r := m.Route("acme/main"); r.SetMatch("Bob"); r.SetMatch("Ada \"A\"") },
			[]string{`route_match{name="Ada \"A\"",route="acme/main"} 1`},
		},
		"Match, not UTF-8 and too long": {
			func(m *Metrics) { m.Route("acme/main").SetMatch("\xff" + strings.Repeat("é", 80)) },
			[]string{`route_match{name="` + "\uFFFD" + strings.Repeat("é", 62) + `",route="acme/main"} 1`},
		},
		"Match, none any more": {
			func(m *Metrics) { r := m.Route("acme/main"); r.SetMatch("Bob"); r.SetMatch("") }, nil,
		},
		"NextSpan, none in sight": {
			func(m *Metrics) { m.Route("acme/main").SetNextSpan(time.Time{}) },
			[]string{`next_span_timestamp_seconds{route="acme/main"} +Inf`},
		},
		"Fetched": {func(m *Metrics) { m.Calendar("acme/hours").IncFetch(Unchanged) }, []string{
			`calendar_fetches_total{calendar="acme/hours",result="unchanged"} 1`,
			`calendar_up{calendar="acme/hours"} 1`,
		}},
		"Fetched, then not": {
			func(m *Metrics) { m.Calendar("acme/hours").IncFetch(OK); m.Calendar("acme/hours").IncFetch(Shrunk) },
			[]string{
				`calendar_fetches_total{calendar="acme/hours",result="ok"} 1`,
				`calendar_fetches_total{calendar="acme/hours",result="shrunk"} 1`,
			},
		},
		"Fetched, not known": {func(m *Metrics) {
			m.Calendar("acme/hours").IncFetch("x")
			m.Calendar("x").IncFetch(OK)
		}, nil},
		"Calendar unknown": {func(m *Metrics) {
			m.Calendar("acme/hours").SetUnknown()
		}, []string{`calendar_unknown{calendar="acme/hours"} 1`}},
		"Calendar known": {func(m *Metrics) {
			m.Calendar("acme/hours").SetUnknown()
			m.Calendar("acme/hours").SetKnown()
		}, nil},
		"Calendar's numbers": {
			func(m *Metrics) {
				c := m.Calendar("acme/hours")
				c.SetLastSuccess(noon)
				c.SetEvents(40)
				c.SetActive(2)
				c.SetRejected(2)
				c.SetUnmatched(3)
				c.SetLastEvent(noon)
			},
			[]string{
				`calendar_active_events{calendar="acme/hours"} 2`,
				`calendar_events{calendar="acme/hours"} 40`,
				`calendar_last_event_timestamp_seconds{calendar="acme/hours"} 1.8039024e+09`,
				`calendar_last_success_timestamp_seconds{calendar="acme/hours"} 1.8039024e+09`,
				`calendar_rejected_events{calendar="acme/hours"} 2`,
				`calendar_unmatched_events{calendar="acme/hours"} 3`,
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m, reg := newRegistered(t)
			before := series(t, reg)
			c.do(m)
			if diff := cmp.Diff(c.want, changed(before, series(t, reg))); diff != "" {
				t.Errorf("changed series (-want +got):\n%s", diff)
			}
		})
	}
}

func TestRequestDuration(t *testing.T) {
	t.Parallel()
	m, reg := newRegistered(t)
	m.ObserveRequest(200, 300*time.Microsecond)
	m.ObserveRequest(500, 3*time.Second)
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	found := false
	for _, f := range families {
		if f.GetName() != "callhours_request_duration_seconds" {
			continue
		}
		found = true
		h := f.GetMetric()[0].GetHistogram()
		if got, want := h.GetSampleCount(), uint64(2); got != want {
			t.Errorf("observations: got %d, want %d", got, want)
		}
		if got, want := h.GetSampleSum(), 3.0003; math.Abs(got-want) > 1e-9 {
			t.Errorf("sum: got %v s, want %v s", got, want)
		}
		if b, n := len(h.GetBucket()), len(h.GetPositiveSpan()); b == 0 || n == 0 {
			t.Errorf("got %d classic buckets and %d native spans, want both", b, n)
		}
	}
	if !found {
		t.Error("callhours_request_duration_seconds is not exported")
	}
}

// exemplars are the call ids that the histogram shows, in the order of its buckets.
func exemplars(t *testing.T, reg prometheus.Gatherer) []string {
	t.Helper()
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, f := range families {
		if f.GetName() != "callhours_request_duration_seconds" {
			continue
		}
		for _, b := range f.GetMetric()[0].GetHistogram().GetBucket() {
			if e := b.GetExemplar(); e != nil {
				ids = append(ids, e.GetLabel()[0].GetValue())
			}
		}
	}
	return ids
}

// TestExemplars shows which calls become exemplars: the first, one of each tenth of a second
// after it, and every slow one.
func TestExemplars(t *testing.T) {
	t.Parallel()
	m, reg := newRegistered(t)
	m.ObserveRequest(200, time.Millisecond)
	m.ObserveCall(200, time.Millisecond, "", noon)
	m.ObserveCall(200, time.Second, "", noon)
	if got := exemplars(t, reg); got != nil {
		t.Errorf("without a call id: got %q", got)
	}
	for i := range 20 {
		m.ObserveCall(200, time.Millisecond, fmt.Sprintf("call-%d", i), noon.Add(time.Duration(i)*30*time.Millisecond))
	}
	m.ObserveCall(200, 40*time.Millisecond, "slow", noon)
	if diff := cmp.Diff([]string{"call-17", "slow"}, exemplars(t, reg)); diff != "" {
		t.Errorf("exemplars (-want +got):\n%s", diff)
	}
}

// TestExemplarsOfStrangers shows that no call id stops the metrics, nor
// the scrape in either format.
func TestExemplarsOfStrangers(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("é", 200)
	for id, want := range map[string]string{
		"b1b2-a1a2@198.51.100.7":     "b1b2-a1a2@198.51.100.7",
		long:                         long[:2*121],
		"\xff\xfe":                   "\uFFFD\uFFFD",
		"a\nb\x00c\u202e":            "a\uFFFDb\uFFFDc\uFFFD",
		`"} 1` + "\n# EOF":           `"} 1` + "\uFFFD# EOF",
		strings.Repeat("\x80", 4096): strings.Repeat("\uFFFD", 121),
		strings.Repeat("x", 120) + "\xf0\x9f\x98": strings.Repeat("x", 120) + "\uFFFD",
	} {
		m, reg := newRegistered(t)
		m.ObserveCall(200, time.Second, id, noon)
		if diff := cmp.Diff([]string{want}, exemplars(t, reg)); diff != "" {
			t.Errorf("call id %q (-want +got):\n%s", id, diff)
		}
		for accept, wanted := range map[string]bool{
			"application/openmetrics-text; version=1.0.0": true,
			"text/plain": false,
		} {
			w, r := httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/metrics", nil)
			r.Header.Set("Accept", accept)
			promhttp.HandlerFor(reg, promhttp.HandlerOpts{EnableOpenMetrics: true}).ServeHTTP(w, r)
			if w.Code != http.StatusOK || strings.Contains(w.Body.String(), "# {call_id=") != wanted {
				t.Errorf("call id %q as %s: status %d, want 200 and exemplars %v", id, accept, w.Code, wanted)
			}
		}
	}
}

// TestOwnSeries shows the switch that bounds cardinality: routes beyond it are
// counted together, by state.
func TestOwnSeries(t *testing.T) {
	t.Parallel()
	m, reg := newRegistered(t)
	c := Configured{OwnSeries: 1}
	for _, name := range []string{"first", "second", "third"} {
		c.Routes = append(c.Routes,
			Route{
				Name: name, Branches: []Branch{{Name: "open-" + name, State: "open"}, {Name: "holiday", State: "closed"}, {Name: "closed", State: "closed"}},
			})
	}
	m.Configure(c)
	before := series(t, reg)
	for _, name := range []string{"first", "second", "third"} {
		r := m.Route(name)
		r.IncDecision(0)
		r.IncDecision(2)
		r.IncFallback(1, Limit)
		r.IncUnknown()
		r.SetLastCall(noon)
		r.SetActive(1)
		r.SetNextChange(noon)
		r.SetNextSpan(noon)
		r.SetMatch("Ada")
	}
	if diff := cmp.Diff([]string{
		`branch_active{branch="holiday",route="first",state="closed"} 1`,
		`decisions_total{branch="_other",route="_other",state="closed"} 2`,
		`decisions_total{branch="_other",route="_other",state="open"} 2`,
		`decisions_total{branch="closed",route="first",state="closed"} 1`,
		`decisions_total{branch="open-first",route="first",state="open"} 1`,
		`fallbacks_total{branch="_other",reason="limit",route="_other"} 2`,
		`fallbacks_total{branch="holiday",reason="limit",route="first"} 1`,
		`last_call_timestamp_seconds{route="_other"} 1.8039024e+09`,
		`last_call_timestamp_seconds{route="first"} 1.8039024e+09`,
		`next_change_timestamp_seconds{route="first"} 1.8039024e+09`,
		`next_span_timestamp_seconds{route="first"} 1.8039024e+09`,
		`route_match{name="Ada",route="first"} 1`,
		`unknown_decisions_total{route="_other"} 2`,
		`unknown_decisions_total{route="first"} 1`,
	}, changed(before, series(t, reg))); diff != "" {
		t.Errorf("changed series (-want +got):\n%s", diff)
	}
	c.OwnSeries = 3
	m.Configure(c)
	for _, line := range series(t, reg) {
		if strings.Contains(line, "_other") {
			t.Errorf("%s remains", line)
		}
	}
}

// TestTenThousandRoutes counts the series of 10,000 routes, of which 100 have their own.
func TestTenThousandRoutes(t *testing.T) {
	t.Parallel()
	m, reg := newRegistered(t)
	c := Configured{OwnSeries: 100}
	for i := range 10_000 {
		r := Route{Name: fmt.Sprint(i)}
		for b := range 5 {
			r.Branches = append(r.Branches,
				Branch{Name: fmt.Sprintf("b%d-%d", i, b), State: []string{"open", "closed", "other"}[b%3]})
		}
		c.Routes = append(c.Routes, r)
	}
	m.Configure(c)
	const all, own, others = 42, 100 * (5*(1+1+4) + 5), 3 + 4 + 2
	if got, want := len(series(t, reg)), own+others; got < want || got > want+all {
		t.Errorf("got %d series, want %d and some that every installation has", got, want)
	}
}

// TestExpected shows that what a calendar is expected to hold follows the configuration.
func TestExpected(t *testing.T) {
	t.Parallel()
	m, reg := newRegistered(t)
	m.Configure(Configured{
		Calendars: []Calendar{
			{Name: "acme/hours", Covered: true},
			{Name: "holidays", Ahead: time.Hour},
			{Name: "rota", MayBeEmpty: true},
		},
	})
	m.Configure(Configured{
		Calendars: []Calendar{
			{Name: "acme/hours"},
			{Name: "holidays", Ahead: 48 * time.Hour},
			{Name: "rota", MayBeEmpty: true},
		},
	})
	var got []string
	for _, line := range series(t, reg) {
		if strings.Contains(line, "expected") || strings.Contains(line, "may_be_empty") {
			got = append(got, line)
		}
	}
	if diff := cmp.Diff([]string{
		`calendar_expected_ahead_seconds{calendar="acme/hours"} 0`,
		`calendar_expected_ahead_seconds{calendar="holidays"} 172800`,
		`calendar_expected_ahead_seconds{calendar="rota"} 0`,
		`calendar_expected_covered{calendar="acme/hours"} 0`,
		`calendar_expected_covered{calendar="holidays"} 0`,
		`calendar_expected_covered{calendar="rota"} 0`,
		`calendar_may_be_empty{calendar="acme/hours"} 0`,
		`calendar_may_be_empty{calendar="holidays"} 0`,
		`calendar_may_be_empty{calendar="rota"} 1`,
	}, got); diff != "" {
		t.Errorf("series (-want +got):\n%s", diff)
	}
}

// TestConfigureTwice shows what a reload does to the series: what stays keeps its value, what is
// gone is deleted, what comes is there at 0.
func TestConfigureTwice(t *testing.T) {
	t.Parallel()
	m, reg := newRegistered(t)
	old := m.Route("acme/main")
	old.IncDecision(0)
	old.IncDecision(1)
	m.Calendar("acme/hours").IncFetch(OK)
	m.SetTenantRejected("acme")
	before := series(t, reg)

	next := officeConfig()
	next.Routes[0].Branches = []Branch{{Name: "holiday", State: "closed"}, {Name: "open", State: "open"}, {Name: "closed", State: "other"}}
	next.Calendars = []Calendar{{Name: "acme/hours"}, {Name: "holidays"}}
	next.Tenants = nil
	m.Configure(next)
	m.Route("acme/main").IncDecision(1)
	old.IncDecision(0) // A call in flight counts on the series that stayed,
	old.IncDecision(1) // and one of a branch that is gone on nothing.

	after := series(t, reg)
	for _, c := range []struct {
		line  string
		there bool
	}{
		{`decisions_total{branch="open",route="acme/main",state="open"} 3`, true},
		{`decisions_total{branch="holiday",route="acme/main",state="closed"} 0`, true},
		{`decisions_total{branch="closed",route="acme/main",state="other"} 0`, true},
		{`decisions_total{branch="closed",route="acme/main",state="closed"}`, false},
		{`decisions_total{branch="lunch"`, false},
		{`branch_active{branch="lunch"`, false},
		{`fallbacks_total{branch="lunch"`, false},
		{`calendar_fetches_total{calendar="acme/hours",result="ok"} 1`, true},
		{`calendar_up{calendar="acme/hours"} 1`, true},
		{`calendar_up{calendar="holidays"} 0`, true},
		{`config_rejected`, false},
	} {
		there := slices.ContainsFunc(after, func(line string) bool { return strings.HasPrefix(line, c.line) })
		if there != c.there {
			t.Errorf("%s: got %v after the reload, want %v", c.line, there, c.there)
		}
	}
	m.Configure(Configured{})
	m.Configure(officeConfig())
	fresh, freshReg := newRegistered(t)
	if fresh.Route("acme/main") == nil {
		t.Fatal("a configured route is not found")
	}
	if diff := cmp.Diff(series(t, freshReg), series(t, reg)); diff != "" {
		t.Errorf("after an empty configuration some values remain (-fresh +got):\n%s", diff)
	}
	if slices.Equal(before, after) {
		t.Error("the reload changed nothing")
	}
}

func TestRouteInfo(t *testing.T) {
	t.Parallel()
	m, reg := newRegistered(t)
	m.Configure(Configured{Routes: []Route{
		{
			Name: "a",
			Labels: map[string]string{
				"contact": "ops@acme.example", "route": "x", "on-call": "first",
				"on_call": "second",
			},
		},
		{Name: "acme/b", Tenant: "acme", Labels: map[string]string{"24x7": "yes", "contact": "bad \xff"}},
		{Name: "c"},
	}})
	var got []string
	for _, line := range series(t, reg) {
		if strings.HasPrefix(line, "route_info{") {
			got = append(got, line)
		}
	}
	want := []string{
		`route_info{contact="",label_24x7="",label_route="",on_call="",route="c",tenant=""} 1`,
		`route_info{contact="bad �",label_24x7="yes",label_route="",on_call="",route="acme/b",tenant="acme"} 1`,
		`route_info{contact="ops@acme.example",label_24x7="",label_route="x",on_call="first",route="a",tenant=""} 1`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("route_info (-want +got):\n%s", diff)
	}
}

func TestLabelName(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, want string }{
		{"contact", "contact"},
		{"Contact_2", "Contact_2"},
		{"on-call", "on_call"},
		{"team.name", "team_name"},
		{"büro", "b_ro"},
		{"24x7", "label_24x7"},
		{"", "label_"},
		{"__name__", "label___name__"},
		{"-_x", "label___x"},
		{"route", "label_route"},
		{"tenant", "label_tenant"},
	} {
		if got := labelName(c.name); got != c.want {
			t.Errorf("labelName(%q): got %q, want %q", c.name, got, c.want)
		}
	}
}

// TestNamesThatAreNotText shows that no name of a configuration stops the metrics.
func TestNamesThatAreNotText(t *testing.T) {
	t.Parallel()
	m, reg := newRegistered(t)
	bad := "a\xff"
	for range 2 {
		m.Configure(Configured{
			Routes:    []Route{{Name: bad, Branches: []Branch{{Name: bad, State: bad}}}, {Name: bad}, {}},
			Calendars: []Calendar{{Name: bad}, {Name: bad}, {}},
			Tenants:   []string{bad, ""},
		})
		m.SetFindings(map[Finding]int{{bad, bad}: 1})
	}
	m.Route(bad).SetLastCall(noon)
	if want := `last_call_timestamp_seconds{route="a�"} 1.8039024e+09`; !slices.Contains(series(t, reg), want) {
		t.Errorf("%s is not exported", want)
	}
}

func TestNewTwice(t *testing.T) {
	t.Parallel()
	reg := prometheus.NewRegistry()
	taken := prometheus.NewCounter(prometheus.CounterOpts{
		Name: "callhours_shed_calls_total", Help: "Calls refused with 503 because of overload.",
	})
	reg.MustRegister(taken)
	if m, err := New(reg, Options{}); err == nil || m != nil {
		t.Fatalf("got %v, %v where a name is taken, want nil and an error", m, err)
	}
	reg.Unregister(taken)
	m, err := New(reg, Options{})
	if err != nil {
		t.Fatalf("a refused New left something behind: %v", err)
	}
	m.IncShed()
	if _, err := New(reg, Options{}); err == nil {
		t.Fatal("a second New on one registry: got no error")
	}
	if !slices.Contains(series(t, reg), "shed_calls_total{} 1") {
		t.Error("a refused New took the first one's metrics away")
	}
}

func TestNewWithoutRegistry(t *testing.T) {
	t.Parallel()
	m, err := New(nil, Options{})
	if err != nil {
		t.Fatal(err)
	}
	m.Configure(officeConfig())
	m.Route("acme/main").IncDecision(0)
	if got := m.Route("acme/main").branches[0].decided.value(); got != 1 {
		t.Errorf("decisions: got %v, want 1", got)
	}
}

// TestNil calls every method on nil, with zero values.
func TestNil(t *testing.T) {
	t.Parallel()
	for _, receiver := range []any{(*Metrics)(nil), (*RouteMetrics)(nil), (*CalendarMetrics)(nil)} {
		v := reflect.ValueOf(receiver)
		for method := range v.Type().Methods() {
			t.Run(v.Type().Elem().Name()+"."+method.Name, func(t *testing.T) {
				t.Parallel()
				args := []reflect.Value{v}
				for i := 1; i < method.Type.NumIn(); i++ {
					args = append(args, reflect.Zero(method.Type.In(i)))
				}
				for _, out := range method.Func.Call(args) {
					if !out.IsZero() {
						t.Errorf("got %v, want nothing", out)
					}
				}
			})
		}
	}
}

// TestConcurrent counts, reloads and scrapes at once, for the race detector, and
// sees that no count is lost.
func TestConcurrent(t *testing.T) {
	t.Parallel()
	const calls, callers = 500, 4
	m, reg := newRegistered(t)
	with, without := officeConfig(), officeConfig()
	without.Routes[0].Branches = without.Routes[0].Branches[:1]
	var wg sync.WaitGroup
	for range callers {
		wg.Go(func() {
			for range calls {
				r := m.Route("acme/main")
				r.IncDecision(0)
				r.IncDecision(2)
				r.IncFallback(0, NoAnswer)
				r.SetLastCall(noon)
				r.SetActive(0)
				m.Calendar("acme/hours").IncFetch(OK)
				m.ObserveRequest(200, time.Millisecond)
				m.SetFindings(map[Finding]int{{"calendar_ends", "warning"}: 1})
			}
		})
	}
	wg.Go(func() {
		for range 50 {
			m.Configure(without)
			m.Configure(with)
		}
	})
	wg.Go(func() {
		for range 20 {
			if _, err := reg.Gather(); err != nil {
				t.Error(err)
			}
		}
	})
	wg.Wait()
	for _, want := range []string{
		fmt.Sprintf(`decisions_total{branch="open",route="acme/main",state="open"} %d`, calls*callers),
		fmt.Sprintf(`calendar_fetches_total{calendar="acme/hours",result="ok"} %d`, calls*callers),
		fmt.Sprintf(`requests_total{code="200"} %d`, calls*callers),
	} {
		if !slices.Contains(series(t, reg), want) {
			t.Errorf("%s is not exported", want)
		}
	}
}

// TestAllocations is not parallel: it counts what the whole process allocates.
func TestAllocations(t *testing.T) {
	m, _ := newRegistered(t)
	r, c := m.Route("acme/main"), m.Calendar("acme/hours")
	got := testing.AllocsPerRun(100, func() {
		r.IncDecision(1)
		r.IncFallback(1, RenderFailed)
		r.IncUnknown()
		r.SetLastCall(noon)
		r.SetActive(1)
		r.SetNextChange(noon)
		r.SetNextSpan(noon)
		r.SetMatch("Ada")
		c.IncFetch(OK)
		m.IncUnmatched(NoPath)
		m.ObserveRequest(200, time.Millisecond)
		m.ObserveCall(200, time.Millisecond, "", noon)
	})
	if got != 0 {
		t.Errorf("counting a call: got %v allocations, want 0", got)
	}
}

func BenchmarkDecided(b *testing.B) {
	m, _ := New(nil, Options{})
	m.Configure(officeConfig())
	r := m.Route("acme/main")
	for b.Loop() {
		r.IncDecision(1)
	}
}

func BenchmarkCall(b *testing.B) {
	m, _ := New(nil, Options{})
	for b.Loop() {
		m.ObserveCall(200, time.Millisecond, "b1b2a1a2-6f0d-4d0f-9a58-5f1f0e3b7c11", noon)
	}
}

func BenchmarkRequest(b *testing.B) {
	m, _ := New(nil, Options{})
	for b.Loop() {
		m.ObserveRequest(200, time.Millisecond)
	}
}

// BenchmarkConfigure reloads 400 routes of 5 branches.
func BenchmarkConfigure(b *testing.B) {
	m, _ := New(nil, Options{})
	var c Configured
	for i := range 400 {
		r := Route{Name: fmt.Sprintf("tenant-%d/main", i), Tenant: fmt.Sprintf("tenant-%d", i)}
		for _, name := range []string{"closed-by-hand", "open", "holiday", "lunch", "closed"} {
			r.Branches = append(r.Branches, Branch{Name: name, State: "closed"})
		}
		c.Routes = append(c.Routes, r)
	}
	for b.Loop() {
		m.Configure(c)
	}
}
