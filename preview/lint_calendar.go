package preview

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/callhours/callhours/calendars"
	"github.com/callhours/callhours/calendars/patterns"
	"github.com/callhours/callhours/internal/diag"
	"github.com/callhours/callhours/render"
	"github.com/callhours/callhours/routes"
)

// Calendar finds what a calendar holds from now until a moment that was most likely meant
// otherwise. A calendar that no route uses, or that is unknown, has no findings. It ends early with
// ctx. Its work is taken from the effort.
func (l *Lint) Calendar(ctx context.Context, c Calendar, now, until time.Time, effort *render.Effort) []Finding {
	asking := l.routesOf[c.Name]
	use := l.options.Timelines.Use(c.Name)
	if len(asking) == 0 || use.Snapshot.Unknown() {
		return nil
	}
	// As the first route sees it: another one's zone moves events by hours at most.
	cl := &calendarLint{
		Lint: l, config: c, routes: asking, calendar: use.Snapshot.Calendar, now: now, until: until,
		reported: map[string]int{},
		budget:   maxCompared,
		view:     calendars.View{Zone: cmp.Or(use.Zone, asking[0].Zone), DayStarts: asking[0].DayStarts},
		ownZone:  use.Zone,
	}
	from, to := l.options.Timelines.Window(asking[0].Name, now)
	if cl.until.After(to) {
		cl.until = to
	}
	cl.timeline, _ = l.options.Timelines.Timeline(c.Name,
		calendars.View{Zone: asking[0].Zone, DayStarts: asking[0].DayStarts},
		from, to)
	for _, look := range []func(){
		cl.collect, cl.singleEvents, cl.lastEvent, cl.coverageGaps, cl.unmatchedEvents, cl.ambiguousTitles,
		cl.overlappingShifts, cl.unclearShifts, cl.endedSeries,
		cl.ownTimezone,
	} {
		if ctx.Err() != nil {
			break
		}
		look()
	}
	effort.Spend(len(cl.occurrences)/10 + (maxCompared-cl.budget)/50)
	return cl.finish()
}

// calendarLint looks at one calendar.
type calendarLint struct {
	*Lint
	config     Calendar
	routes     []*render.Route
	calendar   *calendars.Calendar
	timeline   *calendars.Timeline
	view       calendars.View
	ownZone    *time.Location
	now, until time.Time

	occurrences []calendars.Occurrence // of the timeline, the first ones

	conditions []routes.Criterion // distinct
	upcoming   []*lintEvent       // that have an occurrence from now on, in the order in which they come
	byEvent    map[*calendars.Event]*lintEvent
	budget     int  // comparisons that may still be made
	complete   bool // nothing was left out of these, for there being too much

	found    []Finding
	reported map[string]int // by kind
}

// lintEvent is an event that comes.
type lintEvent struct {
	*calendars.Event
	first, last calendars.Occurrence
	count       int
	matched     bool // by some condition
	open        bool // by one of a branch whose state is open
}

// collect fills upcoming and conditions.
func (l *calendarLint) collect() {
	keys := map[string]bool{}
	open := map[string]bool{}
	for _, r := range l.routes {
		for _, a := range r.Criteria(l.config.Name) {
			key := a.Key()
			open[key] = open[key] || !a.Negated && r.Branches[a.Branch].State == routes.Open
			if !keys[key] {
				keys[key] = true
				l.conditions = append(l.conditions, a)
			}
		}
	}
	l.byEvent = map[*calendars.Event]*lintEvent{}
	weight := 0
	for _, a := range l.conditions {
		weight += a.Weight()
	}
	most := min(maxEvents, max(1, l.budget/2/max(1, weight))) // the other half is for what is asked of them then
	l.budget -= most * weight
	l.occurrences = l.timeline.Head(maxOccurrences)
	l.complete = l.timeline.Len() <= maxOccurrences
	for _, o := range l.occurrences {
		if o.End <= l.now.Unix() && o.Start < l.now.Unix() || o.Start >= l.until.Unix() {
			continue
		}
		e := l.byEvent[o.Event]
		if e == nil {
			if len(l.upcoming) == most {
				l.complete = false
				continue
			}
			e = &lintEvent{Event: o.Event, first: o}
			l.byEvent[o.Event], l.upcoming = e, append(l.upcoming, e)
		}
		if e.count++; o.End >= e.last.End {
			e.last = o
		}
	}
	for _, e := range l.upcoming {
		for _, a := range l.conditions {
			if a.Matches(e.Event) {
				e.matched, e.open = true, e.open || open[a.Key()]
			}
		}
	}
}

// report adds a finding about an event, or with nil about the calendar, unless enough of that kind
// were said.
func (l *calendarLint) report(e *calendars.Event, kind, format string, args ...any) {
	l.reportBranch("", "", e, kind, format, args...)
}

// spend takes comparisons from the budget, and reports whether it had as many.
func (l *calendarLint) spend(n int) bool {
	l.budget -= n
	return l.budget >= 0
}

// reportBranch is report with the route and branch that the finding is about.
func (l *calendarLint) reportBranch(route, branch string, e *calendars.Event, kind, format string, args ...any) {
	if l.reported[kind]++; l.reported[kind] > maxPerKind {
		return
	}
	f := Findingf(l.config.Pos, kind, format, args...)
	f.Route, f.Branch = route, branch
	if f.Calendar = l.config.Name; e != nil {
		f.Pos = e.Place()
		f = l.atCalendar(f)
	}
	l.found = append(l.found, f)
}

// atCalendar puts a finding about an event that is in no file at the calendar, and says the line of
// a feed in words.
func (l *Lint) atCalendar(f Finding) Finding {
	calendar := l.options.Calendars[f.Calendar]
	if f.Pos.File != "" && !calendar.Holidays {
		return f
	}
	line := f.Pos.Line
	if f.Pos = calendar.Pos; calendar.Holidays {
		return f
	}
	f.Message = fmt.Sprintf("line %d of the feed: %s", line, f.Message)
	return f
}

// finish adds to the last finding of each kind how many more there are.
func (l *calendarLint) finish() []Finding {
	for kind, n := range l.reported {
		if n <= maxPerKind {
			continue
		}
		for i := len(l.found) - 1; i >= 0; i-- {
			if l.found[i].Kind == kind {
				l.found[i].Message += fmt.Sprintf(" (and %d more of this kind in calendar %s)", n-maxPerKind,
					l.config.Name)
				break
			}
		}
	}
	return l.found
}

// singleEvents finds what is wrong with single events: those that cannot be used, and those that
// conditions count and that are odd.
func (l *calendarLint) singleEvents() {
	for _, p := range l.options.Timelines.Problems(l.config.Name) {
		at := diag.Pos{File: p.File, Line: p.Line}
		kind := "event_unusable"
		if p.Harmless {
			kind = "not_standard"
		}
		if p.File, p.Line = "", 0; l.reported[kind] >= maxPerKind {
			l.reported[kind]++
			continue
		}
		f := Findingf(at, kind, "%s", p.String())
		f.Calendar = l.config.Name
		if at.Line == 0 && at.File == "" {
			f.Pos = l.config.Pos
		} else {
			f = l.atCalendar(f)
		}
		l.reported[f.Kind]++
		l.found = append(l.found, f)
	}
	endsEarly := map[*calendars.Event]bool{} // whose DTEND is not after DTSTART
	for _, o := range l.calendar.Oddities(l.view, l.now) {
		e := l.byEvent[o.Event]
		endsEarly[o.Event] = endsEarly[o.Event] || o.Property == "DTEND"
		lost := o.Lost && slices.ContainsFunc(l.conditions, func(a routes.Criterion) bool { return a.Matches(o.Event) })
		if lost || e != nil && e.matched && e.first.End > e.first.Start {
			o.File, o.Line = "", 0
			l.report(o.Event, "odd_event", "%s", o.Problem.String())
		}
	}
	for _, c := range l.timeline.ClockChanges(l.view, l.now) {
		e := l.byEvent[c.Event]
		if e == nil || !e.matched || c.Start >= l.until.Unix() {
			continue
		}
		how := "shows twice; the first of the two counts"
		if c.Skipped {
			how = "skips; the hour after it counts"
		}
		l.report(c.Event, "clock_change",
			"%s begins or ends at %s, a time that the clock of %s %s; move it by an hour if that is not meant",
			displayTitle(c.Event), c.Written, c.Zone, how)
	}
	year := l.now.In(l.view.Zone).Year()
	years := map[string]bool{} // in which an event of a title begins: a list may well go on for decades
	var far []*calendars.Event
	for _, e := range l.calendar.Events()[:min(len(l.calendar.Events()), maxEvents)] {
		y, _, _ := e.Begins()
		annual, _ := e.Annual()
		years[patterns.Fold(e.Summary)+strconv.Itoa(y)] = true
		if !l.config.Holidays && (y >= year+50 || y >= year+5 && !annual) &&
			slices.ContainsFunc(l.conditions, func(a routes.Criterion) bool {
				return l.spend(a.Weight()) && a.Matches(e)
			}) {
			far = append(far, e)
		}
	}
	for _, e := range far {
		if y, _, _ := e.Begins(); !years[patterns.Fold(e.Summary)+strconv.Itoa(y-1)] {
			l.report(e, "far_future", "%s begins in the year %d; is that meant?", displayTitle(e), y)
		}
	}
	endless := map[string]bool{} // UIDs of events whose end is reported as unusable
	for _, p := range l.calendar.Problems() {
		if p.UID != "" && (p.Property == "DTEND" || p.Property == "DURATION") {
			endless[p.UID] = true
		}
	}
	for _, e := range l.upcoming {
		if e.matched && l.config.Holidays && e.Tentative {
			l.report(e.Event, "provisional", "%s on %s is provisional: no law has fixed it yet, and it may change; "+
				"add the right day under also once it is known", displayTitle(e.Event), l.formatDate(e.first.Start))
		}
		switch {
		case !e.matched:
		case e.first.Start == e.first.End && endless[e.Event.UID]:
		case e.first.Start == e.first.End && endsEarly[e.Event]:
			l.report(e.Event, "no_length",
				"%s has no length, so it never takes place: DTEND is not after DTSTART, in their time zones; correct DTEND",
				displayTitle(e.Event))
		case e.first.Start == e.first.End:
			l.report(e.Event, "no_length", "%s has no length, so it never takes place; give it an end",
				displayTitle(e.Event))
		case e.AllDay && !e.Repeats() && !e.open && e.first.End-e.first.Start <= 25*3600 && mentionsDays(e.Summary):
			l.report(e.Event, "one_day",
				"%s lasts one day, %s, but its title mentions several; the end of an all-day event is the day after the last", displayTitle(e.Event), l.formatDate(e.first.Start))
		}
	}
}

func (l *calendarLint) formatDate(at int64) string {
	return time.Unix(at, 0).In(l.view.Zone).Format("Mon 2006-01-02")
}

func (l *calendarLint) formatTime(at int64) string {
	return time.Unix(at, 0).In(l.view.Zone).Format(minuteFormat)
}

// lastEvent finds a calendar that holds nothing from now on, or that ends too soon.
func (l *calendarLint) lastEvent() {
	var last *lintEvent
	for _, e := range l.upcoming {
		if last == nil || e.last.End > last.last.End {
			last = e
		}
	}
	sees, none := l.until.Sub(l.now), last == nil && l.calendar.Len() == 0
	switch {
	case l.config.MayBeEmpty || !l.complete:
	case none && l.calendar.LeftOut() > 0:
		l.report(nil, "no_events_ahead",
			"calendar %s has %s, and only and except leave none of them; correct its only or except, or set expect: may_be_empty if that is meant",
			l.config.Name, countOf(l.calendar.LeftOut(), "event"))
	case last == nil && l.config.Ahead > 0:
		l.report(nil, "expected_ahead",
			"calendar %s has no event from now on%s, and is expected to reach %s ahead; add events", l.config.Name,
			l.describeLeftOut(), formatDays(l.config.Ahead))
	case none:
		l.report(nil, "no_events_ahead", "calendar %s has no events; if that is meant, set expect: may_be_empty",
			l.config.Name)
	case last == nil:
		l.report(nil, "no_events_ahead",
			"calendar %s has no event from now on%s%s; add events, or set expect: may_be_empty if that is meant",
			l.config.Name, l.describeLeftOut(), l.lastPast())
	case l.config.Ahead > 0 && last.last.End < l.now.Add(min(l.config.Ahead, sees)).Unix():
		l.report(nil, "expected_ahead", "calendar %s ends with %s on %s, and is expected to reach %s ahead; add events",
			l.config.Name, displayTitle(last.Event), l.formatDate(last.last.End-1), formatDays(l.config.Ahead))
	case l.config.Ahead == 0 && l.isSeries(last): // see series
	case l.config.Ahead == 0 && last.last.End < l.now.Add(min(endsSoon, sees)).Unix():
		l.report(nil, "ends_soon",
			"calendar %s ends with %s on %s; add events, or set expect: may_be_empty or {ahead: …} to say what is meant", l.config.Name, displayTitle(last.Event), l.formatDate(last.last.End-1))
	}
}

// describeLeftOut says how many events only and except leave out.
func (l *calendarLint) describeLeftOut() string {
	if l.calendar.LeftOut() == 0 {
		return ""
	}
	return fmt.Sprintf(" (only and except leave out %d of its %s)", l.calendar.LeftOut(),
		countOf(l.calendar.LeftOut()+l.calendar.Len(), "event"))
}

// isSeries reports whether an event is one of a series that conditions count, by the week or so.
func (l *calendarLint) isSeries(e *lintEvent) bool {
	annual, _ := e.Annual()
	return e.matched && e.Repeats() && !annual && e.count > 2
}

// lastPast describes the last event that is over.
func (l *calendarLint) lastPast() string {
	past := l.pastYear()
	if len(past) == 0 {
		return ""
	}
	o := slices.MaxFunc(past, func(a, b calendars.Occurrence) int { return cmp.Compare(a.End, b.End) })
	return fmt.Sprintf("; its last one, %s, was on %s", displayTitle(o.Event), l.formatDate(o.End-1))
}

// pastYear are occurrences of the last year. They are worked out anew, since hardly any calendar
// needs them.
func (l *calendarLint) pastYear() []calendars.Occurrence {
	all := l.calendar.Compile(l.view, l.now.AddDate(-1, 0, 0), l.now).All()
	return all[max(0, len(all)-maxOccurrences):]
}

func formatDays(d time.Duration) string {
	if n := int(d / (24 * time.Hour)); d%(24*time.Hour) == 0 && n > 1 {
		return fmt.Sprintf("%d days", n)
	}
	return d.String()
}

// coverageGaps finds the moments at which nothing is on in a calendar that is expected to be
// covered. After its last event is not a gap, but an end.
func (l *calendarLint) coverageGaps() {
	if !l.config.Covered {
		return
	}
	at, n := l.now.Unix(), 0
	var from, to int64
	for _, o := range l.occurrences {
		if o.Start >= l.until.Unix() {
			break
		}
		if o.Start > at && o.End > o.Start {
			if n++; n == 1 {
				from, to = at, o.Start
			}
		}
		at = max(at, o.End)
	}
	if n > 0 {
		more := ""
		if n > 1 {
			more = fmt.Sprintf(", and %d times more", n-1)
		}
		l.report(nil, "coverage_gap",
			"calendar %s is expected to be covered, and nothing is on from %s to %s%s; fill the gap", l.config.Name,
			l.formatTime(from), l.formatTime(to), more)
	}
}

// ownTimezone finds a zone of the calendar's own that has another clock than a route that asks it.
func (l *calendarLint) ownTimezone() {
	if l.ownZone == nil || !l.config.Shared ||
		!slices.ContainsFunc(l.upcoming, func(e *lintEvent) bool { return e.IsLocal() }) {
		return
	}
	var other []*render.Route
	for _, r := range l.routes {
		if !sameClock(l.ownZone, r.Zone, l.now) {
			other = append(other, r)
		}
	}
	if len(other) == 0 {
		return
	}
	more := ""
	if len(other) > 1 {
		more = fmt.Sprintf(" and %d more routes", len(other)-1)
	}
	l.reportBranch(other[0].Name, "", nil, "calendar_timezone",
		"calendar %s has timezone %s, so that its all-day and floating events begin at midnight there, and route %s is in %s%s; leave timezone out, and each route reads them in its own zone",
		l.config.Name, l.ownZone, other[0].Name, other[0].Zone, more)
}

// displayTitle is an event's title for people, on one line and not too long.
func displayTitle(e *calendars.Event) string {
	text := diag.Brief(e.Summary)
	if strings.TrimSpace(text) == "" {
		return "an event without a title"
	}
	return fmt.Sprintf("%q", text)
}
