package listen

import (
	"crypto/sha256"
	"crypto/subtle"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"github.com/callhours/callhours/config"
)

// Auth is what one route requires of a request: an address, a secret, or both. The nil Auth accepts
// everything.
type Auth struct {
	username, password *[sha256.Size]byte
	token              *[sha256.Size]byte
	networks, proxies  []netip.Prefix
}

// TokenHeader carries the token where it stands neither in the path nor in the query.
const TokenHeader = "X-Callhours-Token"

// NewAuth is what a configuration requires; nil for nil.
func NewAuth(a *config.Auth) *Auth {
	if a == nil {
		return nil
	}
	auth := &Auth{networks: a.Networks, proxies: a.TrustedProxies}
	if a.Basic != nil {
		auth.username, auth.password = Digest(a.Basic.Username), Digest(a.Basic.Password.Reveal())
	}
	if token := a.Token.Reveal(); token != "" {
		auth.token = Digest(token)
	}
	return auth
}

// Digest makes texts comparable in a time that does not tell their length.
func Digest(s string) *[sha256.Size]byte {
	sum := sha256.Sum256([]byte(s))
	return &sum
}

// matchesDigest reports whether a text has a digest; none has nil.
func matchesDigest(a *[sha256.Size]byte, s string) bool {
	return a != nil && subtle.ConstantTimeCompare(a[:], Digest(s)[:]) == 1
}

// maxTokens is how many of the tokens that a request presents count: each is compared with others.
const maxTokens = 4

// Bounds of X-Forwarded-For.
const (
	maxHops  = 32  // addresses that are read
	maxShown = 128 // bytes of its text in a log line
)

// Credentials are what a request presents, taken out of it before anything is logged.
type Credentials struct {
	username, password string
	Tokens             []string
	remote             string   // address and port of the peer
	forwarded          []string // X-Forwarded-For, as it came
	unreadable         bool     // an address that decides cannot be read
	presented          bool     // something came that was meant as credentials, right or wrong
}

// TakeCredentials takes the credentials out of a request. Its path keeps a token; see
// [Access.SplitToken].
func TakeCredentials(r *http.Request) Credentials {
	var c Credentials
	if r.Header["Authorization"] != nil {
		c.presented = true // of another scheme too
		c.username, c.password, _ = r.BasicAuth()
		r.Header.Del("Authorization")
	}
	if token := r.Header.Get(TokenHeader); token != "" {
		c.addToken(token)
		r.Header.Del(TokenHeader)
	}
	// Most queries have no token in any spelling that counts, and need no split.
	if q := r.URL.RawQuery; strings.Contains(q, "oken=") || strings.Contains(q, "OKEN=") {
		var kept []string
		for pair := range strings.SplitSeq(r.URL.RawQuery, "&") {
			name, value, _ := strings.Cut(pair, "=")
			if name == "token" {
				c.presented = c.presented || value != ""
				if text, err := url.QueryUnescape(value); err == nil {
					c.addToken(text)
				}
				continue
			}
			if strings.EqualFold(name, "token") {
				c.presented = true // mistyped, and read nevertheless by whoever logs parameters
				continue
			}
			kept = append(kept, pair)
		}
		r.URL.RawQuery = strings.Join(kept, "&")
	}
	c.remote, c.forwarded = r.RemoteAddr, r.Header["X-Forwarded-For"]
	return c
}

// AddPathToken adds a token that was split off the path.
func (c *Credentials) AddPathToken(token string) { c.Tokens = append(c.Tokens, token) }

// DropPathToken undoes the last AddPathToken.
func (c *Credentials) DropPathToken() { c.Tokens = c.Tokens[:len(c.Tokens)-1] }

func (c *Credentials) addToken(token string) {
	c.presented = true
	if len(c.Tokens) < maxTokens {
		c.Tokens = append(c.Tokens, token)
	}
}

// Authorize returns 200, or the status of the refusal: 403 for an address that is not allowed or
// cannot be read, 401 for missing or wrong credentials. It notes in c an address that cannot be
// read, for [Credentials.Reason].
func (a *Auth) Authorize(c *Credentials) int {
	if a == nil {
		return http.StatusOK
	}
	if len(a.networks) > 0 {
		at, ok := a.client(c)
		if c.unreadable = !ok; !ok || !contains(a.networks, at) {
			return http.StatusForbidden
		}
	}
	if !a.requiresSecret() {
		return http.StatusOK
	}
	name, password := matchesDigest(a.username, c.username), matchesDigest(a.password, c.password)
	ok := name && password
	for _, token := range c.Tokens {
		ok = matchesDigest(a.token, token) || ok
	}
	if !ok {
		return http.StatusUnauthorized
	}
	return http.StatusOK
}

// HasToken reports whether a token is the one that callers present.
func (a *Auth) HasToken(token string) bool { return a != nil && matchesDigest(a.token, token) }

// requiresSecret reports whether a caller must present one.
func (a *Auth) requiresSecret() bool { return a.username != nil || a.token != nil }

// Reason says why a request was refused, as the log's reason. Its path, as it may be shown, has an
// ellipsis for what may be a mistyped token.
func (c *Credentials) Reason(status int, path string) string {
	switch {
	case status == http.StatusForbidden && c.unreadable:
		return "address_unreadable"
	case status == http.StatusForbidden:
		return "address_not_in_networks"
	case !c.presented && !strings.HasPrefix(path, "/…/"):
		return "no_credentials"
	}
	return "wrong_credentials"
}

// AppendAttrs appends what the log shows of a refused request: its address, and nothing of its
// credentials.
func (c *Credentials) AppendAttrs(attrs []slog.Attr) []slog.Attr {
	attrs = append(attrs, slog.String("remote", c.remote))
	if len(c.forwarded) > 0 {
		attrs = append(attrs, slog.String("forwarded_for", lastPart(c.forwarded)))
	}
	return attrs
}
