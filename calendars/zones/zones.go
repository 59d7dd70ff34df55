// Package zones finds time zones by the names that people and programs give them, and what their
// clocks show.
//
// [Load] is for a name that a person has chosen: an IANA name, in the newest zone data that there
// are, or an error that suggests one. [Known] and [Likely] are for a TZID that a program has
// written, which may be a name of Windows, one with a vendor's prefix, or worse; between the two
// comes what the calendar itself says about the name, of which [Define] makes a zone (RFC 5545,
// 3.6.5). [Unknown] says what is wrong with the rest.
//
// [Instant] and [Clock] convert between civil time, as package recur counts it, and Unix seconds,
// by RFC 5545, 3.3.5, where the clocks are changed:
//
//	berlin, err := zones.Load("Europe/Berlin")
//	...
//	at := zones.Instant(recur.Civil(2026, 12, 24)+9*recur.Hour, berlin) // 2026-12-24 08:00 UTC
//
// The zone data and the names of Windows are part of the program (directory tzdata; make tzdata
// renews them). Newer data of the system are used, or those in the directory that the environment
// variable ZONEINFO names; they are read by internal/files, which bounds how long that may take.
// The package knows no events and no iCalendar syntax. All but a Clock is safe for concurrent use.
package zones

import (
	"cmp"
	"fmt"
	"time"

	"github.com/callhours/callhours/internal/diag"
)

// Load finds a time zone by its IANA name, such as "Europe/Berlin" or "UTC", in the newest zone
// data that there are (see DataVersion). Unlike time.LoadLocation it refuses the names that mean
// the machine's own zone ("", "Local", "localtime"): what a caller hears must not depend on where
// the program runs. Equal names give the same zone. The error suggests a name that is close.
func Load(name string) (*time.Location, error) {
	if zone := LookUp(name); zone != nil {
		return zone, nil
	}
	return nil, unknownName(name)
}

// LookUp is Load without a message: nil where there is no such zone.
func LookUp(name string) *time.Location { return current().zone(name) }

// Check reports that Load does not find a time zone, and what to write instead.
func Check(name string) error {
	_, err := Load(name)
	return err
}

// UnknownError is a zone that is not known. Its parts are apart for messages that speak of
// something between them.
type UnknownError struct {
	Name string // as written
	Why  string // what is wrong with it; "": nothing knows the name
	Hint string // what to write instead, behind "; "; "" if that is not known
}

// What is the error without its Hint.
func (e UnknownError) What() string {
	return fmt.Sprintf("time zone %s %s", diag.Quote(e.Name), cmp.Or(e.Why, "is not known"))
}

func (e UnknownError) Error() string { return e.What() + e.Hint }
