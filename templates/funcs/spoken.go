package funcs

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/callhours/callhours/templates/jsonsafe"
)

// language is how a language says days and hours.
type language struct {
	yesterday, today, tomorrow string
	tonight                    string // the midnight with which today ends
	weekdays                   [7]string
	months                     [12]string
	weekday                    string                                // of the days after tomorrow: its format
	date                       func(s *language, t time.Time) string // without a year
	year                       string                                // after a date: its format
	clock                      func(hour, minute int) string         // with what joins it to the day
	star, pound, extension     string                                // on telephones
}

// english is for every language that is not known.
var english = language{
	yesterday: "yesterday", today: "today", tomorrow: "tomorrow", tonight: "tonight at midnight",
	weekdays: [7]string{"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"},
	months: [12]string{
		"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
		"December",
	},
	weekday: "%s",
	date: func(s *language, t time.Time) string {
		return fmt.Sprintf("%s, %s %d", s.weekdays[t.Weekday()], s.months[t.Month()-1], t.Day())
	},
	year: ", %d",
	clock: func(hour, minute int) string {
		half := "AM"
		if hour >= 12 {
			half = "PM"
		}
		switch {
		case hour == 0 && minute == 0:
			return "at midnight"
		case hour == 12 && minute == 0:
			return "at noon"
		case minute == 0:
			return fmt.Sprintf("at %d %s", hour12(hour), half)
		}
		return fmt.Sprintf("at %d:%02d %s", hour12(hour), minute, half)
	},
	star: "star", pound: "pound", extension: "extension",
}

var spanish = language{
	yesterday: "ayer", today: "hoy", tomorrow: "mañana", tonight: "hoy a medianoche",
	weekdays: [7]string{"domingo", "lunes", "martes", "miércoles", "jueves", "viernes", "sábado"},
	months: [12]string{
		"enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre", "noviembre",
		"diciembre",
	},
	weekday: "el %s",
	date: func(s *language, t time.Time) string {
		return fmt.Sprintf("el %s %d de %s", s.weekdays[t.Weekday()], t.Day(), s.months[t.Month()-1])
	},
	year: " de %d",
	clock: func(hour, minute int) string {
		part := "de la noche" // also after midnight: las doce y media de la noche
		switch {
		case hour == 0 && minute == 0:
			return "a medianoche"
		case hour == 12 && minute == 0:
			return "al mediodía"
		case hour >= 1 && hour < 6:
			part = "de la madrugada"
		case hour >= 6 && hour < 12:
			part = "de la mañana"
		case hour >= 12 && hour < 20:
			part = "de la tarde"
		}
		article := "las"
		if hour12(hour) == 1 {
			article = "la"
		}
		if minute == 0 {
			return fmt.Sprintf("a %s %d %s", article, hour12(hour), part)
		}
		return fmt.Sprintf("a %s %d:%02d %s", article, hour12(hour), minute, part)
	},
	star: "asterisco", pound: "numeral", extension: "extensión",
}

var german = language{
	yesterday: "gestern", today: "heute", tomorrow: "morgen", tonight: "heute um Mitternacht",
	weekdays: [7]string{"Sonntag", "Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag"},
	months: [12]string{
		"Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November",
		"Dezember",
	},
	weekday: "am %s",
	date: func(s *language, t time.Time) string {
		return fmt.Sprintf("am %s, dem %d. %s", s.weekdays[t.Weekday()], t.Day(), s.months[t.Month()-1])
	},
	year: " %d",
	clock: func(hour, minute int) string {
		switch { // 0 Uhr is the beginning of its day, and 24 hours leave no doubt about noon
		case hour == 12 && minute == 0:
			return "um 12 Uhr mittags"
		case minute == 0:
			return fmt.Sprintf("um %d Uhr", hour)
		}
		return fmt.Sprintf("um %d Uhr %d", hour, minute)
	},
	star: "Stern", pound: "Raute", extension: "Durchwahl",
}

var french = language{
	yesterday: "hier", today: "aujourd'hui", tomorrow: "demain", tonight: "ce soir à minuit",
	weekdays: [7]string{"dimanche", "lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi"},
	months: [12]string{
		"janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre",
		"décembre",
	},
	weekday: "%s",
	date: func(s *language, t time.Time) string {
		day := strconv.Itoa(t.Day())
		if t.Day() == 1 {
			day = "1er"
		}
		return fmt.Sprintf("le %s %s %s", s.weekdays[t.Weekday()], day, s.months[t.Month()-1])
	},
	year: " %d",
	clock: func(hour, minute int) string {
		hours := "heures"
		if hour < 2 {
			hours = "heure"
		}
		switch {
		case hour == 0 && minute == 0:
			return "à minuit"
		case hour == 12 && minute == 0:
			return "à midi"
		case minute == 0:
			return fmt.Sprintf("à %d %s", hour, hours)
		}
		return fmt.Sprintf("à %d %s %d", hour, hours, minute)
	},
	star: "étoile", pound: "dièse", extension: "poste",
}

// hour12 is an hour on a 12-hour clock.
func hour12(hour int) int { return (hour+11)%12 + 1 }

// languages are those of spoken and phone, by their tags.
var languages = []struct {
	tag string
	*language
}{{"en", &english}, {"es", &spanish}, {"de", &german}, {"fr", &french}}

// Language is the tag of the language of spoken and phone for a tag such as "de", "de-DE" or
// "de_at": "en", "es", "de" or "fr"; "" for one that they do not have.
func Language(tag string) string {
	const enough = 16 // bytes: those that are known have two letters
	if i := strings.IndexAny(tag[:min(len(tag), enough)], "-_"); i >= 0 {
		tag = tag[:i]
	}
	for _, s := range languages {
		if strings.EqualFold(s.tag, tag) {
			return s.tag
		}
	}
	return ""
}

func languageFor(tag string) *language {
	known := Language(tag)
	for _, s := range languages {
		if s.tag == known {
			return s.language
		}
	}
	return &english
}

// languageArg splits off the language that may stand before an argument; without it, it is the
// call's.
func (r *Run) languageArg(what string, args []any) (*language, any, error) {
	switch len(args) {
	case 1:
		return languageFor(r.env.Language), args[0], nil
	case 2:
		if tag, ok := args[0].(string); ok {
			return languageFor(tag), args[1], nil
		}
		return nil, nil, fmt.Errorf("expected a language such as \"en\" before %s, found %s", what, jsonsafe.Describe(args[0]))
	}
	return nil, nil, fmt.Errorf("expected %s, found %d arguments", what, len(args))
}

// spoken writes a time as people say it at the moment of the call. The language may stand before
// it. Of an all-day event it writes the day.
func (r *Run) spoken(args ...any) (string, error) {
	if err := r.spend(perTime); err != nil {
		return "", err
	}
	s, v, err := r.languageArg("a time", args)
	if err != nil {
		return "", err
	}
	t, err := r.local(v)
	if err != nil {
		return "", err
	}
	if isAllDay(v) {
		return s.day(t, r.env.Now), nil
	}
	return s.format(t, r.env.Now), nil
}

func isAllDay(v any) bool {
	if event := reflect.Indirect(reflect.ValueOf(v)); event.Kind() == reflect.Struct {
		if day := event.FieldByName("AllDay"); day.Kind() == reflect.Bool {
			return day.Bool()
		}
	}
	return false
}

// format writes a day and an hour. Midnight ends a day rather than beginning one: "open until
// tonight at midnight".
func (l *language) format(t, now time.Time) string {
	if t.Hour() == 0 && t.Minute() == 0 && daysBetween(now, t) == 1 {
		return l.tonight
	}
	return l.day(t, now) + " " + l.clock(t.Hour(), t.Minute())
}

// day writes the day of a time, without the year where nobody could take it for another one's.
func (l *language) day(t, now time.Time) string {
	const elevenMonths = 335
	switch days := daysBetween(now, t); {
	case days == -1:
		return l.yesterday
	case days == 0:
		return l.today
	case days == 1:
		return l.tomorrow
	case days > 1 && days < 7:
		return fmt.Sprintf(l.weekday, l.weekdays[t.Weekday()])
	case days > -elevenMonths && days < elevenMonths:
		return l.date(l, t)
	}
	return l.date(l, t) + fmt.Sprintf(l.year, t.Year())
}

// daysBetween counts midnights on the calendar, whatever the length of the days.
func daysBetween(from, to time.Time) int {
	noon := func(t time.Time) time.Time { return time.Date(t.Year(), t.Month(), t.Day(), 12, 0, 0, 0, time.UTC) }
	return int(noon(to).Sub(noon(from)) / (24 * time.Hour))
}
