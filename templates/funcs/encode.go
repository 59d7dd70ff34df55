package funcs

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/callhours/callhours/internal/diag"
	"github.com/callhours/callhours/templates/jsonsafe"
)

// toJSON encodes any value. Bytes that are not UTF-8 become U+FFFD, nil becomes null.
func (r *Run) toJSON(v any) (jsonsafe.JSON, error) {
	switch v := v.(type) {
	case jsonsafe.JSON:
		return v, nil
	case string: // the usual case
		if err := r.spendText(len(v)); err != nil {
			return jsonsafe.JSON{}, err
		}
	case nil, bool, int:
	default:
		if err := r.spendSize(v); err != nil {
			return jsonsafe.JSON{}, err
		}
	}
	text, err := jsonsafe.Append(r.scratch[:0], v, MaxText)
	r.scratch = text[:0]
	switch {
	case errors.Is(err, jsonsafe.ErrTooLong):
		return jsonsafe.JSON{}, r.spendText(MaxText + 1)
	case err != nil:
		return jsonsafe.JSON{}, err
	}
	if err := r.spendText(len(text)); err != nil {
		return jsonsafe.JSON{}, err
	}
	return jsonsafe.Raw(string(text)), nil
}

// value writes the result of an action in the place of a value.
func (r *Run) value(v any) (string, error) {
	j, err := r.toJSON(v)
	return j.String(), err
}

// content writes the result of an action inside the quotes of a string.
func (r *Run) content(v any) (string, error) {
	s, err := jsonsafe.Inside(v)
	if err != nil {
		return "", err
	}
	if err := r.spendText(len(s)); err != nil || jsonsafe.IsPlain(s) {
		return s, err
	}
	r.scratch = jsonsafe.AppendString(r.scratch[:0], s)
	return r.boundText(string(r.scratch[1 : len(r.scratch)-1]))
}

// memberName writes the result of an action in the place of a member name.
func (r *Run) memberName(v any) (string, error) {
	s, err := r.content(v)
	return `"` + s + `"`, err
}

// spokenText writes the result of an action in a template whose result is text.
func (r *Run) spokenText(v any) (string, error) {
	if v == nil {
		return "", errors.New("expected a value to write, found nothing; guard it with {{with}}, or give a default")
	}
	return r.toString(v)
}

// fromJSON decodes one JSON value. Whole numbers become int, so that they are written as they were
// read.
func (r *Run) fromJSON(text string) (any, error) {
	if err := r.spendText(len(text)); err != nil {
		return nil, err
	}
	if err := r.spend(8 * len(text)); err != nil { // to read it costs more than to go through it
		return nil, err
	}
	d := json.NewDecoder(bytes.NewReader([]byte(text)))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, fmt.Errorf("expected JSON, found %s", diag.Clip(text))
	}
	if d.More() {
		return nil, fmt.Errorf("expected one JSON value, found more after it in %s", diag.Clip(text))
	}
	return bound(r, jsonsafe.Numbers(v))
}

// failure is the message of fail.
type failure string

func (f failure) Error() string { return string(f) }

func (r *Run) fail(message string) (string, error) {
	if err := r.spendText(len(message)); err != nil {
		return "", err
	}
	return "", failure(message)
}

// IsFail reports whether an execution was ended by fail, and not by an error.
func IsFail(err error) bool {
	_, ok := errors.AsType[failure](err)
	return ok
}
