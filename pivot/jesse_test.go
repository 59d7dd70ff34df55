package pivot

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"
)

// jesse is Kazoo's check of a callflow as its sources tell of it, written for the tests once more
// and with nothing of the package's own: jesse, its validator for draft-04, walks a schema's
// keywords in the order in which they stand there, which is that of the alphabet, fills in defaults
// as it comes to properties, and lets Kazoo look at what is marked kazoo-validation. What it does
// not do: jesse forgets all errors that it has found when a oneOf fits after them; then Kazoo takes
// a callflow that it has found wrong.
type jesse struct {
	documents map[string]map[string]any
	patterns  map[string]*regexp.Regexp
	wrong     []string
}

// newJesse reads the schemas of a directory.
func newJesse(t *testing.T, dir string) *jesse {
	t.Helper()
	j := &jesse{documents: map[string]map[string]any{}, patterns: map[string]*regexp.Regexp{}}
	files, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no schemas: %v", err)
	}
	for _, file := range files {
		body, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		document, _ := decodeJSON(t, body).(map[string]any)
		j.documents[strings.TrimSuffix(filepath.Base(file), ".json")] = document
	}
	return j
}

func decodeJSON(t *testing.T, body []byte) any {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(string(body)))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	return v
}

// check gives what is wrong with a callflow, nothing if Kazoo takes it.
// Defaults are filled into it.
func (j *jesse) check(callflow any) []string {
	j.wrong = nil
	j.checkFloats(callflow)
	j.schema("callflows.action", "", j.documents["callflows.action"], callflow, nil)
	return j.wrong
}

func (j *jesse) fail(at, format string, args ...any) {
	j.wrong = append(j.wrong, at+": "+fmt.Sprintf(format, args...))
}

// checkFloats is jiffy's part: a float must be finite, and not zero unless written so.
func (j *jesse) checkFloats(v any) {
	switch v := v.(type) {
	case map[string]any:
		for _, inside := range v {
			j.checkFloats(inside)
		}
	case []any:
		for _, inside := range v {
			j.checkFloats(inside)
		}
	case json.Number:
		if f, ok := new(big.Float).SetString(string(v)); strings.ContainsAny(string(v), ".eE") &&
			(!ok || f.MantExp(nil) > 1024 || f.MantExp(nil) < -1074 && f.Sign() != 0) {
			j.fail("", "%s is no float", v)
		}
	}
}

// schema validates a value, which the member of that name of an object is.
func (j *jesse) schema(document, at string, schema map[string]any, value any, inside map[string]any) {
	object, isObject := value.(map[string]any)
	list, isList := value.([]any)
	text, isText := value.(string)
	number, isNumber := value.(json.Number)
	for _, keyword := range slices.Sorted(maps.Keys(schema)) {
		rule := schema[keyword]
		switch keyword {
		case "$ref":
			name := rule.(string)
			j.schema(name, at, j.documents[name], value, inside)
		case "type":
			if !slices.ContainsFunc(asList(rule), func(name any) bool { return hasType(value, name.(string)) }) {
				j.fail(at, "want %v", rule)
			}
		case "enum":
			if !slices.ContainsFunc(rule.([]any), func(one any) bool { return equal(one, value) }) {
				j.fail(at, "want one of %v", rule)
			}
		case "minLength", "maxLength":
			if n := utf8.RuneCountInString(text); isText &&
				(keyword == "minLength" && n < atoi(rule) || keyword == "maxLength" && n > atoi(rule)) {
				j.fail(at, "%s %v", keyword, rule)
			}
		case "minimum", "maximum":
			if isNumber {
				got, _ := new(big.Float).SetPrec(200).SetString(string(number))
				bound, _ := new(big.Float).SetPrec(200).SetString(string(rule.(json.Number)))
				if c := got.Cmp(bound); keyword == "minimum" && c < 0 || keyword == "maximum" && c > 0 {
					j.fail(at, "%s %v", keyword, rule)
				}
			}
		case "minItems":
			if isList && len(list) < atoi(rule) {
				j.fail(at, "minItems %v", rule)
			}
		case "uniqueItems":
			for i := range list {
				if slices.ContainsFunc(list[:i], func(one any) bool { return equal(one, list[i]) }) {
					j.fail(at, "not unique")
				}
			}
		case "pattern":
			if isText && !j.matches(rule.(string), text) {
				j.fail(at, "pattern %v", rule)
			}
		case "format":
			if isText && rule == "email" && !j.matches(`^[^@]+@[^@]+$`, text) {
				j.fail(at, "no e-mail")
			}
		case "items":
			for i, element := range list {
				j.schema(document, fmt.Sprintf("%s[%d]", at, i), rule.(map[string]any), element, nil)
			}
		case "properties":
			if isObject {
				j.properties(document, at, rule.(map[string]any), object)
			}
		case "patternProperties":
			for pattern, property := range rule.(map[string]any) {
				for name := range object {
					if j.matches(pattern, name) {
						j.schema(document, at+"."+name, property.(map[string]any), object[name], object)
					}
				}
			}
		case "additionalProperties":
			for name := range object {
				if rule == false && !j.known(schema, name) {
					j.fail(at, "%q is not known", name)
				}
			}
		case "required":
			for _, name := range rule.([]any) {
				if _, given := object[name.(string)]; isObject && !given {
					j.fail(at, "no %v", name)
				}
			}
		case "oneOf", "anyOf":
			j.alternatives(document, at, keyword, rule.([]any), value)
		}
	}
	if schema["kazoo-validation"] == true {
		j.checkKazoo(document+at[strings.LastIndexByte(at, '.')+1:], at, value, inside)
	}
}

// properties validates the members that a schema names, or their defaults, if those are
// of the type that is wanted.
func (j *jesse) properties(document, at string, properties, object map[string]any) {
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		property := properties[name].(map[string]any)
		if _, given := object[name]; !given {
			byDefault, has := property["default"]
			if property["type"] == nil || !has ||
				!slices.ContainsFunc(asList(property["type"]), func(n any) bool {
					return hasType(byDefault, n.(string))
				}) {
				continue
			}
			object[name] = byDefault
			if _, isObject := byDefault.(map[string]any); isObject {
				object[name] = map[string]any{} // the schemas have none but empty ones, which are not to be shared
			}
		}
		j.schema(document, at+"."+name, property, object[name], object)
	}
}

func (j *jesse) alternatives(document, at, keyword string, schemas []any, value any) {
	fit := 0
	for _, schema := range schemas {
		one := &jesse{documents: j.documents, patterns: j.patterns}
		if one.schema(document, at, schema.(map[string]any), cloneJSON(value), nil); len(one.wrong) == 0 {
			fit++
		}
	}
	if fit == 0 || keyword == "oneOf" && fit > 1 {
		j.fail(at, "%d of %s fit", fit, keyword)
	}
}

func (j *jesse) known(schema map[string]any, name string) bool {
	properties, _ := schema["properties"].(map[string]any)
	patterns, _ := schema["patternProperties"].(map[string]any)
	return properties[name] != nil ||
		slices.ContainsFunc(slices.Collect(maps.Keys(patterns)), func(p string) bool { return j.matches(p, name) })
}

// matches is PCRE's reading: $ stands before a last line end too.
func (j *jesse) matches(pattern, text string) bool {
	if j.patterns[pattern] == nil {
		p := pattern
		if before, ok := strings.CutSuffix(p, "$"); ok {
			p = before + `\n?$`
		}
		j.patterns[pattern] = regexp.MustCompile(p)
	}
	return j.patterns[pattern].MatchString(text)
}

// checkKazoo checks what Kazoo checks beside the schemas.
func (j *jesse) checkKazoo(key, at string, value any, inside map[string]any) {
	switch key {
	case "callflows.actionmodule":
		if name, _ := value.(string); j.documents["callflows."+name] == nil {
			j.fail(at, "no schema for %q", name)
		}
	case "callflows.actiondata":
		name, _ := inside["module"].(string)
		if document := "callflows." + name; j.documents[document] != nil {
			j.schema(document, at, j.documents[document], value, nil)
		}
	case "callflows.pivotvoice_url", "callflows.webhookuri", "callflows.record_callurl", "callflows.record_callerurl":
		if url, isText := value.(string); !isText || !allowsHost(url) {
			j.fail(at, "no URL of a client")
		}
	}
}

// allowsHost splits a URL and checks its host as Kazoo does.
func allowsHost(url string) bool {
	scheme, rest, found := strings.Cut(url, ":")
	if !found || scheme != "http" && scheme != "https" {
		return false
	}
	rest, hasHost := strings.CutPrefix(rest, "//")
	if !hasHost {
		return true // no host is none that is kept out
	}
	host := rest
	if i := strings.IndexAny(rest, "/?#@:"); i >= 0 {
		host = rest[:i]
		// what follows is a password up to a colon, behind which stands the
		// host; it crashes without one
		if rest[i] == '@' {
			_, after, found := strings.Cut(rest[i+1:], ":")
			return found && allowsHost(scheme+"://"+after)
		}
	}
	if strings.ToLower(host) == "localhost" {
		return false
	}
	fields := strings.Split(host, ".")
	var n [4]uint64
	for i, field := range fields {
		v, err := strconv.ParseUint(field, 0, 64)
		if len(fields) > 4 || err != nil ||
			strings.ContainsAny(field, "_oObB") && !strings.HasPrefix(strings.ToLower(field), "0x") {
			return true // a name
		}
		n[i] = v
	}
	shift := 8 * (4 - len(fields))
	last := n[len(fields)-1]
	address := last
	for i := range len(fields) - 1 {
		if n[i] > 255 {
			return true
		}
		address |= n[i] << (24 - 8*i)
	}
	return last>>(shift+8) != 0 || address != 127<<24+1 && address != 0
}

func asList(v any) []any {
	if list, ok := v.([]any); ok {
		return list
	}
	return []any{v}
}

func atoi(v any) int {
	n, _ := strconv.Atoi(string(v.(json.Number)))
	return n
}

func hasType(v any, name string) bool {
	switch v := v.(type) {
	case nil:
		return name == "null"
	case string:
		return name == "string"
	case bool:
		return name == "boolean"
	case []any:
		return name == "array"
	case map[string]any:
		return name == "object"
	case json.Number:
		return name == "number" || name == "integer" && !strings.ContainsAny(string(v), ".eE")
	}
	return false
}

// equal compares as Erlang does: 1 and 1.0 differ.
func equal(a, b any) bool {
	x, _ := json.Marshal(a)
	y, _ := json.Marshal(b)
	return string(x) == string(y)
}

func cloneJSON(v any) any {
	switch v := v.(type) {
	case map[string]any:
		m := map[string]any{}
		for name, inside := range v {
			m[name] = cloneJSON(inside)
		}
		return m
	case []any:
		list := make([]any, len(v))
		for i := range v {
			list[i] = cloneJSON(v[i])
		}
		return list
	}
	return v
}
