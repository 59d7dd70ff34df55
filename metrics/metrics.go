// Package metrics holds every metric that callhours exports, and nothing else. It decides nothing
// and reads no clock: callers report what happened and, where it matters, when.
//
// Label values come from the configuration and from the constants of this package, never from a
// call. Configure creates every series that a configuration can have, at 0, so that `increase()`
// includes the first increment, and removes those of routes, branches, calendars and tenants that
// are gone. Route and Calendar look a name up once; the methods of what they return take no lock
// and allocate nothing, so that a call is counted in nanoseconds.
//
// All methods may be called concurrently, and on nil, where they do nothing. An unknown name,
// branch or reason is not counted: metrics never stand between a call and its answer.
package metrics

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/prometheus/client_golang/prometheus"
)

// UnmatchedReason is why no route was found for a call.
type UnmatchedReason string

// The reasons of callhours_unmatched_calls_total.
const (
	NoPath          UnmatchedReason = "no_path"           // no route answers at the path
	OtherAccount    UnmatchedReason = "other_account"     // routes do, but none for the account
	NumberNotListed UnmatchedReason = "number_not_listed" // routes do, but none for the dialled number
	NoNumber        UnmatchedReason = "no_number"         // routes ask for a number and the call has none
)

// PanicPlace is what was being done when a panic was contained.
type PanicPlace string

// The places of callhours_panics_total.
const (
	PanicCall       PanicPlace = "call"       // answering a Pivot request
	PanicHours      PanicPlace = "hours"      // publishing hours on the Pivot listener
	PanicAdmin      PanicPlace = "admin"      // answering on the admin listener: console, API, metrics
	PanicConnection PanicPlace = "connection" // accepting and watching connections
	PanicFeed       PanicPlace = "feed"       // fetching or reading a feed or a calendar file
	PanicCalendar   PanicPlace = "calendar"   // expanding a calendar and compiling routes from it
	PanicConfig     PanicPlace = "config"     // loading the configuration, at start and at a reload
	PanicTemplate   PanicPlace = "template"   // parsing or running a template
	PanicFindings   PanicPlace = "findings"   // looking for findings, rendering ahead
	PanicLog        PanicPlace = "log"        // formatting and writing log lines
	PanicState      PanicPlace = "state"      // following the clock, keeping state, reading certificates
)

// Series that every installation has.
var (
	panicPlaces = [...]PanicPlace{
		PanicCall, PanicHours, PanicAdmin, PanicConnection, PanicFeed, PanicCalendar, PanicConfig, PanicTemplate,
		PanicFindings, PanicLog, PanicState,
	}
	unmatchedReasons = [...]UnmatchedReason{NoPath, OtherAccount, NumberNotListed, NoNumber}
	requestCodes     = [...]int{200, 400, 401, 403, 404, 405, 408, 413, 500, 503}
)

// Options say what runs. An empty field is exported as "unknown".
type Options struct {
	Version, Revision, GoVersion string // of the program
	TZDataVersion                string // such as 2025c
	TZDataSource                 string // where zone data comes from, such as system or embedded

	Findings []Finding // those that check can report; exported at 0 from the start
}

// Finding is a kind of thing that `check` has to say, with its severity: constants of the program.
type Finding struct{ Kind, Severity string }

// Metrics are the metrics of one running server. nil counts nothing.
type Metrics struct {
	series                        configuredSeries // whose names come from the configuration
	findings                      *prometheus.GaugeVec
	requests                      *prometheus.CounterVec
	shed, logDropped, stateFailed prometheus.Counter
	reloadOK, reloadTime          prometheus.Gauge
	filesHung, stateReadOnly      prometheus.Gauge
	duration                      prometheus.Histogram
	upstream                      *prometheus.HistogramVec    // without labels: it is there from the first request on
	exemplars                     prometheus.ExemplarObserver // duration
	lastExemplar                  atomic.Int64                // when the last one began, in its unit

	byCode   map[int]prometheus.Counter             // requests_total, for requestCodes
	byReason map[UnmatchedReason]prometheus.Counter // unmatched_calls_total
	byPlace  map[PanicPlace]prometheus.Counter      // panics_total

	mu            sync.Mutex // serializes Configure and Findings
	findingSeries []Finding  // that have a series; guarded by mu

	database database
}

// configuredSeries are the metrics whose series are labeled with names of the configuration. It is
// a prometheus.Collector.
type configuredSeries struct {
	families []family
	route    routeFamilies
	calendar calendarFamilies
	tenant   tenantFamilies
	info     routeInfo
	current  atomic.Pointer[seriesByName]
}

// seriesByName are the series of the running configuration: by name for look-ups, and each once for
// scrapes. A published one does not change.
type seriesByName struct {
	routes    map[string]*RouteMetrics
	calendars map[string]*CalendarMetrics
	tenants   map[string]*tenantSeries

	routeSeries    []*labeledSeries[string, routeSeries]
	branchSeries   []*labeledSeries[[2]string, branchSeries]
	stateSeries    []*labeledSeries[[3]string, stateSeries]
	calendarSeries []*labeledSeries[string, CalendarMetrics]
	tenantSeries   []*labeledSeries[string, tenantSeries]
}

// New creates the metrics that docs/metrics.md lists and registers them; with a nil registry,
// nowhere. The error is that the registry has one of the names already; nothing then stays
// registered.
func New(reg prometheus.Registerer, o Options) (*Metrics, error) {
	var all []prometheus.Collector
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		v := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "callhours_" + name, Help: help}, labels)
		all = append(all, v)
		return v
	}
	gauge := func(name, help string, labels ...string) *prometheus.GaugeVec {
		v := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "callhours_" + name, Help: help}, labels)
		all = append(all, v)
		return v
	}
	m := &Metrics{
		requests: counter("requests_total", "Requests on the Pivot listener, by HTTP status sent.", "code"),
		shed:     counter("shed_calls_total", "Calls refused with 503 because of overload.").WithLabelValues(),
		logDropped: counter("log_lines_dropped_total", "Log lines dropped because the log could not keep up.").
			WithLabelValues(),
		findings: gauge("findings", "Findings about the running configuration and its calendars.", "kind", "severity"),
		reloadOK: gauge("config_last_reload_successful",
			"Whether the last attempt to load the configuration succeeded.").
			WithLabelValues(),
		reloadTime: gauge("config_last_reload_success_timestamp_seconds",
			"When a configuration last went live; 0 if never.").WithLabelValues(),
		filesHung: gauge("file_reads_hung",
			"Reads and writes of files that were abandoned because the file system does not answer, and still hang.").
			WithLabelValues(),
		stateReadOnly: gauge("state_read_only",
			"Whether another process writes the state directory, so that this one does not.").WithLabelValues(),
		stateFailed: counter("state_write_failures_total",
			"Writes to the state directory that failed.").WithLabelValues(),
		duration: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name:    "callhours_request_duration_seconds",
			Help:    "Time to answer a request on the Pivot listener.",
			Buckets: []float64{.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5},

			NativeHistogramBucketFactor:     1.1,
			NativeHistogramMaxBucketNumber:  100,
			NativeHistogramMinResetDuration: time.Hour,
		}),
	}
	m.upstream = prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name:    "callhours_upstream_duration_seconds",
		Help:    "Time that calls waited for another Pivot server.",
		Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2, 4},

		NativeHistogramBucketFactor:     1.1,
		NativeHistogramMaxBucketNumber:  100,
		NativeHistogramMinResetDuration: time.Hour,
	}, nil)
	all = append(all, m.upstream)
	// Prometheus' client has it so for every histogram that it makes.
	m.exemplars, _ = m.duration.(prometheus.ExemplarObserver)
	m.database = database{
		up: gauge("database_up",
			"Whether the database of people and overrides can be used; missing if there is none."),
		queries: counter("database_queries_total",
			"Transactions in the database, by result; missing if there is none.", "result"),
	}
	panics := counter("panics_total", "Contained panics, by activity.", "where")
	unmatched := counter("unmatched_calls_total", "Calls without a route, by reason.", "reason")
	gauge("tzdata_info", "The time zone data in use; always 1.", "version", "source").
		WithLabelValues(orUnknown(o.TZDataVersion), orUnknown(o.TZDataSource)).Set(1)
	gauge("build_info", "The program that runs; always 1.", "version", "revision", "goversion").
		WithLabelValues(orUnknown(o.Version), orUnknown(o.Revision), orUnknown(o.GoVersion)).Set(1)

	m.findingSeries = slices.Clone(o.Findings)
	m.byCode = make(map[int]prometheus.Counter, len(requestCodes))
	for _, code := range requestCodes {
		m.byCode[code] = m.requests.WithLabelValues(strconv.Itoa(code))
	}
	m.byReason = make(map[UnmatchedReason]prometheus.Counter, len(unmatchedReasons))
	for _, reason := range unmatchedReasons {
		m.byReason[reason] = unmatched.WithLabelValues(string(reason))
	}
	m.byPlace = make(map[PanicPlace]prometheus.Counter, len(panicPlaces))
	for _, place := range panicPlaces {
		m.byPlace[place] = panics.WithLabelValues(string(place))
	}
	m.SetFindings(nil)
	m.series.describe()
	m.series.current.Store(&seriesByName{})
	if err := register(reg, append(all, m.duration, &m.series, &m.series.info)); err != nil {
		return nil, err
	}
	return m, nil
}

// describe creates the families whose series are labeled with names of the configuration.
func (c *configuredSeries) describe() {
	add := func(kind prometheus.ValueType, name, help string, labels ...string) family {
		f := family{prometheus.NewDesc("callhours_"+name, help, labels, nil), kind}
		c.families = append(c.families, f)
		return f
	}
	const counter, gauge = prometheus.CounterValue, prometheus.GaugeValue
	c.route = routeFamilies{
		decisions: add(counter, "decisions_total", "Calls by the branch that was decided.", "route", "branch", "state"),
		fallbacks: add(counter, "fallbacks_total",
			"Calls for which the decided branch could not answer, by that branch and reason.", "route", "branch",
			"reason"),
		upstream: add(counter, "upstream_requests_total",
			"Requests to the Pivot server that answers a branch, by result.", "route", "branch", "result"),
		unknown: add(counter, "unknown_decisions_total",
			"Calls decided while a calendar needed to decide was unknown.", "route"),
		lastCall: add(gauge, "last_call_timestamp_seconds", "When the last call came in; 0 if none has.", "route"),
		active: add(gauge, "branch_active",
			"Whether an ordinary call takes the branch at present; 1 for one branch of a route.", "route", "branch",
			"state"),
		match: add(gauge, "route_match",
			"The name that a condition finds in the title of the event that decides at present, such as who is on call; always 1.",
			"route", "name"),
		nextChange: add(gauge, "next_change_timestamp_seconds",
			"When an ordinary call takes another branch; +Inf if no change is planned.", "route"),
		nextSpan: add(gauge, "next_span_timestamp_seconds",
			"When an ordinary call takes another branch, or the same one by another event; +Inf if no change is planned.",
			"route"),
	}
	c.calendar.fetches = add(counter, "calendar_fetches_total", "Attempts to read the calendar, by result.", "calendar",
		"result")
	for i, g := range [calendarGauges]struct{ name, help string }{
		calendarUp:      {"up", "Whether the last attempt to read the calendar succeeded."},
		calendarUnknown: {"unknown", "Whether the calendar is unknown: never read, or its copy has expired."},
		calendarLastSuccess: {
			"last_success_timestamp_seconds",
			"When the calendar was last read or confirmed unchanged; 0 if never.",
		},
		calendarEvents:   {"events", "Events in the calendar, after only and except."},
		calendarActive:   {"active_events", "Events of the calendar that are on at present."},
		calendarRejected: {"rejected_events", "Events in the calendar that could not be used."},
		calendarUnmatched: {
			"unmatched_events",
			"Events in the calendar that no condition matches; missing if they are not counted.",
		},
		calendarLastEvent: {
			"last_event_timestamp_seconds",
			"When the last event of the calendar ends, within the horizon; 0 if it has none.",
		},
		calendarAhead: {
			"expected_ahead_seconds",
			"How far ahead the calendar is expected to have events; 0 without expect.",
		},
		calendarCovered: {
			"expected_covered",
			"Whether an event of the calendar is expected to be on at any time.",
		},
		calendarMayBeEmpty: {"may_be_empty", "Whether the calendar may be without events."},
	} {
		c.calendar.gauges[i] = add(gauge, "calendar_"+g.name, g.help, "calendar")
	}
	c.tenant = tenantFamilies{
		rejected: add(gauge, "config_rejected",
			"Whether the tenant's present files are refused and its last accepted files answer.", "tenant"),
		shed: add(counter, "tenant_shed_calls_total",
			"Calls refused with 503 because their tenant's calls are too many or too slow; also in shed_calls_total.", "tenant"),
	}
}

// register registers all of them or, with an error, none.
func register(reg prometheus.Registerer, all []prometheus.Collector) error {
	if reg == nil {
		return nil
	}
	for i, c := range all {
		if err := reg.Register(c); err != nil {
			for _, done := range all[:i] {
				reg.Unregister(done)
			}
			return fmt.Errorf("metrics: a name is registered already: %w", err)
		}
	}
	return nil
}

// ObserveRequest counts one answered request on the Pivot listener by the HTTP status sent and the
// time it took.
func (m *Metrics) ObserveRequest(code int, took time.Duration) {
	if m != nil {
		m.countRequest(code)
		m.duration.Observe(took.Seconds())
	}
}

// ObserveCall is ObserveRequest for a call that a route answered at a moment. One call of each
// tenth of a second, and every slow one, becomes an exemplar with the call's id, which finds its
// line in the log. The id comes from outside: it may be of any length and content.
func (m *Metrics) ObserveCall(code int, took time.Duration, id string, at time.Time) {
	switch {
	case m == nil:
	case id == "" || !m.nextExemplar(at) && took < exemplarSlow:
		m.ObserveRequest(code, took)
	default:
		m.countRequest(code)
		m.exemplars.ObserveWithExemplar(took.Seconds(), prometheus.Labels{callID: exemplarText(id)})
	}
}

// nextExemplar reports whether a moment is in a later interval than the last exemplar. Two calls at
// once may both get true.
func (m *Metrics) nextExemplar(at time.Time) bool {
	unit := at.UnixNano() / int64(exemplarEvery)
	if m.lastExemplar.Load() == unit {
		return false
	}
	m.lastExemplar.Store(unit)
	return true
}

func (m *Metrics) countRequest(code int) {
	c, ok := m.byCode[code]
	if !ok {
		c = m.requests.WithLabelValues(strconv.Itoa(code))
	}
	c.Inc()
}

// Which calls become exemplars. One costs ten times what counting does.
const (
	callID        = "call_id"
	exemplarEvery = 100 * time.Millisecond
	exemplarSlow  = 25 * time.Millisecond
)

// exemplarText cuts a text to what an exemplar has room for, 128 characters with its label's name,
// and replaces what cannot be printed. Prometheus' client panics on more and on what is not UTF-8.
func exemplarText(s string) string {
	var b strings.Builder
	room := prometheus.ExemplarMaxRunes - len(callID)
	for _, r := range s {
		if room == 0 {
			break
		}
		if !unicode.IsPrint(r) {
			r = utf8.RuneError
		}
		b.WriteRune(r)
		room--
	}
	return b.String()
}

// IncUnmatched counts a call that no route answers.
func (m *Metrics) IncUnmatched(reason UnmatchedReason) {
	if m == nil {
		return
	}
	if c := m.byReason[reason]; c != nil {
		c.Inc()
	}
}

// ObserveUpstream counts the time that a call waited for another Pivot server.
func (m *Metrics) ObserveUpstream(took time.Duration) {
	if m != nil {
		m.upstream.WithLabelValues().Observe(took.Seconds())
	}
}

// IncShed counts a call that is rejected for overload. ObserveRequest counts its 503 as well.
func (m *Metrics) IncShed() {
	if m != nil {
		m.shed.Inc()
	}
}

// SetFindings sets how many findings `check` reports for the running configuration, in place of the
// former numbers.
func (m *Metrics) SetFindings(counts map[Finding]int) {
	if m == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for finding := range counts {
		if !slices.Contains(m.findingSeries, finding) {
			m.findingSeries = append(m.findingSeries, finding)
		}
	}
	for _, f := range m.findingSeries {
		m.findings.WithLabelValues(validUTF8(f.Kind), validUTF8(f.Severity)).Set(float64(counts[f]))
	}
}

// unixSeconds returns a moment in seconds since 1970; 0 for the zero time, which means never.
func unixSeconds(t time.Time) float64 {
	if t.IsZero() {
		return 0
	}
	return float64(t.UnixMilli()) / 1000
}

// orUnknown returns the value of a label. An empty one would drop the label.
func orUnknown(s string) string { return validUTF8(cmp.Or(s, "unknown")) }

// validUTF8 replaces invalid UTF-8, at which Prometheus' client panics.
func validUTF8(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }
