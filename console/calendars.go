package console

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/callhours/callhours/calendars"
	"github.com/callhours/callhours/calendars/feeds"
	"github.com/callhours/callhours/calendars/ical"
	"github.com/callhours/callhours/calendars/zones"
	"github.com/callhours/callhours/preview"
)

// feedsPerPage is how many calendars stand on a page.
const feedsPerPage = 100

type calendarsPage struct {
	list
	Rows []calendarRow
}

// calendarRow is a calendar and the feed that it shares with others.
type calendarRow struct {
	Name string
	feeds.Status
	Error string
}

func (c *Console) calendars(w http.ResponseWriter, r *http.Request) {
	m := calendarsPage{list: newList(r, "state")}
	counts := map[string]int{}
	for _, st := range c.options.Feeds() {
		for _, name := range st.Calendars {
			if !m.matches(name, st.Source, st.Title, string(st.Result)) {
				continue
			}
			counts[string(st.State)]++
			if m.Pick == "" || m.Pick == string(st.State) {
				m.Rows = append(m.Rows, newCalendarRow(name, st))
			}
		}
	}
	slices.SortFunc(m.Rows, func(a, b calendarRow) int { return strings.Compare(a.Name, b.Name) })
	m.setChips([]string{string(feeds.Fresh), string(feeds.Stale), string(feeds.Unknown)}, counts)
	from, to := m.paginate(len(m.Rows), feedsPerPage)
	m.Rows = m.Rows[from:to]
	c.show(w, r, http.StatusOK, "calendars", page{Title: c.language(r).Text("Calendars"), Here: "calendars", Main: m})
}

func newCalendarRow(name string, st feeds.Status) calendarRow {
	row := calendarRow{Name: name, Status: st}
	if st.Err != nil {
		row.Error = st.Err.Error()
	}
	return row
}

type calendarPage struct {
	Name     string
	Row      *calendarRow
	Why      string // why it is unknown
	Routes   []string
	More     int // routes beyond those
	Problems []ical.Problem
	Warnings []ical.Problem
	MoreOdd  int // problems and warnings beyond those
	Zone     string
	From, To time.Time
	Events   []occurrence
	Cut      bool   // there are more than are shown
	NoText   string // why the events cannot be shown as written
	Earlier  string
	Later    string
	Present  string
	Self     string
	Done     bool // it was refreshed just now
	Raw      bool // the event that is open is shown as it is written, too
}

// occurrence is an instance of an event, and the event as written.
type occurrence struct {
	preview.Event
	ID      string
	InWords string // when the event takes place
	Line    int
	Text    string
	Open    bool
	Faint   bool // transparent
	Series  bool
	NewDay  bool
	LastDay time.Time // of an all-day event
}

const (
	maxOccurrences = 300
	maxRouteNames  = 12
	maxTextBytes   = 256 << 10 // bytes of events as written on a page
	maxEventTexts  = 50        // events as written on a page, besides the one that was asked for
	maxProblems    = 200       // problems on a page, and warnings
)

// anchor names an occurrence in a page. An all-day one goes by its date: routes may let their
// days begin at another hour.
func anchor(e preview.Event) string {
	h, start := fnv.New64a(), e.Start.UTC().Format(time.RFC3339)
	if e.AllDay {
		start = e.Start.Format(time.DateOnly)
	}
	fmt.Fprintf(h, "%s\x00%s", e.UID, start)
	return fmt.Sprintf("e%x", h.Sum64())
}

func (c *Console) calendar(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	cal, ok := c.options.Calendar(name)
	if !ok {
		c.showMessage(w, r, http.StatusNotFound, c.language(r).Text("No such calendar"),
			fmt.Sprintf("calendar %q is not configured", name))
		return
	}
	q := r.URL.Query()
	m := calendarPage{
		Name: name, Why: cal.Use.Snapshot.Why, Problems: cal.Problems, Warnings: cal.Warnings,
		Routes: cal.Routes, Done: q.Has("refreshed"), Raw: q.Has("raw"),
	}
	shown := func(list []ical.Problem) []ical.Problem {
		m.MoreOdd += max(0, len(list)-maxProblems)
		return list[:min(len(list), maxProblems)]
	}
	m.Problems, m.Warnings = shown(m.Problems), shown(m.Warnings)
	if len(m.Routes) > maxRouteNames {
		m.Routes, m.More = m.Routes[:maxRouteNames], len(m.Routes)-maxRouteNames
	}
	for _, st := range c.options.Feeds() {
		if slices.Contains(st.Calendars, name) {
			row := newCalendarRow(name, st)
			m.Row = &row
		}
	}
	zone := cal.Zone
	if zone == nil {
		zone = time.UTC
	}
	if text := q.Get("zone"); text != "" && cal.Use.Zone == nil {
		if z, err := zones.Load(text); err == nil {
			zone = z
		}
	}
	m.Zone = zone.String()
	if err := m.setDays(q, c.options.Now().In(zone)); err != nil {
		c.showMessage(w, r, http.StatusBadRequest, c.language(r).Text("No such day"), "from "+err.Error())
		return
	}
	if !cal.Use.Snapshot.Unknown() {
		c.occurrences(r.Context(), &m, cal, zone, q.Get("open"), sentences(c.language(r)))
	}
	c.show(w, r, http.StatusOK, "calendar", page{
		Title: c.language(r).Text("Calendar %s", name), Here: "calendars", Zone: zone, Main: m,
	})
}

// setDays sets which days are shown, and the links that move through time.
func (m *calendarPage) setDays(q url.Values, now time.Time) error {
	const days = 30
	first := now
	if text := q.Get("from"); text != "" {
		var err error
		if first, err = preview.Moment(text, now.Location()); err != nil {
			return err
		}
	}
	day := func(later int) time.Time { return preview.Midnight(first, later) }
	link := func(at time.Time) string {
		v := url.Values{}
		if !at.IsZero() {
			v.Set("from", at.Format(time.DateOnly))
		}
		if zone := q.Get("zone"); zone != "" {
			v.Set("zone", zone)
		}
		return "/calendars/" + escapePath(m.Name) + "?" + v.Encode()
	}
	m.From, m.To = day(0), day(days)
	m.Earlier, m.Later, m.Present, m.Self = link(day(-days)), link(m.To), link(time.Time{}), link(m.From)
	return nil
}

// occurrences lists what is on, each with its event as written.
func (c *Console) occurrences(
	ctx context.Context, m *calendarPage, cal Calendar, zone *time.Location, open string, in calendars.Language,
) {
	now := c.options.Now()
	var events []*calendars.Event // whose texts are shown
	seen := map[*calendars.Event]bool{}
	last := ""
	t := cal.Use.Snapshot.Calendar.Compile(calendars.View{Zone: zone}, m.From, m.To)
	m.Cut = t.Len() > maxOccurrences
	on := t.Head(maxOccurrences)
	words := map[*calendars.Event]string{}
	for _, o := range on {
		start, end := time.Unix(o.Start, 0).In(zone), time.Unix(o.End, 0).In(zone)
		item := occurrence{
			Event: preview.Event{
				Calendar: m.Name, UID: o.Event.UID, Summary: preview.Title(o.Event.Summary),
				Start: start, End: end, AllDay: o.Event.AllDay,
			},
			Line: o.Event.Line, Faint: o.Event.Transparent, Series: o.Event.Recurring, LastDay: end.Add(-time.Second),
		}
		if words[o.Event] == "" {
			words[o.Event] = calendars.InWords(o.Event, calendars.View{Zone: zone}, now.Unix(), in)
		}
		item.ID, item.InWords = anchor(item.Event), words[o.Event]
		item.Open = item.ID == open
		if !seen[o.Event] && (len(events) < maxEventTexts || item.Open) {
			seen[o.Event] = true
			events = append(events, o.Event)
		}
		if day := start.Format(time.DateOnly); day != last {
			item.NewDay, last = true, day
		}
		m.Events = append(m.Events, item)
	}
	texts, err := c.options.Texts(ctx, m.Name, events)
	if err != nil {
		m.NoText = err.Error()
	}
	budget := maxTextBytes
	for i, o := range on {
		item, text := &m.Events[i], texts[o.Event]
		if budget -= len(text); budget > 0 || item.Open {
			item.Text = text
		}
	}
}

// refresh fetches a calendar's feed now.
func (c *Console) refresh(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	switch err := c.options.Refresh(r.Context(), name); {
	case errors.Is(err, feeds.ErrManyWait):
		w.Header().Set("Retry-After", "60")
		c.showMessage(w, r, http.StatusTooManyRequests, c.language(r).Text("Not refreshed"), err.Error())
	case err != nil:
		c.showMessage(w, r, http.StatusNotFound, c.language(r).Text("Not refreshed"), err.Error())
	default:
		http.Redirect(w, r, "/calendars/"+escapePath(name)+"?refreshed=1", http.StatusSeeOther)
	}
}
