package pivot

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/go-json-experiment/json/jsontext"
)

const (
	maxNesting = 32   // objects within objects in a JSON body
	maxName    = 1024 // bytes of a name that members are put under, since each member repeats it
)

// appendJSON adds the members of a JSON object under the names that Kazoo gives them in a form: a
// member of an object is "Digits[pin]", each element of a list "User-ID[]". Numbers and booleans
// are kept as written, null is absent, and an object or a list within a list is its JSON text.
func appendJSON(params []param, body []byte) ([]param, error) {
	j := jsonBody{params: params, dec: jsontext.NewDecoder(bytes.NewBufferString(toUTF8(string(body))),
		jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))}
	err := j.read()
	if syntax, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		return nil, fmt.Errorf("body: not JSON at byte %d: %w", syntax.ByteOffset+1, syntax.Err)
	}
	return j.params, err
}

// jsonBody is a JSON body being read.
type jsonBody struct {
	dec    *jsontext.Decoder
	params []param
}

func (j *jsonBody) read() error {
	if kind := j.dec.PeekKind(); kind != jsontext.KindBeginObject {
		value, err := j.dec.ReadValue()
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		return fmt.Errorf("body: expected a JSON object, found %s", describe(value))
	}
	if err := j.object(""); err != nil {
		return err
	}
	switch _, err := j.dec.ReadToken(); {
	case err == nil:
		return errors.New("body: expected one JSON object, found more after it")
	case !errors.Is(err, io.EOF):
		return err
	}
	return nil
}

func (j *jsonBody) object(path string) error {
	if j.dec.StackDepth() >= maxNesting {
		return fmt.Errorf("body: expected at most %d objects within each other", maxNesting)
	}
	if len(path) > maxName {
		return fmt.Errorf("%w: a name of %d bytes; the limit is %d", ErrTooLarge, len(path), maxName)
	}
	if _, err := j.dec.ReadToken(); err != nil {
		return err
	}
	for j.dec.PeekKind() != jsontext.KindEndObject {
		token, err := j.dec.ReadToken()
		if err != nil {
			return err
		}
		name := token.String()
		if path != "" {
			name = path + "[" + name + "]"
		}
		if err := j.value(name); err != nil {
			return err
		}
	}
	_, err := j.dec.ReadToken()
	return err
}

func (j *jsonBody) value(name string) error {
	switch j.dec.PeekKind() {
	case jsontext.KindBeginObject:
		return j.object(name)
	case jsontext.KindBeginArray:
		return j.list(name + "[]")
	}
	return j.scalar(name)
}

func (j *jsonBody) list(name string) error {
	if _, err := j.dec.ReadToken(); err != nil {
		return err
	}
	for {
		switch j.dec.PeekKind() {
		case jsontext.KindEndArray:
			_, err := j.dec.ReadToken()
			return err
		case jsontext.KindBeginObject, jsontext.KindBeginArray:
			value, err := j.dec.ReadValue()
			if err != nil {
				return err
			}
			if err := j.add(name, string(value)); err != nil {
				return err
			}
		default:
			if err := j.scalar(name); err != nil {
				return err
			}
		}
	}
}

func (j *jsonBody) scalar(name string) error {
	token, err := j.dec.ReadToken()
	if err != nil || token.Kind() == jsontext.KindNull {
		return err
	}
	return j.add(name, token.String())
}

func (j *jsonBody) add(name, value string) error {
	if len(j.params) == maxParams {
		return errTooMany
	}
	j.params = append(j.params, param{canonical(name), value})
	return nil
}
