// Package languages is what the pages say, in each language that they are offered in.
//
// A text is found by its English wording, which is its key and the fallback: Text("%d calls", 3).
// The translations of a language are a file of this package, from English to its own words.
// Numbers are written as the language writes them. Names and titles, which come from outside, and
// findings and errors, which are for engineers, are not translated.
package languages

import (
	"embed"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"golang.org/x/text/language"
	"golang.org/x/text/message"
	"golang.org/x/text/message/catalog"
)

//go:embed *.json
var files embed.FS

// Tags are the languages of the pages. The first is English.
func Tags() []string { return []string{"en", "de", "es", "fr"} }

// Languages are all languages of the pages. They are safe for concurrent use.
type Languages struct {
	all     []*Language // as Tags
	matcher language.Matcher
}

// Language is one language. It is safe for concurrent use.
type Language struct {
	Tag     string // "de"
	printer *message.Printer
	dates   dateFormats
}

// New reads the translations. It panics where one of its own files is wrong, which a test excludes.
func New() *Languages {
	builder := catalog.NewBuilder(catalog.Fallback(language.English))
	var tags []language.Tag
	for _, name := range Tags() {
		tag := language.MustParse(name)
		tags = append(tags, tag)
		for key, text := range translations(name) {
			if err := builder.SetString(tag, key, text); err != nil {
				panic(fmt.Errorf("%s.json: %q: %w", name, key, err))
			}
		}
	}
	l := &Languages{matcher: language.NewMatcher(tags)}
	for i, name := range Tags() {
		l.all = append(l.all, &Language{name, message.NewPrinter(tags[i], message.Catalog(builder)), formatsOf(name)})
	}
	return l
}

// translations are those of a language by the English text; none for English.
func translations(tag string) map[string]string {
	if tag == Tags()[0] {
		return nil
	}
	body, err := files.ReadFile(tag + ".json")
	if err != nil {
		panic(err)
	}
	var all map[string]string
	if err := json.Unmarshal(body, &all); err != nil {
		panic(fmt.Errorf("%s.json: %w", tag, err))
	}
	return all
}

// All are the languages, in the order of [Tags].
func (l *Languages) All() []*Language { return l.all }

// maxAccepted is how many bytes of an Accept-Language are read.
const maxAccepted = 200

// Match is the language that an Accept-Language field prefers (RFC 9110, section 12.5.4): English
// where it names none of them, is empty, or cannot be read.
func (l *Languages) Match(accepted string) *Language {
	if len(accepted) > maxAccepted {
		accepted = accepted[:strings.LastIndexByte(accepted[:maxAccepted], ',')+1]
	}
	tags, _, err := language.ParseAcceptLanguage(strings.Trim(accepted, ", "))
	if err != nil || len(tags) == 0 {
		return l.all[0]
	}
	_, i, confidence := l.matcher.Match(tags...)
	if confidence < language.High {
		return l.all[0]
	}
	return l.all[i]
}

// Text is an English text in the language, with the arguments in the places of its verbs, as
// [fmt.Sprintf] has them. Whole numbers are grouped as the language does.
func (l *Language) Text(key string, args ...any) string { return l.printer.Sprintf(key, args...) }

// dateFormats are how a language writes dates: layouts of [time.Time.Format] with the English names
// of days and months, which are replaced by its own, and names beginning with Sunday and January.
type dateFormats struct {
	day, weekday, weekdayYear string
	weekdays, weekdaysShort   []string
	months, monthsShort       []string
}

func formatsOf(tag string) dateFormats {
	switch tag {
	case "de":
		return dateFormats{
			"2. Jan", "Mon 2. Jan", "Mon 2. Jan 2006",
			strings.Fields("Sonntag Montag Dienstag Mittwoch Donnerstag Freitag Samstag"),
			strings.Fields("So Mo Di Mi Do Fr Sa"),
			strings.Fields("Januar Februar März April Mai Juni Juli August September Oktober November Dezember"),
			strings.Fields("Jan. Feb. März April Mai Juni Juli Aug. Sept. Okt. Nov. Dez."),
		}
	case "es":
		return dateFormats{
			"2 Jan", "Mon 2 Jan", "Mon 2 Jan 2006",
			strings.Fields("domingo lunes martes miércoles jueves viernes sábado"),
			strings.Fields("dom lun mar mié jue vie sáb"),
			strings.Fields("enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre"),
			strings.Fields("ene feb mar abr may jun jul ago sept oct nov dic"),
		}
	case "fr":
		return dateFormats{
			"2 Jan", "Mon 2 Jan", "Mon 2 Jan 2006",
			strings.Fields("dimanche lundi mardi mercredi jeudi vendredi samedi"),
			strings.Fields("dim. lun. mar. mer. jeu. ven. sam."),
			strings.Fields("janvier février mars avril mai juin juillet août septembre octobre novembre décembre"),
			strings.Fields("janv. févr. mars avril mai juin juil. août sept. oct. nov. déc."),
		}
	}
	return dateFormats{day: "2 Jan", weekday: "Mon 2 Jan", weekdayYear: "Mon 2 Jan 2006"}
}

// format writes a time by a layout with the names of the language.
func (l *Language) format(t time.Time, layout string) string {
	if l.dates.weekdays == nil {
		return t.Format(layout)
	}
	var out strings.Builder
	for _, word := range strings.SplitAfter(layout, " ") {
		name, blank := strings.TrimRight(word, " "), word[len(strings.TrimRight(word, " ")):]
		switch name {
		case "Monday":
			name = l.dates.weekdays[t.Weekday()]
		case "Mon":
			name = l.dates.weekdaysShort[t.Weekday()]
		case "January":
			name = l.dates.months[t.Month()-1]
		case "Jan":
			name = l.dates.monthsShort[t.Month()-1]
		default:
			name = t.Format(name)
		}
		out.WriteString(name)
		out.WriteString(blank)
	}
	return out.String()
}

// Day writes a date on the clock of its zone: "28 Nov".
func (l *Language) Day(t time.Time) string { return l.format(t, l.dates.day) }

// Weekday writes a date with its day of the week: "Sat 28 Nov".
func (l *Language) Weekday(t time.Time) string { return l.format(t, l.dates.weekday) }

// WeekdayYear writes a date with its day of the week and its year: "Sat 28 Nov 2026".
func (l *Language) WeekdayYear(t time.Time) string { return l.format(t, l.dates.weekdayYear) }

// WeekdayName is the short name of a day of the week: "Sat".
func (l *Language) WeekdayName(t time.Time) string { return l.format(t, "Mon") }

// LongDay writes a date in full, without the year, for those who listen: "Saturday 28 November".
func (l *Language) LongDay(t time.Time) string {
	return l.format(t, strings.Replace(strings.Replace(l.dates.weekday, "Mon", "Monday", 1), "Jan", "January", 1))
}

// Number writes a whole number with its digits grouped: "12,345".
func (l *Language) Number(n int) string { return l.printer.Sprintf("%d", n) }
