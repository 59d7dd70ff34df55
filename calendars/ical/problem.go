package ical

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/callhours/callhours/internal/diag"
)

// Problem is something in a calendar that could not be used as written, and what became of it.
type Problem struct {
	File     string // "" where the calendar did not come from a file
	Line     int    // from 1; 0: the calendar as a whole
	UID      string // of the event concerned; "" without one
	Property string // such as "DTSTART"; "" for the event as a whole
	Message  string // what is wrong and what becomes of the event, on one line

	Harmless bool // it was read all the same, and nothing of it is lost
}

// String is the problem on one line: `line 212: DTSTART: time zone "Europe/Berln" is not known; …`.
func (p Problem) String() string {
	var b strings.Builder
	switch {
	case p.File != "" && p.Line > 0:
		fmt.Fprintf(&b, "%s:%d: ", p.File, p.Line)
	case p.File != "":
		b.WriteString(p.File + ": ")
	case p.Line > 0:
		fmt.Fprintf(&b, "line %d: ", p.Line)
	}
	if p.Property != "" {
		b.WriteString(p.Property + ": ")
	}
	b.WriteString(p.Message)
	return b.String()
}

// Problem says what is wrong with an event and what becomes of it, at the event's first line.
func (e *Event) Problem(property, what, becomes string) Problem {
	return Problem{
		File: e.File, Line: e.Line, UID: e.UID, Property: property,
		Message: fmt.Sprintf("%s; %s %s", what, label(e), becomes),
	}
}

// Compare orders problems by file, line, property and message.
func (p Problem) Compare(q Problem) int {
	return cmp.Or(cmp.Compare(p.File, q.File), cmp.Compare(p.Line, q.Line), cmp.Compare(p.Property, q.Property),
		cmp.Compare(p.Message, q.Message))
}

// label names an event for people.
func label(e *Event) string {
	text := "event"
	if e.Summary != "" {
		text += " " + diag.Quote(e.Summary)
	}
	if e.UID != "" {
		text += " (" + strings.Trim(diag.Quote(e.UID), `"`) + ")"
	}
	return text
}

// The longest texts of an event, in characters. Titles, places and names are repeated in answers,
// pages, log lines and .ics files for each of thousands of occurrences; the whole text is in the
// body, which only the event's own page shows.
const (
	longestText        = 256
	longestDescription = 8192
)

// cutText cuts a text to so many characters, the last of which says that there is more.
func cutText(text string, limit int) (cut string, wasCut bool) {
	if len(text) <= limit {
		return text, false
	}
	n := 0
	for i := range text {
		switch n++; {
		case n == limit:
			cut = text[:i]
		case n > limit:
			return cut + "…", true
		}
	}
	return text, false
}

// cutUID is a UID with a hash in place of what is too long, so that others stay others.
func cutUID(uid string) string {
	const hashed = 16
	if len(uid) <= longestText {
		return uid
	}
	sum := sha256.Sum256([]byte(uid))
	cut, _ := cutText(uid, longestText-hashed)
	return cut + hex.EncodeToString(sum[:])[:hashed]
}
