package templates

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/callhours/callhours/templates/funcs"
)

func TestExecuteErrors(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ text, want string }{
		{"{\n\n  \"id\": {{ toJson .Data.lobby }}}", `:3:19: .Data.lobby is not set`},
		{`{{ .Data.lobby.id }}`, `:1:4: .Data.lobby is not set`},
		{`{{ with .Data }}{{ .lobby }}{{ end }}`, `:1:20: .lobby is not set`},
		{`{{ $d := .Data }}{{ $d.lobby }}`, `:1:21: $d.lobby is not set`},
		{`{{ .Data.front_dsk }}`, `:1:4: .Data.front_dsk is not set; did you mean "front_desk"?`},
		{`{{ $.Data.voicmail }}`, `:1:4: $.Data.voicmail is not set; did you mean "voicemail"?`},
		{`{{ .Data.deep.a.ket }}`, `:1:4: .Data.deep.a.ket is not set; did you mean "key"?`},
		{
			`{{ eq .Data.front_desk 1 }}`,
			`:1:4: eq: expected two numbers or two texts to compare, found a text and a whole number; toString makes a text of a number, int a number of a text`,
		},
		{
			`{{ .Call.Form }}`,
			`:1:4: .Call.Form is not known; a call has CallerName, From, To, Var; did you mean "From"?`,
		},
		{`{{ $.Branch.Title }}`, `:1:4: $.Branch.Title is not known; known: Name, State`},
		{`{{ range .Events }}{{ .Sumary }}{{ end }}`, `:1:23: .Sumary is not known; did you mean "Summary"?`},
		{`{{ .Data.voicemail.id }}`, `:1:4: .Data.voicemail.id is not known: .Data.voicemail has no fields`},
		{`{{ .Match.Name }}`, `:1:4: .Match has no value here; guard it with {{with .Match}}`},
		{`{{ (next "closed").Start }}`, `:1:10: .Start is read from a missing value; guard it with {{with}}`},
		{`{{ .Event.Start.Foo }}`, `:1:4: .Event.Start.Foo is not known`},
		{`{{ upper 5 }}`, `:1:10: expected a text, found 5`},
		{`{{ upper .Event }}`, `:1:10: .Event: expected a text, found an object`},
		{`{{ .Data.numbers | upper }}`, `:1:20: upper: expected a text, found a list`},
		{`{{ range .Call.From }}{{ end }}`, `:1:10: .Call.From: {{range}} needs a list, a map or a number`},
		{`{{ .Call.Var }}`, `:1:4: Var needs 1 argument, found 0`},
		{`{{ .Call.From "x" }}`, `:1:4: .Call.From is a value, arguments cannot follow it`},
		{`{{ .Data.empty "x" }}`, `:1:4: .Data.empty is a value, arguments cannot follow it`},
		{`{{ div 1 0 }}`, `:1:4: div: division by 0`},
		{`{{ fail "nobody is on call" }}`, `:1:4: fail: nobody is on call`},
		{`{{ fail "a\nb" }}`, `:1:4: fail: a b`},
		{`{{ repeat -1 "x" }}`, `:1:4: repeat: expected a count of 0 or more, found -1`},
		{`{{ join "," "x" }}`, `:1:4: join: expected a list, found a text`},
		{`{{ print .Data }}`, `:1:4: print: expected one value to write as text, found a map`},
		{`{{ first list }}`, `:1:4: expected a value to write, found nothing; guard it with {{with}}, or give a default`},
		{`{{ .Data.numbers }}`, `:1:4: expected one value to write as text, found a list`},
		{`{{ print nil }}`, `:1:4: print: expected one value to write as text, found nothing`},
		{`{{ keys "x" }}`, `:1:4: keys: expected a map, found a text`},
		{`{{ dict "a" }}`, `:1:4: dict: expected a value for each key, found 1 argument`},
		{`{{ slice (list 1 2) 3 }}`, `:1:4: slice: expected 0 <= start <= end <= 2, found 3 and 2`},
		{`{{ index (list 1) "a" }}`, `:1:4: index: expected a whole number for a place in a list, found a text`},
		{`{{ index .Data.numbers 7 }}`, `:1:4: index: there is no element 7: the list has 2, and the first is 0`},
		{`{{ len 3 }}`, `:1:4: len: len of a number`},
		{`{{ spoken "x" }}`, `:1:4: spoken: expected a time, found a text`},
		{`{{ spoken .Match }}`, `:1:4: spoken: expected a time, found nothing; guard it with {{with}}`},
		{`{{ date "15:04" nil }}`, `:1:4: date: expected a time, found nothing; guard it with {{with}}`},
		{`{{ toDate "2006-01-02" "soon" }}`, `:1:4: toDate: expected a time like "2006-01-02", found "soon"`},
		{
			`{{ dateInZone "15" .Now .Call.To }}`,
			`:1:4: dateInZone: expected a time zone such as "Europe/Berlin", found "100"`,
		},
		{`{{ fromJson "{" }}`, `:1:4: fromJson: expected JSON, found "{"`},
		{`{{ fromJson "1 2" }}`, `:1:4: fromJson: expected one JSON value, found more after it in "1 2"`},
		{`{{ b64dec "?" }}`, `:1:4: b64dec: expected base64, found "?"`},
		{
			`{{ regexMatch (print "(" ) "a" }}`,
			`:1:4: regexMatch: the pattern "(" does not parse: missing closing ): "("`,
		},
		{`{{ printf "%d" "a" }}`, `:1:4: printf: a text does not fit "%d" in the format`},
		{`{{ printf "%d" }}`, `:1:4: printf: no value is left for "%d" in the format`},
		{`{{ printf "%s" 1 2 }}`, `:1:4: printf: the format has fewer directives than values: 1 too many`},
		{`{{ printf "%*d" 9 1 }}`, `:1:4: printf: expected a directive such as %s or %5d in the format, found "%*d"`},
		{
			`{{ printf "%[1]s%[1]s" 1 }}`,
			`:1:4: printf: expected a directive such as %s or %5d in the format, found "%[1]s%[1]s"`,
		},
		{`{{ printf (print "%" "q") 1 }}`, `:1:4: printf: %q makes text that JSON does not allow; write toJson`},
		{`{{ define "a" }}{{ .x }}{{ end }}{{ template "a" .Data }}`, `:1:20: .x is not set`},
	} {
		t.Run(c.text, func(t *testing.T) {
			t.Parallel()
			_, err := execute(t, c.text)
			if err == nil {
				t.Fatalf("got no error, want %s", c.want)
			}
			if got, want := err.Error(), "t"+c.want; got != want {
				t.Errorf("got:  %s\nwant: %s", got, want)
			}
			if funcs.IsLimit(err) {
				t.Errorf("%v passes for a limit", err)
			}
			if e, ok := errors.AsType[*Error](err); !ok || e.Line == 0 {
				t.Errorf("got %#v, want an *Error with a place", err)
			}
		})
	}
}

func TestErrorInAPiece(t *testing.T) {
	t.Parallel()
	l, mistakes := load(map[string]string{
		"_box.json.tmpl": "{{ define \"box\" }}\n  {{ .Data.lobby }}{{ end }}",
		"a.json.tmpl":    "{{ template \"box\" . }}",
	})
	if len(mistakes) > 0 {
		t.Fatal(mistakes)
	}
	err := l.Template("a").Execute(t.Context(), &bytes.Buffer{}, sample(), funcs.Env{})
	if want := "templates/_box.json.tmpl:2:6: .Data.lobby is not set"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	err = l.Template("a").Execute(t.Context(), &bytes.Buffer{}, nil, funcs.Env{})
	if err == nil || strings.Contains(err.Error(), "nil data") {
		t.Errorf("without data: got %v", err)
	}
}

func TestExecute(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ text, want string }{
		{`{{ .Data.numbers | toJson }}`, `[1,2]`},
		{`{{ toJson .Call.CallerName }}`, `"x\",\"module\":\"resources"`},
		{`{{ .Call.Var "n" }}`, `var-n`},
		{`{{ .Until | date "3 PM" }}`, `5 PM`},
		{`{{ .Until | spoken "xx" }}`, `today at 5 PM`},
		{`{{ spoken (next "open") }}`, `tomorrow at 9 AM`},
		{`{{ with next "closed" }}never{{ else }}none{{ end }}`, `none`},
		{`{{ .Now.Format "15:04" }}`, `10:30`},
		{`{{ date "15:04 MST" 1795500000 }}`, `01:00 EST`},
		{`{{ range $i, $e := .Data.numbers }}{{ if $i }},{{ end }}{{ $e }}{{ end }}`, `1,2`},
		{`{{ range 3 }}{{ . }}{{ if eq . 1 }}{{ break }}{{ end }}{{ end }}`, `01`},
		{`{{ range list }}x{{ else }}none{{ end }}`, `none`},
		{`{{ define "n" }}{{ if . }}{{ . }}{{ template "n" sub . 1 }}{{ end }}{{ end }}{{ template "n" 3 }}`, `321`},
		{`{{ block "b" .Branch }}{{ .Name }}{{ end }}`, `open`},
		{`{{ trunc -2 "aüö" }}{{ trunc 99 "ü" }}{{ trunc 0 "x" }}`, `üöü`},
		{`{{ substr -1 2 "äöü" }}{{ substr 1 -1 "äöü" }}{{ substr 2 1 "abc" }}`, `äööü`},
		{`{{ abbrev 4 "äöüäö" }}{{ abbrev 3 "äöüäö" }}{{ abbrev 5 "äöüäö" }}`, `ä...äöüäöäöüäö`},
		{`{{ replace "" "-" "ab" }}`, `-a-b-`},
		{`{{ seq 3 1 }} {{ seq 2 3 8 }} {{ seq 0 }}`, `3 2 1 2 5 8 1 0`},
		{`{{ until -2 | toJson }}{{ untilStep 1 5 0 | toJson }}{{ untilStep 5 1 -2 | toJson }}`, `[0,-1][][5,3]`},
		{`{{ printf "%5.2f|%-4s|%x|%v|%t|%%" 1.5 "a" "é" .Now.Unix true }}`, ` 1.50|a   |c3a9|1795447800|true|%`},
		{`{{ regexReplaceAll "^\\+(\\d)" "+1415" "00$1-" }}`, `001-415`},
		{`{{ keys .Data | join " " }}`, `deep empty front_desk numbers voicemail`},
		{`{{ get (split "," "a,b") "_1" }}{{ get .Data "nope" }}`, `b`},
		{`{{ dig "a" "b" 7 (dict "a" (dict)) }}`, `7`},
		{`{{ first list | toJson }}`, `null`},
		{`{{ fromJson "{\"a\":[1,2.5]}" | toJson }}`, `{"a":[1,2.5]}`},
		{`{{ list (toJson "a") | toJson }}{{ toJson (toJson "a") }}{{ print (toJson "a") }}`, `["a"]"a""a"`},
		{
			`{{ $l := list 1 }}{{ $m := append $l 2 }}{{ $n := append $l 3 }}{{ toJson $m }}{{ toJson $n }}`,
			`[1,2][1,3]`,
		},
		{`{{ len (pluck "a" (dict "a" 1) (dict)) }}{{ has 1 nil }}`, `1false`},
	} {
		got, err := execute(t, c.text)
		if err != nil || got != c.want {
			t.Errorf("%s: got %q, %v, want %q", c.text, got, err, c.want)
		}
	}
}

// TestLists shows that functions take lists and maps of any kind of element.
func TestLists(t *testing.T) {
	t.Parallel()
	tmpl := mustParse(t,
		`{{ join "," .Data.texts }} {{ last .Events | len }} {{ keys .Data.names | join "," }} {{ get .Data.names "a" }}`)
	d := map[string]any{
		"Events": [][]int{{1}, {1, 2}},
		"Data":   map[string]any{"texts": [2]string{"x", "y"}, "names": map[testName]string{"b": "2", "a": "1"}},
	}
	var b bytes.Buffer
	if err := tmpl.Execute(t.Context(), &b, d, funcs.Env{}); err != nil || b.String() != "x,y 2 a,b 1" {
		t.Errorf("got %q, %v", b.String(), err)
	}
}

type testName string

// TestExecuteTogether shows that executions that run at the same time have an funcs.Env and bounds
// of their own.
func TestExecuteTogether(t *testing.T) {
	t.Parallel()
	tmpl := mustParse(t, `{{ range until 3000 }}{{ end }}{{ date "2006-01-02" now }} {{ repeat 9 "x" }}`)
	var wg sync.WaitGroup
	for day := range 16 {
		wg.Go(func() {
			for range 20 {
				var b bytes.Buffer
				now := at(12, 0).AddDate(0, 0, day)
				want := now.Format("2006-01-02") + " xxxxxxxxx"
				if err := tmpl.Execute(t.Context(), &b, sample(), funcs.Env{Now: now}); err != nil ||
					b.String() != want {
					t.Errorf("got %q, %v, want %q", b.String(), err, want)
				}
			}
		})
	}
	wg.Wait()
}

func TestExecuteContext(t *testing.T) {
	t.Parallel()
	tmpl := mustParse(t, `{{ range 9 }}{{ end }}`)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := tmpl.Execute(ctx, &bytes.Buffer{}, sample(), funcs.Env{})
	if !errors.Is(err, context.Canceled) || funcs.IsLimit(err) {
		t.Errorf("cancelled: got %v", err)
	}
	ctx, cancel = context.WithDeadline(t.Context(), time.Unix(0, 0))
	defer cancel()
	if err = tmpl.Execute(ctx, &bytes.Buffer{}, sample(), funcs.Env{}); !funcs.IsLimit(err) ||
		err.Error() != "t: takes too long" {
		t.Errorf("past its deadline: got %v", err)
	}
}

// TestRouteZone shows that no function speaks the server's zone.
func TestRouteZone(t *testing.T) {
	t.Parallel()
	tmpl := mustParse(t, `{{ date "15:04" .Event.End }} {{ now | date "15:04" }} {{ htmlDate 0 }} `+
		`{{ toDate "15:04" "09:00" | date "15:04 MST" }} {{ ago .Event.Start }} {{ spoken .Event.End }}`)
	d := sample()
	d.Event.End = at(17, 0).UTC()
	var b bytes.Buffer
	if err := tmpl.Execute(t.Context(), &b, d, funcs.Env{Now: at(10, 30).In(mustZone("Pacific/Apia"))}); err != nil {
		t.Fatal(err)
	}
	if got, want := b.String(), "11:00 04:30 1969-12-31 09:00 LMT 1h30m0s today at 11 AM"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
