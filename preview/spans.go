package preview

import (
	"iter"
	"strings"
	"time"

	"github.com/callhours/callhours/pivot"
	"github.com/callhours/callhours/render"
	"github.com/callhours/callhours/routes"
)

// Span is a time during which a call gets the same branch for the same reason: by an event of the
// same title, with the same name found in it. Neighbours for which these are equal are one span.
// The first one may have begun before the period that was asked for, and the last one may go on
// after it.
type Span struct {
	Start  time.Time `json:"start"`
	End    time.Time `json:"end"` // exclusive
	Branch string    `json:"branch"`
	State  string    `json:"state"`
	Event  string    `json:"event,omitempty"` // title of the event that decides
	Match  string    `json:"match,omitempty"` // the key that a `names` condition found
	Reason string    `json:"reason"`          // why, at its start

	label       string // of the branch, for people
	unknown     bool   // decided by the route's unknown branch
	isLast      bool   // the last branch: what holds when nothing else does
	isContinued bool   // it began before the hours that were asked for
}

// DisplayState is the state that pages show: the branch's, or "unknown".
func (s Span) DisplayState() string { return displayState(s.State, s.unknown) }

// Label is the branch's name for people.
func (s Span) Label() string { return routes.DisplayName(s.label, s.Branch) }

// Title is what people read beside the label of the event that decides; "" without one.
func (s Span) Title() string { return titleBeside(s.fullTitle(), s.Label(), s.Branch) }

func (s Span) fullTitle() string { return spanTitle(s.Event, s.Match) }

// spanTitle is an event's title, with the name that was found where the title does not show it:
// then that stands in another event, or is written otherwise.
func spanTitle(title, match string) string {
	switch {
	case match == "" || strings.Contains(strings.ToLower(title), strings.ToLower(match)):
		return title
	case title == "":
		return match
	}
	return title + ", " + match
}

// titleBeside is an event's title where the branch stands before it: "Bob" of "On call: Bob" if that
// is the label or the name of the branch. Only what punctuation sets off is cut: "Open day" does not
// become "day".
func titleBeside(title string, names ...string) string {
	for _, name := range names {
		if len(name) == 0 || len(title) <= len(name) || !strings.EqualFold(title[:len(name)], name) {
			continue
		}
		rest := strings.TrimSpace(title[len(name):])
		for _, mark := range [...]string{":", "-", "–", "—", "·", "|", "/"} {
			if after, ok := strings.CutPrefix(rest, mark); ok && strings.TrimSpace(after) != "" {
				return strings.TrimSpace(after)
			}
		}
	}
	return title
}

// Change is when something else begins for a call, and what that is.
type Change struct {
	At      time.Time `json:"at"`
	Branch  string    `json:"branch"`
	State   string    `json:"state"`
	Unknown bool      `json:"unknown,omitempty"` // decided by the route's unknown branch
	Event   string    `json:"event,omitempty"`   // title of the event that decides then
	Match   string    `json:"match,omitempty"`   // the key that a `names` condition finds then

	label string // of the branch, for people
}

// DisplayState is the state that pages show: the branch's, or "unknown".
func (c Change) DisplayState() string { return displayState(c.State, c.Unknown) }

// Label is the branch's name for people.
func (c Change) Label() string { return routes.DisplayName(c.label, c.Branch) }

// Title is what people read beside the label of the event that decides then; "" without one.
func (c Change) Title() string { return titleBeside(c.fullTitle(), c.Label(), c.Branch) }

func (c Change) fullTitle() string { return spanTitle(c.Event, c.Match) }

// walk iterates over the spans of a route, for a call. Everything that shows spans takes them from
// here.
type walk struct {
	preview *Preview // compiles what lies beyond a window; nil: nothing beyond it is in sight
	route   *render.Route
	call    *pivot.Call // nil: the ordinary call
	left    *budget
	explain bool      // spans say why
	unread  time.Time // from when on titles were not read, since that would have been too many; zero: all were
}

// spanKey identifies a span. One whose title was not read differs from those before it.
type spanKey struct {
	routes.SpanKey
	unread bool
}

// place is a position of a walk.
type place struct {
	state    *render.State
	decision routes.Decision
	at       time.Time
	key      spanKey
}

func (w *walk) key(d routes.Decision) spanKey {
	k, read, ok := d.SpanKey(w.left.titles)
	w.left.titles -= read
	return spanKey{k, !ok}
}

// start is where a walk begins.
func (w *walk) start(state *render.State, at time.Time) place {
	d := state.Decide(w.call, at)
	return place{state, d, at.In(w.route.Zone), w.key(d)}
}

// spans yields the spans between two times, without gaps; the last one is cut at the end. It ends
// early when the budget is spent or its context is done.
func (w *walk) spans(state *render.State, from, to time.Time) iter.Seq[Span] {
	return func(yield func(Span) bool) {
		to := to.In(w.route.Zone)
		for here, ends := w.start(state, from), true; ends && here.at.Before(to); {
			var next place
			next, ends = w.next(here, to)
			s := w.span(here)
			if s.End = to; ends {
				s.End = next.at
			}
			if w.left.err() != nil || !yield(s) {
				return
			}
			here = next
		}
	}
}

// next returns where the next span begins; false if none begins before a time and within sight.
func (w *walk) next(here place, to time.Time) (next place, found bool) {
	state, d := here.state, here.decision
	for {
		passed := 0
		for d := range d.Ahead() {
			from, _, _ := d.Lasts()
			if passed++; from >= to.Unix() || passed%each == 0 && w.left.err() != nil {
				return place{}, false
			}
			if next := (place{state, d, time.Unix(from, 0).In(w.route.Zone), here.key}); w.differs(&next) {
				return next, true
			}
		}
		_, seen := state.Window()
		if w.preview == nil || !seen.Before(to) || w.left.err() != nil {
			return place{}, false
		}
		state = w.preview.state(w.route, seen)
		if _, end := state.Window(); !end.After(seen) { // cannot be
			return place{}, false
		}
		d = state.Decide(w.call, seen)
		if next := (place{state, d, seen, here.key}); w.differs(&next) {
			return next, true
		}
	}
}

// each is the number of segments after which a walk checks its context.
const each = 1 << 12

// differs reports whether another span than the one with the place's key has its decision, and then
// sets the key to that of the other.
func (w *walk) differs(p *place) bool {
	former := p.key
	if former.unread && p.decision.Branch == former.Branch && p.decision.Unknown == former.Unknown {
		return false // nothing is left to read its title with
	}
	p.key = w.key(p.decision)
	return p.key != former
}

// since is when the span began that somebody is in; false where it did before the window.
func (w *walk) since(here place) (time.Time, bool) {
	from, _, ok := here.decision.Lasts()
	passed := 0
	for d := range here.decision.Behind() {
		if passed++; passed%each == 0 && w.left.err() != nil {
			return time.Time{}, false
		}
		if w.differs(&place{decision: d, key: here.key}) {
			return time.Unix(from, 0).In(w.route.Zone), ok
		}
		from, _, ok = d.Lasts()
	}
	return time.Time{}, false
}

// span is the one that begins at a place, without its end.
func (w *walk) span(at place) Span {
	b := w.route.Branches[at.key.Branch]
	s := Span{
		Start: at.at, Branch: b.Name, State: string(b.State),
		Event: truncate(at.key.Title, maxTitle), Match: truncate(at.key.Match, maxTitle),
		label:   w.route.BranchNames[b.Name],
		unknown: at.key.Unknown, isLast: at.key.Branch == len(w.route.Branches)-1,
	}
	if at.key.unread && w.unread.IsZero() {
		w.unread = at.at
	}
	if w.explain {
		s.Reason = unexplained
		if w.left.spendDecision(at.decision) {
			s.Reason = truncate(w.reason(at.decision), maxReason)
		}
	}
	return s
}

// change is what begins at a place.
func (w *walk) change(at place) *Change {
	s := w.span(at)
	return &Change{at.at, s.Branch, s.State, s.unknown, s.Event, s.Match, s.label}
}

// changes are when another branch takes over from a place on, and when another span begins; nil
// where none does in sight.
func (w *walk) changes(here place) (until, spanUntil *Change) {
	at, ok := here.decision.Until()
	if ok {
		until = w.change(w.start(here.state, at))
	}
	_, end := here.state.Window()
	if next, ok := w.next(here, end); ok {
		spanUntil = w.change(next)
	}
	return until, spanUntil
}

// reason is why a branch is taken: in words for the readers of pages, exactly for all others.
func (w *walk) reason(d routes.Decision) string {
	if p := w.preview; p != nil && p.calendarName != nil {
		return d.InWords(p.language, p.calendarName)
	}
	return d.Reason()
}
