package jsonsafe_test

import (
	"strings"
	"testing"

	"github.com/callhours/callhours/internal/diag"
)

// odd is data that breaks JSON which is put together by hand.
func odd() map[string]any {
	return map[string]any{"Data": map[string]any{
		"s": `x","module":"resources`, "n": 7, "b": true, "nil": nil, "ctl": "\x00\a\x7f\xff\u2028<é>", "f": 1.5,
		"list": []any{"a", 1, nil, []any{}}, "empty": []any{}, "map": map[string]any{`k"`: "v", "a": 1},
		"tree": map[string]any{"id": "1", "next": map[string]any{"id": "2", "next": nil}},
		"yes":  true, "no": false,
	}}
}

func TestEncoding(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, text, want string }{
		{"a value", `{"id": {{ .Data.s }}}`, `{"id": "x\",\"module\":\"resources"}`},
		{"in quotes", `{"id": "{{ .Data.s }}"}`, `{"id": "x\",\"module\":\"resources"}`},
		{"among text in quotes", `{"t": "<{{ .Data.s }} {{ .Data.n }}>"}`, `{"t": "<x\",\"module\":\"resources 7>"}`},
		{
			"control characters", `["{{ .Data.ctl }}",{{ .Data.ctl }}]`,
			"[\"\\u0000\\u0007\x7f\ufffd\u2028<é>\",\"\\u0000\\u0007\x7f\ufffd\u2028<é>\"]",
		},
		{"numbers and words", `[{{ .Data.n }},{{ .Data.b }},{{ .Data.nil }},{{ .Data.f }}]`, `[7,true,null,1.5]`},
		{"numbers and words in quotes", `["{{ .Data.n }}","{{ .Data.b }}","{{ .Data.f }}"]`, `["7","true","1.5"]`},
		{
			"lists and maps", `[{{ .Data.list }},{{ .Data.map }},{{ .Data.empty }}]`,
			`[["a",1,null,[]],{"a":1,"k\"":"v"},[]]`,
		},
		{
			"member names", `{"{{ .Data.s }}": 1, {{ .Data.n }}: 2, "a{{ .Data.n }}": 3}`,
			`{"x\",\"module\":\"resources": 1, "7": 2, "a7": 3}`,
		},
		{"the whole answer", ` {{ .Data.map }} `, ` {"a":1,"k\"":"v"} `},
		{
			"toJson", `[{{ toJson .Data.s }},{{ .Data.list | toJson }},{{ list (toJson .Data.s) }}]`,
			`["x\",\"module\":\"resources",["a",1,null,[]],["x\",\"module\":\"resources"]]`,
		},
		{"toJson by a variable", `{{ $j := toJson .Data.s }}[{{ $j }}]`, `["x\",\"module\":\"resources"]`},
		{"JSON as text", `["{{ print (toJson .Data.map) }}"]`, `["{\"a\":1,\"k\\\"\":\"v\"}"]`},
		{"escapes of the author", `["\u00e9\n\"{{ .Data.n }}\ud83d\ude00"]`, `["\u00e9\n\"7\ud83d\ude00"]`},
		{"literals", `[-0.5e+3,true,false,null,0,10{{ if .Data.yes }},1{{ end }}]`, `[-0.5e+3,true,false,null,0,10,1]`},

		{"if and else", `{"a": {{ if .Data.yes }}1{{ else }}"{{ .Data.s }}"{{ end }}}`, `{"a": 1}`},
		{"else if", `[{{ if .Data.no }}1{{ else if .Data.yes }}{{ .Data.n }}{{ else }}[]{{ end }}]`, `[7]`},
		{"an if in a string", `["a{{ if .Data.yes }}{{ .Data.s }}{{ end }}"]`, `["ax\",\"module\":\"resources"]`},
		{"an if with a member", `{"a": 1{{ if .Data.yes }}, "b": {{ .Data.n }}{{ end }}}`, `{"a": 1, "b": 7}`},
		{
			"with", `{"a": 1{{ with .Data.nil }}, "b": {{ . }}{{ end }}{{ with .Data.n }}, "c": "{{ . }}"{{ end }}}`,
			`{"a": 1, "c": "7"}`,
		},
		{"an element that may be missing", `[{{ if .Data.no }}1{{ end }}]`, `[]`},
		{"a number that goes on", `[1{{ if .Data.yes }}2{{ end }}]`, `[12]`},
		{"trim markers", "[\n{{- .Data.n -}}\n, {{- /* no */ -}} 1 ]", `[7,1 ]`},
		{"comments", `{{/* a "quote */}}{"a":{{/* { */}}1}{{/* , */}}`, `{"a":1}`},
		{"a comment in a word", `[tr{{/* */}}ue]`, `[true]`},

		{
			"range with an index", `[{{ range $i, $e := .Data.list }}{{ if $i }}, {{ end }}{{ $e }}{{ end }}]`,
			`["a", 1, null, []]`,
		},
		{
			"range with gt", `[{{ range $i, $e := .Data.list }}{{ if gt $i 0 }},{{ end }}{{ $e }}{{ end }}]`,
			`["a",1,null,[]]`,
		},
		{
			"range with eq and else",
			`[{{ range $i, $e := .Data.list }}{{ if eq $i 0 }}{{ else }},{{ end }}{{ $e }}{{ end }}]`,
			`["a",1,null,[]]`,
		},
		{"range over nothing", `[{{ range $i, $e := .Data.empty }}{{ if $i }},{{ end }}{{ $e }}{{ end }}]`, `[]`},
		{
			"range with else",
			`[{{ range $i, $e := .Data.empty }}{{ if $i }},{{ end }}{{ $e }}{{ else }}"none"{{ end }}]`,
			`["none"]`,
		},
		{"range behind an element", `[0{{ range .Data.list }},{{ . }}{{ end }}]`, `[0,"a",1,null,[]]`},
		{"range before an element", `[{{ range .Data.list }}{{ . }},{{ end }}0]`, `["a",1,null,[],0]`},
		{
			"range with a flag",
			`{ {{- $first := true }}{{ range $k, $v := .Data.map }}{{ if not $first }},{{ end }}{{ $first = false }}"{{ $k }}":{{ $v }}{{ end }}}`, `{"a":1,"k\"":"v"}`,
		},
		{
			"members with a flag",
			`{ {{- $c := false }}{{ if .Data.no }}"a":1{{ $c = true }}{{ end }}{{ if .Data.yes }}{{ if $c }},{{ end }}"b":2{{ $c = true }}{{ end }}{{ if .Data.n }}{{ if $c }},{{ end }}"c":3{{ end }}}`, `{"b":2,"c":3}`,
		},
		{
			"break",
			`[{{ range $i, $e := .Data.list }}{{ if $i }},{{ end }}{{ if eq $i 2 }}null{{ break }}{{ end }}{{ $e }}{{ end }}]`, `["a",1,null]`,
		},
		{"continue", `[0{{ range .Data.list }}{{ if not . }}{{ continue }}{{ end }},{{ . }}{{ end }}]`, `[0,"a",1]`},
		{"range in a string", `["{{ range .Data.list }}{{ with . }}{{ . }}{{ end }}{{ end }}"]`, `["a1"]`},
		{"range of a number", `[{{ range $i, $e := until 3 }}{{ if $i }},{{ end }}{{ $e }}{{ end }}]`, `[0,1,2]`},
		{
			"nested ranges",
			`[{{ range $i, $e := until 2 }}{{ if $i }},{{ end }}[{{ range $j, $f := until 2 }}{{ if $j }},{{ end }}{{ add $e $f }}{{ end }}]{{ end }}]`, `[[0,1],[1,2]]`,
		},

		{
			"define", `{{ define "v" }}{"id": {{ . }}}{{ end }}[{{ template "v" .Data.s }}]`,
			`[{"id": "x\",\"module\":\"resources"}]`,
		},
		{"block", `[{{ block "v" .Data.n }}{{ . }}{{ end }}]`, `[7]`},
		{
			"one template in two contexts",
			`{{ define "v" }}{{ . }}{{ end }}{"{{ template "v" .Data.s }}": {{ template "v" .Data.s }}, {{ template "v" .Data.n }}: "{{ template "v" .Data.n }}"}`, `{"x\",\"module\":\"resources": "x\",\"module\":\"resources", "7": "7"}`,
		},
		{
			"members in a template", `{{ define "m" }}, "b": {{ . }}{{ end }}{"a": 1{{ template "m" .Data.n }}}`,
			`{"a": 1, "b": 7}`,
		},
		{
			"recursion",
			`{{ define "n" }}{"id": {{ .id }}{{ with .next }}, "next": {{ template "n" . }}{{ end }}}{{ end }}{{ template "n" .Data.tree }}`, `{"id": "1", "next": {"id": "2"}}`,
		},
		{
			"recursion in a list",
			`{{ define "n" }}[{{ if . }}{{ template "n" sub . 1 }}{{ end }}]{{ end }}{{ template "n" 3 }}`, `[[[[]]]]`,
		},
		{
			"recursion by two",
			`{{ define "a" }}{{ if . }}[{{ template "b" sub . 1 }}]{{ else }}0{{ end }}{{ end }}{{ define "b" }}{{ template "a" . }}{{ end }}{{ template "b" 2 }}`, `[[0]]`,
		},
		{
			"a template in a loop",
			`{{ define "v" }}{{ . }}{{ end }}[{{ range $i, $e := .Data.list }}{{ if $i }},{{ end }}{{ template "v" $e }}{{ end }}]`, `["a",1,null,[]]`,
		},
		{
			"members by a template in a loop",
			`{{ define "m" }}"{{ . }}":1{{ end }}{ {{- range $i, $e := until 3 }}{{ if $i }},{{ end }}{{ template "m" $e }}{{ end }}}`, `{"0":1,"1":1,"2":1}`,
		},
		{"a definition that nobody calls", `{{ define "x" }}}}{{ .Data.nope }}{{ end }}[]`, `[]`},
		{
			"a variable of an outer scope",
			`{{ $x := .Data.s }}{{ with .Data.n }}["{{ $x }}",{{ . }}]{{ else }}[]{{ end }}`,
			`["x\",\"module\":\"resources",7]`,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := write(c.text, odd())
			if err != nil {
				t.Fatal(err)
			}
			if got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestEncodingMistakes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, text, want string }{
		{
			"a missing comma", `{"a":{{ .Data.a }} "b":1}`,
			`:1:20: expected a comma or }, found '"'; is a comma missing?`,
		},
		{
			"a missing comma between actions", `[{{ .Data.a }}{{ .Data.b }}]`,
			`:1:18: expected a comma or ], found {{.Data.b}}; is a comma missing?`,
		},
		{"a missing comma in a list", `[1 2]`, `:1:4: expected a comma or ], found '2'; is a comma missing?`},
		{
			"a comma too many", `{"a":1,}`,
			`:1:8: expected a member name in quotes, found '}'; is there a comma too many?`,
		},
		{"a comma too many in a list", `[1,]`, `:1:4: expected a value, found ']'; is there a comma too many?`},
		{"two commas", `[1,,2]`, `:1:4: expected a value, found ','; is there a comma too many?`},
		{"a missing colon", `{"a" 1}`, `:1:6: expected a colon, found '1'`},
		{"a missing value", `{"a":}`, `:1:6: expected a value, found '}'; a member has a value; write null for none`},
		{"a missing bracket", "{\"a\":{\"b\":1}\n", `:1:13: expected }, found the end of the template`},
		{
			"a wrong bracket", `{"a":[1}`,
			`:1:8: expected a comma or ], found '}'; brackets close in the order in which they were opened`,
		},
		{"a bracket too many", `{}}`, `:1:3: expected the end of the template, found '}'`},
		{
			"a name without quotes", `{a:1}`,
			`:1:2: expected a member name in quotes or }, found 'a'`,
		},
		{
			"text without quotes", `{"a":hello}`,
			`:1:6: expected a number, true, false, null or a text in quotes, found hello`,
		},
		{"text without quotes, beyond ASCII", `{"a":ß}`, `:1:6: expected a value, found 'ß'; write text in quotes`},
		{
			"single quotes", `{'a':1}`,
			`:1:2: expected a member name in quotes or }, found '\''; write names and texts in straight double quotes, as in "hangup"`,
		},
		{
			"a number as people write it", `{"a":007}`,
			`:1:6: expected a number, true, false, null or a text in quotes, found 007`,
		},
		{"Python", `{"a":True}`, `:1:6: expected a number, true, false, null or a text in quotes, found True`},
		{"two values", `{} {}`, `:1:4: expected the end of the template, found '{'`},
		{"nothing", " \n", `:1:1: expected a callflow such as {"module": "hangup"}, found the end of the template`},
		{"no text", "", `:1:1: expected a callflow such as {"module": "hangup"}, found the end of the template`},
		{"an open string", `{"a":"b}`, `:1:9: expected the end of a string, found the end of the template`},
		{
			"a line end in a string", "{\"a\":\"b\n\"}",
			`:1:8: expected a string on one line, without control characters, found '\n'; write a line end as \n`,
		},
		{"a bad escape", `{"a":"\d"}`, `:1:8: expected an escape such as \n, \" or \u00e9, found "\\d"`},
		{
			"a bad escape of a character", `{"a":"\u00zz"}`,
			`:1:11: expected four hexadecimal digits behind \u, found 'z'`,
		},
		{
			"half a character", `{"a":"\ud83d"}`,
			`:1:13: expected both halves of a character, such as \ud83d\ude00, found one alone; write the character itself`,
		},
		{
			"the other half", `{"a":"\ude00"}`,
			`:1:12: expected both halves of a character, such as \ud83d\ude00, found one alone; write the character itself`,
		},
		{
			"half a character and an action", `{"a":"\ud83d{{ .Data.x }}"}`,
			`:1:16: expected both halves of a character, such as \ud83d\ude00, found one alone; write the character itself`,
		},
		{
			"an action in an escape", `{"a":"\{{ .Data.x }}"}`,
			`:1:11: expected the rest of an escape sequence, found {{.Data.x}}; a value cannot be a part of one; write \\ for a backslash`,
		},
		{
			"an action in an escape of a character", `{"a":"\u00{{ .Data.x }}"}`,
			`:1:14: expected the rest of an escape sequence, found {{.Data.x}}; a value cannot be a part of one; write \\ for a backslash`,
		},
		{
			"an action behind a number", `{"a":1{{ .Data.x }}}`,
			`:1:10: expected a comma or }, found {{.Data.x}} right behind 1; put the whole into quotes, or make it one value with print`,
		},
		{
			"a number behind an action", `{"a":{{ .Data.x }}1}`,
			`:1:19: expected a comma or }, found '1'; is a comma missing?`,
		},
		{"an action behind a name", `{"a"{{ .Data.x }}}`, `:1:8: expected a colon, found {{.Data.x}}`},
		{"an action behind the end", `{}{{ .Data.x }}`, `:1:6: expected the end of the template, found {{.Data.x}}`},
		{
			"toJson in a string", `{"a":"{{ toJson .Data.x }}"}`,
			`:1:10: expected a text inside the quotes, found {{toJson .Data.x}}, which writes quotes of its own; leave toJson out`,
		},
		{
			"toJson at the end of a pipeline in a string", `{"a":"b {{ .Data.x | upper | toJson }}"}`,
			`:1:12: expected a text inside the quotes, found {{.Data.x | upper | toJson}}, which writes quotes of its own; leave toJson out`,
		},
		{
			"toJson in a name", `{ {{ toJson .Data.x }}:1}`,
			`:1:6: expected a text inside the quotes, found {{toJson .Data.x}}, which writes quotes of its own; leave toJson out`,
		},
		{"nil", `{"a":"{{ nil }}"}`, `:1:10: expected a value, found {{nil}}; write null, without braces`},
		{"nil as a value", `{"a":{{ nil }}}`, `:1:9: expected a value, found {{nil}}; write null, without braces`},
		{
			"an if that leaves nothing", `{"a":{{ if .Data.x }}1{{ end }}}`,
			`:1:12: {{if .Data.x}} without {{else}}: nothing is written where a value is expected when it is false; add {{else}} null`,
		},
		{
			"a with that leaves nothing", `[1,{{ with .Data.x }}{{ . }}{{ end }}]`,
			`:1:12: {{with .Data.x}} without {{else}}: nothing is written where a value is expected when it is false; add {{else}} null`,
		},
		{
			"an if that answers nothing", `{{ if .Data.x }}{}{{ end }}`,
			`:1:7: {{if .Data.x}} without {{else}}: nothing is written where a value is expected when it is false; add {{else}} with another callflow`,
		},
		{
			"a range that leaves nothing", `{"a":{{ range .Data.x }}{{ . }}{{ break }}{{ end }}}`,
			`:1:15: {{range .Data.x}} without {{else}}: nothing is written where a value is expected when there is nothing to range over; add {{else}} null`,
		},
		{
			"a comma alone", `[{{ .Data.a }}{{ if .Data.x }},{{ end }}{{ .Data.b }}]`,
			`:1:21: {{if .Data.x}} writes a comma, and when it is false none is written; put the comma and what follows it into the same {{if}}`,
		},
		{
			"two optional members", `{ {{- if .Data.a }}"a":1,{{ end }}{{ if .Data.b }}"b":1{{ end }}}`,
			`:1:41: {{if .Data.b}} is followed by a comma only sometimes; write the members that are always there first, and each other one as {{if …}}, "name": …{{end}}`,
		},
		{
			"branches that end differently", `{"a":{{ if .Data.x }}"b{{ else }}1{{ end }}}`,
			`:1:12: {{if .Data.x}} ends where the end of a string inside { is expected, its {{else}} where a comma or } inside { is; end both alike`,
		},
		{
			"a bracket in one branch", `{"a":{{ if .Data.x }}[1{{ else }}1{{ end }}}`,
			`:1:12: {{if .Data.x}} ends where a comma or ] inside {[ is expected, its {{else}} where a comma or } inside { is; end both alike`,
		},
		{
			"a range without commas", `[{{ range .Data.x }}{{ . }}{{ end }}]`,
			`:1:24: expected a comma or ], found {{.}}; from the second turn of {{range}} on a comma is missing; begin it with {{range $i, $e := …}}{{if $i}},{{end}}`,
		},
		{
			"a range with a comma at the end", `[{{ range .Data.x }}{{ . }},{{ end }}]`,
			`:1:38: expected a value, found ']'; is there a comma too many?`,
		},
		{
			"a range that opens brackets", `[{{ range .Data.x }}[{{ end }}]`,
			`:1:11: each iteration of {{range}} begins where a value or ] inside [ is expected, and it ends where a value or ] inside [[ is; it must end where the next can begin`,
		},
		{
			"a range with the element for an index",
			`[{{ range $e := .Data.x }}{{ if $e }},{{ end }}{{ $e }}{{ end }}]`,
			`:1:38: expected a value or ], found ','; is there a comma too many? a loop writes one before each element but the first by {{range $i, $e := …}}{{if $i}},{{end}}`,
		},
		{
			"a break in another place", `[0{{ range .Data.x }},{{ if . }}{{ break }}{{ end }}1{{ end }}]`,
			`:1:12: {{break}} leaves {{range}} where a value inside [ is expected, and its iterations end where a comma or ] inside [ is; end both alike`,
		},
		{
			"an outer index",
			`[{{ range $i, $e := .Data.x }}[{{ range $e }}{{ if $i }},{{ end }}{{ . }}{{ end }}]{{ if $i }},{{ end }}{{ end }}]`, `:1:70: expected a comma or ], found {{.}}; from the second turn of {{range}} on a comma is missing; begin it with {{range $i, $e := …}}{{if $i}},{{end}}`,
		},
		{
			"an index that is defined anew",
			`[{{ range $i, $e := .Data.x }}{{ $i := .Data.y }}{{ if $i }},{{ end }}{{ $e }}{{ end }}]`,
			`:1:61: expected a value or ], found ','; is there a comma too many? a loop writes one before each element but the first by {{range $i, $e := …}}{{if $i}},{{end}}`,
		},
		{
			"a template that closes", `{{ define "e" }}]{{ end }}[1{{ template "e" }}`,
			`:1:17: found ']', which closes what the caller of this template opened; close a bracket in the template that opens it`,
		},
		{
			"a template that opens", `{{ define "b" }}[1{{ end }}{{ template "b" }}]`,
			`:1:40: template "b" leaves [ open; close a bracket in the template that opens it`,
		},
		{
			"a template in the wrong place", `{{ define "v" }}"a":1{{ end }}[{{ template "v" }}]`,
			`:1:20: expected a comma or ], found ':'`,
		},
		{
			"a template that ends elsewhere", `{{ define "v" }}{{ if . }}1{{ end }}{{ end }}[1,{{ template "v" . }}]`,
			`:1:23: {{if .}} without {{else}}: nothing is written where a value is expected when it is false; add {{else}} null`,
		},
		{
			"recursion without an end", `{{ define "a" }}[{{ template "a" . }}]{{ end }}{{ template "a" . }}`,
			`:1:1: templates call each other here without an end; put the call into an {{if}}`,
		},
		{
			"loops within loops", strings.Repeat(`[{{ range $i, $e := .Data.x }}{{ if $i }},{{ end }}`, 60) + `1` +
				strings.Repeat(`{{ end }}]`, 60),
			`:1:3071: has too many conditions and loops within each other; write it in simpler parts`,
		},
		{"flags without end", "[" +
			strings.Repeat(`{{ $c := .Data.x }}{{ if $c }}{{ $c = true }}{{ else }}{{ $c = false }}{{ end }}`, 60) +
			`]`, `:1:507: {{if $c}} leads to too many different places; write it with fewer conditions`},
		{
			"recursion that opens brackets",
			`{{ define "a" }}[{{ if . }}{{ template "a" . }}{{ end }}{{ end }}{{ template "a" . }}`,
			`:1:40: template "a" leaves [ open; close a bracket in the template that opens it`,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, mistakes := escaped(c.text)
			got := diag.Mistakes(mistakes).Error()
			if want := "t" + c.want; got != want {
				t.Errorf("%.200s\ngot:  %s\nwant: %s", c.text, got, want)
			}
		})
	}
}
