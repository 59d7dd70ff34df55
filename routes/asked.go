package routes

import (
	"slices"

	"github.com/callhours/callhours/calendars"
)

// Asked is what conditions of many routes ask of the events of one calendar, each condition once: the
// routes of a plan ask the same.
type Asked struct {
	calendar string
	leaves   []*leaf
	known    map[string]bool // by leaf.id
	all      bool
}

// NewAsked asks nothing yet of a calendar.
func NewAsked(calendar string) *Asked { return &Asked{calendar: calendar, known: map[string]bool{}} }

// Add adds what the conditions of a route ask.
func (a *Asked) Add(r *Route) {
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

// AddAll adds somebody who asks for all events.
func (a *Asked) AddAll() { a.all = true }

// Unmatched counts the events that nobody asks for. steps is what that takes: one for each condition that is tried for
// an event, and those of its patterns. Beyond most it ends, and n is not known.
func (a *Asked) Unmatched(events []*calendars.Event, most int) (n, steps int, known bool) {
	if a.all {
		return 0, 0, true
	}
	for _, e := range events {
		asked := false
		for _, l := range a.leaves {
			if steps += 1 + l.filter.Steps(e)/comparedInStep; steps > most {
				return 0, most, false
			}
			if asked = l.admits(e); asked {
				break
			}
		}
		if !asked {
			n++
		}
	}
	return n, steps, true
}
