package config

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/callhours/callhours/calendars/holidays"
	"github.com/callhours/callhours/internal/diag"
)

// Holidays are those of a country or a region as a calendar. All of it is right: its place is known, and so are the
// names in OpenOn.
type Holidays struct {
	diag.Pos
	Place    string // "DE-BY"
	Observed holidays.Observed
	Language string // one of holidays.Languages
	OpenOn   []string
	Also     []holidays.Also
	HalfDays []holidays.HalfDay
}

// Calendar works the days out. h comes from Load, or its place is known.
func (h *Holidays) Calendar() (*holidays.Calendar, error) {
	place, err := holidays.LookUp(h.Place)
	if err != nil {
		return nil, err
	}
	return holidays.New(place, holidays.Options{
		Observed: h.Observed, Language: h.Language, OpenOn: h.OpenOn, Also: h.Also, HalfDays: h.HalfDays,
	}), nil
}

// File names what the calendar is read from, as if it were a file: the same for equal holidays, and for no others.
func (h *Holidays) File() string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%d %s %q %q %q", h.Observed, h.Language, h.OpenOn, h.Also, h.HalfDays))
	return "holidays/" + h.Place + "/" + hex.EncodeToString(sum[:8])
}

// maxOwnDays is how many days `also`, `half_days` and `open_on` of a calendar name, each: of every year, and of each of
// the thirty years that there are events for.
const maxOwnDays = 200

// holidays reads the key of that name; nil when it is not given or wrong.
func (f fields) holidays() *Holidays {
	n := f.get("holidays")
	if n == nil {
		return nil
	}
	m := f.fields(n, inHolidays)
	h := &Holidays{Pos: n.Pos}
	country := m.required("country")
	place, err := holidays.LookUp(country.S)
	switch {
	case country.Line == 0:
	case err != nil:
		f.mistake(country.Pos, "%s", err)
	default:
		h.Place = place.Code()
	}
	h.Observed = map[string]holidays.Observed{
		"true": holidays.AsCountry, "false": holidays.Never, "both": holidays.Both,
	}[m.oneOf("observed", "true", "false", "both")]
	h.Language = m.holidayLanguage()
	for _, t := range f.bounded("open_on", m.nonBlanks("open_on")) {
		if _, isDate := holidays.ParseDate(t.S); !isDate && place != nil && !place.Has(t.S) {
			f.mistake(t.Pos, "%s has no holiday %s%s", place.Code(), quote(t.S), nearHoliday(place, t.S))
			continue
		}
		h.OpenOn = append(h.OpenOn, t.S)
	}
	for date, t := range f.byDate("also", m.get("also")) {
		if utf8.RuneCountInString(t.S) > maxDisplayName {
			f.mistake(t.Pos, "the name of a day is longer than %d characters", maxDisplayName)
			continue
		}
		h.Also = append(h.Also, holidays.Also{Date: date, Name: t.S})
	}
	for date, t := range f.byDate("half_days", m.get("half_days")) {
		at := clockTime.FindStringSubmatch(t.S)
		if at == nil {
			f.mistake(t.Pos, "expected the hour from which it is a holiday, such as \"12:00\", found %s", quote(t.S))
			continue
		}
		from, _ := time.ParseDuration(at[1] + "h" + at[2] + "m")
		if from == 0 {
			f.mistake(t.Pos, "from 00:00 on it is a whole day; write it under also")
			continue
		}
		h.HalfDays = append(h.HalfDays, holidays.HalfDay{Date: date, From: from})
	}
	if h.Place == "" {
		return nil
	}
	return h
}

// holidayLanguage is the language of titles: the key's, else the tenant's, else English.
func (f fields) holidayLanguage() string {
	known := holidays.Languages()
	if t := f.text("language"); t.Line > 0 {
		base, _, _ := strings.Cut(strings.ToLower(t.S), "-")
		if slices.Contains(known, base) {
			return base
		}
		f.mistake(t.Pos, "holidays have names in %s; found %s", strings.Join(known, ", "), quote(t.S))
	}
	base, _, _ := strings.Cut(strings.ToLower(f.source.language), "-")
	if slices.Contains(known, base) {
		return base
	}
	return known[0]
}

// bounded are texts of a key, not too many.
func (f fields) bounded(key string, texts []Text) []Text {
	if len(texts) > maxOwnDays {
		f.mistake(texts[maxOwnDays].Pos, "%s names more than %d days", key, maxOwnDays)
		return texts[:maxOwnDays]
	}
	return texts
}

// byDate reads a mapping whose keys are dates.
func (f fields) byDate(key string, n *node) func(yield func(holidays.Date, Text) bool) {
	return func(yield func(holidays.Date, Text) bool) {
		for i, e := range f.entries(n, key) {
			if i == maxOwnDays {
				f.mistake(e.key.Pos, "%s names more than %d days", key, maxOwnDays)
				return
			}
			date, ok := holidays.ParseDate(e.key.S)
			if !ok {
				f.mistake(e.key.Pos, "expected a date such as 2027-03-08, or 03-08 for each year, found %s", quote(e.key.S))
				continue
			}
			if t := f.scalar(e.value, key); t.Line > 0 && !yield(date, t) {
				return
			}
		}
	}
}

// nearHoliday says which day of a place may be meant, or which ones it has.
func nearHoliday(place *holidays.Place, text string) string {
	var all []string
	for _, language := range holidays.Languages() {
		all = append(all, place.Names(language)...)
	}
	if near := diag.Suggest(text, all); near != "" {
		return near
	}
	return "; it has " + strings.Join(place.Names("en"), ", ")
}
