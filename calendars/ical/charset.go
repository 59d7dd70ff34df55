package ical

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
)

// utf8Body is a body in UTF-8 without a byte order mark. iCalendar is UTF-8 (RFC 5545, 3.1.4);
// UTF-16 is known by its mark, or by how ASCII looks in it.
func utf8Body(body []byte) []byte {
	order, ok := utf16Order(body)
	if !ok {
		return bytes.TrimPrefix(body, []byte("\ufeff"))
	}
	decoded, err := unicode.UTF16(order, unicode.UseBOM).NewDecoder().Bytes(body)
	if err != nil { // What is broken is replaced; there is no other error.
		return body
	}
	return decoded
}

// Text is a body as its lines are read: in UTF-8, without a byte order mark and without blanks that
// stand before each of them.
func Text(body []byte) []byte { return dedented(utf8Body(body)) }

// utf16Order is how the bytes of a body in UTF-16 stand; false where it is in no UTF-16. A calendar
// begins with ASCII, every other byte of which is zero then.
func utf16Order(body []byte) (order unicode.Endianness, ok bool) {
	const units = 8 // that are looked at
	switch {
	case bytes.HasPrefix(body, []byte("\xff\xfe")):
		return unicode.LittleEndian, true
	case bytes.HasPrefix(body, []byte("\xfe\xff")):
		return unicode.BigEndian, true
	}
	n := min(len(body)/2, units)
	var zeros [2]int
	for i, b := range body[:2*n] {
		if b == 0 {
			zeros[i%2]++
		}
	}
	switch {
	case n == 0 || zeros[0] == zeros[1]:
		return unicode.BigEndian, false
	case zeros[1] == n:
		return unicode.LittleEndian, true
	}
	return unicode.BigEndian, zeros[0] == n
}

// validText is a text in UTF-8. Each text is judged by itself: a body can hold several charsets.
func validText(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	if latin, ok := latinText(s); ok {
		return latin
	}
	return strings.ToValidUTF8(s, "\ufffd")
}

// latinText is a text that holds no character of more than a byte in UTF-8, and yet such bytes: it
// is from a program that writes the Latin letters of Windows. false for any other.
func latinText(s string) (string, bool) {
	for rest := s; rest != ""; {
		_, size := utf8.DecodeRuneInString(rest)
		if size > 1 {
			return "", false
		}
		rest = rest[size:]
	}
	decoded, err := charmap.Windows1252.NewDecoder().String(s)
	return decoded, err == nil
}

// cutRune cuts a text to a length without cutting a character of UTF-8.
func cutRune(text []byte, length int) []byte {
	end := length
	for end > 0 && length-end < utf8.UTFMax && !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end]
}
