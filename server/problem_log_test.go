package server

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/callhours/callhours/calendars/ical"
)

// logged is how often a log has each of some messages.
func logged(log *bytes.Buffer) (problems, more, ended int) {
	text := log.String()
	log.Reset()
	return strings.Count(text, `msg="problem in a calendar"`), strings.Count(text, `msg="more problems in a calendar"`),
		strings.Count(text, `msg="too many problems are new`)
}

// worded are problems that are worded differently for each of some versions of a calendar.
func worded(n, version int) (problems []ical.Problem) {
	for i := range n {
		problems = append(problems, ical.Problem{Line: i + 1, Message: fmt.Sprintf("bad-%d", version), Harmless: i%2 == 1})
	}
	return problems
}

// TestProblemLog: of a calendar the first new problems are logged, and the others counted; what was
// logged or counted is not new.
func TestProblemLog(t *testing.T) {
	t.Parallel()
	var buf bytes.Buffer
	var l problemLog
	log := slog.New(slog.NewTextHandler(&buf, nil))
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	for i, c := range []struct {
		problems []ical.Problem
		lines    int
		more     string // what is counted; "": nothing
	}{
		{worded(maxLoggedProblems, 0), maxLoggedProblems, ""},
		{worded(maxLoggedProblems, 0), 0, ""},
		{worded(maxLoggedProblems+1, 0), 1, ""},
		{worded(maxLoggedProblems+1, 1), maxLoggedProblems, "more=1 problems=21"},
		{worded(maxLoggedProblems+1, 1), 0, ""},
		{worded(maxComparedProblems, 2), maxLoggedProblems, "more=980 problems=1000"},
		{worded(maxComparedProblems+1, 2), 0, ""},
		{worded(maxComparedProblems+1, 3), maxLoggedProblems, "more=981 problems=1001"},
		{nil, 0, ""},
		{worded(1, 3), 1, ""},
	} {
		r := l.report("acme/hours", c.problems)
		if want := (len(c.problems) + 1) / 2; r.rejected != want {
			t.Errorf("%d: %d cost something, want %d", i, r.rejected, want)
		}
		if len(r.lines) > maxLoggedProblems || len(r.known)+len(r.sums) > maxComparedProblems {
			t.Errorf("%d: %d lines and %d sums are kept", i, len(r.lines), len(r.known)+len(r.sums))
		}
		l.write(log, now, "acme", "acme/hours", r)
		if !strings.Contains(buf.String(), c.more) {
			t.Errorf("%d: the log lacks %s", i, c.more)
		}
		lines, more, _ := logged(&buf)
		if lines != c.lines || more > 0 != (c.more != "") {
			t.Errorf("%d: %d lines, and %d that count, want %d and %q", i, lines, more, c.lines, c.more)
		}
	}
}

// TestProblemsOfAnOwner: calendars whose problems are worded anew at each fetch are logged so often,
// then one line says so; another owner's are logged, and what was not said is said later.
func TestProblemsOfAnOwner(t *testing.T) {
	t.Parallel()
	var buf bytes.Buffer
	var l problemLog
	log := slog.New(slog.NewTextHandler(&buf, nil))
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	fetch := func(owner string, calendars, version int) (lines, ended int) {
		for i := range calendars {
			name := fmt.Sprintf("%s/c%d", owner, i)
			l.write(log, now, owner, name, l.report(name, worded(100, version)))
		}
		problems, more, ended := logged(&buf)
		return problems + more, ended
	}
	const whole = maxOwnerProblems / (maxLoggedProblems + 1) // calendars that are logged wholly
	if lines, ended := fetch("evil", whole, 0); lines != whole*(maxLoggedProblems+1) || ended != 0 {
		t.Fatalf("within the bound: %d lines, %d that it ends", lines, ended)
	}
	const left = maxOwnerProblems - whole*(maxLoggedProblems+1)
	for i, want := range []int{left, 0, 0} {
		version := i + 1
		if lines, ended := fetch("evil", 200, version); lines != want || ended != min(want, 1) {
			t.Errorf("version %d: %d lines, %d that it ends, want %d", version, lines, ended, want)
		}
	}
	if lines, _ := fetch("good", 1, 0); lines != maxLoggedProblems+1 {
		t.Errorf("another owner's: %d lines", lines)
	}
	now = now.Add(ownerProblemsEvery)
	if lines, _ := fetch("evil", 1, 3); lines != maxLoggedProblems+1 {
		t.Errorf("later: %d lines of those that were not said", lines)
	}
	l.retain(map[string]*calendar{"good/c0": {}})
	if len(l.logged) != 1 || len(l.lines) != 1 {
		t.Errorf("calendars %d and owners %d are kept", len(l.logged), len(l.lines))
	}
}

// TestMistakesOfAnOwner: a tenant whose files have other mistakes at each look has so many lines of
// the log; the operator's are all logged, and pages show both.
func TestMistakesOfAnOwner(t *testing.T) {
	t.Parallel()
	files := func(evil string) map[string]string {
		return map[string]string{"tenants/evil/main.yaml": evil, "tenants/good/main.yaml": says("good", "1", "")}
	}
	w, f := reloadable(t, directories, files(says("evil", "1", "")))
	w.Start()
	w.problemLog.lines, w.problemLog.since = map[string]int{"tenants/evil": maxOwnerProblems - 1}, w.options.Now()
	lines := func(name string) int { return strings.Count(w.log.String(), name+"/main.yaml:1:1: unknown key") }
	for i := range 3 {
		f.set(directories, files(fmt.Sprintf("x%d: 1\n%s", i, says("evil", "1", ""))))
		if err := w.Reload(t.Context()); err == nil || len(w.Status().Mistakes) != 1 {
			t.Fatalf("%d: got %v, and %v", i, err, w.Status().Mistakes)
		}
	}
	if got := lines("evil"); got != 1 {
		t.Errorf("%d lines about evil, want 1", got)
	}
	for i := range 3 {
		f.set("x: 1\n"+directories, files(says("evil", fmt.Sprint(i), "")))
		if err := w.Reload(t.Context()); err == nil {
			t.Fatal("the main file is not refused")
		}
	}
	if got := strings.Count(w.log.String(), "unknown key"); got != 1+3 {
		t.Errorf("%d lines in all, want 4:\n%s", got, w.log)
	}
}
