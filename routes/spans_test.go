package routes

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/callhours/callhours/calendars/patterns"
)

// TestSpanKey: what a key says is what Events say, in each segment of calendars of random events;
// and a key takes no more events than it is allowed.
func TestSpanKey(t *testing.T) {
	t.Parallel()
	names := Events{Names: &Names{"people", []string{"Ada", "Bob", "Chloe"}}}
	titled := func(calendar, pattern string, e Events) *Condition {
		e.Summary = texts(pattern)
		return &Condition{Calendars: []string{calendar}, Events: e}
	}
	both := []string{"a", "b"}
	branches := []Branch{
		{"named", Open, &Condition{All: []*Condition{
			{Calendars: both}, {Calendars: []string{"b"}, Events: names}, titled("a", "*a*", names),
		}}},
		{"either", Open, &Condition{Any: []*Condition{titled("a", "Bob*", Events{}), {Calendars: both, Events: names}}}},
		{"day", Other, titled("b", "*o*", Events{WholeDay: true})},
		{"any", Other, &Condition{All: []*Condition{{Calendars: both}, {Not: titled("a", "x*", Events{})}}}},
		{"rest", Closed, nil},
	}
	taken, matched := map[string]int{}, 0
	for seed := range uint64(40) {
		random := rand.New(rand.NewPCG(seed, 1))
		events := func() string {
			var list []string
			for i := range 30 {
				title := []string{"Ada", "Bob", "Chloe", "Office", "xyz", "Ada Bob", "Cab"}[random.IntN(7)]
				start := time.Date(2026, 11, 21, random.IntN(24*20), 0, 0, 0, time.UTC)
				text := fmt.Sprintf("UID:%d\nSUMMARY:%s\n", i, title)
				if random.IntN(5) == 0 {
					text += fmt.Sprintf("DTSTART;VALUE=DATE:%s\nDTEND;VALUE=DATE:%s", start.Format("20060102"),
						start.AddDate(0, 0, 1+random.IntN(3)).Format("20060102"))
				} else {
					const layout = "20060102T150405Z"
					text += fmt.Sprintf("DTSTART:%s\nDTEND:%s", start.Format(layout),
						start.Add(time.Duration(1+random.IntN(30))*time.Hour).Format(layout))
				}
				list = append(list, text)
			}
			return strings.Join(list, "\n--\n")
		}
		s := compile(t, Options{Branches: branches, Unknown: 4},
			uses{"a": known(calendar(t, events())), "b": known(calendar(t, events()))})
		from, _ := s.Window()
		d := s.Decide(nil, from)
		for d.segment+1 < len(s.starts) {
			for next := range d.Ahead() {
				d = next
				break
			}
			at := time.Unix(s.start(d.segment), 0)
			if own := s.Decide(nil, at); own.Branch != d.Branch || own.matched != d.matched || own.segment != d.segment {
				t.Fatalf("seed %d at %s: ahead %+v, then %+v", seed, at, d, own)
			}
			want := SpanKey{Branch: d.Branch, Unknown: d.Unknown}
			for i, e := range d.Events() {
				if i == 0 {
					want.Title = e.Event.Summary
				}
				if want.Match == "" {
					want.Match = e.Name
				}
			}
			got, read, ok := d.SpanKey(1000)
			if !ok || got != want {
				t.Fatalf("seed %d at %s: got %+v, %t; want %+v", seed, at, got, ok, want)
			}
			if read > 0 {
				if less, n, ok := d.SpanKey(read - 1); ok || n > read-1 || less.Title != "" || less.Branch != d.Branch {
					t.Fatalf("seed %d at %s: with %d of %d events %+v, %t", seed, at, n, read, less, ok)
				}
			}
			taken[branches[d.Branch].Name]++
			if want.Match != "" {
				matched++
			}
		}
	}
	if len(taken) != len(branches) || matched < 100 {
		t.Errorf("of the branches, taken were %v; %d with a name", taken, matched)
	}
}

// TestSpanKeyOfCrowd: of many events at once those are read that began last.
func TestSpanKeyOfCrowd(t *testing.T) {
	t.Parallel()
	var list []string
	for i := range 3000 {
		list = append(list, fmt.Sprintf("UID:%d\nSUMMARY:Event %d\nDTSTART:%s\nDTEND:20261220T000000Z", i, i,
			time.Date(2026, 12, 1, 0, i, 0, 0, time.UTC).Format("20060102T150405Z")))
	}
	s := compile(t, Options{
		Branches: []Branch{{"on", Open, &Condition{Calendars: []string{"a"}}}, {"off", Closed, nil}}, Unknown: 1,
	}, uses{"a": known(calendar(t, strings.Join(list, "\n--\n")))})
	d := s.Decide(nil, time.Date(2026, 12, 10, 0, 0, 0, 0, time.UTC))
	key, read, ok := d.SpanKey(2)
	if want := (SpanKey{Branch: 0, Title: "Event 2999"}); key != want || !ok || read > 2 {
		t.Errorf("got %+v after %d events, %t; want %+v", key, read, ok, want)
	}
	behind := 0
	for d := range d.Behind() {
		behind++
		if at := s.start(d.segment); s.Decide(nil, time.Unix(at, 0)).Branch != d.Branch {
			t.Fatalf("at %d, what was decided before is another branch", at)
		}
	}
	if behind != 3000 {
		t.Errorf("%d segments lie behind, want 3000", behind)
	}
}

// TestAllNames: the keys in a title, each once, in its order; of those within one another the longest.
func TestAllNames(t *testing.T) {
	t.Parallel()
	n := namesOf(longestFirst([]string{"anna", "Anna Schmidt", "Ann", "Jörg", "Bob", "van der Berg"}))
	for title, want := range map[string]string{
		"": "", "nobody": "", "Anna": "anna", "Anna Schmidt": "Anna Schmidt", "Anna, Schmidt": "Anna Schmidt",
		"Schmidt Anna": "anna", "Bob for Anna Schmidt": "Bob, Anna Schmidt", "Annabel": "", "Bob and bob": "Bob",
		"On call: J\u00f6rg / Bob": "Jörg, Bob", "van der Anna": "anna", "Mr van der Berg (Bob)": "van der Berg, Bob",
		"Ann Anna": "Ann, anna", strings.Repeat("x ", maxTitle) + "Bob": "",
	} {
		if got := strings.Join(n.findAll(patterns.Fold(title)), ", "); got != want {
			t.Errorf("%.40q: got %s, want %s", title, got, want)
		}
		if first := n.find(patterns.Fold(title), nil); (first < 0) != (want == "") {
			t.Errorf("%.40q: find gives %d", title, first)
		}
	}
}
