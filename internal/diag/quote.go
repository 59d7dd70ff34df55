package diag

import (
	"fmt"
	"strings"
	"unicode"
)

// Quote is a text of others inside a message: in quotes, on one line, and not too long.
func Quote(text string) string { return fmt.Sprintf("%q", Brief(text)) }

// Brief is the beginning of a text for a message, and all of one that is short.
func Brief(text string) string { return Cut(text, 80) }

// WithoutControls is a text with a blank in place of each control character.
func WithoutControls(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, text)
}

// ErrorLine is the text of an error on one line: errors that are joined are separated by "; ".
func ErrorLine(err error) string { return strings.ReplaceAll(err.Error(), "\n", "; ") }
