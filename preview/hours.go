package preview

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"strings"
	"time"

	ics "github.com/arran4/golang-ical"

	"github.com/callhours/callhours/render"
)

// Hours are what the ordinary call of a route gets over a stretch of time: one span after the other, without a gap.
type Hours struct {
	Route    string    `json:"route"`
	Timezone string    `json:"timezone"`
	From     time.Time `json:"from"` // in the route's zone, like all times here
	To       time.Time `json:"to"`   // exclusive
	Spans    []Span    `json:"spans"`
}

// Span is a stretch of time that one branch answers. The first one may have begun before, and the last one may go on.
type Span struct {
	Start  time.Time `json:"start"`
	End    time.Time `json:"end"` // exclusive
	Branch string    `json:"branch"`
	State  string    `json:"state"`
	Event  string    `json:"event,omitempty"` // title of the event that decides at its start
	Reason string    `json:"reason"`          // why, at its start

	index     int  // of the branch
	unknown   bool // decided by the route's unknown branch
	otherwise bool // the last branch: what holds when nothing else does
	running   bool // it began before the hours that were asked for
}

// Shown is the state as pages show it: the branch's, or "unknown".
func (s Span) Shown() string { return asShown(s.State, s.unknown) }

// Hours says what callers will get in the days from a moment on, counted on the clock of the route's zone. The error names a
// route that is not there.
func (p *Preview) Hours(name string, from time.Time, days int) (*Hours, error) {
	r, _, err := p.route(Question{Route: name})
	if err != nil {
		return nil, err
	}
	from = from.In(r.Zone)
	h := &Hours{Route: r.Name, Timezone: r.Zone.String(), From: from, To: from.AddDate(0, 0, days)}
	before := p.state(r, from.Add(-time.Second)).Decide(nil, from.Add(-time.Second)).Branch
	state := p.state(r, from)
	for at := from; at.Before(h.To); {
		// Each moment has a window of its own, so that none lies past what can be seen; one that sees all that is left serves for the rest.
		if _, seen := state.Window(); seen.Before(h.To) {
			state = p.state(r, at)
		}
		s := spanOf(r, state, at, h.To)
		s.running = at.Equal(from) && s.index == before
		h.Spans = append(h.Spans, s)
		at = s.End
	}
	return h, nil
}

// spanOf is what the ordinary call gets from a moment on, until another branch takes over, or the end.
func spanOf(r *render.Route, state *render.State, at, to time.Time) Span {
	d := state.Decide(nil, at)
	b := r.Branches[d.Branch]
	s := Span{
		Start: at, End: to, Branch: b.Name, State: string(b.State), Reason: d.Reason(),
		index: d.Branch, unknown: d.Unknown, otherwise: d.Branch == len(r.Branches)-1,
	}
	if events := d.Events(); len(events) > 0 {
		s.Event = events[0].Event.Summary
	}
	if until, ok := d.Until(); ok && until.Before(to) {
		s.End = until
	}
	return s
}

// Text writes a line for each span, day by day.
func (h *Hours) Text(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s, times in %s\n", h.Route, h.Timezone)
	widest := 0
	for _, s := range h.Spans {
		widest = max(widest, len(s.Branch)+len(s.State)+3)
	}
	line := func(at time.Time, day string, s Span) {
		text := fmt.Sprintf("%-14s  %s  %-*s  %s", day, at.Format("15:04"), widest, s.Branch+" ("+s.State+")", onOneLine(s.Event))
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
	_, err := io.WriteString(w, b.String())
	return err
}

// onOneLine keeps a title from writing to a terminal anything but text.
func onOneLine(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 {
			return ' '
		}
		return r
	}, text)
}

// Past is how many days before today a calendar of hours should begin: spans that run already then keep their UID from one day to the next.
const Past = 7

// ICS writes the hours as a calendar (RFC 5545) that anybody can subscribe to: an event for each span but those of the last branch, which
// holds when nothing else does. The same span has the same UID each time, as long as its start is in sight, and then as long as its end is.
// now is when it is written. By DTSTAMP, clients know the later one of two calendars (RFC 5546, section 2.1.5).
func (h *Hours) ICS(w io.Writer, now time.Time) error {
	c := ics.NewCalendarFor("callhours")
	c.SetMethod(ics.MethodPublish)
	c.SetXWRCalName(h.Route)
	c.SetXWRTimezone(h.Timezone)
	c.SetRefreshInterval("PT1H")
	c.SetXPublishedTTL("PT1H")
	for _, s := range h.Spans {
		if s.otherwise {
			continue
		}
		e := c.AddEvent(h.uid(s))
		e.SetSequence(0)
		e.SetDtStampTime(now)
		e.SetStartAt(s.Start)
		e.SetEndAt(s.End)
		title := s.Branch
		if s.Event != "" && !strings.EqualFold(s.Event, s.Branch) {
			title += ": " + onOneLine(s.Event)
		}
		e.SetSummary(title)
		e.SetDescription(onOneLine(s.Reason))
		e.AddCategory(s.State)
		e.SetTimeTransparency(ics.TransparencyTransparent)
	}
	// RFC 5545, 3.1: also where the library would end them as files do here.
	return c.SerializeTo(w, ics.WithNewLineWindows)
}

// uid tells a span from all others: by its start, or where that lies before the hours, by its end, or where it goes on after them, by that.
func (h *Hours) uid(s Span) string {
	key := fmt.Appendf(nil, "%s %s %d", h.Route, s.Branch, s.Start.Unix())
	switch {
	case s.running && s.End.Equal(h.To):
		key = fmt.Appendf(nil, "%s %s always", h.Route, s.Branch)
	case s.running:
		key = fmt.Appendf(nil, "%s %s until %d", h.Route, s.Branch, s.End.Unix())
	}
	sum := sha256.Sum256(key)
	return hex.EncodeToString(sum[:16]) + "@callhours"
}
