// Package calendars reads iCalendar feeds (RFC 5545) and knows what is on at any moment.
//
// Read makes an immutable Calendar of a body, Load of files. Compile works out the occurrences of a Calendar within a
// window, for the zone in which all-day and floating events are to be read, and makes an immutable Timeline of them.
// A Timeline says what is on at a moment, and when that changes, by binary search:
//
//	calendar, err := calendars.Load(nil, "holidays/*.ics", calendars.Limits{})
//	...
//	timeline := calendar.Compile(calendars.View{Zone: berlin}, now, now.AddDate(0, 0, 400))
//	for _, occurrence := range timeline.At(nil, now.Unix()) {
//		fmt.Println(occurrence.Event.Summary)
//	}
//
// What cannot be used as written is a Problem with its line; it never costs more than its own event, and an event is
// left out before it is placed at a wrong time. Work and memory are bounded by Limits.
//
// Patterns and Filters choose among events by their texts. A State says what a calendar is worth at a moment.
//
// All values are safe for concurrent use. The package reads no clock, starts no goroutine and takes nothing from the
// zone of the machine. Instants are Unix seconds. Fetching over the network is not done here.
package calendars

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"slices"
	"strconv"
	"time"
)

// Calendar is what was read from one feed, or from several files that make one calendar. It is immutable.
type Calendar struct {
	name, timezone string
	refresh        time.Duration
	limits         Limits
	sum            [sha256.Size]byte // of what ReadFiles has read; see sumOf
	components     []*Event          // all that could be read, in the order of the feed
	unread         []Problem         // what could not
	hidden         map[*Event]bool   // what Select leaves out

	// What group makes of these.
	series   []*series
	events   []*Event
	problems []Problem
}

// series is the events that share a UID: a master and the overrides of single occurrences of it.
type series struct {
	master    *Event // nil: overrides without their master
	overrides []*Event
}

// Name is the calendar's title (X-WR-CALNAME, else NAME); "" without one.
func (c *Calendar) Name() string { return c.name }

// Timezone is what the feed says its zone is (X-WR-TIMEZONE), as written. It is for showing only: Google's holiday
// feeds say UTC.
func (c *Calendar) Timezone() string { return c.timezone }

// Refresh is how often the feed asks to be fetched (REFRESH-INTERVAL or X-PUBLISHED-TTL); 0 without a hint.
func (c *Calendar) Refresh() time.Duration { return c.refresh }

// Events are those that can have occurrences, in the order of the file: neither cancelled nor replaced by another
// version nor left out by Select. The slice must not be modified.
func (c *Calendar) Events() []*Event { return c.events }

// Problems are what could not be used as written, by line. The slice must not be modified.
func (c *Calendar) Problems() []Problem { return c.problems }

// Join makes one calendar of several. Of the same event in two of them the later version counts. The name and zone are
// the first there are, the refresh hint is the shortest, the Limits are those of the first.
func Join(parts ...*Calendar) *Calendar {
	joined := &Calendar{hidden: map[*Event]bool{}}
	for i, part := range parts {
		if i == 0 {
			joined.limits = part.limits
		}
		joined.name = cmp.Or(joined.name, part.name)
		joined.timezone = cmp.Or(joined.timezone, part.timezone)
		if part.refresh > 0 && (joined.refresh == 0 || part.refresh < joined.refresh) {
			joined.refresh = part.refresh
		}
		joined.unread = append(joined.unread, part.unread...)
		joined.components = append(joined.components, part.components...)
		for e := range part.hidden {
			joined.hidden[e] = true
		}
	}
	joined.limits = joined.limits.withDefaults()
	joined.group()
	return joined
}

// Select is the calendar with only those events that match one of only (all, if there are none) and none of except.
// Events are chosen one by one: an override that is left out still replaces the occurrence that it overrides.
func (c *Calendar) Select(only, except []Filter) *Calendar {
	selected := *c
	selected.hidden = map[*Event]bool{}
	matches := func(e *Event) func(Filter) bool { return func(f Filter) bool { return f.Match(e) } }
	for _, e := range c.components {
		if c.hidden[e] || len(only) > 0 && !slices.ContainsFunc(only, matches(e)) || slices.ContainsFunc(except, matches(e)) {
			selected.hidden[e] = true
		}
	}
	selected.events = nil
	for _, e := range c.events {
		if !selected.hidden[e] {
			selected.events = append(selected.events, e)
		}
	}
	return &selected
}

// group sorts the components into series, drops the versions of an event that a later one replaces, and gathers the
// problems.
func (c *Calendar) group() {
	c.series, c.events, c.problems = nil, nil, slices.Clone(c.unread)
	latest := map[string]*Event{} // by key
	for _, e := range c.components {
		key := e.key()
		winner, loser := e, latest[key]
		if loser != nil && !e.supersedes(loser) {
			winner, loser = loser, e
		}
		latest[key] = winner
		if loser != nil && loser.start != winner.start && loser.sequence == winner.sequence {
			c.problems = append(c.problems, loser.problem("UID", fmt.Sprintf("it is also that of line %d, which counts",
				winner.Line), "is ignored"))
		}
	}
	byUID := map[string]*series{}
	for _, e := range c.components {
		if latest[e.key()] != e {
			continue
		}
		s := byUID[e.UID]
		if s == nil || e.UID == "" {
			s = &series{}
			byUID[e.UID] = s
			c.series = append(c.series, s)
		}
		if e.replaces == nil {
			s.master = e
		} else {
			s.overrides = append(s.overrides, e)
		}
		if !e.cancelled && !c.hidden[e] {
			c.events = append(c.events, e)
		}
	}
	tooMany := map[*Event]bool{}
	for _, s := range c.series {
		if len(s.overrides) > c.limits.Overrides {
			e := s.overrides[c.limits.Overrides]
			c.problems = append(c.problems, e.problem("RECURRENCE-ID", fmt.Sprintf("more than %d of one series (limits.overrides)",
				c.limits.Overrides), "and its series are ignored"))
			for _, e := range append(s.overrides, s.master) {
				tooMany[e] = true
			}
			*s = series{}
		}
	}
	c.events = slices.DeleteFunc(c.events, func(e *Event) bool { return tooMany[e] })
	slices.SortStableFunc(c.problems, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line))
	})
}

// key is the same for all versions of an event.
func (e *Event) key() string {
	if e.UID == "" { // Nothing says that two such events are one.
		return fmt.Sprintf("\x00%s:%d", e.file, e.Line)
	}
	if e.replaces == nil {
		return e.UID
	}
	s := *e.replaces
	if s.form == zonedForm {
		s = stamp{civil: Instant(s.civil, s.zone), form: utcForm}
	}
	return e.UID + "\x00" + strconv.Itoa(int(s.form)) + ":" + strconv.FormatInt(s.civil, 10)
}

// supersedes reports whether e, which stands later in the feed, is the valid version of the two (RFC 5546, 2.1.4 and
// 2.1.5).
func (e *Event) supersedes(other *Event) bool {
	return cmp.Or(cmp.Compare(e.sequence, other.sequence), cmp.Compare(e.modified, other.modified)) >= 0
}
