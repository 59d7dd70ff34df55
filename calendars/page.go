package calendars

import (
	"bytes"
	"encoding/base64"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/callhours/callhours/internal/diag"
)

var (
	htmlTitle = regexp.MustCompile(`(?is)<title[^>]*>(.*?)</title`)
	htmlSign  = regexp.MustCompile(`(?i)<!doctype html|<html|<head|<body|<title`)
	// captchaSign fits pages that suspect a robot: Google's and Cloudflare's.
	captchaSign = regexp.MustCompile(`(?i)unusual traffic|id="captcha-form"|/sorry/index|cf-chl-|_cf_chl_opt`)
)

// isCaptcha reports whether a page asks for proof of a person.
func isCaptcha(page []byte) bool {
	return !begins(page) && htmlSign.Match(page) && captchaSign.Match(page)
}

// foundIn says in a few words what a body is that is no calendar; mask replaces what of its title is not to be shown.
func foundIn(text []byte, mask func(string) string) string {
	head := text[:min(len(text), pageBytes)]
	trimmed := bytes.TrimSpace(head)
	switch {
	case len(bytes.TrimSpace(text)) == 0:
		return "an empty body"
	case bytes.Contains(bytes.ToUpper(head), []byte("BEGIN:VCALENDAR")):
		return "other text before it"
	case bytes.HasPrefix(bytes.ToUpper(trimmed), []byte("BEGIN:VCARD")):
		return "an address book (BEGIN:VCARD)"
	case htmlSign.Match(head):
		if m := htmlTitle.FindSubmatch(head); m != nil {
			if title := mask(strings.Join(strings.Fields(html.UnescapeString(string(m[1]))), " ")); title != "" {
				return "a web page titled " + diag.Quote(title)
			}
		}
		return "a web page"
	case trimmed[0] == '{' || trimmed[0] == '[':
		return "JSON"
	case trimmed[0] == '<':
		return "XML"
	case bytes.HasPrefix(head, []byte("\x1f\x8b")):
		return gzipped
	case !strings.HasPrefix(http.DetectContentType(head), "text/"):
		return "data"
	}
	return "other text"
}

// gzipped is what foundIn says of gzip.
const gzipped = "gzip"

// found is foundIn a body that was fetched.
func (a *attempt) found(text []byte) string {
	if found := foundIn(text, a.mask); found != gzipped {
		return found
	}
	return gzipped + " that no Content-Encoding announces"
}

// mask replaces what of a page's text may be a secret: addresses, and whatever this attempt sent or was sent to.
// Servers like to repeat what they were asked for.
func (a *attempt) mask(text string) string {
	for _, secret := range a.secrets() {
		text = replaceFold(text, secret)
	}
	return maskWords(text)
}

// maskWords replaces what looks like an address or a secret.
func maskWords(text string) string {
	words := strings.Fields(text)
	for i, word := range words {
		if len(word) > 1 && strings.ContainsAny(word, "/?=@\\") || utf8.RuneCountInString(word) > 30 {
			words[i] = "…"
		}
	}
	return strings.Join(words, " ")
}

// secrets are all that could be a secret of what was sent, as sent and decoded.
func (a *attempt) secrets() []string {
	var list []string
	add := func(texts ...string) {
		for _, text := range texts {
			for _, unescape := range []func(string) (string, error){url.PathUnescape, url.QueryUnescape} {
				if plain, err := unescape(text); err == nil && plain != text {
					list = append(list, plain)
				}
			}
			list = append(list, text)
		}
	}
	if a.user != nil {
		password, _ := a.user.Password()
		add(a.user.Username(), password, base64.StdEncoding.EncodeToString([]byte(a.user.Username()+":"+password)))
	}
	for _, values := range a.source.Header {
		for _, value := range values {
			add(value)
			add(strings.Fields(value)...) // a token without its "Bearer"
		}
	}
	for _, u := range a.visited {
		add(u.EscapedPath(), u.RawQuery)
		for _, part := range strings.FieldsFunc(u.EscapedPath()+"&"+u.RawQuery, func(r rune) bool {
			return strings.ContainsRune("/&=;", r)
		}) {
			if !isWord(part) {
				add(part)
			}
		}
	}
	return list
}

// isWord reports whether a part of an address looks like a word of a language rather than like a secret: "calendar" may
// stand in a title.
func isWord(part string) bool {
	return len(part) <= 10 && strings.Trim(part, "abcdefghijklmnopqrstuvwxyz") == ""
}

// replaceFold puts … for each occurrence of a secret, in whatever case. What is under three bytes is no secret.
func replaceFold(text, secret string) string {
	if len(strings.TrimSpace(secret)) < 3 {
		return text
	}
	return regexp.MustCompile("(?i)"+
		regexp.QuoteMeta(strings.ToValidUTF8(secret, "\ufffd"))).ReplaceAllLiteralString(text, "…")
}
