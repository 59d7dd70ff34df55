package config

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
)

// Schemas are the kinds of YAML files that Schema describes.
var Schemas = []string{"config", "tenant", "test"}

// Schema is a JSON Schema (draft-07, which editors know best) of the main file of a configuration
// ("config"), of an included file ("tenant"), or of a file of routing tests ("test"); nil for any
// other kind. It is made of the tables that the loader reads by. What it refuses is a mistake for
// Load too; Load finds more, such as names that are not defined.
func Schema(kind string) []byte {
	tops := map[string]section{"config": inMain, "tenant": inInclude, "test": inTests}
	top, ok := tops[kind]
	if !ok {
		return nil
	}
	s := schemaWriter{definitions: map[string]any{}}
	out := s.mapping(top)
	out["$schema"] = "http://json-schema.org/draft-07/schema#"
	out["title"] = "callhours: " + sectionNames[top]
	out["definitions"] = s.definitions
	text, err := json.MarshalIndent(out, "", "  ")
	if err != nil { // maps, slices, texts and booleans
		panic(err)
	}
	return append(text, '\n')
}

// schemaWriter collects the sections that others refer to.
type schemaWriter struct{ definitions map[string]any }

// mapping describes a section.
func (s schemaWriter) mapping(of section) map[string]any {
	properties, required := map[string]any{}, []string{}
	for _, k := range of.table() {
		if k.section != of {
			continue
		}
		value := s.value(k.format)
		value["description"] = describe(k)
		properties[k.name] = value
		if k.def == "required" {
			required = append(required, k.name)
		}
	}
	out := map[string]any{"type": "object", "properties": properties, "additionalProperties": false}
	if len(required) > 0 {
		out["required"] = required
	}
	return out
}

// describe is what an editor shows for a key.
func describe(k key) string {
	text := strings.ReplaceAll(k.meaning, "`", "")
	if def := strings.ReplaceAll(k.def, "`", ""); def != "" && def != "required" {
		text += " (default: " + def + ")"
	}
	return text
}

// ref refers to a section, which it describes once.
func (s schemaWriter) ref(to section) map[string]any {
	name := strings.TrimPrefix(strings.TrimPrefix(sectionNames[to], "a "), "an ")
	if _, ok := s.definitions[name]; !ok {
		s.definitions[name] = nil // conditions hold conditions
		s.definitions[name] = s.mapping(to)
	}
	// Beside $ref draft-07 takes no description.
	return map[string]any{"allOf": []any{map[string]any{"$ref": "#/definitions/" + escapePointer(name)}}}
}

func escapePointer(name string) string { return strings.ReplaceAll(name, " ", "%20") }

// refs are the formats that are a section.
var refs = map[string]section{
	"auth": inAuth, "public_url": inPublicURL, "basic": inBasic, "tls": inTLS, "database": inDatabase, "log": inLog,
	"metrics": inMetrics, "decisions": inDecisions,
	"hours": inHours, "limits": inLimits, "tenant": inTenant, "match": inMatch, "condition": inCondition,
	"call": inTestCall, "want": inTestWant, "expect": inExpect, "upstream": inUpstream, "holidays": inHolidays,
}

// elements are the formats whose keys the user chooses, and what their values are.
var elements = map[string]string{
	"hosts by name": "host", "by tenant's name": "grant", "lists by name": "list", "calendars by name": "calendar",
	"plans by name": "plan", "texts by name": "text", "secrets by name": "secret", "names by role": "names",
	"texts by date": "text", "hours by date": "hour", "answers by branch": "answer", "patterns by name": "patterns", "calendars": "contents",
	"upstreams by branch": "test upstream",
}

var namedSections = map[string]section{
	"host": inHost, "grant": inGrant, "list": inList, "calendar": inCalendar, "plan": inPlan,
	"test upstream": inTestUpstream,
}

// lists are the formats that are lists of sections.
var lists = map[string]section{
	"list of routes": inRoute, "list of conditions": inCondition, "list of branches": inBranch, "list of tests": inTest,
}

// grammars are the formats of scalars that are written in one way.
var grammars = map[string]*regexp.Regexp{
	"amount": amountGrammar, "hour": clockTime, "number": testStatus,
	"duration": regexp.MustCompile(`^(\d+(\.\d+)?(ns|us|µs|ms|s|m|h|d|w))+$`),
	"per cent": regexp.MustCompile(`^[1-9]\d?%$`),
}

var (
	// A scalar without quotes may be a number or true to a YAML parser, and is a text to Load.
	scalarTypes = []string{"string", "number", "boolean"}
	choice      = regexp.MustCompile("`([^`]+)`")
)

// value describes the values of a format of the tables.
func (s schemaWriter) value(format string) map[string]any {
	if to, ok := refs[format]; ok {
		return s.ref(to)
	}
	if to, ok := namedSections[format]; ok {
		return s.ref(to)
	}
	if of, ok := elements[format]; ok {
		return map[string]any{"type": "object", "additionalProperties": s.value(of)}
	}
	if of, ok := lists[format]; ok {
		return map[string]any{"type": "array", "items": s.ref(of), "minItems": 1}
	}
	if grammar, ok := grammars[format]; ok {
		// Patterns are about strings alone: 1000 is a number to a YAML parser, and right.
		return map[string]any{"type": scalarTypes, "pattern": grammar.String()}
	}
	switch format {
	case "true":
		return map[string]any{"const": true}
	case "true or false":
		return map[string]any{"type": "boolean"}
	case "data", "mapping":
		return map[string]any{"type": "object"}
	case "true, false or `both`":
		return either(s.value("true or false"), map[string]any{"const": "both"})
	case "secret":
		return either(s.value("text"), s.ref(inSecret))
	case "answer":
		return either(s.value("text"), s.ref(inAnswer))
	case "texts", "names", "paths", "patterns", "addresses", "dates", "moments":
		return oneOrMore(s.value("text"))
	case "numbers":
		return oneOrMore(either(s.value("text"), s.ref(inListRef)))
	case "address or list of them":
		return oneOrMore(s.value("text"))
	case "filter or list of them":
		return oneOrMore(s.ref(inFilter))
	case "duration or `never`":
		return either(s.value("duration"), map[string]any{"const": "never"})
	case "contents": // of a calendar, in tests
		events := map[string]any{"type": "array", "items": s.ref(inTestEvent)}
		return either(map[string]any{"type": "string"}, events, s.ref(inTestCalendar))
	case "lines, or branches by moment":
		return either(map[string]any{"type": "string"}, map[string]any{"type": "object"})
	case "`covered`, `may_be_empty`, expect":
		return either(map[string]any{"enum": []any{"covered", "may_be_empty"}}, s.ref(inExpect))
	}
	if strings.HasPrefix(format, "`") {
		return choices(format)
	}
	return map[string]any{"type": scalarTypes} // text, name, path, zone, address: Load says more
}

// choices are the values that a format lists. A number among them may be written without quotes.
func choices(format string) map[string]any {
	var values []any
	for _, found := range choice.FindAllStringSubmatch(format, -1) {
		values = append(values, found[1])
		var number float64
		if json.Unmarshal([]byte(found[1]), &number) == nil {
			values = append(values, number)
		}
	}
	return map[string]any{"enum": values}
}

func either(values ...map[string]any) map[string]any {
	return map[string]any{"anyOf": slices.Clone(values)}
}

func oneOrMore(value map[string]any) map[string]any {
	return either(value, map[string]any{"type": "array", "items": value, "minItems": 1})
}
