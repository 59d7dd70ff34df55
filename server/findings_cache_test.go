package server

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/callhours/callhours/preview"
)

// asked is the JSON of /api/v1/findings.
type asked struct {
	Findings []map[string]any
	Pending  int
}

func (w *world) asked(t testing.TB) asked {
	t.Helper()
	var got asked
	if err := json.Unmarshal([]byte(body(t, w.people(t, findingsPath, "localhost"))), &got); err != nil {
		t.Fatal(err)
	}
	return got
}

// punctual is a calendar from a server whose clock is that of these tests.
func punctual(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Date", monday.Format(http.TimeFormat))
		calendarBody(text)(w, r)
	}
}

// TestLiveFindings: what there is to say of the live configuration follows its calendars and the
// clock, and is found by nobody's request.
func TestLiveFindings(t *testing.T) {
	t.Parallel()
	f := newFeed(t)
	f.on(punctual(ics(open, event("Opne 9-12", "20261205T090000"+ny, "20261205T120000"+ny))))
	w := fed(t, f, oneFeed)
	if got := w.asked(t); len(got.Findings) != 0 || got.Pending < 3 {
		t.Errorf("before anybody has looked: %v", got)
	}
	w.prerenderQueued(t.Context())
	got := w.asked(t)
	if len(got.Findings) != 1 || got.Pending != 0 {
		t.Fatalf("got %v, want one finding", got)
	}
	for key, want := range map[string]any{
		"file": "callhours.yaml", "line": 6., "kind": "near_miss",
		"severity": "warning", "calendar": "hours", "route": "", "branch": "",
	} {
		if got.Findings[0][key] != want {
			t.Errorf("%s: got %v, want %v", key, got.Findings[0][key], want)
		}
	}
	if text, _ := got.Findings[0]["message"].(string); !strings.HasPrefix(text,
		`line 12 of the feed: "Opne 9-12" (1 event, on `) {
		t.Errorf("got %q", text)
	}
	count := func(want string) {
		t.Helper()
		if page := body(t, w.people(t, "/metrics", "localhost")); !strings.Contains(page, want+"\n") {
			t.Errorf("/metrics lacks %s", want)
		}
	}
	count(`callhours_findings{kind="near_miss",severity="warning"} 1`)
	for _, k := range preview.Kinds() {
		if k.Name != "near_miss" {
			count(`callhours_findings{kind="` + k.Name + `",severity="` + k.Severity + `"} 0`)
		}
	}

	f.on(punctual(ics(open)))
	if _, err := w.refreshFeed(t.Context(), "hours"); err != nil {
		t.Fatal(err)
	}
	w.prerenderQueued(t.Context())
	if got := w.asked(t); len(got.Findings) != 0 {
		t.Errorf("after it was corrected: %v", got)
	}
	f.on(withStatus(500, "Date", monday.Format(http.TimeFormat)))
	if _, err := w.refreshFeed(t.Context(), "hours"); err != nil {
		t.Fatal(err)
	}
	if got := w.asked(t); len(got.Findings) != 1 || got.Findings[0]["kind"] != "feed_failed" {
		t.Errorf("while the feed fails: %v", got)
	}
	count(`callhours_findings{kind="feed_failed",severity="warning"} 1`)
}

// TestFindingsFollowTheClock: a calendar that ends does so though nothing changes in it.
func TestFindingsFollowTheClock(t *testing.T) {
	t.Parallel()
	w := started(t, office,
		map[string]string{"hours.ics": ics(open), "holidays.ics": ics(event("Moving", "20270601", "20270602"))})
	w.prerenderQueued(t.Context())
	if found := w.Findings(); len(found) != 0 {
		t.Fatalf("got %v", found)
	}
	w.at(monday.AddDate(0, 5, 0))
	w.Advance()
	w.prerenderQueued(t.Context())
	if found := w.Findings(); len(found) != 1 || found[0].Kind != "ends_soon" {
		t.Errorf("got %v, want that the holidays end", found)
	}
}

// TestFindingsAfterReload: what is said of a former configuration is forgotten.
func TestFindingsAfterReload(t *testing.T) {
	t.Parallel()
	w := started(t, office, map[string]string{"holidays.ics": ics()})
	former := w.live.Load().routes
	w.prerenderQueued(t.Context())
	if found := w.Findings(); len(found) != 1 || found[0].Kind != "no_events_ahead" {
		t.Fatalf("got %v, want that there are no holidays", found)
	}
	next, err := load(t, head+office, map[string]string{"holidays.ics": ics(christmas)})
	if err != nil {
		t.Fatal(err)
	}
	w.store.Subscribe(next.subscriptions())
	w.swap(next)
	w.lintRoute(t.Context(), former[0], nil, monday) // too late
	w.prerenderQueued(t.Context())
	if found := w.Findings(); len(found) != 0 {
		t.Errorf("got %v", found)
	}
}
