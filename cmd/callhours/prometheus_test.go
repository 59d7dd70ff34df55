package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// hoursOfTheDay are open hours with a lunch in them, and an event that cannot be used.
const hoursOfTheDay = "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//test//EN\n" +
	"BEGIN:VEVENT\nUID:open\nDTSTART;TZID=America/New_York:20200101T090000\nDTEND;TZID=America/New_York:20200101T170000\nRRULE:FREQ=DAILY\nSUMMARY:Open\nEND:VEVENT\n" +
	"BEGIN:VEVENT\nUID:lunch\nDTSTART;TZID=America/New_York:20200101T120000\nDTEND;TZID=America/New_York:20200101T130000\nRRULE:FREQ=DAILY\nSUMMARY:Lunch\nEND:VEVENT\n" +
	"BEGIN:VEVENT\nUID:bad\nDTSTART:yesterday\nSUMMARY:Open\nEND:VEVENT\nEND:VCALENDAR\n"

// theDay is an installation with branches by hour and by caller, a template that fails, a feed that
// is not there, and an event that cannot be used: everything that dashboards show.
var theDay = map[string]string{
	"callhours.yaml": `
listen: 127.0.0.1:0
admin_listen: 127.0.0.1:0
timezone: America/New_York
start_timeout: 1s
include: [acme/main.yaml]
calendars:
  hours: {file: hours.ics, expect: covered}
  holidays: {file: holidays.ics, expect: {ahead: 60d}, if_unknown: absent}
  rota: {file: rota.ics}
  lost: {url: "http://127.0.0.1:1/lost.ics", expect: may_be_empty}
routes:
  - name: front-desk
    branches: &branches
      - {name: unwanted, state: other, when: {caller: "+1900*"}, pass: true}
      - {name: lunch, state: closed, when: {calendar: hours, summary: "lunch*"}, callflow: '{"module":"tts","data":{"text":"lunch"}}'}
      - {name: open, when: {calendar: hours, summary: "open*"}, callflow: '{"module":"tts","data":{"text":"open"}}'}
      - {name: closed, callflow: '{"module":"tts","data":{"text":"closed"}}'}
  - {name: shop, branches: *branches}
  - name: broken
    branches:
      - {name: open, when: {calendar: hours, summary: "open*"}, callflow: '{"module":"tts","data":{"text":"{{ if not (hasPrefix "call-" .Call.CallID) }}none{{ else if eq .Call.CallerNumber "+19005550123" }}{{ fail "it is meant" }}{{ else }}{{ index (list) 3 }}{{ end }}"}}'}
      - {name: closed, pass: true}
  - name: hotline
    data: {people: {Ada: "1", Bob: "2"}}
    branches:
      - {name: on-call, state: open, when: {calendar: rota, names: people}, pass: true}
      - {name: nobody, state: closed, pass: true}
  - name: lost
    branches:
      - {name: open, when: {calendar: lost}, pass: true}
      - {name: closed, when: {calendar: holidays}, pass: true}
      - {name: default, state: other, pass: true}
`,
	"acme/main.yaml": `
tenant: {name: acme, labels: {contact: ops@acme.example, expect_calls: "yes"}}
calendars:
  hours: {file: hours.ics}
routes:
  - name: main
    branches:
      - {name: open, when: {calendar: hours, summary: "open*"}, pass: true}
      - {name: closed, pass: true}
`,
	"hours.ics": hoursOfTheDay,
	"rota.ics": "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//test//EN\n" +
		"BEGIN:VEVENT\nUID:ada\nDTSTART;TZID=America/New_York:20200101T000000\nDTEND;TZID=America/New_York:20200101T120000\nRRULE:FREQ=DAILY\nSUMMARY:Ada\nEND:VEVENT\n" +
		"BEGIN:VEVENT\nUID:bob\nDTSTART;TZID=America/New_York:20200101T120000\nDTEND;TZID=America/New_York:20200102T000000\nRRULE:FREQ=DAILY\nSUMMARY:On call: BOB\nEND:VEVENT\nEND:VCALENDAR\n",
	"acme/hours.ics": hoursOfTheDay,
	"holidays.ics": "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//test//EN\n" +
		"BEGIN:VEVENT\nUID:new-year\nDTSTART;VALUE=DATE:20200101\nRRULE:FREQ=YEARLY\nSUMMARY:New Year\nEND:VEVENT\nEND:VCALENDAR\n",
}

// moments are those of the day at which the script calls, and the branch of those who ask the
// calendar hours alone.
var moments = []struct {
	hour           int
	desk, openOnly string
}{{8, "closed", "closed"}, {10, "open", "open"}, {12, "lunch", "open"}, {15, "open", "open"}, {20, "closed", "closed"}}

// TestPrometheus is the golden test of the counters: a real Prometheus, with the configuration of
// examples/prometheus, scrapes a real callhours that answers a scripted day of calls, and its sums
// by branch are those that were sent, to the last call. The server is killed and started again at
// noon; in the evening a reload adds a route and keeps the counts of the others, and at night one
// takes a route away, with its series. Every expression of the dashboards and every rule is run
// against what was scraped. 600 calls, in a soak 5,000.
func TestPrometheus(t *testing.T) {
	t.Parallel()
	total := 600
	if os.Getenv("CALLHOURS_SOAK") != "" {
		total = 5000
	}
	needs(t, "prometheus")
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "acme"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range theDay {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	d := &day{clock: filepath.Join(dir, "clock"), sent: map[string]float64{}}
	d.set(t, moments[0].hour)
	server := startProcess(t, dir, clockKey+"="+d.clock)
	t.Cleanup(func() { // whichever runs then
		_ = server.cmd.Process.Kill()
		_ = server.cmd.Wait()
	})
	// Prometheus asks at one address, whichever process is behind it.
	var admin atomic.Pointer[url.URL]
	front := httptest.NewServer(&httputil.ReverseProxy{
		Rewrite:  func(r *httputil.ProxyRequest) { r.SetURL(admin.Load()) },
		ErrorLog: log.New(io.Discard, "", 0), // it is asked while no process is behind it
	})
	defer front.Close()
	use := func(p *process) {
		u, err := url.Parse(p.admin)
		if err != nil {
			t.Fatal(err)
		}
		admin.Store(u)
	}
	use(server)
	prom := startPrometheus(t, strings.TrimPrefix(front.URL, "http://"))
	prom.until(t, "the first scrape", func() bool { return len(prom.query(t, `callhours_build_info`)) == 1 })

	const noon, evening = 3, 4 // the moments before which the server is killed, and told to reload
	d.call(t, server.calls, 0, noon, total)
	const decided = `sum by (route, branch) (callhours_decisions_total) > 0`
	prom.until(t, "the morning's calls", func() bool { return cmp.Equal(d.sent, prom.query(t, decided)) })
	killed := prom.now(t)
	server.kill(t)
	prom.until(t, "the loss", func() bool { return prom.query(t, `max(up{job="callhours"})`)[""] == 0 })
	server = startProcess(t, dir, clockKey+"="+d.clock)
	use(server)
	// Else a counter that comes back higher than it was would not look like a restart to
	// increase().
	prom.until(t, "the start", func() bool {
		return cmp.Equal(map[string]float64{"": 0}, prom.query(t, `sum(callhours_decisions_total)`))
	})
	d.call(t, server.calls, noon, evening, total)
	server.reload(t, dir, theDay["callhours.yaml"]+"  - {name: added, branches: *branches}\n")
	prom.until(t, "the route that was added, at 0", func() bool {
		return cmp.Equal(map[string]float64{"": 0}, prom.query(t, `sum(callhours_decisions_total{route="added"})`))
	})
	d.added = true
	d.call(t, server.calls, evening, len(moments), total)
	all := fmt.Sprintf(
		`(sum by (route, branch) (callhours_decisions_total @ %s) + sum by (route, branch) (callhours_decisions_total)
		or sum by (route, branch) (callhours_decisions_total{route="added"})) > 0`, killed)
	prom.until(t, "all calls", func() bool { return cmp.Equal(d.sent, prom.query(t, all)) })
	var sum float64
	for _, n := range d.sent {
		sum += n
	}
	if sum != float64(total) {
		t.Errorf("sent %v calls, want %d", sum, total)
	}
	// increase() extrapolates to the ends of its range, and sees the restart by itself. On a busy
	// machine, where scrapes are few, it extrapolates to twice as much.
	for branch, n := range prom.query(t, `sum by (route, branch) (increase(callhours_decisions_total[10m])) > 0`) {
		if want := d.sent[branch]; n < want/2 || n > 2*want+2 {
			t.Errorf("%s: increase() says %.1f calls, want about %v", branch, n, want)
		}
	}
	if got, want := prom.query(t, `sum by (route) (callhours_unknown_decisions_total)`)["lost"],
		prom.query(t, `sum by (route) (callhours_decisions_total)`)["lost"]; got != want || got == 0 {
		t.Errorf("route lost: %v of %v calls met an unknown calendar, want all", got, want)
	}
	for query, want := range map[string]map[string]float64{
		`sum by (name) (callhours_route_match)`:                     {"Bob": 1},
		`max by (name) (max_over_time(callhours_route_match[10m]))`: {"Ada": 1, "Bob": 1},
	} {
		if diff := cmp.Diff(want, prom.query(t, query)); diff != "" {
			t.Errorf("in the evening, %s has (-want +got):\n%s", query, diff)
		}
	}
	t.Run("rules", func(t *testing.T) { prom.checkRules(t) })
	t.Run("dashboards", func(t *testing.T) { prom.checkDashboards(t) })
	t.Run("exemplars", func(t *testing.T) { prom.checkExemplars(t) })
	without, _, _ := strings.Cut(theDay["callhours.yaml"], "  - name: lost\n")
	server.reload(t, dir, without)
	prom.until(t, "that the series of a route are gone", func() bool {
		return len(
			prom.query(t,
				`callhours_decisions_total{route=~"lost|added"} or callhours_branch_active{route=~"lost|added"}`)) == 0
	})
	t.Logf("%d calls by %d branches", total, len(d.sent))
}

// day is a scripted day of calls.
type day struct {
	clock string
	added bool // the route that a reload adds is there
	mu    sync.Mutex
	sent  map[string]float64 // by branch and route, as query names them
}

// reload gives the server another configuration and tells it to read that.
func (p *process) reload(t *testing.T, dir, yaml string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, "callhours.yaml"), []byte(yaml), 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := http.Post(p.admin+"/-/reload", "", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	if text, err := io.ReadAll(r.Body); err != nil || r.StatusCode != http.StatusOK {
		t.Fatalf("reload: status %d, %v: %s", r.StatusCode, err, text)
	}
}

// set moves the server's clock to an hour of the present day.
func (d *day) set(t *testing.T, hour int) {
	t.Helper()
	zone, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	y, m, day := time.Now().In(zone).Date()
	next := d.clock + ".next"
	if err := os.WriteFile(next, []byte(time.Date(y, m, day, hour, 30, 0, 0, zone).Format(time.RFC3339)),
		0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(next, d.clock); err != nil {
		t.Fatal(err)
	}
}

// call makes the calls of moments[from:to], an even part of total at each, four at a time, and
// wants each to take the branch of the script.
func (d *day) call(t *testing.T, server string, from, to, total int) {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 4}}
	defer client.CloseIdleConnections()
	for _, h := range moments[from:to] {
		d.set(t, h.hour)
		var next atomic.Int64
		var busy sync.WaitGroup
		for range 4 {
			busy.Go(func() {
				for i := int(next.Add(1)); i <= total/len(moments); i = int(next.Add(1)) {
					caller := "+12025550147"
					if i%7 == 0 {
						caller = "+19005550123"
					}
					route, branch := "front-desk", h.desk
					switch i % 6 {
					case 1, 2:
						route = "shop"
					case 3:
						route, branch = "broken", h.openOnly
					case 4:
						route, branch = "acme/main", h.openOnly
					case 5:
						route, branch = "lost", "default"
					}
					if d.added && i%12 == 2 {
						route = "added"
					}
					if i%7 == 0 && slices.Contains([]string{"front-desk", "shop", "added"}, route) {
						branch = "unwanted"
					}
					d.one(t, client, server, route, branch, caller, fmt.Sprintf("call-%d-%d", h.hour, i))
				}
			})
		}
		busy.Wait()
		if r, err := client.PostForm(server+"/nowhere", url.Values{"Request": {"+14155550100"}}); err != nil ||
			r.StatusCode != http.StatusNotFound {
			t.Errorf("a call without a route: %v", err)
		} else {
			r.Body.Close()
		}
	}
}

func (d *day) one(t *testing.T, client *http.Client, server, route, branch, caller, id string) {
	r, err := client.PostForm(server+"/"+route,
		url.Values{"Request": {"+14155550100"}, "Caller-ID-Number": {caller}, "Call-ID": {id}})
	if err != nil {
		t.Errorf("%s: %v", id, err)
		return
	}
	defer r.Body.Close()
	_, _ = io.Copy(io.Discard, r.Body)
	want := branch
	if route == "broken" {
		want = "closed" // which answers when open fails
	}
	if got := r.Header.Get("X-Callhours-Branch"); got != want {
		t.Errorf("%s on %s is answered by %q, want %q", id, route, got, want)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.sent[branch+" "+route]++
}

// realPrometheus is a running Prometheus.
type realPrometheus struct{ api string }

var listening = regexp.MustCompile(`msg="Listening on" address=(\S+)`)

// startPrometheus starts the Prometheus of examples/prometheus, at an interval of a second, until
// the test ends.
func startPrometheus(t *testing.T, target string) *realPrometheus {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"prometheus.yaml", "recording.yaml", "alerts.yaml"} {
		text, err := os.ReadFile(filepath.Join("../../examples/prometheus", name))
		if err != nil {
			t.Fatal(err)
		}
		if name == "prometheus.yaml" {
			s := strings.NewReplacer("_interval: 15s", "_interval: 1s", "127.0.0.1:9480", target).Replace(string(text))
			if strings.Count(s, "_interval: 1s") != 2 || !strings.Contains(s, target) {
				t.Fatalf("examples/prometheus/%s has another shape than this test knows", name)
			}
			text = []byte(s)
		}
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	ctx, stop := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, "prometheus", "--config.file="+filepath.Join(dir, "prometheus.yaml"),
		"--storage.tsdb.path="+filepath.Join(dir, "data"),
		"--web.listen-address=127.0.0.1:0", "--enable-feature=exemplar-storage")
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stop()
		_ = cmd.Wait() // it says that it was killed
	})
	var said strings.Builder
	for lines := bufio.NewScanner(stderr); lines.Scan(); {
		if m := listening.FindStringSubmatch(lines.Text()); m != nil {
			go io.Copy(io.Discard, stderr)
			p := &realPrometheus{api: "http://" + m[1] + "/api/v1/"}
			p.until(t, "that it is ready", func() bool {
				r, err := http.Get("http://" + m[1] + "/-/ready")
				if err != nil {
					return false
				}
				r.Body.Close()
				return r.StatusCode == http.StatusOK
			})
			return p
		}
		fmt.Fprintln(&said, lines.Text())
	}
	t.Fatalf("prometheus did not start:\n%s", &said)
	return nil
}

// until asks ten times a second, for two minutes at most, until something holds.
func (p *realPrometheus) until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	limit, again := time.NewTimer(2*time.Minute), time.NewTicker(100*time.Millisecond)
	defer limit.Stop()
	defer again.Stop()
	for !holds() {
		select {
		case <-again.C:
		case <-limit.C:
			t.Fatalf("Prometheus does not show %s", what)
		}
	}
}

// get asks Prometheus' API and decodes the data of the answer. It gives what is wrong with the
// question.
func (p *realPrometheus) get(t *testing.T, path string, values url.Values, data any) error {
	t.Helper()
	r, err := http.Get(p.api + path + "?" + values.Encode())
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	var answer struct {
		Status, Error string
		Data          json.RawMessage
	}
	if err := json.NewDecoder(r.Body).Decode(&answer); err != nil {
		t.Fatalf("%s: status %d, %v", path, r.StatusCode, err)
	}
	if answer.Status != "success" {
		return fmt.Errorf("status %d: %s", r.StatusCode, answer.Error)
	}
	return json.Unmarshal(answer.Data, data)
}

// query is an instant query: values by the values of their labels, in the order of the labels'
// names.
func (p *realPrometheus) query(t *testing.T, expr string) map[string]float64 {
	t.Helper()
	var data struct {
		Result []struct {
			Metric map[string]string
			Value  [2]any
		}
	}
	if err := p.get(t, "query", url.Values{"query": {expr}}, &data); err != nil {
		t.Fatalf("%s: %v", expr, err)
	}
	found := map[string]float64{}
	for _, r := range data.Result {
		delete(r.Metric, "__name__")
		var labels []string
		for _, name := range slices.Sorted(maps.Keys(r.Metric)) {
			labels = append(labels, r.Metric[name])
		}
		n, err := strconv.ParseFloat(fmt.Sprint(r.Value[1]), 64)
		if err != nil {
			t.Fatalf("%s: %v", expr, err)
		}
		found[strings.Join(labels, " ")] = n
	}
	return found
}

// now is Prometheus' clock.
func (p *realPrometheus) now(t *testing.T) string {
	t.Helper()
	return strconv.FormatFloat(p.query(t, "vector(time())")[""], 'f', 3, 64)
}

// checkRules sees that every rule of the examples has been evaluated and none ended in an error.
func (p *realPrometheus) checkRules(t *testing.T) {
	var data struct {
		Groups []struct {
			Rules []struct{ Name, Health, LastError string }
		}
	}
	seen := 0
	p.until(t, "all rules evaluated", func() bool {
		if err := p.get(t, "rules", nil, &data); err != nil {
			t.Fatal(err)
		}
		seen = 0
		for _, g := range data.Groups {
			for _, r := range g.Rules {
				if r.Health == "unknown" {
					return false
				}
				seen++
			}
		}
		return true
	})
	for _, g := range data.Groups {
		for _, r := range g.Rules {
			if r.Health != "ok" {
				t.Errorf("%s: %s: %s", r.Name, r.Health, r.LastError)
			}
		}
	}
	if seen < 20 {
		t.Errorf("found %d rules, want those of examples/prometheus", seen)
	}
}

// checkDashboards runs every expression of the dashboards as Grafana would, and wants data of each.
func (p *realPrometheus) checkDashboards(t *testing.T) {
	files, err := filepath.Glob("../../examples/grafana/dashboards/*.json")
	if err != nil || len(files) < 2 {
		t.Fatalf("found %d dashboards, %v", len(files), err)
	}
	// Steps of a whole hour lie where nothing had been scraped yet.
	variables := strings.NewReplacer("[$__range:1h]", "[10m:1s]", "$__range", "10m", "$__rate_interval", "10s",
		"$utc_offset", "-5",
		"$job", ".*", "$instance", ".*", "$route", ".*", "$calendar", ".*")
	seen := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		type target struct {
			Expr    string
			Instant bool
		}
		var d struct {
			Annotations struct {
				List []struct{ Name, Expr string }
			}
			Panels []struct {
				Title   string
				Targets []target
			}
		}
		if err := json.Unmarshal(text, &d); err != nil {
			t.Fatal(err)
		}
		check := func(what string, from target) {
			seen++
			question, path := url.Values{"query": {variables.Replace(from.Expr)}}, "query"
			if now := time.Now(); !from.Instant {
				path = "query_range"
				question.Set("start", strconv.FormatInt(now.Add(-3*time.Minute).Unix(), 10))
				question.Set("end", strconv.FormatInt(now.Unix(), 10))
				question.Set("step", "1")
			}
			var data struct{ Result []json.RawMessage }
			if err := p.get(t, path, question, &data); err != nil || len(data.Result) == 0 {
				t.Errorf("%s, %s: %d series, %v: %s", filepath.Base(file), what, len(data.Result), err,
					question.Get("query"))
			}
		}
		for _, a := range d.Annotations.List {
			check("annotation "+a.Name, target{Expr: a.Expr})
		}
		for _, panel := range d.Panels {
			for _, from := range panel.Targets {
				check(panel.Title, from)
			}
		}
	}
	if seen < 40 {
		t.Errorf("found %d expressions, want those of examples/grafana", seen)
	}
	t.Logf("%d expressions", seen)
}

// checkExemplars sees that call ids reach Prometheus.
func (p *realPrometheus) checkExemplars(t *testing.T) {
	var data []struct {
		Exemplars []struct{ Labels map[string]string }
	}
	now := time.Now()
	at := func(d time.Duration) []string { return []string{strconv.FormatInt(now.Add(d).Unix(), 10)} }
	err := p.get(t, "query_exemplars",
		url.Values{
			"query": {"callhours_request_duration_seconds_bucket"}, "start": at(-time.Hour),
			"end": at(time.Minute),
		}, &data)
	if err != nil {
		t.Fatal(err)
	}
	for _, series := range data {
		for _, e := range series.Exemplars {
			if strings.HasPrefix(e.Labels["call_id"], "call-") {
				return
			}
		}
	}
	t.Errorf("Prometheus has no exemplar with a call id: %v", data)
}
