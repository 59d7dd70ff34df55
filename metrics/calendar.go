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

// fetchResults are in the order that a scrape has.
var fetchResults = [...]FetchResult{
	Forbidden, NotCalendar, NotFound, OK, RateLimited, ServerError, Shrunk, Timeout, TooBig, Truncated, Unchanged,
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

// CalendarMetrics are the series of one calendar. A nil one counts nothing.
type CalendarMetrics struct {
	gauges  [calendarGauges]gauge
	fetches [len(fetchResults)]counter
}

// IncFetch counts an attempt to read the calendar. The calendar is up after OK and Unchanged, and
// down after any other result.
func (c *CalendarMetrics) IncFetch(result FetchResult) {
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

// SetUnknown marks the calendar as unknown: no copy was ever read, or the last one is past
// `expire_after`.
func (c *CalendarMetrics) SetUnknown() { c.set(calendarUnknown, 1) }

// SetKnown marks the calendar as known: there is a copy to decide from.
func (c *CalendarMetrics) SetKnown() { c.set(calendarUnknown, 0) }

// SetLastSuccess sets when the calendar was last read or confirmed unchanged, perhaps by an earlier
// process. The zero time: never.
func (c *CalendarMetrics) SetLastSuccess(at time.Time) { c.set(calendarLastSuccess, unixSeconds(at)) }

// SetEvents sets how many events of the calendar count.
func (c *CalendarMetrics) SetEvents(n int) { c.set(calendarEvents, float64(n)) }

// SetActive sets how many events of the calendar are on at present.
func (c *CalendarMetrics) SetActive(n int) { c.set(calendarActive, float64(n)) }

// SetRejected sets how many events of the calendar were not understood.
func (c *CalendarMetrics) SetRejected(n int) { c.set(calendarRejected, float64(n)) }

// SetUnmatched sets how many events of the calendar match no condition of any branch. A negative
// number removes the series: they are not counted.
func (c *CalendarMetrics) SetUnmatched(n int) { c.set(calendarUnmatched, float64(n)) }

// SetLastEvent sets when the last event of the calendar ends, within the horizon. The zero time: it
// has none.
func (c *CalendarMetrics) SetLastEvent(end time.Time) { c.set(calendarLastEvent, unixSeconds(end)) }

func (c *CalendarMetrics) set(gauge int, value float64) {
	if c != nil {
		c.gauges[gauge].Set(value)
	}
}
