package jsonsafe

import (
	"fmt"
	"reflect"
	"strings"
	"time"
)

// Describe names what a value is, for messages: "a text", "a list", "nothing".
func Describe(v any) string {
	switch v.(type) {
	case nil:
		return "nothing"
	case time.Time, *time.Time:
		return "a time"
	case JSON:
		return "JSON"
	}
	switch rv := reflect.ValueOf(v); {
	case rv.Kind() == reflect.String:
		return "a text"
	case rv.Kind() == reflect.Bool:
		return "true or false"
	case rv.CanInt(), rv.CanUint(), rv.CanFloat():
		return "a number"
	case rv.Kind() == reflect.Slice, rv.Kind() == reflect.Array:
		return "a list"
	case rv.Kind() == reflect.Map:
		return "a map"
	}
	return "an object"
}

// Text writes a single value as text. Lists, maps and objects have no text that anybody wants to
// hear.
func Text(v any) (string, error) {
	switch v := v.(type) {
	case string:
		return v, nil
	case JSON:
		return v.String(), nil
	case time.Time:
		return v.Format(time.RFC3339), nil
	case error:
		return v.Error(), nil
	case fmt.Stringer:
		if rv := reflect.ValueOf(v); rv.Kind() != reflect.Pointer || !rv.IsNil() {
			return v.String(), nil
		}
	}
	switch rv := reflect.ValueOf(v); rv.Kind() {
	case reflect.String:
		return rv.String(), nil
	case reflect.Bool, reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64, reflect.Uint,
		reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Float32, reflect.Float64:
		return fmt.Sprint(v), nil
	}
	return "", fmt.Errorf("expected one value to write as text, found %s", Describe(v))
}

// Members lists what a template can read of a struct: its fields and the methods of a pointer to
// it.
func Members(t reflect.Type) []string {
	var names []string
	for f := range t.Fields() {
		if f.IsExported() {
			names = append(names, f.Name)
		}
	}
	for m := range reflect.PointerTo(t).Methods() {
		names = append(names, m.Name)
	}
	return names
}

// DescribeType is [Describe] for the name of a Go type.
func DescribeType(goType string) string {
	switch {
	case goType == "string":
		return "a text"
	case goType == "bool":
		return "true or false"
	case strings.HasPrefix(goType, "interface"), goType == "any":
		return "a value"
	case strings.HasPrefix(goType, "int"), strings.HasPrefix(goType, "uint"), strings.HasPrefix(goType, "float"):
		return "a number"
	case strings.HasPrefix(goType, "[]"):
		return "a list"
	case strings.HasPrefix(goType, "map["):
		return "a map"
	case strings.TrimPrefix(goType, "*") == reflect.TypeFor[time.Time]().String():
		return "a time"
	}
	return "an object"
}
