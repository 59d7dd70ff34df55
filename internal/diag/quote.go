package diag

import (
	"fmt"
	"unicode/utf8"
)

// Quote is a text of others inside a message: in quotes, on one line, and not too long.
func Quote(text string) string { return fmt.Sprintf("%q", Brief(text)) }

// Brief is the beginning of a text for a message, and all of one that is short.
func Brief(text string) string {
	const longest = 80
	if len(text) <= longest {
		return text
	}
	end := longest
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + "…"
}
