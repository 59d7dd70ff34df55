package preview

import "time"

// Trace is a decision that was taken for a call, as /api/v1/decisions remembers it. Texts are cut
// to a length that fits a line.
type Trace struct {
	At      time.Time `json:"at"`             // when the call came, in UTC
	Route   string    `json:"route"`          // "": no route takes the call
	Path    string    `json:"path,omitempty"` // of a call without a route, without a token
	Branch  string    `json:"branch"`         // that was decided
	State   string    `json:"state"`          // of that branch
	Unknown bool      `json:"unknown"`        // decided by the route's unknown branch
	// why, in one line; for a call without a route "no_route: " and the reason of the metrics
	Reason string `json:"reason"`
	Event  string `json:"event,omitempty"` // title of the event that decided, if one did
	// the branch that answered: the decided one or the fallback; "": none could
	Answered   string        `json:"answered"`
	Failure    string        `json:"failure,omitempty"` // why the decided branch did not answer
	Status     int           `json:"status"`            // what Kazoo was told
	Summary    string        `json:"summary,omitempty"` // the callflow in one line; "" without one
	Callflow   []byte        `json:"-"`                 // what it is of; not to be changed
	Caller     string        `json:"caller,omitempty"`  // as much of the number as the configuration shows
	Dialed     string        `json:"dialed,omitempty"`  // as Caller
	Account    string        `json:"account,omitempty"` // Kazoo's
	CallID     string        `json:"call_id,omitempty"` // Kazoo's
	Took       time.Duration `json:"took_ns"`           // from the request's arrival to the answer
	Generation string        `json:"generation"`        // short name of the generation that answered; see Status
	// that the route asks, as they were at the call, to the minute; never nil
	Calendars []CalendarRead `json:"calendars"`
}

// UnmatchedCall is one or several calls alike that found no route, as /api/v1/unmatched lists them.
type UnmatchedCall struct {
	Path    string `json:"path"` // without a token
	Account string `json:"account,omitempty"`
	Dialed  string `json:"dialed,omitempty"` // as much of the numbers as the configuration shows
	Caller  string `json:"caller,omitempty"` // of the last of them
	Reason  string `json:"reason"`           // that of the metrics
	// why, and what may have been meant, by the configuration that answers now
	Message    string    `json:"message"`
	Route      string    `json:"route,omitempty"` // that matches such a call by now; "": none
	Candidates []string  `json:"candidates"`      // routes that may have been meant; never nil
	Calls      int       `json:"calls"`           // how many are remembered
	First      time.Time `json:"first"`           // in UTC, like Last
	Last       time.Time `json:"last"`
}

// CalendarRead is when a calendar was read or confirmed last; the zero time: never.
type CalendarRead struct {
	Name string    `json:"name"` // full
	Read time.Time `json:"read,omitzero"`
}
