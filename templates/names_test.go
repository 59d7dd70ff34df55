package templates

import (
	"strings"
	"testing"

	"github.com/callhours/callhours/internal/diag"

	"github.com/callhours/callhours/internal/growth"
	"github.com/callhours/callhours/templates/trees"
)

// TestNamesWithOtherSigns shows how keys that no name after a dot can spell are found, and how to
// write them.
func TestNamesWithOtherSigns(t *testing.T) {
	t.Parallel()
	const only = "a name after a dot has letters, digits and _ only, found "
	for _, c := range []struct{ text, want string }{
		{`{"a":"{{ .Data.after-hours }}"}`, `1:10: ` + only + `"after-hours"; write {{ get .Data "after-hours" }}`},
		{
			"{\"a\":\n \"x-y {{ \"b-c\" }} é {{ .Data.site.night-bell.id }}\"}",
			`2:24: ` + only + `"night-bell"; write {{ (get .Data.site "night-bell").id }}`,
		},
		{`{{ range .Data.on-call }}{{ end }}`, `1:10: ` + only + `"on-call"; write {{ get .Data "on-call" }}`},
		{
			"{{ with .Data }}\n{{ .box-1 }}{{ end }}",
			`2:4: ` + only + `"box-1"; write {{ get . "box-1" }}, or {{ sub .box 1 }}`,
		},
		{`{{ .Data.über-gabe | upper }}`, `1:4: ` + only + `"über-gabe"; write {{ get .Data "über-gabe" }}`},
		{`{{ (.Data).a-b }}`, `1:10: ` + only + `"a-b"; write {{ get (…) "a-b" }}`},
		{`{{ $.Data.a-b }}`, `1:4: ` + only + `"a-b"; write {{ get $.Data "a-b" }}`},
		{`{{ .Data.lines*2 }}`, `1:4: ` + only +
			`"lines*2"; write {{ get .Data "lines*2" }}, or {{ mul .Data.lines 2 }}`},
		{`{{ .Data.a/b }}`, `1:4: ` + only + `"a/b"; write {{ get .Data "a/b" }}`},
		{`{{ .Data.a:b }}`, `1:4: ` + only + `"a:b"; write {{ get .Data "a:b" }}`},
		{`{{ .Data.24h }}`, `1:4: ` + only + `"24h"; write {{ get .Data "24h" }}`},
		{`{{ .Data["front desk"] }}`, `1:4: ` + only + `"front desk"; write {{ get .Data "front desk" }}`},
		{`{{ .Data."front desk" }}`, `1:4: ` + only + `"front desk"; write {{ get .Data "front desk" }}`},
		{
			`{{ $a := 3 }}{{ $a-1 }}`,
			`1:17: the name of a variable has letters, digits and _ only, found "$a-1", or {{ sub $a 1 }}`,
		},
		{`{{ .Data['front desk'] }}`, `1:4: ` + only + `"front desk"; write {{ get .Data "front desk" }}`},
		{`{{ .Data.'my-key' }}`, `1:4: ` + only + `"my-key"; write {{ get .Data "my-key" }}`},
		{`{"a":"{{ .Data[\"my-key\"].id }}"}`, `1:10: ` + only + `"my-key"; write {{ (get .Data "my-key").id }}`},
		{
			`{"a":"{{ get .Data \"my-key\" }}"}`,
			`1:20: \" has no meaning in an action; write " alone, also where the action stands in a text`,
		},
		{
			`{{ index .Data my-key }}`,
			`1:16: "my-key" has no quotes; write a text or a key in double quotes, as in "my-key"`,
		},
		{
			`{{ .Data.x | default my-own-key }}`,
			`1:22: "my-own-key" has no quotes; write a text or a key in double quotes, as in "my-own-key"`,
		},
		{
			`{{ get .Data mykey }}`,
			`1:14: unknown function "mykey"; write a text or a key in double quotes, as in "mykey"`,
		},
		{
			`{{ .Data.key name }}`,
			`1:14: unknown function "name"; write a text or a key in double quotes, as in "name"`,
		},
		{`{{ .Data.list[0] }}`, `1:4: an element of a list is read by index; write {{ index .Data.list 0 }}`},
		{`{{ .Data.list.1 }}`, `1:4: an element of a list is read by index; write {{ index .Data.list 1 }}`},
		{`{{ .Data.list[2].id }}`, `1:4: an element of a list is read by index; write {{ (index .Data.list 2).id }}`},
		{`{{ .Data->key }}`, `1:4: names are joined with dots; write {{ .Data.key }}`},
		{`{{ Data["k"] }}`, `1:4: ` + only + `"k"; write {{ get .Data "k" }}`},
		{`{{ data.key }}`, `1:4: unknown function "data"; write .Data with a dot before it`},
		{
			`{{ .Data.on ? 1 : 2 }}`,
			`1:13: ? has no meaning here; write {{ if A }}B{{ else }}C{{ end }}, or {{ .Data.x | default "y" }}`,
		},
		{`{{ .Call.caller-number }}`, `1:4: ` + only + `"caller-number"; write {{ .Call.CallerNumber }}`},
		{`{{ $.Call.Caller-ID-Name }}`, `1:4: ` + only + `"Caller-ID-Name"; write {{ $.Call.CallerName }}`},
		{`{{ .Caller-ID-Number }}`, `1:4: ` + only + `"Caller-ID-Number"; write {{ .Call.CallerNumber }}`},
		{`{{ .Call.From-User }}`, `1:4: ` + only + `"From-User"; write {{ .Call.From }}`},
		{
			`{{ .Call.my-var }}`, `1:4: ` + only +
				`"my-var"; write {{ .Call.Var "my-var" }} for a variable of the call, or {{ .Call.Param "my-var" }} for a parameter of Kazoo`,
		},
		{`{{ .Var.my-var }}`, `1:4: ` + only + `"my-var"; write {{ .Call.Var "my-var" }}`},
		{`{{ .Call.Vars.my-var }}`, `1:4: ` + only + `"my-var"; write {{ .Call.Var "my-var" }}`},
		{`{{ .Call.Custom-Application-Vars.step }}`, `1:4: ` + only +
			`"Custom-Application-Vars"; write {{ .Call.Var "step" }}`},
		{`{{ $.Call.Header.X-Step }}`, `1:4: ` + only + `"X-Step"; write {{ $.Call.Header "X-Step" }}`},
		{`{{ .Call.Var.step }}`, `1:4: .Call.Var is not a map; write .Call.Var "step"`},
		{`{{ .Var.step }}`, `1:4: .Var is not known; write .Call.Var "NAME"`},
		{`{{ .CallerID }}`, `1:4: .CallerID is not known; did you mean ".Call.CallerNumber"?`},
		{`{{ .Event.start-time }}`, `1:4: ` + only + `"start-time"; write {{ .Event.Start }}`},
		{`{{ .Route.my-name }}`, `1:4: ` + only + `"my-name"; .Route has Language, Name, Timezone`},
		{`{{ .Values.my-key.x }}`, `1:4: ` + only + `"my-key"; write {{ (get .Data "my-key").x }}`},
		{`{{ .Match.Value.my-key }}`, `1:4: ` + only + `"my-key"; write {{ get .Match.Value "my-key" }}`},
		{`{{ .Values.key }}`, `1:4: .Values is not known; did you mean ".Data"?`},
		{`{{ to-upper "a" }}`, `1:4: the name of a function has letters and digits only, found "to-upper"`},
		{`{{ .Data.id-}}`, `1:4: expected a blank before -}}, as in {{ .Data.id -}}`},
	} {
		_, mistakes := (&Library{zone: nil}).ParseText(diag.Pos{File: "t", Line: 1, Col: 1}, c.text)
		if len(mistakes) != 1 {
			t.Errorf("%s: got %v, want one mistake", c.text, mistakes)
			continue
		}
		if got := mistakes[0].Error(); got != "t:"+c.want {
			t.Errorf("%s:\ngot  %s\nwant %s", c.text, got, c.want)
		}
	}
}

// TestNamesAreFoundInOnePass: a text of a hundred thousand names costs no more than a look at each.
func TestNamesAreFoundInOnePass(t *testing.T) {
	if growth.UnderRace {
		t.Skip("it runs in one goroutine for long; the run without the race detector has it")
	}
	t.Parallel()
	text := strings.Repeat("{{ .Data.a }}\n", 20_000) + "{{ .Data.a-b }}"
	s := &source{trees.NewSource(diag.Pos{File: "t", Line: 1, Col: 1}, text), "t", nil}
	if m, ok := s.misnamed(20_001, "bad character U+002D '-'"); !ok || m.Line != 20_001 || m.Col != 4 {
		t.Errorf("got %v, %t", m, ok)
	}
	lines := lineCounter{text: text, line: 1}
	for i := 0; i <= 20_000*14; i += 14 {
		if got := lines.lineAt(i); got != i/14+1 || lines.at != i {
			t.Fatalf("byte %d: got line %d", i, got)
		}
	}
}

// TestDefaultTrue shows which pipelines can give nothing but true, and how to write what is meant.
func TestDefaultTrue(t *testing.T) {
	t.Parallel()
	const says = " gives true also where the value is set to false, which counts as empty; write {{ "
	for _, c := range []struct{ text, want string }{
		{`{{ default true .Data.record }}`, `t:1:4: default` + says + `dig "record" true .Data }}`},
		{`{{ .Data.site.record | default true }}`, `t:1:24: default` + says + `dig "site" "record" true .Data }}`},
		{`{{ default (true) .Data.record }}`, `t:1:4: default` + says + `dig "record" true .Data }}`},
		{`{{ $d := not false }}{{ default $d .Data.record }}`, `t:1:25: default` + says + `dig "record" true .Data }}`},
		{
			`{{ $f := .Data.record }}{{ $f | default (not false) }}`,
			`t:1:33: default` + says + `dig "record" true .Data }}`,
		},
		{
			`{{ with $f := .Data.record }}{{ default true $f }}{{ end }}`,
			`t:1:33: default` + says + `dig "record" true .Data }}`,
		},
		{`{{ get .Data "my-key" | default true }}`, `t:1:25: default` + says + `dig "my-key" true .Data }}`},
		{`{{ default true (get .Data.site "a").b }}`, `t:1:4: default` + says + `dig "site" "a" "b" true .Data }}`},
		{`{{ default true (index $.Data "a" "b") }}`, `t:1:4: default` + says + `dig "a" "b" true $.Data }}`},
		{
			`{{ range $x := .Data.list }}{{ $x.on | default true }}{{ end }}`,
			`t:1:40: default` + says + `dig "on" true $x }}`,
		},
		{
			`{{ .Data.a | print | default true }}`,
			`t:1:22: default gives true also where the value is set to false, which counts as empty; declare a default in the template's header`,
		},
		{`{{ if or .Data.site.record true }}a{{ end }}`, `t:1:7: or` + says + `dig "site" "record" true .Data }}`},
		{`{{ coalesce .Data.a .Data.b true }}`, `t:1:4: coalesce` + says + `dig "a" true .Data }}`},
		{`{{ .Data.a | or true }}`, `t:1:14: or` + says + `dig "a" true .Data }}`},
		{`{{ with .Data.a }}{{ default true .b }}{{ end }}`, `t:1:22: default` + says + `dig "b" true . }}`},

		{
			`{{ default .Data.a true }}`,
			`t:1:4: default gives true always; the value to use instead comes first: default true .Data.a`,
		},
		{
			`{{ default .Data.a "x" }}`,
			`t:1:4: default gives "x" always; the value to use instead comes first: default "x" .Data.a`,
		},

		{`{{ default "a" "b" }}{{ default .Data.a "" }}{{ default .Data.a .Data.b }}`, ""},
		{`{{ default false .Data.record }}{{ default "true" .Data.x }}{{ default 20 .Data.timeout }}`, ""},
		{`{{ $d := true }}{{ if .Data.a }}{{ $d = false }}{{ end }}{{ default $d .Data.b }}`, ""},
		{`{{ dig "record" true .Data }}{{ or .Data.a .Data.b }}{{ coalesce .Data.a "x" }}{{ and .Data.a true }}`, ""},
	} {
		got, mistakes := (&Library{}).ParseText(diag.Pos{File: "t", Line: 1, Col: 1}, c.text)
		if mistakes != nil {
			t.Fatalf("%s: %v", c.text, mistakes)
		}
		said := ""
		for _, w := range got.Warnings() {
			said += w.Error()
		}
		if said != c.want && said != c.want+", or declare a default in the template's header" {
			t.Errorf("%s:\ngot  %s\nwant %s", c.text, said, c.want)
		}
	}
}
