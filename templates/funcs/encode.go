package funcs

import (
	"bytes"
	"encoding/json"
	"errors"

	"github.com/callhours/callhours/internal/diag"
	"github.com/callhours/callhours/templates/jsonsafe"
)

// toJSON encodes any value. Bytes that are not UTF-8 become U+FFFD, nil becomes null.
func (r *Run) toJSON(v any) (jsonsafe.JSON, error) {
	switch v := v.(type) {
	case jsonsafe.JSON:
		return v, nil
	case string: // the usual case
		if err := r.room(len(v)); err != nil {
			return jsonsafe.JSON{}, err
		}
	case nil, bool, int:
	default:
		if err := r.lookThrough(v); err != nil {
			return jsonsafe.JSON{}, err
		}
	}
	text, err := jsonsafe.Append(r.scratch[:0], v, MaxText)
	r.scratch = text[:0]
	switch {
	case errors.Is(err, jsonsafe.ErrTooLong):
		return jsonsafe.JSON{}, r.room(MaxText + 1)
	case err != nil:
		return jsonsafe.JSON{}, err
	}
	if err := r.room(len(text)); err != nil {
		return jsonsafe.JSON{}, err
	}
	return jsonsafe.Raw(string(text)), nil
}

// value writes what an action gives in a place that wants a value.
func (r *Run) value(v any) (string, error) {
	j, err := r.toJSON(v)
	return j.String(), err
}

// content writes what an action gives inside the quotes of a string.
func (r *Run) content(v any) (string, error) {
	s, err := jsonsafe.Inside(v)
	if err != nil {
		return "", err
	}
	if err := r.room(len(s)); err != nil || jsonsafe.IsPlain(s) {
		return s, err
	}
	r.scratch = jsonsafe.AppendString(r.scratch[:0], s)
	return r.text(string(r.scratch[1 : len(r.scratch)-1]))
}

// memberName writes what an action gives in a place that wants a member name.
func (r *Run) memberName(v any) (string, error) {
	s, err := r.content(v)
	return `"` + s + `"`, err
}

// spokenText writes what an action gives in a template whose result is text.
func (r *Run) spokenText(v any) (string, error) {
	if v == nil {
		return "", wantf("want a value to write, found nothing; guard it with {{with}}, or give a default")
	}
	return r.toString(v)
}

// fromJSON decodes one JSON value. Whole numbers become int, so that they are written as they were
// read.
func (r *Run) fromJSON(text string) (any, error) {
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
		return nil, wantf("want JSON, found %s", diag.Clip(text))
	}
	if d.More() {
		return nil, wantf("want one JSON value, found more after it in %s", diag.Clip(text))
	}
	return weigh(r, jsonsafe.Numbers(v))
}

// failure is what a template says that calls fail.
type failure string

func (f failure) Error() string { return string(f) }

func (r *Run) fail(message string) (string, error) {
	if err := r.room(len(message)); err != nil {
		return "", err
	}
	return "", failure(message)
}

// IsFail tells an execution that its author ended by fail from one that went wrong.
func IsFail(err error) bool {
	_, ok := errors.AsType[failure](err)
	return ok
}
