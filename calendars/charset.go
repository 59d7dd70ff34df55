package calendars

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/htmlindex"
)

// inCharset is a body in UTF-8 that its server says to be in another charset (RFC 5545, 3.1.4: the parameter of Content-Type). What is UTF-8
// stays as it is, whatever the server says, since many say the wrong thing; so does what is UTF-16, which shows by itself.
func inCharset(body []byte, contentType string) []byte {
	text := utf8Body(body)
	if isUTF8(text) || len(text) > 0 && len(body) > 1 && (body[0] == 0 || body[1] == 0) {
		return body
	}
	e := charsetOf(contentType)
	if e == nil {
		return body
	}
	decoded, err := e.NewDecoder().Bytes(text)
	if err != nil { // what is broken is replaced; there is no other error
		return body
	}
	return decoded
}

// charsetOf is the encoding that a Content-Type names, by the labels of the WHATWG's Encoding Standard; nil if it names none, or UTF-8.
func charsetOf(contentType string) encoding.Encoding {
	const longest = 40 // of a label
	for part := range strings.SplitSeq(contentType, ";") {
		name, value, _ := strings.Cut(part, "=")
		if !strings.EqualFold(strings.TrimSpace(name), "charset") {
			continue
		}
		label := strings.Trim(value, " \t\"'")
		if len(label) > longest {
			return nil
		}
		e, err := htmlindex.Get(label)
		if err != nil {
			return nil
		}
		if name, err := htmlindex.Name(e); err != nil || name == "utf-8" || strings.HasPrefix(name, "utf-16") || name == "replacement" {
			return nil
		}
		return e
	}
	return nil
}

// isUTF8 reports whether a body is in UTF-8, but for a little damage: where programs fold within a character, and where single bytes are broken.
func isUTF8(body []byte) bool {
	if utf8.Valid(body) {
		return true
	}
	good, bad := 0, 0
	for len(body) > 0 {
		if body[0] < utf8.RuneSelf {
			body = body[1:]
			continue
		}
		r, size := utf8.DecodeRune(body)
		if rest, folded := afterFold(body); r == utf8.RuneError && size == 1 && folded {
			body = rest
			continue
		}
		if r == utf8.RuneError && size == 1 {
			bad++
		} else {
			good++
		}
		body = body[size:]
	}
	return good > bad
}

// afterFold is what follows a character of UTF-8 that a fold has cut in two (RFC 5545, 3.1, asks to read those).
func afterFold(body []byte) (rest []byte, ok bool) {
	const around = utf8.UTFMax + len("\r\n ")
	head := body[:min(len(body), around)]
	for _, fold := range []string{"\r\n ", "\r\n\t", "\n ", "\n\t"} {
		if i := bytes.Index(head, []byte(fold)); i > 0 && i < utf8.UTFMax {
			whole := append(bytes.Clone(head[:i]), body[i+len(fold):min(len(body), i+len(fold)+utf8.UTFMax)]...)
			if r, size := utf8.DecodeRune(whole); r != utf8.RuneError && size > i {
				return body[size+len(fold):], true
			}
		}
	}
	return body, false
}
