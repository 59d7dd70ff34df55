package render

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/callhours/callhours/calendars"
	"github.com/callhours/callhours/calendars/ical"
	"github.com/callhours/callhours/internal/diag"
	"github.com/callhours/callhours/pivot"
	"github.com/callhours/callhours/routes"
)

func calling(params ...string) *pivot.Call {
	m := map[string]string{}
	for i := 0; i < len(params); i += 2 {
		m[params[i]] = params[i+1]
	}
	c := pivot.New(m)
	return &c
}

// TestKept: answers that look at neither the call nor the clock are the same bytes for the calls of
// a segment, and none is kept too long.
func TestKept(t *testing.T) {
	t.Parallel()
	l := library(t)
	digit := &routes.Condition{Digits: []diag.Text{{S: "1"}}}
	for _, c := range []struct {
		name, text string
		data       map[string]any
		asks       bool   // a condition of the route asks about the call
		renders    string // what explain says
		same       bool   // two calls get the same bytes
		later      string // what a call at 4 PM gets, "" for the same
	}{
		{
			"data alone", `{"module":"hangup","data":{"x":"{{ .Data.x }}"}}`,
			map[string]any{"x": "y"},
			true,
			"rendered once for this span", true, "",
		},
		{
			"the event", `{"module":"hangup","data":{"x":"{{ .Event.Summary }}"}}`, nil, true,
			"rendered once for this span", true, "",
		},
		{
			"the caller", `{"module":"hangup","data":{"x":"{{ .Call.CallerName }}"}}`, nil, false,
			"rendered for each call: it reads .Call.CallerName", false, "",
		},
		{
			"the clock", `{"module":"hangup","data":{"x":"{{ .Now.Unix }}{{ now.Unix }}"}}`, nil, false,
			"rendered for each call: it reads .Now, now", false,
			`{"module":"hangup","data":{"x":"17954676001795467600"}}`,
		},
		{
			"until", `{"module":"hangup","data":{"x":{{ with .Until }}{{ .Unix }}{{ else }}0{{ end }}}}`, nil, false,
			"rendered once for this span", true, "",
		},
		{
			"next, and conditions on the call",
			`{"module":"hangup","data":{"x":"{{ with next "b1" }}{{ .Start.Unix }}{{ end }}"}}`, nil, true,
			"rendered for each call: it reads next, and a condition of the route depends on the call", false, "",
		},
		{
			"spoken", `{"module":"hangup","data":{"x":"{{ spoken .Event.End }}"}}`, nil, false,
			"rendered once for this span and day", true, "",
		},
		{
			"a template in data", `{"module":"hangup","data":{"x":"{{ .Data.x }}"}}`,
			map[string]any{"x": "{{ .Call.From }}"},
			false, "rendered for each call: it reads .Call.From", false, "",
		},
		{
			"a template in data that is not read", `{"module":"hangup","data":{"x":"{{ .Branch.Name }}"}}`,
			map[string]any{"x": "{{ .Call.From }}"},
			false, "rendered once for this span", true, "",
		},
		{
			"a calendar", `{"module":"hangup","data":{"x":{{ on "hours" | len }}}}`, nil, false,
			"rendered once for this span", true, "",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			set := setting{
				whens: []*routes.Condition{titled("open*")}, fallback: 1,
				branches: []Branch{{Template: inline(t, l, c.text), Data: Data{Values: c.data}}, {}},
			}
			if c.asks {
				set.whens[0] = &routes.Condition{
					Any: []*routes.Condition{titled("open*"), {All: []*routes.Condition{titled("open*"), digit}}},
				}
			}
			s := compiled(t, set)
			if got := s.route.Renders(0); got != c.renders {
				t.Errorf("got %q, want %q", got, c.renders)
			}
			first := s.Answer(t.Context(), calling("Caller-ID-Name", "A", "From", "1"), now)
			again := s.Answer(t.Context(), calling("Caller-ID-Name", "B", "From", "2"), now.Add(time.Second))
			s.Answer(t.Context(), calling(), now.Add(2*time.Second)) // which is everybody's, where there is one
			current := s.current.Load()
			// what is spoken goes by the caller's language
			if want := c.same && !c.asks && c.name != "spoken"; (current != nil) != want {
				t.Errorf("an answer is everybody's: %t, want %t", current != nil, want)
			}
			if current != nil && current.answer.Decision != s.Decide(nil, now) {
				t.Errorf("everybody's answer holds a call: %+v", current.answer.Decision)
			}
			if first.Status != 200 || again.Status != 200 {
				t.Fatal(first.Failures, again.Failures)
			}
			if same := &first.Body[0] == &again.Body[0]; same != c.same {
				t.Errorf("kept %t, want %t: %s and %s", same, c.same, first.Body, again.Body)
			}
			if again.Reason != first.Reason || len(again.Events) != len(first.Events) || again.Decision.Branch != 0 ||
				again.Branch != 0 {
				t.Errorf("got %+v, then %+v", first, again)
			}
			later := string(s.Answer(t.Context(), calling("Caller-ID-Name", "A", "From", "1"),
				now.Add(6*time.Hour)).Body)
			if want := c.later; later != want && (want != "" || later != string(first.Body)) {
				t.Errorf("later: got %s, want %s", later, want)
			}
		})
	}
}

// TestKeptAnew: another segment, day, language or what the conditions on the call say is another
// answer.
func TestKeptAnew(t *testing.T) {
	t.Parallel()
	l := library(t)
	all := func(text string, whens ...*routes.Condition) *State {
		return compiled(t, setting{whens: whens, fallback: 1, branches: []Branch{{Template: inline(t, l, text)}, {}}})
	}
	body := func(s *State, call *pivot.Call, at time.Time) string {
		a := s.Answer(t.Context(), call, at)
		for range 2 { // the second one may take it for everybody's, and the third goes by that
			b := s.Answer(t.Context(), call, at)
			if string(b.Body) != string(a.Body) || b.Reason != a.Reason || b.Decision.Branch != a.Decision.Branch ||
				b.Decision.Reason() != a.Reason {
				t.Errorf("got %s and %s for the same call", a.Body, b.Body)
			}
		}
		return string(a.Body)
	}
	spoken := all(`{"module":"hangup","data":{"x":"{{ with next "b0" }}{{ spoken .Start }}{{ end }}"}}`,
		titled("open*"))
	friday, saturday := now.AddDate(0, 0, 4), now.AddDate(0, 0, 7)
	if a, b := body(spoken, nil, friday), body(spoken, nil, saturday); a == "" || a == b {
		t.Errorf("on Friday got %s, a Monday later %s", a, b)
	}
	onCall := all(`{"module":"hangup","data":{"x":"{{ .Event.Summary }}"}}`, titled("*"))
	if a, b := body(onCall, nil, now), body(onCall, nil, now.Add(-4*time.Hour)); a == b {
		t.Errorf("another event decides, and the answer is the same: %s", a)
	}
	day := all(`{"module":"hangup","data":{"x":"{{ toDate "2006-01-02" "2026-11-29" | spoken }}"}}`,
		&routes.Condition{Not: titled("never")})
	before, after := time.Date(2026, 11, 29, 4, 59, 59, 0, time.UTC), time.Date(2026, 11, 29, 5, 0, 0, 0, time.UTC)
	if a, b := body(day, nil, before),
		body(day, nil, after); a != `{"module":"hangup","data":{"x":"tonight at midnight"}}` ||
		b != `{"module":"hangup","data":{"x":"today at midnight"}}` {
		t.Errorf("before midnight got %s, after it %s", a, b)
	}
	if a, b := body(day, nil, before), body(day, nil, after); a == b {
		t.Errorf("the clock was set back, and yesterday's answer is kept: %s", a)
	}
	const tonight = `{"module":"hangup","data":{"x":"%s"}}`
	for language, want := range map[string]string{
		"": "tonight at midnight", "en-us": "tonight at midnight", "de_DE": "heute um Mitternacht",
		"FR": "ce soir à minuit", "es-MX": "hoy a medianoche",
		"xx": "tonight at midnight", // the route's
	} {
		if got := body(day, calling("Language", language), before); got != fmt.Sprintf(tonight, want) {
			t.Errorf("to a call in %q: got %s, want %s", language, got, want)
		}
	}
	for i := range 100 {
		body(day, calling("Language", fmt.Sprint(i)), before)
	}
	if n := len(*day.cache(day.Decide(nil, before)).list.Load()); n != 4 {
		t.Errorf("%d answers are kept, want one for each language", n)
	}
}

// TestKeptOfCalendar: no answer outlives the calendar that it was rendered from.
func TestKeptOfCalendar(t *testing.T) {
	t.Parallel()
	r, mistakes := newRoute(t, setting{whens: []*routes.Condition{titled("*")}, fallback: 1, branches: []Branch{
		{Template: inline(t, library(t), `{"module":"hangup","data":{"x":"{{ .Event.Description }}"}}`)}, {},
	}})
	if len(mistakes) > 0 {
		t.Fatal(mistakes)
	}
	ts := calendars.NewTimelines(map[string]calendars.Use{}, 400*24*time.Hour)
	for _, who := range []string{"Anna", "Berta"} {
		c, err := calendars.Read([]byte(strings.ReplaceAll(hours, "Anna", who)), ical.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		ts.Set("acme/hours", calendars.Use{Snapshot: calendars.Snapshot{Calendar: c}})
		r.Use(r.Compile(ts, routes.NewTotals(1_000_000), now))
		want := fmt.Sprintf(`{"module":"hangup","data":{"x":"ask for \"%s\""}}`, who)
		for range 2 {
			if got := string(r.State().Answer(t.Context(), nil, now).Body); got != want {
				t.Errorf("got %s, want %s", got, want)
			}
		}
	}
}

func TestAnswerAllocates(t *testing.T) {
	l := library(t)
	ring := Branch{
		Template: l.Template("ring-then-voicemail"),
		Data:     Data{Values: map[string]any{"front_desk": frontDesk, "voicemail": voicemail}},
	}
	s := compiled(t, setting{branches: []Branch{ring, {}}, whens: []*routes.Condition{titled("open*")}, fallback: 1})
	call := calling("Caller-ID-Name", "JANE DOE")
	ctx := t.Context()
	if n := testing.AllocsPerRun(100, func() { s.Answer(ctx, call, now) }); n != 0 {
		t.Errorf("a kept answer allocates %v times", n)
	}
}

// TestKeptUnknownCalendar: a template that names an unknown calendar and does not come to ask it
// is answered like any other.
func TestKeptUnknownCalendar(t *testing.T) {
	t.Parallel()
	text := `{"module":"hangup","data":{"x":{{ if .Data.ask }}{{ on "hours" | len }}{{ else }}0{{ end }}}}`
	s := compiled(t, setting{unknown: true, branches: []Branch{{Template: inline(t, library(t), text)}}})
	for range 2 {
		if a := s.Answer(t.Context(), nil, now); a.Status != 200 {
			t.Fatal(a.Failures)
		}
	}
}

// TestKeptTogether: calls at the same time, over the edge of a segment, each get the answer of
// their moment.
func TestKeptTogether(t *testing.T) {
	t.Parallel()
	s := compiled(t, setting{
		whens: []*routes.Condition{titled("*")}, fallback: 1,
		branches: []Branch{
			{Template: inline(t, library(t), `{"module":"hangup","data":{"x":"{{ .Event.Summary }}"}}`)},
			{},
		},
	})
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for range 200 {
				at, want := now, `{"module":"hangup","data":{"x":"Open"}}`
				if i%2 == 0 {
					at, want = now.Add(-4*time.Hour), `{"module":"hangup","data":{"x":"On call: anna"}}`
				}
				if got := string(s.Answer(t.Context(), nil, at).Body); got != want {
					t.Errorf("got %s, want %s", got, want)
				}
			}
		})
	}
	wg.Wait()
}
