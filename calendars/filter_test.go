package calendars

import (
	"testing"

	"github.com/callhours/callhours/calendars/ical"
	"github.com/callhours/callhours/calendars/patterns"
)

// TestFilterSteps: a pattern is looked at also where there is nothing to compare it with.
func TestFilterSteps(t *testing.T) {
	t.Parallel()
	pattern, err := patterns.Parse("*abc*")
	if err != nil {
		t.Fatal(err)
	}
	f := Filter{Summary: patterns.List{pattern, pattern}, Category: patterns.List{pattern}}
	cost := f.Category.Cost()
	for want, events := range map[int][]*Event{
		0:        nil,
		3 * cost: {{}},
		5 * cost: {{Event: ical.Event{Summary: "ab", Categories: []string{"a"}}}},
		9 * cost: {{}, {Event: ical.Event{Summary: "a", Categories: []string{"", "abc"}}}},
	} {
		if got := f.Steps(events...); got != want {
			t.Errorf("%d events take %d steps, want %d", len(events), got, want)
		}
	}
}

func TestFilter(t *testing.T) {
	t.Parallel()
	e := &Event{Event: ical.Event{
		Summary: "Open", Description: "Public holiday", Location: "Hall", Categories: []string{"Red", "Blue"},
		AllDay: true,
	}}
	yes, no := new(true), new(false)
	for _, c := range []struct {
		name   string
		filter Filter
		want   bool
	}{
		{"nothing asked", Filter{}, true},
		{"summary", Filter{Summary: mustPatterns(t, "open")}, true},
		{"another summary", Filter{Summary: mustPatterns(t, "closed")}, false},
		{
			"description and location",
			Filter{Description: mustPatterns(t, "public*"), Location: mustPatterns(t, "hall")},
			true,
		},
		{"one of them", Filter{Description: mustPatterns(t, "public*"), Location: mustPatterns(t, "court")}, false},
		{"a category", Filter{Category: mustPatterns(t, "blue")}, true},
		{"another category", Filter{Category: mustPatterns(t, "green")}, false},
		{"a category but for another", Filter{Category: mustPatterns(t, "blue", "!red")}, false},
		{"no category", Filter{Category: mustPatterns(t, "")}, false},
		{"not a category", Filter{Category: mustPatterns(t, "!green")}, true},
		{"opaque", Filter{Transparency: "opaque"}, true},
		{"transparent", Filter{Transparency: "transparent"}, false},
		{"all day", Filter{AllDay: yes}, true},
		{"not all day", Filter{AllDay: no}, false},
		{"recurring", Filter{Recurring: yes}, false},
		{"not recurring", Filter{Recurring: no}, true},
	} {
		if got := c.filter.Match(e); got != c.want {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
		}
	}
	if none := (&Filter{Category: mustPatterns(t, "")}); !none.Match(&Event{}) {
		t.Error(`the category "" does not match an event without categories`)
	}
}

func mustPatterns(t testing.TB, texts ...string) patterns.List {
	t.Helper()
	var list patterns.List
	for _, text := range texts {
		p, err := patterns.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, p)
	}
	return list
}
