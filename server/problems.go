package server

import (
	"fmt"
	"strings"

	"github.com/callhours/callhours/preview"
	"github.com/callhours/callhours/render"
)

// problemIndex holds what is wrong now with routes and with the calendars that they use, so that
// the problems of many routes are found quickly.
type problemIndex struct {
	live       *live
	decisions  *decisions
	byRoute    map[string][]preview.Problem
	byCalendar map[string][]preview.Problem
}

// routeProblems gives the problems of routes as they are now.
func (s *Server) routeProblems() preview.ProblemSource {
	x := &problemIndex{
		live: s.live.Load(), decisions: &s.decisions,
		byRoute: map[string][]preview.Problem{}, byCalendar: map[string][]preview.Problem{},
	}
	if x.live == nil {
		return func(*render.Route) preview.Problems { return preview.Problems{} }
	}
	s.findingsCache.each(x.add)
	x.add(s.feedFindings())
	for _, c := range x.live.file.Calendars {
		snapshot := s.store.Snapshot(c.Name)
		if snapshot.Unknown() || snapshot.Err != nil || !snapshot.Stale { // else a finding says so
			continue
		}
		p := preview.NewProblem(preview.Warning, preview.CalendarStale,
			fmt.Sprintf("calendar %s was last read %s and has not been confirmed since", c.Name,
				snapshot.Read.UTC().Format("Mon 2 Jan 2006, 15:04 MST")))
		p.Calendar = c.Name
		x.byCalendar[c.Name] = append(x.byCalendar[c.Name], p)
	}
	return x.of
}

// add adds the findings that concern calls.
func (x *problemIndex) add(found []preview.Finding) {
	for _, f := range found {
		switch {
		case !f.ConcernsCalls():
		case f.Route != "":
			x.byRoute[f.Route] = append(x.byRoute[f.Route], f.Problem())
		default:
			x.byCalendar[f.Calendar] = append(x.byCalendar[f.Calendar], f.Problem())
		}
	}
}

// of gives the problems of a route: those of its calls first.
func (x *problemIndex) of(route *render.Route) preview.Problems {
	var all []preview.Problem
	if p, failed := x.failingCalls(route); failed {
		all = append(all, p)
	}
	all = append(all, x.byRoute[route.Name]...)
	for _, name := range route.Calendars() {
		all = append(all, x.byCalendar[name]...)
	}
	return preview.NewProblems(all)
}

// failingCalls is the problem that the last calls of a route were not answered by the branch that
// was decided. It is an error, and a warning once the configuration has changed since.
func (x *problemIndex) failingCalls(route *render.Route) (preview.Problem, bool) {
	r := x.decisions.ring(route.Name)
	if r == nil {
		return preview.Problem{}, false
	}
	calls, last := r.failing()
	if calls == 0 {
		return preview.Problem{}, false
	}
	t := last.export()
	text, verb := "the last call was", "was"
	if calls > 1 {
		text, verb = fmt.Sprintf("the last %d calls were", calls), "were"
	}
	if t.Answered != "" {
		text += fmt.Sprintf(" answered by %s instead of %s", t.Answered, t.Branch)
	} else {
		text = strings.TrimSuffix(text, verb) + "got no answer"
	}
	reason, cause, _ := strings.Cut(t.Failure, ": ")
	if words := render.Reason(reason).InWords(); words != "" {
		text += ", since " + words
	} else {
		cause = t.Failure
	}
	text += last.at.In(route.Zone).Format(" (Mon 2 Jan 2006 15:04)")
	if cause != "" {
		text += ": " + cause
	}
	severity := preview.Error
	if t.Generation != x.live.Name() {
		severity, text = preview.Warning, text+"; the configuration has changed since"
	}
	p := preview.NewProblem(severity, preview.CallsFailed, text)
	p.Branch = t.Branch
	return p, true
}

// ring is that of a route; nil if it has none.
func (d *decisions) ring(route string) *ring {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.rings[route]
}

// failing counts the last calls in a row that were not answered as decided, and gives the latest of
// them.
func (r *ring) failing() (calls int, latest trace) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for n := min(r.count, len(r.traces)); calls < n; calls++ {
		t := &r.traces[(r.count-1-calls)%r.size]
		if !t.failed() {
			break
		}
		if calls == 0 {
			latest = *t
		}
	}
	return calls, latest
}

// failed reports whether the call was not answered as decided, unless a template asked for that.
func (t *trace) failed() bool {
	if t.status < 500 && strings.HasPrefix(t.failure, string(render.Deliberate)+": ") {
		return false
	}
	return t.answered != t.branch || t.status >= 500
}
