package preview_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/callhours/callhours/calendars"
	"github.com/callhours/callhours/calendars/ical"
	"github.com/callhours/callhours/internal/diag"
	"github.com/callhours/callhours/pivot"
	"github.com/callhours/callhours/preview"
	"github.com/callhours/callhours/render"
	"github.com/callhours/callhours/routes"
	"github.com/callhours/callhours/templates"
)

const hours = `BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//test//EN
BEGIN:VEVENT
UID:open
DTSTAMP:20260101T000000Z
DTSTART;TZID=Europe/Berlin:20260105T090000
DTEND;TZID=Europe/Berlin:20260105T170000
RRULE:FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR
SUMMARY:Open
END:VEVENT
END:VCALENDAR
`

func newPreview(t *testing.T) *preview.Preview {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	c, err := calendars.Read([]byte(hours), ical.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	plain, mistakes := routes.New(routes.Options{
		Name: "main", Path: "/pivot", Zone: zone, Unknown: 2,
		Match: routes.Match{Dialed: []diag.Text{{S: "+4930123456"}}},
		Branches: []routes.Branch{
			{
				Name: "vip", State: routes.Open,
				When: &routes.Condition{Caller: routes.Numbers{Listed: []diag.Text{{S: "+4930111111"}}}},
			},
			{Name: "open", State: routes.Open, When: &routes.Condition{Calendars: []string{"hours"}}},
			{Name: "closed", State: routes.Closed},
		},
	})
	if err := diag.Mistakes(mistakes).Err(); err != nil {
		t.Fatal(err)
	}
	library, mistakes := templates.Load(templates.Options{})
	if err := diag.Mistakes(mistakes).Err(); err != nil {
		t.Fatal(err)
	}
	parse := func(text string) *templates.Template {
		p, mistakes := library.Parse(diag.Pos{File: "callhours.yaml", Line: 5, Col: 9}, text)
		if err := diag.Mistakes(mistakes).Err(); err != nil {
			t.Fatal(err)
		}
		return p
	}
	route, mistakes := render.New(render.Options{
		Route: plain, Fallback: 2, Library: library, Calendar: func(string) string { return "" },
		Branches: []render.Branch{
			{Template: parse(`{"module":{{ fail "not today" }} }`)},
			{Template: parse(`{"module":"hangup","data":{"until":"{{ with .Until }}{{ spoken . }}{{ end }}"}}`)},
			{Template: parse(`{"module":"hangup"}`)},
		},
	})
	if err := diag.Mistakes(mistakes).Err(); err != nil {
		t.Fatal(err)
	}
	table, mistakes := routes.NewTable([]*routes.Route{plain})
	if err := diag.Mistakes(mistakes).Err(); err != nil {
		t.Fatal(err)
	}
	return preview.New(preview.Options{
		Table: table, Routes: []*render.Route{route}, Path: "/pivot",
		Timelines: calendars.NewTimelines(map[string]calendars.Use{"hours": {Snapshot: calendars.Snapshot{Calendar: c}}},
			400*24*time.Hour),
	})
}

func call(caller, dialed string) *pivot.Call {
	c := pivot.New(map[string]string{"Caller-ID-Number": caller, "Request": dialed})
	return &c
}

func TestExplain(t *testing.T) {
	t.Parallel()
	p := newPreview(t)
	monday := time.Date(2031, 6, 2, 8, 0, 0, 0, time.UTC) // ten o'clock in Berlin
	for _, c := range []struct {
		name string
		q    preview.Question
		want string
	}{
		{
			"by name",
			preview.Question{Route: "main", At: monday},
			"name main open until 2031-06-02T17:00:00+02:00 closed: 200 open {\"module\":\"hangup\",\"data\":{\"until\":\"today at 5 PM\"}}",
		},
		{"by number", preview.Question{Call: call("", "030123456"), At: monday}, "number_not_listed   : 404  "},
		{
			"by its number",
			preview.Question{Call: call("", "4930123456"), At: monday},
			"number main open until 2031-06-02T17:00:00+02:00 closed: 200 open {\"module\":\"hangup\",\"data\":{\"until\":\"today at 5 PM\"}}",
		},
		{
			"by a path with slashes",
			preview.Question{Path: "//pivot/", Call: call("", "+4930123456"), At: monday.Add(12 * time.Hour)},
			"number main closed until 2031-06-03T09:00:00+02:00 open: 200 closed {\"module\":\"hangup\"}",
		},
		{
			"a branch that fails",
			preview.Question{Call: call("+4930111111", "+4930123456"), At: monday},
			"number main vip : 200 closed {\"module\":\"hangup\"} vip deliberate",
		},
		{"another path", preview.Question{Path: "/nowhere", At: monday}, "no_path   : 404  "},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			e, err := p.Explain(t.Context(), c.q)
			if err != nil {
				t.Fatal(err)
			}
			got := e.Matched + " " + e.Route + " " + e.Branch + " "
			if e.Until != nil {
				got += "until " + e.Until.At.Format(time.RFC3339) + " " + e.Until.Branch
			}
			got += ": " + map[int]string{200: "200", 404: "404"}[e.Answer.Status] + " " + e.Answer.Branch + " " +
				string(e.Answer.Callflow)
			for _, f := range e.Failures {
				got += " " + f.Branch + " " + f.Reason
			}
			if got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
			if _, err := json.Marshal(e); err != nil {
				t.Errorf("as JSON: %v", err)
			}
			var text strings.Builder
			if err := e.Text(&text); err != nil || !strings.Contains(text.String(), e.Matched) {
				t.Errorf("as text: %v, %s", err, &text)
			}
		})
	}
}

func TestExplainARouteThatIsNotThere(t *testing.T) {
	t.Parallel()
	p := newPreview(t)
	_, err := p.Explain(t.Context(), preview.Question{Route: "mian"})
	if want := `unknown route "mian"; did you mean "main"?`; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// TestMoments: whatever moment is asked for has a window of its own.
func TestMoments(t *testing.T) {
	t.Parallel()
	p := newPreview(t)
	day := time.Date(2029, 3, 25, 0, 0, 0, 0, time.UTC)
	for _, at := range []time.Time{day, day.AddDate(-3, 0, 0), day.AddDate(3, 0, 0), day} {
		if e, err := p.Explain(t.Context(), preview.Question{Route: "main", At: at}); err != nil || e.Unknown ||
			e.Until == nil {
			t.Errorf("%s: got %+v, %v, want a decision", at, e, err)
		}
	}
}
