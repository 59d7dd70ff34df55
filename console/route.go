package console

import (
	"context"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/callhours/callhours/console/languages"
	"github.com/callhours/callhours/preview"
	"github.com/callhours/callhours/render"
)

type routePage struct {
	preview.Route
	Status   preview.RouteStatus
	View     string // "week" or "month"
	From, To time.Time
	Picture  picture
	Spans    []preview.Span
	// Truncated says that there are more spans than those; "" where all are there.
	Truncated string
	Lanes     []preview.Lane
	Changes   []preview.Span
	Further   []preview.Span // the changes after those
	Earlier   string
	Later     string
	Present   string
	Week      string
	Month     string
	ICS       string
	Hours     string // where they can be subscribed to; "" where nobody has a token
	Last      []decisionRow
	Words     string // what the answer now does
	Passes    bool   // it leaves the call to Kazoo
	Asks      bool   // another Pivot server answers
	JSON      string // its callflow
	Brief     string // why it is the answer
	Guides    []preview.Guide
	// the hours as a calendar, for programs that subscribe to it, and the code of that address for a
	// phone; "" and nil without a public address
	Subscribe template.URL
	Code      *qrCode
}

// nextChanges is how many stand on the page, and within how many days they are looked for.
const (
	nextChanges     = 20
	shownChanges    = 5 // of them, while the rest is folded
	nextChangesDays = 400
	lastDecisions   = 20
	maxShownSpans   = 1000 // of a route on its page
)

func (c *Console) route(w http.ResponseWriter, r *http.Request) {
	p, ok := c.requirePreview(w, r)
	if !ok {
		return
	}
	name := r.PathValue("name")
	now := c.options.Now()
	m := routePage{View: "week"}
	var err error
	if m.Route, err = p.Route(name); err != nil {
		c.showMessage(w, r, http.StatusNotFound, c.language(r).Text("No such route"), err.Error())
		return
	}
	zone, err := p.Zone(preview.Question{Route: name})
	if err != nil {
		c.showMessage(w, r, http.StatusNotFound, c.language(r).Text("No such route"), err.Error())
		return
	}
	now = now.In(zone)
	if r.URL.Query().Get("view") == "month" {
		m.View = "month"
	}
	first := now
	if text := r.URL.Query().Get("from"); text != "" {
		if first, err = preview.Moment(text, zone); err != nil {
			c.showMessage(w, r, http.StatusBadRequest, c.language(r).Text("No such day"), "from "+err.Error())
			return
		}
	}
	days := m.setPeriod(first)
	if m.Guides, err = p.Guides(name); err != nil {
		c.showMessage(w, r, http.StatusNotFound, c.language(r).Text("No such route"), err.Error())
		return
	}
	if address, isPublic := c.options.Address(); isPublic {
		m.Subscribe = subscription(address, name)
		m.Code, _ = newQRCode(string(m.Subscribe)) // the link stands there where the code would be too large
	}
	m.Hours = c.options.Hours(name)
	for _, d := range c.options.Decisions(name, lastDecisions) {
		m.Last = append(m.Last, newDecisionRow(p, d, zone))
	}
	if m.Status, err = p.RouteStatus(r.Context(), name, now); err == nil {
		err = m.load(r.Context(), p, c.language(r), days, now)
	}
	if r.Context().Err() != nil {
		c.showBusy(w, context.Cause(r.Context()))
		return
	}
	if err != nil {
		c.showMessage(w, r, http.StatusInternalServerError, c.language(r).Text("This route cannot be shown"), err.Error())
		return
	}
	c.show(w, r, http.StatusOK, "route", page{Title: m.Label, Here: "now", Zone: zone, Main: m})
}

// decisionRow is a call that was answered.
type decisionRow struct {
	preview.Trace
	When  time.Time // in the route's zone
	Words string    // what its callflow does
	Again string    // where the same call can be tried
}

func newDecisionRow(p *preview.Preview, d preview.Trace, zone *time.Location) decisionRow {
	row := decisionRow{Trace: d, When: d.At.In(zone), Words: d.Summary}
	if words := p.Describe(d.Route, d.Answered, d.Callflow); words != "" {
		row.Words = words
	}
	asked := url.Values{"route": {d.Route}, "at": {row.When.Format("2006-01-02T15:04:05")}}
	for key, number := range map[string]string{"caller": d.Caller, "dialed": d.Dialed} {
		if number != "" && !strings.Contains(number, "…") { // which the configuration shows a part of
			asked.Set(key, number)
		}
	}
	if reason, what, ok := strings.Cut(d.Failure, ": "); ok && render.Reason(reason).InWords() != "" {
		row.Failure = fmt.Sprintf("%s: %s", render.Reason(reason).InWords(), what)
	}
	row.Again = "/try?" + asked.Encode()
	return row
}

// subscription is the address of a route's hours as calendar programs take it, below the public
// address of the pages.
func subscription(address, route string) template.URL {
	u := url.URL{
		Path:     "/api/v1/hours",
		RawQuery: url.Values{"route": {route}, "format": {"ics"}, "days": {"60"}}.Encode(),
	}
	address = "webcal" + strings.TrimPrefix(address, "http") // https becomes webcals
	return template.URL(address + u.String())                //nolint:gosec // the scheme is ours, and the parts are escaped
}

// dayHref is where a route's days from a day on are shown; the zero time: from today on.
func dayHref(route, view string, at time.Time) string {
	v := url.Values{}
	if view == "month" {
		v.Set("view", view)
	}
	if !at.IsZero() {
		v.Set("from", at.Format(time.DateOnly))
	}
	return "/routes/" + escapePath(route) + "?" + v.Encode()
}

// setPeriod sets which days are shown, and the links that move through time. A month begins with the
// Monday of its first week.
func (m *routePage) setPeriod(first time.Time) (days int) {
	days, monday := 7, 0
	if m.View == "month" {
		days, monday = 7*shownWeeks, -(int(first.Weekday())+6)%7
	}
	m.From, m.To = preview.Midnight(first, monday), preview.Midnight(first, monday+days)
	m.Earlier, m.Later = dayHref(m.Name, m.View, preview.Midnight(first, monday-days)), dayHref(m.Name, m.View, m.To)
	m.Present = dayHref(m.Name, m.View, time.Time{})
	m.Week, m.Month = dayHref(m.Name, "week", first), dayHref(m.Name, "month", first)
	return days
}

// load asks for everything that is shown.
func (m *routePage) load(ctx context.Context, p *preview.Preview, language *languages.Language, days int,
	now time.Time,
) error {
	h, err := p.Hours(ctx, preview.Period{Route: m.Name, From: m.From, Days: days, Most: maxShownSpans})
	if err != nil {
		return err
	}
	m.Spans, m.Truncated = h.Spans, h.Truncated
	if m.Lanes, err = p.Lanes(ctx, m.Name, m.From, m.To); err != nil {
		return err
	}
	if m.Changes, err = p.Changes(ctx, m.Name, now, nextChanges, nextChangesDays); err != nil {
		return err
	}
	if len(m.Changes) > shownChanges+1 {
		m.Changes, m.Further = m.Changes[:shownChanges], m.Changes[shownChanges:]
	}
	e, err := p.Explain(ctx, preview.Question{Route: m.Name, At: now})
	if err != nil {
		return err
	}
	m.Words, m.Brief, m.Passes = e.Answer.InWords, e.Brief, e.Answer.Status == http.StatusNotFound
	m.Asks = e.Answer.Asks
	if len(e.Answer.Callflow) > 0 {
		m.JSON = indentJSON(e.Answer.Callflow)
	}
	d := drawing{language, m.Name, m.From, days, m.Spans, m.Lanes, now, p.CalendarLabel}
	if m.View == "month" {
		m.Picture = newMonth(d)
	} else {
		m.Picture = newPicture(d)
	}
	m.ICS = "/api/v1/hours?" + url.Values{"route": {m.Name}, "format": {"ics"}, "days": {"60"}}.Encode()
	return nil
}
