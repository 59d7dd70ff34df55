package zones

import (
	"strings"
	"testing"
)

// TestHintsOfZones: a hint names the zone that is meant, and where that is not beyond doubt there
// is none.
func TestHintsOfZones(t *testing.T) {
	t.Parallel()
	for want, names := range map[string][]string{
		// Cities by IANA's name, with a slip, in another language; those of a link are one.
		"Europe/Zurich": {
			"Zurich", "Zürich", "Zuerich", "Europe/Zuerich", "Europe/Zürich", "Geneva",
			"Europe/Bern",
		},
		"America/Los_Angeles": {
			"los angeles", "San Francisco", "America/Seattle", "Pacific Time",
			"Pacific Standart Time",
		},
		"America/Argentina/Buenos_Aires": {"Buenos Aires", "BUENOS_AIRES", "America/Argentina/Buenos_Aire"},
		"America/Indiana/Indianapolis":   {"Indianapolis", "America/Indiana/Indianpolis"},
		"America/Kentucky/Louisville":    {"Louisville"},
		"Europe/Istanbul":                {"Istanbul"},
		"Asia/Hong_Kong":                 {"Hong Kong", "Asia/Hongkong"},
		"America/Sao_Paulo":              {"São Paulo", "Sao Paulo", "America/São_Paulo", "America/Brasilia"},
		"America/St_Johns":               {"St. Johns", "St John's"},
		"America/New_York": {
			"Boston", "America/Boston", "US/Boston", "Amercia/New_York", "Eastern Time",
			"Eastern Daylight Time", "New-York",
		},
		"America/Chicago": {"US/Chicago", "USA/Chicago", "Houston"},
		"US/Eastern":      {"US Eastern", "US/Estern"},
		"Asia/Kolkata":    {"Mumbai", "Asia/Mumbai", "Asia/Kolkatta", "Asia/Delhi"},
		"Asia/Shanghai":   {"Beijing", "Asia/Beijing", "Asia/China"},
		"Asia/Seoul":      {"Asia/Seul"},
		"Asia/Vientiane":  {"Laos"},
		"Europe/Berlin": {
			"Munich", "München", "Europe/Munich", "Frankfurt", "Europe/Kiel", "Berln", "Europe/Berln", "Europe Berlin",
			"Timezone Europe/Berlin", "Euorpe/Berlin",
			"W. Europe Standart Time", "W Europe Standard Time", "W. Europe Time", "Central European Time",
			"Mitteleuropäische Zeit",
		},
		"Europe/Vienna":      {"Wien", "Europe/Wien", "Austria", "Vienna"},
		"Europe/Paris":       {"Romance Standard", "Romanze Standard Time"},
		"Europe/London":      {"Londen", "GMT Standard"},
		"Australia/Brisbane": {"E. Australia Time"},
		"UTC":                {"Z"},
		"": {
			"", "x", "Contoso Time", "Customized Time Zone", "tzlocal()", "tzone://Microsoft/Custom", "Asia/Atlantis",
			"Mars/Berlin",
			"Samoa Island", "Georgia", "Granada", "Cordoba", "San Juan", "Petersburg", "Victoria", "Monterey",
			"Central", "Eastern", "Europe/Geneve Lake", "Pacific", "East", "North",
			"Paris, Texas", "Portland", "America/London", "Europe/Boston", "Europe/Mumbai", "US/Paris", "Africa/Rome",
			"Russia Time Zone 4",
			"Etc/GMT+15", "5", "1", "Asia/", "/", "Europe/", "Arab", "Oslo Lome Time", "Koln Time Zone 1",
		},
	} {
		for _, name := range names {
			if got := suggestZone(name); got != want {
				t.Errorf("%q: got %q, want %q", name, got, want)
			}
		}
	}
}

// TestUnknownTo is what is said of the names of feeds that are no place's.
func TestUnknownTo(t *testing.T) {
	t.Parallel()
	const offset = " is an offset, which has no daylight saving time; use a name such as Europe/Berlin"
	for name, want := range map[string]string{
		"PST":          " is not known; use a name such as America/Los_Angeles",
		"MESZ":         " is not known; use a name such as Europe/Berlin",
		"cest":         " is not known; use a name such as Europe/Berlin",
		"IST":          " is not known; use a name such as Asia/Kolkata, Europe/Dublin or Asia/Jerusalem",
		"XYZT":         " is not known",
		"GMT+02:00":    offset + ", or Etc/GMT-2 where there is none",
		"UTC+1":        offset + ", or Etc/GMT-1 where there is none",
		"-0500":        offset + ", or Etc/GMT+5 where there is none",
		"UTC+05:30":    offset,
		"GMT-13":       offset,
		"UTC+00:00":    offset,
		"Europe/Praha": ` is not known; did you mean "Europe/Prague"?`,
	} {
		if got := Unknown(name).Error(); got != "time zone \""+name+"\""+want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

// TestPlaces: what hints lead to is there, and what is one place is not many.
func TestPlaces(t *testing.T) {
	t.Parallel()
	once := map[string]bool{}
	for place, zone := range knownPlaces.all() {
		if current().zone(zone) == nil {
			t.Errorf("%s: %s is no zone", place, zone)
		}
		if place != lettersOf(place) {
			t.Errorf("%s: want %s", place, lettersOf(place))
		}
		if ambiguousPlaces[place] {
			t.Errorf("%s is said to be one place, and to be many", place)
		}
		if once[place] {
			t.Errorf("%s stands for two zones, or for one twice", place)
		}
		once[place] = true
	}
	clear(once)
	for short, zones := range abbreviations.all() {
		for _, zone := range strings.FieldsFunc(strings.ReplaceAll(zones, " or ", ","), func(r rune) bool {
			return r == ',' || r == ' '
		}) {
			if current().zone(zone) == nil {
				t.Errorf("%s: %s is no zone", short, zone)
			}
		}
		if once[short] {
			t.Errorf("%s stands for two zones, or for one twice", short)
		}
		once[short] = true
	}
}

// FuzzHintsOfZones: a hint is the name of a zone, whatever the name is.
func FuzzHintsOfZones(f *testing.F) {
	for _, name := range []string{
		"Europe/Berln", "W. Europe Standart Time", "GMT+02:00", "ü/\xff", "Buenos Aires",
		"//", "(UTC) Berlin",
	} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		if zone := suggestZone(name); zone != "" && current().zone(zone) == nil {
			t.Errorf("%q: %q is no zone", name, zone)
		}
		_ = unknownName(name)
	})
}

// TestWindowsNames: every zone of Windows is one that the zone data have.
func TestWindowsNames(t *testing.T) {
	t.Parallel()
	if n := len(names().windows); n < 130 {
		t.Errorf("got %d names of Windows, want all of them", n)
	}
	for windows := range names().windows {
		if windowsZone(windows) == nil {
			t.Errorf("%s is not to be had", windows)
		}
	}
	for region, iana := range regions {
		if current().zone(iana) == nil {
			t.Errorf("%s is not to be had for %s", iana, region)
		}
	}
}

// TestNoObservance: nothing says when an offset begins.
func TestNoObservance(t *testing.T) {
	t.Parallel()
	if _, err := zoneOf("x", nil); err == nil {
		t.Error("a zone is made of nothing")
	}
}
