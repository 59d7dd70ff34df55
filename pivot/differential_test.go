package pivot

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// difference is a kind of callflows of which the catalog or Schemas say otherwise than Kazoo.
type difference struct {
	name    string
	schemas bool           // Schemas refuse it as well
	says    *regexp.Regexp // what they say of it
}

// argued are the callflows of which the catalog or Schemas say otherwise than Kazoo, and why that
// is right. In all of them they are the stricter ones: what Kazoo refuses is never taken.
// docs/design.md has the same list.
var argued = []difference{
	{
		"the parts of audio_macro, and the action itself, have schemas and nothing to run", true,
		regexp.MustCompile(`module: "(action|audio_macro\.(say|prompt|tone))" (is not a module|has no schema)`),
	},
	{
		"notification.skip_module is not in its schema, and Kazoo reads it of every action", false,
		regexp.MustCompile(`skip_module: expected true or false`),
	},
	{"more than 100 actions within each other", false, regexp.MustCompile(`expected at most 100 actions`)},
	{
		"$ stands before a last line end too in Kazoo's patterns", true,
		regexp.MustCompile(
			`expected a language|expected a text of digits|expected the name of a header|does not match pattern|additional properties`),
	},
	{
		"a child without a name, or with a line end for one, is not looked at, and never taken", true,
		regexp.MustCompile(`children\.("(\\n)*")`),
	},
	{
		"a URL without a host, or with one for which Kazoo takes another: user@host:port, user:password@localhost",
		true,
		regexp.MustCompile(`expected a URL with`),
	},
}

// TestAgainstKazoo holds what callhours takes against Kazoo's own schemas as Kazoo reads them,
// for callflows of many actions: whether CheckCallflow and Schemas take one is what jesse says,
// but for the cases that are argued.
func TestAgainstKazoo(t *testing.T) {
	t.Parallel()
	dir, schemas := kazooSchemas(t)
	count, soak := 2000, os.Getenv("CALLHOURS_SOAK") != ""
	if soak {
		count = 40_000
	}
	j := newJesse(t, dir)
	taken, safe, seen, used := 0, 0, map[string]bool{}, map[string]int{}
	for i := uint64(0); len(seen) < count; i++ {
		g := flowGenerator{Rand: rand.New(rand.NewPCG(17, i)), documents: j.documents}
		body := g.flow()
		if seen[string(body)] {
			continue
		}
		seen[string(body)] = true
		wrong := j.check(decodeJSON(t, body))
		catalog, own := CheckCallflow(body, Cluster{Version: KazooMaster}), schemas.Check(body)
		if len(wrong) == 0 {
			taken++
		}
		if CheckCallflow(body, Cluster{}) == nil { // of any version, which must take it
			for _, v := range Versions() {
				if err := CheckCallflow(body, Cluster{Version: v}); err != nil {
					t.Errorf("taken where the version is not known, and not by %s: %v\n\t%.600s", v, err, body)
				}
			}
			safe++
		}
		for _, c := range []struct {
			by  string
			err error
		}{{"CheckCallflow", catalog}, {"Schemas.Check", own}} {
			switch {
			case (c.err == nil) == (len(wrong) == 0):
			case c.err == nil:
				t.Errorf("%s takes what Kazoo refuses: %s\n\t%.600s", c.by, wrong[0], body)
			default:
				why := slices.IndexFunc(argued, func(a difference) bool {
					return a.says.MatchString(c.err.Error()) && (a.schemas || c.by == "CheckCallflow")
				})
				if why < 0 {
					t.Errorf("%s refuses what Kazoo takes: %v\n\t%.600s", c.by, c.err, body)
					continue
				}
				used[argued[why].name]++
			}
		}
	}
	for _, a := range argued {
		if used[a.name] == 0 && soak {
			t.Errorf("no callflow differs any more: %s", a.name)
		}
		t.Logf("%6d times: %s", used[a.name], a.name)
	}
	t.Logf("%d callflows, of which Kazoo takes %d, and every version of it %d", count, taken, safe)
	if taken < count/4 || taken > count*3/4 || safe < count/5 {
		t.Error("that is no test")
	}
}

// flowGenerator makes callflows that are mostly what the schemas want, with mistakes
// of all kinds in half of them.
type flowGenerator struct {
	*rand.Rand
	documents map[string]map[string]any
	mistakes  float64 // how often a value is a wrong one
}

// raw is JSON as it is written.
type raw string

func (r raw) MarshalJSON() ([]byte, error) { return []byte(r), nil }

func (g *flowGenerator) chance(p float64) bool { return g.Float64() < p }

func pick[T any](g *flowGenerator, list []T) T { return list[g.IntN(len(list))] }

func (g *flowGenerator) flow() []byte {
	if g.chance(0.6) {
		g.mistakes = pick(g, []float64{0.03, 0.1, 0.2, 0.3})
	}
	flow := g.action(1 + g.IntN(5))
	if g.chance(0.002) {
		for range 80 + g.IntN(40) {
			flow = map[string]any{"module": "noop", "children": map[string]any{"_": flow}}
		}
	}
	body, err := json.Marshal(flow)
	if err != nil {
		panic(err)
	}
	return body
}

func (g *flowGenerator) action(depth int) any {
	if g.chance(g.mistakes / 10) {
		return pick(g,
			[]any{nil, []any{}, "hangup", map[string]any{}, map[string]any{"data": map[string]any{}}, raw("1")})
	}
	var modules []string
	for name := range g.documents {
		if module, ok := strings.CutPrefix(name, "callflows."); ok {
			modules = append(modules, module)
		}
	}
	slices.Sort(modules)
	module := pick(g, modules)
	for !g.chance(0.02) && (module == "action" || strings.HasPrefix(module, "audio_macro.")) {
		module = pick(g, modules)
	}
	a := map[string]any{"module": module}
	if data := g.value(g.documents["callflows."+module], 0); !g.chance(0.1) || len(data.(map[string]any)) > 0 {
		a["data"] = data
	}
	switch {
	case g.chance(g.mistakes / 5):
		a["module"] = pick(g, []any{"say", "", raw("1"), nil, strings.Repeat("m", 65), "Hangup", "tones"})
	case g.chance(g.mistakes / 5):
		a["data"] = g.anything(2)
	}
	if g.chance(0.05) {
		a[pick(g, []string{"id", "note", "flow"})] = g.anything(2)
	}
	if depth > 1 && g.chance(0.8) {
		children := map[string]any{}
		for range 1 + g.IntN(2) {
			key := pick(g, []string{"_", "1", "timeout", "NO_ANSWER", "a.b"})
			if g.chance(0.02) {
				key = pick(g, []string{"", "\n", "\n\n"})
			}
			children[key] = g.action(depth - 1)
		}
		a["children"] = children
		if g.chance(g.mistakes / 10) {
			a["children"] = pick(g, []any{nil, []any{}, "x", children})
		}
	}
	return a
}

// value is one that a schema takes, or one that it may not.
func (g *flowGenerator) value(schema map[string]any, depth int) any {
	if ref, ok := schema["$ref"].(string); ok {
		more := maps.Clone(g.documents[ref])
		own, _ := schema["properties"].(map[string]any)
		properties, _ := more["properties"].(map[string]any)
		more["properties"] = maps.Clone(properties)
		maps.Copy(more["properties"].(map[string]any), own)
		schema = more
	}
	if depth > 0 && g.chance(g.mistakes/2) {
		return g.anything(2)
	}
	for _, several := range []string{"oneOf", "anyOf"} {
		if list, ok := schema[several].([]any); ok {
			v := g.value(pick(g, list).(map[string]any), depth)
			if m, ok := v.(map[string]any); ok && schema["properties"] != nil && m["macro"] == nil && !g.chance(0.05) {
				m["macro"] = pick(g, []any{"play", "tts", "say", "prompt", "tone"})
			}
			return v
		}
	}
	if list, ok := schema["enum"].([]any); ok {
		return pick(g, list)
	}
	switch schema["type"] {
	case "boolean":
		return g.chance(0.5)
	case "integer", "number":
		return g.integer(schema)
	case "array":
		items, _ := schema["items"].(map[string]any)
		list := []any{}
		for range 1 + g.IntN(2) {
			list = append(list, g.value(items, depth+1))
		}
		return list
	case "object":
		return g.object(schema, depth)
	}
	return g.text(schema)
}

func (g *flowGenerator) object(schema map[string]any, depth int) map[string]any {
	properties, _ := schema["properties"].(map[string]any)
	required, _ := schema["required"].([]any)
	m := map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		property := properties[name].(map[string]any)
		p := 0.25
		if slices.Contains(required, any(name)) || name == "macros" {
			p = 1 - max(g.mistakes, 0.02)
		}
		if g.chance(p) {
			m[name] = g.value(property, depth+1)
		}
	}
	patterns, _ := schema["patternProperties"].(map[string]any)
	for _, pattern := range slices.Sorted(maps.Keys(patterns)) {
		name := pick(g, []string{"X-A", "a_b", "7"})
		if g.chance(g.mistakes) {
			name = pick(g, []string{"X A", "", "é", "X-A\n"})
		}
		m[name] = g.value(patterns[pattern].(map[string]any), depth+1)
	}
	if g.chance(0.05) {
		m["unknown"] = g.anything(1)
	}
	if properties == nil && patterns == nil && g.chance(0.5) {
		m["step"] = g.anything(1)
	}
	return m
}

func (g *flowGenerator) integer(schema map[string]any) any {
	if g.chance(g.mistakes) {
		return pick(g,
			[]any{
				raw("1.0"), raw("1e1"), raw("-1"), raw("0"), raw("99999999999999999999"), raw("1.5"), raw("10801"),
				raw("-0"), raw("1e400"), "5",
			})
	}
	for _, bound := range []string{"minimum", "maximum"} {
		if n, ok := schema[bound].(json.Number); ok && g.chance(0.7) {
			return n
		}
	}
	return 5 + g.IntN(90)
}

// Texts that some schema or check takes and another does not.
var someTexts = []string{
	"", "a", "7", "#", "en", "en-us", "en_us", "en\n", "123\n", "yes", "a@b", "a@b@c", "@b", "a@b\n",
	"http://pivot.example.com/x", "https://10.1.2.3:8080",
	"http://localhost/", "http://127.1/", "http://0x7f.0.0.1", "http://2130706433:80", "http://0177.0.0.1", "http://0/",
	"http://128.1/", "http://u@h.example.com/",
	"http://u@h.example.com:80/", "http://u:p@h.example.com/", "http://u:p@localhost/", "http://", "http:///x",
	"http:x", "HTTP://h.example.com", "ftp://h", "http://x\n",
	"0123456789abcdef0123456789abcdef", "0123456789abcdef0123456789abcdeé", "X-A", "\u0000", "\"\\",
}

func (g *flowGenerator) text(schema map[string]any) any {
	if g.chance(max(g.mistakes, 0.03)) {
		return pick(g, someTexts)
	}
	pattern, _ := schema["pattern"].(string)
	least := 1
	if n, ok := schema["minLength"].(json.Number); ok {
		least = atoi(n)
	}
	switch {
	case schema["kazoo-validation"] == true || strings.HasPrefix(pattern, "^http"):
		return fmt.Sprintf("https://pivot-%d.example.com/%d", g.IntN(100), g.IntN(100))
	case schema["format"] == "email":
		return fmt.Sprintf("u%d@example.com", g.IntN(1000))
	case strings.Contains(pattern, "A-Za-z"):
		return pick(g, []string{"en", "de-DE", "fr"})
	case strings.Contains(pattern, "0-9"):
		return fmt.Sprint(g.IntN(100000))
	}
	if n, ok := schema["maxLength"].(json.Number); ok && g.chance(0.1) {
		least = atoi(n) + g.IntN(2)
	}
	return strings.Repeat(pick(g, []string{"a", "é", "😀", "7"}), least)
}

func (g *flowGenerator) anything(depth int) any {
	switch g.IntN(9) {
	case 0:
		return nil
	case 1:
		return g.chance(0.5)
	case 2:
		return g.integer(nil)
	case 3:
		if depth > 0 {
			return []any{g.anything(depth - 1), g.anything(depth - 1)}
		}
		return []any{}
	case 4:
		if depth > 0 {
			return map[string]any{pick(g, someTexts): g.anything(depth - 1), "id": g.anything(depth - 1)}
		}
		return map[string]any{}
	case 5:
		return raw(pick(g, []string{"1e400", "-0.0", "1E5", "3", "1e-400"}))
	}
	return pick(g, someTexts)
}
