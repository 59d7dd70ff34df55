package zones

import (
	_ "embed"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/callhours/callhours/calendars/recur"
)

// windowsNames are the zones of Windows, a tab, and the IANA name for each, as CLDR has them; make
// tzdata renews them.
//
//go:embed tzdata/windows.txt
var windowsNames string

// index are the names by which zones can be found besides their own.
type index struct {
	all     []string            // every IANA name, for suggestions
	folded  map[string]string   // IANA name by its form without case and blanks
	windows map[string]string   // IANA name by the lower-case name of Windows
	cities  map[string][]string // IANA names by their last part, folded
}

// names is made at the first name that is none of IANA's own.
var names = sync.OnceValue(func() *index {
	n := &index{folded: map[string]string{}, windows: map[string]string{}, cities: map[string][]string{}}
	for _, file := range openEmbedded().File {
		name := file.Name
		if name == versionFile {
			continue
		}
		n.all = append(n.all, name)
		n.folded[foldZone(name)] = name
		city := foldZone(name[strings.LastIndex(name, "/")+1:])
		n.cities[city] = append(n.cities[city], name)
	}
	for line := range strings.Lines(windowsNames) {
		if windows, iana, ok := strings.Cut(strings.TrimSpace(line), "\t"); ok {
			n.windows[strings.ToLower(windows)] = iana
		}
	}
	return n
})

// foldZone makes "europe/berlin" and "America/New York" the names that are meant.
func foldZone(name string) string {
	return strings.Join(strings.Fields(strings.ToLower(name)), "_")
}

// IANA finds a TZID that is an IANA name, in any case of letters; nil if it is none.
func IANA(tzid string) *time.Location {
	if zone := current().zone(strings.TrimSpace(tzid)); zone != nil {
		return zone
	}
	return current().zone(names().folded[foldZone(tzid)])
}

// prefixedZone finds an IANA name behind a vendor's prefix, such as
// "/mozilla.org/20050126_1/Europe/Berlin" (RFC 5545, 3.2.19, leaves the form of such names open);
// nil if there is none.
func prefixedZone(tzid string) *time.Location {
	for _, name, more := strings.Cut(tzid, "/"); more; _, name, more = strings.Cut(name, "/") {
		if zone := IANA(name); zone != nil {
			return zone
		}
	}
	return nil
}

// abbreviation fits IANA names such as EST or CET, which programs also give to zones of their own.
var abbreviation = regexp.MustCompile(`^[A-Z]{3,4}([0-9][A-Z]{3})?$`)

// isExplained reports whether an IANA name goes before what the calendar itself says about a zone
// of that name.
func isExplained(tzid string) bool {
	tzid = strings.TrimSpace(tzid)
	return !abbreviation.MatchString(tzid) || tzid == "UTC" || tzid == "GMT"
}

// Known finds a zone by what names it beyond doubt, whatever the calendar itself says of a zone of
// that name, which is often years out of date: a name of IANA or Windows, or one of IANA behind a
// vendor's prefix. nil for any other.
func Known(tzid string) *time.Location {
	for _, find := range []func(string) *time.Location{IANA, windowsZone} {
		if zone := find(tzid); zone != nil && isExplained(tzid) {
			return zone
		}
	}
	if zone := prefixedZone(tzid); zone != nil && strings.Contains(zone.String(), "/") {
		return zone
	}
	return nil
}

// Likely finds a zone by a name that the calendar does not define. nil where the name leaves room
// for doubt.
func Likely(tzid string) *time.Location {
	for _, find := range []func(string) *time.Location{IANA, prefixedZone, guessZone} {
		if zone := find(tzid); zone != nil {
			return zone
		}
	}
	return nil
}

// windowsZone finds a zone of Windows, which Outlook and Exchange write, such as "W. Europe
// Standard Time". The word Standard is part of the name in summer too. nil if it is none.
func windowsZone(tzid string) *time.Location {
	if iana, ok := names().windows[strings.Join(strings.Fields(strings.ToLower(tzid)), " ")]; ok {
		return current().zone(iana)
	}
	return nil
}

// copiedName fits a zone that Outlook has taken over from a calendar and given a number, such as
// "Eastern Standard Time 1".
var copiedName = regexp.MustCompile(`^(.*\S) \d+$`)

// displayName fits a zone as Windows shows it to people, such as "(UTC+01:00) Amsterdam, Berlin,
// Bern, Rome, Stockholm, Vienna".
var displayName = regexp.MustCompile(`^\((?:UTC|GMT)(?:([+-])(\d\d?)[:.]?(\d\d))?\)\s*(.+)$`)

// guessZone finds what some programs write in place of a zone's name where the calendar does not
// define it. nil where the text leaves room for doubt.
func guessZone(tzid string) *time.Location {
	tzid = strings.TrimSpace(tzid)
	if m := copiedName.FindStringSubmatch(tzid); m != nil {
		return windowsZone(m[1])
	}
	if iana, ok := names().folded[foldZone(strings.ReplaceAll(tzid, "-", "/"))]; ok { // "US-Eastern", of Evolution
		return current().zone(iana)
	}
	m := displayName.FindStringSubmatch(tzid)
	if m == nil {
		return current().zone(regions[strings.ToLower(tzid)])
	}
	hours, _ := strconv.Atoi(m[2])
	minutes, _ := strconv.Atoi(m[3])
	offset := hours*recur.Hour + minutes*recur.Minute
	if m[1] == "-" {
		offset = -offset
	}
	for part := range strings.SplitSeq(strings.NewReplacer(";", ",", " / ", ",").Replace(strings.ToLower(m[4])), ",") {
		part = strings.TrimSpace(part)
		candidates := []string{regions[part]}
		if candidates[0] == "" {
			part, _, _ = strings.Cut(part, " (") // "Yangon (Rangoon)"
			candidates = names().cities[foldZone(part)]
		}
		for _, name := range candidates {
			if zone := current().zone(name); zone != nil && hasOffset(zone, offset) {
				return zone
			}
		}
	}
	return nil
}

// hasOffset reports whether a zone has an offset from UTC, in seconds, at some time of the year.
func hasOffset(zone *time.Location, seconds int) bool {
	for _, month := range [2]time.Month{time.January, time.July} {
		if _, offset := time.Date(2026, month, 15, 12, 0, 0, 0, time.UTC).In(zone).Zone(); offset == seconds {
			return true
		}
	}
	return false
}

// regions are what Windows shows in place of cities, or cities by a name that is not IANA's.
var regions = map[string]string{
	"coordinated universal time":   "UTC",
	"eastern time (us & canada)":   "America/New_York",
	"central time (us & canada)":   "America/Chicago",
	"mountain time (us & canada)":  "America/Denver",
	"pacific time (us & canada)":   "America/Los_Angeles",
	"atlantic time (canada)":       "America/Halifax",
	"newfoundland":                 "America/St_Johns",
	"alaska":                       "America/Anchorage",
	"hawaii":                       "Pacific/Honolulu",
	"arizona":                      "America/Phoenix",
	"indiana (east)":               "America/Indiana/Indianapolis",
	"saskatchewan":                 "America/Regina",
	"yukon":                        "America/Whitehorse",
	"baja california":              "America/Tijuana",
	"central america":              "America/Guatemala",
	"brasilia":                     "America/Sao_Paulo",
	"city of buenos aires":         "America/Argentina/Buenos_Aires",
	"greenland":                    "America/Nuuk",
	"salvador":                     "America/Bahia",
	"cabo verde is.":               "Atlantic/Cape_Verde",
	"cape verde is.":               "Atlantic/Cape_Verde",
	"west central africa":          "Africa/Lagos",
	"abu dhabi":                    "Asia/Dubai",
	"port louis":                   "Indian/Mauritius",
	"ekaterinburg":                 "Asia/Yekaterinburg",
	"astana":                       "Asia/Almaty",
	"chennai":                      "Asia/Kolkata",
	"sri jayawardenepura":          "Asia/Colombo",
	"beijing":                      "Asia/Shanghai",
	"solomon is.":                  "Pacific/Guadalcanal",
	"samoa":                        "Pacific/Apia",
	"western/central europe":       "Europe/Berlin", // of Notes
	"international date line west": "Etc/GMT+12",
}
