package preview

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/callhours/callhours/calendars"
	"github.com/callhours/callhours/calendars/patterns"
	"github.com/callhours/callhours/internal/diag"
	"github.com/callhours/callhours/render"
	"github.com/callhours/callhours/routes"
)

// Calendar finds what a calendar holds from now until a moment that was most likely meant otherwise. One that no route
// asks, or of which nothing is known, has no findings. It ends early with ctx. What it takes is spent of an effort.
func (l *Lint) Calendar(ctx context.Context, c Calendar, now, until time.Time, effort *render.Effort) []Finding {
	asking := l.asking[c.Name]
	use := l.options.Timelines.Use(c.Name)
	if len(asking) == 0 || use.State.Unknown() {
		return nil
	}
	// As the first route sees it: another one's zone moves events by hours at most.
	x := &calendarLint{
		Lint: l, c: c, asking: asking, calendar: use.State.Calendar, now: now, until: until, said: map[string]int{},
		left: mostCompared,
		view: calendars.View{Zone: cmp.Or(use.Zone, asking[0].Zone), DayStarts: asking[0].DayStarts}, ownZone: use.Zone,
	}
	from, to := l.options.Timelines.Window(asking[0].Name, now)
	if x.until.After(to) {
		x.until = to
	}
	x.timeline, _ = l.options.Timelines.Of(c.Name, calendars.View{Zone: asking[0].Zone, DayStarts: asking[0].DayStarts},
		from, to)
	for _, look := range []func(){
		x.gather, x.events, x.reach, x.coverage, x.unmatched, x.titles, x.overlaps, x.series,
		x.timezone,
	} {
		if ctx.Err() != nil {
			break
		}
		look()
	}
	effort.Spend(len(x.occurrences)/10 + (mostCompared-x.left)/50)
	return x.close()
}

// calendarLint looks at one calendar.
type calendarLint struct {
	*Lint
	c          Calendar
	asking     []*render.Route
	calendar   *calendars.Calendar
	timeline   *calendars.Timeline
	view       calendars.View
	ownZone    *time.Location
	now, until time.Time

	occurrences []calendars.Occurrence // of the timeline, the first ones

	asks  []routes.Ask // distinct
	ahead []*lintEvent // that have an occurrence from now on, in the order in which they come
	by    map[*calendars.Event]*lintEvent
	left  int  // comparisons that may still be made
	whole bool // nothing was left out of these, for there being too much

	found []Finding
	said  map[string]int // by kind
}

// lintEvent is an event that comes.
type lintEvent struct {
	*calendars.Event
	first, last calendars.Occurrence
	times       int
	admitted    bool // by some condition
	open        bool // by one of a branch whose state is open
}

// gather looks which events come, and which conditions there are.
func (x *calendarLint) gather() {
	keys := map[string]bool{}
	open := map[string]bool{}
	for _, r := range x.asking {
		for _, a := range r.Asks(x.c.Name) {
			key := a.Key()
			open[key] = open[key] || !a.Negated && r.Branches[a.Branch].State == routes.Open
			if !keys[key] {
				keys[key] = true
				x.asks = append(x.asks, a)
			}
		}
	}
	x.by = map[*calendars.Event]*lintEvent{}
	weight := 0
	for _, a := range x.asks {
		weight += a.Weight()
	}
	most := min(mostEvents, max(1, x.left/2/max(1, weight))) // the other half is for what is asked of them then
	x.left -= most * weight
	x.occurrences = x.timeline.Head(mostOccurrences)
	x.whole = x.timeline.Len() <= mostOccurrences
	for _, o := range x.occurrences {
		if o.End <= x.now.Unix() && o.Start < x.now.Unix() || o.Start >= x.until.Unix() {
			continue
		}
		e := x.by[o.Event]
		if e == nil {
			if len(x.ahead) == most {
				x.whole = false
				continue
			}
			e = &lintEvent{Event: o.Event, first: o}
			x.by[o.Event], x.ahead = e, append(x.ahead, e)
		}
		if e.times++; o.End >= e.last.End {
			e.last = o
		}
	}
	for _, e := range x.ahead {
		for _, a := range x.asks {
			if a.Admits(e.Event) {
				e.admitted, e.open = true, e.open || open[a.Key()]
			}
		}
	}
}

// say adds a finding about an event, or with nil about the calendar, unless enough of that kind were said.
func (x *calendarLint) say(e *calendars.Event, kind, format string, args ...any) {
	x.sayOf("", "", e, kind, format, args...)
}

// compares spends so many comparisons, and reports whether they may be made.
func (x *calendarLint) compares(n int) bool {
	x.left -= n
	return x.left >= 0
}

// sayOf is say about a route and a branch too.
func (x *calendarLint) sayOf(route, branch string, e *calendars.Event, kind, format string, args ...any) {
	if x.said[kind]++; x.said[kind] > mostSaid {
		return
	}
	f := Findingf(x.c.Pos, kind, format, args...)
	f.Route, f.Branch = route, branch
	if f.Calendar = x.c.Name; e != nil {
		f.Pos = e.Place()
		f = x.placed(f)
	}
	x.found = append(x.found, f)
}

// placed puts a finding about an event of a feed that is no file at the calendar, and says the line in words.
func (l *Lint) placed(f Finding) Finding {
	if f.Pos.File != "" {
		return f
	}
	line := f.Pos.Line
	f.Pos = l.options.Calendars[f.Calendar].Pos
	f.Message = fmt.Sprintf("line %d of the feed: %s", line, f.Message)
	return f
}

// close says how much was not said.
func (x *calendarLint) close() []Finding {
	for kind, n := range x.said {
		if n <= mostSaid {
			continue
		}
		for i := len(x.found) - 1; i >= 0; i-- {
			if x.found[i].Kind == kind {
				x.found[i].Message += fmt.Sprintf(" (and %d more of this kind in calendar %s)", n-mostSaid, x.c.Name)
				break
			}
		}
	}
	return x.found
}

// events finds what is wrong with single events: those that cannot be used, and those that
// conditions count and that are odd.
func (x *calendarLint) events() {
	for _, p := range x.options.Timelines.Problems(x.c.Name) {
		at := diag.Pos{File: p.File, Line: p.Line}
		kind := "event_unusable"
		if p.Harmless {
			kind = "not_standard"
		}
		if p.File, p.Line = "", 0; x.said[kind] >= mostSaid {
			x.said[kind]++
			continue
		}
		f := Findingf(at, kind, "%s", p.String())
		f.Calendar = x.c.Name
		if at.Line == 0 && at.File == "" {
			f.Pos = x.c.Pos
		} else {
			f = x.placed(f)
		}
		x.said[f.Kind]++
		x.found = append(x.found, f)
	}
	endsEarly := map[*calendars.Event]bool{} // whose DTEND is not after DTSTART
	for _, o := range x.calendar.Odd(x.view, x.now) {
		e := x.by[o.Event]
		endsEarly[o.Event] = endsEarly[o.Event] || o.Property == "DTEND"
		lost := o.Lost && slices.ContainsFunc(x.asks, func(a routes.Ask) bool { return a.Admits(o.Event) })
		if lost || e != nil && e.admitted && e.first.End > e.first.Start {
			o.File, o.Line = "", 0
			x.say(o.Event, "odd_event", "%s", o.Problem.String())
		}
	}
	for _, c := range x.timeline.ClockChanges(x.view, x.now) {
		e := x.by[c.Event]
		if e == nil || !e.admitted || c.Start >= x.until.Unix() {
			continue
		}
		how := "shows twice; the first of the two counts"
		if c.Skipped {
			how = "skips; the hour after it counts"
		}
		x.say(c.Event, "clock_change",
			"%s begins or ends at %s, a time that the clock of %s %s; move it by an hour if that is not meant",
			title(c.Event), c.Written, c.Zone, how)
	}
	year := x.now.In(x.view.Zone).Year()
	years := map[string]bool{} // in which an event of a title begins: a list may well go on for decades
	var far []*calendars.Event
	for _, e := range x.calendar.Events()[:min(len(x.calendar.Events()), mostEvents)] {
		y, _, _ := e.Begins()
		annual, _ := e.Annual()
		years[patterns.Fold(e.Summary)+strconv.Itoa(y)] = true
		if (y >= year+50 || y >= year+5 && !annual) &&
			slices.ContainsFunc(x.asks, func(a routes.Ask) bool { return x.compares(a.Weight()) && a.Admits(e) }) {
			far = append(far, e)
		}
	}
	for _, e := range far {
		if y, _, _ := e.Begins(); !years[patterns.Fold(e.Summary)+strconv.Itoa(y-1)] {
			x.say(e, "far_future", "%s begins in the year %d; is that meant?", title(e), y)
		}
	}
	endless := map[string]bool{} // UIDs of events whose end is reported as unusable
	for _, p := range x.calendar.Problems() {
		if p.UID != "" && (p.Property == "DTEND" || p.Property == "DURATION") {
			endless[p.UID] = true
		}
	}
	for _, e := range x.ahead {
		switch {
		case !e.admitted:
		case e.first.Start == e.first.End && endless[e.Event.UID]:
		case e.first.Start == e.first.End && endsEarly[e.Event]:
			x.say(e.Event, "no_length",
				"%s has no length, and so is never on: DTEND is not after DTSTART, in their time zones; correct DTEND",
				title(e.Event))
		case e.first.Start == e.first.End:
			x.say(e.Event, "no_length", "%s has no length, and so is never on; give it an end", title(e.Event))
		case e.AllDay && !e.Repeats() && !e.open && e.first.End-e.first.Start <= 25*3600 && speaksOfDays(e.Summary):
			x.say(e.Event, "one_day",
				"%s lasts one day, %s, and its title speaks of more; the end of an all-day event is the day after the last", title(e.Event), x.date(e.first.Start))
		}
	}
}

func (x *calendarLint) date(at int64) string {
	return time.Unix(at, 0).In(x.view.Zone).Format("Mon 2006-01-02")
}

func (x *calendarLint) clock(at int64) string {
	return time.Unix(at, 0).In(x.view.Zone).Format(toMinute)
}

// reach finds a calendar that holds nothing from now on, or that ends too soon.
func (x *calendarLint) reach() {
	var last *lintEvent
	for _, e := range x.ahead {
		if last == nil || e.last.End > last.last.End {
			last = e
		}
	}
	sees, none := x.until.Sub(x.now), last == nil && x.calendar.Len() == 0
	switch {
	case x.c.MayBeEmpty || !x.whole:
	case none && x.calendar.LeftOut() > 0:
		x.say(nil, "no_events_ahead",
			"calendar %s has %s, and only and except leave none of them; mend its only or except, or set expect: may_be_empty if that is meant",
			x.c.Name, counted(x.calendar.LeftOut(), "event"))
	case last == nil && x.c.Ahead > 0:
		x.say(nil, "expected_ahead",
			"calendar %s holds no event from now on%s, and is expected to reach %s ahead; add events", x.c.Name,
			x.leftOut(), days(x.c.Ahead))
	case none:
		x.say(nil, "no_events_ahead", "calendar %s holds no events; if that is meant, set expect: may_be_empty",
			x.c.Name)
	case last == nil:
		x.say(nil, "no_events_ahead",
			"calendar %s holds no event from now on%s%s; add events, or set expect: may_be_empty if that is meant",
			x.c.Name, x.leftOut(), x.former())
	case x.c.Ahead > 0 && last.last.End < x.now.Add(min(x.c.Ahead, sees)).Unix():
		x.say(nil, "expected_ahead", "calendar %s ends with %s on %s, and is expected to reach %s ahead; add events",
			x.c.Name, title(last.Event), x.date(last.last.End-1), days(x.c.Ahead))
	case x.c.Ahead == 0 && x.isSeries(last): // see series
	case x.c.Ahead == 0 && last.last.End < x.now.Add(min(soon, sees)).Unix():
		x.say(nil, "ends_soon",
			"calendar %s ends with %s on %s; add events, or set expect: may_be_empty or {ahead: …} to say what is meant", x.c.Name, title(last.Event), x.date(last.last.End-1))
	}
}

// leftOut says how many events the calendar would have besides.
func (x *calendarLint) leftOut() string {
	if x.calendar.LeftOut() == 0 {
		return ""
	}
	return fmt.Sprintf(" (only and except leave out %d of its %s)", x.calendar.LeftOut(),
		counted(x.calendar.LeftOut()+x.calendar.Len(), "event"))
}

// isSeries reports whether an event is one of a series that conditions count, by the week or so.
func (x *calendarLint) isSeries(e *lintEvent) bool {
	annual, _ := e.Annual()
	return e.admitted && e.Repeats() && !annual && e.times > 2
}

// former says what the last event was that is over.
func (x *calendarLint) former() string {
	past := x.past()
	if len(past) == 0 {
		return ""
	}
	o := slices.MaxFunc(past, func(a, b calendars.Occurrence) int { return cmp.Compare(a.End, b.End) })
	return fmt.Sprintf("; its last one, %s, was on %s", title(o.Event), x.date(o.End-1))
}

// past are occurrences of the last year. They are worked out anew, since hardly any calendar needs them.
func (x *calendarLint) past() []calendars.Occurrence {
	all := x.calendar.Compile(x.view, x.now.AddDate(-1, 0, 0), x.now).All()
	return all[max(0, len(all)-mostOccurrences):]
}

func days(d time.Duration) string {
	if n := int(d / (24 * time.Hour)); d%(24*time.Hour) == 0 && n > 1 {
		return fmt.Sprintf("%d days", n)
	}
	return d.String()
}

// coverage finds the moments at which nothing is on in a calendar that is expected to be covered. After its last
// event is not a gap, but an end.
func (x *calendarLint) coverage() {
	if !x.c.Covered {
		return
	}
	at, n := x.now.Unix(), 0
	var from, to int64
	for _, o := range x.occurrences {
		if o.Start >= x.until.Unix() {
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
		x.say(nil, "coverage_gap",
			"calendar %s is expected to be covered, and nothing is on from %s to %s%s; fill the gap", x.c.Name,
			x.clock(from), x.clock(to), more)
	}
}

// timezone finds a zone of the calendar's own that has another clock than a route that asks it.
func (x *calendarLint) timezone() {
	if x.ownZone == nil || !x.c.Shared ||
		!slices.ContainsFunc(x.ahead, func(e *lintEvent) bool { return e.IsLocal() }) {
		return
	}
	var other []*render.Route
	for _, r := range x.asking {
		if !sameClock(x.ownZone, r.Zone, x.now) {
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
	x.sayOf(other[0].Name, "", nil, "calendar_timezone",
		"calendar %s has timezone %s, so that its all-day and floating events begin at midnight there, and route %s is in %s%s; leave timezone out, and each route reads them in its own zone",
		x.c.Name, x.ownZone, other[0].Name, other[0].Zone, more)
}

// title is an event's title for people, on one line and not too long.
func title(e *calendars.Event) string {
	text := e.Summary
	const longest = 80
	if len(text) > longest {
		end := longest
		for end > 0 && !utf8.RuneStart(text[end]) {
			end--
		}
		text = text[:end] + "…"
	}
	if strings.TrimSpace(text) == "" {
		return "an event without a title"
	}
	return fmt.Sprintf("%q", text)
}
