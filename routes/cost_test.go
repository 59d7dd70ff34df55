package routes

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/callhours/callhours/calendars/patterns"
	"github.com/callhours/callhours/internal/diag"
	"github.com/callhours/callhours/pivot"
)

// hourly are a calendar's events in every other hour of some weeks.
const hourly = "UID:1\nDTSTART:20261101T000000Z\nDTEND:20261101T010000Z\nRRULE:FREQ=HOURLY;INTERVAL=2;COUNT=1000\nSUMMARY:Open"

// TestCallIsAskedOnce asks each condition on a call once, however many segments lie ahead, and
// finds the same as a look at each of them.
func TestCallIsAskedOnce(t *testing.T) {
	t.Parallel()
	branches := []Branch{
		{
			"vip", Open,
			&Condition{
				Calendars: []string{"hours"}, Not: &Condition{CallerName: []diag.Text{{S: "*vip*"}}},
				All: []*Condition{{Digits: []diag.Text{{S: "!*1*"}}}},
			},
		},
		{"never", Other, &Condition{CallerName: []diag.Text{{S: "nobody"}}}},
		{"closed", Closed, nil},
	}
	s := compile(t, Options{Branches: branches, Unknown: 2}, uses{"hours": known(calendar(t, hourly))})
	asked := 0
	var count func(n *node)
	count = func(n *node) {
		if n == nil {
			return
		}
		if test := n.test; test != nil {
			n.test = func(c *pivot.Call) bool { asked++; return test(c) }
		}
		for _, k := range n.kids {
			count(k)
		}
	}
	for _, n := range s.route.branches {
		count(n)
	}
	call := pivot.New(map[string]string{"Caller-ID-Name": "JANE"})
	d := s.Decide(&call, at(t, "2026-11-23 10:30"))
	for _, ask := range []struct {
		name string
		look func() string
	}{
		{"until", func() string { at, ok := d.Until(); return fmt.Sprint(at, ok) }},
		{"since", func() string { at, ok := d.Since(); return fmt.Sprint(at, ok) }},
		{"next of what never comes", func() string { return fmt.Sprint(d.Next("never")) }},
		{"next", func() string { return fmt.Sprint(*d.Next("vip")) }},
	} {
		asked = 0
		got := ask.look()
		if asked > 3 {
			t.Errorf("%s asks %d times about the call, want each of 3 conditions once", ask.name, asked)
		}
		if ask.name == "next of what never comes" && got != "<nil>" {
			t.Errorf("got %s", got)
		}
	}
	for i := range s.starts {
		l := d.look(nil)
		if got, want := l.branch(i), s.evaluate(&call, i).Branch; got != want {
			t.Fatalf("segment %d: got branch %d, want %d", i, got, want)
		}
	}
}

// TestLookEnds gives up when there is no more time.
func TestLookEnds(t *testing.T) {
	t.Parallel()
	var any []*Condition
	for i := range 500 {
		any = append(any, &Condition{CallerName: []diag.Text{{S: fmt.Sprint("nobody", i)}}})
	}
	var events []string
	for i := range 200 {
		begin := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC).Add(time.Duration(i) * time.Hour)
		events = append(events,
			fmt.Sprintf("UID:%d\nDTSTART:%s\nDTEND:%s\nSUMMARY:%c", i, begin.Format("20060102T150405Z"),
				begin.Add(90*time.Minute).Format("20060102T150405Z"), 'a'+rune(i%20)))
	}
	branches := []Branch{{"never", Open, &Condition{Any: any}}}
	for c := 'a'; c < 'u'; c++ {
		branches = append(branches,
			Branch{
				string(c), Other,
				&Condition{Calendars: []string{"hours"}, Events: Events{Summary: []diag.Text{{S: string(c)}}}},
			})
	}
	s := compile(t, Options{Branches: append(branches, Branch{"closed", Closed, nil}), Unknown: len(branches)},
		uses{"hours": known(calendar(t, strings.Join(events, "\n--\n")))})
	call := pivot.New(nil)
	d := s.Decide(&call, at(t, "2026-11-23 00:30"))
	looks := 0
	if span, looked := d.NextWhile("never", func() bool { looks++; return looks < 3 }); span != nil || looked ||
		looks != 3 {
		t.Errorf("got %v, %v after %d looks", span, looked, looks)
	}
	if span, looked := d.NextWhile("never", func() bool { return true }); span != nil || !looked {
		t.Errorf("got %v, %v", span, looked)
	}
}

// TestConditionCosts refuses at load what could take long for each call, and takes what people
// have.
func TestConditionCosts(t *testing.T) {
	t.Parallel()
	pattern := func(n int, format string) []diag.Text {
		list := make([]diag.Text, n)
		for i := range list {
			list[i] = diag.Text{
				Pos: diag.Pos{File: "c.yaml", Line: i + 10},
				S:   strings.ReplaceAll(format, "%d", strconv.Itoa(i)),
			}
		}
		return list
	}
	parts := func(n int) []*Condition {
		list := make([]*Condition, n)
		for i := range list {
			list[i] = &Condition{Pos: diag.Pos{File: "c.yaml", Line: i + 10}, Calendars: []string{fmt.Sprint("c", i%7)}}
		}
		return list
	}
	naming := func(n int, name string) []*Condition {
		list := parts(n)
		for i := range list {
			list[i].Events.Names = &Names{"people", []string{fmt.Sprint(name, i)}}
		}
		return list
	}
	at := diag.Pos{File: "c.yaml", Line: 5}
	for _, c := range []struct {
		name string
		when *Condition
		want string
	}{
		{"ten thousand values", &Condition{Vars: []Named{{"customer", pattern(10_000, "c%d")}}}, ""},
		{"a thousand names", &Condition{CallerName: pattern(1000, "*name %d*")}, ""},
		{"a hundred expressions", &Condition{CallerName: pattern(100, "/^(?i)name %d .*x$/")}, ""},
		{
			"two hundred titles",
			&Condition{Calendars: []string{"a"}, Events: Events{Summary: pattern(200, "holiday %d*")}}, "",
		},
		{"names in a hundred calendars", &Condition{Any: naming(100, "Anna Schmidt")}, ""},
		{
			"long names in ten calendars", &Condition{Any: naming(10, strings.Repeat("a b ", 30))},
			`c.yaml:13: up to here the conditions of route "r" take more than 10000 steps for each byte of an event's title; ` +
				"write fewer patterns, or shorter ones, or names",
		},
		{
			"a large expression", &Condition{CallerName: pattern(1, "/(a?){1000}b/")},
			`c.yaml:10: pattern "/(a?){1000}b/": the expression is too large`,
		},
		{
			"an expression of copies", &Condition{CallerName: pattern(1, "/("+strings.Repeat("a", 900)+"){1000}/")},
			"the expression is too large",
		},
		{
			"a long pattern", &Condition{CallerName: pattern(1, strings.Repeat("a", 1001))},
			"expected at most 1000 bytes, found 1001",
		},
		{
			"many large expressions", &Condition{CallerName: pattern(10, "/x.{1,400}y/")},
			"the patterns take more than 50000 steps",
		},
		{
			"many large expressions in many places",
			&Condition{Pos: at, CallerName: pattern(4, "/x.{1,400}y/"), Digits: pattern(4, "/x.{1,400}z/")},
			`c.yaml:5: up to here the conditions of route "r" take more than 50000 steps for each byte of a call's field`,
		},
		{
			"long pieces", &Condition{CallerName: pattern(60, "*"+strings.Repeat("a", 900)+"b*")},
			"the patterns take more than 50000 steps",
		},
		{
			"costly titles",
			&Condition{Pos: at, Calendars: []string{"a"}, Events: Events{Summary: pattern(4, "/x.{1,400}y/")}},
			`c.yaml:5: up to here the conditions of route "r" take more than 10000 steps for each byte of an event's title`,
		},
		{"many parts", &Condition{Pos: at, Any: parts(1990)}, ""},
		{
			"too many parts", &Condition{Pos: at, Any: parts(3000)},
			`c.yaml:2009: up to here the conditions of route "r" have more than 2000 parts`,
		},
	} {
		_, mistakes := New(Options{
			Name: "r", Branches: []Branch{{"a", Open, c.when}, {"closed", Closed, nil}},
			Unknown: 1,
		})
		got := fmt.Sprint(diag.Mistakes(mistakes))
		if c.want == "" && len(mistakes) > 0 || c.want != "" && (len(mistakes) != 1 || !strings.Contains(got, c.want)) {
			t.Errorf("%s: got %.300s, want %s", c.name, got, c.want)
		}
	}
}

// TestLongFields compares the beginning of what is long.
func TestLongFields(t *testing.T) {
	t.Parallel()
	when := func(pattern string) *Condition { return &Condition{CallerName: []diag.Text{{S: pattern}}} }
	branches := []Branch{
		{"begin", Open, when("vip*")},
		{"middle", Open, when("*mid*")},
		{"not", Other, when("!*last*")},
		{"closed", Closed, nil},
	}
	s := compile(t, Options{Branches: branches, Unknown: 3}, uses{})
	for name, want := range map[string]string{
		"vip" + strings.Repeat("x", 5000): "begin",
		strings.Repeat("x", 500) + "mid":  "middle",
		strings.Repeat("x", 1500) + "mid": "not",
		strings.Repeat("é", 500) + "last": "closed",
		strings.Repeat("é", 700) + "last": "not", // of 1404 bytes the first 1024
	} {
		call := pivot.New(map[string]string{"Caller-ID-Name": name})
		if got := branches[s.Decide(&call, at(t, "2026-11-23 10:30")).Branch].Name; got != want {
			t.Errorf("%.20s… of %d bytes: got %s, want %s", name, len(name), got, want)
		}
	}
}

// TestManyNames finds the longest key that stands in a title, of however many there are.
func TestManyNames(t *testing.T) {
	t.Parallel()
	var keys []string
	for i := range 5000 {
		keys = append(keys, fmt.Sprintf("Team %d", i))
	}
	n := namesOf(append([]string{"Anna-Maria von Berg", "Anna Maria"}, append(keys, "Anna", "!!")...))
	for title, want := range map[string]int{
		"on call: Anna-Maria von Berg!": 0, "Anna Maria": 1, "anna, maria": 1, "Anna": 5002, "Annas": -1,
		"Team 4711 today": 2 + 4711, "Team": -1,
		"Team 12 and Team 11": 2 + 11, "": 5003, "?!": 5003, strings.Repeat("x ", 100) + "Team 7": 9,
		strings.Repeat("x ", 10_000) + "Team 7": -1,
	} {
		if got := n.find(patterns.Fold(title), nil); got != want {
			t.Errorf("%.40q: got %d, want %d", title, got, want)
		}
	}
}

// TestNamesLikeText finds the same as looking for each name in the title.
func TestNamesLikeText(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(7, 11))
	text := func(most int) string {
		words := make([]string, 1+random.IntN(most))
		for i := range words {
			words[i] = string(rune('a' + random.IntN(3)))
		}
		return strings.Join(words, " ")
	}
	for range 2000 {
		keys := longestFirst([]string{text(5), text(5), text(3), text(9)})
		title := text(12)
		want := slices.IndexFunc(keys, func(key string) bool { return strings.Contains(" "+title+" ", " "+key+" ") })
		if got := namesOf(keys).find(title, nil); got != want {
			t.Fatalf("%q in %q: got %d, want %d", keys, title, got, want)
		}
	}
}
