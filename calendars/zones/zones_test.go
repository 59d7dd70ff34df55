package zones

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/callhours/callhours/calendars/recur"
)

// rounds is a count that is ten times higher in a soak.
func rounds(n int) int {
	if os.Getenv("CALLHOURS_SOAK") == "1" {
		return 10 * n
	}
	return n
}

func TestLoad(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"Europe/Berlin":                      "",
		"UTC":                                "",
		"America/Argentina/Buenos_Aires":     "",
		"":                                   `time zone "" is not known; use a name such as Europe/Berlin`,
		"Local":                              `time zone "Local" depends on the machine; use a name such as Europe/Berlin`,
		"localtime":                          `time zone "localtime" depends on the machine; use a name such as Europe/Berlin`,
		"Europe/Berln":                       `time zone "Europe/Berln" is not known; did you mean "Europe/Berlin"?`,
		"europe/berlin":                      `time zone "europe/berlin" is not known; did you mean "Europe/Berlin"?`,
		"America/New York":                   `time zone "America/New York" is not known; did you mean "America/New_York"?`,
		"../../etc/passwd":                   `time zone "../../etc/passwd" is not known; use a name such as Europe/Berlin`,
		"W. Europe Standard Time, and so on": `time zone "W. Europe Standard Time, and so on" is not known; use a name such as Europe/Berlin`,
	} {
		zone, err := Load(name)
		switch {
		case want == "" && (err != nil || zone.String() != name):
			t.Errorf("%q: got %v, %v", name, zone, err)
		case want != "" && (err == nil || err.Error() != want):
			t.Errorf("%q: got %v, want %s", name, err, want)
		}
	}
}

// TestInstant holds the readings of RFC 5545, 3.3.5.
func TestInstant(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ zone, civil, want, why string }{
		{"America/New_York", "20270314T023000", "2027-03-14T07:30:00Z", "a gap west of Greenwich"},
		{"Europe/Berlin", "20270328T023000", "2027-03-28T01:30:00Z", "a gap east of Greenwich"},
		{"America/New_York", "20261101T013000", "2026-11-01T05:30:00Z", "a fold west of Greenwich"},
		{"Europe/Berlin", "20261025T023000", "2026-10-25T00:30:00Z", "a fold east of Greenwich"},
		{"Australia/Lord_Howe", "20261004T021500", "2026-10-03T15:45:00Z", "a gap of half an hour"},
		{"Australia/Lord_Howe", "20270404T014500", "2027-04-03T14:45:00Z", "a fold of half an hour"},
		{"America/Sao_Paulo", "20181104T000000", "2018-11-04T03:00:00Z", "a gap at midnight"},
		{"Pacific/Apia", "20111230T120000", "2011-12-30T22:00:00Z", "a day that never was"},
		{"Asia/Kolkata", "20260101T000000", "2025-12-31T18:30:00Z", "no change at all"},
		{"UTC", "20260101T000000", "2026-01-01T00:00:00Z", "no zone at all"},
	} {
		zone, err := Load(c.zone)
		if err != nil {
			t.Fatal(err)
		}
		if got := time.Unix(Instant(civilTime(t, c.civil), zone), 0).UTC().Format(time.RFC3339); got != c.want {
			t.Errorf("%s in %s (%s): got %s, want %s", c.civil, c.zone, c.why, got, c.want)
		}
	}
}

// TestInstantNaively goes through years minute by minute: the first instant at which the wall shows
// a time is that time's, and a time that it never shows has the offset that was in force before.
func TestInstantNaively(t *testing.T) {
	t.Parallel()
	for _, name := range []string{
		"America/New_York", "America/St_Johns", "America/Santiago", "America/Havana", "Europe/Berlin", "Europe/London",
		"Europe/Dublin", "Africa/Casablanca", "Asia/Beirut", "Australia/Sydney", "Australia/Lord_Howe", "Pacific/Apia",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			zone, err := Load(name)
			if err != nil {
				t.Fatal(err)
			}
			w := Clock{Zone: zone}
			from := time.Date(2011, 1, 1, 0, 0, 0, 0, time.UTC)
			to := from.AddDate(rounds(1)+1, 0, 0).Unix()
			_, offset := from.In(zone).Zone()
			next := from.Unix() + int64(offset) // the first civil minute that was not shown yet
			for at := from.Unix(); at < to; at += recur.Minute {
				_, o := time.Unix(at, 0).In(zone).Zone()
				civil := at + int64(o)
				for ; next < civil; next += recur.Minute { // Skipped.
					if got, want := w.Instant(next), next-int64(offset); got != want {
						t.Fatalf("%s is skipped: got %d, want %d", civilText(next), got, want)
					}
				}
				if civil == next {
					if got := w.Instant(civil); got != at {
						t.Fatalf("%s: got %d, want %d", civilText(civil), got, at)
					}
					next += recur.Minute
				}
				offset = o
			}
		})
	}
}

// Whatever a person writes for a zone, the message says once what to write instead.
func TestCheck(t *testing.T) {
	t.Parallel()
	const name = "; use a name such as Europe/Berlin"
	for zone, want := range map[string]string{
		"Europe/Vienna":                     "",
		"Europe/Vienn":                      `time zone "Europe/Vienn" is not known; did you mean "Europe/Vienna"?`,
		"europe/vienna":                     `time zone "europe/vienna" is not known; did you mean "Europe/Vienna"?`,
		"Vienna":                            `time zone "Vienna" is not known; did you mean "Europe/Vienna"?`,
		"Lima":                              `time zone "Lima" is not known; did you mean "America/Lima"?`,
		"Tokyo Standard Time":               `time zone "Tokyo Standard Time" is not known; did you mean "Asia/Tokyo"?`,
		"w. europe standard time":           `time zone "w. europe standard time" is not known; did you mean "Europe/Berlin"?`,
		"US-Eastern":                        `time zone "US-Eastern" is not known; did you mean "US/Eastern"?`,
		"(UTC+09:00) Osaka, Sapporo, Tokyo": `time zone "(UTC+09:00) Osaka, Sapporo, Tokyo" is not known; did you mean "Asia/Tokyo"?`,
		"GMT+1": `time zone "GMT+1" is an offset, which has no daylight saving time` + name +
			", or Etc/GMT-1 where there is none",
		"UTC-05:00": `time zone "UTC-05:00" is an offset, which has no daylight saving time` + name +
			", or Etc/GMT+5 where there is none",
		"+0530":       `time zone "+0530" is an offset, which has no daylight saving time` + name,
		"BST":         `time zone "BST" is not known; use a name such as Europe/London or Asia/Dhaka`,
		"Local":       `time zone "Local" depends on the machine` + name,
		"xyzzy plugh": `time zone "xyzzy plugh" is not known` + name,
	} {
		got := ""
		if err := Check(zone); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%q:\n got %s\nwant %s", zone, got, want)
		}
	}
}

func civilTime(t testing.TB, text string) int64 {
	t.Helper()
	s, err := recur.ParseTime(text)
	if err != nil {
		t.Fatal(err)
	}
	return s.Civil
}

func civilText(civil int64) string {
	return strings.TrimSuffix(time.Unix(civil, 0).UTC().Format("20060102T150405"), "T000000")
}
