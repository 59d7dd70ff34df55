package templates

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/callhours/callhours/internal/diag"
	"github.com/callhours/callhours/templates/funcs"
)

func TestLibrary(t *testing.T) {
	t.Parallel()
	const device, box = "0123456789abcdef0123456789abcdef", "4567456745674567456745674567abcd"
	const voicemail = `{"module":"voicemail","data":{"id":"` + box + `"}}`
	for _, c := range []struct {
		name string
		data map[string]any
		want string
	}{
		{"voicemail", map[string]any{"voicemail": box}, voicemail},
		{
			"ring-then-voicemail",
			map[string]any{"front_desk": device, "voicemail": box},
			`{"module":"device","data":{"id":"` + device + `"},"children":{"_":` + voicemail + `}}`,
		},
		{
			"ring-then-voicemail",
			map[string]any{"front_desk": device, "voicemail": box, "timeout": nil},
			`{"module":"device","data":{"id":"` + device + `"},"children":{"_":` + voicemail + `}}`,
		},
		{
			"ring-then-voicemail",
			map[string]any{"front_desk": device, "voicemail": box, "timeout": 20},
			`{"module":"device","data":{"id":"` + device + `","timeout":20},"children":{"_":` + voicemail + `}}`,
		},
		{
			"announce-then-voicemail",
			map[string]any{"message": `We are "closed".`, "voicemail": box},
			`{"module":"tts","data":{"text":"We are \"closed\"."},"children":{"_":` + voicemail + `}}`,
		},
		{
			"announce-then-voicemail",
			map[string]any{"message": strings.Repeat("ü", 1001), "voicemail": box},
			`{"module":"tts","data":{"text":"` + strings.Repeat("ü", 1000) + `"},"children":{"_":` + voicemail + `}}`,
		},
	} {
		l, mistakes := Load(Options{})
		if len(mistakes) > 0 {
			t.Fatal(diag.Mistakes(mistakes).Err())
		}
		var b bytes.Buffer
		d := sample()
		d.Data = c.data
		if err := l.Template(c.name).Execute(t.Context(), &b, d, sampleEnv()); err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if diff := cmp.Diff(c.want, b.String()); diff != "" {
			t.Errorf("%s with %v (-want +got):\n%s", c.name, c.data, diff)
		}
		if b.Reset(); json.Compact(&b, []byte(c.want)) != nil || b.String() != c.want {
			t.Errorf("%s: the wanted text is not compact JSON", c.name)
		}
	}
}

func TestLibraryDeclaresItsData(t *testing.T) {
	t.Parallel()
	l, _ := Load(Options{})
	for _, name := range l.Names() {
		made := l.Template(name)
		var declared []string
		for _, f := range made.Fields() {
			declared = append(declared, f.Name)
		}
		slices.Sort(declared)
		want := Uses{Data: declared, Match: name == "on-call", Fail: name == "announce"}
		if slices.Contains(declared, "language") {
			want.Names = []string{".Route"} // its language
		}
		if diff := cmp.Diff(want, made.Uses()); diff != "" {
			t.Errorf("%s: what it uses is not what its header declares (-declared +used):\n%s", name, diff)
		}
		for field := range made.Example() {
			if !slices.Contains(declared, field) {
				t.Errorf("%s: the example gives %s, which is not declared", name, field)
			}
		}
		if made.About() == "" || made.Example() == nil {
			t.Errorf("%s: its header says nothing of it, or has no example", name)
		}
	}
}

func TestUserHidesLibrary(t *testing.T) {
	t.Parallel()
	l, mistakes := load(map[string]string{
		"voicemail.json.tmpl": `{{ template "box" .Data.voicemail }}{{ define "own" }}{{ end }}`,
		"open.json.tmpl":      `{{ template "box" 7 }}`,
		"_pieces.json.tmpl":   "{{/* shared */}}\n{{ define \"box\" }}[{{ toJson . }}]{{ end }}\n",
		"hidden.json.tmpl":    `{{ define "box" }}"own"{{ end }}{{ template "box" }}`,
		"readme.txt":          "{{",
	})
	if len(mistakes) > 0 {
		t.Fatal(diag.Mistakes(mistakes).Err())
	}
	builtIn, _ := Load(Options{})
	want := append(builtIn.Names(), "hidden", "open")
	slices.Sort(want)
	if diff := cmp.Diff(want, l.Names()); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
	if got := l.Template("Open"); got != nil {
		t.Errorf("Open: got the template %s, want nil", got.Name())
	}
	if text, ok := l.Source("nope"); ok {
		t.Errorf("nope: got the source %q", text)
	}
	for name, want := range map[string]string{"voicemail": `["4567"]`, "open": "[7]", "hidden": `"own"`} {
		var b bytes.Buffer
		if err := l.Template(name).Execute(t.Context(), &b, sample(), sampleEnv()); err != nil || b.String() != want {
			t.Errorf("%s: got %q, %v, want %q", name, b.String(), err, want)
		}
	}
	place := diag.Pos{File: "callhours.yaml", Line: 30, Col: 9}
	inPlace, mistakes := l.Parse(place, `{{ template "box" 1 }}`)
	if len(mistakes) > 0 {
		t.Fatal(diag.Mistakes(mistakes).Err())
	}
	var b bytes.Buffer
	if err := inPlace.Execute(t.Context(), &b, sample(), funcs.Env{}); err != nil || b.String() != "[1]" {
		t.Errorf("in place: got %q, %v, want [1]", b.String(), err)
	}
	if got, want := inPlace.Name(), "callhours.yaml:30:9"; got != want {
		t.Errorf("name of a text in place: got %q, want %q", got, want)
	}
	if _, mistakes = l.Parse(place, `{{ template "own" 1 }}`); len(mistakes) != 1 {
		t.Errorf("a definition of another file is seen: %v", mistakes)
	}
}

func TestExecuteAppends(t *testing.T) {
	t.Parallel()
	b := bytes.NewBufferString("before ")
	if err := mustParse(t, "after").Execute(t.Context(), b, nil, funcs.Env{}); err != nil ||
		b.String() != "before after" {
		t.Errorf("got %q, %v", b.String(), err)
	}
}

// broken is a directory that cannot be read.
type broken struct{}

func (broken) Open(name string) (fs.File, error) {
	return nil, &fs.PathError{Op: "open", Path: name, Err: errors.New("permission denied")}
}

func TestLoadUnreadable(t *testing.T) {
	t.Parallel()
	l, mistakes := Load(Options{Dir: broken{}, Path: "./templates"})
	if got, want := diag.Mistakes(mistakes).Error(), "templates: cannot be read: permission denied"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if l.Template("voicemail") == nil {
		t.Error("the built-in library is missing")
	}
	_, mistakes = Load(Options{Dir: fstest.MapFS{"a.json.tmpl": {Mode: fs.ModeDir}}})
	if got, want := diag.Mistakes(mistakes).Error(), "a.json.tmpl: cannot be read: invalid argument"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestMistakes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, text, want string }{
		{"unknown function", `{{ toJsn 1 }}`, `:1:4: unknown function "toJsn"; did you mean "toJson"?`},
		{"far from any function", `{{ frobnicate_all 1 }}`, `:1:4: unknown function "frobnicate_all"`},
		{
			"quote", `{{ .Data.x | quote }}`,
			`:1:14: quote is not available: quotes and escapes are added for you; leave it out`,
		},
		{
			"squote", `{{ squote 1 }}`,
			`:1:4: squote is not available: quotes and escapes are added for you; leave it out`,
		},
		{"js", `{{ .Data.x | js }}`, `:1:14: js is not available: quotes and escapes are added for you; leave it out`},
		{"html", `{{ html 1 }}`, `:1:4: html is not available: quotes and escapes are added for you; leave it out`},
		{
			"urlquery", `{{ urlquery 1 }}`,
			`:1:4: urlquery is not available: quotes and escapes are added for you; leave it out`,
		},
		{
			"%q", `{{ printf "%q" 1 }}`,
			`:1:11: %q makes text that JSON does not allow: quotes and escapes are added for you; leave it out`,
		},
		{"env", `{{ env "HOME" }}`, `:1:4: env is not available: a template has the data of the call, not of the server`},
		{
			"set", `{{ $d := set .Data "a" 1 }}`,
			`:1:10: set is not available: maps cannot be changed; make one with dict, pick or omit`,
		},
		{
			"merge", `{{ merge .Data .Data }}`,
			`:1:4: merge is not available: maps cannot be changed; make one with dict, pick or omit`,
		},
		{"uuidv4", `{{ uuidv4 }}`, `:1:4: uuidv4 is not available: an answer does not depend on chance`},
		{"genCA", `{{ genCA "a" 1 }}`, `:1:4: genCA is not available: keys and secrets are not made in templates`},
		{
			"dateModify", `{{ dateModify "1h" .Now }}`,
			`:1:4: dateModify is not available: it speaks the server's clock or zone; write date, ago or spoken`,
		},
		{
			"mustToJson", `{{ mustToJson 1 }}`,
			`:1:4: mustToJson is not available: write toJson, which reports what is wrong`,
		},
		{"push", `{{ push 1 2 }}`, `:1:4: push is not available: write append`},
		{"call", `{{ call .Data.f }}`, `:1:4: call is not available: a callflow has no use for it`},
		{
			"refused as an argument", `{{ toJson env }}`,
			`:1:11: env is not available: a template has the data of the call, not of the server`,
		},
		{
			"refused in a parenthesis", `{{ toJson (quote 1) }}`,
			`:1:12: quote is not available: quotes and escapes are added for you; leave it out`,
		},
		{
			"refused in a definition", `{{ define "a" }}{{ env "A" }}{{ end }}`,
			`:1:20: env is not available: a template has the data of the call, not of the server`,
		},
		{
			"refused in else", `{{ if 1 }}{{ else }}{{ js 1 }}{{ end }}`,
			`:1:24: js is not available: quotes and escapes are added for you; leave it out`,
		},
		{
			"refused in an argument of template", `{{ define "a" }}{{ end }}{{ template "a" env }}`,
			`:1:42: env is not available: a template has the data of the call, not of the server`,
		},
		{"the counter of steps", `{{ __step }}`, `:1:4: unknown function "__step"`},
		{"too few arguments", `{{ replace "a" "b" }}`, `:1:4: replace needs 3 arguments, found 2`},
		{"too many arguments", `{{ "x" | toJson 1 }}`, `:1:10: toJson needs 1 argument, found 2`},
		{"too few for a variadic one", `{{ printf }}`, `:1:4: printf needs at least 1 argument, found 0`},
		{
			"on with a variable", `{{ $c := "holidays" }}{{ on $c }}`,
			`:1:26: expected the calendar's name in quotes right after on, as in {{ on "holidays" }}`,
		},
		{
			"on in a pipeline", `{{ "holidays" | on }}`,
			`:1:17: expected the calendar's name in quotes right after on, as in {{ on "holidays" }}`,
		},
		{
			"a pattern", `{{ regexMatch "a(" .Call.From }}`,
			`:1:15: the pattern "a(" does not parse: missing closing ): "a("`,
		},
		{
			"a zone", `{{ dateInZone "15" .Now "Europe/Berln" }}`,
			`:1:25: expected a time zone such as "Europe/Berlin", found "Europe/Berln"`,
		},
		{
			"the server's zone", `{{ dateInZone "15" .Now "Local" }}`,
			`:1:25: expected a time zone such as "Europe/Berlin", found "Local"`,
		},
		{"Local", `{{ .Now.Local }}`, `:1:4: .Local is the server's time zone; times are in the route's zone already`},
		{
			"Format", `{{ .Now.Format .Data.x }}`,
			`:1:4: expected .Format with one layout in quotes, as in {{ .Now.Format "15:04" }}; or write date`,
		},
		{"data", `{{ .Cal.From }}`, `:1:4: .Cal is not known; did you mean ".Call"?`},
		{"data by $", `[{{ with .Event }}{{ $.Weather }}{{ end }}]`, `:1:22: .Weather is not known`},
		{
			"template", `{{ template "box" }}{{ define "bix" }}{{ end }}`,
			`:1:13: template "box" is not defined here or in a file whose name begins with _; did you mean "bix"?`,
		},
		{
			"itself", `{{ template "t" }}`,
			`:1:13: template "t" is not defined here or in a file whose name begins with _`,
		},

		{"open if", "{\n  {{ if .Event }}1", `:2:3: {{if}} is not closed; {{end}} is missing`},
		{
			"open range in if", "{{if .Event}}\n{{ range .Events }}{{ \"}}\" }}\n{{end}}",
			`:1:1: {{if}} is not closed; {{end}} is missing`,
		},
		{
			"open inner range", "{{if .Event}}\n {{ range .Events }}\n",
			`:2:2: {{range}} is not closed; {{end}} is missing`,
		},
		{"open action", "a\nb {{ .Data.x", `:2:3: {{ is not closed; }} is missing`},
		{"one brace", "{{ .Data.x }\n}", `:1:12: found } alone; expected }} at the end of the action`},
		{
			"stray end", "a\n  {{end}}",
			`:2:3: {{end}} closes nothing; expected an {{if}}, {{range}}, {{with}}, {{define}} or {{block}} before it`,
		},
		{"stray else", "{{else}}", `:1:1: {{else}} is outside {{if}}, {{range}} and {{with}}`},
		{"variable", "\n{{ $x }}", `:2:4: variable "$x" is not defined; write {{ $x := … }} before it`},
		{"if of nothing", "{{ if }}{{ end }}", `:1:4: {{if}} needs a value, found none`},
		{"twice", `{{ define "a" }}1{{ end }}{{ define "a" }}2{{ end }}`, `:1: template "a" is defined twice`},
		{"break", "{{ break }}", `:1: {{break}} is outside {{range}}`},
		{"character", "{{ ? }}", `:1:4: "?" has no meaning here`},

		{
			"header kind", `{{/* data: a nunber */}}`,
			`:1:12: a is of the unknown kind "nunber"; known: any, bool, id, int, list, map, text`,
		},
		{"header default", `{{/* data: a int = "x" */}}`, `:1:12: a is of the kind int, its default is a text`},
		{
			"header no JSON", "{{/*\ndata:\n  a int = x; b id */}}",
			`:3:3: expected the default of a as JSON, such as "text", 20, true or null, found "x"`,
		},
		{"header twice", `{{/* data: a int; a id */}}`, `:1:19: a is declared twice`},
		{
			"header no kind", `{{/* data: a; b id */}}`,
			`:1:12: expected a field such as "voicemail id" or "timeout int = 20", found "a; b id"`,
		},
		{"header rest", `{{/* data: a id b id */}}`, `:1:17: expected ; or a line end after a, found "b id"`},

		{
			"no-break space", "{\"a\":\u00a0\"b\"}",
			`:1:6: expected a value, found '\u00a0'; this blank is not one of ASCII, as it comes with a copy from a page; delete it and type a blank`,
		},
		{
			"zero-width space", "{\"a\"\u200b:\"b\"}",
			`:1:5: expected a colon, found '\u200b'; this character cannot be seen, as it comes with a copy from a page; delete it`,
		},
		{"typographic dash", "{\"a\":–1}", `:1:6: expected a value, found '–'; write - for a minus`},
		{
			"typographic quotes", "{“a”:1}",
			`:1:2: expected a member name in quotes or }, found '“'; write names and texts in straight double quotes, as in "hangup"`,
		},
		{"not UTF-8", "a\nbü\xff", `:2:3: expected UTF-8, found the byte 0xff; save it as UTF-8`},
		{
			"columns are characters", "ü {{ js 1 }}",
			`:1:6: js is not available: quotes and escapes are added for you; leave it out`,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			l, mistakes := load(map[string]string{"t.json.tmpl": c.text})
			if got, want := diag.Mistakes(mistakes).Error(), "templates/t.json.tmpl"+c.want; got != want {
				t.Errorf("%s\ngot:  %s\nwant: %s", c.text, got, want)
			}
			if l.Template("t") == nil {
				t.Error("the name of a template with mistakes is not known")
			} else if err := l.Template("t").Execute(t.Context(), &bytes.Buffer{}, sample(), funcs.Env{}); err == nil {
				t.Error("a template with mistakes executes")
			}
			if c.name == "itself" {
				return
			}
			// The same text in a block scalar whose first character stands at line 40, column 11.
			place := diag.Pos{File: "callhours.yaml", Line: 40, Col: 11}
			inPlace, again := l.Parse(place, c.text)
			if inPlace != nil || len(again) != 1 || again[0].Message != mistakes[0].Message {
				t.Fatalf("in place: got %v, want %q", again, mistakes[0].Message)
			}
			want := place
			want.Line += mistakes[0].Line - 1
			if want.Col = 0; mistakes[0].Col > 0 {
				want.Col = place.Col + mistakes[0].Col - 1
			}
			if again[0].Pos != want {
				t.Errorf("in place: got %s, want %s", again[0].Pos, want)
			}
		})
	}
}

func TestAllMistakesAtOnce(t *testing.T) {
	t.Parallel()
	_, mistakes := load(map[string]string{
		"a.json.tmpl":  "{{ js 1 }}\n{{ env 1 }}{{ template \"x\" }}",
		"b.json.tmpl":  "{{",
		"_a.json.tmpl": "text {{ define \"p\" }}{{ html 1 }}{{ end }}",
		"_b.json.tmpl": "{{ define \"p\" }}{{ end }}",
		"c.json.tmpl":  strings.Repeat("x", MaxSource+1),
	})
	want := `templates/_a.json.tmpl:1:1: a file whose name begins with _ must contain only {{define}}, found other text
templates/_a.json.tmpl:1:25: html is not available: quotes and escapes are added for you; leave it out
templates/_b.json.tmpl:1:17: template "p" is already defined in templates/_a.json.tmpl
templates/a.json.tmpl:1:4: js is not available: quotes and escapes are added for you; leave it out
templates/a.json.tmpl:2:4: env is not available: a template has the data of the call, not of the server
templates/a.json.tmpl:2:24: template "x" is not defined here or in a file whose name begins with _; did you mean "p"?
templates/b.json.tmpl:1:1: {{ is not closed; }} is missing
templates/c.json.tmpl:1:1: a template has at most 65536 bytes, found 65537`
	if diff := cmp.Diff(want, diag.Mistakes(mistakes).Err().Error()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestFields(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text string
		want []Field
	}{
		{`{}`, nil},
		{`{{/* a comment */}}`, nil},
		{
			`{{/* data: voicemail id; timeout int = 20; message text = "a; b" */}}`,
			[]Field{
				{Name: "voicemail", Kind: "id", Required: true},
				{Name: "timeout", Kind: "int", Default: 20},
				{Name: "message", Kind: "text", Default: "a; b"},
			},
		},
		{
			"\n{{- /* Says who.\n\n\tdata:\n\t  a list = [1, \"x\"]\n\t  b map = {}; c bool = true\n\t  d any = null\n*/ -}}\n{}",
			[]Field{
				{Name: "a", Kind: "list", Default: []any{1, "x"}},
				{Name: "b", Kind: "map", Default: map[string]any{}},
				{Name: "c", Kind: "bool", Default: true},
				{Name: "d", Kind: "any"},
			},
		},
		{`{{/* data: */}}`, nil},
	} {
		if diff := cmp.Diff(c.want, mustParse(t, c.text).Fields()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.text, diff)
		}
	}
}

func TestHeader(t *testing.T) {
	t.Parallel()
	made := mustParse(t, "{{/* Says\n who.\n data:\n  a int = 1; b map\n example:\n {\"b\": {\"c\": [2]}}\n*/}}{}")
	if got, want := made.About(), "Says who."; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if diff := cmp.Diff(map[string]any{"b": map[string]any{"c": []any{2}}}, made.Example()); diff != "" {
		t.Errorf("example (-want +got):\n%s", diff)
	}
	if fields := made.Fields(); len(fields) != 2 || fields[0].String() != "a int = 1" || fields[1].String() != "b map" {
		t.Errorf("got fields %v", fields)
	}
	for _, example := range []string{"", "{", "null", "[1]", "{} {}"} {
		l, _ := Load(Options{})
		_, mistakes := l.Parse(diag.Pos{File: "t", Line: 1, Col: 1}, "{{/* data: a int\nexample:\n"+example+"\n*/}}{}")
		want := "t:2:1: expected the data of an example as JSON, such as {\"voicemail\": \"4567\"}, found " +
			diag.Clip(example)
		if err := diag.Mistakes(mistakes).Err(); err == nil || err.Error() != want {
			t.Errorf("%q: got %v, want %s", example, err, want)
		}
	}
}

// TestZone: dateInZone goes by the zones that it is given, at load and in an execution.
func TestZone(t *testing.T) {
	t.Parallel()
	mars := time.FixedZone("MTC", 37*60)
	l, _ := Load(Options{Zone: func(name string) (*time.Location, error) {
		if name == "Mars/Airy" {
			return mars, nil
		}
		return nil, errors.New("no such place")
	}})
	at := diag.Pos{File: "t", Line: 1, Col: 1}
	template, mistakes := l.ParseText(at,
		`{{ dateInZone "15:04 MST" .Now "Mars/Airy" }} {{ dateInZone "15:04" .Now .Tenant }}`)
	if len(mistakes) > 0 {
		t.Fatal(mistakes)
	}
	var out bytes.Buffer
	noon := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	err := template.Execute(t.Context(), &out, map[string]any{"Now": noon, "Tenant": "Mars/Airy"}, funcs.Env{Now: noon})
	if got, want := out.String(), "12:37 MTC 12:37"; err != nil || got != want {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
	if _, mistakes := l.ParseText(at, `{{ dateInZone "15" .Now "Europe/Berlin" }}`); len(mistakes) != 1 {
		t.Errorf("got %v, want a mistake: the zone is not known", mistakes)
	}
}

// TestByteOrderMark: editors on Windows begin files with one, and mean nothing by it.
func TestByteOrderMark(t *testing.T) {
	t.Parallel()
	l, mistakes := load(map[string]string{"t.json.tmpl": "\ufeff{{ if }}", "u.json.tmpl": "\ufeff\ufeff{\"a\": 1}"})
	if got, want := diag.Mistakes(mistakes).Error(),
		"templates/t.json.tmpl:1:4: {{if}} needs a value, found none"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	var out bytes.Buffer
	if err := l.Template("u").Execute(t.Context(), &out, sample(), funcs.Env{}); err != nil ||
		out.String() != `{"a": 1}` {
		t.Errorf("got %q, %v", out.String(), err)
	}
}
