package pivot

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"unicode/utf8"
)

// MaxBody is how many bytes the body of a request may have, and likewise its query.
const MaxBody = 64 << 10

// maxParams is how many parameters a request may have. Kazoo sends about fifteen, a variable
// or a SIP header is one more.
const maxParams = 1000

// ErrTooLarge is in the chain of errors about a request that exceeds a bound:
// MaxBody or 1,000 parameters.
var ErrTooLarge = errors.New("request too large")

// RequestError is why a request is not a call, and the HTTP status of the answer. Kazoo then runs
// the "_" child of its pivot action.
type RequestError struct {
	Status int // 400 not readable, 405 not GET or POST, 408 not received in time, 413 too large
	Err    error
}

func (e *RequestError) Error() string { return e.Err.Error() }

func (e *RequestError) Unwrap() error { return e.Err }

// Parse reads a Pivot request: GET, with its parameters in the query, or POST, with a form or
// (Content-Type application/json) a JSON object as its body and perhaps more parameters in the
// query, which those of the body override. It understands Kazoo's names and TwiML's. It reads the
// body, at most MaxBody bytes and one more, and leaves r.Form alone.
//
// Every error is a *RequestError. Whatever else a request says is a call: of a pair that
// does not decode, what does not decode is kept as written, and bytes that are not UTF-8
// are taken as Latin-1, as Kazoo does.
func Parse(r *http.Request) (Call, error) {
	params, body, err := readParams(r)
	switch {
	case err == nil:
		c := newCall(params)
		c.headers, c.body = r.Header, body
		return c, nil
	case errors.Is(err, errMethod):
		return Call{}, &RequestError{http.StatusMethodNotAllowed, err}
	case errors.Is(err, ErrTooLarge):
		return Call{}, &RequestError{http.StatusRequestEntityTooLarge, err}
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded):
		return Call{}, &RequestError{http.StatusRequestTimeout, err}
	}
	return Call{}, &RequestError{http.StatusBadRequest, err}
}

// IsCall reports whether a request is from Kazoo, not from a load balancer or a person: a POST, or
// a GET whose query names a call.
func IsCall(r *http.Request) bool {
	switch r.Method {
	case http.MethodPost:
		return true
	case http.MethodGet:
		for pair := range strings.SplitSeq(r.URL.RawQuery, "&") {
			if strings.HasPrefix(pair, "Call-ID=") || strings.HasPrefix(pair, "CallSid=") {
				return true
			}
		}
	}
	return false
}

var errMethod = errors.New("expected GET or POST")

func readParams(r *http.Request) (params []param, body []byte, err error) {
	// HEAD is not taken for GET: Kazoo sends none, and a probe's is no call to be counted.
	if r.Method != http.MethodGet && r.Method != http.MethodPost {
		return nil, nil, fmt.Errorf("method %.20q: %w", r.Method, errMethod)
	}
	if len(r.URL.RawQuery) > MaxBody {
		return nil, nil, fmt.Errorf("%w: a query of %d bytes; the limit is %d", ErrTooLarge, len(r.URL.RawQuery), MaxBody)
	}
	params, err = appendForm(nil, r.URL.RawQuery)
	if err != nil || r.Method == http.MethodGet {
		return params, nil, err
	}
	if body, err = readBody(r); err != nil {
		return nil, nil, err
	}
	if isJSON(r.Header.Get("Content-Type")) {
		params, err = appendJSON(params, body)
	} else {
		params, err = appendForm(params, string(body))
	}
	return params, body, err
}

func readBody(r *http.Request) ([]byte, error) {
	if r.ContentLength > MaxBody {
		return nil, fmt.Errorf("%w: a body of %d bytes; the limit is %d", ErrTooLarge, r.ContentLength, MaxBody)
	}
	if r.Body == nil {
		return nil, nil
	}
	var body []byte
	var err error
	const usual = 4 << 10 // more is made room for as it arrives, since anyone can announce it
	if 0 <= r.ContentLength && r.ContentLength <= usual {
		body = make([]byte, r.ContentLength)
		var n int
		n, err = io.ReadFull(r.Body, body)
		body = body[:n]
	} else {
		body, err = io.ReadAll(io.LimitReader(r.Body, MaxBody+1))
	}
	switch {
	case len(body) > MaxBody:
		return nil, fmt.Errorf("%w: a body of more than %d bytes", ErrTooLarge, MaxBody)
	case err != nil:
		return nil, fmt.Errorf("body: cut off after %d bytes: %w", len(body), err)
	}
	return body, nil
}

func isJSON(contentType string) bool {
	mediaType, _, _ := strings.Cut(contentType, ";")
	return strings.EqualFold(strings.TrimSpace(mediaType), "application/json")
}

// appendForm adds the pairs of a query or of a form. Empty pairs are skipped: Kazoo writes one for
// each empty object. It reads each byte once and decodes only what is encoded, since this is the
// largest part of callhours' own work for a call.
func appendForm(params []param, form string) ([]param, error) {
	if form == "" {
		return params, nil
	}
	params = slices.Grow(params, min(strings.Count(form, "&")+1, maxParams-len(params)))
	var d decoder
	for at := 0; at < len(form); at++ { // past the ampersand
		from, equals := at, -1
		var inName, seen traits
		for ; at < len(form) && form[at] != '&'; at++ {
			if form[at] == '=' && equals < 0 {
				equals, inName, seen = at, seen, literal
				continue
			}
			seen |= traitsOf(form[at])
		}
		pair := form[from:at]
		name, value := pair, ""
		switch {
		case equals < 0:
			inName, seen = seen, literal
		case inName&bracketed != 0:
			name, value = cutPair(pair)
			inName, seen = inName|seen, inName|seen
		default:
			name, value = form[from:equals], form[equals+1:at]
		}
		if name == "" {
			continue
		}
		if len(params) == maxParams {
			return nil, errTooMany
		}
		d.remaining = len(form) - from
		if inName&encoded != 0 {
			name = canonical(d.unescape(name))
		}
		if seen&encoded != 0 {
			value = d.unescape(value)
		}
		params = append(params, param{name, value})
	}
	return params, nil
}

// traits say which decoding a name or a value needs.
type traits uint8

const (
	literal   traits = 0         // none
	encoded   traits = 1 << iota // it has escapes
	bracketed                    // it may be the name of a member
)

func traitsOf(c byte) traits {
	switch {
	case c == '%', c == '+', c >= utf8.RuneSelf:
		return encoded
	case c == '[':
		return bracketed
	}
	return literal
}

var errTooMany = fmt.Errorf("%w: more than %d parameters", ErrTooLarge, maxParams)

// cutPair cuts name=value at the first equals sign, or at the one after the closing bracket when
// the first is inside a bracket: Kazoo does not encode the names of variables, which may contain
// anything.
func cutPair(pair string) (name, value string) {
	name, value, _ = strings.Cut(pair, "=")
	if strings.Contains(name, "[") && !strings.HasSuffix(name, "]") {
		if i := strings.Index(pair, "]="); i >= 0 {
			return pair[:i+1], pair[i+2:]
		}
	}
	return name, value
}

// decoder decodes a form into one piece of memory.
type decoder struct {
	decoded   strings.Builder
	remaining int // bytes of the form that are still to be decoded, at most
}

// unescape decodes a name or a value. A percent sign that begins no escape is itself.
func (d *decoder) unescape(s string) string {
	i := strings.IndexByte(s, '%')
	if plus := strings.IndexByte(s, '+'); i < 0 || plus >= 0 && plus < i {
		i = plus
	}
	if i < 0 {
		return toUTF8(s)
	}
	if d.decoded.Cap() == 0 {
		d.decoded.Grow(d.remaining)
	}
	begin := d.decoded.Len()
	d.decoded.WriteString(s[:i])
	for ; i < len(s); i++ {
		c := s[i]
		switch {
		case c == '+':
			c = ' '
		case c == '%' && i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2]):
			c = unhex(s[i+1])<<4 | unhex(s[i+2])
			i += 2
		}
		d.decoded.WriteByte(c)
	}
	return toUTF8(d.decoded.String()[begin:])
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

// unhex is the value of a hexadecimal digit. The codes of letters end in 1 to 6, in either case.
func unhex(c byte) byte {
	if c <= '9' {
		return c - '0'
	}
	return c&7 + 9
}

// toUTF8 returns valid UTF-8. A byte that is not part of any is read as Latin-1.
func toUTF8(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	latin1 := func(i int, r rune) bool {
		if r != utf8.RuneError {
			return false
		}
		_, size := utf8.DecodeRuneInString(s[i:])
		return size == 1
	}
	longer := 0 // each takes two bytes then
	for i, r := range s {
		if latin1(i, r) {
			longer++
		}
	}
	var b strings.Builder
	b.Grow(len(s) + longer)
	for i, r := range s {
		if latin1(i, r) {
			r = rune(s[i])
		}
		b.WriteRune(r)
	}
	return b.String()
}
