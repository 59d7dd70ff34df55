// Package holidays works out the public holidays of countries and regions, and writes them as a calendar.
//
// A [Place] is a country or one of its regions, by its ISO 3166 code. Rules come from github.com/rickar/cal where it
// has them and they are right; what it lacks, which region keeps which day, what days are called in English, German,
// Spanish and French, and where that is written in law, stand in the directory data. A place that is in neither is an
// error that lists what is known, and never the list of its country.
//
//	place, err := holidays.LookUp("DE-BY")
//	...
//	calendar := holidays.New(place, holidays.Options{Language: "de"})
//	body := calendar.Body(2027) // iCalendar, from 2017 to 2047
//
// Days are dates, without a zone; [Calendar.Files] is a file system whose one file follows the years. All values are
// immutable and safe for concurrent use. The package reads no clock and no file.
package holidays

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// Languages are those in which each day has a name.
func Languages() []string { return []string{"en", "de", "es", "fr"} }

// Observed says which day counts when a holiday falls on a weekend.
type Observed int

// What Options choose by.
const (
	AsCountry Observed = iota // the one that the country keeps: the substitute where there is one
	Never                     // the holiday itself
	Both                      // both
)

// Options choose among the days of a place.
type Options struct {
	Observed Observed
	Language string // of names, one of Languages; "": en
	OpenOn   []string
	Also     []Also
	HalfDays []HalfDay
}

// Also is a day of one's own.
type Also struct {
	Date Date
	Name string
}

// HalfDay is a day that is a holiday from a time on.
type HalfDay struct {
	Date Date
	From time.Duration // since midnight, below 24h
}

// Date is a day of one year, or of each.
type Date struct {
	Year  int // 0: each year
	Month time.Month
	Day   int
}

// String is the date as ParseDate reads it.
func (d Date) String() string {
	if d.Year == 0 {
		return time.Date(2000, d.Month, d.Day, 0, 0, 0, 0, time.UTC).Format("01-02")
	}
	return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC).Format(time.DateOnly)
}

// ParseDate reads 2027-03-08, or 03-08 for each year; false for another text.
func ParseDate(text string) (Date, bool) {
	if t, err := time.Parse(time.DateOnly, text); err == nil {
		return Date{t.Year(), t.Month(), t.Day()}, true
	}
	if t, err := time.Parse(time.DateOnly, "2000-"+text); err == nil && len(text) == len("01-02") {
		return Date{0, t.Month(), t.Day()}, true
	}
	return Date{}, false
}

// is reports whether a day is of that date.
func (d Date) is(t time.Time) bool {
	return (d.Year == 0 || d.Year == t.Year()) && d.Month == t.Month() && d.Day == t.Day()
}

// Day is a holiday on a date, midnight in UTC.
type Day struct {
	Date        time.Time
	For         time.Time // the holiday that it stands for, where that is another day; else Date
	From        time.Duration
	Provisional bool // the law has not fixed it: it may change

	key   string
	named names
}

// Substitute reports whether the day stands for a holiday on another one.
func (d Day) Substitute() bool { return !d.Date.Equal(d.For) }

// Name is what the day is called in a language, one of Languages.
func (d Day) Name(language string) string {
	name := d.named.in(language)
	if d.Substitute() {
		return name + substituteWords[languageIndex(language)]
	}
	return name
}

// Aliases are further names by which people call the day: in the language of its country, and those of the holiday
// that it stands for.
func (d Day) Aliases() []string {
	var more []string
	if d.named.local != "" {
		more = append(more, d.named.local)
	}
	if d.Substitute() {
		more = append(more, d.named.texts[:]...)
	}
	slices.Sort(more)
	return slices.Compact(more)
}

// substituteWords follow the name of a day that stands for another, in the order of Languages.
var substituteWords = [...]string{" (observed)", " (Ersatztag)", " (trasladado)", " (reporté)"}

// halfDayNames are those of a half day on any date, christmasEve and newYearEve of the usual ones.
var (
	halfDayNames = names{texts: [...]string{"Half day", "Halber Tag", "Media jornada", "Demi-journée"}}
	christmasEve = names{texts: [...]string{"Christmas Eve", "Heiligabend", "Nochebuena", "Veille de Noël"}}
	newYearEve   = names{texts: [...]string{"New Year's Eve", "Silvester", "Nochevieja", "Saint-Sylvestre"}}
)

// Calendar is the days of a place as somebody wants them.
type Calendar struct {
	place   *Place
	options Options
	open    map[string]bool // keys of days that are left out
	openOn  []Date
}

// New makes the calendar of a place. A name in OpenOn that the place does not have, see [Place.Has], leaves nothing out.
func New(p *Place, o Options) *Calendar {
	c := &Calendar{place: p, options: o, open: map[string]bool{}}
	for _, text := range o.OpenOn {
		if date, ok := ParseDate(text); ok {
			c.openOn = append(c.openOn, date)
			continue
		}
		for _, key := range p.keysOf(text) {
			c.open[key] = true
		}
	}
	return c
}

// Place is the place of the calendar.
func (c *Calendar) Place() *Place { return c.place }

// Language is that of titles.
func (c *Calendar) Language() string { return cmp.Or(c.options.Language, "en") }

// Days are those from the first year to the last, both included, in order.
func (c *Calendar) Days(first, last int) []Day {
	var days []Day
	for _, d := range c.place.days(first, last) {
		if c.open[d.key] || c.isOpen(d) {
			continue
		}
		if d.Substitute() && c.options.Observed != AsCountry {
			itself := d
			itself.Date = d.For
			days = append(days, itself)
		}
		if !d.Substitute() || c.options.Observed != Never {
			days = append(days, d)
		}
	}
	for year := first; year <= last; year++ {
		for _, own := range c.options.Also {
			if at, ok := own.Date.in(year); ok {
				named := names{texts: [...]string{own.Name, own.Name, own.Name, own.Name}}
				days = append(days, Day{Date: at, For: at, key: "also", named: named})
			}
		}
	}
	whole := map[time.Time]bool{}
	days = slices.DeleteFunc(days, func(d Day) bool { return d.Date.Year() < first || d.Date.Year() > last })
	for _, d := range days {
		whole[d.Date] = true
	}
	for year := first; year <= last; year++ {
		for _, half := range c.options.HalfDays {
			if at, ok := half.Date.in(year); ok && !whole[at] {
				days = append(days, Day{Date: at, For: at, From: half.From, key: "half-day", named: halfDayName(at)})
			}
		}
	}
	slices.SortStableFunc(days, func(a, b Day) int {
		return cmp.Or(a.Date.Compare(b.Date), cmp.Compare(a.key, b.key), a.For.Compare(b.For))
	})
	// A day of one's own may be named twice, as of each year and of this one.
	return slices.CompactFunc(days, func(a, b Day) bool {
		return a.Date.Equal(b.Date) && a.key == b.key && a.For.Equal(b.For) && a.named == b.named
	})
}

func (c *Calendar) isOpen(d Day) bool {
	return slices.ContainsFunc(c.openOn, func(open Date) bool { return open.is(d.Date) || open.is(d.For) })
}

// in is the date in a year; false where it is of another one, or is no day of it.
func (d Date) in(year int) (time.Time, bool) {
	at := time.Date(year, d.Month, d.Day, 0, 0, 0, 0, time.UTC)
	return at, (d.Year == 0 || d.Year == year) && at.Month() == d.Month
}

func halfDayName(at time.Time) names {
	switch at.Format("01-02") {
	case "12-24":
		return christmasEve
	case "12-31":
		return newYearEve
	}
	return halfDayNames
}

// names are what a day is called.
type names struct {
	texts [4]string // in the order of Languages
	local string    // in the country's language; ""
}

func (n names) in(language string) string { return n.texts[languageIndex(language)] }

// languageIndex is the place of a language in Languages; 0, English, for any other. "de-AT" is "de".
func languageIndex(language string) int {
	base, _, _ := strings.Cut(strings.ToLower(language), "-")
	return max(0, slices.Index(Languages(), base))
}
