package templates

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/callhours/callhours/internal/growth"
	"github.com/callhours/callhours/templates/funcs"
)

// generator writes templates by decisions that somebody else takes, a byte each.
type generator struct {
	decisions []byte
	b         strings.Builder
	depth     int
	defined   []string // names of definitions, to be called
}

func (g *generator) choose(n int) int {
	if len(g.decisions) == 0 {
		return 0
	}
	d := g.decisions[0]
	g.decisions = g.decisions[1:]
	return int(d) % n
}

// of writes one of some texts.
func (g *generator) of(texts ...string) { g.b.WriteString(texts[g.choose(len(texts))]) }

// pieces is what templates are made of, for those that are put together without a plan.
var pieces = []string{
	"{", "}", "[", "]", ",", ",", ":", `"`, `"`, `"a"`, `"b":`, "1", "-", "0", ".", "true", " ", "\n", `\`, `\n`,
	`\u00`, `e9`, `\ud83d`, `\ude00`,
	"{{ .Data.s }}", "{{ .Data.n }}", "{{ .Data.l }}", "{{ .Data.m }}", "{{ .Data.nil }}", "{{ toJson .Data.s }}",
	"{{ print .Data.s 1 }}",
	"{{ if .Data.t }}", "{{ if .Data.f }}", "{{ if not .Data.t }}", "{{ else }}", "{{ else if .Data.u }}", "{{ end }}",
	"{{ end }}", "{{ end }}",
	"{{ with .Data.s }}", "{{ with .Data.e }}", "{{ . }}", "{{- /* , */ -}}", "{{ range .Data.l }}",
	"{{ range $i, $e := .Data.l }}",
	"{{ range $i, $e := .Data.m }}", "{{ range $i, $e := .Data.o }}", "{{ if $i }},{{ end }}", "{{ if gt $i 0 }}",
	"{{ $e }}", "{{ $i }}", "{{ range 2 }}",
	"{{ break }}", "{{ continue }}", "{{ if $i }}", "{{ $c := false }}", "{{ $c = true }}", "{{ $c = .Data.t }}",
	"{{ if $c }}", "{{ if $c }},{{ end }}", "{{ $c := 1 }}",
	`{{ define "a" }}`, `{{ define "b" }}`, `{{ template "a" . }}`, `{{ template "b" . }}`, `{{ template "a" $ }}`,
	`{{ block "b" $ }}`,
	"{{- ", " -}}", "{{ .Data.l | toJson }}", `{{ $ }}`,
}

// jumble writes some of the pieces.
func (g *generator) jumble() {
	for len(g.decisions) > 0 {
		g.of(pieces...)
	}
}

// value writes what stands where a value is wanted, mostly.
func (g *generator) value() {
	if g.depth++; g.depth > 6 {
		g.of("1", "{{ .Data.s }}")
		g.depth--
		return
	}
	defer func() { g.depth-- }()
	switch g.choose(16) {
	case 0:
		g.of("1", "-0.5e3", "true", "null", `"a"`, `"\u00e9\n"`, "[]", "{}")
	case 1, 2:
		g.of("{{ .Data.s }}", "{{ .Data.l }}", "{{ .Data.m }}", "{{ .Data.n }}", "{{ .Data.nil }}",
			"{{ toJson .Data.s }}",
			"{{ list .Data.s .Data.n }}", "{{ .Data.e | default .Data.s }}", "{{ $.Data.s -}}\n", "{{ . }}")
	case 3, 4:
		g.b.WriteString(`"`)
		g.inside()
		g.b.WriteString(`"`)
	case 5:
		g.list()
	case 6, 7:
		g.object()
	case 8:
		g.of("{{ if .Data.t }}", "{{ if .Data.f }}", "{{ with $.Data.s }}", "{{ with .Data.e }}",
			"{{ if and .Data.t .Data.u }}")
		g.value()
		g.of("{{ else }}", "{{ else }}", "{{ else if .Data.u }}1{{ else }}", "")
		g.value()
		g.b.WriteString("{{ end }}")
	case 9:
		name := fmt.Sprint("t", len(g.defined))
		g.b.WriteString(`{{ block "` + name + `" $ }}`)
		g.defined = append(g.defined, name)
		g.value()
		g.b.WriteString("{{ end }}")
	case 10:
		if len(g.defined) > 0 {
			g.b.WriteString(`{{ template "`)
			g.of(g.defined...)
			g.b.WriteString(`" $ }}`)
			return
		}
		g.b.WriteString("2")
	case 11:
		g.b.WriteString("{{ $v := .Data.s }}")
		g.of("{{ $v }}", `"{{ $v }}{{ $v }}"`, "[{{ $v }}]")
	case 12:
		g.of("", ",", `"`, "}", "]", `\`, "{{ .Data.s }}{{ .Data.n }}") // what does not fit
	default:
		g.of(`"{{ .Data.s }}"`, "{{ .Data.s }}", "7")
	}
}

// inside writes what stands in a string.
func (g *generator) inside() {
	for range g.choose(4) {
		switch g.choose(8) {
		case 0:
			g.of("a", `\n`, `\\`, `\"`, `\u00`, "{", ",", "ü", `\ud83d\ude00`, `\ud83d`)
		case 1:
			g.b.WriteString("{{ if .Data.t }}")
			g.inside()
			g.of("{{ else }}b", "")
			g.b.WriteString("{{ end }}")
		case 2:
			g.of("{{ range .Data.l }}x{{ end }}", "{{ range 3 }}{{ $.Data.s }}{{ break }}{{ end }}",
				"{{ with .Data.s }}{{ . }}{{ end }}")
		default:
			g.of("{{ .Data.s }}", "{{ $.Data.n }}", "{{ print $.Data.s .Data.n }}", "{{ .Data.nil }}",
				"{{ toJson .Data.s }}", "{{ .Data.e }}")
		}
	}
}

func (g *generator) list() {
	g.b.WriteString("[")
	switch g.choose(6) {
	case 0:
		g.of("{{ range $i, $e := .Data.l }}{{ if $i }},{{ end }}",
			"{{ range $i, $e := $.Data.m }}{{ if gt $i 0 }},{{ end }}", "{{ range .Data.l }}",
			"{{ range $i, $e := .Data.l }}{{ if eq $i 1 }}{{ continue }}{{ end }}{{ if $i }},{{ end }}")
		g.of("{{ $.Data.s }}", `"{{ $.Data.s }}"`, "[{{ $.Data.l }}]", "{{ if $i }}{{ $e }}{{ else }}{{ $e }}{{ end }}",
			"{{ if $.Data.t }}{{ break }}{{ end }}1")
		g.of("{{ end }}", "{{ else }}0{{ end }}")
	case 1:
		g.value()
		g.of("{{ range .Data.l }},{{ . }}{{ end }}",
			"{{ range $i, $e := .Data.l }}{{ if not $e }}{{ continue }}{{ end }},{{ $e }}{{ end }}",
			"{{ if .Data.t }},1{{ end }}")
	default:
		for i := range g.choose(4) {
			if i > 0 {
				g.b.WriteString(", ")
			}
			g.value()
		}
	}
	g.b.WriteString("]")
}

func (g *generator) object() {
	g.b.WriteString("{ ")
	if g.choose(4) == 0 {
		g.b.WriteString("{{- $c := false }}")
		for i := range g.choose(4) {
			g.of("{{ if .Data.t }}", "{{ if .Data.f }}", "{{ with $.Data.s }}")
			g.of("{{ if $c }},{{ end }}", "{{ if $c }},{{ end }}", "")
			fmt.Fprintf(&g.b, `"o%d":`, i)
			g.value()
			g.of("{{ $c = true }}", "{{ $c = true }}", "")
			g.b.WriteString("{{ end }}")
		}
	} else {
		for i := range g.choose(4) {
			if i > 0 {
				g.b.WriteString(", ")
			}
			switch g.choose(6) {
			case 0:
				fmt.Fprintf(&g.b, `"k%d{{ $.Data.s }}":`, i)
			case 1:
				fmt.Fprintf(&g.b, `{{ print "k%d" $.Data.s }}:`, i)
			default:
				fmt.Fprintf(&g.b, `"k%d":`, i)
			}
			g.value()
		}
		g.of("", `{{ if .Data.t }},"x":1{{ end }}`, `{{ with .Data.s }},"y":{{ . }}{{ end }}`)
	}
	g.b.WriteString("}")
}

// template writes a whole one.
func (g *generator) template() string {
	switch g.choose(4) {
	case 0:
		g.jumble()
	default:
		g.value()
		if g.choose(8) == 1 { // and one slip
			s := g.b.String()
			at := g.choose(max(len(s), 1))
			g.b.Reset()
			g.b.WriteString(s[:at])
			g.of(",", `"`, "}", "]", `\`, "{{ .Data.s }}", "")
			g.b.WriteString(s[min(at+g.choose(2), len(s)):])
		}
	}
	return g.b.String()
}

// marker stands for the text that a caller chose.
const marker = "Zq7"

// callerData is what templates see of a caller who chose a text. shape tells what is true, and how
// long lists are.
func callerData(chosen string, shape byte) map[string]any {
	var list []any
	for i := range int(shape>>3) % 4 {
		list = append(list, []any{chosen, i, ""}[i%3])
	}
	return map[string]any{"Data": map[string]any{
		"s": chosen, "n": 42, "e": "", "nil": nil, "l": list, "m": map[string]any{"k": chosen, "z": list},
		"o": map[string]any{"": 1, "a": 2},
		"t": shape&1 != 0, "f": shape&2 != 0, "u": shape&4 != 0,
	}}
}

// checkCallflow holds for every template that is accepted: whatever a caller chose, it writes JSON,
// and that differs from what another caller gets by the chosen text alone, in strings and names. It
// tells whether the template was accepted, and whether it wrote something.
func checkCallflow(t *testing.T, text, chosen string, shape byte) (accepted, wrote bool) {
	t.Helper()
	tmpl, mistakes := parseCallflow(text)
	if tmpl == nil {
		for _, m := range mistakes {
			if m.Line == 0 || strings.Contains(m.Message, "\n") {
				t.Errorf("%q: a mistake without a place, or on several lines: %s", text, m.Error())
			}
		}
		return false, false
	}
	var plain, odd bytes.Buffer
	err := tmpl.Execute(t.Context(), &plain, callerData(marker, shape), funcs.Env{})
	again := tmpl.Execute(t.Context(), &odd, callerData("h"+chosen, shape), funcs.Env{})
	if err != nil || again != nil {
		var e *Error
		if err != nil && !errors.As(err, &e) || err != nil && strings.Contains(err.Error(), "__") {
			t.Errorf("%s: got the error %q", text, err)
		}
		if (err == nil) != (again == nil) && !funcs.IsLimit(again) {
			t.Errorf("%s\nwith %q: got %v and %v", text, chosen, err, again)
		}
		return true, false
	}
	for _, out := range []*bytes.Buffer{&plain, &odd} {
		if !json.Valid(out.Bytes()) || !utf8.Valid(out.Bytes()) {
			t.Errorf("%s\nwith %q wrote what is not JSON: %s", text, chosen, out)
			return true, true
		}
	}
	if err := sameShape(&plain, &odd, string([]rune("h"+chosen))); err != nil {
		t.Errorf("%s\nwith %q: %v\nwrote %s\nand   %s", text, chosen, err, &plain, &odd)
	}
	return true, true
}

// sameShape compares two texts of JSON, in the first of which the marker stands for the text
// that was chosen in the second.
func sameShape(plain, odd io.Reader, chosen string) error {
	options := []jsontext.Options{jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(false)}
	a, b := jsontext.NewDecoder(plain, options...), jsontext.NewDecoder(odd, options...)
	for {
		x, errX := a.ReadToken()
		y, errY := b.ReadToken()
		if errX != nil || errY != nil {
			if errors.Is(errX, io.EOF) && errors.Is(errY, io.EOF) {
				return nil
			}
			return fmt.Errorf("reading: %w, %w", errX, errY)
		}
		if x.Kind() != y.Kind() {
			return fmt.Errorf("found %s for %s", y, x)
		}
		if want := strings.ReplaceAll(x.String(), marker, chosen); want != y.String() {
			return fmt.Errorf("found %q for %q", y, want)
		}
	}
}

// FuzzCallflow generates templates and data together.
func FuzzCallflow(f *testing.F) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 64 {
		decisions := make([]byte, 40)
		for i := range decisions {
			decisions[i] = byte(r.Uint32())
		}
		f.Add(decisions, "\",\"module\":\"x\\\x00\xff\u2028{{", byte(r.Uint32()))
	}
	f.Fuzz(func(t *testing.T, decisions []byte, chosen string, shape byte) {
		if len(decisions) > 300 || len(chosen) > 1000 || strings.Contains(chosen, marker) {
			return
		}
		g := generator{decisions: decisions}
		checkCallflow(t, g.template(), chosen, shape)
	})
}

// TestGenerated is FuzzCallflow with decisions by chance, and shows that enough of its templates
// are accepted to say something.
func TestGenerated(t *testing.T) {
	if growth.UnderRace {
		t.Skip("it runs in one goroutine for long; the run without the race detector has it")
	}
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 4))
	accepted, wrote, refused := 0, 0, 0
	all := 2000
	if os.Getenv("CALLHOURS_SOAK") != "" {
		all = 100_000
	}
	for range all {
		decisions := make([]byte, 8+r.IntN(80))
		for i := range decisions {
			decisions[i] = byte(r.Uint32())
		}
		g := generator{decisions: decisions}
		a, w := checkCallflow(t, g.template(), "\",\"module\":\"x\\\x00\xff\u2028", byte(r.Uint32()))
		switch {
		case w:
			wrote++
		case a:
			accepted++
		default:
			refused++
		}
	}
	t.Logf("%d wrote, %d failed, %d were refused", wrote, accepted, refused)
	if wrote < all/4 || accepted < all/100 || refused < all/10 {
		t.Error("the templates are too much alike")
	}
}

// TestJumbles does the same with templates that nobody planned, most of which are refused.
func TestJumbles(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(5, 6))
	wrote := 0
	all := 4000
	if os.Getenv("CALLHOURS_SOAK") != "" {
		all = 200_000
	}
	for range all {
		decisions := make([]byte, 1+r.IntN(9))
		for i := range decisions {
			decisions[i] = byte(r.Uint32())
		}
		g := generator{decisions: decisions}
		g.jumble()
		if _, w := checkCallflow(t, g.b.String(), "\",\"module\":\"x\\\x00\xff\u2028", byte(r.Uint32())); w {
			wrote++
		}
	}
	t.Logf("%d wrote", wrote)
	if wrote < all/200 {
		t.Error("too few of the templates are accepted")
	}
}
