package server

import (
	"hash/maphash"
	"log/slog"
	"sync"
	"time"

	"github.com/callhours/callhours/calendars/ical"
)

// Bounds of the log lines about problems, whose texts a calendar's author can change at each fetch.
const (
	maxLoggedProblems   = 20        // of a calendar, each time that it changes
	maxComparedProblems = 1_000     // of a calendar, with those that the log has
	maxOwnerProblems    = 1_000     // lines about problems in what an owner wrote, in ownerProblemsEvery
	ownerProblemsEvery  = time.Hour // then all owners begin anew
)

// problemLog logs problems of calendars, each once. The zero value is ready to use. It is safe for
// concurrent use.
type problemLog struct {
	seed maphash.Seed // made once
	once sync.Once

	mu     sync.Mutex                 // guards the following
	logged map[string]map[uint64]bool // hashes of problems, by calendar
	since  time.Time                  // when counting lines began
	lines  map[string]int             // by owner
}

// problemReport holds the new problems of a calendar. It keeps the text of those that are logged
// alone, since many calendars may have many problems.
type problemReport struct {
	rejected int      // problems that cost something
	total    int      // problems
	lines    []string // those that are new, the first of them
	sums     []uint64 // of those that are new, lines first
	more     int      // new or not compared, and without a line
	known    map[uint64]bool
}

// report finds the problems of a calendar that have not been logged.
func (l *problemLog) report(name string, problems []ical.Problem) *problemReport {
	l.once.Do(func() { l.seed = maphash.MakeSeed() })
	l.mu.Lock()
	logged := l.logged[name] // replaced as a whole, never modified
	l.mu.Unlock()
	r := &problemReport{total: len(problems), known: map[uint64]bool{}}
	for i, p := range problems {
		if !p.Harmless {
			r.rejected++
		}
		if i >= maxComparedProblems {
			continue
		}
		sum := maphash.Comparable(l.seed, p)
		switch {
		case logged[sum]:
			r.known[sum] = true
		case len(r.lines) < maxLoggedProblems:
			r.lines = append(r.lines, p.String())
			fallthrough
		default:
			r.sums = append(r.sums, sum)
		}
	}
	if r.more = len(r.sums) - len(r.lines); len(r.lines) == maxLoggedProblems {
		r.more += max(0, len(problems)-maxComparedProblems)
	}
	return r
}

// write logs the new problems. Those beyond the owner's bound stay new, and are logged later.
func (l *problemLog) write(log *slog.Logger, now time.Time, owner, name string, r *problemReport) {
	logged, more := r.known, r.more > 0
	for i, line := range r.lines {
		if !l.allow(log, now, owner) {
			more = false
			break
		}
		log.Warn("problem in a calendar", slog.String("calendar", name), slog.String("problem", line))
		logged[r.sums[i]] = true
	}
	if more && l.allow(log, now, owner) {
		for _, sum := range r.sums[len(r.lines):] {
			logged[sum] = true
		}
		log.Warn("more problems in a calendar", slog.String("calendar", name), slog.Int("more", r.more),
			slog.Int("problems", r.total))
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.logged == nil {
		l.logged = map[string]map[uint64]bool{}
	}
	if l.logged[name] = logged; len(logged) == 0 {
		delete(l.logged, name)
	}
}

// allow counts a line about an owner's problem, and reports whether it may be logged. The first that
// may not is replaced by a line that says so.
func (l *problemLog) allow(log *slog.Logger, now time.Time, owner string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if passed := now.Sub(l.since); l.lines == nil || passed >= ownerProblemsEvery || passed < 0 {
		l.since, l.lines = now, map[string]int{}
	}
	l.lines[owner]++
	if l.lines[owner] == maxOwnerProblems+1 {
		log.Warn("too many problems are new; further ones of this owner are logged later", slog.String("owner", owner),
			slog.Time("from", l.since.Add(ownerProblemsEvery)))
	}
	return l.lines[owner] <= maxOwnerProblems
}

// retain removes the problems of calendars that no longer exist.
func (l *problemLog) retain(calendars map[string]*calendar) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for name := range l.logged {
		if calendars[name] == nil {
			delete(l.logged, name)
		}
	}
}
