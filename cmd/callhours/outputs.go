package main

import (
	_ "embed"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/callhours/callhours/console"
)

// outputsText describes what commands write with --format json. What the API answers too is
// referred to in the API's description.
//
//go:embed outputs.json
var outputsText []byte

// outputs are the schemas of the JSON that commands write.
type outputs struct {
	Outputs     map[string]any `json:"outputs"` // by command, such as "feeds refresh"
	Definitions map[string]any `json:"$defs"`   // of the commands and of the API, by name
}

// loadOutputs reads the two descriptions, which are part of the program.
func loadOutputs() outputs {
	var o outputs
	must(json.Unmarshal(outputsText, &o))
	var api struct {
		Components struct {
			Schemas map[string]any `json:"schemas"`
		} `json:"components"`
	}
	must(json.Unmarshal(console.OpenAPIText(), &api))
	maps.Copy(o.Definitions, api.Components.Schemas)
	return o
}

// commands are those that have a schema.
func (o outputs) commands() []string { return slices.Sorted(maps.Keys(o.Outputs)) }

// schema is the JSON Schema (2020-12) of what a command writes with --format json; nil for one that
// has no such format.
func (o outputs) schema(command string) []byte {
	output, ok := o.Outputs[command].(map[string]any)
	if !ok {
		return nil
	}
	used := map[string]any{}
	document := maps.Clone(o.localize(output, used).(map[string]any))
	document["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	document["title"] = "callhours " + command + " --format json"
	if len(used) > 0 {
		document["$defs"] = used
	}
	text, err := json.MarshalIndent(document, "", "  ")
	must(err)
	return append(text, '\n')
}

// localize gives a schema whose references lead to "$defs", and adds to used what they refer to.
func (o outputs) localize(value any, used map[string]any) any {
	switch v := value.(type) {
	case map[string]any:
		local := make(map[string]any, len(v))
		for key, member := range v {
			to, isText := member.(string)
			if key != "$ref" || !isText {
				local[key] = o.localize(member, used)
				continue
			}
			name := to[strings.LastIndex(to, "/")+1:]
			local[key] = "#/$defs/" + name
			if _, known := used[name]; !known {
				used[name] = nil // definitions may refer to each other
				used[name] = o.localize(o.Definitions[name], used)
			}
		}
		return local
	case []any:
		local := make([]any, len(v))
		for i, element := range v {
			local[i] = o.localize(element, used)
		}
		return local
	}
	return value
}
