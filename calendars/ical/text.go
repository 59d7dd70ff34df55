package ical

import (
	"bytes"
	"strings"
)

// Texts are the VEVENTs of a body as they stand in it, by the line that each begins on, for those
// of lines where one does. Lines count from 1; an event that is longer than maxText is cut.
func Texts(body []byte, lines map[int]bool) map[int]string {
	texts, left := map[int]string{}, len(lines)
	body = utf8Body(body)
	n, at := 0, 0
	for line := range bytes.Lines(body) {
		if left == 0 {
			break
		}
		if n++; lines[n] {
			left--
			if text := component(body[at:]); text != "" {
				texts[n] = text
			}
		}
		at += len(line)
	}
	return texts
}

// StandsIn reports whether a text is the event's: whether it names its UID.
func (e *Event) StandsIn(text string) bool { return strings.Contains(unfolded(text), e.UID) }

// maxText bounds the text of one event that is shown.
const maxText = 16 << 10

// component is the VEVENT that a body begins with, cut where it is longer than maxText; "" where it
// begins otherwise.
func component(body []byte) string {
	var b strings.Builder
	depth := 0
	for line := range bytes.Lines(body) {
		if len(line) > maxText-b.Len() {
			b.WriteString(validText(string(line[:max(0, maxText-b.Len())])) + "…\n")
			break
		}
		text := strings.TrimRight(string(line), "\r\n")
		b.WriteString(validText(text) + "\n")
		switch upper := strings.ToUpper(text); {
		case strings.HasPrefix(upper, "BEGIN:"):
			depth++
		case strings.HasPrefix(upper, "END:"):
			depth--
		}
		if depth <= 0 {
			break
		}
	}
	if !strings.HasPrefix(strings.ToUpper(b.String()), "BEGIN:VEVENT") {
		return ""
	}
	return b.String()
}

// unfolded joins content lines that were folded (RFC 5545, 3.1).
func unfolded(text string) string {
	return strings.NewReplacer("\n ", "", "\n\t", "").Replace(text)
}
