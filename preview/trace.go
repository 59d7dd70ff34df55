package preview

import "time"

// Trace is a decision that was taken for a call, as /api/v1/decisions remembers it. Texts are cut
// to a length that fits a line.
type Trace struct {
	At      time.Time `json:"at"`      // when the call came, in UTC
	Route   string    `json:"route"`   // "": no route takes the call
	Branch  string    `json:"branch"`  // that was decided
	State   string    `json:"state"`   // of that branch
	Unknown bool      `json:"unknown"` // decided by the route's unknown branch
	// why, in one line; for a call without a route "no_route: " and the reason of the metrics
	Reason string `json:"reason"`
	Event  string `json:"event,omitempty"` // title of the event that decided, if one did
	// the branch that answered: the decided one or the fallback; "": none could
	Answered   string        `json:"answered"`
	Failure    string        `json:"failure,omitempty"` // why the decided branch did not answer
	Status     int           `json:"status"`            // what Kazoo was told
	Summary    string        `json:"summary,omitempty"` // the callflow in one line; "" without one
	Caller     string        `json:"caller,omitempty"`  // as much of the number as the configuration shows
	Dialed     string        `json:"dialed,omitempty"`  // as Caller
	Account    string        `json:"account,omitempty"` // Kazoo's
	CallID     string        `json:"call_id,omitempty"` // Kazoo's
	Took       time.Duration `json:"took_ns"`           // from the request's arrival to the answer
	Generation string        `json:"generation"`        // short name of the generation that answered; see Status
	// that the route asks, as they were at the call, to the minute; never nil
	Calendars []CalendarRead `json:"calendars"`
}

// CalendarRead is when a calendar was read or confirmed last; the zero time: never.
type CalendarRead struct {
	Name string    `json:"name"` // full
	Read time.Time `json:"read,omitzero"`
}
