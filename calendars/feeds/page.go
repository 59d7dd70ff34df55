package feeds

import (
	"encoding/base64"
	"net/url"
	"regexp"
	"strings"

	"github.com/callhours/callhours/calendars/ical"
)

// captchaSign fits pages that suspect a robot: Google's and Cloudflare's.
var captchaSign = regexp.MustCompile(`(?i)unusual traffic|id="captcha-form"|/sorry/index|cf-chl-|_cf_chl_opt`)

// isCaptcha reports whether a page asks for proof of a person.
func isCaptcha(page []byte) bool {
	return !ical.Begins(page) && ical.IsPage(page) && captchaSign.Match(page)
}

// describeBody is what ical.Sniff says of a body.
func (a *attempt) describeBody(text []byte) string {
	if found := ical.Sniff(text, a.mask); found != ical.Gzip {
		return found
	}
	return ical.Gzip + " that no Content-Encoding announces"
}

// mask replaces what of a page's text may be a secret: addresses, and whatever this attempt sent or
// was sent to. Servers like to repeat what they were asked for.
func (a *attempt) mask(text string) string {
	for _, secret := range a.secrets() {
		text = replaceFold(text, secret)
	}
	return ical.MaskWords(text)
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

// isWord reports whether a part of an address looks like a word of a language rather than like a
// secret: "calendar" may stand in a title.
func isWord(part string) bool {
	return len(part) <= 10 && strings.Trim(part, "abcdefghijklmnopqrstuvwxyz") == ""
}

// replaceFold puts … for each occurrence of a secret, in whatever case. What is under three bytes
// is no secret.
func replaceFold(text, secret string) string {
	if len(strings.TrimSpace(secret)) < 3 {
		return text
	}
	return regexp.MustCompile("(?i)"+
		regexp.QuoteMeta(strings.ToValidUTF8(secret, "\ufffd"))).ReplaceAllLiteralString(text, "…")
}
