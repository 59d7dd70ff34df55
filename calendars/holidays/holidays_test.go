package holidays

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/callhours/callhours/calendars"
	"github.com/callhours/callhours/calendars/ical"
)

func place(t *testing.T, code string) *Place {
	t.Helper()
	p, err := LookUp(code)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// brief are days in short, with their names in a language.
func brief(days []Day, language string) []string {
	var list []string
	for _, d := range days {
		text := d.Date.Format("Mon 2006-01-02 ") + d.Name(language)
		if d.From > 0 {
			text += fmt.Sprint(" from ", d.From)
		}
		if d.Provisional {
			text += ", provisional"
		}
		list = append(list, text)
	}
	return list
}

func TestOptions(t *testing.T) {
	t.Parallel()
	newYear := "Thu 2026-01-01 "
	tests := []struct {
		name, place string
		options     Options
		language    string
		year        int
		month       time.Month // 0: all
		want        []string
	}{
		{
			"US, a Saturday", "US",
			Options{},
			"en", 2026, time.July,
			[]string{"Fri 2026-07-03 Independence Day (observed)"},
		},
		{
			"the day itself", "US",
			Options{Observed: Never},
			"en", 2026, time.July,
			[]string{"Sat 2026-07-04 Independence Day"},
		},
		{
			"both", "US",
			Options{Observed: Both},
			"de", 2026, time.July,
			[]string{"Fri 2026-07-03 Unabhängigkeitstag (Ersatztag)", "Sat 2026-07-04 Unabhängigkeitstag"},
		},
		{
			"New Year's Day of the next year", "US",
			Options{},
			"en", 2027, time.December,
			[]string{"Fri 2027-12-24 Christmas Day (observed)", "Fri 2027-12-31 New Year's Day (observed)"},
		},
		{
			"Germany moves nothing", "DE",
			Options{Observed: Both},
			"de", 2026, time.October,
			[]string{"Sat 2026-10-03 Tag der Deutschen Einheit"},
		},
		{
			"open by a name in another language", "DE-BB",
			Options{OpenOn: []string{"reformation day"}},
			"de", 2026,
			time.October,
			[]string{"Sat 2026-10-03 Tag der Deutschen Einheit"},
		},
		{
			"open by a name in the country's language", "PL",
			Options{OpenOn: []string{"Wigilia Bożego Narodzenia"}},
			"de", 2026, time.December,
			[]string{"Fri 2026-12-25 Erster Weihnachtstag", "Sat 2026-12-26 Zweiter Weihnachtstag"},
		},
		{"open by date", "DE", Options{OpenOn: []string{"2026-01-01"}}, "de", 2026, time.January, nil},
		{
			"open by the date of another year", "DE",
			Options{OpenOn: []string{"2027-01-01"}},
			"de", 2026, time.January,
			[]string{newYear + "Neujahr"},
		},
		{"open on the day that stands for one", "US", Options{OpenOn: []string{"07-04"}}, "en", 2026, time.July, nil},
		{
			"a day of one's own", "DE",
			Options{Also: []Also{{Date{2026, time.January, 2}, "Brückentag"}, {Date{2027, time.January, 4}, "no"}}},
			"es", 2026,
			time.January,
			[]string{newYear + "Año Nuevo", "Fri 2026-01-02 Brückentag"},
		},
		{
			"half days, but not of a holiday", "DE",
			Options{HalfDays: []HalfDay{
				{Date{0, time.December, 24}, 12 * time.Hour},
				{Date{0, time.December, 25}, time.Hour},
				{Date{0, time.December, 31}, 14 * time.Hour},
			}},
			"de", 2026, time.December,
			[]string{
				"Thu 2026-12-24 Heiligabend from 12h0m0s", "Fri 2026-12-25 Erster Weihnachtstag",
				"Sat 2026-12-26 Zweiter Weihnachtstag", "Thu 2026-12-31 Silvester from 14h0m0s",
			},
		},
		{
			"the moon decides", "ES-ML",
			Options{},
			"es", 2026, time.May,
			[]string{"Fri 2026-05-01 Día del Trabajo", "Wed 2026-05-27 Fiesta del Sacrificio (Aid al-Adha), provisional"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			days := New(place(t, tt.place), tt.options).Days(tt.year, tt.year)
			days = slices.DeleteFunc(days, func(d Day) bool { return d.Date.Month() != tt.month })
			if diff := cmp.Diff(tt.want, brief(days, tt.language)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestLookUp(t *testing.T) {
	t.Parallel()
	if p := place(t, " de-by "); p.Code() != "DE-BY" || p.Country() != "DE" || p.Region() != "BY" {
		t.Errorf("%s %s %s", p.Code(), p.Country(), p.Region())
	}
	tests := []struct{ code, want string }{
		{"BY", `the country "BY" is not known; did you mean "DE-BY", Bavaria?`},
		{"GB", "the regions of GB have different holidays; write one of GB-ENG, GB-WLS, GB-SCT, GB-NIR"},
		{"GB-XX", `the region "XX" of GB is not known; known are GB-ENG, GB-WLS, GB-SCT, GB-NIR`},
		{"FR-75", `the region "75" of FR is not known; known are FR, FR-57, FR-67, FR-68`},
		{"IT-BZ", "regions of IT are not known; write IT for the days of the whole country, and the others under also"},
		{
			"",
			`the country "" is not known; known are AT, AU, BE, BR, CA, CH, CY, CZ, DE, DK, EE, ES, FI, FR, GB, ` +
				`GR, HR, HU, IE, IS, IT, JP, LT, LU, LV, MT, NL, NO, NZ, PL, PT, RO, SE, SI, SK, US, ZA`,
		},
	}
	for _, tt := range tests {
		if _, err := LookUp(tt.code); err == nil || err.Error() != tt.want {
			t.Errorf("%q: error\n%v; want\n%s", tt.code, err, tt.want)
		}
	}
}

func TestParseDate(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"2027-03-08": "2027-03-08", "03-08": "03-08", "02-29": "02-29", "2027-02-29": "", "3-8": "", "": "",
		"13-01": "", "x": "",
	} {
		d, ok := ParseDate(text)
		if ok != (want != "") || ok && d.String() != want {
			t.Errorf("%q: %v, %t; want %q", text, d, ok, want)
		}
	}
}

// TestBody reads what is written, in another package's words.
func TestBody(t *testing.T) {
	t.Parallel()
	c := New(place(t, "US-DC"), Options{
		Language: "es", Observed: Both,
		Also:     []Also{{Date{0, time.May, 2}, "Line\none; two, " + strings.Repeat("ü", 100)}},
		HalfDays: []HalfDay{{Date{0, time.December, 24}, 12 * time.Hour}},
	})
	body := c.Body(2026)
	for line := range strings.Lines(string(body)) {
		if len(line) > 77 || !strings.HasSuffix(line, "\r\n") {
			t.Errorf("a line has %d bytes: %q", len(line), line)
		}
	}
	read, err := calendars.Read(body, ical.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if problems := read.Problems(); len(problems) > 0 {
		t.Errorf("problems: %v", problems)
	}
	if got, want := read.Len(), len(c.Days(2016, 2046)); got != want {
		t.Errorf("%d events are read of %d days", got, want)
	}
	zone, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	timeline := read.Compile(calendars.View{Zone: zone}, date(2026, 1, 1), date(2027, 12, 31))
	at := func(text string) (on []string) {
		moment, err := time.ParseInLocation("2006-01-02 15:04", text, zone)
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range timeline.At(nil, moment.Unix()) {
			on = append(on, o.Event.Summary)
		}
		return on
	}
	for text, want := range map[string]string{
		"2026-07-03 00:00": "Día de la Independencia (trasladado)", "2026-07-04 23:59": "Día de la Independencia",
		"2026-07-05 00:00": "",
		"2026-12-24 11:59": "", "2026-12-24 12:00": "Nochebuena", "2026-12-24 23:59": "Nochebuena",
		"2026-12-25 00:00": "Navidad",
	} {
		if got := strings.Join(at(text), ", "); got != want {
			t.Errorf("%s: %q is on; want %q", text, got, want)
		}
	}
}

// TestFiles sees that the window moves with the years, and that UIDs stay.
func TestFiles(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 12, 31, 23, 59, 59, 0, time.UTC)
	c := New(place(t, "DE-BE"), Options{Language: "de"})
	fsys := c.Files(func() time.Time { return now })
	look := func() (string, time.Time) {
		body, err := fs.ReadFile(fsys, "x/DE-BE")
		if err != nil {
			t.Fatal(err)
		}
		info, err := fs.Stat(fsys, "x/DE-BE")
		if err != nil {
			t.Fatal(err)
		}
		if !info.Mode().IsRegular() {
			t.Errorf("mode %s", info.Mode())
		}
		return string(body), info.ModTime()
	}
	before, written := look()
	if again, same := look(); again != before || !same.Equal(written) {
		t.Error("the file changes within a year")
	}
	now = now.Add(2 * time.Second)
	after, later := look()
	if after == before || !later.After(written) {
		t.Error("the file does not change on New Year's Day")
	}
	if !strings.Contains(before, "UID:de-be-20261225-christmas@") ||
		!strings.Contains(after, "UID:de-be-20261225-christmas@") ||
		!strings.Contains(after, "UID:de-be-20471225-christmas@") ||
		strings.Contains(before, "UID:de-be-20471225-christmas@") {
		t.Error("the window does not reach from ten years before to twenty after")
	}
	if english := New(place(t, "DE-BE"), Options{}).Body(2026); !strings.Contains(string(english), "UID:de-be-20261225-christmas@") {
		t.Error("the UID depends on the language")
	}
	if _, err := fsys.Open("../x"); err == nil {
		t.Error("a path out of the file system is opened")
	}
}
