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
	Snapshot Snapshot
	Zone     *time.Location // of all-day and floating events; nil: the zone of the route that asks
	Absent   bool           // while it is unknown nothing is on in it, instead of nobody knowing
}

// Timelines keep calendars compiled for as long as their window serves, once for each view in use.
// They are safe for concurrent use, and not for the path of a call, since a calendar may have to be
// compiled.
type Timelines struct {
	horizon time.Duration
	guard   *contain.Guard

	mu       sync.Mutex // guards the following
	uses     map[string]Use
	compiled map[string][]compiledView // by calendar; for each view once
	totals   map[string]usage          // by tenant: of all that is compiled of its calendars
	// by calendar: for whom it was not compiled, since all together are over a limit
	refused map[string]map[viewKey]refusal
	wasted  map[string]usage // by tenant: of all that was compiled and then refused
	// by calendar: the panic that compiling it ended in, which is not tried again
	failures map[string]error
}

// whyManyZones is why a calendar is unknown to the routes of a zone.
const whyManyZones = "too many time zones ask for it"

// whyUnexpanded is why a calendar is unknown whose events cannot be expanded.
const whyUnexpanded = "its events cannot be expanded"

// compiledView is a timeline with the view for which it was compiled.
type compiledView struct {
	viewKey
	*Timeline
}

type viewKey struct {
	zone      string
	dayStarts time.Duration
}

// key is the view for which a calendar is compiled.
func (u Use) key(v View) viewKey {
	if u.Zone != nil {
		v.Zone = u.Zone
	}
	return viewKey{v.Zone.String(), v.DayStarts}
}

// matches reports whether a timeline was compiled for a view.
func (v viewKey) matches(c compiledView) bool { return c.viewKey == v }

const (
	// windowPast is how far into the past a window reaches, so that what began before the moment
	// asked for is seen.
	windowPast = 48 * time.Hour
	// windowStep is how far a window moves at a time, and so how far apart the windows of any two
	// are at a moment: a calendar is compiled for all of them at once.
	windowStep = 6 * time.Hour
	// windowSpare is how much more than asked for is compiled, so that a calendar is compiled anew
	// a quarter as often as the windows move.
	windowSpare = 24 * time.Hour
)

// NewTimelines prepares calendars by their names; none is compiled yet. horizon is how far ahead of
// a moment its window reaches at least.
func NewTimelines(uses map[string]Use, horizon time.Duration) *Timelines {
	return &Timelines{
		horizon:  horizon,
		uses:     maps.Clone(uses),
		compiled: map[string][]compiledView{},
		totals:   map[string]usage{},
		refused:  map[string]map[viewKey]refusal{},
		wasted:   map[string]usage{},
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
		wasted:  maps.Clone(ts.wasted),
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

// Window is the span of time for which a calendar or route of a name is compiled at a moment: from
// two days back to the horizon and up to six hours more. It moves every six hours, for each name at
// another time, so that never everything is compiled at once; and it depends on nothing else, so
// that a later question has the window that a call had.
func (ts *Timelines) Window(name string, at time.Time) (from, to time.Time) {
	h := fnv.New64a()
	h.Write([]byte(name))
	phase := int64(h.Sum64() % uint64(windowStep/time.Second))
	const length = int64(windowStep / time.Second)
	start := at.Unix() - ((at.Unix()-phase)%length+length)%length
	from = time.Unix(start, 0).Add(-windowPast)
	return from, time.Unix(start, 0).Add(windowStep + ts.horizon)
}

// Timeline is the timeline of a calendar for a route's view, compiled for [from, to) at least; nil
// when the calendar is unknown, and then why.
func (ts *Timelines) Timeline(name string, view View, from, to time.Time) (t *Timeline, why string) {
	use := ts.Use(name)
	calendar := use.Snapshot.Calendar
	if calendar != nil && ts.failed(name) {
		return nil, whyUnexpanded
	}
	if use.Snapshot.Unknown() {
		if !use.Absent {
			return nil, cmp.Or(use.Snapshot.Why, NeverRead)
		}
		calendar = &Calendar{}
	}
	if use.Zone != nil {
		view.Zone = use.Zone
	}
	key := use.key(view)
	if t := ts.find(name, key, from, to); t != nil {
		return t, ""
	}
	ts.mu.Lock()
	why = ts.refuse(name, calendar, key, nil)
	ts.mu.Unlock()
	if why != "" {
		return nil, why
	}
	err := ts.guard.Do(metrics.PanicCalendar, "calendar "+name, func() error {
		// without the lock: others compile other calendars meanwhile
		t = calendar.Compile(view, from.Add(-windowStep), to.Add(windowSpare))
		return nil
	})
	if err != nil {
		ts.fail(name, use.Snapshot.Calendar, err)
		return nil, whyUnexpanded
	}
	ts.mu.Lock()
	defer ts.mu.Unlock()
	if ts.uses[name].Snapshot.Calendar != use.Snapshot.Calendar { // it was replaced meanwhile
		return t, ""
	}
	if why := ts.refuse(name, calendar, key, t); why != "" {
		return nil, why
	}
	ts.put(name, key, t)
	return t, ""
}

// Contain counts and logs the panics of calendars that are compiled; without it they are contained
// all the same.
func (ts *Timelines) Contain(g *contain.Guard) { ts.guard = g }

// fail records that compiling a calendar failed, if it is still the same, so that it is not
// compiled again.
func (ts *Timelines) fail(name string, c *Calendar, err error) {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	if ts.uses[name].Snapshot.Calendar == c {
		ts.failures[name] = err
	}
}

func (ts *Timelines) failed(name string) bool {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	return ts.failures[name] != nil
}

// find is the timeline that is compiled already; nil where it does not serve.
func (ts *Timelines) find(name string, key viewKey, from, to time.Time) *Timeline {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	for _, c := range ts.compiled[name] {
		if c.viewKey == key && c.from <= from.Unix() && to.Unix() <= c.to {
			return c.Timeline
		}
	}
	return nil
}

// Set replaces a calendar whose events or state have changed. Timelines of the former one are
// dropped; those in use elsewhere stay valid.
func (ts *Timelines) Set(name string, use Use) {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	ts.uses[name] = use
	ts.drop(name)
	delete(ts.failures, name)
	delete(ts.refused, name)
	delete(ts.wasted, TenantOf(name))
}

// Forget removes a calendar.
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
	c := ts.uses[name].Snapshot.Calendar
	if c == nil {
		return nil
	}
	problems := slices.Clone(c.Problems())
	if err := ts.failures[name]; err != nil {
		problems = append(problems,
			ical.Problem{Message: whyUnexpanded + ": " + err.Error() + "; the calendar is unknown until it changes"})
	}
	problems = append(problems, ts.refusedProblems(name, c)...)
	for _, t := range ts.compiled[name] {
		problems = append(problems, t.Problems()...)
	}
	slices.SortStableFunc(problems, ical.Problem.Compare)
	return slices.Compact(problems)
}
