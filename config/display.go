package config

import (
	"strings"
	"unicode/utf8"

	"github.com/callhours/callhours/internal/diag"
)

// maxDisplayName is how many characters a name for people has.
const maxDisplayName = 256

// displayName reads the name for people: any text of one line.
func (f fields) displayName() string {
	t := f.nonBlank("display_name")
	if t.Line == 0 {
		return ""
	}
	if n := utf8.RuneCountInString(t.S); n > maxDisplayName {
		f.mistake(t.Pos, "display_name has %d characters; the limit is %d", n, maxDisplayName)
		return ""
	}
	if diag.WithoutControls(t.S) != t.S {
		f.mistake(t.Pos, "display_name has a line break or another control character; write it on one line")
		return ""
	}
	return strings.TrimSpace(t.S)
}
