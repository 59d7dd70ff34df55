package ical

import (
	"bytes"
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/ianaindex"

	"github.com/callhours/callhours/internal/diag"
)

// DecodeCharset is a body in UTF-8 that its server says to be in another charset (RFC 5545, 3.1.4:
// the parameter of Content-Type). What is UTF-8 stays as it is, whatever the server says, since
// many say the wrong thing; so does what is UTF-16, which shows by itself. unknown is the charset
// where it is not known and the body needs it; "" otherwise.
func DecodeCharset(body []byte, contentType string) (text []byte, unknown string) {
	label := charsetLabel(contentType)
	if _, ok := utf16Order(body); ok || label == "" {
		return body, ""
	}
	text = utf8Body(body)
	e, known := charsetOf(label)
	switch sevenBits := escapes(label, text); {
	case known && e == nil, !sevenBits && isUTF8(text):
		return body, ""
	case !known:
		return body, label
	}
	decoded, err := e.NewDecoder().Bytes(text)
	if err != nil { // what is broken is replaced; there is no other error
		return body, ""
	}
	return decoded, ""
}

// longestCharset is how many bytes of a charset's name are looked at; names have 30 at most.
const longestCharset = 40

// charsetParameter fits the charset of a Content-Type, also where a blank stands in place of the
// semicolon.
var charsetParameter = regexp.MustCompile(`(?i)(?:^|[;,\s])charset\s*=\s*(?:"([^"]*)|'([^']*)|([^;,\s"']*))`)

// charsetLabel is the charset that a Content-Type names, cut to longestCharset; "" if it names
// none.
func charsetLabel(contentType string) string {
	m := charsetParameter.FindStringSubmatch(contentType)
	if m == nil {
		return ""
	}
	label := strings.TrimSpace(cmp.Or(m[1], m[2], m[3]))
	return strings.ToValidUTF8(label[:min(len(label), longestCharset)], "\ufffd")
}

// charsetOf is the encoding of a name in the WHATWG's Encoding Standard, else in IANA's registry,
// whatever blanks, dashes and underscores the name has; nil for UTF-8 and UTF-16, which show by
// themselves. known is false for any other name.
func charsetOf(label string) (e encoding.Encoding, known bool) {
	label = strings.ToLower(label)
	plain := strings.Map(func(c rune) rune {
		if strings.ContainsRune("-_ .", c) {
			return -1
		}
		return c
	}, label)
	if rest, ok := strings.CutPrefix(plain, "win125"); ok {
		plain = "windows125" + rest
	}
	for _, name := range slices.Concat([]string{label, plain}, separated(plain, 2)) {
		if e, err := htmlindex.Get(name); err == nil {
			switch canonical, _ := htmlindex.Name(e); {
			case canonical == "utf-8" || strings.HasPrefix(canonical, "utf-16"):
				return nil, true
			case canonical != "replacement" && canonical != "x-user-defined":
				return e, true
			}
		}
		if e, err := ianaindex.IANA.Encoding(name); err == nil && e != nil && holdsASCII(e) {
			return e, true
		}
	}
	return nil, false
}

// holdsASCII reports whether a charset has ASCII in it, which EBCDIC has not.
func holdsASCII(e encoding.Encoding) bool {
	const begin = "BEGIN:VCALENDAR"
	text, err := e.NewDecoder().String(begin)
	return err == nil && text == begin
}

// separated are all names that have up to so many dashes or underscores more.
func separated(name string, limit int) (names []string) {
	if limit == 0 || len(name) > longestCharset/2 {
		return nil
	}
	for i := 1; i < len(name); i++ {
		for _, separator := range [...]string{"-", "_"} {
			more := name[:i] + separator + name[i:]
			names = append(names, more)
			names = append(names, separated(more, limit-1)...)
		}
	}
	return names
}

// escaping are charsets that write all letters in ASCII, each behind an escape of its own.
var escaping = []struct{ name, escape *regexp.Regexp }{
	{regexp.MustCompile(`(?i)2022`), regexp.MustCompile(`\x1b[$(]`)},
	{regexp.MustCompile(`(?i)^hz`), regexp.MustCompile(`~\{`)},
	{regexp.MustCompile(`(?i)utf-?7\b`), regexp.MustCompile(`\+[A-Za-z0-9/]+-`)},
}

// escapes reports whether a body in ASCII holds other letters by the escapes of a charset.
func escapes(label string, text []byte) bool {
	for _, charset := range escaping {
		if charset.name.MatchString(label) && charset.escape.Match(text) {
			return bytes.IndexFunc(text, func(c rune) bool { return c >= utf8.RuneSelf }) < 0
		}
	}
	return false
}

// reportCharset notes that a body is not in UTF-8: at the first line that is not, by its charset if
// that is known.
func (r *reader) reportCharset(l line) {
	const latin, cure = "read as the Latin letters of Windows", "; publish it in UTF-8"
	_, isLatin := latinText(string(l.rest))
	switch {
	case r.charset != "":
		r.tolerate(l.number,
			fmt.Sprintf("the charset %s, which the server names, is unknown; text that is not UTF-8 is %s%s",
				diag.Quote(r.charset), latin, cure))
	case isLatin:
		r.tolerate(l.number, "a line that is not in UTF-8 is "+latin+cure)
	default:
		r.tolerate(l.number, "bytes that are not UTF-8 are read as \ufffd"+cure)
	}
}

// isUTF8 reports whether a body is in UTF-8, but for a little damage: where programs fold within a
// character, and where single bytes are broken.
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
			good++
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

// afterFold is what follows a character of UTF-8 that a fold has cut in two (RFC 5545, 3.1, asks to
// read those).
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
