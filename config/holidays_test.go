package config

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/callhours/callhours/calendars/holidays"
)

// TestOwnDays: days of one's own are bounded, each kind by itself.
func TestOwnDays(t *testing.T) {
	t.Parallel()
	days := func(n int, value string) string {
		var list []string
		for i := range n {
			list = append(list, fmt.Sprintf("20%02d-01-%02d%s", 30+i/28, 1+i%28, value))
		}
		return strings.Join(list, ", ")
	}
	for text, want := range map[string]string{
		"also: {" + days(maxOwnDays, ": x") + "}":                  "",
		"also: {" + days(maxOwnDays+1, ": x") + "}":                "also names more than 200 days",
		"half_days: {" + days(maxOwnDays+1, `: "12:00"`) + "}":     "half_days names more than 200 days",
		"open_on: [" + days(maxOwnDays, "") + "]":                  "",
		"open_on: [" + days(maxOwnDays+1, "") + "]":                "open_on names more than 200 days",
		"also: {12-24: " + strings.Repeat("x", 257) + "}":          "the name of a day is longer than 256 characters",
		"observed: both, language: de-AT, open_on: new year's day": "",
	} {
		got := ""
		if _, err := loadHolidays("country: DE, " + text); err != nil {
			got = err.Error()
		}
		if want == "" && got != "" || !strings.Contains(got, want) {
			t.Errorf("%.60s…: got %q, want %q", text, got, want)
		}
	}
}

// loadHolidays loads a calendar of holidays.
func loadHolidays(text string) (*File, error) {
	text = "timezone: UTC\nlanguage: fr-CA\ncalendars: {days: {holidays: {" + text +
		"}}}\nroutes:\n  - {name: a, branches: [{name: closed, pass: true}]}\n"
	return Load("c.yaml", Options{FS: fstest.MapFS{"c.yaml": {Data: []byte(text), Mode: 0o600}}})
}

// TestHolidays: equal holidays are one file, and others are another.
func TestHolidays(t *testing.T) {
	t.Parallel()
	files := map[string]string{}
	for _, text := range []string{
		"country: DE", "country: DE-BE", "country: DE, observed: false", "country: DE, language: es",
		"country: DE, open_on: [01-01]", "country: DE, also: {01-02: x}", `country: DE, half_days: {12-24: "12:00"}`,
	} {
		f, err := loadHolidays(text)
		if err != nil {
			t.Fatal(err)
		}
		again, err := loadHolidays(" " + text)
		if err != nil {
			t.Fatal(err)
		}
		h := f.Calendars[0].Holidays
		if of := files[h.File()]; of != "" || h.File() != again.Calendars[0].Holidays.File() {
			t.Errorf("%s is %s, as is %q", text, h.File(), of)
		}
		files[h.File()] = text
		if _, err := h.Calendar(); err != nil {
			t.Error(err)
		}
		if text == "country: DE" && (h.Language != "fr" || h.Observed != holidays.AsCountry) {
			t.Errorf("by default the language is %s and observed %d", h.Language, h.Observed)
		}
	}
	if _, err := (&Holidays{Place: "XX"}).Calendar(); err == nil {
		t.Error("an unknown place has holidays")
	}
}
