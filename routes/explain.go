package routes

import (
	"fmt"
	"math"
	"time"

	"github.com/callhours/callhours/calendars"
)

// Step is what became of one branch's condition.
type Step struct {
	Branch string
	State  State
	Truth  string // "true", "false" or "unknown"
	Reason string // one readable line
	Brief  string // the same in few words, with the first of several patterns
	Taken  bool
}

// Steps are the branches in order, each with the result of its condition and why, up to the last one.
// why is asked for each branch whether so many events may be looked at for its reason, which is ""
// if not; nil for all. in is the language of Brief, and calendar gives what people call a calendar
// there, by its full name; nil: its name without the tenant's.
func (d Decision) Steps(
	why func(events int) bool, in calendars.Language, calendar func(name string) string,
) []Step {
	if calendar == nil {
		calendar = ownName
	}
	s := d.segments
	steps := make([]Step, len(s.route.Branches))
	for i, b := range s.route.Branches {
		n := s.route.branches[i]
		steps[i] = Step{
			Branch: b.Name, State: b.State, Taken: i == d.Branch,
			Truth: s.eval(n, d.call, d.segment).String(),
		}
		if why == nil || why(d.weight(n, math.MaxInt)) {
			steps[i].Reason, steps[i].Brief = d.why(n, exactly()), d.brief(n, steps[i], wording{in, calendar, true})
		}
	}
	return steps
}

// brief is why a branch was taken or not, in few words.
func (d Decision) brief(n *node, s Step, in wording) string {
	why := cutSentence(d.why(n, in))
	switch {
	case s.Taken || s.Truth != yes.String():
		return why
	case n == nil:
		return in.Translate("in every other case")
	default:
		return in.Translate("%s (an earlier branch answers)", why)
	}
}

// Weight is how many events Reason, and Events likewise, have to look at, counted up to most.
func (d Decision) Weight(most int) int {
	if d.segments == nil {
		return 0
	}
	return d.weight(d.segments.route.branches[d.matched], most)
}

// weight is how many events are on in the calendars of a condition, counted up to most.
func (d Decision) weight(n *node, most int) (sum int) {
	s := d.segments
	if n == nil || d.segment == outside {
		return 0
	}
	if n.op == opCalendar {
		from, to := s.stretch(n.leaf, d.segment)
		for _, t := range s.timelines[n.leaf] {
			if t != nil && sum < most {
				sum += t.Busy(from, to, most-sum)
			}
		}
	}
	for _, k := range n.kids {
		if sum < most {
			sum += d.weight(k, most-sum)
		}
	}
	return sum
}

// Segments is how many segments there are, which Until and Since may have to pass.
func (d Decision) Segments() int { return len(d.segments.starts) }

// Reason says in one line why the branch was taken. It shows titles of events and what the
// configuration says, never the caller.
func (d Decision) Reason() string { return d.reason(exactly()) }

// InWords is the reason as people read it, in their language; calendar is as for [Route.InWords].
func (d Decision) InWords(in calendars.Language, calendar func(name string) string) string {
	if calendar == nil {
		calendar = ownName
	}
	return cutSentence(d.reason(wording{Language: in, calendar: calendar, brief: true}))
}

func (d Decision) reason(how wording) string {
	if d.segments == nil {
		return ""
	}
	why := d.why(d.segments.route.branches[d.matched], how)
	if d.Unknown {
		return how.Translate("branch %s cannot be decided: %s", d.segments.route.Branches[d.matched].Name, why)
	}
	return why
}

// wording is how a reason is written.
type wording struct {
	calendars.Language
	calendar func(name string) string // what it is called, by its full name
	brief    bool                     // in words for people, see [Route.InWords]; else as the configuration says it
}

// exactly is the wording of logs, headers and the API.
func exactly() wording { return wording{Language: calendars.English(), calendar: fullName} }

func fullName(name string) string { return name }

// why says in one line why a condition is what it is.
func (d Decision) why(n *node, how wording) string {
	s := d.segments
	if n == nil {
		return how.Translate("nothing else applies")
	}
	truth := s.eval(n, d.call, d.segment)
	switch n.op {
	case opCalendar:
		return d.whyLeaf(n.leaf, truth, how)
	case opCall:
		asks := n.asks
		if how.brief {
			asks = n.brief.in(how.Translate)
		}
		if truth == yes {
			return asks
		}
		return how.Translate("not: %s", asks)
	case opNot:
		return d.why(n.kids[0], how)
	default:
	}
	// All is decided by the first that is not true, any by the first that is not false; else every
	// part took its share.
	settled := truth != yes && n.op == opAll || truth != no && n.op == opAny
	var parts []string
	for _, k := range n.kids {
		if settled && s.eval(k, d.call, d.segment) == truth {
			return d.why(k, how)
		}
		if truth == yes && k.op == opNot {
			continue // what is absent explains little beside what is there
		}
		parts = append(parts, d.why(k, how))
	}
	if len(parts) == 0 {
		for _, k := range n.kids {
			parts = append(parts, d.why(k, how))
		}
	}
	return translator(how.Translate).andList(parts)
}

func (d Decision) whyLeaf(leaf int, truth truth, how wording) string {
	s := d.segments
	l := s.route.leaves[leaf]
	switch truth {
	case unknown:
		if d.segment == outside {
			if s.short == "" {
				return how.Translate("the moment lies outside the window that the calendars are expanded for")
			}
			return how.Translate(
				"the moment lies outside the window that the calendars are expanded for, which is short: %s", s.short)
		}
		for i, t := range s.timelines[leaf] {
			if t == nil {
				why := s.why[l.calendars[i]]
				if why == calendars.NeverRead {
					why = how.Translate("it was never read")
				}
				return how.Translate("calendar %s is unknown: %s", how.calendar(l.calendars[i]), why)
			}
		}
	case yes:
		if e := s.on(leaf, d.segment).why; e.Event != nil {
			if how.brief {
				title := quotable(e.Event.Summary)
				if other := l.matchedName(e.Event); other != "" {
					title += " / " + quotable(other)
				}
				return how.Translate("“%s” in %s, %s", title, quotable(how.calendar(e.Calendar)),
					s.spoken(e, how.Language))
			}
			also := ""
			if other := l.matchedName(e.Event); other != "" {
				also = fmt.Sprintf(", also called %q", other)
			}
			return fmt.Sprintf("calendar %s has %q%s, %s", e.Calendar, e.Event.Summary, also, s.when(e))
		}
	case no:
	}
	if how.brief {
		return phraser{s.route, how.Translate, how.calendar}.leaf(l, false)
	}
	return "nothing is on in " + l.String()
}

// matchedName is the other name of an event by which it was found; "" where its title is like the patterns, too.
func (l *leaf) matchedName(e *calendars.Event) string {
	if len(e.Names) == 0 || l.filter.Summary.Match(e.Summary) {
		return ""
	}
	for _, n := range e.Names {
		if l.filter.Summary.Match(n.Text) {
			return n.Text
		}
	}
	return ""
}

// spoken says when an event runs, as people read it.
func (s *Segments) spoken(e Event, in calendars.Language) string {
	start, end := time.Unix(e.Start, 0).In(s.route.Zone), time.Unix(e.End, 0).In(s.route.Zone)
	if e.Event.AllDay {
		last := end.Add(-time.Second)
		if start.Format(time.DateOnly) == last.Format(time.DateOnly) || end.Sub(start) <= 25*time.Hour {
			return in.Translate("all day on %s", in.Day(start, true))
		}
		return in.Translate("all day from %s to %s", in.Day(start, true), in.Day(last, true))
	}
	from := in.Day(start, true) + " " + start.Format("15:04")
	if start.Format(time.DateOnly) == end.Format(time.DateOnly) {
		return in.Translate("%s to %s", from, end.Format("15:04"))
	}
	return in.Translate("%s to %s", from, in.Day(end, true)+" "+end.Format("15:04"))
}

// when says when an event runs, in the route's zone.
func (s *Segments) when(e Event) string {
	start, end := time.Unix(e.Start, 0).In(s.route.Zone), time.Unix(e.End, 0).In(s.route.Zone)
	if e.Event.AllDay {
		last := end.Add(-time.Second)
		if start.Format(time.DateOnly) == last.Format(time.DateOnly) || end.Sub(start) <= 25*time.Hour {
			return "all day on " + start.Format(time.DateOnly)
		}
		return "all day from " + start.Format(time.DateOnly) + " to " + last.Format(time.DateOnly)
	}
	if start.Format(time.DateOnly) == end.Format(time.DateOnly) {
		return start.Format("2006-01-02 15:04") + " to " + end.Format("15:04")
	}
	return start.Format("2006-01-02 15:04") + " to " + end.Format("2006-01-02 15:04")
}
