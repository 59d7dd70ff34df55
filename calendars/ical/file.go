package ical

import (
	"errors"
	"fmt"
)

// File is a calendar file that has been read: its name for messages, and what it holds.
type File struct {
	Name    string // "" where it has none
	Body    []byte
	Charset string // that its server names and that is not known, see [DecodeCharset]; "" otherwise
}

// notCalendarError is ErrNotCalendar of a text that begins otherwise.
type notCalendarError struct {
	line  int
	found string // its first line, quoted, or of what kind it is
}

func (e *notCalendarError) Error() string {
	return fmt.Sprintf("%s: line %d: expected BEGIN:VCALENDAR, found %s", ErrNotCalendar, e.line, e.found)
}

func (e *notCalendarError) Unwrap() error { return ErrNotCalendar }

// WithoutExcerpt is an error of reading a body that quotes nothing of a text that is no calendar,
// which may be anybody's secrets, and says only of what kind it is.
func WithoutExcerpt(err error, body []byte) error {
	if not, ok := errors.AsType[*notCalendarError](err); ok {
		return &notCalendarError{line: not.line, found: Sniff(Text(body), MaskWords)}
	}
	return err
}
