package templates

import (
	"bytes"
	"maps"
	"slices"
	"testing"
	"testing/fstest"
	"time"

	"github.com/callhours/callhours/internal/diag"
	"github.com/callhours/callhours/templates/funcs"
)

// testData has the fields that render gives to templates.
type testData struct {
	Call   *testCall
	Route  testRoute
	Now    time.Time
	Branch testBranch
	Event  *testEvent
	Events []*testEvent
	Match  *testMatch
	Data   map[string]any
	until  time.Time
}

func (d *testData) Until() time.Time { return d.until }

type (
	testCall   struct{ From, To, CallerName string }
	testRoute  struct{ Name, Timezone, Language string }
	testBranch struct{ Name, State string }
	testMatch  struct{ Name, Value string }
	testEvent  struct {
		Summary    string
		Start, End time.Time
	}
	testSpan struct{ Start, End time.Time }
)

func (*testCall) Var(name string) string { return "var-" + name }

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

func sample() *testData {
	e := &testEvent{Summary: "Open", Start: at(9, 0), End: at(17, 0)}
	return &testData{
		Call: &testCall{From: "+14155550100", To: "100", CallerName: `x","module":"resources`}, Now: at(10, 30),
		Branch: testBranch{"open", "open"}, Event: e, Events: []*testEvent{e},
		Data: map[string]any{
			"front_desk": "0123", "voicemail": "4567", "empty": "", "numbers": []any{1, 2},
			"deep": map[string]any{"a": map[string]any{"key": 1}},
		}, until: at(17, 0),
	}
}

func sampleEnv() funcs.Env {
	return funcs.Env{
		Now: at(10, 30),
		Next: func(name string) (any, error) {
			if name == "open" {
				return &testSpan{at(9, 0).AddDate(0, 0, 1), at(17, 0).AddDate(0, 0, 1)}, nil
			}
			return nil, nil
		},
		On: func(string) (any, error) { return []*testEvent{{Summary: "Thanksgiving"}}, nil },
	}
}

// mustParse parses a template whose result is text; it stands in a file of its own.
func mustParse(t testing.TB, text string) *Template {
	t.Helper()
	l, mistakes := Load(Options{})
	if len(mistakes) > 0 {
		t.Fatalf("the built-in library: %v", diag.Mistakes(mistakes).Err())
	}
	tmpl, mistakes := l.ParseText(diag.Pos{File: "t", Line: 1, Col: 1}, text)
	if len(mistakes) > 0 {
		t.Fatalf("%s: %v", text, diag.Mistakes(mistakes).Err())
	}
	return tmpl
}

// parseCallflow parses a template that writes JSON; it stands in a file of its own.
func parseCallflow(text string) (*Template, []diag.Mistake) {
	l := &Library{}
	return l.Parse(diag.Pos{File: "t", Line: 1, Col: 1}, text)
}

// execute gives what a text writes for the sample.
func execute(t testing.TB, text string) (string, error) {
	t.Helper()
	var b bytes.Buffer
	err := mustParse(t, text).Execute(t.Context(), &b, sample(), sampleEnv())
	return b.String(), err
}

// load loads files of a directory that messages call "templates".
func load(files map[string]string) (*Library, []diag.Mistake) {
	dir := fstest.MapFS{}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		dir[name] = &fstest.MapFile{Data: []byte(files[name])}
	}
	return Load(Options{Dir: dir, Path: "./templates"})
}
