package calendars

import (
	"cmp"
	"fmt"
	"time"

	"github.com/callhours/callhours/calendars/recur"
	"github.com/callhours/callhours/internal/diag"
)

// LoadZone finds a time zone by its IANA name, such as "Europe/Berlin" or "UTC", in the newest zone data that there are
// (see ZoneDataVersion). Unlike time.LoadLocation it refuses the names that mean the machine's own zone ("", "Local",
// "localtime"): what a caller hears must not depend on where the program runs. Equal names give the same zone. The
// error suggests a name that is close.
func LoadZone(name string) (*time.Location, error) {
	if zone := zonesInUse().zone(name); zone != nil {
		return zone, nil
	}
	return nil, unknownName(name)
}

// CheckZone reports that LoadZone does not find a time zone, and what to write instead.
func CheckZone(name string) error {
	_, err := LoadZone(name)
	return err
}

// unknownZone is a zone that is not known. Its parts are apart because a Problem speaks of the event between them.
type unknownZone struct {
	name string
	why  string // "": nothing knows the name
	hint string
}

func (e unknownZone) what() string {
	return fmt.Sprintf("time zone %s %s", diag.Quote(e.name), cmp.Or(e.why, "is not known"))
}

func (e unknownZone) Error() string { return e.what() + e.hint }

// Instant converts local wall time to Unix seconds by RFC 5545, 3.3.5: a time that the clocks skip is read with the
// offset before the gap, one that they show twice is the first of the two. civil counts seconds since
// 1970-01-01T00:00 on the wall clock. time.Date promises neither.
func Instant(civil int64, zone *time.Location) int64 {
	w := wall{zone: zone}
	return w.instant(civil)
}

// wall converts between the wall clock of a zone and instants, remembering the stretch of constant offset that it met
// last. The zero value of all but zone is ready for use. It is not safe for concurrent use.
type wall struct {
	zone       *time.Location
	since, end int64 // the remembered stretch [since, end); empty at first
	offset     int64
}

// margin is more than any change of offset: a civil time that far inside a stretch belongs to it alone.
const margin = 2 * recur.Day

// forever stands for a stretch without beginning or end; additions to it must not overflow.
const forever = 1 << 60

// offsetAt is the zone's offset from UTC at an instant, in seconds.
func (w *wall) offsetAt(at int64) int64 {
	if at < w.since || at >= w.end {
		t := time.Unix(at, 0).In(w.zone)
		since, end := t.ZoneBounds()
		_, offset := t.Zone()
		w.since, w.end, w.offset = -forever, forever, int64(offset)
		if !since.IsZero() {
			w.since = since.Unix()
		}
		if !end.IsZero() {
			w.end = end.Unix()
		}
	}
	return w.offset
}

func (w *wall) instant(civil int64) int64 {
	if at := civil - w.offset; at-margin >= w.since && at+margin < w.end {
		return at
	}
	// Of the offsets a day before and after, the one before gives the earlier reading of a repeated time, and is the
	// one that 3.3.5 wants for a skipped time.
	before, after := w.offsetAt(civil-recur.Day), w.offsetAt(civil+recur.Day)
	for _, offset := range [2]int64{max(before, after), min(before, after)} {
		if at := civil - offset; w.offsetAt(at) == offset {
			return at
		}
	}
	return civil - before
}

// civil is what the wall clock shows at an instant.
func (w *wall) civil(at int64) int64 { return at + w.offsetAt(at) }
