package preview

import (
	"slices"
	"strings"
	"time"

	"github.com/callhours/callhours/calendars"
	"github.com/callhours/callhours/calendars/patterns"
	"github.com/callhours/callhours/routes"
)

// cutOpenings finds openings that run past midnight and that an all-day closure cuts off there, at
// its beginning or at its end.
func (l *routeLint) cutOpenings() {
	if l.route.DayStarts != 0 {
		return
	}
	n, most := 0, maxEventsHeld
	var first time.Time
	var opened, closed routes.Event
	for i := 1; i < len(l.spans); i++ {
		was, is := l.spans[i-1], l.spans[i]
		if h, m, s := is.at.Clock(); h+m+s != 0 || was.state == is.state {
			continue
		}
		closedAt, openAt := is.at, was.at
		if was.state == routes.Closed {
			closedAt, openAt = was.at, is.at
		}
		opening, closing := l.state.Decide(nil, openAt), l.state.Decide(nil, closedAt)
		if most -= opening.Weight(most+1) + closing.Weight(most+1); most < 0 {
			break
		}
		opens, closes := opening.Events(), closing.Events()
		if len(opens) == 0 || len(closes) == 0 || !closes[0].Event.AllDay ||
			closes[0].Start != is.at.Unix() && closes[0].End != is.at.Unix() {
			continue
		}
		if e := opens[0]; e.Event.AllDay || e.End-e.Start >= 24*3600 || e.Start >= is.at.Unix() ||
			e.End <= is.at.Unix() {
			continue
		}
		if n++; n == 1 {
			first, opened, closed = is.at, opens[0], closes[0]
		}
	}
	if n > 0 {
		l.reportRoute("closure_cuts_opening",
			"at midnight before %s the all-day event %s of calendar %s cuts the opening %s, which runs over it; set day_starts of route %s to an hour after the last closing, such as \"05:00\"",
			first.Format("Mon 2006-01-02"), displayTitle(closed.Event), closed.Calendar, displayTitle(opened.Event),
			l.route.Name)
		l.found[len(l.found)-1].Calendar = closed.Calendar
	}
}

// substitutes are regions in which a public holiday that falls on a weekend is kept on another day.
func substitutes(region string, zone *time.Location) bool {
	if region != "" {
		return slices.Contains([]string{"US", "CA", "GB", "IE", "AU", "NZ", "ZA"}, region)
	}
	name := zone.String()
	return strings.HasPrefix(name, "US/") || strings.HasPrefix(name, "Canada/") ||
		strings.HasPrefix(name, "Australia/") ||
		slices.Contains([]string{
			"America/New_York", "America/Detroit", "America/Chicago", "America/Denver", "America/Phoenix",
			"America/Los_Angeles", "America/Anchorage",
			"Pacific/Honolulu", "America/Toronto", "America/Winnipeg", "America/Edmonton", "America/Vancouver",
			"America/Halifax",
			"Europe/London", "Europe/Dublin", "Pacific/Auckland", "Africa/Johannesburg",
		}, name)
}

// closedHolidays finds holidays of a fixed date that fall on a day on which the route is closed
// anyway, with no day of the same calendar beside them on which the holiday is kept. Only regions
// that keep such days are looked at.
func (l *routeLint) closedHolidays() {
	if !substitutes(l.route.Region, l.route.Zone) {
		return
	}
	open := map[int]bool{} // by number of the day
	for i, s := range l.spans {
		end := l.until
		if i+1 < len(l.spans) {
			end = l.spans[i+1].at
		}
		for d := DayNumber(s.at); s.state == routes.Open && d <= DayNumber(end.Add(-time.Second)); d++ {
			open[d] = true
		}
	}
	if len(open) == 0 {
		return
	}
	// A day is one of work where it is so in a week around it.
	works := func(d int) bool { return open[d-7] || open[d+7] || open[d-14] || open[d+14] }
	for _, name := range l.route.Calendars() {
		asks := slices.DeleteFunc(l.route.Criteria(name), func(a routes.Criterion) bool {
			return a.Negated || l.route.Branches[a.Branch].State != routes.Closed
		})
		kept, fixed := l.closedDays(name, asks)
		for _, o := range fixed {
			d := DayNumber(time.Unix(o.Start, 0).In(l.route.Zone))
			if at := time.Unix(o.Start, 0); at.Before(l.now.AddDate(0, 0, 7)) || at.After(l.until.AddDate(0, 0, -14)) ||
				works(d) || open[d] {
				continue
			}
			work, beside := false, false
			for near := d - 3; near <= d+3; near++ {
				if near != d && works(near) {
					work, beside = true, beside || kept[near]
				}
			}
			if work && !beside { // without work around it there is no day to have off
				f := Findingf(o.Event.Place(), "holiday_on_closed_day",
					"%s of calendar %s falls on %s, when route %s is closed anyway, and no day beside it is a holiday; add the day on which it is observed, if it is",
					displayTitle(o.Event), name, time.Unix(o.Start, 0).In(l.route.Zone).Format("Mon 2006-01-02"),
					l.route.Name)
				f.Route, f.Calendar = l.route.Name, name
				l.found = append(l.found, l.atCalendar(f))
			}
		}
	}
}

// closedDays are the days that all-day events of a calendar close, and those of the events that are
// holidays of one day on a fixed date.
func (l *routeLint) closedDays(name string, asks []routes.Criterion) (days map[int]bool, fixed []calendars.Occurrence) {
	from, to := l.state.Window()
	t, _ := l.options.Timelines.Timeline(name, calendars.View{Zone: l.route.Zone, DayStarts: l.route.DayStarts}, from, to)
	days = map[int]bool{}
	snapshot := l.options.Timelines.Use(name).Snapshot
	if t == nil || len(asks) == 0 || snapshot.Unknown() { // also where its conditions are false while it is
		return days, nil
	}
	years := map[string]map[int]bool{} // in which an event of that title and date stands
	dated := func(e *calendars.Event) (string, int) {
		y, m, d := e.Begins()
		return patterns.Fold(e.Summary) + time.Date(0, time.Month(m), d, 0, 0, 0, 0, time.UTC).Format("\x000102"), y
	}
	events := snapshot.Calendar.Events()
	for _, e := range events[:min(len(events), maxEvents)] {
		if key, y := dated(e); e.AllDay && !e.Repeats() {
			if years[key] == nil {
				years[key] = map[int]bool{}
			}
			years[key][y] = true
		}
	}
	for _, o := range t.Head(maxEvents) {
		if !o.Event.AllDay || !slices.ContainsFunc(asks, func(a routes.Criterion) bool { return a.Matches(o.Event) }) {
			continue
		}
		first, last := DayNumber(time.Unix(o.Start, 0).In(l.route.Zone)),
			DayNumber(time.Unix(o.End-1, 0).In(l.route.Zone))
		for d := first; d <= min(last, first+31); d++ {
			days[d] = true
		}
		key, _ := dated(o.Event)
		annual, onDate := o.Event.Annual()
		// Google's calendars hold what nobody has a day off for, and say so.
		if observance := strings.HasPrefix(patterns.Fold(o.Event.Description), "observance"); first == last &&
			!observance && (annual && onDate || len(years[key]) > 1) {
			fixed = append(fixed, o)
		}
	}
	return days, fixed
}
