package server

import (
	"hash/maphash"
	"log/slog"
	"sync"
	"time"

	"github.com/callhours/callhours/calendars/ical"
)

// Bounds of what the log says of problems, which whoever writes a calendar can word anew at each
// fetch.
const (
	maxLoggedProblems   = 20        // of a calendar, each time that it changes
	maxComparedProblems = 1_000     // of a calendar, with those that the log has
	maxOwnerProblems    = 1_000     // lines about problems of an owner's calendars and routes in ownerProblemsEvery
	ownerProblemsEvery  = time.Hour // then all owners begin anew
)

// problemLog is what the log has said of problems. The zero value has said nothing. It is safe for
// concurrent use.
type problemLog struct {
	seed maphash.Seed // made once
	once sync.Once

	mu    sync.Mutex // guards the following
	said  map[string]map[uint64]bool
	since time.Time      // from when on lines are counted
	lines map[string]int // by owner
}

// problemReport is what there is to say of a calendar's problems. It keeps no more of them than is
// said, since there may be many of each of many calendars.
type problemReport struct {
	rejected int      // problems that cost something
	total    int      // problems
	lines    []string // those that are new, the first of them
	sums     []uint64 // of those that are new, lines first
	more     int      // new ones, or such as are not compared, that have no line
	known    map[uint64]bool
}

// report compares problems with what the log has said of the calendar.
func (l *problemLog) report(name string, problems []ical.Problem) *problemReport {
	l.once.Do(func() { l.seed = maphash.MakeSeed() })
	l.mu.Lock()
	said := l.said[name] // which is replaced, and never changed
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
		case said[sum]:
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

// write logs what is new. What an owner may not say any more is said when it may.
func (l *problemLog) write(log *slog.Logger, now time.Time, owner, name string, r *problemReport) {
	said, more := r.known, r.more > 0
	for i, line := range r.lines {
		if !l.allow(log, now, owner) {
			more = false
			break
		}
		log.Warn("problem in a calendar", slog.String("calendar", name), slog.String("problem", line))
		said[r.sums[i]] = true
	}
	if more && l.allow(log, now, owner) {
		for _, sum := range r.sums[len(r.lines):] {
			said[sum] = true
		}
		log.Warn("more problems in a calendar", slog.String("calendar", name), slog.Int("more", r.more),
			slog.Int("problems", r.total))
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.said == nil {
		l.said = map[string]map[uint64]bool{}
	}
	if l.said[name] = said; len(said) == 0 {
		delete(l.said, name)
	}
}

// allow counts a line about a problem of an owner's; false if there were too many, which is said
// once.
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

// retain forgets what was said of calendars that are gone.
func (l *problemLog) retain(calendars map[string]*calendar) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for name := range l.said {
		if calendars[name] == nil {
			delete(l.said, name)
		}
	}
}
