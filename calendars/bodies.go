package calendars

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

// shownAtOnce is how many texts of calendars are held at a time to show events of them. Who asks for more waits.
const shownAtOnce = 2

// Texts are events of a calendar as they stand in the texts that it is read from, from BEGIN:VEVENT to END:VEVENT: in its
// files as they are now, or in the copy of its feed on disk. Missing are those that are not there, as when the texts are
// newer than the events. The error says why none can be shown; a feed without a state directory keeps no text. It waits
// for its turn until ctx ends, and holds one file at a time.
func (s *Store) Texts(ctx context.Context, calendar string, events []*Event) (map[*Event]string, error) {
	s.mu.Lock()
	sub := s.subscribed[calendar]
	if sub == nil {
		s.mu.Unlock()
		return nil, fmt.Errorf("calendar %q is not there", calendar)
	}
	limits := sub.terms().Limits.withDefaults()
	name := sub.copyName()
	if sub.former != nil && sub.copy() == sub.former {
		name = s.copies.pointed(sub.Subscription)
	}
	s.mu.Unlock()
	if _, err := s.shown.take(ctx, 1); err != nil {
		return nil, errors.New("others look at large calendars; try again")
	}
	defer s.shown.give(1)
	texts := map[*Event]string{}
	if sub.File == "" {
		on, err := s.copies.load(name, limits.Bytes)
		if err == nil {
			textsIn(texts, on.file(), events)
		}
		return texts, err
	}
	most := math.MaxInt
	if sub.Source.Owner != "" {
		most = mostNames
	}
	names, _, err := match(sub.Files, sub.File, new(globs), time.Time{}, most)
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		of := slices.DeleteFunc(slices.Clone(events), func(e *Event) bool { return e.file != name && e.file != "" })
		if len(of) == 0 {
			continue
		}
		if err := ctx.Err(); err != nil {
			return texts, err
		}
		body, err := readLimited(sub.Files, name, limits.Bytes)
		if err != nil {
			return texts, fmt.Errorf("%s: %w", name, err)
		}
		textsIn(texts, File{Name: name, Body: body}, of)
	}
	return texts, nil
}

// textsIn adds those of events that stand in a file.
func textsIn(texts map[*Event]string, f File, events []*Event) {
	wanted := map[int][]*Event{} // by the line at which they begin, which counts from 1
	for _, e := range events {
		if e.file == f.Name || e.file == "" {
			wanted[e.Line] = append(wanted[e.Line], e)
		}
	}
	body := utf8Body(f.Body)
	n, at := 0, 0
	for line := range bytes.Lines(body) {
		n++
		for _, e := range wanted[n] {
			if text := component(body[at:]); text != "" && strings.Contains(unfolded(text), e.UID) {
				texts[e] = text
			}
		}
		if delete(wanted, n); len(wanted) == 0 {
			return
		}
		at += len(line)
	}
}

// mostText bounds the text of one event that is shown.
const mostText = 16 << 10

// component is the VEVENT that a body begins with, cut where it is longer than mostText; "" where it begins otherwise.
func component(body []byte) string {
	var b strings.Builder
	depth := 0
	for line := range bytes.Lines(body) {
		if len(line) > mostText-b.Len() {
			b.WriteString(validText(string(line[:max(0, mostText-b.Len())])) + "…\n")
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
