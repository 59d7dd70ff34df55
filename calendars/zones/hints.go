package zones

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/callhours/callhours/internal/diag"
)

// longestName is how many bytes a name may have that is compared with those of zones.
const longestName = 64

// hintIndex are the names of zones as people misspell them. A hint is followed without a second
// thought, so that there is none where a name could be a place elsewhere.
type hintIndex struct {
	whole   map[string][]string // IANA names by their letters
	cities  []city              // in the order of their names
	windows map[string]string   // IANA names by the words of a name of Windows, without "standard time"
}

// city is the last part of zones' names, or one of knownPlaces.
type city struct {
	letters string
	zone    string // the longest of its names: the others are links that are kept for old programs
	area    string // what the name begins with, in letters
	many    bool   // there are zones of that name with other clocks
}

// areas are the first parts of zones' names in which the last part is a place.
var areas = []string{"africa", "america", "arctic", "asia", "atlantic", "australia", "europe", "indian", "pacific"}

// hints are made at the first name that is not known.
var hints = sync.OnceValue(func() *hintIndex {
	h := &hintIndex{whole: map[string][]string{}, windows: map[string]string{}}
	contents := map[string]uint32{} // zones with the same contents are one under several names
	for _, file := range openEmbedded().File {
		contents[file.Name] = file.CRC32
	}
	add := func(letters, zone string) {
		area, _, _ := strings.Cut(zone, "/")
		area = lettersOf(area)
		i := slices.IndexFunc(h.cities, func(c city) bool {
			return c.letters == letters && (c.area == area || contents[c.zone] == contents[zone])
		})
		switch {
		case i < 0:
			h.cities = append(h.cities, city{letters: letters, zone: zone, area: area})
		case contents[h.cities[i].zone] != contents[zone]:
			h.cities[i].many = true
		case len(zone) > len(h.cities[i].zone):
			h.cities[i].zone, h.cities[i].area = zone, area
		}
	}
	for _, name := range names().all {
		letters := lettersOf(name)
		h.whole[letters] = append(h.whole[letters], name)
		if i := strings.LastIndex(name, "/"); i >= 0 {
			add(lettersOf(name[i+1:]), name)
		}
	}
	for letters, zone := range knownPlaces.all() {
		add(letters, zone)
	}
	slices.SortFunc(h.cities, func(a, b city) int {
		return strings.Compare(a.letters+"/"+a.zone, b.letters+"/"+b.zone)
	})
	for name, zone := range names().windows {
		core, _ := windowsWords(name)
		h.windows[core] = zone
	}
	return h
})

// lettersOf is a name as it is compared: its letters and digits in lower case, without accents.
func lettersOf(name string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, norm.NFD.String(name))
}

// windowsWords are the words of a name of Windows without those that all of them end with, however
// spelt; timed reports whether there were any.
func windowsWords(name string) (core string, timed bool) {
	words := strings.FieldsFunc(strings.ToLower(name), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r)
	})
	for len(words) > 1 {
		switch words[len(words)-1] {
		case "time", "standard", "standart", "daylight", "summer", "std":
			words, timed = words[:len(words)-1], true
			continue
		}
		break
	}
	return strings.Join(words, " "), timed
}

// suggestZone is the name of the zone that is meant by one that is not known; "" where that is not
// beyond doubt.
func suggestZone(name string) string {
	letters := lettersOf(name)
	if letters == "" || len(name) > longestName {
		return ""
	}
	for _, word := range strings.FieldsFunc(name, func(r rune) bool {
		return strings.ContainsRune(" \t,;()[]\"'", r)
	}) {
		if zone := IANA(word); strings.Contains(word, "/") && zone != nil { // "Timezone Europe/Berlin"
			return zone.String()
		}
	}
	if whole := hints().whole[letters]; len(whole) == 1 && strings.Contains(whole[0], "/") { // "Europe Berlin"
		return whole[0]
	}
	if i := strings.LastIndex(name, "/"); i >= 0 {
		area, _, _ := strings.Cut(name, "/")
		return hints().inArea(lettersOf(area), lettersOf(name[i+1:]))
	}
	if ambiguousPlaces[letters] {
		return ""
	}
	if zone := knownPlaces.zone(letters); zone != "" {
		return zone
	}
	if zone := hints().city(letters); zone != "" {
		return zone
	}
	return hints().windowsName(name)
}

// inArea finds a city behind the name of an area, one of which may have a slip.
func (h *hintIndex) inArea(area, letters string) string {
	slipped := false
	has := func(c city) bool { return c.area == area && isOneSlip(letters, c.letters) }
	switch known := h.areas(); {
	case area == "usa", (area == "us" || area == "canada") && !slices.ContainsFunc(h.cities, has): // not "US/Estern"
		area = "america"
	case !slices.Contains(known, area):
		i := slices.IndexFunc(known, func(a string) bool { return isOneSlip(area, a) })
		if i < 0 {
			return ""
		}
		area, slipped = known[i], true
	}
	const shortest = 5 // of a city that is found in spite of a slip
	return h.find(letters, shortest, slipped, func(c city) bool { return c.area == area })
}

// areas are all first parts of zones' names.
func (h *hintIndex) areas() (list []string) {
	for _, c := range h.cities {
		if !slices.Contains(list, c.area) {
			list = append(list, c.area)
		}
	}
	return list
}

// city finds a city by its bare name, in which there may be a slip.
func (h *hintIndex) city(letters string) string {
	const shortest = 6
	return h.find(letters, shortest, false, func(c city) bool {
		return slices.Contains(areas, c.area) && !ambiguousPlaces[c.letters]
	})
}

// find is the zone of the only city of that name, or else, unless the name has to be exact, of the
// only one that is a slip away.
func (h *hintIndex) find(letters string, shortest int, exact bool, match func(city) bool) string {
	only := func(is func(city) bool) string {
		zone := ""
		for _, c := range h.cities {
			switch {
			case !match(c) || !is(c) || c.zone == zone:
			case c.many || zone != "":
				return ""
			default:
				zone = c.zone
			}
		}
		return zone
	}
	// What is a place's own name is no slip of another's.
	if exact || len(letters) < shortest-1 ||
		slices.ContainsFunc(h.cities, func(c city) bool { return c.letters == letters }) {
		return only(func(c city) bool { return c.letters == letters })
	}
	return only(func(c city) bool { return len(c.letters) >= shortest && isOneSlip(letters, c.letters) })
}

// windowsName finds a name of Windows that is shortened or has a slip.
func (h *hintIndex) windowsName(name string) string {
	core, timed := windowsWords(name)
	if zone, ok := h.windows[core]; ok && (timed || strings.Contains(core, " ")) {
		return zone
	}
	const shortest = 6
	found := ""
	for known, zone := range h.windows {
		if timed && len(known) >= shortest && !strings.ContainsAny(core, "0123456789") && isOneSlip(core, known) {
			if found != "" && found != zone {
				return ""
			}
			found = zone
		}
	}
	return found
}

// isOneSlip reports whether a word is another one but for one slip of the keys, not in its first
// letter but for a swap.
func isOneSlip(word, want string) bool {
	a, b := []rune(word), []rune(want)
	if len(a) < 2 || len(b) < 2 || a[0] != b[0] && (a[0] != b[1] || a[1] != b[0]) {
		return false
	}
	return utf8.RuneCountInString(word)-len(b) <= 1 && diag.Distance(word, want) <= 1
}

// offsetOnly fits an offset from UTC as people write it where a zone is wanted.
var offsetOnly = regexp.MustCompile(`^(?i:UTC|GMT|Z)? ?([+-]) ?(\d{1,2})(?::?(\d\d))?$`)

const nameHint = "; use a name such as "

// Unknown says of a zone's name that a feed has and nothing explains what is wrong with it, and
// what to write if that is known.
func Unknown(name string) UnknownError {
	e := UnknownError{Name: name}
	if len(name) > longestName {
		return e
	}
	if m := offsetOnly.FindStringSubmatch(strings.TrimSpace(name)); m != nil {
		e.Why, e.Hint = "is an offset, which has no daylight saving time", nameHint+"Europe/Berlin"
		hours, _ := strconv.Atoi(m[2])
		if m[1] == "-" {
			hours = -hours
		}
		if fixed := fmt.Sprintf("Etc/GMT%+d", -hours); strings.Trim(m[3], "0") == "" && hours != 0 &&
			current().zone(fixed) != nil {
			e.Hint += ", or " + fixed + " where there is none" // POSIX has the sign the other way round
		}
		return e
	}
	if zones := abbreviations.zone(strings.ToLower(strings.TrimSpace(name))); zones != "" {
		e.Hint = nameHint + zones
	} else if zone := suggestZone(name); zone != "" {
		e.Hint = fmt.Sprintf("; did you mean %q?", zone)
	}
	return e
}

// unknownName says what to write in place of a zone's name that is not IANA's. What feeds may write
// for a zone is understood there; a person is told its name.
func unknownName(name string) UnknownError {
	e := UnknownError{Name: name}
	if len(name) > longestName {
		return e
	}
	for _, find := range []func(string) *time.Location{windowsZone, IANA, prefixedZone, guessZone} {
		if zone := find(name); zone != nil {
			e.Hint = fmt.Sprintf("; did you mean %q?", zone)
			return e
		}
	}
	if strings.EqualFold(name, "local") || strings.EqualFold(name, "localtime") {
		e.Why = "depends on the machine"
	} else {
		e = Unknown(name)
	}
	if e.Hint == "" {
		e.Hint = nameHint + "Europe/Berlin"
	}
	return e
}
