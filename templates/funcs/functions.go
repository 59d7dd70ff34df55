package funcs

import (
	"cmp"
	"fmt"
	"maps"
	"reflect"
	"slices"

	"github.com/callhours/callhours/internal/diag"
)

// Function is a function that templates may call.
type Function struct {
	Name    string
	Doc     string // what it does, one sentence without its full stop
	Example string // a template, " → " and what it writes
	Source  string // who gave it its name and meaning: "sprig", "go" (text/template) or "callhours"
}

// All lists the functions by name. No other can be called.
func All() []Function {
	var all []Function
	add := func(source string, list []function) {
		for _, f := range list {
			all = append(all, Function{f.name, f.doc, f.example, source})
		}
	}
	add("callhours", ownFunctions)
	add("go", goFunctions)
	add("sprig", textFunctions)
	add("sprig", listFunctions)
	add("sprig", otherFunctions)
	slices.SortFunc(all, func(a, b Function) int { return cmp.Compare(a.Name, b.Name) })
	return all
}

// function is an entry of the allow-list. bind gives the Go function for one run; nil where
// text/template has it.
type function struct {
	name, doc, example string
	bind               func(r *Run) any
}

// functions is the allow-list, by name.
var functions = func() map[string]function {
	m := map[string]function{}
	for _, list := range [][]function{ownFunctions, goFunctions, textFunctions, listFunctions, otherFunctions} {
		for _, f := range list {
			m[f.name] = f
		}
	}
	return m
}()

// Known reports whether templates may call a function.
func Known(name string) bool {
	_, ok := functions[name]
	return ok
}

// Suggest ends the message about a function that is not known.
func Suggest(name string) string { return diag.Suggest(name, slices.Collect(maps.Keys(functions))) }

// CheckCount is why a known function cannot be called with so many arguments; "" if it can, and
// where text/template reports it.
func CheckCount(name string, given int) string {
	f := functions[name]
	if f.bind == nil {
		return ""
	}
	t := reflect.TypeOf(f.bind(&Run{}))
	switch want := t.NumIn(); {
	case t.IsVariadic() && given < want-1:
		return fmt.Sprintf("%s needs at least %s, found %d", name, Arguments(want-1), given)
	case !t.IsVariadic() && given != want:
		return fmt.Sprintf("%s needs %s, found %d", name, Arguments(want), given)
	}
	return ""
}

// CheckPattern is why a text cannot be the pattern of regexMatch and its like; nil if it can.
func CheckPattern(expr string) error {
	_, err := compile(expr)
	return err
}

// Arguments says a number of arguments.
func Arguments(n int) string {
	if n == 1 {
		return "1 argument"
	}
	return fmt.Sprintf("%d arguments", n)
}

var ownFunctions = []function{
	{
		"ago", "the time between a time and the call", `{{ ago .Event.Start }} → 1h30m0s`,
		func(r *Run) any { return r.ago },
	},
	{
		"date", "a time in the route's zone, in the format of a Go layout", `{{ date "15:04" .Event.End }} → 17:00`,
		func(r *Run) any { return r.date },
	},
	{
		"dateInZone", "the same in another zone", `{{ dateInZone "15:04" .Event.End "Europe/Berlin" }} → 23:00`,
		func(r *Run) any { return r.dateInZone },
	},
	{
		"htmlDate", "a date such as 2026-12-24", `{{ htmlDate .Event.End }} → 2026-11-23`,
		func(r *Run) any { return r.htmlDate },
	},
	{
		"next", "the next span of a branch or state after .Now, by any of its events; absent if none is planned",
		`{{ with next "open" }}{{ spoken .Start }}{{ end }} → tomorrow at 9 AM`, func(r *Run) any { return r.next },
	},
	{"now", "the time of the call, like .Now", `{{ now | date "15:04" }} → 10:30`, func(r *Run) any { return r.now }},
	{
		"on",
		"the events that are on in a calendar, whose name is in quotes; with more than 1,000 at once the fallback answers",
		`{{ range on "holidays" }}{{ .Summary }}{{ end }} → Thanksgiving`, func(r *Run) any { return r.on },
	},
	{
		"phone",
		"a telephone number as single digits for text-to-speech, in the call's language or that of a tag before it",
		`{{ phone "+1 (415) 555-0100" }} → 1, 4 1 5, 5 5 5, 0 1 0 0`, func(r *Run) any { return r.phone },
	},
	{
		"spoken", "a time in words, in the call's language or that of a tag before it",
		`{{ spoken .Event.End }} → today at 5 PM`, func(r *Run) any { return r.spoken },
	},
	{
		"toDate", "a time parsed with a Go layout, in the route's zone",
		`{{ toDate "2006-01-02" "2026-12-24" | spoken }} → Thursday, December 24 at midnight`,
		func(r *Run) any { return r.toDate },
	},
	{
		"toJson", "any value as JSON, quotes included", `{{ toJson .Event.Summary }} → "Open"`,
		func(r *Run) any { return r.toJSON },
	},
}

var goFunctions = []function{
	{"and", "the first empty argument, or the last", `{{ and 1 0 }} → 0`, nil},
	{
		"eq", "whether the first is equal to any of the others", `{{ eq .Branch.Name "open" "closed" }} → true`,
		func(r *Run) any { return r.eq },
	},
	{"ge", "greater or equal", `{{ ge 2 2 }} → true`, func(r *Run) any { return r.ge }},
	{"gt", "greater", `{{ gt 2 1 }} → true`, func(r *Run) any { return r.gt }},
	{"index", "an element of a list or map", `{{ index .Data "front_desk" }} → 0123`, func(r *Run) any {
		return r.index
	}},
	{"le", "less or equal", `{{ le 2 1 }} → false`, func(r *Run) any { return r.le }},
	{"len", "the number of elements of a list or map, or of bytes of a text", `{{ len "abc" }} → 3`, nil},
	{"lt", "less", `{{ lt 1 2 }} → true`, func(r *Run) any { return r.lt }},
	{"ne", "not equal", `{{ ne 1 2 }} → true`, func(r *Run) any { return r.ne }},
	{"not", "true for an empty value", `{{ not "" }} → true`, nil},
	{"or", "the first argument that is not empty, or the last", `{{ or "" "a" }} → a`, nil},
	{"print", "values one after the other", `{{ print "a" 1 }} → a1`, func(r *Run) any { return r.print }},
	{
		"printf", "formatted values; without * and %q", `{{ printf "%s-%03d" "a" 7 }} → a-007`,
		func(r *Run) any { return r.printf },
	},
	{
		"println", "values separated by blanks, with a line end", "{{ println \"a\" 1 | trim }} → a 1",
		func(r *Run) any { return r.println },
	},
}
