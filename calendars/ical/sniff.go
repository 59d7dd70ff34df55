package ical

import (
	"bytes"
	"html"
	"net/http"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/callhours/callhours/internal/diag"
)

var (
	htmlTitle = regexp.MustCompile(`(?is)<title[^>]*>(.*?)</title`)
	htmlSign  = regexp.MustCompile(`(?i)<!doctype html|<html|<head|<body|<title`)
)

// sniffedBytes is how much of a body is looked at to say what it is.
const sniffedBytes = 64 << 10

// IsPage reports whether a text is a web page, or a part of one.
func IsPage(text []byte) bool { return htmlSign.Match(text) }

// Sniff says in a few words what a body is that is no calendar; mask replaces what of its title is
// not to be shown.
func Sniff(text []byte, mask func(string) string) string {
	head := text[:min(len(text), sniffedBytes)]
	trimmed := bytes.TrimSpace(head)
	switch {
	case len(bytes.TrimSpace(text)) == 0:
		return "an empty body"
	case bytes.Contains(bytes.ToUpper(head), []byte("BEGIN:VCALENDAR")):
		return "other text before it"
	case bytes.HasPrefix(bytes.ToUpper(trimmed), []byte("BEGIN:VCARD")):
		return "an address book (BEGIN:VCARD)"
	case IsPage(head):
		if m := htmlTitle.FindSubmatch(head); m != nil {
			if title := mask(strings.Join(strings.Fields(html.UnescapeString(string(m[1]))), " ")); title != "" {
				return "a web page titled " + diag.Quote(title)
			}
		}
		return "a web page"
	case trimmed[0] == '{' || trimmed[0] == '[':
		return "JSON"
	case trimmed[0] == '<':
		return "XML"
	case bytes.HasPrefix(head, []byte("\x1f\x8b")):
		return Gzip
	case !strings.HasPrefix(http.DetectContentType(head), "text/"):
		return "data"
	}
	return "other text"
}

// Gzip is what Sniff says of gzip.
const Gzip = "gzip"

// MaskWords replaces what looks like an address or a secret.
func MaskWords(text string) string {
	words := strings.Fields(text)
	for i, word := range words {
		if len(word) > 1 && strings.ContainsAny(word, "/?=@\\") || utf8.RuneCountInString(word) > 30 {
			words[i] = "…"
		}
	}
	return strings.Join(words, " ")
}

// Begins reports whether the first line is that of a calendar, by the scanner that Read uses.
func Begins(text []byte) bool {
	s := scanner{body: text, lineBytes: 1 << 10}
	first, _ := s.next()
	name, component, _ := first.boundary()
	return name == "BEGIN" && component == "VCALENDAR"
}

// Ends reports whether the last line that begins or ends a component ends a calendar. Lines that go
// on the one before are none.
func Ends(text []byte) bool {
	var boundary, calendar bool
	for len(text) > 0 {
		start := bytes.LastIndexAny(text, "\r\n") + 1
		last := text[start:]
		text = text[:max(start-1, 0)]
		if len(last) > 0 && (last[0] == ' ' || last[0] == '\t') {
			continue
		}
		s := scanner{body: last, lineBytes: 1 << 10}
		for l, ok := s.next(); ok; l, ok = s.next() {
			name, component, _ := l.boundary()
			boundary = name == "BEGIN" || name == "END"
			calendar = name == "END" && component == "VCALENDAR"
		}
		if boundary {
			return calendar
		}
	}
	return false
}
