// Package calendars finds the events that are on in calendars at any moment.
//
// Read makes an immutable Calendar of a body, ReadFiles of several; package ical does the reading.
// Compile works out the occurrences of a Calendar within a window, for the zone in which all-day
// and floating events are to be read, and makes an immutable Timeline of them. A Timeline says what
// is on at a moment, and when that changes, by binary search:
//
//	calendar, err := calendars.Read(body, ical.Limits{})
//	...
//	timeline := calendar.Compile(calendars.View{Zone: berlin}, now, now.AddDate(0, 0, 400))
//	for _, occurrence := range timeline.At(nil, now.Unix()) {
//		fmt.Println(occurrence.Event.Summary)
//	}
//
// What cannot be used as written is a Problem with its line; it never costs more than its own
// event, and an event is left out before it is placed at a wrong time. Work and memory are bounded
// by ical.Limits.
//
// A Filter chooses among events by their texts and kinds. A Snapshot says what a calendar is worth
// at a moment. Timelines keep calendars compiled for those who ask for them again and again.
//
// All values are safe for concurrent use. The package reads no clock and no file, starts no
// goroutine and takes nothing from the zone of the machine. Instants are Unix seconds. Where
// calendars come from is package feeds' to know.
package calendars

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"slices"
	"sync/atomic"
	"time"
	"weak"

	"github.com/callhours/callhours/calendars/ical"
)

// Calendar is what was read from one feed, or from several files that make one calendar. It is
// immutable, and small: its events are packed, and unpacked for as long as somebody looks at them.
type Calendar struct {
	name, timezone string
	refresh        time.Duration
	limits         ical.Limits
	sum            [sha256.Size]byte // of what ReadFiles has read; see Sum

	packed     string           // all that could be read, in the order of the feed, and what could not
	zones      []*time.Location // that events in it name
	selections []selection      // all of which an event has to pass
	hidden     []bool           // those that do not, in the order of packed, once that was found out

	size         int                                    // how many Events there are
	selectedFrom int                                    // from how many Select has chosen these; 0: it was not asked
	problems     int                                    // how many Problems
	unpacked     atomic.Pointer[weak.Pointer[contents]] // those that somebody looks at, if any
}

// selection is what Select was asked for.
type selection struct{ only, except []Filter }

// Event is an event as written, in the Calendar that keeps it.
type Event struct {
	ical.Event

	place    int       // in what its calendar is packed into
	contents *contents // keeps all that were unpacked together, so that who looks again meets the same Event
	hidden   bool      // left out by Select
}

// contents are the events of a Calendar, unpacked.
type contents struct {
	components []*Event       // all that could be read, in the order of the feed
	unreadable []ical.Problem // what could not

	// What group makes of these.
	series   []*series
	events   []*Event
	problems []ical.Problem
}

// series is the events that share a UID: a master and the changed occurrences of it.
type series struct {
	master  *Event // nil: changed occurrences without their master
	changes []*Event
}

// Name is the calendar's title (X-WR-CALNAME, else NAME); "" without one.
func (c *Calendar) Name() string { return c.name }

// Timezone is what the feed says its zone is (X-WR-TIMEZONE), as written. It is for showing only:
// Google's holiday feeds say UTC.
func (c *Calendar) Timezone() string { return c.timezone }

// Refresh is the refresh interval that the feed requests (REFRESH-INTERVAL or
// X-PUBLISHED-TTL); 0 without a hint.
func (c *Calendar) Refresh() time.Duration { return c.refresh }

// Events are those that can have occurrences, in the order of the file: neither cancelled nor
// replaced by another version nor left out by Select. The slice must not be modified, nor kept for
// long: all of them are in memory for as long as one is.
func (c *Calendar) Events() []*Event { return c.unpack().events }

// Len is how many Events there are. It costs nothing.
func (c *Calendar) Len() int { return c.size }

// Problems are what could not be used as written, by line. The slice must not be modified.
func (c *Calendar) Problems() []ical.Problem {
	if c.problems == 0 {
		return nil
	}
	return c.unpack().problems
}

// unpack is the contents, unpacked.
func (c *Calendar) unpack() *contents {
	if w := c.unpacked.Load(); w != nil {
		if opened := w.Value(); opened != nil {
			return opened
		}
	}
	components, unread, err := unpack(c.packed, c.zones)
	if err != nil { // It was packed by us, and unpacked once before it was written to disk.
		panic(err)
	}
	for i, e := range components {
		if len(c.hidden) > 0 {
			e.hidden = c.hidden[i]
			continue
		}
		for _, s := range c.selections {
			e.hidden = e.hidden || !s.matches(e)
		}
	}
	opened := &contents{components: components, unreadable: unread}
	opened.group(c.limits)
	c.share(opened)
	return opened
}

// share keeps unpacked contents for as long as they are in use elsewhere.
func (c *Calendar) share(opened *contents) {
	w := weak.Make(opened)
	c.unpacked.Store(&w)
}

// event unpacks the event that stands at a place, as one occurrence has it. Answers, and what is
// kept for them, hold thousands of those.
func (c *Calendar) event(place int) *Event {
	u := &unpacker{data: c.packed, offset: place, zones: c.zones, detail: ofInstance}
	e := new(Event)
	u.event(e)
	return e
}

// pack packs the contents into the calendar.
func (c *Calendar) pack(opened *contents) {
	c.packed, c.zones = pack(opened.components, opened.unreadable)
	opened.group(c.limits)
	c.share(opened)
	c.size, c.problems = len(opened.events), len(opened.problems)
}

// Join makes one calendar of several. Of the same event in two of them the later version counts.
// The name and zone are the first there are, the refresh hint is the shortest, the Limits are those
// of the first.
func Join(parts ...*Calendar) *Calendar {
	joined, all := &Calendar{}, &contents{}
	for i, part := range parts {
		if i == 0 {
			joined.limits = part.limits
		}
		joined.name = cmp.Or(joined.name, part.name)
		joined.timezone = cmp.Or(joined.timezone, part.timezone)
		if part.refresh > 0 && (joined.refresh == 0 || part.refresh < joined.refresh) {
			joined.refresh = part.refresh
		}
		opened := part.unpack()
		all.unreadable = append(all.unreadable, opened.unreadable...)
		for _, e := range opened.components {
			own := *e // which has another place
			all.components = append(all.components, &own)
		}
	}
	joined.limits = joined.limits.WithDefaults()
	joined.pack(all)
	return joined
}

// Select is the calendar with only those events that match one of only (all, if there are none) and
// none of except. Events are chosen one by one: a changed occurrence that is left out still
// replaces the one of its series.
func (c *Calendar) Select(only, except []Filter) *Calendar {
	if len(only) == 0 && len(except) == 0 {
		return c
	}
	selected := &Calendar{
		name: c.name, timezone: c.timezone, refresh: c.refresh, limits: c.limits, sum: c.sum, packed: c.packed,
		zones:      c.zones,
		selections: append(slices.Clone(c.selections), selection{only, except}),
	}
	opened := selected.unpack()
	selected.hidden = make([]bool, len(opened.components))
	for i, e := range opened.components {
		selected.hidden[i] = e.hidden
	}
	selected.size, selected.problems = len(opened.events), len(opened.problems)
	selected.selectedFrom = cmp.Or(c.selectedFrom, c.size)
	return selected
}

// LeftOut is how many events Select has left out, of those that could have had occurrences. It
// costs nothing.
func (c *Calendar) LeftOut() int { return max(0, c.selectedFrom-c.size) }

// SelectSteps is how many steps Select takes at worst to compare the events.
func (c *Calendar) SelectSteps(only, except []Filter) int64 {
	cost := 0
	for _, f := range slices.Concat(only, except) {
		cost += f.Summary.Cost() + f.Description.Cost() + f.Location.Cost() + f.Category.Cost()
	}
	return int64(cost) * int64(len(c.packed))
}

func (s selection) matches(e *Event) bool {
	matches := func(f Filter) bool { return f.Match(e) }
	return (len(s.only) == 0 || slices.ContainsFunc(s.only, matches)) && !slices.ContainsFunc(s.except, matches)
}

// group sorts the components into series, drops the versions of an event that a later one replaces,
// and gathers the problems.
func (c *contents) group(limits ical.Limits) {
	c.problems = slices.Clone(c.unreadable)
	for _, e := range c.components {
		e.contents = c
	}
	latest := make(map[string]*Event, len(c.components)) // by key
	changed := false
	for _, e := range c.components {
		changed = changed || e.Replaces != nil
		key := e.Key()
		winner, loser := e, latest[key]
		if loser != nil && !e.Supersedes(&loser.Event) {
			winner, loser = loser, e
		}
		latest[key] = winner
		if loser != nil && loser.Start != winner.Start && loser.Sequence == winner.Sequence {
			c.problems = append(c.problems, loser.Problem("UID", fmt.Sprintf("it is also that of line %d, which counts",
				winner.Line), "is ignored"))
		}
	}
	byUID := map[string]*series{} // empty where no occurrence is changed: then each event is a series of its own
	each := make([]series, 0, len(latest))
	c.series, c.events = make([]*series, 0, len(latest)), make([]*Event, 0, len(latest))
	for _, e := range c.components {
		if latest[e.Key()] != e {
			continue
		}
		s := byUID[e.UID]
		if s == nil || e.UID == "" {
			each = append(each, series{})
			s = &each[len(each)-1]
			c.series = append(c.series, s)
			if changed {
				byUID[e.UID] = s
			}
		}
		if e.Replaces == nil {
			s.master = e
		} else {
			s.changes = append(s.changes, e)
		}
		if !e.Cancelled && !e.hidden {
			c.events = append(c.events, e)
		}
	}
	tooMany := map[*Event]bool{}
	for _, s := range c.series {
		if len(s.changes) > limits.Overrides {
			e := s.changes[limits.Overrides]
			c.problems = append(c.problems,
				e.Problem("RECURRENCE-ID", fmt.Sprintf("more than %d of one series (limits.overrides)",
					limits.Overrides), "and its series are ignored"))
			for _, e := range append(s.changes, s.master) {
				tooMany[e] = true
			}
			*s = series{}
		}
	}
	c.events = slices.DeleteFunc(c.events, func(e *Event) bool { return tooMany[e] })
	slices.SortStableFunc(c.problems, func(a, b ical.Problem) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line))
	})
}

// perCalendar is what a Calendar takes besides its packed events and their zones.
const perCalendar = 512

// Weight is how much memory a calendar takes; those that Select makes share it with the one they
// were selected from.
func (c *Calendar) Weight() int { return perCalendar + len(c.packed) + 16*len(c.zones) }
