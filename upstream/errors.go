package upstream

import "fmt"

// Reason is why an upstream did not answer a call. The values are label values of metrics.
type Reason string

// The reasons.
const (
	Timeout Reason = "timeout" // there was no whole answer in time
	Status  Reason = "status"  // its status was not 200
	Invalid Reason = "invalid" // it was nothing that Kazoo takes, or cut off, or too large
	Refused Reason = "refused" // there was no connection: refused, not secure, to an address that is not allowed
	Circuit Reason = "circuit" // it was not asked: it failed too often before, or too many calls wait for it
)

// Error is why an upstream did not answer a call. Its text has no secret.
type Error struct {
	Reason Reason
	Err    error
}

func (e *Error) Error() string { return e.Err.Error() }

func (e *Error) Unwrap() error { return e.Err }

func fail(reason Reason, format string, args ...any) *Error {
	return &Error{reason, fmt.Errorf(format, args...)}
}
