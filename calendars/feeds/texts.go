package feeds

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/callhours/callhours/calendars"
	"github.com/callhours/callhours/calendars/ical"
)

// shownAtOnce is how many texts of calendars are held at a time to show events of them. Further
// requests wait.
const shownAtOnce = 2

// Texts are events of a calendar as they stand in the texts that it is read from, from BEGIN:VEVENT
// to END:VEVENT: in its files as they are now, or in the copy of its feed on disk. Missing are
// those that are not there, as when the texts are newer than the events. The error says why none
// can be shown; a feed without a state directory keeps no text. It waits for its turn until ctx
// ends, and holds one file at a time.
func (s *Store) Texts(ctx context.Context, calendar string, events []*calendars.Event) (map[*calendars.Event]string,
	error,
) {
	s.mu.Lock()
	sub := s.subscribers[calendar]
	if sub == nil {
		s.mu.Unlock()
		return nil, fmt.Errorf("unknown calendar %q", calendar)
	}
	limits := sub.terms().Limits.WithDefaults()
	name := sub.copyName()
	if sub.former != nil && sub.current() == sub.former {
		name = s.copies.pointer(sub.Subscription)
	}
	s.mu.Unlock()
	if _, err := s.textReads.acquire(ctx, 1); err != nil {
		return nil, errors.New("too many large calendars are open; try again")
	}
	defer s.textReads.release(1)
	texts := map[*calendars.Event]string{}
	if sub.File == "" {
		copy, err := s.copies.load(name, limits.Bytes)
		if err == nil {
			textsIn(texts, copy.file(), eventsIn("", events))
		}
		return texts, err
	}
	maxCost := math.MaxInt
	if sub.Source.Owner != "" {
		maxCost = maxNames
	}
	names, _, err := findFiles(sub.Files, sub.File, new(globs), time.Time{}, maxCost)
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		inFile := eventsIn(name, events)
		if len(inFile) == 0 {
			continue
		}
		if err := ctx.Err(); err != nil {
			return texts, err
		}
		body, err := readLimited(sub.Files, name, limits.Bytes)
		if err != nil {
			return texts, fmt.Errorf("%s: %w", name, err)
		}
		textsIn(texts, ical.File{Name: name, Body: body}, inFile)
	}
	return texts, nil
}

// eventsIn are the events that may have been read from a file: those of the only file of a calendar
// do not name it.
func eventsIn(name string, events []*calendars.Event) []*calendars.Event {
	return slices.DeleteFunc(slices.Clone(events), func(e *calendars.Event) bool {
		return e.File != name && e.File != ""
	})
}

// textsIn adds the texts of events of a file.
func textsIn(texts map[*calendars.Event]string, f ical.File, events []*calendars.Event) {
	lines := map[int]bool{}
	for _, e := range events {
		lines[e.Line] = true
	}
	found := ical.Texts(f.Body, lines)
	for _, e := range events {
		if text := found[e.Line]; text != "" && e.StandsIn(text) {
			texts[e] = text
		}
	}
}
