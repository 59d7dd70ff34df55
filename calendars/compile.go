package calendars

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/callhours/callhours/calendars/ical"
	"github.com/callhours/callhours/calendars/recur"
)

// Compile works out the occurrences that overlap [from, to). It never fails: an event that is over
// a limit is left out and becomes a Problem of the Timeline. The same arguments give the same
// Timeline everywhere, given the same zone data.
func (c *Calendar) Compile(view View, from, to time.Time) *Timeline {
	comp := &compiler{
		limits: c.limits.WithDefaults(),
		clock:  newClock(view),
		from:   from.Unix(),
		to:     to.Unix(),
	}
	comp.steps = comp.limits.CalendarSteps
	if comp.from < comp.to {
		for _, s := range c.unpack().series {
			comp.expand(s)
		}
	}
	t := newTimeline(c, comp.from, comp.to, comp.occurrences, comp.problems)
	t.steps = comp.limits.CalendarSteps - comp.steps
	return t
}

// compiler is one Compile.
type compiler struct {
	limits   ical.Limits
	clock    *clock
	from, to int64
	steps    int // left for all rules

	occurrences   []Occurrence
	problems      []ical.Problem
	slots         []slot          // of the current series; reused
	clampReported map[*Event]bool // events whose end was cut, and that were reported
}

// slot is a start in a series, before single ones are changed.
type slot struct {
	at, civil int64 // the same moment: an instant, and on the wall clock of DTSTART
	span      *span // nil: the event's own
}

// span is the length of an event: first by the wall clock, then exactly. RFC 5545 measures DTEND
// exactly (3.8.5.3), yet every product keeps the hour on the clock, and people mean it: a night
// shift until six ends at six.
type span struct{ wall, exact int64 }

// compare orders spans by length, nil first.
func (s *span) compare(other *span) int {
	if s == nil || other == nil {
		switch s {
		case other:
			return 0
		case nil:
			return -1
		}
		return 1
	}
	return cmp.Compare(s.wall+s.exact, other.wall+other.exact)
}

// variant is what a changed occurrence with RANGE=THISANDFUTURE makes of its slot and those after
// it.
type variant struct {
	from  slot
	shift int64 // from the slot to the start, on the wall clock
	event *Event
	span  span
}

// expand adds the occurrences of a series, or none and a Problem.
func (c *compiler) expand(s *series) {
	before := len(c.occurrences)
	event, exceeded := c.tryExpand(s)
	if exceeded == "" && len(c.occurrences)-before > c.limits.EventInstances {
		exceeded = fmt.Sprintf("more than %d occurrences (limits.event_instances)", c.limits.EventInstances)
	}
	if exceeded == "" && len(c.occurrences) > c.limits.Instances {
		exceeded = fmt.Sprintf("the calendar has more than %d occurrences with it (limits.instances)", c.limits.Instances)
	}
	if exceeded != "" {
		clear(c.occurrences[before:])
		c.occurrences = c.occurrences[:before]
		c.problems = append(c.problems, event.Problem("", exceeded, "is ignored"))
	}
}

// tryExpand returns the event that the series is named after, and which limit it exceeds, if any.
func (c *compiler) tryExpand(s *series) (event *Event, exceeded string) {
	master := s.master
	excluded := exceptions{}
	if master != nil {
		for _, s := range master.Exceptions {
			c.addException(&excluded, master, s)
		}
	}
	var deleted exceptions
	if len(s.changes) > 0 {
		deleted = excluded.clone()
	}
	var variants []variant
	for _, o := range s.changes {
		event = o
		if master != nil && o.Onwards { // The later ones stay changed also where this one was deleted.
			variants = append(variants, c.variant(master, o))
			continue
		}
		if master != nil && master.Revises(&o.Event) && deleted.has(c.replacedSlot(master, o)) {
			continue // The occurrence was changed first, and then deleted.
		}
		if master != nil {
			c.addException(&excluded, master, *o.Replaces)
		}
		c.add(o, slot{at: c.clock.instant(o.Start), civil: o.Start.Civil}, c.span(o))
	}
	if master == nil {
		return event, ""
	}
	if (master.Cancelled || master.hidden) && len(variants) == 0 {
		return master, ""
	}
	slices.SortFunc(variants, func(a, b variant) int { return cmp.Compare(a.from.at, b.from.at) })
	if exceeded := c.collectSlots(master, variants); exceeded != "" {
		return master, exceeded
	}
	length := c.span(master)
	for _, slot := range c.slots {
		if excluded.has(slot) {
			continue
		}
		i, _ := slices.BinarySearchFunc(variants, slot.at, func(v variant, at int64) int {
			if v.from.at <= at {
				return -1
			}
			return 1
		})
		if i > 0 {
			c.addVariant(master, variants[i-1], slot)
			continue
		}
		slotLength := length
		if slot.span != nil {
			slotLength = *slot.span
		}
		c.add(master, slot, slotLength)
	}
	return master, ""
}

func (c *compiler) addVariant(master *Event, v variant, s slot) {
	moved := master.Start
	moved.Civil = s.civil + v.shift
	switch start := v.event.Start; {
	case start.IsDate() != moved.IsDate(): // A day has no clock.
		s.civil = moved.Civil
		s.at = c.instant(v.event, s.civil)
	case v.shift != 0 || start.Form != moved.Form || start.Zone != moved.Zone:
		s.at, s.civil = c.clock.instant(moved), c.clock.civilIn(moved, start)
	}
	c.add(v.event, s, v.span)
}

// add adds an occurrence, if it overlaps the window and its event counts.
func (c *compiler) add(e *Event, s slot, length span) {
	if e.Cancelled || e.hidden {
		return
	}
	end := s.at
	if length != (span{}) {
		end = length.exact
		if length.wall != 0 {
			end += c.instant(e, s.civil+length.wall)
		} else {
			end += s.at
		}
		if end <= s.at { // The clocks skip the start and, in wall time, the end: what is left is the exact length.
			end = s.at + length.wall + length.exact
		}
	}
	if s.at < c.to && (end > c.from || end == s.at && s.at >= c.from) {
		c.occurrences = append(c.occurrences, c.newOccurrence(s.at, end, e))
	}
}

// Moments lie between these, so that every zone can write them with a year of four digits (RFC
// 3339, 5.6).
var firstMoment, lastMoment = recur.Civil(0, 1, 1) + 2*recur.Day, recur.Civil(recur.LastYear+1, 1, 1) - 2*recur.Day

// newOccurrence is an occurrence within the years that can be written. An end that is clamped is a
// Problem.
func (c *compiler) newOccurrence(start, end int64, e *Event) Occurrence {
	if end > lastMoment && !c.clampReported[e] {
		if c.clampReported == nil {
			c.clampReported = map[*Event]bool{}
		}
		c.clampReported[e] = true
		c.problems = append(c.problems, e.Problem("", "it ends after the year 9999", "is read as ending on 9999-12-30"))
	}
	return Occurrence{min(max(start, firstMoment), lastMoment), min(max(end, firstMoment), lastMoment), e}
}

// instant is where civil time on the event's own wall clock lies.
func (c *compiler) instant(e *Event, civil int64) int64 {
	s := e.Start
	s.Civil = civil
	return c.clock.instant(s)
}

// span is the length of an event.
func (c *compiler) span(e *Event) span { return c.length(e.Start, e.End, e.Duration) }

func (c *compiler) length(start ical.Time, end *ical.Time, d recur.Duration) span {
	if start.Form != recur.Date {
		if end == nil {
			return span{wall: d.Days * recur.Day, exact: d.Seconds}
		}
		return span{wall: max(0, c.clock.civilIn(*end, start)-start.Civil)}
	}
	// Whole days: a part of one is one, and so is none, which some exporters write for one (3.6.1
	// wants none at all).
	wall := d.Days*recur.Day + d.Seconds
	if end != nil {
		switch {
		case end.Form == recur.UTC && end.MeansDate(): // T235959Z is the end of that day
			wall = end.Civil - start.Civil
		case end.Form == recur.UTC:
			wall = c.clock.date(*end) - start.Civil
		default:
			wall = c.clock.civilIn(*end, start) - start.Civil
		}
	}
	return span{wall: max(recur.Day, wall+recur.SecondOfDay(-wall))}
}

// variant places a changed occurrence with RANGE=THISANDFUTURE (3.2.13): what it does to its own
// slot it does to all that follow.
func (c *compiler) variant(master, o *Event) variant {
	since := c.replacedSlot(master, o)
	start := o.Start.Civil
	if o.Start.IsDate() == master.Start.IsDate() {
		start = c.clock.civilIn(o.Start, master.Start)
	}
	return variant{from: since, shift: start - since.civil, event: o, span: c.span(o)}
}

// replacedSlot is the slot of the master that a changed occurrence replaces.
func (c *compiler) replacedSlot(master, o *Event) slot {
	named := c.align(master, *o.Replaces)
	return slot{at: c.clock.instant(named), civil: c.clock.civilIn(named, master.Start)}
}

// align makes a time that names an occurrence of the master one of the master's kind.
func (c *compiler) align(master *Event, s ical.Time) ical.Time {
	switch {
	case master.Start.Form == recur.Date:
		return ical.Time{Time: recur.Time{Civil: c.clock.date(s)}}
	case s.Form == recur.Date:
		aligned := master.Start
		aligned.Civil = s.Civil + recur.SecondOfDay(master.Start.Civil)
		return aligned
	case s.Form == recur.Floating && master.Start.Form == recur.Zoned: // what names an occurrence is on its clock
		s.Form, s.Zone = recur.Zoned, master.Start.Zone
	}
	return s
}

// exceptions are slots that a series does not have: those named by EXDATE, and those that changed
// occurrences stand for. They are compared as instants, whatever zone they are written in; a DATE
// for a timed event means that whole day.
type exceptions struct {
	instants, days map[int64]bool
}

func (c *compiler) addException(e *exceptions, master *Event, s ical.Time) {
	if s.Form == recur.Date && master.Start.Form != recur.Date {
		if e.days == nil {
			e.days = map[int64]bool{}
		}
		e.days[recur.Midnight(s.Civil)] = true
		return
	}
	if e.instants == nil {
		e.instants = map[int64]bool{}
	}
	e.instants[c.clock.instant(c.align(master, s))] = true
}

func (e *exceptions) clone() exceptions {
	return exceptions{instants: maps.Clone(e.instants), days: maps.Clone(e.days)}
}

func (e *exceptions) has(s slot) bool { return e.instants[s.at] || e.days[recur.Midnight(s.civil)] }

// collectSlots collects in c.slots the slots of a master that may reach into the window, in order
// and each once. It returns the limit that they exceed, if any.
func (c *compiler) collectSlots(master *Event, variants []variant) (exceeded string) {
	start := master.Start
	wall := c.clock.zoneClock(start)
	c.slots = c.slots[:0]

	// The window on the wall clock of DTSTART, widened by what may come between a slot and its end.
	// Two days are more than any offset and day start together.
	length := c.span(master)
	back, ahead := length.wall+length.exact, int64(0)
	for _, v := range variants {
		back = max(back, v.shift+v.span.wall+v.span.exact)
		ahead = max(ahead, -v.shift)
	}
	from, to := c.from-back-2*recur.Day, c.to+ahead+2*recur.Day

	if from <= start.Civil && start.Civil < to && !c.clock.endsBeforeStart(master) {
		c.slots = append(c.slots, slot{at: c.clock.instant(start), civil: start.Civil})
	}
	for _, r := range master.Rules {
		if exceeded := c.collectRule(r, start, from, to); exceeded != "" {
			return exceeded
		}
	}
	for _, v := range variants {
		c.slots = append(c.slots, v.from)
	}
	for _, d := range master.Dates {
		s := c.align(master, d.Start)
		added := slot{at: c.clock.instant(s)}
		if added.civil = s.Civil; s.Form != start.Form || s.Zone != start.Zone {
			added.civil = wall.Civil(added.at)
		}
		if d.End != nil || d.Duration != (recur.Duration{}) {
			ownLength := c.length(s, d.End, d.Duration)
			added.span = &ownLength
		}
		c.slots = append(c.slots, added)
	}
	// Of an occurrence that is named twice, the period of an RDATE says the length (3.8.5.2);
	// of two periods, the longer.
	slices.SortFunc(c.slots, func(a, b slot) int {
		return cmp.Or(cmp.Compare(a.at, b.at), b.span.compare(a.span), cmp.Compare(a.civil, b.civil))
	})
	c.slots = slices.CompactFunc(c.slots, func(a, b slot) bool { return a.at == b.at })
	return c.exclude(master, from, to)
}

// collectRule adds the slots of one rule.
func (c *compiler) collectRule(r *recur.Rule, start ical.Time, from, to int64) (exceeded string) {
	to, last := c.until(r, start, to)
	b := &recur.Budget{Left: min(c.limits.Steps, c.steps)}
	allowed := b.Left
	defer func() { c.steps -= allowed - max(0, b.Left) }()
	if r.Count > 0 && !r.Includes(start.Civil, b) {
		// 3.3.10: DTSTART always counts as the first occurrence, also where the rule does not name
		// it.
		if r.Count == 1 {
			return ""
		}
		fewer := *r
		fewer.Count--
		r = &fewer
	}
	for civil := range r.Starts(start.Civil, from, to, b) {
		s := start
		s.Civil = civil
		at := c.clock.instant(s)
		if at > last {
			break
		}
		c.slots = append(c.slots, slot{at: at, civil: civil})
		if len(c.slots) > c.limits.EventInstances {
			return fmt.Sprintf("more than %d occurrences (limits.event_instances)", c.limits.EventInstances)
		}
	}
	switch {
	case !b.Over():
		return ""
	case allowed < c.limits.Steps:
		return fmt.Sprintf("the rules of the calendar take more than %d steps with it (limits.calendar_steps)",
			c.limits.CalendarSteps)
	}
	return fmt.Sprintf("its rule takes more than %d steps (limits.steps)", c.limits.Steps)
}

// exclude removes what EXRULEs name.
func (c *compiler) exclude(master *Event, from, to int64) (exceeded string) {
	if len(master.Exclusions) == 0 {
		return ""
	}
	kept := slices.Clone(c.slots)
	// of each slot that there is: what rules name besides would be without bounds
	excluded := make(map[int64]bool, len(kept))
	for _, s := range kept {
		excluded[s.at] = false
	}
	for _, r := range master.Exclusions {
		c.slots = c.slots[:0]
		if exceeded := c.collectRule(r, master.Start, from, to); exceeded != "" {
			return exceeded
		}
		for _, s := range c.slots {
			if _, found := excluded[s.at]; found {
				excluded[s.at] = true
			}
		}
	}
	c.slots = slices.DeleteFunc(kept, func(s slot) bool { return excluded[s.at] })
	return ""
}
