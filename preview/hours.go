package preview

import (
	"bufio"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"strings"
	"time"

	ics "github.com/arran4/golang-ical"

	"github.com/callhours/callhours/internal/diag"
)

// Hours are the decisions for the ordinary call of a route over a period: spans without a gap.
type Hours struct {
	Route    string    `json:"route"`
	Timezone string    `json:"timezone"`
	From     time.Time `json:"from"` // in the route's zone, like all times here
	To       time.Time `json:"to"`   // exclusive
	Spans    []Span    `json:"spans,omitempty"`
	// Truncated says that there is more until the time that was asked for, or from when on titles
	// are left out, and how to ask for it; "" where all is there.
	Truncated string `json:"truncated,omitempty"`

	display string // the given name for people; ""
	label   string // of the route for people
}

// Period is the route and the time of a request for hours.
type Period struct {
	Route string
	From  time.Time
	Days  int // counted on the clock of the route's zone
	Most  int // spans; 0: MaxSpans
}

// Hours are the decisions of a route over a period: as far as is asked, window by window, and at
// most as many spans as asked for. The error names a route that does not exist, or is that of the
// context.
func (p *Preview) Hours(ctx context.Context, asked Period) (*Hours, error) {
	return p.hours(asked, newBudget(ctx))
}

func (p *Preview) hours(asked Period, left *budget) (*Hours, error) {
	r, err := p.find(asked.Route)
	if err != nil {
		return nil, err
	}
	most, w := asked.Most, &walk{preview: p, route: r, left: left, explain: true}
	if most == 0 {
		most = MaxSpans
	}
	from := asked.From.In(r.Zone)
	h := &Hours{Route: r.Name, Timezone: r.Zone.String(), From: from, To: from.AddDate(0, 0, asked.Days)}
	h.display, h.label = r.DisplayName, r.Label()
	state := p.state(r, from)
	before := w.key(p.state(r, from.Add(-time.Second)).Decide(nil, from.Add(-time.Second)))
	isContinued := w.key(state.Decide(nil, from)) == before
	for s := range w.spans(state, from, h.To) {
		if len(h.Spans) == most {
			h.To, h.Truncated = s.Start, TruncatedMessage("spans", most, s.Start)
			break
		}
		s.isContinued, isContinued = isContinued, false
		h.Spans = append(h.Spans, s)
	}
	if !w.unread.IsZero() && h.Truncated == "" {
		h.Truncated = untitledMessage(w.unread)
	}
	if err := w.left.err(); err != nil {
		return nil, err
	}
	return h, nil
}

// Text writes a line for each span, day by day.
func (h *Hours) Text(w io.Writer) error {
	b := bufio.NewWriter(w)
	name := h.Route
	if h.display != "" {
		name = h.display + " (" + h.Route + ")"
	}
	fmt.Fprintf(b, "%s, times in %s\n", name, h.Timezone)
	named := func(s Span) string {
		if s.Branch == s.State {
			return s.Branch
		}
		return s.Branch + " (" + s.State + ")"
	}
	widest := 0
	for _, s := range h.Spans {
		widest = max(widest, len(named(s)))
	}
	line := func(at time.Time, day string, s Span) {
		text := fmt.Sprintf("%-14s  %s  %-*s  %s", day, at.Format("15:04"), widest, named(s),
			diag.WithoutControls(s.fullTitle()))
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

// PastDays is how many days before today a calendar of hours should begin: spans that run already
// then keep their UID from one day to the next.
const PastDays = 7

// ICS writes the hours as a calendar (RFC 5545) that anybody can subscribe to: an event for each
// span but those of the last branch, which holds when nothing else does. It is written event by
// event. The same span has the same UID each time, as long as its start is in sight, and then as
// long as its end is. now is when it is written. By DTSTAMP, clients know the later one of two
// calendars (RFC 5546, section 2.1.5).
func (h *Hours) ICS(w io.Writer, now time.Time) error {
	c := ics.NewCalendarFor("callhours")
	c.SetMethod(ics.MethodPublish)
	c.SetXWRCalName(cmp.Or(h.label, h.Route))
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
		e.SetSummary(diag.WithoutControls(s.summary()))
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

// summary is the title of a span in a calendar: the branch, and the event that decides where that
// says more; the event's alone where it begins with the branch, such as "On call: Bob".
func (s Span) summary() string {
	label, title := s.Label(), s.fullTitle()
	switch {
	case title == "", strings.EqualFold(title, s.Branch), strings.EqualFold(title, label):
		return label
	case len(title) > len(label) && strings.EqualFold(title[:len(label)], label):
		return title
	}
	return label + ": " + title
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
