package calendars

import (
	"bytes"
	"fmt"
	"strings"
)

// Bodies are the texts that a calendar is read from at present: its files as they are now, or the copy of its feed on
// disk. The error says why they cannot be shown; a feed without a state directory keeps no text.
func (s *Store) Bodies(calendar string) ([]File, error) {
	s.mu.Lock()
	sub := s.subscribed[calendar]
	if sub == nil {
		s.mu.Unlock()
		return nil, fmt.Errorf("calendar %q is not there", calendar)
	}
	t := sub.terms()
	name := sub.copyName()
	if sub.former != nil && sub.copy() == sub.former {
		name = s.copies.pointed(sub.Subscription)
	}
	s.mu.Unlock()
	if sub.File != "" {
		return Files(sub.Files, sub.File, sub.Limits)
	}
	on, err := s.copies.load(name, t.Limits.withDefaults().Bytes)
	if err != nil {
		return nil, err
	}
	return []File{on.file()}, nil
}

// mostText bounds the text of one event that is shown.
const mostText = 16 << 10

// Text is the event as it stands in the texts that its calendar was read from, from BEGIN:VEVENT to END:VEVENT; "" when
// it is not there, as when the texts are newer than the event.
func (e *Event) Text(files []File) string {
	for _, f := range files {
		if f.Name != e.file && e.file != "" {
			continue
		}
		if text := component(utf8Body(f.Body), e.Line); text != "" && strings.Contains(unfolded(text), e.UID) {
			return text
		}
	}
	return ""
}

// component is the component that begins on a line, which counts from 1.
func component(body []byte, first int) string {
	var b strings.Builder
	n, depth := 0, 0
	for line := range bytes.Lines(body) {
		if n++; n < first {
			continue
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
		if b.Len() > mostText {
			b.WriteString("…\n")
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
