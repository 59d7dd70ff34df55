package config

import (
	"net/url"
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

// maxEditURL is how many characters the address has where people edit a calendar.
const maxEditURL = 2048

// editURL reads the address where people edit a calendar. Pages link to it, so it holds no secret.
func (f fields) editURL() string {
	t := f.nonBlank("edit_url")
	if t.Line == 0 {
		return ""
	}
	u, err := url.Parse(t.S)
	switch {
	case err != nil || u.Scheme != "https" || u.Hostname() == "":
		f.mistake(t.Pos, "edit_url is not an https address; expected one such as https://calendar.example.com/…")
	case u.User != nil:
		f.mistake(t.Pos, "edit_url contains a user name or password, which the console would show; remove it")
	case len(t.S) > maxEditURL:
		f.mistake(t.Pos, "edit_url has %d characters; the limit is %d", len(t.S), maxEditURL)
	default:
		return t.S
	}
	return ""
}
