package routes

import (
	"slices"

	"github.com/callhours/callhours/calendars"
)

// CriteriaSet is the conditions of many routes on the events of one calendar, each once:
// routes of a plan have the same.
type CriteriaSet struct {
	calendar   string
	leaves     []*leaf
	known      map[string]bool // by leaf.id
	matchesAll bool
}

// NewCriteriaSet is an empty set for a calendar.
func NewCriteriaSet(calendar string) *CriteriaSet {
	return &CriteriaSet{calendar: calendar, known: map[string]bool{}}
}

// Add adds the conditions of a route.
func (a *CriteriaSet) Add(r *Route) {
	for _, l := range r.widest {
		if !slices.Contains(l.calendars, a.calendar) {
			continue
		}
		if !a.known[l.id] {
			a.known[l.id] = true
			a.leaves = append(a.leaves, l)
		}
	}
}

// AddAll adds a condition that matches all events.
func (a *CriteriaSet) AddAll() { a.matchesAll = true }

// Unmatched counts the events that no condition matches. steps is what that takes: one for each
// condition that is compared with an event, and those of its patterns. Beyond most it ends, and n
// is not known.
func (a *CriteriaSet) Unmatched(events []*calendars.Event, most int) (n, steps int, known bool) {
	if a.matchesAll {
		return 0, 0, true
	}
	for _, e := range events {
		asked := false
		for _, l := range a.leaves {
			if steps += 1 + (l.filter.Steps(e)+l.namesCost()*len(e.Summary))/comparedInStep; steps > most {
				return 0, most, false
			}
			if asked = l.matches(e); asked {
				break
			}
		}
		if !asked {
			n++
		}
	}
	return n, steps, true
}
