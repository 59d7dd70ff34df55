package funcs

import (
	"strings"
	"testing"
	"time"
)

func TestSpoken(t *testing.T) {
	t.Parallel()
	now := at(10, 30) // Monday, 23 November 2026
	day := func(days, hour, minute int) time.Time {
		return time.Date(2026, 11, 23+days, hour, minute, 0, 0, newYork)
	}
	for _, c := range []struct {
		t              time.Time
		en, es, de, fr string
	}{
		{day(0, 17, 0), "today at 5 PM", "hoy a las 5 de la tarde", "heute um 17 Uhr", "aujourd'hui à 17 heures"},
		{day(0, 9, 0), "today at 9 AM", "hoy a las 9 de la mañana", "heute um 9 Uhr", "aujourd'hui à 9 heures"},
		{
			day(0, 9, 5), "today at 9:05 AM", "hoy a las 9:05 de la mañana", "heute um 9 Uhr 5",
			"aujourd'hui à 9 heures 5",
		},
		{day(0, 12, 0), "today at noon", "hoy al mediodía", "heute um 12 Uhr mittags", "aujourd'hui à midi"},
		{
			day(0, 12, 30), "today at 12:30 PM", "hoy a las 12:30 de la tarde", "heute um 12 Uhr 30",
			"aujourd'hui à 12 heures 30",
		},
		{day(0, 13, 0), "today at 1 PM", "hoy a la 1 de la tarde", "heute um 13 Uhr", "aujourd'hui à 13 heures"},
		{
			day(0, 13, 15), "today at 1:15 PM", "hoy a la 1:15 de la tarde", "heute um 13 Uhr 15",
			"aujourd'hui à 13 heures 15",
		},
		{day(0, 20, 0), "today at 8 PM", "hoy a las 8 de la noche", "heute um 20 Uhr", "aujourd'hui à 20 heures"},
		{
			day(0, 23, 59), "today at 11:59 PM", "hoy a las 11:59 de la noche", "heute um 23 Uhr 59",
			"aujourd'hui à 23 heures 59",
		},
		{day(0, 0, 0), "today at midnight", "hoy a medianoche", "heute um 0 Uhr", "aujourd'hui à minuit"},
		{
			day(0, 0, 30), "today at 12:30 AM", "hoy a las 12:30 de la noche", "heute um 0 Uhr 30",
			"aujourd'hui à 0 heure 30",
		},
		{day(0, 1, 0), "today at 1 AM", "hoy a la 1 de la madrugada", "heute um 1 Uhr", "aujourd'hui à 1 heure"},
		{day(0, 6, 0), "today at 6 AM", "hoy a las 6 de la mañana", "heute um 6 Uhr", "aujourd'hui à 6 heures"},

		{day(1, 0, 0), "tonight at midnight", "hoy a medianoche", "heute um Mitternacht", "ce soir à minuit"},
		{
			day(1, 0, 1), "tomorrow at 12:01 AM", "mañana a las 12:01 de la noche", "morgen um 0 Uhr 1",
			"demain à 0 heure 1",
		},
		{day(1, 9, 0), "tomorrow at 9 AM", "mañana a las 9 de la mañana", "morgen um 9 Uhr", "demain à 9 heures"},
		{day(1, 12, 0), "tomorrow at noon", "mañana al mediodía", "morgen um 12 Uhr mittags", "demain à midi"},
		{day(-1, 9, 0), "yesterday at 9 AM", "ayer a las 9 de la mañana", "gestern um 9 Uhr", "hier à 9 heures"},

		{
			day(2, 8, 30), "Wednesday at 8:30 AM", "el miércoles a las 8:30 de la mañana", "am Mittwoch um 8 Uhr 30",
			"mercredi à 8 heures 30",
		},
		{
			day(2, 0, 0), "Wednesday at midnight", "el miércoles a medianoche", "am Mittwoch um 0 Uhr",
			"mercredi à minuit",
		},
		{
			day(3, 9, 0), "Thursday at 9 AM", "el jueves a las 9 de la mañana", "am Donnerstag um 9 Uhr",
			"jeudi à 9 heures",
		},
		{
			day(4, 9, 0), "Friday at 9 AM", "el viernes a las 9 de la mañana", "am Freitag um 9 Uhr",
			"vendredi à 9 heures",
		},
		{
			day(5, 9, 0), "Saturday at 9 AM", "el sábado a las 9 de la mañana", "am Samstag um 9 Uhr",
			"samedi à 9 heures",
		},
		{
			day(6, 9, 0), "Sunday at 9 AM", "el domingo a las 9 de la mañana", "am Sonntag um 9 Uhr",
			"dimanche à 9 heures",
		},

		{
			day(7, 9, 0), "Monday, November 30 at 9 AM", "el lunes 30 de noviembre a las 9 de la mañana",
			"am Montag, dem 30. November um 9 Uhr", "le lundi 30 novembre à 9 heures",
		},
		{
			day(8, 9, 0), "Tuesday, December 1 at 9 AM", "el martes 1 de diciembre a las 9 de la mañana",
			"am Dienstag, dem 1. Dezember um 9 Uhr", "le mardi 1er décembre à 9 heures",
		},
		{
			day(43, 8, 30), "Tuesday, January 5 at 8:30 AM", "el martes 5 de enero a las 8:30 de la mañana",
			"am Dienstag, dem 5. Januar um 8 Uhr 30", "le mardi 5 janvier à 8 heures 30",
		},
		{
			day(334, 9, 0), "Saturday, October 23 at 9 AM", "el sábado 23 de octubre a las 9 de la mañana",
			"am Samstag, dem 23. Oktober um 9 Uhr", "le samedi 23 octobre à 9 heures",
		},
		{
			day(335, 9, 0), "Sunday, October 24, 2027 at 9 AM", "el domingo 24 de octubre de 2027 a las 9 de la mañana",
			"am Sonntag, dem 24. Oktober 2027 um 9 Uhr", "le dimanche 24 octobre 2027 à 9 heures",
		},
		{
			day(-2, 9, 0), "Saturday, November 21 at 9 AM", "el sábado 21 de noviembre a las 9 de la mañana",
			"am Samstag, dem 21. November um 9 Uhr", "le samedi 21 novembre à 9 heures",
		},
		{
			day(-335, 9, 0), "Tuesday, December 23, 2025 at 9 AM",
			"el martes 23 de diciembre de 2025 a las 9 de la mañana",
			"am Dienstag, dem 23. Dezember 2025 um 9 Uhr", "le mardi 23 décembre 2025 à 9 heures",
		},
		// Another zone's time is said by the clocks of the route's, before midnight here.
		{
			time.Date(2026, 11, 24, 3, 0, 0, 0, time.UTC), "today at 10 PM", "hoy a las 10 de la noche",
			"heute um 22 Uhr", "aujourd'hui à 22 heures",
		},
	} {
		for language, want := range map[string]string{"en-us": c.en, "es_MX": c.es, "de-DE": c.de, "fr": c.fr} {
			if got := languageFor(language).format(c.t.In(newYork), now); got != want {
				t.Errorf("%s in %s: got %q, want %q", c.t, language, got, want)
			}
		}
	}
}

// TestSpokenDays goes through a year of days in every language: none is without a name, and none is
// said as another.
func TestSpokenDays(t *testing.T) {
	t.Parallel()
	from := at(10, 30)
	for _, tag := range []string{"en", "es", "de", "fr"} {
		s := languageFor(tag)
		seen := map[string]bool{}
		for days := range 335 {
			said := s.day(from.AddDate(0, 0, days), from)
			if seen[said] || strings.Contains(said, "%") || strings.Contains(said, "  ") ||
				strings.TrimSpace(said) != said {
				t.Errorf("%s, %d days ahead: got %q", tag, days, said)
			}
			seen[said] = true
		}
		hours := map[string]bool{}
		for minute := range 24 * 60 {
			said := s.clock(minute/60, minute%60)
			if hours[said] || strings.Contains(said, "%") {
				t.Errorf("%s, minute %d: got %q", tag, minute, said)
			}
			hours[said] = true
		}
	}
}

func TestSpokenBorders(t *testing.T) {
	t.Parallel()
	date := func(year int, month time.Month, day, hour int) time.Time {
		return time.Date(year, month, day, hour, 0, 0, 0, newYork)
	}
	for _, c := range []struct {
		name    string
		t, now  time.Time
		english string
	}{
		{"within six days, over new year", date(2027, 1, 2, 9), date(2026, 12, 30, 9), "Saturday at 9 AM"},
		{"a day of 25 hours", date(2026, 11, 2, 0), date(2026, 11, 1, 0), "tonight at midnight"},
		{"after a day of 25 hours", date(2026, 11, 2, 9), date(2026, 11, 1, 0), "tomorrow at 9 AM"},
		{"after a day of 23 hours", date(2026, 3, 9, 1), date(2026, 3, 8, 23), "tomorrow at 1 AM"},
		{"a leap day", date(2028, 2, 29, 9), date(2028, 2, 1, 9), "Tuesday, February 29 at 9 AM"},
		{"a leap day ahead", date(2028, 2, 29, 9), date(2027, 2, 1, 9), "Tuesday, February 29, 2028 at 9 AM"},
		{"centuries", date(2600, 1, 1, 9), date(2026, 1, 1, 9), "Wednesday, January 1, 2600 at 9 AM"},
	} {
		if got := english.format(c.t, c.now); got != c.english {
			t.Errorf("%s: got %q, want %q", c.name, got, c.english)
		}
	}
}

func TestSpeechOf(t *testing.T) {
	t.Parallel()
	for tag, want := range map[string]*language{
		"": &english, "en": &english, "en-us": &english, "EN-GB": &english, "xx": &english, "ensign": &english,
		"-":  &english,
		"es": &spanish, "es_MX": &spanish, "es-419": &spanish, "de": &german, "de-DE": &german, "DE_at": &german,
		"fr": &french, "fr-ca": &french, "FR": &french, "est": &english,
	} {
		if got := languageFor(tag); got != want {
			t.Errorf("%q: got the language in which tomorrow is %s, want %s", tag, got.tomorrow, want.tomorrow)
		}
	}
}
