package templates

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestUses(t *testing.T) {
	t.Parallel()
	everything := Uses{Call: true, Now: true, Event: true, Until: true, Match: true, AllData: true}
	for _, c := range []struct {
		text string
		want Uses
	}{
		{`{}`, Uses{}},
		{`{{ .Route.Name }}{{ .Tenant }}{{ .Branch.State }}`, Uses{}},
		{`{{ .Call.From }}`, Uses{Call: true}},
		{`{{ if false }}{{ else }}{{ toJson (upper .Call.From) }}{{ end }}`, Uses{Call: true}},
		{`{{ .Now.Unix }}`, Uses{Now: true}},
		{`{{ now }}`, Uses{Now: true}},
		{`{{ spoken now }}`, Uses{Now: true, Language: true}},
		{`{{ .Data.x | phone }}`, Uses{Language: true, Data: []string{"x"}}},
		{`{{ default now "" }}`, Uses{Now: true}},
		{`{{ now.Unix }}`, Uses{Now: true}},
		{`{{ .Event.Summary }}`, Uses{Event: true}},
		{`{{ range .Events }}{{ .Call }}{{ .Data }}{{ end }}`, Uses{Event: true}},
		{`{{ .Event.End | ago }}`, Uses{Event: true, Now: true}},
		{`{{ date "15" .Until }}`, Uses{Until: true}},
		{`{{ with .Match }}{{ .Name }}{{ $.Until }}{{ end }}`, Uses{Match: true, Until: true}},
		{`{{ with next "open" }}{{ .Start }}{{ end }}`, Uses{Next: true}},
		{`{{ range on "b" }}{{ end }}{{ on "a" | len }}`, Uses{Calendars: []string{"a", "b"}}},
		{`{{ .Data.b.c }}{{ $.Data.a }}{{ .Data.b }}`, Uses{Data: []string{"a", "b"}}},
		{`{{ get .Data "a" }}{{ index $.Data "b" "c" }}{{ hasKey .Data "c" }}{{ dig "d" "e" 1 .Data }}`, Uses{Data: []string{"a", "b", "c", "d"}}},
		{`{{ get .Data .Call.To }}`, Uses{Call: true, AllData: true}},
		{`{{ .Data | toJson }}`, Uses{AllData: true}},
		{`{{ toJson .Data }}`, Uses{AllData: true}},
		{`{{ range .Data }}{{ end }}`, Uses{AllData: true}},
		{`{{ $d := .Data }}{{ $d.x }}`, Uses{AllData: true}},
		{`{{ with .Data }}{{ .x }}{{ end }}`, Uses{Data: []string{"x"}}},
		{`{{ (.Data).x }}`, Uses{Data: []string{"x"}}},
		{`{{ with $x := .Data }}{{ .x }}{{ end }}`, Uses{AllData: true, Data: []string{"x"}}},
		{`{{ with .Event }}{{ . }}{{ else }}{{ .Call.To }}{{ end }}`, Uses{Event: true, Call: true}},
		{`{{ . }}`, everything},
		{`{{ $x := $ }}`, everything},
		{`{{ dict "root" . | len }}`, everything},
		{`{{ .Call.Var (print .) }}`, everything},
		{`{{ define "a" }}{{ .Call.To }}{{ $.Data.x }}{{ end }}{{ template "a" . }}`, Uses{Call: true, Data: []string{"x"}}},
		{`{{ define "a" }}{{ .Call.To }}{{ end }}{{ template "a" .Event }}`, Uses{Event: true}},
		{`{{ define "a" }}{{ .x }}{{ end }}{{ template "a" .Data }}`, Uses{Data: []string{"x"}}},
		{`{{ define "a" }}{{ .Call.To }}{{ end }}`, Uses{}},
		{`{{ define "a" }}{{ with .Call }}{{ template "a" $ }}{{ end }}{{ end }}{{ template "a" . }}`, Uses{Call: true}},
	} {
		if diff := cmp.Diff(c.want, mustParse(t, c.text).Uses()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.text, diff)
		}
	}
}
