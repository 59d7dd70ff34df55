package routes

import (
	"slices"

	"github.com/callhours/callhours/calendars"
	"github.com/callhours/callhours/calendars/patterns"
)

// occurrences are those of a timeline, and their events, each once: a series has many occurrences.
type occurrences struct {
	all    []calendars.Occurrence
	events []*calendars.Event
	which  []uint32 // of the events, by occurrence
	titled []titled
	named  []*named
	folded []string // the events' titles, as names are looked for in them; nil: not asked for yet
}

// titled are the events whose titles fit some patterns. Several leaves of a plan ask for the same.
type titled struct {
	patterns patterns.List
	fits     []bool // by event
}

// compared is what comparing the events' texts with patterns takes, without regular expressions.
func (of *occurrences) compared(f *calendars.Filter) int {
	if !f.Compares() {
		return 0
	}
	return f.PlainSteps(of.events...) / comparedInStep
}

// fits says which of the events have titles that fit.
func (of *occurrences) fits(list patterns.List, left *int) []bool {
	for _, t := range of.titled {
		if same(t.patterns, list) {
			return t.fits
		}
	}
	fits := make([]bool, len(of.events))
	for i, e := range of.events {
		if fits[i] = calendars.MatchTitle(list, e, left); *left < 0 {
			return fits
		}
	}
	of.titled = append(of.titled, titled{list, fits})
	return fits
}

// named are the events in whose titles some names stand, and those in which they do not.
type named struct {
	names *names
	has   []truth // by event, yes if one does; unknown until it is asked for
}

// lookFor gives what is known of names, which is nothing at first, and folds the titles, each once.
// What that takes is taken off left.
func (of *occurrences) lookFor(n *names, left *int) *named {
	for _, known := range of.named {
		if known.names == n {
			return known
		}
	}
	if of.folded == nil {
		of.folded = make([]string, len(of.events))
		for i, e := range of.events {
			if *left -= foldedByte * (1 + len(e.Summary)); *left < 0 {
				break
			}
			of.folded[i] = patterns.Fold(e.Summary)
		}
	}
	known := &named{n, slices.Repeat([]truth{unknown}, len(of.events))}
	of.named = append(of.named, known)
	return known
}

// hasName reports whether one of the names stands in an event's title.
func (of *occurrences) hasName(n *named, event int, left *int) bool {
	if n.has[event] == unknown {
		n.has[event] = truthOf(n.names.find(of.folded[event], left) >= 0)
	}
	return n.has[event] == yes
}

// same reports whether patterns are the same without looking at them.
func same(a, b patterns.List) bool { return len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0]) }
