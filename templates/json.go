package templates

import (
	"bytes"
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// JSON is text that is JSON already, as toJson gives it. It is a struct so that no string can pass for one by a
// conversion. The zero value is null.
type JSON struct{ text string }

// String is the JSON text.
func (j JSON) String() string {
	if j.text == "" {
		return "null"
	}
	return j.text
}

// MarshalJSON gives the text as it is, so that a JSON inside a list is not encoded a second time.
func (j JSON) MarshalJSON() ([]byte, error) { return []byte(j.String()), nil }

// toJSON encodes any value. Bytes that are not UTF-8 become U+FFFD, nil becomes null.
func (r *run) toJSON(v any) (JSON, error) {
	switch v := v.(type) {
	case JSON:
		return v, nil
	case string: // the usual case
		if err := r.room(len(v)); err != nil {
			return JSON{}, err
		}
	case nil, bool, int:
	default:
		if err := r.lookThrough(v); err != nil {
			return JSON{}, err
		}
	}
	text, err := appendJSON(r.scratch[:0], v)
	r.scratch = text[:0]
	if err != nil {
		return JSON{}, err
	}
	if err := r.room(len(text)); err != nil {
		return JSON{}, err
	}
	return JSON{string(text)}, nil
}

// appendJSON appends the JSON of v. It ends early where the text is too long to be used.
func appendJSON(dst []byte, v any) ([]byte, error) {
	if len(dst) > MaxText {
		return dst, limitf("a text of more than %d bytes", MaxText)
	}
	var err error
	switch v := v.(type) {
	case nil:
		return append(dst, "null"...), nil
	case JSON:
		return append(dst, v.String()...), nil
	case string:
		dst, _ = jsontext.AppendQuote(dst, v) // its error says that bytes became U+FFFD
		return dst, nil
	case bool:
		return strconv.AppendBool(dst, v), nil
	case int:
		return strconv.AppendInt(dst, int64(v), 10), nil
	case int64:
		return strconv.AppendInt(dst, v, 10), nil
	case []any:
		dst = append(dst, '[')
		for i, e := range v {
			if i > 0 {
				dst = append(dst, ',')
			}
			if dst, err = appendJSON(dst, e); err != nil {
				return dst, err
			}
		}
		return append(dst, ']'), nil
	case map[string]any:
		dst = append(dst, '{')
		for i, k := range slices.Sorted(maps.Keys(v)) {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst, _ = jsontext.AppendQuote(dst, k)
			if dst, err = appendJSON(append(dst, ':'), v[k]); err != nil {
				return dst, err
			}
		}
		return append(dst, '}'), nil
	}
	return appendOther(dst, v)
}

// appendOther encodes what templates cannot make, such as an event, or a list of them.
func appendOther(dst []byte, v any) ([]byte, error) {
	if list := reflect.ValueOf(v); list.Kind() == reflect.Slice && list.Type().Elem().Kind() != reflect.Uint8 &&
		!list.IsNil() {
		var err error
		dst = append(dst, '[')
		for i := range list.Len() {
			if i > 0 {
				dst = append(dst, ',')
			}
			if dst, err = appendJSON(dst, list.Index(i).Interface()); err != nil {
				return dst, err
			}
		}
		return append(dst, ']'), nil
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return dst, wantf("%s has no JSON form", describe(v))
	}
	return append(dst, bytes.TrimSuffix(b.Bytes(), []byte("\n"))...), nil
}

// value writes what an action gives in a place that wants a value.
func (r *run) value(v any) (string, error) {
	j, err := r.toJSON(v)
	return j.String(), err
}

// content writes what an action gives inside the quotes of a string.
func (r *run) content(v any) (string, error) {
	s, err := inQuotes(v)
	if err != nil {
		return "", err
	}
	if err := r.room(len(s)); err != nil || isPlain(s) {
		return s, err
	}
	r.scratch, _ = jsontext.AppendQuote(r.scratch[:0], s) // its error says that bytes became U+FFFD
	return r.text(string(r.scratch[1 : len(r.scratch)-1]))
}

// memberName writes what an action gives in a place that wants a member name.
func (r *run) memberName(v any) (string, error) {
	s, err := r.content(v)
	return `"` + s + `"`, err
}

// inQuotes is the text of a value that stands in quotes.
func inQuotes(v any) (string, error) {
	switch v := v.(type) {
	case string:
		return v, nil
	case nil:
		return "",
			wantf(
				"want a text inside the quotes, found nothing; guard it with {{with}}, give a default, or leave the quotes out to write null")
	case JSON:
		return "", wantf("want a text inside the quotes, found JSON; leave the quotes or toJson out")
	}
	s, err := plain(v)
	if err != nil {
		if fields := reflect.Indirect(reflect.ValueOf(v)); fields.Kind() == reflect.Struct {
			return "",
				wantf("want a text inside the quotes, found an object, which has %s; write one of them after a dot",
					strings.Join(readable(fields.Type()), ", "))
		}
		return "",
			wantf("want a text inside the quotes, found %s; leave the quotes out to write it as JSON", describe(v))
	}
	return s, nil
}

// isPlain tells whether a text stands in a JSON string as it is.
func isPlain(s string) bool {
	for i := range len(s) {
		if b := s[i]; b < ' ' || b == '"' || b == '\\' || b > '~' {
			return false
		}
	}
	return true
}

// spokenText writes what an action gives in a template whose result is text.
func (r *run) spokenText(v any) (string, error) {
	if v == nil {
		return "", wantf("want a value to write, found nothing; guard it with {{with}}, or give a default")
	}
	return r.toString(v)
}

// list lets through what counts its turns from 0 in {{range $i, $e := …}}{{if $i}}.
func list(v any) (any, error) {
	if rv := reflect.ValueOf(v); rv.Kind() == reflect.Map {
		return nil,
			wantf(
				"want a list to range over, found a map, whose keys {{if}} does not tell from each other; range over its values")
	}
	return v, nil
}

// fromJSON decodes one JSON value. Whole numbers become int, so that they are written as they were read.
func (r *run) fromJSON(text string) (any, error) {
	if err := r.room(len(text)); err != nil {
		return nil, err
	}
	if err := r.spend(8 * len(text)); err != nil { // to read it costs more than to go through it
		return nil, err
	}
	d := json.NewDecoder(bytes.NewReader([]byte(text)))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, wantf("want JSON, found %s", clip(text))
	}
	if d.More() {
		return nil, wantf("want one JSON value, found more after it in %s", clip(text))
	}
	return weigh(r, plainNumbers(v))
}

// plainNumbers replaces the numbers of decoded JSON by int where they fit, else float64.
func plainNumbers(v any) any {
	switch v := v.(type) {
	case json.Number:
		if n, err := strconv.Atoi(v.String()); err == nil {
			return n
		}
		f, _ := v.Float64()
		return f
	case []any:
		for i, e := range v {
			v[i] = plainNumbers(e)
		}
	case map[string]any:
		for k, e := range v {
			v[k] = plainNumbers(e)
		}
	}
	return v
}
