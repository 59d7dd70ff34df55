// Package routes decides: given a call and a moment, which route answers it, which of the route's
// branches it takes, which event decided that, and until when it stays so.
//
// A [Route] is a path and perhaps a match, a time zone, and branches in order. [New] checks one and
// makes it ready; a [Table] finds the route of a call by map look-ups alone. [Route.Compile] turns
// calendars into [Segments]: spans of time in which no calendar condition of the route changes.
// [Segments.Decide] is then memory only: a binary search and a walk over the conditions, without a
// lock, an allocation, a clock or I/O of its own.
//
// Conditions are three-valued (Kleene): a calendar that is unknown, or a moment outside the
// compiled window, makes them unknown, never false. Everything here is immutable once made and safe
// for concurrent use. What a branch answers is not known here; see package render.
package routes

import (
	"slices"
	"time"

	"github.com/callhours/callhours/internal/diag"
)

// State says what a branch means to people: alerts, colours, `next` and the .ics go by it.
type State string

// The states that a branch can have.
const (
	Open   State = "open"
	Closed State = "closed"
	Other  State = "other"
)

// Branch is a named outcome of a route.
type Branch struct {
	Name  string
	State State
	When  *Condition // nil: always holds; a [Route] does not keep it
}

// Match narrows which calls of a path a route answers. The zero Match takes every call of the path.
type Match struct {
	Accounts []diag.Text // Account-IDs, 32 hex digits each; none: any account
	Dialed   []diag.Text // numbers, or prefixes that end in *; none: any number
	// Leftover keeps calls away whose account another route of the path names: whoever owns that
	// account was asked, and had no answer.
	Leftover bool
}

// Options describe a route to [New].
type Options struct {
	Pos         diag.Pos // where it is written
	Name        string   // "main", or "acme/main" for a tenant's
	DisplayName string   // for people; "": made of the name, see Label
	Path        string   // "/" and segments of [A-Za-z0-9._~-]
	Match       Match
	Region      string            // ISO 3166 region whose national spellings of numbers count, such as "US"; "" for none
	Zone        *time.Location    // of all-day and floating events, and of whole_day
	DayStarts   time.Duration     // when a local day begins, counted from midnight by the wall clock
	BranchNames map[string]string // those that are given for people, by branch
	Branches    []Branch          // in order; the last one has no condition
	Unknown     int               // index of the branch taken when a calendar needed to decide is unknown
	// with routes that are made of the same conditions; nil: with none. A [Route] does not keep it
	Shared *Shared
}

// Route is a checked route.
type Route struct {
	Options
	spellings     numbers        // of Match.Dialed
	branches      []*node        // by index of Branches; nil: always holds
	leaves        []*leaf        // the distinct calendar conditions
	widest        []*leaf        // those of them that others do not cover
	ranks         map[string]int // of its calendars, in the order of its conditions
	first         string         // what the ordinary call dials
	account       string         // whose the ordinary call is
	dependsOnCall bool           // see AsksCall
	callTests     int            // how many conditions on the call there are
	nodes         int            // parts of conditions, all in all
}

// New checks a route and makes it ready to be compiled and matched. The mistakes name the places of
// patterns and numbers that cannot be used; the route is nil if there are any.
func New(o Options) (*Route, []diag.Mistake) {
	r := &Route{Options: o}
	r.Shared = nil
	b := builder{route: r, shared: o.Shared, leaves: map[string]int{}}
	if b.shared == nil {
		b.shared = NewShared()
	}
	for _, d := range o.Match.Dialed {
		b.addNumber(&r.spellings, d)
	}
	if len(o.Match.Dialed) > 0 {
		r.first = firstOf(o.Match.Dialed[0].S)
	}
	if len(o.Match.Accounts) > 0 {
		r.account = o.Match.Accounts[0].S
	}
	r.Branches = slices.Clone(o.Branches)
	for i := range r.Branches {
		r.branches = append(r.branches, b.condition(r.Branches[i].When))
		r.Branches[i].When = nil // which nobody asks any more, and which is as large as all the rest
	}
	if len(b.mistakes) > 0 {
		return nil, b.mistakes
	}
	r.dependsOnCall, r.widest, r.ranks = r.findDependsOnCall(), widest(r.leaves), map[string]int{}
	for i, name := range r.Calendars() {
		r.ranks[name] = i
	}
	return r, nil
}

// Calendars are the names of the calendars that the route uses, in the order of its conditions.
func (r *Route) Calendars() []string {
	var names []string
	seen := map[string]bool{}
	for _, l := range r.leaves {
		for _, name := range l.calendars {
			if !seen[name] {
				seen[name] = true
				names = append(names, name)
			}
		}
	}
	return names
}
