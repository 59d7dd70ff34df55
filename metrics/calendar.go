package metrics

import (
	"slices"
	"time"
)

// FetchResult is how one attempt to read a calendar ended.
type FetchResult string

// The results of callhours_calendar_fetches_total.
const (
	OK          FetchResult = "ok"           // a body that is in use from then on
	Unchanged   FetchResult = "unchanged"    // the source says, or the body shows, that nothing changed
	NotFound    FetchResult = "not_found"    // 404, 410, or no such file
	Forbidden   FetchResult = "forbidden"    // 401, 402, 403, 407, 451, or a file that may not be read
	RateLimited FetchResult = "rate_limited" // 429, or a page that suspects a robot
	ServerError FetchResult = "server_error" // any other answer, or no connection
	Timeout     FetchResult = "timeout"      // no whole body in time
	NotCalendar FetchResult = "not_calendar" // a body that is not iCalendar
	Truncated   FetchResult = "truncated"    // a calendar without its end
	Shrunk      FetchResult = "shrunk"       // far fewer events than before, held back
	TooBig      FetchResult = "too_big"      // over a limit
)

var fetchResults = [...]FetchResult{
	OK, Unchanged, NotFound, Forbidden, RateLimited, ServerError, Timeout, NotCalendar, Truncated, Shrunk, TooBig,
}

// The gauges of a calendar.
const (
	calendarUp = iota
	calendarUnknown
	calendarLastSuccess
	calendarEvents
	calendarActive
	calendarRejected
	calendarUnmatched
	calendarLastEvent
	calendarAhead
	calendarCovered
	calendarMayBeEmpty

	calendarGauges
)

// calendarFamilies are the metrics that have a calendar's name as label.
type calendarFamilies struct {
	gauges  [calendarGauges]family
	fetches family
}

// CalendarMetrics are the series of one calendar. nil counts nothing.
type CalendarMetrics struct {
	gauges  [calendarGauges]gauge
	fetches [len(fetchResults)]counter
}

// Fetched counts an attempt to read the calendar. The calendar is up after OK and
// Unchanged, and down after all others.
func (c *CalendarMetrics) Fetched(result FetchResult) {
	if c == nil {
		return
	}
	i := slices.Index(fetchResults[:], result)
	if i < 0 {
		return
	}
	c.fetches[i].Inc()
	c.set(calendarUp, boolValue(result == OK || result == Unchanged))
}

// Unknown says that there is no copy to decide from: none was ever read, or the last
// one is past `expire_after`.
func (c *CalendarMetrics) Unknown() { c.set(calendarUnknown, 1) }

// Known says that there is a copy to decide from.
func (c *CalendarMetrics) Known() { c.set(calendarUnknown, 0) }

// LastSuccess says when the calendar was last read or confirmed unchanged, perhaps by an earlier
// process. The zero time: never.
func (c *CalendarMetrics) LastSuccess(at time.Time) { c.set(calendarLastSuccess, unixSeconds(at)) }

// Events says how many events of the calendar count.
func (c *CalendarMetrics) Events(n int) { c.set(calendarEvents, float64(n)) }

// Active says how many events of the calendar are on at present.
func (c *CalendarMetrics) Active(n int) { c.set(calendarActive, float64(n)) }

// Rejected says how many events of the calendar were not understood.
func (c *CalendarMetrics) Rejected(n int) { c.set(calendarRejected, float64(n)) }

// Unmatched says how many events of the calendar fit no condition of any branch. Below zero nobody
// has counted them, and there is no such series.
func (c *CalendarMetrics) Unmatched(n int) { c.set(calendarUnmatched, float64(n)) }

// LastEvent says when the last event of the calendar ends, within the horizon.
// The zero time: it has none.
func (c *CalendarMetrics) LastEvent(end time.Time) { c.set(calendarLastEvent, unixSeconds(end)) }

func (c *CalendarMetrics) set(gauge int, value float64) {
	if c != nil {
		c.gauges[gauge].Set(value)
	}
}
