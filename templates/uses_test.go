package templates

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestUses(t *testing.T) {
	t.Parallel()
	everything := Uses{
		Call: []string{".Call"}, Clock: []string{".Now"}, Event: true, Until: true, Match: true,
		AllData: true, Names: []string{".Branch", ".Route", ".Tenant"},
	}
	for _, c := range []struct {
		text string
		want Uses
	}{
		{`{}`, Uses{}},
		{`{{ .Route.Name }}{{ .Tenant }}{{ .Branch.State }}`, Uses{Names: []string{".Branch", ".Route", ".Tenant"}}},
		{`{{ with .Route }}{{ .Name }}{{ end }}`, Uses{Names: []string{".Route"}}},
		{`{{ .Call.From }}`, Uses{Call: []string{".Call.From"}}},
		{`{{ if false }}{{ else }}{{ toJson (upper .Call.From) }}{{ end }}`, Uses{Call: []string{".Call.From"}}},
		{`{{ .Now.Unix }}`, Uses{Clock: []string{".Now"}}},
		{`{{ now }}`, Uses{Clock: []string{"now"}}},
		{`{{ if .Data.x }}{{ fail "no" }}{{ end }}`, Uses{Data: []string{"x"}, Fail: true}},
		{`{{ define "no" }}{{ "it" | printf "%s" | fail }}{{ end }}{{ template "no" }}`, Uses{Fail: true}},
		{`{{ spoken now }}`, Uses{Day: true, Language: true, Clock: []string{"now"}}},
		{`{{ .Data.x | phone }}`, Uses{Language: true, Data: []string{"x"}}},
		{`{{ default now "" }}`, Uses{Clock: []string{"now"}}},
		{`{{ now.Unix }}`, Uses{Clock: []string{"now"}}},
		{`{{ .Event.Summary }}`, Uses{Event: true}},
		{`{{ range .Events }}{{ .Call }}{{ .Data }}{{ end }}`, Uses{Event: true}},
		{`{{ .Event.End | ago }}`, Uses{Event: true, Clock: []string{"ago"}}},
		{`{{ date "15" .Until }}`, Uses{Until: true}},
		{`{{ with .Match }}{{ .Name }}{{ $.Until }}{{ end }}`, Uses{Match: true, Until: true}},
		{`{{ with next "open" }}{{ .Start }}{{ end }}`, Uses{Next: true}},
		{`{{ range on "b" }}{{ end }}{{ on "a" | len }}`, Uses{Calendars: []string{"a", "b"}}},
		{`{{ .Data.b.c }}{{ $.Data.a }}{{ .Data.b }}`, Uses{Data: []string{"a", "b"}}},
		{
			`{{ get .Data "a" }}{{ index $.Data "b" "c" }}{{ hasKey .Data "c" }}{{ dig "d" "e" 1 .Data }}`,
			Uses{Data: []string{"a", "b", "c", "d"}},
		},
		{`{{ get .Data .Call.To }}`, Uses{Call: []string{".Call.To"}, AllData: true}},
		{`{{ .Data | toJson }}`, Uses{AllData: true}},
		{`{{ toJson .Data }}`, Uses{AllData: true}},
		{`{{ range .Data }}{{ end }}`, Uses{AllData: true}},
		{`{{ $d := .Data }}{{ $d.x }}`, Uses{AllData: true}},
		{`{{ with .Data }}{{ .x }}{{ end }}`, Uses{Data: []string{"x"}}},
		{`{{ (.Data).x }}`, Uses{Data: []string{"x"}}},
		{`{{ with $x := .Data }}{{ .x }}{{ end }}`, Uses{AllData: true, Data: []string{"x"}}},
		{`{{ with .Event }}{{ . }}{{ else }}{{ .Call.To }}{{ end }}`, Uses{Event: true, Call: []string{".Call.To"}}},
		{`{{ . }}`, everything},
		{`{{ $x := $ }}`, everything},
		{`{{ dict "root" . | len }}`, everything},
		{`{{ .Call.Var (print .) }}`, func() Uses {
			u := everything
			u.Call = []string{".Call", ".Call.Var"}
			return u
		}()},
		{
			`{{ if .Call.From }}{{ end }}{{ if and .Data.x (not .Data.y.z) }}{{ end }}`,
			Uses{Call: []string{".Call.From"}, Data: []string{"x", "y"}},
		},
		{
			`{{ define "a" }}{{ .Call.To }}{{ $.Data.x }}{{ end }}{{ template "a" . }}`,
			Uses{Call: []string{".Call.To"}, Data: []string{"x"}},
		},
		{`{{ define "a" }}{{ .Call.To }}{{ end }}{{ template "a" .Event }}`, Uses{Event: true}},
		{`{{ define "a" }}{{ .x }}{{ end }}{{ template "a" .Data }}`, Uses{Data: []string{"x"}}},
		{`{{ define "a" }}{{ .Call.To }}{{ end }}`, Uses{}},
		{
			`{{ define "a" }}{{ with .Call }}{{ template "a" $ }}{{ end }}{{ end }}{{ template "a" . }}`,
			Uses{Call: []string{".Call"}},
		},
	} {
		if diff := cmp.Diff(c.want, mustParse(t, c.text).Uses()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.text, diff)
		}
	}
}

func TestWants(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ text, want string }{
		{`{{ .Event.Summary }}`, `1:4 .Event`},
		{`{{ $.Event.Start | spoken }}{{ .Match.Name }}{{ .Until | spoken }}`, `1:4 .Event, 1:32 .Match, 1:49 .Until`},
		{
			`{{ with .Event }}{{ .Summary }}{{ $.Event.Start }}{{ else }}{{ .Event.UID }}{{ end }}{{ .Event.UID }}`,
			`1:64 .Event, 1:89 .Event`,
		},
		{`{{ if .Event }}{{ .Event.UID }}{{ end }}{{ if not .Event }}no{{ else }}{{ .Event.UID }}{{ end }}`, ``},
		{
			`{{ if and .Event .Data.x }}{{ .Event.UID }}{{ end }}{{ if or .Event .Data.x }}{{ .Event.UID }}{{ end }}`,
			`1:82 .Event`,
		},
		{
			`{{ if and .Event (eq .Event.UID "x") }}{{ .Event.UID }}{{ end }}{{ if or (not .Event) (eq .Event.UID "x") }}{{ end }}`, ``,
		},
		{`{{ if .Event.Summary }}{{ .Event.Summary }}{{ end }}{{ .Event.Summary | default "x" }}`, ``},
		{`{{ if eq .Event.Summary "x" }}{{ end }}`, `1:10 .Event`},
		{
			`{{ $e := .Event }}{{ with $e }}{{ .UID }}{{ end }}{{ $e.UID }}{{ if $e }}{{ $e.UID }}{{ end }}`,
			`1:54 .Event`,
		},
		{
			`{{ (next "open").Start }}{{ with next "open" }}{{ .Start }}{{ end }}{{ with $n := next "open" }}{{ $n.Start }}{{ end }}`, `1:17 next "open"`,
		},
		{`{{ if next "open" }}{{ spoken (next "open") }}{{ spoken (next "closed") }}{{ end }}`, `1:58 next "closed"`},
		{`{{ range .Events }}{{ .UID }}{{ end }}{{ default .Now .Event | toJson }}`, ``},
		{
			`{{ define "e" }}{{ .UID }}{{ end }}{{ template "e" .Event }}{{ with .Event }}{{ template "e" . }}{{ end }}`,
			`1:20 .Event`,
		},
		{`{{ define "e" }}{{ with . }}{{ .UID }}{{ end }}{{ end }}{{ template "e" .Event }}`, ``},
	} {
		var got []string
		for _, w := range mustParse(t, c.text).Wants() {
			got = append(got, fmt.Sprintf("%d:%d %s", w.Line, w.Col, w.Name))
		}
		if strings.Join(got, ", ") != c.want {
			t.Errorf("%s\ngot  %s\nwant %s", c.text, strings.Join(got, ", "), c.want)
		}
	}
}

func TestAbsent(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ text, want string }{
		{`{{ if .Data.lobby }}yes{{ else }}no{{ end }}`, `no`},
		{`{{ if .Data.lobby.deep.er }}yes{{ else if not .Data.lobby }}no{{ end }}`, `no`},
		{`{{ with .Data.lobby }}{{ . }}{{ else with .Data.front_desk }}{{ . }}{{ end }}`, `0123`},
		{`{{ with $x := $.Data.lobby }}{{ . }}{{ else }}none{{ end }}`, `none`},
		{
			`{{ .Data.lobby | default "x" }}{{ default "y" .Data.lobby }}{{ coalesce .Data.lobby .Data.empty "z" }}`,
			`xyz`,
		},
		{
			`{{ if and .Data.lobby .Data.nope }}1{{ end }}{{ if or .Data.lobby .Data.front_desk }}2{{ end }}{{ if (not (.Data.lobby)) }}3{{ end }}`, `23`,
		},
		{
			`{{ with .Data }}{{ if .lobby }}1{{ else }}2{{ end }}{{ end }}{{ $d := .Data }}{{ if $d.lobby }}1{{ else }}2{{ end }}`, `22`,
		},
		{
			`{{ if .Event.Summary }}{{ .Event.Summary }}{{ end }}{{ if .Until.Unix }}1{{ end }}{{ if .Match.Name }}{{ else }}2{{ end }}`, `Open12`,
		},
		{
			`{{ if .Data.front_desk.id }}{{ end }}`,
			`error t:1:7: .Data.front_desk.id is not known: a text has no fields`,
		},
		{
			`{{ if .Call.Form }}{{ end }}`,
			`error t:1:7: .Call.Form is not known; a call has CallerName, From, To, Var; did you mean "From"?`,
		},
		{`{{ if eq .Data.lobby "x" }}{{ end }}`, `error t:1:10: .Data.lobby is not set`},
		{`{{ .Data.lobby | upper }}`, `error t:1:4: .Data.lobby is not set`},
		{`{{ range .Data.lobby }}{{ end }}`, `error t:1:10: .Data.lobby is not set`},
	} {
		got, err := execute(t, c.text)
		if err != nil {
			got = "error " + err.Error()
		}
		if got != c.want {
			t.Errorf("%s\ngot  %s\nwant %s", c.text, got, c.want)
		}
	}
}
