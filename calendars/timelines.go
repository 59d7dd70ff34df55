package calendars

import "time"

// Use is a calendar as a configuration uses it.
type Use struct {
	State  State
	Zone   *time.Location // of all-day and floating events; nil: the zone of the route that asks
	Absent bool           // while it is unknown nothing is on in it, instead of nobody knowing
}

// Timelines compile calendars for one window, each once for every view that asks for it. They are not safe for concurrent
// use; the timelines they give are.
type Timelines struct {
	uses     map[string]Use
	from, to time.Time
	compiled map[viewed]*Timeline
}

type viewed struct {
	name      string
	zone      string
	dayStarts time.Duration
}

// NewTimelines prepares the calendars of that name for the window [from, to).
func NewTimelines(uses map[string]Use, from, to time.Time) *Timelines {
	return &Timelines{uses: uses, from: from, to: to, compiled: map[viewed]*Timeline{}}
}

// Window is the span that the timelines are compiled for.
func (ts *Timelines) Window() (from, to time.Time) { return ts.from, ts.to }

// Of is the timeline of a calendar as a route in that zone with that day sees it; nil when it is unknown.
func (ts *Timelines) Of(name string, view View) *Timeline {
	use := ts.uses[name]
	if use.State.Unknown() {
		if !use.Absent {
			return nil
		}
		use.State.Calendar = &Calendar{}
	}
	if use.Zone != nil {
		view.Zone = use.Zone
	}
	key := viewed{name, view.Zone.String(), view.DayStarts}
	if ts.compiled[key] == nil {
		ts.compiled[key] = use.State.Calendar.Compile(view, ts.from, ts.to)
	}
	return ts.compiled[key]
}
