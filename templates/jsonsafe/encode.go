package jsonsafe

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// JSON is text that is JSON already, as toJson gives it. It is a struct so that no string can pass
// for one by a conversion. The zero value is null.
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

// Raw takes a text for JSON. The caller answers for its being one value of JSON, as [Append] writes
// it.
func Raw(text string) JSON { return JSON{text} }

// ErrTooLong is the error of [Append] for what has more bytes than it may.
var ErrTooLong = errors.New("the JSON is too long")

// Append appends the JSON of a value: nil is null, keys of maps are sorted, bytes that are not
// UTF-8 become U+FFFD. It ends early with [ErrTooLong] where dst has more than most bytes; the
// error of what has no JSON form says what it is.
func Append(dst []byte, v any, most int) ([]byte, error) {
	if len(dst) > most {
		return dst, ErrTooLong
	}
	var err error
	switch v := v.(type) {
	case nil:
		return append(dst, "null"...), nil
	case JSON:
		return append(dst, v.String()...), nil
	case string:
		return AppendString(dst, v), nil
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
			if dst, err = Append(dst, e, most); err != nil {
				return dst, err
			}
		}
		return append(dst, ']'), nil
	case map[string]any:
		const least = len(`"":0,`) // bytes of an entry: a map that cannot fit is not sorted
		if least*len(v) > most-len(dst) {
			return dst, ErrTooLong
		}
		dst = append(dst, '{')
		for i, k := range slices.Sorted(maps.Keys(v)) {
			if i > 0 {
				dst = append(dst, ',')
			}
			if dst, err = Append(append(AppendString(dst, k), ':'), v[k], most); err != nil {
				return dst, err
			}
		}
		return append(dst, '}'), nil
	}
	return appendOther(dst, v, most)
}

// appendOther encodes what templates cannot make, such as an event, or a list of them.
func appendOther(dst []byte, v any, most int) ([]byte, error) {
	if list := reflect.ValueOf(v); list.Kind() == reflect.Slice && list.Type().Elem().Kind() != reflect.Uint8 &&
		!list.IsNil() {
		var err error
		dst = append(dst, '[')
		for i := range list.Len() {
			if i > 0 {
				dst = append(dst, ',')
			}
			if dst, err = Append(dst, list.Index(i).Interface(), most); err != nil {
				return dst, err
			}
		}
		return append(dst, ']'), nil
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return dst, fmt.Errorf("%s has no JSON form", Describe(v))
	}
	return append(dst, bytes.TrimSuffix(b.Bytes(), []byte("\n"))...), nil
}

// AppendString appends a text as a string of JSON, quotes included. What need not be escaped is
// not; bytes that are not UTF-8 become U+FFFD.
func AppendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	from := 0 // what of s is still to be appended
	for i := 0; i < len(s); {
		b := s[i]
		if b >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && size == 1 {
				dst = append(append(dst, s[from:i]...), "\ufffd"...)
				from = i + size
			}
			i += size
			continue
		}
		i++
		if b >= ' ' && b != '"' && b != '\\' {
			continue
		}
		dst = append(dst, s[from:i-1]...)
		from = i
		if short := strings.IndexByte("\"\\\b\f\n\r\t", b); short >= 0 {
			dst = append(dst, '\\', `"\bfnrt`[short])
			continue
		}
		const hex = "0123456789abcdef"
		dst = append(dst, `\u00`...)
		dst = append(dst, hex[b>>4], hex[b&0xf])
	}
	return append(append(dst, s[from:]...), '"')
}

// Inside gives the text that a value is in the quotes of a string. It is not escaped. Lists, maps,
// objects, nothing and JSON are none.
func Inside(v any) (string, error) {
	switch v := v.(type) {
	case string:
		return v, nil
	case nil:
		return "",
			errors.New(
				"expected a text inside the quotes, found nothing; guard it with {{with}}, give a default, or leave the quotes out to write null")
	case JSON:
		return "", errors.New("expected a text inside the quotes, found JSON; leave the quotes or toJson out")
	}
	s, err := Text(v)
	if err != nil {
		if fields := reflect.Indirect(reflect.ValueOf(v)); fields.Kind() == reflect.Struct {
			return "",
				fmt.Errorf(
					"expected a text inside the quotes, found an object, which has %s; write one of them after a dot",
					strings.Join(Members(fields.Type()), ", "))
		}
		return "",
			fmt.Errorf("expected a text inside the quotes, found %s; leave the quotes out to write it as JSON", Describe(v))
	}
	return s, nil
}

// IsPlain reports whether a text stands in a string as it is. It may say no of one that does.
func IsPlain(s string) bool {
	for i := range len(s) {
		if b := s[i]; b < ' ' || b == '"' || b == '\\' || b > '~' {
			return false
		}
	}
	return true
}

// List lets through what counts its turns from 0, as {{range $i, $e := …}}{{if $i}} needs it:
// everything but maps.
func List(v any) (any, error) {
	if rv := reflect.ValueOf(v); rv.Kind() == reflect.Map {
		return nil,
			errors.New(
				"expected a list to range over, found a map, whose keys {{if}} does not tell from each other; range over its values")
	}
	return v, nil
}

// Numbers replaces each [json.Number] of decoded JSON by an int where it fits, else a float64, so
// that whole numbers are written as they were read.
func Numbers(v any) any {
	switch v := v.(type) {
	case json.Number:
		if n, err := strconv.Atoi(v.String()); err == nil {
			return n
		}
		f, _ := v.Float64()
		return f
	case []any:
		for i, e := range v {
			v[i] = Numbers(e)
		}
	case map[string]any:
		for k, e := range v {
			v[k] = Numbers(e)
		}
	}
	return v
}
