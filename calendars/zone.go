package calendars

import (
	"fmt"
	"strings"
	"time"

	"github.com/callhours/callhours/internal/diag"
)

// LoadZone finds a time zone by its IANA name, such as "Europe/Berlin" or "UTC", in the newest zone data that there are (see
// ZoneDataVersion). Unlike time.LoadLocation it refuses the names that mean the machine's own zone ("", "Local",
// "localtime"): what a caller hears must not depend on where the program runs. Equal names give the same zone. The error
// suggests a name that is close.
func LoadZone(name string) (*time.Location, error) {
	if zone := zonesInUse().zone(name); zone != nil {
		return zone, nil
	}
	return nil, unknownZone{name: name, hint: suggestZone(name)}
}

func suggestZone(name string) string {
	const longest = 64
	if name == "" || len(name) > longest {
		return ""
	}
	return diag.Suggest(name, commonZones)
}

// unknownZone is a zone that is not known. Its two halves are apart because a Problem speaks of the event between them.
type unknownZone struct{ name, hint string }

func (e unknownZone) what() string { return fmt.Sprintf("time zone %s is not known", quote(e.name)) }

func (e unknownZone) Error() string { return e.what() + e.hint }

// zones finds the zones that one body names, and keeps what it found: a feed names the same few thousands of times.
type zones struct {
	known   map[string]*time.Location // nil: not known
	unknown int
}

// manyUnknown is how many unknown zones a body may name before its other names go unsearched: looking for one costs a
// search on disk.
const manyUnknown = 200

// find resolves a TZID: an IANA name, one in other letters' case, or one behind a vendor's prefix such as
// "/mozilla.org/20050126_1/Europe/Berlin" (RFC 5545, 3.2.19, leaves the form of such names open). The name goes before
// the file's VTIMEZONE, which is often out of date. Names that this does not explain (Windows zone names, names that
// only a VTIMEZONE defines) are refused; here is their place.
func (z *zones) find(tzid string) (*time.Location, error) {
	zone, seen := z.known[tzid]
	if !seen && z.unknown < manyUnknown {
		if zone = findZone(strings.TrimSpace(tzid)); zone == nil {
			z.unknown++
		}
		if z.known == nil {
			z.known = map[string]*time.Location{}
		}
		z.known[tzid] = zone
	}
	if zone == nil {
		hint := ""
		if z.unknown < manyUnknown {
			hint = suggestZone(tzid)
		}
		return nil, unknownZone{name: tzid, hint: hint}
	}
	return zone, nil
}

// findZone is nil for a name that is not known.
func findZone(tzid string) *time.Location {
	for name, more := tzid, true; more; _, name, more = strings.Cut(name, "/") {
		if zone := zonesInUse().zone(name); zone != nil {
			return zone
		}
		for _, common := range commonZones {
			if strings.EqualFold(name, common) {
				return zonesInUse().zone(common)
			}
		}
	}
	return nil
}

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
const margin = 2 * day

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
	before, after := w.offsetAt(civil-day), w.offsetAt(civil+day)
	for _, offset := range [2]int64{max(before, after), min(before, after)} {
		if at := civil - offset; w.offsetAt(at) == offset {
			return at
		}
	}
	return civil - before
}

// civil is what the wall clock shows at an instant.
func (w *wall) civil(at int64) int64 { return at + w.offsetAt(at) }

// commonZones are names worth suggesting, and worth knowing in any case of letters.
var commonZones = strings.Fields(`
Africa/Cairo Africa/Casablanca Africa/Johannesburg Africa/Lagos Africa/Nairobi Africa/Tunis
America/Anchorage America/Argentina/Buenos_Aires America/Bogota America/Boise America/Caracas America/Chicago
America/Denver America/Detroit America/Edmonton America/Halifax America/Havana America/Indiana/Indianapolis
America/Kentucky/Louisville America/Lima America/Los_Angeles America/Mexico_City America/Montevideo America/New_York
America/Panama America/Phoenix America/Puerto_Rico America/Regina America/Santiago America/Sao_Paulo America/St_Johns
America/Toronto America/Vancouver America/Winnipeg Asia/Bangkok Asia/Beirut Asia/Colombo Asia/Dhaka Asia/Dubai
Asia/Ho_Chi_Minh Asia/Hong_Kong Asia/Jakarta Asia/Jerusalem Asia/Karachi Asia/Kolkata Asia/Kuala_Lumpur Asia/Manila
Asia/Riyadh Asia/Seoul Asia/Shanghai Asia/Singapore Asia/Taipei Asia/Tehran Asia/Tokyo Atlantic/Reykjavik
Australia/Adelaide Australia/Brisbane Australia/Darwin Australia/Hobart Australia/Melbourne Australia/Perth
Australia/Sydney Etc/UTC Europe/Amsterdam Europe/Athens Europe/Belgrade Europe/Berlin Europe/Bratislava
Europe/Brussels Europe/Bucharest Europe/Budapest Europe/Copenhagen Europe/Dublin Europe/Helsinki Europe/Istanbul
Europe/Kyiv Europe/Lisbon Europe/Ljubljana Europe/London Europe/Luxembourg Europe/Madrid Europe/Minsk Europe/Moscow
Europe/Oslo Europe/Paris Europe/Prague Europe/Riga Europe/Rome Europe/Sofia Europe/Stockholm Europe/Tallinn
Europe/Vienna Europe/Vilnius Europe/Warsaw Europe/Zagreb Europe/Zurich GMT Pacific/Apia Pacific/Auckland
Pacific/Honolulu UTC`)
