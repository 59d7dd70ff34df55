package preview

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/callhours/callhours/calendars"
	"github.com/callhours/callhours/internal/diag"
	"github.com/callhours/callhours/render"
	"github.com/callhours/callhours/routes"
)

// LintOptions are what a Lint looks at.
type LintOptions struct {
	Routes    []*render.Route
	Calendars map[string]Calendar  // by name
	Timelines *calendars.Timelines // their horizon is how far a Lint sees
	// Branch is where a branch of a route is written; the zero Pos for one that is built in.
	Branch func(route string, branch int) diag.Pos
}

// Calendar is a calendar of the configuration, where it is written, and what it is expected to
// hold.
type Calendar struct {
	Name       string // full
	Pos        diag.Pos
	Shared     bool          // it is everybody's and not a tenant's
	Ahead      time.Duration // there are events this far ahead; 0: nothing is said
	Covered    bool          // some event is on at any moment
	MayBeEmpty bool          // no events at all are fine
	Holidays   bool          // its events are worked out by us: they have no place, and their years are meant
}

// Lint finds what is most likely meant otherwise: in branches, and in what calendars hold in the
// coming time. Its work is bounded, whatever feeds hold; what it finds are guesses, and each says
// what made it guess. It is safe for concurrent use.
type Lint struct {
	options  LintOptions
	routesOf map[string][]*render.Route // by calendar
}

// NewLint makes a Lint; it looks at nothing yet.
func NewLint(o LintOptions) *Lint {
	l := &Lint{options: o, routesOf: map[string][]*render.Route{}}
	for _, r := range o.Routes {
		for _, name := range r.Calendars() {
			l.routesOf[name] = append(l.routesOf[name], r)
		}
	}
	return l
}

// Bounds of the work and of the findings.
const (
	maxSegments    = 20_000    // of a route that are looked at
	maxOccurrences = 200_000   // of a calendar
	maxEventsHeld  = 100_000   // events that are looked at for why branches hold, over all segments
	maxCompared    = 2_000_000 // comparisons of texts of a calendar's events with conditions
	maxEvents      = 5_000     // of a calendar whose titles are compared
	maxPerKind     = 10        // findings of one kind about one calendar
)

// minNeverOpenDays is how many days a route has to be seen closed before it is called so.
const minNeverOpenDays = 14

// endsSoon is how far ahead the end of a calendar is worth a word, where the configuration does not
// say.
const endsSoon = 60 * 24 * time.Hour

// Static finds what follows from a route alone, whatever its calendars hold.
func (l *Lint) Static(r *render.Route) []Finding {
	var found []Finding
	for _, d := range r.Dead() {
		if d.Branch == r.Unknown || d.Branch == r.Fallback() {
			continue // it is taken otherwise
		}
		text := "it can never be taken: its condition contradicts itself; correct the condition, or delete the branch"
		if d.By >= 0 {
			text = fmt.Sprintf(
				"it can never be taken: whenever its condition matches, branch %s above it takes the call; move it up, or delete it", r.Branches[d.By].Name)
		}
		found = append(found,
			l.branchFinding(r, d.Branch, "branch_never_taken", "branch %s of route %s: %s", r.Branches[d.Branch].Name,
				r.Name,
				text))
	}
	for _, i := range r.Unrescued() {
		found = append(found, l.branchFinding(r, i, "fallback_same_template",
			"branch %s of route %s answers by the template of its fallback, branch %s, which would fail as it does; let the fallback answer by a simpler one",
			r.Branches[i].Name, r.Name, r.Branches[r.Fallback()].Name))
	}
	return found
}

// branchFinding makes a finding about a branch, at the branch or, where that is built in, at its
// route.
func (l *Lint) branchFinding(r *render.Route, branch int, kind, format string, args ...any) Finding {
	at := l.options.Branch(r.Name, branch)
	if at == (diag.Pos{}) {
		at = r.Pos
	}
	f := Findingf(at, kind, format, args...)
	f.Route, f.Branch = r.Name, r.Branches[branch].Name
	return f
}

// Route finds what a route's calendars make of it from now until a moment, in the state that it has
// now. It ends early with ctx.
func (l *Lint) Route(
	ctx context.Context, r *render.Route, s *render.State, now, until time.Time, effort *render.Effort,
) []Finding {
	rl := &routeLint{Lint: l, route: r, state: s, now: now, until: until}
	if _, to := s.Window(); until.After(to) {
		rl.until = to
	}
	if why := s.Short(); why != "" {
		what := "is computed for a day ahead at most, so its next changes are unknown"
		if s.Refused() != "" {
			what = "takes all of its calendars for unknown"
		}
		rl.reportRoute("route_too_large", "route %s %s: %s", r.Name, what, why)
		return rl.found // nothing follows from a day
	}
	if l.anyUnknown(r) {
		return rl.found // nothing follows from what is not known
	}
	rl.decideSegments()
	effort.Spend(len(rl.spans))
	rl.reach = s.Reach(now, rl.until, maxSegments)
	for _, look := range []func(){
		rl.shadowedBranches, rl.lateClosures, rl.neverOpen, rl.cutOpenings, rl.closedHolidays,
		rl.eventZones,
	} {
		if ctx.Err() != nil {
			break
		}
		look()
	}
	return rl.found
}

func (l *Lint) anyUnknown(r *render.Route) bool {
	return slices.ContainsFunc(r.Calendars(), func(name string) bool {
		u := l.options.Timelines.Use(name)
		return u.Snapshot.Unknown() && !u.Absent
	})
}

// routeLint looks at one route.
type routeLint struct {
	*Lint
	route      *render.Route
	state      *render.State
	now, until time.Time
	spans      []lintSpan
	reach      []routes.Reach // by branch
	found      []Finding
}

// lintSpan is a segment and what the ordinary call gets in it.
type lintSpan struct {
	at     time.Time
	branch int
	state  routes.State
}

func (l *routeLint) report(branch int, kind, format string, args ...any) {
	l.found = append(l.found, l.branchFinding(l.route, branch, kind, format, args...))
}

func (l *routeLint) reportRoute(kind, format string, args ...any) {
	f := Findingf(l.route.Pos, kind, format, args...)
	f.Route = l.route.Name
	l.found = append(l.found, f)
}

// decideSegments decides every segment for the ordinary call.
func (l *routeLint) decideSegments() {
	for at := range l.state.Starts(l.now, l.until) {
		if len(l.spans) == maxSegments {
			l.until = at
			break
		}
		d := l.state.Decide(nil, at)
		l.spans = append(l.spans, lintSpan{at, d.Branch, l.route.Branches[d.Branch].State})
	}
}

const minuteFormat = "Mon 2006-01-02 15:04"

// shadowedBranches finds branches whose condition holds at times, and then another branch always
// takes the call. That a branch of the same state does is said only where it is no chance.
func (l *routeLint) shadowedBranches() {
	for i, reach := range l.reach {
		b := l.route.Branches[i]
		if reach.Taken || reach.Shadowed == 0 || i == l.route.Unknown || i == l.route.Fallback() {
			continue
		}
		by := l.route.Branches[reach.By]
		if by.State == b.State && reach.Shadowed < 3 || l.route.IsRest(i, reach.By) {
			continue
		}
		l.report(i, "branch_shadowed",
			"branch %s of route %s is not taken until %s: whenever its condition matches, a branch above it takes the call, as %s does on %s; move it up, or narrow the other",
			b.Name, l.route.Name, l.until.In(l.route.Zone).Format(time.DateOnly), by.Name,
			reach.At.Format(minuteFormat))
	}
}

// lateClosures finds branches for days on which the route is closed that stand below its weekly
// hours, and so are taken only at night. A one-off opening, and what lasts for weeks, may well be
// meant so.
func (l *routeLint) lateClosures() {
	type tally struct {
		days, over map[string]bool
		at         time.Time
		by         int
	}
	tallies, most := map[int]*tally{}, maxEventsHeld
	spend := func(n int) bool {
		most -= n
		return most >= 0
	}
	for i := range l.spans {
		taken := l.spans[i]
		for b := taken.branch; b < len(l.route.Branches)-1; b++ {
			if l.route.Branches[b].State != routes.Closed {
				continue
			}
			if !spend(1 + l.state.EventCount(b, taken.at, most+1)) {
				return
			}
			holding := l.state.Holding(b, taken.at)
			if len(holding) == 0 || !holding[0].Event.AllDay || holding[0].End-holding[0].Start > 4*24*3600 {
				continue
			}
			t := tallies[b]
			if t == nil {
				t = &tally{days: map[string]bool{}, over: map[string]bool{}}
				tallies[b] = t
			}
			day := taken.at.Format(time.DateOnly)
			t.days[day] = true
			if taken.state != routes.Open {
				continue
			}
			d := l.state.Decide(nil, taken.at)
			if !spend(d.Weight(most + 1)) {
				return
			}
			if e := d.Events(); len(e) == 0 || !e[0].Event.Recurring {
				continue
			}
			if t.over[day] = true; t.at.IsZero() {
				t.at, t.by = taken.at, taken.branch
			}
		}
	}
	for b := range l.route.Branches {
		t := tallies[b]
		if t == nil || len(t.over) == 0 || len(t.over)*3 < len(t.days) ||
			slices.ContainsFunc(l.found, func(f Finding) bool { return f.Branch == l.route.Branches[b].Name }) {
			continue
		}
		l.report(b, "branch_shadowed",
			"branch %s of route %s is taken only when the route is closed anyway: while it is open, branch %s above takes the call, as on %s; move it up",
			l.route.Branches[b].Name, l.route.Name, l.route.Branches[t.by].Name, t.at.Format(minuteFormat))
	}
}

// neverOpen finds a route that has a branch for being open and is never open.
func (l *routeLint) neverOpen() {
	if l.until.Sub(l.now) < minNeverOpenDays*24*time.Hour {
		return
	}
	first := -1
	for i, b := range l.route.Branches {
		if b.State != routes.Open {
			continue
		}
		if l.reach[i].Taken {
			return
		}
		if first < 0 {
			first = i
		}
	}
	if first >= 0 {
		l.reportRoute("never_open",
			"route %s is never open until %s: no branch of state open is taken; check the events of its calendars (callhours events) and the conditions",
			l.route.Name, l.until.In(l.route.Zone).Format(time.DateOnly))
		l.found[len(l.found)-1].Branch = l.route.Branches[first].Name
	}
}

// eventZones finds calendars whose events are written in a zone with another clock than the
// route's.
func (l *routeLint) eventZones() {
	for _, name := range l.route.Calendars() {
		u := l.options.Timelines.Use(name)
		if u.Zone != nil || u.Snapshot.Unknown() { // a calendar's own zone was set on purpose
			continue
		}
		in, share := mainZone(u.Snapshot.Calendar)
		if in == nil || share < 0.8 || sameClock(in, l.route.Zone, l.now) {
			continue
		}
		l.reportRoute("zones_differ",
			"the series of calendar %s are written in %s, and route %s is in %s, by which all-day events and %q are read; set the route's timezone, or the calendar's if that is meant",
			name, in, l.route.Name, l.route.Zone, "whole_day")
		l.found[len(l.found)-1].Calendar = name
	}
}

// mainZone is the zone that most series of a calendar are written in, and their share of all timed
// series.
func mainZone(c *calendars.Calendar) (*time.Location, float64) {
	counts, all := map[*time.Location]int{}, 0
	var most *time.Location
	for _, e := range c.Events()[:min(len(c.Events()), maxEvents)] {
		if !e.Repeats() || e.AllDay || e.IsLocal() {
			continue
		}
		all++
		zone := e.Zone()
		if zone == nil {
			continue
		}
		if counts[zone]++; most == nil || counts[zone] > counts[most] {
			most = zone
		}
	}
	if most == nil {
		return nil, 0
	}
	return most, float64(counts[most]) / float64(all)
}

// sameClock reports whether two zones show the same time in winter and summer.
func sameClock(a, b *time.Location, now time.Time) bool {
	for _, month := range []time.Month{time.January, time.July} {
		at := time.Date(now.Year(), month, 15, 0, 0, 0, 0, time.UTC)
		_, x := at.In(a).Zone()
		_, y := at.In(b).Zone()
		if x != y {
			return false
		}
	}
	return true
}
