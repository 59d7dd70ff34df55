package preview

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"strings"
	"time"

	ics "github.com/arran4/golang-ical"

	"github.com/callhours/callhours/internal/diag"
	"github.com/callhours/callhours/render"
)

// Hours are the decisions for the ordinary call of a route over a period: spans without a gap.
type Hours struct {
	Route    string    `json:"route"`
	Timezone string    `json:"timezone"`
	From     time.Time `json:"from"` // in the route's zone, like all times here
	To       time.Time `json:"to"`   // exclusive
	Spans    []Span    `json:"spans,omitempty"`
	// Truncated says that there is more until the time that was asked for, and how to ask
	// for it; "" where all is there.
	Truncated string `json:"truncated,omitempty"`
}

// Period is the route and the time that hours are asked for.
type Period struct {
	Route string
	From  time.Time
	Days  int // counted on the clock of the route's zone
	Most  int // spans; 0: MaxSpans
}

// Span is a time during which one branch answers. The first one may have begun before the period,
// and the last one may go on after it.
type Span struct {
	Start  time.Time `json:"start"`
	End    time.Time `json:"end"` // exclusive
	Branch string    `json:"branch"`
	State  string    `json:"state"`
	Event  string    `json:"event,omitempty"` // title of the event that decides at its start
	Reason string    `json:"reason"`          // why, at its start

	index       int  // of the branch
	unknown     bool // decided by the route's unknown branch
	isLast      bool // the last branch: what holds when nothing else does
	isContinued bool // it began before the hours that were asked for
}

// DisplayState is the state that pages show: the branch's, or "unknown".
func (s Span) DisplayState() string { return displayState(s.State, s.unknown) }

// Hours are the decisions of a route over a period: as far as is asked, window by window, and at
// most as many spans as asked for. The error names a route that does not exist, or is that of the
// context.
func (p *Preview) Hours(ctx context.Context, asked Period) (*Hours, error) {
	r, err := p.find(asked.Route)
	if err != nil {
		return nil, err
	}
	most, left := asked.Most, newBudget(ctx)
	if most == 0 {
		most = MaxSpans
	}
	from := asked.From.In(r.Zone)
	h := &Hours{Route: r.Name, Timezone: r.Zone.String(), From: from, To: from.AddDate(0, 0, asked.Days)}
	before := p.state(r, from.Add(-time.Second)).Decide(nil, from.Add(-time.Second)).Branch
	state := p.state(r, from)
	for at := from; at.Before(h.To); {
		if err := left.err(); err != nil {
			return nil, err
		}
		if len(h.Spans) == most {
			h.To, h.Truncated = at, truncatedMessage("spans", most, at)
			break
		}
		s, ends := newSpan(r, state, at, h.To)
		// No span ends where a window does: what is not seen to end is looked at again from where
		// it begins, and from where each window ends.
		if _, seen := state.Window(); !ends && seen.Before(h.To) {
			state = p.state(r, at)
			if s, ends = newSpan(r, state, at, h.To); !ends {
				if err := p.extend(r, state, &s, left); err != nil {
					return nil, err
				}
			}
		}
		s.addReason(state, left)
		s.isContinued = at.Equal(from) && s.index == before
		h.Spans = append(h.Spans, s)
		at = s.End
	}
	return h, nil
}

// extend looks for the end of a span that does not end in the window of a state, window by window.
// The error is that of the context.
func (p *Preview) extend(r *render.Route, state *render.State, s *Span, left *budget) error {
	to := s.End
	for {
		_, seen := state.Window()
		if !seen.Before(to) {
			return nil
		}
		if err := left.err(); err != nil {
			return err
		}
		state = p.state(r, seen)
		if _, end := state.Window(); !end.After(seen) { // cannot be
			return nil
		}
		next, ends := newSpan(r, state, seen, to)
		switch {
		case next.index != s.index || next.unknown != s.unknown:
			s.End = seen
			return nil
		case ends:
			s.End = next.End
			return nil
		}
	}
}

// newSpan is what the ordinary call gets from a moment on, until another branch takes over, or to;
// ends is false where none does in sight. It has no reason yet.
func newSpan(r *render.Route, state *render.State, at, to time.Time) (s Span, ends bool) {
	d := state.Decide(nil, at)
	b := r.Branches[d.Branch]
	s = Span{
		Start: at, End: to, Branch: b.Name, State: string(b.State),
		index: d.Branch, unknown: d.Unknown, isLast: d.Branch == len(r.Branches)-1,
	}
	until, ends := d.Until()
	if ends && until.Before(to) {
		s.End = until
	}
	return s, ends
}

// addReason sets the reason and the deciding event, as far as the budget allows.
func (s *Span) addReason(state *render.State, left *budget) {
	d := state.Decide(nil, s.Start)
	if !left.spendDecision(d) {
		s.Reason = unexplained
		return
	}
	s.Reason = truncate(d.Reason(), maxReason)
	if events := d.Events(); len(events) > 0 {
		s.Event = truncate(events[0].Event.Summary, maxTitle)
	}
}

// Text writes a line for each span, day by day.
func (h *Hours) Text(w io.Writer) error {
	b := bufio.NewWriter(w)
	fmt.Fprintf(b, "%s, times in %s\n", h.Route, h.Timezone)
	widest := 0
	for _, s := range h.Spans {
		widest = max(widest, len(s.Branch)+len(s.State)+3)
	}
	line := func(at time.Time, day string, s Span) {
		text := fmt.Sprintf("%-14s  %s  %-*s  %s", day, at.Format("15:04"), widest, s.Branch+" ("+s.State+")",
			diag.WithoutControls(s.Event))
		b.WriteString(strings.TrimRight(text, " ") + "\n")
	}
	i := 0
	for at := h.From; at.Before(h.To); {
		y, m, d := at.Date()
		next := time.Date(y, m, d+1, 0, 0, 0, 0, at.Location())
		day := at.Format("Mon 2006-01-02")
		for i < len(h.Spans) && h.Spans[i].Start.Before(next) {
			s := h.Spans[i]
			begin := s.Start
			if begin.Before(at) {
				begin = at
			}
			line(begin, day, s)
			if day = ""; s.End.After(next) {
				break // it goes on tomorrow
			}
			i++
		}
		at = next
	}
	if h.Truncated != "" {
		fmt.Fprintln(b, h.Truncated)
	}
	return b.Flush()
}

// Past is how many days before today a calendar of hours should begin: spans that run already then
// keep their UID from one day to the next.
const Past = 7

// ICS writes the hours as a calendar (RFC 5545) that anybody can subscribe to: an event for each
// span but those of the last branch, which holds when nothing else does. It is written event by
// event. The same span has the same UID each time, as long as its start is in sight, and then as
// long as its end is. now is when it is written. By DTSTAMP, clients know the later one of two
// calendars (RFC 5546, section 2.1.5).
func (h *Hours) ICS(w io.Writer, now time.Time) error {
	c := ics.NewCalendarFor("callhours")
	c.SetMethod(ics.MethodPublish)
	c.SetXWRCalName(h.Route)
	c.SetXWRTimezone(h.Timezone)
	c.SetRefreshInterval("PT1H")
	c.SetXPublishedTTL("PT1H")
	if h.Truncated != "" {
		c.SetXWRCalDesc(h.Truncated)
	}
	// RFC 5545, 3.1: lines end so, also where the library would end them as files do here.
	lines := &ics.SerializationConfiguration{
		MaxLength: 75, PropertyMaxLength: 75,
		NewLine: string(ics.WithNewLineWindows),
	}
	const end = "END:VCALENDAR\r\n"
	out := bufio.NewWriter(w)
	out.WriteString(strings.TrimSuffix(c.Serialize(lines), end))
	for _, s := range h.Spans {
		if s.isLast {
			continue
		}
		e := ics.NewEvent(h.uid(s))
		e.SetSequence(0)
		e.SetDtStampTime(now)
		e.SetStartAt(s.Start)
		e.SetEndAt(s.End)
		title := s.Branch
		if s.Event != "" && !strings.EqualFold(s.Event, s.Branch) {
			title += ": " + diag.WithoutControls(s.Event)
		}
		e.SetSummary(title)
		e.SetDescription(diag.WithoutControls(s.Reason))
		e.AddCategory(s.State)
		e.SetTimeTransparency(ics.TransparencyTransparent)
		if err := e.SerializeTo(out, lines); err != nil {
			return err
		}
	}
	out.WriteString(end)
	return out.Flush()
}

// uid tells a span from all others: by its start, or where that lies before the hours, by its end,
// or where it goes on after them, by that.
func (h *Hours) uid(s Span) string {
	key := fmt.Appendf(nil, "%s %s %d", h.Route, s.Branch, s.Start.Unix())
	switch {
	case s.isContinued && s.End.Equal(h.To):
		key = fmt.Appendf(nil, "%s %s always", h.Route, s.Branch)
	case s.isContinued:
		key = fmt.Appendf(nil, "%s %s until %d", h.Route, s.Branch, s.End.Unix())
	}
	sum := sha256.Sum256(key)
	return hex.EncodeToString(sum[:16]) + "@callhours"
}
