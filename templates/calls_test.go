package templates

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/callhours/callhours/templates/funcs"
)

func TestPhoneInTemplates(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ text, want string }{
		{`{{ phone .Call.From }}`, "1, 4 1 5, 5 5 5, 0 1 0 0"},
		{`{{ .Call.To | phone }}`, "1 0 0"},
		{`{{ phone 911 }}`, "9 1 1"},
		{`{{ "*98" | phone "de-DE" }}`, "Stern 9 8"},
		{`{{ phone }}`, "t:1:4: phone: expected a telephone number, found 0 arguments"},
		{`{{ phone 1 2 }}`, `t:1:4: phone: expected a language such as "en" before a telephone number, found a number`},
		{`{{ phone (list 1) }}`, `t:1:4: phone: expected one value to write as text, found a list`},
	} {
		got, err := execute(t, c.text)
		if err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%s: got %q, want %q", c.text, got, c.want)
		}
	}
}

func TestSpokenInTemplates(t *testing.T) {
	t.Parallel()
	event := &struct {
		Start  time.Time
		AllDay bool
	}{at(0, 0).AddDate(0, 0, 3), true}
	for _, c := range []struct{ language, text, want string }{
		{"", `{{ .Data.event.Start | spoken }}`, "Thursday at midnight"},
		{"", `{{ spoken .Data.event }}`, "Thursday"},
		{"de-DE", `{{ spoken .Data.event }}`, "am Donnerstag"},
		{"de-DE", `{{ spoken .Event }}`, "heute um 9 Uhr"},
		{"de-DE", `{{ .Event.End | spoken "fr" }}`, "aujourd'hui à 17 heures"},
		{"de-DE", `{{ spoken "" .Event.End }}`, "today at 5 PM"},
		{"xx", `{{ spoken .Event.End }}`, "today at 5 PM"},
		{"es_MX", `{{ phone "*98" }}`, "asterisco 9 8"},
	} {
		d, env := sample(), sampleEnv()
		d.Data["event"], env.Language = event, c.language
		var b bytes.Buffer
		if err := mustParse(t, c.text).Execute(t.Context(), &b, d, env); err != nil || b.String() != c.want {
			t.Errorf("%s in %q: got %q and error %v, want %q", c.text, c.language, b.String(), err, c.want)
		}
	}
}

// TestIncomparable says in words of ours what cannot be compared.
func TestIncomparable(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`{{ eq .Data.front_desk 1 }}`:   "t:1:4: eq: expected two numbers or two texts to compare, found a text and a whole number; toString makes a text of a number, int a number of a text",
		`{{ lt 1.5 1 }}`:                "t:1:4: lt: expected two numbers or two texts to compare, found a number with a fraction and a whole number; float64 makes the one of the other",
		`{{ gt .Data.numbers 1 }}`:      "t:1:4: gt: expected two numbers or two texts to compare, found a list and a whole number",
		`{{ eq .Data .Data }}`:          "t:1:4: eq: a map cannot be compared; compare its elements",
		`{{ eq 1 }}`:                    "t:1:4: eq: expected at least 2 arguments, found 1",
		`{{ index .Data 1 }}`:           "t:1:4: index: expected a text for a key, found a number",
		`{{ index .Call "From" }}`:      "t:1:4: index: expected a list or a map, found an object",
		`{{ index .Data.numbers "1" }}`: "t:1:4: index: expected a whole number for a place in a list, found a text",
		`{{ index nil 1 }}`:             "t:1:4: index: expected a list or a map, found nothing; guard it with {{with}}",
	} {
		_, err := execute(t, text)
		if fmt.Sprint(err) != want {
			t.Errorf("%s\ngot:  %v\nwant: %s", text, err, want)
		}
	}
}

// TestOnce asks calendars once for each name in an execution, and again in the next one.
func TestOnce(t *testing.T) {
	t.Parallel()
	tmpl := mustParse(t,
		strings.Repeat(`{{ if on "a" }}{{ end }}{{ if next "open" }}{{ end }}{{ if next "closed" }}{{ end }}`, 50))
	asked := map[string]int{}
	find := func(name string) (any, error) { asked[name]++; return nil, nil }
	for range 2 {
		if err := tmpl.Execute(t.Context(), new(bytes.Buffer), sample(), funcs.Env{Next: find, On: find}); err != nil {
			t.Fatal(err)
		}
	}
	if asked["a"] != 2 || asked["open"] != 2 || asked["closed"] != 2 {
		t.Errorf("asked %v", asked)
	}
}
