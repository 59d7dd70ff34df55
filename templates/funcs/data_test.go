package funcs

import (
	"strings"
	"testing"
	"text/template"
	"time"
)

// docs is the page that says what functions give.
const docs = "../../docs/template-functions.md"

var newYork = mustZone("America/New_York")

func mustZone(name string) *time.Location {
	zone, err := time.LoadLocation(name)
	if err != nil {
		panic(err)
	}
	return zone
}

// at is a moment of Monday, 23 November 2026, in New York.
func at(hour, minute int) time.Time { return time.Date(2026, 11, 23, hour, minute, 0, 0, newYork) }

// write executes a text with all functions.
func write(t testing.TB, text string, data any) (string, error) {
	t.Helper()
	r := NewRun(NewLiterals(time.LoadLocation))
	if err := r.Begin(t.Context(), Env{Now: at(10, 30)}); err != nil {
		t.Fatal(err)
	}
	bound := template.FuncMap{}
	for _, f := range All() {
		if bind := r.Bind(f.Name); bind != nil {
			bound[f.Name] = bind
		}
	}
	parsed, err := template.New("t").Funcs(bound).Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	err = parsed.Execute(&b, data)
	return b.String(), err
}
