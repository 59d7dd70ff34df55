package calendars

import (
	"testing"

	"github.com/callhours/callhours/calendars/ical"
	"github.com/callhours/callhours/calendars/patterns"
	"github.com/callhours/callhours/internal/diag"
)

// TestTitles: patterns find an event by any of its names, and exclude it by any.
func TestTitles(t *testing.T) {
	t.Parallel()
	c, err := Read([]byte("BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:a\r\nDTSTART;VALUE=DATE:20270101\r\nSUMMARY:Neujahr\r\n"+
		"X-CALLHOURS-NAME;LANGUAGE=en:New Year's Day\r\nX-CALLHOURS-NAME;LANGUAGE=fr-CA:Jour de l'An\r\n"+
		"END:VEVENT\r\nEND:VCALENDAR\r\n"), ical.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	e := c.Events()[0]
	for _, tt := range []struct {
		patterns []string
		want     bool
	}{
		{nil, true},
		{[]string{"neujahr"}, true},
		{[]string{"new year's day"}, true},
		{[]string{"jour *"}, true},
		{[]string{"christmas"}, false},
		{[]string{"!neujahr"}, false},
		{[]string{"!new year*"}, false},
		{[]string{"neujahr", "!jour*"}, false},
		{[]string{"!christmas"}, true},
	} {
		var texts []diag.Text
		for _, p := range tt.patterns {
			texts = append(texts, diag.Text{S: p})
		}
		list, mistakes := patterns.ParseList(texts)
		if len(mistakes) > 0 {
			t.Fatal(mistakes)
		}
		f := &Filter{Summary: list}
		if got := f.Match(e); got != tt.want {
			t.Errorf("%q: %t, want %t", tt.patterns, got, tt.want)
		}
		if got := c.Select([]Filter{*f}, nil).Len() == 1; got != tt.want {
			t.Errorf("only %q: %t, want %t", tt.patterns, got, tt.want)
		}
	}
	for language, want := range map[string]string{
		"en": "New Year's Day", "EN-us": "New Year's Day", "fr": "Jour de l'An", "es": "Neujahr", "": "Neujahr",
	} {
		if got := e.In(language); got != want {
			t.Errorf("in %q it is %q, want %q", language, got, want)
		}
	}
	if list := e.Titles(); len(list) != 3 {
		t.Errorf("titles %q", list)
	}
}
