package pivot

import (
	"encoding/json"
	"errors"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// Formats that Kazoo checks in its own way; see adaptSchema.
const (
	emailFormat = "kazoo-email"
	urlFormat   = "kazoo-url"
)

var errFormat = errors.New("it does not fit") // what was wanted is said by finding

// kazooFormats are the formats of Kazoo: jesse's pattern for e-mail, and the check of URLs that
// Kazoo sends requests to.
func kazooFormats() []*jsonschema.Format {
	text := func(name string, fits func([]byte) bool) *jsonschema.Format {
		return &jsonschema.Format{Name: name, Validate: func(v any) error {
			if s, ok := v.(string); ok && !fits([]byte(s)) {
				return errFormat
			}
			return nil
		}}
	}
	return []*jsonschema.Format{
		text(emailFormat, isEmail),
		text(urlFormat, func(text []byte) bool { return isClientURL(text, true) }),
	}
}

// maxSteps is how many steps through a schema fillDefaults makes without a step into the value:
// schemas that refer to each other have no end.
const maxSteps = 50

// fillDefaults adds missing members that have a default in a schema, as jesse does before it
// validates. It needs a type beside the default, and a default of that type.
func fillDefaults(s *jsonschema.Schema, value any, steps int) {
	if s == nil || steps == maxSteps {
		return
	}
	fillDefaults(s.Ref, value, steps+1)
	for _, all := range s.AllOf {
		fillDefaults(all, value, steps+1)
	}
	switch value := value.(type) {
	case map[string]any:
		for name, property := range s.Properties {
			if _, given := value[name]; !given {
				if property.Default == nil || property.Types == nil || !isOfType(*property.Types, *property.Default) {
					continue
				}
				value[name] = cloneValue(*property.Default)
			}
			fillDefaults(property, value[name], 0)
		}
		for pattern, inside := range s.PatternProperties {
			for name := range value {
				if pattern.MatchString(name) {
					fillDefaults(inside, value[name], 0)
				}
			}
		}
	case []any:
		items, _ := s.Items.(*jsonschema.Schema)
		for _, element := range value {
			fillDefaults(items, element, 0)
		}
	}
}

// isOfType reports whether a value is of one of the types.
func isOfType(types jsonschema.Types, value any) bool {
	for _, name := range types.ToStrings() {
		ok := false
		switch value := value.(type) {
		case nil:
			ok = name == "null"
		case bool:
			ok = name == "boolean"
		case string:
			ok = name == "string"
		case map[string]any:
			ok = name == "object"
		case []any:
			ok = name == "array"
		case json.Number:
			ok = name == "number" || name == "integer" && !strings.ContainsAny(string(value), ".eE")
		}
		if ok {
			return true
		}
	}
	return false
}

// cloneValue copies a default deeply, since the original belongs to the schema.
func cloneValue(value any) any {
	switch value := value.(type) {
	case map[string]any:
		m := make(map[string]any, len(value))
		for name, v := range value {
			m[name] = cloneValue(v)
		}
		return m
	case []any:
		list := make([]any, len(value))
		for i, v := range value {
			list[i] = cloneValue(v)
		}
		return list
	}
	return value
}
