package calendars

import (
	"cmp"
	"hash/fnv"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/callhours/callhours/calendars/ical"
	"github.com/callhours/callhours/internal/contain"
	"github.com/callhours/callhours/metrics"
)

// Use is a calendar as a configuration uses it.
type Use struct {
	State  State
	Zone   *time.Location // of all-day and floating events; nil: the zone of the route that asks
	Absent bool           // while it is unknown nothing is on in it, instead of nobody knowing
}

// Timelines keep calendars compiled for as long as their window serves, each once for every view
// that asks for it. They are safe for concurrent use; it is no use on the way of a call, since a
// calendar may have to be compiled.
type Timelines struct {
	horizon time.Duration
	guard   *contain.Guard

	mu       sync.Mutex // guards the following
	uses     map[string]Use
	compiled map[string][]compiledFor // by calendar; for each view once
	totals   map[string]amount        // by owner: of all that is compiled of its calendars
	// by calendar: for whom it was not compiled, since all together are over a limit
	refused map[string]map[viewed]refusal
	vain    map[string]amount // by owner: of all that was compiled and then refused
	// by calendar: the panic that compiling it ended in, which is not tried again
	failures map[string]error
}

// manyZones is why a calendar is unknown to the routes of a zone.
const manyZones = "too many time zones ask for it"

// unexpanded is why a calendar is unknown whose events cannot be expanded.
const unexpanded = "its events cannot be expanded"

// compiledFor is a timeline and whom it was compiled for.
type compiledFor struct {
	viewed
	*Timeline
}

type viewed struct {
	zone      string
	dayStarts time.Duration
}

// viewed is for whom a calendar is compiled where somebody looks at it so.
func (u Use) viewed(v View) viewed {
	if u.Zone != nil {
		v.Zone = u.Zone
	}
	return viewed{v.Zone.String(), v.DayStarts}
}

// is reports whether a timeline was compiled for a view.
func (v viewed) is(c compiledFor) bool { return c.viewed == v }

const (
	// behind is how far into the past a window reaches, so that what began before the moment asked
	// for is seen.
	behind = 48 * time.Hour
	// step is how far a window moves at a time, and so how far apart the windows of any two are at
	// a moment: a calendar is compiled for all of them at once.
	step = 6 * time.Hour
	// spare is how much more than asked for is compiled, so that a calendar is compiled anew a
	// quarter as often as the windows move.
	spare = 24 * time.Hour
)

// NewTimelines prepares calendars by their names; none is compiled yet. horizon is how far ahead of
// a moment its window reaches at least.
func NewTimelines(uses map[string]Use, horizon time.Duration) *Timelines {
	return &Timelines{
		horizon:  horizon,
		uses:     maps.Clone(uses),
		compiled: map[string][]compiledFor{},
		totals:   map[string]amount{},
		refused:  map[string]map[viewed]refusal{},
		vain:     map[string]amount{},
		failures: map[string]error{},
	}
}

// Clone gives timelines that are the same for now, and go on by themselves. What is compiled is
// shared.
func (ts *Timelines) Clone() *Timelines {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	c := &Timelines{
		horizon: ts.horizon, guard: ts.guard, uses: maps.Clone(ts.uses), compiled: maps.Clone(ts.compiled),
		totals:  maps.Clone(ts.totals),
		vain:    maps.Clone(ts.vain),
		refused: maps.Clone(ts.refused), failures: maps.Clone(ts.failures),
	}
	for name, list := range c.compiled {
		c.compiled[name] = slices.Clone(list) // it is changed in place
	}
	for name, views := range c.refused {
		c.refused[name] = maps.Clone(views)
	}
	return c
}

// Window is the span of time for which somebody of that name compiles at a moment: from two days
// back to the horizon and up to six hours more. It moves on every six hours, for each name at
// another time, so that never everything is compiled at once; and it depends on nothing else, so
// that a question asked later has the window that a call had.
func (ts *Timelines) Window(of string, at time.Time) (from, to time.Time) {
	h := fnv.New64a()
	h.Write([]byte(of))
	phase := int64(h.Sum64() % uint64(step/time.Second))
	const length = int64(step / time.Second)
	begun := at.Unix() - ((at.Unix()-phase)%length+length)%length
	from = time.Unix(begun, 0).Add(-behind)
	return from, time.Unix(begun, 0).Add(step + ts.horizon)
}

// Of is the timeline of a calendar as a route in that zone with that day sees it, compiled for
// [from, to) at least; nil when the calendar is unknown, and then why.
func (ts *Timelines) Of(name string, view View, from, to time.Time) (t *Timeline, why string) {
	use := ts.Use(name)
	calendar := use.State.Calendar
	if calendar != nil && ts.failed(name) {
		return nil, unexpanded
	}
	if use.State.Unknown() {
		if !use.Absent {
			return nil, cmp.Or(use.State.Why, NeverRead)
		}
		calendar = &Calendar{}
	}
	if use.Zone != nil {
		view.Zone = use.Zone
	}
	key := use.viewed(view)
	if t := ts.find(name, key, from, to); t != nil {
		return t, ""
	}
	ts.mu.Lock()
	why = ts.refuses(name, calendar, key, nil)
	ts.mu.Unlock()
	if why != "" {
		return nil, why
	}
	err := ts.guard.Do(metrics.PanicCalendar, "calendar "+name, func() error {
		// without the lock: others compile other calendars meanwhile
		t = calendar.Compile(view, from.Add(-step), to.Add(spare))
		return nil
	})
	if err != nil {
		ts.fail(name, use.State.Calendar, err)
		return nil, unexpanded
	}
	ts.mu.Lock()
	defer ts.mu.Unlock()
	if ts.uses[name].State.Calendar != use.State.Calendar { // it was replaced meanwhile
		return t, ""
	}
	if why := ts.refuses(name, calendar, key, t); why != "" {
		return nil, why
	}
	ts.put(name, key, t)
	return t, ""
}

// Contain counts and logs the panics of calendars that are compiled; without it they are contained
// all the same.
func (ts *Timelines) Contain(g *contain.Guard) { ts.guard = g }

// fail keeps a calendar from being compiled again, if it is still the same.
func (ts *Timelines) fail(name string, c *Calendar, err error) {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	if ts.uses[name].State.Calendar == c {
		ts.failures[name] = err
	}
}

func (ts *Timelines) failed(name string) bool {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	return ts.failures[name] != nil
}

// find is what was compiled already; nil where that does not serve.
func (ts *Timelines) find(name string, key viewed, from, to time.Time) *Timeline {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	for _, c := range ts.compiled[name] {
		if c.viewed == key && c.from <= from.Unix() && to.Unix() <= c.to {
			return c.Timeline
		}
	}
	return nil
}

// Set replaces a calendar: it has other events now, or has become unknown. What was compiled of the
// former is forgotten; who holds a timeline of it keeps that.
func (ts *Timelines) Set(name string, use Use) {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	ts.uses[name] = use
	ts.drop(name)
	delete(ts.failures, name)
	delete(ts.refused, name)
	delete(ts.vain, TenantOf(name))
}

// Forget removes a calendar that is no longer asked for.
func (ts *Timelines) Forget(name string) {
	ts.Set(name, Use{})
	ts.mu.Lock()
	defer ts.mu.Unlock()
	delete(ts.uses, name)
}

// Use is a calendar as it is at the moment.
func (ts *Timelines) Use(name string) Use {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	return ts.uses[name]
}

// Uses are the calendars by their names, at the moment.
func (ts *Timelines) Uses() map[string]Use {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	return maps.Clone(ts.uses)
}

// Problems are those of a calendar, as it was read and as it was compiled for anybody, by line and
// each once.
func (ts *Timelines) Problems(name string) []ical.Problem {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	c := ts.uses[name].State.Calendar
	if c == nil {
		return nil
	}
	problems := slices.Clone(c.Problems())
	if err := ts.failures[name]; err != nil {
		problems = append(problems,
			ical.Problem{Message: unexpanded + ": " + err.Error() + "; the calendar is unknown until it changes"})
	}
	problems = append(problems, ts.refusedProblems(name, c)...)
	for _, t := range ts.compiled[name] {
		problems = append(problems, t.Problems()...)
	}
	slices.SortStableFunc(problems, ical.Problem.Compare)
	return slices.Compact(problems)
}
