package calendars

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
)

// utf8Body is a body in UTF-8 without a byte order mark. iCalendar is UTF-8 (RFC 5545, 3.1.4); UTF-16 is known by its mark,
// or by how BEGIN:VCALENDAR looks in it.
func utf8Body(body []byte) []byte {
	order := unicode.BigEndian
	switch {
	case bytes.HasPrefix(body, []byte("\xff\xfe")), bytes.HasPrefix(body, []byte("B\x00")):
		order = unicode.LittleEndian
	case bytes.HasPrefix(body, []byte("\xfe\xff")), bytes.HasPrefix(body, []byte("\x00B")):
	default:
		return bytes.TrimPrefix(body, []byte("\ufeff"))
	}
	decoded, err := unicode.UTF16(order, unicode.UseBOM).NewDecoder().Bytes(body)
	if err != nil { // What is broken is replaced; there is no other error.
		return body
	}
	return decoded
}

// validText is a text in UTF-8. One that holds no character of more than a byte in UTF-8, and yet such bytes, is from a
// program that writes the Latin letters of Windows. Each text is judged by itself: a body can hold both.
func validText(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	for rest := s; rest != ""; {
		_, size := utf8.DecodeRuneInString(rest)
		if size > 1 {
			return strings.ToValidUTF8(s, "\ufffd")
		}
		rest = rest[size:]
	}
	if decoded, err := charmap.Windows1252.NewDecoder().String(s); err == nil {
		return decoded
	}
	return strings.ToValidUTF8(s, "\ufffd")
}

// cutRune cuts a text to a length without cutting a character of UTF-8.
func cutRune(text []byte, length int) []byte {
	end := length
	for end > 0 && length-end < utf8.UTFMax && !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end]
}
