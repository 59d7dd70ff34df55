package config

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestTranslatedPlans: a route's language selects the translation of the plan office. Its branches,
// states and rules are the same in every language, so that whatever refers to them stays right.
func TestTranslatedPlans(t *testing.T) {
	t.Parallel()
	languages := []struct{ tag, file string }{
		{"en", "plans.yaml"},
		{"", "plans.yaml"},
		{"it", "plans.yaml"},
		{"zz-zz", "plans.yaml"},
		{"de", "plans.de.yaml"},
		{"DE-at", "plans.de.yaml"},
		{"deu", "plans.de.yaml"},
		{"es-mx", "plans.es.yaml"},
		{"fr-ca", "plans.fr.yaml"},
	}
	const head = "timezone: Europe/Berlin\ncalendars: {h: {file: h.ics}}\n"
	text := head + "routes:\n"
	for i, l := range languages {
		text += fmt.Sprintf("  - {name: r%d, language: %q, plan: office, calendars: {hours: h, closures: h}}\n", i, l.tag)
	}
	text = strings.ReplaceAll(text, ` language: "",`, "")
	shape := func(r *Route) (out []string) {
		for _, b := range r.Branches {
			conditions := 0
			b.When.walk(func(*Condition) { conditions++ })
			out = append(out, fmt.Sprintf("%s %s %s %d", b.Name, b.State, b.Template.S, conditions))
		}
		return append(out, fmt.Sprint(r.Plan, r.Unknown, r.Fallback))
	}
	f := load(t, "callhours.yaml", text, "h.ics", "")
	for i, r := range f.Routes {
		if diff := cmp.Diff(shape(f.Routes[0]), shape(r)); diff != "" {
			t.Errorf("%q: (-English +translated):\n%s", languages[i].tag, diff)
		}
		if got, want := r.Branches[0].Pos.File, "(built-in) "+languages[i].file; got != want {
			t.Errorf("%q: the plan is of %s, want %s", languages[i].tag, got, want)
		}
	}

	own := head + `
plans: {office: {branches: [{name: always, state: open, template: voicemail}]}}
routes: [{name: r, language: de, plan: office}]
`
	if f := load(t, "callhours.yaml", own, "h.ics", ""); len(f.Routes[0].Branches) != 1 {
		t.Errorf("the plan of the configuration does not hide the translation: %v", shape(f.Routes[0]))
	}
}
