package server

import (
	"bytes"
	"log/slog"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/callhours/callhours/config"
	"github.com/callhours/callhours/examples"
	"github.com/callhours/callhours/internal/growth"
	"github.com/callhours/callhours/pivot"
	"github.com/callhours/callhours/preview"
)

// TestYear: for every quarter of an hour of 2027, the clock moved along, a POST to the server and
// explain agree on branch and body, and both with what a person reads in the example's calendars.
func TestYear(t *testing.T) {
	t.Parallel()
	file, err := config.Load(examples.Config, config.Options{FS: examples.FrontDesk()})
	if err != nil {
		t.Fatal(err)
	}
	file.StateDir = "" // there is no directory beside it
	g, err := Build(file, examples.FrontDesk(), monday)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{registry: prometheus.NewRegistry(), now: monday}
	w.Server = New(Options{Generation: g, Registry: w.registry, Log: slog.New(slog.DiscardHandler), Now: w.clock})
	w.Start()
	p := g.Preview()
	newYork, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("the machine's zone is %s", os.Getenv("TZ"))
	every := 15 * time.Minute
	if growth.UnderRace {
		every *= 25 // which meets every quarter of an hour in turn
	}
	seen := map[string]int{}
	end := time.Date(2028, 1, 1, 0, 0, 0, 0, newYork)
	for at := time.Date(2027, 1, 1, 0, 0, 0, 0, newYork); at.Before(end); at = at.Add(every) {
		w.at(at)
		w.Advance()
		got := w.call(post("/front-desk", "Request", "+14155550100", "Caller-ID-Number", "+12025550147"))
		call := pivot.New(map[string]string{"Request": "+14155550100", "Caller-ID-Number": "+12025550147"})
		e, err := p.Explain(t.Context(), preview.Question{Path: "/front-desk", Call: &call, At: at})
		if err != nil {
			t.Fatal(err)
		}
		answer := []byte(body(t, got))
		if got.StatusCode != e.Answer.Status || got.Header.Get("X-Callhours-Branch") != e.Answer.Branch ||
			!bytes.Equal(answer, e.Answer.Callflow) {
			t.Fatalf("%s: the server says %d %s %s\nexplain says %d %s %s", at, got.StatusCode,
				got.Header.Get("X-Callhours-Branch"), answer,
				e.Answer.Status, e.Answer.Branch, e.Answer.Callflow)
		}
		if want := branchOf(at); e.Branch != want {
			t.Fatalf("%s: got branch %s because %s, want %s", at, e.Branch, e.Reason, want)
		}
		seen[e.Branch]++
	}
	if total := int((365*24*time.Hour + every - 1) / every); seen["open"]+seen["closed"]+seen["lunch"]+seen["holiday"]+
		seen["closed-by-hand"] != total {
		t.Errorf("got %v, want %d moments", seen, total)
	}
	for _, branch := range []string{"closed-by-hand", "open", "holiday", "lunch", "closed"} {
		if seen[branch] == 0 {
			t.Errorf("branch %s was never taken", branch)
		}
	}
	t.Logf("moments by branch: %v", seen)
}

// TestYearElsewhere: the zone of the machine changes nothing. A zone is a process' own, so that it
// runs in another one.
func TestYearElsewhere(t *testing.T) {
	if growth.UnderRace {
		t.Skip("it asks 35,040 times; the run without the race detector has it")
	}
	t.Parallel()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self, "-test.run=^TestYear$", "-test.v")
	cmd.Env = append(os.Environ(), "TZ=Pacific/Apia")
	out, err := cmd.CombinedOutput()
	if err != nil || !bytes.Contains(out, []byte("--- PASS: TestYear ")) ||
		!bytes.Contains(out, []byte("the machine's zone is Pacific/Apia")) {
		t.Errorf("with TZ=Pacific/Apia: %v\n%s", err, out)
	}
}

// exceptions are the days of 2027 on which the example's office does not keep its weekly hours.
var exceptions = map[string]string{
	"01-01": "holiday", "01-18": "holiday", "02-15": "holiday", "05-31": "holiday", "06-18": "holiday",
	"07-05": "holiday", "09-06": "holiday", "11-25": "holiday", "12-24": "holiday",
	"12-31": "holiday",
	"06-30": "afternoon", "09-10": "closed", "11-26": "short", "12-23": "short",
}

// branchOf reads the calendars as a person does.
func branchOf(at time.Time) string {
	day, minutes := exceptions[at.Format("01-02")], at.Hour()*60+at.Minute()
	weekday := at.Weekday() != time.Saturday && at.Weekday() != time.Sunday
	lunch := weekday && 12*60 <= minutes && minutes < 13*60
	switch {
	case day == "closed", day == "afternoon" && 13*60 <= minutes && minutes < 17*60:
		return "closed-by-hand"
	case day == "holiday":
		return "holiday"
	case day == "short" && 9*60 <= minutes && minutes < 12*60:
		return "open"
	case lunch:
		return "lunch"
	case day != "short" && weekday && 9*60 <= minutes && minutes < 17*60:
		return "open"
	}
	return "closed"
}
